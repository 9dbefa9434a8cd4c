/* .npy: the broken and strange ones, and a round trip. */
#include "formats/npy.h"

#include "hostile.h"

#include <glib/gstdio.h>
#include <string.h>

static double
element (const C2lArray *array, gsize i)
{
  const guint8 *data = array->data;
  guint8 bytes[8];

  memcpy (bytes, data + i * c2l_dtype_get_size (array->dtype), c2l_dtype_get_size (array->dtype));
  switch (array->dtype)
    {
    case C2L_F32:
      return *(float *) (gpointer) bytes;
    case C2L_F64:
      return *(double *) (gpointer) bytes;
    case C2L_F16:
      return c2l_f16_to_f32 (*(guint16 *) (gpointer) bytes);
    default:
      g_assert_not_reached ();
    }
}

static void
check_hostile (const char *path, const char *file, const char *kind)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lNpy) npy = c2l_npy_load (path, &error);

  if (strcmp (kind, "loads") != 0)
    {
      g_assert_null (npy);
      g_assert_true (error != NULL && error->domain == C2L_FORMAT_ERROR);
      if (strcmp (kind, "refuse") == 0)
        g_assert_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_FORBIDDEN);
      return;
    }
  g_assert_no_error (error);
  g_assert_cmpuint (npy->array.length, ==, 6);
  for (gsize i = 0; i < 6; i++)
    g_assert_cmpfloat (element (&npy->array, i), ==, i);
}

static void
test_hostile (void)
{
  for_each_hostile_file ("npy-", check_hostile);
}

static void
test_round_trip (void)
{
  g_autofree char *folder = g_dir_make_tmp ("c2l-npy-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "latent.npy", NULL);
  static const struct
  {
    gint64 dims[5];
    int n_dims;
  } shapes[] = { { { 0 }, 0 }, { { 6 }, 1 }, { { 2, 3 }, 2 }, { { 1, 2, 3 }, 3 }, { { 1, 2, 1, 3, 1 }, 5 }, { { 0, 4 }, 2 } };
  static const float values[6] = { 0, -1.5f, 2, 3e-30f, 4, 5 };

  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (C2lNpy) npy = NULL;

      g_assert_true (c2l_npy_save (path, values, shapes[i].dims, shapes[i].n_dims, &error));
      g_assert_no_error (error);
      npy = c2l_npy_load (path, &error);
      g_assert_no_error (error);
      g_assert_cmpint (npy->array.dtype, ==, C2L_F32);
      g_assert_cmpint (npy->array.n_dims, ==, shapes[i].n_dims);
      g_assert_cmpint (memcmp (npy->array.dims, shapes[i].dims, shapes[i].n_dims * sizeof (gint64)), ==, 0);
      g_assert_cmpmem (npy->array.data, npy->array.length * 4, values, npy->array.length * 4);
    }
  g_unlink (path);
  g_rmdir (folder);
}

static void
test_header_is_aligned (void)
{
  static const float value = 1;
  static const gint64 dims[1] = { 1 };
  g_autoptr (GBytes) bytes = c2l_npy_write_bytes (&value, dims, 1);

  g_assert_cmpuint ((g_bytes_get_size (bytes) - sizeof value) % 64, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/npy/hostile-files", test_hostile);
  g_test_add_func ("/npy/round-trip", test_round_trip);
  g_test_add_func ("/npy/data-are-aligned-as-numpy's", test_header_is_aligned);
  return g_test_run ();
}
