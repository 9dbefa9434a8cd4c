/* From YAML's events to JSON values. libyaml does the syntax; here are the types of scalars, and
 * the limits: the file, its depth and the number of values after aliases are expanded.
 * Interpolation stands in yaml-resolve.c. */
#include "formats/yaml.h"

#include "formats/mapped.h"
#include "formats/yaml-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <yaml.h>

typedef struct
{
  JsonNode *node;
  guint n_values;
} Anchor;

typedef struct
{
  yaml_parser_t parser;
  yaml_event_t event; /* the one that is looked at */
  gboolean has_event;
  const char *name;    /* of the file */
  GHashTable *anchors; /* name → Anchor */
  guint n_values;
  GError **error;
} Reader;

static JsonNode *read_node (Reader *reader, int depth);

static void
anchor_free (gpointer data)
{
  Anchor *anchor = data;

  json_node_unref (anchor->node);
  g_free (anchor);
}

static gpointer G_GNUC_PRINTF (3, 4)
    fail (Reader *reader, C2lFormatError code, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (reader->error, C2L_FORMAT_ERROR, code, _ ("%s: line %zu: %s"), reader->name,
               reader->event.start_mark.line + 1, what);
  return NULL;
}

/* Goes to the next event. */
static gboolean
advance (Reader *reader)
{
  if (reader->has_event)
    yaml_event_delete (&reader->event);
  reader->has_event = yaml_parser_parse (&reader->parser, &reader->event);
  if (reader->has_event)
    return TRUE;

  memset (&reader->event, 0, sizeof reader->event);
  g_set_error (reader->error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
               _ ("%s: line %zu: not YAML: %s"), reader->name, reader->parser.problem_mark.line + 1,
               reader->parser.problem != NULL ? reader->parser.problem : "damaged");
  return FALSE;
}

static gboolean
is_one_of (const char *text, const char *const *words)
{
  return g_strv_contains (words, text);
}

/* Digits of @base without the underscores between them; FALSE where there is anything else. */
static gboolean
parse_digits (const char *digits, int base, gboolean is_negative, gint64 *value, gboolean *is_range)
{
  g_autoptr (GString) plain = g_string_new (is_negative ? "-" : NULL);
  char *end;

  for (const char *p = digits; *p != '\0'; p++)
    {
      int digit = g_ascii_xdigit_value (*p);

      if (*p == '_')
        continue;
      if (digit < 0 || digit >= base)
        return FALSE;
      g_string_append_c (plain, *p);
    }
  if (plain->len == (gsize) is_negative)
    return FALSE;
  errno = 0;
  *value = g_ascii_strtoll (plain->str, &end, base);
  *is_range = errno == ERANGE;
  return TRUE;
}

/* Integers of YAML 1.1: 12, 1_000, 0x1f, 0b101, 017. */
static gboolean
parse_integer (const char *text, gint64 *value, gboolean *is_range)
{
  gboolean is_negative = *text == '-';

  if (*text == '-' || *text == '+')
    text++;
  if (!g_ascii_isdigit (*text))
    return FALSE;
  if (g_str_has_prefix (text, "0x"))
    return parse_digits (text + 2, 16, is_negative, value, is_range);
  if (g_str_has_prefix (text, "0b"))
    return parse_digits (text + 2, 2, is_negative, value, is_range);
  if (text[0] == '0' && text[1] != '\0')
    return parse_digits (text + 1, 8, is_negative, value, is_range);
  return parse_digits (text, 10, is_negative, value, is_range);
}

static const char *
skip_digits (const char *p)
{
  while (g_ascii_isdigit (*p) || *p == '_')
    p++;
  return p;
}

