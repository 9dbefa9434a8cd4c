/* Follows the file by its offset. Everything between two reads is suspected: the file may have been
 * cut by a trainer that resumes and have grown again, or be another one, which the bytes in front
 * of the offset give away. Columns belong to the metrics; views share their buffers. */
#include "studio/metrics.h"

#include "studio/metrics-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK (1 << 20) /* of one read, and the longest line */
#define FULL (C2L_COLUMN_MAX - 1)

static void
column_free (gpointer data)
{
  C2lMetricsColumn *column = data;

  g_free (column->name);
  c2l_column_free (column->rows);
  c2l_column_free (column->values);
  c2l_column_free (column->smooth);
  g_free (column);
}

static void
start_empty (C2lMetrics *metrics)
{
  metrics->steps = c2l_column_new ();
  metrics->times = c2l_column_new ();
  metrics->epochs = c2l_column_new ();
  metrics->series = g_ptr_array_new_with_free_func (column_free);
  metrics->by_name = g_hash_table_new (g_str_hash, g_str_equal);
}

static void
clear (C2lMetrics *metrics)
{
  c2l_column_free (metrics->steps);
  c2l_column_free (metrics->times);
  c2l_column_free (metrics->epochs);
  g_hash_table_unref (metrics->by_name);
  g_ptr_array_unref (metrics->series);
}

C2lMetrics *
c2l_metrics_new (const char *folder)
{
  C2lMetrics *metrics = g_new0 (C2lMetrics, 1);

  metrics->path = g_build_filename (folder, "metrics.jsonl", NULL);
  metrics->cache_path = g_build_filename (folder, "metrics.cache", NULL);
  start_empty (metrics);
  return metrics;
}

void
c2l_metrics_free (C2lMetrics *metrics)
{
  clear (metrics);
  g_free (metrics->path);
  g_free (metrics->cache_path);
  g_free (metrics);
}

void
c2l_metrics_forget (C2lMetrics *metrics)
{
  clear (metrics);
  start_empty (metrics);
  metrics->offset = metrics->cached = 0;
  metrics->tail_length = 0;
  metrics->is_skipping = FALSE;
}

/* --- rows --- */

C2lMetricsColumn *
c2l_metrics_add_series (C2lMetrics *metrics, const char *name, gsize length)
{
  C2lMetricsColumn *column = g_new0 (C2lMetricsColumn, 1);

  column->name = g_strndup (name, length);
  column->rows = c2l_column_new ();
  column->values = c2l_column_new ();
  column->smooth = c2l_column_new ();
  g_ptr_array_add (metrics->series, column);
  g_hash_table_insert (metrics->by_name, column->name, column);
  return column;
}

static C2lMetricsColumn *
get_series (C2lMetrics *metrics, const C2lMetricsPair *pair)
{
  char name[C2L_METRICS_MAX_NAME + 1];
  C2lMetricsColumn *column;

  memcpy (name, pair->name, pair->length);
  name[pair->length] = '\0';
  column = g_hash_table_lookup (metrics->by_name, name);
  if (column == NULL && metrics->series->len < C2L_METRICS_MAX_SERIES)
    column = c2l_metrics_add_series (metrics, pair->name, pair->length);
  return column;
}

static void
restart_smoothing (C2lMetricsColumn *column)
{
  c2l_column_cut (column->smooth, 0);
  column->sum = column->weight = 0;
}

/* Forgets @step and what came behind it. */
static void
set_back (C2lMetrics *metrics, double step)
{
  g_autoptr (C2lNumbers) steps = c2l_column_view (metrics->steps);
  gsize n = c2l_numbers_find (steps, step, FALSE);

  g_clear_pointer (&steps, c2l_numbers_unref);
  c2l_column_cut (metrics->steps, n);
  c2l_column_cut (metrics->times, n);
  c2l_column_cut (metrics->epochs, n);
  for (guint i = 0; i < metrics->series->len; i++)
    {
      C2lMetricsColumn *column = g_ptr_array_index (metrics->series, i);
      g_autoptr (C2lNumbers) rows = c2l_column_view (column->rows);
      gsize n_values = c2l_numbers_find (rows, n, FALSE);

      g_clear_pointer (&rows, c2l_numbers_unref);
      if (n_values == c2l_column_get_n (column->rows))
        continue;
      c2l_column_cut (column->rows, n_values);
      c2l_column_cut (column->values, n_values);
      restart_smoothing (column);
    }
}

