/* The table's items, their order and selection, the open model, and what is said about it all.
 * Generating is in c2l-board-runs.c, changing pictures in c2l-board-changes.c, keeping them in
 * c2l-board-library.c. */
#include "app/c2l-board-private.h"
#include "app/c2l-device-names.h"

#include "app/c2l-textures.h"

#include <glib/gi18n.h>
#include <math.h>

/* Full pictures that no cell shows are let go, oldest first, above so many bytes of pixels. */
#define FULL_PICTURES_BUDGET (192u << 20)
/* So many items come on the table in one turn of the main loop; a cell takes about a millisecond.
 */
#define N_PLACED 2

G_DEFINE_FINAL_TYPE (C2lBoard, c2l_board, G_TYPE_OBJECT)

enum
{
  PROP_MODEL_NAME = 1,
  PROP_BUSY,
  PROP_PROGRESS,
  PROP_STATUS,
  PROP_CURRENT,
  PROP_SORTED,
  PROP_CAN_UNDO,
  PROP_CAN_REDO,
  PROP_UNDO_LABEL,
  PROP_REDO_LABEL,
  N_PROPERTIES
};

enum
{
  MESSAGE,
  TROUBLE,
  FAILURE,
  REVEALED,
  APPENDED,
  MODEL_OPENED,
  RUN_FINISHED,
  SLOW_DEVICE,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPERTIES];
static guint signals[N_SIGNALS];

/* --- saying things --- */

void
c2l_board_say_with_action (C2lBoard *self,
                           const char *text,
                           const char *button,
                           const char *action,
                           GVariant *target)
{
  g_autoptr (GVariant) sunk = target != NULL ? g_variant_ref_sink (target) : NULL;

  if (!self->closed)
    g_signal_emit (self, signals[MESSAGE], 0, text, button, action, sunk);
}

void
c2l_board_say (C2lBoard *self, const char *format, ...)
{
  va_list arguments;
  g_autofree char *text = NULL;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  c2l_board_say_with_action (self, text, NULL, NULL, NULL);
}

void
c2l_board_warn (C2lBoard *self, const char *format, ...)
{
  va_list arguments;
  g_autofree char *text = NULL;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  if (!self->closed)
    g_signal_emit (self, signals[FAILURE], 0, text);
}

void
c2l_board_fail (C2lBoard *self, const GError *error)
{
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    c2l_board_warn (self, "%s", error->message);
}

/* "14 of 16 · 0.3 s left · CPU, 2 threads" while something runs, else what there is. */
static char *
dup_status (C2lBoard *self)
{
  const C2lRun *run = g_queue_peek_head (&self->runs);
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->items));

  if (run != NULL && run->running)
    {
      GString *text = g_string_new (NULL);

      g_string_printf (text, _ ("%u of %u"), run->n_done, run->items->len);
      if (self->seconds_left > 0)
        {
          g_string_append (text, " · ");
          g_string_append_printf (text, _ ("%.1f s left"), self->seconds_left);
        }
      if (self->runs.length > 1)
        {
          g_string_append (text, " · ");
          g_string_append_printf (text,
                                  ngettext ("%u more waits", "%u more wait", self->runs.length - 1),
                                  self->runs.length - 1);
        }
      if (self->model != NULL)
        {
          g_autofree char *device = c2l_device_names_dup_description (self->model->device);

          g_string_append_printf (text, " · %s", device);
        }
      return g_string_free (text, FALSE);
    }
  if (self->opening)
    return g_strdup (_ ("Opening the model…"));
  if (n > 0)
    return g_strdup_printf (ngettext ("%u picture", "%u pictures", n), n);
  return g_strdup ("");
}

void
c2l_board_notify_busy (C2lBoard *self)
{
  g_free (self->status);
  self->status = dup_status (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BUSY]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROGRESS]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATUS]);
}

