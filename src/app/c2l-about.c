/* The window that says what this program is. What the starter's makers ask to be told comes from
 * the starter itself. */
#include "app/c2l-about.h"

#include "studio/bundles.h"
#include "studio/json.h"

#include <glib/gi18n.h>

/* One line a member of the array; licence and names are texts of the model and shown as they are.
 */
static void
add_lines (GString *text, JsonObject *info, const char *member)
{
  JsonArray *array = c2l_json_get_array (info, member);

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);
      g_autofree char *line = NULL;

      if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
        continue;
      line = g_markup_escape_text (json_node_get_string (node), -1);
      g_string_append_printf (text, "%s%s", text->len > 0 ? "\n" : "", line);
    }
}

static void
add_starter (AdwAboutWindow *about)
{
  g_autofree char *folder = c2l_bundles_dup_folder ("");
  g_autoptr (C2lBundle) starter = folder != NULL ? c2l_bundle_open (folder, NULL) : NULL;
  g_autoptr (GString) text = g_string_new (NULL);

  if (starter == NULL)
    return;
  add_lines (text, c2l_bundle_get_info (starter), "licences");
  add_lines (text, c2l_bundle_get_info (starter), "attributions");
  adw_about_window_add_legal_section (about, _ ("Starter model"), NULL, GTK_LICENSE_CUSTOM,
                                      text->str);
}

GtkWidget *
c2l_about_new (GtkWindow *parent)
{
  static const char *const developers[] = { "The Clip2Latent developers", NULL };
  const char *research[]
      = { "Justin Pinkney, Chuan Li: clip2latent https://arxiv.org/abs/2210.02347",
          "Alec Radford et al.: CLIP https://arxiv.org/abs/2103.00020",
          "Tero Karras et al.: StyleGAN2 https://arxiv.org/abs/1912.04958",
          "Tero Karras et al.: StyleGAN3 https://arxiv.org/abs/2106.12423", NULL };
  GtkWidget *about = g_object_new (
      ADW_TYPE_ABOUT_WINDOW, "transient-for", parent, "modal", TRUE, "application-name",
      "Clip2Latent", "application-icon", C2L_APP_ID, "developer-name", developers[0], "version",
      C2L_VERSION, "developers", developers, "license-type", GTK_LICENSE_MIT_X11, "comments",
      _ ("Type a sentence and get pictures, on your own computer"), NULL);

  /* Translators: your names, one a line. */
  if (g_strcmp0 (_ ("translator-credits"), "translator-credits") != 0)
    adw_about_window_set_translator_credits (ADW_ABOUT_WINDOW (about), _ ("translator-credits"));
  adw_about_window_add_acknowledgement_section (ADW_ABOUT_WINDOW (about),
                                                _ ("The research behind it"), research);
  add_starter (ADW_ABOUT_WINDOW (about));
  return about;
}
