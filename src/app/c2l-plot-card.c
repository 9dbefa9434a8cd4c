/* Title, legend and options around a plot. Saving is c2l-plot-save's. */
#include "app/c2l-plot-card.h"

#include "app/c2l-plot-save.h"

#include <glib/gi18n.h>
#include <math.h>

struct _C2lPlotCard
{
  GtkBox parent_instance;

  GtkLabel *title;
  GtkLabel *legend;
  GtkButton *all_button;
  GtkMenuButton *menu;
  GtkSwitch *log_switch;
  GtkEntry *range_from, *range_to;
  GtkToggleButton *large_button;
  C2lPlot *plot;

  char *id;
  char *name;
  gboolean log_x;
  gboolean is_filling; /* the options are being filled in, not changed */
};

static guint log_changed_signal, large_changed_signal;

G_DEFINE_FINAL_TYPE (C2lPlotCard, c2l_plot_card, GTK_TYPE_BOX)

const char *
c2l_plot_card_get_id (C2lPlotCard *self)
{
  return self->id;
}

/* --- the legend --- */

/* What stands for a line, by its dash. */
static const char *const marks[] = { "━", "╍", "┈", "┅" };

static void
update_legend (C2lPlotCard *self, GPtrArray *lines)
{
  g_autoptr (GString) markup = g_string_new (NULL);
  g_autoptr (GString) plain = g_string_new (NULL);

  for (guint i = 0; lines->len > 1 && i < lines->len; i++)
    {
      C2lPlotLine *line = g_ptr_array_index (lines, i);
      g_autofree char *name = g_strdup_printf ("run_color_%u", line->color + 1);
      g_autofree char *text = NULL;
      GdkRGBA color = { 0 };

      gtk_style_context_lookup_color (gtk_widget_get_style_context (GTK_WIDGET (self)), name,
                                      &color);
      text = g_markup_printf_escaped ("%s<span color=\"#%02x%02x%02x\"><b>%s</b></span> %s",
                                      i > 0 ? "    " : "", (guint) (color.red * 255),
                                      (guint) (color.green * 255), (guint) (color.blue * 255),
                                      marks[line->dash % G_N_ELEMENTS (marks)], line->label);
      g_string_append (markup, text);
      g_string_append_printf (plain, "%s%s", i > 0 ? "\n" : "", line->label);
    }
  gtk_label_set_markup (self->legend, markup->str);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->legend), plain->len > 0 ? plain->str : NULL);
}

void
c2l_plot_card_set_lines (C2lPlotCard *self, GPtrArray *lines, C2lPlotBy by)
{
  g_return_if_fail (C2L_IS_PLOT_CARD (self));

  update_legend (self, lines);
  c2l_plot_set_lines (self->plot, lines, by);
}

/* --- options --- */

static void
on_view_changed (C2lPlotCard *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self->all_button), c2l_plot_is_zoomed (self->plot));
}

static void
update_log (C2lPlotCard *self)
{
  c2l_plot_set_log (self->plot, self->log_x, gtk_switch_get_active (self->log_switch));
}

static void
on_log_switched (C2lPlotCard *self)
{
  update_log (self);
  if (!self->is_filling)
    g_signal_emit (self, log_changed_signal, 0);
}

void
c2l_plot_card_set_log_x (C2lPlotCard *self, gboolean log_x)
{
  g_return_if_fail (C2L_IS_PLOT_CARD (self));

  self->log_x = log_x;
  update_log (self);
}

void
c2l_plot_card_set_log (C2lPlotCard *self, gboolean log)
{
  g_return_if_fail (C2L_IS_PLOT_CARD (self));

  self->is_filling = TRUE;
  gtk_switch_set_active (self->log_switch, log);
  self->is_filling = FALSE;
}

gboolean
c2l_plot_card_get_log (C2lPlotCard *self)
{
  return gtk_switch_get_active (self->log_switch);
}

static void
set_number (GtkEntry *entry, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  gtk_editable_set_text (GTK_EDITABLE (entry),
                         isnan (value) ? "" : g_ascii_formatd (text, sizeof text, "%.6g", value));
}

static void
on_popover_shown (C2lPlotCard *self)
{
  double from, to;

  c2l_plot_get_range (self->plot, &from, &to);
  self->is_filling = TRUE;
  set_number (self->range_from, from);
  set_number (self->range_to, to);
  self->is_filling = FALSE;
}

/* Empty: open. The language's own point or comma counts, and the plain point. FALSE for what is no
 * number. */
static gboolean
read_number (GtkEntry *entry, double *value)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (entry));
  char *end;

  *value = NAN;
  if (*text == '\0')
    return TRUE;
  *value = g_strtod (text, &end);
  return *end == '\0' && isfinite (*value);
}