void
c2l_board_notify_undo (C2lBoard *self)
{
  for (int property = PROP_CAN_UNDO; property <= PROP_REDO_LABEL; property++)
    g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

/* --- items --- */

static int
compare_items (gconstpointer a, gconstpointer b, gpointer data)
{
  C2lPictureItem *left = (C2lPictureItem *) a, *right = (C2lPictureItem *) b;
  C2lBoard *self = data;
  guint rows[] = { c2l_picture_item_get_row (left), c2l_picture_item_get_row (right) };
  guint columns[] = { c2l_picture_item_get_column (left), c2l_picture_item_get_column (right) };

  if (rows[0] != rows[1])
    return rows[0] < rows[1] ? GTK_ORDERING_SMALLER : GTK_ORDERING_LARGER;
  if (self->sorted)
    {
      /* Pictures without a score stand behind the others. */
      double scores[] = { c2l_picture_item_get_score (left), c2l_picture_item_get_score (right) };
      double x = isnan (scores[0]) ? -INFINITY : scores[0];
      double y = isnan (scores[1]) ? -INFINITY : scores[1];

      if (x != y)
        return x > y ? GTK_ORDERING_SMALLER : GTK_ORDERING_LARGER;
    }
  return columns[0] < columns[1] ? GTK_ORDERING_SMALLER : columns[0] > columns[1];
}

void
c2l_board_resort (C2lBoard *self)
{
  gtk_sorter_changed (self->sorter, GTK_SORTER_CHANGE_DIFFERENT);
}

static void
on_held (C2lPictureItem *item, C2lBoard *self)
{
  if (c2l_picture_item_get_state (item) == C2L_PICTURE_FINISHED
      && c2l_picture_item_get_full (item) == NULL)
    c2l_board_want_full (self, item);
}

C2lPictureItem *
c2l_board_make_item (C2lBoard *self, guint row, guint column)
{
  C2lPictureItem *item = c2l_picture_item_new (row, column);

  g_signal_connect_object (item, "held", G_CALLBACK (on_held), self, 0);
  return item;
}

/* Those that leave are the last of the store. One step takes some away and puts as many in their
 * place, so that the grid takes its cells over and makes none anew. */
static void
place (C2lBoard *self, guint n_most)
{
  const guint n = g_list_model_get_n_items (G_LIST_MODEL (self->items));
  const guint n_gone = MIN (self->n_leaving, n_most);
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_object_unref);

  while (items->len < n_most && !g_queue_is_empty (&self->arriving))
    g_ptr_array_add (items, g_queue_pop_head (&self->arriving));
  g_list_store_splice (self->items, n - self->n_leaving, n_gone, items->pdata, items->len);
  self->n_leaving -= n_gone;
}

static gboolean
is_placed (C2lBoard *self)
{
  return self->n_leaving == 0 && g_queue_is_empty (&self->arriving);
}

static gboolean
place_some (gpointer data)
{
  C2lBoard *self = data;

  place (self, N_PLACED);
  if (!is_placed (self))
    return G_SOURCE_CONTINUE;
  self->arriving_source = 0;
  return G_SOURCE_REMOVE;
}

void
c2l_board_place_items (C2lBoard *self, GPtrArray *items, gboolean replace)
{
  c2l_board_place_all (self);
  if (replace)
    self->n_leaving = g_list_model_get_n_items (G_LIST_MODEL (self->items));
  for (guint i = 0; i < items->len; i++)
    g_queue_push_tail (&self->arriving, g_object_ref (g_ptr_array_index (items, i)));
  /* Who adds some goes to the first of them; in place of others, the turn is long enough without.
   */
  if (!replace)
    place (self, N_PLACED);
  if (!is_placed (self))
    self->arriving_source = g_idle_add_full (GDK_PRIORITY_REDRAW - 5, place_some, self, NULL);
}

void
c2l_board_place_all (C2lBoard *self)
{
  g_clear_handle_id (&self->arriving_source, g_source_remove);
  if (!is_placed (self))
    place (self, G_MAXUINT);
}

void
c2l_board_remove_items (C2lBoard *self, GPtrArray *items)
{
  c2l_board_place_all (self);
  for (guint i = 0; i < items->len; i++)
    {
      guint position;

      if (g_list_store_find (self->items, g_ptr_array_index (items, i), &position))
        g_list_store_remove (self->items, position);
    }
}

static void
on_selection_changed (C2lBoard *self)
{
  g_autoptr (GPtrArray) selected = c2l_board_list_selected (self);
  C2lPictureItem *current = NULL;

  if (selected->len > 0)
    current = g_ptr_array_find (selected, self->current, NULL) ? self->current
                                                               : g_ptr_array_index (selected, 0);
  if (g_set_object (&self->current, current))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CURRENT]);
}

