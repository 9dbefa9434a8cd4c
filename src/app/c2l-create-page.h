/* C2lCreatePage: the page where pictures are made from prompts: prompt bar, grid and status
 * line, with places for the panel that edits, the history, and the viewer. Shows a board; what
 * it can do are the actions of the group “create” (c2l-create-actions.h). */
#pragma once

#include "app/c2l-board.h"
#include "app/c2l-history-pane.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define C2L_TYPE_CREATE_PAGE (c2l_create_page_get_type ())
G_DECLARE_FINAL_TYPE (C2lCreatePage, c2l_create_page, C2L, CREATE_PAGE, AdwBin)

/* NULL before the window closes. */
void        c2l_create_page_set_board (C2lCreatePage *page, C2lBoard *board);

/* Stands at the end, beside the pictures; in a narrow window over them, when it is asked for. */
void        c2l_create_page_set_panel (C2lCreatePage *page, GtkWidget *panel);
/* Given: the action “panel-visible”, which shows and hides it. What was chosen comes back. */
GAction    *c2l_create_page_create_panel_action (C2lCreatePage *page);
/* The keyboard to the example prompts, which show where there are no pictures. */
void        c2l_create_page_focus_examples (C2lCreatePage *page);
/* Shows what stands at a side and takes the keyboard there, or hides it and takes the keyboard back to the pictures. */
void        c2l_create_page_toggle_history (C2lCreatePage *page);
void        c2l_create_page_toggle_panel (C2lCreatePage *page);
/* Stands at the start. */
void        c2l_create_page_set_history (C2lCreatePage *page, C2lHistoryPane *history);
/* Takes the place of the grid while c2l_create_page_view() wants it. */
void        c2l_create_page_set_viewer (C2lCreatePage *page, GtkWidget *viewer);
/* The viewer, or the grid again. */
void        c2l_create_page_view (C2lCreatePage *page, gboolean viewing);

/* Takes settings of @recipe over into the prompt bar; @what: "all", "prompt", "seed" or
 * "options". */
void        c2l_create_page_use_recipe (C2lCreatePage *page, C2lRecipe *recipe, const char *what);

/* Of the group “create”, for further actions. */
GActionMap *c2l_create_page_get_actions (C2lCreatePage *page);

/* Writes the prompt as if the artist had, and draws it. */
void        c2l_create_page_generate_prompt (C2lCreatePage *page, const char *prompt);

/* A picture of ours opens its recipe, another image gives look-alikes, anything else is named
 * for what it is. @files of GFile. */
void        c2l_create_page_open_files (C2lCreatePage *page, GPtrArray *files);

G_END_DECLS
