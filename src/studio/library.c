/* The library as an object: the queue whose thread owns the connection, and the answers that come back. What is written and read is in
 * library-write.c and library-query.c, tables and opening in library-schema.c. */
#include "studio/library-private.h"

#include "studio/paths.h"
#include "studio/queue.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

struct _C2lLibrary
{
  GObject parent_instance;

  C2lQueue *queue;
  sqlite3 *db; /* the queue's thread's, once it runs */
  gboolean temporary;
};

G_DEFINE_QUARK (c2l-library-error-quark, c2l_library_error)
G_DEFINE_FINAL_TYPE (C2lLibrary, c2l_library, G_TYPE_OBJECT)
G_DEFINE_BOXED_TYPE (C2lLibraryEntry, c2l_library_entry, c2l_library_entry_ref,
                     c2l_library_entry_unref)

static guint changed_signal;

/* --- entries --- */

C2lLibraryEntry *
c2l_library_entry_new (C2lRecipe *recipe, GBytes *thumbnail)
{
  C2lLibraryEntry *entry = g_new0 (C2lLibraryEntry, 1);

  g_atomic_ref_count_init (&entry->refs);
  entry->uid = g_uuid_string_random ();
  entry->prompt = g_strdup (recipe->prompt);
  entry->model = g_strdup (recipe->model != NULL ? recipe->model : "");
  entry->generator = g_strdup (g_hash_table_lookup (recipe->sha256, "generator"));
  entry->created = g_get_real_time ();
  entry->has_score = recipe->has_score;
  entry->score = recipe->score;
  entry->thumbnail = thumbnail != NULL ? g_bytes_ref (thumbnail) : NULL;
  return entry;
}

C2lLibraryEntry *
c2l_library_entry_ref (C2lLibraryEntry *entry)
{
  g_atomic_ref_count_inc (&entry->refs);
  return entry;
}

void
c2l_library_entry_unref (C2lLibraryEntry *entry)
{
  if (!g_atomic_ref_count_dec (&entry->refs))
    return;
  g_free (entry->uid);
  g_free (entry->prompt);
  g_free (entry->model);
  g_free (entry->generator);
  g_clear_pointer (&entry->thumbnail, g_bytes_unref);
  g_free (entry);
}

void
c2l_collection_free (C2lCollection *collection)
{
  g_free (collection->name);
  g_free (collection);
}

/* --- jobs --- */

typedef struct
{
  C2lLibrary *library; /* lent: waits for its queue before it goes */
  C2lLibraryJob run;
  gpointer data;
  GDestroyNotify data_free;
  gboolean changes;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  if (job->data_free != NULL)
    job->data_free (job->data);
  g_free (job);
}

static gboolean
emit_changed (gpointer data)
{
  g_signal_emit (data, changed_signal, 0);
  return G_SOURCE_REMOVE;
}

static gpointer
run (C2lJob *queued, gpointer data, GError **error)
{
  Job *job = data;
  GError *own = NULL;
  gpointer answer = job->run (job->library->db, job->data, &own);

  if (own != NULL)
    g_propagate_error (error, own);
  else if (job->changes)
    c2l_job_tell (queued, emit_changed, g_object_ref (job->library), g_object_unref);
  return answer;
}

void
c2l_library_push (C2lLibrary *self,
                  C2lLibraryJob run_job,
                  gpointer job_data,
                  GDestroyNotify job_data_free,
                  GDestroyNotify result_free,
                  gboolean changes,
                  GCancellable *cancellable,
                  GAsyncReadyCallback callback,
                  gpointer data)
{
  Job *job = g_new0 (Job, 1);

  job->library = self;
  job->run = run_job;
  job->data = job_data;
  job->data_free = job_data_free;
  job->changes = changes;
  c2l_queue_push (self->queue, g_task_new (self, cancellable, callback, data), C2L_JOB_BATCH, NULL,
                  run, job, job_free, result_free);
}

/* --- reading --- */

static gpointer
run_list (sqlite3 *db, gpointer data, GError **error)
{
  return c2l_library_db_list (db, data, error);
}

