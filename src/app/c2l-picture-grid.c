/* The grid of pictures. GtkGridView does walking, selecting and recycling of cells; here are the
 * number of columns, what a cell's buttons and menu are about, and dragging out. Cells keep their
 * size while the window changes: columns come and go instead. */
#include "app/c2l-picture-grid.h"

#include "app/c2l-headed-cell.h"
#include "app/c2l-picture-cell.h"
#include "app/c2l-picture-content.h"
#include "app/c2l-popup.h"
#include "app/c2l-recipe-view.h"
#include "app/c2l-tab-stop.h"

#include <glib/gi18n.h>

/* Below this a face cannot be told from another. */
#define SMALLEST_CELL 112
#define DEFAULT_CELL_SIZE 184
#define MAX_COLUMNS 64

struct _C2lPictureGrid
{
  GtkWidget parent_instance;

  GtkWidget *scroller;
  GtkGridView *view;
  GtkWidget *menu, *recipe_view;
  C2lBoard *board;
  GHashTable *cells;        /* C2lPictureItem → C2lPictureCell that shows it; neither owned */
  C2lPictureItem *revealed; /* (nullable): to be seen as soon as it has its place */
  gboolean takes_keyboard;  /* the revealed one, once */
  int cell_size;
  guint n_columns;
  guint batch; /* pictures of the running generation that were seen waiting */
  guint place_source, heading_source;
};

G_DEFINE_FINAL_TYPE (C2lPictureGrid, c2l_picture_grid, GTK_TYPE_WIDGET)

enum
{
  PROP_CELL_SIZE = 1,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

/* --- columns --- */

guint
c2l_picture_grid_count_columns (int width, int cell_size, guint n_fixed)
{
  guint fitting = MAX (1, width / SMALLEST_CELL);
  guint wished = MAX (1, (width + cell_size / 2) / MAX (cell_size, 1));

  /* Two beside each other even on the narrowest window. */
  wished = CLAMP (wished, MIN (2, fitting), MIN (fitting, MAX_COLUMNS));
  if (n_fixed == 0)
    return wished;
  if (n_fixed <= fitting)
    return MIN (n_fixed, MAX_COLUMNS);

  /* A prompt's pictures take several lines then, but every prompt begins a new one. */
  for (guint columns = wished; columns > 1; columns--)
    if (n_fixed % columns == 0)
      return columns;
  return wished;
}

/* --- headings: a prompt's pictures begin with their prompt --- */

static guint
get_row (GListModel *model, guint position)
{
  g_autoptr (C2lPictureItem) item = g_list_model_get_item (model, position);

  return c2l_picture_item_get_row (item);
}

static gboolean
begins_row (GListModel *model, guint position)
{
  return position == 0 || get_row (model, position) != get_row (model, position - 1);
}

static void
update_heading (C2lPictureGrid *self, GtkListItem *list_item)
{
  C2lHeadedCell *place = C2L_HEADED_CELL (gtk_list_item_get_child (list_item));
  C2lPictureItem *item = gtk_list_item_get_item (list_item);
  GListModel *model = G_LIST_MODEL (c2l_board_get_selection (self->board));
  guint position = gtk_list_item_get_position (list_item), n = g_list_model_get_n_items (model);
  guint line = position - position % MAX (self->n_columns, 1);
  guint line_end = MIN (line + MAX (self->n_columns, 1), n), end = position + 1;
  g_autofree char *subject = NULL;
  gboolean has_room = FALSE;

  if (position >= n || item == NULL)
    return;
  if (c2l_board_get_columns (self->board) == 0)
    {
      c2l_headed_cell_set_heading (place, FALSE, NULL, 1);
      return;
    }
  for (guint i = line; i < line_end && !has_room; i++)
    has_room = begins_row (model, i);
  while (end < line_end && !begins_row (model, end))
    end++;
  if (begins_row (model, position))
    subject = c2l_picture_item_dup_subject (item);
  c2l_headed_cell_set_heading (place, has_room, subject, end - position);
}

#define LIST_ITEM_KEY "c2l-list-item"

static gboolean
update_headings (gpointer data)
{
  C2lPictureGrid *self = data;
  GHashTableIter iter;
  gpointer cell;

  self->heading_source = 0;
  g_hash_table_iter_init (&iter, self->cells);
  while (g_hash_table_iter_next (&iter, NULL, &cell))
    update_heading (self, g_object_get_data (G_OBJECT (cell), LIST_ITEM_KEY));
  return G_SOURCE_REMOVE;
}

/* Pictures change their places by the hundred: once is enough for all of them. */
static void
queue_headings (C2lPictureGrid *self)
{
  if (self->heading_source == 0)
    self->heading_source = g_idle_add_full (G_PRIORITY_HIGH_IDLE, update_headings, self, NULL);
}

static void
update_columns (C2lPictureGrid *self, int width)
{
  guint fixed = self->board != NULL ? c2l_board_get_columns (self->board) : 0;
  guint columns = c2l_picture_grid_count_columns (width, self->cell_size, fixed);

  if (self->n_columns == columns)
    return;
  self->n_columns = columns;
  gtk_grid_view_set_min_columns (self->view, 1);
  gtk_grid_view_set_max_columns (self->view, columns);
  gtk_grid_view_set_min_columns (self->view, columns);
  queue_headings (self);
}

/* --- progress --- */

/* The next picture to come shows how far it is: the share of the whole run's progress that is its
 * own. */
static void
update_progress (C2lPictureGrid *self)
{
  GListModel *model = G_LIST_MODEL (c2l_board_get_selection (self->board));
  guint n = g_list_model_get_n_items (model), n_open = 0;
  C2lPictureItem *next = NULL;
  double progress;
  gboolean busy;

  g_object_get (self->board, "busy", &busy, "progress", &progress, NULL);
  if (!busy)
    {
      self->batch = 0;
      return;
    }

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (C2lPictureItem) item = g_list_model_get_item (model, i);
      C2lPictureState state = c2l_picture_item_get_state (item);

      n_open += state == C2L_PICTURE_WAITING || state == C2L_PICTURE_PREVIEW;
      if (next == NULL && state == C2L_PICTURE_WAITING)
        next = item;
    }

