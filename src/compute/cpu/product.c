/* Matrix products in float32; see product.h. Compiled once for each instruction set.
 *
 *            weight: a panel of 16 columns, k after k
 *          ┌──────┬──────┐
 *   x: one │ lane │      │   each k: broadcast x of every row, multiply the columns, add
 *   row a  │  0…  │      │
 *   row    └──────┴──────┘
 *
 * A tile of rows × 16 columns stays in registers while BLOCK values of k are summed; the sums of
 * the blocks are added in their order. BLOCK is all that decides about the bits of the result:
 * rows, columns and threads may be cut anywhere. */
#include "compute/cpu/product.h"

#include "compute/cpu/native.h"
#include "compute/cpu/vec.h"

#define PANEL C2L_PRODUCT_PANEL
/* A panel of so many k, 16 KiB, stays in the first-level cache beside the rows. */
#define BLOCK 256

#define ROWS C2L_NATIVE_ROWS
#define VECTORS C2L_NATIVE_VECTORS

/* One row meets so many panels at once, because its own sums would wait for each other. */
#define MAX_PANELS MIN (4, ROWS)

/* Below so many multiply-adds a second thread costs more than it gives. */
#define PARALLEL_PRODUCTS 65536

/* @rows × (16 · @panels) sums over @n_k, which are added to @to or replace it.
 * @weight: panels are @panel_size floats apart
 * @ahead: what comes next of the weight, of which a row is fetched for every 2^@pace of k */
static inline __attribute__ ((always_inline)) void
sum_tile (int rows,
          int panels,
          gsize n_k,
          const float *x,
          gsize x_row,
          const float *weight,
          gsize panel_size,
          const float *ahead,
          int pace,
          float *to,
          gboolean adds)
{
  C2lNative sum[ROWS][MAX_PANELS * VECTORS] = { 0 };

#pragma GCC unroll 4
  for (gsize k = 0; k < n_k; k++)
    {
      __builtin_prefetch (ahead + (k >> pace) * PANEL);
#pragma GCC unroll 4
      for (int p = 0; p < panels; p++)
        {
          const C2lNative *columns
              = (const C2lNative *) (weight + (gsize) p * panel_size + k * PANEL);

#pragma GCC unroll 12
          for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
            for (int v = 0; v < VECTORS; v++)
              sum[r][p * VECTORS + v] += x[(gsize) r * x_row + k] * columns[v];
        }
    }
#pragma GCC unroll 12
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 16
    for (int v = 0; v < panels * VECTORS; v++)
      {
        C2lNative *lanes = (C2lNative *) (to + r * C2L_PRODUCT_COLUMNS + v * C2L_NATIVE_WIDTH);

        if (adds)
          *lanes += sum[r][v];
        else
          *lanes = sum[r][v];
      }
}

typedef void (*SumTile) (gsize n_k,
                         const float *x,
                         gsize x_row,
                         const float *weight,
                         gsize panel_size,
                         const float *ahead,
                         int pace,
                         float *to,
                         gboolean adds);

#define DEFINE(rows, panels)                                                                       \
  static void sum_##rows##_##panels (gsize n_k, const float *x, gsize x_row, const float *weight,  \
                                     gsize panel_size, const float *ahead, int pace, float *to,    \
                                     gboolean adds)                                                \
  {                                                                                                \
    sum_tile (rows, panels, n_k, x, x_row, weight, panel_size, ahead, pace, to, adds);             \
  }
DEFINE (1, 1)
DEFINE (2, 1)
#if ROWS == 2
DEFINE (1, 2)
#else
DEFINE (3, 1)
DEFINE (4, 1)
DEFINE (5, 1)
DEFINE (6, 1)
DEFINE (1, 4)
DEFINE (2, 3)
DEFINE (3, 2)
#endif
#if ROWS > 6
DEFINE (7, 1)
DEFINE (8, 1)
DEFINE (9, 1)
DEFINE (10, 1)
DEFINE (11, 1)
DEFINE (12, 1)
#endif

