/* What can be done on the Create page. Each action is a line in a table and a short function that
 * asks the board, the prompt bar or the grid; which ones are possible follows from what the board
 * says. */
#include "app/c2l-create-actions.h"

#include "app/c2l-create-page-private.h"
#include "app/c2l-picture-content.h"
#include "app/c2l-picture-saver.h"
#include "app/c2l-recipe-view.h"
#include "app/c2l-settings.h"
#include "app/c2l-viewer.h"

#include <glib/gi18n.h>

/* As many further pictures as one asks for at a time. */
#define N_VARIATIONS 8

/* --- the words of the prompt bar --- */

static void
generate (C2lCreatePage *page, GVariant *parameter)
{
  c2l_prompt_bar_generate (c2l_create_page_get_prompt_bar (page));
}

static void
random_example (C2lCreatePage *page, GVariant *parameter)
{
  c2l_prompt_bar_random_example (c2l_create_page_get_prompt_bar (page));
}

static void
roll_seed (C2lCreatePage *page, GVariant *parameter)
{
  c2l_prompt_bar_roll_seed (c2l_create_page_get_prompt_bar (page));
}

static void
lock_seed (C2lCreatePage *page, GVariant *parameter)
{
  c2l_prompt_bar_toggle_lock (c2l_create_page_get_prompt_bar (page));
}

static void
copy_seed (C2lCreatePage *page, GVariant *parameter)
{
  c2l_prompt_bar_copy_seed (c2l_create_page_get_prompt_bar (page));
}

static void
focus_prompt (C2lCreatePage *page, GVariant *parameter)
{
  c2l_create_page_view (page, FALSE);
  c2l_prompt_bar_select_prompt (c2l_create_page_get_prompt_bar (page));
}

static void
toggle_history (C2lCreatePage *page, GVariant *parameter)
{
  c2l_create_page_toggle_history (page);
}

static void
toggle_panel (C2lCreatePage *page, GVariant *parameter)
{
  c2l_create_page_toggle_panel (page);
}

static void
focus_pictures (C2lCreatePage *page, GVariant *parameter)
{
  c2l_create_page_view (page, FALSE);
  c2l_picture_grid_focus (c2l_create_page_get_grid (page));
}

void
c2l_create_page_use_recipe (C2lCreatePage *page, C2lRecipe *recipe, const char *what)
{
  static const struct
  {
    const char *name;
    C2lUse use;
  } uses[] = {
    { "all", C2L_USE_ALL },
    { "prompt", C2L_USE_PROMPT },
    { "seed", C2L_USE_SEED },
    { "options", C2L_USE_OPTIONS },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (uses); i++)
    if (g_str_equal (uses[i].name, what))
      c2l_prompt_bar_use_recipe (c2l_create_page_get_prompt_bar (page), recipe, uses[i].use);
}

static void
use_settings (C2lCreatePage *page, GVariant *parameter)
{
  C2lPictureItem *item = c2l_board_get_current (c2l_create_page_get_board (page));
  C2lRecipe *recipe = item != NULL ? c2l_picture_item_get_recipe (item) : NULL;

  if (recipe != NULL)
    c2l_create_page_use_recipe (page, recipe, g_variant_get_string (parameter, NULL));
}

/* --- pictures --- */

static void
stop (C2lCreatePage *page, GVariant *parameter)
{
  c2l_board_stop (c2l_create_page_get_board (page));
}

/* Escape: what lies on top goes first. */
static void
back (C2lCreatePage *page, GVariant *parameter)
{
  if (c2l_create_page_get_viewing (page))
    c2l_create_page_view (page, FALSE);
  else
    c2l_board_stop (c2l_create_page_get_board (page));
}

/* What is done with a picture that is shown alone is not done to others that nobody sees. */
static void
view (C2lCreatePage *page, GVariant *parameter)
{
  C2lBoard *board = c2l_create_page_get_board (page);

  c2l_board_select_only (board, c2l_board_get_current (board));
  c2l_create_page_view (page, TRUE);
}

