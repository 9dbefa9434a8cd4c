/* The database's tables and how older ones become today's. Each version is one script, run in a transaction with the number it leads to;
 * a database that is new runs all of them, so that there is one way to today's tables. */
#include "studio/library-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

/* Milliseconds that another instance may hold the lock. */
#define BUSY_MS 5000

static const char *const versions[C2L_LIBRARY_SCHEMA] = {
  /* Wide columns stand last: a list reads past none of them. */
  "CREATE TABLE pictures ("
  "  id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, created INTEGER NOT NULL, prompt TEXT, model TEXT NOT NULL, generator TEXT,"
  "  score REAL, favourite INTEGER NOT NULL DEFAULT 0, trashed INTEGER, thumbnail BLOB, recipe TEXT NOT NULL);"
  "CREATE INDEX pictures_by_created ON pictures (trashed, created);"
  "CREATE INDEX pictures_by_score ON pictures (trashed, score);"
  "CREATE INDEX pictures_by_model ON pictures (model);"
  "CREATE INDEX favourite_pictures ON pictures (created) WHERE favourite;"
  "CREATE VIRTUAL TABLE prompts USING fts5 (prompt, content='pictures', content_rowid='id', tokenize='trigram');"
  "CREATE TRIGGER picture_added AFTER INSERT ON pictures BEGIN"
  "  INSERT INTO prompts (rowid, prompt) VALUES (new.id, new.prompt); END;"
  "CREATE TRIGGER picture_removed AFTER DELETE ON pictures BEGIN"
  "  INSERT INTO prompts (prompts, rowid, prompt) VALUES ('delete', old.id, old.prompt); END;"
  "CREATE TRIGGER picture_renamed AFTER UPDATE OF prompt ON pictures BEGIN"
  "  INSERT INTO prompts (prompts, rowid, prompt) VALUES ('delete', old.id, old.prompt);"
  "  INSERT INTO prompts (rowid, prompt) VALUES (new.id, new.prompt); END;",

  "CREATE TABLE collections (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE);"
  "CREATE TABLE collected ("
  "  collection INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,"
  "  picture INTEGER NOT NULL REFERENCES pictures (id) ON DELETE CASCADE,"
  "  PRIMARY KEY (collection, picture)) WITHOUT ROWID;"
  "CREATE INDEX collected_by_picture ON collected (picture);",
};

/* --- wrappers --- */

static void
set_error (sqlite3 *db, GError **error)
{
  int code = sqlite3_extended_errcode (db) & 0xff;
  const char *advice = code == SQLITE_FULL       ? "make room on the disk"
                       : code == SQLITE_READONLY ? "make its folder writable"
                       : code == SQLITE_BUSY     ? "another program holds it; close that one"
                                                 : "try again";

  if (error != NULL && *error == NULL)
    g_set_error (error, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_FAILED, "the picture library: %s; %s",
                 sqlite3_errmsg (db), advice);
}

gboolean
c2l_library_db_exec (sqlite3 *db, const char *sql, GError **error)
{
  if (sqlite3_exec (db, sql, NULL, NULL, NULL) == SQLITE_OK)
    return TRUE;
  set_error (db, error);
  return FALSE;
}

sqlite3_stmt *
c2l_library_db_prepare (sqlite3 *db, const char *sql, GError **error)
{
  sqlite3_stmt *statement = NULL;

  if (sqlite3_prepare_v2 (db, sql, -1, &statement, NULL) != SQLITE_OK)
    set_error (db, error);
  return statement;
}

gboolean
c2l_library_db_run (sqlite3 *db, sqlite3_stmt *statement, GError **error)
{
  gboolean ok = statement != NULL && sqlite3_step (statement) == SQLITE_DONE;

  if (!ok)
    set_error (db, error);
  sqlite3_finalize (statement);
  return ok;
}

gboolean
c2l_library_db_step (sqlite3 *db, sqlite3_stmt *statement, GError **error)
{
  int code = sqlite3_step (statement);

  if (code != SQLITE_ROW && code != SQLITE_DONE)
    set_error (db, error);
  return code == SQLITE_ROW;
}

void
c2l_library_db_bind_text (sqlite3_stmt *statement, int place, const char *text)
{
  if (text != NULL)
    sqlite3_bind_text (statement, place, text, -1, SQLITE_TRANSIENT);
  else
    sqlite3_bind_null (statement, place);
}

char *
c2l_library_db_dup_column (sqlite3_stmt *statement, int column)
{
  const char *text = (const char *) sqlite3_column_text (statement, column);

  /* The file is from outside: a text in it may be anything. */
  return text != NULL ? g_utf8_make_valid (text, sqlite3_column_bytes (statement, column)) : NULL;
}

gboolean
c2l_library_db_transaction (sqlite3 *db, C2lLibraryWrite func, gpointer data, GError **error)
{
  if (!c2l_library_db_exec (db, "BEGIN IMMEDIATE", error))
    return FALSE;
  if (func (db, data, error) && c2l_library_db_exec (db, "COMMIT", error))
    return TRUE;
  /* A full disk may have rolled back already. */
  if (!sqlite3_get_autocommit (db))
    c2l_library_db_exec (db, "ROLLBACK", NULL);
  return FALSE;
}

/* --- opening --- */

