/* CLIP's two transformers over the operations of a device. Knows no file. Policy: the residual
 * stream and the norms' results that leave the network are F32, operands of products have the
 * pass's compute type; every row stays in one [B·T, W] product, but what follows the last attention
 * is computed only for the tokens that are read (each prompt's end, each picture's class token). */
#include "models/clip-private.h"

#include "compute/ops.h"

#include <math.h>

/* OpenAI's mean and standard deviation of red, green, blue. */
static const float clip_mean[3] = { 0.48145466f, 0.4578275f, 0.40821073f };
static const float clip_std[3] = { 0.26862954f, 0.26130258f, 0.27577711f };

static const char *const preprocess_names[C2L_N_CLIP_PREPROCESSES]
    = { "reference", "openai", "openai-clamped" };

gboolean
c2l_clip_preprocess_from_name (const char *name, C2lClipPreprocess *preprocess)
{
  for (int i = 0; i < C2L_N_CLIP_PREPROCESSES; i++)
    if (g_strcmp0 (name, preprocess_names[i]) == 0)
      {
        *preprocess = i;
        return TRUE;
      }

  return FALSE;
}

const char *
c2l_clip_preprocess_get_name (C2lClipPreprocess preprocess)
{
  return preprocess_names[preprocess];
}

const C2lClipInfo *
c2l_clip_get_info (const C2lClip *clip)
{
  return &clip->info;
}

/* Rows of x [B, T, W] by their indices in [B·T, W]: [rows, W]. */
static C2lTensor *
choose_rows (const C2lClipTower *tower, C2lPass *pass, C2lTensor *x, C2lTensor *chosen)
{
  if (x == NULL)
    return NULL;

  gint64 n_rows = c2l_tensor_get_dim (x, 0) * c2l_tensor_get_dim (x, 1);

  return c2l_gather (pass, c2l_reshape (pass, x, 2, (gint64[]){ n_rows, tower->width }), 0, chosen);
}

/* x [B, T, W] += attention (ln_1 (x)), += mlp (ln_2 (x)); with @chosen (indices of rows of [B·T,
 * W]) only those rows go on behind the attention, and the result is [rows, W]. */
static C2lTensor *
forward_block (const C2lClipTower *tower,
               const C2lClipBlock *block,
               C2lPass *pass,
               C2lTensor *x,
               gboolean causal,
               C2lTensor *chosen)
{
  C2lDtype dtype = c2l_pass_get_compute_dtype (pass);
  int head_dim = tower->width / tower->heads;
  C2lTensor *y = c2l_norm_apply (&block->ln_1, pass, x, dtype);
  C2lTensor *qkv = c2l_gemm (pass, y, block->in.weight,
                             &(C2lEpilogue){ .bias = block->in.bias, .out_dtype = dtype });

  y = c2l_attention (pass, &(C2lAttention){
                               .q = qkv,
                               .k = qkv,
                               .v = qkv,
                               .k_offset = tower->width,
                               .v_offset = 2 * tower->width,
                               .n_heads = tower->heads,
                               .n_kv_heads = tower->heads,
                               .head_dim = head_dim,
                               .scale = 1 / sqrtf (head_dim),
                               .causal = causal,
                               .out_dtype = dtype,
                           });
  if (chosen != NULL)
    {
      x = choose_rows (tower, pass, x, chosen);
      y = choose_rows (tower, pass, y, chosen);
    }
  x = c2l_gemm (pass, y, block->out.weight,
                &(C2lEpilogue){ .bias = block->out.bias, .residual = x });

  y = c2l_norm_apply (&block->ln_2, pass, x, dtype);
  y = c2l_gemm (
      pass, y, block->fc.weight,
      &(C2lEpilogue){ .bias = block->fc.bias, .act = C2L_ACT_QUICK_GELU, .out_dtype = dtype });
  return c2l_gemm (pass, y, block->proj.weight,
                   &(C2lEpilogue){ .bias = block->proj.bias, .residual = x });
}

/* All blocks, then the rows @chosen, [rows, W]. The last block goes through with those rows alone,
 * unless its whole activation is asked for. */
