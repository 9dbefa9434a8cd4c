/* A thumbnail of the history. As wide as its column and as high as wide, so that nothing moves when
 * thumbnails come. */
#include "app/c2l-history-cell.h"

#include <glib/gi18n.h>

/* Two beside each other on the narrowest pane. */
#define LEAST_WIDTH 104

struct _C2lHistoryCell
{
  GtkWidget parent_instance;

  GtkWidget *star, *day;
  C2lHistoryItem *item;
};

G_DEFINE_FINAL_TYPE (C2lHistoryCell, c2l_history_cell, GTK_TYPE_WIDGET)

static guint star_clicked_signal;

/* The list's own widget around the cell is what screen readers come to. */
static void
update_label (C2lHistoryCell *self)
{
  g_autofree char *label = c2l_history_item_dup_label (self->item);
  GtkWidget *parent = gtk_widget_get_parent (GTK_WIDGET (self));

  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  if (parent != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (parent), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                    -1);
}

static void
update (C2lHistoryCell *self)
{
  C2lLibraryEntry *entry = c2l_history_item_get_entry (self->item);
  gboolean favourite = entry != NULL && entry->favourite;

  if (favourite)
    gtk_widget_add_css_class (GTK_WIDGET (self), "favourite");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self), "favourite");
  gtk_button_set_icon_name (GTK_BUTTON (self->star),
                            favourite ? "starred-symbolic" : "non-starred-symbolic");
  gtk_accessible_update_property (
      GTK_ACCESSIBLE (self->star), GTK_ACCESSIBLE_PROPERTY_LABEL,
      favourite ? _ ("Remove from favourites") : _ ("Add to favourites"), -1);
  update_label (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
c2l_history_cell_set_item (C2lHistoryCell *self, C2lHistoryItem *item)
{
  g_return_if_fail (C2L_IS_HISTORY_CELL (self));

  if (self->item == item)
    return;
  if (self->item != NULL)
    g_signal_handlers_disconnect_by_data (self->item, self);
  g_set_object (&self->item, item);
  if (item == NULL)
    return;
  g_signal_connect_swapped (item, "notify::entry", G_CALLBACK (update), self);
  update (self);
}

C2lHistoryItem *
c2l_history_cell_get_item (C2lHistoryCell *self)
{
  g_return_val_if_fail (C2L_IS_HISTORY_CELL (self), NULL);

  return self->item;
}

void
c2l_history_cell_set_day (C2lHistoryCell *self, const char *title)
{
  GtkWidget *parent = gtk_widget_get_parent (GTK_WIDGET (self));

  g_return_if_fail (C2L_IS_HISTORY_CELL (self));

  if (g_strcmp0 (gtk_label_get_label (GTK_LABEL (self->day)), title != NULL ? title : "") == 0)
    return;
  gtk_label_set_label (GTK_LABEL (self->day), title != NULL ? title : "");
  gtk_widget_set_visible (self->day, title != NULL);
  if (parent != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (parent), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                    title != NULL ? title : "", -1);
}

static void
on_star_clicked (C2lHistoryCell *self)
{
  g_signal_emit (self, star_clicked_signal, 0);
}

static void
c2l_history_cell_measure (GtkWidget *widget,
                          GtkOrientation orientation,
                          int for_size,
                          int *minimum,
                          int *natural,
                          int *minimum_baseline,
                          int *natural_baseline)
{
  *minimum = *natural
      = orientation == GTK_ORIENTATION_VERTICAL ? MAX (for_size, LEAST_WIDTH) : LEAST_WIDTH;
}

static GtkSizeRequestMode
c2l_history_cell_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
c2l_history_cell_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  C2lHistoryCell *self = C2L_HISTORY_CELL (widget);
  GtkWidget *const children[] = { self->star, self->day };

  for (guint i = 0; i < G_N_ELEMENTS (children); i++)
    if (gtk_widget_should_layout (children[i]))
      {
        gtk_widget_measure (children[i], GTK_ORIENTATION_HORIZONTAL, -1, NULL, NULL, NULL, NULL);
        gtk_widget_size_allocate (children[i], &(GtkAllocation){ 0, 0, width, height }, -1);
      }
}

static void
c2l_history_cell_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  C2lHistoryCell *self = C2L_HISTORY_CELL (widget);
  GdkTexture *texture = self->item != NULL ? c2l_history_item_get_texture (self->item) : NULL;

  if (texture != NULL)
    gdk_paintable_snapshot (GDK_PAINTABLE (texture), GDK_SNAPSHOT (snapshot),
                            gtk_widget_get_width (widget), gtk_widget_get_height (widget));
  GTK_WIDGET_CLASS (c2l_history_cell_parent_class)->snapshot (widget, snapshot);
}

static void
c2l_history_cell_dispose (GObject *object)
{
  C2lHistoryCell *self = C2L_HISTORY_CELL (object);

  c2l_history_cell_set_item (self, NULL);
  g_clear_pointer (&self->star, gtk_widget_unparent);
  g_clear_pointer (&self->day, gtk_widget_unparent);
  G_OBJECT_CLASS (c2l_history_cell_parent_class)->dispose (object);
}

/* Asked when the pointer rests there: to set a tip for each item, GTK would each time ask the
 * display server where the pointer is. */
static gboolean
c2l_history_cell_query_tooltip (GtkWidget *widget,
                                int x,
                                int y,
                                gboolean by_keyboard,
                                GtkTooltip *tooltip)
{
  C2lHistoryCell *self = C2L_HISTORY_CELL (widget);
  const char *title = self->item != NULL ? c2l_history_item_get_title (self->item) : NULL;

  gtk_tooltip_set_text (tooltip, title);
  return title != NULL;
}

static void
c2l_history_cell_class_init (C2lHistoryCellClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_history_cell_dispose;
  widget_class->measure = c2l_history_cell_measure;
  widget_class->get_request_mode = c2l_history_cell_get_request_mode;
  widget_class->size_allocate = c2l_history_cell_size_allocate;
  widget_class->snapshot = c2l_history_cell_snapshot;
  widget_class->query_tooltip = c2l_history_cell_query_tooltip;
  star_clicked_signal = g_signal_new ("star-clicked", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                      0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-history-cell.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lHistoryCell, star);
  gtk_widget_class_bind_template_child (widget_class, C2lHistoryCell, day);
  gtk_widget_class_bind_template_callback (widget_class, on_star_clicked);
  gtk_widget_class_set_css_name (widget_class, "historycell");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
c2l_history_cell_init (C2lHistoryCell *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_widget_set_has_tooltip (GTK_WIDGET (self), TRUE);
}

GtkWidget *
c2l_history_cell_new (void)
{
  return g_object_new (C2L_TYPE_HISTORY_CELL, NULL);
}
