/* C2lCatalogueRow: a model that can be had, in the list of the Models page: what it draws, how far its download is.
 *
 * Its buttons are actions of the box around it, with the model's id: catalogue.download, catalogue.go-on, catalogue.pause,
 * catalogue.cancel. */
#pragma once

#include "studio/downloads.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define C2L_TYPE_CATALOGUE_ROW (c2l_catalogue_row_get_type ())
G_DECLARE_FINAL_TYPE (C2lCatalogueRow, c2l_catalogue_row, C2L, CATALOGUE_ROW, AdwPreferencesRow)

C2lCatalogueRow *c2l_catalogue_row_new (const C2lCatalogueModel *model);
const char      *c2l_catalogue_row_get_id (C2lCatalogueRow *row);
void             c2l_catalogue_row_set_state (C2lCatalogueRow *row, const C2lDownloadState *state);

G_END_DECLS
