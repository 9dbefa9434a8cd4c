/* Asks where a second catalogue of models is, and makes that the setting “catalogue”. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

void c2l_address_dialog_present (GtkWindow *parent);

G_END_DECLS
