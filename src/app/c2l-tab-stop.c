/* By what Ctrl+Tab does in every scrolled window. */
#include "app/c2l-tab-stop.h"

static gboolean
leave (GtkWidget *view, GVariant *arguments, gpointer data)
{
  GtkWidget *scroller = gtk_widget_get_ancestor (view, GTK_TYPE_SCROLLED_WINDOW);

  if (scroller == NULL)
    return FALSE;
  g_signal_emit_by_name (scroller, "move-focus-out", GPOINTER_TO_INT (data));
  return TRUE;
}

static void
add (GtkShortcutController *controller, const char *key, GtkDirectionType direction)
{
  gtk_shortcut_controller_add_shortcut (
      controller,
      gtk_shortcut_new (gtk_shortcut_trigger_parse_string (key),
                        gtk_callback_action_new (leave, GINT_TO_POINTER (direction), NULL)));
}

void
c2l_tab_stop_add (GtkWidget *view)
{
  GtkEventController *controller = gtk_shortcut_controller_new ();

  add (GTK_SHORTCUT_CONTROLLER (controller), "Tab", GTK_DIR_TAB_FORWARD);
  add (GTK_SHORTCUT_CONTROLLER (controller), "KP_Tab", GTK_DIR_TAB_FORWARD);
  add (GTK_SHORTCUT_CONTROLLER (controller), "<Shift>Tab", GTK_DIR_TAB_BACKWARD);
  add (GTK_SHORTCUT_CONTROLLER (controller), "<Shift>ISO_Left_Tab", GTK_DIR_TAB_BACKWARD);
  gtk_widget_add_controller (view, controller);
}
