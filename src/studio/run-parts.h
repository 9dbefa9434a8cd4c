/* What lies in a run's folder beside its numbers: checkpoints, grids of samples, the trainer's last words. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  char *path;
  gint64 step;      /* −1: the best one, whose step the file's name does not tell */
} C2lRunCheckpoint;

typedef struct
{
  gint64 step;
  char *folder;
  char **names;     /* of its grids, without “.png”, sorted; at least one */
} C2lRunSamples;

typedef struct
{
  GPtrArray *checkpoints; /* of C2lRunCheckpoint: the best first, then the newest */
  GPtrArray *samples;     /* of C2lRunSamples, by step */
  char *log;              /* the last lines of log.txt, "" where there are none */
} C2lRunParts;

void         c2l_run_parts_free (C2lRunParts *parts);

/* Cannot fail: what is not there is left out. */
C2lRunParts *c2l_run_parts_read (const char *folder);
void         c2l_run_parts_read_async (const char *folder, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
C2lRunParts *c2l_run_parts_read_finish (GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lRunParts, c2l_run_parts_free)

G_END_DECLS
