/* Writing YAML. A text is left bare only where the reader would take it for the same text; all
 * others are quoted, in JSON's escapes, which are YAML's too. Numbers are written in the fewest
 * digits that read back the same. */
#include "formats/yaml-writer.h"

#include "formats/output.h"
#include "formats/yaml.h"

#include <math.h>
#include <string.h>

#define INDENT 2

static void write_node (GString *out, JsonNode *node, int depth);

/* The fewest digits that read back as @value. A point keeps it a float for PyYAML, which 1e-06 is
 * not. */
static void
write_double (GString *out, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE], *exponent;

  if (!isfinite (value))
    {
      g_string_append (out, isnan (value) ? ".nan" : value > 0 ? ".inf" : "-.inf");
      return;
    }
  for (int digits = 15; digits <= 17; digits++)
    {
      char format[8];

      g_snprintf (format, sizeof format, "%%.%dg", digits);
      g_ascii_formatd (text, sizeof text, format, value);
      if (g_ascii_strtod (text, NULL) == value)
        break;
    }
  exponent = strchr (text, 'e');
  if (strchr (text, '.') != NULL)
    g_string_append (out, text);
  else if (exponent != NULL)
    g_string_append_printf (out, "%.*s.0%s", (int) (exponent - text), text, exponent);
  else
    g_string_append_printf (out, "%s.0", text);
}

/* Whether @text means itself without quotes, at the end of a line as well as in a list. */
static gboolean
is_bare (const char *text)
{
  g_autoptr (JsonNode) read = NULL;

  if (*text == '\0' || text[strspn (text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-/ ")] != '\0'
      || *text == '-' || *text == ' ' || g_str_has_suffix (text, " "))
    return FALSE;
  read = c2l_yaml_parse_value (text, NULL);
  return read != NULL && JSON_NODE_HOLDS_VALUE (read)
         && json_node_get_value_type (read) == G_TYPE_STRING
         && strcmp (json_node_get_string (read), text) == 0;
}

static void
write_text (GString *out, const char *text)
{
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *quoted = NULL;

  if (is_bare (text))
    {
      g_string_append (out, text);
      return;
    }
  node = json_node_init_string (json_node_alloc (), text);
  quoted = json_to_string (node, FALSE);
  g_string_append (out, quoted);
}

static void
write_value (GString *out, JsonNode *node)
{
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;

  if (type == G_TYPE_STRING)
    write_text (out, json_node_get_string (node));
  else if (type == G_TYPE_BOOLEAN)
    g_string_append (out, json_node_get_boolean (node) ? "true" : "false");
  else if (type == G_TYPE_INT64)
    g_string_append_printf (out, "%" G_GINT64_FORMAT, json_node_get_int (node));
  else if (type == G_TYPE_DOUBLE)
    write_double (out, json_node_get_double (node));
  else
    g_string_append (out, "null");
}

static gboolean
is_plain_list (JsonArray *list)
{
  for (guint i = 0; i < json_array_get_length (list); i++)
    if (JSON_NODE_HOLDS_OBJECT (json_array_get_element (list, i))
        || JSON_NODE_HOLDS_ARRAY (json_array_get_element (list, i)))
      return FALSE;
  return TRUE;
}

static void
write_list (GString *out, JsonArray *list, int depth)
{
  gboolean plain = is_plain_list (list);

  if (plain)
    g_string_append (out, " [");
  for (guint i = 0; i < json_array_get_length (list); i++)
    {
      JsonNode *node = json_array_get_element (list, i);

      if (plain)
        {
          g_string_append (out, i > 0 ? ", " : "");
          write_value (out, node);
          continue;
        }
      g_string_append_printf (out, "\n%*s-", depth * INDENT, "");
      write_node (out, node, depth + 1);
    }
  if (plain)
    g_string_append_c (out, ']');
}

static void
write_members (GString *out, JsonObject *object, int depth)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    {
      if (out->len > 0)
        g_string_append_printf (out, "\n%*s", depth * INDENT, "");
      write_text (out, name);
      g_string_append_c (out, ':');
      write_node (out, node, depth + 1);
    }
}

/* What follows a key's colon or a list's dash. */
static void
write_node (GString *out, JsonNode *node, int depth)
{
  if (JSON_NODE_HOLDS_OBJECT (node) && json_object_get_size (json_node_get_object (node)) > 0)
    write_members (out, json_node_get_object (node), depth);
  else if (JSON_NODE_HOLDS_OBJECT (node))
    g_string_append (out, " {}");
  else if (JSON_NODE_HOLDS_ARRAY (node))
    write_list (out, json_node_get_array (node), depth);
  else
    {
      g_string_append_c (out, ' ');
      write_value (out, node);
    }
}

char *
c2l_yaml_to_string (JsonObject *object)
{
  GString *out = g_string_new (NULL);

  write_members (out, object, 0);
  if (out->len == 0)
    g_string_append (out, "{}");
  g_string_append_c (out, '\n');
  return g_string_free (out, FALSE);
}

gboolean
c2l_yaml_save (JsonObject *object, const char *path, GError **error)
{
  g_autofree char *text = c2l_yaml_to_string (object);
  return c2l_output_save (path, text, strlen (text), error);
}