/* The current one beside the other selected one. */
static void
compare (C2lCreatePage *page, GVariant *parameter)
{
  C2lBoard *board = c2l_create_page_get_board (page);
  g_autoptr (GPtrArray) items = c2l_board_list_selected (board);
  C2lPictureItem *first = g_ptr_array_index (items, 0);
  C2lPictureItem *other
      = first == c2l_board_get_current (board) ? g_ptr_array_index (items, 1) : first;
  GtkWidget *viewer = c2l_create_page_get_viewer (page);

  c2l_create_page_view (page, TRUE);
  if (C2L_IS_VIEWER (viewer))
    c2l_viewer_compare (C2L_VIEWER (viewer), other);
}

/* A film from the first selected one to the last; those that are not drawn yet are left out. */
static void
in_between (C2lCreatePage *page, GVariant *parameter)
{
  C2lBoard *board = c2l_create_page_get_board (page);
  g_autoptr (GPtrArray) items = c2l_board_list_selected (board);
  GtkWidget *viewer = c2l_create_page_get_viewer (page);

  for (guint i = items->len; i-- > 0;)
    if (c2l_picture_item_get_recipe (g_ptr_array_index (items, i)) == NULL)
      g_ptr_array_remove_index (items, i);
  if (items->len < 2 || !C2L_IS_VIEWER (viewer))
    return;
  c2l_create_page_view (page, TRUE);
  c2l_viewer_play (C2L_VIEWER (viewer), items);
}

/* The one that is edited stays. */
static void
select_one (C2lCreatePage *page, GVariant *parameter)
{
  C2lBoard *board = c2l_create_page_get_board (page);

  c2l_board_select_only (board, c2l_board_get_current (board));
  c2l_picture_grid_focus (c2l_create_page_get_grid (page));
}

/* Favourites all, unless all are. */
static void
favourite (C2lCreatePage *page, GVariant *parameter)
{
  C2lBoard *board = c2l_create_page_get_board (page);
  g_autoptr (GPtrArray) items = c2l_board_list_selected (board);
  gboolean are_all = TRUE;

  for (guint i = 0; i < items->len; i++)
    are_all = are_all && c2l_picture_item_get_favourite (g_ptr_array_index (items, i));
  c2l_board_set_favourite (board, items, !are_all);
}

static void
variations (C2lCreatePage *page, GVariant *parameter)
{
  C2lBoard *board = c2l_create_page_get_board (page);

  c2l_board_add_variations (board, c2l_board_get_current (board), N_VARIATIONS);
}

static void
more_like (C2lCreatePage *page, GVariant *parameter)
{
  C2lBoard *board = c2l_create_page_get_board (page);
  g_autoptr (GPtrArray) items = c2l_board_list_selected (board);

  c2l_board_add_more_like (board, items, N_VARIATIONS);
}

static void
how_made (C2lCreatePage *page, GVariant *parameter)
{
  C2lBoard *board = c2l_create_page_get_board (page);
  C2lPictureItem *item = c2l_board_get_current (board);
  C2lRecipe *recipe = item != NULL ? c2l_picture_item_get_recipe (item) : NULL;

  if (recipe != NULL)
    c2l_picture_grid_show_recipe (c2l_create_page_get_grid (page), item, recipe);
}

static void
undo (C2lCreatePage *page, GVariant *parameter)
{
  c2l_board_undo (c2l_create_page_get_board (page));
}

static void
redo (C2lCreatePage *page, GVariant *parameter)
{
  c2l_board_redo (c2l_create_page_get_board (page));
}

