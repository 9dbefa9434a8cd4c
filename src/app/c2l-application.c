/* The program as the desktop sees it. Knows no page: what is asked of the program goes to its
 * window. */
#include "app/c2l-application.h"

#include "app/c2l-about.h"
#include "app/c2l-preferences.h"
#include "app/c2l-settings.h"
#include "app/c2l-shortcuts.h"
#include "app/c2l-window.h"

#include <glib/gi18n.h>

struct _C2lApplication
{
  AdwApplication parent_instance;
};

G_DEFINE_FINAL_TYPE (C2lApplication, c2l_application, ADW_TYPE_APPLICATION)

/* Dialogs are windows of the application too; this is the one they belong to. */
static C2lWindow *
get_window (C2lApplication *self)
{
  for (GList *at = gtk_application_get_windows (GTK_APPLICATION (self)); at != NULL; at = at->next)
    if (C2L_IS_WINDOW (at->data))
      return at->data;
  return c2l_window_new (self);
}

static void
c2l_application_activate (GApplication *application)
{
  gtk_window_present (GTK_WINDOW (get_window (C2L_APPLICATION (application))));
}

static void
c2l_application_open (GApplication *application, GFile **files, int n_files, const char *hint)
{
  C2lWindow *window = get_window (C2L_APPLICATION (application));
  g_autoptr (GPtrArray) list = g_ptr_array_new ();

  for (int i = 0; i < n_files; i++)
    g_ptr_array_add (list, files[i]);
  gtk_window_present (GTK_WINDOW (window));
  c2l_window_open_files (window, list);
}

/* --- actions --- */

static void
show_preferences (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  gtk_window_present (GTK_WINDOW (c2l_preferences_new (GTK_WINDOW (get_window (data)))));
}

static void
show_about (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  gtk_window_present (GTK_WINDOW (c2l_about_new (GTK_WINDOW (get_window (data)))));
}

static void
quit (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  GList *windows = gtk_application_get_windows (GTK_APPLICATION (data));

  /* Each window leaves its state behind when it is closed; the program ends with the last. */
  while (windows != NULL)
    {
      GtkWindow *window = windows->data;

      windows = windows->next;
      if (C2L_IS_WINDOW (window))
        gtk_window_close (window);
    }
}

static const GActionEntry actions[] = {
  { .name = "about", .activate = show_about },
  { .name = "preferences", .activate = show_preferences },
  { .name = "quit", .activate = quit },
};

static const AdwColorScheme schemes[] = {
  ADW_COLOR_SCHEME_DEFAULT, /* in the order of the schema: system, light, dark */
  ADW_COLOR_SCHEME_FORCE_LIGHT,
  ADW_COLOR_SCHEME_FORCE_DARK,
};

static void
apply_theme (GSettings *settings, const char *key, gpointer data)
{
  adw_style_manager_set_color_scheme (adw_style_manager_get_default (),
                                      schemes[g_settings_get_enum (settings, "theme")]);
}

static void
c2l_application_startup (GApplication *application)
{
  GSettings *settings = c2l_settings_get ();

  G_APPLICATION_CLASS (c2l_application_parent_class)->startup (application);
  gtk_window_set_default_icon_name (C2L_APP_ID);
  g_action_map_add_action_entries (G_ACTION_MAP (application), actions, G_N_ELEMENTS (actions),
                                   application);
  c2l_shortcuts_install (GTK_APPLICATION (application));
  g_signal_connect_object (settings, "changed::theme", G_CALLBACK (apply_theme), application, 0);
  apply_theme (settings, "theme", application);
}

/* What is answered here, without a window, and in the process that was started. */
static int
c2l_application_handle_local_options (GApplication *application, GVariantDict *options)
{
  if (g_variant_dict_contains (options, "version"))
    {
      g_print ("clip2latent %s\n", C2L_VERSION);
      return 0;
    }
  return -1;
}

static void
c2l_application_class_init (C2lApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  application_class->activate = c2l_application_activate;
  application_class->handle_local_options = c2l_application_handle_local_options;
  application_class->open = c2l_application_open;
  application_class->startup = c2l_application_startup;
}

static void
c2l_application_init (C2lApplication *self)
{
  const GOptionEntry options[] = {
    { "version", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Say which version this is"), NULL },
    G_OPTION_ENTRY_NULL,
  };

  g_application_add_main_option_entries (G_APPLICATION (self), options);
  g_application_set_option_context_parameter_string (G_APPLICATION (self), _ ("[FILE…]"));
  g_application_set_option_context_summary (
      G_APPLICATION (self),
      _ ("Draws pictures from words. Files that are given are opened: pictures, and models to be "
         "imported."));
}

C2lApplication *
c2l_application_new (void)
{
  return g_object_new (C2L_TYPE_APPLICATION, "application-id", C2L_APP_ID, "flags",
                       G_APPLICATION_HANDLES_OPEN, "resource-base-path",
                       "/io/github/clip2latent/Clip2Latent", NULL);
}