  self->batch = MAX (self->batch, n_open);
  GtkWidget *cell = c2l_picture_grid_get_cell (self, next);
  if (cell != NULL)
    c2l_picture_cell_set_progress (C2L_PICTURE_CELL (cell),
                                   progress * self->batch - (self->batch - n_open));
}

static void
on_busy (C2lPictureGrid *self)
{
  gboolean busy;

  g_object_get (self->board, "busy", &busy, NULL);
  if (!busy && self->place_source == 0)
    g_clear_object (&self->revealed);
  self->batch = 0;
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

/* --- what is under the hand --- */

static void
select_item (C2lPictureGrid *self, C2lPictureItem *item)
{
  g_autoptr (GPtrArray) selected = c2l_board_list_selected (self->board);

  if (!g_ptr_array_find (selected, item, NULL))
    c2l_board_select_only (self->board, item);
}

static void
popup_cell_menu (C2lPictureGrid *self, C2lPictureCell *cell, double x, double y)
{
  C2lPictureItem *item = c2l_picture_cell_get_item (cell);

  if (item == NULL || self->board == NULL)
    return;
  select_item (self, item);
  c2l_popup_at_point (GTK_POPOVER (self->menu), GTK_WIDGET (cell), x, y);
}

void
c2l_picture_grid_popup_menu (C2lPictureGrid *self)
{
  GtkWidget *cell;

  g_return_if_fail (C2L_IS_PICTURE_GRID (self));

  if (self->board == NULL)
    return;
  cell = c2l_picture_grid_get_cell (self, c2l_board_get_current (self->board));
  if (cell != NULL)
    c2l_popup_at_point (GTK_POPOVER (self->menu), cell, gtk_widget_get_width (cell) / 2.0,
                        gtk_widget_get_height (cell) / 2.0);
}

void
c2l_picture_grid_show_recipe (C2lPictureGrid *self, C2lPictureItem *item, C2lRecipe *recipe)
{
  const C2lModelInfo *model = self->board != NULL ? c2l_board_get_model (self->board) : NULL;
  GtkWidget *cell;

  g_return_if_fail (C2L_IS_PICTURE_GRID (self));

  cell = c2l_picture_grid_get_cell (self, item);
  if (cell == NULL)
    return;
  c2l_recipe_view_set_recipe (C2L_RECIPE_VIEW (self->recipe_view), recipe,
                              model != NULL ? model->bundle : NULL);
  c2l_popup_at_widget (GTK_POPOVER (self->recipe_view), cell);
}

static void
on_secondary_pressed (GtkGesture *gesture, int n, double x, double y, C2lPictureGrid *self)
{
  GtkWidget *cell = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (gesture));

  popup_cell_menu (self, C2L_PICTURE_CELL (cell), x, y);
  gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED);
}

