/* The Winograd engine against double loops that follow the definitions word for word: zero-insertion, true convolution and FIR
 * filter one after another where it folds them together. */
#include "compute/cpu/winograd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef void (*Run) (const C2lWinograd *plan, const C2lWinogradArgs *args);

/* What this machine can run; the others of the table are left out. */
typedef struct
{
  const char *name;
  Run run;
  gboolean bf16;
} Isa;

typedef struct
{
  C2lWinogradShape shape;
  int batch;
  gboolean bare;      /* no styles, demodulation, noise, bias or residual */
  gboolean lopsided;  /* a filter that is not a product of a row and a column */
} Case;

static guint32 state = 1;

static float
uniform (void)
{
  state = state * 1664525u + 1013904223u;
  return (state >> 8) / 8388608.f - 1.f;
}

static float *
random_array (gsize n, float scale, float offset)
{
  float *array = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    array[i] = offset + scale * (uniform () + uniform () + uniform ());
  return array;
}

/* --- the reference ---------------------------------------------------------------------------------- */

typedef struct
{
  float *x, *weights, *filter, *styles, *demod, *noise, *bias, *residual;
  int height, width; /* of the result */
} Operands;

static void
operands_clear (Operands *o)
{
  g_free (o->x);
  g_free (o->weights);
  g_free (o->filter);
  g_free (o->styles);
  g_free (o->demod);
  g_free (o->noise);
  g_free (o->bias);
  g_free (o->residual);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Operands, operands_clear)

static double
input_at (const Case *c, const Operands *o, int b, int y, int x, int i)
{
  const C2lWinogradShape *s = &c->shape;

  if (y < 0 || x < 0 || y >= s->height || x >= s->width)
    return 0;
  return (double) o->x[(((gsize) b * s->height + y) * s->width + x) * s->in_channels + i] *
         (o->styles ? o->styles[b * s->in_channels + i] : 1);
}

static double
plain_sum (const Case *c, const Operands *o, int b, int y, int x, int out)
{
  const C2lWinogradShape *s = &c->shape;
  double sum = 0;

  for (int i = 0; i < s->in_channels; i++)
    for (int k = 0; k < 9; k++)
      sum += o->weights[((gsize) out * s->in_channels + i) * 9 + k] *
             input_at (c, o, b, y + k / 3 - s->padding, x + k % 3 - s->padding, i);
  return sum;
}

/* The true convolution of the zero-inserted input at (y, x) of its 2R + 1 square rows. */
static double
expanded_sum (const Case *c, const Operands *o, int b, int y, int x, int out)
{
  const C2lWinogradShape *s = &c->shape;
  double sum = 0;

  for (int ky = 0; ky < 3; ky++)
    for (int kx = 0; kx < 3; kx++)
      if (y >= ky && x >= kx && (y - ky) % 2 == 0 && (x - kx) % 2 == 0)
        for (int i = 0; i < s->in_channels; i++)
          sum += o->weights[((gsize) out * s->in_channels + i) * 9 + ky * 3 + kx] *
                 input_at (c, o, b, (y - ky) / 2, (x - kx) / 2, i);
  return sum;
}

static double *
reference_up (const Case *c, const Operands *o, int b, int out)
{
  int rows = 2 * c->shape.height + 1, columns = 2 * c->shape.width + 1;
  g_autofree double *expanded = g_new (double, (gsize) rows * columns);
  double *result = g_new0 (double, (gsize) o->height * o->width);

  for (int y = 0; y < rows; y++)
    for (int x = 0; x < columns; x++)
      expanded[y * columns + x] = expanded_sum (c, o, b, y, x, out);
  for (int y = 0; y < o->height; y++)
    for (int x = 0; x < o->width; x++)
      for (int j = 0; j < 4; j++)
        for (int i = 0; i < 4; i++)
          if (y - 1 + j >= 0 && y - 1 + j < rows && x - 1 + i >= 0 && x - 1 + i < columns)
            result[y * o->width + x] +=
              4. * o->filter[(3 - j) * 4 + 3 - i] * expanded[(y - 1 + j) * columns + x - 1 + i];
  return result;
}

