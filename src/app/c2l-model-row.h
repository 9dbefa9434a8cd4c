/* C2lModelRow: an installed model in the list of the Models page, with its details folded away.
 *
 * Its buttons are the page's actions: models.use, models.show, models.rename, models.remove, with the model's id. */
#pragma once

#include "studio/bundles.h"
#include "studio/catalogue.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define C2L_TYPE_MODEL_ROW (c2l_model_row_get_type ())
G_DECLARE_FINAL_TYPE (C2lModelRow, c2l_model_row, C2L, MODEL_ROW, AdwExpanderRow)

/* @model: (nullable): the entry of a catalogue that it is, which may have pictures */
C2lModelRow *c2l_model_row_new (const C2lInstalled *installed, const C2lCatalogueModel *model);
/* Whether Create draws with it. */
void         c2l_model_row_set_in_use (C2lModelRow *row, gboolean in_use);
const char  *c2l_model_row_get_id (C2lModelRow *row);

G_END_DECLS
