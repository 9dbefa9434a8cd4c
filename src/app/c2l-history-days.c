/* Headings of days in the history: one above the grid, of the picture that is seen first there, and
 * one on each picture with which a day begins. A GtkGridView has no sections, so nothing is
 * inserted; only the cells that exist are looked at, however long the history is. */
#include "app/c2l-history-pane-private.h"

#include "app/c2l-history-cell.h"
#include "app/c2l-history-day.h"

/* 0 where it was not read yet. */
static gint64
get_time (C2lHistoryItem *item)
{
  C2lLibraryEntry *entry = item != NULL ? c2l_history_item_get_entry (item) : NULL;

  return entry != NULL ? entry->created : 0;
}

static void
mark (C2lHistoryPane *self, GtkListItem *list_item, GDateTime *now)
{
  C2lHistoryCell *cell = C2L_HISTORY_CELL (gtk_list_item_get_child (list_item));
  guint position = gtk_list_item_get_position (list_item);
  gint64 time = get_time (gtk_list_item_get_item (list_item));
  g_autoptr (C2lHistoryItem) before = NULL;
  g_autofree char *title = NULL;

  /* The first one has its heading above the grid. */
  if (position > 0 && position != GTK_INVALID_LIST_POSITION && time != 0)
    before = g_list_model_get_item (G_LIST_MODEL (self->selection), position - 1);
  if (get_time (before) != 0 && !c2l_history_day_is_same (get_time (before), time, now))
    title = c2l_history_day_dup_title (time, now);
  c2l_history_cell_set_day (cell, title);
}

/* Of the picture that is seen first. Cells that have no size yet stand at 0. */
static gint64
find_first_seen (C2lHistoryPane *self)
{
  guint first = G_MAXUINT;
  gint64 time = 0;

  for (guint i = 0; i < self->bound->len; i++)
    {
      GtkListItem *list_item = g_ptr_array_index (self->bound, i);
      guint position = gtk_list_item_get_position (list_item);
      graphene_rect_t bounds;

      if (position < first
          && gtk_widget_compute_bounds (gtk_list_item_get_child (list_item),
                                        GTK_WIDGET (self->view), &bounds)
          && bounds.origin.y + bounds.size.height / 2 >= 0)
        {
          first = position;
          time = get_time (gtk_list_item_get_item (list_item));
        }
    }
  return time;
}

static gboolean
on_idle (gpointer data)
{
  C2lHistoryPane *self = data;
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  gboolean by_day = gtk_drop_down_get_selected (self->order) == 0;
  gint64 seen = by_day ? find_first_seen (self) : 0;
  g_autofree char *title = seen != 0 ? c2l_history_day_dup_title (seen, now) : NULL;

  self->days_idle = 0;
  for (guint i = 0; i < self->bound->len; i++)
    {
      GtkListItem *list_item = g_ptr_array_index (self->bound, i);

      if (by_day)
        mark (self, list_item, now);
      else
        c2l_history_cell_set_day (C2L_HISTORY_CELL (gtk_list_item_get_child (list_item)), NULL);
    }
  if (title != NULL && g_strcmp0 (gtk_label_get_label (self->day), title) != 0)
    gtk_label_set_label (self->day, title);
  gtk_widget_set_visible (GTK_WIDGET (self->day),
                          by_day && *gtk_label_get_label (self->day) != '\0');
  return G_SOURCE_REMOVE;
}

/* After the frame that lays out what is new. */
void
c2l_history_days_update (C2lHistoryPane *self)
{
  if (self->days_idle == 0 && self->list != NULL)
    self->days_idle = g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, on_idle, self, NULL);
}

void
c2l_history_days_add (C2lHistoryPane *self, GtkListItem *list_item)
{
  g_ptr_array_add (self->bound, list_item);
  g_signal_connect_swapped (gtk_list_item_get_item (list_item), "notify::entry",
                            G_CALLBACK (c2l_history_days_update), self);
  c2l_history_days_update (self);
}

void
c2l_history_days_remove (C2lHistoryPane *self, GtkListItem *list_item, C2lHistoryItem *item)
{
  g_ptr_array_remove_fast (self->bound, list_item);
  g_signal_handlers_disconnect_by_func (item, c2l_history_days_update, self);
}
