/* Sums over GPUs of several processes, by NCCL on a stream of their own beside the kernels'. What has been begun is known to be done
 * by looking: NCCL's kernels wait on the GPU for those of others, without an end, and only the program knows whether these can
 * still come. Joining waits for the others too, so a thread does that, and is left behind where the program gives up. */
#include "kernels/cuda-device.h"
#include "kernels/nccl.h"

#include "compute/communicator-module.h"

#include <string.h>

/* Looks without a nap after something was begun, and the nap between others: a step of training is some milliseconds. */
#define EAGER_LOOKS 2000
#define NAP 20

typedef struct
{
  gatomicrefcount refs;
  const Nccl *nccl;
  CuRuntime *runtime; /* only until the thread has begun */
  NcclId id;
  int rank, size;

  GMutex mutex;
  GCond cond;
  /* guarded */
  gboolean has_begun, is_done;
  NcclComm comm;
  int code;
} Joining;

typedef struct
{
  C2lCommunicator parent;
  const Nccl *nccl;
  C2lDevice *device;
  CuLane *lane;
  Joining *joining; /* (nullable): not joined yet */
  NcclComm comm;    /* (nullable) */
  int failure;      /* of what was begun since the last wait */
  int n_looks;
} Peers;

static void
joining_unref (Joining *joining)
{
  if (!g_atomic_ref_count_dec (&joining->refs))
    return;
  g_mutex_clear (&joining->mutex);
  g_cond_clear (&joining->cond);
  g_free (joining);
}

static gpointer
join_others (gpointer data)
{
  Joining *joining = data;
  NcclComm comm = NULL;
  int code;

  cu_runtime_enter (joining->runtime);
  g_mutex_lock (&joining->mutex);
  joining->has_begun = TRUE;
  g_cond_broadcast (&joining->cond);
  g_mutex_unlock (&joining->mutex);
  code = joining->nccl->init_rank (&comm, joining->size, joining->id, joining->rank);
  g_mutex_lock (&joining->mutex);
  joining->comm = comm;
  joining->code = code;
  joining->is_done = TRUE;
  g_cond_broadcast (&joining->cond);
  g_mutex_unlock (&joining->mutex);
  joining_unref (joining);
  return NULL;
}

static Joining *
joining_new (const Nccl *nccl, CuRuntime *runtime, const guint8 *invitation, int rank, int size)
{
  Joining *joining = g_new0 (Joining, 1);

  g_atomic_ref_count_init (&joining->refs);
  g_atomic_ref_count_inc (&joining->refs); /* the thread's */
  g_mutex_init (&joining->mutex);
  g_cond_init (&joining->cond);
  joining->nccl = nccl;
  joining->runtime = runtime;
  memcpy (joining->id.bytes, invitation, sizeof joining->id.bytes);
  joining->rank = rank;
  joining->size = size;
  g_thread_unref (g_thread_new ("nccl", join_others, joining));
  g_mutex_lock (&joining->mutex);
  while (!joining->has_begun)
    g_cond_wait (&joining->cond, &joining->mutex);
  g_mutex_unlock (&joining->mutex);
  return joining;
}

static gboolean
check (const Nccl *nccl, NcclComm comm, const char *what, int code, GError **error)
{
  const char *more = NULL;

  if (code == NCCL_SUCCESS || code == NCCL_IN_PROGRESS)
    return TRUE;
  if (nccl->get_last_error)
    more = nccl->get_last_error (comm);
  g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_FAILED,
               "NCCL: %s: %s%s%s. NCCL_DEBUG=INFO in the environment has it say more, C2L_NCCL=none does without it", what,
               nccl->get_error_string (code), more && *more ? ": " : "", more ? more : "");
  return FALSE;
}

/* --- as a communicator --- */

static void
start_sum (C2lCommunicator *parent, C2lDtype dtype, gpointer values, gsize n)
{
  Peers *self = (Peers *) parent;
  int code;

  self->n_looks = 0;
  cu_lane_follow (self->lane);
  code = self->nccl->all_reduce (values, values, n, dtype == C2L_F64 ? NCCL_FLOAT64 : NCCL_FLOAT32, NCCL_SUM, self->comm,
                                 cu_lane_get_stream (self->lane));
  if (self->failure == NCCL_SUCCESS && code != NCCL_IN_PROGRESS)
    self->failure = code;
}

