/* Time is taken where the main loop goes to wait and comes back, and where a frame begins and ends.
 * Nothing is kept but a histogram of microseconds a kind, so that a day can be watched. */
#include "app/c2l-stopwatch.h"

#define BUCKET_US 50
#define N_BUCKETS 4000 /* the last: 0.2 s and more */

typedef struct
{
  guint counts[N_BUCKETS];
  guint n;
  gint64 longest;
} Histogram;

static const char *const names[C2L_N_STOPWATCHES]
    = { "callbacks", "layout", "snapshot", "renderer" };

static Histogram *histograms; /* NULL: nobody wants to know */
static gint64 woken, frame_begun, snapshot_begun, snapshot_ended, in_frames;

static void
record (C2lStopwatchKind kind, gint64 elapsed)
{
  Histogram *histogram = &histograms[kind];

  histogram->counts[CLAMP (elapsed / BUCKET_US, 0, N_BUCKETS - 1)]++;
  histogram->n++;
  histogram->longest = MAX (histogram->longest, elapsed);
}

static gint
poll_and_measure (GPollFD *fds, guint n_fds, gint timeout)
{
  gint n_ready;

  if (woken != 0)
    record (C2L_STOPWATCH_CALLBACKS, g_get_monotonic_time () - woken - in_frames);
  n_ready = g_poll (fds, n_fds, timeout);
  woken = g_get_monotonic_time ();
  in_frames = 0;
  return n_ready;
}

static void
on_before_paint (void)
{
  frame_begun = g_get_monotonic_time ();
  snapshot_begun = snapshot_ended = 0;
}

static void
on_after_paint (void)
{
  gint64 now = g_get_monotonic_time ();

  if (frame_begun == 0)
    return;
  record (C2L_STOPWATCH_LAYOUT, (snapshot_begun != 0 ? snapshot_begun : now) - frame_begun);
  if (snapshot_ended != 0)
    record (C2L_STOPWATCH_RENDERER, now - snapshot_ended);
  in_frames += now - frame_begun;
  frame_begun = 0;
}

void
c2l_stopwatch_start (GtkWidget *window)
{
  GdkFrameClock *clock = gtk_widget_get_frame_clock (window);

  if (histograms != NULL || g_log_writer_default_would_drop (G_LOG_LEVEL_DEBUG, G_LOG_DOMAIN))
    return;
  histograms = g_new0 (Histogram, C2L_N_STOPWATCHES);
  g_main_context_set_poll_func (NULL, poll_and_measure);
  g_signal_connect (clock, "before-paint", G_CALLBACK (on_before_paint), NULL);
  g_signal_connect (clock, "after-paint", G_CALLBACK (on_after_paint), NULL);
}

void
c2l_stopwatch_begin_snapshot (void)
{
  if (histograms != NULL)
    snapshot_begun = g_get_monotonic_time ();
}

void
c2l_stopwatch_end_snapshot (void)
{
  if (histograms == NULL)
    return;
  snapshot_ended = g_get_monotonic_time ();
  record (C2L_STOPWATCH_SNAPSHOT, snapshot_ended - snapshot_begun);
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
  for (int kind = 0; histograms != NULL && kind < C2L_N_STOPWATCHES; kind++)
    g_debug ("GTK's thread, %s: %u, 99 of 100 within %.1f ms, at most %.1f ms", names[kind],
             histograms[kind].n, get_quantile (&histograms[kind], 0.99),
             histograms[kind].longest / 1000.0);
}