static void
on_long_pressed (GtkGesture *gesture, double x, double y, C2lPictureGrid *self)
{
  on_secondary_pressed (gesture, 1, x, y, self);
}

static void
on_menu_clicked (C2lPictureCell *cell, C2lPictureGrid *self)
{
  popup_cell_menu (self, cell, gtk_widget_get_width (GTK_WIDGET (cell)),
                   gtk_widget_get_height (GTK_WIDGET (cell)));
}

static void
on_star_clicked (C2lPictureCell *cell, C2lPictureGrid *self)
{
  C2lPictureItem *item = c2l_picture_cell_get_item (cell);
  g_autoptr (GPtrArray) items = g_ptr_array_new ();

  if (item == NULL || self->board == NULL)
    return;
  g_ptr_array_add (items, item);
  c2l_board_set_favourite (self->board, items, !c2l_picture_item_get_favourite (item));
}

/* --- dragging out --- */

/* A drag that begins on a selected picture takes all that are selected. */
static GdkContentProvider *
on_drag_prepare (GtkDragSource *source, double x, double y, C2lPictureGrid *self)
{
  GtkWidget *cell = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (source));
  C2lPictureItem *item = c2l_picture_cell_get_item (C2L_PICTURE_CELL (cell));
  g_autoptr (GPtrArray) items = NULL;

  if (item == NULL || self->board == NULL || c2l_picture_item_get_recipe (item) == NULL
      || c2l_picture_item_get_state (item) != C2L_PICTURE_FINISHED)
    return NULL;

  items = c2l_board_list_selected (self->board);
  if (!g_ptr_array_find (items, item, NULL))
    {
      g_ptr_array_set_size (items, 0);
      g_ptr_array_add (items, g_object_ref (item));
    }
  return c2l_picture_content_new (self->board, items);
}

static void
on_drag_begin (GtkDragSource *source, GdkDrag *drag, C2lPictureGrid *self)
{
  GtkWidget *cell = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (source));
  g_autoptr (GdkPaintable) picture = gtk_widget_paintable_new (cell);
  g_autoptr (GdkPaintable) image = gdk_paintable_get_current_image (picture);

  gtk_drag_source_set_icon (source, image, gtk_widget_get_width (cell) / 2,
                            gtk_widget_get_height (cell) / 2);
}

/* --- cells --- */

/* Asked when the pointer rests there: to set a tip at each binding, GTK would each time ask the
 * display server where the pointer is. */
