/* Sliders and a choice over one recipe. Every change is a copy of the recipe that is shown, told to whoever listens. */
#include "app/c2l-settings-box.h"

#include "app/c2l-compat.h"
#include "app/c2l-slider-row.h"
#include "studio/recipe-edits.h"

#include <glib/gi18n.h>

#define MOST_TURN 180.0

struct _C2lSettingsBox
{
  GtkWidget parent_instance;

  C2lSliderRow *truncation, *move_x, *move_y, *turn;
  GtkDropDown *noise;
  GtkWidget *new_noise, *placement;
  C2lRecipe *recipe;
  gboolean quiet;
};

G_DEFINE_FINAL_TYPE (C2lSettingsBox, c2l_settings_box, GTK_TYPE_WIDGET)

static guint changed_signal;

/* Takes @recipe. */
static void
tell (C2lSettingsBox *self, C2lRecipe *recipe, const char *label, gboolean done)
{
  g_signal_emit (self, changed_signal, 0, recipe, label, done);
  c2l_recipe_unref (recipe);
}

static void
on_truncation_changed (C2lSettingsBox *self, double value, gboolean done)
{
  if (self->recipe != NULL)
    tell (self, c2l_recipe_with_truncation (self->recipe, value), _ ("Truncation"), done);
}

static void
on_placement_changed (C2lSettingsBox *self, double value, gboolean done, C2lSliderRow *row)
{
  g_autofree char *title = NULL;

  if (self->recipe == NULL)
    return;
  g_object_get (row, "title", &title, NULL);
  tell (self,
        c2l_recipe_with_placement (self->recipe, c2l_slider_row_get_value (self->move_x),
                                   c2l_slider_row_get_value (self->move_y),
                                   c2l_slider_row_get_value (self->turn)),
        title, done);
}

static void
on_noise_changed (C2lSettingsBox *self)
{
  guint selected = gtk_drop_down_get_selected (self->noise);

  gtk_widget_set_sensitive (self->new_noise, selected == C2L_NOISE_KIND_RANDOM);
  if (self->recipe != NULL && !self->quiet && selected != GTK_INVALID_LIST_POSITION
      && selected != (guint) self->recipe->noise)
    tell (self, c2l_recipe_with_noise (self->recipe, selected, self->recipe->noise_seed),
          _ ("Noise"), TRUE);
}

static void
on_new_noise (C2lSettingsBox *self)
{
  guint64 seed = (guint64) g_random_int () << 32 | g_random_int ();

  if (self->recipe != NULL)
    tell (self, c2l_recipe_with_noise (self->recipe, C2L_NOISE_KIND_RANDOM, seed), _ ("Noise"),
          TRUE);
}

static void
c2l_settings_box_dispose (GObject *object)
{
  C2lSettingsBox *self = C2L_SETTINGS_BOX (object);
  GtkWidget *child;

  g_clear_pointer (&self->recipe, c2l_recipe_unref);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (c2l_settings_box_parent_class)->dispose (object);
}

static void
c2l_settings_box_class_init (C2lSettingsBoxClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_settings_box_dispose;
  changed_signal = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                 NULL, NULL, G_TYPE_NONE, 3, G_TYPE_POINTER, G_TYPE_STRING,
                                 G_TYPE_BOOLEAN);
  g_type_ensure (C2L_TYPE_SLIDER_ROW);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-settings-box.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lSettingsBox, truncation);
  gtk_widget_class_bind_template_child (widget_class, C2lSettingsBox, move_x);
  gtk_widget_class_bind_template_child (widget_class, C2lSettingsBox, move_y);
  gtk_widget_class_bind_template_child (widget_class, C2lSettingsBox, turn);
  gtk_widget_class_bind_template_child (widget_class, C2lSettingsBox, noise);
  gtk_widget_class_bind_template_child (widget_class, C2lSettingsBox, new_noise);
  gtk_widget_class_bind_template_child (widget_class, C2lSettingsBox, placement);
  gtk_widget_class_bind_template_callback (widget_class, on_noise_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_new_noise);
}

static void
c2l_settings_box_init (C2lSettingsBox *self)
{
  C2lSliderRow *placement[3];

  gtk_widget_init_template (GTK_WIDGET (self));
  c2l_compat_name_inner_button (self->noise);
  c2l_slider_row_set_range (self->truncation, 0, 1, 1);
  c2l_slider_row_set_range (self->move_x, -1, 1, 0);
  c2l_slider_row_set_range (self->move_y, -1, 1, 0);
  c2l_slider_row_set_range (self->turn, -MOST_TURN, MOST_TURN, 0);
  g_signal_connect_swapped (self->truncation, "changed", G_CALLBACK (on_truncation_changed), self);
  placement[0] = self->move_x;
  placement[1] = self->move_y;
  placement[2] = self->turn;
  for (int i = 0; i < 3; i++)
    g_signal_connect_swapped (placement[i], "changed", G_CALLBACK (on_placement_changed), self);
}

void
c2l_settings_box_set_model (C2lSettingsBox *self, C2lModelInfo *model)
{
  g_return_if_fail (C2L_IS_SETTINGS_BOX (self));
  gtk_widget_set_visible (GTK_WIDGET (self->truncation), model != NULL && model->has_truncation);
  gtk_widget_set_visible (self->placement, model != NULL && model->has_transform);
}

void
c2l_settings_box_show_recipe (C2lSettingsBox *self, C2lRecipe *recipe)
{
  C2lRecipe *old = self->recipe;

  g_return_if_fail (C2L_IS_SETTINGS_BOX (self));
  self->recipe = recipe != NULL ? c2l_recipe_ref (recipe) : NULL;
  g_clear_pointer (&old, c2l_recipe_unref);
  gtk_widget_set_sensitive (GTK_WIDGET (self), recipe != NULL);
  if (recipe == NULL)
    return;
  self->quiet = TRUE;
  c2l_slider_row_set_value (self->truncation, recipe->truncation);
  c2l_slider_row_set_value (self->move_x, recipe->move_x);
  c2l_slider_row_set_value (self->move_y, recipe->move_y);
  c2l_slider_row_set_value (self->turn, recipe->turn);
  gtk_drop_down_set_selected (self->noise, recipe->noise);
  self->quiet = FALSE;
}
