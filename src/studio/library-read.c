/* What is read from the library: lists, recipes, prompts, models, numbers. */
#include "studio/library-private.h"

#include <glib/gi18n-lib.h>

/* What a job needs to know. */
typedef struct
{
  char *text;
  guint limit;
} TextJob;

static void
text_job_free (gpointer data)
{
  TextJob *job = data;

  g_free (job->text);
  g_free (job);
}

/* What an answer lacks where something went wrong on the way to it. */
static gpointer
fail (GError *own, GError **error)
{
  g_propagate_error (error, own);
  return NULL;
}

/* --- lists --- */

static GBytes *
read_thumbnail (sqlite3_stmt *statement)
{
  int n_bytes = sqlite3_column_bytes (statement, 0);

  return n_bytes > 0 ? g_bytes_new (sqlite3_column_blob (statement, 0), n_bytes) : NULL;
}

/* The thumbnail of each is fetched behind its row: in one statement with it, a list that has to be
 * sorted would move them all. */
static gboolean
read_entries (sqlite3 *db,
              sqlite3_stmt *list,
              sqlite3_stmt *thumbnail,
              GPtrArray *entries,
              GError **error)
{
  GError *own = NULL;

  while (c2l_library_db_step (db, list, &own))
    {
      C2lLibraryEntry *entry = c2l_library_db_read_entry (list);

      g_ptr_array_add (entries, entry);
      sqlite3_bind_int64 (thumbnail, 1, sqlite3_column_int64 (list, 0));
      if (c2l_library_db_step (db, thumbnail, &own))
        entry->thumbnail = read_thumbnail (thumbnail);
      sqlite3_reset (thumbnail);
      if (own != NULL)
        break;
    }
  return own == NULL || fail (own, error);
}

static gpointer
run_list (sqlite3 *db, gpointer data, GError **error)
{
  g_autoptr (GPtrArray) entries
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_library_entry_unref);
  sqlite3_stmt *list = c2l_library_db_prepare_list (db, data, error);
  sqlite3_stmt *thumbnail
      = list != NULL
            ? c2l_library_db_prepare (db, "SELECT bytes FROM thumbnails WHERE picture = ?", error)
            : NULL;
  gboolean ok = thumbnail != NULL && read_entries (db, list, thumbnail, entries, error);

  sqlite3_finalize (thumbnail);
  sqlite3_finalize (list);
  return ok ? g_steal_pointer (&entries) : NULL;
}

void
c2l_library_list_async (C2lLibrary *self,
                        const C2lLibraryQuery *query,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer data)
{
  g_return_if_fail (C2L_IS_LIBRARY (self) && query != NULL);
  c2l_library_push (self, C2L_LIBRARY_READS, run_list, c2l_library_query_copy (query),
                    (GDestroyNotify) c2l_library_query_free, (GDestroyNotify) g_ptr_array_unref,
                    cancellable, callback, data);
}

