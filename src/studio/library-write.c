/* What is written into the library: every call is one transaction, so that a picture is there whole or not at all. */
#include "studio/library-private.h"

#include <string.h>

/* --- adding and changing pictures --- */

typedef struct
{
  GPtrArray *entries;
  GPtrArray *recipes; /* as JSON, made on the caller's thread: recipes are shown there */
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
bind_blob (sqlite3_stmt *statement, int place, GBytes *bytes)
{
  if (bytes != NULL)
    sqlite3_bind_blob64 (statement, place, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                         SQLITE_TRANSIENT);
  else
    sqlite3_bind_null (statement, place);
}

static gboolean
add_one (sqlite3 *db, const C2lLibraryEntry *entry, const char *recipe, GError **error)
{
  sqlite3_stmt *statement = c2l_library_db_prepare (
      db,
      "INSERT INTO pictures (uid, created, prompt, model, generator, score, favourite, thumbnail, recipe) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      error);

  if (statement == NULL)
    return FALSE;
  c2l_library_db_bind_text (statement, 1, entry->uid);
  sqlite3_bind_int64 (statement, 2, entry->created);
  c2l_library_db_bind_text (statement, 3, entry->prompt);
  c2l_library_db_bind_text (statement, 4, entry->model);
  c2l_library_db_bind_text (statement, 5, entry->generator);
  if (entry->has_score)
    sqlite3_bind_double (statement, 6, entry->score);
  sqlite3_bind_int (statement, 7, entry->favourite);
  bind_blob (statement, 8, entry->thumbnail);
  c2l_library_db_bind_text (statement, 9, recipe);
  return c2l_library_db_run (db, statement, error);
}

static gboolean
add_all (sqlite3 *db, gpointer data, GError **error)
{
  AddJob *job = data;

  for (guint i = 0; i < job->entries->len; i++)
    if (!add_one (db, g_ptr_array_index (job->entries, i), g_ptr_array_index (job->recipes, i),
                  error))
      return FALSE;
  return TRUE;
}

static gpointer
answer (gboolean ok)
{
  return GINT_TO_POINTER (ok);
}

static gpointer
run_add (sqlite3 *db, gpointer data, GError **error)
{
  return answer (c2l_library_db_transaction (db, add_all, data, error));
}

void
c2l_library_add_async (C2lLibrary *self,
                       GPtrArray *entries,
                       GPtrArray *recipes,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer data)
{
  AddJob *job = g_new0 (AddJob, 1);

  g_return_if_fail (C2L_IS_LIBRARY (self) && entries->len == recipes->len);
  job->entries = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_library_entry_unref);
  job->recipes = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < entries->len; i++)
    {
      g_ptr_array_add (job->entries, c2l_library_entry_ref (g_ptr_array_index (entries, i)));
      g_ptr_array_add (job->recipes, c2l_recipe_to_json (g_ptr_array_index (recipes, i)));
    }
  c2l_library_push (self, run_add, job, add_job_free, NULL, TRUE, cancellable, callback, data);
}

typedef struct
{
  char *uid, *recipe, *prompt;
  gboolean has_score;
  double score;
  GBytes *thumbnail;
} UpdateJob;

static void
update_job_free (gpointer data)
{
  UpdateJob *job = data;

  g_free (job->uid);
  g_free (job->recipe);
  g_free (job->prompt);
  g_clear_pointer (&job->thumbnail, g_bytes_unref);
  g_free (job);
}

