/* C2lProgress: who wants to know how far something is that takes long. Called on the thread that does the work, from 0 to 1. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  void (*func) (double fraction, gpointer data);
  gpointer data;
} C2lProgress;

/* @progress: (nullable) */
static inline void
c2l_progress_report (const C2lProgress *progress, double fraction)
{
  if (progress != NULL && progress->func != NULL)
    progress->func (fraction, progress->data);
}

G_END_DECLS
