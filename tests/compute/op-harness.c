/* See op-harness.h. A failing case prints one line and the test goes on with the next one, so that
 * a run shows all of them. */
#include "op-harness.h"

#include <math.h>
#include <string.h>

static C2lDevice *device;
static const char *device_name;
static double max_flops; /* larger cases are passed over; 0: none is */

typedef struct
{
  const OpSuite *suite;
  C2lPrecision precision;
} OpTest;

C2lDevice *
op_get_device (void)
{
  return device;
}

const char *
op_get_device_name (void)
{
  return device_name;
}

/* --- one case */

static void
op_array_free (gpointer data)
{
  OpArray *array = data;

  if (array->role == OP_WEIGHT || array->role == OP_MATRIX)
    c2l_tensor_unref (array->tensor);
  g_free (array->ref.values);
  g_free (array->data);
  g_free (array);
}

static OpCase *
op_case_new (const OpSuite *suite, gsize index, C2lPrecision precision, gint64 picture)
{
  OpCase *c = g_new0 (OpCase, 1);

  c->suite = suite;
  c->precision = precision;
  c->picture = picture;
  c->pass = c2l_pass_new (device, precision, suite->name);
  c->operand = c->out = C2L_F32;
  c->arrays = g_ptr_array_new_with_free_func (op_array_free);
  c->description = g_string_new (NULL);
  c->random = g_str_hash (suite->name) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15) + index + 1;
  return c;
}

