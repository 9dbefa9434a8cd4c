/* Reading JSON from outside: json-glib complains on the console about members of the wrong type;
 * these return a default instead. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* NULL or @fallback where the member is missing or of another type. Lent. */
JsonObject *c2l_json_get_object (JsonObject *object, const char *name);
JsonArray  *c2l_json_get_array (JsonObject *object, const char *name);
const char *c2l_json_get_string (JsonObject *object, const char *name, const char *fallback);
gint64      c2l_json_get_int (JsonObject *object, const char *name, gint64 fallback);
double      c2l_json_get_double (JsonObject *object, const char *name, double fallback);
gboolean    c2l_json_get_boolean (JsonObject *object, const char *name, gboolean fallback);

/* @text in the user's language, as @translations (nullable) says it: an object for each language, of
 * texts by their original, which is English. @text itself (may be NULL) where it says nothing. Lent. */
const char *c2l_json_translate (JsonObject *translations, const char *text);

/* A JSON object as text, indented for people or on one line. */
char       *c2l_json_object_to_string (JsonObject *object, gboolean pretty);

G_END_DECLS
