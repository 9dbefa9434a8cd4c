/* Pictures that c2l draws, into the user's library: written while the next one is drawn, each in a
 * transaction of its own, so that a killed program keeps what it has finished. */
#include "cli/keep.h"

#include "cli/cli.h"
#include "studio/thumbnail.h"

struct _C2lKeep
{
  C2lLibrary *library;
  guint n_waiting;
  GError *error; /* (nullable): the first one */
};

static void
say (C2lLibrary *library, const char *text, gpointer data)
{
  c2l_cli_message ("%s", text);
}

C2lLibrary *
c2l_keep_open_library (GError **error)
{
  g_autofree char *path = c2l_library_dup_default_path ();
  g_autofree char *notice = NULL;
  g_autoptr (C2lLibrary) library = c2l_library_open (path, &notice);

  if (c2l_library_is_temporary (library))
    {
      g_set_error_literal (error, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_FAILED, notice);
      return NULL;
    }
  if (notice != NULL)
    say (library, notice, NULL);
  g_signal_connect (library, "notice", G_CALLBACK (say), NULL);
  return g_steal_pointer (&library);
}

C2lKeep *
c2l_keep_open (GError **error)
{
  C2lLibrary *library = c2l_keep_open_library (error);
  C2lKeep *keep;

  if (library == NULL)
    return NULL;
  keep = g_new0 (C2lKeep, 1);
  keep->library = library;
  return keep;
}

static void
on_added (GObject *source, GAsyncResult *result, gpointer data)
{
  C2lKeep *keep = data;

  keep->n_waiting--;
  c2l_library_write_finish (keep->library, result, keep->error == NULL ? &keep->error : NULL);
}

void
c2l_keep_picture (C2lKeep *keep, C2lPicture *picture)
{
  g_autoptr (GBytes) thumbnail
      = c2l_thumbnail_encode (picture->pixels, picture->size, C2L_THUMBNAIL_SIZE, NULL);
  g_autoptr (C2lLibraryEntry) entry = c2l_library_entry_new (picture->recipe, thumbnail);
  g_autoptr (GPtrArray) entries = g_ptr_array_new (), recipes = g_ptr_array_new ();

  g_ptr_array_add (entries, entry);
  g_ptr_array_add (recipes, picture->recipe);
  keep->n_waiting++;
  c2l_library_add_async (keep->library, entries, recipes, NULL, on_added, keep);
}

gboolean
c2l_keep_close (C2lKeep *keep, GError **error)
{
  GError *own;

  c2l_library_close (keep->library);
  while (keep->n_waiting > 0)
    g_main_context_iteration (NULL, TRUE);
  own = keep->error;
  g_object_unref (keep->library);
  g_free (keep);
  if (own == NULL)
    return TRUE;
  g_propagate_prefixed_error (error, own, "not all pictures are in the library: ");
  return FALSE;
}
