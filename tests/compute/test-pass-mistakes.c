/* Mistakes of a recording: what does not fit is remembered, named in the error of compiling, and
 * harmless until then. The device is that of C2L_TEST_DEVICE. */
#include "op-harness.h"

#include <string.h>

/* Its content does not matter: nothing here is run. */
static C2lTensor *
new_weight (int n_dims, const gint64 *dims)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RefArray) shape = ref_array_new (n_dims, dims);
  C2lTensor *weight
      = c2l_device_new_weight (op_get_device (), C2L_F32, n_dims, dims, shape->values, &error);

  g_assert_no_error (error);
  return weight;
}

typedef struct
{
  C2lTensor *x;       /* [2, 3] */
  C2lTensor *picture; /* [1, 8, 8, 4] */
  C2lTensor *indices; /* i32 [5] */
  C2lTensor *weight;  /* [7, 11] */
  C2lTensor *kernel;  /* [5, 6, 3, 3] */
  C2lTensor *row;     /* [9] */
} Operands;

static C2lTensor *
bad_gemm (C2lPass *pass, const Operands *o)
{
  return c2l_gemm (pass, o->x, o->weight, NULL);
}

static C2lTensor *
bad_gemm_of_an_input (C2lPass *pass, const Operands *o)
{
  return c2l_gemm (pass, o->x, o->x, NULL);
}

static C2lTensor *
bad_layer_norm (C2lPass *pass, const Operands *o)
{
  return c2l_layer_norm (pass, o->x, o->row, NULL, 1e-5f, C2L_F32);
}

static C2lTensor *
bad_rotary (C2lPass *pass, const Operands *o)
{
  C2lTensor *tokens = c2l_reshape (pass, o->x, OP_DIMS (1, 2, 3));
  return c2l_rotary (pass, tokens, &(C2lRotary){ .n_heads = 2, .head_dim = 2, .angles = o->x });
}

static C2lTensor *
bad_attention (C2lPass *pass, const Operands *o)
{
  C2lTensor *tokens = c2l_reshape (pass, o->x, OP_DIMS (1, 2, 3));
  return c2l_attention (pass, &(C2lAttention){ .q = tokens,
                                               .k = tokens,
                                               .v = tokens,
                                               .v_offset = 1,
                                               .n_heads = 1,
                                               .n_kv_heads = 1,
                                               .head_dim = 3,
                                               .scale = 1 });
}

static C2lTensor *
bad_attention_offset (C2lPass *pass, const Operands *o)
{
  C2lTensor *tokens = c2l_reshape (pass, o->x, OP_DIMS (1, 2, 3));
  return c2l_attention (pass, &(C2lAttention){ .q = tokens,
                                               .k = tokens,
                                               .v = tokens,
                                               .q_offset = -1,
                                               .n_heads = 1,
                                               .n_kv_heads = 1,
                                               .head_dim = 2,
                                               .scale = 1 });
}

static C2lTensor *
bad_swiglu (C2lPass *pass, const Operands *o)
{
  return c2l_swiglu (pass, o->x, C2L_F32);
}

static C2lTensor *
bad_add (C2lPass *pass, const Operands *o)
{
  return c2l_add (pass, o->x, o->row);
}

static C2lTensor *
bad_lerp (C2lPass *pass, const Operands *o)
{
  return c2l_lerp (pass, o->x, o->x, o->row);
}

static C2lTensor *
bad_combine (C2lPass *pass, const Operands *o)
{
  return c2l_combine (pass, 2, (C2lTensor *[]){ o->x, o->row }, (float[]){ 1, 1 });
}

static C2lTensor *
bad_reshape (C2lPass *pass, const Operands *o)
{
  return c2l_reshape (pass, o->x, OP_DIMS (7));
}

static C2lTensor *
bad_expand (C2lPass *pass, const Operands *o)
{
  return c2l_expand (pass, o->x, OP_DIMS (4, 3));
}

static C2lTensor *
bad_concat (C2lPass *pass, const Operands *o)
{
  return c2l_concat (pass, 0, 2, (C2lTensor *[]){ o->x, o->row });
}

static C2lTensor *
bad_slice (C2lPass *pass, const Operands *o)
{
  return c2l_slice (pass, o->x, 1, 1, 3);
}

static C2lTensor *
bad_slice_that_overflows (C2lPass *pass, const Operands *o)
{
  return c2l_slice (pass, o->x, 1, G_MAXINT64, G_MAXINT64);
}

