/* YAML as configuration files use it, read into JSON values, with scalars as OmegaConf understands
 * them (1_000_000, 1.0e-4, True, null, yes) and its ${a.b} interpolation. Nothing of it reads the
 * environment or makes objects.
 *
 *   g_autoptr (JsonObject) config = c2l_yaml_load ("prior.yaml", &error);
 *
 * Refused (C2L_FORMAT_ERROR): tags of other languages, several documents, repeated keys, more than
 * 1 MiB, 64 levels or 100,000 values (aliases and interpolations counted at what they expand to),
 * integers over 64 bits. */
#pragma once

#include "formats/weights.h"

G_BEGIN_DECLS

#define C2L_YAML_MAX_SIZE (1u << 20) /* bytes of a configuration */

/* The mapping in the file @path, interpolations resolved. */
JsonObject *c2l_yaml_load (const char *path, GError **error);

/* The mapping in @data, interpolations as they stand, so that values may be overridden before they
 * are resolved. */
JsonObject *c2l_yaml_parse (const char *data, gsize size, const char *name, GError **error);

/* A copy of @object in which each ${a.b}, ${.sibling}, ${..a[0]} is replaced by what it refers to;
 * a value that is nothing else takes the type of what it refers to. Loops, missing keys and
 * resolvers (${oc.env:…}) are errors. */
JsonObject *c2l_yaml_resolve (JsonObject *object, const char *name, GError **error);

/* One value as it may stand on the right of "key=" on a command line: "3", "[4, 4, 10]", "a
 * name". */
JsonNode   *c2l_yaml_parse_value (const char *text, GError **error);

G_END_DECLS
