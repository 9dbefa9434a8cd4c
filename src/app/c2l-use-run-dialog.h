/* C2lUseRunDialog: makes a model out of a training's checkpoint.
 *
 * Signal: made (id): a model that Create can draw with. */
#pragma once

#include "studio/run-parts.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define C2L_TYPE_USE_RUN_DIALOG (c2l_use_run_dialog_get_type ())
G_DECLARE_FINAL_TYPE (C2lUseRunDialog, c2l_use_run_dialog, C2L, USE_RUN_DIALOG, AdwWindow)

/* @checkpoints: of C2lRunCheckpoint, kept. */
C2lUseRunDialog *c2l_use_run_dialog_new (GtkWindow *parent, const char *folder, const char *name, GPtrArray *checkpoints);

G_END_DECLS
