/* Plans of the Winograd engine: which scheme, how the work is cut, and the transformed weights.
 * Knows no instruction set; what runs is in winograd-run.c and the files beside it, which are
 * compiled once for each. */
#include "compute/cpu/winograd-private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Channels a convolution may have: far above any network's, and small enough that no size below
 * overflows. */
#define MAX_CHANNELS 16384
#define MAX_SIZE 16384
#define MAX_WEIGHTS 36

#define F43_A2 (F43_A * F43_A)
#define F43_B2 (F43_B * F43_B)
#define F43_A C2L_WINOGRAD_F43_A
#define F43_B C2L_WINOGRAD_F43_B
#define F43_NA (2 * F43_A2 * (F43_A2 - F43_B2))
#define F43_NB (2 * F43_B2 * (F43_B2 - F43_A2))

const C2lWinogradScheme c2l_winograd_schemes[C2L_N_SCHEMES] = {
  [C2L_SCHEME_F43] = { 6,
                       4,
                       6,
                       4,
                       6,
                       { 0, 1, 2, 3, 4, 5 },
                       { { 1 / (F43_A2 * F43_B2), 0, 0 },
                         { 1 / F43_NA, F43_A / F43_NA, F43_A2 / F43_NA },
                         { 1 / F43_NA, -F43_A / F43_NA, F43_A2 / F43_NA },
                         { 1 / F43_NB, F43_B / F43_NB, F43_B2 / F43_NB },
                         { 1 / F43_NB, -F43_B / F43_NB, F43_B2 / F43_NB },
                         { 0, 0, 1 } } },
  [C2L_SCHEME_F23] = { 4,
                       2,
                       4,
                       2,
                       4,
                       { 0, 1, 2, 3 },
                       { { 1, 0, 0 }, { .5, .5, .5 }, { .5, -.5, .5 }, { 0, 0, 1 } } },
  /* The even phase correlates with (w2, w0), the odd one multiplies by w1. */
  [C2L_SCHEME_UP3] = { 4,
                       3,
                       7,
                       6,
                       5,
                       { 0, 1, 2, 3, 4, 4, 4 },
                       { { 0, 0, 1 }, { .5, 0, .5 }, { -.5, 0, .5 }, { 1, 0, 0 }, { 0, 1, 0 } } },
};

/* --- weights --- */

/* All coefficients of the 32 output channels of @panel and the input channel @i. */
static void
transform_weights (const C2lWinograd *plan,
                   const float *weights,
                   int panel,
                   int i,
                   float c[MAX_WEIGHTS][C2L_WINOGRAD_PANEL])
{
  const C2lWinogradScheme *s = plan->scheme;
  double w[3][3][C2L_WINOGRAD_PANEL], half[C2L_WINOGRAD_MAX_COEF][3][C2L_WINOGRAD_PANEL];

  for (int o = 0; o < C2L_WINOGRAD_PANEL; o++)
    {
      int channel = panel * C2L_WINOGRAD_PANEL + o;
      const float *source = weights + ((gsize) channel * plan->shape.in_channels + i) * 9;

      for (int k = 0; k < 9; k++)
        w[k / 3][k % 3][o] = channel < plan->shape.out_channels ? source[k] : 0;
    }
  for (int cy = 0; cy < s->n_weight; cy++)
    for (int kx = 0; kx < 3; kx++)
      for (int o = 0; o < C2L_WINOGRAD_PANEL; o++)
        half[cy][kx][o]
            = s->g[cy][0] * w[0][kx][o] + s->g[cy][1] * w[1][kx][o] + s->g[cy][2] * w[2][kx][o];
  for (int cy = 0; cy < s->n_weight; cy++)
    for (int cx = 0; cx < s->n_weight; cx++)
      for (int o = 0; o < C2L_WINOGRAD_PANEL; o++)
        c[cy * s->n_weight + cx][o] = s->g[cx][0] * half[cy][0][o] + s->g[cx][1] * half[cy][1][o]
                                      + s->g[cx][2] * half[cy][2][o];
}

