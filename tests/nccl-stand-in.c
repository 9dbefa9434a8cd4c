/* A libnccl.so.2 for tests on machines without a GPU: sums over shared memory, for the module whose kernels run on the host. Like the
 * real one it works beside its caller: a sum that was begun is done later, on a thread of its own, and one whose partner never comes
 * goes on waiting until it is aborted. The stream is a counter of what is under way (kernels/runtime.h).
 *
 * C2L_TEST_NCCL_FAULT: “id”, “init”, “begin” or “sum”: that call of rank 1 (of rank 0: “id”) fails; “begin” and “sum” the tenth time.
 * C2L_TEST_NCCL_LOG: a file to which each rank appends a line when it leaves: how, and how many sums there were. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXPORT __attribute__ ((visibility ("default")))
#define MAX_RANKS 8
#define CHUNK 4096
#define FAILS_AT 10

enum
{
  SUCCESS = 0,
  CUDA_ERROR = 1,
  SYSTEM_ERROR = 2,
  INVALID_USAGE = 5,
  FLOAT32 = 7
};

typedef struct
{
  char bytes[128];
} Id;

typedef struct
{
  atomic_int n_arrived, generation;
  float values[MAX_RANKS][CHUNK];
} Shared;

typedef struct Job
{
  struct Job *next;
  float *values;
  size_t n;
  atomic_int *stream;
} Job;

typedef struct
{
  Shared *shared;
  int rank, size, n_begun;
  pthread_t thread;
  pthread_mutex_t mutex;
  pthread_cond_t cond;
  Job *first, *last;
  int is_ending;
  atomic_int is_aborted, failure;
} Comm;

EXPORT int ncclGetUniqueId (Id *id);
EXPORT int ncclCommInitRank (Comm **comm, int size, Id id, int rank);
EXPORT int ncclAllReduce (const void *from, void *to, size_t n, int type, int operation, Comm *comm, void *stream);
EXPORT int ncclCommGetAsyncError (Comm *comm, int *code);
EXPORT int ncclCommDestroy (Comm *comm);
EXPORT int ncclCommAbort (Comm *comm);
EXPORT const char *ncclGetErrorString (int code);
EXPORT const char *ncclGetLastError (Comm *comm);

static int
is_faulty (const char *where)
{
  const char *fault = getenv ("C2L_TEST_NCCL_FAULT");

  return fault != NULL && strcmp (fault, where) == 0;
}

/* 0 where it was aborted. */
static int
meet (Comm *comm)
{
  Shared *shared = comm->shared;
  const int generation = atomic_load (&shared->generation);

  if (atomic_fetch_add (&shared->n_arrived, 1) + 1 == comm->size)
    {
      atomic_store (&shared->n_arrived, 0);
      atomic_fetch_add (&shared->generation, 1);
      return 1;
    }
  while (atomic_load (&shared->generation) == generation)
    {
      if (atomic_load (&comm->is_aborted))
        return 0;
      usleep (20);
    }
  return 1;
}

static int
sum (Comm *comm, float *values, size_t n)
{
  for (size_t at = 0; at < n; at += CHUNK)
    {
      const size_t count = n - at < CHUNK ? n - at : CHUNK;

      memcpy (comm->shared->values[comm->rank], values + at, count * sizeof *values);
      if (!meet (comm))
        return 0;
      for (size_t i = 0; i < count; i++)
        {
          values[at + i] = comm->shared->values[0][i];
          for (int rank = 1; rank < comm->size; rank++)
            values[at + i] += comm->shared->values[rank][i];
        }
      if (!meet (comm))
        return 0;
    }
  return 1;
}

static void *
work (void *data)
{
  Comm *comm = data;

  for (;;)
    {
      Job *job;

      pthread_mutex_lock (&comm->mutex);
      while (comm->first == NULL && !comm->is_ending)
        pthread_cond_wait (&comm->cond, &comm->mutex);
      job = comm->first;
      if (job != NULL)
        comm->first = job->next;
      pthread_mutex_unlock (&comm->mutex);
      if (job == NULL)
        return NULL;
      usleep (300); /* whoever does not wait for it finds the old numbers */
      sum (comm, job->values, job->n);
      atomic_fetch_sub (job->stream, 1);
      free (job);
    }
}

