/* C2lLayerRange: which layers of a generator something works on: from, to, and buttons for the usual choices. Layers are counted from 1 for
 * people and from 0 here. Signal ::changed. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define C2L_TYPE_LAYER_RANGE (c2l_layer_range_get_type ())
G_DECLARE_FINAL_TYPE (C2lLayerRange, c2l_layer_range, C2L, LAYER_RANGE, GtkWidget)

GtkWidget *c2l_layer_range_new (void);
/* Both ends inclusive; @last C2L_LAST_LAYER (−1): to the end. No ::changed. */
void       c2l_layer_range_set (C2lLayerRange *range, int n_layers, int first, int last);
void       c2l_layer_range_get (C2lLayerRange *range, int *first, int *last);

G_END_DECLS
