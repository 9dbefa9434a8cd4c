/* Numbers in a buffer that only grows: what lies in front of a view's end is never written again,
 * so views need no lock. Where something in front of it must change (a cut, or no room), the column
 * moves to a buffer of its own and the old one lives as long as its views.
 *
 * Above the values stands a pyramid: for every 16 of them where the least and the greatest are, for
 * every 16 of those again, and so on. Only whole blocks have an entry, which keeps entries as final
 * as the values are. */
#include "studio/column.h"

#include <math.h>
#include <string.h>

#define FAN 16
#define N_LEVELS 5 /* above the values: 16, 256, 4096, 65,536, 1,048,576 of them */
#define FIRST_CAPACITY 256
#define NONE G_MAXUINT32

/* Values beside their positions: to look them up would be a walk through all of the memory. */
struct Block
{
  guint32 least, greatest; /* positions; NONE: no numbers */
  double least_value, greatest_value;
};

typedef struct _C2lColumnBuffer
{
  gatomicrefcount refs;
  gsize capacity;
  double *values;
  struct Block *blocks[N_LEVELS];
} Buffer;

struct _C2lColumn
{
  Buffer *buffer;
  gsize n;
};

static Buffer *
buffer_new (gsize capacity)
{
  Buffer *buffer = g_new0 (Buffer, 1);

  g_atomic_ref_count_init (&buffer->refs);
  buffer->capacity = capacity;
  buffer->values = g_new (double, capacity);
  for (int level = 0; level < N_LEVELS; level++)
    {
      capacity /= FAN;
      buffer->blocks[level] = g_new (struct Block, capacity);
    }
  return buffer;
}

static void
buffer_unref (Buffer *buffer)
{
  if (!g_atomic_ref_count_dec (&buffer->refs))
    return;
  g_free (buffer->values);
  for (int level = 0; level < N_LEVELS; level++)
    g_free (buffer->blocks[level]);
  g_free (buffer);
}

static void
buffer_copy (Buffer *to, const Buffer *from, gsize n)
{
  memcpy (to->values, from->values, n * sizeof *to->values);
  for (int level = 0; level < N_LEVELS; level++)
    {
      n /= FAN;
      if (n == 0)
        return;
      memcpy (to->blocks[level], from->blocks[level], n * sizeof (struct Block));
    }
}

/* --- the pyramid --- */

static inline void
consider (const struct Block *block, struct Block *found)
{
  if (block->least == NONE)
    return;
  if (found->least == NONE || block->least_value < found->least_value)
    {
      found->least = block->least;
      found->least_value = block->least_value;
    }
  if (found->greatest == NONE || block->greatest_value > found->greatest_value)
    {
      found->greatest = block->greatest;
      found->greatest_value = block->greatest_value;
    }
}

/* @level 0 are the values, others stand one higher in the pyramid's arrays; [@from, @to) counts
 * entries of that level. */
static void
scan (const Buffer *buffer, int level, gsize from, gsize to, struct Block *found)
{
  for (gsize i = from; i < to; i++)
    if (level > 0)
      consider (&buffer->blocks[level - 1][i], found);
    else if (!isnan (buffer->values[i]))
      consider (&(struct Block){ (guint32) i, (guint32) i, buffer->values[i], buffer->values[i] },
                found);
}

static void
search (const Buffer *buffer, int level, gsize from, gsize to, struct Block *found)
{
  gsize first = (from + FAN - 1) / FAN, end = to / FAN;

  if (level == N_LEVELS || first >= end)
    {
      scan (buffer, level, from, to, found);
      return;
    }
  scan (buffer, level, from, first * FAN, found);
  search (buffer, level + 1, first, end, found);
  scan (buffer, level, end * FAN, to, found);
}

/* For the blocks that the value at @n - 1 has completed. */
static void
add_blocks (Buffer *buffer, gsize n)
{
  for (int level = 0; level < N_LEVELS && n % FAN == 0; level++)
    {
      struct Block *block;

      n /= FAN;
      block = &buffer->blocks[level][n - 1];
      *block = (struct Block){ NONE, NONE };
      scan (buffer, level, (n - 1) * FAN, n * FAN, block);
    }
}

/* --- the column --- */

C2lColumn *
c2l_column_new (void)
{
  C2lColumn *column = g_new0 (C2lColumn, 1);

  column->buffer = buffer_new (FIRST_CAPACITY);
  return column;
}

void
c2l_column_free (C2lColumn *column)
{
  buffer_unref (column->buffer);
  g_free (column);
}

gsize
c2l_column_get_n (C2lColumn *column)
{
  return column->n;
}

double
c2l_column_get_last (C2lColumn *column)
{
  return column->buffer->values[column->n - 1];
}

static void
move (C2lColumn *column, gsize capacity)
{
  Buffer *buffer = buffer_new (capacity);

  buffer_copy (buffer, column->buffer, column->n);
  buffer_unref (column->buffer);
  column->buffer = buffer;
}

void
c2l_column_append (C2lColumn *column, double value)
{
  if (column->n == C2L_COLUMN_MAX)
    return;
  if (column->n == column->buffer->capacity)
    move (column, 2 * column->buffer->capacity);
  column->buffer->values[column->n++] = isfinite (value) ? value : NAN;
  if (column->n % FAN == 0)
    add_blocks (column->buffer, column->n);
}

void
c2l_column_append_many (C2lColumn *column, const double *values, gsize n)
{
  for (gsize i = 0; i < n; i++)
    c2l_column_append (column, values[i]);
}

void
c2l_column_cut (C2lColumn *column, gsize n)
{
  if (n >= column->n)
    return;
  column->n = n;
  if (!g_atomic_ref_count_compare (&column->buffer->refs, 1))
    move (column, column->buffer->capacity);
}

C2lNumbers *
c2l_column_view (C2lColumn *column)
{
  C2lNumbers *numbers = g_new0 (C2lNumbers, 1);

  g_atomic_ref_count_init (&numbers->refs);
  g_atomic_ref_count_inc (&column->buffer->refs);
  numbers->buffer = column->buffer;
  numbers->values = column->buffer->values;
  numbers->n = column->n;
  return numbers;
}

/* --- views --- */

C2lNumbers *
c2l_numbers_ref (C2lNumbers *numbers)
{
  g_atomic_ref_count_inc (&numbers->refs);
  return numbers;
}

void
c2l_numbers_unref (C2lNumbers *numbers)
{
  if (!g_atomic_ref_count_dec (&numbers->refs))
    return;
  buffer_unref (numbers->buffer);
  g_free (numbers);
}

gboolean
c2l_numbers_find_extremes (const C2lNumbers *numbers,
                           gsize from,
                           gsize to,
                           gsize *least,
                           gsize *greatest)
{
  struct Block found = { NONE, NONE };

  g_return_val_if_fail (to <= numbers->n, FALSE);

  if (from < to)
    search (numbers->buffer, 0, from, to, &found);
  if (found.least == NONE)
    return FALSE;
  *least = found.least;
  *greatest = found.greatest;
  return TRUE;
}

gsize
c2l_numbers_find (const C2lNumbers *numbers, double value, gboolean after)
{
  gsize low = 0, high = numbers->n;

  while (low < high)
    {
      gsize middle = low + (high - low) / 2;
      double at = numbers->values[middle];

      if (at < value || (after && at == value))
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}
