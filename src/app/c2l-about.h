/* The window that says what this program is, by whom, and under which licences. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

GtkWidget *c2l_about_new (GtkWindow *parent);

G_END_DECLS
