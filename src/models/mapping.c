/* The mapping network, written once for both generators. Knows nothing of pictures. Gains
 * (learning-rate multiplier, 1/√fan-in) are applied at load. */
#include "models/mapping.h"

#include <math.h>
#include <string.h>

/* Of the original's bias_act table, what a mapping network or a synthesis layer may ask for and a
 * device has. */
static const struct
{
  const char *name;
  C2lActivation act;
  float gain;
} activations[] = {
  { "lrelu", C2L_ACT_LEAKY_RELU, G_SQRT2 },
  { "linear", C2L_ACT_LINEAR, 1 },
  { "relu", C2L_ACT_RELU, G_SQRT2 },
  { "swish", C2L_ACT_SILU, G_SQRT2 },
};

#define MAX_LAYERS 64
#define DEFAULT_LR_MULTIPLIER 0.01 /* of every published network */
#define NORMALIZE_EPS 1e-8f

void
c2l_mapping_load_activation (C2lLoader *loader, JsonObject *config, C2lActivation *act, float *gain)
{
  const char *name = c2l_config_get_string (config, "activation", "lrelu");

  for (gsize i = 0; i < G_N_ELEMENTS (activations); i++)
    if (strcmp (name, activations[i].name) == 0)
      {
        *act = activations[i].act;
        *gain = activations[i].gain;
        return;
      }

  c2l_loader_fail (loader, C2L_FORMAT_ERROR_UNSUPPORTED,
                   "it uses “%s”, an activation that is not known here", name);
}

static void
load_layers (C2lMapping *mapping, C2lLoader *loader, gint64 n_embed, float lr)
{
  const C2lArray *first = c2l_loader_need (loader, 2, (gint64[]){ 0, 0 }, "mapping.fc0.weight");
  if (first == NULL)
    return;

  gint64 width = first->dims[1];
  mapping->z_dim = width - n_embed;
  if (mapping->z_dim < 0)
    c2l_loader_fail (loader, C2L_FORMAT_ERROR_DAMAGED,
                     "its label embedding is wider than the input of its mapping network");

  for (int i = 0; c2l_loader_find (loader, "mapping.fc%d.weight", i) != NULL; i++)
    {
      C2lDense layer = c2l_loader_get_dense (loader, lr, 1, 0, width, "mapping.fc%d", i);

      if (i >= MAX_LAYERS)
        c2l_loader_fail (loader, C2L_FORMAT_ERROR_UNSUPPORTED, "more than %d mapping layers",
                         MAX_LAYERS);
      if (c2l_loader_has_failed (loader))
        {
          c2l_dense_clear (&layer);
          return;
        }
      width = c2l_tensor_get_dim (layer.weight, 0);
      g_array_append_val (mapping->layers, layer);
    }
  mapping->w_dim = width;
}

/* The file's own numbers must be those of its tensors. */
static void
check_size (C2lLoader *loader, JsonObject *config, const char *member, gint64 size)
{
  double stated = c2l_loader_get_number (loader, config, member, (double) size, 0, G_MAXINT);

  if (stated != (double) size)
    c2l_loader_fail (loader, C2L_FORMAT_ERROR_DAMAGED,
                     "it says that %s is %g, but its tensors make it %" G_GINT64_FORMAT, member,
                     stated, size);
}

C2lMapping *
c2l_mapping_load (C2lLoader *loader, JsonObject *config)
{
  C2lMapping *mapping = g_new0 (C2lMapping, 1);
  JsonObject *own = c2l_config_get_object (config, "mapping");
  gint64 n_embed = 0;

  mapping->layers = g_array_new (FALSE, FALSE, sizeof (C2lDense));
  g_array_set_clear_func (mapping->layers, (GDestroyNotify) c2l_dense_clear);
  c2l_mapping_load_activation (loader, own, &mapping->act, &mapping->act_gain);

  const C2lArray *embed = c2l_loader_find (loader, "mapping.embed.weight");
  if (embed != NULL)
    {
      mapping->embed = c2l_loader_get_dense (loader, 1, 1, 0, 0, "mapping.embed");
      if (mapping->embed.weight != NULL)
        {
          n_embed = c2l_tensor_get_dim (mapping->embed.weight, 0);
          mapping->c_dim = c2l_tensor_get_dim (mapping->embed.weight, 1);
        }
    }

  double lr
      = c2l_loader_get_number (loader, own, "lr_multiplier", DEFAULT_LR_MULTIPLIER, 1e-9, 1e9);
  load_layers (mapping, loader, n_embed, (float) lr);

  if (c2l_loader_find (loader, "mapping.w_avg") != NULL)
    {
      mapping->w_avg = c2l_loader_get_tensor (loader, 1, 1, &mapping->w_dim, "mapping.w_avg");
      if (mapping->w_avg != NULL)
        mapping->w_avg_host = c2l_array_dup_f32 (c2l_loader_find (loader, "mapping.w_avg"));
    }

  if (!c2l_loader_has_failed (loader))
    {
      check_size (loader, config, "z_dim", mapping->z_dim);
      check_size (loader, config, "c_dim", mapping->c_dim);
      check_size (loader, config, "w_dim", mapping->w_dim);
    }
  return mapping;
}

