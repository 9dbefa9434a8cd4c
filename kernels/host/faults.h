/* Faults of a GPU that the module with its kernels on the host has when a test asks for them. Everything counts from that moment on;
 * 0 is never. Without a test, the environment variable C2L_CUDA_HOST_FAULTS says the same when the first device is opened: "lost=3". */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define CU_FAULTS_VARIABLE "C2L_CUDA_HOST_FAULTS"

typedef struct
{
  gint64 allocation; /* this one fails, those after it do not */
  gint64 memory;     /* bytes that all devices have together */
  gint64 launch;     /* at this wait a kernel turns out not to have been started */
  gint64 lost;       /* at this wait the GPU turns out to be lost, and stays so, all of them, until faults are set anew */
} CuFaults;

/* The module exports it beside what the real one has. */
#define CU_SET_FAULTS_SYMBOL "c2l_cuda_host_set_faults"
typedef void (*CuSetFaults) (const CuFaults *faults);
void c2l_cuda_host_set_faults (const CuFaults *faults);

/* Bytes that all devices have given out. */
#define CU_GET_MEMORY_SYMBOL "c2l_cuda_host_get_memory"
typedef gsize (*CuGetMemory) (void);
gsize c2l_cuda_host_get_memory (void);

G_END_DECLS
