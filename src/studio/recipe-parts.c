/* Parts of recipes as JSON. Floats are base64 of their little-endian bytes, so that they come back
 * bit for bit. */
#include "studio/recipe-parts.h"

#include "studio/json.h"

#include <math.h>
#include <string.h>

/* Far above any model's, far below what would hurt: rows of a latent, its width, edits of a
 * picture. */
#define MAX_ROWS 256
#define MAX_WIDTH 65536
#define MAX_EDITS 1024

void
c2l_json_add_string (JsonBuilder *builder, const char *name, const char *value)
{
  if (value == NULL)
    return;
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

void
c2l_json_add_double (JsonBuilder *builder, const char *name, double value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_double_value (builder, value);
}

void
c2l_json_add_rows (JsonBuilder *builder, const char *name, const C2lRows *rows)
{
  gsize n = (gsize) rows->n_rows * rows->width;
  g_autofree guint32 *words = g_new (guint32, n);
  g_autofree char *text = NULL;

  if (rows->data == NULL)
    return;
  memcpy (words, rows->data, n * sizeof (float));
  for (gsize i = 0; i < n; i++)
    words[i] = GUINT32_TO_LE (words[i]);
  text = g_base64_encode ((const guchar *) words, n * sizeof (guint32));

  json_builder_set_member_name (builder, name);
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "rows");
  json_builder_add_int_value (builder, rows->n_rows);
  json_builder_set_member_name (builder, "width");
  json_builder_add_int_value (builder, rows->width);
  c2l_json_add_string (builder, "float32", text);
  json_builder_end_object (builder);
}

void
c2l_json_add_layers (JsonBuilder *builder, int first_layer, int last_layer)
{
  if (first_layer == 0 && last_layer == C2L_LAST_LAYER)
    return;
  json_builder_set_member_name (builder, "first_layer");
  json_builder_add_int_value (builder, first_layer);
  json_builder_set_member_name (builder, "last_layer");
  json_builder_add_int_value (builder, last_layer);
}

void
c2l_json_add_edits (JsonBuilder *builder, GPtrArray *edits)
{
  json_builder_set_member_name (builder, "edits");
  json_builder_begin_array (builder);
  for (guint i = 0; i < edits->len; i++)
    {
      const C2lRecipeEdit *edit = g_ptr_array_index (edits, i);

      json_builder_begin_object (builder);
      c2l_json_add_string (builder, "direction", edit->direction);
      c2l_json_add_string (builder, "name", edit->name);
      c2l_json_add_double (builder, "amount", edit->amount);
      c2l_json_add_layers (builder, edit->first_layer, edit->last_layer);
      c2l_json_add_rows (builder, "values", &edit->rows);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

gboolean
c2l_json_read_rows (JsonObject *object, const char *name, C2lRows *rows)
{
  JsonObject *values = c2l_json_get_object (object, name);
  gint64 n_rows, width;
  const char *text;
  g_autofree guchar *bytes = NULL;
  gsize size = 0, n;

  if (values == NULL)
    return FALSE;
  n_rows = c2l_json_get_int (values, "rows", 0);
  width = c2l_json_get_int (values, "width", 0);
  text = c2l_json_get_string (values, "float32", NULL);
  if (n_rows < 1 || n_rows > MAX_ROWS || width < 1 || width > MAX_WIDTH || text == NULL)
    return FALSE;
  bytes = g_base64_decode (text, &size);
  n = (gsize) n_rows * width;
  if (size != n * sizeof (float))
    return FALSE;

  c2l_rows_clear (rows);
  rows->n_rows = n_rows;
  rows->width = width;
  rows->data = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    {
      guint32 word;

      memcpy (&word, bytes + i * sizeof word, sizeof word);
      word = GUINT32_FROM_LE (word);
      memcpy (&rows->data[i], &word, sizeof word);
      if (!isfinite (rows->data[i]))
        return FALSE;
    }
  return TRUE;
}

/* A whole number where the member is there at all. */
static gboolean
read_int (JsonObject *object, const char *name, gint64 min, gint64 max, int *value)
{
  gint64 number;

  if (!json_object_has_member (object, name))
    return TRUE;
  number = c2l_json_get_int (object, name, G_MAXINT64);
  *value = CLAMP (number, min, max);
  return number >= min && number <= max;
}

gboolean
c2l_json_read_layers (JsonObject *object, int *first_layer, int *last_layer)
{
  *first_layer = 0;
  *last_layer = C2L_LAST_LAYER;
  return read_int (object, "first_layer", 0, MAX_ROWS - 1, first_layer)
         && read_int (object, "last_layer", C2L_LAST_LAYER, MAX_ROWS - 1, last_layer)
         && (*last_layer == C2L_LAST_LAYER || *last_layer >= *first_layer);
}

/* Element @i of @array, NULL where it is no object. */
JsonObject *
c2l_json_get_element (JsonArray *array, guint i)
{
  JsonNode *node = json_array_get_element (array, i);
  return JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

gboolean
c2l_json_read_edits (JsonObject *object, GPtrArray *edits, const char **what)
{
  JsonArray *array = c2l_json_get_array (object, "edits");
  guint n = array != NULL ? json_array_get_length (array) : 0;

  *what = "it has too many edits";
  if (n > MAX_EDITS)
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      JsonObject *values = c2l_json_get_element (array, i);
      const char *direction
          = values != NULL ? c2l_json_get_string (values, "direction", NULL) : NULL;
      double amount = values != NULL ? c2l_json_get_double (values, "amount", NAN) : NAN;
      C2lRecipeEdit *edit;

      *what = "an edit lacks its direction or amount";
      if (direction == NULL || !isfinite (amount))
        return FALSE;
      edit = c2l_recipe_edit_new (direction, amount, NULL);
      g_ptr_array_add (edits, edit);
      edit->name = g_strdup (c2l_json_get_string (values, "name", NULL));
      *what = "the layers of an edit are damaged";
      if (!c2l_json_read_layers (values, &edit->first_layer, &edit->last_layer))
        return FALSE;
      *what = "the values of an edit are damaged";
      if (json_object_has_member (values, "values")
          && !c2l_json_read_rows (values, "values", &edit->rows))
        return FALSE;
    }
  return TRUE;
}
