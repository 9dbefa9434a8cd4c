/* The JSON header of a safetensors file, and no other JSON: { name: { dtype, shape, data_offsets },
 * …, __metadata__: { … } }. */
#pragma once

#include "formats/weights.h"

G_BEGIN_DECLS

typedef struct
{
  char *name;
  C2lArray array; /* without data */
  guint64 begin;  /* in the data that follows the header */
  guint64 end;
} C2lSafetensor;

/* @tensors: of C2lSafetensor, cleared by c2l_safetensor_clear. @metadata: string → string. */
gboolean c2l_safetensors_read_header (const char *text, gsize length, GArray *tensors, GHashTable *metadata, GError **error);
void     c2l_safetensor_clear (gpointer tensor);

/* "F32", or NULL for types that safetensors lacks. */
const char *c2l_safetensors_dtype_name (C2lDtype dtype);

G_END_DECLS
