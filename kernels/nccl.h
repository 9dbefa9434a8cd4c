/* The few functions of NCCL that are used, of the library that is loaded at run time: it is NVIDIA's and large, and a program on one GPU
 * needs none of it. Its interface has been stable since 2.4. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define NCCL_SUCCESS 0
#define NCCL_IN_PROGRESS 7
#define NCCL_FLOAT32 7
#define NCCL_FLOAT64 8
#define NCCL_SUM 0

typedef struct
{
  char bytes[128];
} NcclId;

typedef struct NcclCommunicator *NcclComm;

typedef struct
{
  int (*get_unique_id) (NcclId *id);
  int (*init_rank) (NcclComm *comm, int size, NcclId id, int rank);
  int (*all_reduce) (const void *from, void *to, size_t n, int type, int operation, NcclComm comm, void *stream);
  int (*get_async_error) (NcclComm comm, int *code);
  int (*destroy) (NcclComm comm);
  int (*abort) (NcclComm comm);
  const char *(*get_error_string) (int code);
  const char *(*get_last_error) (NcclComm comm); /* (nullable): since 2.13 */
} Nccl;

/* The library, once found. NULL and an error that says what is missing. */
const Nccl *cu_nccl_get (GError **error);

G_END_DECLS
