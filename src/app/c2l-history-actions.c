/* What can be done with pictures of the history. Each action is a line in a table and a short function. What is on the table too is
 * changed through the board, so that both show the same. */
#include "app/c2l-history-pane-private.h"

#include "app/c2l-name-dialog.h"

#include <adwaita.h>
#include <glib/gi18n.h>

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lBoard) board = data;
  g_autoptr (GError) error = NULL;

  if (!c2l_library_write_finish (C2L_LIBRARY (source), result, &error))
    c2l_board_fail (board, error);
}

/* Parts uids from those of pictures on the table; these are returned as items. */
static GPtrArray *
part (C2lHistoryPane *pane, const char *const *uids, char ***others)
{
  GPtrArray *items = g_ptr_array_new ();
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; uids[i] != NULL; i++)
    {
      C2lPictureItem *item = c2l_board_find (c2l_history_pane_get_board (pane), uids[i]);

      if (item != NULL)
        g_ptr_array_add (items, item);
      else
        g_strv_builder_add (builder, uids[i]);
    }
  *others = g_strv_builder_end (builder);
  return items;
}

/* --- opening --- */

/* Recipes are read one after the other, and put on the table together. */
typedef struct
{
  C2lHistoryPane *pane;
  GPtrArray *entries; /* of C2lLibraryEntry */
  GPtrArray *recipes; /* of C2lRecipe: those that are read */
  char *use;          /* (nullable): what for, if not for the table */
} Opening;

static void
opening_free (Opening *opening)
{
  g_object_unref (opening->pane);
  g_ptr_array_unref (opening->entries);
  g_ptr_array_unref (opening->recipes);
  g_free (opening->use);
  g_free (opening);
}

static void read_next (Opening *opening);

static void
on_recipe (GObject *source, GAsyncResult *result, gpointer data)
{
  Opening *opening = data;
  g_autoptr (GError) error = NULL;
  C2lRecipe *recipe = c2l_library_load_recipe_finish (C2L_LIBRARY (source), result, &error);

  if (recipe != NULL)
    g_ptr_array_add (opening->recipes, recipe);
  else
    {
      c2l_board_fail (c2l_history_pane_get_board (opening->pane), error);
      g_ptr_array_remove_index (opening->entries, opening->recipes->len);
    }
  read_next (opening);
}

static void
read_next (Opening *opening)
{
  if (opening->recipes->len < opening->entries->len)
    {
      C2lLibraryEntry *entry = g_ptr_array_index (opening->entries, opening->recipes->len);

      c2l_library_load_recipe_async (c2l_history_pane_get_library (opening->pane), entry->uid, NULL,
                                     on_recipe, opening);
      return;
    }
  if (opening->recipes->len > 0 && opening->use != NULL)
    g_signal_emit_by_name (opening->pane, "use-recipe", g_ptr_array_index (opening->recipes, 0),
                           opening->use);
  else if (opening->recipes->len > 0)
    c2l_board_open_kept (c2l_history_pane_get_board (opening->pane), opening->entries,
                         opening->recipes);
  opening_free (opening);
}

static void
on_entries (GObject *source, GAsyncResult *result, gpointer data)
{
  Opening *opening = data;
  g_autoptr (GError) error = NULL;

  opening->entries = c2l_library_list_finish (C2L_LIBRARY (source), result, &error);
  if (opening->entries == NULL)
    {
      opening->entries = g_ptr_array_new ();
      c2l_board_fail (c2l_history_pane_get_board (opening->pane), error);
    }
  read_next (opening);
}

/* Entries are read again: those far out of view are not in memory. */
static void
open_selected (C2lHistoryPane *pane, const char *use)
{
  g_auto (GStrv) uids = c2l_history_pane_dup_selected_uids (pane);
  Opening *opening = g_new0 (Opening, 1);

  opening->pane = g_object_ref (pane);
  opening->recipes = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);
  opening->use = g_strdup (use);
  c2l_library_read_async (c2l_history_pane_get_library (pane), (const char *const *) uids, NULL,
                          on_entries, opening);
}

static void
open (C2lHistoryPane *pane, GVariant *parameter)
{
  open_selected (pane, NULL);
}

static void
use_settings (C2lHistoryPane *pane, GVariant *parameter)
{
  open_selected (pane, g_variant_get_string (parameter, NULL));
}

/* --- favourites, trash --- */