static void
op_case_free (OpCase *c)
{
  c2l_pass_free (c->pass);
  g_ptr_array_unref (c->arrays);
  g_string_free (c->description, TRUE);
  g_clear_pointer (&c->bytes, g_bytes_unref);
  g_free (c);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (OpCase, op_case_free)

void
op_fail (OpCase *c, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_test_message ("%s, %s on %s: %s → %s: %s", c->suite->name,
                  c2l_precision_get_name (c->precision), device_name, c->description->str,
                  c2l_dtype_get_name (c->out), text);
  g_test_fail ();
}

void
op_note (OpCase *c, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_string_append (c->description, c->description->len > 0 ? ", " : "");
  g_string_append_vprintf (c->description, format, args);
  va_end (args);
}

double
op_random (OpCase *c)
{
  /* splitmix64 (Steele et al. 2014) */
  guint64 z = c->random += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  z = (z ^ z >> 30) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return ((z ^ z >> 31) >> 11) * 0x1p-53;
}

gint64
op_batch (OpCase *c, gint64 B)
{
  c->batch = B;
  return c->picture < 0 ? B : 1;
}

/* Writes element @i of @data and returns the value that is left after rounding. */
static double
store (gpointer data, C2lDtype dtype, gsize i, double value)
{
  switch (dtype)
    {
    case C2L_BF16:
      return c2l_bf16_to_f32 (((guint16 *) data)[i] = c2l_f32_to_bf16 (value));
    case C2L_F16:
      return c2l_f16_to_f32 (((guint16 *) data)[i] = c2l_f32_to_f16 (value));
    case C2L_I32:
      return ((gint32 *) data)[i] = (gint32) value;
    case C2L_U8:
      return ((guint8 *) data)[i] = (guint8) value;
    default:
      return ((float *) data)[i] = (float) value;
    }
}

static double
load (gconstpointer data, C2lDtype dtype, gsize i)
{
  switch (dtype)
    {
    case C2L_BF16:
      return c2l_bf16_to_f32 (((const guint16 *) data)[i]);
    case C2L_F16:
      return c2l_f16_to_f32 (((const guint16 *) data)[i]);
    case C2L_I32:
      return ((const gint32 *) data)[i];
    case C2L_U8:
      return ((const guint8 *) data)[i];
    default:
      return ((const float *) data)[i];
    }
}

static gboolean
is_weight (OpRole role)
{
  return role == OP_WEIGHT || role == OP_MATRIX;
}

static double
round_to (C2lDtype dtype, double value)
{
  guint64 bits;
  return store (&bits, dtype, 0, value);
}

/* What the reference computes with: where activations are narrow, so are the weights that they are
 * multiplied with. */
static C2lDtype
reference_dtype (OpCase *c, OpRole role, C2lDtype dtype)
{
  return role == OP_MATRIX ? c->operand : dtype;
}

const OpArray *
op_add_typed (OpCase *c,
              const char *name,
              OpRole role,
              C2lDtype dtype,
              const double *values,
              int n_dims,
              const gint64 *dims)
{
  g_autoptr (GError) error = NULL;
  gboolean batched
      = (role == OP_ACTIVATION || role == OP_BATCHED) && (c->suite->flags & OP_NO_BATCH) == 0;
  OpArray *array = g_new0 (OpArray, 1);
  g_autofree char *shape = NULL;

  array->role = role;
  array->ref.n_dims = n_dims;
  memcpy (array->ref.dims, dims, n_dims * sizeof *dims);
  array->ref.length = 1;
  for (int i = 0; i < n_dims; i++)
    array->ref.length *= dims[i];
  if (batched)
    {
      array->ref.dims[0] = op_batch (c, dims[0]);
      array->ref.length = array->ref.length / dims[0] * array->ref.dims[0];
      values += MAX (c->picture, 0) * array->ref.length;
    }

  array->data = g_malloc (array->ref.length * c2l_dtype_get_size (dtype));
  array->ref.values = g_new (double, array->ref.length);
  for (gsize i = 0; i < array->ref.length; i++)
    array->ref.values[i]
        = round_to (reference_dtype (c, role, dtype), store (array->data, dtype, i, values[i]));

  if (is_weight (role))
    array->tensor
        = c2l_device_new_weight (device, dtype, n_dims, array->ref.dims, array->data, &error);
  else
    array->tensor = c2l_pass_add_input (c->pass, name, dtype, n_dims, array->ref.dims);
  g_assert_no_error (error);
  g_assert_nonnull (array->tensor);
  g_ptr_array_add (c->arrays, array);

  shape = ref_array_to_string (&array->ref);
  op_note (c, "%s %s %s", name, c2l_dtype_get_name (dtype), shape);
  return array;
}

const OpArray *
op_add_values (OpCase *c,
               const char *name,
               OpRole role,
               const double *values,
               int n_dims,
               const gint64 *dims)
{
  return op_add_typed (c, name, role, role == OP_ACTIVATION ? c->operand : C2L_F32, values, n_dims,
                       dims);
}

const OpArray *
op_add (OpCase *c, const char *name, OpRole role, double scale, int n_dims, const gint64 *dims)
{
  g_autofree double *values = NULL;
  gsize length = 1;

  for (int i = 0; i < n_dims; i++)
    length *= dims[i];
  values = g_new (double, length);
  for (gsize i = 0; i < length; i++)
    values[i] = (2 * op_random (c) - 1) * sqrt (3) * scale;
  return op_add_values (c, name, role, values, n_dims, dims);
}

static GBytes *
read_tensor (C2lTensor *tensor)
{
  gsize size = c2l_tensor_get_size (tensor);
  gpointer data = g_malloc (size);

  c2l_tensor_read (tensor, data, size);
  return g_bytes_new_take (data, size);
}

static void
check_inputs_unchanged (OpCase *c)
{
  for (guint i = 0; i < c->arrays->len; i++)
    {
      const OpArray *array = c->arrays->pdata[i];
      g_autoptr (GBytes) bytes = read_tensor (array->tensor);

      if (memcmp (g_bytes_get_data (bytes, NULL), array->data, g_bytes_get_size (bytes)) != 0)
        op_fail (c, "operand %u was written to", i);
    }
}

gboolean
op_run (OpCase *c, C2lTensor *y, C2lDtype dtype)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) again = NULL;

  if (y != NULL)
    c2l_pass_keep (c->pass, "y", y);
  if (!c2l_pass_compile (c->pass, &error))
    {
      op_fail (c, "%s", error->message);
      return FALSE;
    }
  g_assert_nonnull (y);
  if (max_flops > 0 && c2l_pass_get_flops (c->pass) > max_flops)
    return FALSE;
  for (guint i = 0; i < c->arrays->len; i++)
    {
      const OpArray *array = c->arrays->pdata[i];
      if (!is_weight (array->role))
        c2l_tensor_write (array->tensor, array->data, c2l_tensor_get_size (array->tensor));
    }
  if (!c2l_pass_run (c->pass, NULL, &error))
    {
      op_fail (c, "%s", error->message);
      return FALSE;
    }
  c->result = y;
  c->bytes = read_tensor (y);
  if (c2l_tensor_get_dtype (y) != dtype)
    op_fail (c, "the result is %s", c2l_dtype_get_name (c2l_tensor_get_dtype (y)));
  if (!c->wants_reference)
    return FALSE;

  check_inputs_unchanged (c);
  if (!c2l_pass_run (c->pass, NULL, &error))
    op_fail (c, "second run: %s", error->message);
  again = read_tensor (y);
  if (!g_bytes_equal (c->bytes, again))
    op_fail (c, "the second run gives other bits");
  return TRUE;
}

