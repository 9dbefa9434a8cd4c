/* The CUDA device is a module of its own, libc2l-cuda.so, that is looked for when somebody asks for it: the program neither needs
 * it nor CUDA to start. This is the whole interface between the two; behind it are the tables of op.h. */
#pragma once

#include "compute/op.h"

G_BEGIN_DECLS

typedef struct
{
  /* What both must have been compiled with. */
  const char *version;
  gsize op_size, tensor_size, device_size;
  guint n_ops;
} C2lCudaInterface;

#define C2L_CUDA_INTERFACE                                                                                              \
  { C2L_VERSION, sizeof (C2lOp), sizeof (C2lTensor), sizeof (C2lDevice) + sizeof (C2lDeviceClass), C2L_N_OPS }

typedef struct
{
  C2lCudaInterface interface;
  /* GPUs that can be used; −1 and an error where CUDA cannot be used at all. */
  int (*count) (GError **error);
  C2lDevice *(*open) (int index, GError **error);
} C2lCudaModule;

/* The one function that the module exports. */
#define C2L_CUDA_MODULE_SYMBOL "c2l_cuda_module_get"
typedef const C2lCudaModule *(*C2lCudaModuleGet) (void);
const C2lCudaModule *c2l_cuda_module_get (void);

/* Opens the GPU @index. */
C2lDevice *c2l_cuda_device_open (int index, GError **error);
/* As in C2lCudaModule. */
int        c2l_cuda_count (GError **error);

G_END_DECLS
