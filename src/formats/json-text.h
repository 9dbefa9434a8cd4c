/* JSON from outside, parsed without trust. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* The object that @text is, or NULL and an error that names @where. @length may be -1. (transfer
 * full) */
JsonObject *c2l_json_parse_object (const char *text, gssize length, const char *where, GError **error);

G_END_DECLS
