/* Axes: places, round marks and numbers for people. Marks are computed as multiples of whole steps,
 * so that none is missed or doubled by rounding. */
#include "app/c2l-plot-axis.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define NOWHERE (-1e6) /* the place of what a logarithmic axis does not have */
#define MINUTE 60.
#define HOUR 3600.
#define DAY 86400.

double
c2l_plot_scale_get_place (const C2lPlotScale *scale, double value)
{
  if (scale->is_log)
    return value > 0 ? log (value / scale->from) / log (scale->to / scale->from) : NOWHERE;
  return (value - scale->from) / (scale->to - scale->from);
}

double
c2l_plot_scale_get_value (const C2lPlotScale *scale, double place)
{
  if (scale->is_log)
    return scale->from * pow (scale->to / scale->from, place);
  return scale->from + place * (scale->to - scale->from);
}

C2lPlotScale
c2l_plot_scale_get_part (const C2lPlotScale *scale, double from, double to)
{
  return (C2lPlotScale){ c2l_plot_scale_get_value (scale, from),
                         c2l_plot_scale_get_value (scale, to), scale->is_log };
}

/* --- numbers for people --- */

/* Without zeros behind the point that say nothing. */
static char *
trim (char *text)
{
  char *end = text;

  for (char *at = text; *at != '\0'; at++)
    end = at;
  if (strchr (text, '.') == NULL || strchr (text, 'e') != NULL)
    return text;
  while (*end == '0')
    *end-- = '\0';
  if (*end == '.')
    *end = '\0';
  return text;
}

static char *
format_value (double value, double span)
{
  double size = fabs (value);
  int decimals;

  if (value == 0 || (span > 0 && size < span * 1e-9))
    return g_strdup ("0");
  if (size >= 1e6 || size < 1e-3)
    {
      g_autofree char *text = g_strdup_printf ("%.3g", value);

      return g_steal_pointer (&text);
    }
  /* Three digits of the span; of a value that stands alone five of its own. */
  decimals = span > 0 ? (int) ceil (2 - log10 (span)) : (int) ceil (4 - log10 (size));
  return trim (g_strdup_printf ("%.*f", CLAMP (decimals, 0, 6), value));
}

static char *
format_count (double value, double span)
{
  static const struct
  {
    double size;
    const char *suffix;
  } units[] = { { 1e9, "G" }, { 1e6, "M" }, { 1e3, "k" } };

  if (span == 0)
    return g_strdup_printf ("%'.0f", value);
  for (guint i = 0; i < G_N_ELEMENTS (units); i++)
    if (fabs (value) >= units[i].size)
      {
        int decimals = (int) ceil (1 - log10 (span / units[i].size));
        g_autofree char *number
            = trim (g_strdup_printf ("%.*f", CLAMP (decimals, 0, 6), value / units[i].size));

        return g_strconcat (number, units[i].suffix, NULL);
      }
  return trim (g_strdup_printf ("%.*f", span < 10 ? 2 : 0, value));
}

/* The two largest units of a time. */
static char *
format_time (double value, double span)
{
  gint64 seconds = (gint64) llround (CLAMP (value, -1e12, 1e12));
  int days = (int) (seconds / 86400), hours = (int) (seconds / 3600 % 24);
  int minutes = (int) (seconds / 60 % 60), rest = (int) (seconds % 60);

  if (span > 0 && span < 2)
    /* Translators: seconds. */
    return g_strdup_printf (_ ("%.2f s"), value);
  if (days > 0 && hours > 0)
    /* Translators: days and hours. */
    return g_strdup_printf (_ ("%d d %d h"), days, hours);
  if (days > 0)
    /* Translators: days. */
    return g_strdup_printf (_ ("%d d"), days);
  if (hours > 0 && minutes > 0)
    /* Translators: hours and minutes. */
    return g_strdup_printf (_ ("%d h %d min"), hours, minutes);
  if (hours > 0)
    /* Translators: hours. */
    return g_strdup_printf (_ ("%d h"), hours);
  if (minutes > 0 && rest > 0)
    /* Translators: minutes and seconds. */
    return g_strdup_printf (_ ("%d min %d s"), minutes, rest);
  if (minutes > 0)
    /* Translators: minutes. */
    return g_strdup_printf (_ ("%d min"), minutes);
  /* Translators: seconds. */
  return g_strdup_printf (_ ("%d s"), (int) seconds);
}

