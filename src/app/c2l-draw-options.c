/* The options of drawing, in the popover of the prompt bar. The controls are the only place of the
 * values; settings keep, by the model's name, those that differ from the model's own, so that a
 * model with better defaults brings them along. */
#include "app/c2l-draw-options.h"

#include "app/c2l-compat.h"
#include "app/c2l-settings.h"

#include <glib/gi18n.h>

struct _C2lDrawOptions
{
  GtkWidget parent_instance;

  GtkSpinButton *guidance, *steps, *truncation;
  GtkDropDown *sampler, *noise;
  GtkWidget *reset;
  char *model; /* (nullable): its name */
  C2lSampling defaults;
  gboolean is_setting;
};

G_DEFINE_FINAL_TYPE (C2lDrawOptions, c2l_draw_options, GTK_TYPE_WIDGET)

enum
{
  PROP_CUSTOM = 1,
  N_PROPERTIES
};

enum
{
  CHANGED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPERTIES];
static guint signals[N_SIGNALS];

static const struct
{
  const char *name, *title;
} samplers[] = {
  { "reference", N_ ("Reference") },
  { "ddpm", "DDPM" },
  { "ddim", "DDIM" },
  { "dpm++2m", "DPM++ 2M" },
};

static const struct
{
  C2lNoiseKind kind;
  const char *title;
} noises[] = {
  { C2L_NOISE_KIND_RANDOM, N_ ("Each picture its own") },
  { C2L_NOISE_KIND_CONST, N_ ("The same in all pictures") },
  { C2L_NOISE_KIND_NONE, N_ ("None") },
};

const char *
c2l_draw_options_get_sampler_title (const char *sampler)
{
  for (gsize i = 0; i < G_N_ELEMENTS (samplers); i++)
    if (g_strcmp0 (samplers[i].name, sampler) == 0)
      return _ (samplers[i].title);
  return sampler;
}

const char *
c2l_draw_options_get_noise_title (C2lNoiseKind noise)
{
  for (gsize i = 0; i < G_N_ELEMENTS (noises); i++)
    if (noises[i].kind == noise)
      return _ (noises[i].title);
  return "";
}

/* --- values --- */

void
c2l_draw_options_get (C2lDrawOptions *self, C2lSampling *sampling)
{
  g_return_if_fail (C2L_IS_DRAW_OPTIONS (self));

  sampling->guidance = gtk_spin_button_get_value (self->guidance);
  sampling->steps = gtk_spin_button_get_value_as_int (self->steps);
  sampling->truncation = gtk_spin_button_get_value (self->truncation);
  sampling->sampler = samplers[gtk_drop_down_get_selected (self->sampler)].name;
  sampling->noise = noises[gtk_drop_down_get_selected (self->noise)].kind;
}

static gboolean
is_default (C2lDrawOptions *self)
{
  C2lSampling now;

  c2l_draw_options_get (self, &now);
  return ABS (now.guidance - self->defaults.guidance) < 1e-6 && now.steps == self->defaults.steps
         && ABS (now.truncation - self->defaults.truncation) < 1e-6
         && g_strcmp0 (now.sampler, self->defaults.sampler) == 0
         && now.noise == self->defaults.noise;
}

static void
show (C2lDrawOptions *self, const C2lSampling *sampling)
{
  gtk_spin_button_set_value (self->guidance, sampling->guidance);
  gtk_spin_button_set_value (self->steps, sampling->steps);
  gtk_spin_button_set_value (self->truncation, sampling->truncation);
  for (guint i = 0; i < G_N_ELEMENTS (samplers); i++)
    if (g_strcmp0 (samplers[i].name, sampling->sampler) == 0)
      gtk_drop_down_set_selected (self->sampler, i);
  for (guint i = 0; i < G_N_ELEMENTS (noises); i++)
    if (noises[i].kind == sampling->noise)
      gtk_drop_down_set_selected (self->noise, i);
}

/* --- what is remembered --- */

static GVariant *
pack (const C2lSampling *sampling)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "guidance", "d", sampling->guidance);
  g_variant_dict_insert (&dict, "steps", "i", sampling->steps);
  g_variant_dict_insert (&dict, "truncation", "d", sampling->truncation);
  g_variant_dict_insert (&dict, "sampler", "s", sampling->sampler);
  g_variant_dict_insert (&dict, "noise", "s", c2l_noise_kind_get_name (sampling->noise));
  return g_variant_dict_end (&dict);
}

/* @sampling keeps the strings of @dict. */
static void
unpack (GVariant *dict, C2lSampling *sampling)
{
  const char *noise;

  g_variant_lookup (dict, "guidance", "d", &sampling->guidance);
  g_variant_lookup (dict, "steps", "i", &sampling->steps);
  g_variant_lookup (dict, "truncation", "d", &sampling->truncation);
  g_variant_lookup (dict, "sampler", "&s", &sampling->sampler);
  if (g_variant_lookup (dict, "noise", "&s", &noise))
    c2l_noise_kind_from_name (noise, &sampling->noise);
}

