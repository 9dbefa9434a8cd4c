/* One reading at a time; what is asked for meanwhile makes one more when it is done. The columns
 * are the thread's while it reads and nobody's in between, so they need no lock. */
#include "studio/metrics-follower.h"

#define SECONDS_BETWEEN_LOOKS 2
#define MS_BETWEEN_READINGS 250

/* Shared with the reading thread, which may outlive the follower. */
typedef struct
{
  gatomicrefcount refs;
  C2lMetrics *metrics;
} Source;

typedef struct
{
  Source *source;
  double smoothing;
} Reading;

struct _C2lMetricsFollower
{
  GObject parent_instance;

  char *folder;
  Source *source;
  GFileMonitor *monitor;
  GCancellable *cancellable;
  guint timer;
  guint pause; /* between two readings; 0: none is waited for */
  gboolean is_reading, is_wanted;
  double smoothing, shown_smoothing;
  C2lMetricsView *view;
};

static guint changed_signal;

G_DEFINE_FINAL_TYPE (C2lMetricsFollower, c2l_metrics_follower, G_TYPE_OBJECT)

static void
source_unref (Source *source)
{
  if (!g_atomic_ref_count_dec (&source->refs))
    return;
  c2l_metrics_free (source->metrics);
  g_free (source);
}

static void
reading_free (gpointer data)
{
  Reading *reading = data;

  source_unref (reading->source);
  g_free (reading);
}

static void
read_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Reading *reading = data;

  /* A log that cannot be read now shows what was known of it. */
  c2l_metrics_set_smoothing (reading->source->metrics, reading->smoothing);
  c2l_metrics_read (reading->source->metrics, cancellable, NULL);
  g_task_return_pointer (task, c2l_metrics_view (reading->source->metrics),
                         (GDestroyNotify) c2l_metrics_view_unref);
}

static gboolean
is_same (C2lMetricsView *a, C2lMetricsView *b)
{
  return a->steps->n == b->steps->n && a->steps->values == b->steps->values
         && a->series->len == b->series->len;
}

static void start_reading (C2lMetricsFollower *self);

static gboolean
pause_is_over (gpointer data)
{
  C2lMetricsFollower *self = data;

  self->pause = 0;
  if (self->is_wanted)
    start_reading (self);
  return G_SOURCE_REMOVE;
}

static void
was_read (GObject *object, GAsyncResult *result, gpointer data)
{
  C2lMetricsFollower *self = C2L_METRICS_FOLLOWER (object);
  C2lMetricsView *view = g_task_propagate_pointer (G_TASK (result), NULL);
  Reading *reading = g_task_get_task_data (G_TASK (result));

  self->is_reading = FALSE;
  if (view == NULL)
    return;
  if (self->view != NULL && is_same (self->view, view)
      && self->shown_smoothing == reading->smoothing)
    c2l_metrics_view_unref (view);
  else
    {
      g_clear_pointer (&self->view, c2l_metrics_view_unref);
      self->view = view;
      self->shown_smoothing = reading->smoothing;
      g_signal_emit (self, changed_signal, 0);
    }
  /* A slider is followed at once, a file at leisure. */
  if (self->is_wanted && self->smoothing != self->shown_smoothing)
    start_reading (self);
  else
    self->pause = g_timeout_add (MS_BETWEEN_READINGS, pause_is_over, self);
}

static void
start_reading (C2lMetricsFollower *self)
{
  g_autoptr (GTask) task = NULL;
  Reading *reading;

  if (self->is_reading || self->cancellable == NULL)
    {
      self->is_wanted = TRUE;
      return;
    }
  g_clear_handle_id (&self->pause, g_source_remove);
  self->is_reading = TRUE;
  self->is_wanted = FALSE;
  reading = g_new (Reading, 1);
  g_atomic_ref_count_inc (&self->source->refs);
  *reading = (Reading){ self->source, self->smoothing };
  task = g_task_new (self, self->cancellable, was_read, NULL);
  g_task_set_source_tag (task, start_reading);
  g_task_set_task_data (task, reading, reading_free);
  g_task_run_in_thread (task, read_in_thread);
}

static void
want_reading (C2lMetricsFollower *self)
{
  if (self->pause != 0)
    self->is_wanted = TRUE;
  else
    start_reading (self);
}

static gboolean
look (gpointer data)
{
  want_reading (data);
  return G_SOURCE_CONTINUE;
}

const char *
c2l_metrics_follower_get_folder (C2lMetricsFollower *self)
{
  return self->folder;
}

C2lMetricsView *
c2l_metrics_follower_get_view (C2lMetricsFollower *self)
{
  return self->view;
}

void
c2l_metrics_follower_set_smoothing (C2lMetricsFollower *self, double smoothing)
{
  if (smoothing == self->smoothing)
    return;
  self->smoothing = smoothing;
  start_reading (self);
}

/* A thread that reads holds a reference to the follower; so nothing is read any more. */
static void
c2l_metrics_follower_finalize (GObject *object)
{
  C2lMetricsFollower *self = C2L_METRICS_FOLLOWER (object);

  source_unref (self->source);
  g_clear_pointer (&self->view, c2l_metrics_view_unref);
  g_free (self->folder);
  G_OBJECT_CLASS (c2l_metrics_follower_parent_class)->finalize (object);
}

static void
c2l_metrics_follower_dispose (GObject *object)
{
  C2lMetricsFollower *self = C2L_METRICS_FOLLOWER (object);

  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_handle_id (&self->pause, g_source_remove);
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->monitor);
  G_OBJECT_CLASS (c2l_metrics_follower_parent_class)->dispose (object);
}

static void
c2l_metrics_follower_class_init (C2lMetricsFollowerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = c2l_metrics_follower_dispose;
  G_OBJECT_CLASS (klass)->finalize = c2l_metrics_follower_finalize;
  changed_signal = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                 NULL, NULL, G_TYPE_NONE, 0);
}

static void
c2l_metrics_follower_init (C2lMetricsFollower *self)
{
  self->cancellable = g_cancellable_new ();
}

C2lMetricsFollower *
c2l_metrics_follower_new (const char *folder, double smoothing)
{
  C2lMetricsFollower *self = g_object_new (C2L_TYPE_METRICS_FOLLOWER, NULL);
  g_autofree char *path = g_build_filename (folder, "metrics.jsonl", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);

  self->folder = g_strdup (folder);
  self->smoothing = smoothing;
  self->source = g_new0 (Source, 1);
  g_atomic_ref_count_init (&self->source->refs);
  self->source->metrics = c2l_metrics_new (folder);
  self->monitor = g_file_monitor_file (file, G_FILE_MONITOR_NONE, NULL, NULL);
  if (self->monitor != NULL)
    g_signal_connect_swapped (self->monitor, "changed", G_CALLBACK (want_reading), self);
  self->timer = g_timeout_add_seconds (SECONDS_BETWEEN_LOOKS, look, self);
  start_reading (self);
  return self;
}
