/* JSON values as YAML in block style, so that yaml.h, OmegaConf and PyYAML read the same values again. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Members in their order, lists of plain values on one line. */
char    *c2l_yaml_to_string (JsonObject *object);

/* The same into the file @path, which appears whole or not at all. */
gboolean c2l_yaml_save (JsonObject *object, const char *path, GError **error);

G_END_DECLS
