/* Two spin buttons that never cross, and a row of usual choices: thirds of the layers, as the literature divides them. */
#include "app/c2l-layer-range.h"

#include "app/c2l-wrap-layout.h"

struct _C2lLayerRange
{
  GtkWidget parent_instance;

  GtkAdjustment *first, *last;
  int n_layers;
  gboolean quiet;
};

G_DEFINE_FINAL_TYPE (C2lLayerRange, c2l_layer_range, GTK_TYPE_WIDGET)

static guint changed_signal;

static void
tell (C2lLayerRange *self)
{
  if (!self->quiet)
    g_signal_emit (self, changed_signal, 0);
}

static void
on_first_changed (C2lLayerRange *self)
{
  if (gtk_adjustment_get_value (self->first) > gtk_adjustment_get_value (self->last))
    gtk_adjustment_set_value (self->last, gtk_adjustment_get_value (self->first));
  else
    tell (self);
}

static void
on_last_changed (C2lLayerRange *self)
{
  if (gtk_adjustment_get_value (self->last) < gtk_adjustment_get_value (self->first))
    gtk_adjustment_set_value (self->first, gtk_adjustment_get_value (self->last));
  else
    tell (self);
}

static void
set_values (C2lLayerRange *self, int first, int last)
{
  self->quiet = TRUE;
  gtk_adjustment_set_value (self->last, self->n_layers);
  gtk_adjustment_set_value (self->first, first + 1);
  gtk_adjustment_set_value (self->last, last < 0 ? self->n_layers : last + 1);
  self->quiet = FALSE;
}

static void
choose (GtkWidget *widget, const char *name, GVariant *parameter)
{
  C2lLayerRange *self = C2L_LAYER_RANGE (widget);
  const char *which = g_variant_get_string (parameter, NULL);
  int n = self->n_layers, third = MAX (n / 3, 1);

  if (g_str_equal (which, "coarse"))
    set_values (self, 0, third - 1);
  else if (g_str_equal (which, "middle"))
    set_values (self, MIN (third, n - 1), MAX (2 * third - 1, MIN (third, n - 1)));
  else if (g_str_equal (which, "fine"))
    set_values (self, MIN (2 * third, n - 1), n - 1);
  else
    set_values (self, 0, n - 1);
  tell (self);
}

static void
c2l_layer_range_dispose (GObject *object)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (object))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (c2l_layer_range_parent_class)->dispose (object);
}

static void
c2l_layer_range_class_init (C2lLayerRangeClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_layer_range_dispose;
  changed_signal = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                 NULL, NULL, G_TYPE_NONE, 0);
  g_type_ensure (C2L_TYPE_WRAP_LAYOUT);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-layer-range.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lLayerRange, first);
  gtk_widget_class_bind_template_child (widget_class, C2lLayerRange, last);
  gtk_widget_class_bind_template_callback (widget_class, on_first_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_last_changed);
  gtk_widget_class_install_action (widget_class, "layers.choose", "s", choose);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
}

static void
c2l_layer_range_init (C2lLayerRange *self)
{
  self->n_layers = 1;
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
c2l_layer_range_new (void)
{
  return g_object_new (C2L_TYPE_LAYER_RANGE, NULL);
}

void
c2l_layer_range_set (C2lLayerRange *self, int n_layers, int first, int last)
{
  g_return_if_fail (C2L_IS_LAYER_RANGE (self));
  self->quiet = TRUE;
  self->n_layers = MAX (n_layers, 1);
  gtk_adjustment_set_upper (self->first, self->n_layers);
  gtk_adjustment_set_upper (self->last, self->n_layers);
  set_values (self, first, last);
}

void
c2l_layer_range_get (C2lLayerRange *self, int *first, int *last)
{
  g_return_if_fail (C2L_IS_LAYER_RANGE (self));
  *first = gtk_adjustment_get_value (self->first) - 1;
  *last = gtk_adjustment_get_value (self->last) - 1;
  /* “To the end” stays true for another model. */
  if (*last == self->n_layers - 1)
    *last = -1;
}
