/* Reads a CLIP from OpenAI's state dict, and all its sizes with it. Knows nothing of how it
 * computes. Policy: sizes are read off the tensors that define them, held against limits, and every
 * other tensor must then fit. */
#include "models/clip-private.h"

#include <math.h>

/* Width of a head in all of OpenAI's models; the number of heads is not in the file. */
#define HEAD_WIDTH 64

/* More of anything than this is a damaged file. */
#define MAX_SIZE (1 << 20)
#define MAX_DEPTH 512

static int
count_blocks (C2lNetworkLoader *loader, const char *tower)
{
  int depth = 0;

  while (depth < MAX_DEPTH
         && c2l_network_loader_has (loader, "%sresblocks.%d.attn.in_proj_weight", tower, depth))
    depth++;

  if (depth == 0)
    c2l_loader_fail (&loader->loader, C2L_FORMAT_ERROR_DAMAGED,
                     "tensor “%sresblocks.0.attn.in_proj_weight” is missing", tower);
  else if (c2l_network_loader_has (loader, "%sresblocks.%d.attn.in_proj_weight", tower, depth + 1))
    c2l_loader_fail (&loader->loader, C2L_FORMAT_ERROR_DAMAGED,
                     "block “%sresblocks.%d” is missing, but later ones are there", tower, depth);

  return depth;
}

static C2lNorm
load_norm (C2lNetworkLoader *loader, gint64 width, const char *name)
{
  C2lNorm norm = {
    .gain = c2l_network_loader_get (loader, 1, &width, "%s.weight", name),
    .bias = c2l_network_loader_get (loader, 1, &width, "%s.bias", name),
  };

  return norm;
}

static C2lLinear
load_linear (C2lNetworkLoader *loader,
             gint64 n_out,
             gint64 n_in,
             const char *name,
             const char *separator)
{
  C2lLinear linear = {
    .weight = c2l_network_loader_get_matrix (loader, n_out, n_in, "%s%sweight", name, separator),
    .bias = c2l_network_loader_get (loader, 1, &n_out, "%s%sbias", name, separator),
  };

  return linear;
}

static void
load_block (C2lNetworkLoader *loader, gint64 width, const char *prefix, C2lClipBlock *block)
{
  g_autofree char *ln_1 = g_strconcat (prefix, "ln_1", NULL);
  g_autofree char *ln_2 = g_strconcat (prefix, "ln_2", NULL);
  g_autofree char *in = g_strconcat (prefix, "attn.in_proj", NULL);
  g_autofree char *out = g_strconcat (prefix, "attn.out_proj", NULL);
  g_autofree char *fc = g_strconcat (prefix, "mlp.c_fc", NULL);
  g_autofree char *proj = g_strconcat (prefix, "mlp.c_proj", NULL);
  const C2lArray *hidden
      = c2l_network_loader_need (loader, 2, (gint64[]){ 0, width }, "%s.weight", fc);

  if (hidden == NULL)
    return;

  block->ln_1 = load_norm (loader, width, ln_1);
  block->ln_2 = load_norm (loader, width, ln_2);
  block->in = load_linear (loader, 3 * width, width, in, "_");
  block->out = load_linear (loader, width, width, out, ".");
  block->fc = load_linear (loader, hidden->dims[0], width, fc, ".");
  block->proj = load_linear (loader, width, hidden->dims[0], proj, ".");
}

static void
load_tower (C2lNetworkLoader *loader, gint64 width, const char *prefix, C2lClipTower *tower)
{
  tower->width = width;
  tower->heads = MAX (1, width / HEAD_WIDTH);
  tower->depth = count_blocks (loader, prefix);
  tower->blocks = g_new0 (C2lClipBlock, tower->depth);

  if (width % tower->heads != 0)
    c2l_loader_fail (&loader->loader, C2L_FORMAT_ERROR_UNSUPPORTED,
                     "width %d cannot be split into %d heads", tower->width, tower->heads);

  for (int i = 0; i < tower->depth && !c2l_loader_has_failed (&loader->loader); i++)
    {
      g_autofree char *block = g_strdup_printf ("%sresblocks.%d.", prefix, i);

      load_block (loader, width, block, &tower->blocks[i]);
    }
}

/* [K, N] of the file as a weight [N, K]. */
static C2lTensor *
load_transposed (C2lNetworkLoader *loader, gint64 n_in, gint64 n_out, const char *name)
{
  g_autofree float *data
      = c2l_network_loader_dup (loader, 2, (gint64[]){ n_in, n_out }, "%s", name);

  if (data == NULL)
    return NULL;

  float *transposed = g_new (float, n_in *n_out);

  for (gint64 k = 0; k < n_in; k++)
    for (gint64 n = 0; n < n_out; n++)
      transposed[n * n_in + k] = data[k * n_out + n];

  return c2l_network_loader_take (loader, 2, (gint64[]){ n_out, n_in }, transposed);
}

/* Size of a dimension that defines the model, or 0 after a mistake. */
static int
take_size (C2lNetworkLoader *loader, const C2lArray *array, int axis, const char *what)
{
  if (array == NULL)
    return 0;

  if (array->dims[axis] > MAX_SIZE)
    {
      c2l_loader_fail (&loader->loader, C2L_FORMAT_ERROR_DAMAGED,
                       "%s of %" G_GINT64_FORMAT " is beyond belief", what, array->dims[axis]);
      return 0;
    }

  return array->dims[axis];
}

