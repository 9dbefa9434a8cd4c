/* Importing in the background. The thread that works owns a copy of everything it reads and a
 * device of its own, so neither the caller nor the worker's device is touched. A model appears in
 * the user's folder whole, by a rename, or not at all. */
#include "studio/install.h"

#include "studio/bundles.h"
#include "studio/import.h"
#include "studio/paths.h"
#include "studio/run-import.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

/* What the thread works on. */
typedef struct
{
  C2lModelFiles files; /* owns its strings */
  char *name;
  char *folder; /* made; or, while copying, copied from; or a run's */
  C2lInstallProgress progress;
  gpointer progress_data;
  GTask *task; /* lent: it owns this */
} Install;

static void
install_free (gpointer data)
{
  Install *install = data;

  g_free ((char *) install->files.clip);
  g_free ((char *) install->files.prior);
  g_free ((char *) install->files.config);
  g_free ((char *) install->files.generator);
  g_free ((char *) install->files.merges);
  g_free ((char *) install->files.preprocess);
  g_free (install->name);
  g_free (install->folder);
  g_free (install);
}

typedef struct
{
  GTask *task;
  double fraction;
  char *part;
} Progress;

static void
progress_free (gpointer data)
{
  Progress *progress = data;

  g_object_unref (progress->task);
  g_free (progress->part);
  g_free (progress);
}

static gboolean
deliver_progress (gpointer data)
{
  Progress *progress = data;
  Install *install = g_task_get_task_data (progress->task);

  if (!g_task_get_completed (progress->task))
    install->progress (progress->fraction, progress->part, install->progress_data);
  return G_SOURCE_REMOVE;
}

/* Called on the thread; goes to the caller's context. */
static void
report (double fraction, const char *part, gpointer data)
{
  Install *install = data;
  Progress *progress;

  if (install->progress == NULL)
    return;
  progress = g_new0 (Progress, 1);
  progress->task = g_object_ref (install->task);
  progress->fraction = fraction;
  progress->part = g_strdup (part);
  g_main_context_invoke_full (g_task_get_context (install->task), G_PRIORITY_DEFAULT,
                              deliver_progress, progress, progress_free);
}

static gboolean
make_models_folder (GError **error)
{
  g_autofree char *models = c2l_paths_dup_models ();
  int code;

  if (g_mkdir_with_parents (models, 0755) == 0)
    return TRUE;
  code = errno;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code),
               _ ("%s: the folder for models cannot be made: %s"), models, g_strerror (code));
  return FALSE;
}

static void
import_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Install *install = data;
  C2lImport import = { .files = install->files,
                       .name = install->name,
                       .defaults = { .guidance = 2, .sampler = "reference", .truncation = 1 },
                       .progress = report,
                       .progress_data = install };
  g_autofree char *folder = c2l_bundles_dup_new_folder (install->name);
  GError *error = NULL;
  g_autoptr (C2lDevice) device
      = make_models_folder (&error) ? c2l_device_open ("cpu", &error) : NULL;

  if (device != NULL && c2l_import (&import, folder, device, cancellable, &error))
    g_task_return_pointer (task, g_steal_pointer (&folder), g_free);
  else
    g_task_return_error (task, error);
}

static GTask *
new_task (Install *install,
          C2lInstallProgress progress,
          gpointer progress_data,
          GCancellable *cancellable,
          GAsyncReadyCallback callback,
          gpointer data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, data);

  install->progress = progress;
  install->progress_data = progress_data;
  install->task = task;
  g_task_set_task_data (task, install, install_free);
  /* A model that is whole is there, and the answer says so, even if cancelling came a moment
   * before. */
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_source_tag (task, c2l_install_finish);
  return task;
}

void
c2l_install_async (const C2lModelFiles *files,
                   const char *name,
                   C2lInstallProgress progress,
                   gpointer progress_data,
                   GCancellable *cancellable,
                   GAsyncReadyCallback callback,
                   gpointer data)
{
  Install *install = g_new0 (Install, 1);
  g_autoptr (GTask) task = new_task (install, progress, progress_data, cancellable, callback, data);

  install->files = (C2lModelFiles){ .clip = g_strdup (files->clip),
                                    .prior = g_strdup (files->prior),
                                    .config = g_strdup (files->config),
                                    .generator = g_strdup (files->generator),
                                    .merges = g_strdup (files->merges),
                                    .preprocess = g_strdup (files->preprocess) };
  install->name = g_strdup (name);
  g_task_run_in_thread (task, import_in_thread);
}

/* --- a training --- */

static void
import_run_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Install *install = data;
  C2lImport import = { .name = install->name, .progress = report, .progress_data = install };
  g_autofree char *folder = c2l_bundles_dup_new_folder (install->name);
  GError *error = NULL;
  g_autoptr (C2lDevice) device
      = make_models_folder (&error) ? c2l_device_open ("cpu", &error) : NULL;

  if (device != NULL
      && c2l_run_import (install->folder, install->files.prior, &import, folder, device,
                         cancellable, &error))
    g_task_return_pointer (task, g_steal_pointer (&folder), g_free);
  else
    g_task_return_error (task, error);
}