static C2lTensor *
bad_gather (C2lPass *pass, const Operands *o)
{
  return c2l_gather (pass, o->x, 0, o->row);
}

static C2lTensor *
bad_cosine_similarity (C2lPass *pass, const Operands *o)
{
  return c2l_cosine_similarity (pass, o->x, o->weight);
}

static C2lTensor *
bad_random_normal (C2lPass *pass, const Operands *o)
{
  return c2l_random_normal (pass, o->indices, 0, OP_DIMS (5, 4));
}

static C2lTensor *
bad_conv (C2lPass *pass, const Operands *o)
{
  return c2l_conv (pass, o->picture, &(C2lConv){ .weight = o->kernel, .padding = 1 });
}

static C2lTensor *
bad_up_convolution (C2lPass *pass, const Operands *o)
{
  C2lTensor *six
      = c2l_reshape (pass, c2l_expand (pass, o->x, OP_DIMS (6, 2, 3)), OP_DIMS (1, 1, 6, 6));
  return c2l_conv (pass, six, &(C2lConv){ .weight = o->kernel, .up = 2 });
}

static C2lTensor *
bad_demodulation (C2lPass *pass, const Operands *o)
{
  return c2l_demodulation (pass, o->x, o->kernel);
}

static C2lTensor *
bad_resample (C2lPass *pass, const Operands *o)
{
  return c2l_resample (pass, o->picture,
                       &(C2lResample){ .up = 1, .down = 1, .padding = { -5, -5, 0, 0 } });
}

static C2lTensor *
bad_resample_factor (C2lPass *pass, const Operands *o)
{
  return c2l_resample (pass, o->picture, &(C2lResample){ .up = 1 });
}

static C2lTensor *
bad_filtered_leaky_relu (C2lPass *pass, const Operands *o)
{
  return c2l_filtered_leaky_relu (
      pass, o->picture, &(C2lFilteredLeakyRelu){ .bias = o->row, .up = 1, .down = 1, .gain = 1 });
}

static C2lTensor *
bad_fourier_features (C2lPass *pass, const Operands *o)
{
  return c2l_fourier_features (pass, &(C2lFourierFeatures){ .affine = o->x,
                                                            .transform = o->x,
                                                            .freqs = o->x,
                                                            .phases = o->row,
                                                            .size = 4,
                                                            .sampling_rate = 4,
                                                            .bandwidth = 1 });
}

static C2lTensor *
bad_area_resize (C2lPass *pass, const Operands *o)
{
  return c2l_area_resize (pass, o->picture, &(C2lAreaResize){ .size = 4 });
}

static C2lTensor *
bad_patches (C2lPass *pass, const Operands *o)
{
  return c2l_patches (pass, o->picture, 3, C2L_F32);
}

static C2lTensor *
bad_to_u8 (C2lPass *pass, const Operands *o)
{
  return c2l_to_u8 (pass, o->x, C2L_U8_DEMO);
}

typedef C2lTensor *(*Record) (C2lPass *pass, const Operands *operands);

static const struct
{
  Record record;
  const char *name, *shape; /* must stand in the message */
} mistakes[] = {
  { bad_gemm, "gemm", "[7, 11]" },
  { bad_gemm_of_an_input, "gemm", "[2, 3]" },
  { bad_layer_norm, "layer norm", "[9]" },
  { bad_rotary, "rotary", "[1, 2, 3]" },
  { bad_attention, "attention", "[1, 2, 3]" },
  { bad_attention_offset, "attention", "[1, 2, 3]" },
  { bad_swiglu, "swiglu", "[2, 3]" },
  { bad_add, "add", "[2, 3], f32 [9]" },
  { bad_lerp, "lerp", "[9]" },
  { bad_combine, "combine", "[9]" },
  { bad_reshape, "reshape", "[2, 3]" },
  { bad_expand, "expand", "[2, 3]" },
  { bad_concat, "concat", "[9]" },
  { bad_slice, "slice", "[2, 3]" },
  { bad_slice_that_overflows, "slice", "[2, 3]" },
  { bad_gather, "gather", "[9]" },
  { bad_cosine_similarity, "cosine", "[7, 11]" },
  { bad_random_normal, "random", "i32 [5]" },
  { bad_conv, "convolution", "[5, 6, 3, 3]" },
  { bad_up_convolution, "convolution", "[5, 6, 3, 3]" },
  { bad_demodulation, "demodulation", "[5, 6, 3, 3]" },
  { bad_resample, "resample", "[1, 8, 8, 4]" },
  { bad_resample_factor, "resample", "[1, 8, 8, 4]" },
  { bad_filtered_leaky_relu, "filtered", "[9]" },
  { bad_fourier_features, "fourier", "[2, 3]" },
  { bad_area_resize, "area", "[1, 8, 8, 4]" },
  { bad_patches, "patches", "[1, 8, 8, 4]" },
  { bad_to_u8, "8 bit", "[2, 3]" },
};

