/* One picture in the grid. Square by its own measure, whatever the picture's size, so that nothing
 * moves when a picture arrives. Rounded corners, the ring of the selection and all colours are
 * style.css's; here is structure only. */
#include "app/c2l-picture-cell.h"

#include "app/c2l-score.h"
#include "app/c2l-star.h"

#include <glib/gi18n.h>
#include <math.h>

struct _C2lPictureCell
{
  GtkWidget parent_instance;

  GtkWidget *score, *progress, *star, *menu;
  C2lPictureItem *item;
};

G_DEFINE_FINAL_TYPE (C2lPictureCell, c2l_picture_cell, GTK_TYPE_WIDGET)

enum
{
  STAR_CLICKED,
  MENU_CLICKED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
set_class (GtkWidget *widget, const char *name, gboolean wanted)
{
  if (wanted)
    gtk_widget_add_css_class (widget, name);
  else
    gtk_widget_remove_css_class (widget, name);
}

static void
update_score (C2lPictureCell *self)
{
  double score = c2l_picture_item_get_score (self->item);

  gtk_widget_set_visible (self->score, !isnan (score));
  if (!isnan (score))
    {
      g_autofree char *text = c2l_score_dup_text (score);
      gtk_label_set_text (GTK_LABEL (self->score), text);
    }
}

static void
update_state (C2lPictureCell *self)
{
  C2lPictureState state = c2l_picture_item_get_state (self->item);

  set_class (GTK_WIDGET (self), "waiting", state == C2L_PICTURE_WAITING);
  set_class (GTK_WIDGET (self), "failed", state == C2L_PICTURE_FAILED);
  if (state == C2L_PICTURE_FAILED)
    gtk_label_set_text (GTK_LABEL (self->progress), _ ("Not drawn"));
  gtk_widget_set_visible (self->progress, state == C2L_PICTURE_FAILED);
  gtk_accessible_update_state (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_STATE_BUSY,
                               state == C2L_PICTURE_WAITING || state == C2L_PICTURE_PREVIEW, -1);
}

static void
update_star (C2lPictureCell *self)
{
  gboolean favourite = c2l_picture_item_get_favourite (self->item);

  set_class (GTK_WIDGET (self), "favourite", favourite);
  c2l_star_show (GTK_BUTTON (self->star), favourite);
}

/* The list's own widget around the cell is what screen readers come to. */
static void
update_label (C2lPictureCell *self)
{
  g_autofree char *label = NULL;

  g_object_get (self->item, "label", &label, NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  for (GtkWidget *parent = gtk_widget_get_parent (GTK_WIDGET (self)); parent != NULL;
       parent = gtk_widget_get_parent (parent))
    if (g_str_equal (gtk_widget_get_css_name (parent), "child"))
      {
        gtk_accessible_update_property (GTK_ACCESSIBLE (parent), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                        label, -1);
        break;
      }
}

static void
on_item_notify (C2lPictureCell *self, GParamSpec *pspec)
{
  const char *name = g_param_spec_get_name (pspec);

  if (g_str_equal (name, "paintable"))
    gtk_widget_queue_draw (GTK_WIDGET (self));
  else if (g_str_equal (name, "score"))
    update_score (self);
  else if (g_str_equal (name, "state"))
    update_state (self);
  else if (g_str_equal (name, "favourite"))
    update_star (self);
  else if (g_str_equal (name, "label"))
    update_label (self);
}

void
c2l_picture_cell_set_item (C2lPictureCell *self, C2lPictureItem *item)
{
  g_return_if_fail (C2L_IS_PICTURE_CELL (self));

  if (self->item == item)
    return;

  if (self->item != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->item, self);
      c2l_picture_item_release (self->item);
    }
  g_set_object (&self->item, item);
  if (item == NULL)
    return;

  c2l_picture_item_hold (item);
  g_signal_connect_swapped (item, "notify", G_CALLBACK (on_item_notify), self);
  update_score (self);
  update_state (self);
  update_star (self);
  update_label (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

C2lPictureItem *
c2l_picture_cell_get_item (C2lPictureCell *self)
{
  g_return_val_if_fail (C2L_IS_PICTURE_CELL (self), NULL);

  return self->item;
}

void
c2l_picture_cell_set_progress (C2lPictureCell *self, double fraction)
{
  g_return_if_fail (C2L_IS_PICTURE_CELL (self));

  if (self->item == NULL || c2l_picture_item_get_state (self->item) != C2L_PICTURE_WAITING)
    return;

  gtk_widget_set_visible (self->progress, fraction >= 0);
  if (fraction >= 0)
    {
      /* Translators: how far a picture is drawn, in percent. */
      g_autofree char *text = g_strdup_printf (_ ("%d %%"), (int) (CLAMP (fraction, 0, 1) * 100));
      gtk_label_set_text (GTK_LABEL (self->progress), text);
    }
}

/* --- looks --- */

static void
c2l_picture_cell_measure (GtkWidget *widget,
                          GtkOrientation orientation,
                          int for_size,
                          int *minimum,
                          int *natural,
                          int *minimum_baseline,
                          int *natural_baseline)
{
  *minimum = *natural = orientation == GTK_ORIENTATION_VERTICAL ? MAX (for_size, 0) : 0;
}

static GtkSizeRequestMode
c2l_picture_cell_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
c2l_picture_cell_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  /* Each stands in its corner by its alignment. */
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    if (gtk_widget_should_layout (child))
      {
        gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, NULL, NULL, NULL, NULL);
        gtk_widget_size_allocate (child, &(GtkAllocation){ 0, 0, width, height }, -1);
      }
}

static void
c2l_picture_cell_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  C2lPictureCell *self = C2L_PICTURE_CELL (widget);
  GdkPaintable *paintable = self->item == NULL ? NULL : c2l_picture_item_get_paintable (self->item);

