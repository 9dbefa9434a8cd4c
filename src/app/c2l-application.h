/* C2lApplication: the program as the desktop sees it: one instance, the command line, files to open, the actions of the menu. Owns what
 * all windows share, the worker and the library. */
#pragma once

#include "app/c2l-backstage.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define C2L_TYPE_APPLICATION (c2l_application_get_type ())
G_DECLARE_FINAL_TYPE (C2lApplication, c2l_application, C2L, APPLICATION, AdwApplication)

C2lApplication *c2l_application_new (void);

/* Lent; from startup on, until the application is gone. */
C2lBackstage    *c2l_application_get_backstage (C2lApplication *application);

G_END_DECLS
