/* The binary cache beside metrics.jsonl: a header, the names, and columns of doubles as they lie in
 * memory. It is believed only where its checksum holds, its sizes fit its length, its columns keep
 * what readers rely on, and the log still has the bytes that stood in front of the cached offset;
 * any doubt means reading the log. It is not synced: a torn one fails its checksum. */
#include "studio/metrics-private.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAGIC 0xc2140001u    /* also tells another byte order */
#define WORTHWHILE (1 << 20) /* bytes of log that a cache saves reading */
#define MAX_CACHE ((goffset) 1 << 32)

typedef struct
{
  guint32 magic, n_series;
  guint64 inode, offset, n_rows;
  guint64 checksum; /* of all that follows the header */
  guint32 tail_length, is_skipping;
  char tail[C2L_METRICS_TAIL];
} Header;

typedef struct
{
  char name[C2L_METRICS_MAX_NAME + 8]; /* zeros behind */
  guint64 n;
} SeriesHeader;

/* FNV over words: what is guarded against is accident, and columns are checked besides. */
static guint64
add_to_checksum (guint64 sum, gconstpointer data, gsize size)
{
  const guint64 *words = data;

  g_assert (size % sizeof *words == 0);
  for (gsize i = 0; i < size / sizeof *words; i++)
    sum = (sum ^ words[i]) * 0x100000001b3u;
  return sum;
}

#define CHECKSUM_START 0xcbf29ce484222325u

/* --- loading --- */

typedef struct
{
  const char *data;
  gsize left;
} Rest;

static gconstpointer
take (Rest *rest, gsize size)
{
  gconstpointer data = rest->data;

  if (size > rest->left)
    return NULL;
  rest->data += size;
  rest->left -= size;
  return data;
}

/* Whole numbers that rise (strictly where @limit is given, and below it). */
static gboolean
are_positions (const double *values, gsize n, double limit)
{
  for (gsize i = 0; i < n; i++)
    if (!(values[i] >= 0) || values[i] != floor (values[i]) || values[i] >= limit
        || (i > 0 && !(values[i] > values[i - 1])))
      return FALSE;
  return TRUE;
}

static gboolean
never_falls (const double *values, gsize n, gboolean may_begin_unknown)
{
  gsize i = 0;

  while (may_begin_unknown && i < n && isnan (values[i]))
    i++;
  for (gsize first = i; i < n; i++)
    if (!isfinite (values[i]) || (i > first && values[i] < values[i - 1]))
      return FALSE;
  return TRUE;
}

static gboolean
load_series (C2lMetrics *metrics, Rest *rest, gsize n_rows)
{
  const SeriesHeader *header = take (rest, sizeof *header);
  const double *rows = NULL, *values = NULL;
  C2lMetricsColumn *column;

  if (header != NULL && header->n <= n_rows)
    {
      rows = take (rest, header->n * sizeof *rows);
      values = take (rest, header->n * sizeof *values);
    }
  if (values == NULL || memchr (header->name, '\0', C2L_METRICS_MAX_NAME + 1) == NULL
      || *header->name == '\0' || !g_utf8_validate (header->name, -1, NULL)
      || g_hash_table_contains (metrics->by_name, header->name)
      || !are_positions (rows, header->n, n_rows))
    return FALSE;
  column = c2l_metrics_add_series (metrics, header->name, strlen (header->name));
  c2l_column_append_many (column->rows, rows, header->n);
  c2l_column_append_many (column->values, values, header->n);
  return TRUE;
}

static gboolean
load_columns (C2lMetrics *metrics, Rest *rest, const Header *header)
{
  const double *steps, *times, *epochs;
  gsize size = header->n_rows * sizeof (double);

  if (header->n_rows >= C2L_COLUMN_MAX || header->n_series > C2L_METRICS_MAX_SERIES)
    return FALSE;
  steps = take (rest, size);
  times = take (rest, size);
  epochs = take (rest, size);
  if (epochs == NULL || !never_falls (steps, header->n_rows, FALSE)
      || !never_falls (times, header->n_rows, TRUE) || !never_falls (epochs, header->n_rows, TRUE))
    return FALSE;
  c2l_column_append_many (metrics->steps, steps, header->n_rows);
  c2l_column_append_many (metrics->times, times, header->n_rows);
  c2l_column_append_many (metrics->epochs, epochs, header->n_rows);
  for (guint i = 0; i < header->n_series; i++)
    if (!load_series (metrics, rest, header->n_rows))
      return FALSE;
  return rest->left == 0;
}

