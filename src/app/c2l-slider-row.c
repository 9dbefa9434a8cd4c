/* A slider with its name and a value that can be typed. The hand counts as resting when nothing has moved for a moment, whatever moved it:
 * pointer, keys, wheel or a screen reader. */
#include "app/c2l-slider-row.h"

#include "app/c2l-slider.h"

#include <glib/gi18n.h>
#include <math.h>

#define REST_MS 180

/* Above it a range is coarse: steps of a tenth. */
#define FINE_RANGE 2.0

struct _C2lSliderRow
{
  GtkWidget parent_instance;

  GtkLabel *title;
  GtkEntry *entry;
  GtkMenuButton *menu_button;
  C2lSlider *slider;
  GtkAdjustment *adjustment;
  double rest;
  gboolean quiet;
  gboolean held; /* by the pointer, which may rest on the way */
  guint timer;
};

G_DEFINE_FINAL_TYPE (C2lSliderRow, c2l_slider_row, GTK_TYPE_WIDGET)

enum
{
  PROP_TITLE = 1,
  PROP_VALUE,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];
static guint changed_signal;

static void
show_value (C2lSliderRow *self)
{
  double value = gtk_adjustment_get_value (self->adjustment);
  double step = gtk_adjustment_get_step_increment (self->adjustment);
  int digits = step < 0.1 ? 2 : 1;
  /* No “-0.0”. */
  double shown = fabs (value) < pow (10, -digits) / 2 ? 0 : value;
  gboolean both_ways = gtk_adjustment_get_lower (self->adjustment) < 0;
  g_autofree char *text
      = shown == 0 ? g_strdup ("0")
                   : g_strdup_printf (both_ways ? "%+.*f" : "%.*f", digits, shown);

  gtk_editable_set_text (GTK_EDITABLE (self->entry), text);
}

static gboolean
on_rest (gpointer data)
{
  C2lSliderRow *self = data;

  if (self->held)
    return G_SOURCE_CONTINUE;
  self->timer = 0;
  g_signal_emit (self, changed_signal, 0, gtk_adjustment_get_value (self->adjustment), TRUE);
  return G_SOURCE_REMOVE;
}

static void
on_slider_changed (C2lSliderRow *self)
{
  show_value (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_VALUE]);
  if (self->quiet)
    return;
  g_clear_handle_id (&self->timer, g_source_remove);
  self->timer = g_timeout_add (REST_MS, on_rest, self);
  g_signal_emit (self, changed_signal, 0, gtk_adjustment_get_value (self->adjustment), FALSE);
}

/* Takes numbers as people write them, with a comma or a proper minus too; anything else goes back to what was. */
static void
on_entry_activate (C2lSliderRow *self)
{
  g_autoptr (GString) text = g_string_new (gtk_editable_get_text (GTK_EDITABLE (self->entry)));
  char *end;
  double value;

  g_string_replace (text, ",", ".", 0);
  g_string_replace (text, "−", "-", 0);
  value = g_ascii_strtod (g_strstrip (text->str), &end);
  if (end != text->str && *end == '\0' && isfinite (value))
    gtk_adjustment_set_value (self->adjustment, value);
  show_value (self);
}

static void
on_entry_left (C2lSliderRow *self)
{
  on_entry_activate (self);
}

static void
on_pressed (C2lSliderRow *self, int n_press)
{
  if (n_press == 2)
    gtk_adjustment_set_value (self->adjustment, self->rest);
}

static gboolean
on_event (C2lSliderRow *self, GdkEvent *event)
{
  GdkEventType type = gdk_event_get_event_type (event);

  if (type == GDK_BUTTON_PRESS || type == GDK_TOUCH_BEGIN)
    self->held = TRUE;
  if (type == GDK_BUTTON_RELEASE || type == GDK_TOUCH_END || type == GDK_TOUCH_CANCEL
      || type == GDK_GRAB_BROKEN)
    self->held = FALSE;
  return FALSE;
}

static gboolean
on_big_step (GtkWidget *widget, GVariant *arguments, gpointer data)
{
  C2lSliderRow *self = C2L_SLIDER_ROW (data);
  double step = gtk_adjustment_get_page_increment (self->adjustment);
  int way = g_variant_get_int32 (arguments);

  gtk_adjustment_set_value (self->adjustment,
                            gtk_adjustment_get_value (self->adjustment) + way * step);
  return TRUE;
}

static void
add_big_steps (C2lSliderRow *self)
{
  static const struct
  {
    guint key;
    int way;
  } keys[] = {
    { GDK_KEY_Left, -1 }, { GDK_KEY_Down, -1 }, { GDK_KEY_Right, 1 }, { GDK_KEY_Up, 1 }
  };
  GtkEventController *controller = gtk_shortcut_controller_new ();

  gtk_event_controller_set_propagation_phase (controller, GTK_PHASE_CAPTURE);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      GtkShortcut *shortcut
          = gtk_shortcut_new (gtk_keyval_trigger_new (keys[i].key, GDK_SHIFT_MASK),
                              gtk_callback_action_new (on_big_step, self, NULL));

      gtk_shortcut_set_arguments (shortcut, g_variant_new_int32 (keys[i].way));
      gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (controller), shortcut);
    }
  gtk_widget_add_controller (GTK_WIDGET (self->slider), controller);
}

