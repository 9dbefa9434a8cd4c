/* Sorts files by what they are, whatever they are called. A model's file is opened for that, which
 * may take seconds; whether the parts of a model fit each other, its import finds out. */
#include "app/c2l-opener.h"

#include "formats/image.h"
#include "studio/identify.h"

#include <glib/gi18n.h>
#include <string.h>

#define HEAD 4096

void
c2l_sorted_free (C2lSorted *sorted)
{
  g_ptr_array_unref (sorted->pictures);
  g_ptr_array_unref (sorted->models);
  g_ptr_array_unref (sorted->directions);
  g_ptr_array_unref (sorted->refused);
  g_free (sorted);
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
sort_identified (C2lSorted *sorted, GFile *file, const C2lFileInfo *info)
{
  switch (info->kind)
    {
    case C2L_FILE_PICTURE:
    case C2L_FILE_IMAGE:
      g_ptr_array_add (sorted->pictures, g_object_ref (file));
      break;
    case C2L_FILE_BUNDLE:
    case C2L_FILE_GENERATOR:
    case C2L_FILE_PRIOR:
    case C2L_FILE_CLIP:
    case C2L_FILE_CONFIG:
    case C2L_FILE_MERGES:
      g_ptr_array_add (sorted->models, g_object_ref (file));
      break;
    case C2L_FILE_DIRECTION:
      g_ptr_array_add (sorted->directions, g_object_ref (file));
      break;
    case C2L_FILE_RUN:
      refuse (sorted, file, _ ("this is a training; the page Train shows those it knows of"));
      break;
    case C2L_FILE_TAR:
      refuse (sorted, file,
              _ ("this is an archive, such as training data; choose it on the page Train"));
      break;
    case C2L_FILE_LATENTS:
    case C2L_FILE_ARRAY:
    case C2L_FILE_ARRAYS:
      refuse (sorted, file,
              _ ("these are arrays that the program does not draw with. A StyleGAN generator, a "
                 "prior, a "
                 "CLIP or a direction would fit"));
      break;
    }
}

static void
sort_folder (C2lSorted *sorted, GFile *file, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lFileInfo) info = c2l_identify (path, &error);

  if (info != NULL)
    sort_identified (sorted, file, info);
  else if (c2l_bundle_is_bundle (path))
    g_ptr_array_add (sorted->refused, g_strdup (error->message));
  else
    refuse (sorted, file,
            _ ("this folder is no model: it has no model.json. Open the model's own folder, or its "
               "files"));
}

static gboolean
is_picture_type (const char *type)
{
  return g_content_type_equals (type, "image/png") || g_content_type_equals (type, "image/jpeg")
         || g_content_type_equals (type, "image/webp");
}

static gboolean
is_called_picture (const char *name)
{
  static const char *const suffixes[] = { ".png", ".jpg", ".jpeg", ".webp" };
  g_autofree char *small = g_ascii_strdown (name, -1);

  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
    if (g_str_has_suffix (small, suffixes[i]))
      return TRUE;
  return FALSE;
}

/* What is called a picture, or begins a little like one, and can still not be read as one. */
static gboolean
is_broken_picture (const char *name, const guchar *head, gsize length)
{
  gboolean is_uncertain;
  g_autofree char *content = g_content_type_guess (NULL, head, length, &is_uncertain);

  return is_picture_type (content)
         || (is_called_picture (name)
             && (is_uncertain
                 || g_content_type_is_unknown (content)
                 /* What has no control characters at its begin is taken for that. */
                 || g_content_type_equals (content, "text/plain")));
}

/* What is no file of ours is named as the desktop names it, unless that knows no more than we do.
 */
static void
refuse_strange (C2lSorted *sorted,
                GFile *file,
                const guchar *head,
                gsize length,
                const GError *error)
{
  g_autofree char *name = g_file_get_basename (file);
  gboolean is_uncertain;
  g_autofree char *type = g_content_type_guess (name, head, length, &is_uncertain);
  g_autofree char *description = g_content_type_get_description (type);

  if (is_broken_picture (name, head, length))
    refuse (sorted, file,
            _ ("this does not begin like a picture: it is damaged, or something else under this "
               "name. Get it again"));
  else if (is_uncertain || g_content_type_is_unknown (type) || strstr (type, "zip") != NULL)
    g_ptr_array_add (sorted->refused, g_strdup (error->message));
  else
    /* Translators: %s is a kind of file, such as “PDF document”. */
    refuse (sorted, file,
            _ ("this is a file of the kind “%s”. Pictures (PNG, JPEG, WebP) and models (.pkl, "
               ".pt, .ckpt, .safetensors) can be opened"),
            description);
}

static void
sort_file (C2lSorted *sorted, GFile *file, const char *path, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GFileInputStream) stream = g_file_read (file, cancellable, &error);
  g_autoptr (C2lFileInfo) info = NULL;
  guchar head[HEAD];
  gsize length = 0;

  if (stream == NULL
      || !g_input_stream_read_all (G_INPUT_STREAM (stream), head, HEAD, &length, cancellable,
                                   &error))
    {
      g_ptr_array_add (sorted->refused, g_strdup (error->message));
      return;
    }
  if (length == 0)
    refuse (sorted, file, _ ("this file is empty"));
  else if (c2l_image_is_image (head, length))
    /* Whether it is a good one is found out when it is opened. */
    g_ptr_array_add (sorted->pictures, g_object_ref (file));
  else if ((info = c2l_identify (path, &error)) != NULL)
    sort_identified (sorted, file, info);
  else
    refuse_strange (sorted, file, head, length, error);
}

static void
sort_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GPtrArray *files = data;
  C2lSorted *sorted = g_new0 (C2lSorted, 1);

  sorted->pictures = g_ptr_array_new_with_free_func (g_object_unref);
  sorted->models = g_ptr_array_new_with_free_func (g_object_unref);
  sorted->directions = g_ptr_array_new_with_free_func (g_object_unref);
  sorted->refused = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < files->len; i++)
    {
      GFile *file = g_ptr_array_index (files, i);

      const char *path = g_file_peek_path (file);

      if (path == NULL)
        refuse (sorted, file, _ ("this place has no path; copy the file to this computer first"));
      else if (g_file_query_file_type (file, G_FILE_QUERY_INFO_NONE, cancellable)
               == G_FILE_TYPE_DIRECTORY)
        sort_folder (sorted, file, path);
      else
        sort_file (sorted, file, path, cancellable);
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
