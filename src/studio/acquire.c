/* From a catalogue's entry to a model. The order: room, files one after the other, import. Files
 * lie in the cache until the import is whole, so that nothing is fetched twice. */
#include "studio/acquire.h"

#include "studio/bundles.h"
#include "studio/disk.h"
#include "studio/import.h"
#include "studio/paths.h"
#include "studio/published.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

/* What is left free on a disk. */
#define SPARE_SPACE ((guint64) 64 << 20)

typedef struct
{
  C2lCatalogue *catalogue;
  const C2lCatalogueModel *model;
  C2lDownloadOptions options;
  C2lAcquireProgressFunc func;
  gpointer func_data;
  GCancellable *cancellable;

  goffset sizes[C2L_N_PUBLISHED_KINDS]; /* −1: not known */
  goffset done;                         /* of the files before the current one */
  int kind;                             /* the current one */
} Work;

static void
report (const Work *work, const C2lAcquireProgress *progress)
{
  if (work->func != NULL)
    work->func (progress, work->func_data);
}

/* --- sizes and room --- */

static goffset
ask_size (const C2lPublished *file, const C2lDownloadOptions *options, GCancellable *cancellable)
{
  GStatBuf info;

  if (file->size > 0)
    return file->size;
  if (g_stat (file->path, &info) == 0)
    return info.st_size;
  return c2l_download_ask_size (file->url, options, cancellable);
}

/* Once one is not known, the sum is not either, and the other servers are not asked: without a
 * connection that would only take time. */
static void
measure (const C2lCatalogueModel *model,
         const C2lDownloadOptions *options,
         GCancellable *cancellable,
         goffset *sizes)
{
  gboolean known = TRUE;

  for (int kind = 0; kind < C2L_N_PUBLISHED_KINDS; kind++)
    {
      if (model->files[kind] == NULL)
        sizes[kind] = 0;
      else
        sizes[kind] = known ? ask_size (model->files[kind], options, cancellable) : -1;
      known = known && sizes[kind] >= 0;
    }
}

static goffset
add_up (const goffset *sizes)
{
  goffset sum = 0;

  for (int kind = 0; kind < C2L_N_PUBLISHED_KINDS; kind++)
    {
      if (sizes[kind] < 0)
        return -1;
      sum += sizes[kind];
    }
  return sum;
}

static gboolean
check_room (const char *path, guint64 need, GError **error)
{
  guint64 have = c2l_disk_get_free (path);
  g_autofree char *need_text = g_format_size (need), *have_text = g_format_size (have);

  if (need == 0 || have >= need + SPARE_SPACE)
    return TRUE;
  g_set_error (error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_NO_SPACE,
               _ ("%s: the model needs %s there, but only %s are free on that disk; make room and "
                  "try again"),
               path, need_text, have_text);
  return FALSE;
}

/* The files and the model, which takes no more than they do, are there together for a while. */
static gboolean
check_all_room (const Work *work, GError **error)
{
  g_autofree char *cache = c2l_paths_dup_cache (), *models = c2l_paths_dup_models ();
  guint64 to_come = 0, all = 0;

  for (int kind = 0; kind < C2L_N_PUBLISHED_KINDS; kind++)
    {
      const C2lPublished *file = work->model->files[kind];
      goffset here = file != NULL ? c2l_download_get_done (file->path) : 0;
      goffset size = MAX (work->sizes[kind], 0);

      all += size;
      to_come += MAX (size - here, 0);
    }
  if (c2l_disk_is_same (cache, models))
    return check_room (models, all + to_come, error);
  return check_room (cache, to_come, error) && check_room (models, all, error);
}

/* --- downloading --- */

static void
on_downloaded (goffset done, goffset total, gpointer data)
{
  Work *work = data;
  C2lAcquireProgress progress = { .stage = C2L_ACQUIRE_DOWNLOAD,
                                  .what = work->model->files[work->kind]->names[0],
                                  .done = work->done + done };

  /* Now the server has said it, or it is known from what came. */
  if (work->sizes[work->kind] < 0 && total >= 0)
    work->sizes[work->kind] = total;
  progress.total = add_up (work->sizes);
  report (work, &progress);
}

