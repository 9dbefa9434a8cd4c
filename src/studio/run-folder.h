/* C2lRunFolder: the folder of a training as its trainer writes it. runs.h reads what is written here.
 *
 *   config.yaml       the resolved configuration
 *   metrics.jsonl     an object a line, appended whole
 *   status.json       what the trainer is doing
 *   checkpoints/      00010000.ckpt … and best.ckpt
 *   samples/00010000/ NAME.png
 *   log.txt           what the trainer said
 *   lock              held while the trainer lives
 *   stop, checkpoint  requests: files that somebody makes and the trainer takes away
 *
 * Whatever a crash leaves, the folder can be gone on with: files appear whole or not at all, but for the end of
 * metrics.jsonl, which is cut back to a checkpoint then. */
#pragma once

#include "formats/weights.h"

G_BEGIN_DECLS

typedef struct _C2lRunFolder C2lRunFolder;

/* c2l_run_folder_open:
 * @resume: whether the folder must hold a run already; else it must hold none, and is made
 * G_FILE_ERROR_EXIST where it holds one, G_FILE_ERROR_NOENT where it holds none, C2L_STUDIO_ERROR_INVALID where a trainer works
 * in it. */
C2lRunFolder *c2l_run_folder_open (const char *path, gboolean resume, GError **error);
/* Lets the lock go. */
void          c2l_run_folder_close (C2lRunFolder *folder);

const char   *c2l_run_folder_get_path (C2lRunFolder *folder);
/* (transfer full) */
char         *c2l_run_folder_dup_file (C2lRunFolder *folder, const char *name);

/* Appends @line as one line. What could not be written whole is taken back. */
gboolean      c2l_run_folder_add_metrics (C2lRunFolder *folder, JsonObject *line, GError **error);
/* Takes away what was logged after @step, and validations ("val/…") of @step itself where @validation; and later checkpoints, which
 * could not be read. */
gboolean      c2l_run_folder_cut (C2lRunFolder *folder, gint64 step, gboolean validation, GError **error);

gboolean      c2l_run_folder_write_status (C2lRunFolder *folder, JsonObject *status, GError **error);

/* Adds a line with the time to log.txt. Errors are not important enough to be told. */
void          c2l_run_folder_say (C2lRunFolder *folder, const char *text);

typedef enum
{
  C2L_RUN_REQUEST_NONE,
  C2L_RUN_REQUEST_CHECKPOINT,
  C2L_RUN_REQUEST_STOP
} C2lRunRequest;

/* What is asked for, stop first; it is asked for no longer then. */
C2lRunRequest c2l_run_folder_take_request (C2lRunFolder *folder);

/* Writes checkpoints/STEP8.ckpt, syncs what was logged before it, and deletes all but the newest @keep. Returns the file's name. */
char         *c2l_run_folder_save_checkpoint (C2lRunFolder *folder, C2lWeights *weights, gint64 step, guint keep, GError **error);
/* Gives the checkpoint of @step the name best.ckpt too. */
gboolean      c2l_run_folder_keep_best (C2lRunFolder *folder, gint64 step, GError **error);

/* The newest checkpoint that can be read, in a folder that is open or not; NULL and an error where there is none
 * (G_FILE_ERROR_NOENT). @step: (out) (optional). */
C2lWeights   *c2l_run_load_checkpoint (const char *path, gint64 *step, GError **error);
/* The best one, else the newest. */
C2lWeights   *c2l_run_load_best (const char *path, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lRunFolder, c2l_run_folder_close)

G_END_DECLS