static void
load_text (C2lNetworkLoader *loader, C2lClip *clip)
{
  const C2lArray *embedding
      = c2l_network_loader_need (loader, 2, (gint64[]){ 0, 0 }, "token_embedding.weight");
  const C2lArray *projection
      = c2l_network_loader_need (loader, 2, (gint64[]){ 0, 0 }, "text_projection");
  const C2lArray *positions
      = c2l_network_loader_need (loader, 2, (gint64[]){ 0, 0 }, "positional_embedding");

  clip->info.vocabulary = take_size (loader, embedding, 0, "a vocabulary");
  clip->info.text_width = take_size (loader, embedding, 1, "a text width");
  clip->info.embed_dim = take_size (loader, projection, 1, "an embedding");
  clip->info.context = take_size (loader, positions, 0, "a context");
  if (c2l_loader_has_failed (&loader->loader))
    return;

  gint64 width = clip->info.text_width;

  clip->token_embedding = c2l_network_loader_get (
      loader, 2, (gint64[]){ clip->info.vocabulary, width }, "token_embedding.weight");
  clip->text_positions = c2l_network_loader_get (loader, 2, (gint64[]){ clip->info.context, width },
                                                 "positional_embedding");
  clip->text_projection = load_transposed (loader, width, clip->info.embed_dim, "text_projection");
  clip->ln_final = load_norm (loader, width, "ln_final");
  load_tower (loader, width, "transformer.", &clip->text);
  clip->info.text_depth = clip->text.depth;
  clip->info.text_heads = clip->text.heads;
}

static void
load_patches (C2lNetworkLoader *loader, C2lClip *clip)
{
  const C2lArray *conv
      = c2l_network_loader_need (loader, 4, (gint64[]){ 0, 3, 0, 0 }, "visual.conv1.weight");
  const C2lArray *positions
      = c2l_network_loader_need (loader, 2, (gint64[]){ 0, 0 }, "visual.positional_embedding");

  clip->info.vision_width = take_size (loader, conv, 0, "a vision width");
  clip->info.patch = take_size (loader, conv, 2, "a patch");

  int n_positions = take_size (loader, positions, 0, "a number of patches");

  if (c2l_loader_has_failed (&loader->loader))
    return;

  int grid = lround (sqrt (n_positions - 1));

  if (grid < 1 || grid * grid != n_positions - 1 || conv->dims[2] != conv->dims[3])
    {
      c2l_loader_fail (
          &loader->loader, C2L_FORMAT_ERROR_DAMAGED,
          "%d positions and patches of %d × %d are not a square of patches and the class token",
          n_positions, clip->info.patch, (int) MIN (conv->dims[3], MAX_SIZE));
      return;
    }

  gint64 width = clip->info.vision_width;
  gint64 n_inputs = 3 * conv->dims[2] * conv->dims[3];

  clip->info.resolution = grid * clip->info.patch;
  clip->patch_weight = c2l_network_loader_take (
      loader, 2, (gint64[]){ width, n_inputs },
      c2l_network_loader_dup (loader, 4, conv->dims, "visual.conv1.weight"));
  clip->class_embedding = c2l_network_loader_take (
      loader, 3, (gint64[]){ 1, 1, width },
      c2l_network_loader_dup (loader, 1, &width, "visual.class_embedding"));
  clip->vision_positions = c2l_network_loader_get (loader, 2, (gint64[]){ n_positions, width },
                                                   "visual.positional_embedding");
}

static void
load_vision (C2lNetworkLoader *loader, C2lClip *clip)
{
  load_patches (loader, clip);
  if (c2l_loader_has_failed (&loader->loader))
    return;

  gint64 width = clip->info.vision_width;

  clip->ln_pre = load_norm (loader, width, "visual.ln_pre");
  clip->ln_post = load_norm (loader, width, "visual.ln_post");
  clip->vision_projection = load_transposed (loader, width, clip->info.embed_dim, "visual.proj");
  load_tower (loader, width, "visual.transformer.", &clip->vision);
  clip->info.vision_depth = clip->vision.depth;
  clip->info.vision_heads = clip->vision.heads;
}

C2lClip *
c2l_clip_load (C2lWeights *weights, C2lDevice *device, GError **error)
{
  g_autoptr (C2lClip) clip = g_new0 (C2lClip, 1);
  C2lNetworkLoader loader;

  clip->tensors = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_tensor_unref);
  c2l_network_loader_init (&loader, weights, device, "", clip->tensors);

  if (c2l_network_loader_has (&loader, "visual.layer1.0.conv1.weight"))
    c2l_loader_fail (&loader.loader, C2L_FORMAT_ERROR_UNSUPPORTED,
                     "a CLIP with a ResNet for pictures; choose one with a vision transformer, for "
                     "example ViT-B/32");

  load_text (&loader, clip);
  load_vision (&loader, clip);
  if (!c2l_network_loader_finish (&loader, error))
    return NULL;

  return g_steal_pointer (&clip);
}

void
c2l_clip_free (C2lClip *clip)
{
  if (clip == NULL)
    return;

  g_free (clip->text.blocks);
  g_free (clip->vision.blocks);
  g_ptr_array_unref (clip->tensors);
  g_free (clip);
}
