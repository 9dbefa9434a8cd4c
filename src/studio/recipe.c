/* Recipes as plain values: what is owned by whom, copied and compared. Knows nothing of JSON
 * (recipe-json.c), models or devices. Every member that is added belongs into copying, comparing
 * and JSON; the test walks through all of them. */
#include "studio/recipe.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

G_DEFINE_QUARK (c2l - studio - error - quark, c2l_studio_error)

/* Far beyond what can be seen: in widths of the picture, in degrees. */
#define MAX_MOVE 100
#define MAX_TURN 36000
#define MAX_GUIDANCE 1000

void
c2l_rows_clear (C2lRows *rows)
{
  g_clear_pointer (&rows->data, g_free);
  rows->n_rows = rows->width = 0;
}

void
c2l_rows_free (C2lRows *rows)
{
  c2l_rows_clear (rows);
  g_free (rows);
}

void
c2l_rows_set (C2lRows *rows, int n_rows, int width, const float *data)
{
  gsize size = (gsize) n_rows * width * sizeof (float);
  g_autofree float *copy = g_memdup2 (data, size);

  c2l_rows_clear (rows);
  rows->n_rows = n_rows;
  rows->width = width;
  rows->data = g_steal_pointer (&copy);
}

gboolean
c2l_rows_equal (const C2lRows *a, const C2lRows *b)
{
  return a->n_rows == b->n_rows && a->width == b->width
         && (a->data == b->data
             || (a->data != NULL && b->data != NULL
                 && memcmp (a->data, b->data, (gsize) a->n_rows * a->width * sizeof (float)) == 0));
}

static void
copy_rows (C2lRows *rows, const C2lRows *from)
{
  if (from != NULL && from->data != NULL)
    c2l_rows_set (rows, from->n_rows, from->width, from->data);
}

/* --- layers --- */

/* A number of at most four digits, of which none is missing; moves @text behind it. */
static gboolean
read_layer (const char **text, int *layer)
{
  const char *start = *text;

  for (*layer = 0; g_ascii_isdigit (**text) && *text - start < 4; (*text)++)
    *layer = 10 * *layer + g_ascii_digit_value (**text);
  return *text > start;
}

gboolean
c2l_layers_parse (const char *text, int *first_layer, int *last_layer)
{
  int first, last;

  if (!read_layer (&text, &first))
    return FALSE;
  last = first;
  if (*text == '-')
    {
      text++;
      last = C2L_LAST_LAYER;
      if (*text != '\0' && (!read_layer (&text, &last) || last < first))
        return FALSE;
    }
  if (*text != '\0')
    return FALSE;
  *first_layer = first;
  *last_layer = last;
  return TRUE;
}

char *
c2l_layers_to_string (int first_layer, int last_layer)
{
  if (last_layer == C2L_LAST_LAYER)
    return g_strdup_printf ("%d-", first_layer);
  if (last_layer == first_layer)
    return g_strdup_printf ("%d", first_layer);
  return g_strdup_printf ("%d-%d", first_layer, last_layer);
}

/* --- edits and mixes --- */

C2lRecipeEdit *
c2l_recipe_edit_new (const char *direction, double amount, const C2lRows *rows)
{
  C2lRecipeEdit *edit = g_new0 (C2lRecipeEdit, 1);

  edit->direction = g_strdup (direction);
  edit->amount = amount;
  edit->last_layer = C2L_LAST_LAYER;
  copy_rows (&edit->rows, rows);
  return edit;
}

C2lRecipeEdit *
c2l_recipe_edit_copy (const C2lRecipeEdit *edit)
{
  C2lRecipeEdit *copy = c2l_recipe_edit_new (edit->direction, edit->amount, &edit->rows);

  copy->name = g_strdup (edit->name);
  copy->first_layer = edit->first_layer;
  copy->last_layer = edit->last_layer;
  return copy;
}

void
c2l_recipe_edit_free (C2lRecipeEdit *edit)
{
  g_free (edit->direction);
  g_free (edit->name);
  c2l_rows_clear (&edit->rows);
  g_free (edit);
}

gboolean
c2l_recipe_edit_equal (const C2lRecipeEdit *a, const C2lRecipeEdit *b)
{
  return g_strcmp0 (a->direction, b->direction) == 0 && g_strcmp0 (a->name, b->name) == 0
         && a->amount == b->amount && a->first_layer == b->first_layer
         && a->last_layer == b->last_layer && c2l_rows_equal (&a->rows, &b->rows);
}

GPtrArray *
c2l_recipe_edits_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_edit_free);
}

static void
mix_free (gpointer data)
{
  C2lRecipeMix *mix = data;

  g_free (mix->label);
  c2l_rows_clear (&mix->rows);
  g_free (mix);
}

