/* What the panel's menu and buttons do: edits copied, pasted, reset and kept as presets; directions
 * made from words, found, and opened from files. */
#include "app/c2l-edit-panel-private.h"

#include "app/c2l-compat.h"
#include "app/c2l-name-dialog.h"
#include "app/c2l-words-dialog.h"
#include "studio/recipe-edits.h"
#include "studio/workshop.h"

#include <glib/gi18n.h>

/* As many as anybody tries before looking again. */
#define N_PCA 8
#define N_STYLES 8

static C2lRecipe *
get_recipe (C2lEditPanel *self)
{
  return self->item != NULL ? c2l_picture_item_get_recipe (self->item) : NULL;
}

/* --- edits as a whole --- */

/* The selected pictures, or the current one alone: all change in one step of undo. */
static void
apply_edits (C2lEditPanel *self, GPtrArray *edits, const char *label)
{
  g_autoptr (GPtrArray) items = c2l_board_list_selected (self->board);
  g_autoptr (GPtrArray) recipes
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);

  for (guint i = items->len; i-- > 0;)
    if (c2l_picture_item_get_recipe (g_ptr_array_index (items, i)) == NULL)
      g_ptr_array_remove_index (items, i);
  for (guint i = 0; i < items->len; i++)
    g_ptr_array_add (
        recipes,
        c2l_recipe_with_edits (c2l_picture_item_get_recipe (g_ptr_array_index (items, i)), edits));
  if (items->len > 0)
    c2l_board_change_many (self->board, items, recipes, label);
}

static void
copy_edits (GtkWidget *widget, const char *name, GVariant *parameter)
{
  C2lEditPanel *self = C2L_EDIT_PANEL (widget);
  C2lRecipe *recipe = get_recipe (self);

  if (recipe == NULL)
    return;
  g_clear_pointer (&self->copied, g_ptr_array_unref);
  self->copied = c2l_recipe_dup_edits (recipe);
  c2l_edit_panel_update_actions (self);
  c2l_board_say (self->board, ngettext ("%u edit copied", "%u edits copied", self->copied->len),
                 self->copied->len);
}

static void
paste_edits (GtkWidget *widget, const char *name, GVariant *parameter)
{
  C2lEditPanel *self = C2L_EDIT_PANEL (widget);

  if (self->copied != NULL)
    apply_edits (self, self->copied, _ ("Paste Edits"));
}

/* Everything that was done to the picture, not its sliders alone. */
static void
reset (GtkWidget *widget, const char *name, GVariant *parameter)
{
  C2lEditPanel *self = C2L_EDIT_PANEL (widget);
  C2lRecipe *original = self->item != NULL ? c2l_picture_item_get_original (self->item) : NULL;

  if (original != NULL)
    c2l_board_change (self->board, self->item, original, _ ("Reset"), C2L_CHANGE_DONE);
}

static void
save_as_new (GtkWidget *widget, const char *name, GVariant *parameter)
{
  C2lEditPanel *self = C2L_EDIT_PANEL (widget);

  if (get_recipe (self) != NULL)
    c2l_board_save_as_new (self->board, self->item, TRUE);
}

/* --- presets --- */

void
c2l_edit_panel_update_presets (C2lEditPanel *self)
{
  GPtrArray *presets = self->list != NULL ? c2l_direction_list_get_presets (self->list) : NULL;

  g_menu_remove_all (self->presets_section);
  for (guint i = 0; presets != NULL && i < presets->len; i++)
    {
      const C2lPreset *preset = g_ptr_array_index (presets, i);
      g_autoptr (GMenuItem) item = g_menu_item_new (NULL, NULL);
      g_autoptr (GMenu) submenu = g_menu_new ();
      g_autoptr (GMenuItem) use = g_menu_item_new (_ ("_Use"), NULL);
      g_autoptr (GMenuItem) forget = g_menu_item_new (_ ("_Remove"), NULL);

      g_menu_item_set_label (item, preset->name);
      g_menu_item_set_action_and_target (use, "edit.use-preset", "s", preset->name);
      g_menu_item_set_action_and_target (forget, "edit.remove-preset", "s", preset->name);
      g_menu_append_item (submenu, use);
      g_menu_append_item (submenu, forget);
      g_menu_item_set_submenu (item, G_MENU_MODEL (submenu));
      g_menu_append_item (self->presets_section, item);
    }
}

