/* What devices and precisions are called in the window. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* "Processor" for "cpu". Lent. */
const char *c2l_device_names_get (const char *name);
/* "Fast" for "fast". Lent. */
const char *c2l_device_names_get_precision (const char *name);

G_END_DECLS