GPtrArray *
c2l_library_list_finish (C2lLibrary *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Lists are wide; the uids alone of ten thousand pictures are not. */
static gpointer
run_list_uids (sqlite3 *db, gpointer data, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  sqlite3_stmt *list = c2l_library_db_prepare_list (db, data, error);
  GError *own = NULL;

  if (list == NULL)
    return NULL;
  while (c2l_library_db_step (db, list, &own))
    {
      g_autoptr (C2lLibraryEntry) entry = c2l_library_db_read_entry (list);

      g_strv_builder_add (builder, entry->uid);
    }
  sqlite3_finalize (list);
  return own != NULL ? fail (own, error) : g_strv_builder_end (builder);
}

void
c2l_library_list_uids_async (C2lLibrary *self,
                             const C2lLibraryQuery *query,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer data)
{
  g_return_if_fail (C2L_IS_LIBRARY (self) && query != NULL);
  c2l_library_push (self, C2L_LIBRARY_READS, run_list_uids, c2l_library_query_copy (query),
                    (GDestroyNotify) c2l_library_query_free, (GDestroyNotify) g_strfreev,
                    cancellable, callback, data);
}

static gpointer
run_read (sqlite3 *db, gpointer data, GError **error)
{
  char **uids = data;
  g_autoptr (GPtrArray) entries
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_library_entry_unref);
  sqlite3_stmt *list = c2l_library_db_prepare (
      db, "SELECT " C2L_LIBRARY_ENTRY_COLUMNS " FROM pictures WHERE uid = ?", error);
  sqlite3_stmt *thumbnail
      = list != NULL
            ? c2l_library_db_prepare (db, "SELECT bytes FROM thumbnails WHERE picture = ?", error)
            : NULL;
  gboolean ok = thumbnail != NULL;

  for (guint i = 0; ok && uids[i] != NULL; i++)
    {
      c2l_library_db_bind_text (list, 1, uids[i]);
      ok = read_entries (db, list, thumbnail, entries, error);
      sqlite3_reset (list);
    }
  sqlite3_finalize (thumbnail);
  sqlite3_finalize (list);
  return ok ? g_steal_pointer (&entries) : NULL;
}

void
c2l_library_read_async (C2lLibrary *self,
                        const char *const *uids,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer data)
{
  g_return_if_fail (C2L_IS_LIBRARY (self) && uids != NULL);
  c2l_library_push (self, C2L_LIBRARY_READS, run_read, g_strdupv ((char **) uids),
                    (GDestroyNotify) g_strfreev, (GDestroyNotify) g_ptr_array_unref, cancellable,
                    callback, data);
}

/* Answers one more than there are, because NULL is an error. */
static gpointer
run_count (sqlite3 *db, gpointer data, GError **error)
{
  sqlite3_stmt *statement = c2l_library_db_prepare_count (db, data, error);
  gsize answer = 0;

  if (statement != NULL && c2l_library_db_step (db, statement, error))
    answer = sqlite3_column_int64 (statement, 0) + 1;
  sqlite3_finalize (statement);
  return GSIZE_TO_POINTER (answer);
}

void
c2l_library_count_async (C2lLibrary *self,
                         const C2lLibraryQuery *query,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer data)
{
  g_return_if_fail (C2L_IS_LIBRARY (self) && query != NULL);
  c2l_library_push (self, C2L_LIBRARY_READS, run_count, c2l_library_query_copy (query),
                    (GDestroyNotify) c2l_library_query_free, NULL, cancellable, callback, data);
}

gssize
c2l_library_count_finish (C2lLibrary *self, GAsyncResult *result, GError **error)
{
  return (gssize) GPOINTER_TO_SIZE (g_task_propagate_pointer (G_TASK (result), error)) - 1;
}

/* --- one recipe --- */

static gpointer
run_load_recipe (sqlite3 *db, gpointer data, GError **error)
{
  sqlite3_stmt *statement = c2l_library_db_prepare (
      db, "SELECT json FROM recipes WHERE picture = (SELECT id FROM pictures WHERE uid = ?)",
      error);
  C2lRecipe *recipe = NULL;
  GError *own = NULL;

  if (statement == NULL)
    return NULL;
  c2l_library_db_bind_text (statement, 1, data);
  if (c2l_library_db_step (db, statement, &own))
    {
      g_autofree char *json = c2l_library_db_dup_column (statement, 0);

      recipe = c2l_recipe_from_json (json != NULL ? json : "", "the picture library", &own);
    }
  else if (own == NULL)
    g_set_error_literal (&own, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_UNKNOWN,
                         _ ("the picture is not in the library any more"));
  sqlite3_finalize (statement);
  return own == NULL ? recipe : fail (own, error);
}

void
c2l_library_load_recipe_async (C2lLibrary *self,
                               const char *uid,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer data)
{
  g_return_if_fail (C2L_IS_LIBRARY (self) && uid != NULL);
  c2l_library_push (self, C2L_LIBRARY_READS, run_load_recipe, g_strdup (uid), g_free,
                    (GDestroyNotify) c2l_recipe_unref, cancellable, callback, data);
}