/* Of one panel, and of several where rows are few. */
static const struct
{
  SumTile one, several;
  int n_several;
} tiles[ROWS + 1] = {
#if ROWS == 2
  { NULL },     { sum_1_1, sum_1_2, 2 },
  { sum_2_1 },
#else
  { NULL },
  { sum_1_1, sum_1_4, 4 },
  { sum_2_1, sum_2_3, 3 },
  { sum_3_1, sum_3_2, 2 },
  { sum_4_1 },
  { sum_5_1 },
  { sum_6_1 },
#endif
#if ROWS > 6
  { sum_7_1 },  { sum_8_1 },
  { sum_9_1 },  { sum_10_1 },
  { sum_11_1 }, { sum_12_1 },
#endif
};

/* What one thread computes at a time: up to C2L_PRODUCT_ROWS × C2L_PRODUCT_COLUMNS of the result.
 */
typedef struct
{
  gsize row, n_rows, panel, n_panels;
} Part;

static void
sum_block (const C2lProduct *product, const Part *part, gsize first_k, float *sums)
{
  const gsize panel_size = product->k * PANEL, n_k = MIN (BLOCK, product->k - first_k);
  const gsize several = part->n_rows <= ROWS ? (gsize) tiles[part->n_rows].n_several : 0;
  /* The tiles of a panel fetch the next one together: the first, which would wait for memory,
   * finds it there. */
  const int pace = (int) g_bit_storage (MAX (1, part->n_rows / ROWS)) - 1;

  for (gsize p = 0, n; p < part->n_panels; p += n)
    {
      const gboolean has_several = several > 0 && p + several <= part->n_panels;

      const float *weight = product->weight + (part->panel + p) * panel_size + first_k * PANEL;

      n = has_several ? several : 1;
      for (gsize r = 0, rows; r < part->n_rows; r += rows)
        {
          rows = MIN (ROWS, part->n_rows - r);
          (has_several ? tiles[rows].several : tiles[rows].one) (
              n_k, product->x + (part->row + r) * product->k + first_k, product->k, weight,
              panel_size, weight + n * panel_size + (r / ROWS * n_k >> pace) * PANEL, pace,
              sums + r * C2L_PRODUCT_COLUMNS + p * PANEL, first_k > 0);
        }
    }
}

static void
finish_part (const C2lProduct *product, const Part *part, float *sums)
{
  const gsize column = part->panel * PANEL, n = MIN (part->n_panels * PANEL, product->n - column);

  for (gsize r = 0; r < part->n_rows; r++)
    {
      float *row = sums + r * C2L_PRODUCT_COLUMNS;
      const gsize offset = (part->row + r) * product->n + column;

      if (product->bias)
        for (gsize i = 0; i < n; i++)
          row[i] += product->bias[column + i];
      row_activate (row, n, product->act, product->gain);
      if (product->residual)
        for (gsize i = 0; i < n; i++)
          row[i] += product->residual[offset + i];
      row_store (product->y, offset, row, n);
    }
}

/* Columns are cut finer where rows give too few parts for all threads. */
static gsize
get_panels_of_a_part (const C2lProduct *product, gsize n_panels, gsize row_parts)
{
  const gsize wanted = ((gsize) product->n_threads * 4 + row_parts - 1) / row_parts;

  return CLAMP (n_panels / wanted, MAX_PANELS, C2L_PRODUCT_COLUMNS / PANEL);
}

void
C2L_ISA_NAME (c2l_product_run) (const C2lProduct *product)
{
  const gsize n_panels = (product->n + PANEL - 1) / PANEL;
  const gsize row_parts = (product->m + C2L_PRODUCT_ROWS - 1) / C2L_PRODUCT_ROWS;
  const gsize step = get_panels_of_a_part (product, n_panels, row_parts);
  const gsize n_parts = row_parts * ((n_panels + step - 1) / step);

#pragma omp parallel for num_threads(product->n_threads)                                           \
    schedule(static) if (product->m * product->n * product->k > PARALLEL_PRODUCTS)
  for (gsize i = 0; i < n_parts; i++)
    {
      float *sums = (float *) ((char *) product->scratch
                               + (gsize) omp_get_thread_num () * C2L_PRODUCT_SCRATCH_SIZE);
      const gsize row = i % row_parts * C2L_PRODUCT_ROWS, panel = i / row_parts * step;
      const Part part
          = { row, MIN (C2L_PRODUCT_ROWS, product->m - row), panel, MIN (step, n_panels - panel) };

      for (gsize k = 0; k < product->k; k += BLOCK)
        sum_block (product, &part, k, sums);
      finish_part (product, &part, sums);
    }
}
