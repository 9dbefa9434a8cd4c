/* A dialog that asks for a name. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef void (*C2lNamed) (const char *name, gpointer data);

/* Asks in front of @widget's window. @named is called with a name that is not empty, and not at all where the artist thinks better of it.
 * @object is kept until then and handed to @named as its data. */
void c2l_name_dialog_ask (GtkWidget *widget, const char *heading, const char *body, const char *label, const char *button, C2lNamed named,
                          gpointer object);

G_END_DECLS
