/* General matrix products of the CPU device, for training, where weights change with every step:
 * both operands are packed as they are needed, whichever way they lie. Knows nothing of what is
 * multiplied. Policy: an element is summed over k in blocks of BLOCK, in their order, whatever the
 * other sizes and the number of threads.
 *
 *   b, packed as a whole: blocks of k, in each panels of 16 columns, k after k (one is 16 KiB, in
 *   the first-level cache); a, packed by the thread that needs it: micro-panels of ROWS rows, k
 *   after k (a block of a part's in the second-level cache); the part's sums stay beside it.
 *
 * Operands narrower than float32 are widened while they are packed, and where only one is, the
 * other is rounded as it is, so products are those of the narrow type and sums are float32. */
#include "compute/cpu/native.h"
#include "compute/cpu/vec.h"

#define PANEL 16
#define ROWS C2L_NATIVE_ROWS
#define VECTORS C2L_NATIVE_VECTORS

/* Values of k that are summed at a time. */
#define BLOCK 256
/* A part of the result that one thread computes: its sums take 152 KiB, its block of a 72 KiB. */
#define PART_ROWS 72
#define MIN_PART_ROWS 36
#define PART_PANELS 32
#define PART_COLUMNS (PART_PANELS * PANEL)
/* Rows of sums begin a little off each other, else all of them would fall into one set of a cache.
 */
#define SUM_STRIDE (PART_COLUMNS + PANEL)

/* Below so many multiply-adds a second thread costs more than it gives. */
#define PARALLEL_PRODUCTS 65536

typedef struct
{
  float sums[PART_ROWS * SUM_STRIDE];
  float a[BLOCK * (PART_ROWS + ROWS)];
  float row[ROWS * BLOCK]; /* of an operand that is not float32, or several */
} ThreadMemory;

typedef struct
{
  gsize m, n, k;
  const C2lTensor *a, *b;
  gboolean transpose_a, transpose_b;
  gboolean rounds; /* to bf16: the other operand is */
} Product;

static Product
product_of (const C2lOp *op)
{
  const C2lTensor *a = op->in[0], *b = op->in[1];
  const gsize a_columns = (gsize) c2l_tensor_get_dim (a, -1),
              b_columns = (gsize) c2l_tensor_get_dim (b, -1);
  const gsize a_rows = a_columns ? c2l_tensor_get_length (a) / a_columns : 0,
              b_rows = b_columns ? c2l_tensor_get_length (b) / b_columns : 0;
  const C2lMatmul *params = &op->p.matmul;

  return (Product){
    .m = params->transpose_a ? a_columns : a_rows,
    .n = params->transpose_b ? b_rows : b_columns,
    .k = params->transpose_a ? a_rows : a_columns,
    .a = a,
    .b = b,
    .transpose_a = params->transpose_a,
    .transpose_b = params->transpose_b,
    .rounds = a->dtype == C2L_BF16 || b->dtype == C2L_BF16,
  };
}

static gsize
get_packed_size (const Product *product)
{
  return round_up (round_up (product->n, PANEL) * product->k * sizeof (float), 64);
}

gboolean
C2L_ISA_NAME (c2l_cpu_matmul_prepare) (C2lDevice *device,
                                       C2lPrecision precision,
                                       C2lOp *op,
                                       GError **error)
{
  const Product product = product_of (op);

  op->scratch_size = get_packed_size (&product) + all_threads_scratch (sizeof (ThreadMemory));
  return TRUE;
}

/* --- packing --- */

/* @n elements from @offset on as they are multiplied; @buffer holds them where they have to be
 * converted. */
static inline const float *
get_run (const Product *product, const C2lTensor *tensor, gsize offset, gsize n, float *buffer)
{
  const float *run = row_get (buffer, tensor, offset, n);

  if (!product->rounds || tensor->dtype == C2L_BF16)
    return run;
#pragma omp simd
  for (gsize i = 0; i < n; i++)
    buffer[i] = bf16_load (bf16_store (run[i]));
  return buffer;
}

/* Where block @first of k of a panel begins: panels of one block lie together. */
static inline gsize
get_panel_offset (const Product *product, gsize first, gsize n_k, gsize panel)
{
  return first * round_up (product->n, PANEL) + panel * n_k * PANEL;
}

