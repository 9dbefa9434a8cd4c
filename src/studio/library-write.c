/* What is written into the library: every call is one transaction, so that a picture is there whole
 * or not at all. */
#include "studio/library-private.h"

#include <glib/gi18n-lib.h>

/* A statement in which ?1 is a picture's uid and ?2 a number. */
static gboolean
run_for_picture (sqlite3 *db, const char *sql, const char *uid, gint64 number, GError **error)
{
  sqlite3_stmt *statement = c2l_library_db_prepare (db, sql, error);

  if (statement == NULL)
    return FALSE;
  c2l_library_db_bind_text (statement, 1, uid);
  if (sqlite3_bind_parameter_count (statement) > 1)
    sqlite3_bind_int64 (statement, 2, number);
  return c2l_library_db_run (db, statement, error);
}

/* To be completed by which pictures; before they change or go. */
#define DISCARD_FILE                                                                               \
  "INSERT OR IGNORE INTO discarded (uid) SELECT uid FROM pictures WHERE kept AND "
#define DISCARD_WORDS                                                                              \
  "INSERT INTO prompts (prompts, rowid, words) SELECT 'delete', id, words FROM pictures WHERE "
#define INDEX_WORDS "INSERT INTO prompts (rowid, words) SELECT id, words FROM pictures WHERE "

/* --- adding pictures --- */

typedef struct
{
  GPtrArray *entries;
  GPtrArray *recipes; /* written as JSON on the library's thread, which takes its time */
} AddJob;

static void
add_job_free (gpointer data)
{
  AddJob *job = data;

  g_ptr_array_unref (job->entries);
  g_ptr_array_unref (job->recipes);
  g_free (job);
}

static void
bind_score (sqlite3_stmt *statement, int place, gboolean has_score, double score)
{
  if (has_score)
    sqlite3_bind_double (statement, place, score);
  else
    sqlite3_bind_null (statement, place);
}

static gboolean
add_picture (sqlite3 *db, const C2lLibraryEntry *entry, GError **error)
{
  g_autofree char *words = c2l_library_dup_words (entry->prompt);
  sqlite3_stmt *statement = c2l_library_db_prepare (
      db,
      "INSERT INTO pictures (uid, created, prompt, words, model, generator, score, favourite, "
      "trashed, kept) VALUES (?, ?, ?, ?, ?, ?, ?, ?, nullif (?, 0), ?)",
      error);

  if (statement == NULL)
    return FALSE;
  c2l_library_db_bind_text (statement, 1, entry->uid);
  sqlite3_bind_int64 (statement, 2, entry->created);
  c2l_library_db_bind_text (statement, 3, entry->prompt);
  c2l_library_db_bind_text (statement, 4, words);
  c2l_library_db_bind_text (statement, 5, entry->model);
  c2l_library_db_bind_text (statement, 6, entry->generator);
  bind_score (statement, 7, entry->has_score, entry->score);
  sqlite3_bind_int (statement, 8, entry->favourite != FALSE);
  sqlite3_bind_int64 (statement, 9, entry->trashed);
  sqlite3_bind_int (statement, 10, entry->kept != FALSE);
  return c2l_library_db_run (db, statement, error);
}

static gboolean
set_thumbnail (sqlite3 *db, gint64 id, GBytes *thumbnail, GError **error)
{
  sqlite3_stmt *statement;

  if (thumbnail == NULL)
    return TRUE;
  statement = c2l_library_db_prepare (
      db, "INSERT OR REPLACE INTO thumbnails (picture, bytes) VALUES (?, ?)", error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, id);
  c2l_library_db_bind_bytes (statement, 2, thumbnail);
  return c2l_library_db_run (db, statement, error);
}

static gboolean
set_recipe (sqlite3 *db, gint64 id, const char *json, GError **error)
{
  sqlite3_stmt *statement = c2l_library_db_prepare (
      db, "INSERT OR REPLACE INTO recipes (picture, json) VALUES (?, ?)", error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, id);
  c2l_library_db_bind_text (statement, 2, json);
  return c2l_library_db_run (db, statement, error);
}

