/* The database's tables, how older ones become today's, and what is opened at all. Each version is
 * one script, run in a transaction with the number it leads to; a database that is new runs all of
 * them, so that there is one way to today's tables. The file is hostile until it was looked at. */
#include "studio/library-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

/* Milliseconds that another instance may hold the lock. */
#define BUSY_MS 5000
/* Bytes of the largest value: far above any thumbnail or recipe. */
#define MAX_VALUE (64 << 20)

static const char *const versions[C2L_LIBRARY_SCHEMA] = {
  /* Thumbnails and recipes have tables of their own, so that looking through all pictures reads
   * some 300 bytes of each. "words" is the prompt in the form that is searched. */
  "CREATE TABLE pictures ("
  "  id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, created INTEGER NOT NULL, prompt TEXT,"
  "  words TEXT, model TEXT NOT NULL, generator TEXT, score REAL,"
  "  favourite INTEGER NOT NULL DEFAULT 0, trashed INTEGER, kept INTEGER NOT NULL DEFAULT 0);"
  "CREATE TABLE thumbnails ("
  "  picture INTEGER PRIMARY KEY REFERENCES pictures (id) ON DELETE CASCADE, bytes BLOB NOT NULL);"
  "CREATE TABLE recipes ("
  "  picture INTEGER PRIMARY KEY REFERENCES pictures (id) ON DELETE CASCADE, json TEXT NOT NULL);"
  /* Pictures whose full-size PNG is to be deleted. */
  "CREATE TABLE discarded (uid TEXT PRIMARY KEY) WITHOUT ROWID;"
  "CREATE INDEX pictures_by_created ON pictures (trashed, created);"
  "CREATE INDEX pictures_by_score ON pictures (trashed, score);"
  "CREATE INDEX pictures_by_model ON pictures (trashed, model, created);"
  "CREATE INDEX favourite_pictures ON pictures (trashed, created) WHERE favourite;"
  "CREATE VIRTUAL TABLE prompts USING fts5 ("
  "  words, content='pictures', content_rowid='id', tokenize='trigram case_sensitive 1');",

  "CREATE TABLE collections (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE);"
  "CREATE TABLE collected ("
  "  collection INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,"
  "  picture INTEGER NOT NULL REFERENCES pictures (id) ON DELETE CASCADE,"
  "  PRIMARY KEY (collection, picture)) WITHOUT ROWID;"
  "CREATE INDEX collected_by_picture ON collected (picture);",
};

/* Cannot be prepared where a table or a column is missing. */
static const char *const expected[] = {
  "SELECT words, " C2L_LIBRARY_ENTRY_COLUMNS " FROM pictures",
  "SELECT t.bytes, r.json FROM thumbnails t JOIN recipes r ON r.picture = t.picture",
  "SELECT d.uid, c.id, c.name, m.collection, m.picture FROM discarded d, collections c, collected "
  "m",
  "SELECT rowid FROM prompts WHERE prompts MATCH 'abc'",
};

static gboolean
set_damaged (GError **error, const char *path, const char *how)
{
  g_set_error (error, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_DAMAGED,
               _ ("%s: the picture library is damaged: %s"), path != NULL ? path : ":memory:", how);
  return FALSE;
}

/* --- migrating --- */

/* The version of what is there; 0: nothing is. */
static gboolean
read_version (sqlite3 *db, const char *path, gint64 *version, GError **error)
{
  gint64 n_tables = 0;

  if (!c2l_library_db_read_number (db, "SELECT count (*) FROM sqlite_schema", &n_tables, error)
      || !c2l_library_db_read_number (db, "PRAGMA user_version", version, error))
    return FALSE;
  if (n_tables == 0)
    *version = 0;
  else if (*version < 1)
    return set_damaged (error, path, "it has no version");
  return TRUE;
}

static gboolean
migrate (sqlite3 *db, gpointer data, GError **error)
{
  const char *path = data;
  gint64 version = 0;

  /* Read again under the lock: another instance may have been quicker. */
  if (!read_version (db, path, &version, error))
    return FALSE;
  for (; version < C2L_LIBRARY_SCHEMA; version++)
    {
      g_autofree char *number = g_strdup_printf ("PRAGMA user_version = %d", (int) version + 1);

      if (!c2l_library_db_exec (db, versions[version], error)
          || !c2l_library_db_exec (db, number, error))
        {
          /* Not the disk's fault: the tables are not those of that version. */
          if ((sqlite3_errcode (db) & 0xff) == SQLITE_ERROR)
            {
              g_clear_error (error);
              return set_damaged (error, path, sqlite3_errmsg (db));
            }
          return FALSE;
        }
    }
  return c2l_library_db_exec (db, "PRAGMA application_id = " G_STRINGIFY (C2L_LIBRARY_APPLICATION),
                              error);
}

/* --- what is opened --- */

