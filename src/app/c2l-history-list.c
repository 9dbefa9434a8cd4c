/* The history as a lazy list. The order is an array of uids; items are made when they are asked
 * for, and the entries of those that cells hold are read a handful at a time. What was seen lately
 * is kept, the rest is read again when it comes back. */
#include "app/c2l-history-list.h"

#include "app/c2l-textures.h"
#include "studio/library.h"

/* Items that nobody shows keep their thumbnails for a while: about 30 MB of them. */
#define N_KEPT 384
/* Cells are bound one after the other; they are read together, so many at a time. */
#define READ_DELAY_MS 8
#define N_READ 64
/* Changes of the library come in bursts while pictures are drawn. */
#define CHANGE_DELAY_MS 120
/* With more places of change than this the view is told once for all. */
#define MAX_CHANGES 64
/* A view that was empty makes cells for all that it may soon show, which takes long: it is given so
 * many of them first, a few in each turn. */
#define N_REVEALED 96
#define REVEAL_STEP 6

struct _C2lHistoryList
{
  GObject parent_instance;

  C2lLibrary *library;
  C2lLibraryQuery query;
  GCancellable *cancellable; /* of everything */
  GCancellable *listing;     /* (nullable): of the listing that runs */

  /* What the view sees is the first n_head of @head, then @tail from n_passed on; between changes
   * @head is all. */
  char **head, **tail;
  guint n_head, n_tail, n_passed;
  guint reveal_source; /* while the view is told the first of @head */
  GHashTable *items;   /* uid → C2lHistoryItem, both the item's */

  GQueue wanted; /* of C2lHistoryItem: held and not read */
  GQueue kept;   /* of C2lHistoryItem: read and no longer held, the oldest first */
  guint read_source, change_source;
  gboolean is_seen, has_changed; /* the latter: while nobody saw it */
};

static void c2l_history_list_model_init (GListModelInterface *interface);

G_DEFINE_FINAL_TYPE_WITH_CODE (C2lHistoryList,
                               c2l_history_list,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL,
                                                      c2l_history_list_model_init))

enum
{
  LISTED,
  FAILED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* --- the model --- */

static GType
get_item_type (GListModel *model)
{
  return C2L_TYPE_HISTORY_ITEM;
}

static guint
get_n_items (GListModel *model)
{
  C2lHistoryList *self = C2L_HISTORY_LIST (model);

  return self->n_head + self->n_tail - self->n_passed;
}

static gpointer
get_item (GListModel *model, guint position)
{
  C2lHistoryList *self = C2L_HISTORY_LIST (model);
  const char *uid;
  C2lHistoryItem *item;

  if (position >= get_n_items (model))
    return NULL;
  uid = position < self->n_head ? self->head[position]
                                : self->tail[position - self->n_head + self->n_passed];
  item = g_hash_table_lookup (self->items, uid);
  if (item == NULL)
    {
      item = c2l_history_item_new (uid);
      g_hash_table_insert (self->items, (gpointer) c2l_history_item_get_uid (item), item);
    }
  return g_object_ref (item);
}

static void
c2l_history_list_model_init (GListModelInterface *interface)
{
  interface->get_item_type = get_item_type;
  interface->get_n_items = get_n_items;
  interface->get_item = get_item;
}

static void
fail (C2lHistoryList *self, const GError *error)
{
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_signal_emit (self, signals[FAILED], 0, error->message);
}

/* --- reading what is shown --- */

typedef struct
{
  GPtrArray *entries;  /* of C2lLibraryEntry */
  GPtrArray *textures; /* of GdkTexture (nullable), as many */
} Decoding;

static void
unref_texture (gpointer texture)
{
  g_clear_object (&texture);
}

static void
decoding_free (gpointer data)
{
  Decoding *decoding = data;

  g_ptr_array_unref (decoding->entries);
  g_ptr_array_unref (decoding->textures);
  g_free (decoding);
}

static void
decode (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Decoding *decoding = data;

  for (guint i = 0; i < decoding->entries->len; i++)
    {
      C2lLibraryEntry *entry = g_ptr_array_index (decoding->entries, i);

      if (decoding->textures->pdata[i] == NULL && entry->thumbnail != NULL)
        decoding->textures->pdata[i] = c2l_texture_new_from_thumbnail (entry->thumbnail);
    }
  g_task_return_boolean (task, TRUE);
}

static void
keep (C2lHistoryList *self, C2lHistoryItem *item)
{
  g_queue_remove (&self->kept, item);
  g_queue_push_tail (&self->kept, item);
  while (self->kept.length > N_KEPT)
    c2l_history_item_set (g_queue_pop_head (&self->kept), NULL, NULL);
}

static void
on_decoded (GObject *source, GAsyncResult *result, gpointer data)
{
  C2lHistoryList *self = C2L_HISTORY_LIST (source);
  Decoding *decoding = g_task_get_task_data (G_TASK (result));

  for (guint i = 0; i < decoding->entries->len; i++)
    {
      C2lLibraryEntry *entry = g_ptr_array_index (decoding->entries, i);
      C2lHistoryItem *item = g_hash_table_lookup (self->items, entry->uid);

      if (item == NULL)
        continue;
      c2l_history_item_set (item, entry, decoding->textures->pdata[i]);
      if (!c2l_history_item_is_held (item))
        keep (self, item);
    }
}

/* A thumbnail that did not change is not decoded again. */
static GdkTexture *
dup_same_texture (C2lHistoryList *self, C2lLibraryEntry *entry)
{
  C2lHistoryItem *item = g_hash_table_lookup (self->items, entry->uid);
  C2lLibraryEntry *old = item != NULL ? c2l_history_item_get_entry (item) : NULL;
  GdkTexture *texture = item != NULL ? c2l_history_item_get_texture (item) : NULL;

  return texture != NULL && old != NULL && old->thumbnail != NULL && entry->thumbnail != NULL
                 && g_bytes_equal (old->thumbnail, entry->thumbnail)
             ? g_object_ref (texture)
             : NULL;
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lHistoryList) self = data;
  g_autoptr (GError) error = NULL;
  GPtrArray *entries = c2l_library_list_finish (C2L_LIBRARY (source), result, &error);
  g_autoptr (GTask) task = NULL;
  Decoding *decoding;