static void
test_mistakes_are_reported_by_name_and_shapes (void)
{
  g_autoptr (C2lTensor) weight = new_weight (OP_DIMS (7, 11)),
                        kernel = new_weight (OP_DIMS (5, 6, 3, 3)), row = new_weight (OP_DIMS (9));

  for (guint i = 0; i < G_N_ELEMENTS (mistakes); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (C2lPass) pass = op_new_pass ();
      Operands operands = { op_add_input (pass, "x", OP_DIMS (2, 3)),
                            op_add_input (pass, "picture", OP_DIMS (1, 8, 8, 4)),
                            c2l_pass_add_input (pass, "indices", C2L_I32, OP_DIMS (5)),
                            weight,
                            kernel,
                            row };

      g_assert_null (mistakes[i].record (pass, &operands));
      g_assert_true (c2l_pass_has_failed (pass));
      g_assert_false (c2l_pass_compile (pass, &error));
      g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_SHAPE);
      if (strstr (error->message, mistakes[i].name) == NULL
          || strstr (error->message, mistakes[i].shape) == NULL)
        g_error ("“%s” names neither “%s” nor “%s”", error->message, mistakes[i].name,
                 mistakes[i].shape);
    }
}

static void
test_the_first_mistake_is_the_one_reported (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lPass) pass = op_new_pass ();
  C2lTensor *x = op_add_input (pass, "x", OP_DIMS (2, 3)), *y;

  y = c2l_swiglu (pass, x, C2L_F32);
  y = c2l_add (pass, y, x);
  y = c2l_reshape (pass, x, OP_DIMS (5));
  c2l_pass_keep (pass, "y", y);
  c2l_pass_fail (pass, C2L_COMPUTE_ERROR_FAILED, "too late");
  g_assert_false (c2l_pass_compile (pass, &error));
  g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_SHAPE);
  g_assert_nonnull (strstr (error->message, "swiglu"));
}

static void
test_a_model_may_report_its_own_mistake (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lPass) pass = op_new_pass ();

  g_assert_false (c2l_pass_has_failed (pass));
  c2l_pass_fail (pass, C2L_COMPUTE_ERROR_UNSUPPORTED, "no %s", "ResNet");
  g_assert_false (c2l_pass_compile (pass, &error));
  g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_UNSUPPORTED);
  g_assert_cmpstr (error->message, ==, "no ResNet");
}

static void
test_sizes_that_overflow_are_mistakes (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lPass) pass = op_new_pass ();
  C2lTensor *x = op_add_input (pass, "x", OP_DIMS (1));

  g_assert_null (c2l_expand (pass, x, OP_DIMS ((gint64) 1 << 40, (gint64) 1 << 40)));
  g_assert_null (c2l_reshape (pass, x, OP_DIMS (-1, -1)));
  g_assert_false (c2l_pass_compile (pass, &error));
  g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_SHAPE);
}