char *
c2l_plot_axis_format (C2lPlotUnit unit, double value, double span)
{
  switch (unit)
    {
    case C2L_PLOT_COUNT:
      return format_count (value, span);
    case C2L_PLOT_TIME:
      return format_time (value, span);
    default:
      return format_value (value, span);
    }
}

/* --- marks --- */

static void
tick_clear (gpointer data)
{
  g_free (((C2lPlotTick *) data)->label);
}

static void
add_tick (GArray *ticks, C2lPlotUnit unit, double value, double span, gboolean is_labelled)
{
  C2lPlotTick tick = { value, is_labelled ? c2l_plot_axis_format (unit, value, span) : NULL };

  g_array_append_val (ticks, tick);
}

/* The least of 1, 2 and 5 times a power of ten that is not below @step. */
static double
round_up (double step)
{
  double power = pow (10, floor (log10 (step)));
  double digits = step / power;

  return power * (digits <= 1 ? 1 : digits <= 2 ? 2 : digits <= 5 ? 5 : 10);
}

static double
round_up_time (double step)
{
  static const double steps[]
      = { 1,      2,          5,          10,          15,          30,
          MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
          HOUR,   2 * HOUR,   3 * HOUR,   6 * HOUR,    12 * HOUR,   DAY };

  if (step < 1)
    return round_up (step);
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    if (step <= steps[i])
      return steps[i];
  return DAY * round_up (step / DAY);
}

static void
list_even_ticks (GArray *ticks, const C2lPlotScale *scale, C2lPlotUnit unit, int n)
{
  double span = scale->to - scale->from;
  double wish = span / n;
  double step = unit == C2L_PLOT_TIME ? round_up_time (wish) : round_up (wish);
  double first = ceil (scale->from / step - 1e-9);

  if (unit == C2L_PLOT_COUNT && step < 1)
    step = 1, first = ceil (scale->from - 1e-9);
  for (int i = 0; i <= 2 * n && (first + i) * step <= scale->to + span * 1e-9; i++)
    add_tick (ticks, unit, (first + i) * step, step, TRUE);
}

/* Powers of ten, every second or third where they are many; 2 and 5 between them where they are
 * few. */
static void
list_decades (GArray *ticks, const C2lPlotScale *scale, C2lPlotUnit unit, int n)
{
  static const int between[] = { 1, 2, 5 };
  int first = (int) floor (log10 (scale->from)), last = (int) ceil (log10 (scale->to));
  int skip = MAX (1, (last - first + n / 2) / n);
  double decades = log10 (scale->to / scale->from);
  guint n_between = decades * 3 <= n ? G_N_ELEMENTS (between) : 1;

  for (int power = first; power <= last; power++)
    for (guint i = 0; i < n_between; i++)
      {
        double value = between[i] * pow (10, power);

        if (value >= scale->from * (1 - 1e-9) && value <= scale->to * (1 + 1e-9)
            && (power - first) % skip == 0)
          add_tick (ticks, unit, value, value, TRUE);
      }
}

GArray *
c2l_plot_axis_list_ticks (const C2lPlotScale *scale, C2lPlotUnit unit, int n)
{
  GArray *ticks = g_array_new (FALSE, FALSE, sizeof (C2lPlotTick));

  g_array_set_clear_func (ticks, tick_clear);
  n = MAX (1, n);
  if (!(scale->to > scale->from) || !isfinite (scale->to - scale->from))
    return ticks;
  if (scale->is_log)
    list_decades (ticks, scale, unit, n);
  /* Less than a decade has few powers of ten in it. */
  if (ticks->len < 2)
    {
      g_array_set_size (ticks, 0);
      list_even_ticks (ticks, scale, unit, n);
    }
  return ticks;
}
