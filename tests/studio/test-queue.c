/* The queue with plain functions for a device: order, replacing, giving way, cancelling, stopping.
 */
#include "studio/queue.h"

typedef struct
{
  C2lQueue *queue;
  GMutex lock;
  GCond changed;
  gboolean started, go_on; /* of the job that blocks */
  GString *log;            /* on the queue's thread */
  GString *answers;        /* in the main context */
  guint n_answers;
  int n_tries;
  gboolean in_background;
  int n_background_tries;
} Fixture;

typedef struct
{
  Fixture *fixture;
  char name;
} Named;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->queue = c2l_queue_new ("test");
  fixture->log = g_string_new (NULL);
  fixture->answers = g_string_new (NULL);
  g_mutex_init (&fixture->lock);
  g_cond_init (&fixture->changed);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_pointer (&fixture->queue, c2l_queue_free);
  g_string_free (fixture->log, TRUE);
  g_string_free (fixture->answers, TRUE);
  g_mutex_clear (&fixture->lock);
  g_cond_clear (&fixture->changed);
}

static void
signal_flag (Fixture *fixture, gboolean *flag)
{
  g_mutex_lock (&fixture->lock);
  *flag = TRUE;
  g_cond_broadcast (&fixture->changed);
  g_mutex_unlock (&fixture->lock);
}

static void
wait_for_flag (Fixture *fixture, gboolean *flag)
{
  g_mutex_lock (&fixture->lock);
  while (!*flag)
    g_cond_wait (&fixture->changed, &fixture->lock);
  g_mutex_unlock (&fixture->lock);
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  Named *named = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *answer = g_task_propagate_pointer (G_TASK (result), &error);

  if (answer != NULL)
    g_string_append (named->fixture->answers, answer);
  else
    g_string_append_c (named->fixture->answers,
                       g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ? '-' : '!');
  named->fixture->n_answers++;
  g_free (named);
}

static gpointer
log_name (C2lJob *job, gpointer data, GError **error)
{
  Named *named = data;
  char name[] = { named->name, '\0' };

  g_string_append (named->fixture->log, name);
  return g_strdup (name);
}

static gpointer
fail (C2lJob *job, gpointer data, GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "on purpose");
  return NULL;
}

static gpointer
block (C2lJob *job, gpointer data, GError **error)
{
  Named *named = data;

  signal_flag (named->fixture, &named->fixture->started);
  wait_for_flag (named->fixture, &named->fixture->go_on);
  return log_name (job, data, error);
}

static void
push (Fixture *fixture,
      char name,
      C2lJobKind kind,
      gconstpointer key,
      C2lJobFunc func,
      GCancellable *cancellable)
{
  Named *named = g_new (Named, 1), *of_answer = g_new (Named, 1);

  *named = *of_answer = (Named){ fixture, name };
  c2l_queue_push (fixture->queue, g_task_new (NULL, cancellable, on_answer, of_answer), kind, key,
                  func, named, g_free, g_free);
}