  if (entries == NULL)
    {
      fail (self, error);
      return;
    }
  decoding = g_new0 (Decoding, 1);
  decoding->entries = entries;
  decoding->textures = g_ptr_array_new_with_free_func (unref_texture);
  for (guint i = 0; i < entries->len; i++)
    g_ptr_array_add (decoding->textures, dup_same_texture (self, g_ptr_array_index (entries, i)));
  task = g_task_new (self, self->cancellable, on_decoded, NULL);
  g_task_set_task_data (task, decoding, decoding_free);
  g_task_run_in_thread (task, decode);
}

/* What was bound last is in sight most likely. */
static gboolean
read_wanted (gpointer data)
{
  C2lHistoryList *self = data;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) uids = NULL;
  guint n = 0;

  while (n < N_READ && !g_queue_is_empty (&self->wanted))
    {
      g_autoptr (C2lHistoryItem) item = g_queue_pop_tail (&self->wanted);

      if (!c2l_history_item_is_held (item))
        continue;
      g_strv_builder_add (builder, c2l_history_item_get_uid (item));
      n++;
    }
  uids = g_strv_builder_end (builder);
  if (n > 0)
    c2l_library_read_async (self->library, (const char *const *) uids, self->cancellable, on_read,
                            g_object_ref (self));
  if (!g_queue_is_empty (&self->wanted))
    return G_SOURCE_CONTINUE;
  self->read_source = 0;
  return G_SOURCE_REMOVE;
}

static void
want (C2lHistoryList *self, C2lHistoryItem *item)
{
  if (g_cancellable_is_cancelled (self->cancellable))
    return;
  g_queue_push_tail (&self->wanted, g_object_ref (item));
  if (self->read_source == 0)
    self->read_source = g_timeout_add (READ_DELAY_MS, read_wanted, self);
}

void
c2l_history_list_hold (C2lHistoryList *self, C2lHistoryItem *item)
{
  g_return_if_fail (C2L_IS_HISTORY_LIST (self) && C2L_IS_HISTORY_ITEM (item));

  if (!c2l_history_item_hold (item))
    return;
  g_queue_remove (&self->kept, item);
  if (c2l_history_item_get_entry (item) == NULL)
    want (self, item);
}

void
c2l_history_list_release (C2lHistoryList *self, C2lHistoryItem *item)
{
  g_return_if_fail (C2L_IS_HISTORY_LIST (self) && C2L_IS_HISTORY_ITEM (item));

  if (c2l_history_item_release (item) && c2l_history_item_get_entry (item) != NULL
      && g_hash_table_lookup (self->items, c2l_history_item_get_uid (item)) == item)
    keep (self, item);
}

