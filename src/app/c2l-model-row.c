/* An installed model in a list. Shows what studio found and decides nothing. Texts of a model come
 * from outside and are never markup. */
#include "app/c2l-model-row.h"

#include "app/c2l-example-pictures.h"

#include <glib/gi18n.h>

struct _C2lModelRow
{
  AdwExpanderRow parent_instance;

  AdwAvatar *avatar;
  GtkImage *warning;
  GtkLabel *in_use;
  GtkButton *use;
  AdwActionRow *problem;
  AdwActionRow *network;
  AdwActionRow *parts;
  AdwActionRow *preprocess;
  AdwActionRow *licences;
  AdwActionRow *attributions;
  AdwActionRow *folder;
  AdwBin *pictures;
  GtkWidget *pictures_row;
  GtkButton *show_button;
  GtkButton *rename_button;
  GtkButton *remove_button;

  char *id;
  gboolean usable;
};

G_DEFINE_FINAL_TYPE (C2lModelRow, c2l_model_row, ADW_TYPE_EXPANDER_ROW)

/* A detail that is not known is not shown. */
static void
set_detail (AdwActionRow *row, const char *text)
{
  g_autofree char *escaped = text != NULL ? g_markup_escape_text (text, -1) : NULL;

  gtk_widget_set_visible (GTK_WIDGET (row), text != NULL && *text != '\0');
  if (escaped != NULL)
    adw_action_row_set_subtitle (row, escaped);
}

static void
set_lines (AdwActionRow *row, char **lines)
{
  g_autofree char *text = lines != NULL ? g_strjoinv ("\n", lines) : NULL;

  set_detail (row, text);
}

static char *
dup_parts (const C2lInstalled *installed)
{
  g_autofree char *directions = NULL;
  const char *prompts;

  if (installed->has_prior && installed->has_clip)
    prompts = _ ("Draws from words, with CLIP and a prior");
  else if (installed->has_clip)
    prompts = _ ("Draws at random, because it has no prior; CLIP can score its pictures");
  else
    prompts = _ ("Draws at random, because it has no CLIP to understand words");
  if (installed->n_directions == 0)
    return g_strdup (prompts);
  directions = g_strdup_printf (
      ngettext ("%u direction for edits", "%u directions for edits", installed->n_directions),
      installed->n_directions);
  return g_strjoin ("\n", prompts, directions, NULL);
}

static const char *
get_preprocess (const char *name)
{
  if (name == NULL)
    return NULL;
  if (g_str_equal (name, "openai"))
    return _ ("As CLIP's makers prepare them");
  if (g_str_equal (name, "openai-clamped"))
    return _ ("As CLIP's makers prepare them, with colours cut off at black and white");
  return _ ("As clip2latent's makers prepare them");
}

static void
show_pictures (C2lModelRow *self, const C2lInstalled *installed, const C2lCatalogueModel *model)
{
  gboolean any = model != NULL && model->pictures[0] != NULL;
  g_autoptr (GdkTexture) first
      = any ? gdk_texture_new_from_filename (model->pictures[0], NULL) : NULL;

  gtk_widget_set_visible (self->pictures_row, any);
  if (!any)
    return;
  adw_avatar_set_custom_image (self->avatar, GDK_PAINTABLE (first));
  adw_bin_set_child (self->pictures, c2l_example_pictures_new (
                                         (const char *const *) model->pictures, installed->name));
}

