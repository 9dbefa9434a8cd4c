/* What yaml.c and yaml-resolve.c share. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Far above any configuration's, as the size in yaml.h is. Aliases within aliases make a small file reach the last, and every
 * value is copied twice. */
#define C2L_YAML_MAX_DEPTH 64
#define C2L_YAML_MAX_VALUES 10000

/* A copy that shares nothing with @node. json_node_copy() shares objects and arrays. */
JsonNode *c2l_yaml_copy_node (JsonNode *node);

G_END_DECLS
