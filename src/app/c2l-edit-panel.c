/* The panel follows the board's current picture and shows its recipe in its parts; what they tell
 * becomes a change of the board's. Actions are in c2l-edit-panel-actions.c. */
#include "app/c2l-edit-panel-private.h"

#include "app/c2l-compat.h"
#include "studio/recipe-edits.h"
#include "studio/workshop.h"

#include <glib/gi18n.h>

G_DEFINE_FINAL_TYPE (C2lEditPanel, c2l_edit_panel, GTK_TYPE_WIDGET)

enum
{
  PROP_SHOWS_HIDDEN = 1,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

/* --- from the picture to the sliders --- */

static void
show_recipe (C2lEditPanel *self)
{
  C2lRecipe *recipe = self->item != NULL ? c2l_picture_item_get_recipe (self->item) : NULL;

  c2l_directions_box_show_recipe (self->directions, recipe);
  c2l_settings_box_show_recipe (self->settings, recipe);
  c2l_mix_box_show_recipe (self->mix, self->item, recipe);
  gtk_stack_set_visible_child_name (self->stack, recipe != NULL ? "edit" : "empty");
  c2l_edit_panel_update_actions (self);
}

static void
show_paintable (C2lEditPanel *self)
{
  c2l_zoom_view_set_paintable (
      self->picture, self->item != NULL ? c2l_picture_item_get_paintable (self->item) : NULL);
}

static void
show_label (C2lEditPanel *self)
{
  g_autofree char *label = NULL;

  if (self->item == NULL)
    return;
  g_object_get (self->item, "label", &label, NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->picture), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  label, -1);
}

/* Who selected several must not take the sliders for all of theirs. */
static void
update_which (C2lEditPanel *self)
{
  g_autoptr (GPtrArray) selected = c2l_board_list_selected (self->board);
  C2lRecipe *recipe = self->item != NULL ? c2l_picture_item_get_recipe (self->item) : NULL;
  gboolean several = selected->len >= 2 && recipe != NULL;

  if (several)
    {
      g_autofree char *text = g_strdup_printf (
          _ ("%u pictures are selected. What is changed here is picture %u alone."), selected->len,
          recipe->index + 1);

      gtk_label_set_text (self->which, text);
    }
  gtk_widget_set_visible (GTK_WIDGET (self->which), several);
}

/* A recipe has no property of its own: whenever it changes, the label is told to have. */
static void
on_item_changed (C2lEditPanel *self)
{
  show_recipe (self);
  show_label (self);
  update_which (self);
}

static void
set_item (C2lEditPanel *self, C2lPictureItem *item)
{
  if (self->item != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->item, self);
      c2l_picture_item_release (self->item);
    }
  g_set_object (&self->item, item);
  if (item != NULL)
    {
      c2l_picture_item_hold (item);
      g_signal_connect_swapped (item, "notify::paintable", G_CALLBACK (show_paintable), self);
      g_signal_connect_swapped (item, "notify::label", G_CALLBACK (on_item_changed), self);
    }
  show_paintable (self);
  on_item_changed (self);
}

static void
on_current_changed (C2lEditPanel *self)
{
  C2lPictureItem *current = c2l_board_get_current (self->board);

  if (current != self->item)
    set_item (self, current);
}

/* --- from the sliders to the picture --- */

static void
on_edited (C2lEditPanel *self, C2lDirectionItem *direction, double value, gboolean done)
{
  C2lRecipe *recipe = self->item != NULL ? c2l_picture_item_get_recipe (self->item) : NULL;
  g_autoptr (C2lRecipe) changed = NULL;
  C2lRecipeEdit *edit;

  if (recipe == NULL)
    return;
  edit = c2l_direction_item_to_edit (direction, value);
  changed = c2l_recipe_with_edit (recipe, edit);
  c2l_recipe_edit_free (edit);
  c2l_board_change (self->board, self->item, changed, c2l_direction_item_get_name (direction),
                    done ? C2L_CHANGE_DONE : C2L_CHANGE_DRAG);
}

static void
on_changed (C2lEditPanel *self, C2lRecipe *changed, const char *label, gboolean done)
{
  if (self->item != NULL)
    c2l_board_change (self->board, self->item, changed, label,
                      done ? C2L_CHANGE_DONE : C2L_CHANGE_DRAG);
}

static void
on_direction_removed (C2lEditPanel *self, C2lDirectionItem *direction)
{
  if (self->list != NULL)
    c2l_direction_list_remove (self->list, direction);
}

/* --- holding to compare --- */

