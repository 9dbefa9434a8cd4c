/* OmegaConf's interpolation. The tree is copied; each text that refers elsewhere becomes a copy of
 * what it refers to, resolved on the way; the tree itself does not change. A path that is being
 * resolved is kept on a stack: meeting it again is a loop. Copies are counted, so that small files
 * cannot grow large. */
#include "formats/yaml.h"

#include "formats/yaml-private.h"

#include <string.h>

/* Bytes that texts with references may grow to, all together. */
#define MAX_TEXT (1u << 20)

/* References that lead to each other in a row. */
#define MAX_STACK 32

/* References within references: ${a.${b}} are two. */
#define MAX_NESTING 8

typedef struct
{
  JsonObject *root;
  const char *name;
  GPtrArray *stack; /* paths that are being resolved, lent */
  int nesting;
  guint n_values;
  gsize n_bytes;
  GError **error;
} Resolver;

static JsonNode *resolve_node (Resolver *resolver, JsonNode *node, const char *path);
static JsonNode *evaluate (Resolver *resolver, const char *text, const char *path);

JsonNode *
c2l_yaml_copy_node (JsonNode *node)
{
  if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);
      JsonArray *copy = json_array_new ();

      for (guint i = 0; i < json_array_get_length (array); i++)
        json_array_add_element (copy, c2l_yaml_copy_node (json_array_get_element (array, i)));
      node = json_node_alloc ();
      json_node_init_array (node, copy);
      json_array_unref (copy);
      return node;
    }
  if (JSON_NODE_HOLDS_OBJECT (node))
    {
      JsonObject *copy = json_object_new ();
      JsonObjectIter iter;
      const char *key;
      JsonNode *member;

      json_object_iter_init_ordered (&iter, json_node_get_object (node));
      while (json_object_iter_next_ordered (&iter, &key, &member))
        json_object_set_member (copy, key, c2l_yaml_copy_node (member));
      node = json_node_alloc ();
      json_node_init_object (node, copy);
      json_object_unref (copy);
      return node;
    }
  return json_node_copy (node);
}

static gpointer G_GNUC_PRINTF (4, 5)
    fail (Resolver *resolver, C2lFormatError code, const char *path, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (resolver->error, C2L_FORMAT_ERROR, code, "%s: %s: %s", resolver->name, path, what);
  return NULL;
}

/* The value at @path ("a.b.0"), NULL where there is none. */
static JsonNode *
find_node (JsonObject *root, const char *path)
{
  g_auto (GStrv) parts = g_strsplit (path, ".", -1);
  JsonNode *node = json_object_get_member (root, parts[0] != NULL ? parts[0] : "");

  for (int i = 1; node != NULL && parts[0] != NULL && parts[i] != NULL; i++)
    {
      guint64 index;

      if (JSON_NODE_HOLDS_OBJECT (node))
        {
          node = json_object_get_member (json_node_get_object (node), parts[i]);
        }
      else if (JSON_NODE_HOLDS_ARRAY (node)
               && g_ascii_string_to_unsigned (parts[i], 10, 0, G_MAXINT, &index, NULL)
               && index < json_array_get_length (json_node_get_array (node)))
        {
          node = json_array_get_element (json_node_get_array (node), index);
        }
      else
        {
          return NULL;
        }
    }
  return node;
}