static void
fill (C2lModelRow *self, const C2lInstalled *installed)
{
  g_autofree char *name = g_markup_escape_text (installed->name, -1);
  g_autofree char *size = g_format_size (installed->size);
  g_autofree char *parts = installed->error == NULL ? dup_parts (installed) : NULL;
  g_autofree char *draws
      = installed->draws != NULL ? g_markup_escape_text (installed->draws, -1) : NULL;
  g_autofree char *folder = g_filename_display_name (installed->folder);
  g_autofree char *place = g_strdup_printf ("%s\n%s", folder, size);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), name);
  adw_expander_row_set_subtitle (ADW_EXPANDER_ROW (self), !self->usable   ? _ ("Cannot be used")
                                                          : draws != NULL ? draws
                                                                          : "");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  installed->name, -1);
  adw_avatar_set_text (self->avatar, installed->name);
  gtk_widget_set_visible (GTK_WIDGET (self->avatar), self->usable);
  gtk_widget_set_visible (GTK_WIDGET (self->warning), !self->usable);
  set_detail (self->problem, installed->error != NULL ? installed->error->message : NULL);
  set_detail (self->network, installed->network);
  set_detail (self->parts, parts);
  set_detail (self->preprocess, get_preprocess (installed->preprocess));
  set_lines (self->licences, installed->licences);
  set_lines (self->attributions, installed->attributions);
  set_detail (self->folder, place);
  gtk_widget_set_visible (GTK_WIDGET (self->remove_button), !installed->is_starter);
  gtk_widget_set_visible (GTK_WIDGET (self->rename_button), !installed->is_starter && self->usable);
  adw_expander_row_set_expanded (ADW_EXPANDER_ROW (self), FALSE);
}

void
c2l_model_row_set_in_use (C2lModelRow *self, gboolean in_use)
{
  gtk_widget_set_visible (GTK_WIDGET (self->in_use), in_use && self->usable);
  gtk_widget_set_visible (GTK_WIDGET (self->use), !in_use && self->usable);
}

const char *
c2l_model_row_get_id (C2lModelRow *self)
{
  return self->id;
}

static void
c2l_model_row_finalize (GObject *object)
{
  g_free (C2L_MODEL_ROW (object)->id);
  G_OBJECT_CLASS (c2l_model_row_parent_class)->finalize (object);
}

static void
c2l_model_row_class_init (C2lModelRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = c2l_model_row_finalize;
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-model-row.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lModelRow, avatar);
  gtk_widget_class_bind_template_child (widget_class, C2lModelRow, warning);
  gtk_widget_class_bind_template_child (widget_class, C2lModelRow, in_use);
  gtk_widget_class_bind_template_child (widget_class, C2lModelRow, use);
  gtk_widget_class_bind_template_child (widget_class, C2lModelRow, problem);
  gtk_widget_class_bind_template_child (widget_class, C2lModelRow, network);
  gtk_widget_class_bind_template_child (widget_class, C2lModelRow, parts);
  gtk_widget_class_bind_template_child (widget_class, C2lModelRow, licences);
  gtk_widget_class_bind_template_child (widget_class, C2lModelRow, attributions);
  gtk_widget_class_bind_template_child (widget_class, C2lModelRow, folder);
  gtk_widget_class_bind_template_child (widget_class, C2lModelRow, preprocess);
  gtk_widget_class_bind_template_child (widget_class, C2lModelRow, pictures);
  gtk_widget_class_bind_template_child (widget_class, C2lModelRow, pictures_row);
  gtk_widget_class_bind_template_child (widget_class, C2lModelRow, rename_button);
  gtk_widget_class_bind_template_child (widget_class, C2lModelRow, show_button);
  gtk_widget_class_bind_template_child (widget_class, C2lModelRow, remove_button);
}

static void
c2l_model_row_init (C2lModelRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

C2lModelRow *
c2l_model_row_new (const C2lInstalled *installed, const C2lCatalogueModel *model)
{
  C2lModelRow *self = g_object_new (C2L_TYPE_MODEL_ROW, NULL);
  GtkButton *const buttons[]
      = { self->use, self->show_button, self->rename_button, self->remove_button };

  self->id = g_strdup (installed->id);
  self->usable = installed->error == NULL;
  for (guint i = 0; i < G_N_ELEMENTS (buttons); i++)
    gtk_actionable_set_action_target (GTK_ACTIONABLE (buttons[i]), "s", self->id);
  fill (self, installed);
  show_pictures (self, installed, model);
  return self;
}
