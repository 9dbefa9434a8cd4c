/* Where the keyboard goes when the pictures it was at leave the history: to those that come to stand
 * in their place, so that one can go on. GTK would put it into the prompt. */
#include "app/c2l-history-pane-private.h"

void
c2l_history_focus_remember (C2lHistoryPane *self)
{
  g_autoptr (GtkBitset) selected = gtk_selection_model_get_selection (self->selection);

  if (gtk_bitset_is_empty (selected)
      || gtk_widget_get_focus_child (GTK_WIDGET (self->view)) == NULL)
    return;
  self->wants_focus = TRUE;
  self->focus_position = gtk_bitset_get_minimum (selected);
}

static GtkWidget *
find_cell (C2lHistoryPane *self, guint position)
{
  for (guint i = 0; i < self->bound->len; i++)
    {
      GtkListItem *list_item = g_ptr_array_index (self->bound, i);

      if (gtk_list_item_get_position (list_item) == position)
        return gtk_widget_get_parent (gtk_list_item_get_child (list_item));
    }
  return NULL;
}

static gboolean
focus (gpointer data)
{
  C2lHistoryPane *self = data;
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->selection));
  guint position = MIN (self->focus_position, MAX (n, 1) - 1);
  GtkWidget *cell;

  self->focus_idle = 0;
  if (n == 0)
    {
      gtk_widget_grab_focus (GTK_WIDGET (self->source));
      return G_SOURCE_REMOVE;
    }
  gtk_selection_model_select_item (self->selection, position, TRUE);
  gtk_widget_activate_action (GTK_WIDGET (self->view), "list.scroll-to-item", "u", position);
  cell = find_cell (self, position);
  gtk_widget_grab_focus (cell != NULL ? cell : GTK_WIDGET (self->view));
  return G_SOURCE_REMOVE;
}

void
c2l_history_focus_follow (C2lHistoryPane *self, guint position, guint removed, guint added)
{
  if (!self->wants_focus || removed == 0)
    return;
  self->wants_focus = FALSE;
  /* Once the view has its cells, and GTK has looked for another widget. */
  if (self->focus_idle == 0)
    self->focus_idle = g_idle_add (focus, self);
}
