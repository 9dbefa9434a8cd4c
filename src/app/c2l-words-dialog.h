/* C2lWordsDialog: makes a direction from two prompts, with progress, and says how clear the difference is. */
#pragma once

#include "app/c2l-board.h"
#include "studio/found.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define C2L_TYPE_WORDS_DIALOG (c2l_words_dialog_get_type ())
G_DECLARE_FINAL_TYPE (C2lWordsDialog, c2l_words_dialog, C2L, WORDS_DIALOG, AdwWindow)

typedef void (*C2lDirectionMade) (const C2lFound *direction, gpointer data);

/* In front of @widget's window. @made (with @object, which is kept until then) once the direction is there; not where it was cancelled. */
void c2l_words_dialog_show (GtkWidget *widget, C2lBoard *board, C2lDirectionMade made, gpointer object);

G_END_DECLS