/* "a[0].b" at @path as "a.0.b"; leading points climb from @path's container. */
static char *
absolute_path (const char *reference, const char *path)
{
  g_autoptr (GString) out = g_string_new (NULL);
  gboolean is_relative = *reference == '.';

  if (is_relative)
    g_string_append (out, path);
  for (; *reference == '.'; reference++)
    {
      const char *last = strrchr (out->str, '.');

      g_string_truncate (out, last != NULL ? last - out->str : 0);
    }
  if (is_relative && out->len > 0 && *reference != '\0')
    g_string_append_c (out, '.');
  for (; *reference != '\0'; reference++)
    {
      if (*reference == '[')
        g_string_append_c (out, '.');
      else if (*reference != ']')
        g_string_append_c (out, *reference);
    }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static gboolean
is_within (const char *path, const char *container)
{
  gsize length = strlen (container);

  return strncmp (path, container, length) == 0 && (path[length] == '\0' || path[length] == '.');
}

/* A copy of what @reference, which stands at @path, refers to. */
static JsonNode *
follow (Resolver *resolver, const char *reference, const char *path)
{
  g_autofree char *target = NULL;
  JsonNode *node;

  if (strchr (reference, ':') != NULL)
    return fail (resolver,
                 g_str_has_prefix (reference, "oc.env:") || g_str_has_prefix (reference, "env:")
                     ? C2L_FORMAT_ERROR_FORBIDDEN
                     : C2L_FORMAT_ERROR_UNSUPPORTED,
                 path,
                 "“${%s}” is not allowed, only other keys of the file are; write the value itself",
                 reference);

  target = absolute_path (reference, path);
  for (guint i = 0; i < resolver->stack->len; i++)
    {
      if (is_within (resolver->stack->pdata[i], target))
        return fail (resolver, C2L_FORMAT_ERROR_DAMAGED, path, "“${%s}” refers to itself",
                     reference);
    }
  node = find_node (resolver->root, target);
  if (node == NULL)
    return fail (resolver, C2L_FORMAT_ERROR_DAMAGED, path, "“${%s}”: there is no key “%s”",
                 reference, target);
  if (resolver->stack->len >= MAX_STACK)
    return fail (resolver, C2L_FORMAT_ERROR_UNSUPPORTED, path,
                 "references lead on for more than %d steps", MAX_STACK);

  return resolve_node (resolver, node, target);
}

/* The shortest decimal that reads back as @value. */
static void
append_double (GString *out, double value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  for (int digits = 1; digits <= 17; digits++)
    {
      char format[8];

      g_snprintf (format, sizeof format, "%%.%dg", digits);
      g_ascii_formatd (buffer, sizeof buffer, format, value);
      if (g_ascii_strtod (buffer, NULL) == value)
        break;
    }
  g_string_append (out, buffer);
  if (strpbrk (buffer, ".e") == NULL)
    g_string_append (out, ".0");
}

/* @node as Python's str() writes it into a text. */
static gboolean
append_value (Resolver *resolver, GString *out, JsonNode *node, const char *path)
{
  GType type = json_node_get_value_type (node);

  if (JSON_NODE_HOLDS_NULL (node))
    g_string_append (out, "None");
  else if (!JSON_NODE_HOLDS_VALUE (node))
    fail (resolver, C2L_FORMAT_ERROR_UNSUPPORTED, path,
          "a list or a mapping cannot stand within a text");
  else if (type == G_TYPE_STRING)
    g_string_append (out, json_node_get_string (node));
  else if (type == G_TYPE_BOOLEAN)
    g_string_append (out, json_node_get_boolean (node) ? "True" : "False");
  else if (type == G_TYPE_INT64)
    g_string_append_printf (out, "%" G_GINT64_FORMAT, json_node_get_int (node));
  else
    append_double (out, json_node_get_double (node));
  return *resolver->error == NULL;
}

/* The end of the reference after "${" at @p: its "}", or NULL. */
static const char *
reference_end (const char *p)
{
  for (int depth = 1; *p != '\0'; p++)
    {
      if (p[0] == '$' && p[1] == '{')
        depth++;
      else if (*p == '}' && --depth == 0)
        return p;
    }
  return NULL;
}

/* The value of one reference, the text between "${" and "}", which may hold references itself. */
static JsonNode *
evaluate_reference (Resolver *resolver, const char *start, const char *end, const char *path)
{
  g_autofree char *inner = g_strndup (start, end - start);
  g_autoptr (JsonNode) name = NULL;
  g_autoptr (GString) text = g_string_new (NULL);

  if (strstr (inner, "${") == NULL)
    return follow (resolver, g_strstrip (inner), path);
  if (++resolver->nesting > MAX_NESTING)
    return fail (resolver, C2L_FORMAT_ERROR_UNSUPPORTED, path,
                 "references within references, more than %d deep", MAX_NESTING);
  name = evaluate (resolver, inner, path);
  resolver->nesting--;
  if (name == NULL || !append_value (resolver, text, name, path))
    return NULL;
  return follow (resolver, text->str, path);
}

/* The value of @text, which stands at @path. */
static JsonNode *
evaluate (Resolver *resolver, const char *text, const char *path)
{
  g_autoptr (GString) out = g_string_new (NULL);

  for (const char *p = text; *p != '\0'; p++)
    {
      g_autoptr (JsonNode) value = NULL;
      const char *end;

      if (g_str_has_prefix (p, "\\${"))
        {
          g_string_append (out, "${");
          p += 2;
          continue;
        }
      if (!g_str_has_prefix (p, "${"))
        {
          g_string_append_c (out, *p);
          continue;
        }

      end = reference_end (p + 2);
      if (end == NULL)
        return fail (resolver, C2L_FORMAT_ERROR_DAMAGED, path, "“%s” lacks its closing brace",
                     text);
      value = evaluate_reference (resolver, p + 2, end, path);
      if (value == NULL)
        return NULL;
      if (p == text && end[1] == '\0')
        return g_steal_pointer (&value);
      if (!append_value (resolver, out, value, path))
        return NULL;
      p = end;
      if (out->len + resolver->n_bytes > MAX_TEXT)
        return fail (resolver, C2L_FORMAT_ERROR_UNSUPPORTED, path,
                     "texts grow too long by reference");
    }
  resolver->n_bytes += out->len;
  return json_node_init_string (json_node_alloc (), out->str);
}

/* Copies of the members of @node, resolved. */
static JsonNode *
resolve_object (Resolver *resolver, JsonNode *node, const char *path)
{
  g_autoptr (JsonObject) copy = json_object_new ();
  JsonObjectIter iter;
  const char *key;
  JsonNode *member;

  json_object_iter_init_ordered (&iter, json_node_get_object (node));
  while (json_object_iter_next_ordered (&iter, &key, &member))
    {
      g_autofree char *child
          = *path != '\0' ? g_strdup_printf ("%s.%s", path, key) : g_strdup (key);
      JsonNode *resolved = resolve_node (resolver, member, child);

      if (resolved == NULL)
        return NULL;
      json_object_set_member (copy, key, resolved);
    }
  return json_node_init_object (json_node_alloc (), copy);
}

static JsonNode *
resolve_array (Resolver *resolver, JsonNode *node, const char *path)
{
  g_autoptr (JsonArray) copy = json_array_new ();
  JsonArray *array = json_node_get_array (node);

  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      g_autofree char *child = g_strdup_printf ("%s.%u", path, i);
      JsonNode *resolved = resolve_node (resolver, json_array_get_element (array, i), child);

      if (resolved == NULL)
        return NULL;
      json_array_add_element (copy, resolved);
    }
  return json_node_init_array (json_node_alloc (), copy);
}