/* Floating point as OmegaConf reads it: 1.5, 1., .5, 1e-4, 1_0.0e+3. */
static gboolean
parse_float (const char *text, double *value)
{
  g_autoptr (GString) plain = g_string_new (NULL);
  const char *p = text + (*text == '-' || *text == '+');
  gboolean has_whole = g_ascii_isdigit (*p);
  gboolean has_point;
  gboolean has_exponent;

  if (!has_whole && !(p[0] == '.' && g_ascii_isdigit (p[1])))
    return FALSE;
  p = skip_digits (p);
  has_point = *p == '.';
  if (has_point)
    p = skip_digits (p + 1);
  has_exponent = *p == 'e' || *p == 'E';
  if (has_exponent)
    {
      p += 1 + (p[1] == '-' || p[1] == '+');
      if (!g_ascii_isdigit (*p))
        return FALSE;
      while (g_ascii_isdigit (*p))
        p++;
    }
  if (*p != '\0' || (!has_point && !has_exponent))
    return FALSE;

  for (p = text; *p != '\0'; p++)
    {
      if (*p != '_')
        g_string_append_c (plain, *p);
    }
  *value = g_ascii_strtod (plain->str, NULL);
  return TRUE;
}

/* The value of a plain scalar. */
static JsonNode *
read_plain (Reader *reader, const char *text)
{
  static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
  static const char *const trues[]
      = { "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", NULL };
  static const char *const falses[]
      = { "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", NULL };
  static const char *const infinities[]
      = { ".inf",  ".Inf",  ".INF", "-.inf", "-.Inf", "-.INF", "+.inf",
          "+.Inf", "+.INF", ".nan", ".NaN",  ".NAN",  NULL };
  gint64 integer = 0;
  double number = 0;
  gboolean is_range = FALSE;

  if (is_one_of (text, nulls))
    return json_node_init_null (json_node_alloc ());
  if (is_one_of (text, trues) || is_one_of (text, falses))
    return json_node_init_boolean (json_node_alloc (), is_one_of (text, trues));
  if (is_one_of (text, infinities))
    return fail (reader, C2L_FORMAT_ERROR_UNSUPPORTED, "“%s” is not a finite number", text);
  if (parse_integer (text, &integer, &is_range))
    {
      if (is_range)
        return fail (reader, C2L_FORMAT_ERROR_UNSUPPORTED, "the number %s is too large", text);
      return json_node_init_int (json_node_alloc (), integer);
    }
  if (parse_float (text, &number))
    {
      if (number > G_MAXDOUBLE || number < -G_MAXDOUBLE)
        return fail (reader, C2L_FORMAT_ERROR_UNSUPPORTED, "the number %s is too large", text);
      return json_node_init_double (json_node_alloc (), number);
    }
  return json_node_init_string (json_node_alloc (), text);
}

/* Only the tags of YAML's own types may stand in a file, the rest would make objects. */
static gboolean
check_tag (Reader *reader, const yaml_char_t *tag)
{
  static const char *const known[]
      = { YAML_NULL_TAG, YAML_BOOL_TAG,  YAML_STR_TAG, YAML_INT_TAG, YAML_MAP_TAG,
          YAML_SEQ_TAG,  YAML_FLOAT_TAG, "!",          NULL };

  if (tag == NULL || is_one_of ((const char *) tag, known))
    return TRUE;
  fail (reader, C2L_FORMAT_ERROR_FORBIDDEN,
        "the tag “%s” would make an object; only plain values are read", (const char *) tag);
  return FALSE;
}

static JsonNode *
read_scalar (Reader *reader)
{
  const char *text = (const char *) reader->event.data.scalar.value;
  const char *tag = (const char *) reader->event.data.scalar.tag;
  gboolean is_plain = reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

  if (strlen (text) != reader->event.data.scalar.length)
    return fail (reader, C2L_FORMAT_ERROR_DAMAGED, "a text holds the character U+0000");
  if (tag == NULL ? is_plain : strcmp (tag, YAML_STR_TAG) != 0 && strcmp (tag, "!") != 0)
    return read_plain (reader, text);
  return json_node_init_string (json_node_alloc (), text);
}