gboolean
c2l_library_db_add (sqlite3 *db, const C2lLibraryEntry *entry, const char *recipe, GError **error)
{
  gint64 id;

  if (!add_picture (db, entry, error))
    return FALSE;
  id = sqlite3_last_insert_rowid (db);
  return run_for_picture (db, INDEX_WORDS "uid = ?1", entry->uid, 0, error)
         && set_thumbnail (db, id, entry->thumbnail, error) && set_recipe (db, id, recipe, error);
}

static gboolean
add_all (sqlite3 *db, gpointer data, GError **error)
{
  AddJob *job = data;

  for (guint i = 0; i < job->entries->len; i++)
    {
      g_autofree char *json = c2l_recipe_to_json (g_ptr_array_index (job->recipes, i));

      if (!c2l_library_db_add (db, g_ptr_array_index (job->entries, i), json, error))
        return FALSE;
    }
  return TRUE;
}

static gpointer
run_add (sqlite3 *db, gpointer data, GError **error)
{
  return GINT_TO_POINTER (c2l_library_db_transaction (db, add_all, data, error));
}

void
c2l_library_add_async (C2lLibrary *self,
                       GPtrArray *entries,
                       GPtrArray *recipes,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer data)
{
  AddJob *job;

  g_return_if_fail (C2L_IS_LIBRARY (self) && entries->len == recipes->len);
  job = g_new0 (AddJob, 1);
  job->entries = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_library_entry_unref);
  job->recipes = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);
  for (guint i = 0; i < entries->len; i++)
    {
      g_ptr_array_add (job->entries, c2l_library_entry_ref (g_ptr_array_index (entries, i)));
      g_ptr_array_add (job->recipes, c2l_recipe_ref (g_ptr_array_index (recipes, i)));
    }
  c2l_library_push (self, C2L_LIBRARY_WRITES, run_add, job, add_job_free, NULL, cancellable,
                    callback, data);
}

/* --- changing a picture --- */

typedef struct
{
  char *uid;
  C2lRecipe *recipe;
  GBytes *thumbnail;
} UpdateJob;

static void
update_job_free (gpointer data)
{
  UpdateJob *job = data;

  g_free (job->uid);
  c2l_recipe_unref (job->recipe);
  g_clear_pointer (&job->thumbnail, g_bytes_unref);
  g_free (job);
}

/* The columns that follow from the recipe; and the full-size PNG is not the picture's any more. */
static gboolean
update_columns (sqlite3 *db, const UpdateJob *job, gint64 id, GError **error)
{
  g_autoptr (C2lLibraryEntry) entry = c2l_library_entry_new (job->recipe, NULL);
  g_autofree char *words = c2l_library_dup_words (entry->prompt);
  sqlite3_stmt *statement = c2l_library_db_prepare (
      db,
      "UPDATE pictures SET prompt = ?1, words = ?2, model = ?3, generator = ?4, score = ?5, "
      "kept = 0 WHERE id = ?6",
      error);

  if (statement == NULL)
    return FALSE;
  c2l_library_db_bind_text (statement, 1, entry->prompt);
  c2l_library_db_bind_text (statement, 2, words);
  c2l_library_db_bind_text (statement, 3, entry->model);
  c2l_library_db_bind_text (statement, 4, entry->generator);
  bind_score (statement, 5, entry->has_score, entry->score);
  sqlite3_bind_int64 (statement, 6, id);
  return c2l_library_db_run (db, statement, error);
}