/* A copy of @node, which stands at @path, without references. */
static JsonNode *
resolve_node (Resolver *resolver, JsonNode *node, const char *path)
{
  JsonNode *value;

  if (++resolver->n_values > C2L_YAML_MAX_VALUES)
    return fail (resolver, C2L_FORMAT_ERROR_UNSUPPORTED, path, "more than %d values by reference",
                 C2L_YAML_MAX_VALUES);
  if (JSON_NODE_HOLDS_OBJECT (node))
    return resolve_object (resolver, node, path);
  if (JSON_NODE_HOLDS_ARRAY (node))
    return resolve_array (resolver, node, path);
  if (JSON_NODE_HOLDS_NULL (node) || json_node_get_value_type (node) != G_TYPE_STRING
      || strstr (json_node_get_string (node), "${") == NULL)
    return json_node_copy (node);

  g_ptr_array_add (resolver->stack, (gpointer) path);
  value = evaluate (resolver, json_node_get_string (node), path);
  g_ptr_array_set_size (resolver->stack, resolver->stack->len - 1);
  return value;
}

JsonObject *
c2l_yaml_resolve (JsonObject *object, const char *name, GError **error)
{
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (JsonNode) resolved = NULL;
  g_autoptr (GPtrArray) stack = g_ptr_array_new ();
  GError *local_error = NULL;
  Resolver resolver = { .root = object, .name = name, .stack = stack, .error = &local_error };

  g_return_val_if_fail (object != NULL && name != NULL, NULL);

  root = json_node_init_object (json_node_alloc (), object);
  resolved = resolve_node (&resolver, root, "");
  if (resolved != NULL)
    return json_node_dup_object (resolved);
  g_propagate_error (error, local_error);
  return NULL;
}
