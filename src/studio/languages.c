/* Finds the catalogues, in the folder of the build or beside the installed program. */
#include "studio/languages.h"

#include "studio/paths.h"

#include <libintl.h>

/* Simplified Chinese by other names than that of its one catalogue: by its script, and by the other
 * countries that write it. */
#define SIMPLIFIED_CHINESE "zh_CN"
static const char *const simplified[] = { "zh_Hans", "zh_SG", "zh_MY", NULL };

static gboolean
is_simplified (const char *language)
{
  for (int i = 0; simplified[i] != NULL; i++)
    if (g_str_has_prefix (language, simplified[i]))
      return TRUE;
  return FALSE;
}

/* gettext and GLib look for a language with its country and then without, and not with another one.
 * Both of them, and GTK for its own texts, heed what LANGUAGE says. */
static void
add_simplified_chinese (void)
{
  const char *const *languages = g_get_language_names ();
  g_autoptr (GString) list = g_string_new (NULL);
  gboolean added = FALSE;

  for (int i = 0; languages[i] != NULL; i++)
    {
      g_string_append_printf (list, "%s%s", i > 0 ? ":" : "", languages[i]);
      if (is_simplified (languages[i]) && !added)
        {
          g_string_append (list, ":" SIMPLIFIED_CHINESE);
          added = TRUE;
        }
    }
  if (added)
    g_setenv ("LANGUAGE", list->str, TRUE);
}

void
c2l_languages_init (void)
{
  g_autofree char *build = c2l_paths_dup_build ("po"), *share = c2l_paths_dup_share ("locale");
  const char *folder = build != NULL ? build : share;

  add_simplified_chinese ();
  if (folder != NULL)
    bindtextdomain (GETTEXT_PACKAGE, folder);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
}