/* --- listing --- */

static GHashTable *
new_set (char **uids, guint n)
{
  GHashTable *set = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < n; i++)
    g_hash_table_add (set, uids[i]);
  return set;
}

/* How many from @at on are not in @others. */
static guint
count_strangers (char **uids, guint at, guint n, GHashTable *others)
{
  guint end = at;

  while (end < n && !g_hash_table_contains (others, uids[end]))
    end++;
  return end - at;
}

static void
forget (C2lHistoryList *self, GHashTable *listed)
{
  GHashTableIter iter;
  gpointer uid, item;

  g_hash_table_iter_init (&iter, self->items);
  while (g_hash_table_iter_next (&iter, &uid, &item))
    if (!g_hash_table_contains (listed, uid))
      {
        g_queue_remove (&self->kept, item);
        g_hash_table_iter_remove (&iter);
      }
}

/* Tells the way from the old order to the new one: taken away here, put in there. Where pictures
 * changed places, all from there on. */
static void
tell_changes (C2lHistoryList *self, char **fresh, guint n_fresh)
{
  g_autoptr (GHashTable) before = new_set (self->tail, self->n_tail);
  g_autoptr (GHashTable) after = new_set (fresh, n_fresh);

  for (guint n_changes = 0; self->n_passed < self->n_tail || self->n_head < n_fresh;)
    {
      guint position = self->n_head, removed, added;

      if (self->n_passed < self->n_tail && position < n_fresh
          && g_str_equal (self->tail[self->n_passed], fresh[position]))
        {
          self->n_passed++;
          self->n_head++;
          continue;
        }
      removed = count_strangers (self->tail, self->n_passed, self->n_tail, after);
      added = count_strangers (fresh, position, n_fresh, before);
      if (removed + added == 0 || ++n_changes > MAX_CHANGES)
        {
          removed = self->n_tail - self->n_passed;
          added = n_fresh - position;
        }
      self->n_passed += removed;
      self->n_head += added;
      g_list_model_items_changed (G_LIST_MODEL (self), position, removed, added);
    }
  forget (self, after);
}

static gboolean
is_same (char **a, char **b)
{
  return a != NULL && b != NULL && g_strv_equal ((const char *const *) a, (const char *const *) b);
}

static gboolean
reveal (gpointer data)
{
  C2lHistoryList *self = data;
  const guint n = g_strv_length (self->head), first = self->n_head;

  self->n_head = first < N_REVEALED ? MIN (n, first + REVEAL_STEP) : n;
  g_list_model_items_changed (G_LIST_MODEL (self), first, 0, self->n_head - first);
  if (self->n_head < n)
    return G_SOURCE_CONTINUE;
  self->reveal_source = 0;
  g_signal_emit (self, signals[LISTED], 0);
  return G_SOURCE_REMOVE;
}

/* Takes @uids. */
static void
set_order (C2lHistoryList *self, char **uids)
{
  if (is_same (self->head, uids))
    {
      g_strfreev (uids);
      return;
    }
  g_clear_handle_id (&self->reveal_source, g_source_remove);
  self->tail = self->head;
  self->n_tail = self->n_head;
  self->head = uids;
  self->n_head = self->n_passed = 0;
  if (self->n_tail == 0 && uids[0] != NULL)
    self->reveal_source = g_idle_add (reveal, self);
  else
    tell_changes (self, uids, g_strv_length (uids));
  g_clear_pointer (&self->tail, g_strfreev);
  self->n_tail = self->n_passed = 0;
}

/* What is known of pictures may be true no longer. What is seen is read again, the rest when it is
 * seen. */
static void
refresh (C2lHistoryList *self)
{
  GHashTableIter iter;
  gpointer item;

  while (!g_queue_is_empty (&self->kept))
    c2l_history_item_set (g_queue_pop_head (&self->kept), NULL, NULL);
  g_hash_table_iter_init (&iter, self->items);
  while (g_hash_table_iter_next (&iter, NULL, &item))
    if (c2l_history_item_is_held (item) && c2l_history_item_get_entry (item) != NULL)
      want (self, item);
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lHistoryList) self = data;
  g_autoptr (GError) error = NULL;
  char **uids = c2l_library_list_strings_finish (C2L_LIBRARY (source), result, &error);

  if (uids == NULL)
    {
      fail (self, error);
      return;
    }
  if (g_cancellable_is_cancelled (self->cancellable))
    {
      g_strfreev (uids);
      return;
    }
  g_clear_object (&self->listing);
  set_order (self, uids);
  if (self->reveal_source == 0)
    g_signal_emit (self, signals[LISTED], 0);
}

