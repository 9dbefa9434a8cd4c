/* Recipes as JSON. Numbers of 64 bits are written as text, because many readers of JSON keep only
 * 53; floats of latents as base64 of their little-endian bytes, so that they come back bit for bit.
 * What an older program would overlook, and so draw another picture, makes the format one higher;
 * recipes without it stay what they were. */
#include "studio/recipe.h"

#include "formats/json-text.h"
#include "studio/json.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* Format 1 knew neither layers of edits nor mixes nor placement. */
#define FORMAT_PLAIN 1
#define FORMAT_MIXED 2

/* Far above any model's, far below what would hurt: rows of a latent, its width, edits and mixes of
 * a picture. */
#define MAX_ROWS 256
#define MAX_WIDTH 65536
#define MAX_EDITS 1024
#define MAX_MIXES 64

static const char *const origin_names[] = { "prior", "z", "file" };
static const char *const noise_names[] = { "const", "random", "none" };

static int
index_of (const char *const *names, int n, const char *name)
{
  for (int i = 0; i < n; i++)
    if (g_strcmp0 (names[i], name) == 0)
      return i;
  return -1;
}

const char *
c2l_noise_kind_get_name (C2lNoiseKind noise)
{
  return noise_names[noise];
}

gboolean
c2l_noise_kind_from_name (const char *name, C2lNoiseKind *noise)
{
  int found = index_of (noise_names, G_N_ELEMENTS (noise_names), name);
  if (found >= 0)
    *noise = found;
  return found >= 0;
}

static void
add_string (JsonBuilder *builder, const char *name, const char *value)
{
  if (value == NULL)
    return;
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

static void
add_double (JsonBuilder *builder, const char *name, double value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_double_value (builder, value);
}

static void
add_u64 (JsonBuilder *builder, const char *name, guint64 value)
{
  g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT, value);
  add_string (builder, name, text);
}

static void
add_rows (JsonBuilder *builder, const char *name, const C2lRows *rows)
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
  add_string (builder, "float32", text);
  json_builder_end_object (builder);
}

static void
add_layers (JsonBuilder *builder, int first_layer, int last_layer)
{
  if (first_layer == 0 && last_layer == C2L_LAST_LAYER)
    return;
  json_builder_set_member_name (builder, "first_layer");
  json_builder_add_int_value (builder, first_layer);
  json_builder_set_member_name (builder, "last_layer");
  json_builder_add_int_value (builder, last_layer);
}