void
c2l_history_actions_favour (C2lHistoryPane *pane, GPtrArray *items)
{
  C2lBoard *board = c2l_history_pane_get_board (pane);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) uids = NULL, others = NULL;
  g_autoptr (GPtrArray) on_table = NULL;
  gboolean are_all = TRUE;

  for (guint i = 0; i < items->len; i++)
    {
      C2lHistoryItem *item = g_ptr_array_index (items, i);
      C2lLibraryEntry *entry = c2l_history_item_get_entry (item);

      g_strv_builder_add (builder, c2l_history_item_get_uid (item));
      are_all = are_all && entry != NULL && entry->favourite;
    }
  uids = g_strv_builder_end (builder);
  on_table = part (pane, (const char *const *) uids, &others);
  if (on_table->len > 0)
    c2l_board_set_favourite (board, on_table, !are_all);
  if (others[0] != NULL)
    c2l_library_set_favourite_async (c2l_history_pane_get_library (pane),
                                     (const char *const *) others, !are_all, NULL, on_written,
                                     g_object_ref (board));
}

static void
favourite (C2lHistoryPane *pane, GVariant *parameter)
{
  g_autoptr (GPtrArray) items = c2l_history_pane_list_selected (pane);

  c2l_history_actions_favour (pane, items);
}

/* Of the selected ones that are no favourites. */
static char **
dup_deletable_uids (C2lHistoryPane *pane, guint *n_spared)
{
  g_autoptr (GPtrArray) items = c2l_history_pane_list_selected (pane);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < items->len; i++)
    {
      C2lHistoryItem *item = g_ptr_array_index (items, i);
      C2lLibraryEntry *entry = c2l_history_item_get_entry (item);

      if (entry != NULL && entry->favourite)
        ++*n_spared;
      else
        g_strv_builder_add (builder, c2l_history_item_get_uid (item));
    }
  return g_strv_builder_end (builder);
}

static void
delete (C2lHistoryPane *pane, GVariant *parameter)
{
  C2lBoard *board = c2l_history_pane_get_board (pane);
  guint n_spared = 0;
  g_auto (GStrv) uids = dup_deletable_uids (pane, &n_spared), others = NULL;
  g_autoptr (GPtrArray) on_table = part (pane, (const char *const *) uids, &others);
  guint n = g_strv_length (others);
  g_autofree char *text = c2l_board_dup_deleted (n, n_spared);

  if (uids[0] == NULL)
    {
      c2l_board_say (board, "%s", text);
      return;
    }
  c2l_history_focus_remember (pane);
  c2l_history_pane_take_deleted (pane, NULL);
  if (on_table->len > 0)
    c2l_board_delete (board, on_table);
  if (n == 0)
    return;
  c2l_library_trash_async (c2l_history_pane_get_library (pane), (const char *const *) others, TRUE,
                           NULL, on_written, g_object_ref (board));
  c2l_board_say_with_action (board, text, _ ("Undo"), "history.restore",
                             g_variant_new_strv ((const char *const *) others, -1));
  c2l_history_pane_take_deleted (pane, g_steal_pointer (&others));
}

static void
put_back_uids (C2lHistoryPane *pane, const char *const *uids)
{
  c2l_library_trash_async (c2l_history_pane_get_library (pane), uids, FALSE, NULL, on_written,
                           g_object_ref (c2l_history_pane_get_board (pane)));
}

static void
put_back (C2lHistoryPane *pane, GVariant *parameter)
{
  g_auto (GStrv) uids = c2l_history_pane_dup_selected_uids (pane);

  put_back_uids (pane, (const char *const *) uids);
}

static void
restore (C2lHistoryPane *pane, GVariant *parameter)
{
  g_autofree const char **uids = g_variant_get_strv (parameter, NULL);

  put_back_uids (pane, uids);
}

/* What was deleted here last; else what was done last on the table. */
static void
undo (C2lHistoryPane *pane, GVariant *parameter)
{
  g_auto (GStrv) uids = c2l_history_pane_steal_deleted (pane);

  if (uids != NULL)
    put_back_uids (pane, (const char *const *) uids);
  else
    gtk_widget_activate_action (GTK_WIDGET (pane), "create.undo", NULL);
}

/* Before what cannot be undone. */
static void
ask (C2lHistoryPane *pane,
     const char *title,
     const char *text,
     const char *response,
     const char *label,
     GCallback on_answered)
{
  GtkWidget *dialog = adw_message_dialog_new (
      GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (pane))), title, text);

  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("Cancel"), response,
                                    label, NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), response,
                                              ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response", on_answered, pane, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
