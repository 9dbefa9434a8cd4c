/* C2lMetricsFollower: the numbers of a training, followed while it runs. Reads on a thread, when the file changes and every few
 * seconds (for disks that do not tell); answers in the main context of the thread that made it.
 *
 * Signal: changed: there is another view. */
#pragma once

#include "studio/metrics.h"

G_BEGIN_DECLS

#define C2L_TYPE_METRICS_FOLLOWER (c2l_metrics_follower_get_type ())
G_DECLARE_FINAL_TYPE (C2lMetricsFollower, c2l_metrics_follower, C2L, METRICS_FOLLOWER, GObject)

C2lMetricsFollower *c2l_metrics_follower_new (const char *folder, double smoothing);

const char         *c2l_metrics_follower_get_folder (C2lMetricsFollower *follower);
/* (nullable): lent; NULL until the file was read for the first time. */
C2lMetricsView     *c2l_metrics_follower_get_view (C2lMetricsFollower *follower);
/* As c2l_metrics_set_smoothing(); a view that has it comes later. */
void                c2l_metrics_follower_set_smoothing (C2lMetricsFollower *follower, double smoothing);

G_END_DECLS