void
c2l_library_list_async (C2lLibrary *self,
                        const C2lLibraryQuery *query,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer data)
{
  g_return_if_fail (C2L_IS_LIBRARY (self));
  c2l_library_push (self, run_list, c2l_library_query_copy (query),
                    (GDestroyNotify) c2l_library_query_free, (GDestroyNotify) g_ptr_array_unref,
                    FALSE, cancellable, callback, data);
}

GPtrArray *
c2l_library_list_finish (C2lLibrary *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static gpointer
run_list_uids (sqlite3 *db, gpointer data, GError **error)
{
  return c2l_library_db_list_uids (db, data, error);
}

void
c2l_library_list_uids_async (C2lLibrary *self,
                             const C2lLibraryQuery *query,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer data)
{
  g_return_if_fail (C2L_IS_LIBRARY (self));
  c2l_library_push (self, run_list_uids, c2l_library_query_copy (query),
                    (GDestroyNotify) c2l_library_query_free, (GDestroyNotify) g_strfreev, FALSE,
                    cancellable, callback, data);
}

static gpointer
run_read (sqlite3 *db, gpointer data, GError **error)
{
  return c2l_library_db_read (db, data, error);
}

void
c2l_library_read_async (C2lLibrary *self,
                        const char *const *uids,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer data)
{
  g_return_if_fail (C2L_IS_LIBRARY (self) && uids != NULL);
  c2l_library_push (self, run_read, g_strdupv ((char **) uids), (GDestroyNotify) g_strfreev,
                    (GDestroyNotify) g_ptr_array_unref, FALSE, cancellable, callback, data);
}

static gpointer
run_count (sqlite3 *db, gpointer data, GError **error)
{
  gssize n = c2l_library_db_count (db, data, error);

  return GSIZE_TO_POINTER ((gsize) (n + 1));
}

void
c2l_library_count_async (C2lLibrary *self,
                         const C2lLibraryQuery *query,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer data)
{
  g_return_if_fail (C2L_IS_LIBRARY (self));
  c2l_library_push (self, run_count, c2l_library_query_copy (query),
                    (GDestroyNotify) c2l_library_query_free, NULL, FALSE, cancellable, callback,
                    data);
}

gssize
c2l_library_count_finish (C2lLibrary *self, GAsyncResult *result, GError **error)
{
  return (gssize) GPOINTER_TO_SIZE (g_task_propagate_pointer (G_TASK (result), error)) - 1;
}

static gpointer
run_load_recipe (sqlite3 *db, gpointer data, GError **error)
{
  return c2l_library_db_load_recipe (db, data, error);
}

void
c2l_library_load_recipe_async (C2lLibrary *self,
                               const char *uid,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer data)
{
  g_return_if_fail (C2L_IS_LIBRARY (self) && uid != NULL);
  c2l_library_push (self, run_load_recipe, g_strdup (uid), g_free,
                    (GDestroyNotify) c2l_recipe_unref, FALSE, cancellable, callback, data);
}

C2lRecipe *
c2l_library_load_recipe_finish (C2lLibrary *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

typedef struct
{
  char *text;
  guint limit;
} PromptsJob;

static void
prompts_job_free (gpointer data)
{
  PromptsJob *job = data;

  g_free (job->text);
  g_free (job);
}

static gpointer
run_list_prompts (sqlite3 *db, gpointer data, GError **error)
{
  PromptsJob *job = data;

  return c2l_library_db_list_prompts (db, job->text, job->limit, error);
}

void
c2l_library_list_prompts_async (C2lLibrary *self,
                                const char *text,
                                guint limit,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer data)
{
  PromptsJob *job = g_new0 (PromptsJob, 1);

  g_return_if_fail (C2L_IS_LIBRARY (self) && text != NULL);
  job->text = g_strdup (text);
  job->limit = limit;
  c2l_library_push (self, run_list_prompts, job, prompts_job_free, (GDestroyNotify) g_strfreev,
                    FALSE, cancellable, callback, data);
}

static gpointer
run_list_models (sqlite3 *db, gpointer data, GError **error)
{
  return c2l_library_db_list_models (db, error);
}

void
c2l_library_list_models_async (C2lLibrary *self,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer data)
{
  g_return_if_fail (C2L_IS_LIBRARY (self));
  c2l_library_push (self, run_list_models, NULL, NULL, (GDestroyNotify) g_strfreev, FALSE,
                    cancellable, callback, data);
}

char **
c2l_library_list_strings_finish (C2lLibrary *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static gpointer
run_list_collections (sqlite3 *db, gpointer data, GError **error)
{
  return c2l_library_db_list_collections (db, error);
}

void
c2l_library_list_collections_async (C2lLibrary *self,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer data)
{
  g_return_if_fail (C2L_IS_LIBRARY (self));
  c2l_library_push (self, run_list_collections, NULL, NULL, (GDestroyNotify) g_ptr_array_unref,
                    FALSE, cancellable, callback, data);
}

GPtrArray *
c2l_library_list_collections_finish (C2lLibrary *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* --- opening and closing --- */

char *
c2l_library_dup_default_path (void)
{
  g_autofree char *folder = c2l_paths_dup_user ();

  return g_build_filename (folder, "library.sqlite", NULL);
}

gboolean
c2l_library_is_temporary (C2lLibrary *self)
{
  g_return_val_if_fail (C2L_IS_LIBRARY (self), TRUE);
  return self->temporary;
}

/* What is broken is set aside and begun anew; NULL and what the artist must know where that fails as well. */
static sqlite3 *
open_again (const char *path, const GError *reason, char **notice)
{
  g_autofree char *aside = NULL;
  sqlite3 *db;

  if (g_error_matches (reason, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_UNKNOWN)
      || !g_file_test (path, G_FILE_TEST_IS_REGULAR))
    return NULL;
  aside = c2l_library_db_set_aside (path, NULL);
  db = aside != NULL ? c2l_library_db_open (path, NULL) : NULL;
  if (db != NULL)
    *notice = g_strdup_printf ("The picture library was damaged and a new one was begun. The old one was kept as %s.",
                               aside);
  return db;
}

C2lLibrary *
c2l_library_open (const char *path, char **notice)
{
  C2lLibrary *self = g_object_new (C2L_TYPE_LIBRARY, NULL);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (GError) error = NULL;

  *notice = NULL;
  if (g_mkdir_with_parents (folder, 0700) != 0)
    g_set_error (&error, G_IO_ERROR, g_io_error_from_errno (errno), "%s: %s", folder,
                 g_strerror (errno));
  else
    self->db = c2l_library_db_open (path, &error);
  if (self->db == NULL)
    self->db = open_again (path, error, notice);
  if (self->db == NULL)
    {
      self->temporary = TRUE;
      self->db = c2l_library_db_open (NULL, NULL);
      *notice = g_strdup_printf ("Pictures are not kept when the program ends: %s", error->message);
    }
  self->queue = c2l_queue_new ("library");
  return self;
}

static gpointer
run_nothing (sqlite3 *db, gpointer data, GError **error)
{
  return GINT_TO_POINTER (TRUE);
}

static void
on_flushed (GObject *source, GAsyncResult *result, gpointer data)
{
  gboolean *flushed = data;

  *flushed = TRUE;
}

void
c2l_library_close (C2lLibrary *self)
{
  gboolean flushed = FALSE;

  g_return_if_fail (C2L_IS_LIBRARY (self));
  if (self->db == NULL)
    return;
  /* Jobs come in order, so everything is written when this one was done. */
  c2l_library_push (self, run_nothing, NULL, NULL, NULL, FALSE, NULL, on_flushed, &flushed);
  while (!flushed)
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
  c2l_queue_stop (self->queue);
  g_clear_pointer (&self->db, sqlite3_close);
}

static void
c2l_library_finalize (GObject *object)
{
  C2lLibrary *self = C2L_LIBRARY (object);

  g_clear_pointer (&self->queue, c2l_queue_free);
  g_clear_pointer (&self->db, sqlite3_close);
  G_OBJECT_CLASS (c2l_library_parent_class)->finalize (object);
}

static void
c2l_library_class_init (C2lLibraryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = c2l_library_finalize;
  changed_signal = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                 NULL, NULL, G_TYPE_NONE, 0);
}

static void
c2l_library_init (C2lLibrary *self)
{
}