/* Values @i … of k, a few, of all panels; @n_k: of their block, which begins at @first. */
static void
pack_lines (const Product *product,
            gsize i,
            gsize n,
            gsize first,
            gsize n_k,
            float *packed,
            float *buffer)
{
  for (gsize panel = 0; panel * PANEL < product->n; panel++)
    {
      const gsize column = panel * PANEL, width = MIN (PANEL, product->n - column);
      float *to = packed + get_panel_offset (product, first, n_k, panel) + (i - first) * PANEL;

      for (gsize line = 0; line < n; line++, to += PANEL)
        {
          const float *run
              = get_run (product, product->b, (i + line) * product->n + column, width, buffer);

          if (width == PANEL)
            memcpy (to, run, PANEL * sizeof (float));
          else
            for (gsize j = 0; j < PANEL; j++)
              to[j] = j < width ? run[j] : 0;
        }
    }
}

/* The same of a b that lies the other way: a block of k of one panel. */
static void
pack_panel (const Product *product,
            gsize panel,
            gsize first,
            gsize n_k,
            float *packed,
            float *buffer)
{
  float *to = packed + get_panel_offset (product, first, n_k, panel);

  for (gsize j = 0; j < PANEL; j++)
    {
      const gsize row = panel * PANEL + j;
      const float *run = row < product->n
                             ? get_run (product, product->b, row * product->k + first, n_k, buffer)
                             : NULL;

      for (gsize i = 0; i < n_k; i++)
        to[i * PANEL + j] = run ? run[i] : 0;
    }
}

typedef float Four __attribute__ ((vector_size (16), aligned (4), may_alias));

/* Four values of k of ROWS rows, which are @stride apart, side by side: by fours and pairs of rows.
 */
static inline void
interleave_four (float *to, const float *from, gsize stride)
{
  int r = 0;

  for (; r + 4 <= ROWS; r += 4)
    {
      const Four a = *(const Four *) (from + (gsize) r * stride),
                 b = *(const Four *) (from + (gsize) (r + 1) * stride),
                 c = *(const Four *) (from + (gsize) (r + 2) * stride),
                 d = *(const Four *) (from + (gsize) (r + 3) * stride);
      const Four ab0 = __builtin_shufflevector (a, b, 0, 4, 1, 5),
                 ab1 = __builtin_shufflevector (a, b, 2, 6, 3, 7),
                 cd0 = __builtin_shufflevector (c, d, 0, 4, 1, 5),
                 cd1 = __builtin_shufflevector (c, d, 2, 6, 3, 7);

      *(Four *) (to + r) = __builtin_shufflevector (ab0, cd0, 0, 1, 4, 5);
      *(Four *) (to + ROWS + r) = __builtin_shufflevector (ab0, cd0, 2, 3, 6, 7);
      *(Four *) (to + 2 * ROWS + r) = __builtin_shufflevector (ab1, cd1, 0, 1, 4, 5);
      *(Four *) (to + 3 * ROWS + r) = __builtin_shufflevector (ab1, cd1, 2, 3, 6, 7);
    }
  for (; r < ROWS; r += 2)
    {
      const Four a = *(const Four *) (from + (gsize) r * stride),
                 b = *(const Four *) (from + (gsize) (r + 1) * stride);
      const Four ab0 = __builtin_shufflevector (a, b, 0, 4, 1, 5),
                 ab1 = __builtin_shufflevector (a, b, 2, 6, 3, 7);

      memcpy (to + r, &ab0, 8);
      memcpy (to + ROWS + r, (const char *) &ab0 + 8, 8);
      memcpy (to + 2 * ROWS + r, &ab1, 8);
      memcpy (to + 3 * ROWS + r, (const char *) &ab1 + 8, 8);
    }
}

/* ROWS rows, which are @stride apart, side by side. */
static void
interleave_rows (float *to, const float *from, gsize stride, gsize n_k)
{
  gsize i = 0;

  for (; i + 4 <= n_k; i += 4)
    interleave_four (to + i * ROWS, from + i, stride);
  for (; i < n_k; i++)
    for (gsize r = 0; r < ROWS; r++)
      to[i * ROWS + r] = from[r * stride + i];
}

/* The same of rows of a that are to be converted, or fewer than ROWS: the others are zero. One row
 * after the other into @buffer first, as values scattered one by one cost more than the product of
 * a narrow result. */
