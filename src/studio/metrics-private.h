/* What the reader, its parser and its cache share. */
#pragma once

#include "studio/metrics.h"

G_BEGIN_DECLS

/* A line of metrics.jsonl. Names point into its text. */
typedef struct
{
  const char *name;
  gsize length;
  double value;
} C2lMetricsPair;

typedef struct
{
  double step; /* a whole number */
  double time, epoch; /* NaN: not given */
  guint n_pairs;
  C2lMetricsPair pairs[C2L_METRICS_MAX_SERIES];
} C2lMetricsLine;

/* FALSE where @text, [@length] and a zero behind, is not an object with a step. */
gboolean c2l_metrics_parse_line (const char *text, gsize length, C2lMetricsLine *line);

typedef struct
{
  char *name;
  C2lColumn *rows, *values;
  C2lColumn *smooth;
  double sum, weight; /* of the moving average, after the last value of smooth */
} C2lMetricsColumn;

/* How a file is known again: what stands in front of the place up to which it was read. */
#define C2L_METRICS_TAIL 256

struct _C2lMetrics
{
  char *path, *cache_path;
  guint64 inode;
  goffset offset;         /* everything in front of it is read */
  gboolean is_skipping;   /* in the middle of a line that is too long to be one */
  guint tail_length;
  char tail[C2L_METRICS_TAIL];
  C2lColumn *steps, *times, *epochs;
  GPtrArray *series;      /* of C2lMetricsColumn */
  GHashTable *by_name;    /* name → C2lMetricsColumn, lent */
  double smoothing;
  goffset cached;         /* the offset that the cache has */
};

C2lMetricsColumn *c2l_metrics_add_series (C2lMetrics *metrics, const char *name, gsize length);
void              c2l_metrics_forget (C2lMetrics *metrics);

/* Fills empty metrics from the cache, or leaves them as they are. @fd: the file itself. */
void              c2l_metrics_load_cache (C2lMetrics *metrics, int fd);
/* Writes one where much came since the last, and it can be written; a failure is of no consequence. */
void              c2l_metrics_save_cache (C2lMetrics *metrics);

/* The @length bytes in front of @offset. */
gboolean          c2l_metrics_read_tail (int fd, goffset offset, char *tail, guint length);

G_END_DECLS