static gboolean
mix_equal (const C2lRecipeMix *a, const C2lRecipeMix *b)
{
  return g_strcmp0 (a->label, b->label) == 0 && a->amount == b->amount
         && a->first_layer == b->first_layer && a->last_layer == b->last_layer
         && c2l_rows_equal (&a->rows, &b->rows);
}

C2lRecipeEdit *
c2l_recipe_add_edit (C2lRecipe *recipe, const char *direction, double amount, const C2lRows *rows)
{
  C2lRecipeEdit *edit = c2l_recipe_edit_new (direction, amount, rows);

  g_ptr_array_add (recipe->edits, edit);
  return edit;
}

C2lRecipeEdit *
c2l_recipe_add_edit_copy (C2lRecipe *recipe, const C2lRecipeEdit *edit)
{
  C2lRecipeEdit *copy = c2l_recipe_edit_copy (edit);

  g_ptr_array_add (recipe->edits, copy);
  return copy;
}

C2lRecipeMix *
c2l_recipe_add_mix (C2lRecipe *recipe, const char *label, double amount, const C2lRows *rows)
{
  C2lRecipeMix *mix = g_new0 (C2lRecipeMix, 1);

  mix->label = g_strdup (label);
  mix->amount = amount;
  mix->last_layer = C2L_LAST_LAYER;
  copy_rows (&mix->rows, rows);
  g_ptr_array_add (recipe->mixes, mix);
  return mix;
}

/* --- recipes --- */

C2lRecipe *
c2l_recipe_new (void)
{
  C2lRecipe *recipe = g_new0 (C2lRecipe, 1);

  g_atomic_ref_count_init (&recipe->refs);
  recipe->sha256 = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  recipe->files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  recipe->mixes = g_ptr_array_new_with_free_func (mix_free);
  recipe->edits = c2l_recipe_edits_new ();
  recipe->label = C2L_NO_LABEL;
  recipe->guidance = 1;
  recipe->truncation = 1;
  return recipe;
}

C2lRecipe *
c2l_recipe_ref (C2lRecipe *recipe)
{
  g_atomic_ref_count_inc (&recipe->refs);
  return recipe;
}

void
c2l_recipe_unref (C2lRecipe *recipe)
{
  if (!g_atomic_ref_count_dec (&recipe->refs))
    return;
  g_free (recipe->program);
  g_free (recipe->model);
  g_hash_table_unref (recipe->sha256);
  g_hash_table_unref (recipe->files);
  g_free (recipe->prompt);
  g_free (recipe->made_by);
  g_free (recipe->source);
  g_free (recipe->sampler);
  g_ptr_array_unref (recipe->mixes);
  g_ptr_array_unref (recipe->edits);
  g_free (recipe->precision);
  g_free (recipe->device);
  g_free (recipe->device_details);
  c2l_rows_clear (&recipe->latent);
  g_free (recipe);
}

static void
copy_roles (GHashTable *copy, GHashTable *roles)
{
  GHashTableIter iter;
  gpointer role, text;

  g_hash_table_iter_init (&iter, roles);
  while (g_hash_table_iter_next (&iter, &role, &text))
    g_hash_table_insert (copy, g_strdup (role), g_strdup (text));
}

static void
copy_lists (C2lRecipe *copy, const C2lRecipe *recipe)
{
  copy_roles (copy->sha256, recipe->sha256);
  copy_roles (copy->files, recipe->files);
  for (guint i = 0; i < recipe->edits->len; i++)
    c2l_recipe_add_edit_copy (copy, g_ptr_array_index (recipe->edits, i));
  for (guint i = 0; i < recipe->mixes->len; i++)
    {
      const C2lRecipeMix *mix = g_ptr_array_index (recipe->mixes, i);
      C2lRecipeMix *other = c2l_recipe_add_mix (copy, mix->label, mix->amount, &mix->rows);

      other->first_layer = mix->first_layer;
      other->last_layer = mix->last_layer;
    }
}

C2lRecipe *
c2l_recipe_copy (const C2lRecipe *recipe)
{
  C2lRecipe *copy = c2l_recipe_new ();

  copy->program = g_strdup (recipe->program);
  copy->model = g_strdup (recipe->model);
  copy->origin = recipe->origin;
  copy->prompt = g_strdup (recipe->prompt);
  copy->made_by = g_strdup (recipe->made_by);
  copy->source = g_strdup (recipe->source);
  copy->seed = recipe->seed;
  copy->index = recipe->index;
  copy->label = recipe->label;
  copy->sampler = g_strdup (recipe->sampler);
  copy->steps = recipe->steps;
  copy->guidance = recipe->guidance;
  copy->truncation = recipe->truncation;
  copy->noise = recipe->noise;
  copy->noise_seed = recipe->noise_seed;
  copy->move_x = recipe->move_x;
  copy->move_y = recipe->move_y;
  copy->turn = recipe->turn;
  copy->precision = g_strdup (recipe->precision);
  copy->device = g_strdup (recipe->device);
  copy->device_details = g_strdup (recipe->device_details);
  copy->has_score = recipe->has_score;
  copy->score = recipe->score;
  copy_rows (&copy->latent, &recipe->latent);
  copy_lists (copy, recipe);
  return copy;
}