static void
on_preset_named (const char *name, gpointer data)
{
  C2lEditPanel *self = data;
  C2lRecipe *recipe = get_recipe (self);
  g_autoptr (GPtrArray) edits = recipe != NULL ? c2l_recipe_dup_edits (recipe) : NULL;

  if (edits == NULL || self->list == NULL)
    return;
  c2l_direction_list_set_preset (self->list, name, edits);
  c2l_edit_panel_update_presets (self);
}

static void
save_preset (GtkWidget *widget, const char *name, GVariant *parameter)
{
  c2l_name_dialog_ask (widget, _ ("Keep Edits as a Preset"),
                       _ ("A preset moves the same sliders of other pictures in the same way."),
                       _ ("Name"), _ ("_Keep"), on_preset_named, widget);
}

static void
use_preset (GtkWidget *widget, const char *name, GVariant *parameter)
{
  C2lEditPanel *self = C2L_EDIT_PANEL (widget);
  const char *wanted = g_variant_get_string (parameter, NULL);
  GPtrArray *presets = self->list != NULL ? c2l_direction_list_get_presets (self->list) : NULL;

  for (guint i = 0; presets != NULL && i < presets->len; i++)
    {
      const C2lPreset *preset = g_ptr_array_index (presets, i);

      if (g_strcmp0 (preset->name, wanted) == 0)
        {
          apply_edits (self, preset->edits, preset->name);
          return;
        }
    }
}

static void
remove_preset (GtkWidget *widget, const char *name, GVariant *parameter)
{
  C2lEditPanel *self = C2L_EDIT_PANEL (widget);

  if (self->list == NULL)
    return;
  c2l_direction_list_remove_preset (self->list, g_variant_get_string (parameter, NULL));
  c2l_edit_panel_update_presets (self);
}

/* --- directions --- */

static void
on_direction_made (const C2lFound *found, gpointer data)
{
  C2lEditPanel *self = data;

  if (self->list != NULL)
    c2l_direction_list_add (self->list, C2L_SHELF_WORDS, found);
}

static void
direction_from_words (GtkWidget *widget, const char *name, GVariant *parameter)
{
  C2lEditPanel *self = C2L_EDIT_PANEL (widget);

  c2l_words_dialog_show (widget, self->board, on_direction_made, self);
}

/* (nullable): the search failed, or the panel is gone. */
static GPtrArray *
take_found (C2lEditPanel *self, GObject *source, GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *found = c2l_workshop_found_finish (C2L_WORKER (source), result, &error);

  if (found == NULL && self->board != NULL
      && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    c2l_board_fail (self->board, error);
  if (self->board == NULL || self->list == NULL)
    g_clear_pointer (&found, g_ptr_array_unref);
  return found;
}

static void
add_found (C2lEditPanel *self, GPtrArray *found)
{
  for (guint i = 0; i < found->len; i++)
    c2l_direction_list_add (self->list, C2L_SHELF_FOUND, g_ptr_array_index (found, i));
}

static void
end_search (C2lEditPanel *self)
{
  g_clear_object (&self->finding);
  if (self->board != NULL)
    c2l_edit_panel_update_actions (self);
}

static void
on_styles_found (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lEditPanel) self = data;
  g_autoptr (GPtrArray) found = take_found (self, source, result);

  if (found != NULL)
    add_found (self, found);
  end_search (self);
}

static void
on_pca_found (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lEditPanel) self = data;
  g_autoptr (GPtrArray) found = take_found (self, source, result);

  if (found == NULL)
    {
      end_search (self);
      return;
    }
  c2l_direction_list_remove_found (self->list);
  add_found (self, found);
  c2l_workshop_find_styles_async (C2L_WORKER (source), 0, C2L_LAST_LAYER, N_STYLES, self->finding,
                                  on_styles_found, g_object_ref (self));
}

