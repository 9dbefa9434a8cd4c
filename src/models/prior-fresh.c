/* The weights of a new prior, drawn as the original's modules draw theirs (PyTorch's defaults:
 * Linear uniform in ±1/√inputs, Embedding normal, everything that is torch.randn normal), and the
 * buffers that its checkpoints hold. Knows no device. Policy: each array has a stream of its own,
 * counted in the order in which they are added. */
#include "models/prior-config.h"
#include "models/prior-load-private.h"
#include "models/prior-train.h"
#include "models/streams.h"

#include "compute/philox.h"

#include <math.h>
#include <string.h>

#define PREFIX "diffusion_prior."
#define LAYERS PREFIX "net.causal_transformer.layers"

/* Of the published models; the original has no defaults for these. */
#define DEFAULT_DIM 512
#define DEFAULT_DEPTH 12
#define DEFAULT_HEADS 12
#define DEFAULT_HEAD_DIM 64
#define DEFAULT_STEPS 1000

/* dalle2-pytorch 0.2.38 */
#define MAX_ROTARY 32
#define TIME_MLP_EXPANSION 2
/* rotary-embedding-torch 0.1.5 */
#define ROTARY_BASE 10000.0

typedef struct
{
  C2lWeights *weights;
  guint32 key[2];
  guint32 n_drawn; /* arrays so far */
  gint64 dim, heads, head_dim;
} Maker;

typedef enum
{
  NORMAL,
  UNIFORM /* in ±1/√(last dimension) */
} Distribution;

static void add_array (Maker *maker,
                       const float *values,
                       int n_dims,
                       gint64 d0,
                       gint64 d1,
                       const char *format,
                       ...) G_GNUC_PRINTF (6, 7);

static void
add_array (Maker *maker,
           const float *values,
           int n_dims,
           gint64 d0,
           gint64 d1,
           const char *format,
           ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *name = g_strdup_vprintf (format, args);
  va_end (args);

  c2l_weights_add (maker->weights, name,
                   &(C2lArray){ .dtype = C2L_F32,
                                .n_dims = n_dims,
                                .dims = { d0, n_dims == 2 ? d1 : 0 },
                                .length = (gsize) d0 * (n_dims == 2 ? (gsize) d1 : 1),
                                .data = values });
}

/* Four numbers of one counter. */
static void
draw_four (const guint32 words[4], Distribution distribution, double bound, float to[4])
{
  for (int i = 0; i < 4; i += 2)
    {
      const double u = (words[i] + 0.5) * 0x1p-32, v = (words[i + 1] + 0.5) * 0x1p-32;

      if (distribution == UNIFORM)
        {
          to[i] = (float) (bound * (2 * u - 1));
          to[i + 1] = (float) (bound * (2 * v - 1));
        }
      else
        {
          to[i] = (float) (sqrt (-2 * log (u)) * cos (2 * G_PI * v));
          to[i + 1] = (float) (sqrt (-2 * log (u)) * sin (2 * G_PI * v));
        }
    }
}

static float *
draw (Maker *maker, gsize n, Distribution distribution, double bound)
{
  float *values = g_new (float, n);
  const guint32 array = maker->n_drawn++;

  for (gsize i = 0; i < n; i += 4)
    {
      const guint32 counter[] = { (guint32) (i / 4), C2L_STREAM_FRESH, array, 0 };
      guint32 words[4];
      float four[4];

      c2l_philox (maker->key, counter, words);
      draw_four (words, distribution, bound, four);
      memcpy (values + i, four, MIN (n - i, 4) * sizeof (float));
    }
  return values;
}

static void
add_normal (Maker *maker, int n_dims, gint64 d0, gint64 d1, const char *name)
{
  g_autofree float *values = draw (maker, (gsize) (n_dims == 2 ? d0 * d1 : d0), NORMAL, 0);

  add_array (maker, values, n_dims, d0, d1, "%s", name);
}

static void
add_linear (Maker *maker, gint64 n_out, gint64 n_in, gboolean has_bias, const char *name)
{
  const double bound = 1 / sqrt ((double) n_in);
  g_autofree float *weight = draw (maker, (gsize) (n_out * n_in), UNIFORM, bound);

  add_array (maker, weight, 2, n_out, n_in, "%s.weight", name);
  if (has_bias)
    {
      g_autofree float *bias = draw (maker, (gsize) n_out, UNIFORM, bound);

      add_array (maker, bias, 1, n_out, 0, "%s.bias", name);
    }
}

static void
add_norm (Maker *maker, gint64 width, const char *name)
{
  g_autofree float *values = g_new0 (float, width);

  add_array (maker, values, 1, width, 0, "%s.beta", name);
  for (gint64 i = 0; i < width; i++)
    values[i] = 1;
  add_array (maker, values, 1, width, 0, "%s.gamma", name);
}

