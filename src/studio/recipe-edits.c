/* Changed copies of recipes. A changed picture has no score until it is looked at again. */
#include "studio/recipe-edits.h"

static C2lRecipe *
copy_unscored (C2lRecipe *recipe)
{
  C2lRecipe *copy = c2l_recipe_copy (recipe);

  copy->has_score = FALSE;
  return copy;
}

static guint
find (C2lRecipe *recipe, const char *direction)
{
  for (guint i = 0; i < recipe->edits->len; i++)
    if (g_strcmp0 (((C2lRecipeEdit *) g_ptr_array_index (recipe->edits, i))->direction, direction)
        == 0)
      return i;
  return G_MAXUINT;
}

const C2lRecipeEdit *
c2l_recipe_find_edit (C2lRecipe *recipe, const char *direction)
{
  guint at = find (recipe, direction);

  return at != G_MAXUINT ? g_ptr_array_index (recipe->edits, at) : NULL;
}

double
c2l_recipe_get_amount (C2lRecipe *recipe, const char *direction)
{
  const C2lRecipeEdit *edit = c2l_recipe_find_edit (recipe, direction);

  return edit != NULL ? edit->amount : 0;
}

C2lRecipe *
c2l_recipe_with_edit (C2lRecipe *recipe, const C2lRecipeEdit *edit)
{
  C2lRecipe *copy = copy_unscored (recipe);
  guint at = find (copy, edit->direction);

  /* In its old place, because sums of floats depend on the order. */
  if (edit->amount == 0 && at != G_MAXUINT)
    g_ptr_array_remove_index (copy->edits, at);
  else if (edit->amount != 0 && at != G_MAXUINT)
    {
      c2l_recipe_edit_free (copy->edits->pdata[at]);
      copy->edits->pdata[at] = c2l_recipe_edit_copy (edit);
    }
  else if (edit->amount != 0)
    c2l_recipe_add_edit_copy (copy, edit);
  return copy;
}

C2lRecipe *
c2l_recipe_without_edits (C2lRecipe *recipe)
{
  C2lRecipe *copy;

  if (recipe->edits->len == 0 && recipe->mixes->len == 0 && !c2l_recipe_is_placed (recipe))
    return c2l_recipe_ref (recipe);
  copy = copy_unscored (recipe);
  g_ptr_array_set_size (copy->edits, 0);
  g_ptr_array_set_size (copy->mixes, 0);
  copy->move_x = copy->move_y = copy->turn = 0;
  return copy;
}

C2lRecipe *
c2l_recipe_with_edits (C2lRecipe *recipe, GPtrArray *edits)
{
  C2lRecipe *copy = copy_unscored (recipe);

  g_ptr_array_set_size (copy->edits, 0);
  for (guint i = 0; edits != NULL && i < edits->len; i++)
    c2l_recipe_add_edit_copy (copy, g_ptr_array_index (edits, i));
  return copy;
}

GPtrArray *
c2l_recipe_dup_edits (C2lRecipe *recipe)
{
  GPtrArray *edits = c2l_recipe_edits_new ();

  for (guint i = 0; i < recipe->edits->len; i++)
    g_ptr_array_add (edits, c2l_recipe_edit_copy (g_ptr_array_index (recipe->edits, i)));
  return edits;
}

C2lRecipe *
c2l_recipe_with_mix (C2lRecipe *recipe,
                     const char *label,
                     double amount,
                     int first_layer,
                     int last_layer,
                     const C2lRows *rows)
{
  C2lRecipe *copy = copy_unscored (recipe);

  g_ptr_array_set_size (copy->mixes, 0);
  if (rows != NULL)
    {
      C2lRecipeMix *mix = c2l_recipe_add_mix (copy, label, amount, rows);

      mix->first_layer = first_layer;
      mix->last_layer = last_layer;
    }
  return copy;
}

C2lRecipe *
c2l_recipe_with_truncation (C2lRecipe *recipe, double truncation)
{
  C2lRecipe *copy = copy_unscored (recipe);

  copy->truncation = truncation;
  return copy;
}

C2lRecipe *
c2l_recipe_with_noise (C2lRecipe *recipe, C2lNoiseKind noise, guint64 noise_seed)
{
  C2lRecipe *copy = copy_unscored (recipe);

  copy->noise = noise;
  copy->noise_seed = noise_seed;
  return copy;
}

C2lRecipe *
c2l_recipe_with_placement (C2lRecipe *recipe, double move_x, double move_y, double turn)
{
  C2lRecipe *copy = copy_unscored (recipe);

  copy->move_x = move_x;
  copy->move_y = move_y;
  copy->turn = turn;
  return copy;
}
