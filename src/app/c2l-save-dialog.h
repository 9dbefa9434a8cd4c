/* C2lSaveDialog: asks where and how pictures are saved, and remembers it. Emits ::response as
 * its parent class does: “save” or “cancel”. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define C2L_TYPE_SAVE_DIALOG (c2l_save_dialog_get_type ())
G_DECLARE_FINAL_TYPE (C2lSaveDialog, c2l_save_dialog, C2L, SAVE_DIALOG, AdwMessageDialog)

GtkWidget *c2l_save_dialog_new (GtkWindow *parent);

G_END_DECLS
