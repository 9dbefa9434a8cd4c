/* Where things lie. The program's own files are found relative to the executable, or to the library, so that an
 * installation can be moved and a build folder works as it is. Must not create anything: who writes
 * makes the folder. */
#include "studio/paths.h"

#include <dlfcn.h>
#include <string.h>

#define PROGRAM "clip2latent"
#define MAX_NAME 80 /* characters: a folder's name holds 255 bytes, which is more in any script */

static char *
dup_executable (void)
{
  return g_file_read_link ("/proc/self/exe", NULL);
}

/* Where another program, Python say, has loaded the library, it is the library that lies in the
 * prefix. NULL where this code is a part of an executable. */
static char *
dup_library_prefix (void)
{
  Dl_info info;
  g_autofree char *file = NULL, *folder = NULL;

  if (dladdr (&dup_executable, &info) == 0 || strstr (info.dli_fname, "/lib" PROGRAM ".so") == NULL)
    return NULL;
  file = g_canonicalize_filename (info.dli_fname, NULL);
  folder = g_path_get_dirname (file);
  return g_str_has_suffix (folder, G_DIR_SEPARATOR_S C2L_LIBDIR)
             ? g_strndup (folder, strlen (folder) - strlen (G_DIR_SEPARATOR_S C2L_LIBDIR))
             : NULL;
}

/* What the program or the library was installed under. */
static char *
dup_prefix (void)
{
  g_autofree char *library = dup_library_prefix ();
  g_autofree char *executable = dup_executable ();
  g_autofree char *bin = executable != NULL ? g_path_get_dirname (executable) : NULL;

  if (library != NULL)
    return g_steal_pointer (&library);
  return bin != NULL ? g_path_get_dirname (bin) : NULL;
}

char *
c2l_paths_dup_share (const char *name)
{
  g_autofree char *prefix = dup_prefix ();

  return prefix != NULL ? g_build_filename (prefix, "share", name, NULL) : NULL;
}

char *
c2l_paths_dup_build (const char *name)
{
  g_autofree char *executable = dup_executable ();

  if (executable == NULL || !g_str_has_prefix (executable, C2L_BUILD_ROOT G_DIR_SEPARATOR_S))
    return NULL;
  return g_build_filename (C2L_BUILD_ROOT, name, NULL);
}

char *
c2l_paths_dup_data (const char *name)
{
  g_autofree char *share = c2l_paths_dup_share (PROGRAM);
  const char *const folders[] = { g_getenv ("C2L_DATA"), share, C2L_SOURCE_DATA };

  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *path = folders[i] != NULL ? g_build_filename (folders[i], name, NULL) : NULL;

      if (path != NULL && g_file_test (path, G_FILE_TEST_EXISTS))
        return g_steal_pointer (&path);
    }
  return NULL;
}

char *
c2l_paths_dup_module (const char *folder, const char *name)
{
  g_autofree char *prefix = dup_prefix ();
  g_autofree char *built = c2l_paths_dup_build (folder);
  g_autofree char *installed
      = prefix != NULL ? g_build_filename (prefix, C2L_LIBDIR, PROGRAM, NULL) : NULL;
  const char *const folders[] = { g_getenv ("C2L_MODULES"), built, installed };

  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *path = folders[i] != NULL ? g_build_filename (folders[i], name, NULL) : NULL;

      /* A folder that was named is the only one. */
      if (path != NULL && (i == 0 || g_file_test (path, G_FILE_TEST_EXISTS)))
        return g_file_test (path, G_FILE_TEST_EXISTS) ? g_steal_pointer (&path) : NULL;
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
