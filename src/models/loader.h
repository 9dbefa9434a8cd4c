/* C2lLoader: checked tensors out of a file's arrays, for the models' load functions.
 *
 * The first mistake (a tensor that is missing, has another shape, a number out of its range) is
 * remembered with a message that names the file; everything after it returns NULL or the fallback,
 * so that a load function reads as a list and looks once, at the end, with c2l_loader_finish().
 *
 *   C2lLoader loader;
 *   c2l_loader_init (&loader, weights, device);
 *   bias = c2l_loader_get_tensor (&loader, 1, 1, (gint64[]) { n }, "synthesis.b%d.bias", res);
 *   if (!c2l_loader_finish (&loader, error)) … */
#pragma once

#include "compute/device.h"
#include "formats/weights.h"

G_BEGIN_DECLS

typedef struct
{
  C2lWeights *weights; /* both lent */
  C2lDevice *device;
  char *file;          /* for messages */
  GError *error;       /* (nullable): the first one */
} C2lLoader;

/* A fully connected layer, its gains applied; both tensors are owned. @bias is NULL where the file
 * has none. */
typedef struct
{
  C2lTensor *weight; /* [N, K] */
  C2lTensor *bias;   /* [N] */
} C2lDense;

void            c2l_loader_init (C2lLoader *loader, C2lWeights *weights, C2lDevice *device);
/* Frees what the loader holds; returns FALSE and the remembered error, if any. */
gboolean        c2l_loader_finish (C2lLoader *loader, GError **error);
void            c2l_loader_fail (C2lLoader *loader, C2lFormatError code, const char *format, ...)
                                 G_GNUC_PRINTF (3, 4);
gboolean        c2l_loader_has_failed (const C2lLoader *loader);

/* Looks an array up without complaint. */
const C2lArray *c2l_loader_find (C2lLoader *loader, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* An array that must be there with @n_dims dimensions of the sizes @dims, where 0 stands for any
 * size from 1 up. */
const C2lArray *c2l_loader_need (C2lLoader *loader, int n_dims, const gint64 *dims,
                                 const char *format, ...) G_GNUC_PRINTF (4, 5);

/* The same as a weight of the device, every element times @gain; float32 in the file that needs no
 * change stays mapped. */
C2lTensor      *c2l_loader_get_tensor (C2lLoader *loader, float gain, int n_dims, const gint64 *dims,
                                       const char *format, ...) G_GNUC_PRINTF (5, 6);

/* A tensor of one element, however many dimensions it has; must be finite. */
float           c2l_loader_get_scalar (C2lLoader *loader, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* A FIR filter: [n] or [n, n], at most 256 taps. NULL without complaint where the file has none, or
 * one of one tap that is 1. */
C2lTensor      *c2l_loader_get_filter (C2lLoader *loader, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* NVIDIA's FullyConnectedLayer "@format.weight" [n_out, n_in] and ".bias": weight · lr / √n_in ·
 * gain, bias · lr · gain. */
C2lDense        c2l_loader_get_dense (C2lLoader *loader, float lr, float gain, gint64 n_out, gint64 n_in,
                                      const char *format, ...) G_GNUC_PRINTF (6, 7);
void            c2l_dense_clear (C2lDense *dense);

/* A weight of the device from numbers that the model computed. */
C2lTensor      *c2l_loader_make_tensor (C2lLoader *loader, int n_dims, const gint64 *dims, const float *data);

/* A member of a configuration object (nullable): the fallback where it is absent or null, an error
 * where it is not a number in [low, high]. The integer form also wants a whole number. */
double          c2l_loader_get_number (C2lLoader *loader, JsonObject *object, const char *member,
                                       double fallback, double low, double high);
int             c2l_loader_get_integer (C2lLoader *loader, JsonObject *object, const char *member,
                                        int fallback, int low, int high);
/* What the configuration says about a size, if anything, must be what the tensors make it. */
void            c2l_loader_check_stated (C2lLoader *loader, JsonObject *config, const char *member,
                                         int value);
/* A member that is an object, else NULL; a member that is a string, else @fallback. */
JsonObject     *c2l_config_get_object (JsonObject *object, const char *member);
const char     *c2l_config_get_string (JsonObject *object, const char *member, const char *fallback);

G_END_DECLS