static double *
reference_plain (const Case *c, const Operands *o, int b, int out)
{
  double *result = g_new (double, (gsize) o->height * o->width);

  for (int y = 0; y < o->height; y++)
    for (int x = 0; x < o->width; x++)
      result[y * o->width + x] = plain_sum (c, o, b, y, x, out);
  return result;
}

static double
finish (const Case *c, const Operands *o, double sum, int b, int pixel, int out)
{
  const C2lWinogradShape *s = &c->shape;
  double y = sum;
  gsize n_pixels = (gsize) o->height * o->width;

  if (!c->bare)
    y = y * o->demod[b * s->out_channels + out] + 0.3 * o->noise[b * n_pixels + pixel] + o->bias[out];
  if (y < 0)
    y *= s->act == C2L_ACT_LEAKY_RELU ? 0.2 : s->act == C2L_ACT_RELU ? 0 : 1;
  y *= s->gain ? s->gain : 1;
  if (s->clamp > 0)
    y = CLAMP (y, -s->clamp, s->clamp);
  return c->bare ? y : y + o->residual[(b * n_pixels + pixel) * s->out_channels + out];
}

/* --- the comparison --------------------------------------------------------------------------------- */

static Operands
make_operands (const Case *c)
{
  const C2lWinogradShape *s = &c->shape;
  static const float fir[4] = { 1, 3, 3, 1 };
  Operands o = { 0 };
  gsize n_pixels;

  o.height = s->up == 2 ? 2 * s->height : s->height + 2 * s->padding - 2;
  o.width = s->up == 2 ? 2 * s->width : s->width + 2 * s->padding - 2;
  n_pixels = (gsize) o.height * o.width;
  o.x = random_array ((gsize) c->batch * s->height * s->width * s->in_channels, 1, 0);
  if (s->in_dtype == C2L_BF16)
    for (gsize i = 0; i < (gsize) c->batch * s->height * s->width * s->in_channels; i++)
      o.x[i] = c2l_bf16_to_f32 (c2l_f32_to_bf16 (o.x[i]));
  o.weights = random_array ((gsize) s->out_channels * s->in_channels * 9, 1, 0);
  o.filter = random_array (16, 0.1f, 0.1f);
  if (!c->lopsided)
    for (int i = 0; i < 16; i++)
      o.filter[i] = fir[i / 4] * fir[i % 4] / 64;
  if (c->bare)
    return o;
  o.styles = random_array ((gsize) c->batch * s->in_channels, 0.3f, 1);
  o.demod = random_array ((gsize) c->batch * s->out_channels, 0.01f, 0.1f);
  o.noise = random_array (c->batch * n_pixels, 1, 0);
  o.bias = random_array (s->out_channels, 0.2f, 0);
  o.residual = random_array (c->batch * n_pixels * s->out_channels, 1, 0);
  return o;
}

static gpointer
aligned (gsize size)
{
  gpointer memory = NULL;

  g_assert_cmpint (posix_memalign (&memory, 64, MAX (size, 64)), ==, 0);
  memset (memory, 0xff, size); /* NaN: nothing may be read before it is written */
  return memory;
}

static gpointer
run_case (const Isa *isa, const Case *c, const Operands *o, int n_threads, gsize *size)
{
  const C2lWinogradShape *s = &c->shape;
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lWinograd) plan = c2l_winograd_new (s, o->weights, s->up == 2 ? o->filter : NULL, &error);
  gsize n_pixels = (gsize) o->height * o->width, n_in = (gsize) c->batch * s->height * s->width * s->in_channels;
  g_autofree guint16 *halves = g_new (guint16, n_in);
  gpointer scratch, y;

  g_assert_no_error (error);
  for (gsize i = 0; i < n_in; i++)
    halves[i] = c2l_f32_to_bf16 (o->x[i]);
  *size = c->batch * n_pixels * s->out_channels * c2l_dtype_get_size (s->out_dtype);
  y = aligned (*size);
  scratch = aligned (c2l_winograd_get_scratch_size (plan, n_threads));
  isa->run (plan, &(C2lWinogradArgs) { .batch = c->batch,
                                       .x = s->in_dtype == C2L_BF16 ? (gpointer) halves : (gpointer) o->x,
                                       .y = y,
                                       .styles = o->styles,
                                       .demod = o->demod,
                                       .noise = o->noise,
                                       .noise_stride = n_pixels,
                                       .noise_strength = 0.3f,
                                       .bias = o->bias,
                                       .residual = o->residual,
                                       .scratch = scratch,
                                       .n_threads = n_threads });
  free (scratch);
  return y;
}

