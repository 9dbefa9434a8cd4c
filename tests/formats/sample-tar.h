/* Tars of samples, made in memory, for tests of what reads them. */
#pragma once

#include "formats/npy.h"
#include "formats/tar.h"

/* Appends KEY.SUFFIX with @values as a .npy file of the given shape. */
static inline void
append_array (GByteArray *archive, const char *key, const char *suffix, const float *values, int n_dims, const gint64 *dims)
{
  g_autofree char *name = g_strconcat (key, ".", suffix, NULL);
  g_autoptr (GBytes) npy = c2l_npy_write_bytes (values, dims, n_dims);
  g_autoptr (GError) error = NULL;

  c2l_tar_append (archive, name, g_bytes_get_data (npy, NULL), g_bytes_get_size (npy), &error);
  g_assert_no_error (error);
}

/* A sample of [@dim] numbers, each @value, and the negative of it as its embedding. */
static inline void
append_sample (GByteArray *archive, const char *key, gint64 dim, float value)
{
  g_autofree float *latent = g_new (float, dim), *feature = g_new (float, dim);

  for (gint64 i = 0; i < dim; i++)
    {
      latent[i] = value;
      feature[i] = -value;
    }
  append_array (archive, key, "img_feat.npy", feature, 1, &dim);
  append_array (archive, key, "latent.npy", latent, 1, &dim);
}
