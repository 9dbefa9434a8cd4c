/* Folders that a test makes for itself. */
#pragma once

#include <glib.h>

/* Removes the folder @path with all that is in it; nothing where there is none. Links are removed, not followed. */
void scratch_remove (const char *path);