static void
wait_for_answers (Fixture *fixture, guint n)
{
  while (fixture->n_answers < n)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_first_comes_first (Fixture *fixture, gconstpointer data)
{
  for (char name = 'a'; name <= 'e'; name++)
    push (fixture, name, C2L_JOB_BATCH, NULL, log_name, NULL);
  wait_for_answers (fixture, 5);
  g_assert_cmpstr (fixture->log->str, ==, "abcde");
  g_assert_cmpstr (fixture->answers->str, ==, "abcde");
  g_assert_cmpuint (c2l_queue_count (fixture->queue), ==, 0);
}

static void
test_interactive_overtakes (Fixture *fixture, gconstpointer data)
{
  push (fixture, 'x', C2L_JOB_BATCH, NULL, block, NULL);
  wait_for_flag (fixture, &fixture->started);
  push (fixture, 'b', C2L_JOB_BATCH, NULL, log_name, NULL);
  push (fixture, 'i', C2L_JOB_INTERACTIVE, NULL, log_name, NULL);
  push (fixture, 'j', C2L_JOB_INTERACTIVE, NULL, log_name, NULL);
  signal_flag (fixture, &fixture->go_on);
  wait_for_answers (fixture, 4);
  g_assert_cmpstr (fixture->log->str, ==, "xijb");
}

static void
test_newer_replaces_older (Fixture *fixture, gconstpointer data)
{
  static int slider, other;

  push (fixture, 'x', C2L_JOB_BATCH, NULL, block, NULL);
  wait_for_flag (fixture, &fixture->started);
  push (fixture, '1', C2L_JOB_INTERACTIVE, &slider, log_name, NULL);
  push (fixture, 'o', C2L_JOB_INTERACTIVE, &other, log_name, NULL);
  push (fixture, '2', C2L_JOB_INTERACTIVE, &slider, log_name, NULL);
  push (fixture, '3', C2L_JOB_INTERACTIVE, &slider, log_name, NULL);
  signal_flag (fixture, &fixture->go_on);
  wait_for_answers (fixture, 5);
  g_assert_cmpstr (fixture->log->str, ==, "x3o");
  g_assert_cmpstr (fixture->answers->str, ==, "--x3o");
}

/* A step that waits to be interrupted the first time, as a picture does between its operations. */
static gboolean
interrupted_step (gpointer data, GCancellable *cancellable, GError **error)
{
  Named *named = data;

  if (named->fixture->n_tries++ == 0)
    {
      signal_flag (named->fixture, &named->fixture->started);
      while (!g_cancellable_is_cancelled (cancellable))
        g_usleep (100);
    }
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  g_string_append_c (named->fixture->log, 's');
  return TRUE;
}

static gpointer
do_steps (C2lJob *job, gpointer data, GError **error)
{
  for (int i = 0; i < 3; i++)
    if (!c2l_job_do (job, interrupted_step, data, error))
      return NULL;
  return log_name (job, data, error);
}

static void
test_batch_gives_way (Fixture *fixture, gconstpointer data)
{
  push (fixture, 'b', C2L_JOB_BATCH, NULL, do_steps, NULL);
  wait_for_flag (fixture, &fixture->started);
  push (fixture, 'i', C2L_JOB_INTERACTIVE, NULL, log_name, NULL);
  wait_for_answers (fixture, 2);
  g_assert_cmpstr (fixture->log->str, ==, "isssb");
  g_assert_cmpint (fixture->n_tries, ==, 4);
}

static gboolean
background_step (gpointer data, GCancellable *cancellable, GError **error)
{
  Named *named = data;

  if (named->fixture->n_background_tries++ == 0)
    {
      signal_flag (named->fixture, &named->fixture->in_background);
      while (!g_cancellable_is_cancelled (cancellable))
        g_usleep (100);
    }
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

static gpointer
do_background (C2lJob *job, gpointer data, GError **error)
{
  if (!c2l_job_do (job, background_step, data, error))
    return NULL;
  return log_name (job, data, error);
}

static void
test_background_gives_way (Fixture *fixture, gconstpointer data)
{
  push (fixture, 'g', C2L_JOB_BACKGROUND, NULL, do_background, NULL);
  wait_for_flag (fixture, &fixture->in_background);
  push (fixture, 'b', C2L_JOB_BATCH, NULL, do_steps, NULL);
  wait_for_flag (fixture, &fixture->started);
  push (fixture, 'i', C2L_JOB_INTERACTIVE, NULL, log_name, NULL);
  wait_for_answers (fixture, 3);
  g_assert_cmpstr (fixture->log->str, ==, "isssbg");
  g_assert_cmpint (fixture->n_background_tries, ==, 2);
}

static void
test_cancelled_batch_ends (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  push (fixture, 'b', C2L_JOB_BATCH, NULL, do_steps, cancellable);
  wait_for_flag (fixture, &fixture->started);
  g_cancellable_cancel (cancellable);
  wait_for_answers (fixture, 1);
  g_assert_cmpstr (fixture->answers->str, ==, "-");
  g_assert_cmpstr (fixture->log->str, ==, "");
}

static void
test_cancelled_waiting_job_answers_at_once (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  push (fixture, 'x', C2L_JOB_BATCH, NULL, block, NULL);
  wait_for_flag (fixture, &fixture->started);
  push (fixture, 'c', C2L_JOB_BATCH, NULL, log_name, cancellable);
  g_cancellable_cancel (cancellable);
  /* While the other is still at work. */
  wait_for_answers (fixture, 1);
  g_assert_cmpstr (fixture->answers->str, ==, "-");
  signal_flag (fixture, &fixture->go_on);
  wait_for_answers (fixture, 2);
  g_assert_cmpstr (fixture->log->str, ==, "x");
  g_assert_cmpstr (fixture->answers->str, ==, "-x");
}

static void
test_cancelled_before_it_was_pushed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_cancellable_cancel (cancellable);
  push (fixture, 'c', C2L_JOB_BATCH, NULL, log_name, cancellable);
  wait_for_answers (fixture, 1);
  g_assert_cmpstr (fixture->answers->str, ==, "-");
  g_assert_cmpstr (fixture->log->str, ==, "");
}

typedef struct
{
  Fixture *fixture;
  guint n_answers; /* when the second job had been pushed */
} Pusher;

static gboolean
push_two_of_a_key (gpointer data)
{
  static int slider;
  Pusher *pusher = data;

  push (pusher->fixture, '1', C2L_JOB_INTERACTIVE, &slider, log_name, NULL);
  return G_SOURCE_REMOVE;
}

static gboolean
push_the_second (gpointer data)
{
  Pusher *pusher = data;

  push_two_of_a_key (data);
  pusher->n_answers = pusher->fixture->n_answers;
  signal_flag (pusher->fixture, &pusher->fixture->go_on);
  return G_SOURCE_REMOVE;
}

/* GTask answers at once where the main loop has turned since the task was made; a caller who has a
 * newer request in his hands must not be called back about the older one from within. */
static void
test_no_answer_from_within_push (Fixture *fixture, gconstpointer data)
{
  Pusher pusher = { fixture, G_MAXUINT };

  push (fixture, 'x', C2L_JOB_BATCH, NULL, block, NULL);
  wait_for_flag (fixture, &fixture->started);
  g_idle_add (push_two_of_a_key, &pusher);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_idle_add (push_the_second, &pusher);
  wait_for_answers (fixture, 3);
  g_assert_cmpuint (pusher.n_answers, ==, 0);
  g_assert_cmpstr (fixture->answers->str, ==, "-x1");
}

static GThread *freed_in;

static void
note_thread (gpointer data)
{
  freed_in = g_thread_self ();
  g_free (data);
}

static void
test_data_is_freed_where_it_was_made (Fixture *fixture, gconstpointer data)
{
  Named *named = g_new (Named, 1), *of_answer = g_new (Named, 1);

  *named = *of_answer = (Named){ fixture, 'a' };
  freed_in = NULL;
  c2l_queue_push (fixture->queue, g_task_new (NULL, NULL, on_answer, of_answer), C2L_JOB_BATCH,
                  NULL, log_name, named, note_thread, g_free);
  wait_for_answers (fixture, 1);
  g_assert_true (freed_in == g_thread_self ());
}

static void
test_errors_arrive (Fixture *fixture, gconstpointer data)
{
  push (fixture, 'f', C2L_JOB_BATCH, NULL, fail, NULL);
  push (fixture, 'a', C2L_JOB_BATCH, NULL, log_name, NULL);
  wait_for_answers (fixture, 2);
  g_assert_cmpstr (fixture->answers->str, ==, "!a");
}

static void
test_stops_while_working (Fixture *fixture, gconstpointer data)
{
  push (fixture, 'b', C2L_JOB_BATCH, NULL, do_steps, NULL);
  wait_for_flag (fixture, &fixture->started);
  push (fixture, 'w', C2L_JOB_BATCH, NULL, log_name, NULL);
  c2l_queue_stop (fixture->queue);
  push (fixture, 'l', C2L_JOB_BATCH, NULL, log_name, NULL);
  wait_for_answers (fixture, 3);
  g_assert_cmpstr (fixture->answers->str, ==, "---");
  g_assert_cmpstr (fixture->log->str, ==, "");
}

static void
free_queue (gpointer data)
{
  Named *named = data;

  c2l_queue_free (named->fixture->queue);
  g_free (named);
}

/* As where a task is the last to hold what owns the queue. */
static void
test_freed_by_its_own_thread (Fixture *fixture, gconstpointer data)
{
  Named *named = g_new (Named, 1), *of_answer = g_new (Named, 1);

  *named = *of_answer = (Named){ fixture, 'a' };
  c2l_queue_push (fixture->queue, g_task_new (NULL, NULL, on_answer, of_answer), C2L_JOB_BATCH,
                  NULL, log_name, named, free_queue, g_free);
  wait_for_answers (fixture, 1);
  fixture->queue = NULL;
  g_assert_cmpstr (fixture->answers->str, ==, "a");
}

static gboolean
count_event (gpointer data)
{
  Fixture *fixture = data;

  g_string_append_c (fixture->answers, '.');
  return G_SOURCE_REMOVE;
}

static gpointer
tell_thrice (C2lJob *job, gpointer data, GError **error)
{
  Named *named = data;

  for (int i = 0; i < 3; i++)
    c2l_job_tell (job, count_event, named->fixture, NULL);
  return g_strdup ("t");
}

static void
test_events_come_before_the_answer (Fixture *fixture, gconstpointer data)
{
  push (fixture, 't', C2L_JOB_BATCH, NULL, tell_thrice, NULL);
  wait_for_answers (fixture, 1);
  g_assert_cmpstr (fixture->answers->str, ==, "...t");
}

/* Many threads' worth of trouble in a short time, for the thread sanitizer. */
static void
test_many_jobs_of_all_kinds (Fixture *fixture, gconstpointer data)
{
  static int keys[4];
  const guint n = 400;

  fixture->n_tries = 1; /* steps do not wait */
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();

      push (fixture, 'j', i % 3 == 0 ? C2L_JOB_BATCH : C2L_JOB_INTERACTIVE,
            i % 3 == 1 ? &keys[i % 4] : NULL, i % 3 == 0 ? do_steps : log_name, cancellable);
      if (i % 7 == 0)
        g_cancellable_cancel (cancellable);
      if (i % 5 == 0)
        g_main_context_iteration (NULL, FALSE);
    }
  wait_for_answers (fixture, n);
  g_assert_cmpuint (fixture->answers->len, ==, n);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, function) g_test_add (name, Fixture, NULL, set_up, function, tear_down)
  ADD ("/queue/first-comes-first", test_first_comes_first);
  ADD ("/queue/interactive-jobs-overtake-batches", test_interactive_overtakes);
  ADD ("/queue/newer-replaces-older-of-the-same-key", test_newer_replaces_older);
  ADD ("/queue/batch-gives-way-within-a-step", test_batch_gives_way);
  ADD ("/queue/cancelled-batch-ends", test_cancelled_batch_ends);
  ADD ("/queue/background-gives-way-to-batches-and-these-to-the-hand", test_background_gives_way);
  ADD ("/queue/cancelled-waiting-job-answers-at-once", test_cancelled_waiting_job_answers_at_once);
  ADD ("/queue/cancelled-before-it-was-pushed", test_cancelled_before_it_was_pushed);
  ADD ("/queue/answers-never-come-from-within-a-push", test_no_answer_from_within_push);
  ADD ("/queue/data-is-freed-where-it-was-made", test_data_is_freed_where_it_was_made);
  ADD ("/queue/errors-arrive", test_errors_arrive);
  ADD ("/queue/stops-while-working", test_stops_while_working);
  ADD ("/queue/freed-by-its-own-thread", test_freed_by_its_own_thread);
  ADD ("/queue/events-come-before-the-answer", test_events_come_before_the_answer);
  ADD ("/queue/many-jobs-of-all-kinds", test_many_jobs_of_all_kinds);
  return g_test_run ();
}
