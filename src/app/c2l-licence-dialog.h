/* C2lLicenceDialog: what a model is, how much is to be downloaded, and under which licences; the download begins when they are accepted.
 *
 * Signal: accepted (id) */
#pragma once

#include "studio/catalogue.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define C2L_TYPE_LICENCE_DIALOG (c2l_licence_dialog_get_type ())
G_DECLARE_FINAL_TYPE (C2lLicenceDialog, c2l_licence_dialog, C2L, LICENCE_DIALOG, AdwMessageDialog)

C2lLicenceDialog *c2l_licence_dialog_new (GtkWindow *parent, C2lCatalogue *catalogue, const C2lCatalogueModel *model);

G_END_DECLS
