/* Files that the program is asked to open, sorted by what they are: pictures go to Create, models to Models, directions to the edit panel,
 * the rest is named. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  GPtrArray *pictures; /* of GFile */
  GPtrArray *models;   /* of GFile: weights of any kind, configurations, folders that are a model */
  GPtrArray *directions; /* of GFile: for sliders */
  GPtrArray *refused;  /* of char *: sentences for people, what it is and what would fit */
} C2lSorted;

void       c2l_sorted_free (C2lSorted *sorted);

/* Looks at each of @files (of GFile) on a thread. Cannot fail: what cannot be read is among the refused. */
void       c2l_opener_sort_async (GPtrArray *files, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
C2lSorted *c2l_opener_sort_finish (GAsyncResult *result);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lSorted, c2l_sorted_free)

G_END_DECLS
