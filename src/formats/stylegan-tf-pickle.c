/* From TensorFlow's variables to PyTorch's state dict. Dense layers are transposed, convolutions go
 * from [y, x, in, out] to [out, in, y, x], those that upsample are flipped, modulation biases get
 * the 1 that TensorFlow's code adds. */
#include "formats/stylegan-tf-pickle.h"

#include "formats/array.h"
#include "formats/generator-build.h"
#include "formats/weights-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define NETWORK "dnnlib.tflib.network.Network"
/* StyleGAN2's networks say so; StyleGAN1's are older. */
#define MIN_VERSION 4
#define MAX_TAPS 16

typedef enum
{
  COPY,      /* as it is */
  INNER,     /* leading ones dropped */
  TRANSPOSE, /* [in, out] → [out, in] */
  PLUS_ONE,
  CONV,
  CONV_FLIPPED
} Change;

typedef struct
{
  const char *tf;
  const char *torch;
  Change change;
  int n_dims; /* of the result */
} Rule;

/* In every layer with modulated weights. */
static const Rule layer_rules[] = {
  { "bias", "bias", COPY, 1 },
  { "mod_weight", "affine.weight", TRANSPOSE, 2 },
  { "mod_bias", "affine.bias", PLUS_ONE, 1 },
  { "noise_strength", "noise_strength", COPY, 0 },
};

/* Layers of a block. */
static const Rule block_rules[] = {
  { "Conv", "conv1", CONV, 4 },        { "Conv0_up", "conv0", CONV_FLIPPED, 4 },
  { "Conv1", "conv1", CONV, 4 },       { "ToRGB", "torgb", CONV, 4 },
  { "Skip", "skip", CONV_FLIPPED, 4 },
};

typedef struct
{
  C2lPickle *pickle;
  GHashTable *variables; /* "synthesis/4x4/Conv/weight" → C2lPickleValue */
  const C2lPickleValue *kwargs;
  C2lWeights *to;
} Conversion;

static gboolean
is_network (const C2lPickleValue *value)
{
  return value->kind == C2L_PICKLE_OBJECT && strcmp (value->object.name, NETWORK) == 0;
}

gboolean
c2l_stylegan_tf_pickle_detect (const C2lPickleValue *root)
{
  return root->kind == C2L_PICKLE_TUPLE && root->sequence.length == 3
         && is_network (root->sequence.items[2]);
}

static gboolean
refuse (GError **error, const char *name, const char *what)
{
  g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
               _ ("damaged StyleGAN2 file of the TensorFlow era: “%s” %s; fetch the file again"),
               name, what);
  return FALSE;
}

static gboolean
collect (Conversion *self,
         const C2lPickleValue *network,
         const char *prefix,
         C2lPickleWalk *walk,
         GError **error)
{
  if (!is_network (network))
    return refuse (error, *prefix ? prefix : "Gs", "is no network");
  if (!c2l_pickle_walk_enter (walk, error))
    return FALSE;

  const C2lPickleValue *state = network->object.state;
  const C2lPickleValue *variables = c2l_pickle_lookup (self->pickle, state, "variables");
  const C2lPickleValue *components = c2l_pickle_lookup (self->pickle, state, "components");
  if (variables == NULL || variables->kind != C2L_PICKLE_LIST)
    return refuse (error, *prefix ? prefix : "Gs", "has no variables");
  for (guint i = 0; i < variables->sequence.length; i++)
    {
      const C2lPickleValue *pair = variables->sequence.items[i];
      g_autofree char *name = pair->kind == C2L_PICKLE_TUPLE && pair->sequence.length == 2
                                  ? c2l_pickle_dup_string (pair->sequence.items[0])
                                  : NULL;
      if (name == NULL)
        return refuse (error, *prefix ? prefix : "Gs", "has a variable without a name");
      g_hash_table_replace (self->variables, g_strconcat (prefix, name, NULL),
                            pair->sequence.items[1]);
    }
  for (guint i = 0; components != NULL && components->kind == C2L_PICKLE_DICT
                    && i + 1 < components->sequence.length;
       i += 2)
    {
      g_autofree char *name = c2l_pickle_dup_string (components->sequence.items[i]);
      g_autofree char *below = g_strconcat (prefix, name ? name : "", "/", NULL);
      if (!collect (self, components->sequence.items[i + 1], below, walk, error))
        return FALSE;
    }
  c2l_pickle_walk_leave (walk);
  return TRUE;
}

