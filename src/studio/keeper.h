/* C2lKeeper: draws the favourites of a library that have no full-size PNG yet, one after the other and after everything that somebody waits for,
 * so that they outlive the model that drew them.
 *
 *   C2lKeeper *keeper = c2l_keeper_new (worker, library);
 *   c2l_keeper_set_generator (keeper, sha256);
 *
 * Belongs to the thread that made it. It works by itself whenever the library changes; what cannot be kept is tried again when the program
 * starts the next time, and the first reason is told by ::failed (const char *text). */
#pragma once

#include "studio/library.h"
#include "studio/worker.h"

G_BEGIN_DECLS

#define C2L_TYPE_KEEPER (c2l_keeper_get_type ())
G_DECLARE_FINAL_TYPE (C2lKeeper, c2l_keeper, C2L, KEEPER, GObject)

C2lKeeper *c2l_keeper_new (C2lWorker *worker, C2lLibrary *library);
/* SHA-256 of the generator that the worker has open; NULL: none. Only its pictures can be drawn. */
void       c2l_keeper_set_generator (C2lKeeper *keeper, const char *sha256);
/* Cancels what it does. */
void       c2l_keeper_close (C2lKeeper *keeper);

G_END_DECLS