/* Whether it is done; with an error where it failed. */
static gboolean
wait_for_joining (Peers *self, gint64 deadline, GError **error)
{
  Joining *joining = self->joining;
  gboolean is_done;

  if (!joining)
    return TRUE;
  g_mutex_lock (&joining->mutex);
  while (!joining->is_done && g_cond_wait_until (&joining->cond, &joining->mutex, deadline))
    ;
  is_done = joining->is_done;
  g_mutex_unlock (&joining->mutex);
  if (!is_done || !check (self->nccl, NULL, "the GPUs of this job do not come together", joining->code, error))
    return FALSE;
  self->comm = joining->comm;
  g_clear_pointer (&self->joining, joining_unref);
  return TRUE;
}

static gboolean
find_failure (Peers *self, GError **error)
{
  int code = NCCL_SUCCESS;

  if (check (self->nccl, self->comm, "a sum over the GPUs could not be begun", self->failure, error)
      && check (self->nccl, self->comm, "it cannot be asked how it is", self->nccl->get_async_error (self->comm, &code), error)
      && check (self->nccl, self->comm, "a sum over the GPUs failed", code, error))
    return FALSE;
  return TRUE;
}

static gboolean
wait_until (C2lCommunicator *parent, gint64 deadline, GError **error)
{
  Peers *self = (Peers *) parent;

  if (!wait_for_joining (self, deadline, error))
    return FALSE;
  do
    {
      CuLaneState state;

      if (find_failure (self, error))
        return FALSE;
      state = cu_lane_look (self->lane, error);
      if (state != CU_LANE_BUSY)
        return state == CU_LANE_DONE;
      if (++self->n_looks > EAGER_LOOKS)
        g_usleep (NAP);
    }
  while (g_get_monotonic_time () < deadline);
  return FALSE;
}

static void
abort_job (C2lCommunicator *parent, int code)
{
  Peers *self = (Peers *) parent;

  if (self->comm)
    self->nccl->abort (g_steal_pointer (&self->comm));
}

static void
close_job (C2lCommunicator *parent, gboolean is_whole)
{
  Peers *self = (Peers *) parent;

  if (self->comm)
    {
      cu_runtime_begin (cuda_runtime (self->device));
      if (is_whole)
        self->nccl->destroy (self->comm);
      else
        self->nccl->abort (self->comm);
    }
  g_clear_pointer (&self->joining, joining_unref);
  cu_lane_free (self->lane);
  c2l_device_unref (self->device);
  g_free (self);
}

static const C2lCommunicatorClass peers_class = {
  .start_sum = start_sum,
  .wait_until = wait_until,
  .abort = abort_job,
  .close = close_job,
};

/* --- as the device's --- */

gboolean
c2l_cuda_identify (C2lDevice *device, guint8 identity[C2L_DEVICE_IDENTITY], GError **error)
{
  memcpy (identity, cu_runtime_get_description (cuda_runtime (device))->identity, C2L_DEVICE_IDENTITY);
  return cu_nccl_get (error) != NULL;
}

gboolean
c2l_cuda_invite (C2lDevice *device, guint8 invitation[C2L_DEVICE_INVITATION], GError **error)
{
  const Nccl *nccl = cu_nccl_get (error);
  NcclId id;

  G_STATIC_ASSERT (sizeof id.bytes == C2L_DEVICE_INVITATION);
  if (!nccl || !check (nccl, NULL, "it cannot begin", nccl->get_unique_id (&id), error))
    return FALSE;
  memcpy (invitation, id.bytes, sizeof id.bytes);
  return TRUE;
}

C2lCommunicator *
c2l_cuda_join (C2lDevice *device, const guint8 invitation[C2L_DEVICE_INVITATION], int rank, int size, GError **error)
{
  const Nccl *nccl = cu_nccl_get (error);
  CuLane *lane = nccl ? cu_lane_new (cuda_runtime (device), error) : NULL;
  Peers *self;

  if (!lane)
    return NULL;
  self = g_new0 (Peers, 1);
  self->parent.klass = &peers_class;
  self->parent.rank = rank;
  self->parent.size = size;
  self->nccl = nccl;
  self->device = c2l_device_ref (device);
  self->lane = lane;
  self->joining = joining_new (nccl, cuda_runtime (device), invitation, rank, size);
  return &self->parent;
}
