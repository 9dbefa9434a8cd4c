/* What the page's files share. */
#pragma once

#include "app/c2l-create-page.h"
#include "app/c2l-picture-grid.h"
#include "app/c2l-prompt-bar.h"

G_BEGIN_DECLS

C2lBoard       *c2l_create_page_get_board (C2lCreatePage *page);
C2lPromptBar   *c2l_create_page_get_prompt_bar (C2lCreatePage *page);
C2lPictureGrid *c2l_create_page_get_grid (C2lCreatePage *page);
/* Whether the viewer is shown instead of the grid. */
gboolean        c2l_create_page_get_viewing (C2lCreatePage *page);
/* (nullable) */
GtkWidget      *c2l_create_page_get_viewer (C2lCreatePage *page);

G_END_DECLS
