/* An AdwMessageDialog with an entry for an address or a path; empty means that there is no second
 * catalogue. */
#include "app/c2l-address-dialog.h"

#include "app/c2l-settings.h"

#include <adwaita.h>
#include <glib/gi18n.h>

static char *
dup_text (GtkWidget *entry)
{
  return g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (entry))));
}

/* https, http for a server on this machine, or a path from the root on. */
static gboolean
is_possible (const char *text)
{
  g_autoptr (GUri) uri = g_uri_parse (text, G_URI_FLAGS_NONE, NULL);
  const char *scheme = uri != NULL ? g_uri_get_scheme (uri) : NULL;

  return *text == '\0' || g_path_is_absolute (text) || g_strcmp0 (scheme, "https") == 0
         || g_strcmp0 (scheme, "http") == 0;
}

static void
on_text_changed (GtkWidget *entry, AdwMessageDialog *dialog)
{
  g_autofree char *text = dup_text (entry);

  adw_message_dialog_set_response_enabled (dialog, "use", is_possible (text));
}

static void
on_response (AdwMessageDialog *dialog, const char *response)
{
  g_autofree char *text = dup_text (adw_message_dialog_get_extra_child (dialog));

  if (g_str_equal (response, "use") && is_possible (text))
    g_settings_set_string (c2l_settings_get (), "catalogue", text);
}

void
c2l_address_dialog_present (GtkWindow *parent)
{
  g_autofree char *address = g_settings_get_string (c2l_settings_get (), "catalogue");
  GtkWidget *dialog = adw_message_dialog_new (
      parent, _ ("Second Catalogue"),
      _ ("Models of somebody else's catalogue appear beside those of the program. Give its address "
         "(https) or the path of a file; leave it empty for none."));
  GtkWidget *entry = gtk_entry_new ();

  gtk_editable_set_text (GTK_EDITABLE (entry), address);
  gtk_entry_set_activates_default (GTK_ENTRY (entry), TRUE);
  gtk_entry_set_input_purpose (GTK_ENTRY (entry), GTK_INPUT_PURPOSE_URL);
  gtk_entry_set_placeholder_text (GTK_ENTRY (entry), "https://…/catalogue.json");
  gtk_accessible_update_property (GTK_ACCESSIBLE (entry), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Address of the catalogue"), -1);
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog), entry);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("Cancel"), "use",
                                    _ ("Use"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "use",
                                              ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "use");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect (entry, "changed", G_CALLBACK (on_text_changed), dialog);
  g_signal_connect (dialog, "response", G_CALLBACK (on_response), NULL);
  gtk_window_present (GTK_WINDOW (dialog));
}