/* What clocks that go backwards and missing values leave: a column that never falls. */
static void
append_rising (C2lColumn *column, double value)
{
  double last = c2l_column_get_n (column) > 0 ? c2l_column_get_last (column) : NAN;

  c2l_column_append (column, isnan (last) || value > last ? value : last);
}

static void
add_row (C2lMetrics *metrics, const C2lMetricsLine *line)
{
  gsize row;

  if (c2l_column_get_n (metrics->steps) > 0 && line->step < c2l_column_get_last (metrics->steps))
    set_back (metrics, line->step);
  row = c2l_column_get_n (metrics->steps);
  if (row >= FULL)
    return;
  c2l_column_append (metrics->steps, line->step);
  append_rising (metrics->times, line->time);
  append_rising (metrics->epochs, line->epoch);
  for (guint i = 0; i < line->n_pairs; i++)
    {
      C2lMetricsColumn *column = get_series (metrics, &line->pairs[i]);

      /* A name that stands in the line twice counts once. */
      if (column == NULL
          || (c2l_column_get_n (column->rows) > 0 && c2l_column_get_last (column->rows) == row))
        continue;
      c2l_column_append (column->rows, row);
      c2l_column_append (column->values, line->pairs[i].value);
    }
}

/* --- the file --- */

gboolean
c2l_metrics_read_tail (int fd, goffset offset, char *tail, guint length)
{
  return length == 0 || pread (fd, tail, length, offset - length) == (gssize) length;
}

static gboolean
is_the_same_file (C2lMetrics *metrics, int fd, const struct stat *info)
{
  char tail[C2L_METRICS_TAIL];

  return metrics->inode == info->st_ino && info->st_size >= metrics->offset
         && c2l_metrics_read_tail (fd, metrics->offset, tail, metrics->tail_length)
         && memcmp (tail, metrics->tail, metrics->tail_length) == 0;
}

/* Takes the whole lines in @text, [@length] and room for a zero; returns how much that was. */
static gsize
take_lines (C2lMetrics *metrics, char *text, gsize length, C2lMetricsLine *line)
{
  gsize start = 0;
  char *end;

  while ((end = memchr (text + start, '\n', length - start)) != NULL)
    {
      gsize size = end - (text + start);

      *end = '\0';
      if (!metrics->is_skipping && c2l_metrics_parse_line (text + start, size, line))
        add_row (metrics, line);
      metrics->is_skipping = FALSE;
      start += size + 1;
    }
  if (start == 0 && length == BLOCK)
    {
      metrics->is_skipping = TRUE;
      return length;
    }
  return start;
}

static gboolean
read_on (C2lMetrics *metrics, int fd, GCancellable *cancellable, GError **error)
{
  g_autofree char *text = g_malloc (BLOCK + 1);
  g_autofree C2lMetricsLine *line = g_new (C2lMetricsLine, 1);
  gsize taken;

  do
    {
      gssize n = pread (fd, text, BLOCK, metrics->offset);
      int code = errno;

      if (n < 0)
        {
          g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code),
                       _ ("%s: cannot be read: %s"), metrics->path, g_strerror (code));
          return FALSE;
        }
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      taken = take_lines (metrics, text, n, line);
      metrics->offset += taken;
    }
  while (taken > 0);
  metrics->tail_length = MIN (C2L_METRICS_TAIL, metrics->offset);
  if (!c2l_metrics_read_tail (fd, metrics->offset, metrics->tail, metrics->tail_length))
    c2l_metrics_forget (metrics); /* it was cut in this moment: the next reading begins anew */
  return TRUE;
}

/* Each value counts less by @smoothing with every one that follows; the sum is divided by all that
 * counts, so that the first values are not drawn towards nothing. */