static void
add_layer (Maker *maker, const C2lPriorConfig *config, int index)
{
  g_autofree char *attention = g_strdup_printf (LAYERS ".%d.0", index);
  g_autofree char *ff = g_strdup_printf (LAYERS ".%d.1", index);
  const gint64 dim = maker->dim, d = maker->head_dim, heads = maker->heads * d;
  const gint64 inner = (gint64) (config->ff_mult * (double) dim);
  const struct
  {
    const char *prefix, *tail;
    gint64 n_out, n_in;
  } matrices[] = {
    { attention, ".to_q", heads, dim },
    { attention, ".to_kv", 2 * d, dim },
    { attention, ".to_out.0", dim, heads },
    { ff, ".1", 2 * inner, dim },
    { ff, ".5", dim, inner },
  };
  const struct
  {
    const char *prefix, *tail;
    gint64 width;
  } norms[] = {
    { attention, ".norm", dim },
    { attention, ".to_out.1", dim },
    { ff, ".0", dim },
    { ff, ".3", inner }, /* normformer's */
  };
  g_autofree char *null_kv = g_strconcat (attention, ".null_kv", NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (norms) - (config->normformer ? 0 : 1); i++)
    {
      g_autofree char *name = g_strconcat (norms[i].prefix, norms[i].tail, NULL);

      add_norm (maker, norms[i].width, name);
    }
  add_normal (maker, 2, 2, d, null_kv);
  for (gsize i = 0; i < G_N_ELEMENTS (matrices); i++)
    {
      g_autofree char *name = g_strconcat (matrices[i].prefix, matrices[i].tail, NULL);

      add_linear (maker, matrices[i].n_out, matrices[i].n_in, FALSE, name);
    }
  if (config->has_rotary)
    {
      const int n = (int) MIN (MAX_ROTARY, d), half = n / 2;
      float freqs[MAX_ROTARY / 2];

      for (int i = 0; i < half; i++)
        freqs[i] = (float) (1 / pow (ROTARY_BASE, 2.0 * i / n));
      add_array (maker, freqs, 1, half, 0, "%s.rotary_emb.freqs", attention);
    }
}

static void
add_time (Maker *maker, const C2lPriorConfig *config)
{
  const gint64 n_out = maker->dim * MAX (1, config->num_time_embeds);
  const gint64 hidden = TIME_MLP_EXPANSION * n_out;

  if (config->num_timesteps > 0)
    {
      add_normal (maker, 2, config->num_timesteps, n_out, PREFIX "net.to_time_embeds.0.weight");
      return;
    }
  add_linear (maker, hidden, maker->dim, TRUE, PREFIX "net.to_time_embeds.0.1.net.0.0");
  add_linear (maker, hidden, hidden, TRUE, PREFIX "net.to_time_embeds.0.1.net.1.0");
  add_linear (maker, n_out, hidden, TRUE, PREFIX "net.to_time_embeds.0.1.net.2");
}

static void
add_schedule (Maker *maker, const C2lPriorConfig *config)
{
  const int n_steps = config->timesteps > 0 ? config->timesteps : DEFAULT_STEPS;
  g_autoptr (C2lSchedule) schedule = c2l_schedule_new (config->beta_schedule, n_steps);

  for (int i = 0; i < C2L_N_BUFFERS; i++)
    add_array (maker, schedule->buffers[i], 1, n_steps, 0, PREFIX "%s",
               c2l_schedule_buffer_get_name (i));
}

static void
add_network (Maker *maker, const C2lPriorConfig *config)
{
  const gint64 dim = maker->dim;
  const int n_latents = MAX (1, config->n_latents);

  add_normal (maker, n_latents > 1 ? 2 : 1, n_latents > 1 ? n_latents : dim, dim,
              PREFIX "net.learned_query");
  add_time (maker, config);
  if (config->num_text_embeds > 1)
    add_linear (maker, dim * config->num_text_embeds, dim, TRUE, PREFIX "net.to_text_embeds.0");
  if (config->num_image_embeds > 1)
    add_linear (maker, dim * config->num_image_embeds, dim, TRUE, PREFIX "net.to_image_embeds.0");
  add_normal (maker, 2, C2L_PRIOR_N_BUCKETS, maker->heads,
              PREFIX "net.causal_transformer.rel_pos_bias.relative_attention_bias.weight");
  for (int i = 0; i < (config->depth > 0 ? config->depth : DEFAULT_DEPTH); i++)
    add_layer (maker, config, i);
  if (config->has_norm_out)
    add_norm (maker, dim, PREFIX "net.causal_transformer.norm");
  if (config->has_project_out)
    add_linear (maker, dim, dim, FALSE, PREFIX "net.causal_transformer.project_out");
}

C2lWeights *
c2l_prior_fresh_new (JsonObject *root,
                     const float *mean,
                     const float *std,
                     guint64 seed,
                     GError **error)
{
  g_autoptr (C2lPriorConfig) config = c2l_prior_config_new (root, error);

  if (config == NULL)
    return NULL;

  Maker maker = {
    .weights = c2l_weights_new (C2L_WEIGHTS_PRIOR, "new prior", "fresh weights"),
    .key = { (guint32) seed, (guint32) (seed >> 32) },
    .dim = config->dim > 0 ? config->dim : DEFAULT_DIM,
    .heads = config->heads > 0 ? config->heads : DEFAULT_HEADS,
    .head_dim = config->dim_head > 0 ? config->dim_head : DEFAULT_HEAD_DIM,
  };
  const int n_latents = MAX (1, config->n_latents);

  add_schedule (&maker, config);
  add_network (&maker, config);
  if (mean != NULL && std != NULL && (config->znorm_latent || !config->knows_znorm))
    {
      const int n_dims = n_latents > 1 ? 2 : 1;

      add_array (&maker, mean, n_dims, n_dims == 2 ? n_latents : maker.dim, maker.dim,
                 PREFIX "latent_mean");
      add_array (&maker, std, n_dims, n_dims == 2 ? n_latents : maker.dim, maker.dim,
                 PREFIX "latent_std");
    }
  c2l_weights_set_config (maker.weights, root);
  return maker.weights;
}