static gpointer
get_packed (const C2lWinograd *plan, int weight, int panel)
{
  return (char *) plan->weights + (gsize) weight * plan->weight_stride
         + (gsize) panel * plan->n_chunks * 16 * C2L_WINOGRAD_PANEL * 4;
}

static void
pack_floats (const C2lWinograd *plan,
             const float *weights,
             int panel,
             float c[MAX_WEIGHTS][C2L_WINOGRAD_PANEL])
{
  int n_weights = plan->scheme->n_weight * plan->scheme->n_weight;

  for (int i = 0; i < plan->shape.in_channels; i++)
    {
      transform_weights (plan, weights, panel, i, c);
      for (int w = 0; w < n_weights; w++)
        if (plan->element == C2L_ELEMENT_F32)
          memcpy ((float *) get_packed (plan, w, panel) + (gsize) i * C2L_WINOGRAD_PANEL, c[w],
                  sizeof (float) * C2L_WINOGRAD_PANEL);
        else
          for (int o = 0; o < C2L_WINOGRAD_PANEL; o++)
            ((guint16 *) get_packed (plan, w,
                                     panel))[((gsize) (i / 2) * C2L_WINOGRAD_PANEL + o) * 2 + i % 2]
                = c2l_f32_to_bf16 (c[w][o]);
    }
}

/* The largest scale at which no weight leaves 16 bits and no sum of products over
 * C2L_WINOGRAD_EXACT_CHANNELS 32: it is at most the largest input times the sum of the weights'
 * magnitudes, each of which rounding may raise by a half. */
static void
choose_scales (const C2lWinograd *plan,
               const float *weights,
               int panel,
               float c[MAX_WEIGHTS][C2L_WINOGRAD_PANEL],
               float scales[MAX_WEIGHTS][C2L_WINOGRAD_PANEL])
{
  int n = plan->shape.in_channels, n_weights = plan->scheme->n_weight * plan->scheme->n_weight;
  float largest[MAX_WEIGHTS][C2L_WINOGRAD_PANEL] = { 0 };
  float sums[MAX_WEIGHTS][C2L_WINOGRAD_PANEL] = { 0 },
        largest_sums[MAX_WEIGHTS][C2L_WINOGRAD_PANEL] = { 0 };
  double sum_limit
      = (G_MAXINT32 - 1.) / plan->input_limit - 0.5 * MIN (n, C2L_WINOGRAD_EXACT_CHANNELS);

  for (int i = 0; i < n; i++)
    {
      transform_weights (plan, weights, panel, i, c);
      if (i % C2L_WINOGRAD_EXACT_CHANNELS == 0)
        memset (sums, 0, sizeof sums);
      for (int w = 0; w < n_weights; w++)
        for (int o = 0; o < C2L_WINOGRAD_PANEL; o++)
          {
            largest[w][o] = MAX (largest[w][o], fabsf (c[w][o]));
            sums[w][o] += fabsf (c[w][o]);
            largest_sums[w][o] = MAX (largest_sums[w][o], sums[w][o]);
          }
    }
  for (int w = 0; w < n_weights; w++)
    for (int o = 0; o < C2L_WINOGRAD_PANEL; o++)
      scales[w][o] = largest[w][o] > 0
                         ? MIN (G_MAXINT16 / largest[w][o], 0.9999 * sum_limit / largest_sums[w][o])
                         : 0;
}

