/* Items mirror the shelf's directions one by one. Writing waits a moment, so that several changes are one file. */
#include "app/c2l-direction-list.h"

#define WRITE_DELAY_MS 400

struct _C2lDirectionList
{
  GObject parent_instance;

  C2lShelf *shelf;
  GPtrArray *items; /* of C2lDirectionItem */
  guint write_source;
};

static void list_model_init (GListModelInterface *interface);

G_DEFINE_FINAL_TYPE_WITH_CODE (C2lDirectionList,
                               c2l_direction_list,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static guint failed_signal;

/* --- writing --- */

static void
write_item (C2lDirectionList *self, C2lDirectionItem *item)
{
  const char *id = c2l_direction_item_get_id (item);
  int first, last;

  c2l_direction_item_get_layers (item, &first, &last);
  c2l_shelf_rename (self->shelf, id, c2l_direction_item_get_name (item));
  c2l_shelf_set_hidden (self->shelf, id, c2l_direction_item_get_hidden (item));
  c2l_shelf_set_inverted (self->shelf, id, c2l_direction_item_get_inverted (item));
  c2l_shelf_set_pinned (self->shelf, id, c2l_direction_item_get_pinned (item));
  c2l_shelf_set_layers (self->shelf, id, first, last);
}

static void
write_items (C2lDirectionList *self)
{
  for (guint i = 0; i < self->items->len; i++)
    write_item (self, g_ptr_array_index (self->items, i));
}

static void
on_saved (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lDirectionList) self = data;
  g_autoptr (GError) error = NULL;

  if (!c2l_shelf_save_finish (self->shelf, result, &error))
    g_signal_emit (self, failed_signal, 0, error->message);
}

static gboolean
on_write (gpointer data)
{
  C2lDirectionList *self = data;

  self->write_source = 0;
  write_items (self);
  if (!c2l_shelf_is_saved (self->shelf))
    c2l_shelf_save_async (self->shelf, NULL, on_saved, g_object_ref (self));
  return G_SOURCE_REMOVE;
}

static void
write_soon (C2lDirectionList *self)
{
  if (self->write_source == 0)
    self->write_source = g_timeout_add (WRITE_DELAY_MS, on_write, self);
}

/* --- the list --- */

static void
add_item (C2lDirectionList *self, const C2lShelfDirection *direction)
{
  C2lDirectionItem *item
      = c2l_direction_item_new (direction->id, direction->name, (C2lDirectionGroup) direction->origin,
                                direction->scale, &direction->rows);

  c2l_direction_item_set_layers (item, direction->first_layer, direction->last_layer);
  g_object_set (item, "hidden", direction->hidden, "inverted", direction->inverted, "pinned",
                direction->pinned, NULL);
  g_signal_connect_object (item, "notify", G_CALLBACK (write_soon), self, G_CONNECT_SWAPPED);
  g_ptr_array_add (self->items, item);
}

static GType
get_item_type (GListModel *model)
{
  return C2L_TYPE_DIRECTION_ITEM;
}

static guint
get_n_items (GListModel *model)
{
  return C2L_DIRECTION_LIST (model)->items->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  C2lDirectionList *self = C2L_DIRECTION_LIST (model);

  return position < self->items->len
             ? g_object_ref (g_ptr_array_index (self->items, position))
             : NULL;
}

static void
list_model_init (GListModelInterface *interface)
{
  interface->get_item_type = get_item_type;
  interface->get_n_items = get_n_items;
  interface->get_item = get_item;
}

static void
show_added (C2lDirectionList *self, const C2lShelfDirection *direction)
{
  add_item (self, direction);
  g_list_model_items_changed (G_LIST_MODEL (self), self->items->len - 1, 0, 1);
  write_soon (self);
}

void
c2l_direction_list_add (C2lDirectionList *self, C2lShelfOrigin origin, const C2lFound *found)
{
  show_added (self, c2l_shelf_add (self->shelf, origin, found));
}

gboolean
c2l_direction_list_import (C2lDirectionList *self, const char *file, int width, GError **error)
{
  const C2lShelfDirection *direction = c2l_shelf_import (self->shelf, file, width, error);

  if (direction == NULL)
    return FALSE;
  show_added (self, direction);
  return TRUE;
}

void
c2l_direction_list_remove (C2lDirectionList *self, C2lDirectionItem *item)
{
  guint position;

  if (!g_ptr_array_find (self->items, item, &position))
    return;
  c2l_shelf_remove (self->shelf, c2l_direction_item_get_id (item));
  g_ptr_array_remove_index (self->items, position);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
  write_soon (self);
}

void
c2l_direction_list_remove_found (C2lDirectionList *self)
{
  for (guint i = self->items->len; i-- > 0;)
    {
      C2lDirectionItem *item = g_ptr_array_index (self->items, i);

      /* Those that the artist named or pinned are wanted. */
      if (c2l_direction_item_get_group (item) == C2L_DIRECTION_FOUND
          && !c2l_direction_item_get_pinned (item))
        c2l_direction_list_remove (self, item);
    }
}

GPtrArray *
c2l_direction_list_get_presets (C2lDirectionList *self)
{
  return c2l_shelf_get_presets (self->shelf);
}

void
c2l_direction_list_set_preset (C2lDirectionList *self, const char *name, GPtrArray *edits)
{
  c2l_shelf_set_preset (self->shelf, name, edits);
  write_soon (self);
}

void
c2l_direction_list_remove_preset (C2lDirectionList *self, const char *name)
{
  c2l_shelf_remove_preset (self->shelf, name);
  write_soon (self);
}

static void
c2l_direction_list_finalize (GObject *object)
{
  C2lDirectionList *self = C2L_DIRECTION_LIST (object);

  /* What waited is written now: nobody comes back for it. */
  if (self->write_source != 0)
    write_items (self);
  g_clear_handle_id (&self->write_source, g_source_remove);
  if (!c2l_shelf_is_saved (self->shelf))
    c2l_shelf_save (self->shelf, NULL);
  g_ptr_array_unref (self->items);
  c2l_shelf_unref (self->shelf);
  G_OBJECT_CLASS (c2l_direction_list_parent_class)->finalize (object);
}

static void
c2l_direction_list_class_init (C2lDirectionListClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = c2l_direction_list_finalize;
  failed_signal = g_signal_new ("failed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
c2l_direction_list_init (C2lDirectionList *self)
{
  self->items = g_ptr_array_new_with_free_func (g_object_unref);
}

C2lDirectionList *
c2l_direction_list_new (C2lShelf *shelf)
{
  C2lDirectionList *self = g_object_new (C2L_TYPE_DIRECTION_LIST, NULL);
  GPtrArray *directions = c2l_shelf_get_directions (shelf);

  self->shelf = c2l_shelf_ref (shelf);
  for (guint i = 0; i < directions->len; i++)
    add_item (self, g_ptr_array_index (directions, i));
  return self;
}
