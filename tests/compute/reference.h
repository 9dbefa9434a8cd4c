/* The operations of compute/ops.h once more, as plain loops in double precision: the definitions to the
 * letter, with no thought of speed, so that they can be read against the header. They know nothing of devices. Every
 * function returns a new array, in the shape that the operation must have. Optional operands are NULL. */
#pragma once

#include "compute/ops.h"

G_BEGIN_DECLS

typedef struct
{
  int n_dims;
  gint64 dims[C2L_MAX_DIMS];
  gsize length;
  double *values;
} RefArray;

RefArray *ref_array_new (int n_dims, const gint64 *dims);
void      ref_array_free (RefArray *array);
char     *ref_array_to_string (const RefArray *array);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RefArray, ref_array_free)

double    ref_activation (C2lActivation act, double x);

RefArray *ref_gemm (const RefArray *x, const RefArray *weight, const RefArray *bias, const RefArray *residual,
                    C2lActivation act, float gain);

RefArray *ref_layer_norm (const RefArray *x, const RefArray *gain, const RefArray *bias, float eps);
RefArray *ref_rotary (const RefArray *x, const RefArray *angles, int offset, int n_heads, int head_dim);
RefArray *ref_swiglu (const RefArray *x);

/* Where a struct of the operation's own is given, its tensors are not looked at. */
typedef struct
{
  const RefArray *q, *k, *v, *null_kv, *bias, *key_mask;
} RefAttentionInputs;
RefArray *ref_attention (const RefAttentionInputs *in, const C2lAttention *p);

RefArray *ref_add (const RefArray *a, const RefArray *b);
RefArray *ref_multiply (const RefArray *a, const RefArray *b);
RefArray *ref_lerp (const RefArray *a, const RefArray *b, const RefArray *weight);
RefArray *ref_combine (int n, const RefArray *const *terms, const float *coefficients);
RefArray *ref_clamp (const RefArray *x, float low, float high);
RefArray *ref_activate (const RefArray *x, C2lActivation act, float gain);
RefArray *ref_expand (const RefArray *x, int n_dims, const gint64 *dims);
RefArray *ref_concat (int axis, int n, const RefArray *const *parts);
RefArray *ref_slice (const RefArray *x, int axis, gint64 start, gint64 length);
RefArray *ref_gather (const RefArray *x, int axis, const RefArray *indices);
RefArray *ref_rms_normalize (const RefArray *x, float eps);
RefArray *ref_cosine_similarity (const RefArray *a, const RefArray *b);

void      ref_philox (const guint32 key[2], const guint32 counter[4], guint32 out[4]);
/* @keys: [B, 4] as in c2l_random_normal(). */
RefArray *ref_random_normal (const guint32 *keys, guint32 stream, int n_dims, const gint64 *dims);

typedef struct
{
  const RefArray *weight, *styles, *demod, *noise, *bias, *residual, *filter;
} RefConvInputs;
RefArray *ref_conv (const RefArray *x, const RefConvInputs *in, const C2lConv *p);

RefArray *ref_demodulation (const RefArray *styles, const RefArray *weight);
RefArray *ref_resample (const RefArray *x, const RefArray *filter, const C2lResample *p);
RefArray *ref_filtered_leaky_relu (const RefArray *x, const RefArray *bias, const RefArray *up_filter,
                                   const RefArray *down_filter, const C2lFilteredLeakyRelu *p);
RefArray *ref_fourier_features (const RefArray *affine, const RefArray *transform, const RefArray *freqs,
                                const RefArray *phases, const C2lFourierFeatures *p);
RefArray *ref_area_resize (const RefArray *x, const C2lAreaResize *p);
RefArray *ref_patches (const RefArray *x, int patch);
RefArray *ref_to_u8 (const RefArray *x, C2lU8Rule rule);

G_END_DECLS
