/* Members of JSON from outside: the type of each is looked at before it is used. */
#include "studio/json.h"

JsonObject *
c2l_json_get_object (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);
  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

JsonArray *
c2l_json_get_array (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);
  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static JsonNode *
get_value (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? node : NULL;
}

const char *
c2l_json_get_string (JsonObject *object, const char *name, const char *fallback)
{
  JsonNode *node = get_value (object, name);
  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING
             ? json_node_get_string (node)
             : fallback;
}

gint64
c2l_json_get_int (JsonObject *object, const char *name, gint64 fallback)
{
  JsonNode *node = get_value (object, name);
  return node != NULL && json_node_get_value_type (node) == G_TYPE_INT64 ? json_node_get_int (node)
                                                                         : fallback;
}

double
c2l_json_get_double (JsonObject *object, const char *name, double fallback)
{
  JsonNode *node = get_value (object, name);

  if (node != NULL && json_node_get_value_type (node) == G_TYPE_INT64)
    return json_node_get_int (node);
  return node != NULL && json_node_get_value_type (node) == G_TYPE_DOUBLE
             ? json_node_get_double (node)
             : fallback;
}

gboolean
c2l_json_get_boolean (JsonObject *object, const char *name, gboolean fallback)
{
  JsonNode *node = get_value (object, name);
  return node != NULL && json_node_get_value_type (node) == G_TYPE_BOOLEAN
             ? json_node_get_boolean (node)
             : fallback;
}

char *
c2l_json_object_to_string (JsonObject *object, gboolean pretty)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  json_node_set_object (node, object);
  return json_to_string (node, pretty);
}

/* What is in no list of translations is taken to be English. */
static gboolean
is_original (const char *language)
{
  return g_str_equal (language, "C") || g_str_equal (language, "en")
         || g_str_has_prefix (language, "en_");
}

const char *
c2l_json_translate (JsonObject *translations, const char *text)
{
  const char *const *languages = g_get_language_names ();

  for (int i = 0; translations != NULL && text != NULL && languages[i] != NULL; i++)
    {
      JsonObject *texts = c2l_json_get_object (translations, languages[i]);
      const char *found = texts != NULL ? c2l_json_get_string (texts, text, NULL) : NULL;

      if (found != NULL && *found != '\0')
        return found;
      if (is_original (languages[i]))
        break;
    }
  return text;
}