  if (paintable != NULL)
    gdk_paintable_snapshot (paintable, GDK_SNAPSHOT (snapshot), gtk_widget_get_width (widget),
                            gtk_widget_get_height (widget));
  GTK_WIDGET_CLASS (c2l_picture_cell_parent_class)->snapshot (widget, snapshot);
}

static void
on_star_clicked (C2lPictureCell *self)
{
  g_signal_emit (self, signals[STAR_CLICKED], 0);
}

static void
on_menu_clicked (C2lPictureCell *self)
{
  g_signal_emit (self, signals[MENU_CLICKED], 0);
}

static void
c2l_picture_cell_dispose (GObject *object)
{
  C2lPictureCell *self = C2L_PICTURE_CELL (object);
  GtkWidget *child;

  c2l_picture_cell_set_item (self, NULL);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);

  G_OBJECT_CLASS (c2l_picture_cell_parent_class)->dispose (object);
}

static void
c2l_picture_cell_class_init (C2lPictureCellClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_picture_cell_dispose;
  widget_class->measure = c2l_picture_cell_measure;
  widget_class->get_request_mode = c2l_picture_cell_get_request_mode;
  widget_class->size_allocate = c2l_picture_cell_size_allocate;
  widget_class->snapshot = c2l_picture_cell_snapshot;

  signals[STAR_CLICKED] = g_signal_new ("star-clicked", C2L_TYPE_PICTURE_CELL, G_SIGNAL_RUN_LAST, 0,
                                        NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[MENU_CLICKED] = g_signal_new ("menu-clicked", C2L_TYPE_PICTURE_CELL, G_SIGNAL_RUN_LAST, 0,
                                        NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-picture-cell.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lPictureCell, score);
  gtk_widget_class_bind_template_child (widget_class, C2lPictureCell, progress);
  gtk_widget_class_bind_template_child (widget_class, C2lPictureCell, star);
  gtk_widget_class_bind_template_child (widget_class, C2lPictureCell, menu);
  gtk_widget_class_bind_template_callback (widget_class, on_star_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_menu_clicked);
  gtk_widget_class_set_css_name (widget_class, "picturecell");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
c2l_picture_cell_init (C2lPictureCell *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
c2l_picture_cell_new (void)
{
  return g_object_new (C2L_TYPE_PICTURE_CELL, NULL);
}