static void
mark (GtkEntry *entry, gboolean is_right)
{
  if (is_right)
    gtk_widget_remove_css_class (GTK_WIDGET (entry), "error");
  else
    gtk_widget_add_css_class (GTK_WIDGET (entry), "error");
}

static void
on_range_changed (C2lPlotCard *self)
{
  double from, to;
  gboolean from_is_right = read_number (self->range_from, &from);
  gboolean to_is_right = read_number (self->range_to, &to);

  if (from_is_right && to_is_right && from >= to)
    to_is_right = FALSE;
  mark (self->range_from, from_is_right);
  mark (self->range_to, to_is_right);
  if (from_is_right && to_is_right && !self->is_filling)
    c2l_plot_set_range (self->plot, from, to);
}

static void
on_large_toggled (C2lPlotCard *self)
{
  g_signal_emit (self, large_changed_signal, 0);
}

gboolean
c2l_plot_card_is_large (C2lPlotCard *self)
{
  return gtk_toggle_button_get_active (self->large_button);
}

void
c2l_plot_card_set_height (C2lPlotCard *self, int height)
{
  gtk_widget_set_size_request (GTK_WIDGET (self->plot), -1, height);
}

/* --- actions --- */

static void
show_all (GtkWidget *widget, const char *action, GVariant *parameter)
{
  C2lPlotCard *self = C2L_PLOT_CARD (widget);

  c2l_plot_show_all (self->plot);
  gtk_widget_grab_focus (GTK_WIDGET (self->plot));
}

static void
save_picture (GtkWidget *widget, const char *action, GVariant *parameter)
{
  C2lPlotCard *self = C2L_PLOT_CARD (widget);

  gtk_menu_button_popdown (self->menu);
  c2l_plot_save_picture (self->plot, self->name);
}

static void
save_table (GtkWidget *widget, const char *action, GVariant *parameter)
{
  C2lPlotCard *self = C2L_PLOT_CARD (widget);

  gtk_menu_button_popdown (self->menu);
  c2l_plot_save_table (self->plot, self->name);
}

static void
c2l_plot_card_finalize (GObject *object)
{
  C2lPlotCard *self = C2L_PLOT_CARD (object);

  g_free (self->id);
  g_free (self->name);
  G_OBJECT_CLASS (c2l_plot_card_parent_class)->finalize (object);
}

static void
c2l_plot_card_class_init (C2lPlotCardClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = c2l_plot_card_finalize;
  log_changed_signal = g_signal_new ("log-changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                     NULL, NULL, NULL, G_TYPE_NONE, 0);
  large_changed_signal = g_signal_new ("large-changed", G_TYPE_FROM_CLASS (klass),
                                       G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_type_ensure (C2L_TYPE_PLOT);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-plot-card.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lPlotCard, title);
  gtk_widget_class_bind_template_child (widget_class, C2lPlotCard, legend);
  gtk_widget_class_bind_template_child (widget_class, C2lPlotCard, all_button);
  gtk_widget_class_bind_template_child (widget_class, C2lPlotCard, menu);
  gtk_widget_class_bind_template_child (widget_class, C2lPlotCard, log_switch);
  gtk_widget_class_bind_template_child (widget_class, C2lPlotCard, range_from);
  gtk_widget_class_bind_template_child (widget_class, C2lPlotCard, range_to);
  gtk_widget_class_bind_template_child (widget_class, C2lPlotCard, large_button);
  gtk_widget_class_bind_template_child (widget_class, C2lPlotCard, plot);
  gtk_widget_class_bind_template_callback (widget_class, on_large_toggled);
  gtk_widget_class_bind_template_callback (widget_class, on_log_switched);
  gtk_widget_class_bind_template_callback (widget_class, on_popover_shown);
  gtk_widget_class_bind_template_callback (widget_class, on_range_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_view_changed);
  gtk_widget_class_install_action (widget_class, "plot.save-picture", NULL, save_picture);
  gtk_widget_class_install_action (widget_class, "plot.save-table", NULL, save_table);
  gtk_widget_class_install_action (widget_class, "plot.show-all", NULL, show_all);
}

static void
c2l_plot_card_init (C2lPlotCard *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

C2lPlotCard *
c2l_plot_card_new (const char *id, const char *title)
{
  C2lPlotCard *self = g_object_new (C2L_TYPE_PLOT_CARD, NULL);
  /* Translators: the options of a plot; %s is what it shows. */
  g_autofree char *menu = g_strdup_printf (_ ("Options of “%s”"), title);

  self->id = g_strdup (id);
  self->name = g_strdup (title);
  gtk_label_set_label (self->title, title);
  c2l_plot_set_title (self->plot, title);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->menu), GTK_ACCESSIBLE_PROPERTY_LABEL, menu,
                                  -1);
  return self;
}