static gpointer
run_update (sqlite3 *db, gpointer data, GError **error)
{
  UpdateJob *job = data;
  sqlite3_stmt *statement
      = c2l_library_db_prepare (db,
                                "UPDATE pictures SET recipe = ?1, prompt = ?2, score = ?3, "
                                "thumbnail = coalesce (?4, thumbnail) WHERE uid = ?5",
                                error);

  if (statement == NULL)
    return NULL;
  c2l_library_db_bind_text (statement, 1, job->recipe);
  c2l_library_db_bind_text (statement, 2, job->prompt);
  if (job->has_score)
    sqlite3_bind_double (statement, 3, job->score);
  bind_blob (statement, 4, job->thumbnail);
  c2l_library_db_bind_text (statement, 5, job->uid);
  return answer (c2l_library_db_run (db, statement, error));
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
  UpdateJob *job = g_new0 (UpdateJob, 1);

  g_return_if_fail (C2L_IS_LIBRARY (self) && uid != NULL);
  job->uid = g_strdup (uid);
  job->recipe = c2l_recipe_to_json (recipe);
  job->prompt = g_strdup (recipe->prompt);
  job->has_score = recipe->has_score;
  job->score = recipe->score;
  job->thumbnail = thumbnail != NULL ? g_bytes_ref (thumbnail) : NULL;
  c2l_library_push (self, run_update, job, update_job_free, NULL, TRUE, cancellable, callback,
                    data);
}

/* --- marking pictures --- */

/* A statement that is run for each of some pictures: ?1 is the picture's uid, ?2 the number. */
typedef struct
{
  const char *sql;
  char **uids;
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

  for (guint i = 0; job->uids[i] != NULL; i++)
    {
      sqlite3_stmt *statement = c2l_library_db_prepare (db, job->sql, error);

      if (statement == NULL)
        return FALSE;
      c2l_library_db_bind_text (statement, 1, job->uids[i]);
      sqlite3_bind_int64 (statement, 2, job->number);
      if (!c2l_library_db_run (db, statement, error))
        return FALSE;
    }
  return TRUE;
}

static gpointer
run_mark (sqlite3 *db, gpointer data, GError **error)
{
  return answer (c2l_library_db_transaction (db, mark_all, data, error));
}

static void
mark (C2lLibrary *self,
      const char *sql,
      const char *const *uids,
      gint64 number,
      GCancellable *cancellable,
      GAsyncReadyCallback callback,
      gpointer data)
{
  MarkJob *job = g_new0 (MarkJob, 1);

  job->sql = sql;
  job->uids = g_strdupv ((char **) uids);
  job->number = number;
  c2l_library_push (self, run_mark, job, mark_job_free, NULL, TRUE, cancellable, callback, data);
}

void
c2l_library_set_favourite_async (C2lLibrary *self,
                                 const char *const *uids,
                                 gboolean favourite,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer data)
{
  g_return_if_fail (C2L_IS_LIBRARY (self) && uids != NULL);
  mark (self, "UPDATE pictures SET favourite = ?2 WHERE uid = ?1", uids, favourite != FALSE,
        cancellable, callback, data);
}

void
c2l_library_trash_async (C2lLibrary *self,
                         const char *const *uids,
                         gboolean trashed,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer data)
{
  g_return_if_fail (C2L_IS_LIBRARY (self) && uids != NULL);
  mark (self, "UPDATE pictures SET trashed = nullif (?2, 0) WHERE uid = ?1", uids,
        trashed ? g_get_real_time () : 0, cancellable, callback, data);
}

void
c2l_library_collect_async (C2lLibrary *self,
                           gint64 id,
                           const char *const *uids,
                           gboolean member,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer data)
{
  g_return_if_fail (C2L_IS_LIBRARY (self) && uids != NULL);
  mark (self,
        member ? "INSERT OR IGNORE INTO collected (collection, picture) "
                 "SELECT ?2, id FROM pictures WHERE uid = ?1"
               : "DELETE FROM collected WHERE collection = ?2 "
                 "AND picture = (SELECT id FROM pictures WHERE uid = ?1)",
        uids, id, cancellable, callback, data);
}

/* --- statements with one number and one text --- */

typedef struct
{
  const char *sql; /* ?1: the number, ?2: the text */
  gint64 number;
  char *text;
} StatementJob;

static void
statement_job_free (gpointer data)
{
  StatementJob *job = data;

  g_free (job->text);
  g_free (job);
}

