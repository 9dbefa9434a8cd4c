/* Time is taken where the main loop goes to wait and comes back, and where a frame begins and ends.
 * Nothing is kept but a histogram of microseconds a kind, so that a day can be watched. */
#include "app/c2l-stopwatch.h"

#include <time.h>

#define BUCKET_US 50
#define N_BUCKETS 4000 /* the last: 0.2 s and more */
#define AIM_US 8000    /* what no callback is to take longer than */

typedef struct
{
  guint counts[N_BUCKETS];
  guint n;
  gint64 longest;
} Histogram;

static const char *const names[C2L_N_STOPWATCHES]
    = { "callbacks", "layout", "snapshot", "renderer" };

/* Both in microseconds. */
typedef struct
{
  gint64 clock;
  gint64 processor; /* of this thread */
} Moment;

typedef struct
{
  Histogram clock;
  Histogram processor;
} Stopwatch;

static Stopwatch *stopwatches; /* NULL: nobody wants to know */
static Moment woken, frame_begun, snapshot_begun, snapshot_ended, in_frames;

static Moment
now (void)
{
  struct timespec spent = { 0 };

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &spent);
  return (Moment){ g_get_monotonic_time (), spent.tv_sec * G_USEC_PER_SEC + spent.tv_nsec / 1000 };
}

static Moment
minus (Moment end, Moment begin)
{
  return (Moment){ end.clock - begin.clock, end.processor - begin.processor };
}

static void
add (Histogram *histogram, gint64 elapsed)
{
  histogram->counts[CLAMP (elapsed / BUCKET_US, 0, N_BUCKETS - 1)]++;
  histogram->n++;
  histogram->longest = MAX (histogram->longest, elapsed);
}

static void
record (C2lStopwatchKind kind, Moment elapsed)
{
  add (&stopwatches[kind].clock, elapsed.clock);
  add (&stopwatches[kind].processor, elapsed.processor);
  /* Each by itself too, so that its time tells what it was. */
  if (kind == C2L_STOPWATCH_CALLBACKS && elapsed.processor > AIM_US)
    g_debug ("GTK's thread was held up: %.1f ms of processor time", elapsed.processor / 1000.0);
}

static gint
poll_and_measure (GPollFD *fds, guint n_fds, gint timeout)
{
  gint n_ready;

  if (woken.clock != 0)
    record (C2L_STOPWATCH_CALLBACKS, minus (minus (now (), woken), in_frames));
  n_ready = g_poll (fds, n_fds, timeout);
  woken = now ();
  in_frames = (Moment){ 0 };
  return n_ready;
}

static void
on_before_paint (void)
{
  frame_begun = now ();
  snapshot_begun = snapshot_ended = (Moment){ 0 };
}

static void
on_after_paint (void)
{
  Moment end = now (), frame = minus (end, frame_begun);

  if (frame_begun.clock == 0)
    return;
  record (C2L_STOPWATCH_LAYOUT,
          minus (snapshot_begun.clock != 0 ? snapshot_begun : end, frame_begun));
  if (snapshot_ended.clock != 0)
    record (C2L_STOPWATCH_RENDERER, minus (end, snapshot_ended));
  in_frames.clock += frame.clock;
  in_frames.processor += frame.processor;
  frame_begun = (Moment){ 0 };
}

void
c2l_stopwatch_start (GtkWidget *window)
{
  GdkFrameClock *clock = gtk_widget_get_frame_clock (window);

  if (stopwatches != NULL || g_log_writer_default_would_drop (G_LOG_LEVEL_DEBUG, G_LOG_DOMAIN))
    return;
  stopwatches = g_new0 (Stopwatch, C2L_N_STOPWATCHES);
  g_main_context_set_poll_func (NULL, poll_and_measure);
  g_signal_connect (clock, "before-paint", G_CALLBACK (on_before_paint), NULL);
  g_signal_connect (clock, "after-paint", G_CALLBACK (on_after_paint), NULL);
}

void
c2l_stopwatch_begin_snapshot (void)
{
  if (stopwatches != NULL)
    snapshot_begun = now ();
}

void
c2l_stopwatch_end_snapshot (void)
{
  if (stopwatches == NULL)
    return;
  snapshot_ended = now ();
  record (C2L_STOPWATCH_SNAPSHOT, minus (snapshot_ended, snapshot_begun));
}

/* The time within which @share of all were done, in milliseconds. */
static double
get_quantile (const Histogram *histogram, double share)
{
  guint n = 0;
  int i;

  for (i = 0; i < N_BUCKETS - 1; i++)
    {
      n += histogram->counts[i];
      if (n >= share * histogram->n)
        break;
    }
  return MIN ((i + 1) * BUCKET_US, histogram->longest) / 1000.0;
}

void
c2l_stopwatch_report (void)
{
  for (int kind = 0; stopwatches != NULL && kind < C2L_N_STOPWATCHES; kind++)
    {
      const Histogram *clock = &stopwatches[kind].clock, *processor = &stopwatches[kind].processor;

      g_debug ("GTK's thread, %s: %u, 99 of 100 within %.1f ms, at most %.1f ms; of processor time "
               "within %.1f ms, at most %.1f ms",
               names[kind], clock->n, get_quantile (clock, 0.99), clock->longest / 1000.0,
               get_quantile (processor, 0.99), processor->longest / 1000.0);
    }
}
