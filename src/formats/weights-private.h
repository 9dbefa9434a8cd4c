/* How the readers fill a C2lWeights. For src/formats only, and for tests that feed bytes. */
#pragma once

#include "formats/weights.h"

G_BEGIN_DECLS

/* As c2l_weights_load, from memory; @path serves messages and is what get_path answers. */
C2lWeights *c2l_weights_load_bytes (GBytes *bytes, const char *path, GError **error);

/* Adds an array whose data somebody keeps alive (see own). FALSE where the name is taken or cannot
 * be one. */
gboolean    c2l_weights_add_view (C2lWeights *weights, const char *name, const C2lArray *view, GError **error);
/* Ties @owner's life to that of @weights. */
void        c2l_weights_own (C2lWeights *weights, gpointer owner, GDestroyNotify destroy);
/* Room for @array's elements, added under @name; the caller fills it. NULL where memory or the name
 * does not allow it. */
gpointer    c2l_weights_add_empty (C2lWeights *weights, const char *name, const C2lArray *shape, GError **error);

guint       c2l_weights_get_length (C2lWeights *weights);
void        c2l_weights_set_kind (C2lWeights *weights, C2lWeightsKind kind);
/* @format (transfer full) */
void        c2l_weights_take_format (C2lWeights *weights, char *format);

G_END_DECLS
