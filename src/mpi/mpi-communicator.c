/* Sums between processes over MPI. One thread makes all calls of MPI, from MPI_Init on: a library
 * that moves data only while it is called would otherwise wait for the computation to end, and
 * here what is begun travels beside it. That thread looks often at first and then naps, because
 * processes may share processors. Requests are handed over under the lock; the memory that they
 * are about is MPI's until they are done.
 *
 * Knows of the program the headers of `compute` only, and calls none of its functions. */
#include "compute/communicator-module.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <gmodule.h>
#include <mpi.h>
#include <signal.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* MPI counts in int. */
#define MAX_COUNT (1 << 28)
/* Sums that may be under way at a time. */
#define MAX_OPEN 256

/* Looks without a nap after something moved, and how long naps become. */
#define EAGER_LOOKS 200
#define SHORTEST_NAP 20
#define LONGEST_NAP 1000

typedef struct
{
  MPI_Datatype type;
  char *values;
  gsize n, size; /* of them, of one in bytes */
} Job;

/* Where a process is, to see whether it still is. */
typedef struct
{
  char machine[128];
  gint64 pid;
} Place;

typedef struct
{
  C2lCommunicator parent;
  Place *places; /* [size] */

  GThread *thread;
  GMutex mutex;
  GCond for_thread, for_caller;
  /* guarded */
  GQueue jobs;        /* of Job: not begun */
  guint n_unfinished; /* those, and what is under way of them */
  gboolean is_open, is_closing, is_whole, is_aborting;
  int abort_code;
  GError *error;

  /* the thread's */
  MPI_Request requests[MAX_OPEN];
  int n_requests;
} Self;

