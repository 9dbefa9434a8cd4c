/* Finds the catalogues, in the folder of the build or beside the installed program. */
#include "studio/languages.h"

#include "studio/paths.h"

#include <libintl.h>

void
c2l_languages_init (void)
{
  g_autofree char *build = c2l_paths_dup_build ("po"), *share = c2l_paths_dup_share ("locale");
  const char *folder = build != NULL ? build : share;

  if (folder != NULL)
    bindtextdomain (GETTEXT_PACKAGE, folder);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
}
