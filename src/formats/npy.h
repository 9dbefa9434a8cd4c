/* NumPy's .npy files: one array. Read: little or big endian, C or Fortran order, the types of
 * C2lDtype; the result is always row-major and in this machine's byte order. Written: float32. */
#pragma once

#include "formats/weights.h"

G_BEGIN_DECLS

typedef struct
{
  C2lArray array;
  /* what array.data points into, or NULL where it points into the caller's memory */
  gpointer storage;
} C2lNpy;

/* Reads the file at @path. The array owns its memory. */
C2lNpy  *c2l_npy_load (const char *path, GError **error);

/* c2l_npy_parse:
 * @data: [@size] the whole file; must outlive the result, which points into it where no conversion
 * is needed
 * @name: what messages call it */
C2lNpy  *c2l_npy_parse (gconstpointer data, gsize size, const char *name, GError **error);
void     c2l_npy_free (C2lNpy *npy);

/* @values as a .npy file of float32 with @n_dims dimensions, at most C2L_MAX_DIMS. */
GBytes  *c2l_npy_write_bytes (const float *values, const gint64 *dims, int n_dims);

/* The same into a file, which is replaced as a whole. */
gboolean c2l_npy_save (const char *path, const float *values, const gint64 *dims, int n_dims, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lNpy, c2l_npy_free)

G_END_DECLS