static void
pack_integers (const C2lWinograd *plan,
               const float *weights,
               int panel,
               float c[MAX_WEIGHTS][C2L_WINOGRAD_PANEL])
{
  int n_weights = plan->scheme->n_weight * plan->scheme->n_weight;
  float scales[MAX_WEIGHTS][C2L_WINOGRAD_PANEL];

  choose_scales (plan, weights, panel, c, scales);
  for (int place = 0; place < plan->n_chunks * 32; place++)
    {
      int i = place / 32 * 32 + c2l_winograd_get_packed_channel (place % 32);

      if (i >= plan->shape.in_channels)
        continue;
      transform_weights (plan, weights, panel, i, c);
      for (int w = 0; w < n_weights; w++)
        for (int o = 0; o < C2L_WINOGRAD_PANEL; o++)
          ((gint16 *) get_packed (
              plan, w, panel))[((gsize) (place / 2) * C2L_WINOGRAD_PANEL + o) * 2 + place % 2]
              = lrintf (c[w][o] * scales[w][o]);
    }
  for (int w = 0; w < n_weights; w++)
    for (int o = 0; o < C2L_WINOGRAD_PANEL; o++)
      plan->scales[((gsize) w * plan->n_panels + panel) * C2L_WINOGRAD_PANEL + o]
          = scales[w][o] > 0 ? 1 / scales[w][o] : 0;
}

static gboolean
pack_weights (C2lWinograd *plan, const float *weights, GError **error)
{
  gsize huge = 2 << 20;

  plan->weight_stride = (gsize) plan->n_panels * plan->n_chunks * 16 * C2L_WINOGRAD_PANEL * 4;
  plan->packed_size = plan->weight_stride * plan->scheme->n_weight * plan->scheme->n_weight;
  if (posix_memalign (&plan->weights, plan->packed_size >= huge ? huge : 64, plan->packed_size)
      != 0)
    {
      plan->weights = NULL;
      g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_MEMORY,
                   "convolution weights: no memory for %" G_GSIZE_FORMAT
                   " MiB: close other programs or use precision f32",
                   plan->packed_size >> 20);
      return FALSE;
    }
  if (plan->packed_size >= huge)
    madvise (plan->weights, plan->packed_size, MADV_HUGEPAGE);
  if (plan->element == C2L_ELEMENT_I16)
    plan->scales = g_new0 (float, (gsize) plan->n_products * plan->n_panels * C2L_WINOGRAD_PANEL);
  if (plan->shape.in_channels % plan->chunk)
    memset (plan->weights, 0, plan->packed_size);

#pragma omp parallel for schedule(dynamic)
  for (int panel = 0; panel < plan->n_panels; panel++)
    {
      float c[MAX_WEIGHTS][C2L_WINOGRAD_PANEL];

      if (plan->element == C2L_ELEMENT_I16)
        pack_integers (plan, weights, panel, c);
      else
        pack_floats (plan, weights, panel, c);
    }
  return TRUE;
}

/* --- the FIR filter --- */

/* Splits the filter into a column and a row where it is their product, as the usual [1, 3, 3, 1]
 * is. */
static void
split_filter (C2lWinograd *plan, const float *filter)
{
  const float gain = 4; /* up² */
  int py = 0, px = 0;
  float peak;

  for (int y = 0; y < 4; y++)
    for (int x = 0; x < 4; x++)
      {
        plan->fir[y][x] = gain * filter[(3 - y) * 4 + 3 - x];
        if (fabsf (plan->fir[y][x]) > fabsf (plan->fir[py][px]))
          py = y, px = x;
      }
  peak = plan->fir[py][px];
  for (int k = 0; k < 4; k++)
    {
      plan->fir_y[k] = plan->fir[k][px];
      plan->fir_x[k] = peak ? plan->fir[py][k] / peak : 0;
    }
  plan->separable = TRUE;
  for (int y = 0; y < 4; y++)
    for (int x = 0; x < 4; x++)
      if (fabsf (plan->fir_y[y] * plan->fir_x[x] - plan->fir[y][x]) > 1e-6f * fabsf (peak))
        plan->separable = FALSE;
}

/* --- cutting the work --- */

/* An odd number of cache lines, so that the products of one tile fall into different cache sets. */
static gsize
odd_lines (gsize floats)
{
  return ((floats + 15) / 16 | 1) * 16;
}

