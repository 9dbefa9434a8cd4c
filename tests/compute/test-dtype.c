#include "compute/dtype.h"

#include <math.h>
#include <string.h>

static void
test_f16_round_trip (void)
{
  for (guint bits = 0; bits < 0x10000; bits++)
    {
      float value = c2l_f16_to_f32 (bits);

      if (isnan (value))
        g_assert_true (isnan (c2l_f16_to_f32 (c2l_f32_to_f16 (value))));
      else
        g_assert_cmpuint (c2l_f32_to_f16 (value), ==, bits);
    }
}

static void
test_f16_arrays_convert_as_single_numbers_do (void)
{
  guint8 halves[2 * 0x10000 + 1];
  g_autofree float *values = g_new (float, 0x10000);

  /* at an odd address */
  for (guint bits = 0; bits < 0x10000; bits++)
    memcpy (halves + 1 + 2 * bits, &(guint16){ bits }, 2);
  c2l_f16_to_f32_array (values, halves + 1, 0x10000);
  for (guint bits = 0; bits < 0x10000; bits++)
    {
      float value = c2l_f16_to_f32 (bits);
      g_assert_cmpmem (&values[bits], sizeof value, &value, sizeof value);
    }
}

static void
test_f16_rounds_to_nearest_even (void)
{
  g_assert_cmpuint (c2l_f32_to_f16 (1.0f + 0x1p-11f), ==, 0x3c00);
  g_assert_cmpuint (c2l_f32_to_f16 (1.0f + 3 * 0x1p-11f), ==, 0x3c02);
  g_assert_cmpuint (c2l_f32_to_f16 (65519.0f), ==, 0x7bff);
  g_assert_cmpuint (c2l_f32_to_f16 (65520.0f), ==, 0x7c00);
  g_assert_cmpuint (c2l_f32_to_f16 (0x1p-25f), ==, 0);
  g_assert_cmpuint (c2l_f32_to_f16 (0x1.8p-25f), ==, 1);
}

static void
test_bf16_rounds_to_nearest_even (void)
{
  g_assert_cmpuint (c2l_f32_to_bf16 (1.0f + 0x1p-8f), ==, 0x3f80);
  g_assert_cmpuint (c2l_f32_to_bf16 (1.0f + 3 * 0x1p-8f), ==, 0x3f82);
  g_assert_true (isnan (c2l_bf16_to_f32 (c2l_f32_to_bf16 (NAN))));
  g_assert_true (isinf (c2l_bf16_to_f32 (c2l_f32_to_bf16 (3.4e38f))));
  g_assert_cmpfloat (c2l_bf16_to_f32 (c2l_f32_to_bf16 (-2.5f)), ==, -2.5f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dtype/f16/round-trip", test_f16_round_trip);
  g_test_add_func ("/dtype/f16/arrays-convert-as-single-numbers-do", test_f16_arrays_convert_as_single_numbers_do);
  g_test_add_func ("/dtype/f16/rounds-to-nearest-even", test_f16_rounds_to_nearest_even);
  g_test_add_func ("/dtype/bf16/rounds-to-nearest-even", test_bf16_rounds_to_nearest_even);
  return g_test_run ();
}
