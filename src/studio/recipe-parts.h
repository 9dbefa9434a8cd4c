/* Parts of recipes as JSON, for the files that hold them: rows of floats, ranges of layers, edits. Everything that is read is hostile until
 * it was checked. */
#pragma once

#include "studio/recipe.h"

G_BEGIN_DECLS

/* A member of the object that is being built; nothing where @value is NULL. */
void        c2l_json_add_string (JsonBuilder *builder, const char *name, const char *value);
void        c2l_json_add_double (JsonBuilder *builder, const char *name, double value);
/* Nothing where @rows are empty. */
void        c2l_json_add_rows (JsonBuilder *builder, const char *name, const C2lRows *rows);
/* Nothing where they are all layers. */
void        c2l_json_add_layers (JsonBuilder *builder, int first_layer, int last_layer);
/* The member "edits". */
void        c2l_json_add_edits (JsonBuilder *builder, GPtrArray *edits);

/* FALSE where the member is missing or damaged, numbers that are not finite included. */
gboolean    c2l_json_read_rows (JsonObject *object, const char *name, C2lRows *rows);
/* All layers where nothing is said; FALSE where what is said is no range. */
gboolean    c2l_json_read_layers (JsonObject *object, int *first_layer, int *last_layer);
/* Adds the member "edits", if it is there, to @edits. FALSE and in @what (static) what is wrong. */
gboolean    c2l_json_read_edits (JsonObject *object, GPtrArray *edits, const char **what);
/* Element @i of @array; NULL where it is no object. Lent. */
JsonObject *c2l_json_get_element (JsonArray *array, guint i);

G_END_DECLS
