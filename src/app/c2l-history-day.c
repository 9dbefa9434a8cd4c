/* Days are those of the time zone of now: midnight is the artist's. */
#include "app/c2l-history-day.h"

#include <glib/gi18n.h>

static GDateTime *
new_local (gint64 time, GDateTime *now)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (time / G_USEC_PER_SEC);

  return g_date_time_to_timezone (utc, g_date_time_get_timezone (now));
}

static gboolean
is_on (GDateTime *a, GDateTime *b)
{
  return g_date_time_get_year (a) == g_date_time_get_year (b)
         && g_date_time_get_day_of_year (a) == g_date_time_get_day_of_year (b);
}

char *
c2l_history_day_dup_title (gint64 time, GDateTime *now)
{
  g_autoptr (GDateTime) day = new_local (time, now);
  g_autoptr (GDateTime) yesterday = g_date_time_add_days (now, -1);
  char *title;

  if (is_on (day, now))
    return g_strdup (_ ("Today"));
  if (is_on (day, yesterday))
    return g_strdup (_ ("Yesterday"));
  if (g_date_time_get_year (day) == g_date_time_get_year (now))
    /* Translators: a day of this year; as g_date_time_format() wants it. */
    title = g_date_time_format (day, _ ("%A, %-d %B"));
  else
    /* Translators: a day of another year; as g_date_time_format() wants it. */
    title = g_date_time_format (day, _ ("%-d %B %Y"));
  return title;
}

gboolean
c2l_history_day_is_same (gint64 a, gint64 b, GDateTime *now)
{
  g_autoptr (GDateTime) one = new_local (a, now), other = new_local (b, now);

  return is_on (one, other);
}
