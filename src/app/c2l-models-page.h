/* C2lModelsPage: the models of this user: what is installed, what it draws, under which licence; importing, renaming and removing; and what
 * can be downloaded (c2l-catalogue-box.h).
 *
 * Actions: models.import, models.use (id), models.show (id), models.rename (id), models.remove (id), models.stop. */
#pragma once

#include "studio/library.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define C2L_TYPE_MODELS_PAGE (c2l_models_page_get_type ())
G_DECLARE_FINAL_TYPE (C2lModelsPage, c2l_models_page, C2L, MODELS_PAGE, AdwBin)

/* Begins an import with these files (of GFile) filled in; a folder that is a model is copied instead. */
void c2l_models_page_import (C2lModelsPage *page, GListModel *files);

/* @library: (nullable): whose pictures a model that is removed leaves in full size. */
void c2l_models_page_set_library (C2lModelsPage *page, C2lLibrary *library);

G_END_DECLS