static void
compare (C2lEditPanel *self, gboolean shown)
{
  if (self->item != NULL && c2l_picture_item_get_original (self->item) != NULL)
    c2l_board_show_original (self->board, self->item, shown);
}

static void
on_compare_pressed (C2lEditPanel *self)
{
  compare (self, TRUE);
}

static void
on_compare_released (C2lEditPanel *self)
{
  compare (self, FALSE);
}

static gboolean
is_compare_key (guint key)
{
  return key == GDK_KEY_space || key == GDK_KEY_Return || key == GDK_KEY_KP_Enter;
}

/* Keys repeat while they are held; the first press counts. */
static gboolean
on_compare_key (C2lEditPanel *self, guint key)
{
  if (!is_compare_key (key))
    return FALSE;
  compare (self, TRUE);
  return TRUE;
}

static void
on_compare_key_released (C2lEditPanel *self, guint key)
{
  if (is_compare_key (key))
    compare (self, FALSE);
}

static void
add_compare (C2lEditPanel *self)
{
  GtkGesture *press = gtk_gesture_click_new ();
  GtkEventController *keys = gtk_event_controller_key_new ();

  gtk_event_controller_set_propagation_phase (GTK_EVENT_CONTROLLER (press), GTK_PHASE_CAPTURE);
  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  g_signal_connect_swapped (press, "pressed", G_CALLBACK (on_compare_pressed), self);
  g_signal_connect_swapped (press, "released", G_CALLBACK (on_compare_released), self);
  g_signal_connect_swapped (press, "unpaired-release", G_CALLBACK (on_compare_released), self);
  g_signal_connect_swapped (press, "cancel", G_CALLBACK (on_compare_released), self);
  g_signal_connect_swapped (keys, "key-pressed", G_CALLBACK (on_compare_key), self);
  g_signal_connect_swapped (keys, "key-released", G_CALLBACK (on_compare_key_released), self);
  gtk_widget_add_controller (self->compare_button, GTK_EVENT_CONTROLLER (press));
  gtk_widget_add_controller (self->compare_button, keys);
}

/* --- the model --- */

static void
on_shelf_failed (C2lEditPanel *self, const char *text)
{
  c2l_board_warn (self->board, "%s", text);
}

/* Takes @list (nullable). */
static void
set_list (C2lEditPanel *self, C2lDirectionList *list)
{
  g_clear_object (&self->list);
  self->list = list;
  if (list != NULL)
    g_signal_connect_object (list, "failed", G_CALLBACK (on_shelf_failed), self, G_CONNECT_SWAPPED);
  c2l_directions_box_set_list (self->directions, list != NULL ? G_LIST_MODEL (list) : NULL);
  c2l_edit_panel_update_presets (self);
  show_recipe (self);
}

static void
on_shelf_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lEditPanel) self = data;
  g_autofree char *notice = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lShelf) shelf
      = c2l_workshop_open_shelf_finish (C2L_WORKER (source), result, &notice, &error);

  if (self->board == NULL)
    return;
  if (shelf != NULL)
    set_list (self, c2l_direction_list_new (shelf));
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    c2l_board_fail (self->board, error);
  if (notice != NULL)
    c2l_board_warn (self->board, "%s", notice);
}

static void
on_model_opened (C2lEditPanel *self)
{
  C2lModelInfo *model = c2l_board_get_model (self->board);

  set_list (self, NULL);
  c2l_settings_box_set_model (self->settings, model);
  if (model == NULL)
    return;
  c2l_directions_box_set_n_layers (self->directions, model->num_ws);
  c2l_workshop_open_shelf_async (c2l_board_get_worker (self->board), NULL, on_shelf_opened,
                                 g_object_ref (self));
}

static void
update_undo (C2lEditPanel *self)
{
  g_autofree char *undo = NULL, *redo = NULL, *undo_text = NULL, *redo_text = NULL;

  g_object_get (self->board, "undo-label", &undo, "redo-label", &redo, NULL);
  undo_text = undo != NULL ? g_strdup_printf (_ ("Undo: %s"), undo) : g_strdup (_ ("Undo"));
  redo_text = redo != NULL ? g_strdup_printf (_ ("Redo: %s"), redo) : g_strdup (_ ("Redo"));
  gtk_widget_set_tooltip_text (self->undo_button, undo_text);
  gtk_widget_set_tooltip_text (self->redo_button, redo_text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->undo_button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  undo_text, -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->redo_button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  redo_text, -1);
}

/* --- the widget --- */

