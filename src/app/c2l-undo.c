/* Steps of undo in an array with a position in it: those before it can be taken back, those behind it done again. A picture's
 * recipes do not change, so keeping references is keeping the past. */
#include "app/c2l-undo.h"

/* Recipes are some KiB each; nobody walks back further. */
#define MAX_STEPS 500

struct _C2lUndo
{
  GPtrArray *steps; /* of C2lStep */
  guint position;   /* steps before it are done */
};

static void
step_free (gpointer data)
{
  C2lStep *step = data;

  g_free (step->label);
  g_clear_pointer (&step->items, g_ptr_array_unref);
  g_clear_pointer (&step->before, g_ptr_array_unref);
  g_clear_pointer (&step->after, g_ptr_array_unref);
  g_free (step);
}

C2lUndo *
c2l_undo_new (void)
{
  C2lUndo *undo = g_new0 (C2lUndo, 1);

  undo->steps = g_ptr_array_new_with_free_func (step_free);
  return undo;
}

void
c2l_undo_free (C2lUndo *undo)
{
  g_ptr_array_unref (undo->steps);
  g_free (undo);
}

void
c2l_undo_clear (C2lUndo *undo)
{
  g_ptr_array_set_size (undo->steps, 0);
  undo->position = 0;
}

/* Copies with references of their own, because the caller's array may go on changing. */
static GPtrArray *
copy_items (GPtrArray *items)
{
  GPtrArray *copy = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < items->len; i++)
    g_ptr_array_add (copy, g_object_ref (g_ptr_array_index (items, i)));
  return copy;
}

static GPtrArray *
copy_recipes (GPtrArray *recipes)
{
  GPtrArray *copy = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);

  for (guint i = 0; i < recipes->len; i++)
    g_ptr_array_add (copy, c2l_recipe_ref (g_ptr_array_index (recipes, i)));
  return copy;
}

static void
push (C2lUndo *undo, C2lStep *step)
{
  g_ptr_array_set_size (undo->steps, undo->position);
  if (undo->steps->len == MAX_STEPS)
    g_ptr_array_remove_index (undo->steps, 0);
  g_ptr_array_add (undo->steps, step);
  undo->position = undo->steps->len;
}

static C2lStep *
get_open_step (C2lUndo *undo, C2lPictureItem *item, const char *label)
{
  C2lStep *step = undo->position > 0 ? g_ptr_array_index (undo->steps, undo->position - 1) : NULL;

  if (step == NULL || !step->open || step->items->len != 1
      || g_ptr_array_index (step->items, 0) != item || g_strcmp0 (step->label, label) != 0)
    return NULL;
  return step;
}

void
c2l_undo_push_change (C2lUndo *undo,
                      C2lPictureItem *item,
                      C2lRecipe *before,
                      C2lRecipe *after,
                      const char *label,
                      gboolean open)
{
  C2lStep *step = get_open_step (undo, item, label);

  if (step == NULL)
    {
      g_autoptr (GPtrArray) items = g_ptr_array_new (), from = g_ptr_array_new (),
                            to = g_ptr_array_new ();

      g_ptr_array_add (items, item);
      g_ptr_array_add (from, before);
      g_ptr_array_add (to, after);
      c2l_undo_push_changes (undo, items, from, to, label);
      step = g_ptr_array_index (undo->steps, undo->position - 1);
    }
  else
    {
      g_ptr_array_set_size (undo->steps, undo->position);
      g_ptr_array_set_size (step->after, 0);
      g_ptr_array_add (step->after, c2l_recipe_ref (after));
    }
  step->open = open;
}

void
c2l_undo_push_changes (
    C2lUndo *undo, GPtrArray *items, GPtrArray *before, GPtrArray *after, const char *label)
{
  C2lStep *step = g_new0 (C2lStep, 1);

  step->kind = C2L_STEP_RECIPES;
  step->label = g_strdup (label);
  step->items = copy_items (items);
  step->before = copy_recipes (before);
  step->after = copy_recipes (after);
  push (undo, step);
}

void
c2l_undo_push_delete (C2lUndo *undo, GPtrArray *items, const char *label)
{
  C2lStep *step = g_new0 (C2lStep, 1);

  step->kind = C2L_STEP_DELETE;
  step->label = g_strdup (label);
  step->items = copy_items (items);
  push (undo, step);
}

const C2lStep *
c2l_undo_back (C2lUndo *undo)
{
  C2lStep *step;

  if (undo->position == 0)
    return NULL;
  step = g_ptr_array_index (undo->steps, --undo->position);
  step->open = FALSE;
  return step;
}

const C2lStep *
c2l_undo_forth (C2lUndo *undo)
{
  return undo->position < undo->steps->len ? g_ptr_array_index (undo->steps, undo->position++)
                                           : NULL;
}

const char *
c2l_undo_get_undo_label (C2lUndo *undo)
{
  return undo->position > 0
             ? ((C2lStep *) g_ptr_array_index (undo->steps, undo->position - 1))->label
             : NULL;
}

const char *
c2l_undo_get_redo_label (C2lUndo *undo)
{
  return undo->position < undo->steps->len
             ? ((C2lStep *) g_ptr_array_index (undo->steps, undo->position))->label
             : NULL;
}
