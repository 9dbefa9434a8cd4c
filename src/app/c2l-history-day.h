/* The days by which the history is told. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* "Today", "Yesterday", "Monday, 3 August", with the year where it is not @now's. @time: microseconds since 1970. */
char    *c2l_history_day_dup_title (gint64 time, GDateTime *now);
/* Whether both lie on one day of @now's time zone. */
gboolean c2l_history_day_is_same (gint64 a, gint64 b, GDateTime *now);

G_END_DECLS
