/* C2lModelsPage: The models of this user: what is installed, what it draws, under which licence. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define C2L_TYPE_MODELS_PAGE (c2l_models_page_get_type ())
G_DECLARE_FINAL_TYPE (C2lModelsPage, c2l_models_page, C2L, MODELS_PAGE, AdwBin)

G_END_DECLS