on_empty_answered (AdwMessageDialog *dialog, const char *response, C2lHistoryPane *pane)
{
  if (g_strcmp0 (response, "empty") == 0)
    c2l_library_purge_async (c2l_history_pane_get_library (pane), G_MAXINT64, NULL, on_written,
                             g_object_ref (c2l_history_pane_get_board (pane)));
}

static void
empty_trash (C2lHistoryPane *pane, GVariant *parameter)
{
  ask (pane, _ ("Empty the Trash?"), _ ("The pictures in the trash go for good. Saved files stay."),
       "empty", _ ("Empty Trash"), G_CALLBACK (on_empty_answered));
}

/* --- collections --- */

static void
collect_uids (C2lHistoryPane *pane, gint64 id, const char *const *uids, gboolean member)
{
  c2l_library_collect_async (c2l_history_pane_get_library (pane), id, uids, member, NULL,
                             on_written, g_object_ref (c2l_history_pane_get_board (pane)));
}

static void
collect (C2lHistoryPane *pane, GVariant *parameter)
{
  g_auto (GStrv) uids = c2l_history_pane_dup_selected_uids (pane);

  collect_uids (pane, g_variant_get_int64 (parameter), (const char *const *) uids, TRUE);
}

static void
uncollect (C2lHistoryPane *pane, GVariant *parameter)
{
  g_auto (GStrv) uids = c2l_history_pane_dup_selected_uids (pane);

  collect_uids (pane, c2l_history_pane_get_source (pane), (const char *const *) uids, FALSE);
}

/* A collection that shall exist, and what it begins with. */
typedef struct
{
  C2lHistoryPane *pane;
  char **uids; /* (nullable): it begins empty, and is shown */
} NewCollection;

static void
on_created (GObject *source, GAsyncResult *result, gpointer data)
{
  NewCollection *created = data;
  g_autoptr (GError) error = NULL;
  gint64 id = c2l_library_create_collection_finish (C2L_LIBRARY (source), result, &error);

  if (id == 0)
    c2l_board_fail (c2l_history_pane_get_board (created->pane), error);
  else if (created->uids != NULL)
    collect_uids (created->pane, id, (const char *const *) created->uids, TRUE);
  else
    c2l_history_pane_show_source (created->pane, id);
  g_object_unref (created->pane);
  g_strfreev (created->uids);
  g_free (created);
}

static void
create (C2lHistoryPane *pane, const char *name, char **uids)
{
  NewCollection *created = g_new0 (NewCollection, 1);

  created->pane = g_object_ref (pane);
  created->uids = uids;
  c2l_library_create_collection_async (c2l_history_pane_get_library (pane), name, NULL, on_created,
                                       created);
}

static void
create_empty (const char *name, gpointer pane)
{
  create (pane, name, NULL);
}

static void
create_with_selected (const char *name, gpointer pane)
{
  create (pane, name, c2l_history_pane_dup_selected_uids (pane));
}

static void
create_collection (C2lHistoryPane *pane, GVariant *parameter)
{
  c2l_name_dialog_ask (GTK_WIDGET (pane), _ ("New Collection"), NULL, _ ("Name of the collection"),
                       _ ("C_reate"), create_empty, pane);
}

static void
collect_new (C2lHistoryPane *pane, GVariant *parameter)
{
  c2l_name_dialog_ask (GTK_WIDGET (pane), _ ("New Collection"),
                       _ ("It begins with the selected pictures."), _ ("Name of the collection"),
                       _ ("C_reate"), create_with_selected, pane);
}

static void
rename_shown (const char *name, gpointer data)
{
  C2lHistoryPane *pane = data;

  c2l_library_rename_collection_async (c2l_history_pane_get_library (pane),
                                       c2l_history_pane_get_source (pane), name, NULL, on_written,
                                       g_object_ref (c2l_history_pane_get_board (pane)));
}

static void
rename_collection (C2lHistoryPane *pane, GVariant *parameter)
{
  g_autofree char *heading
      = g_strdup_printf (_ ("Rename “%s”"), c2l_history_pane_get_source_name (pane));

  c2l_name_dialog_ask (GTK_WIDGET (pane), heading, NULL, _ ("Name of the collection"),
                       _ ("_Rename"), rename_shown, pane);
}

