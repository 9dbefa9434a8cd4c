/* C2lMetrics: the numbers of a training, read from metrics.jsonl as it grows.
 *
 *   g_autoptr (C2lMetrics) metrics = c2l_metrics_new (folder);
 *   while (…)
 *     if (c2l_metrics_read (metrics, cancellable, &error))
 *       view = c2l_metrics_view (metrics);
 *
 * Each line is an object with “step”, and perhaps “time” and “epoch”; every further key whose value is
 * a number is a series. A line that is no such object is left out. Steps never fall: a line whose step
 * is lower than the one before it says that the training was set back, and what was known of that step
 * and later ones is forgotten.
 *
 * What was read is kept in a file beside it, metrics.cache, which may be deleted at any time.
 * One thread at a time uses a C2lMetrics; its views go to any thread. studio/metrics-follower.h does
 * all of this in the background. */
#pragma once

#include "studio/column.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* Series beyond these, and longer names, are left out. */
#define C2L_METRICS_MAX_SERIES 256
#define C2L_METRICS_MAX_NAME 120 /* bytes */

typedef struct
{
  char *name;         /* "loss", "val/text2im/g1" */
  C2lNumbers *rows;   /* of its values: positions in steps, times and epochs */
  C2lNumbers *values; /* as many; NaN where the trainer wrote no finite number */
  C2lNumbers *smooth; /* as many: their moving average */
} C2lMetricsSeries;

/* What was known at one moment. Never changes. */
typedef struct
{
  gatomicrefcount refs;
  C2lNumbers *steps;
  C2lNumbers *times;  /* seconds since 1970; never fall, NaN only in front of the first that is known */
  C2lNumbers *epochs; /* likewise */
  GPtrArray *series;  /* of C2lMetricsSeries, by name */
} C2lMetricsView;

typedef struct _C2lMetrics C2lMetrics;

C2lMetrics     *c2l_metrics_new (const char *folder);
void            c2l_metrics_free (C2lMetrics *metrics);

/* Reads what came since the last time; all of it where the file is another one. A folder without the file has no numbers. FALSE and
 * an error where it cannot be read or reading was cancelled; what was read until then stays. */
gboolean        c2l_metrics_read (C2lMetrics *metrics, GCancellable *cancellable, GError **error);
/* How much of the past the moving average keeps with each value, 0 (nothing) to below 1. */
void            c2l_metrics_set_smoothing (C2lMetrics *metrics, double smoothing);
/* (transfer full) */
C2lMetricsView *c2l_metrics_view (C2lMetrics *metrics);

C2lMetricsView *c2l_metrics_view_ref (C2lMetricsView *view);
void            c2l_metrics_view_unref (C2lMetricsView *view);
/* (nullable): lent. */
C2lMetricsSeries *c2l_metrics_view_lookup (C2lMetricsView *view, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lMetrics, c2l_metrics_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lMetricsView, c2l_metrics_view_unref)

G_END_DECLS