void
c2l_mapping_free (C2lMapping *mapping)
{
  if (mapping == NULL)
    return;

  c2l_dense_clear (&mapping->embed);
  g_clear_pointer (&mapping->layers, g_array_unref);
  g_clear_pointer (&mapping->w_avg, c2l_tensor_unref);
  g_free (mapping->w_avg_host);
  g_free (mapping);
}

static gboolean
check_input (C2lPass *pass, C2lTensor *tensor, gint64 width, const char *what)
{
  if (width == 0)
    return TRUE;
  if (tensor == NULL)
    {
      c2l_pass_fail (pass, C2L_COMPUTE_ERROR_SHAPE,
                     "the generator needs %s of %" G_GINT64_FORMAT " numbers a picture", what,
                     width);
      return FALSE;
    }
  if (c2l_tensor_get_n_dims (tensor) == 2 && c2l_tensor_get_dim (tensor, 1) == width)
    return TRUE;

  g_autofree char *shape = c2l_tensor_to_string (tensor);
  c2l_pass_fail (pass, C2L_COMPUTE_ERROR_SHAPE,
                 "%s is %s, but the generator takes [B, %" G_GINT64_FORMAT "]", what, shape, width);
  return FALSE;
}

/* w [B, D] → [B, n, D]. */
static C2lTensor *
broadcast (C2lPass *pass, C2lTensor *w, gint64 n)
{
  gint64 batch = c2l_tensor_get_dim (w, 0), width = c2l_tensor_get_dim (w, 1);
  C2lTensor *row = c2l_reshape (pass, w, 3, (gint64[]){ batch, 1, width });

  return c2l_expand (pass, row, 3, (gint64[]){ batch, n, width });
}

static C2lTensor *
truncate_ws (C2lMapping *mapping,
             C2lPass *pass,
             C2lTensor *w,
             C2lTensor *psi,
             int cutoff,
             int num_ws)
{
  if (w == NULL)
    return NULL;
  if (psi == NULL || cutoff == 0)
    return broadcast (pass, w, num_ws);
  if (mapping->w_avg == NULL)
    {
      c2l_pass_fail (pass, C2L_COMPUTE_ERROR_UNSUPPORTED,
                     "the generator has no average latent to truncate towards");
      return NULL;
    }

  C2lTensor *near = c2l_lerp (pass, mapping->w_avg, w, psi);
  if (near == NULL || cutoff < 0 || cutoff >= num_ws)
    return near != NULL ? broadcast (pass, near, num_ws) : NULL;

  C2lTensor *parts[] = { broadcast (pass, near, cutoff), broadcast (pass, w, num_ws - cutoff) };
  return c2l_concat (pass, 1, G_N_ELEMENTS (parts), parts);
}

C2lTensor *
c2l_mapping_forward (C2lMapping *mapping,
                     C2lPass *pass,
                     C2lTensor *z,
                     C2lTensor *c,
                     C2lTensor *psi,
                     int cutoff,
                     int num_ws)
{
  C2lTensor *inputs[2];
  int n_inputs = 0;

  if (c2l_pass_has_failed (pass) || !check_input (pass, z, mapping->z_dim, "a latent z")
      || !check_input (pass, c, mapping->c_dim, "a class label"))
    return NULL;

  if (mapping->z_dim > 0)
    inputs[n_inputs++] = c2l_rms_normalize (pass, z, NORMALIZE_EPS);
  if (mapping->c_dim > 0)
    {
      C2lTensor *label = c2l_gemm (pass, c, mapping->embed.weight,
                                   &(C2lEpilogue){ .bias = mapping->embed.bias });
      inputs[n_inputs++] = c2l_rms_normalize (pass, label, NORMALIZE_EPS);
    }
  C2lTensor *x = n_inputs == 2 ? c2l_concat (pass, 1, n_inputs, inputs) : inputs[0];

  for (guint i = 0; i < mapping->layers->len; i++)
    {
      const C2lDense *layer = &g_array_index (mapping->layers, C2lDense, i);

      x = c2l_gemm (
          pass, x, layer->weight,
          &(C2lEpilogue){ .bias = layer->bias, .act = mapping->act, .gain = mapping->act_gain });
    }
  return truncate_ws (mapping, pass, x, psi, cutoff, num_ws);
}