/* The next picture is selected then, so that one can go on. */
static void delete (C2lCreatePage *page, GVariant *parameter)
{
  C2lBoard *board = c2l_create_page_get_board (page);
  GtkSelectionModel *selection = c2l_board_get_selection (board);
  g_autoptr (GtkBitset) selected = gtk_selection_model_get_selection (selection);
  g_autoptr (GPtrArray) items = c2l_board_list_selected (board);
  guint position = gtk_bitset_get_minimum (selected);
  guint n_before = g_list_model_get_n_items (G_LIST_MODEL (selection)), n;

  c2l_board_delete (board, items);
  if (g_list_model_get_n_items (G_LIST_MODEL (selection)) == n_before)
    return;
  n = g_list_model_get_n_items (G_LIST_MODEL (selection));
  if (n == 0)
    {
      /* Not the prompt: the next Ctrl+Z is meant for the pictures. */
      c2l_create_page_focus_examples (page);
      return;
    }
  gtk_selection_model_select_item (selection, MIN (position, n - 1), TRUE);
  c2l_picture_grid_focus (c2l_create_page_get_grid (page));
}

static void
popup_menu (C2lCreatePage *page, GVariant *parameter)
{
  c2l_picture_grid_popup_menu (c2l_create_page_get_grid (page));
}

static void
resize_cells (int percent)
{
  GSettings *settings = c2l_settings_get ();

  g_settings_set_int (
      settings, "cell-size",
      CLAMP (g_settings_get_int (settings, "cell-size") * percent / 100, 112, 1024));
}

static void
larger (C2lCreatePage *page, GVariant *parameter)
{
  resize_cells (125);
}

static void
smaller (C2lCreatePage *page, GVariant *parameter)
{
  resize_cells (80);
}

/* --- out of the program --- */

static void
on_copied (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lBoard) board = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) files
      = c2l_picture_content_wait_finish (C2L_PICTURE_CONTENT (source), result, &error);

  if (files == NULL)
    c2l_board_fail (board, error);
  else
    c2l_board_say (board, ngettext ("%u picture copied", "%u pictures copied", files->len),
                   files->len);
}

static void
copy (C2lCreatePage *page, GVariant *parameter)
{
  C2lBoard *board = c2l_create_page_get_board (page);
  g_autoptr (GPtrArray) items = c2l_board_list_selected (board);
  g_autoptr (GdkContentProvider) content = c2l_picture_content_new (board, items);

  gdk_clipboard_set_content (gtk_widget_get_clipboard (GTK_WIDGET (page)), content);
  c2l_picture_content_wait_async (C2L_PICTURE_CONTENT (content), NULL, on_copied,
                                  g_object_ref (board));
}

static void
save (C2lCreatePage *page, GVariant *parameter)
{
  C2lBoard *board = c2l_create_page_get_board (page);
  g_autoptr (GPtrArray) items = c2l_board_list_selected (board);

  c2l_picture_saver_save (board, items, GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (page))));
}

static void
save_all (C2lCreatePage *page, GVariant *parameter)
{
  C2lBoard *board = c2l_create_page_get_board (page);
  g_autoptr (GPtrArray) items = c2l_board_list_all (board);

  c2l_picture_saver_save (board, items, GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (page))));
}

static void
save_as (C2lCreatePage *page, GVariant *parameter)
{
  C2lBoard *board = c2l_create_page_get_board (page);
  g_autoptr (GPtrArray) items = c2l_board_list_selected (board);

  c2l_picture_saver_ask (board, items, GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (page))));
}

static void
show_in_files (C2lCreatePage *page, GVariant *parameter)
{
  g_autoptr (GFile) file = g_file_new_for_uri (g_variant_get_string (parameter, NULL));

  c2l_picture_saver_show (c2l_create_page_get_board (page), file,
                          GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (page))));
}

/* --- the table --- */

/* What has to be there. */
typedef enum
{
  NEEDS_NOTHING,
  NEEDS_BUSY,
  NEEDS_PICTURES,
  NEEDS_SELECTED,
  NEEDS_TWO,     /* selected pictures, and no more */
  NEEDS_SEVERAL, /* two or more */
  NEEDS_UNDO,
  NEEDS_REDO,
  N_NEEDS
} Needs;

