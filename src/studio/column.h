/* C2lColumn: a column of numbers that one thread appends to while others look at what was there when
 * they were given a view of it.
 *
 *   C2lColumn *column = c2l_column_new ();
 *   c2l_column_append (column, 0.5);
 *   g_autoptr (C2lNumbers) view = c2l_column_view (column);   to any thread; never changes
 *   c2l_column_append (column, 0.25);                         not seen by the view
 *
 * A view copies nothing. Least and greatest of any part are found without reading it all. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* More is not kept: 128 MiB for their values. */
#define C2L_COLUMN_MAX (1 << 24)

typedef struct _C2lColumn C2lColumn;

typedef struct
{
  gatomicrefcount refs;
  gsize n;
  const double *values; /* [n]; NaN: none */
  struct _C2lColumnBuffer *buffer;
} C2lNumbers;

C2lColumn  *c2l_column_new (void);
void        c2l_column_free (C2lColumn *column);
gsize       c2l_column_get_n (C2lColumn *column);
/* Undefined where the column is empty. */
double      c2l_column_get_last (C2lColumn *column);
/* Infinite values are kept as NaN. Without effect on a full column. */
void        c2l_column_append (C2lColumn *column, double value);
void        c2l_column_append_many (C2lColumn *column, const double *values, gsize n);
/* Keeps the first @n. Views keep what they see. */
void        c2l_column_cut (C2lColumn *column, gsize n);
/* (transfer full) */
C2lNumbers *c2l_column_view (C2lColumn *column);

C2lNumbers *c2l_numbers_ref (C2lNumbers *numbers);
void        c2l_numbers_unref (C2lNumbers *numbers);
/* Positions of the least and the greatest in [@from, @to); FALSE where there is none that is a number. */
gboolean    c2l_numbers_find_extremes (const C2lNumbers *numbers, gsize from, gsize to, gsize *least, gsize *greatest);
/* The first position whose value is not below @value (or, with @after, above it), in numbers that never fall; n where there is none. */
gsize       c2l_numbers_find (const C2lNumbers *numbers, double value, gboolean after);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lColumn, c2l_column_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lNumbers, c2l_numbers_unref)

G_END_DECLS
