/* Recipes as JSON. Numbers of 64 bits are written as text, because many readers of JSON keep only
 * 53. What an older program would overlook, and so draw another picture, makes the format one
 * higher; recipes without it stay what they were. */
#include "studio/recipe.h"

#include "formats/json-text.h"
#include "studio/json.h"
#include "studio/recipe-parts.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* Format 1 knew neither layers of edits nor mixes nor placement. */
#define FORMAT_PLAIN 1
#define FORMAT_MIXED 2

/* Far above what anyone mixes and any model knows, far below what would hurt. */
#define MAX_MIXES 64
#define MAX_LABEL (1 << 24)

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
add_u64 (JsonBuilder *builder, const char *name, guint64 value)
{
  g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT, value);
  c2l_json_add_string (builder, name, text);
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
      c2l_json_add_string (builder, "label", mix->label);
      c2l_json_add_double (builder, "amount", mix->amount);
      c2l_json_add_layers (builder, mix->first_layer, mix->last_layer);
      c2l_json_add_rows (builder, "values", &mix->rows);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static void
add_placement (JsonBuilder *builder, const C2lRecipe *recipe)
{
  if (!c2l_recipe_is_placed (recipe))
    return;
  c2l_json_add_double (builder, "move_x", recipe->move_x);
  c2l_json_add_double (builder, "move_y", recipe->move_y);
  c2l_json_add_double (builder, "turn", recipe->turn);
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
add_roles (JsonBuilder *builder, const char *name, GHashTable *texts)
{
  g_autoptr (GList) roles = g_list_sort (g_hash_table_get_keys (texts), (GCompareFunc) strcmp);

  json_builder_set_member_name (builder, name);
  json_builder_begin_object (builder);
  for (GList *l = roles; l != NULL; l = l->next)
    c2l_json_add_string (builder, l->data, g_hash_table_lookup (texts, l->data));
  json_builder_end_object (builder);
}

JsonNode *
c2l_recipe_to_node (C2lRecipe *recipe)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "recipe");
  json_builder_add_int_value (builder, get_format (recipe));
  c2l_json_add_string (builder, "program", recipe->program);
  c2l_json_add_string (builder, "model", recipe->model);
  add_roles (builder, "sha256", recipe->sha256);
  if (g_hash_table_size (recipe->files) > 0)
    add_roles (builder, "files", recipe->files);
  c2l_json_add_string (builder, "origin", origin_names[recipe->origin]);
  c2l_json_add_string (builder, "prompt", recipe->prompt);
  c2l_json_add_string (builder, "made_by", recipe->made_by);
  c2l_json_add_string (builder, "source", recipe->source);
  add_u64 (builder, "seed", recipe->seed);
  add_u64 (builder, "index", recipe->index);
  if (recipe->label != C2L_NO_LABEL)
    {
      json_builder_set_member_name (builder, "class");
      json_builder_add_int_value (builder, recipe->label);
    }
  if (recipe->sampler != NULL)
    {
      c2l_json_add_string (builder, "sampler", recipe->sampler);
      json_builder_set_member_name (builder, "steps");
      json_builder_add_int_value (builder, recipe->steps);
      c2l_json_add_double (builder, "guidance", recipe->guidance);
    }
  c2l_json_add_double (builder, "truncation", recipe->truncation);
  c2l_json_add_string (builder, "noise", noise_names[recipe->noise]);
  add_u64 (builder, "noise_seed", recipe->noise_seed);
  add_mixes (builder, recipe->mixes);
  c2l_json_add_edits (builder, recipe->edits);
  add_placement (builder, recipe);
  c2l_json_add_string (builder, "precision", recipe->precision);
  c2l_json_add_string (builder, "device", recipe->device);
  c2l_json_add_string (builder, "device_details", recipe->device_details);
  if (recipe->has_score)
    c2l_json_add_double (builder, "score", recipe->score);
  c2l_json_add_rows (builder, "latent", &recipe->latent);
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
               _ ("%s: its recipe cannot be used: %s; draw the picture from its prompt instead"),
               where, what);
  return FALSE;
}

static gboolean
read_u64 (JsonObject *object, const char *name, guint64 max, guint64 *value)
{
  const char *text = c2l_json_get_string (object, name, NULL);

  return text != NULL && g_ascii_string_to_unsigned (text, 10, 0, max, value, NULL);
}

static gboolean
read_label (C2lRecipe *recipe, JsonObject *object)
{
  gint64 label = c2l_json_get_int (object, "class", -1);

  if (!json_object_has_member (object, "class"))
    return TRUE;
  recipe->label = CLAMP (label, 0, MAX_LABEL);
  return label == recipe->label;
}

