/* Starting trainings and asking things of them. The trainer is a process of its own, “c2l train”: it outlives whoever started it, and what
 * is asked of it are files that it looks for. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* In a run's folder, while its data are made: what “c2l dataset --json” says. */
#define C2L_RUN_DATASET_PROGRESS "dataset.jsonl"

/* What a training is to be. */
typedef struct
{
  const char *folder;            /* of the run */
  gboolean resume;               /* go on where its last checkpoint is */
  const char *const *overrides;  /* (nullable): NULL-terminated, "data.bs=128" */
  const char *const *dataset;    /* (nullable): arguments of “c2l dataset”, to be made first */
} C2lRunOrder;

/* The program “c2l”: beside this one, in this one's build folder, or in PATH. NULL where there is none. */
char    *c2l_run_dup_trainer (void);

/* The command, as a person would type it. */
char    *c2l_run_order_to_text (const C2lRunOrder *order);

/* Makes the folder and starts the trainer, whose words go to log.txt. Returns as soon as the process runs; what becomes of it the
 * folder tells. */
gboolean c2l_run_start (const C2lRunOrder *order, GError **error);

/* Asks a running trainer to write a checkpoint and end, or to write a checkpoint and go on. It acts at its next step. */
gboolean c2l_run_ask_to_stop (const char *folder, GError **error);
gboolean c2l_run_ask_for_checkpoint (const char *folder, GError **error);
/* Whether it was asked to stop and did not get to it yet. */
gboolean c2l_run_is_asked_to_stop (const char *folder);

/* A folder for a new run of this name that does not exist yet. */
char    *c2l_run_dup_new_folder (const char *name);
/* Gives a run that is not alive another name. Returns its new folder; an error where the name is taken or cannot be one. */
char    *c2l_run_rename (const char *folder, const char *name, GError **error);

/* Splits what a person typed into overrides, by spaces and line breaks, quotes as in a shell. An error says what is wrong. */
char   **c2l_run_parse_overrides (const char *text, GError **error);

G_END_DECLS
