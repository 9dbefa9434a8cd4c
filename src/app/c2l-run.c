/* A generation in the board's queue: a copy of what was asked, and the items that wait for its
 * pictures. */
#include "app/c2l-board-private.h"

static GPtrArray *
ref_array (GPtrArray *array)
{
  return array != NULL ? g_ptr_array_ref (array) : NULL;
}

C2lRun *
c2l_run_new (C2lBoard *board, const C2lOrder *order, C2lRunKind kind)
{
  C2lRun *run = g_new0 (C2lRun, 1);

  g_atomic_ref_count_init (&run->refs);
  run->asked = g_get_monotonic_time ();
  run->board = board;
  run->kind = kind;
  run->order = *order;
  run->order.prompts
      = (const char *const *) g_strdupv ((char **) order->prompts); /* NULL stays NULL */
  run->order.sampling.sampler = g_intern_string (order->sampling.sampler);
  run->order.recipes = ref_array (order->recipes);
  run->order.edits = ref_array (order->edits);
  run->items = g_ptr_array_new_with_free_func (g_object_unref);
  run->finished = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref);
  run->finished_at = g_array_new (FALSE, FALSE, sizeof (guint));
  run->cancellable = g_cancellable_new ();
  return run;
}

C2lRun *
c2l_run_ref (C2lRun *run)
{
  g_atomic_ref_count_inc (&run->refs);
  return run;
}

void
c2l_run_unref (C2lRun *run)
{
  if (!g_atomic_ref_count_dec (&run->refs))
    return;
  g_strfreev ((char **) run->order.prompts);
  g_clear_pointer (&run->order.recipes, g_ptr_array_unref);
  g_clear_pointer (&run->order.edits, g_ptr_array_unref);
  g_ptr_array_unref (run->items);
  g_ptr_array_unref (run->finished);
  g_array_unref (run->finished_at);
  g_object_unref (run->cancellable);
  g_free (run);
}

static guint
count_prompts (const C2lOrder *order)
{
  return order->prompts != NULL ? g_strv_length ((char **) order->prompts) : 0;
}

guint
c2l_run_count (C2lRun *run)
{
  if (run->order.recipes != NULL)
    return run->order.recipes->len;
  return run->order.sampling.n * MAX (count_prompts (&run->order), 1);
}

gboolean
c2l_run_asks_the_same (C2lRun *run, const C2lOrder *order)
{
  const C2lSampling *own = &run->order.sampling, *other = &order->sampling;

  if (run->order.recipes != NULL || order->recipes != NULL
      || count_prompts (&run->order) != count_prompts (order))
    return FALSE;
  for (guint i = 0; i < count_prompts (order); i++)
    if (g_strcmp0 (run->order.prompts[i], order->prompts[i]) != 0)
      return FALSE;
  return g_strcmp0 (own->sampler, other->sampler) == 0 && own->steps == other->steps
         && own->guidance == other->guidance && own->truncation == other->truncation
         && own->noise == other->noise && own->label == other->label;
}