static gboolean
read_mixes (C2lRecipe *recipe, JsonObject *object, const char *where, GError **error)
{
  JsonArray *mixes = c2l_json_get_array (object, "mixes");
  guint n = mixes != NULL ? json_array_get_length (mixes) : 0;

  if (n > MAX_MIXES || (mixes == NULL && json_object_has_member (object, "mixes")))
    return broken (error, where, _ ("its mixed styles are no list, or one that is too long"));
  for (guint i = 0; i < n; i++)
    {
      JsonObject *values = c2l_json_get_element (mixes, i);
      double amount = values != NULL ? c2l_json_get_double (values, "amount", NAN) : NAN;
      C2lRecipeMix *mix;

      /* The comparison is false for what is no number, too. */
      if (!(amount >= 0 && amount <= 1))
        return broken (error, where,
                       _ ("styles are mixed in by an amount that is not between 0 and 1"));
      mix = c2l_recipe_add_mix (recipe, c2l_json_get_string (values, "label", NULL), amount, NULL);
      if (!c2l_json_read_layers (values, &mix->first_layer, &mix->last_layer))
        return broken (error, where, _ ("the layers of mixed styles are damaged"));
      if (!c2l_json_read_rows (values, "values", &mix->rows))
        return broken (error, where, _ ("mixed styles are missing or damaged"));
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
         || broken (error, where, _ ("where the picture is moved or how it is turned is damaged"));
}

static void
read_roles (GHashTable *texts, JsonObject *object, const char *name)
{
  JsonObject *values = c2l_json_get_object (object, name);
  g_autoptr (GList) roles = values != NULL ? json_object_get_members (values) : NULL;

  for (GList *l = roles; l != NULL; l = l->next)
    {
      const char *text = c2l_json_get_string (values, l->data, NULL);
      if (text != NULL)
        g_hash_table_insert (texts, g_strdup (l->data), g_strdup (text));
    }
}

static gboolean
read_recipe (C2lRecipe *recipe, JsonObject *object, const char *where, GError **error)
{
  guint64 index = 0;
  int origin, noise;
  gint64 format = c2l_json_get_int (object, "recipe", 0);
  const char *what;

  if (format != FORMAT_PLAIN && format != FORMAT_MIXED)
    return broken (error, where, _ ("it was written by a newer program"));
  origin = index_of (origin_names, G_N_ELEMENTS (origin_names),
                     c2l_json_get_string (object, "origin", NULL));
  noise = index_of (noise_names, G_N_ELEMENTS (noise_names),
                    c2l_json_get_string (object, "noise", NULL));
  if (origin < 0 || noise < 0)
    return broken (error, where,
                   _ ("it names an origin or a noise that this program does not know"));
  recipe->origin = origin;
  recipe->noise = noise;
  if (!read_u64 (object, "seed", G_MAXUINT64, &recipe->seed)
      || !read_u64 (object, "index", G_MAXUINT32, &index)
      || !read_u64 (object, "noise_seed", G_MAXUINT64, &recipe->noise_seed))
    return broken (error, where, _ ("a seed is missing or out of range"));
  recipe->index = index;
  if (!read_label (recipe, object))
    return broken (error, where, _ ("its class is no number that a class can have"));
  recipe->steps = CLAMP (c2l_json_get_int (object, "steps", 0), 0, G_MAXINT);
  recipe->guidance = c2l_json_get_double (object, "guidance", 1);
  recipe->truncation = c2l_json_get_double (object, "truncation", 1);
  recipe->has_score = json_object_has_member (object, "score");
  recipe->score = c2l_json_get_double (object, "score", 0);
  if (!isfinite (recipe->guidance) || !isfinite (recipe->score))
    return broken (error, where, _ ("its guidance or score is not finite"));
  if (!c2l_truncation_check (recipe->truncation, NULL))
    return broken (error, where, _ ("its truncation is not between 0 and 1"));
  recipe->program = g_strdup (c2l_json_get_string (object, "program", NULL));
  recipe->model = g_strdup (c2l_json_get_string (object, "model", NULL));
  recipe->prompt = g_strdup (c2l_json_get_string (object, "prompt", NULL));
  recipe->made_by = g_strdup (c2l_json_get_string (object, "made_by", NULL));
  recipe->source = g_strdup (c2l_json_get_string (object, "source", NULL));
  recipe->sampler = g_strdup (c2l_json_get_string (object, "sampler", NULL));
  recipe->precision = g_strdup (c2l_json_get_string (object, "precision", NULL));
  recipe->device = g_strdup (c2l_json_get_string (object, "device", NULL));
  recipe->device_details = g_strdup (c2l_json_get_string (object, "device_details", NULL));
  read_roles (recipe->sha256, object, "sha256");
  read_roles (recipe->files, object, "files");
  if (!c2l_json_read_rows (object, "latent", &recipe->latent))
    return broken (error, where, _ ("its latent is missing or damaged"));
  if (!c2l_json_read_edits (object, recipe->edits, &what))
    return broken (error, where, what);
  return read_mixes (recipe, object, where, error) && read_placement (recipe, object, where, error);
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