RefArray *
op_dup_result (OpCase *c)
{
  RefArray *result
      = ref_array_new (c2l_tensor_get_n_dims (c->result), c2l_tensor_get_dims (c->result));

  for (gsize i = 0; i < result->length; i++)
    result->values[i]
        = load (g_bytes_get_data (c->bytes, NULL), c2l_tensor_get_dtype (c->result), i);
  return result;
}

/* f32: a few units in the last place of the largest value, growing as sums of @n_products rounded
 * terms do. fast: DESIGN.md's 2e-4 for products. bf16: as the suite says; what is not narrow yet
 * may be rounded by the device before it is multiplied, or not, which is the larger figure. A bf16
 * result adds half its last place. */
static double
get_tolerance (OpCase *c, double n_products)
{
  const double f32_operands = 1e-2;
  double tolerance = 2e-6 + 2e-7 * sqrt (n_products);

  if (c->suite->bf16_tolerance > 0 && c->precision == C2L_PRECISION_FAST)
    tolerance = MAX (tolerance, 2e-4);
  if (c->suite->bf16_tolerance > 0 && c2l_pass_get_compute_dtype (c->pass) != C2L_F32)
    tolerance = MAX (tolerance, c->operand == C2L_F32 ? MAX (f32_operands, c->suite->bf16_tolerance)
                                                      : c->suite->bf16_tolerance);
  if (c2l_tensor_get_dtype (c->result) == C2L_BF16)
    tolerance += 0x1.01p-8;
  if (c2l_tensor_get_dtype (c->result) == C2L_F16)
    tolerance += 0x1.01p-11;
  return tolerance;
}

static gboolean
same_shape (const RefArray *a, const RefArray *b)
{
  return a->n_dims == b->n_dims && memcmp (a->dims, b->dims, a->n_dims * sizeof *a->dims) == 0;
}

void
op_compare (OpCase *c, RefArray *expected_array, double n_products)
{
  g_autoptr (RefArray) expected = expected_array;
  g_autoptr (RefArray) result = op_dup_result (c);
  gboolean exact = n_products == 0;
  double tolerance = exact ? 0 : get_tolerance (c, n_products), scale = 1, largest = 0;
  gsize at = 0;

  if (!same_shape (result, expected))
    {
      g_autofree char *got = ref_array_to_string (result), *wanted = ref_array_to_string (expected);
      op_fail (c, "shape %s instead of %s", got, wanted);
      return;
    }
  for (gsize i = 0; i < expected->length; i++)
    scale = MAX (scale, fabs (expected->values[i]));
  for (gsize i = 0; i < expected->length; i++)
    {
      double wanted = exact ? round_to (c2l_tensor_get_dtype (c->result), expected->values[i])
                            : expected->values[i];
      double difference = fabs (result->values[i] - wanted);

      if (!(difference <= largest)) /* a NaN is the largest of all */
        {
          largest = difference;
          at = i;
          if (isnan (difference))
            break;
        }
    }
  if (!(largest <= tolerance * scale))
    op_fail (c,
             "off by %.3g, which is %.2g of the largest value where %.2g is allowed: element "
             "%" G_GSIZE_FORMAT " is %.9g instead of %.9g",
             largest, largest / scale, tolerance, at, result->values[at], expected->values[at]);
  else if (g_test_verbose ())
    g_test_message ("%s, %s: %s: %.2g of %.2g", c->suite->name,
                    c2l_precision_get_name (c->precision), c->description->str, largest / scale,
                    tolerance);
}

