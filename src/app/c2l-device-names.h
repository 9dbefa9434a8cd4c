/* What devices and precisions are called in the window. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* "Processor" for "cpu". Lent. */
const char *c2l_device_names_get (const char *name);
/* "Fast" for "fast". Lent. */
const char *c2l_device_names_get_precision (const char *name);

/* What a device says of itself ("CPU, 2 threads, AVX2") in the user's words. */
char       *c2l_device_names_dup_description (const char *description);
/* What a recipe says of the device it was drawn on ("AVX2, oneDNN 2.6.3"). */
char       *c2l_device_names_dup_details (const char *details);

G_END_DECLS