static void
check_case (const Isa *isa, const Case *c)
{
  const C2lWinogradShape *s = &c->shape;
  g_auto (Operands) o = make_operands (c);
  gsize n_pixels = (gsize) o.height * o.width, size, size_1;
  gpointer y = run_case (isa, c, &o, 2, &size), y_1 = run_case (isa, c, &o, 1, &size_1);
  double worst = 0, largest = 0;
  double tolerance = s->products == C2L_WINOGRAD_BF16 ? 1e-2 : s->out_dtype == C2L_BF16 ? 4e-3 : 2e-5;

  for (int b = 0; b < c->batch; b++)
    for (int out = 0; out < s->out_channels; out++)
      {
        g_autofree double *sums = s->up == 2 ? reference_up (c, &o, b, out) : reference_plain (c, &o, b, out);

        for (gsize p = 0; p < n_pixels; p++)
          {
            double expected = finish (c, &o, sums[p], b, p, out);
            gsize index = (b * n_pixels + p) * s->out_channels + out;
            double found =
              s->out_dtype == C2L_BF16 ? c2l_bf16_to_f32 (((guint16 *) y)[index]) : ((float *) y)[index];

            g_assert_false (isnan (found));
            worst = MAX (worst, fabs (found - expected));
            largest = MAX (largest, fabs (expected));
          }
      }
  g_test_message ("%s, %d → %d at %d×%d, up %d, padding %d: largest difference %.3g of %.3g = %.2g", isa->name,
                  s->in_channels, s->out_channels, s->height, s->width, s->up, s->padding, worst, largest,
                  worst / largest);
  g_assert_cmpfloat (worst, <=, tolerance * largest);
  g_assert_cmpmem (y, size, y_1, size_1);
  free (y);
  free (y_1);
}

static const Case plain_cases[] = {
  { { 16, 16, 8, 8, 1, 1 }, 1, TRUE },
  { { 16, 16, 24, 24, 1, 1 }, 1, TRUE },
  { { 16, 32, 24, 40, 1, 1, .act = C2L_ACT_LEAKY_RELU, .gain = 1.4142f }, 2 },
  { { 32, 64, 17, 33, 1, 1, .act = C2L_ACT_LEAKY_RELU, .gain = 1.4142f, .clamp = 2 }, 3 },
  { { 5, 3, 19, 21, 1, 0, .act = C2L_ACT_RELU }, 2 },
  { { 33, 47, 18, 19, 1, 2 }, 1 },
  { { 1, 1, 1, 1, 1, 1 }, 2 },
  { { 7, 100, 4, 4, 1, 1 }, 5 },
  { { 3, 2, 70, 90, 1, 1 }, 1 },
};
static const Case up_cases[] = {
  { { 16, 16, 8, 8, 2 }, 1, TRUE },
  { { 16, 32, 4, 4, 2, .act = C2L_ACT_LEAKY_RELU, .gain = 1.4142f }, 3 },
  { { 16, 16, 8, 9, 2, .act = C2L_ACT_LEAKY_RELU, .gain = 1.4142f }, 2, FALSE, TRUE },
  { { 33, 70, 7, 13, 2, .clamp = 2 }, 2 },
  { { 1, 1, 1, 1, 2 }, 1 },
  { { 3, 5, 60, 160, 2 }, 1 },
  { { 2, 3, 50, 31, 2 }, 2 },
};
static const Case shared_cases[] = {
  { { 340, 200, 18, 18, 1, 1, .act = C2L_ACT_LEAKY_RELU, .gain = 1.4142f }, 1 },
  { { 340, 200, 18, 18, 2 }, 1 },
};

