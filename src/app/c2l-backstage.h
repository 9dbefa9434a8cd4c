/* C2lBackstage: what stands behind the window: the worker with its model, the library, and the board over both, set up as the settings say and
 * following them. There is one, as long as the application runs. */
#pragma once

#include "app/c2l-board.h"

G_BEGIN_DECLS

#define C2L_TYPE_BACKSTAGE (c2l_backstage_get_type ())
G_DECLARE_FINAL_TYPE (C2lBackstage, c2l_backstage, C2L, BACKSTAGE, GObject)

/* Signal ::notice (text): what the artist must know of library or model from the start; emitted after the caller's turn. */
C2lBackstage *c2l_backstage_new (GdkDisplay *display);
C2lBoard    *c2l_backstage_get_board (C2lBackstage *backstage);
/* Cancels what runs, writes what is to be written, and ends the threads. */
void         c2l_backstage_close (C2lBackstage *backstage);

G_END_DECLS
