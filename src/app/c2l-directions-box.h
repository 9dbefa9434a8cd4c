/* C2lDirectionsBox: a slider for each direction, in groups, with a filter. Shows a list model of C2lDirectionItem and the values of one recipe;
 * changes neither, but tells of what the artist wants:
 *   ::edited (item, value, done)   a slider was moved
 * Its actions "direction.…" (rename, invert, pin, hide, layers, reset, remove) change the items' properties or are told by
 *   ::removed (item)               a direction that the artist made shall go */
#pragma once

#include "app/c2l-direction-item.h"
#include "studio/recipe-edits.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define C2L_TYPE_DIRECTIONS_BOX (c2l_directions_box_get_type ())
G_DECLARE_FINAL_TYPE (C2lDirectionsBox, c2l_directions_box, C2L, DIRECTIONS_BOX, GtkWidget)

void c2l_directions_box_set_list (C2lDirectionsBox *box, GListModel *directions);
/* Styles of a picture, for ranges of layers. */
void c2l_directions_box_set_n_layers (C2lDirectionsBox *box, int n_layers);
/* (nullable): the recipe whose amounts the sliders show. */
void c2l_directions_box_show_recipe (C2lDirectionsBox *box, C2lRecipe *recipe);
void c2l_directions_box_show_hidden (C2lDirectionsBox *box, gboolean hidden);
gboolean c2l_directions_box_get_shows_hidden (C2lDirectionsBox *box);

G_END_DECLS