/* An older listing that was not answered counts no longer. */
static void
list (C2lHistoryList *self)
{
  g_cancellable_cancel (self->listing);
  g_clear_object (&self->listing);
  if (g_cancellable_is_cancelled (self->cancellable))
    return;
  self->listing = g_cancellable_new ();
  c2l_library_list_uids_async (self->library, &self->query, self->listing, on_listed,
                               g_object_ref (self));
}

void
c2l_history_list_set_query (C2lHistoryList *self, const C2lLibraryQuery *query)
{
  g_return_if_fail (C2L_IS_HISTORY_LIST (self));

  g_free ((char *) self->query.text);
  g_free ((char *) self->query.model);
  self->query = *query;
  self->query.text = g_strdup (query->text);
  self->query.model = g_strdup (query->model);
  list (self);
}

static gboolean
follow (gpointer data)
{
  C2lHistoryList *self = data;

  g_clear_handle_id (&self->change_source, g_source_remove);
  list (self);
  refresh (self);
  return G_SOURCE_REMOVE;
}

static void
on_changed (C2lHistoryList *self)
{
  if (!self->is_seen)
    self->has_changed = TRUE;
  else if (self->change_source == 0)
    self->change_source = g_timeout_add (CHANGE_DELAY_MS, follow, self);
}

void
c2l_history_list_set_seen (C2lHistoryList *self, gboolean is_seen)
{
  g_return_if_fail (C2L_IS_HISTORY_LIST (self));

  self->is_seen = is_seen;
  if (!is_seen || !self->has_changed)
    return;
  self->has_changed = FALSE;
  if (self->head != NULL)
    follow (self);
}

/* --- the object --- */

void
c2l_history_list_close (C2lHistoryList *self)
{
  g_return_if_fail (C2L_IS_HISTORY_LIST (self));

  g_cancellable_cancel (self->cancellable);
  g_cancellable_cancel (self->listing);
  g_clear_handle_id (&self->read_source, g_source_remove);
  g_clear_handle_id (&self->change_source, g_source_remove);
  g_clear_handle_id (&self->reveal_source, g_source_remove);
  g_signal_handlers_disconnect_by_data (self->library, self);
}

static void
c2l_history_list_dispose (GObject *object)
{
  C2lHistoryList *self = C2L_HISTORY_LIST (object);

  if (self->library != NULL)
    c2l_history_list_close (self);
  g_clear_object (&self->library);
  G_OBJECT_CLASS (c2l_history_list_parent_class)->dispose (object);
}

static void
c2l_history_list_finalize (GObject *object)
{
  C2lHistoryList *self = C2L_HISTORY_LIST (object);

  g_queue_clear (&self->kept);
  g_queue_clear_full (&self->wanted, g_object_unref);
  g_hash_table_unref (self->items);
  g_strfreev (self->head);
  g_free ((char *) self->query.text);
  g_free ((char *) self->query.model);
  g_clear_object (&self->listing);
  g_object_unref (self->cancellable);
  G_OBJECT_CLASS (c2l_history_list_parent_class)->finalize (object);
}

static void
c2l_history_list_class_init (C2lHistoryListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = c2l_history_list_dispose;
  object_class->finalize = c2l_history_list_finalize;
  signals[LISTED] = g_signal_new ("listed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                  NULL, NULL, G_TYPE_NONE, 0);
  signals[FAILED] = g_signal_new ("failed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                  NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
c2l_history_list_init (C2lHistoryList *self)
{
  self->is_seen = TRUE;
  self->cancellable = g_cancellable_new ();
  self->items = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_object_unref);
  g_queue_init (&self->wanted);
  g_queue_init (&self->kept);
}

C2lHistoryList *
c2l_history_list_new (C2lLibrary *library)
{
  C2lHistoryList *self = g_object_new (C2L_TYPE_HISTORY_LIST, NULL);

  self->library = g_object_ref (library);
  g_signal_connect_object (library, "changed", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
  return self;
}