int
ncclGetUniqueId (Id *id)
{
  memset (id, 0, sizeof *id);
  snprintf (id->bytes, sizeof id->bytes, "/c2l-nccl-%d-%d", (int) getpid (), rand ());
  return is_faulty ("id") ? SYSTEM_ERROR : SUCCESS;
}

int
ncclCommInitRank (Comm **result, int size, Id id, int rank)
{
  Comm *comm = calloc (1, sizeof *comm);
  int file = shm_open (id.bytes, O_CREAT | O_RDWR, 0600);

  if (size > MAX_RANKS || (rank == 1 && is_faulty ("init")) || file < 0 || ftruncate (file, sizeof (Shared)) != 0)
    {
      free (comm);
      shm_unlink (id.bytes);
      return INVALID_USAGE;
    }
  comm->shared = mmap (NULL, sizeof (Shared), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close (file);
  comm->rank = rank;
  comm->size = size;
  meet (comm);
  shm_unlink (id.bytes);
  pthread_mutex_init (&comm->mutex, NULL);
  pthread_cond_init (&comm->cond, NULL);
  pthread_create (&comm->thread, NULL, work, comm);
  *result = comm;
  return SUCCESS;
}

int
ncclAllReduce (const void *from, void *to, size_t n, int type, int operation, Comm *comm, void *stream)
{
  Job *job = calloc (1, sizeof *job);
  const int is_due = ++comm->n_begun == FAILS_AT && comm->rank == 1;

  if (from != to || type != FLOAT32 || operation != 0 || (is_due && is_faulty ("begin")))
    {
      free (job);
      return INVALID_USAGE;
    }
  if (is_due && is_faulty ("sum"))
    atomic_store (&comm->failure, CUDA_ERROR);
  job->values = to;
  job->n = n;
  job->stream = stream;
  atomic_fetch_add (job->stream, 1);
  pthread_mutex_lock (&comm->mutex);
  if (comm->first == NULL)
    comm->first = job;
  else
    comm->last->next = job;
  comm->last = job;
  pthread_cond_signal (&comm->cond);
  pthread_mutex_unlock (&comm->mutex);
  return SUCCESS;
}

int
ncclCommGetAsyncError (Comm *comm, int *code)
{
  *code = atomic_load (&comm->failure);
  return SUCCESS;
}

static int
leave (Comm *comm, const char *how)
{
  const char *log = getenv ("C2L_TEST_NCCL_LOG");
  char line[100];
  int file = log != NULL ? open (log, O_CREAT | O_WRONLY | O_APPEND, 0600) : -1;
  const int length = snprintf (line, sizeof line, "rank %d %s after %d sums\n", comm->rank, how, comm->n_begun);

  if (file >= 0 && write (file, line, length) != length)
    fputs ("the log cannot be written\n", stderr);
  if (file >= 0)
    close (file);
  pthread_mutex_lock (&comm->mutex);
  comm->is_ending = 1;
  pthread_cond_signal (&comm->cond);
  pthread_mutex_unlock (&comm->mutex);
  pthread_join (comm->thread, NULL);
  pthread_mutex_destroy (&comm->mutex);
  pthread_cond_destroy (&comm->cond);
  munmap (comm->shared, sizeof (Shared));
  free (comm);
  return SUCCESS;
}

int
ncclCommDestroy (Comm *comm)
{
  return leave (comm, "left");
}

int
ncclCommAbort (Comm *comm)
{
  atomic_store (&comm->is_aborted, 1);
  return leave (comm, "aborted");
}

const char *
ncclGetErrorString (int code)
{
  return code == SUCCESS ? "no error" : code == CUDA_ERROR ? "unhandled cuda error" : code == SYSTEM_ERROR ? "unhandled system error" : "invalid usage";
}

const char *
ncclGetLastError (Comm *comm)
{
  return "the stand-in was told to fail";
}
