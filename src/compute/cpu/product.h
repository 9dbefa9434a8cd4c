/* Matrix products in float32 with an epilogue, for instruction sets whose products in oneDNN depend on the number of rows
 * and threads. Each element of the result is summed over k in one order, whatever the number of rows, where its row stands
 * and how many threads there are, so a row has the bits that it has alone.
 *
 *   y = act (x · weightᵀ + bias) · gain + residual */
#pragma once

#include "compute/op.h"

G_BEGIN_DECLS

/* Columns of the result (rows of the weight) that lie together in a packed weight. */
#define C2L_PRODUCT_PANEL 16
/* Rows and columns of the result that one thread computes at a time, at most. */
#define C2L_PRODUCT_ROWS 96
#define C2L_PRODUCT_COLUMNS 128

typedef struct
{
  gsize m, n, k;
  const float *x;        /* [M, K] */
  const float *weight;   /* from c2l_product_pack() */
  const float *bias;     /* (nullable) [N] */
  const float *residual; /* (nullable) [M, N] */
  C2lTensor *y;          /* M × N elements of any float type */
  C2lActivation act;
  float gain;
  gpointer scratch; /* C2L_PRODUCT_SCRATCH_SIZE bytes a thread, 64-byte aligned */
  int n_threads;
} C2lProduct;

#define C2L_PRODUCT_SCRATCH_SIZE (C2L_PRODUCT_ROWS * C2L_PRODUCT_COLUMNS * sizeof (float))

/* [N, K] → [N / 16, K, 16], the last panel filled up with zeros: a new block for c2l_cpu_free(), or NULL where there is
 * no memory. */
float *c2l_product_pack (const C2lTensor *weight);
/* The same into memory that was packed for this weight before; FALSE where there is none for the conversion. */
gboolean c2l_product_pack_into (float *packed, const C2lTensor *weight);

/* One an instruction set. */
void   c2l_product_run_portable (const C2lProduct *product);
void   c2l_product_run_avx2 (const C2lProduct *product);
void   c2l_product_run_avx512 (const C2lProduct *product);
void   c2l_product_run_avx512bf16 (const C2lProduct *product);

G_END_DECLS