static gboolean
on_query_tooltip (GtkWidget *cell,
                  int x,
                  int y,
                  gboolean by_keyboard,
                  GtkTooltip *tooltip,
                  C2lPictureGrid *self)
{
  C2lPictureItem *item = c2l_picture_cell_get_item (C2L_PICTURE_CELL (cell));
  gboolean has_rows = self->board != NULL && c2l_board_get_columns (self->board) > 0;
  g_autofree char *subject = has_rows && item != NULL ? c2l_picture_item_dup_subject (item) : NULL;

  gtk_tooltip_set_text (tooltip, subject);
  return subject != NULL;
}

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *list_item, C2lPictureGrid *self)
{
  GtkWidget *cell = c2l_picture_cell_new ();
  GtkGesture *secondary = gtk_gesture_click_new ();
  GtkGesture *touch = gtk_gesture_long_press_new ();
  GtkDragSource *source = gtk_drag_source_new ();

  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (secondary), GDK_BUTTON_SECONDARY);
  gtk_gesture_single_set_touch_only (GTK_GESTURE_SINGLE (touch), TRUE);
  g_signal_connect (secondary, "pressed", G_CALLBACK (on_secondary_pressed), self);
  g_signal_connect (touch, "pressed", G_CALLBACK (on_long_pressed), self);
  g_signal_connect (source, "prepare", G_CALLBACK (on_drag_prepare), self);
  g_signal_connect (source, "drag-begin", G_CALLBACK (on_drag_begin), self);
  gtk_widget_set_has_tooltip (cell, TRUE);
  g_signal_connect (cell, "query-tooltip", G_CALLBACK (on_query_tooltip), self);
  g_signal_connect (cell, "menu-clicked", G_CALLBACK (on_menu_clicked), self);
  g_signal_connect (cell, "star-clicked", G_CALLBACK (on_star_clicked), self);
  gtk_widget_add_controller (cell, GTK_EVENT_CONTROLLER (secondary));
  gtk_widget_add_controller (cell, GTK_EVENT_CONTROLLER (touch));
  gtk_widget_add_controller (cell, GTK_EVENT_CONTROLLER (source));
  g_object_set_data (G_OBJECT (cell), LIST_ITEM_KEY, list_item);
  gtk_list_item_set_child (list_item, c2l_headed_cell_new (cell));
}

static GtkWidget *
get_cell (GtkListItem *list_item)
{
  return c2l_headed_cell_get_cell (C2L_HEADED_CELL (gtk_list_item_get_child (list_item)));
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *list_item, C2lPictureGrid *self)
{
  GtkWidget *cell = get_cell (list_item);
  C2lPictureItem *item = gtk_list_item_get_item (list_item);

  c2l_picture_cell_set_item (C2L_PICTURE_CELL (cell), item);
  g_hash_table_insert (self->cells, item, cell);
  if (self->board != NULL)
    update_heading (self, list_item);
}

static void
on_unbind (GtkSignalListItemFactory *factory, GtkListItem *list_item, C2lPictureGrid *self)
{
  GtkWidget *cell = get_cell (list_item);
  C2lPictureItem *item = c2l_picture_cell_get_item (C2L_PICTURE_CELL (cell));

  /* The item may have been bound to another cell already. */
  if (g_hash_table_lookup (self->cells, item) == cell)
    g_hash_table_remove (self->cells, item);
  c2l_picture_cell_set_item (C2L_PICTURE_CELL (cell), NULL);
}

static void
on_activate (C2lPictureGrid *self)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "create.view", NULL);
}

GtkWidget *
c2l_picture_grid_get_cell (C2lPictureGrid *self, C2lPictureItem *item)
{
  g_return_val_if_fail (C2L_IS_PICTURE_GRID (self), NULL);

  return item != NULL ? g_hash_table_lookup (self->cells, item) : NULL;
}

/* GtkGridView itself would go to where the keyboard was before, which may be elsewhere after
 * sorting. */
static void
focus_position (C2lPictureGrid *self, guint position)
{
  GListModel *model = G_LIST_MODEL (c2l_board_get_selection (self->board));
  g_autoptr (C2lPictureItem) item = g_list_model_get_item (model, position);
  GtkWidget *cell = c2l_picture_grid_get_cell (self, item);

  while (cell != NULL && gtk_widget_get_parent (cell) != GTK_WIDGET (self->view))
    cell = gtk_widget_get_parent (cell);
  gtk_widget_grab_focus (cell != NULL ? cell : GTK_WIDGET (self->view));
}

void
c2l_picture_grid_focus (C2lPictureGrid *self)
{
  GtkSelectionModel *selection;
  guint n, position = 0;

  g_return_if_fail (C2L_IS_PICTURE_GRID (self));

  if (self->board == NULL)
    return;
  selection = c2l_board_get_selection (self->board);
  n = g_list_model_get_n_items (G_LIST_MODEL (selection));
  if (n == 0)
    return;
  while (position < n && !gtk_selection_model_is_selected (selection, position))
    position++;
  if (position == n)
    {
      position = 0;
      gtk_selection_model_select_item (selection, position, TRUE);
    }
  gtk_widget_activate_action (GTK_WIDGET (self->view), "list.scroll-to-item", "u", position);
  focus_position (self, position);
}