static void
convert_rows (const Product *product,
              gsize row,
              gsize n_rows,
              gsize first,
              gsize n_k,
              float *to,
              float *buffer)
{
  for (gsize r = 0; r < ROWS; r++)
    {
      float *line = buffer + r * BLOCK;
      const float *run
          = r < n_rows ? get_run (product, product->a, (row + r) * product->k + first, n_k, line)
                       : NULL;

      if (run == NULL)
        memset (line, 0, n_k * sizeof (float));
      else if (run != line)
        memcpy (line, run, n_k * sizeof (float));
    }
  interleave_rows (to, buffer, BLOCK, n_k);
}

/* A block of k of rows @row … @row + @n_rows − 1 of a: micro-panels of ROWS rows. */
static void
pack_rows (const Product *product,
           gsize row,
           gsize n_rows,
           gsize first,
           gsize n_k,
           float *to,
           float *buffer)
{
  const gboolean is_plain = product->a->dtype == C2L_F32 && !product->rounds;

  if (!product->transpose_a)
    {
      for (gsize r = 0; r < n_rows; r += ROWS)
        if (is_plain && r + ROWS <= n_rows)
          interleave_rows (to + r * n_k,
                           (const float *) product->a->data + (row + r) * product->k + first,
                           product->k, n_k);
        else
          convert_rows (product, row + r, n_rows - r, first, n_k, to + r * n_k, buffer);
      return;
    }
  for (gsize i = 0; i < n_k; i++)
    {
      const float *run
          = get_run (product, product->a, (first + i) * product->m + row, n_rows, buffer);
      gsize r = 0;

      for (; r + ROWS <= n_rows; r += ROWS)
        memcpy (to + r * n_k + i * ROWS, run + r, ROWS * sizeof (float));
      for (gsize j = 0; r < n_rows && j < ROWS; j++)
        to[r * n_k + i * ROWS + j] = r + j < n_rows ? run[r + j] : 0;
    }
}

/* --- products --- */

/* Panels that a tile takes at once: with wide registers one alone asks for as many broadcasts of a
 * as it multiplies, and those are what it waits for. */
#if C2L_NATIVE_WIDTH == PANEL
#define TILE_PANELS 2
#else
#define TILE_PANELS 1
#endif

/* ROWS × (16 · @panels) sums over @n_k, which are added to @to or replace it; panels lie one after
 * the other. @ahead: what comes next of b, of which a line is fetched for every 2^@pace of k. */
static inline __attribute__ ((always_inline)) void
sum_tile (int panels,
          gsize n_k,
          const float *a,
          const float *b,
          const float *ahead,
          int pace,
          float *to,
          gboolean adds)
{
  C2lNative sum[ROWS][TILE_PANELS * VECTORS] = { 0 };

#pragma GCC unroll 12
  for (int r = 0; r < ROWS; r++)
    for (int p = 0; p < panels; p++)
      __builtin_prefetch (to + r * SUM_STRIDE + p * PANEL, 1);
#pragma GCC unroll 4
  for (gsize k = 0; k < n_k; k++)
    {
      __builtin_prefetch (ahead + (k >> pace) * PANEL, 0, 2);
#pragma GCC unroll 12
      for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 2
        for (int p = 0; p < panels; p++)
          {
            const C2lNative *columns = (const C2lNative *) (b + ((gsize) p * n_k + k) * PANEL);

#pragma GCC unroll 4
            for (int v = 0; v < VECTORS; v++)
              sum[r][p * VECTORS + v] += a[k * ROWS + (gsize) r] * columns[v];
          }
    }
#pragma GCC unroll 12
  for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 8
    for (int v = 0; v < panels * VECTORS; v++)
      {
        C2lNative *lanes = (C2lNative *) (to + r * SUM_STRIDE + v * C2L_NATIVE_WIDTH);

        if (adds)
          *lanes += sum[r][v];
        else
          *lanes = sum[r][v];
      }
}

/* Rows and panels of the result that are computed together. */
typedef struct
{
  gsize row, n_rows, panel, n_panels;
} Part;

