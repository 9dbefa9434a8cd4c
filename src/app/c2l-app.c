/* Languages and resources. A resource of a static library that nobody names would be left out by
 * the linker, so it is named here. */
#include <gio/gio.h>

#include "app/c2l-app.h"
#include "studio/paths.h"

#include "c2l-resources.h"

#include <libintl.h>

void
c2l_app_init (void)
{
  /* Catalogues lie beside the program, wherever it was installed, or in its build folder. */
  g_autofree char *build = c2l_paths_dup_build ("po"), *share = c2l_paths_dup_share ("locale");
  const char *folder = build != NULL ? build : share;

  if (folder != NULL)
    bindtextdomain (GETTEXT_PACKAGE, folder);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_resources_register (c2l_ui_get_resource ());
}
