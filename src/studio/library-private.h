/* What the library's files share: the connection on the library's thread, and small wrappers that turn SQLite's results into GErrors. */
#pragma once

#include "studio/library.h"

#include <sqlite3.h>

G_BEGIN_DECLS

#define C2L_LIBRARY_SCHEMA 2

/* "cl2l" in SQLite's header: a database of ours, and no other program's. */
#define C2L_LIBRARY_APPLICATION 0x636c326c

/* --- library-schema.c --- */

/* Opens or makes the database, migrates an older one. NULL and an error: what is there is broken (FAILED), or a newer program's or another
 * program's (UNKNOWN), and was left alone. @path NULL: in memory. */
sqlite3 *c2l_library_db_open (const char *path, GError **error);
/* Renames a broken database and what belongs to it. Returns the new name. */
char    *c2l_library_db_set_aside (const char *path, GError **error);

/* --- wrappers --- */

gboolean c2l_library_db_exec (sqlite3 *db, const char *sql, GError **error);
/* NULL and an error where it cannot be prepared. */
sqlite3_stmt *c2l_library_db_prepare (sqlite3 *db, const char *sql, GError **error);
/* Runs a statement that answers no rows, and finalizes it. A NULL statement fails, with the error that is set already. */
gboolean c2l_library_db_run (sqlite3 *db, sqlite3_stmt *statement, GError **error);
/* TRUE with a row; FALSE at the end, with an error if it was not the end. */
gboolean c2l_library_db_step (sqlite3 *db, sqlite3_stmt *statement, GError **error);
void     c2l_library_db_bind_text (sqlite3_stmt *statement, int place, const char *text);
/* A transaction around @func. */
typedef gboolean (*C2lLibraryWrite) (sqlite3 *db, gpointer data, GError **error);
gboolean c2l_library_db_transaction (sqlite3 *db, C2lLibraryWrite func, gpointer data, GError **error);
char    *c2l_library_db_dup_column (sqlite3_stmt *statement, int column);

/* --- library-query.c --- */

/* A query with copies of its own. */
C2lLibraryQuery *c2l_library_query_copy (const C2lLibraryQuery *query);
void             c2l_library_query_free (C2lLibraryQuery *query);
GPtrArray       *c2l_library_db_list (sqlite3 *db, const C2lLibraryQuery *query, GError **error);
char           **c2l_library_db_list_uids (sqlite3 *db, const C2lLibraryQuery *query, GError **error);
GPtrArray       *c2l_library_db_read (sqlite3 *db, const char *const *uids, GError **error);
gssize           c2l_library_db_count (sqlite3 *db, const C2lLibraryQuery *query, GError **error);
C2lRecipe       *c2l_library_db_load_recipe (sqlite3 *db, const char *uid, GError **error);
char           **c2l_library_db_list_prompts (sqlite3 *db, const char *text, guint limit, GError **error);
char           **c2l_library_db_list_models (sqlite3 *db, GError **error);
GPtrArray       *c2l_library_db_list_collections (sqlite3 *db, GError **error);

/* --- library.c: what library-write.c and library-collections.c need to queue their jobs --- */

typedef gpointer (*C2lLibraryJob) (sqlite3 *db, gpointer data, GError **error);

/* Runs @job on the library's thread. @changes: ::changed is emitted before a successful answer. */
void     c2l_library_push (C2lLibrary *library, C2lLibraryJob job, gpointer job_data, GDestroyNotify job_data_free, GDestroyNotify result_free,
                           gboolean changes, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);

G_END_DECLS