static gboolean
is_of_this_file (C2lMetrics *metrics, int fd, const Header *header)
{
  char tail[C2L_METRICS_TAIL];

  return header->magic == MAGIC && header->inode == metrics->inode && header->offset < G_MAXINT64
         && header->tail_length == MIN (C2L_METRICS_TAIL, header->offset)
         && c2l_metrics_read_tail (fd, header->offset, tail, header->tail_length)
         && memcmp (tail, header->tail, header->tail_length) == 0;
}

void
c2l_metrics_load_cache (C2lMetrics *metrics, int fd)
{
  GStatBuf info;
  g_autofree char *data = NULL; /* not mapped: a file that is cut meanwhile would end the program */
  gsize size;
  Rest rest;
  const Header *header;

  if (g_lstat (metrics->cache_path, &info) != 0 || !S_ISREG (info.st_mode)
      || info.st_size > MAX_CACHE || info.st_size % sizeof (guint64) != 0
      || !g_file_get_contents (metrics->cache_path, &data, &size, NULL))
    return;
  rest = (Rest){ data, size };
  header = take (&rest, sizeof *header);
  if (header == NULL || !is_of_this_file (metrics, fd, header)
      || add_to_checksum (CHECKSUM_START, rest.data, rest.left - rest.left % 8) != header->checksum)
    return;
  if (!load_columns (metrics, &rest, header))
    {
      c2l_metrics_forget (metrics);
      return;
    }
  metrics->offset = metrics->cached = header->offset;
  metrics->is_skipping = header->is_skipping != 0;
  metrics->tail_length = header->tail_length;
  memcpy (metrics->tail, header->tail, header->tail_length);
}

/* --- saving --- */

typedef struct
{
  FILE *file;
  guint64 checksum;
  gboolean ok;
} Writer;

static void
write_data (Writer *writer, gconstpointer data, gsize size)
{
  writer->checksum = add_to_checksum (writer->checksum, data, size);
  writer->ok = writer->ok && (size == 0 || fwrite (data, size, 1, writer->file) == 1);
}

static void
write_column (Writer *writer, C2lColumn *column)
{
  g_autoptr (C2lNumbers) numbers = c2l_column_view (column);

  write_data (writer, numbers->values, numbers->n * sizeof (double));
}

static gboolean
write_all (C2lMetrics *metrics, FILE *file)
{
  Writer writer = { file, CHECKSUM_START, TRUE };
  Header header = { .magic = MAGIC,
                    .n_series = metrics->series->len,
                    .inode = metrics->inode,
                    .offset = metrics->offset,
                    .n_rows = c2l_column_get_n (metrics->steps),
                    .tail_length = metrics->tail_length,
                    .is_skipping = metrics->is_skipping };

  memcpy (header.tail, metrics->tail, metrics->tail_length);
  if (fseek (file, sizeof header, SEEK_SET) != 0)
    return FALSE;
  write_column (&writer, metrics->steps);
  write_column (&writer, metrics->times);
  write_column (&writer, metrics->epochs);
  for (guint i = 0; i < metrics->series->len; i++)
    {
      C2lMetricsColumn *column = g_ptr_array_index (metrics->series, i);
      SeriesHeader series = { .n = c2l_column_get_n (column->rows) };

      strncpy (series.name, column->name, C2L_METRICS_MAX_NAME);
      write_data (&writer, &series, sizeof series);
      write_column (&writer, column->rows);
      write_column (&writer, column->values);
    }
  header.checksum = writer.checksum;
  return writer.ok && fseek (file, 0, SEEK_SET) == 0
         && fwrite (&header, sizeof header, 1, file) == 1;
}

void
c2l_metrics_save_cache (C2lMetrics *metrics)
{
  goffset fresh = metrics->offset - metrics->cached;
  g_autofree char *aside = NULL;
  FILE *file;
  gboolean ok;

  /* Written again when the log has grown by a fifth, so that all writing together stays in
   * proportion. */
  if (fresh < WORTHWHILE || fresh < metrics->cached / 5)
    return;
  metrics->cached = metrics->offset;
  aside = g_strdup_printf ("%s.%d", metrics->cache_path, (int) g_random_int_range (0, G_MAXINT));
  file = fopen (aside, "wxe");
  if (file == NULL)
    return;
  ok = write_all (metrics, file);
  ok = fclose (file) == 0 && ok;
  if (!ok || g_rename (aside, metrics->cache_path) != 0)
    g_unlink (aside);
}