/* Removing a selected item changes the selection without a signal of its own. */
static void
on_items_changed (C2lBoard *self)
{
  on_selection_changed (self);
  c2l_board_notify_busy (self);
}

GdkPaintable *
c2l_board_make_paintable (C2lPicture *picture, GObject *frame)
{
  GdkTexture *texture;

  if (GDK_IS_PAINTABLE (frame))
    return g_object_ref (GDK_PAINTABLE (frame));
  texture = c2l_texture_new_from_picture (picture);
  return texture != NULL ? GDK_PAINTABLE (texture) : NULL;
}

void
c2l_board_show (C2lBoard *self,
                C2lPictureItem *item,
                C2lPicture *picture,
                GObject *frame,
                C2lPictureState state)
{
  g_autoptr (GdkPaintable) paintable = c2l_board_make_paintable (picture, frame);

  c2l_picture_item_set_frame (item, paintable, state);
  if (state == C2L_PICTURE_FINISHED)
    c2l_board_trim (self);
}

void
c2l_board_trim (C2lBoard *self)
{
  gsize total = 0;

  /* From the newest to the oldest: what is beyond the budget then is the oldest. */
  for (guint i = g_list_model_get_n_items (G_LIST_MODEL (self->items)); i-- > 0;)
    {
      g_autoptr (C2lPictureItem) item = g_list_model_get_item (G_LIST_MODEL (self->items), i);
      GdkPaintable *full = c2l_picture_item_get_full (item);

      if (full == NULL || c2l_picture_item_is_held (item) || item == self->current)
        continue;
      total += (gsize) gdk_paintable_get_intrinsic_width (full)
               * gdk_paintable_get_intrinsic_height (full) * 4;
      if (total > FULL_PICTURES_BUDGET)
        c2l_picture_item_drop_full (item);
    }
}

GtkSelectionModel *
c2l_board_get_selection (C2lBoard *self)
{
  g_return_val_if_fail (C2L_IS_BOARD (self), NULL);
  return self->selection;
}

C2lPictureItem *
c2l_board_get_current (C2lBoard *self)
{
  g_return_val_if_fail (C2L_IS_BOARD (self), NULL);
  return self->current;
}

GPtrArray *
c2l_board_list_selected (C2lBoard *self)
{
  g_autoptr (GtkBitset) set = gtk_selection_model_get_selection (self->selection);
  GPtrArray *items = g_ptr_array_new_with_free_func (g_object_unref);
  GtkBitsetIter iter;
  guint position;

  for (gboolean more = gtk_bitset_iter_init_first (&iter, set, &position); more;
       more = gtk_bitset_iter_next (&iter, &position))
    g_ptr_array_add (items, g_list_model_get_item (G_LIST_MODEL (self->selection), position));
  return items;
}

GPtrArray *
c2l_board_list_all (C2lBoard *self)
{
  GPtrArray *items = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->selection)); i++)
    g_ptr_array_add (items, g_list_model_get_item (G_LIST_MODEL (self->selection), i));
  return items;
}

void
c2l_board_select_only (C2lBoard *self, C2lPictureItem *item)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->selection)); i++)
    {
      g_autoptr (C2lPictureItem) other = g_list_model_get_item (G_LIST_MODEL (self->selection), i);

      if (other == item)
        gtk_selection_model_select_item (self->selection, i, TRUE);
    }
}

C2lPictureItem *
c2l_board_find (C2lBoard *self, const char *uid)
{
  g_return_val_if_fail (C2L_IS_BOARD (self), NULL);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->items)); i++)
    {
      g_autoptr (C2lPictureItem) item = g_list_model_get_item (G_LIST_MODEL (self->items), i);

      if (g_strcmp0 (c2l_picture_item_get_uid (item), uid) == 0)
        return item; /* the list has it */
    }
  return NULL;
}

guint
c2l_board_get_columns (C2lBoard *self)
{
  g_return_val_if_fail (C2L_IS_BOARD (self), 0);
  return self->columns;
}

/* --- the model --- */

C2lWorker *
c2l_board_get_worker (C2lBoard *self)
{
  g_return_val_if_fail (C2L_IS_BOARD (self), NULL);
  return self->worker;
}