static void
on_delete_answered (AdwMessageDialog *dialog, const char *response, C2lHistoryPane *pane)
{
  C2lBoard *board = c2l_history_pane_get_board (pane);

  if (g_strcmp0 (response, "delete") != 0 || c2l_history_pane_get_source (pane) <= 0)
    return;
  c2l_library_delete_collection_async (c2l_history_pane_get_library (pane),
                                       c2l_history_pane_get_source (pane), NULL, on_written,
                                       g_object_ref (board));
  c2l_board_say (board, _ ("The collection “%s” is gone; its pictures stay"),
                 c2l_history_pane_get_source_name (pane));
  c2l_history_pane_show_source (pane, C2L_HISTORY_ALL);
}

/* Which pictures belong together may have been a day's work, and there is no way back. */
static void
delete_collection (C2lHistoryPane *pane, GVariant *parameter)
{
  g_autofree char *title
      = g_strdup_printf (_ ("Delete the Collection “%s”?"), c2l_history_pane_get_source_name (pane));

  ask (pane, title, _ ("Its pictures stay in the history."), "delete", _ ("Delete Collection"),
       G_CALLBACK (on_delete_answered));
}

static void
show_all (C2lHistoryPane *pane, GVariant *parameter)
{
  c2l_history_pane_show_all (pane);
}

static void
popup_menu (C2lHistoryPane *pane, GVariant *parameter)
{
  c2l_history_pane_popup_menu (pane);
}

/* --- the table --- */

/* What has to be there. */
typedef enum
{
  NEEDS_NOTHING,
  NEEDS_SELECTED,         /* pictures that are not in the trash */
  NEEDS_SELECTED_TRASHED,
  NEEDS_COLLECTION
} Needs;

static const struct
{
  const char *name;
  void (*activate) (C2lHistoryPane *pane, GVariant *parameter);
  Needs needs;
  const char *parameter; /* (nullable): its type */
} actions[] = {
  { "collect", collect, NEEDS_SELECTED, "x" },
  { "collect-new", collect_new, NEEDS_SELECTED },
  { "create-collection", create_collection },
  { "delete", delete, NEEDS_SELECTED },
  { "delete-collection", delete_collection, NEEDS_COLLECTION },
  { "empty-trash", empty_trash },
  { "favourite", favourite, NEEDS_SELECTED },
  { "open", open, NEEDS_SELECTED },
  { "popup-menu", popup_menu },
  { "put-back", put_back, NEEDS_SELECTED_TRASHED },
  { "rename-collection", rename_collection, NEEDS_COLLECTION },
  { "restore", restore, NEEDS_NOTHING, "as" },
  { "show-all", show_all },
  { "undo", undo, NEEDS_NOTHING },
  { "uncollect", uncollect, NEEDS_SELECTED },
  { "use-settings", use_settings, NEEDS_SELECTED, "s" },
};

static gboolean
is_possible (C2lHistoryPane *pane, Needs needs)
{
  gint64 source = c2l_history_pane_get_source (pane);

  switch (needs)
    {
    case NEEDS_NOTHING:
      return TRUE;
    case NEEDS_SELECTED:
      return source != C2L_HISTORY_TRASH && c2l_history_pane_has_selected (pane);
    case NEEDS_SELECTED_TRASHED:
      return source == C2L_HISTORY_TRASH && c2l_history_pane_has_selected (pane);
    case NEEDS_COLLECTION:
      return source > 0;
    default:
      g_assert_not_reached ();
    }
}

void
c2l_history_actions_update (C2lHistoryPane *pane)
{
  GActionMap *map = c2l_history_pane_get_actions (pane);

  for (gsize i = 0; i < G_N_ELEMENTS (actions); i++)
    g_simple_action_set_enabled (
        G_SIMPLE_ACTION (g_action_map_lookup_action (map, actions[i].name)),
        is_possible (pane, actions[i].needs));
}

static void
on_activate (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  const char *name = g_action_get_name (G_ACTION (action));

  for (gsize i = 0; i < G_N_ELEMENTS (actions); i++)
    if (g_str_equal (actions[i].name, name))
      actions[i].activate (C2L_HISTORY_PANE (data), parameter);
}

void
c2l_history_actions_add (C2lHistoryPane *pane)
{
  GActionMap *map = c2l_history_pane_get_actions (pane);

  for (gsize i = 0; i < G_N_ELEMENTS (actions); i++)
    {
      g_autoptr (GVariantType) type
          = actions[i].parameter != NULL ? g_variant_type_new (actions[i].parameter) : NULL;
      g_autoptr (GSimpleAction) action = g_simple_action_new (actions[i].name, type);

      g_signal_connect (action, "activate", G_CALLBACK (on_activate), pane);
      g_action_map_add_action (map, G_ACTION (action));
    }
  c2l_history_actions_update (pane);
}
