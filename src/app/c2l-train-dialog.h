/* C2lTrainDialog: asks what a training is to be, shows the command that comes of it, and starts it.
 *
 * Signal: started (folder). */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define C2L_TYPE_TRAIN_DIALOG (c2l_train_dialog_get_type ())
G_DECLARE_FINAL_TYPE (C2lTrainDialog, c2l_train_dialog, C2L, TRAIN_DIALOG, AdwWindow)

C2lTrainDialog *c2l_train_dialog_new (GtkWindow *parent);

G_END_DECLS