C2lLibrary *
c2l_board_get_library (C2lBoard *self)
{
  g_return_val_if_fail (C2L_IS_BOARD (self), NULL);
  return self->library;
}

C2lModelInfo *
c2l_board_get_model (C2lBoard *self)
{
  g_return_val_if_fail (C2L_IS_BOARD (self), NULL);
  return self->model;
}

static void
on_model_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lBoard) self = data;
  g_autoptr (GError) error = NULL;
  C2lModelInfo *model = c2l_worker_open_finish (C2L_WORKER (source), result, &error);

  if (self->closed)
    {
      g_clear_pointer (&model, c2l_model_info_unref);
      return;
    }
  self->opening = FALSE;
  if (model == NULL)
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        g_signal_emit (self, signals[TROUBLE], 0, error->message);
      if (self->model == NULL)
        c2l_board_cancel_runs (self);
    }
  else
    {
      g_clear_pointer (&self->model, c2l_model_info_unref);
      self->model = model;
      self->preview_size = 0;
      self->told_slow = FALSE;
      g_signal_emit (self, signals[TROUBLE], 0, NULL);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MODEL_NAME]);
      g_signal_emit (self, signals[MODEL_OPENED], 0);
    }
  c2l_board_notify_busy (self);
  c2l_board_start_next_run (self);
}

void
c2l_board_open_model (C2lBoard *self, const char *folder)
{
  g_return_if_fail (C2L_IS_BOARD (self));
  self->opening = TRUE;
  c2l_worker_open_async (self->worker, folder, self->cancellable, on_model_opened,
                         g_object_ref (self));
  c2l_board_notify_busy (self);
}

/* --- the object --- */

