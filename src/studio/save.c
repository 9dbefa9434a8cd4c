/* Saving. A picture is packed, written aside into its folder, and only then given a name, so that a
 * name that is taken costs no second writing. Knows nothing of dialogs, of where the user's
 * pictures go, or of how pictures are drawn. */
#include "studio/save.h"

#include "formats/output.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

/* Files of one name; who has so many has lost count of them. */
#define MAX_SAME 10000

void
c2l_save_options_init (C2lSaveOptions *options, const char *folder)
{
  *options = (C2lSaveOptions){ .folder = folder,
                               .name_template = C2L_NAME_TEMPLATE,
                               .format = C2L_IMAGE_PNG,
                               .quality = C2L_IMAGE_QUALITY };
}

/* The @i-th file of that name, from 1. */
static char *
dup_path (const C2lSaveOptions *options, const char *name, int i)
{
  const char *suffix = c2l_image_format_get_suffix (options->format);
  g_autofree char *number
      = i == 1 ? g_strdup ("") : g_strdup_printf (options->plain ? "-%d" : " (%d)", i);
  g_autofree char *utf8 = g_strconcat (name, number, suffix, NULL);
  g_autofree char *file = g_filename_from_utf8 (utf8, -1, NULL, NULL, NULL);

  return g_build_filename (options->folder, file != NULL ? file : utf8, NULL);
}

static char *
publish (const char *staged, const C2lSaveOptions *options, const char *name, GError **error)
{
  for (int i = 1; i < MAX_SAME; i++)
    {
      g_autofree char *path = dup_path (options, name, i);
      g_autoptr (GError) cause = NULL;

      if (c2l_output_publish (staged, path, options->replace, &cause))
        return g_steal_pointer (&path);
      if (!g_error_matches (cause, G_FILE_ERROR, G_FILE_ERROR_EXIST))
        {
          g_propagate_error (error, g_steal_pointer (&cause));
          return NULL;
        }
    }
  g_set_error (
      error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
      _ ("%s: too many pictures with the name “%s”; choose another folder or another name"),
      options->folder, name);
  return NULL;
}

char *
c2l_save_picture (C2lPicture *picture, const C2lSaveOptions *options, GError **error)
{
  g_autofree char *name = NULL, *path = NULL, *staged = NULL, *saved = NULL;
  g_autoptr (GBytes) bytes = NULL;

  g_return_val_if_fail (picture != NULL && options != NULL && options->folder != NULL, NULL);

  if (!c2l_name_template_check (options->name_template, error))
    return NULL;
  name = c2l_picture_dup_name (picture, options->name_template);
  path = dup_path (options, name, 1);
  bytes = c2l_picture_encode (picture, options->format, options->quality, error);
  if (bytes == NULL)
    {
      g_prefix_error (error, "%s: ", path);
      return NULL;
    }
  staged = c2l_output_stage (path, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error);
  if (staged == NULL)
    return NULL;
  saved = publish (staged, options, name, error);
  if (saved == NULL)
    g_unlink (staged);
  return g_steal_pointer (&saved);
}

gboolean
c2l_save_picture_as (C2lPicture *picture, const char *path, int quality, GError **error)
{
  C2lImageFormat format = C2L_IMAGE_PNG;
  g_autoptr (GBytes) bytes = NULL;

  g_return_val_if_fail (picture != NULL && path != NULL, FALSE);

  c2l_image_format_from_path (path, &format);
  bytes = c2l_picture_encode (picture, format, quality, error);
  if (bytes == NULL)
    {
      g_prefix_error (error, "%s: ", path);
      return FALSE;
    }
  return c2l_output_save (path, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error);
}

gboolean
c2l_save_pictures (GPtrArray *pictures,
                   const C2lSaveOptions *options,
                   C2lSaveProgress progress,
                   gpointer progress_data,
                   GPtrArray *paths,
                   GCancellable *cancellable,
                   GError **error)
{
  for (guint i = 0; i < pictures->len; i++)
    {
      char *path;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      path = c2l_save_picture (g_ptr_array_index (pictures, i), options, error);
      if (path == NULL)
        return FALSE;
      g_ptr_array_add (paths, path);
      if (progress != NULL)
        progress (i + 1, pictures->len, path, progress_data);
    }
  return TRUE;
}

