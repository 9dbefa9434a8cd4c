/* OpenAI's archives (TorchScript or plain) carry the names we use and a few scalars about the
 * sizes, which the tensors say as well. OpenAI's code holds what it multiplies with in half
 * precision whatever the file has, so such arrays are rounded here (weights of a bundle do not come
 * this way; they were rounded when they were imported). Hugging Face renames everything, keeps q, k
 * and v apart, stores the two projections transposed, and computes with what is in the file. */
#include "formats/clip-archive.h"

#include "formats/array.h"
#include "formats/weights-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct
{
  const char *theirs;
  const char *ours;
} Name;

static const Name top_names[] = {
  { "logit_scale", "logit_scale" },
  { "text_model.embeddings.token_embedding.weight", "token_embedding.weight" },
  { "text_model.embeddings.position_embedding.weight", "positional_embedding" },
  { "text_model.final_layer_norm.weight", "ln_final.weight" },
  { "text_model.final_layer_norm.bias", "ln_final.bias" },
  { "vision_model.embeddings.class_embedding", "visual.class_embedding" },
  { "vision_model.embeddings.patch_embedding.weight", "visual.conv1.weight" },
  { "vision_model.embeddings.position_embedding.weight", "visual.positional_embedding" },
  { "vision_model.pre_layrnorm.weight",
    "visual.ln_pre.weight" }, /* the misspelling is in the files */
  { "vision_model.pre_layrnorm.bias", "visual.ln_pre.bias" },
  { "vision_model.post_layernorm.weight", "visual.ln_post.weight" },
  { "vision_model.post_layernorm.bias", "visual.ln_post.bias" },
};

static const Name transposed_names[] = {
  { "text_projection.weight", "text_projection" },
  { "visual_projection.weight", "visual.proj" },
};

static const Name towers[] = {
  { "text_model.encoder.layers.", "transformer.resblocks." },
  { "vision_model.encoder.layers.", "visual.transformer.resblocks." },
};

static const Name layer_names[] = {
  { "layer_norm1.weight", "ln_1.weight" },
  { "layer_norm1.bias", "ln_1.bias" },
  { "layer_norm2.weight", "ln_2.weight" },
  { "layer_norm2.bias", "ln_2.bias" },
  { "mlp.fc1.weight", "mlp.c_fc.weight" },
  { "mlp.fc1.bias", "mlp.c_fc.bias" },
  { "mlp.fc2.weight", "mlp.c_proj.weight" },
  { "mlp.fc2.bias", "mlp.c_proj.bias" },
  { "self_attn.out_proj.weight", "attn.out_proj.weight" },
  { "self_attn.out_proj.bias", "attn.out_proj.bias" },
};

static const char *const openai_marks[] = { "visual.conv1.weight", "visual.layer1.0.conv1.weight",
                                            "visual.attnpool.positional_embedding" };
static const char *const huggingface_marks[] = { "vision_model.embeddings.patch_embedding.weight",
                                                 "text_model.embeddings.token_embedding.weight" };
static const char *const resnet_marks[]
    = { "visual.layer1.0.conv1.weight", "visual.attnpool.positional_embedding",
        "visual.bn1.weight" };
static const char *const scalars[] = { "input_resolution", "context_length", "vocab_size" };

/* What OpenAI's convert_weights() makes half precision, by the ends of the names; embeddings,
 * positions and norms stay. */
static const char *const half_names[] = {
  "visual.conv1.weight", ".attn.in_proj_weight", ".attn.in_proj_bias", ".attn.out_proj.weight",
  ".attn.out_proj.bias", ".mlp.c_fc.weight",     ".mlp.c_fc.bias",     ".mlp.c_proj.weight",
  ".mlp.c_proj.bias",    "text_projection",      "visual.proj",
};

static gboolean
has_any (C2lWeights *flat, const char *const *names, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (c2l_weights_lookup (flat, names[i]) != NULL)
      return TRUE;
  return FALSE;
}

gboolean
c2l_clip_archive_detect (C2lWeights *flat)
{
  return has_any (flat, openai_marks, G_N_ELEMENTS (openai_marks))
         || has_any (flat, huggingface_marks, G_N_ELEMENTS (huggingface_marks));
}

static gboolean
add_view (C2lWeights *clip, C2lWeights *flat, const char *theirs, const char *ours, GError **error)
{
  const C2lArray *array = c2l_weights_lookup (flat, theirs);
  return array == NULL || c2l_weights_add_view (clip, ours, array, error);
}

static gboolean
is_half (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (half_names); i++)
    if (g_str_has_suffix (name, half_names[i]))
      return TRUE;
  return FALSE;
}

static gboolean
add_rounded (C2lWeights *clip, const C2lArray *array, const char *name, GError **error)
{
  C2lArray shape;

  c2l_array_init (&shape, C2L_F16, array->n_dims, array->dims);
  guint16 *out = c2l_weights_add_empty (clip, name, &shape, error);
  g_autofree float *values = out != NULL ? c2l_array_dup_f32 (array) : NULL;
  for (gsize i = 0; out != NULL && i < array->length; i++)
    out[i] = c2l_f32_to_f16 (values[i]);
  return out != NULL;
}

static gboolean
convert_openai (C2lWeights *clip, C2lWeights *flat, GError **error)
{
  g_autofree const char **names = c2l_weights_list_names (flat);
  for (guint i = 0; names[i] != NULL; i++)
    {
      const C2lArray *array = c2l_weights_lookup (flat, names[i]);
      gboolean scalar = FALSE;
      for (gsize j = 0; j < G_N_ELEMENTS (scalars); j++)
        scalar |= g_str_equal (names[i], scalars[j]);
      gboolean wide
          = array->dtype == C2L_F32 || array->dtype == C2L_F64 || array->dtype == C2L_BF16;
      if (scalar)
        continue;
      if (!(wide && is_half (names[i]) ? add_rounded (clip, array, names[i], error)
                                       : c2l_weights_add_view (clip, names[i], array, error)))
        return FALSE;
    }
  return TRUE;
}

