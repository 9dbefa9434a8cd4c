/* Full-size PNGs beside the database: pictures/UID.png. The table "discarded" names those that are
 * to be deleted, so that a program that is killed between the database and the file leaves none
 * behind for ever. A uid is from outside: only one that is a UUID becomes a file's name. */
#include "studio/library-private.h"

#include <errno.h>
#include <glib/gstdio.h>

#define FOLDER "pictures"

/* NULL in memory. */
static char *
dup_folder (sqlite3 *db)
{
  const char *path = sqlite3_db_filename (db, "main");
  g_autofree char *parent = path != NULL && *path != '\0' ? g_path_get_dirname (path) : NULL;

  return parent != NULL ? g_build_filename (parent, FOLDER, NULL) : NULL;
}

char *
c2l_library_dup_file (const char *library, const char *uid)
{
  g_autofree char *parent = g_path_get_dirname (library);
  g_autofree char *name = g_strconcat (uid, ".png", NULL);

  return g_uuid_string_is_valid (uid) ? g_build_filename (parent, FOLDER, name, NULL) : NULL;
}

/* FALSE: it is still there. */
static gboolean
delete_file (sqlite3 *db, const char *uid)
{
  const char *library = sqlite3_db_filename (db, "main");
  g_autofree char *path
      = library != NULL && *library != '\0' ? c2l_library_dup_file (library, uid) : NULL;

  return path == NULL || g_unlink (path) == 0 || errno == ENOENT;
}

static gboolean
forget (sqlite3 *db, gpointer data, GError **error)
{
  GPtrArray *uids = data;

  for (guint i = 0; i < uids->len; i++)
    {
      sqlite3_stmt *statement
          = c2l_library_db_prepare (db, "DELETE FROM discarded WHERE uid = ?", error);

      if (statement == NULL)
        return FALSE;
      c2l_library_db_bind_text (statement, 1, g_ptr_array_index (uids, i));
      if (!c2l_library_db_run (db, statement, error))
        return FALSE;
    }
  return TRUE;
}

void
c2l_library_db_delete_files (sqlite3 *db)
{
  g_autoptr (GPtrArray) deleted = g_ptr_array_new_with_free_func (g_free);
  sqlite3_stmt *statement = c2l_library_db_prepare (db, "SELECT uid FROM discarded", NULL);

  while (statement != NULL && c2l_library_db_step (db, statement, NULL))
    {
      g_autofree char *uid = c2l_library_db_dup_column (statement, 0);

      if (uid != NULL && delete_file (db, uid))
        g_ptr_array_add (deleted, g_steal_pointer (&uid));
    }
  sqlite3_finalize (statement);
  if (deleted->len > 0)
    c2l_library_db_transaction (db, forget, deleted, NULL);
}

guint64
c2l_library_db_measure_files (sqlite3 *db)
{
  g_autofree char *folder = dup_folder (db);
  g_autoptr (GDir) dir = folder != NULL ? g_dir_open (folder, 0, NULL) : NULL;
  const char *name;
  guint64 bytes = 0;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      GStatBuf status;

      if (g_lstat (path, &status) == 0)
        bytes += status.st_size;
    }
  return bytes;
}