static gboolean
find (sqlite3 *db, const char *uid, gint64 *id, GError **error)
{
  sqlite3_stmt *statement
      = c2l_library_db_prepare (db, "SELECT id FROM pictures WHERE uid = ?", error);
  GError *own = NULL;
  gboolean found;

  if (statement == NULL)
    return FALSE;
  c2l_library_db_bind_text (statement, 1, uid);
  found = c2l_library_db_step (db, statement, &own);
  if (found)
    *id = sqlite3_column_int64 (statement, 0);
  else if (own == NULL)
    g_set_error_literal (&own, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_UNKNOWN,
                         _ ("the picture is not in the library any more"));
  sqlite3_finalize (statement);
  if (!found)
    g_propagate_error (error, own);
  return found;
}

static gboolean
update (sqlite3 *db, gpointer data, GError **error)
{
  UpdateJob *job = data;
  g_autofree char *json = c2l_recipe_to_json (job->recipe);
  gint64 id = 0;

  return find (db, job->uid, &id, error)
         && run_for_picture (db, DISCARD_FILE "uid = ?1", job->uid, 0, error)
         && run_for_picture (db, DISCARD_WORDS "uid = ?1", job->uid, 0, error)
         && update_columns (db, job, id, error)
         && run_for_picture (db, INDEX_WORDS "uid = ?1", job->uid, 0, error)
         && set_thumbnail (db, id, job->thumbnail, error) && set_recipe (db, id, json, error);
}

static gpointer
run_update (sqlite3 *db, gpointer data, GError **error)
{
  gboolean ok = c2l_library_db_transaction (db, update, data, error);

  if (ok)
    c2l_library_db_delete_files (db);
  return GINT_TO_POINTER (ok);
}

void
c2l_library_update_async (C2lLibrary *self,
                          const char *uid,
                          C2lRecipe *recipe,
                          GBytes *thumbnail,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer data)
{
  UpdateJob *job;

  g_return_if_fail (C2L_IS_LIBRARY (self) && uid != NULL && recipe != NULL);
  job = g_new0 (UpdateJob, 1);
  job->uid = g_strdup (uid);
  job->recipe = c2l_recipe_ref (recipe);
  job->thumbnail = thumbnail != NULL ? g_bytes_ref (thumbnail) : NULL;
  c2l_library_push (self, C2L_LIBRARY_WRITES, run_update, job, update_job_free, NULL, cancellable,
                    callback, data);
}

/* --- marking pictures --- */

/* Statements that are run for each of some pictures, as run_for_picture() says, or once for all of
 * them, where ?2 is the number. */
typedef struct
{
  const char *sql[3]; /* the last ones may be NULL */
  char **uids;        /* (nullable): for all */
  gint64 number;
} MarkJob;

static void
mark_job_free (gpointer data)
{
  MarkJob *job = data;

  g_strfreev (job->uids);
  g_free (job);
}

static gboolean
mark_all (sqlite3 *db, gpointer data, GError **error)
{
  MarkJob *job = data;

  for (guint i = 0; i < G_N_ELEMENTS (job->sql) && job->sql[i] != NULL; i++)
    {
      if (job->uids == NULL && !run_for_picture (db, job->sql[i], NULL, job->number, error))
        return FALSE;
      for (guint k = 0; job->uids != NULL && job->uids[k] != NULL; k++)
        if (!run_for_picture (db, job->sql[i], job->uids[k], job->number, error))
          return FALSE;
    }
  return TRUE;
}

static gpointer
run_mark (sqlite3 *db, gpointer data, GError **error)
{
  return GINT_TO_POINTER (c2l_library_db_transaction (db, mark_all, data, error));
}

/* Marks by which full-size PNGs go: after they were written, so that no picture is without its file
 * that says it has one. */
static gpointer
run_discarding_mark (sqlite3 *db, gpointer data, GError **error)
{
  gpointer answer = run_mark (db, data, error);

  if (answer != NULL)
    c2l_library_db_delete_files (db);
  return answer;
}

static void
push_mark (C2lLibrary *self,
           C2lLibraryJob run,
           MarkJob mark,
           GCancellable *cancellable,
           GAsyncReadyCallback callback,
           gpointer data)
{
  MarkJob *job = g_memdup2 (&mark, sizeof mark);

  job->uids = g_strdupv (mark.uids);
  c2l_library_push (self, C2L_LIBRARY_WRITES, run, job, mark_job_free, NULL, cancellable, callback,
                    data);
}

