/* The CPU device, as its own files see it. */
#pragma once

#include "compute/op.h"

G_BEGIN_DECLS

typedef struct _C2lDnnl C2lDnnl;

typedef struct
{
  C2lDevice parent;
  C2lDnnl *dnnl;
  gboolean has_bf16;
  int n_threads; /* 0: all */
} C2lCpuDevice;

/* Tables of the operations that are compiled once for each instruction set. */
extern const C2lOpImpl c2l_cpu_ops_portable[C2L_N_OPS];
extern const C2lOpImpl c2l_cpu_ops_avx2[C2L_N_OPS];
extern const C2lOpImpl c2l_cpu_ops_avx512[C2L_N_OPS];
extern const C2lOpImpl c2l_cpu_ops_avx512bf16[C2L_N_OPS];

/* Matrix products, by oneDNN. */
gboolean c2l_cpu_gemm_dnnl_prepare (C2lDevice *device, C2lPrecision precision, C2lOp *op, GError **error);
void     c2l_cpu_gemm_dnnl_run (C2lDevice *device, C2lOp *op);
void     c2l_cpu_gemm_dnnl_release (C2lDevice *device, C2lOp *op);

/* 64-byte aligned; NULL where there is no memory. */
gpointer c2l_cpu_alloc (gsize size);
void     c2l_cpu_free (gpointer memory);

/* Before every run: where other programs want the processors, threads that wait for each other yield them soon. */
void     c2l_cpu_watch_spinning (void);

G_END_DECLS