static void
cut_work (C2lWinograd *plan)
{
  const C2lWinogradScheme *s = plan->scheme;
  gboolean is_many_blocks
      = plan->shape.up == 1 && plan->tiles_y * plan->tiles_x >= 16 * C2L_WINOGRAD_OWN_TILES;
  gsize element = c2l_dtype_get_size (plan->shape.out_dtype), out_size;

  plan->slab = MIN (plan->n_panels * C2L_WINOGRAD_PANEL, C2L_WINOGRAD_SLAB);
  plan->n_slabs = (plan->n_panels * C2L_WINOGRAD_PANEL + plan->slab - 1) / plan->slab;
  plan->shared = plan->packed_size
                 > (is_many_blocks ? C2L_WINOGRAD_SHARE_MANY_ABOVE : C2L_WINOGRAD_SHARE_ABOVE);

  if (plan->shape.up == 2)
    {
      int tiles = plan->shared ? C2L_WINOGRAD_SHARED_TILES : C2L_WINOGRAD_OWN_TILES;

      plan->strip_tiles = MIN (plan->tiles_x, tiles);
      if (plan->strip_tiles < plan->tiles_x)
        {
          /* Strips of equal width; neighbours overlap by one tile. */
          int n = (plan->tiles_x - 1 + tiles - 2) / (tiles - 1);

          plan->strip_tiles = (plan->tiles_x - 1 + n - 1) / n + 1;
        }
      plan->band_tiles = CLAMP (tiles / plan->strip_tiles, 1, plan->tiles_y);
      /* Four segments, which overlap by one tile too. */
      plan->segment_tiles = plan->shared
                                ? plan->tiles_y
                                : MIN (plan->tiles_y, MAX (6, (plan->tiles_y + 2) / 4 + 1));
      plan->max_tiles = plan->strip_tiles * plan->band_tiles;
      plan->n_rows = plan->band_tiles * s->n_out + 3;
      plan->n_columns = plan->strip_tiles * s->n_out + 1;
    }
  else
    {
      plan->block_tiles = plan->shared ? C2L_WINOGRAD_SHARED_TILES : C2L_WINOGRAD_OWN_TILES;
      plan->max_tiles = plan->block_tiles;
    }
  out_size = (gsize) plan->out_height * plan->out_width * plan->shape.out_channels * element;
  plan->stores_past_caches
      = out_size >= C2L_WINOGRAD_STORE_PAST_ABOVE && plan->shape.out_channels * element % 64 == 0;
  plan->v_stride = odd_lines ((gsize) plan->n_chunks * plan->max_tiles * 16);
  /* The input transform of integers keeps a tile's floats in M. */
  plan->m_stride = odd_lines (
      MAX ((gsize) plan->max_tiles * plan->slab, (gsize) plan->n_chunks * plan->chunk));
}

/* --- the plan --- */

static gboolean
check_shape (const C2lWinogradShape *shape, const float *filter, GError **error)
{
  gboolean ok
      = shape->in_channels > 0 && shape->in_channels <= MAX_CHANNELS && shape->out_channels > 0
        && shape->out_channels <= MAX_CHANNELS && shape->height > 0 && shape->height <= MAX_SIZE
        && shape->width > 0 && shape->width <= MAX_SIZE && shape->gain >= 0 && shape->clamp >= 0
        && (shape->up == 1 || (shape->up == 2 && filter != NULL)) && shape->padding >= 0
        && shape->padding <= 2
        && (shape->up == 2
            || (shape->height + 2 * shape->padding > 2 && shape->width + 2 * shape->padding > 2))
        && (shape->in_dtype == C2L_F32 || shape->in_dtype == C2L_BF16)
        && (shape->out_dtype == C2L_F32 || shape->out_dtype == C2L_BF16)
        && (shape->act == C2L_ACT_LINEAR || shape->act == C2L_ACT_LEAKY_RELU
            || shape->act == C2L_ACT_RELU);

  if (!ok)
    g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_UNSUPPORTED,
                 "convolution %d → %d at %d×%d: not a form that the Winograd engine does: use the "
                 "direct one",
                 shape->in_channels, shape->out_channels, shape->height, shape->width);
  return ok;
}