static const struct
{
  const char *name;
  void (*activate) (C2lCreatePage *page, GVariant *parameter);
  Needs needs;
  const char *parameter; /* (nullable): its type */
} actions[] = {
  { "back", back, NEEDS_PICTURES },
  { "compare", compare, NEEDS_TWO },
  { "copy", copy, NEEDS_SELECTED },
  { "copy-seed", copy_seed },
  { "delete", delete, NEEDS_SELECTED },
  { "favourite", favourite, NEEDS_SELECTED },
  { "focus-pictures", focus_pictures, NEEDS_PICTURES },
  { "focus-prompt", focus_prompt },
  { "generate", generate },
  { "how-made", how_made, NEEDS_SELECTED },
  { "in-between", in_between, NEEDS_SEVERAL },
  { "larger", larger },
  { "lock-seed", lock_seed },
  { "more-like", more_like, NEEDS_SELECTED },
  { "popup-menu", popup_menu, NEEDS_SELECTED },
  { "random-example", random_example },
  { "redo", redo, NEEDS_REDO },
  { "roll-seed", roll_seed },
  { "save", save, NEEDS_SELECTED },
  { "save-all", save_all, NEEDS_PICTURES },
  { "save-as", save_as, NEEDS_SELECTED },
  { "select-one", select_one, NEEDS_SEVERAL },
  { "show-in-files", show_in_files, NEEDS_NOTHING, "s" },
  { "smaller", smaller },
  { "stop", stop, NEEDS_BUSY },
  { "undo", undo, NEEDS_UNDO },
  { "toggle-history", toggle_history },
  { "toggle-panel", toggle_panel },
  { "use-settings", use_settings, NEEDS_SELECTED, "s" },
  { "variations", variations, NEEDS_SELECTED },
  { "view", view, NEEDS_SELECTED },
};

/* --- making them --- */

/* By what an action needs, whether that is there. */
static void
find_possible (C2lBoard *board, gboolean possible[N_NEEDS])
{
  GtkSelectionModel *selection = c2l_board_get_selection (board);
  g_autoptr (GtkBitset) selected = gtk_selection_model_get_selection (selection);

  g_object_get (board, "busy", &possible[NEEDS_BUSY], "can-undo", &possible[NEEDS_UNDO], "can-redo",
                &possible[NEEDS_REDO], NULL);
  possible[NEEDS_NOTHING] = TRUE;
  possible[NEEDS_PICTURES] = g_list_model_get_n_items (G_LIST_MODEL (selection)) > 0;
  possible[NEEDS_SELECTED] = !gtk_bitset_is_empty (selected);
  possible[NEEDS_TWO] = gtk_bitset_get_size (selected) == 2;
  possible[NEEDS_SEVERAL] = gtk_bitset_get_size (selected) >= 2;
}

void
c2l_create_actions_update (C2lCreatePage *page)
{
  GActionMap *map = c2l_create_page_get_actions (page);
  C2lBoard *board = c2l_create_page_get_board (page);
  gboolean possible[N_NEEDS] = { FALSE };

  if (board != NULL)
    find_possible (board, possible);
  for (gsize i = 0; i < G_N_ELEMENTS (actions); i++)
    g_simple_action_set_enabled (
        G_SIMPLE_ACTION (g_action_map_lookup_action (map, actions[i].name)),
        possible[actions[i].needs]);
}

static void
on_activate (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  const char *name = g_action_get_name (G_ACTION (action));

  for (gsize i = 0; i < G_N_ELEMENTS (actions); i++)
    if (g_str_equal (actions[i].name, name))
      actions[i].activate (C2L_CREATE_PAGE (data), parameter);
}

void
c2l_create_actions_add (C2lCreatePage *page)
{
  GActionMap *map = c2l_create_page_get_actions (page);

  for (gsize i = 0; i < G_N_ELEMENTS (actions); i++)
    {
      g_autoptr (GVariantType) type
          = actions[i].parameter != NULL ? g_variant_type_new (actions[i].parameter) : NULL;
      g_autoptr (GSimpleAction) action = g_simple_action_new (actions[i].name, type);

      g_signal_connect (action, "activate", G_CALLBACK (on_activate), page);
      g_action_map_add_action (map, G_ACTION (action));
    }
}
