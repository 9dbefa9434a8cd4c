/* C2lCreatePage: The page where pictures are made from prompts. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define C2L_TYPE_CREATE_PAGE (c2l_create_page_get_type ())
G_DECLARE_FINAL_TYPE (C2lCreatePage, c2l_create_page, C2L, CREATE_PAGE, AdwBin)

G_END_DECLS