static C2lWinogradSchemeKind
choose_scheme (const C2lWinogradShape *shape)
{
  if (shape->up == 2)
    return C2L_SCHEME_UP3;
  /* Small pictures are bound by reading the weights, of which F(2×2) has less than half. */
  if (MIN (shape->height, shape->width) <= 16)
    return C2L_SCHEME_F23;
  return C2L_SCHEME_F43;
}

/* F(4×4) takes sums and differences of inputs whose rounding to bf16 would cost four times the
 * error of a direct convolution, F(2×2) one and a half. 16-bit integers multiply as fast and, with
 * a scale for each tile, round five times less. They want a second pass over each tile, which would
 * be a large part of up-sampling, whose even phase rounds little anyway. */
static C2lWinogradElement
choose_element (const C2lWinogradShape *shape, C2lWinogradSchemeKind kind)
{
  if (shape->products == C2L_WINOGRAD_F32)
    return C2L_ELEMENT_F32;
  return kind == C2L_SCHEME_UP3 ? C2L_ELEMENT_BF16 : C2L_ELEMENT_I16;
}

/* Sums must fit 32 bits for I channels of inputs up to q and weights up to u: q · u · I < 2³¹. With
 * inputs' peaks at five times their standard deviation this q gives both the same resolution. */
static int
choose_input_limit (int in_channels)
{
  return MIN (G_MAXINT16 / 2,
              sqrt (6.25 * G_MAXINT32 / MIN (in_channels, C2L_WINOGRAD_EXACT_CHANNELS)));
}

C2lWinograd *
c2l_winograd_new (const C2lWinogradShape *shape,
                  const float *weights,
                  const float *filter,
                  GError **error)
{
  g_autoptr (C2lWinograd) plan = NULL;
  int steps_y, steps_x;

  if (!check_shape (shape, filter, error))
    return NULL;

  plan = g_new0 (C2lWinograd, 1);
  plan->shape = *shape;
  plan->kind = choose_scheme (shape);
  plan->scheme = &c2l_winograd_schemes[plan->kind];
  plan->gain = shape->gain > 0 ? shape->gain : 1;
  plan->slope = shape->act == C2L_ACT_LINEAR ? 1.f : shape->act == C2L_ACT_RELU ? 0.f : 0.2f;
  plan->n_products = plan->scheme->n_coef * plan->scheme->n_coef;
  plan->element = choose_element (shape, plan->kind);
  plan->input_limit = choose_input_limit (shape->in_channels);
  plan->chunk = plan->element == C2L_ELEMENT_F32 ? 16 : 32;
  plan->n_chunks = (shape->in_channels + plan->chunk - 1) / plan->chunk;
  plan->n_panels = (shape->out_channels + C2L_WINOGRAD_PANEL - 1) / C2L_WINOGRAD_PANEL;

  if (shape->up == 2)
    {
      plan->out_height = 2 * shape->height;
      plan->out_width = 2 * shape->width;
      steps_y = shape->height + 1;
      steps_x = shape->width + 1;
      split_filter (plan, filter);
    }
  else
    {
      steps_y = plan->out_height = shape->height + 2 * shape->padding - 2;
      steps_x = plan->out_width = shape->width + 2 * shape->padding - 2;
    }
  plan->tiles_y = (steps_y + plan->scheme->step - 1) / plan->scheme->step;
  plan->tiles_x = (steps_x + plan->scheme->step - 1) / plan->scheme->step;
  if (!pack_weights (plan, weights, error))
    return NULL;
  cut_work (plan);
  return g_steal_pointer (&plan);
}

void
c2l_winograd_free (C2lWinograd *plan)
{
  if (plan == NULL)
    return;
  free (plan->weights);
  g_free (plan->scales);
  g_free (plan);
}

gsize
c2l_winograd_get_scratch_size (const C2lWinograd *plan, int n_threads)
{
  gsize n_teams = plan->shared ? 1 : n_threads;

  return 4
         * (n_teams * (c2l_winograd_get_v_size (plan) + c2l_winograd_get_rows_size (plan))
            + n_threads * plan->m_stride * plan->n_products);
}

gsize
c2l_winograd_get_packed_size (const C2lWinograd *plan)
{
  return plan->packed_size;
}