static void
sum_part (const Product *product, const Part *part, const float *packed, ThreadMemory *memory)
{
  int pace;

  for (gsize first = 0; first < product->k; first += BLOCK)
    {
      const gsize n_k = MIN (BLOCK, product->k - first);

      pack_rows (product, part->row, part->n_rows, first, n_k, memory->a, memory->row);
      /* The tiles of a panel, or of several, fetch the next together. */
      for (gsize p = 0, n; p < part->n_panels; p += n)
        {
          const float *b = packed + get_panel_offset (product, first, n_k, part->panel + p);

          n = MIN (TILE_PANELS, part->n_panels - p);
          pace = (int) g_bit_storage (MAX (1, part->n_rows / (ROWS * n))) - 1;
          for (gsize r = 0; r < part->n_rows; r += ROWS)
            {
              const float *a = memory->a + r * n_k,
                          *ahead = b + (n * n_k + (r / ROWS * n_k >> pace)) * PANEL;
              float *to = memory->sums + r * SUM_STRIDE + p * PANEL;

              if (n == TILE_PANELS)
                sum_tile (TILE_PANELS, n_k, a, b, ahead, pace, to, first > 0);
              else
                sum_tile (1, n_k, a, b, ahead, pace, to, first > 0);
            }
        }
    }
}

static void
finish_part (C2lOp *op, const Product *product, const Part *part, float *sums)
{
  const gsize column = part->panel * PANEL, n = MIN (part->n_panels * PANEL, product->n - column);
  const float *bias = op->in[2] ? op->in[2]->data : NULL,
              *residual = op->in[3] ? op->in[3]->data : NULL;

  for (gsize r = 0; r < part->n_rows; r++)
    {
      float *row = sums + r * SUM_STRIDE;
      const gsize offset = (part->row + r) * product->n + column;

      if (bias)
        for (gsize i = 0; i < n; i++)
          row[i] += bias[column + i];
      if (residual)
        for (gsize i = 0; i < n; i++)
          row[i] += residual[offset + i];
      row_store (op->out, offset, row, n);
    }
}

/* Lines of k that are packed at a time where b lies that way. */
#define LINES 16

static void
pack_b (const Product *product, float *packed, float *buffer)
{
  const gsize n_blocks = (product->k + BLOCK - 1) / BLOCK,
              n_panels = (product->n + PANEL - 1) / PANEL;
  const gsize n_lines = (product->k + LINES - 1) / LINES;

  if (product->transpose_b)
    {
#pragma omp for schedule(dynamic)
      for (gsize i = 0; i < n_blocks * n_panels; i++)
        {
          const gsize first = i / n_panels * BLOCK;

          pack_panel (product, i % n_panels, first, MIN (BLOCK, product->k - first), packed,
                      buffer);
        }
      return;
    }
#pragma omp for schedule(dynamic)
  for (gsize i = 0; i < n_lines; i++)
    {
      const gsize line = i * LINES, first = line / BLOCK * BLOCK;

      pack_lines (product, line, MIN (LINES, product->k - line), first,
                  MIN (BLOCK, product->k - first), packed, buffer);
    }
}

/* Rows are cut finer where there are too few parts to keep all threads busy to the end. */
static gsize
get_part_rows (const Product *product, gsize column_parts)
{
  const gsize wanted = 8 * (gsize) omp_get_max_threads ();
  gsize rows = PART_ROWS;

  while (rows > MIN_PART_ROWS && (product->m + rows - 1) / rows * column_parts < wanted)
    rows /= 2;
  return rows;
}

void
C2L_ISA_NAME (c2l_cpu_matmul_run) (C2lDevice *device, C2lOp *op)
{
  const Product product = product_of (op);
  const gsize n_panels = (product.n + PANEL - 1) / PANEL;
  const gsize column_parts = (n_panels + PART_PANELS - 1) / PART_PANELS;
  const gsize part_rows = get_part_rows (&product, column_parts);
  const gsize row_parts = (product.m + part_rows - 1) / part_rows;
  float *packed = op->scratch;
  char *all = (char *) op->scratch + get_packed_size (&product);

#pragma omp parallel if (product.m * product.n * product.k > PARALLEL_PRODUCTS)
  {
    ThreadMemory *memory
        = (ThreadMemory *) (all
                            + (gsize) omp_get_thread_num () * round_up (sizeof (ThreadMemory), 64));

    pack_b (&product, packed, memory->row);
#pragma omp for schedule(dynamic)
    for (gsize i = 0; i < row_parts * column_parts; i++)
      {
        const gsize row = i % row_parts * part_rows, panel = i / row_parts * PART_PANELS;
        const Part part
            = { row, MIN (part_rows, product.m - row), panel, MIN (PART_PANELS, n_panels - panel) };

        sum_part (&product, &part, packed, memory);
        finish_part (op, &product, &part, memory->sums);
      }
  }
}
