/* A recipe as a table for people: a line a fact, each with a button that copies it. What to do with
 * it are actions of the group “create”. */
#include "app/c2l-recipe-view.h"

#include "app/c2l-device-names.h"
#include "app/c2l-draw-options.h"
#include "app/c2l-made-by.h"
#include "app/c2l-score.h"

#include <glib/gi18n.h>

struct _C2lRecipeView
{
  GtkPopover parent_instance;

  GtkGrid *table;
};

G_DEFINE_FINAL_TYPE (C2lRecipeView, c2l_recipe_view, GTK_TYPE_POPOVER)

/* --- the facts --- */

static char *
dup_prompt (const C2lRecipe *recipe)
{
  return g_strdup (recipe->prompt);
}

static char *
dup_seed (const C2lRecipe *recipe)
{
  return g_strdup_printf ("%" G_GUINT64_FORMAT, recipe->seed);
}

static char *
dup_index (const C2lRecipe *recipe)
{
  return g_strdup_printf ("%u", recipe->index + 1);
}

static char *
dup_label (const C2lRecipe *recipe)
{
  return recipe->label != C2L_NO_LABEL ? g_strdup_printf ("%d", recipe->label) : NULL;
}

static char *
dup_made_by (const C2lRecipe *recipe)
{
  return c2l_made_by_dup_title (recipe);
}

static char *
dup_guidance (const C2lRecipe *recipe)
{
  return recipe->sampler != NULL ? g_strdup_printf ("%.2f", recipe->guidance) : NULL;
}

static char *
dup_sampler (const C2lRecipe *recipe)
{
  if (recipe->sampler == NULL)
    return NULL;
  /* Translators: name of a sampler and its number of steps. */
  return g_strdup_printf (ngettext ("%s, %d step", "%s, %d steps", recipe->steps),
                          c2l_draw_options_get_sampler_title (recipe->sampler), recipe->steps);
}

static char *
dup_truncation (const C2lRecipe *recipe)
{
  return g_strdup_printf ("%.2f", recipe->truncation);
}

static char *
dup_noise (const C2lRecipe *recipe)
{
  return g_strdup (c2l_draw_options_get_noise_title (recipe->noise));
}

static char *
dup_edits (const C2lRecipe *recipe)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < recipe->edits->len; i++)
    {
      const C2lRecipeEdit *edit = g_ptr_array_index (recipe->edits, i);

      g_string_append_printf (text, "%s%s %+.1f", i > 0 ? ", " : "",
                              edit->name != NULL ? edit->name : edit->direction, edit->amount);
    }
  return text->len > 0 ? g_string_free (g_steal_pointer (&text), FALSE) : NULL;
}

static char *
dup_score (const C2lRecipe *recipe)
{
  return recipe->has_score ? c2l_score_dup_text (recipe->score) : NULL;
}

static char *
dup_model (const C2lRecipe *recipe)
{
  return g_strdup (recipe->model);
}

static char *
dup_device (const C2lRecipe *recipe)
{
  g_autofree char *details = recipe->device_details != NULL
                                 ? c2l_device_names_dup_details (recipe->device_details)
                                 : NULL;

  if (recipe->device == NULL)
    return NULL;
  return g_strdup_printf ("%s · %s%s%s", c2l_device_names_get (recipe->device),
                          c2l_device_names_get_precision (recipe->precision),
                          details != NULL ? " · " : "", details != NULL ? details : "");
}

/* NULL: there is nothing to say. */
static const struct
{
  const char *title;
  char *(*dup) (const C2lRecipe *recipe);
  gboolean is_models; /* the model's own words, which it may have in the user's language */
} facts[] = {
  { N_ ("Prompt"), dup_prompt },
  { N_ ("Made as"), dup_made_by },
  { N_ ("Seed"), dup_seed },
  { N_ ("Picture"), dup_index },
  /* Translators: of the kinds of things that a model can draw, by number. */
  { N_ ("Class"), dup_label },
  { N_ ("Guidance"), dup_guidance },
  { N_ ("Sampler"), dup_sampler },
  { N_ ("Truncation"), dup_truncation },
  { N_ ("Noise"), dup_noise },
  { N_ ("Edits"), dup_edits },
  { N_ ("Score"), dup_score },
  { N_ ("Model"), dup_model, TRUE },
  { N_ ("Drawn on"), dup_device },
};

/* --- the table --- */

static void
on_copy_clicked (GtkWidget *button, const char *text)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (button), text);
  gtk_button_set_icon_name (GTK_BUTTON (button), "emblem-ok-symbolic");
}

static void
free_text (gpointer text, GClosure *closure)
{
  g_free (text);
}

static void
add_fact (C2lRecipeView *self, int row, const char *title, const char *text)
{
  GtkWidget *name = gtk_label_new (title), *value = gtk_label_new (text);
  GtkWidget *copy = gtk_button_new_from_icon_name ("edit-copy-symbolic");
  g_autofree char *copy_label = g_strdup_printf (_ ("Copy: %s"), title);

  gtk_label_set_xalign (GTK_LABEL (name), 0);
  gtk_widget_set_valign (name, GTK_ALIGN_BASELINE);
  gtk_label_set_xalign (GTK_LABEL (value), 0);
  gtk_label_set_wrap (GTK_LABEL (value), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (value), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_width_chars (GTK_LABEL (value), 18);
  gtk_label_set_max_width_chars (GTK_LABEL (value), 32);
  gtk_widget_set_hexpand (value, TRUE);
  gtk_widget_set_valign (value, GTK_ALIGN_BASELINE);
  gtk_widget_set_valign (copy, GTK_ALIGN_START);
  gtk_widget_add_css_class (name, "caption-label");
  gtk_widget_add_css_class (value, "numeric");
  gtk_widget_add_css_class (copy, "flat");
  gtk_widget_add_css_class (copy, "small");
  gtk_widget_set_tooltip_text (copy, _ ("Copy"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (copy), GTK_ACCESSIBLE_PROPERTY_LABEL, copy_label,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
  gtk_accessible_update_relation (GTK_ACCESSIBLE (value), GTK_ACCESSIBLE_RELATION_LABELLED_BY, name,
                                  NULL, -1);
  g_signal_connect_data (copy, "clicked", G_CALLBACK (on_copy_clicked), g_strdup (text), free_text,
                         0);
  gtk_grid_attach (self->table, name, 0, row, 1, 1);
  gtk_grid_attach (self->table, value, 1, row, 1, 1);
  gtk_grid_attach (self->table, copy, 2, row, 1, 1);
}

void
c2l_recipe_view_set_recipe (C2lRecipeView *self, C2lRecipe *recipe, C2lBundle *bundle)
{
  GtkWidget *child;

  g_return_if_fail (C2L_IS_RECIPE_VIEW (self));

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->table))) != NULL)
    gtk_grid_remove (self->table, child);

  for (gsize i = 0; i < G_N_ELEMENTS (facts); i++)
    {
      g_autofree char *text = facts[i].dup (recipe);

      if (text != NULL && *text != '\0')
        add_fact (self, (int) i, _ (facts[i].title),
                  facts[i].is_models && bundle != NULL ? c2l_bundle_translate (bundle, text)
                                                       : text);
    }
}

static void
c2l_recipe_view_class_init (C2lRecipeViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-recipe-view.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lRecipeView, table);
}

static void
c2l_recipe_view_init (C2lRecipeView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
c2l_recipe_view_new (void)
{
  return g_object_new (C2L_TYPE_RECIPE_VIEW, NULL);
}