static void
find_directions (GtkWidget *widget, const char *name, GVariant *parameter)
{
  C2lEditPanel *self = C2L_EDIT_PANEL (widget);

  if (self->finding != NULL || self->list == NULL)
    return;
  self->finding = g_cancellable_new ();
  c2l_edit_panel_update_actions (self);
  c2l_workshop_find_pca_async (c2l_board_get_worker (self->board), &(C2lFoundPca){ .n = N_PCA },
                               NULL, NULL, self->finding, on_pca_found, g_object_ref (self));
}

void
c2l_edit_panel_add_directions (C2lEditPanel *self, GPtrArray *files)
{
  C2lModelInfo *model;

  g_return_if_fail (C2L_IS_EDIT_PANEL (self));

  model = self->board != NULL ? c2l_board_get_model (self->board) : NULL;
  for (guint i = 0; model != NULL && self->list != NULL && i < files->len; i++)
    {
      const char *path = g_file_peek_path (g_ptr_array_index (files, i));
      g_autofree char *name = g_file_get_basename (g_ptr_array_index (files, i));
      g_autoptr (GError) error = NULL;

      if (path == NULL)
        continue;
      if (c2l_direction_list_import (self->list, path, model->w_dim, &error))
        c2l_board_say (self->board, _ ("%s is a slider now"), name);
      else
        c2l_board_fail (self->board, error);
    }
}

static void
on_direction_files (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lEditPanel) self = data;
  g_autoptr (GListModel) list = c2l_compat_choose_finish (result, NULL);
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; list != NULL && i < g_list_model_get_n_items (list); i++)
    g_ptr_array_add (files, g_list_model_get_item (list, i));
  c2l_edit_panel_add_directions (self, files);
}

static void
open_direction (GtkWidget *widget, const char *name, GVariant *parameter)
{
  g_autoptr (GListStore) filters = g_list_store_new (GTK_TYPE_FILE_FILTER);
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();

  gtk_file_filter_set_name (filter, _ ("Directions"));
  gtk_file_filter_add_pattern (filter, "*.pt");
  gtk_file_filter_add_pattern (filter, "*.npy");
  g_list_store_append (filters, filter);
  c2l_compat_choose_async (GTK_WINDOW (gtk_widget_get_root (widget)), C2L_CHOOSE_FILES,
                           _ ("Open a Direction File"), NULL, G_LIST_MODEL (filters),
                           on_direction_files, g_object_ref (widget));
}

/* --- the table --- */

static const struct
{
  const char *name;
  const char *type;
  GtkWidgetActionActivateFunc activate;
} actions[] = {
  { "edit.copy", NULL, copy_edits },
  { "edit.paste", NULL, paste_edits },
  { "edit.reset", NULL, reset },
  { "edit.save-as-new", NULL, save_as_new },
  { "edit.save-preset", NULL, save_preset },
  { "edit.use-preset", "s", use_preset },
  { "edit.remove-preset", "s", remove_preset },
  { "edit.direction-from-words", NULL, direction_from_words },
  { "edit.find-directions", NULL, find_directions },
  { "edit.open-direction", NULL, open_direction },
};

void
c2l_edit_panel_class_install_actions (GtkWidgetClass *klass)
{
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    gtk_widget_class_install_action (klass, actions[i].name, actions[i].type, actions[i].activate);
  /* Menus show a check for it. */
  gtk_widget_class_install_property_action (klass, "edit.show-hidden", "shows-hidden");
}

void
c2l_edit_panel_update_actions (C2lEditPanel *self)
{
  C2lModelInfo *model = self->board != NULL ? c2l_board_get_model (self->board) : NULL;
  gboolean has_picture = get_recipe (self) != NULL;
  gboolean edited = FALSE;

  if (self->item != NULL)
    g_object_get (self->item, "edited", &edited, NULL);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "edit.copy",
                                 has_picture && get_recipe (self)->edits->len > 0);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "edit.paste",
                                 has_picture && self->copied != NULL);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "edit.reset", edited);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "edit.save-as-new", edited);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "edit.save-preset", edited);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "edit.direction-from-words",
                                 model != NULL && model->has_prior && model->has_clip);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "edit.find-directions",
                                 model != NULL && self->finding == NULL);
  gtk_widget_set_sensitive (self->compare_button, edited);
}