/* [y, x, in, out] → [out, in, y, x]; @flip turns the kernel by 180°. */
static void
permute_kernel (float *out, const float *in, const gint64 *dims, gboolean flip)
{
  gsize height = (gsize) dims[0], width = (gsize) dims[1], n_in = (gsize) dims[2],
        n_out = (gsize) dims[3];
  gsize area = height * width;

  for (gsize t = 0; t < area; t++)
    for (gsize i = 0; i < n_in; i++)
      for (gsize o = 0; o < n_out; o++)
        out[(o * n_in + i) * area + (flip ? area - 1 - t : t)] = in[(t * n_in + i) * n_out + o];
}

static void
transpose (float *out, const float *in, const gint64 *dims)
{
  for (gint64 y = 0; y < dims[0]; y++)
    for (gint64 x = 0; x < dims[1]; x++)
      out[x * dims[0] + y] = in[y * dims[1] + x];
}

/* Adds @array, changed, as @name. */
static gboolean
add_changed (Conversion *self,
             const C2lArray *array,
             const char *name,
             Change change,
             int n_dims,
             GError **error)
{
  int extra = array->n_dims - n_dims;
  gboolean fits = extra >= 0 && (change == INNER || extra == 0);
  for (int i = 0; fits && i < extra; i++)
    fits = array->dims[i] == 1;
  if (!fits)
    return refuse (error, name, "has an unexpected shape");

  g_autofree float *values = c2l_array_dup_f32 (array);
  if (change == COPY || change == INNER)
    return c2l_generator_add (self->to, name, n_dims, array->dims + extra, values, error);
  if (change == PLUS_ONE)
    {
      for (gsize i = 0; i < array->length; i++)
        values[i] += 1;
      return c2l_generator_add (self->to, name, n_dims, array->dims, values, error);
    }

  g_autofree float *moved = g_new (float, MAX (array->length, 1));
  const gint64 *d = array->dims;
  if (change == TRANSPOSE)
    {
      transpose (moved, values, d);
      return c2l_generator_add (self->to, name, 2, (gint64[]){ d[1], d[0] }, moved, error);
    }
  permute_kernel (moved, values, d, change == CONV_FLIPPED);
  return c2l_generator_add (self->to, name, 4, (gint64[]){ d[3], d[2], d[0], d[1] }, moved, error);
}

/* Converts variable @tf to @torch if there is one. */
static gboolean
convert (Conversion *self,
         const char *tf,
         const char *torch,
         Change change,
         int n_dims,
         GError **error)
{
  const C2lPickleValue *value = g_hash_table_lookup (self->variables, tf);
  C2lArray array;

  if (value == NULL)
    return TRUE;
  /* Scalars are numbers, not arrays. */
  if (value->kind == C2L_PICKLE_FLOAT && n_dims == 0)
    return c2l_generator_add (self->to, torch, 0, NULL, &(float){ (float) value->number }, error);
  if (!c2l_pickle_get_array (self->pickle, value, &array, error))
    {
      g_prefix_error (error, "“%s”: ", tf);
      return FALSE;
    }
  return add_changed (self, &array, torch, change, n_dims, error);
}

