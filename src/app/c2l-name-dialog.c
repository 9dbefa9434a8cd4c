/* An AdwMessageDialog with an entry in it. */
#include "app/c2l-name-dialog.h"

#include <adwaita.h>
#include <glib/gi18n.h>

typedef struct
{
  C2lNamed named;
  GObject *object;
} Question;

static void
question_free (gpointer data, GClosure *closure)
{
  Question *question = data;

  g_object_unref (question->object);
  g_free (question);
}

static char *
dup_name (GtkWidget *entry)
{
  return g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (entry))));
}

static void
on_response (AdwMessageDialog *dialog, const char *response, Question *question)
{
  g_autofree char *name = dup_name (adw_message_dialog_get_extra_child (dialog));

  if (g_str_equal (response, "accept") && *name != '\0')
    question->named (name, question->object);
}

static void
on_text_changed (GtkWidget *entry, AdwMessageDialog *dialog)
{
  g_autofree char *name = dup_name (entry);

  adw_message_dialog_set_response_enabled (dialog, "accept", *name != '\0');
}

void
c2l_name_dialog_ask (GtkWidget *widget,
                     const char *heading,
                     const char *body,
                     const char *label,
                     const char *button,
                     C2lNamed named,
                     gpointer object)
{
  GtkWidget *dialog
      = adw_message_dialog_new (GTK_WINDOW (gtk_widget_get_root (widget)), heading, body);
  GtkWidget *entry = gtk_entry_new ();
  Question *question = g_new (Question, 1);

  *question = (Question){ named, g_object_ref (object) };
  gtk_entry_set_activates_default (GTK_ENTRY (entry), TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (entry), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog), entry);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Cancel"), "accept",
                                    button, NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "accept",
                                              ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "accept");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  adw_message_dialog_set_response_enabled (ADW_MESSAGE_DIALOG (dialog), "accept", FALSE);
  g_signal_connect (entry, "changed", G_CALLBACK (on_text_changed), dialog);
  g_signal_connect_data (dialog, "response", G_CALLBACK (on_response), question, question_free, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}
