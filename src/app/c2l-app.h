/* What has to be done once before any class of the application is used, by main and by tests. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Languages and resources. */
void c2l_app_init (void);

G_END_DECLS
