/* The program as the desktop sees it. Knows no page: what is asked of the program goes to its
 * window. */
#include "app/c2l-application.h"

#include "app/c2l-settings.h"
#include "app/c2l-window.h"

#include <glib/gi18n.h>

struct _C2lApplication
{
  AdwApplication parent_instance;
};

G_DEFINE_FINAL_TYPE (C2lApplication, c2l_application, ADW_TYPE_APPLICATION)

static C2lWindow *
get_window (C2lApplication *self)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (self));

  return window != NULL ? C2L_WINDOW (window) : c2l_window_new (self);
}

static void
c2l_application_activate (GApplication *application)
{
  gtk_window_present (GTK_WINDOW (get_window (C2L_APPLICATION (application))));
}

static void
c2l_application_open (GApplication *application, GFile **files, int n_files, const char *hint)
{
  gtk_window_present (GTK_WINDOW (get_window (C2L_APPLICATION (application))));
}

static void
quit (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (data));

  if (window != NULL)
    gtk_window_close (window);
  else
    g_application_quit (G_APPLICATION (data));
}

static const GActionEntry actions[] = {
  { .name = "quit", .activate = quit },
};

static void
c2l_application_startup (GApplication *application)
{
  G_APPLICATION_CLASS (c2l_application_parent_class)->startup (application);
  gtk_window_set_default_icon_name (C2L_APP_ID);
  g_action_map_add_action_entries (G_ACTION_MAP (application), actions, G_N_ELEMENTS (actions),
                                   application);
  gtk_application_set_accels_for_action (GTK_APPLICATION (application), "app.quit",
                                         (const char *const[]){ "<Control>q", NULL });
}

static void
c2l_application_class_init (C2lApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  application_class->activate = c2l_application_activate;
  application_class->open = c2l_application_open;
  application_class->startup = c2l_application_startup;
}

static void
c2l_application_init (C2lApplication *self)
{
  g_application_set_option_context_parameter_string (G_APPLICATION (self), _ ("[FILE…]"));
}

C2lApplication *
c2l_application_new (void)
{
  return g_object_new (C2L_TYPE_APPLICATION, "application-id", C2L_APP_ID, "flags",
                       G_APPLICATION_HANDLES_OPEN, "resource-base-path",
                       "/io/github/clip2latent/Clip2Latent", NULL);
}
