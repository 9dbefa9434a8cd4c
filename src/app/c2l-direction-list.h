/* C2lDirectionList: the shelf of a model's directions as a list model of C2lDirectionItem. What the artist changes about an item is written to the
 * shelf a moment later, and when the list goes. Signal ::failed (text): the shelf could not be written. */
#pragma once

#include "app/c2l-direction-item.h"
#include "studio/shelf.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define C2L_TYPE_DIRECTION_LIST (c2l_direction_list_get_type ())
G_DECLARE_FINAL_TYPE (C2lDirectionList, c2l_direction_list, C2L, DIRECTION_LIST, GObject)

C2lDirectionList *c2l_direction_list_new (C2lShelf *shelf);

void              c2l_direction_list_add (C2lDirectionList *list, C2lShelfOrigin origin, const C2lFound *found);
/* FALSE and an error where @file is no direction of @width. */
gboolean          c2l_direction_list_import (C2lDirectionList *list, const char *file, int width, GError **error);
void              c2l_direction_list_remove (C2lDirectionList *list, C2lDirectionItem *item);
/* Takes away all that were found before, so that a new search does not add to them. */
void              c2l_direction_list_remove_found (C2lDirectionList *list);

/* Of C2lPreset; lent. */
GPtrArray        *c2l_direction_list_get_presets (C2lDirectionList *list);
void              c2l_direction_list_set_preset (C2lDirectionList *list, const char *name, GPtrArray *edits);
void              c2l_direction_list_remove_preset (C2lDirectionList *list, const char *name);

G_END_DECLS
