/* C2lPriorConfig: what the prior's configuration (as Hydra writes it for the original) says,
 * checked. */
#pragma once

#include "compute/ops-train.h"
#include "models/schedule.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef struct
{
  /* 0: not said */
  int dim, depth, heads, dim_head;
  int num_timesteps;      /* of the network's table; 0 also where it is null */
  int num_time_embeds, num_image_embeds, num_text_embeds;
  int timesteps;          /* of the diffusion */
  int image_embed_dim;
  int n_latents;
  int *latent_repeats;    /* (nullable) [n_repeats] */
  int n_repeats;

  gboolean has_rotary, has_norm_out, has_project_out;
  gboolean znorm_latent;
  gboolean knows_znorm;   /* the configuration says so */
  gboolean predict_x_start;
  gboolean sampling_clamp_l2norm, init_image_embed_l2norm;
  C2lScheduleKind beta_schedule;
  double cond_drop_prob;
  double image_embed_scale; /* 0: √D */
  double text_embed_scale;

  /* of training */
  C2lLossKind loss;
  gboolean training_clamp_l2norm;
  gboolean normformer;
  double ff_mult, attn_dropout, ff_dropout;
} C2lPriorConfig;

/* @root: (nullable): NULL or empty gives the values of the published models. Strings of the form
 * ${a.b} stand for another setting. NULL and C2L_FORMAT_ERROR where a setting is not what it should
 * be; the message says which. */
C2lPriorConfig *c2l_prior_config_new (JsonObject *root, GError **error);
void            c2l_prior_config_free (C2lPriorConfig *config);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lPriorConfig, c2l_prior_config_free)

G_END_DECLS