/* Whether the file is ours, or empty, and not a newer program's. */
static gboolean
check_owner (sqlite3 *db, const char *path, gint64 *version, GError **error)
{
  gint64 application = 0;

  if (!c2l_library_db_read_number (db, "PRAGMA application_id", &application, error))
    return FALSE;
  if (application != C2L_LIBRARY_APPLICATION)
    {
      gint64 n_tables = 0;

      if (!c2l_library_db_read_number (db, "SELECT count (*) FROM sqlite_schema", &n_tables, error))
        return FALSE;
      *version = 0;
      if (n_tables == 0 && application == 0)
        return TRUE;
      g_set_error (error, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_UNKNOWN,
                   _ ("%s: the file is another program's database; move it elsewhere"), path);
      return FALSE;
    }
  if (!read_version (db, path, version, error))
    return FALSE;
  if (*version <= C2L_LIBRARY_SCHEMA)
    return TRUE;
  g_set_error (error, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_UNKNOWN,
               _ ("%s: the picture library was made by a newer version of Clip2Latent; update the "
                  "program to see it"),
               path);
  return FALSE;
}

/* Whether all is there that is needed, and nothing that would run by itself. Pages are not read
 * through: damage in them is met, and told of, when they are needed. */
static gboolean
check_tables (sqlite3 *db, const char *path, GError **error)
{
  gint64 n_strange = 0;

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autoptr (GError) own = NULL;
      sqlite3_stmt *statement = c2l_library_db_prepare (db, expected[i], &own);

      sqlite3_finalize (statement);
      if (statement == NULL && (sqlite3_errcode (db) & 0xff) == SQLITE_ERROR)
        return set_damaged (error, path, sqlite3_errmsg (db));
      if (statement == NULL)
        {
          g_propagate_error (error, g_steal_pointer (&own));
          return FALSE;
        }
    }
  if (!c2l_library_db_read_number (
          db, "SELECT count (*) FROM sqlite_schema WHERE type IN ('view', 'trigger')", &n_strange,
          error))
    return FALSE;
  return n_strange == 0 || set_damaged (error, path, "another program changed its tables");
}

/* Nothing in the file may run functions of its choice, and its pages are checked as they are read.
 */
static gboolean
set_up (sqlite3 *db, GError **error)
{
  sqlite3_extended_result_codes (db, 1);
  sqlite3_busy_timeout (db, BUSY_MS);
  sqlite3_limit (db, SQLITE_LIMIT_LENGTH, MAX_VALUE);
  sqlite3_db_config (db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  sqlite3_db_config (db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  return c2l_library_db_exec (db,
                              "PRAGMA cell_size_check = ON;"
                              "PRAGMA foreign_keys = ON;"
                              "PRAGMA temp_store = MEMORY;",
                              error);
}

/* SQLite opens what cannot be written for reading; it has to be known now, and not with the first
 * picture. */
static gboolean
check_writable (sqlite3 *db, const char *path, GError **error)
{
  if (sqlite3_db_readonly (db, "main") != 1)
    return TRUE;
  g_set_error (
      error, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_FAILED,
      _ ("%s: the picture library cannot be written; make the file and its folder writable"), path);
  return FALSE;
}

/* A write-ahead log: what was committed survives a killed program without waiting for the disk, and
 * readers wait for no writer. Pages of deleted pictures are given back to the disk when they are
 * purged; that has to be said before the first table. */
static gboolean
prepare_for_writing (sqlite3 *db, const char *path, gint64 version, GError **error)
{
  return (version != 0 || c2l_library_db_exec (db, "PRAGMA auto_vacuum = INCREMENTAL", error))
         && c2l_library_db_exec (db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL",
                                 error)
         && (version == C2L_LIBRARY_SCHEMA
             || c2l_library_db_transaction (db, migrate, (gpointer) path, error))
         && check_tables (db, path, error);
}

sqlite3 *
c2l_library_db_open (const char *path, GError **error)
{
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  sqlite3 *db = NULL;
  gint64 version = 0;

  if (sqlite3_open_v2 (path != NULL ? path : ":memory:", &db, flags, NULL) != SQLITE_OK)
    g_set_error (error, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_FAILED,
                 _ ("%s: %s; make its folder writable"), path, sqlite3_errmsg (db));
  else if (set_up (db, error) && check_owner (db, path, &version, error)
           && check_writable (db, path, error) && prepare_for_writing (db, path, version, error))
    return db;
  sqlite3_close (db);
  return NULL;
}

char *
c2l_library_db_set_aside (const char *path, GError **error)
{
  /* The database last: a program that is killed in between finds a broken one again, and no fresh
   * one that would take the log for its own. */
  static const char *const suffixes[] = { "-wal", "-shm", "" };
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *stamp = g_date_time_format (now, "%Y-%m-%d-%H%M%S");
  gsize length
      = g_str_has_suffix (path, ".sqlite") ? strlen (path) - strlen (".sqlite") : strlen (path);
  g_autofree char *stem = g_strndup (path, length);
  g_autofree char *aside = g_strdup_printf ("%s-broken-%s.sqlite", stem, stamp);

  for (int i = 2; g_file_test (aside, G_FILE_TEST_EXISTS); i++)
    {
      g_free (aside);
      aside = g_strdup_printf ("%s-broken-%s-%d.sqlite", stem, stamp, i);
    }
  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *from = g_strconcat (path, suffixes[i], NULL);
      g_autofree char *to = g_strconcat (aside, suffixes[i], NULL);

      if (g_rename (from, to) != 0 && errno != ENOENT)
        {
          g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
                       _ ("%s: it cannot be set aside: %s"), from, g_strerror (errno));
          return NULL;
        }
    }
  return g_steal_pointer (&aside);
}