/* --- the tests of a suite */

/* In bf16 the operands and the result may each be f32 or bf16: every shape is run with both narrow,
 * as models do, and with one other combination, a different one from shape to shape. */
static gsize
get_n_types (const OpTest *test)
{
  return test->precision >= C2L_PRECISION_BF16 && (test->suite->flags & OP_FIXED_TYPES) == 0 ? 2
                                                                                             : 1;
}

static OpCase *
run_case (const OpTest *test, gsize index, gsize types, gint64 picture, gboolean wants_reference)
{
  OpCase *c = op_case_new (test->suite, index, test->precision, picture);
  C2lDtype narrow = c2l_pass_get_compute_dtype (c->pass);

  if ((test->suite->flags & OP_FIXED_TYPES) == 0)
    {
      c->operand = types == 0 || index % 3 == 0 ? narrow : C2L_F32;
      c->out = types == 0 || index % 3 == 1 ? narrow : C2L_F32;
    }
  c->wants_reference = wants_reference;
  test->suite->build (c, (const guint8 *) test->suite->shapes + index * test->suite->shape_size);
  return c;
}

static void
test_matches_reference (gconstpointer data)
{
  const OpTest *test = data;

  for (gsize i = 0; i < test->suite->n_shapes; i++)
    for (gsize types = 0; types < get_n_types (test); types++)
      op_case_free (run_case (test, i, types, -1, TRUE));
}

static void
test_same_on_any_number_of_threads (gconstpointer data)
{
  /* More than the processors count as so many as there are. */
  static const int thread_counts[] = { 2, 3, 5, 8 };
  const OpTest *test = data;

  for (gsize i = 0; i < test->suite->n_shapes; i++)
    {
      g_autoptr (OpCase) alone = NULL;

      c2l_device_set_n_threads (device, 1);
      alone = run_case (test, i, 0, -1, FALSE);
      for (gsize k = 0; k < G_N_ELEMENTS (thread_counts); k++)
        {
          g_autoptr (OpCase) together = NULL;

          c2l_device_set_n_threads (device, thread_counts[k]);
          together = run_case (test, i, 0, -1, FALSE);
          if (alone->bytes != NULL && together->bytes != NULL
              && !g_bytes_equal (alone->bytes, together->bytes))
            op_fail (together, "%d threads give other bits than one", thread_counts[k]);
        }
    }
  c2l_device_set_n_threads (device, 0);
}

static void
compare_alone (const OpTest *test, gsize index, OpCase *batch, gint64 picture)
{
  g_autoptr (OpCase) alone = run_case (test, index, 0, picture, FALSE);
  gsize size;

  if (alone->bytes == NULL)
    return;
  size = g_bytes_get_size (alone->bytes);
  if (size * batch->batch != g_bytes_get_size (batch->bytes))
    op_fail (alone, "one picture has %" G_GSIZE_FORMAT " bytes", size);
  else if (memcmp (g_bytes_get_data (alone->bytes, NULL),
                   (const guint8 *) g_bytes_get_data (batch->bytes, NULL) + picture * size, size)
           != 0)
    op_fail (alone,
             "picture %" G_GINT64_FORMAT " has other bits than in a batch of %" G_GINT64_FORMAT,
             picture, batch->batch);
}