static void
c2l_edit_panel_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_SHOWS_HIDDEN)
    g_value_set_boolean (value,
                         c2l_directions_box_get_shows_hidden (C2L_EDIT_PANEL (object)->directions));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
c2l_edit_panel_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_SHOWS_HIDDEN)
    c2l_directions_box_show_hidden (C2L_EDIT_PANEL (object)->directions,
                                    g_value_get_boolean (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
c2l_edit_panel_dispose (GObject *object)
{
  C2lEditPanel *self = C2L_EDIT_PANEL (object);
  GtkWidget *child;

  g_cancellable_cancel (self->finding);
  g_clear_object (&self->finding);
  if (self->item != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->item, self);
      c2l_picture_item_release (self->item);
    }
  g_clear_object (&self->item);
  if (self->board != NULL)
    {
      g_signal_handlers_disconnect_by_data (c2l_board_get_selection (self->board), self);
      g_signal_handlers_disconnect_by_data (self->board, self);
    }
  g_clear_object (&self->board);
  g_clear_object (&self->list);
  g_clear_pointer (&self->copied, g_ptr_array_unref);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (c2l_edit_panel_parent_class)->dispose (object);
}

static void
c2l_edit_panel_class_init (C2lEditPanelClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_edit_panel_dispose;
  G_OBJECT_CLASS (klass)->get_property = c2l_edit_panel_get_property;
  G_OBJECT_CLASS (klass)->set_property = c2l_edit_panel_set_property;
  properties[PROP_SHOWS_HIDDEN] = g_param_spec_boolean ("shows-hidden", NULL, NULL, FALSE,
                                                        G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPERTIES, properties);
  g_type_ensure (C2L_TYPE_DIRECTIONS_BOX);
  g_type_ensure (C2L_TYPE_MIX_BOX);
  g_type_ensure (C2L_TYPE_SETTINGS_BOX);
  g_type_ensure (C2L_TYPE_ZOOM_VIEW);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-edit-panel.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lEditPanel, stack);
  gtk_widget_class_bind_template_child (widget_class, C2lEditPanel, picture);
  gtk_widget_class_bind_template_child (widget_class, C2lEditPanel, which);
  gtk_widget_class_bind_template_child (widget_class, C2lEditPanel, groups);
  gtk_widget_class_bind_template_child (widget_class, C2lEditPanel, undo_button);
  gtk_widget_class_bind_template_child (widget_class, C2lEditPanel, redo_button);
  gtk_widget_class_bind_template_child (widget_class, C2lEditPanel, compare_button);
  gtk_widget_class_bind_template_child (widget_class, C2lEditPanel, directions);
  gtk_widget_class_bind_template_child (widget_class, C2lEditPanel, settings);
  gtk_widget_class_bind_template_child (widget_class, C2lEditPanel, mix);
  gtk_widget_class_bind_template_child (widget_class, C2lEditPanel, presets_section);
  c2l_edit_panel_class_install_actions (widget_class);
}

static void
c2l_edit_panel_init (C2lEditPanel *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  c2l_compat_hide_other_pages (GTK_WIDGET (self->stack));
  c2l_compat_hide_other_pages (GTK_WIDGET (self->groups));
  g_signal_connect_swapped (self->directions, "edited", G_CALLBACK (on_edited), self);
  g_signal_connect_swapped (self->directions, "removed", G_CALLBACK (on_direction_removed), self);
  g_signal_connect_swapped (self->settings, "changed", G_CALLBACK (on_changed), self);
  g_signal_connect_swapped (self->mix, "changed", G_CALLBACK (on_changed), self);
  add_compare (self);
}

GtkWidget *
c2l_edit_panel_new (C2lBoard *board)
{
  C2lEditPanel *self = g_object_new (C2L_TYPE_EDIT_PANEL, NULL);

  self->board = g_object_ref (board);
  c2l_mix_box_set_board (self->mix, board);
  g_signal_connect_swapped (board, "notify::current", G_CALLBACK (on_current_changed), self);
  g_signal_connect_swapped (c2l_board_get_selection (board), "selection-changed",
                            G_CALLBACK (update_which), self);
  g_signal_connect_swapped (board, "notify::undo-label", G_CALLBACK (update_undo), self);
  g_signal_connect_swapped (board, "notify::redo-label", G_CALLBACK (update_undo), self);
  g_signal_connect_swapped (board, "model-opened", G_CALLBACK (on_model_opened), self);
  on_model_opened (self);
  on_current_changed (self);
  update_undo (self);
  return GTK_WIDGET (self);
}