static void
check_cases (const Isa *isa, const Case *cases, gsize n)
{
  for (gsize i = 0; i < n; i++)
    for (int k = 0; k < (isa->bf16 ? 3 : 2); k++)
      {
        Case c = cases[i];

        c.shape.in_dtype = c.shape.out_dtype = k ? C2L_BF16 : C2L_F32;
        c.shape.products = k == 2 ? C2L_WINOGRAD_BF16 : C2L_WINOGRAD_F32;
        check_case (isa, &c);
      }
}

static void
test_plain (gconstpointer isa)
{
  check_cases (isa, plain_cases, G_N_ELEMENTS (plain_cases));
}

static void
test_up (gconstpointer isa)
{
  check_cases (isa, up_cases, G_N_ELEMENTS (up_cases));
}

static void
test_shared (gconstpointer isa)
{
  check_cases (isa, shared_cases, G_N_ELEMENTS (shared_cases));
}

/* A picture of a batch has the bits that it has alone. */
static void
test_neighbours (gconstpointer isa)
{
  Case three = { { 20, 20, 23, 21, 1, 1 }, 3 }, one = three;
  g_auto (Operands) o = make_operands (&three);
  Operands last = o;
  gsize size, size_1, n_pixels = 23 * 21;
  gpointer y, y_1;

  one.batch = 1;
  last.x += 2 * n_pixels * 20;
  last.styles += 2 * 20;
  last.demod += 2 * 20;
  last.noise += 2 * n_pixels;
  last.residual += 2 * n_pixels * 20;
  y = run_case (isa, &three, &o, 2, &size);
  y_1 = run_case (isa, &one, &last, 2, &size_1);
  g_assert_cmpmem ((char *) y + 2 * size_1, size_1, y_1, size_1);
  free (y);
  free (y_1);
}

static void
test_refuses (void)
{
  C2lWinogradShape good = { 4, 4, 8, 8, 1, 1 }, bad[5];
  float weights[4 * 4 * 9] = { 0 };

  for (int i = 0; i < 5; i++)
    bad[i] = good;
  bad[0].in_channels = 0;
  bad[1].act = C2L_ACT_SILU;
  bad[2].up = 2; /* without a filter */
  bad[3].in_dtype = C2L_F16;
  bad[4].height = 2, bad[4].padding = 0;
  for (int i = 0; i < 5; i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (c2l_winograd_new (&bad[i], weights, NULL, &error));
      g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_UNSUPPORTED);
    }
}

int
main (int argc, char **argv)
{
  Isa isas[] = {
    { "avx512bf16",
      __builtin_cpu_supports ("avx512bf16") && __builtin_cpu_supports ("avx512vnni") ? c2l_winograd_run_avx512bf16
                                                                                     : NULL,
      TRUE },
    { "avx512",
      __builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512dq") &&
          __builtin_cpu_supports ("avx512bw") && __builtin_cpu_supports ("avx512vl")
        ? c2l_winograd_run_avx512
        : NULL },
    { "avx2",
      __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma") ? c2l_winograd_run_avx2 : NULL },
    { "portable", c2l_winograd_run_portable },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (isas); i++)
    {
      static const struct { const char *name; GTestDataFunc function; } tests[] = {
        { "matches-double-loops/plain", test_plain },
        { "matches-double-loops/up-sampling", test_up },
        { "matches-double-loops/large-weights", test_shared },
        { "ignores-neighbours-in-the-batch", test_neighbours },
      };

      if (isas[i].run == NULL)
        continue;
      for (gsize k = 0; k < G_N_ELEMENTS (tests); k++)
        {
          g_autofree char *path = g_strdup_printf ("/winograd/%s/%s", tests[k].name, isas[i].name);

          g_test_add_data_func (path, &isas[i], tests[k].function);
        }
    }
  g_test_add_func ("/winograd/refuses-other-forms", test_refuses);
  return g_test_run ();
}