static gboolean
refuse (GError **error, const char *name, const char *what)
{
  g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
               _ ("damaged CLIP archive: “%s” %s; fetch the file again"), name, what);
  return FALSE;
}

static gboolean
add_transposed (C2lWeights *clip, C2lWeights *flat, const Name *name, GError **error)
{
  const C2lArray *array = c2l_weights_lookup (flat, name->theirs);
  if (array == NULL)
    return TRUE;
  if (array->n_dims != 2)
    return refuse (error, name->theirs, "is no matrix");

  C2lArray shape;
  gsize rows = (gsize) array->dims[0], columns = (gsize) array->dims[1],
        size = c2l_dtype_get_size (array->dtype);
  c2l_array_init (&shape, array->dtype, 2, (gint64[]){ array->dims[1], array->dims[0] });
  guint8 *out = c2l_weights_add_empty (clip, name->ours, &shape, error);
  for (gsize y = 0; out != NULL && y < rows; y++)
    for (gsize x = 0; x < columns; x++)
      memcpy (out + (x * rows + y) * size, (const guint8 *) array->data + (y * columns + x) * size,
              size);
  return out != NULL;
}

/* q, k and v of @layer one below the other, as in_proj_weight or in_proj_bias. */
static gboolean
add_joined (C2lWeights *clip,
            C2lWeights *flat,
            const char *layer,
            const char *ours,
            const char *what,
            GError **error)
{
  const C2lArray *parts[3];

  for (int i = 0; i < 3; i++)
    {
      g_autofree char *name = g_strdup_printf ("%sself_attn.%c_proj.%s", layer, "qkv"[i], what);
      parts[i] = c2l_weights_lookup (flat, name);
      if (parts[i] == NULL)
        return refuse (error, name, "is missing");
      if (parts[i]->n_dims < 1 || parts[i]->dtype != parts[0]->dtype
          || !c2l_array_has_shape (parts[i], parts[0]->n_dims, parts[0]->dims))
        return refuse (error, name, "has another shape or type than its neighbours");
    }

  C2lArray shape;
  gint64 dims[C2L_MAX_DIMS];
  memcpy (dims, parts[0]->dims, sizeof dims);
  if (__builtin_mul_overflow (dims[0], 3, &dims[0])
      || !c2l_array_init (&shape, parts[0]->dtype, parts[0]->n_dims, dims))
    return refuse (error, layer, "has an impossible shape");
  g_autofree char *name = g_strdup_printf ("%sattn.in_proj_%s", ours, what);
  guint8 *out = c2l_weights_add_empty (clip, name, &shape, error);
  gsize size = c2l_array_get_size (parts[0]);
  for (int i = 0; out != NULL && size > 0 && i < 3; i++)
    memcpy (out + (gsize) i * size, parts[i]->data, size);
  return out != NULL;
}

static gboolean
convert_layer (C2lWeights *clip, C2lWeights *flat, const Name *tower, guint n, GError **error)
{
  g_autofree char *theirs = g_strdup_printf ("%s%u.", tower->theirs, n);
  g_autofree char *ours = g_strdup_printf ("%s%u.", tower->ours, n);

  for (gsize i = 0; i < G_N_ELEMENTS (layer_names); i++)
    {
      g_autofree char *from = g_strconcat (theirs, layer_names[i].theirs, NULL);
      g_autofree char *to = g_strconcat (ours, layer_names[i].ours, NULL);
      if (!add_view (clip, flat, from, to, error))
        return FALSE;
    }
  return add_joined (clip, flat, theirs, ours, "weight", error)
         && add_joined (clip, flat, theirs, ours, "bias", error);
}

static gboolean
has_layer (C2lWeights *flat, const Name *tower, guint n)
{
  g_autofree char *name = g_strdup_printf ("%s%u.layer_norm1.weight", tower->theirs, n);
  return c2l_weights_lookup (flat, name) != NULL;
}

static gboolean
convert_huggingface (C2lWeights *clip, C2lWeights *flat, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (top_names); i++)
    if (!add_view (clip, flat, top_names[i].theirs, top_names[i].ours, error))
      return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (transposed_names); i++)
    if (!add_transposed (clip, flat, &transposed_names[i], error))
      return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (towers); i++)
    for (guint n = 0; has_layer (flat, &towers[i], n); n++)
      if (!convert_layer (clip, flat, &towers[i], n, error))
        return FALSE;
  return TRUE;
}

C2lWeights *
c2l_clip_archive_convert (C2lWeights *flat, GError **error)
{
  if (has_any (flat, resnet_marks, G_N_ELEMENTS (resnet_marks)))
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
                   _ ("a CLIP with a ResNet, which is not supported; take one with a vision "
                      "transformer, such as ViT-B/32"));
      return NULL;
    }

  g_autoptr (C2lWeights) clip = c2l_weights_new (C2L_WEIGHTS_CLIP, c2l_weights_get_path (flat),
                                                 c2l_weights_get_format (flat));
  c2l_weights_own (clip, c2l_weights_ref (flat), (GDestroyNotify) c2l_weights_unref);
  c2l_weights_set_config (clip, c2l_weights_get_config (flat));
  gboolean huggingface = has_any (flat, huggingface_marks, G_N_ELEMENTS (huggingface_marks));
  if (!(huggingface ? convert_huggingface : convert_openai) (clip, flat, error))
    return NULL;
  return g_steal_pointer (&clip);
}
