/* Chooses a picture of the board, an amount and layers. A picture that was edited is mixed in as it is seen: its final styles are asked of
 * the worker first. */
#include "app/c2l-mix-box.h"

#include "app/c2l-compat.h"
#include "app/c2l-layer-range.h"
#include "app/c2l-slider-row.h"
#include "studio/recipe-edits.h"
#include "studio/workshop.h"

#include <glib/gi18n.h>

#define ITEM_KEY "c2l-item"

struct _C2lMixBox
{
  GtkWidget parent_instance;

  GtkMenuButton *choose;
  GtkPopover *popover;
  GtkFlowBox *pictures;
  GtkWidget *remove, *details;
  C2lSliderRow *amount;
  C2lLayerRange *layers;

  C2lBoard *board;
  C2lPictureItem *item;
  C2lRecipe *recipe;
  GCancellable *asking;
};

G_DEFINE_FINAL_TYPE (C2lMixBox, c2l_mix_box, GTK_TYPE_WIDGET)

static guint changed_signal;

static const C2lRecipeMix *
get_mix (C2lMixBox *self)
{
  return self->recipe != NULL && self->recipe->mixes->len > 0
             ? g_ptr_array_index (self->recipe->mixes, 0)
             : NULL;
}

/* @rows: NULL for none. */
static void
tell (C2lMixBox *self, const char *label, double amount, const C2lRows *rows, gboolean done)
{
  g_autoptr (C2lRecipe) changed = NULL;
  int first, last;

  c2l_layer_range_get (self->layers, &first, &last);
  changed = c2l_recipe_with_mix (self->recipe, label, amount, first, last, rows);
  g_signal_emit (self, changed_signal, 0, changed, _ ("Mix"), done);
}

static void
on_amount_changed (C2lMixBox *self, double value, gboolean done)
{
  const C2lRecipeMix *mix = get_mix (self);

  if (mix != NULL)
    tell (self, mix->label, value, &mix->rows, done);
}

static void
on_layers_changed (C2lMixBox *self)
{
  const C2lRecipeMix *mix = get_mix (self);

  if (mix != NULL)
    tell (self, mix->label, mix->amount, &mix->rows, TRUE);
}

static void
on_removed (C2lMixBox *self)
{
  if (get_mix (self) != NULL)
    tell (self, NULL, 0, NULL, TRUE);
}

/* --- choosing --- */

typedef struct
{
  C2lMixBox *box;
  C2lRecipe *own, *other;
} Question;

static void
question_free (Question *question)
{
  g_object_unref (question->box);
  c2l_recipe_unref (question->own);
  c2l_recipe_unref (question->other);
  g_free (question);
}

static void
on_styles (GObject *source, GAsyncResult *result, gpointer data)
{
  Question *question = data;
  C2lMixBox *self = question->box;
  g_autoptr (GError) error = NULL;
  C2lRows *rows = c2l_workshop_styles_finish (C2L_WORKER (source), result, &error);

  if (rows == NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    c2l_board_fail (self->board, error);
  /* The artist may have gone to another picture meanwhile. */
  if (rows != NULL && self->recipe == question->own)
    {
      const char *label = question->other->prompt != NULL ? question->other->prompt
                                                          : _ ("another picture");

      tell (self, label, 1, rows, TRUE);
    }
  g_clear_pointer (&rows, c2l_rows_free);
  question_free (question);
}

static void
on_picture_chosen (C2lMixBox *self, GtkFlowBoxChild *child)
{
  C2lPictureItem *item = g_object_get_data (G_OBJECT (child), ITEM_KEY);
  Question *question;

  gtk_popover_popdown (self->popover);
  if (self->recipe == NULL || c2l_picture_item_get_recipe (item) == NULL)
    return;
  g_cancellable_cancel (self->asking);
  g_clear_object (&self->asking);
  self->asking = g_cancellable_new ();
  question = g_new (Question, 1);
  *question = (Question){ g_object_ref (self), c2l_recipe_ref (self->recipe),
                          c2l_recipe_ref (c2l_picture_item_get_recipe (item)) };
  c2l_workshop_styles_async (c2l_board_get_worker (self->board), question->other, self->asking, on_styles,
                        question);
}

static void
add_choice (C2lMixBox *self, C2lPictureItem *item)
{
  GtkWidget *picture = gtk_picture_new_for_paintable (c2l_picture_item_get_paintable (item));
  GtkWidget *child = gtk_flow_box_child_new ();
  g_autofree char *label = NULL;

  g_object_get (item, "label", &label, NULL);
  gtk_picture_set_alternative_text (GTK_PICTURE (picture), label);
  gtk_widget_add_css_class (picture, "mix-choice");
  gtk_flow_box_child_set_child (GTK_FLOW_BOX_CHILD (child), picture);
  gtk_accessible_update_property (GTK_ACCESSIBLE (child), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  g_object_set_data_full (G_OBJECT (child), ITEM_KEY, g_object_ref (item), g_object_unref);
  gtk_flow_box_append (self->pictures, child);
}

static void
on_popover_shown (C2lMixBox *self)
{
  g_autoptr (GPtrArray) items = c2l_board_list_all (self->board);
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->pictures))) != NULL)
    gtk_flow_box_remove (self->pictures, child);
  for (guint i = 0; i < items->len; i++)
    {
      C2lPictureItem *item = g_ptr_array_index (items, i);

      if (item != self->item && c2l_picture_item_get_paintable (item) != NULL)
        add_choice (self, item);
    }
}

