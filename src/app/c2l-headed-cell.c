/* A cell with room above it. What is written there is wider than the widget, which GTK allows as
 * long as nothing is cut to size. */
#include "app/c2l-headed-cell.h"

struct _C2lHeadedCell
{
  GtkWidget parent_instance;

  GtkWidget *heading, *cell;
  gboolean has_room;
  guint n_cells;
};

G_DEFINE_FINAL_TYPE (C2lHeadedCell, c2l_headed_cell, GTK_TYPE_WIDGET)

/* The same for all cells of a line, whether or not something is written in them. */
static int
measure_room (C2lHeadedCell *self)
{
  int natural;

  if (!self->has_room)
    return 0;
  gtk_widget_measure (self->heading, GTK_ORIENTATION_VERTICAL, -1, NULL, &natural, NULL, NULL);
  return natural;
}

static void
c2l_headed_cell_measure (GtkWidget *widget,
                         GtkOrientation orientation,
                         int for_size,
                         int *minimum,
                         int *natural,
                         int *minimum_baseline,
                         int *natural_baseline)
{
  C2lHeadedCell *self = C2L_HEADED_CELL (widget);
  int room = orientation == GTK_ORIENTATION_VERTICAL ? measure_room (self) : 0;

  gtk_widget_measure (self->cell, orientation, for_size, minimum, natural, NULL, NULL);
  *minimum += room;
  *natural += room;
}

static GtkSizeRequestMode
c2l_headed_cell_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
c2l_headed_cell_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  C2lHeadedCell *self = C2L_HEADED_CELL (widget);
  int room = measure_room (self), minimum;
  gboolean is_rtl = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;

  if (gtk_widget_should_layout (self->heading))
    {
      int span;

      gtk_widget_measure (self->heading, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL,
                          NULL);
      span = MAX (minimum, width * (int) MAX (self->n_cells, 1));
      gtk_widget_size_allocate (self->heading,
                                &(GtkAllocation){ is_rtl ? width - span : 0, 0, span, room }, -1);
    }
  gtk_widget_measure (self->cell, GTK_ORIENTATION_VERTICAL, width, &minimum, NULL, NULL, NULL);
  gtk_widget_size_allocate (self->cell,
                            &(GtkAllocation){ 0, room, width, MAX (minimum, height - room) }, -1);
}

static void
c2l_headed_cell_dispose (GObject *object)
{
  C2lHeadedCell *self = C2L_HEADED_CELL (object);

  g_clear_pointer (&self->heading, gtk_widget_unparent);
  g_clear_pointer (&self->cell, gtk_widget_unparent);

  G_OBJECT_CLASS (c2l_headed_cell_parent_class)->dispose (object);
}

static void
c2l_headed_cell_class_init (C2lHeadedCellClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_headed_cell_dispose;
  widget_class->measure = c2l_headed_cell_measure;
  widget_class->get_request_mode = c2l_headed_cell_get_request_mode;
  widget_class->size_allocate = c2l_headed_cell_size_allocate;

  gtk_widget_class_set_css_name (widget_class, "headedcell");
}

static void
c2l_headed_cell_init (C2lHeadedCell *self)
{
  self->heading = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (self->heading), 0);
  gtk_label_set_ellipsize (GTK_LABEL (self->heading), PANGO_ELLIPSIZE_END);
  gtk_label_set_single_line_mode (GTK_LABEL (self->heading), TRUE);
  gtk_widget_add_css_class (self->heading, "row-heading");
  gtk_widget_set_can_target (self->heading, FALSE);
  gtk_widget_set_visible (self->heading, FALSE);
  gtk_widget_set_parent (self->heading, GTK_WIDGET (self));
}

GtkWidget *
c2l_headed_cell_new (GtkWidget *cell)
{
  C2lHeadedCell *self = g_object_new (C2L_TYPE_HEADED_CELL, NULL);

  self->cell = cell;
  gtk_widget_set_parent (cell, GTK_WIDGET (self));
  return GTK_WIDGET (self);
}

GtkWidget *
c2l_headed_cell_get_cell (C2lHeadedCell *self)
{
  g_return_val_if_fail (C2L_IS_HEADED_CELL (self), NULL);

  return self->cell;
}

void
c2l_headed_cell_set_heading (C2lHeadedCell *self,
                             gboolean has_room,
                             const char *text,
                             guint n_cells)
{
  g_return_if_fail (C2L_IS_HEADED_CELL (self));

  gtk_label_set_text (GTK_LABEL (self->heading), text != NULL ? text : "");
  /* Without words too: a label's height is the room. */
  gtk_widget_set_visible (self->heading, has_room);
  if (self->has_room == has_room && self->n_cells == n_cells)
    return;
  self->has_room = has_room;
  self->n_cells = n_cells;
  gtk_widget_queue_resize (GTK_WIDGET (self));
}