C2lRecipe *
c2l_library_load_recipe_finish (C2lLibrary *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* --- prompts and models --- */

/* The first column of all rows; finalizes @statement. */
static char **
read_strings (sqlite3 *db, sqlite3_stmt *statement, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  GError *own = NULL;

  if (statement == NULL)
    return NULL;
  while (c2l_library_db_step (db, statement, &own))
    {
      g_autofree char *text = c2l_library_db_dup_column (statement, 0);

      if (text != NULL)
        g_strv_builder_add (builder, text);
    }
  sqlite3_finalize (statement);
  return own == NULL ? g_strv_builder_end (builder) : fail (own, error);
}

static gpointer
run_list_prompts (sqlite3 *db, gpointer data, GError **error)
{
  TextJob *job = data;

  return read_strings (db, c2l_library_db_prepare_prompts (db, job->text, job->limit, error),
                       error);
}

void
c2l_library_list_prompts_async (C2lLibrary *self,
                                const char *text,
                                guint limit,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer data)
{
  TextJob *job;

  g_return_if_fail (C2L_IS_LIBRARY (self) && text != NULL);
  job = g_new0 (TextJob, 1);
  job->text = g_strdup (text);
  job->limit = limit;
  c2l_library_push (self, C2L_LIBRARY_READS, run_list_prompts, job, text_job_free,
                    (GDestroyNotify) g_strfreev, cancellable, callback, data);
}

static gpointer
run_list_models (sqlite3 *db, gpointer data, GError **error)
{
  return read_strings (
      db,
      c2l_library_db_prepare (
          db, "SELECT DISTINCT model FROM pictures WHERE trashed IS NULL ORDER BY model", error),
      error);
}

void
c2l_library_list_models_async (C2lLibrary *self,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer data)
{
  g_return_if_fail (C2L_IS_LIBRARY (self));
  c2l_library_push (self, C2L_LIBRARY_READS, run_list_models, NULL, NULL,
                    (GDestroyNotify) g_strfreev, cancellable, callback, data);
}

char **
c2l_library_list_strings_finish (C2lLibrary *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* --- numbers --- */

static gpointer
run_load_statistics (sqlite3 *db, gpointer data, GError **error)
{
  g_autofree C2lLibraryStatistics *statistics = g_new0 (C2lLibraryStatistics, 1);
  sqlite3_stmt *statement = c2l_library_db_prepare (
      db,
      "SELECT count (*), sum (trashed IS NULL), sum (trashed IS NULL AND favourite) FROM pictures",
      error);
  gint64 n_pages = 0, page_size = 0;
  gboolean ok = statement != NULL && c2l_library_db_step (db, statement, error);

  if (ok)
    {
      statistics->n_pictures = sqlite3_column_int64 (statement, 1);
      statistics->n_favourites = sqlite3_column_int64 (statement, 2);
      statistics->n_trashed = sqlite3_column_int64 (statement, 0) - statistics->n_pictures;
    }
  sqlite3_finalize (statement);
  if (!ok || !c2l_library_db_read_number (db, "PRAGMA page_count", &n_pages, error)
      || !c2l_library_db_read_number (db, "PRAGMA page_size", &page_size, error))
    return NULL;
  statistics->bytes = n_pages * page_size + c2l_library_db_measure_files (db);
  return g_steal_pointer (&statistics);
}

void
c2l_library_load_statistics_async (C2lLibrary *self,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer data)
{
  g_return_if_fail (C2L_IS_LIBRARY (self));
  c2l_library_push (self, C2L_LIBRARY_READS, run_load_statistics, NULL, NULL, g_free, cancellable,
                    callback, data);
}

C2lLibraryStatistics *
c2l_library_load_statistics_finish (C2lLibrary *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