/* --- the widget --- */

static void
c2l_mix_box_dispose (GObject *object)
{
  C2lMixBox *self = C2L_MIX_BOX (object);
  GtkWidget *child;

  g_cancellable_cancel (self->asking);
  g_clear_object (&self->asking);
  g_clear_object (&self->board);
  g_clear_object (&self->item);
  g_clear_pointer (&self->recipe, c2l_recipe_unref);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (c2l_mix_box_parent_class)->dispose (object);
}

static void
c2l_mix_box_class_init (C2lMixBoxClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_mix_box_dispose;
  changed_signal = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                 NULL, NULL, G_TYPE_NONE, 3, G_TYPE_POINTER, G_TYPE_STRING,
                                 G_TYPE_BOOLEAN);
  g_type_ensure (C2L_TYPE_LAYER_RANGE);
  g_type_ensure (C2L_TYPE_SLIDER_ROW);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-mix-box.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lMixBox, choose);
  gtk_widget_class_bind_template_child (widget_class, C2lMixBox, popover);
  gtk_widget_class_bind_template_child (widget_class, C2lMixBox, pictures);
  gtk_widget_class_bind_template_child (widget_class, C2lMixBox, remove);
  gtk_widget_class_bind_template_child (widget_class, C2lMixBox, details);
  gtk_widget_class_bind_template_child (widget_class, C2lMixBox, amount);
  gtk_widget_class_bind_template_child (widget_class, C2lMixBox, layers);
  gtk_widget_class_bind_template_callback (widget_class, on_popover_shown);
  gtk_widget_class_bind_template_callback (widget_class, on_picture_chosen);
  gtk_widget_class_bind_template_callback (widget_class, on_removed);
}

static void
c2l_mix_box_init (C2lMixBox *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  c2l_compat_name_inner_button (self->choose);
  c2l_slider_row_set_range (self->amount, 0, 1, 1);
  g_signal_connect_swapped (self->amount, "changed", G_CALLBACK (on_amount_changed), self);
  g_signal_connect_swapped (self->layers, "changed", G_CALLBACK (on_layers_changed), self);
}

void
c2l_mix_box_set_board (C2lMixBox *self, C2lBoard *board)
{
  g_return_if_fail (C2L_IS_MIX_BOX (self));
  g_set_object (&self->board, board);
}

void
c2l_mix_box_show_recipe (C2lMixBox *self, C2lPictureItem *item, C2lRecipe *recipe)
{
  C2lModelInfo *model = self->board != NULL ? c2l_board_get_model (self->board) : NULL;
  C2lRecipe *old = self->recipe;
  const C2lRecipeMix *mix;
  const char *name;

  g_return_if_fail (C2L_IS_MIX_BOX (self));
  g_set_object (&self->item, item);
  self->recipe = recipe != NULL ? c2l_recipe_ref (recipe) : NULL;
  g_clear_pointer (&old, c2l_recipe_unref);
  mix = get_mix (self);
  gtk_widget_set_sensitive (self->remove, mix != NULL);
  gtk_widget_set_sensitive (self->details, mix != NULL);
  name = mix != NULL && mix->label != NULL ? mix->label : _ ("Choose a Picture…");
  gtk_menu_button_set_label (self->choose, name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->choose), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  name, -1);
  c2l_slider_row_set_value (self->amount, mix != NULL ? mix->amount : 0);
  c2l_layer_range_set (self->layers, model != NULL ? model->num_ws : 1,
                       mix != NULL ? mix->first_layer : 0,
                       mix != NULL ? mix->last_layer : C2L_LAST_LAYER);
}