static void
on_retry (const GError *reason, guint delay_ms, gpointer data)
{
  Work *work = data;
  const C2lPublished *file = work->model->files[work->kind];

  report (work, &(C2lAcquireProgress){ .stage = C2L_ACQUIRE_DOWNLOAD,
                                       .what = file->names[0],
                                       .done = work->done + c2l_download_get_done (file->path),
                                       .total = add_up (work->sizes),
                                       .trouble = reason->message });
}

static gboolean
download_all (Work *work, GError **error)
{
  work->options.progress = on_downloaded;
  work->options.retry = on_retry;
  work->options.progress_data = work;
  for (work->kind = 0; work->kind < C2L_N_PUBLISHED_KINDS; work->kind++)
    {
      const C2lPublished *file = work->model->files[work->kind];

      if (file == NULL)
        continue;
      on_downloaded (c2l_download_get_done (file->path), work->sizes[work->kind], work);
      if (!c2l_published_fetch (file, &work->options, work->cancellable, error))
        return FALSE;
      work->sizes[work->kind] = c2l_download_get_done (file->path);
      work->done += work->sizes[work->kind];
    }
  return TRUE;
}

/* --- importing --- */

static void
on_imported (double fraction, const char *part, gpointer data)
{
  Work *work = data;

  report (work, &(C2lAcquireProgress){ .stage = C2L_ACQUIRE_IMPORT,
                                       .what = part,
                                       .done = work->done,
                                       .total = work->done,
                                       .fraction = fraction });
}

/* "The generator: MIT, https://… What an artist must know of it." */
static char **
dup_licences (const C2lCatalogueModel *model)
{
  g_autoptr (GStrvBuilder) lines = g_strv_builder_new ();

  for (guint i = 0; i < model->licences->len; i++)
    {
      const C2lLicence *licence = g_ptr_array_index (model->licences, i);
      g_autoptr (GString) line = g_string_new (licence->covers);

      g_string_append_printf (line, ": %s", licence->name);
      if (licence->url != NULL)
        g_string_append_printf (line, ", %s", licence->url);
      if (licence->note != NULL)
        g_string_append_printf (line, ". %s", licence->note);
      g_strv_builder_add (lines, line->str);
    }
  return g_strv_builder_end (lines);
}

static const char *
get_path (const Work *work, C2lPublishedKind kind)
{
  return work->model->files[kind] != NULL ? work->model->files[kind]->path : NULL;
}

static gboolean
make_folder (const char *path, GError **error)
{
  int code;

  if (g_mkdir_with_parents (path, 0755) == 0)
    return TRUE;
  code = errno;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code),
               _ ("%s: the folder for models cannot be made: %s"), path, g_strerror (code));
  return FALSE;
}

static char *
import (Work *work, GError **error)
{
  const C2lCatalogueModel *model = work->model;
  g_auto (GStrv) licences = dup_licences (model);
  g_autofree char *models = c2l_paths_dup_models ();
  g_autofree char *folder = c2l_bundles_dup_new_folder (model->id);
  C2lImport import = { .files = { .clip = get_path (work, C2L_PUBLISHED_CLIP),
                                  .prior = get_path (work, C2L_PUBLISHED_PRIOR),
                                  .config = get_path (work, C2L_PUBLISHED_CONFIG),
                                  .generator = get_path (work, C2L_PUBLISHED_GENERATOR),
                                  .preprocess = model->preprocess },
                       .name = model->name,
                       .description = model->draws,
                       .origin = model->id,
                       .prompts = (const char *const *) model->examples,
                       .licences = (const char *const *) licences,
                       .attributions = (const char *const *) model->attributions,
                       .defaults = { .guidance = 2, .sampler = "reference", .truncation = 1 },
                       .progress = on_imported,
                       .progress_data = work };
  g_autoptr (C2lDevice) device = NULL;

  if (model->defaults.steps > 0)
    import.defaults = model->defaults;
  if (!make_folder (models, error))
    return NULL;
  device = c2l_device_open ("cpu", error);
  if (device == NULL || !c2l_import (&import, folder, device, work->cancellable, error))
    return NULL;
  return g_steal_pointer (&folder);
}

