/* A weight's packed copies on the device, by key. */
#pragma once

#include "kernels/cuda-device.h"

G_BEGIN_DECLS

/* Writes the packed form of @weight to @to, on the device's stream. */
typedef void (*CudaPack) (C2lDevice *device, C2lTensor *weight, gpointer to, gconstpointer data);

/* Packs @weight into @size bytes unless there is a copy under @key; FALSE and MEMORY where there is no room. */
gboolean cuda_pack (C2lDevice *device, C2lTensor *weight, const char *key, gsize size, CudaPack pack, gconstpointer data,
                    GError **error);
/* Where the copy is. */
gpointer cuda_get_packed (C2lTensor *weight, const char *key);

G_END_DECLS
