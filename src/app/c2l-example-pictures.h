/* Pictures that a model drew; where none come with the program, a square that says so. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* @paths: NULL-terminated; the first four are shown   @name: of the model, for screen readers */
GtkWidget *c2l_example_pictures_new (const char *const *paths, const char *name);

G_END_DECLS
