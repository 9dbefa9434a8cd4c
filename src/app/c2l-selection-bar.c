/* The bar of several selected pictures. Follows the selection and knows no pictures. */
#include "app/c2l-selection-bar.h"

#include "app/c2l-wrap-layout.h"

#include <adwaita.h>
#include <glib/gi18n.h>

/* Below it the window has its page switcher at the bottom. */
#define NARROW 550

struct _C2lSelectionBar
{
  GtkWidget parent_instance;

  GtkWidget *revealer, *bar, *text;
  C2lBoard *board;
};

G_DEFINE_FINAL_TYPE (C2lSelectionBar, c2l_selection_bar, GTK_TYPE_WIDGET)

/* Messages appear at the bottom of the window too: they make way for the bar's buttons, which take
 * two lines above the page switcher where the window is narrow. */
static void
make_way (C2lSelectionBar *self, gboolean shown)
{
  GtkWidget *toasts = gtk_widget_get_ancestor (GTK_WIDGET (self), ADW_TYPE_TOAST_OVERLAY);

  if (toasts == NULL)
    return;
  gtk_widget_remove_css_class (toasts, "over-selection");
  gtk_widget_remove_css_class (toasts, "over-tall-selection");
  if (shown)
    gtk_widget_add_css_class (toasts, gtk_widget_get_width (toasts) < NARROW ? "over-tall-selection"
                                                                             : "over-selection");
}

static void
update (C2lSelectionBar *self)
{
  GtkSelectionModel *selection = c2l_board_get_selection (self->board);
  g_autoptr (GtkBitset) selected = gtk_selection_model_get_selection (selection);
  guint n = gtk_bitset_get_size (selected);
  /* Translators: of pictures. */
  g_autofree char *text = g_strdup_printf (ngettext ("%u selected", "%u selected", n), n);

  gtk_revealer_set_reveal_child (GTK_REVEALER (self->revealer), n >= 2);
  /* What is folded away would still be read aloud, and takes the keyboard. */
  gtk_widget_set_visible (self->bar, n >= 2);
  make_way (self, n >= 2);
  if (n >= 2)
    gtk_label_set_text (GTK_LABEL (self->text), text);
}

void
c2l_selection_bar_set_board (C2lSelectionBar *self, C2lBoard *board)
{
  GtkSelectionModel *selection;

  g_return_if_fail (C2L_IS_SELECTION_BAR (self));

  if (self->board != NULL)
    g_signal_handlers_disconnect_by_data (c2l_board_get_selection (self->board), self);
  g_set_object (&self->board, board);
  if (board == NULL)
    return;
  selection = c2l_board_get_selection (board);
  g_signal_connect_swapped (selection, "selection-changed", G_CALLBACK (update), self);
  g_signal_connect_swapped (selection, "items-changed", G_CALLBACK (update), self);
  update (self);
}

static void
c2l_selection_bar_dispose (GObject *object)
{
  C2lSelectionBar *self = C2L_SELECTION_BAR (object);

  c2l_selection_bar_set_board (self, NULL);
  g_clear_pointer (&self->revealer, gtk_widget_unparent);

  G_OBJECT_CLASS (c2l_selection_bar_parent_class)->dispose (object);
}

static void
c2l_selection_bar_class_init (C2lSelectionBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_selection_bar_dispose;

  g_type_ensure (C2L_TYPE_WRAP_LAYOUT);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-selection-bar.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lSelectionBar, revealer);
  gtk_widget_class_bind_template_child (widget_class, C2lSelectionBar, bar);
  gtk_widget_class_bind_template_child (widget_class, C2lSelectionBar, text);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "selectionbar");
}

static void
c2l_selection_bar_init (C2lSelectionBar *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
