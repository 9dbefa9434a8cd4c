/* Which keys a training's configuration has, of what type and in what range. Knows no files. */
#pragma once

#include "studio/train-config.h"

G_BEGIN_DECLS

/* Whether @path ("train.lr") is a value that can be set, or (a group of keys) @is_branch. */
gboolean    c2l_train_schema_has (const char *path, gboolean *is_branch);

/* Sets the error that @path is not known, with the nearest that is. Returns FALSE. */
gboolean    c2l_train_schema_refuse (const char *path, GError **error);

/* Whether @config has all keys that it must, none that is not known, and sensible values. Whole numbers that were
 * written as "1e4" become integers. @config is resolved. */
gboolean    c2l_train_schema_check (JsonObject *config, GError **error);

/* The node at @path, or NULL. Lent. */
JsonNode   *c2l_train_schema_lookup (JsonObject *config, const char *path);

G_END_DECLS
