/* C2lNetworkLoader: what the load functions of the transformers (CLIP, the prior) share on top of
 * C2lLoader: a prefix before every name, arrays that must be floating-point and finite, and one
 * list that owns all tensors of a model.
 *
 *   C2lNetworkLoader loader;
 *   c2l_network_loader_init (&loader, weights, device, "net.", tensors);
 *   gain = c2l_network_loader_get (&loader, 1, (gint64[]) { dim }, "layers.%d.norm.gamma", i);
 *   if (!c2l_network_loader_finish (&loader, error)) … */
#pragma once

#include "compute/ops.h"
#include "models/loader.h"

G_BEGIN_DECLS

typedef struct
{
  C2lLoader loader;
  const char *prefix; /* lent */
  GPtrArray *tensors; /* lent: owns what is made here */
} C2lNetworkLoader;

/* Gain and bias of a LayerNorm; the bias is NULL where there is none. */
typedef struct
{
  C2lTensor *gain, *bias;
} C2lNorm;

void            c2l_network_loader_init (C2lNetworkLoader *self, C2lWeights *weights, C2lDevice *device,
                                         const char *prefix, GPtrArray *tensors);
gboolean        c2l_network_loader_finish (C2lNetworkLoader *self, GError **error);

gboolean        c2l_network_loader_has (C2lNetworkLoader *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* An array of the given shape (0 stands for any size) whose elements are floating-point and finite;
 * NULL after the first mistake. */
const C2lArray *c2l_network_loader_need (C2lNetworkLoader *self, int n_dims, const gint64 *dims,
                                         const char *format, ...) G_GNUC_PRINTF (4, 5);
/* The same as a new block of floats, or as a weight of the device (float32 stays mapped). */
float          *c2l_network_loader_dup (C2lNetworkLoader *self, int n_dims, const gint64 *dims,
                                        const char *format, ...) G_GNUC_PRINTF (4, 5);
C2lTensor      *c2l_network_loader_get (C2lNetworkLoader *self, int n_dims, const gint64 *dims,
                                        const char *format, ...) G_GNUC_PRINTF (4, 5);

/* The same for a matrix that c2l_gemm() multiplies with: half precision stays mapped too. */
C2lTensor      *c2l_network_loader_get_matrix (C2lNetworkLoader *self, gint64 n_out, gint64 n_in,
                                               const char *format, ...) G_GNUC_PRINTF (4, 5);

/* A weight out of numbers that were computed; takes @data, which may be NULL after a mistake. */
C2lTensor      *c2l_network_loader_take (C2lNetworkLoader *self, int n_dims, const gint64 *dims, float *data);

/* c2l_layer_norm() with the eps that all networks here use. */
#define C2L_NORM_EPS 1e-5f
C2lTensor      *c2l_norm_apply (const C2lNorm *norm, C2lPass *pass, C2lTensor *x, C2lDtype out_dtype);

G_END_DECLS
