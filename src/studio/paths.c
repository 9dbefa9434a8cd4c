/* Where things lie. The program's own files are found relative to the executable, or to the
 * library, so that an installation can be moved and a build folder works as it is. Must not create
 * anything: who writes makes the folder. */
#include "studio/paths.h"

#include "compute/place.h"

#include <glib/gi18n-lib.h>

#define PROGRAM "clip2latent"
#define MAX_NAME 80 /* characters: a folder's name holds 255 bytes, which is more in any script */

gboolean
c2l_paths_are_sandboxed (void)
{
  return g_file_test ("/.flatpak-info", G_FILE_TEST_EXISTS);
}

char *
c2l_paths_dup_share (const char *name)
{
  g_autofree char *prefix = c2l_place_dup_prefix ();

  return prefix != NULL ? g_build_filename (prefix, "share", name, NULL) : NULL;
}

char *
c2l_paths_dup_build (const char *name)
{
  return c2l_place_dup_build (name);
}

/* NULL where the variable says nothing. */
static const char *
get_named_data (void)
{
  const char *folder = g_getenv ("C2L_DATA");

  return folder != NULL && *folder != '\0' ? folder : NULL;
}

gboolean
c2l_paths_check (GError **error)
{
  static const char *const names[] = { "starter", "merges.txt.gz", "catalogue.json", "config" };
  const char *folder = get_named_data ();
  gboolean is_folder = folder != NULL && g_file_test (folder, G_FILE_TEST_IS_DIR);

  if (folder == NULL)
    return TRUE;
  for (guint i = 0; is_folder && i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (folder, names[i], NULL);

      if (g_file_test (path, G_FILE_TEST_EXISTS))
        return TRUE;
    }
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
               is_folder ? _ ("C2L_DATA: the folder “%s” holds none of the program's data; set it "
                              "to the folder that holds “starter” and “merges.txt.gz”, or unset it")
                         : _ ("C2L_DATA: there is no folder “%s”; set it to the folder that holds "
                              "“starter” and “merges.txt.gz”, or unset it"),
               folder);
  return FALSE;
}

char *
c2l_paths_dup_data (const char *name)
{
  g_autofree char *share = c2l_paths_dup_share (PROGRAM);
  const char *const folders[] = { get_named_data (), share, C2L_SOURCE_DATA };

  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *path = folders[i] != NULL ? g_build_filename (folders[i], name, NULL) : NULL;

      if (path != NULL && g_file_test (path, G_FILE_TEST_EXISTS))
        return g_steal_pointer (&path);
    }
  return NULL;
}

char *
c2l_paths_dup_user (void)
{
  return g_build_filename (g_get_user_data_dir (), PROGRAM, NULL);
}

char *
c2l_paths_dup_models (void)
{
  return g_build_filename (g_get_user_data_dir (), PROGRAM, "models", NULL);
}

char *
c2l_paths_dup_runs (void)
{
  return g_build_filename (g_get_user_data_dir (), PROGRAM, "runs", NULL);
}

char *
c2l_paths_dup_cache (void)
{
  return g_build_filename (g_get_user_cache_dir (), PROGRAM, NULL);
}

char *
c2l_paths_dup_plain_name (const char *name)
{
  g_autoptr (GString) plain = g_string_new (NULL);
  int n_chars = 0;

  for (const char *at = name; *at != '\0' && n_chars < MAX_NAME; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);
      gboolean hidden = plain->len == 0 && c == '.';

      if (hidden || c == '/' || c == '\\' || g_unichar_iscntrl (c))
        continue;
      g_string_append_unichar (plain, c);
      n_chars++;
    }
  return g_strstrip (g_string_free (g_steal_pointer (&plain), FALSE));
}

char *
c2l_paths_dup_new_folder (const char *parent, const char *name, const char *fallback)
{
  g_autofree char *plain = c2l_paths_dup_plain_name (name);
  const char *base = *plain != '\0' ? plain : fallback;
  char *folder = g_build_filename (parent, base, NULL);

  for (int n = 2; g_file_test (folder, G_FILE_TEST_EXISTS); n++)
    {
      g_autofree char *numbered = g_strdup_printf ("%s %d", base, n);

      g_free (folder);
      folder = g_build_filename (parent, numbered, NULL);
    }
  return folder;
}
