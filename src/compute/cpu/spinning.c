/* How long threads of a parallel region spin while they wait for the others. libgomp's default is
 * some milliseconds: best while the processors are free, ruinous where other programs want them
 * too, since a thread that spins keeps its own partner from running. The policy can only be set
 * from outside, before the program starts, but libgomp spins for microseconds of itself as soon as
 * it counts more threads than processors. So once the program finds itself interrupted often, a
 * second team of two threads is made and kept asleep for good: the count exceeds from then on. Who
 * has set a policy is obeyed. With another OpenMP library this does nothing. */
#include "compute/cpu/cpu.h"

#include <omp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

/* The scheduler takes the processor away some 250 times in a second of work where it is wanted by
 * others, and a few times elsewhere. */
#define MAX_INTERRUPTIONS 50.0 /* per second of processor time */
#define MIN_SECONDS 0.25       /* of processor time: less says nothing */

static GMutex mutex;
static GCond cond;
static gboolean is_made, is_settled;
static double last_seconds, last_interruptions;

static gpointer
hold_team (gpointer data)
{
  int n_members = 0;
  sigset_t all;

  /* Signals are for threads that do something. The second member inherits this. */
  sigfillset (&all);
  pthread_sigmask (SIG_BLOCK, &all, NULL);
#pragma omp parallel num_threads(2) reduction(+ : n_members)
  n_members += 1 + omp_get_thread_num ();

  g_mutex_lock (&mutex);
  is_made = n_members > 0;
  g_cond_signal (&cond);
  /* The team lives as long as the thread that made it: until the program ends. */
  while (is_made)
    g_cond_wait (&cond, &mutex);
  g_mutex_unlock (&mutex);
  return NULL;
}

static void
limit_spinning (void)
{
  g_autoptr (GThread) thread = g_thread_try_new ("c2l-spinning", hold_team, NULL, NULL);

  while (thread && !is_made)
    g_cond_wait (&cond, &mutex);
}

static gboolean
is_interrupted_often (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);

  const double seconds = (double) usage.ru_utime.tv_sec + (double) usage.ru_utime.tv_usec * 1e-6;
  const double interruptions = (double) usage.ru_nivcsw;

  if (seconds - last_seconds < MIN_SECONDS)
    return FALSE;

  const gboolean often
      = interruptions - last_interruptions > MAX_INTERRUPTIONS * (seconds - last_seconds);

  last_seconds = seconds;
  last_interruptions = interruptions;
  return often;
}

void
c2l_cpu_watch_spinning (void)
{
  g_mutex_lock (&mutex);
  if (!is_settled
      && (g_getenv ("OMP_WAIT_POLICY") || g_getenv ("GOMP_SPINCOUNT") || omp_get_num_procs () == 1))
    is_settled = TRUE;
  if (!is_settled && is_interrupted_often ())
    {
      limit_spinning ();
      is_settled = TRUE;
    }
  g_mutex_unlock (&mutex);
}