static gboolean
check (Self *self, const char *what, int code)
{
  char text[MPI_MAX_ERROR_STRING] = "";
  int length;

  if (code == MPI_SUCCESS)
    return TRUE;
  MPI_Error_string (code, text, &length);
  g_mutex_lock (&self->mutex);
  if (self->error == NULL)
    g_set_error (&self->error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", what, text);
  g_cond_broadcast (&self->for_caller);
  g_mutex_unlock (&self->mutex);
  return FALSE;
}

/* --- the thread of MPI --- */

static void
describe_place (Place *place)
{
  struct utsname name;

  memset (place, 0, sizeof *place);
  if (uname (&name) == 0)
    g_strlcpy (place->machine, name.nodename, sizeof place->machine);
  place->pid = getpid ();
}

static gboolean
join (Self *self)
{
  C2lCommunicator *parent = &self->parent;
  MPI_Comm here;
  Place own;
  int provided;

  if (!check (self, "MPI_Init_thread",
              MPI_Init_thread (NULL, NULL, MPI_THREAD_FUNNELED, &provided)))
    return FALSE;
  MPI_Comm_set_errhandler (MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_rank (MPI_COMM_WORLD, &parent->rank);
  MPI_Comm_size (MPI_COMM_WORLD, &parent->size);
  if (!check (self, "MPI_Comm_split_type",
              MPI_Comm_split_type (MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &here)))
    return FALSE;
  MPI_Comm_size (here, &parent->local_size);
  MPI_Comm_free (&here);
  describe_place (&own);
  self->places = g_new0 (Place, parent->size);
  return check (self, "MPI_Allgather",
                MPI_Allgather (&own, sizeof own, MPI_BYTE, self->places, sizeof own, MPI_BYTE,
                               MPI_COMM_WORLD));
}

static void
finish (Self *self, int n)
{
  g_mutex_lock (&self->mutex);
  self->n_unfinished -= n;
  g_cond_broadcast (&self->for_caller);
  g_mutex_unlock (&self->mutex);
}

/* Begins a part of @job; frees it with its last one. FALSE where there is more. */
static gboolean
begin (Self *self, Job *job)
{
  const int count = (int) MIN (job->n, MAX_COUNT);

  if (!check (self, "MPI_Iallreduce",
              MPI_Iallreduce (MPI_IN_PLACE, job->values, count, job->type, MPI_SUM, MPI_COMM_WORLD,
                              &self->requests[self->n_requests])))
    return FALSE;
  self->n_requests++;
  job->values += count * job->size;
  job->n -= count;
  return job->n == 0;
}

/* Looks at what is under way; returns how much of it is done. */
static int
look (Self *self)
{
  int done[MAX_OPEN], n_done = 0, n_left = 0;

  if (self->n_requests == 0
      || !check (
          self, "MPI_Testsome",
          MPI_Testsome (self->n_requests, self->requests, &n_done, done, MPI_STATUSES_IGNORE)))
    return 0;
  for (int i = 0; i < self->n_requests; i++)
    if (self->requests[i] != MPI_REQUEST_NULL)
      self->requests[n_left++] = self->requests[i];
  self->n_requests = n_left;
  return n_done;
}

/* What there is to do; waits where there is nothing. @job: (inout): one that is being begun. FALSE
 * at the end. */
static gboolean
take (Self *self, Job **job)
{
  gboolean goes_on;

  g_mutex_lock (&self->mutex);
  while (*job == NULL && self->n_requests == 0 && self->jobs.length == 0 && !self->is_closing
         && !self->is_aborting)
    g_cond_wait (&self->for_thread, &self->mutex);
  if (*job == NULL)
    *job = g_queue_pop_head (&self->jobs);
  goes_on = !self->is_closing && !self->is_aborting && self->error == NULL;
  g_mutex_unlock (&self->mutex);
  return goes_on;
}

static void
serve (Self *self)
{
  Job *job = NULL;
  int n_looks = 0, nap = SHORTEST_NAP;

  while (take (self, &job))
    {
      int n_done = 0;

      if (job != NULL && self->n_requests < MAX_OPEN)
        {
          n_looks = 0;
          nap = SHORTEST_NAP;
          if (begin (self, job))
            g_clear_pointer (&job, g_free);
          else
            n_done--; /* one more part than was counted */
        }
      n_done += look (self);
      if (n_done != 0)
        {
          n_looks = 0;
          nap = SHORTEST_NAP;
          finish (self, n_done);
        }
      else if (++n_looks > EAGER_LOOKS)
        {
          g_usleep (nap);
          nap = MIN (nap + nap / 8 + 1, LONGEST_NAP);
        }
    }
  g_free (job);
}

static gpointer
run (gpointer data)
{
  Self *self = data;
  gboolean joined = join (self), is_whole, is_aborting;

  g_mutex_lock (&self->mutex);
  self->is_open = joined;
  g_cond_broadcast (&self->for_caller);
  g_mutex_unlock (&self->mutex);
  if (!joined)
    return NULL;
  serve (self);
  g_mutex_lock (&self->mutex);
  while (!self->is_closing && !self->is_aborting)
    g_cond_wait (&self->for_thread, &self->mutex);
  is_whole = self->is_whole && self->error == NULL;
  is_aborting = self->is_aborting;
  g_mutex_unlock (&self->mutex);
  if (is_aborting)
    MPI_Abort (MPI_COMM_WORLD, self->abort_code);
  else if (is_whole)
    MPI_Finalize ();
  return NULL;
}

/* --- what the program asks for --- */

static void
start_sum (C2lCommunicator *parent, C2lDtype dtype, gpointer values, gsize n)
{
  Self *self = (Self *) parent;
  Job *job = g_new (Job, 1);

  *job = dtype == C2L_F64 ? (Job){ MPI_DOUBLE, values, n, sizeof (double) }
                          : (Job){ MPI_FLOAT, values, n, sizeof (float) };
  g_mutex_lock (&self->mutex);
  g_queue_push_tail (&self->jobs, job);
  self->n_unfinished++;
  g_cond_signal (&self->for_thread);
  g_mutex_unlock (&self->mutex);
}

static gboolean
wait_until (C2lCommunicator *parent, gint64 deadline, GError **error)
{
  Self *self = (Self *) parent;
  gboolean is_done;

  g_mutex_lock (&self->mutex);
  while (self->n_unfinished > 0 && self->error == NULL
         && g_cond_wait_until (&self->for_caller, &self->mutex, deadline))
    ;
  is_done = self->n_unfinished == 0 && self->error == NULL;
  if (self->error != NULL)
    g_propagate_error (error, g_error_copy (self->error));
  g_mutex_unlock (&self->mutex);
  return is_done;
}

/* Only processes of this machine can be seen. Of others the job's own guardian (mpirun) tells, by
 * ending this one. */
static int
find_lost (C2lCommunicator *parent)
{
  const Self *self = (const Self *) parent;
  const Place *own = &self->places[parent->rank];

  for (int i = 0; i < parent->size; i++)
    if (strcmp (self->places[i].machine, own->machine) == 0
        && kill ((pid_t) self->places[i].pid, 0) != 0 && errno == ESRCH)
      return i;
  return -1;
}

static void
abort_job (C2lCommunicator *parent, int code)
{
  Self *self = (Self *) parent;

  g_mutex_lock (&self->mutex);
  self->is_aborting = TRUE;
  self->abort_code = code;
  g_cond_signal (&self->for_thread);
  g_mutex_unlock (&self->mutex);
}

static void
self_free (Self *self)
{
  g_queue_clear_full (&self->jobs, g_free);
  g_clear_error (&self->error);
  g_cond_clear (&self->for_caller);
  g_cond_clear (&self->for_thread);
  g_mutex_clear (&self->mutex);
  g_free (self->places);
  g_free (self);
}

static void
close_job (C2lCommunicator *parent, gboolean is_whole)
{
  Self *self = (Self *) parent;

  g_mutex_lock (&self->mutex);
  self->is_closing = TRUE;
  self->is_whole = is_whole;
  g_cond_signal (&self->for_thread);
  g_mutex_unlock (&self->mutex);
  g_thread_join (self->thread);
  self_free (self);
}

static const C2lCommunicatorClass mpi_class = { .start_sum = start_sum,
                                                .wait_until = wait_until,
                                                .find_lost = find_lost,
                                                .abort = abort_job,
                                                .close = close_job };

G_MODULE_EXPORT C2lCommunicator *c2l_communicator_module_open (int version, GError **error);

C2lCommunicator *
c2l_communicator_module_open (int version, GError **error)
{
  Self *self;
  gboolean is_open;

  if (version != C2L_COMMUNICATOR_MODULE_VERSION)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                           _ ("this module belongs to another version of the program; install both "
                              "of the same"));
      return NULL;
    }
  self = g_new0 (Self, 1);
  self->parent.klass = &mpi_class;
  g_mutex_init (&self->mutex);
  g_cond_init (&self->for_thread);
  g_cond_init (&self->for_caller);
  self->thread = g_thread_new ("mpi", run, self);
  g_mutex_lock (&self->mutex);
  while (!self->is_open && self->error == NULL)
    g_cond_wait (&self->for_caller, &self->mutex);
  is_open = self->is_open;
  g_mutex_unlock (&self->mutex);
  if (is_open)
    return &self->parent;
  g_thread_join (self->thread);
  g_propagate_error (error, g_error_copy (self->error));
  self_free (self);
  return NULL;
}