/* The keyboard comes back to the picture that the popover was about. */
static void
on_popover_closed (C2lPictureGrid *self)
{
  if (gtk_widget_get_mapped (GTK_WIDGET (self->view)))
    c2l_picture_grid_focus (self);
}

/* Where @item stands; the number of items where it does not. */
static guint
find_position (C2lPictureGrid *self, C2lPictureItem *item)
{
  GListModel *model = G_LIST_MODEL (c2l_board_get_selection (self->board));
  guint n = g_list_model_get_n_items (model);

  for (guint i = 0; item != NULL && i < n; i++)
    {
      g_autoptr (C2lPictureItem) other = g_list_model_get_item (model, i);

      if (other == item)
        return i;
    }
  return n;
}

static void
forget_revealed (C2lPictureGrid *self)
{
  g_clear_object (&self->revealed);
  self->takes_keyboard = FALSE;
}

/* GtkGridView holds on to the pictures that it shows: when better ones come in front of them, it
 * moves down. Who is at the top wants to see those, and who asked for further ones wants to see the
 * first of them. */
static gboolean
place (gpointer data)
{
  C2lPictureGrid *self = data;
  guint n = g_list_model_get_n_items (G_LIST_MODEL (c2l_board_get_selection (self->board)));
  guint position = find_position (self, self->revealed);
  gboolean busy;

  self->place_source = 0;
  if (n == 0)
    return G_SOURCE_REMOVE;
  gtk_widget_activate_action (GTK_WIDGET (self->view), "list.scroll-to-item", "u",
                              position < n ? position : 0);
  if (position < n && self->takes_keyboard && gtk_widget_get_mapped (GTK_WIDGET (self->view)))
    {
      self->takes_keyboard = FALSE;
      focus_position (self, position);
    }
  g_object_get (self->board, "busy", &busy, NULL);
  if (!busy)
    forget_revealed (self);
  return G_SOURCE_REMOVE;
}

static void
queue_place (C2lPictureGrid *self)
{
  if (self->place_source == 0)
    self->place_source = g_idle_add_full (G_PRIORITY_HIGH_IDLE, place, self, NULL);
}

static void
on_appended (C2lPictureGrid *self, C2lPictureItem *item)
{
  g_set_object (&self->revealed, item);
  queue_place (self);
}

void
c2l_picture_grid_reveal (C2lPictureGrid *self, C2lPictureItem *item)
{
  g_return_if_fail (C2L_IS_PICTURE_GRID (self));

  if (self->board == NULL)
    return;
  g_set_object (&self->revealed, item);
  self->takes_keyboard = TRUE;
  queue_place (self);
}

static void
on_items_changed (C2lPictureGrid *self)
{
  GtkAdjustment *adjustment
      = gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (self->scroller));

  if (gtk_adjustment_get_value (adjustment) == 0)
    queue_place (self);
  queue_headings (self);
}

void
c2l_picture_grid_set_board (C2lPictureGrid *self, C2lBoard *board)
{
  g_return_if_fail (C2L_IS_PICTURE_GRID (self));

  if (self->board == board)
    return;
  if (self->board != NULL)
    {
      g_signal_handlers_disconnect_by_data (c2l_board_get_selection (self->board), self);
      g_signal_handlers_disconnect_by_data (self->board, self);
    }
  g_clear_handle_id (&self->place_source, g_source_remove);
  g_clear_handle_id (&self->heading_source, g_source_remove);
  forget_revealed (self);
  g_set_object (&self->board, board);
  gtk_grid_view_set_model (self->view, board != NULL ? c2l_board_get_selection (board) : NULL);
  if (board != NULL)
    {
      g_signal_connect_swapped (c2l_board_get_selection (board), "items-changed",
                                G_CALLBACK (on_items_changed), self);
      g_signal_connect_swapped (board, "appended", G_CALLBACK (on_appended), self);
      g_signal_connect_swapped (board, "notify::progress", G_CALLBACK (update_progress), self);
      g_signal_connect_swapped (board, "notify::busy", G_CALLBACK (on_busy), self);
    }
}

