/* Made-up transformers of the published sizes: the prior `mid` under the names of a trainer's
 * checkpoint, CLIP ViT-B/32 under OpenAI's. */
#include "models/schedule.h"
#include "models/synthetic-private.h"

#include <math.h>

#define DIMS(...)                                                                                  \
  G_N_ELEMENTS (((gint64[]){ __VA_ARGS__ })), (gint64[]) { __VA_ARGS__ }

/* The prior. */

enum
{
  PRIOR_DIM = 512,
  PRIOR_DEPTH = 12,
  PRIOR_HEADS = 12,
  PRIOR_DIM_HEAD = 64,
  PRIOR_STEPS = 1000,
  PRIOR_BUCKETS = 32,
  PRIOR_ROTARY = 32
};

#define PRIOR "ema_diffusion_prior.ema_model."
#define PRIOR_LAYERS PRIOR "net.causal_transformer.layers."

/* A matrix that keeps the variance. */
static void
add_matrix (C2lFiller *filler, gint64 n_out, gint64 n_in, const char *format, int layer)
{
  g_autofree char *tail = g_strdup_printf ("%d.%s", layer, format);

  c2l_filler_add_normal (filler, C2L_F32, 0, (float) (1 / sqrt ((double) n_in)), DIMS (n_out, n_in),
                         PRIOR_LAYERS "%s", tail);
}

static void
add_norm (C2lFiller *filler, const char *prefix)
{
  c2l_filler_add_normal (filler, C2L_F32, 1, 0.1f, DIMS (PRIOR_DIM), "%s.gamma", prefix);
  c2l_filler_add_normal (filler, C2L_F32, 0, 0, DIMS (PRIOR_DIM), "%s.beta", prefix);
}

static void
add_prior_layer (C2lFiller *filler, int layer)
{
  static const char *const norms[] = { "0.norm", "0.to_out.1", "1.0" };
  const gint64 inner = PRIOR_HEADS * PRIOR_DIM_HEAD;
  float freqs[PRIOR_ROTARY / 2];

  for (int i = 0; i < PRIOR_ROTARY / 2; i++)
    freqs[i] = (float) pow (10000, -2.0 * i / PRIOR_ROTARY);
  for (gsize i = 0; i < G_N_ELEMENTS (norms); i++)
    {
      g_autofree char *prefix = g_strdup_printf (PRIOR_LAYERS "%d.%s", layer, norms[i]);
      add_norm (filler, prefix);
    }

  c2l_filler_add_normal (filler, C2L_F32, 0, 1, DIMS (2, PRIOR_DIM_HEAD),
                         PRIOR_LAYERS "%d.0.null_kv", layer);
  c2l_filler_add_values (filler, freqs, DIMS (PRIOR_ROTARY / 2),
                         PRIOR_LAYERS "%d.0.rotary_emb.freqs", layer);
  add_matrix (filler, inner, PRIOR_DIM, "0.to_q.weight", layer);
  add_matrix (filler, 2 * PRIOR_DIM_HEAD, PRIOR_DIM, "0.to_kv.weight", layer);
  add_matrix (filler, PRIOR_DIM, inner, "0.to_out.0.weight", layer);
  add_matrix (filler, 8 * PRIOR_DIM, PRIOR_DIM, "1.1.weight", layer);
  add_matrix (filler, PRIOR_DIM, 4 * PRIOR_DIM, "1.5.weight", layer);
}

static void
add_schedule (C2lFiller *filler)
{
  g_autoptr (C2lSchedule) schedule = c2l_schedule_new (C2L_SCHEDULE_COSINE, PRIOR_STEPS);

  for (int i = 0; i < C2L_N_BUFFERS; i++)
    c2l_filler_add_values (filler, schedule->buffers[i], DIMS (PRIOR_STEPS), PRIOR "%s",
                           c2l_schedule_buffer_get_name (i));
}

void
c2l_synthetic_fill_prior (C2lFiller *filler)
{
  add_schedule (filler);
  c2l_filler_add_normal (filler, C2L_F32, 0, 0.2f, DIMS (PRIOR_DIM), PRIOR "latent_mean");
  c2l_filler_add_normal (filler, C2L_F32, 1, 0.1f, DIMS (PRIOR_DIM), PRIOR "latent_std");
  c2l_filler_add_normal (filler, C2L_F32, 0, 1, DIMS (PRIOR_DIM), PRIOR "net.learned_query");
  c2l_filler_add_normal (filler, C2L_F32, 0, 1, DIMS (PRIOR_STEPS, PRIOR_DIM),
                         PRIOR "net.to_time_embeds.0.weight");
  c2l_filler_add_normal (filler, C2L_F32, 0, 1, DIMS (PRIOR_BUCKETS, PRIOR_HEADS),
                         PRIOR
                         "net.causal_transformer.rel_pos_bias.relative_attention_bias.weight");
  for (int i = 0; i < PRIOR_DEPTH; i++)
    add_prior_layer (filler, i);
  add_norm (filler, PRIOR "net.causal_transformer.norm");
  c2l_filler_add_normal (filler, C2L_F32, 0, (float) (1 / sqrt (PRIOR_DIM)),
                         DIMS (PRIOR_DIM, PRIOR_DIM),
                         PRIOR "net.causal_transformer.project_out.weight");
}

