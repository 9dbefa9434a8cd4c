/* JSON from outside, parsed by json-glib after a look at what that would not survive or should not
 * accept. Its parser recurses, so deep nesting is refused before it starts; and it takes comments,
 * single quotes and assignments, behind which nesting could hide from that look, so outside of
 * strings only JSON's own characters pass. */
#include "formats/json-text.h"

#include "formats/weights.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_DEPTH 64

/* Of numbers, words, structure and space. */
static gboolean
is_json_character (char c)
{
  return g_ascii_isalnum (c) || (c != '\0' && strchr ("{}[],:+-. \t\r\n", c) != NULL);
}

/* What keeps @text from the parser, or NULL. */
static const char *
find_mistake (const char *text, gsize length)
{
  int depth = 0;
  gboolean in_string = FALSE;

  if (!g_utf8_validate_len (text, length, NULL))
    return "not UTF-8 text, so not JSON";
  for (gsize i = 0; i < length; i++)
    {
      char c = text[i];

      if (c == '"')
        in_string = !in_string;
      else if (in_string)
        i += c == '\\';
      else if (!is_json_character (c))
        return "not JSON: a character stands outside of strings that cannot";
      else
        depth += (c == '{' || c == '[') - (c == '}' || c == ']');
      if (depth > MAX_DEPTH)
        return "nested too deeply to be believed";
    }
  return NULL;
}

JsonObject *
c2l_json_parse_object (const char *text, gssize length, const char *where, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) reason = NULL;
  gsize size = length < 0 ? strlen (text) : (gsize) length;
  const char *mistake = find_mistake (text, size);
  JsonNode *root;

  if (mistake != NULL)
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED, "%s: %s", where, mistake);
      return NULL;
    }
  if (!json_parser_load_from_data (parser, text, size, &reason))
    {
      /* It quotes what it was given. */
      g_autofree char *words = g_utf8_make_valid (reason->message, -1);

      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED, _ ("%s: not JSON: %s"), where,
                   words);
      return NULL;
    }
  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
                   _ ("%s: JSON, but not an object in braces"), where);
      return NULL;
    }
  return json_object_ref (json_node_get_object (root));
}