static void
test_same_alone_and_in_a_batch (gconstpointer data)
{
  const OpTest *test = data;

  for (gsize i = 0; i < test->suite->n_shapes; i++)
    {
      g_autoptr (OpCase) batch = run_case (test, i, 0, -1, FALSE);

      for (gint64 picture = 0; batch->bytes != NULL && batch->batch > 1 && picture < batch->batch;
           picture++)
        compare_alone (test, i, batch, picture);
    }
}

static void
add_test (const OpSuite *suite, C2lPrecision precision, const char *name, GTestDataFunc function)
{
  g_autofree char *path
      = g_strdup_printf ("/ops/%s/%s/%s", suite->name, name, c2l_precision_get_name (precision));
  OpTest *test = g_new0 (OpTest, 1);

  test->suite = suite;
  test->precision = precision;
  g_test_add_data_func_full (path, test, function, g_free);
}

static void
test_no_device (gconstpointer data)
{
  g_test_skip (data);
}

gboolean
op_harness_init (void)
{
  g_autoptr (GError) error = NULL;

  device_name = g_getenv ("C2L_TEST_DEVICE");
  if (g_getenv ("C2L_TEST_MAX_MFLOPS") != NULL)
    max_flops = 1e6 * g_ascii_strtod (g_getenv ("C2L_TEST_MAX_MFLOPS"), NULL);
  if (device_name == NULL)
    device_name = "cpu";
  device = c2l_device_open (device_name, &error);
  if (device != NULL)
    return TRUE;
  /* Only an instruction set may be missing; a machine without "cpu" is a failure. */
  g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_NO_DEVICE);
  g_assert_cmpstr (device_name, !=, "cpu");
  g_assert_cmpstr (device_name, !=, "cpu:portable");
  g_test_add_data_func_full ("/ops/device", g_strdup (error->message), test_no_device, g_free);
  return FALSE;
}

void
op_harness_add (const OpSuite *suites, gsize n_suites)
{
  for (gsize i = 0; i < n_suites; i++)
    {
      for (C2lPrecision precision = 0; precision < C2L_N_PRECISIONS; precision++)
        {
          if (!c2l_device_supports (device, precision))
            continue;
          add_test (&suites[i], precision, "matches-reference", test_matches_reference);
          if (strcmp (c2l_device_get_kind (device), "cpu") == 0)
            add_test (&suites[i], precision, "same-on-any-number-of-threads",
                      test_same_on_any_number_of_threads);
        }
      if ((suites[i].flags & OP_NO_BATCH) == 0)
        add_test (&suites[i], C2L_PRECISION_F32, "same-alone-and-in-a-batch",
                  test_same_alone_and_in_a_batch);
    }
}

int
op_harness_run (void)
{
  int status = g_test_run ();

  g_clear_pointer (&device, c2l_device_unref);
  return status;
}

int
op_harness_main (int argc, char **argv, const OpSuite *suites, gsize n_suites)
{
  g_test_init (&argc, &argv, NULL);
  if (op_harness_init ())
    op_harness_add (suites, n_suites);
  return op_harness_run ();
}

const RefArray *
op_ref (const OpArray *array)
{
  return array != NULL ? &array->ref : NULL;
}

C2lTensor *
op_tensor (const OpArray *array)
{
  return array != NULL ? array->tensor : NULL;
}

C2lPass *
op_new_pass (void)
{
  return c2l_pass_new (device, C2L_PRECISION_F32, "test");
}

C2lTensor *
op_add_input (C2lPass *pass, const char *name, int n_dims, const gint64 *dims)
{
  return c2l_pass_add_input (pass, name, C2L_F32, n_dims, dims);
}

void
op_compile_pass (C2lPass *pass)
{
  g_autoptr (GError) error = NULL;

  c2l_pass_compile (pass, &error);
  g_assert_no_error (error);
}

void
op_run_pass (C2lPass *pass)
{
  g_autoptr (GError) error = NULL;

  c2l_pass_run (pass, NULL, &error);
  g_assert_no_error (error);
}