typedef struct
{
  GPtrArray *pictures, *paths;
  C2lSaveOptions options;
  C2lSaveProgress progress;
  gpointer progress_data;
} Job;

typedef struct
{
  GTask *task; /* holds the job and, for who calls, the source object's life */
  guint done;
  char *path;
} Step;

static void
job_free (gpointer data)
{
  Job *job = data;

  g_ptr_array_unref (job->pictures);
  g_ptr_array_unref (job->paths);
  g_free ((char *) job->options.folder);
  g_free ((char *) job->options.name_template);
  g_free (job);
}

static void
step_free (gpointer data)
{
  Step *step = data;

  g_object_unref (step->task);
  g_free (step->path);
  g_free (step);
}

static gboolean
tell (gpointer data)
{
  Step *step = data;
  Job *job = g_task_get_task_data (step->task);

  job->progress (step->done, job->pictures->len, step->path, job->progress_data);
  return G_SOURCE_REMOVE;
}

/* A source of the priority that the answer comes with, so that it comes before it. */
static void
pass_on (guint done, guint n_pictures, const char *path, gpointer data)
{
  GTask *task = data;
  g_autoptr (GSource) source = g_idle_source_new ();
  Step *step = g_new (Step, 1);

  *step = (Step){ g_object_ref (task), done, g_strdup (path) };
  g_source_set_callback (source, tell, step, step_free);
  g_source_set_priority (source, g_task_get_priority (task));
  g_source_attach (source, g_task_get_context (task));
}

static void
save_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Job *job = data;
  GError *error = NULL;

  if (c2l_save_pictures (job->pictures, &job->options, job->progress != NULL ? pass_on : NULL, task,
                         job->paths, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
c2l_save_pictures_async (GPtrArray *pictures,
                         const C2lSaveOptions *options,
                         C2lSaveProgress progress,
                         gpointer progress_data,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);
  Job *job = g_new0 (Job, 1);

  g_return_if_fail (pictures != NULL && options != NULL);

  g_task_set_source_tag (task, c2l_save_pictures_async);
  g_task_set_check_cancellable (task, FALSE);
  job->pictures = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref);
  for (guint i = 0; i < pictures->len; i++)
    g_ptr_array_add (job->pictures, c2l_picture_ref (g_ptr_array_index (pictures, i)));
  job->paths = g_ptr_array_new_with_free_func (g_free);
  job->options = *options;
  job->options.folder = g_strdup (options->folder);
  job->options.name_template = g_strdup (options->name_template);
  job->progress = progress;
  job->progress_data = progress_data;
  g_task_set_task_data (task, job, job_free);
  g_task_run_in_thread (task, save_in_thread);
}

gboolean
c2l_save_pictures_finish (GAsyncResult *result, GPtrArray **paths, GError **error)
{
  Job *job;

  g_return_val_if_fail (g_async_result_is_tagged (result, c2l_save_pictures_async), FALSE);

  job = g_task_get_task_data (G_TASK (result));
  if (paths != NULL)
    *paths = g_ptr_array_ref (job->paths);
  return g_task_propagate_boolean (G_TASK (result), error);
}

typedef struct
{
  C2lPicture *picture;
  char *path;
  int quality;
} SaveAs;

static void
save_as_free (gpointer data)
{
  SaveAs *job = data;

  c2l_picture_unref (job->picture);
  g_free (job->path);
  g_free (job);
}

static void
save_as_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const SaveAs *job = data;
  GError *error = NULL;

  if (c2l_save_picture_as (job->picture, job->path, job->quality, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
c2l_save_picture_as_async (C2lPicture *picture,
                           const char *path,
                           int quality,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);
  SaveAs *job = g_new (SaveAs, 1);

  *job = (SaveAs){ c2l_picture_ref (picture), g_strdup (path), quality };
  g_task_set_source_tag (task, c2l_save_picture_as_async);
  g_task_set_task_data (task, job, save_as_free);
  g_task_run_in_thread (task, save_as_in_thread);
}

gboolean
c2l_save_picture_as_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, c2l_save_picture_as_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