static void
smooth (C2lMetricsColumn *column, double smoothing)
{
  g_autoptr (C2lNumbers) values = c2l_column_view (column->values);

  for (gsize i = c2l_column_get_n (column->smooth); i < values->n; i++)
    {
      double value = values->values[i];

      if (!isnan (value))
        {
          column->sum = column->sum * smoothing + value * (1 - smoothing);
          column->weight = column->weight * smoothing + (1 - smoothing);
        }
      c2l_column_append (column->smooth, isnan (value) ? NAN : column->sum / column->weight);
    }
}

gboolean
c2l_metrics_read (C2lMetrics *metrics, GCancellable *cancellable, GError **error)
{
  int fd = g_open (metrics->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
  int code = errno;
  struct stat info;
  gboolean ok = TRUE;

  if (fd < 0 && code != ENOENT)
    {
      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code),
                   _ ("%s: cannot be read: %s"), metrics->path, g_strerror (code));
      return FALSE;
    }
  if (fd < 0 || fstat (fd, &info) != 0 || !S_ISREG (info.st_mode))
    c2l_metrics_forget (metrics);
  else
    {
      if (metrics->offset > 0 && !is_the_same_file (metrics, fd, &info))
        c2l_metrics_forget (metrics);
      metrics->inode = info.st_ino;
      if (metrics->offset == 0)
        c2l_metrics_load_cache (metrics, fd);
      if (info.st_size > metrics->offset)
        ok = read_on (metrics, fd, cancellable, error);
      c2l_metrics_save_cache (metrics);
    }
  if (fd >= 0)
    close (fd);
  return ok;
}

void
c2l_metrics_set_smoothing (C2lMetrics *metrics, double smoothing)
{
  smoothing = CLAMP (smoothing, 0, 0.9999);
  if (smoothing == metrics->smoothing)
    return;
  metrics->smoothing = smoothing;
  for (guint i = 0; i < metrics->series->len; i++)
    restart_smoothing (g_ptr_array_index (metrics->series, i));
}

/* --- views --- */

static void
series_free (gpointer data)
{
  C2lMetricsSeries *series = data;

  g_free (series->name);
  c2l_numbers_unref (series->rows);
  c2l_numbers_unref (series->values);
  c2l_numbers_unref (series->smooth);
  g_free (series);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  const C2lMetricsSeries *const *first = a, *const *second = b;

  return strcmp ((*first)->name, (*second)->name);
}

C2lMetricsView *
c2l_metrics_view (C2lMetrics *metrics)
{
  C2lMetricsView *view = g_new0 (C2lMetricsView, 1);

  g_atomic_ref_count_init (&view->refs);
  view->steps = c2l_column_view (metrics->steps);
  view->times = c2l_column_view (metrics->times);
  view->epochs = c2l_column_view (metrics->epochs);
  view->series = g_ptr_array_new_with_free_func (series_free);
  for (guint i = 0; i < metrics->series->len; i++)
    {
      C2lMetricsColumn *column = g_ptr_array_index (metrics->series, i);
      C2lMetricsSeries *series;

      if (c2l_column_get_n (column->values) == 0)
        continue;
      smooth (column, metrics->smoothing);
      series = g_new0 (C2lMetricsSeries, 1);
      series->name = g_strdup (column->name);
      series->rows = c2l_column_view (column->rows);
      series->values = c2l_column_view (column->values);
      series->smooth = c2l_column_view (column->smooth);
      g_ptr_array_add (view->series, series);
    }
  g_ptr_array_sort (view->series, compare_names);
  return view;
}

C2lMetricsView *
c2l_metrics_view_ref (C2lMetricsView *view)
{
  g_atomic_ref_count_inc (&view->refs);
  return view;
}

void
c2l_metrics_view_unref (C2lMetricsView *view)
{
  if (!g_atomic_ref_count_dec (&view->refs))
    return;
  c2l_numbers_unref (view->steps);
  c2l_numbers_unref (view->times);
  c2l_numbers_unref (view->epochs);
  g_ptr_array_unref (view->series);
  g_free (view);
}

C2lMetricsSeries *
c2l_metrics_view_lookup (C2lMetricsView *view, const char *name)
{
  for (guint i = 0; i < view->series->len; i++)
    {
      C2lMetricsSeries *series = g_ptr_array_index (view->series, i);

      if (strcmp (series->name, name) == 0)
        return series;
    }
  return NULL;
}