static void
c2l_board_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  C2lBoard *self = C2L_BOARD (object);

  switch (id)
    {
    case PROP_MODEL_NAME:
      g_value_set_string (value,
                          self->model != NULL ? c2l_bundle_get_name (self->model->bundle) : NULL);
      break;
    case PROP_BUSY:
      g_value_set_boolean (value, self->runs.length > 0);
      break;
    case PROP_PROGRESS:
      g_value_set_double (value, self->progress);
      break;
    case PROP_STATUS:
      g_value_set_string (value, self->status);
      break;
    case PROP_CURRENT:
      g_value_set_object (value, self->current);
      break;
    case PROP_SORTED:
      g_value_set_boolean (value, self->sorted);
      break;
    case PROP_CAN_UNDO:
      g_value_set_boolean (value, c2l_undo_get_undo_label (self->undo) != NULL);
      break;
    case PROP_CAN_REDO:
      g_value_set_boolean (value, c2l_undo_get_redo_label (self->undo) != NULL);
      break;
    case PROP_UNDO_LABEL:
      g_value_set_string (value, c2l_undo_get_undo_label (self->undo));
      break;
    case PROP_REDO_LABEL:
      g_value_set_string (value, c2l_undo_get_redo_label (self->undo));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
c2l_board_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  C2lBoard *self = C2L_BOARD (object);

  switch (id)
    {
    case PROP_SORTED:
      if (self->sorted == g_value_get_boolean (value))
        break;
      self->sorted = g_value_get_boolean (value);
      c2l_board_resort (self);
      g_object_notify_by_pspec (object, pspec);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

void
c2l_board_close (C2lBoard *self)
{
  g_return_if_fail (C2L_IS_BOARD (self));
  if (self->closed)
    return;
  self->closed = TRUE;
  g_cancellable_cancel (self->cancellable);
  c2l_board_cancel_runs (self);
  c2l_board_keep_live (self);
  c2l_board_finish_storing (self);
  c2l_undo_clear (self->undo);
}

static void
c2l_board_dispose (GObject *object)
{
  C2lBoard *self = C2L_BOARD (object);

  c2l_board_close (self);
  g_clear_handle_id (&self->arriving_source, g_source_remove);
  g_queue_clear_full (&self->arriving, g_object_unref);
  g_clear_object (&self->current);
  g_clear_object (&self->compared);
  g_clear_object (&self->selection);
  g_clear_object (&self->items);
  g_clear_object (&self->sorter);
  g_clear_object (&self->worker);
  g_clear_object (&self->library);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->model, c2l_model_info_unref);
  g_clear_pointer (&self->last_asked, c2l_run_unref);
  g_clear_pointer (&self->last_live, c2l_run_unref);
  G_OBJECT_CLASS (c2l_board_parent_class)->dispose (object);
}

static void
c2l_board_finalize (GObject *object)
{
  C2lBoard *self = C2L_BOARD (object);

  c2l_undo_free (self->undo);
  g_free (self->status);
  G_OBJECT_CLASS (c2l_board_parent_class)->finalize (object);
}

static void
install_signals (GType type)
{
  signals[MESSAGE]
      = g_signal_new ("message", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 4,
                      G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_VARIANT);
  signals[TROUBLE] = g_signal_new ("trouble", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[FAILURE] = g_signal_new ("failure", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[REVEALED] = g_signal_new ("revealed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                    G_TYPE_NONE, 1, C2L_TYPE_PICTURE_ITEM);
  signals[APPENDED] = g_signal_new ("appended", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                    G_TYPE_NONE, 1, C2L_TYPE_PICTURE_ITEM);
  signals[MODEL_OPENED]
      = g_signal_new ("model-opened", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[RUN_FINISHED] = g_signal_new ("run-finished", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                        NULL, G_TYPE_NONE, 2, G_TYPE_UINT, G_TYPE_DOUBLE);
  signals[SLOW_DEVICE] = g_signal_new ("slow-device", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                       G_TYPE_NONE, 2, G_TYPE_DOUBLE, G_TYPE_INT);
}

static void
c2l_board_class_init (C2lBoardClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = c2l_board_get_property;
  object_class->set_property = c2l_board_set_property;
  object_class->dispose = c2l_board_dispose;
  object_class->finalize = c2l_board_finalize;
  properties[PROP_MODEL_NAME] = g_param_spec_string ("model-name", NULL, NULL, NULL, flags);
  properties[PROP_BUSY] = g_param_spec_boolean ("busy", NULL, NULL, FALSE, flags);
  properties[PROP_PROGRESS] = g_param_spec_double ("progress", NULL, NULL, 0, 1, 0, flags);
  properties[PROP_STATUS] = g_param_spec_string ("status", NULL, NULL, "", flags);
  properties[PROP_CURRENT]
      = g_param_spec_object ("current", NULL, NULL, C2L_TYPE_PICTURE_ITEM, flags);
  properties[PROP_SORTED] = g_param_spec_boolean (
      "sorted", NULL, NULL, FALSE, flags | G_PARAM_WRITABLE | G_PARAM_EXPLICIT_NOTIFY);
  properties[PROP_CAN_UNDO] = g_param_spec_boolean ("can-undo", NULL, NULL, FALSE, flags);
  properties[PROP_CAN_REDO] = g_param_spec_boolean ("can-redo", NULL, NULL, FALSE, flags);
  properties[PROP_UNDO_LABEL] = g_param_spec_string ("undo-label", NULL, NULL, NULL, flags);
  properties[PROP_REDO_LABEL] = g_param_spec_string ("redo-label", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
  install_signals (G_TYPE_FROM_CLASS (klass));
}

static void
c2l_board_init (C2lBoard *self)
{
  GtkSortListModel *sorted;

  self->cancellable = g_cancellable_new ();
  self->undo = c2l_undo_new ();
  self->status = g_strdup ("");
  g_queue_init (&self->runs);
  self->items = g_list_store_new (C2L_TYPE_PICTURE_ITEM);
  self->sorter = GTK_SORTER (gtk_custom_sorter_new (compare_items, self, NULL));
  sorted = gtk_sort_list_model_new (g_object_ref (G_LIST_MODEL (self->items)),
                                    g_object_ref (self->sorter));
  self->selection = GTK_SELECTION_MODEL (gtk_multi_selection_new (G_LIST_MODEL (sorted)));
  g_signal_connect_object (self->selection, "selection-changed", G_CALLBACK (on_selection_changed),
                           self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->selection, "items-changed", G_CALLBACK (on_items_changed), self,
                           G_CONNECT_SWAPPED);
}

C2lBoard *
c2l_board_new (C2lWorker *worker, C2lLibrary *library)
{
  C2lBoard *self = g_object_new (C2L_TYPE_BOARD, NULL);

  self->worker = g_object_ref (worker);
  g_set_object (&self->library, library);
  return self;
}
