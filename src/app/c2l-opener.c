/* Sorts files by what they are, from their first bytes. Does not load any: whether a model is a
 * good one, its import finds out. */
#include "app/c2l-opener.h"

#include "studio/bundle.h"

#include <glib/gi18n.h>
#include <string.h>

#define HEAD 4096

void
c2l_sorted_free (C2lSorted *sorted)
{
  g_ptr_array_unref (sorted->pictures);
  g_ptr_array_unref (sorted->models);
  g_ptr_array_unref (sorted->refused);
  g_free (sorted);
}

static const char *const model_suffixes[]
    = { ".pkl", ".pt", ".pth", ".ckpt", ".jit", ".safetensors", ".yaml", ".yml" };

static gboolean
is_model_name (GFile *file)
{
  g_autofree char *base = g_file_get_basename (file);
  g_autofree char *lower = base != NULL ? g_ascii_strdown (base, -1) : NULL;

  for (guint i = 0; lower != NULL && i < G_N_ELEMENTS (model_suffixes); i++)
    if (g_str_has_suffix (lower, model_suffixes[i]))
      return TRUE;
  return FALSE;
}

/* The formats that the program reads, by their first bytes, whatever the file is called. */
static gboolean
is_picture (const guchar *head, gsize length)
{
  return (length >= 8 && memcmp (head, "\x89PNG\r\n\x1a\n", 8) == 0)
         || (length >= 3 && memcmp (head, "\xff\xd8\xff", 3) == 0)
         || (length >= 12 && memcmp (head, "RIFF", 4) == 0 && memcmp (head + 8, "WEBP", 4) == 0);
}

static void G_GNUC_PRINTF (3, 4) refuse (C2lSorted *sorted, GFile *file, const char *format, ...)
{
  g_autofree char *name = g_file_get_parse_name (file);
  g_autofree char *base = g_path_get_basename (name);
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_ptr_array_add (sorted->refused, g_strdup_printf ("%s: %s", base, what));
}

static void
sort_folder (C2lSorted *sorted, GFile *file)
{
  const char *path = g_file_peek_path (file);

  if (path != NULL && c2l_bundle_is_bundle (path))
    g_ptr_array_add (sorted->models, g_object_ref (file));
  else
    refuse (sorted, file,
            _ ("this folder is no model: it has no model.json. Open the model's own folder, or its "
               "files"));
}

static void
sort_file (C2lSorted *sorted, GFile *file, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GFileInputStream) stream = g_file_read (file, cancellable, &error);
  g_autofree char *name = g_file_get_basename (file);
  g_autofree char *type = NULL, *description = NULL;
  guchar head[HEAD];
  gsize length = 0;

  if (stream == NULL
      || !g_input_stream_read_all (G_INPUT_STREAM (stream), head, HEAD, &length, cancellable,
                                   &error))
    {
      g_ptr_array_add (sorted->refused, g_strdup (error->message));
      return;
    }
  if (is_picture (head, length))
    g_ptr_array_add (sorted->pictures, g_object_ref (file));
  else if (length > 0 && is_model_name (file))
    g_ptr_array_add (sorted->models, g_object_ref (file));
  else if (length == 0)
    refuse (sorted, file, _ ("this file is empty"));
  else
    {
      type = g_content_type_guess (name, head, length, NULL);
      description = g_content_type_get_description (type);
      /* Translators: %s is a kind of file, such as “PDF document”. */
      refuse (sorted, file,
              _ ("this is a file of the kind “%s”. Pictures (PNG, JPEG, WebP) and models (.pkl, "
                 ".pt, .ckpt, .safetensors) can be opened"),
              description);
    }
}

static void
sort_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GPtrArray *files = data;
  C2lSorted *sorted = g_new0 (C2lSorted, 1);

  sorted->pictures = g_ptr_array_new_with_free_func (g_object_unref);
  sorted->models = g_ptr_array_new_with_free_func (g_object_unref);
  sorted->refused = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < files->len; i++)
    {
      GFile *file = g_ptr_array_index (files, i);

      if (g_file_query_file_type (file, G_FILE_QUERY_INFO_NONE, cancellable)
          == G_FILE_TYPE_DIRECTORY)
        sort_folder (sorted, file);
      else
        sort_file (sorted, file, cancellable);
    }
  g_task_return_pointer (task, sorted, (GDestroyNotify) c2l_sorted_free);
}

void
c2l_opener_sort_async (GPtrArray *files,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);
  GPtrArray *copy = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < files->len; i++)
    g_ptr_array_add (copy, g_object_ref (g_ptr_array_index (files, i)));
  g_task_set_source_tag (task, c2l_opener_sort_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, copy, (GDestroyNotify) g_ptr_array_unref);
  g_task_run_in_thread (task, sort_in_thread);
}

C2lSorted *
c2l_opener_sort_finish (GAsyncResult *result)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, c2l_opener_sort_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), NULL);
}
