/* The seed in the prompt bar. A seed that was typed, thrown or taken from a picture is used for the
 * next generation even when it is not locked; after that the field throws by itself. */
#include "app/c2l-seed-field.h"

#include "app/c2l-compat.h"

#include <glib/gi18n.h>

/* Thrown seeds have so many digits at most, so that they can be remembered and typed; any 64-bit
 * number may be typed. */
#define THROWN_SEEDS 1000000000
/* Room for a thrown seed is always there, and for any 64-bit number where it is typed. */
#define FEWEST_DIGITS 9
#define MOST_DIGITS 20

struct _C2lSeedField
{
  GtkWidget parent_instance;

  GtkEditable *entry;
  GtkToggleButton *lock;
  guint64 seed;
  gboolean is_chosen;
  gboolean is_showing; /* the entry's text is changed by the field */
};

G_DEFINE_FINAL_TYPE (C2lSeedField, c2l_seed_field, GTK_TYPE_WIDGET)

enum
{
  PROP_SEED = 1,
  PROP_LOCKED,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

/* As wide as the number is long. Where the window has no room for that, the number is told whole
 * when it is pointed at. */
static void
fit_text (C2lSeedField *self)
{
  const char *text = gtk_editable_get_text (self->entry);
  /* Translators: %s is a number. */
  g_autofree char *tip
      = g_strdup_printf (_ ("Seed %s. The same seed and settings give the same pictures"), text);

  gtk_editable_set_max_width_chars (
      self->entry, CLAMP ((int) g_utf8_strlen (text, -1), FEWEST_DIGITS, MOST_DIGITS));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->entry), tip);
}

static void
show_seed (C2lSeedField *self)
{
  g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT, self->seed);

  self->is_showing = TRUE;
  gtk_editable_set_text (self->entry, text);
  gtk_widget_remove_css_class (GTK_WIDGET (self->entry), "error");
  gtk_accessible_update_state (GTK_ACCESSIBLE (self->entry), GTK_ACCESSIBLE_STATE_INVALID,
                               GTK_ACCESSIBLE_INVALID_FALSE, -1);
  fit_text (self);
  self->is_showing = FALSE;
}

guint64
c2l_seed_field_get_seed (C2lSeedField *self)
{
  g_return_val_if_fail (C2L_IS_SEED_FIELD (self), 0);

  return self->seed;
}

void
c2l_seed_field_set_seed (C2lSeedField *self, guint64 seed)
{
  g_return_if_fail (C2L_IS_SEED_FIELD (self));

  self->is_chosen = TRUE;
  if (self->seed != seed)
    {
      self->seed = seed;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SEED]);
    }
  show_seed (self);
}

void
c2l_seed_field_roll (C2lSeedField *self)
{
  g_return_if_fail (C2L_IS_SEED_FIELD (self));

  c2l_seed_field_set_seed (self, g_random_int_range (1, THROWN_SEEDS));
}

guint64
c2l_seed_field_take (C2lSeedField *self)
{
  g_return_val_if_fail (C2L_IS_SEED_FIELD (self), 0);

  if (!self->is_chosen && !gtk_toggle_button_get_active (self->lock))
    c2l_seed_field_roll (self);
  self->is_chosen = FALSE;
  return self->seed;
}

static void
on_text_changed (C2lSeedField *self)
{
  const char *text = gtk_editable_get_text (self->entry);
  guint64 seed;
  gboolean ok = g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, &seed, NULL);

  if (self->is_showing)
    return;

  fit_text (self);
  if (ok)
    {
      gtk_widget_remove_css_class (GTK_WIDGET (self->entry), "error");
      self->is_chosen = TRUE;
      self->seed = seed;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SEED]);
    }
  else
    gtk_widget_add_css_class (GTK_WIDGET (self->entry), "error");
  gtk_accessible_update_state (GTK_ACCESSIBLE (self->entry), GTK_ACCESSIBLE_STATE_INVALID,
                               ok ? GTK_ACCESSIBLE_INVALID_FALSE : GTK_ACCESSIBLE_INVALID_TRUE, -1);
}

/* What is no number becomes the last seed again. */
static void
on_entry_left (C2lSeedField *self)
{
  show_seed (self);
}

static void
on_lock_toggled (C2lSeedField *self)
{
  gboolean locked = gtk_toggle_button_get_active (self->lock);

  gtk_button_set_icon_name (GTK_BUTTON (self->lock),
                            locked ? "changes-prevent-symbolic" : "changes-allow-symbolic");
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOCKED]);
}

/* --- the widget --- */

static void
c2l_seed_field_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  C2lSeedField *self = C2L_SEED_FIELD (object);

  switch (id)
    {
    case PROP_SEED:
      g_value_set_uint64 (value, self->seed);
      break;
    case PROP_LOCKED:
      g_value_set_boolean (value, gtk_toggle_button_get_active (self->lock));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
c2l_seed_field_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  C2lSeedField *self = C2L_SEED_FIELD (object);

  switch (id)
    {
    case PROP_SEED:
      if (self->seed != g_value_get_uint64 (value))
        c2l_seed_field_set_seed (self, g_value_get_uint64 (value));
      break;
    case PROP_LOCKED:
      gtk_toggle_button_set_active (self->lock, g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static gboolean
c2l_seed_field_grab_focus (GtkWidget *widget)
{
  return c2l_compat_grab_focus_of (widget, C2L_SEED_FIELD (widget)->entry);
}

static void
c2l_seed_field_dispose (GObject *object)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (object))) != NULL)
    gtk_widget_unparent (child);

  G_OBJECT_CLASS (c2l_seed_field_parent_class)->dispose (object);
}

static void
c2l_seed_field_class_init (C2lSeedFieldClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->dispose = c2l_seed_field_dispose;
  object_class->get_property = c2l_seed_field_get_property;
  object_class->set_property = c2l_seed_field_set_property;
  widget_class->grab_focus = c2l_seed_field_grab_focus;

  properties[PROP_SEED] = g_param_spec_uint64 ("seed", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_LOCKED] = g_param_spec_boolean ("locked", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-seed-field.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lSeedField, entry);
  gtk_widget_class_bind_template_child (widget_class, C2lSeedField, lock);
  gtk_widget_class_bind_template_callback (widget_class, on_text_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_entry_left);
  gtk_widget_class_bind_template_callback (widget_class, on_lock_toggled);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BOX_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "seedfield");
}

static void
c2l_seed_field_init (C2lSeedField *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  show_seed (self);
}

GtkWidget *
c2l_seed_field_new (void)
{
  return g_object_new (C2L_TYPE_SEED_FIELD, NULL);
}