void
c2l_install_run_async (const char *run,
                       const char *checkpoint,
                       const char *name,
                       C2lInstallProgress progress,
                       gpointer progress_data,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer data)
{
  Install *install = g_new0 (Install, 1);
  g_autoptr (GTask) task = new_task (install, progress, progress_data, cancellable, callback, data);

  install->folder = g_strdup (run);
  install->files.prior = g_strdup (checkpoint);
  install->name = g_strdup (name);
  g_task_run_in_thread (task, import_run_in_thread);
}

/* --- copying a folder --- */

/* Paths of everything that the bundle names, inside its folder. */
static GPtrArray *
list_files (C2lBundle *bundle)
{
  const char *folder = c2l_bundle_get_folder (bundle);
  GPtrArray *directions = c2l_bundle_get_directions (bundle), *files = g_ptr_array_new ();

  for (int role = 0; role < C2L_N_ROLES; role++)
    if (c2l_bundle_get_file (bundle, role) != NULL)
      g_ptr_array_add (files, (gpointer) c2l_bundle_get_file (bundle, role));
  if (c2l_bundle_get_merges (bundle) != NULL)
    g_ptr_array_add (files, (gpointer) c2l_bundle_get_merges (bundle));
  for (guint i = 0; i < directions->len; i++)
    g_ptr_array_add (files, ((C2lDirection *) g_ptr_array_index (directions, i))->file);
  for (guint i = 0; i < files->len; i++)
    files->pdata[i] = (char *) g_ptr_array_index (files, i) + strlen (folder);
  return files;
}

static gboolean
copy_into (const char *from,
           const char *to,
           const char *name,
           GCancellable *cancellable,
           GError **error)
{
  g_autofree char *source_path = g_build_filename (from, name, NULL),
                  *target_path = g_build_filename (to, name, NULL);
  g_autofree char *parent = g_path_get_dirname (target_path);
  g_autoptr (GFile) source = g_file_new_for_path (source_path),
                    target = g_file_new_for_path (target_path);

  g_mkdir_with_parents (parent, 0755);
  return g_file_copy (source, target, G_FILE_COPY_OVERWRITE | G_FILE_COPY_TARGET_DEFAULT_PERMS,
                      cancellable, NULL, NULL, error);
}

static void
remove_copy (const char *part, GPtrArray *files)
{
  for (guint i = 0; i < files->len; i++)
    {
      g_autofree char *path = g_build_filename (part, g_ptr_array_index (files, i), NULL);
      g_autofree char *parent = g_path_get_dirname (path);

      g_remove (path);
      g_rmdir (parent);
    }
  g_rmdir (part);
}

static gboolean
copy_files (Install *install,
            GPtrArray *files,
            const char *part,
            GCancellable *cancellable,
            GError **error)
{
  for (guint i = 0; i < files->len; i++)
    {
      report ((double) i / files->len, "copy", install);
      if (!copy_into (install->folder, part, g_ptr_array_index (files, i), cancellable, error))
        return FALSE;
    }
  return TRUE;
}

static void
copy_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Install *install = data;
  GError *error = NULL;
  g_autoptr (C2lBundle) bundle = c2l_bundle_open (install->folder, &error);
  g_autofree char *base = g_path_get_basename (install->folder);
  g_autofree char *folder = c2l_bundles_dup_new_folder (base);
  g_autofree char *part = g_strconcat (folder, ".part-XXXXXX", NULL);
  g_autoptr (GPtrArray) files = NULL;

  if (bundle == NULL || !make_models_folder (&error))
    {
      g_task_return_error (task, error);
      return;
    }
  files = list_files (bundle);
  g_ptr_array_add (files, (gpointer) "model.json");
  if (g_mkdtemp_full (part, 0755) != NULL && copy_files (install, files, part, cancellable, &error)
      && g_rename (part, folder) == 0)
    {
      g_task_return_pointer (task, g_steal_pointer (&folder), g_free);
      return;
    }
  if (error == NULL)
    g_set_error (&error, G_FILE_ERROR, g_file_error_from_errno (errno),
                 _ ("%s: the model cannot be put in place: %s"), folder, g_strerror (errno));
  remove_copy (part, files);
  g_task_return_error (task, error);
}

void
c2l_install_folder_async (const char *folder,
                          C2lInstallProgress progress,
                          gpointer progress_data,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer data)
{
  Install *install = g_new0 (Install, 1);
  g_autoptr (GTask) task = new_task (install, progress, progress_data, cancellable, callback, data);

  install->folder = g_canonicalize_filename (folder, NULL);
  g_task_run_in_thread (task, copy_in_thread);
}

char *
c2l_install_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, c2l_install_finish), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
