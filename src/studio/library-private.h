/* What the library's files share: the connection on the library's thread, and small wrappers that turn
 * SQLite's results into GErrors. */
#pragma once

#include "studio/library.h"

#include <sqlite3.h>

G_BEGIN_DECLS

#define C2L_LIBRARY_SCHEMA 2

/* "cl2l" in SQLite's header: a database of ours, and no other program's. */
#define C2L_LIBRARY_APPLICATION 0x636c326c

/* --- library-db.c: wrappers --- */

/* What went wrong last, unless @error is set already. */
void     c2l_library_db_set_error (sqlite3 *db, GError **error);
gboolean c2l_library_db_exec (sqlite3 *db, const char *sql, GError **error);
/* NULL and an error where it cannot be prepared. */
sqlite3_stmt *c2l_library_db_prepare (sqlite3 *db, const char *sql, GError **error);
/* Runs a statement that answers no rows, and finalizes it. A NULL statement fails, with the error that
 * is set already. */
gboolean c2l_library_db_run (sqlite3 *db, sqlite3_stmt *statement, GError **error);
/* TRUE with a row; FALSE at the end, with an error if it was not the end. */
gboolean c2l_library_db_step (sqlite3 *db, sqlite3_stmt *statement, GError **error);
void     c2l_library_db_bind_text (sqlite3_stmt *statement, int place, const char *text);
void     c2l_library_db_bind_bytes (sqlite3_stmt *statement, int place, GBytes *bytes);
/* As valid UTF-8, whatever the file says. */
char    *c2l_library_db_dup_column (sqlite3_stmt *statement, int column);
/* The first number of the first row. */
gboolean c2l_library_db_read_number (sqlite3 *db, const char *sql, gint64 *number, GError **error);
/* A transaction around @func. */
typedef gboolean (*C2lLibraryWrite) (sqlite3 *db, gpointer data, GError **error);
gboolean c2l_library_db_transaction (sqlite3 *db, C2lLibraryWrite func, gpointer data, GError **error);

/* --- library-schema.c --- */

/* Opens or makes the database, migrates an older one. NULL and an error: what is there is broken
 * (DAMAGED), a newer program's or another program's (UNKNOWN), or cannot be used now (FAILED). It was
 * left alone. @path NULL: in memory. */
sqlite3 *c2l_library_db_open (const char *path, GError **error);
/* Renames a database and what belongs to it to library-broken-DATE.sqlite. Returns the new name. */
char    *c2l_library_db_set_aside (const char *path, GError **error);

/* --- library-rescue.c --- */

/* Copies what can still be read of the broken database @aside into @db. Returns how many pictures. */
guint    c2l_library_db_rescue (sqlite3 *db, const char *aside);

/* --- library-query.c --- */

/* What is searched: @text in one form and case. */
char            *c2l_library_dup_words (const char *text);
/* A query with copies of its own. */
C2lLibraryQuery *c2l_library_query_copy (const C2lLibraryQuery *query);
void             c2l_library_query_free (C2lLibraryQuery *query);
/* Answers rows for c2l_library_db_read_entry(). */
sqlite3_stmt    *c2l_library_db_prepare_list (sqlite3 *db, const C2lLibraryQuery *query, GError **error);
sqlite3_stmt    *c2l_library_db_prepare_count (sqlite3 *db, const C2lLibraryQuery *query, GError **error);
/* Answers prompts. */
sqlite3_stmt    *c2l_library_db_prepare_prompts (sqlite3 *db, const char *text, guint limit, GError **error);

/* The columns of pictures that make an entry, after its id. */
#define C2L_LIBRARY_ENTRY_COLUMNS \
  "id, uid, created, prompt, model, generator, score, favourite, trashed, kept"
/* Without its thumbnail. */
C2lLibraryEntry *c2l_library_db_read_entry (sqlite3_stmt *statement);

/* --- library-write.c --- */

gboolean c2l_library_db_add (sqlite3 *db, const C2lLibraryEntry *entry, const char *recipe, GError **error);

/* --- library-files.c --- */

/* Where the full-size PNG of @uid stands beside @library; NULL: that is no uid. */
char    *c2l_library_dup_file (const char *library, const char *uid);
/* Deletes the full-size PNGs of those pictures that need none any more; what fails is tried again the
 * next time. */
void     c2l_library_db_delete_files (sqlite3 *db);
guint64  c2l_library_db_measure_files (sqlite3 *db);

/* --- library.c: what the other files need to queue their jobs --- */

typedef gpointer (*C2lLibraryJob) (sqlite3 *db, gpointer data, GError **error);

typedef enum
{
  C2L_LIBRARY_READS,
  C2L_LIBRARY_WRITES /* ::changed is emitted before a successful answer */
} C2lLibraryAccess;

/* Runs @job on the library's thread. */
void     c2l_library_push (C2lLibrary *library, C2lLibraryAccess access, C2lLibraryJob job,
                           gpointer job_data, GDestroyNotify job_data_free, GDestroyNotify result_free,
                           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);

G_END_DECLS