/* --- the widget --- */

static void
c2l_picture_grid_measure (GtkWidget *widget,
                          GtkOrientation orientation,
                          int for_size,
                          int *minimum,
                          int *natural,
                          int *minimum_baseline,
                          int *natural_baseline)
{
  C2lPictureGrid *self = C2L_PICTURE_GRID (widget);

  gtk_widget_measure (self->scroller, orientation, for_size, minimum, natural, NULL, NULL);
}

static void
c2l_picture_grid_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  C2lPictureGrid *self = C2L_PICTURE_GRID (widget);

  update_columns (self, width);
  gtk_widget_measure (self->scroller, GTK_ORIENTATION_HORIZONTAL, -1, NULL, NULL, NULL, NULL);
  gtk_widget_size_allocate (self->scroller, &(GtkAllocation){ 0, 0, width, height }, -1);
  gtk_popover_present (GTK_POPOVER (self->menu));
  gtk_popover_present (GTK_POPOVER (self->recipe_view));
}

static void
c2l_picture_grid_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_CELL_SIZE)
    g_value_set_int (value, C2L_PICTURE_GRID (object)->cell_size);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
c2l_picture_grid_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  C2lPictureGrid *self = C2L_PICTURE_GRID (object);

  if (id != PROP_CELL_SIZE)
    {
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      return;
    }
  self->cell_size = g_value_get_int (value);
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

static void
c2l_picture_grid_dispose (GObject *object)
{
  C2lPictureGrid *self = C2L_PICTURE_GRID (object);

  if (self->view != NULL)
    c2l_picture_grid_set_board (self, NULL);
  self->view = NULL;
  g_clear_pointer (&self->menu, gtk_widget_unparent);
  g_clear_pointer (&self->recipe_view, gtk_widget_unparent);
  g_clear_pointer (&self->scroller, gtk_widget_unparent);

  G_OBJECT_CLASS (c2l_picture_grid_parent_class)->dispose (object);
}

static void
c2l_picture_grid_finalize (GObject *object)
{
  g_hash_table_unref (C2L_PICTURE_GRID (object)->cells);

  G_OBJECT_CLASS (c2l_picture_grid_parent_class)->finalize (object);
}

static void
c2l_picture_grid_class_init (C2lPictureGridClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = c2l_picture_grid_dispose;
  object_class->finalize = c2l_picture_grid_finalize;
  object_class->get_property = c2l_picture_grid_get_property;
  object_class->set_property = c2l_picture_grid_set_property;
  widget_class->measure = c2l_picture_grid_measure;
  widget_class->size_allocate = c2l_picture_grid_size_allocate;

  properties[PROP_CELL_SIZE]
      = g_param_spec_int ("cell-size", NULL, NULL, SMALLEST_CELL, 1024, DEFAULT_CELL_SIZE,
                          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);

  g_type_ensure (C2L_TYPE_RECIPE_VIEW);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-picture-grid.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lPictureGrid, scroller);
  gtk_widget_class_bind_template_child (widget_class, C2lPictureGrid, view);
  gtk_widget_class_bind_template_child (widget_class, C2lPictureGrid, menu);
  gtk_widget_class_bind_template_child (widget_class, C2lPictureGrid, recipe_view);
  gtk_widget_class_bind_template_callback (widget_class, on_setup);
  gtk_widget_class_bind_template_callback (widget_class, on_bind);
  gtk_widget_class_bind_template_callback (widget_class, on_unbind);
  gtk_widget_class_bind_template_callback (widget_class, on_activate);
  gtk_widget_class_bind_template_callback (widget_class, on_popover_closed);
  gtk_widget_class_set_css_name (widget_class, "picturegrid");
}

static void
c2l_picture_grid_init (C2lPictureGrid *self)
{
  self->cells = g_hash_table_new (NULL, NULL);
  self->cell_size = DEFAULT_CELL_SIZE;
  gtk_widget_init_template (GTK_WIDGET (self));
  c2l_tab_stop_add (GTK_WIDGET (self->view));
}

GtkWidget *
c2l_picture_grid_new (void)
{
  return g_object_new (C2L_TYPE_PICTURE_GRID, NULL);
}