static gboolean
convert_layer (Conversion *self,
               const Rule *layer,
               int resolution,
               const char *tf_name,
               GError **error)
{
  g_autofree char *tf = g_strdup_printf ("synthesis/%s/", tf_name);
  g_autofree char *torch = g_strdup_printf ("synthesis.b%d.%s.", resolution, layer->torch);
  g_autofree char *tf_weight = g_strconcat (tf, "weight", NULL);
  g_autofree char *torch_weight = g_strconcat (torch, "weight", NULL);

  if (!convert (self, tf_weight, torch_weight, layer->change, layer->n_dims, error))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (layer_rules); i++)
    {
      g_autofree char *from = g_strconcat (tf, layer_rules[i].tf, NULL);
      g_autofree char *to = g_strconcat (torch, layer_rules[i].torch, NULL);
      if (!convert (self, from, to, layer_rules[i].change, layer_rules[i].n_dims, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
convert_noise (Conversion *self, int index, int resolution, const char *layer, GError **error)
{
  g_autofree char *tf = g_strdup_printf ("synthesis/noise%d", index);
  g_autofree char *torch = g_strdup_printf ("synthesis.b%d.%s.noise_const", resolution, layer);
  return convert (self, tf, torch, INNER, 2, error);
}

static gboolean
convert_block (Conversion *self, int level, GError **error)
{
  int resolution = 4 << level;
  for (gsize i = 0; i < G_N_ELEMENTS (block_rules); i++)
    {
      g_autofree char *name
          = g_strdup_printf ("%dx%d/%s", resolution, resolution, block_rules[i].tf);
      if (!convert_layer (self, &block_rules[i], resolution, name, error))
        return FALSE;
    }
  if (level > 0 && !convert_noise (self, 2 * level - 1, resolution, "conv0", error))
    return FALSE;
  return convert_noise (self, 2 * level, resolution, "conv1", error);
}

/* Networks without skips call their only toRGB after its level of detail: ToRGB_lod0 is the full
 * resolution's. */
static gboolean
convert_lod (Conversion *self, int img_resolution, gboolean *found, GError **error)
{
  static const Rule rgb = { "ToRGB", "torgb", CONV, 4 };
  *found = FALSE;
  for (int lod = 0; img_resolution >> lod >= 4; lod++)
    {
      g_autofree char *name = g_strdup_printf ("ToRGB_lod%d", lod);
      g_autofree char *weight = g_strdup_printf ("synthesis/%s/weight", name);
      if (!g_hash_table_contains (self->variables, weight))
        continue;
      *found = TRUE;
      if (!convert_layer (self, &rgb, img_resolution >> lod, name, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
convert_mapping (Conversion *self, int n_layers, GError **error)
{
  if (!convert (self, "dlatent_avg", "mapping.w_avg", COPY, 1, error)
      || !convert (self, "mapping/LabelEmbed/weight", "mapping.embed.weight", TRANSPOSE, 2, error)
      || !convert (self, "mapping/LabelEmbed/bias", "mapping.embed.bias", COPY, 1, error))
    return FALSE;
  for (int i = 0; i < n_layers; i++)
    {
      g_autofree char *tf_weight = g_strdup_printf ("mapping/Dense%d/weight", i);
      g_autofree char *tf_bias = g_strdup_printf ("mapping/Dense%d/bias", i);
      g_autofree char *torch_weight = g_strdup_printf ("mapping.fc%d.weight", i);
      g_autofree char *torch_bias = g_strdup_printf ("mapping.fc%d.bias", i);
      if (!g_hash_table_contains (self->variables, tf_weight))
        return refuse (error, tf_weight, "is missing");
      if (!convert (self, tf_weight, torch_weight, TRANSPOSE, 2, error)
          || !convert (self, tf_bias, torch_bias, COPY, 1, error))
        return FALSE;
    }
  return TRUE;
}

/* A number among the network's arguments; None and absence are @fallback. */
static double
get_number (Conversion *self, const char *key, double fallback)
{
  const C2lPickleValue *value = c2l_pickle_lookup (self->pickle, self->kwargs, key);
  if (value != NULL && value->kind == C2L_PICKLE_FLOAT)
    return value->number;
  if (value != NULL && value->kind == C2L_PICKLE_BOOL)
    return value->boolean;
  return value != NULL && value->kind == C2L_PICKLE_INT ? (double) value->integer : fallback;
}

/* A size: a number that is a small whole one, or 0, which later checks refuse. */
static int
get_size (Conversion *self, const char *key, int fallback)
{
  double number = get_number (self, key, fallback);
  return number >= 0 && number <= 1 << 20 ? (int) number : 0;
}

static int
get_taps (Conversion *self, float *taps)
{
  static const gint64 usual[] = { 1, 3, 3, 1 };
  gint64 given[MAX_TAPS];
  int n = c2l_pickle_get_ints (c2l_pickle_lookup (self->pickle, self->kwargs, "resample_kernel"),
                               given, MAX_TAPS);

  if (n <= 0)
    {
      n = G_N_ELEMENTS (usual);
      memcpy (given, usual, sizeof usual);
    }
  for (int i = 0; i < n; i++)
    taps[i] = (float) given[i];
  return n;
}

static gboolean
convert_all (Conversion *self, GError **error)
{
  float taps[MAX_TAPS];
  gboolean lod;
  /* Defaults are those of the original's G_main, G_mapping and G_synthesis_stylegan2. */
  C2lGeneratorShape shape = {
    .z_dim = get_size (self, "latent_size", 512),
    .c_dim = get_size (self, "label_size", 0),
    .w_dim = get_size (self, "dlatent_size", 512),
    .img_resolution = get_size (self, "resolution", 1024),
    .img_channels = get_size (self, "num_channels", 3),
    .mapping_layers = get_size (self, "mapping_layers", 8),
    .lr_multiplier = get_number (self, "mapping_lrmul", 0.01),
    .w_avg_beta = get_number (self, "w_avg_beta", 0.995),
    .conv_clamp = get_number (self, "conv_clamp", 0),
    .use_noise = get_number (self, "use_noise", 1) != 0,
    .filter = taps,
    .n_taps = get_taps (self, taps),
  };
  g_autofree char *architecture
      = c2l_pickle_dup_string (c2l_pickle_lookup (self->pickle, self->kwargs, "architecture"));
  const C2lPickleValue *activation = c2l_pickle_lookup (self->pickle, self->kwargs, "nonlinearity");

  if (activation != NULL && !c2l_pickle_is_string (activation, "lrelu"))
    {
      g_set_error (
          error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
          _ ("a StyleGAN2 with another activation than leaky ReLU, which is not supported"));
      return FALSE;
    }
  if (!convert_mapping (self, shape.mapping_layers, error)
      || !convert (self, "synthesis/4x4/Const/const", "synthesis.b4.const", INNER, 3, error))
    return FALSE;
  if (c2l_weights_lookup (self->to, "synthesis.b4.const") == NULL)
    return refuse (error, "synthesis/4x4/Const/const", "is missing");
  for (int level = 0; level < 12 && 4 << level <= shape.img_resolution; level++)
    if (!convert_block (self, level, error))
      return FALSE;
  if (!convert_lod (self, shape.img_resolution, &lod, error))
    return FALSE;
  shape.architecture = lod ? "orig" : architecture ? architecture : "skip";
  return c2l_generator_build_config (self->to, &shape, error);
}

C2lWeights *
c2l_stylegan_tf_pickle_read (C2lPickle *taken, const char *path, GError **error)
{
  g_autoptr (C2lPickle) pickle = taken;
  g_autoptr (C2lWeights) to
      = c2l_weights_new (C2L_WEIGHTS_GENERATOR, path, "StyleGAN2 pickle of the TensorFlow era");
  g_autoptr (GHashTable) variables = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  const C2lPickleValue *network = c2l_pickle_get_root (pickle)->sequence.items[2];
  Conversion conversion = { .pickle = pickle, .variables = variables, .to = to };
  C2lPickleWalk walk = { 0 };

  const C2lPickleValue *version = c2l_pickle_lookup (pickle, network->object.state, "version");
  if (version == NULL || version->kind != C2L_PICKLE_INT || version->integer < MIN_VERSION)
    {
      g_set_error (
          error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
          _ ("a network older than StyleGAN2, which is not supported; take a StyleGAN2 file"));
      return NULL;
    }
  conversion.kwargs = c2l_pickle_lookup (pickle, network->object.state, "static_kwargs");
  if (!collect (&conversion, network, "", &walk, error) || !convert_all (&conversion, error))
    return NULL;
  return g_steal_pointer (&to);
}
