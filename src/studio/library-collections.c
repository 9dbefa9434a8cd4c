/* Collections: pictures that the artist put together under a name. They know the pictures; the
 * pictures know nothing of them. */
#include "studio/library-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct
{
  gint64 id;
  char *name;
  char **uids;
  gboolean member;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  g_free (job->name);
  g_strfreev (job->uids);
  g_free (job);
}

static Job *
job_new (gint64 id, const char *name)
{
  Job *job = g_new0 (Job, 1);

  job->id = id;
  job->name = g_strdup (name);
  return job;
}

void
c2l_collection_free (C2lCollection *collection)
{
  g_free (collection->name);
  g_free (collection);
}

static gboolean
set_unknown (GError **error)
{
  g_set_error_literal (error, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_UNKNOWN,
                       _ ("the collection is not in the library any more"));
  return FALSE;
}

/* Runs and finalizes @statement, in which ?1 is the name. A name that is taken already is the one
 * mistake that is not the disk's. */
static gboolean
write_name (sqlite3 *db, sqlite3_stmt *statement, const char *name, GError **error)
{
  int code;

  if (statement == NULL)
    return FALSE;
  c2l_library_db_bind_text (statement, 1, name);
  code = sqlite3_step (statement);
  if (code == SQLITE_CONSTRAINT_UNIQUE)
    g_set_error (error, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_TAKEN,
                 _ ("there is a collection “%s” already; choose another name"), name);
  else if (code != SQLITE_DONE)
    c2l_library_db_set_error (db, error);
  sqlite3_finalize (statement);
  return code == SQLITE_DONE;
}

/* --- making, renaming, deleting --- */

static gpointer
run_create (sqlite3 *db, gpointer data, GError **error)
{
  Job *job = data;
  sqlite3_stmt *statement
      = c2l_library_db_prepare (db, "INSERT INTO collections (name) VALUES (?1)", error);

  if (!write_name (db, statement, job->name, error))
    return NULL;
  return GSIZE_TO_POINTER (sqlite3_last_insert_rowid (db));
}

void
c2l_library_create_collection_async (C2lLibrary *self,
                                     const char *name,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer data)
{
  g_return_if_fail (C2L_IS_LIBRARY (self) && name != NULL);
  c2l_library_push (self, C2L_LIBRARY_WRITES, run_create, job_new (0, name), job_free, NULL,
                    cancellable, callback, data);
}

gint64
c2l_library_create_collection_finish (C2lLibrary *self, GAsyncResult *result, GError **error)
{
  return GPOINTER_TO_SIZE (g_task_propagate_pointer (G_TASK (result), error));
}

static gpointer
run_rename (sqlite3 *db, gpointer data, GError **error)
{
  Job *job = data;
  sqlite3_stmt *statement
      = c2l_library_db_prepare (db, "UPDATE collections SET name = ?1 WHERE id = ?2", error);

  if (statement != NULL)
    sqlite3_bind_int64 (statement, 2, job->id);
  return GINT_TO_POINTER (write_name (db, statement, job->name, error)
                          && (sqlite3_changes (db) > 0 || set_unknown (error)));
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
  c2l_library_push (self, C2L_LIBRARY_WRITES, run_rename, job_new (id, name), job_free, NULL,
                    cancellable, callback, data);
}

static gpointer
run_delete (sqlite3 *db, gpointer data, GError **error)
{
  Job *job = data;
  sqlite3_stmt *statement
      = c2l_library_db_prepare (db, "DELETE FROM collections WHERE id = ?1", error);

  if (statement != NULL)
    sqlite3_bind_int64 (statement, 1, job->id);
  return GINT_TO_POINTER (c2l_library_db_run (db, statement, error));
}

void
c2l_library_delete_collection_async (C2lLibrary *self,
                                     gint64 id,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer data)
{
  g_return_if_fail (C2L_IS_LIBRARY (self));
  c2l_library_push (self, C2L_LIBRARY_WRITES, run_delete, job_new (id, NULL), job_free, NULL,
                    cancellable, callback, data);
}