static gboolean
read_number (sqlite3 *db, const char *pragma, gint64 *number, GError **error)
{
  sqlite3_stmt *statement = c2l_library_db_prepare (db, pragma, error);
  gboolean ok = statement != NULL && c2l_library_db_step (db, statement, error);

  if (ok)
    *number = sqlite3_column_int64 (statement, 0);
  sqlite3_finalize (statement);
  return ok;
}

static gboolean
migrate (sqlite3 *db, gpointer data, GError **error)
{
  gint64 version = 0;

  /* Read again under the lock: another instance may have been quicker. */
  if (!read_number (db, "PRAGMA user_version", &version, error))
    return FALSE;
  for (; version < C2L_LIBRARY_SCHEMA; version++)
    {
      g_autofree char *number
          = g_strdup_printf ("PRAGMA user_version = %d", (int) version + 1);

      if (!c2l_library_db_exec (db, versions[version], error)
          || !c2l_library_db_exec (db, number, error))
        return FALSE;
    }
  return c2l_library_db_exec (
      db, "PRAGMA application_id = " G_STRINGIFY (C2L_LIBRARY_APPLICATION), error);
}

/* Whether the file is ours, or empty, and not a newer program's. */
static gboolean
check_owner (sqlite3 *db, const char *path, gint64 *version, GError **error)
{
  gint64 application = 0, n_tables = 0;

  if (!read_number (db, "PRAGMA application_id", &application, error)
      || !read_number (db, "PRAGMA user_version", version, error)
      || !read_number (db, "SELECT count (*) FROM sqlite_schema", &n_tables, error))
    return FALSE;
  if (*version > C2L_LIBRARY_SCHEMA && application == C2L_LIBRARY_APPLICATION)
    {
      g_set_error (error, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_UNKNOWN,
                   "%s: the picture library was made by a newer version of Clip2Latent; update the program to see "
                   "it",
                   path);
      return FALSE;
    }
  if (n_tables > 0 && application != C2L_LIBRARY_APPLICATION)
    {
      g_set_error (error, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_UNKNOWN,
                   "%s: the file is another program's database; move it elsewhere", path);
      return FALSE;
    }
  return TRUE;
}

/* Damage is found now and not when an old picture is looked for: quick_check reads every page's structure. */
static gboolean
check_health (sqlite3 *db, const char *path, GError **error)
{
  sqlite3_stmt *statement = c2l_library_db_prepare (db, "PRAGMA quick_check (1)", error);
  gboolean ok = statement != NULL && c2l_library_db_step (db, statement, error);

  if (ok && g_strcmp0 ((const char *) sqlite3_column_text (statement, 0), "ok") != 0)
    {
      g_set_error (error, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_FAILED, "%s: the file is damaged: %s",
                   path, sqlite3_column_text (statement, 0));
      ok = FALSE;
    }
  sqlite3_finalize (statement);
  return ok;
}

sqlite3 *
c2l_library_db_open (const char *path, GError **error)
{
  sqlite3 *db = NULL;
  gint64 version = 0;
  gboolean ok;

  if (sqlite3_open_v2 (path != NULL ? path : ":memory:", &db,
                       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL)
      != SQLITE_OK)
    {
      set_error (db, error);
      sqlite3_close (db);
      return NULL;
    }
  sqlite3_extended_result_codes (db, 1);
  sqlite3_busy_timeout (db, BUSY_MS);
  /* A hostile file must not run functions of its choice through its schema. */
  sqlite3_db_config (db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  sqlite3_db_config (db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  ok = check_owner (db, path, &version, error) && check_health (db, path, error)
       && c2l_library_db_exec (db, "PRAGMA foreign_keys = ON", error)
       && c2l_library_db_exec (db, "PRAGMA journal_mode = WAL", error)
       && c2l_library_db_exec (db, "PRAGMA synchronous = NORMAL", error)
       && (version == C2L_LIBRARY_SCHEMA || c2l_library_db_transaction (db, migrate, NULL, error));
  if (!ok)
    g_clear_pointer (&db, sqlite3_close);
  return db;
}

char *
c2l_library_db_set_aside (const char *path, GError **error)
{
  static const char *const suffixes[] = { "", "-wal", "-shm" };
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *stamp = g_date_time_format (now, "%Y-%m-%d-%H%M%S");
  g_autofree char *stem = g_strndup (
      path, g_str_has_suffix (path, ".sqlite") ? strlen (path) - strlen (".sqlite") : strlen (path));
  g_autofree char *aside = NULL;

  for (int i = 1; aside == NULL; i++)
    {
      g_autofree char *name = i == 1 ? g_strdup_printf ("%s-broken-%s.sqlite", stem, stamp)
                                     : g_strdup_printf ("%s-broken-%s-%d.sqlite", stem, stamp, i);

      if (!g_file_test (name, G_FILE_TEST_EXISTS))
        aside = g_steal_pointer (&name);
    }
  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *from = g_strconcat (path, suffixes[i], NULL);
      g_autofree char *to = g_strconcat (aside, suffixes[i], NULL);

      if (g_rename (from, to) != 0 && errno != ENOENT)
        {
          g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
                       "%s: it cannot be set aside: %s", from, g_strerror (errno));
          return NULL;
        }
    }
  return g_steal_pointer (&aside);
}