/* A name that is taken already is the one mistake that is not the disk's. */
static gboolean
run_statement (sqlite3 *db, StatementJob *job, GError **error)
{
  sqlite3_stmt *statement = c2l_library_db_prepare (db, job->sql, error);
  int code;

  if (statement == NULL)
    return FALSE;
  if (sqlite3_bind_parameter_count (statement) >= 1)
    sqlite3_bind_int64 (statement, 1, job->number);
  if (sqlite3_bind_parameter_count (statement) >= 2)
    c2l_library_db_bind_text (statement, 2, job->text);
  code = sqlite3_step (statement);
  if (code == SQLITE_CONSTRAINT_UNIQUE)
    {
      sqlite3_finalize (statement);
      g_set_error (error, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_TAKEN,
                   "there is a collection “%s” already; choose another name", job->text);
      return FALSE;
    }
  sqlite3_reset (statement);
  return code == SQLITE_DONE ? (sqlite3_finalize (statement), TRUE)
                             : c2l_library_db_run (db, statement, error);
}

static gpointer
run_plain (sqlite3 *db, gpointer data, GError **error)
{
  return answer (run_statement (db, data, error));
}

static gpointer
run_insert (sqlite3 *db, gpointer data, GError **error)
{
  return run_statement (db, data, error) ? GSIZE_TO_POINTER (sqlite3_last_insert_rowid (db)) : NULL;
}

static void
push_statement (C2lLibrary *self,
                C2lLibraryJob run,
                const char *sql,
                gint64 number,
                const char *text,
                GCancellable *cancellable,
                GAsyncReadyCallback callback,
                gpointer data)
{
  StatementJob *job = g_new0 (StatementJob, 1);

  job->sql = sql;
  job->number = number;
  job->text = g_strdup (text);
  c2l_library_push (self, run, job, statement_job_free, NULL, TRUE, cancellable, callback, data);
}

void
c2l_library_purge_async (C2lLibrary *self,
                         gint64 before,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer data)
{
  g_return_if_fail (C2L_IS_LIBRARY (self));
  push_statement (self, run_plain, "DELETE FROM pictures WHERE trashed < ?1", before, NULL,
                  cancellable, callback, data);
}

void
c2l_library_clear_async (C2lLibrary *self,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer data)
{
  g_return_if_fail (C2L_IS_LIBRARY (self));
  push_statement (self, run_plain,
                  "UPDATE pictures SET trashed = ?1 WHERE trashed IS NULL AND NOT favourite",
                  g_get_real_time (), NULL, cancellable, callback, data);
}

void
c2l_library_create_collection_async (C2lLibrary *self,
                                     const char *name,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer data)
{
  g_return_if_fail (C2L_IS_LIBRARY (self) && name != NULL);
  push_statement (self, run_insert, "INSERT INTO collections (id, name) VALUES (nullif (?1, 0), ?2)",
                  0, name, cancellable, callback, data);
}

gint64
c2l_library_create_collection_finish (C2lLibrary *self, GAsyncResult *result, GError **error)
{
  return GPOINTER_TO_SIZE (g_task_propagate_pointer (G_TASK (result), error));
}

void
c2l_library_rename_collection_async (C2lLibrary *self,
                                     gint64 id,
                                     const char *name,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer data)
{
  g_return_if_fail (C2L_IS_LIBRARY (self) && name != NULL);
  push_statement (self, run_plain, "UPDATE collections SET name = ?2 WHERE id = ?1", id, name,
                  cancellable, callback, data);
}

void
c2l_library_delete_collection_async (C2lLibrary *self,
                                     gint64 id,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer data)
{
  g_return_if_fail (C2L_IS_LIBRARY (self));
  push_statement (self, run_plain, "DELETE FROM collections WHERE id = ?1", id, NULL, cancellable,
                  callback, data);
}

gboolean
c2l_library_write_finish (C2lLibrary *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error) != NULL;
}
