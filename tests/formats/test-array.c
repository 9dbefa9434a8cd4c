/* Elements of every type as float32, and shapes in words. */
#include "formats/array.h"

#include <math.h>
#include <string.h>

static void
test_every_half (void)
{
  g_autofree guint16 *halves = g_new (guint16, 65536);
  for (guint i = 0; i < 65536; i++)
    halves[i] = (guint16) i;
  C2lArray array = { .dtype = C2L_F16, .n_dims = 1, .dims = { 65536 }, .length = 65536, .data = halves };
  g_autofree float *floats = c2l_array_dup_f32 (&array);

  for (guint i = 0; i < 65536; i++)
    {
      float expected = c2l_f16_to_f32 ((guint16) i);
      g_assert_true (isnan (expected) ? isnan (floats[i]) : memcmp (&expected, &floats[i], 4) == 0);
    }
}

static void
test_types (void)
{
  static const gint64 i64[] = { -3, 1 };
  static const gint32 i32[] = { -3, 1 };
  static const gint16 i16[] = { -3, 1 };
  static const gint8 i8[] = { -3, 1 };
  static const double f64[] = { -3, 1 };
  static const guint16 bf16[] = { 0xc040, 0x3f80 };
  const struct
  {
    C2lDtype dtype;
    gconstpointer data;
  } cases[] = { { C2L_I64, i64 }, { C2L_I32, i32 }, { C2L_I16, i16 }, { C2L_I8, i8 }, { C2L_F64, f64 }, { C2L_BF16, bf16 } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      /* One byte off, as a mapped file may have it. */
      guint8 unaligned[17];
      memcpy (unaligned + 1, cases[i].data, 2 * c2l_dtype_get_size (cases[i].dtype));
      C2lArray array = { .dtype = cases[i].dtype, .n_dims = 1, .dims = { 2 }, .length = 2, .data = unaligned + 1 };
      g_autofree float *floats = c2l_array_dup_f32 (&array);
      g_assert_cmpfloat (floats[0], ==, -3);
      g_assert_cmpfloat (floats[1], ==, 1);
    }
}

static void
test_shapes (void)
{
  C2lArray array;
  g_assert_true (c2l_array_init (&array, C2L_F16, 2, (gint64[]) { 3, 512 }));
  g_autofree char *text = c2l_array_to_string (&array);
  g_assert_cmpstr (text, ==, "f16 [3, 512]");
  g_assert_cmpuint (c2l_array_get_size (&array), ==, 3 * 512 * 2);

  g_assert_true (c2l_array_init (&array, C2L_F32, 0, NULL));
  g_assert_cmpuint (array.length, ==, 1);
  g_assert_false (c2l_array_init (&array, C2L_F32, 2, (gint64[]) { G_MAXINT64, 2 }));
  g_assert_false (c2l_array_init (&array, C2L_F32, 3, (gint64[]) { G_MAXINT64, 4, 0 }));
  g_assert_false (c2l_array_init (&array, C2L_F32, 1, (gint64[]) { -1 }));
  g_assert_false (c2l_array_init (&array, C2L_F32, 6, (gint64[]) { 1, 1, 1, 1, 1, 1 }));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/array/dup-f32/every-half", test_every_half);
  g_test_add_func ("/array/dup-f32/every-type-unaligned", test_types);
  g_test_add_func ("/array/init/refuses-impossible-shapes", test_shapes);
  return g_test_run ();
}
