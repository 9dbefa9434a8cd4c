/* C2lPriorBatch: the prior's network for many pictures of few prompts at one time step, as the
 * samplers need it, without computing anything twice. Attention is causal, and text and time come
 * first, so what the network makes of them is the same for all pictures of a prompt: those tokens
 * are computed once a prompt, and once more for all pictures without text (guidance). Pictures of
 * one prompt need half of the products that c2l_prior_forward() would do for them, with the same
 * result up to the order of sums. */
#pragma once

#include "models/prior.h"

G_BEGIN_DECLS

typedef struct
{
  int n_prompts;         /* P */
  int n_pictures;        /* B, a multiple of P: picture b is of prompt b / (B / P) */
  gboolean guided;       /* predict without the text, too */
  C2lTensor *text; /* [P (+ 1), n_text, D]: tokens; the last row of a guided batch is masked */
  C2lTensor *prefix_row; /* i32 [B or 2B]: which prompt a picture looks at */
  C2lTensor *prefix_mask; /* (nullable): u8 [P + 1, n_text + n_time] */
  C2lTensor *suffix_mask; /* (nullable): u8 [2B, T] */
} C2lPriorBatch;

/* Records what is the same in all steps. @text: [P, D] embeddings, times text_embed_scale; P
 * divides @n_pictures. */
void       c2l_prior_batch_init (C2lPriorBatch *batch, const C2lPrior *prior, C2lPass *pass, C2lTensor *text,
                                 int n_pictures, gboolean guided);

/* @x_t: [B, L, D]   @t: i32 [1]
 * Returns [B, L, D]; for a guided batch [2B, L, D], with the text first, then without. No taps. */
C2lTensor *c2l_prior_batch_predict (const C2lPriorBatch *batch, const C2lPrior *prior, C2lPass *pass,
                                    C2lTensor *x_t, C2lTensor *t);

G_END_DECLS