static void
build_edits (JsonBuilder *builder, GPtrArray *edits)
{
  json_builder_begin_array (builder);
  for (guint i = 0; i < edits->len; i++)
    {
      const C2lRecipeEdit *edit = g_ptr_array_index (edits, i);

      json_builder_begin_object (builder);
      add_string (builder, "direction", edit->direction);
      add_string (builder, "name", edit->name);
      add_double (builder, "amount", edit->amount);
      add_layers (builder, edit->first_layer, edit->last_layer);
      add_rows (builder, "values", &edit->rows);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static void
add_edits (JsonBuilder *builder, GPtrArray *edits)
{
  json_builder_set_member_name (builder, "edits");
  build_edits (builder, edits);
}

JsonNode *
c2l_recipe_edits_to_node (GPtrArray *edits)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  build_edits (builder, edits);
  return json_builder_get_root (builder);
}

static void
add_mixes (JsonBuilder *builder, GPtrArray *mixes)
{
  if (mixes->len == 0)
    return;
  json_builder_set_member_name (builder, "mixes");
  json_builder_begin_array (builder);
  for (guint i = 0; i < mixes->len; i++)
    {
      const C2lRecipeMix *mix = g_ptr_array_index (mixes, i);

      json_builder_begin_object (builder);
      add_string (builder, "label", mix->label);
      add_double (builder, "amount", mix->amount);
      add_layers (builder, mix->first_layer, mix->last_layer);
      add_rows (builder, "values", &mix->rows);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static void
add_placement (JsonBuilder *builder, const C2lRecipe *recipe)
{
  if (!c2l_recipe_is_placed (recipe))
    return;
  add_double (builder, "move_x", recipe->move_x);
  add_double (builder, "move_y", recipe->move_y);
  add_double (builder, "turn", recipe->turn);
}

static int
get_format (const C2lRecipe *recipe)
{
  gboolean mixed = recipe->mixes->len > 0 || c2l_recipe_is_placed (recipe);

  for (guint i = 0; !mixed && i < recipe->edits->len; i++)
    {
      const C2lRecipeEdit *edit = g_ptr_array_index (recipe->edits, i);
      mixed = edit->first_layer != 0 || edit->last_layer != C2L_LAST_LAYER;
    }
  return mixed ? FORMAT_MIXED : FORMAT_PLAIN;
}

static void
add_sha256 (JsonBuilder *builder, GHashTable *sha256)
{
  g_autoptr (GList) roles = g_list_sort (g_hash_table_get_keys (sha256), (GCompareFunc) strcmp);

  json_builder_set_member_name (builder, "sha256");
  json_builder_begin_object (builder);
  for (GList *l = roles; l != NULL; l = l->next)
    add_string (builder, l->data, g_hash_table_lookup (sha256, l->data));
  json_builder_end_object (builder);
}

JsonNode *
c2l_recipe_to_node (C2lRecipe *recipe)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "recipe");
  json_builder_add_int_value (builder, get_format (recipe));
  add_string (builder, "program", recipe->program);
  add_string (builder, "model", recipe->model);
  add_sha256 (builder, recipe->sha256);
  add_string (builder, "origin", origin_names[recipe->origin]);
  add_string (builder, "prompt", recipe->prompt);
  add_string (builder, "made_by", recipe->made_by);
  add_u64 (builder, "seed", recipe->seed);
  add_u64 (builder, "index", recipe->index);
  if (recipe->sampler != NULL)
    {
      add_string (builder, "sampler", recipe->sampler);
      json_builder_set_member_name (builder, "steps");
      json_builder_add_int_value (builder, recipe->steps);
      add_double (builder, "guidance", recipe->guidance);
    }
  add_double (builder, "truncation", recipe->truncation);
  add_string (builder, "noise", noise_names[recipe->noise]);
  add_u64 (builder, "noise_seed", recipe->noise_seed);
  add_mixes (builder, recipe->mixes);
  add_edits (builder, recipe->edits);
  add_placement (builder, recipe);
  add_string (builder, "precision", recipe->precision);
  add_string (builder, "device", recipe->device);
  add_string (builder, "device_details", recipe->device_details);
  if (recipe->has_score)
    add_double (builder, "score", recipe->score);
  add_rows (builder, "latent", &recipe->latent);
  json_builder_end_object (builder);
  return json_builder_get_root (builder);
}

char *
c2l_recipe_to_json (C2lRecipe *recipe)
{
  g_autoptr (JsonNode) node = c2l_recipe_to_node (recipe);
  return json_to_string (node, FALSE);
}

static gboolean
broken (GError **error, const char *where, const char *what)
{
  g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_RECIPE,
               "%s: its recipe cannot be used: %s; draw the picture from its prompt instead", where,
               what);
  return FALSE;
}

static gboolean
read_u64 (JsonObject *object, const char *name, guint64 max, guint64 *value)
{
  const char *text = c2l_json_get_string (object, name, NULL);

  return text != NULL && g_ascii_string_to_unsigned (text, 10, 0, max, value, NULL);
}

static gboolean
read_rows (JsonObject *object, const char *name, C2lRows *rows)
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

static gboolean
read_layers (JsonObject *object, int *first_layer, int *last_layer)
{
  *first_layer = 0;
  *last_layer = C2L_LAST_LAYER;
  return read_int (object, "first_layer", 0, MAX_ROWS - 1, first_layer)
         && read_int (object, "last_layer", C2L_LAST_LAYER, MAX_ROWS - 1, last_layer)
         && (*last_layer == C2L_LAST_LAYER || *last_layer >= *first_layer);
}