static JsonNode *
read_sequence (Reader *reader, int depth)
{
  g_autoptr (JsonArray) array = json_array_new ();
  JsonNode *node;

  while (TRUE)
    {
      if (!advance (reader))
        return NULL;
      if (reader->event.type == YAML_SEQUENCE_END_EVENT)
        break;
      node = read_node (reader, depth + 1);
      if (node == NULL)
        return NULL;
      json_array_add_element (array, node);
    }
  node = json_node_alloc ();
  return json_node_init_array (node, array);
}

/* The key that is looked at. */
static char *
read_key (Reader *reader, JsonObject *object)
{
  const char *key;

  if (reader->event.type != YAML_SCALAR_EVENT)
    return fail (reader, C2L_FORMAT_ERROR_UNSUPPORTED, "a key must be a word");
  if (!check_tag (reader, reader->event.data.scalar.tag))
    return NULL;
  key = (const char *) reader->event.data.scalar.value;
  if (strlen (key) != reader->event.data.scalar.length)
    return fail (reader, C2L_FORMAT_ERROR_DAMAGED, "a key holds the character U+0000");
  if (strcmp (key, "<<") == 0)
    return fail (reader, C2L_FORMAT_ERROR_UNSUPPORTED,
                 "merge keys (“<<”) are not supported; write the values out");
  if (json_object_has_member (object, key))
    return fail (reader, C2L_FORMAT_ERROR_DAMAGED, "the key “%s” stands there twice", key);
  return g_strdup (key);
}

static JsonNode *
read_mapping (Reader *reader, int depth)
{
  g_autoptr (JsonObject) object = json_object_new ();
  JsonNode *node;

  while (TRUE)
    {
      g_autofree char *key = NULL;

      if (!advance (reader))
        return NULL;
      if (reader->event.type == YAML_MAPPING_END_EVENT)
        break;
      key = read_key (reader, object);
      if (key == NULL || !advance (reader))
        return NULL;
      node = read_node (reader, depth + 1);
      if (node == NULL)
        return NULL;
      json_object_set_member (object, key, node);
    }
  node = json_node_alloc ();
  return json_node_init_object (node, object);
}

static JsonNode *
read_alias (Reader *reader)
{
  const char *name = (const char *) reader->event.data.alias.anchor;
  const Anchor *anchor = g_hash_table_lookup (reader->anchors, name);

  if (anchor == NULL)
    return fail (reader, C2L_FORMAT_ERROR_DAMAGED, "“*%s” refers to nothing that stands before it",
                 name);
  reader->n_values += anchor->n_values;
  if (reader->n_values > C2L_YAML_MAX_VALUES)
    return fail (reader, C2L_FORMAT_ERROR_UNSUPPORTED, "more than %d values through “*%s”",
                 C2L_YAML_MAX_VALUES, name);
  return c2l_yaml_copy_node (anchor->node);
}

/* The value whose first event is looked at; the last of its events is looked at afterwards. */
static JsonNode *
read_node (Reader *reader, int depth)
{
  g_autofree char *anchor_name = NULL;
  guint values_before = reader->n_values;
  JsonNode *node = NULL;

  if (depth > C2L_YAML_MAX_DEPTH)
    return fail (reader, C2L_FORMAT_ERROR_UNSUPPORTED, "nested more than %d deep",
                 C2L_YAML_MAX_DEPTH);
  if (++reader->n_values > C2L_YAML_MAX_VALUES)
    return fail (reader, C2L_FORMAT_ERROR_UNSUPPORTED, "more than %d values", C2L_YAML_MAX_VALUES);

  switch (reader->event.type)
    {
    case YAML_ALIAS_EVENT:
      return read_alias (reader);

    case YAML_SCALAR_EVENT:
      anchor_name = g_strdup ((const char *) reader->event.data.scalar.anchor);
      if (check_tag (reader, reader->event.data.scalar.tag))
        node = read_scalar (reader);
      break;

    case YAML_SEQUENCE_START_EVENT:
      anchor_name = g_strdup ((const char *) reader->event.data.sequence_start.anchor);
      if (check_tag (reader, reader->event.data.sequence_start.tag))
        node = read_sequence (reader, depth);
      break;

    case YAML_MAPPING_START_EVENT:
      anchor_name = g_strdup ((const char *) reader->event.data.mapping_start.anchor);
      if (check_tag (reader, reader->event.data.mapping_start.tag))
        node = read_mapping (reader, depth);
      break;

    default:
      return fail (reader, C2L_FORMAT_ERROR_DAMAGED, "a value is missing");
    }

  if (node != NULL && anchor_name != NULL)
    {
      Anchor *anchor = g_new (Anchor, 1);

      anchor->node = c2l_yaml_copy_node (node);
      anchor->n_values = reader->n_values - values_before;
      reader->n_values += anchor->n_values;
      g_hash_table_insert (reader->anchors, g_steal_pointer (&anchor_name), anchor);
    }
  return node;
}