static void
c2l_slider_row_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  C2lSliderRow *self = C2L_SLIDER_ROW (object);

  switch (id)
    {
    case PROP_TITLE:
      g_value_set_string (value, gtk_label_get_label (self->title));
      break;
    case PROP_VALUE:
      g_value_set_double (value, c2l_slider_row_get_value (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
c2l_slider_row_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  C2lSliderRow *self = C2L_SLIDER_ROW (object);

  switch (id)
    {
    case PROP_TITLE:
      c2l_slider_row_set_title (self, g_value_get_string (value));
      break;
    case PROP_VALUE:
      c2l_slider_row_set_value (self, g_value_get_double (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
c2l_slider_row_dispose (GObject *object)
{
  C2lSliderRow *self = C2L_SLIDER_ROW (object);
  GtkWidget *child;

  g_clear_handle_id (&self->timer, g_source_remove);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (c2l_slider_row_parent_class)->dispose (object);
}

static void
c2l_slider_row_class_init (C2lSliderRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = c2l_slider_row_get_property;
  object_class->set_property = c2l_slider_row_set_property;
  object_class->dispose = c2l_slider_row_dispose;
  properties[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, flags);
  properties[PROP_VALUE]
      = g_param_spec_double ("value", NULL, NULL, -G_MAXDOUBLE, G_MAXDOUBLE, 0, flags);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
  changed_signal
      = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                      G_TYPE_NONE, 2, G_TYPE_DOUBLE, G_TYPE_BOOLEAN);

  g_type_ensure (C2L_TYPE_SLIDER);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-slider-row.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lSliderRow, title);
  gtk_widget_class_bind_template_child (widget_class, C2lSliderRow, entry);
  gtk_widget_class_bind_template_child (widget_class, C2lSliderRow, menu_button);
  gtk_widget_class_bind_template_child (widget_class, C2lSliderRow, slider);
  gtk_widget_class_bind_template_child (widget_class, C2lSliderRow, adjustment);
  gtk_widget_class_bind_template_callback (widget_class, on_slider_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_entry_activate);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
}

static void
c2l_slider_row_init (C2lSliderRow *self)
{
  GtkGesture *click = gtk_gesture_click_new ();
  GtkEventController *focus = gtk_event_controller_focus_new ();
  GtkEventController *events = gtk_event_controller_legacy_new ();

  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_event_controller_set_propagation_phase (GTK_EVENT_CONTROLLER (click), GTK_PHASE_CAPTURE);
  g_signal_connect_swapped (click, "pressed", G_CALLBACK (on_pressed), self);
  gtk_widget_add_controller (GTK_WIDGET (self->slider), GTK_EVENT_CONTROLLER (click));
  gtk_event_controller_set_propagation_phase (events, GTK_PHASE_CAPTURE);
  g_signal_connect_swapped (events, "event", G_CALLBACK (on_event), self);
  gtk_widget_add_controller (GTK_WIDGET (self->slider), events);
  g_signal_connect_swapped (focus, "leave", G_CALLBACK (on_entry_left), self);
  gtk_widget_add_controller (GTK_WIDGET (self->entry), focus);
  add_big_steps (self);
  show_value (self);
}

GtkWidget *
c2l_slider_row_new (const char *title)
{
  return g_object_new (C2L_TYPE_SLIDER_ROW, "title", title, NULL);
}

void
c2l_slider_row_set_range (C2lSliderRow *self, double lower, double upper, double rest)
{
  gboolean fine = upper - lower <= FINE_RANGE;

  g_return_if_fail (C2L_IS_SLIDER_ROW (self));
  self->quiet = TRUE;
  self->rest = rest;
  gtk_adjustment_configure (self->adjustment, gtk_adjustment_get_value (self->adjustment), lower,
                            upper, fine ? 0.01 : 0.1, fine ? 0.1 : 1, 0);
  gtk_scale_clear_marks (GTK_SCALE (self->slider));
  self->quiet = FALSE;
  show_value (self);
}

void
c2l_slider_row_set_value (C2lSliderRow *self, double value)
{
  g_return_if_fail (C2L_IS_SLIDER_ROW (self));
  if (self->timer != 0)
    return;
  self->quiet = TRUE;
  gtk_adjustment_set_value (self->adjustment, value);
  self->quiet = FALSE;
  show_value (self);
}

double
c2l_slider_row_get_value (C2lSliderRow *self)
{
  g_return_val_if_fail (C2L_IS_SLIDER_ROW (self), 0);
  return gtk_adjustment_get_value (self->adjustment);
}

void
c2l_slider_row_set_title (C2lSliderRow *self, const char *title)
{
  g_autofree char *name = NULL;

  g_return_if_fail (C2L_IS_SLIDER_ROW (self));
  gtk_label_set_label (self->title, title);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->slider), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  title, -1);
  name = g_strdup_printf (_ ("%s, value"), title);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->entry), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  name, -1);
  g_free (name);
  name = g_strdup_printf (_ ("%s, menu"), title);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->menu_button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  name, -1);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TITLE]);
}

void
c2l_slider_row_focus (C2lSliderRow *self)
{
  g_return_if_fail (C2L_IS_SLIDER_ROW (self));
  gtk_widget_grab_focus (GTK_WIDGET (self->slider));
}

void
c2l_slider_row_set_menu (C2lSliderRow *self, GMenuModel *menu)
{
  g_return_if_fail (C2L_IS_SLIDER_ROW (self));
  gtk_menu_button_set_menu_model (self->menu_button, menu);
  gtk_widget_set_visible (GTK_WIDGET (self->menu_button), menu != NULL);
}
