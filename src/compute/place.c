/* Where the running program lies: read from the system at each call, never guessed from the working folder. */
#include "compute/place.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAM "clip2latent"

static char *
dup_executable (void)
{
  return g_file_read_link ("/proc/self/exe", NULL);
}

/* Where another program, Python say, has loaded the library, it is the library that lies in the
 * prefix. NULL where this code is a part of an executable. Links are followed, or the loader's /lib,
 * which is one to /usr/lib, would make the prefix “/”. */
static char *
dup_library_prefix (void)
{
  Dl_info info;
  g_autofree char *named = NULL, *folder = NULL;
  char *resolved;

  if (dladdr (&dup_executable, &info) == 0 || strstr (info.dli_fname, "/lib" PROGRAM ".so") == NULL)
    return NULL;
  named = g_path_get_dirname (info.dli_fname);
  resolved = realpath (named, NULL);
  folder = g_strdup (resolved != NULL ? resolved : named);
  free (resolved);
  return g_str_has_suffix (folder, G_DIR_SEPARATOR_S C2L_LIBDIR)
             ? g_strndup (folder, strlen (folder) - strlen (G_DIR_SEPARATOR_S C2L_LIBDIR))
             : NULL;
}

char *
c2l_place_dup_prefix (void)
{
  g_autofree char *library = dup_library_prefix ();
  g_autofree char *executable = dup_executable ();
  g_autofree char *bin = executable != NULL ? g_path_get_dirname (executable) : NULL;

  if (library != NULL)
    return g_steal_pointer (&library);
  return bin != NULL ? g_path_get_dirname (bin) : NULL;
}

char *
c2l_place_dup_build (const char *name)
{
  g_autofree char *executable = dup_executable ();

  if (executable == NULL || !g_str_has_prefix (executable, C2L_BUILD_ROOT G_DIR_SEPARATOR_S))
    return NULL;
  return g_build_filename (C2L_BUILD_ROOT, name, NULL);
}

char *
c2l_place_dup_module (const char *folder, const char *name)
{
  g_autofree char *prefix = c2l_place_dup_prefix ();
  g_autofree char *built = c2l_place_dup_build (folder);
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