/* The only document's value; NULL without an error where there is none. */
static JsonNode *
read_document (Reader *reader)
{
  g_autoptr (JsonNode) node = NULL;

  if (!advance (reader) || !advance (reader))
    return NULL;
  if (reader->event.type == YAML_STREAM_END_EVENT)
    return NULL;
  if (!advance (reader))
    return NULL;
  node = read_node (reader, 0);
  if (node == NULL || !advance (reader) || !advance (reader))
    return NULL;
  if (reader->event.type != YAML_STREAM_END_EVENT)
    return fail (reader, C2L_FORMAT_ERROR_UNSUPPORTED, "several documents in one file; keep one");
  return g_steal_pointer (&node);
}

static JsonNode *
parse (const char *data, gsize size, const char *name, GError **error)
{
  GError *local_error = NULL;
  Reader reader = { .name = name, .error = &local_error };
  JsonNode *node;

  if (size > C2L_YAML_MAX_SIZE)
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
                   _ ("%s: %zu bytes are too many for a configuration"), name, size);
      return NULL;
    }
  if (!g_utf8_validate_len (data, size, NULL))
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
                   _ ("%s: not UTF-8 text; save it as UTF-8"), name);
      return NULL;
    }

  yaml_parser_initialize (&reader.parser);
  yaml_parser_set_encoding (&reader.parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string (&reader.parser, (const yaml_char_t *) data, size);
  reader.anchors = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, anchor_free);
  node = read_document (&reader);
  g_hash_table_unref (reader.anchors);
  if (reader.has_event)
    yaml_event_delete (&reader.event);
  yaml_parser_delete (&reader.parser);

  if (local_error != NULL)
    g_propagate_error (error, local_error);
  else if (node == NULL)
    node = json_node_init_null (json_node_alloc ());
  return node;
}

JsonObject *
c2l_yaml_parse (const char *data, gsize size, const char *name, GError **error)
{
  g_autoptr (JsonNode) node = NULL;

  g_return_val_if_fail (data != NULL && name != NULL, NULL);

  node = parse (data, size, name, error);
  if (node == NULL)
    return NULL;
  if (JSON_NODE_HOLDS_NULL (node))
    return json_object_new ();
  if (!JSON_NODE_HOLDS_OBJECT (node))
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
                   _ ("%s: not a configuration: it should be “key: value” lines"), name);
      return NULL;
    }
  return json_node_dup_object (node);
}

JsonObject *
c2l_yaml_load (const char *path, GError **error)
{
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (GBytes) bytes = NULL;
  const char *data;
  gsize size;

  g_return_val_if_fail (path != NULL, NULL);

  bytes = c2l_mapped_open (path, error);
  if (bytes == NULL)
    return NULL;
  data = g_bytes_get_data (bytes, &size);
  object = c2l_yaml_parse (data != NULL ? data : "", size, path, error);
  return object != NULL && c2l_mapped_check (path, error) ? c2l_yaml_resolve (object, path, error)
                                                          : NULL;
}

JsonNode *
c2l_yaml_parse_value (const char *text, GError **error)
{
  g_return_val_if_fail (text != NULL, NULL);

  return parse (text, strlen (text), text, error);
}
