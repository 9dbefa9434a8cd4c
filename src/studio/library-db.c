/* SQLite in the library's own terms: every result becomes a GError that says what to do, every text
 * that comes out is valid UTF-8. Knows nothing of pictures. */
#include "studio/library-private.h"

#include <glib/gi18n-lib.h>

/* What a result means for the artist. */
static const struct
{
  int code;
  C2lLibraryError error;
  const char *advice;
} meanings[] = {
  { SQLITE_FULL, C2L_LIBRARY_ERROR_FAILED, N_ ("make room on the disk") },
  { SQLITE_READONLY, C2L_LIBRARY_ERROR_FAILED, N_ ("make its folder writable") },
  { SQLITE_CANTOPEN, C2L_LIBRARY_ERROR_FAILED, N_ ("make its folder writable") },
  { SQLITE_PERM, C2L_LIBRARY_ERROR_FAILED, N_ ("make its folder writable") },
  { SQLITE_IOERR, C2L_LIBRARY_ERROR_FAILED, N_ ("see whether the disk is full or broken") },
  { SQLITE_BUSY, C2L_LIBRARY_ERROR_FAILED, N_ ("close the other program that uses it") },
  { SQLITE_CORRUPT, C2L_LIBRARY_ERROR_DAMAGED, N_ ("it is set aside and a new one is begun") },
  { SQLITE_NOTADB, C2L_LIBRARY_ERROR_DAMAGED, N_ ("it is set aside and a new one is begun") },
};

void
c2l_library_db_set_error (sqlite3 *db, GError **error)
{
  int code = sqlite3_extended_errcode (db) & 0xff;
  C2lLibraryError meaning = C2L_LIBRARY_ERROR_FAILED;
  const char *advice = N_ ("try again"), *path = sqlite3_db_filename (db, "main");

  for (guint i = 0; i < G_N_ELEMENTS (meanings); i++)
    if (meanings[i].code == code)
      {
        meaning = meanings[i].error;
        advice = meanings[i].advice;
      }
  if (error != NULL && *error == NULL)
    g_set_error (error, C2L_LIBRARY_ERROR, meaning, "%s: %s; %s",
                 path != NULL && *path != '\0' ? path : _ ("the picture library"),
                 sqlite3_errmsg (db), _ (advice));
}

gboolean
c2l_library_db_exec (sqlite3 *db, const char *sql, GError **error)
{
  if (sqlite3_exec (db, sql, NULL, NULL, NULL) == SQLITE_OK)
    return TRUE;
  c2l_library_db_set_error (db, error);
  return FALSE;
}

sqlite3_stmt *
c2l_library_db_prepare (sqlite3 *db, const char *sql, GError **error)
{
  sqlite3_stmt *statement = NULL;

  if (sqlite3_prepare_v2 (db, sql, -1, &statement, NULL) != SQLITE_OK)
    c2l_library_db_set_error (db, error);
  return statement;
}

gboolean
c2l_library_db_run (sqlite3 *db, sqlite3_stmt *statement, GError **error)
{
  gboolean ok = statement != NULL && sqlite3_step (statement) == SQLITE_DONE;

  if (!ok)
    c2l_library_db_set_error (db, error);
  sqlite3_finalize (statement);
  return ok;
}

gboolean
c2l_library_db_step (sqlite3 *db, sqlite3_stmt *statement, GError **error)
{
  int code = sqlite3_step (statement);

  if (code != SQLITE_ROW && code != SQLITE_DONE)
    c2l_library_db_set_error (db, error);
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

void
c2l_library_db_bind_bytes (sqlite3_stmt *statement, int place, GBytes *bytes)
{
  if (bytes != NULL)
    sqlite3_bind_blob64 (statement, place, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                         SQLITE_TRANSIENT);
  else
    sqlite3_bind_null (statement, place);
}

char *
c2l_library_db_dup_column (sqlite3_stmt *statement, int column)
{
  const char *text = (const char *) sqlite3_column_text (statement, column);

  return text != NULL ? g_utf8_make_valid (text, sqlite3_column_bytes (statement, column)) : NULL;
}

gboolean
c2l_library_db_read_number (sqlite3 *db, const char *sql, gint64 *number, GError **error)
{
  sqlite3_stmt *statement = c2l_library_db_prepare (db, sql, error);
  gboolean ok = statement != NULL && c2l_library_db_step (db, statement, error);

  if (ok)
    *number = sqlite3_column_int64 (statement, 0);
  sqlite3_finalize (statement);
  return ok;
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
