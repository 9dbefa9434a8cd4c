/* C2lDirectionItem: a direction that pictures are edited along, as sliders see it: what the artist calls it, and how it is used. */
#pragma once

#include "studio/recipe.h"

#include <glib-object.h>

G_BEGIN_DECLS

typedef enum
{
  C2L_DIRECTION_MODEL, /* the bundle brings it */
  C2L_DIRECTION_WORDS, /* made from two prompts */
  C2L_DIRECTION_FOUND, /* by analysis of the generator */
  C2L_DIRECTION_FILE   /* imported */
} C2lDirectionGroup;

#define C2L_TYPE_DIRECTION_ITEM (c2l_direction_item_get_type ())
G_DECLARE_FINAL_TYPE (C2lDirectionItem, c2l_direction_item, C2L, DIRECTION_ITEM, GObject)

/* Properties, notified: name (string), hidden, inverted, pinned (boolean). */

/* @id: as recipes name it   @rows: (nullable): copied; NULL for the bundle's own, found by its id */
C2lDirectionItem *c2l_direction_item_new (const char *id, const char *name, C2lDirectionGroup group, double scale, const C2lRows *rows);

const char       *c2l_direction_item_get_id (C2lDirectionItem *item);
const char       *c2l_direction_item_get_name (C2lDirectionItem *item);
C2lDirectionGroup c2l_direction_item_get_group (C2lDirectionItem *item);
/* The amount that makes a clear difference. */
double            c2l_direction_item_get_scale (C2lDirectionItem *item);
gboolean          c2l_direction_item_get_hidden (C2lDirectionItem *item);
gboolean          c2l_direction_item_get_inverted (C2lDirectionItem *item);
gboolean          c2l_direction_item_get_pinned (C2lDirectionItem *item);
void              c2l_direction_item_get_layers (C2lDirectionItem *item, int *first, int *last);
void              c2l_direction_item_set_layers (C2lDirectionItem *item, int first, int last);
void              c2l_direction_item_set_name (C2lDirectionItem *item, const char *name);

/* What a slider at @value stands for, in a recipe (transfer full), and back. */
C2lRecipeEdit    *c2l_direction_item_to_edit (C2lDirectionItem *item, double value);
double            c2l_direction_item_to_value (C2lDirectionItem *item, double amount);

G_END_DECLS
