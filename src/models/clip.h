/* C2lClip: OpenAI's CLIP with vision transformers (Radford et al. 2021): prompts and pictures to
 * embeddings that can be compared. All sizes come from the file. Embeddings are not normalised.
 *
 *   g_autoptr (C2lClip) clip = c2l_clip_load (weights, device, &error);
 *   C2lTensor *tokens = c2l_pass_add_input (pass, "tokens", C2L_I32, 2, (gint64[]) { B, T });
 *   C2lTensor *ends = c2l_pass_add_input (pass, "ends", C2L_I32, 1, (gint64[]) { B });
 *   C2lTensor *embedding = c2l_clip_forward_text (clip, pass, tokens, ends);
 *
 * A loaded CLIP does not change; it must outlive the passes that were recorded with it. */
#pragma once

#include "compute/pass.h"
#include "formats/weights.h"

G_BEGIN_DECLS

typedef struct _C2lClip C2lClip;

typedef struct
{
  int embed_dim; /* D */
  int context;   /* largest number of tokens of a prompt, with start and end */
  int vocabulary;
  int text_width, text_depth, text_heads;
  int vision_width, vision_depth, vision_heads;
  int resolution; /* of the pictures that the vision transformer sees */
  int patch;
} C2lClipInfo;

/* What happens to a picture in [-1, 1] after its area-resize; n is (x − mean)/std of OpenAI's
 * data. */
typedef enum
{
  /* 0.5x + 0.5, n, clamp to [0, 1], n again: clip2latent's, which its priors were trained on */
  C2L_CLIP_PREPROCESS_REFERENCE,
  C2L_CLIP_PREPROCESS_OPENAI,         /* 0.5x + 0.5, n */
  C2L_CLIP_PREPROCESS_OPENAI_CLAMPED, /* 0.5x + 0.5, clamp to [0, 1], n */
  C2L_N_CLIP_PREPROCESSES
} C2lClipPreprocess;

/* @weights: names of OpenAI's state dict (what c2l_weights_load() makes of all supported files).
 * NULL and a message that names the tensor where the file is damaged or is a CLIP with a ResNet. */
C2lClip           *c2l_clip_load (C2lWeights *weights, C2lDevice *device, GError **error);
void               c2l_clip_free (C2lClip *clip);
const C2lClipInfo *c2l_clip_get_info (const C2lClip *clip);

/* @tokens: i32 [B, T], T ≤ context (attention is causal, so what stands behind the end token need
 * not be given)
 * @end_index: i32 [B], where the end token of each row stands in the flattened tokens: b·T +
 * position
 * Returns [B, D]. Taps act.text.blockN, [B, T, width]. */
C2lTensor         *c2l_clip_forward_text (const C2lClip *clip, C2lPass *pass, C2lTensor *tokens,
                                          C2lTensor *end_index);

/* @images: [B, R, R, 3] in [-1, 1], any R. Returns [B, D].
 * Taps act.vision.blockN, [B, 1 + patches, width]. */
C2lTensor         *c2l_clip_forward_image (const C2lClip *clip, C2lPass *pass, C2lTensor *images,
                                           C2lClipPreprocess preprocess);

/* The same from @pixels that are already normalised: [B, resolution, resolution, 3]. */
C2lTensor         *c2l_clip_forward_pixels (const C2lClip *clip, C2lPass *pass, C2lTensor *pixels);

/* "reference", "openai", "openai-clamped" */
gboolean           c2l_clip_preprocess_from_name (const char *name, C2lClipPreprocess *preprocess);
const char        *c2l_clip_preprocess_get_name (C2lClipPreprocess preprocess);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lClip, c2l_clip_free)

G_END_DECLS
