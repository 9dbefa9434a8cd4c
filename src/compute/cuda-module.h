/* The CUDA device is a module of its own, libc2l-cuda.so, that is looked for when somebody asks for it: the program neither needs
 * it nor CUDA to start. This is the whole interface between the two; behind it are the tables of op.h. */
#pragma once

#include "compute/op.h"

G_BEGIN_DECLS

typedef struct
{
  /* What both must have been compiled with. */
  const char *version;
  gsize op_size, tensor_size, device_size, module_size;
  guint n_ops;
} C2lCudaInterface;

#define C2L_CUDA_INTERFACE                                                                                              \
  { C2L_VERSION,                                                                                                        \
    sizeof (C2lOp),                                                                                                     \
    sizeof (C2lTensor),                                                                                                 \
    sizeof (C2lDevice) + sizeof (C2lDeviceClass),                                                                       \
    sizeof (C2lCudaModule) + sizeof (C2lDeviceInfo),                                                                    \
    C2L_N_OPS }

typedef struct
{
  C2lCudaInterface interface;
  /* GPUs that can be used; −1 and an error where CUDA cannot be used at all. */
  int (*count) (GError **error);
  /* Fills in all of @info but name and kind, of a GPU that stays untouched: its memory is somebody else's until it is opened. */
  void (*describe) (int index, C2lDeviceInfo *info);
  C2lDevice *(*open) (int index, GError **error);
} C2lCudaModule;

/* What is said where there is none. */
const char *c2l_cuda_get_absence (void);

/* The one function that the module exports. */
#define C2L_CUDA_MODULE_SYMBOL "c2l_cuda_module_get"
typedef const C2lCudaModule *(*C2lCudaModuleGet) (void);
const C2lCudaModule *c2l_cuda_module_get (void);

/* Opens the GPU @index. */
C2lDevice *c2l_cuda_device_open (int index, GError **error);
/* As in C2lCudaModule. */
int        c2l_cuda_count (GError **error);
void       c2l_cuda_describe (int index, C2lDeviceInfo *info);

G_END_DECLS