/* --- putting pictures in --- */

static gboolean
collect_all (sqlite3 *db, gpointer data, GError **error)
{
  Job *job = data;
  sqlite3_stmt *statement = c2l_library_db_prepare (
      db,
      job->member ? "INSERT OR IGNORE INTO collected (collection, picture) "
                    "SELECT ?1, id FROM pictures WHERE uid = ?2"
                  : "DELETE FROM collected WHERE collection = ?1 "
                    "AND picture = (SELECT id FROM pictures WHERE uid = ?2)",
      error);
  int code = SQLITE_DONE;

  if (statement == NULL)
    return FALSE;
  for (guint i = 0; code == SQLITE_DONE && job->uids[i] != NULL; i++)
    {
      sqlite3_bind_int64 (statement, 1, job->id);
      c2l_library_db_bind_text (statement, 2, job->uids[i]);
      code = sqlite3_step (statement);
      sqlite3_reset (statement);
    }
  if (code == SQLITE_CONSTRAINT_FOREIGNKEY)
    set_unknown (error);
  else if (code != SQLITE_DONE)
    c2l_library_db_set_error (db, error);
  sqlite3_finalize (statement);
  return code == SQLITE_DONE;
}

static gpointer
run_collect (sqlite3 *db, gpointer data, GError **error)
{
  return GINT_TO_POINTER (c2l_library_db_transaction (db, collect_all, data, error));
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
  Job *job;

  g_return_if_fail (C2L_IS_LIBRARY (self) && uids != NULL);
  job = job_new (id, NULL);
  job->uids = g_strdupv ((char **) uids);
  job->member = member;
  c2l_library_push (self, C2L_LIBRARY_WRITES, run_collect, job, job_free, NULL, cancellable,
                    callback, data);
}

/* --- listing --- */

/* As people sort names, which SQLite cannot. */
static int
compare_names (gconstpointer a, gconstpointer b)
{
  const C2lCollection *left = *(C2lCollection *const *) a, *right = *(C2lCollection *const *) b;
  int order = g_utf8_collate (left->name, right->name);

  return order != 0 ? order : (left->id > right->id) - (left->id < right->id);
}

static gpointer
run_list (sqlite3 *db, gpointer data, GError **error)
{
  g_autoptr (GPtrArray) collections
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_collection_free);
  sqlite3_stmt *statement = c2l_library_db_prepare (
      db,
      "SELECT c.id, c.name, count (p.id) FROM collections c "
      "LEFT JOIN collected m ON m.collection = c.id "
      "LEFT JOIN pictures p ON p.id = m.picture AND p.trashed IS NULL GROUP BY c.id",
      error);
  GError *own = NULL;

  if (statement == NULL)
    return NULL;
  while (c2l_library_db_step (db, statement, &own))
    {
      C2lCollection *collection = g_new0 (C2lCollection, 1);

      collection->id = sqlite3_column_int64 (statement, 0);
      collection->name = c2l_library_db_dup_column (statement, 1);
      if (collection->name == NULL)
        collection->name = g_strdup ("");
      collection->n_pictures = sqlite3_column_int64 (statement, 2);
      g_ptr_array_add (collections, collection);
    }
  sqlite3_finalize (statement);
  if (own != NULL)
    {
      g_propagate_error (error, own);
      return NULL;
    }
  g_ptr_array_sort (collections, compare_names);
  return g_steal_pointer (&collections);
}

void
c2l_library_list_collections_async (C2lLibrary *self,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer data)
{
  g_return_if_fail (C2L_IS_LIBRARY (self));
  c2l_library_push (self, C2L_LIBRARY_READS, run_list, NULL, NULL,
                    (GDestroyNotify) g_ptr_array_unref, cancellable, callback, data);
}

GPtrArray *
c2l_library_list_collections_finish (C2lLibrary *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
