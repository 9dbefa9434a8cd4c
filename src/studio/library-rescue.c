/* What can still be read of a broken database is copied into the new one: picture by picture from
 * the first on, and where that ends, from the last one backwards. Nothing is written to the broken
 * file, and nothing here fails: what cannot be read is left out. */
#include "studio/library-private.h"

#include <glib/gstdio.h>

typedef struct
{
  sqlite3 *from;
  guint n_pictures;
} Rescue;

/* One value of a picture that may be missing or unreadable. */
static sqlite3_stmt *
look_up (sqlite3 *db, const char *sql, gint64 id)
{
  sqlite3_stmt *statement = c2l_library_db_prepare (db, sql, NULL);

  if (statement == NULL)
    return NULL;
  sqlite3_bind_int64 (statement, 1, id);
  if (c2l_library_db_step (db, statement, NULL))
    return statement;
  sqlite3_finalize (statement);
  return NULL;
}

/* A picture without its recipe could not be drawn; without a thumbnail it can. */
static void
rescue_picture (sqlite3 *db, Rescue *rescue, sqlite3_stmt *row)
{
  gint64 id = sqlite3_column_int64 (row, 0);
  g_autoptr (C2lLibraryEntry) entry = c2l_library_db_read_entry (row);
  sqlite3_stmt *recipe = look_up (rescue->from, "SELECT json FROM recipes WHERE picture = ?", id);
  sqlite3_stmt *thumbnail
      = look_up (rescue->from, "SELECT bytes FROM thumbnails WHERE picture = ?", id);
  g_autofree char *json = recipe != NULL ? c2l_library_db_dup_column (recipe, 0) : NULL;
  int n_bytes = thumbnail != NULL ? sqlite3_column_bytes (thumbnail, 0) : 0;

  if (n_bytes > 0)
    entry->thumbnail = g_bytes_new (sqlite3_column_blob (thumbnail, 0), n_bytes);
  if (json != NULL && *entry->uid != '\0' && c2l_library_db_exec (db, "SAVEPOINT picture", NULL))
    {
      if (c2l_library_db_add (db, entry, json, NULL))
        rescue->n_pictures++;
      else
        c2l_library_db_exec (db, "ROLLBACK TO picture", NULL);
      c2l_library_db_exec (db, "RELEASE picture", NULL);
    }
  sqlite3_finalize (recipe);
  sqlite3_finalize (thumbnail);
}

/* Walks @sql's rows until they end or cannot be read, or @stop comes. Returns the last id. */
static gint64
rescue_rows (sqlite3 *db, Rescue *rescue, const char *sql, gint64 stop, gboolean *complete)
{
  sqlite3_stmt *statement = c2l_library_db_prepare (rescue->from, sql, NULL);
  g_autoptr (GError) error = NULL;
  gint64 last = 0;

  while (statement != NULL && c2l_library_db_step (rescue->from, statement, &error))
    {
      gint64 id = sqlite3_column_int64 (statement, 0);

      if (id == stop)
        break;
      rescue_picture (db, rescue, statement);
      last = id;
    }
  *complete = statement != NULL && error == NULL;
  sqlite3_finalize (statement);
  return last;
}

static void
rescue_collected (sqlite3 *db, Rescue *rescue, gint64 from, gint64 to)
{
  sqlite3_stmt *row = c2l_library_db_prepare (
      rescue->from,
      "SELECT p.uid FROM collected m JOIN pictures p ON p.id = m.picture WHERE m.collection = ?",
      NULL);

  if (row == NULL)
    return;
  sqlite3_bind_int64 (row, 1, from);
  while (c2l_library_db_step (rescue->from, row, NULL))
    {
      g_autofree char *uid = c2l_library_db_dup_column (row, 0);
      sqlite3_stmt *insert
          = c2l_library_db_prepare (db,
                                    "INSERT OR IGNORE INTO collected (collection, picture) "
                                    "SELECT ?, id FROM pictures WHERE uid = ?",
                                    NULL);

      sqlite3_bind_int64 (insert, 1, to);
      c2l_library_db_bind_text (insert, 2, uid);
      c2l_library_db_run (db, insert, NULL);
    }
  sqlite3_finalize (row);
}

static void
rescue_collections (sqlite3 *db, Rescue *rescue)
{
  sqlite3_stmt *row
      = c2l_library_db_prepare (rescue->from, "SELECT id, name FROM collections", NULL);

  while (row != NULL && c2l_library_db_step (rescue->from, row, NULL))
    {
      g_autofree char *name = c2l_library_db_dup_column (row, 1);
      sqlite3_stmt *insert
          = c2l_library_db_prepare (db, "INSERT INTO collections (name) VALUES (?)", NULL);

      c2l_library_db_bind_text (insert, 1, name);
      if (c2l_library_db_run (db, insert, NULL))
        rescue_collected (db, rescue, sqlite3_column_int64 (row, 0),
                          sqlite3_last_insert_rowid (db));
    }
  sqlite3_finalize (row);
}

static gboolean
rescue_all (sqlite3 *db, gpointer data, GError **error)
{
  Rescue *rescue = data;
  gboolean complete;
  gint64 last = rescue_rows (
      db, rescue, "SELECT " C2L_LIBRARY_ENTRY_COLUMNS " FROM pictures ORDER BY id", -1, &complete);

  if (!complete)
    rescue_rows (db, rescue, "SELECT " C2L_LIBRARY_ENTRY_COLUMNS " FROM pictures ORDER BY id DESC",
                 last, &complete);
  rescue_collections (db, rescue);
  return TRUE;
}

guint
c2l_library_db_rescue (sqlite3 *db, const char *aside)
{
  Rescue rescue = { 0 };

  /* What was committed may still stand in the log alone; reading it needs no more than this. */
  if (sqlite3_open_v2 (aside, &rescue.from, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL)
      == SQLITE_OK)
    {
      sqlite3_db_config (rescue.from, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
      /* With a schema that might be written, SQLite reads a file that is too short as far as it
       * goes. */
      c2l_library_db_exec (rescue.from, "PRAGMA cell_size_check = ON; PRAGMA writable_schema = ON",
                           NULL);
      if (!c2l_library_db_transaction (db, rescue_all, &rescue, NULL))
        rescue.n_pictures = 0;
    }
  sqlite3_close (rescue.from);
  return rescue.n_pictures;
}
