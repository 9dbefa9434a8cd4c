/* The status line. The bar keeps its place while nothing runs, so that the grid above does not
 * move. */
#include "app/c2l-status-line.h"

struct _C2lStatusLine
{
  GtkWidget parent_instance;

  GtkWidget *bar, *text, *stop;
  C2lBoard *board;
};

G_DEFINE_FINAL_TYPE (C2lStatusLine, c2l_status_line, GTK_TYPE_WIDGET)

static void
update (C2lStatusLine *self)
{
  g_autofree char *status = NULL;
  double progress;
  gboolean busy;

  g_object_get (self->board, "busy", &busy, "progress", &progress, "status", &status, NULL);
  gtk_label_set_text (GTK_LABEL (self->text), status != NULL ? status : "");
  gtk_progress_bar_set_fraction (GTK_PROGRESS_BAR (self->bar), busy ? CLAMP (progress, 0, 1) : 0);
  gtk_widget_set_visible (self->stop, busy);
  if (busy)
    gtk_widget_add_css_class (GTK_WIDGET (self), "busy");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self), "busy");
}

void
c2l_status_line_set_board (C2lStatusLine *self, C2lBoard *board)
{
  g_return_if_fail (C2L_IS_STATUS_LINE (self));

  if (self->board != NULL)
    g_signal_handlers_disconnect_by_data (self->board, self);
  g_set_object (&self->board, board);
  if (board == NULL)
    return;
  /* The board tells of its status last. */
  g_signal_connect_swapped (board, "notify::status", G_CALLBACK (update), self);
  update (self);
}

static void
c2l_status_line_dispose (GObject *object)
{
  C2lStatusLine *self = C2L_STATUS_LINE (object);
  GtkWidget *child;

  c2l_status_line_set_board (self, NULL);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);

  G_OBJECT_CLASS (c2l_status_line_parent_class)->dispose (object);
}

static void
c2l_status_line_class_init (C2lStatusLineClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_status_line_dispose;

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-status-line.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lStatusLine, bar);
  gtk_widget_class_bind_template_child (widget_class, C2lStatusLine, text);
  gtk_widget_class_bind_template_child (widget_class, C2lStatusLine, stop);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BOX_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "statusline");
}

static void
c2l_status_line_init (C2lStatusLine *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
c2l_status_line_new (void)
{
  return g_object_new (C2L_TYPE_STATUS_LINE, NULL);
}