/* Element @i of @array, NULL where it is no object. */
static JsonObject *
get_element (JsonArray *array, guint i)
{
  JsonNode *node = json_array_get_element (array, i);
  return JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static gboolean
read_mixes (C2lRecipe *recipe, JsonObject *object, const char *where, GError **error)
{
  JsonArray *mixes = c2l_json_get_array (object, "mixes");
  guint n = mixes != NULL ? json_array_get_length (mixes) : 0;

  if (n > MAX_MIXES || (mixes == NULL && json_object_has_member (object, "mixes")))
    return broken (error, where, "its mixed styles are no list, or one that is too long");
  for (guint i = 0; i < n; i++)
    {
      JsonObject *values = get_element (mixes, i);
      double amount = values != NULL ? c2l_json_get_double (values, "amount", NAN) : NAN;
      C2lRecipeMix *mix;

      /* The comparison is false for what is no number, too. */
      if (!(amount >= 0 && amount <= 1))
        return broken (error, where,
                       "styles are mixed in by an amount that is not between 0 and 1");
      mix = c2l_recipe_add_mix (recipe, c2l_json_get_string (values, "label", NULL), amount, NULL);
      if (!read_layers (values, &mix->first_layer, &mix->last_layer))
        return broken (error, where, "the layers of mixed styles are damaged");
      if (!read_rows (values, "values", &mix->rows))
        return broken (error, where, "mixed styles are missing or damaged");
    }
  return TRUE;
}

static gboolean
read_placement (C2lRecipe *recipe, JsonObject *object, const char *where, GError **error)
{
  static const char *const names[] = { "move_x", "move_y", "turn" };
  double *const values[] = { &recipe->move_x, &recipe->move_y, &recipe->turn };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (json_object_has_member (object, names[i]))
      *values[i] = c2l_json_get_double (object, names[i], NAN);
  return c2l_placement_check (recipe->move_x, recipe->move_y, recipe->turn, NULL)
         || broken (error, where, "where the picture is moved or how it is turned is damaged");
}

static C2lRecipeEdit *
read_edit (JsonObject *values, const char *where, GError **error)
{
  const char *direction = values != NULL ? c2l_json_get_string (values, "direction", NULL) : NULL;
  double amount = values != NULL ? c2l_json_get_double (values, "amount", NAN) : NAN;
  const char *fault = NULL;
  C2lRecipeEdit *edit;

  if (direction == NULL || !isfinite (amount))
    {
      broken (error, where, "an edit lacks its direction or amount");
      return NULL;
    }
  edit = c2l_recipe_edit_new (direction, amount, NULL);
  edit->name = g_strdup (c2l_json_get_string (values, "name", NULL));
  if (!read_layers (values, &edit->first_layer, &edit->last_layer))
    fault = "the layers of an edit are damaged";
  else if (json_object_has_member (values, "values") && !read_rows (values, "values", &edit->rows))
    fault = "the values of an edit are damaged";
  if (fault == NULL)
    return edit;
  broken (error, where, fault);
  c2l_recipe_edit_free (edit);
  return NULL;
}

GPtrArray *
c2l_recipe_edits_from_array (JsonArray *array, const char *where, GError **error)
{
  g_autoptr (GPtrArray) edits = c2l_recipe_edits_new ();
  guint n = array != NULL ? json_array_get_length (array) : 0;

  if (n > MAX_EDITS)
    {
      broken (error, where, "it has too many edits");
      return NULL;
    }
  for (guint i = 0; i < n; i++)
    {
      C2lRecipeEdit *edit = read_edit (get_element (array, i), where, error);

      if (edit == NULL)
        return NULL;
      g_ptr_array_add (edits, edit);
    }
  return g_steal_pointer (&edits);
}

static gboolean
read_edits (C2lRecipe *recipe, JsonObject *object, const char *where, GError **error)
{
  GPtrArray *edits
      = c2l_recipe_edits_from_array (c2l_json_get_array (object, "edits"), where, error);

  if (edits == NULL)
    return FALSE;
  g_ptr_array_unref (recipe->edits);
  recipe->edits = edits;
  return TRUE;
}

static void
read_sha256 (C2lRecipe *recipe, JsonObject *object)
{
  JsonObject *sums = c2l_json_get_object (object, "sha256");
  g_autoptr (GList) roles = sums != NULL ? json_object_get_members (sums) : NULL;

  for (GList *l = roles; l != NULL; l = l->next)
    {
      const char *sum = c2l_json_get_string (sums, l->data, NULL);
      if (sum != NULL)
        g_hash_table_insert (recipe->sha256, g_strdup (l->data), g_strdup (sum));
    }
}

static gboolean
read_recipe (C2lRecipe *recipe, JsonObject *object, const char *where, GError **error)
{
  guint64 index = 0;
  int origin, noise;
  gint64 format = c2l_json_get_int (object, "recipe", 0);

  if (format != FORMAT_PLAIN && format != FORMAT_MIXED)
    return broken (error, where, "it was written by a newer program");
  origin = index_of (origin_names, G_N_ELEMENTS (origin_names),
                     c2l_json_get_string (object, "origin", NULL));
  noise = index_of (noise_names, G_N_ELEMENTS (noise_names),
                    c2l_json_get_string (object, "noise", NULL));
  if (origin < 0 || noise < 0)
    return broken (error, where, "it names an origin or a noise that this program does not know");
  recipe->origin = origin;
  recipe->noise = noise;
  if (!read_u64 (object, "seed", G_MAXUINT64, &recipe->seed)
      || !read_u64 (object, "index", G_MAXUINT32, &index)
      || !read_u64 (object, "noise_seed", G_MAXUINT64, &recipe->noise_seed))
    return broken (error, where, "a seed is missing or out of range");
  recipe->index = index;
  recipe->steps = CLAMP (c2l_json_get_int (object, "steps", 0), 0, G_MAXINT);
  recipe->guidance = c2l_json_get_double (object, "guidance", 1);
  recipe->truncation = c2l_json_get_double (object, "truncation", 1);
  recipe->has_score = json_object_has_member (object, "score");
  recipe->score = c2l_json_get_double (object, "score", 0);
  if (!isfinite (recipe->guidance) || !isfinite (recipe->score))
    return broken (error, where, "its guidance or score is not finite");
  if (!c2l_truncation_check (recipe->truncation, NULL))
    return broken (error, where, "its truncation is not between 0 and 1");
  recipe->program = g_strdup (c2l_json_get_string (object, "program", NULL));
  recipe->model = g_strdup (c2l_json_get_string (object, "model", NULL));
  recipe->prompt = g_strdup (c2l_json_get_string (object, "prompt", NULL));
  recipe->made_by = g_strdup (c2l_json_get_string (object, "made_by", NULL));
  recipe->sampler = g_strdup (c2l_json_get_string (object, "sampler", NULL));
  recipe->precision = g_strdup (c2l_json_get_string (object, "precision", NULL));
  recipe->device = g_strdup (c2l_json_get_string (object, "device", NULL));
  recipe->device_details = g_strdup (c2l_json_get_string (object, "device_details", NULL));
  read_sha256 (recipe, object);
  if (!read_rows (object, "latent", &recipe->latent))
    return broken (error, where, "its latent is missing or damaged");
  return read_mixes (recipe, object, where, error) && read_edits (recipe, object, where, error)
         && read_placement (recipe, object, where, error);
}

C2lRecipe *
c2l_recipe_from_json (const char *json, const char *where, GError **error)
{
  g_autoptr (C2lRecipe) recipe = c2l_recipe_new ();
  g_autoptr (JsonObject) object = c2l_json_parse_object (json, -1, where, error);

  if (object == NULL || !read_recipe (recipe, object, where, error))
    return NULL;
  return g_steal_pointer (&recipe);
}
