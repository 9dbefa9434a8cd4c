/* The configuration of a training, put together as the original does with Hydra: data/config/config.yaml, a
 * file of each group ("model=small"), overrides ("train.lr=3.0e-4"), interpolation (${a.b}). What comes out is
 * one JSON object, resolved and checked: every known key is there, with a value of its type and in its range.
 *
 *   const char *overrides[] = { "data=starter", "train.max_it=20_000", NULL };
 *   g_autoptr (JsonObject) config = c2l_train_config_compose (NULL, overrides, &error);
 *   C2lTrainSettings settings;
 *   c2l_train_settings_read (&settings, config);
 *
 * Errors are C2L_STUDIO_ERROR_INVALID or C2L_FORMAT_ERROR; an unknown key is answered with the nearest known one. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* c2l_train_config_compose:
 * @base: (nullable): an earlier configuration, of a run or of the original, that is laid over the defaults
 * @overrides: (nullable): "group=name", "group=FILE.yaml" or "key.sub=value" */
JsonObject *c2l_train_config_compose (JsonObject *base, const char *const *overrides, GError **error);

/* The same with the mapping in the file @path as base. */
JsonObject *c2l_train_config_load (const char *path, const char *const *overrides, GError **error);

/* Makes the paths in @config absolute that are there from the current folder, so that a run can be resumed from another. */
void        c2l_train_config_make_absolute (JsonObject *config);

/* Writes @config as YAML, aside and renamed. */
gboolean    c2l_train_config_save (JsonObject *config, const char *path, GError **error);

/* Sentences about settings that are accepted and have no effect here; NULL-terminated (transfer full). */
char      **c2l_train_config_list_notes (JsonObject *config);

/* Names of the files of a group ("model", "data"), sorted; NULL-terminated (transfer full). */
char      **c2l_train_config_list_group (const char *group);

/* What a configuration says, as values. Strings and the object are lent by the configuration. */
typedef struct
{
  JsonObject *config;
  const char *name, *device, *resume; /* (nullable) */

  gint64 max_it, val_it;
  double lr, lr_min, weight_decay;
  const char *lr_schedule;
  gint64 warmup;
  gint64 ema_update_every, ema_update_after;
  double ema_beta;
  gint64 seed;
  const char *precision;
  gint64 grad_accum, max_rows;
  double max_grad_norm;
  gint64 log_it, checkpoint_it, keep, early_stop, val_steps;
  double checkpoint_minutes, max_loss;
  const char *best_by;
  gboolean znorm_latent;

  gint64 bs, n_latents, latent_dim;
  double embed_noise_scale;
  gint64 shuffle, stats_samples;
  const char *sg_pkl, *clip_variant, *bundle, *clip_preprocess, *val_text_samples; /* (nullable) */
  gint64 val_im_samples, val_samples_per_text;
  gint64 timesteps; /* of the diffusion */
} C2lTrainSettings;

/* @config: from the functions above; it must outlive @settings. */
void        c2l_train_settings_read (C2lTrainSettings *settings, JsonObject *config);
/* The paths at @key ("data.path"), one or several, none where it is null; NULL-terminated (transfer full). */
char      **c2l_train_config_list_paths (JsonObject *config, const char *key);

/* The learning rate of step @step, the first one 1. */
double      c2l_train_settings_get_lr (const C2lTrainSettings *settings, gint64 step);

G_END_DECLS