static void
test_null_operands_pass_through (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lPass) pass = op_new_pass ();
  g_autoptr (C2lTensor) w = new_weight (OP_DIMS (3, 3));
  C2lTensor *x = op_add_input (pass, "x", OP_DIMS (2, 3));

  g_assert_null (c2l_gemm (pass, NULL, w, NULL));
  g_assert_null (c2l_gemm (pass, x, NULL, NULL));
  g_assert_null (c2l_layer_norm (pass, NULL, w, NULL, 0, C2L_F32));
  g_assert_null (c2l_layer_norm (pass, x, NULL, NULL, 0, C2L_F32));
  g_assert_null (c2l_rotary (pass, NULL, &(C2lRotary){ .angles = x }));
  g_assert_null (c2l_rotary (pass, x, &(C2lRotary){ .angles = NULL }));
  g_assert_null (c2l_attention (pass, &(C2lAttention){ .q = x, .k = NULL, .v = x }));
  g_assert_null (c2l_swiglu (pass, NULL, C2L_F32));
  g_assert_null (c2l_add (pass, x, NULL));
  g_assert_null (c2l_add (pass, NULL, x));
  g_assert_null (c2l_multiply (pass, x, NULL));
  g_assert_null (c2l_lerp (pass, x, x, NULL));
  g_assert_null (c2l_combine (pass, 2, (C2lTensor *[]){ x, NULL }, (float[]){ 1, 1 }));
  g_assert_null (c2l_clamp (pass, NULL, 0, 1));
  g_assert_null (c2l_activate (pass, NULL, C2L_ACT_RELU, 0));
  g_assert_null (c2l_cast (pass, NULL, C2L_BF16));
  g_assert_null (c2l_reshape (pass, NULL, OP_DIMS (1)));
  g_assert_null (c2l_expand (pass, NULL, OP_DIMS (1)));
  g_assert_null (c2l_concat (pass, 0, 2, (C2lTensor *[]){ x, NULL }));
  g_assert_null (c2l_slice (pass, NULL, 0, 0, 1));
  g_assert_null (c2l_gather (pass, NULL, 0, x));
  g_assert_null (c2l_gather (pass, x, 0, NULL));
  g_assert_null (c2l_rms_normalize (pass, NULL, 0));
  g_assert_null (c2l_cosine_similarity (pass, x, NULL));
  g_assert_null (c2l_random_normal (pass, NULL, 0, OP_DIMS (1, 1)));
  g_assert_null (c2l_conv (pass, NULL, &(C2lConv){ .weight = w }));
  g_assert_null (c2l_conv (pass, x, &(C2lConv){ .weight = NULL }));
  g_assert_null (c2l_demodulation (pass, x, NULL));
  g_assert_null (c2l_resample (pass, NULL, &(C2lResample){ .up = 1, .down = 1 }));
  g_assert_null (
      c2l_filtered_leaky_relu (pass, NULL, &(C2lFilteredLeakyRelu){ .up = 1, .down = 1 }));
  g_assert_null (c2l_fourier_features (pass, &(C2lFourierFeatures){ .affine = x, .freqs = x }));
  g_assert_null (c2l_area_resize (pass, NULL, &(C2lAreaResize){ .size = 1 }));
  g_assert_null (c2l_patches (pass, NULL, 1, C2L_F32));
  g_assert_null (c2l_to_u8 (pass, NULL, C2L_U8_DEMO));
  c2l_pass_keep (pass, "y", NULL);
  c2l_pass_tap (pass, NULL, "act.%d", 1);

  /* None of these was a mistake of its own. */
  g_assert_false (c2l_pass_has_failed (pass));
  c2l_pass_keep (pass, "x2", c2l_add (pass, x, x));
  g_assert_true (c2l_pass_compile (pass, &error));
  g_assert_no_error (error);
}

static void
test_precisions_that_the_device_lacks_are_refused (void)
{
  for (C2lPrecision precision = 0; precision < C2L_N_PRECISIONS; precision++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (C2lPass) pass = c2l_pass_new (op_get_device (), precision, "test");
      C2lTensor *x = op_add_input (pass, "x", OP_DIMS (2, 3));

      c2l_pass_keep (pass, "y", c2l_add (pass, x, x));
      g_assert_cmpint (c2l_pass_get_precision (pass), ==, precision);
      if (c2l_pass_compile (pass, &error))
        {
          g_assert_true (c2l_device_supports (op_get_device (), precision));
          continue;
        }
      g_assert_false (c2l_device_supports (op_get_device (), precision));
      g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_UNSUPPORTED);
    }
  g_assert_true (c2l_device_supports (op_get_device (), C2L_PRECISION_F32));
}

static void
add_tests (void)
{
  g_test_add_func ("/pass/mistakes/are-reported-by-name-and-shapes",
                   test_mistakes_are_reported_by_name_and_shapes);
  g_test_add_func ("/pass/mistakes/the-first-is-the-one-reported",
                   test_the_first_mistake_is_the_one_reported);
  g_test_add_func ("/pass/mistakes/a-model-may-report-its-own",
                   test_a_model_may_report_its_own_mistake);
  g_test_add_func ("/pass/mistakes/sizes-that-overflow", test_sizes_that_overflow_are_mistakes);
  g_test_add_func ("/pass/null-operands-pass-through", test_null_operands_pass_through);
  g_test_add_func ("/pass/refuses/precisions-that-the-device-lacks",
                   test_precisions_that_the_device_lacks_are_refused);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (op_harness_init ())
    add_tests ();
  return op_harness_run ();
}
