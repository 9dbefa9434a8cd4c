/* Small popovers for one direction: its name, and the layers that it works on. They stand at the direction's row. */
#pragma once

#include "app/c2l-direction-item.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

void c2l_direction_rename (GtkWidget *row, C2lDirectionItem *item);

typedef void (*C2lLayersChosen) (C2lDirectionItem *item, gpointer data);

/* @chosen: after each change, as long as @row is there. @n_layers: of the open model. */
void c2l_direction_choose_layers (GtkWidget *row, C2lDirectionItem *item, int n_layers, C2lLayersChosen chosen, gpointer data);

G_END_DECLS
