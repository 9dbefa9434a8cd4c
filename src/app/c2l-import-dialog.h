/* C2lImportDialog: asks for the files of a model and imports them, with progress.
 *
 * Signal: installed (folder): the model is there. The dialog closes itself after that. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define C2L_TYPE_IMPORT_DIALOG (c2l_import_dialog_get_type ())
G_DECLARE_FINAL_TYPE (C2lImportDialog, c2l_import_dialog, C2L, IMPORT_DIALOG, AdwWindow)

C2lImportDialog *c2l_import_dialog_new (GtkWindow *parent);
/* Puts each file (of GFile) into the row for what it is, once that is known. */
void             c2l_import_dialog_add_files (C2lImportDialog *dialog, GListModel *files);

G_END_DECLS
