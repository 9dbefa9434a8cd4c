/* The log writer and the start of tests that make widgets. The rules are those that person.py reads
 * for the real program. */
#include "app-test.h"

#include "app/c2l-app.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct
{
  char *domain, *level;
  GRegex *pattern;
} Rule;

static GPtrArray *rules;

static void
read_rules (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "app", "allowed-messages.txt", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  rules = g_ptr_array_new ();
  if (!g_file_get_contents (path, &text, NULL, NULL))
    g_error ("%s cannot be read", path);
  lines = g_strsplit (text, "\n", -1);
  for (int i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) parts = NULL;
      g_autofree char *whole = NULL;
      Rule *rule;

      if (*lines[i] == '\0' || *lines[i] == '#')
        continue;
      parts = g_strsplit (lines[i], " ", 3);
      g_assert_cmpuint (g_strv_length (parts), ==, 3);
      whole = g_strdup_printf ("^(?:%s)$", parts[2]);
      rule = g_new0 (Rule, 1);
      rule->domain = g_strdup (parts[0]);
      rule->level = g_strdup (parts[1]);
      rule->pattern = g_regex_new (whole, 0, 0, NULL);
      g_ptr_array_add (rules, rule);
    }
}

static gboolean
is_watched (const char *domain)
{
  static const char *const names[] = { "Gtk", "Gdk", "Gsk", "Adwaita" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_strcmp0 (domain, names[i]) == 0)
      return TRUE;
  return domain == NULL || *domain == '\0' || g_str_has_prefix (domain, "GLib")
         || g_str_has_prefix (domain, "c2l") || g_str_has_prefix (domain, "clip2latent");
}

static gboolean
is_allowed (const char *domain, GLogLevelFlags level, const char *message)
{
  const char *name = level & G_LOG_LEVEL_CRITICAL ? "CRITICAL" : "WARNING";

  for (guint i = 0; i < rules->len; i++)
    {
      Rule *rule = g_ptr_array_index (rules, i);

      if (g_strcmp0 (rule->domain, domain) == 0 && strcmp (rule->level, name) == 0
          && g_regex_match (rule->pattern, message, 0, NULL))
        return TRUE;
    }
  return FALSE;
}

static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  const char *domain = NULL, *message = "";

  for (gsize i = 0; i < n_fields; i++)
    {
      if (strcmp (fields[i].key, "GLIB_DOMAIN") == 0)
        domain = fields[i].value;
      else if (strcmp (fields[i].key, "MESSAGE") == 0)
        message = fields[i].value;
    }
  if (!(level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING)))
    return G_LOG_WRITER_HANDLED;
  fprintf (stderr, "%s: %s\n", domain != NULL ? domain : "(program)", message);
  if (is_watched (domain) && !is_allowed (domain, level, message))
    abort ();
  return G_LOG_WRITER_HANDLED;
}

void
c2l_app_test_init (int *argc, char ***argv)
{
  /* What a screen reader is told can then be asked for; and nothing is kept beyond the test. */
  g_setenv ("GTK_A11Y", "test", TRUE);
  g_setenv ("GSETTINGS_BACKEND", "memory", TRUE);
  g_unsetenv ("LANGUAGE");
  g_setenv ("TZ", "UTC", TRUE);
  setlocale (LC_ALL, "C.UTF-8");
  g_test_init (argc, argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  read_rules ();
  g_log_set_writer_func (write_log, NULL, NULL);
  if (!gtk_init_check ())
    {
      g_print ("1..0 # SKIP there is no display\n");
      exit (77);
    }
  c2l_app_init ();
  adw_init ();
}

void
c2l_app_test_wait (gboolean (*condition) (gpointer data), gpointer data)
{
  while (!condition (data))
    g_main_context_iteration (NULL, TRUE);
}