static void
remember (C2lDrawOptions *self)
{
  GSettings *settings = c2l_settings_get ();
  g_autoptr (GVariant) old = g_settings_get_value (settings, "drawing-options");
  GVariantBuilder builder;
  GVariantIter iter;
  const char *model;
  GVariant *dict;
  C2lSampling now;

  if (self->model == NULL)
    return;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{sa{sv}}"));
  g_variant_iter_init (&iter, old);
  while (g_variant_iter_loop (&iter, "{&s@a{sv}}", &model, &dict))
    if (!g_str_equal (model, self->model))
      g_variant_builder_add (&builder, "{s@a{sv}}", model, dict);

  c2l_draw_options_get (self, &now);
  if (!is_default (self))
    g_variant_builder_add (&builder, "{s@a{sv}}", self->model, pack (&now));
  g_settings_set_value (settings, "drawing-options", g_variant_builder_end (&builder));
}

static void
recall (C2lDrawOptions *self)
{
  g_autoptr (GVariant) all = g_settings_get_value (c2l_settings_get (), "drawing-options");
  g_autoptr (GVariant) dict = g_variant_lookup_value (all, self->model, G_VARIANT_TYPE_VARDICT);
  C2lSampling sampling = self->defaults;

  if (dict != NULL)
    unpack (dict, &sampling);
  show (self, &sampling);
}

/* --- changes --- */

static void
update_reset (C2lDrawOptions *self)
{
  gtk_widget_set_sensitive (self->reset, !is_default (self));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CUSTOM]);
}

static void
on_changed (C2lDrawOptions *self)
{
  if (self->is_setting)
    return;

  remember (self);
  update_reset (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

void
c2l_draw_options_set (C2lDrawOptions *self, const C2lSampling *sampling)
{
  g_return_if_fail (C2L_IS_DRAW_OPTIONS (self));

  self->is_setting = TRUE;
  show (self, sampling);
  self->is_setting = FALSE;
  on_changed (self);
}

void
c2l_draw_options_reset (C2lDrawOptions *self)
{
  g_return_if_fail (C2L_IS_DRAW_OPTIONS (self));

  c2l_draw_options_set (self, &self->defaults);
}

void
c2l_draw_options_set_model (C2lDrawOptions *self, C2lModelInfo *model)
{
  C2lDefaults defaults;

  g_return_if_fail (C2L_IS_DRAW_OPTIONS (self));

  c2l_bundle_get_defaults (model->bundle, &defaults);
  self->defaults = (C2lSampling){ .guidance = defaults.guidance,
                                  .steps = defaults.steps,
                                  .sampler = g_intern_string (defaults.sampler),
                                  .truncation = defaults.truncation,
                                  .noise = C2L_NOISE_KIND_RANDOM };
  g_free (self->model);
  self->model = g_strdup (c2l_bundle_get_name (model->bundle));
  gtk_widget_set_sensitive (GTK_WIDGET (self->truncation), model->has_truncation);

  self->is_setting = TRUE;
  recall (self);
  self->is_setting = FALSE;
  update_reset (self);
}

static void
on_reset_clicked (C2lDrawOptions *self)
{
  c2l_draw_options_reset (self);
}

/* --- the widget --- */

static void
c2l_draw_options_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_CUSTOM)
    g_value_set_boolean (value, !is_default (C2L_DRAW_OPTIONS (object)));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
c2l_draw_options_dispose (GObject *object)
{
  C2lDrawOptions *self = C2L_DRAW_OPTIONS (object);
  GtkWidget *child;

  /* Spin buttons tell of a last change when they go. */
  self->is_setting = TRUE;
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);
  g_clear_pointer (&self->model, g_free);

  G_OBJECT_CLASS (c2l_draw_options_parent_class)->dispose (object);
}

static void
c2l_draw_options_class_init (C2lDrawOptionsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = c2l_draw_options_dispose;
  object_class->get_property = c2l_draw_options_get_property;

  properties[PROP_CUSTOM] = g_param_spec_boolean ("custom", NULL, NULL, FALSE,
                                                  G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
  signals[CHANGED] = g_signal_new ("changed", C2L_TYPE_DRAW_OPTIONS, G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-draw-options.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lDrawOptions, guidance);
  gtk_widget_class_bind_template_child (widget_class, C2lDrawOptions, steps);
  gtk_widget_class_bind_template_child (widget_class, C2lDrawOptions, truncation);
  gtk_widget_class_bind_template_child (widget_class, C2lDrawOptions, sampler);
  gtk_widget_class_bind_template_child (widget_class, C2lDrawOptions, noise);
  gtk_widget_class_bind_template_child (widget_class, C2lDrawOptions, reset);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_reset_clicked);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
}

static void
c2l_draw_options_init (C2lDrawOptions *self)
{
  g_autoptr (GtkStringList) sampler_titles = gtk_string_list_new (NULL);
  g_autoptr (GtkStringList) noise_titles = gtk_string_list_new (NULL);

  self->is_setting = TRUE;
  gtk_widget_init_template (GTK_WIDGET (self));
  c2l_compat_name_inner_button (self->sampler);
  c2l_compat_name_inner_button (self->noise);
  for (gsize i = 0; i < G_N_ELEMENTS (samplers); i++)
    gtk_string_list_append (sampler_titles, _ (samplers[i].title));
  for (gsize i = 0; i < G_N_ELEMENTS (noises); i++)
    gtk_string_list_append (noise_titles, _ (noises[i].title));
  gtk_drop_down_set_model (self->sampler, G_LIST_MODEL (sampler_titles));
  gtk_drop_down_set_model (self->noise, G_LIST_MODEL (noise_titles));
  c2l_draw_options_get (self, &self->defaults);
  self->is_setting = FALSE;
}

GtkWidget *
c2l_draw_options_new (void)
{
  return g_object_new (C2L_TYPE_DRAW_OPTIONS, NULL);
}