/* CLIP. */

enum
{
  CLIP_EMBED = 512,
  CLIP_CONTEXT = 77,
  CLIP_VOCABULARY = 49408,
  CLIP_BLOCKS = 12,
  CLIP_TEXT_WIDTH = 512,
  CLIP_VISION_WIDTH = 768,
  CLIP_PATCH = 32,
  CLIP_RESOLUTION = 224
};

static void
add_clip_norm (C2lFiller *filler, gint64 width, const char *prefix)
{
  c2l_filler_add_normal (filler, C2L_F32, 1, 0.1f, DIMS (width), "%s.weight", prefix);
  c2l_filler_add_normal (filler, C2L_F32, 0, 0.02f, DIMS (width), "%s.bias", prefix);
}

static void
add_clip_linear (C2lFiller *filler,
                 gint64 n_out,
                 gint64 n_in,
                 const char *prefix,
                 const char *weight,
                 const char *bias)
{
  float deviation = (float) (0.5 / sqrt ((double) n_in));

  c2l_filler_add_normal (filler, C2L_F16, 0, deviation, DIMS (n_out, n_in), "%s.%s", prefix,
                         weight);
  c2l_filler_add_normal (filler, C2L_F16, 0, 0.02f, DIMS (n_out), "%s.%s", prefix, bias);
}

static void
add_clip_blocks (C2lFiller *filler, gint64 width, const char *transformer)
{
  for (int i = 0; i < CLIP_BLOCKS; i++)
    {
      g_autofree char *block = g_strdup_printf ("%s.resblocks.%d", transformer, i);
      g_autofree char *ln_1 = g_strconcat (block, ".ln_1", NULL),
                      *ln_2 = g_strconcat (block, ".ln_2", NULL);

      add_clip_linear (filler, 3 * width, width, block, "attn.in_proj_weight", "attn.in_proj_bias");
      add_clip_linear (filler, width, width, block, "attn.out_proj.weight", "attn.out_proj.bias");
      add_clip_linear (filler, 4 * width, width, block, "mlp.c_fc.weight", "mlp.c_fc.bias");
      add_clip_linear (filler, width, 4 * width, block, "mlp.c_proj.weight", "mlp.c_proj.bias");
      add_clip_norm (filler, width, ln_1);
      add_clip_norm (filler, width, ln_2);
    }
}

void
c2l_synthetic_fill_clip (C2lFiller *filler)
{
  const gint64 n_patches = (CLIP_RESOLUTION / CLIP_PATCH) * (CLIP_RESOLUTION / CLIP_PATCH);
  const float vision = (float) (1 / sqrt (CLIP_VISION_WIDTH)),
              text = (float) (1 / sqrt (CLIP_TEXT_WIDTH));
  static const float logit_scale = 4.6052f;

  c2l_filler_add_normal (filler, C2L_F16, 0, 0.02f,
                         DIMS (CLIP_VISION_WIDTH, 3, CLIP_PATCH, CLIP_PATCH),
                         "visual.conv1.weight");
  c2l_filler_add_normal (filler, C2L_F32, 0, vision, DIMS (CLIP_VISION_WIDTH),
                         "visual.class_embedding");
  c2l_filler_add_normal (filler, C2L_F32, 0, vision, DIMS (n_patches + 1, CLIP_VISION_WIDTH),
                         "visual.positional_embedding");
  c2l_filler_add_normal (filler, C2L_F16, 0, vision, DIMS (CLIP_VISION_WIDTH, CLIP_EMBED),
                         "visual.proj");
  add_clip_norm (filler, CLIP_VISION_WIDTH, "visual.ln_pre");
  add_clip_norm (filler, CLIP_VISION_WIDTH, "visual.ln_post");
  add_clip_blocks (filler, CLIP_VISION_WIDTH, "visual.transformer");

  c2l_filler_add_normal (filler, C2L_F32, 0, 0.02f, DIMS (CLIP_VOCABULARY, CLIP_TEXT_WIDTH),
                         "token_embedding.weight");
  c2l_filler_add_normal (filler, C2L_F32, 0, 0.01f, DIMS (CLIP_CONTEXT, CLIP_TEXT_WIDTH),
                         "positional_embedding");
  c2l_filler_add_normal (filler, C2L_F16, 0, text, DIMS (CLIP_TEXT_WIDTH, CLIP_EMBED),
                         "text_projection");
  c2l_filler_add_values (filler, &logit_scale, 0, NULL, "logit_scale");
  add_clip_norm (filler, CLIP_TEXT_WIDTH, "ln_final");
  add_clip_blocks (filler, CLIP_TEXT_WIDTH, "transformer");
}