char *
c2l_acquire (C2lCatalogue *catalogue,
             const C2lCatalogueModel *model,
             const C2lDownloadOptions *options,
             C2lAcquireProgressFunc progress,
             gpointer progress_data,
             GCancellable *cancellable,
             GError **error)
{
  Work work = { .catalogue = catalogue,
                .model = model,
                .func = progress,
                .func_data = progress_data,
                .cancellable = cancellable };
  g_autofree char *folder = c2l_bundles_find_origin (model->id);

  if (folder != NULL || model->bundle != NULL)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                   _ ("%s: this model is installed already"), model->id);
      return NULL;
    }
  if (options != NULL)
    work.options = *options;
  else
    c2l_download_options_init (&work.options);
  measure (model, &work.options, cancellable, work.sizes);
  if (!check_all_room (&work, error) || !download_all (&work, error))
    return NULL;
  folder = import (&work, error);
  if (folder != NULL)
    c2l_acquire_discard (catalogue, model);
  return g_steal_pointer (&folder);
}

/* --- what is here already --- */

goffset
c2l_acquire_get_done (const C2lCatalogueModel *model)
{
  goffset done = 0;

  for (int kind = 0; kind < C2L_N_PUBLISHED_KINDS; kind++)
    if (model->files[kind] != NULL)
      done += c2l_download_get_done (model->files[kind]->path);
  return done;
}

goffset
c2l_acquire_ask_size (const C2lCatalogueModel *model,
                      const C2lDownloadOptions *options,
                      GCancellable *cancellable)
{
  goffset sizes[C2L_N_PUBLISHED_KINDS];

  measure (model, options, cancellable, sizes);
  return add_up (sizes);
}

/* A model is lent by its catalogue. */
typedef struct
{
  C2lCatalogue *catalogue;
  const C2lCatalogueModel *model;
} Question;

static void
question_free (gpointer data)
{
  Question *question = data;

  c2l_catalogue_unref (question->catalogue);
  g_free (question);
}

static void
ask_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Question *question = data;
  C2lDownloadOptions options;

  c2l_download_options_init (&options);
  g_task_return_int (task, c2l_acquire_ask_size (question->model, &options, cancellable));
}

void
c2l_acquire_ask_size_async (C2lCatalogue *catalogue,
                            const C2lCatalogueModel *model,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);
  Question *question = g_new0 (Question, 1);

  question->catalogue = c2l_catalogue_ref (catalogue);
  question->model = model;
  g_task_set_source_tag (task, c2l_acquire_ask_size_async);
  g_task_set_task_data (task, question, question_free);
  g_task_run_in_thread (task, ask_in_thread);
}

goffset
c2l_acquire_ask_size_finish (GAsyncResult *result)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, c2l_acquire_ask_size_async), -1);

  return g_task_propagate_int (G_TASK (result), NULL);
}

static void
discard_file (const C2lPublished *file)
{
  c2l_download_discard (file->path);
  g_unlink (file->path);
}

void
c2l_acquire_discard (C2lCatalogue *catalogue, const C2lCatalogueModel *model)
{
  for (int kind = 0; kind < C2L_N_PUBLISHED_KINDS; kind++)
    if (model->files[kind] != NULL
        && c2l_catalogue_count_users (catalogue, model->files[kind]) == 1)
      discard_file (model->files[kind]);
}

goffset
c2l_acquire_measure_kept (C2lCatalogue *catalogue)
{
  GPtrArray *files = c2l_catalogue_get_files (catalogue);
  goffset sum = 0;

  for (guint i = 0; i < files->len; i++)
    sum += c2l_download_get_done (((C2lPublished *) g_ptr_array_index (files, i))->path);
  return sum;
}

void
c2l_acquire_discard_kept (C2lCatalogue *catalogue)
{
  GPtrArray *files = c2l_catalogue_get_files (catalogue);

  for (guint i = 0; i < files->len; i++)
    discard_file (g_ptr_array_index (files, i));
}
