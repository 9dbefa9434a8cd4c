/* The part of c2l info that is about this computer. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Prints every device, the best first, those that cannot be used with the reason. */
void c2l_info_show_devices (gboolean json);

G_END_DECLS
