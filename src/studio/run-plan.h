/* From what a person wishes of a training to the command that does it: presets, the model that it is for, where the data are or how
 * many are to be made, and settings of their own. */
#pragma once

#include "studio/run-control.h"

G_BEGIN_DECLS

typedef struct
{
  const char *name;        /* of the run */
  const char *data, *model; /* presets: files of data/config/data and data/config/model */
  const char *bundle;      /* (nullable): folder of the model whose generator and CLIP it is for; NULL: as the preset has it */
  const char *data_folder; /* (nullable): tars; NULL: as the preset has it */
  gint64 n_samples;        /* above 0: so many are made first, in a folder of the program's */
  const char *settings;    /* "train.max_it=20_000 data.bs=128", as typed; may be "" */
} C2lRunWish;

/* Owns its strings. */
typedef struct
{
  C2lRunOrder order;
  char *command; /* for people */
} C2lRunPlan;

void        c2l_run_plan_free (C2lRunPlan *plan);

/* c2l_run_plan_new:
 * NULL and an error where the settings are not known or do not fit, or there are no tars. Looks at disks; makes nothing. */
C2lRunPlan *c2l_run_plan_new (const C2lRunWish *wish, GError **error);
void        c2l_run_plan_new_async (const C2lRunWish *wish, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
C2lRunPlan *c2l_run_plan_new_finish (GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lRunPlan, c2l_run_plan_free)

G_END_DECLS
