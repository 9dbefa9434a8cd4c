/* The program as the desktop sees it. Knows no page: what is asked of the program goes to its
 * window. */
#include "app/c2l-application.h"

#include "app/c2l-about.h"
#include "app/c2l-preferences.h"
#include "app/c2l-settings.h"
#include "app/c2l-shortcuts.h"
#include "app/c2l-stopwatch.h"
#include "app/c2l-window.h"

#include <glib/gi18n.h>

struct _C2lApplication
{
  AdwApplication parent_instance;

  C2lBackstage *backstage;
};

G_DEFINE_FINAL_TYPE (C2lApplication, c2l_application, ADW_TYPE_APPLICATION)

C2lBackstage *
c2l_application_get_backstage (C2lApplication *self)
{
  g_return_val_if_fail (C2L_IS_APPLICATION (self), NULL);
  return self->backstage;
}

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

/* Writes a prompt as if the user had, and draws it. */
static void
draw_prompt (GSimpleAction *action, GVariant *prompt, gpointer data)
{
  C2lWindow *window = get_window (data);

  g_settings_set_value (c2l_settings_get (), "prompt", prompt);
  c2l_window_show_page (window, "create");
  gtk_window_present (GTK_WINDOW (window));
  c2l_create_page_generate_prompt (c2l_window_get_create_page (window),
                                   g_variant_get_string (prompt, NULL));
}

static void
release_memory (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  c2l_worker_release_memory (
      c2l_board_get_worker (c2l_backstage_get_board (C2L_APPLICATION (data)->backstage)));
}

static void
history_cleared (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lApplication) self = data;
  g_autoptr (GError) error = NULL;
  gboolean cleared = c2l_library_write_finish (C2L_LIBRARY (source), result, &error);

  c2l_window_show_toast (get_window (self),
                         cleared ? _ ("The history is empty but for favourites") : error->message,
                         NULL, NULL, NULL);
}

static void
clear_answered (AdwMessageDialog *dialog, const char *response, C2lApplication *self)
{
  if (g_strcmp0 (response, "clear") == 0)
    c2l_library_clear_async (c2l_board_get_library (c2l_backstage_get_board (self->backstage)),
                             NULL, history_cleared, g_object_ref (self));
}

static void
clear_history (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  GtkWindow *parent = gtk_application_get_active_window (GTK_APPLICATION (data));
  GtkWidget *dialog = adw_message_dialog_new (
      parent, _ ("Clear the History?"),
      _ ("All pictures but your favourites leave the history. Saved files stay."));

  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("Cancel"), "clear",
                                    _ ("Clear"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "clear",
                                              ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response", G_CALLBACK (clear_answered), data, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static const GActionEntry actions[] = {
  { .name = "about", .activate = show_about },
  { .name = "clear-history", .activate = clear_history },
  { .name = "draw-prompt", .activate = draw_prompt, .parameter_type = "s" },
  { .name = "preferences", .activate = show_preferences },
  { .name = "quit", .activate = quit },
  { .name = "release-memory", .activate = release_memory },
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
  C2L_APPLICATION (application)->backstage = c2l_backstage_new (gdk_display_get_default ());
}

/* What was asked of the library is written before the program ends; the worker's job is cancelled.
 */
static void
c2l_application_shutdown (GApplication *application)
{
  C2lApplication *self = C2L_APPLICATION (application);

  c2l_stopwatch_report ();
  G_APPLICATION_CLASS (c2l_application_parent_class)->shutdown (application);
  c2l_backstage_close (self->backstage);
}

/* What is answered without a window; and the prompt, which goes to whichever process has the
 * window. */
static int
c2l_application_handle_local_options (GApplication *application, GVariantDict *options)
{
  g_autoptr (GError) error = NULL;
  const char *prompt;

  if (g_variant_dict_contains (options, "version"))
    {
      g_print ("clip2latent %s\n", C2L_VERSION);
      return 0;
    }
  if (!g_variant_dict_lookup (options, "prompt", "&s", &prompt))
    return -1;
  if (!g_application_register (application, NULL, &error))
    {
      g_printerr ("clip2latent: %s\n", error->message);
      return 1;
    }
  g_action_group_activate_action (G_ACTION_GROUP (application), "draw-prompt",
                                  g_variant_new_string (prompt));
  return -1;
}

static void
c2l_application_finalize (GObject *object)
{
  C2lApplication *self = C2L_APPLICATION (object);

  g_clear_object (&self->backstage);
  G_OBJECT_CLASS (c2l_application_parent_class)->finalize (object);
}

static void
c2l_application_class_init (C2lApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  application_class->activate = c2l_application_activate;
  application_class->handle_local_options = c2l_application_handle_local_options;
  application_class->open = c2l_application_open;
  application_class->shutdown = c2l_application_shutdown;
  application_class->startup = c2l_application_startup;
  G_OBJECT_CLASS (klass)->finalize = c2l_application_finalize;
}

static void
c2l_application_init (C2lApplication *self)
{
  const GOptionEntry options[] = {
    { "prompt", 0, 0, G_OPTION_ARG_STRING, NULL, N_ ("Generate pictures for this prompt at once"),
      N_ ("TEXT") },
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
