/* General matrix products of the CPU device, for training, where weights change with every step:
 * both operands are packed as they are needed, whichever way they lie. Knows nothing of what is
 * multiplied. Policy: an element is summed over k in blocks of BLOCK, in their order, whatever the
 * other sizes and the number of threads.
 *
 *   b, packed as a whole: panels of 16 columns, k after k (a block of one, 16 KiB, in the
 * first-level cache); a, packed by the thread that needs it: micro-panels of ROWS rows, k after k
 * (a block of all of a part's, in the second-level cache); the part's sums stay beside it.
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
/* A part of the result that one thread computes: its sums take 192 KiB, its block of a 48 KiB. */
#define PART_ROWS 48
#define PART_PANELS 64
#define PART_COLUMNS (PART_PANELS * PANEL)

/* Below so many multiply-adds a second thread costs more than it gives. */
#define PARALLEL_PRODUCTS 65536

typedef struct
{
  float sums[PART_ROWS * PART_COLUMNS];
  float a[BLOCK * (PART_ROWS + ROWS)];
  float row[MAX (BLOCK, PART_ROWS + ROWS)]; /* of an operand that is not float32 */
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

/* Columns 16 · @panel … of b, k after k; what is beyond the last is zero. */
static void
pack_panel (const Product *product, gsize panel, float *to, float *buffer)
{
  const gsize column = panel * PANEL, n = MIN (PANEL, product->n - column), k = product->k;

  if (!product->transpose_b)
    {
      for (gsize i = 0; i < k; i++)
        {
          const float *run = get_run (product, product->b, i * product->n + column, n, buffer);

          for (gsize j = 0; j < PANEL; j++)
            to[i * PANEL + j] = j < n ? run[j] : 0;
        }
      return;
    }
  for (gsize first = 0; first < k; first += BLOCK)
    for (gsize j = 0; j < PANEL; j++)
      {
        const gsize length = MIN (BLOCK, k - first);
        const float *run
            = j < n ? get_run (product, product->b, (column + j) * k + first, length, buffer)
                    : NULL;

        for (gsize i = 0; i < length; i++)
          to[(first + i) * PANEL + j] = run ? run[i] : 0;
      }
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
  const gsize padded = round_up (n_rows, ROWS);

  if (!product->transpose_a)
    {
      for (gsize r = 0; r < padded; r++)
        {
          float *lane = to + r / ROWS * ROWS * n_k + r % ROWS;

          if (r < n_rows)
            {
              const float *run
                  = get_run (product, product->a, (row + r) * product->k + first, n_k, buffer);

              for (gsize i = 0; i < n_k; i++)
                lane[i * ROWS] = run[i];
            }
          else
            for (gsize i = 0; i < n_k; i++)
              lane[i * ROWS] = 0;
        }
      return;
    }
  for (gsize i = 0; i < n_k; i++)
    {
      const float *run
          = get_run (product, product->a, (first + i) * product->m + row, n_rows, buffer);

      for (gsize r = 0; r < padded; r += ROWS)
        for (gsize j = 0; j < ROWS; j++)
          to[r * n_k + i * ROWS + j] = r + j < n_rows ? run[r + j] : 0;
    }
}

/* --- products --- */

/* ROWS × 16 sums over @n_k, which are added to @to or replace it. */
static inline void
sum_tile (gsize n_k, const float *a, const float *b, float *to, gboolean adds)
{
  C2lNative sum[ROWS][VECTORS] = { 0 };

#pragma GCC unroll 4
  for (gsize k = 0; k < n_k; k++)
    {
      const C2lNative *columns = (const C2lNative *) (b + k * PANEL);

#pragma GCC unroll 12
      for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 4
        for (int v = 0; v < VECTORS; v++)
          sum[r][v] += a[k * ROWS + (gsize) r] * columns[v];
    }
#pragma GCC unroll 12
  for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; v++)
      {
        C2lNative *lanes = (C2lNative *) (to + r * PART_COLUMNS + v * C2L_NATIVE_WIDTH);

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
  for (gsize first = 0; first < product->k; first += BLOCK)
    {
      const gsize n_k = MIN (BLOCK, product->k - first);

      pack_rows (product, part->row, part->n_rows, first, n_k, memory->a, memory->row);
      for (gsize p = 0; p < part->n_panels; p++)
        for (gsize r = 0; r < part->n_rows; r += ROWS)
          sum_tile (n_k, memory->a + r * n_k,
                    packed + (part->panel + p) * product->k * PANEL + first * PANEL,
                    memory->sums + r * PART_COLUMNS + p * PANEL, first > 0);
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
      float *row = sums + r * PART_COLUMNS;
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

void
C2L_ISA_NAME (c2l_cpu_matmul_run) (C2lDevice *device, C2lOp *op)
{
  const Product product = product_of (op);
  const gsize n_panels = (product.n + PANEL - 1) / PANEL;
  const gsize row_parts = (product.m + PART_ROWS - 1) / PART_ROWS;
  const gsize n_parts = row_parts * ((n_panels + PART_PANELS - 1) / PART_PANELS);
  float *packed = op->scratch;
  ThreadMemory *all = (ThreadMemory *) ((char *) op->scratch + get_packed_size (&product));

#pragma omp parallel if (product.m * product.n * product.k > PARALLEL_PRODUCTS)
  {
    ThreadMemory *memory
        = (ThreadMemory *) ((char *) all
                            + (gsize) omp_get_thread_num () * round_up (sizeof (ThreadMemory), 64));

#pragma omp for schedule(dynamic)
    for (gsize panel = 0; panel < n_panels; panel++)
      pack_panel (&product, panel, packed + panel * product.k * PANEL, memory->row);
#pragma omp for schedule(dynamic)
    for (gsize i = 0; i < n_parts; i++)
      {
        const gsize row = i % row_parts * PART_ROWS, panel = i / row_parts * PART_PANELS;
        const Part part
            = { row, MIN (PART_ROWS, product.m - row), panel, MIN (PART_PANELS, n_panels - panel) };

        sum_part (&product, &part, packed, memory);
        finish_part (op, &product, &part, memory->sums);
      }
  }
}