static C2lTensor *
forward_tower (const C2lClipTower *tower,
               C2lPass *pass,
               C2lTensor *x,
               gboolean causal,
               C2lTensor *chosen,
               const char *name)
{
  gboolean whole = c2l_pass_has_taps (pass);

  for (int i = 0; i < tower->depth; i++)
    {
      gboolean is_last = i == tower->depth - 1;

      x = forward_block (tower, &tower->blocks[i], pass, x, causal,
                         is_last && !whole ? chosen : NULL);
      c2l_pass_tap (pass, x, "act.%s.block%d", name, i);
    }

  return whole ? choose_rows (tower, pass, x, chosen) : x;
}

C2lTensor *
c2l_clip_forward_text (const C2lClip *clip, C2lPass *pass, C2lTensor *tokens, C2lTensor *end_index)
{
  if (tokens == NULL || end_index == NULL)
    return NULL;

  gint64 batch = c2l_tensor_get_dim (tokens, 0);
  gint64 length = c2l_tensor_get_dim (tokens, 1);
  gint64 width = clip->text.width;

  if (length > clip->info.context)
    {
      c2l_pass_fail (pass, C2L_COMPUTE_ERROR_SHAPE,
                     "CLIP: %" G_GINT64_FORMAT " tokens; this one reads at most %d", length,
                     clip->info.context);
      return NULL;
    }

  C2lTensor *flat = c2l_reshape (pass, tokens, 1, (gint64[]){ batch * length });
  C2lTensor *x = c2l_gather (pass, clip->token_embedding, 0, flat);

  x = c2l_reshape (pass, x, 3, (gint64[]){ batch, length, width });
  x = c2l_add (pass, x, c2l_slice (pass, clip->text_positions, 0, 0, length));
  x = forward_tower (&clip->text, pass, x, TRUE, end_index, "text");
  x = c2l_norm_apply (&clip->ln_final, pass, x, c2l_pass_get_compute_dtype (pass));
  return c2l_gemm (pass, x, clip->text_projection, NULL);
}

C2lTensor *
c2l_clip_forward_pixels (const C2lClip *clip, C2lPass *pass, C2lTensor *pixels)
{
  if (pixels == NULL)
    return NULL;

  gint64 batch = c2l_tensor_get_dim (pixels, 0);
  gint64 width = clip->vision.width;
  C2lDtype dtype = c2l_pass_get_compute_dtype (pass);
  C2lTensor *x = c2l_patches (pass, pixels, clip->info.patch, dtype);
  C2lTensor *class_token
      = c2l_expand (pass, clip->class_embedding, 3, (gint64[]){ batch, 1, width });
  g_autofree gint32 *rows = g_new (gint32, batch);

  for (gint64 b = 0; b < batch; b++)
    rows[b] = b * c2l_tensor_get_dim (clip->vision_positions, 0);
  C2lTensor *class_rows = c2l_pass_add_constant (pass, C2L_I32, 1, &batch, rows);

  x = c2l_gemm (pass, x, clip->patch_weight, NULL);
  x = c2l_concat (pass, 1, 2, (C2lTensor *[]){ class_token, x });
  x = c2l_add (pass, x, clip->vision_positions);
  x = c2l_norm_apply (&clip->ln_pre, pass, x, C2L_F32);
  x = forward_tower (&clip->vision, pass, x, FALSE, class_rows, "vision");
  x = c2l_norm_apply (&clip->ln_post, pass, x, dtype);
  return c2l_gemm (pass, x, clip->vision_projection, NULL);
}

C2lTensor *
c2l_clip_forward_image (const C2lClip *clip,
                        C2lPass *pass,
                        C2lTensor *images,
                        C2lClipPreprocess preprocess)
{
  C2lAreaResize resize = {
    .size = clip->info.resolution,
    .to_unit = TRUE,
    .normalize_before = preprocess == C2L_CLIP_PREPROCESS_REFERENCE,
    .clamp = preprocess != C2L_CLIP_PREPROCESS_OPENAI,
    .normalize_after = TRUE,
  };

  for (int i = 0; i < 3; i++)
    {
      resize.mean[i] = clip_mean[i];
      resize.std[i] = clip_std[i];
    }

  return c2l_clip_forward_pixels (clip, pass, c2l_area_resize (pass, images, &resize));
}
