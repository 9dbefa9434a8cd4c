/* C2lWorkshop: what stands behind the window: the worker with its model, the library, and the board over both, set up as the settings say and
 * following them. There is one, as long as the application runs. */
#pragma once

#include "app/c2l-board.h"

G_BEGIN_DECLS

#define C2L_TYPE_WORKSHOP (c2l_workshop_get_type ())
G_DECLARE_FINAL_TYPE (C2lWorkshop, c2l_workshop, C2L, WORKSHOP, GObject)

/* Signal ::notice (text): what the artist must know of library or model from the start; emitted after the caller's turn. */
C2lWorkshop *c2l_workshop_new (GdkDisplay *display);
C2lBoard    *c2l_workshop_get_board (C2lWorkshop *workshop);
/* Cancels what runs, writes what is to be written, and ends the threads. */
void         c2l_workshop_close (C2lWorkshop *workshop);

G_END_DECLS