void
c2l_library_set_favourite_async (C2lLibrary *self,
                                 const char *const *uids,
                                 gboolean favourite,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer data)
{
  const MarkJob job = { { "UPDATE pictures SET favourite = ?2 WHERE uid = ?1" },
                        (char **) uids,
                        favourite != FALSE };

  g_return_if_fail (C2L_IS_LIBRARY (self) && uids != NULL);
  push_mark (self, run_mark, job, cancellable, callback, data);
}

void
c2l_library_trash_async (C2lLibrary *self,
                         const char *const *uids,
                         gboolean trashed,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer data)
{
  const char *sql = trashed ? "UPDATE pictures SET trashed = coalesce (trashed, ?2) WHERE uid = ?1"
                            : "UPDATE pictures SET trashed = NULL WHERE uid = ?1";
  const MarkJob job = { { sql }, (char **) uids, g_get_real_time () };

  g_return_if_fail (C2L_IS_LIBRARY (self) && uids != NULL);
  push_mark (self, run_mark, job, cancellable, callback, data);
}

void
c2l_library_clear_async (C2lLibrary *self,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer data)
{
  const MarkJob job
      = { { "UPDATE pictures SET trashed = ?2 WHERE trashed IS NULL AND NOT favourite" },
          NULL,
          g_get_real_time () };

  g_return_if_fail (C2L_IS_LIBRARY (self));
  push_mark (self, run_mark, job, cancellable, callback, data);
}

/* --- for good --- */

static gpointer
run_purge (sqlite3 *db, gpointer data, GError **error)
{
  gpointer answer = run_discarding_mark (db, data, error);

  /* The disk gets its room back; that it does not is no reason to fail. */
  if (answer != NULL)
    c2l_library_db_exec (db, "PRAGMA incremental_vacuum", NULL);
  return answer;
}

void
c2l_library_purge_async (C2lLibrary *self,
                         gint64 before,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer data)
{
  const MarkJob job = { { DISCARD_FILE "trashed < ?2", DISCARD_WORDS "trashed < ?2",
                          "DELETE FROM pictures WHERE trashed < ?2" },
                        NULL,
                        before };

  g_return_if_fail (C2L_IS_LIBRARY (self));
  push_mark (self, run_purge, job, cancellable, callback, data);
}

void
c2l_library_delete_async (C2lLibrary *self,
                          const char *const *uids,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer data)
{
  const MarkJob job = { { DISCARD_FILE "uid = ?1 AND trashed IS NOT NULL",
                          DISCARD_WORDS "uid = ?1 AND trashed IS NOT NULL",
                          "DELETE FROM pictures WHERE uid = ?1 AND trashed IS NOT NULL" },
                        (char **) uids,
                        0 };

  g_return_if_fail (C2L_IS_LIBRARY (self) && uids != NULL);
  push_mark (self, run_purge, job, cancellable, callback, data);
}

/* --- full-size PNGs --- */

void
c2l_library_set_kept_async (C2lLibrary *self,
                            const char *const *uids,
                            gboolean kept,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer data)
{
  static const MarkJob keep = { { "DELETE FROM discarded WHERE uid = ?1",
                                  "UPDATE pictures SET kept = 1 WHERE uid = ?1" } };
  static const MarkJob discard
      = { { DISCARD_FILE "uid = ?1", "UPDATE pictures SET kept = 0 WHERE uid = ?1" } };
  MarkJob job = kept ? keep : discard;

  g_return_if_fail (C2L_IS_LIBRARY (self) && uids != NULL);
  job.uids = (char **) uids;
  push_mark (self, run_discarding_mark, job, cancellable, callback, data);
}

gboolean
c2l_library_write_finish (C2lLibrary *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error) != NULL;
}
