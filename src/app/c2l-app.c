/* Languages and resources. A resource of a static library that nobody names would be left out by
 * the linker, so it is named here. */
#include <gio/gio.h>

#include "app/c2l-app.h"
#include "app/c2l-settings.h"

#include "c2l-resources.h"

#include <libintl.h>

/* Catalogues lie beside the program, wherever it was installed, or in its build folder. */
static char *
dup_locale_folder (void)
{
  g_autofree char *build = c2l_settings_dup_build_path ("po");
  g_autofree char *executable = NULL, *bin = NULL, *prefix = NULL;

  if (build != NULL)
    return g_steal_pointer (&build);
  executable = g_file_read_link ("/proc/self/exe", NULL);
  if (executable == NULL)
    return NULL;
  bin = g_path_get_dirname (executable);
  prefix = g_path_get_dirname (bin);
  return g_build_filename (prefix, "share", "locale", NULL);
}

void
c2l_app_init (void)
{
  g_autofree char *folder = dup_locale_folder ();

  if (folder != NULL)
    bindtextdomain (GETTEXT_PACKAGE, folder);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_resources_register (c2l_ui_get_resource ());
}