static gboolean
roles_equal (GHashTable *a, GHashTable *b)
{
  GHashTableIter iter;
  gpointer role, text;

  if (g_hash_table_size (a) != g_hash_table_size (b))
    return FALSE;
  g_hash_table_iter_init (&iter, a);
  while (g_hash_table_iter_next (&iter, &role, &text))
    if (g_strcmp0 (g_hash_table_lookup (b, role), text) != 0)
      return FALSE;
  return TRUE;
}

static gboolean
lists_equal (const C2lRecipe *a, const C2lRecipe *b)
{
  if (a->edits->len != b->edits->len || a->mixes->len != b->mixes->len)
    return FALSE;
  for (guint i = 0; i < a->edits->len; i++)
    if (!c2l_recipe_edit_equal (g_ptr_array_index (a->edits, i), g_ptr_array_index (b->edits, i)))
      return FALSE;
  for (guint i = 0; i < a->mixes->len; i++)
    if (!mix_equal (g_ptr_array_index (a->mixes, i), g_ptr_array_index (b->mixes, i)))
      return FALSE;
  return roles_equal (a->sha256, b->sha256) && roles_equal (a->files, b->files);
}

gboolean
c2l_recipe_equal (const C2lRecipe *a, const C2lRecipe *b)
{
  const char *const texts[][2] = { { a->program, b->program },
                                   { a->model, b->model },
                                   { a->prompt, b->prompt },
                                   { a->made_by, b->made_by },
                                   { a->source, b->source },
                                   { a->sampler, b->sampler },
                                   { a->precision, b->precision },
                                   { a->device, b->device },
                                   { a->device_details, b->device_details } };

  if (a == b)
    return TRUE;
  if (a->origin != b->origin || a->seed != b->seed || a->index != b->index || a->label != b->label
      || a->steps != b->steps || a->guidance != b->guidance || a->truncation != b->truncation
      || a->noise != b->noise || a->noise_seed != b->noise_seed || a->move_x != b->move_x
      || a->move_y != b->move_y || a->turn != b->turn)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (g_strcmp0 (texts[i][0], texts[i][1]) != 0)
      return FALSE;
  return c2l_rows_equal (&a->latent, &b->latent) && lists_equal (a, b);
}

char *
c2l_recipe_dup_file_options (const C2lRecipe *recipe)
{
  static const char *const roles[] = { "prior", "generator" };
  g_autoptr (GString) text = g_string_new (NULL);

  if (g_hash_table_lookup (recipe->files, "generator") == NULL)
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (roles); i++)
    {
      const char *file = g_hash_table_lookup (recipe->files, roles[i]);
      g_autofree char *quoted = NULL;

      if (file == NULL)
        continue;
      quoted
          = strpbrk (file, " '\"\\$`&;|<>()*?!#~") != NULL ? g_shell_quote (file) : g_strdup (file);
      g_string_append_printf (text, "%s--%s %s", text->len > 0 ? " " : "", roles[i], quoted);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* --- settings that a file may not have --- */

gboolean
c2l_truncation_check (double truncation, GError **error)
{
  if (truncation >= 0 && truncation <= 1)
    return TRUE;
  g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
               _ ("truncation %g: give a number from 0 (the average picture) to 1 (no truncation)"),
               truncation);
  return FALSE;
}

gboolean
c2l_guidance_check (double guidance, GError **error)
{
  if (fabs (guidance) <= MAX_GUIDANCE)
    return TRUE;
  g_set_error (
      error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
      _ ("guidance %g: give a number from %d to %d; 1 follows the prompt, 2 follows it more "
         "closely, and far above 20 no picture comes of it"),
      guidance, -MAX_GUIDANCE, MAX_GUIDANCE);
  return FALSE;
}

gboolean
c2l_placement_check (double move_x, double move_y, double turn, GError **error)
{
  if (fabs (move_x) <= MAX_MOVE && fabs (move_y) <= MAX_MOVE && fabs (turn) <= MAX_TURN)
    return TRUE;
  g_set_error (
      error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
      _ ("moved by %g, %g and turned by %g°: give widths of the picture from −%d to %d and "
         "degrees from −%d to %d"),
      move_x, move_y, turn, MAX_MOVE, MAX_MOVE, MAX_TURN, MAX_TURN);
  return FALSE;
}

gboolean
c2l_recipe_is_placed (const C2lRecipe *recipe)
{
  return recipe->move_x != 0 || recipe->move_y != 0 || recipe->turn != 0;
}
