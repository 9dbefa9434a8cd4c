/* Dictionaries, lists and TorchScript modules become flat names. Walks carry a limit, since hostile
 * trees share their parts. */
#include "formats/pickle-weights.h"

#include "formats/weights-private.h"

gboolean
c2l_pickle_add_to_weights (C2lPickle *pickle,
                           const C2lPickleValue *value,
                           C2lWeights *weights,
                           const char *name,
                           GError **error)
{
  C2lArray array;
  if (!c2l_pickle_get_array (pickle, value, &array, error))
    {
      g_prefix_error (error, "“%s”: ", name);
      return FALSE;
    }
  return c2l_weights_add_view (weights, name, &array, error);
}

static gboolean add_tree (C2lPickle *pickle,
                          const C2lPickleValue *value,
                          C2lWeights *weights,
                          const char *name,
                          C2lPickleWalk *walk,
                          GError **error);

/* The values of a dictionary under their keys, where those are strings; those of a list or a tuple
 * under their numbers. */
static gboolean
add_children (C2lPickle *pickle,
              const C2lPickleValue *parent,
              C2lWeights *weights,
              const char *name,
              C2lPickleWalk *walk,
              GError **error)
{
  gboolean is_dict = parent->kind == C2L_PICKLE_DICT;
  guint stride = is_dict ? 2 : 1; /* a key before each value */

  for (guint i = 0; i + stride <= parent->sequence.length; i += stride)
    {
      g_autofree char *key
          = is_dict ? c2l_pickle_dup_string (parent->sequence.items[i]) : g_strdup_printf ("%u", i);
      g_autofree char *full = g_strconcat (name, *name ? "." : "", key, NULL);

      if (key != NULL
          && !add_tree (pickle, parent->sequence.items[i + stride - 1], weights, full, walk, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
add_tree (C2lPickle *pickle,
          const C2lPickleValue *value,
          C2lWeights *weights,
          const char *name,
          C2lPickleWalk *walk,
          GError **error)
{
  gboolean added = TRUE;

  if (!c2l_pickle_walk_enter (walk, error))
    return FALSE;
  if (value->kind == C2L_PICKLE_TENSOR || value->kind == C2L_PICKLE_NDARRAY)
    added = c2l_pickle_add_to_weights (pickle, value, weights, name, error);
  else if (value->kind == C2L_PICKLE_DICT || value->kind == C2L_PICKLE_LIST
           || value->kind == C2L_PICKLE_TUPLE)
    added = add_children (pickle, value, weights, name, walk, error);
  else if (value->kind == C2L_PICKLE_OBJECT && g_str_has_prefix (value->object.name, "__torch__")
           && value->object.state != NULL && value->object.state->kind == C2L_PICKLE_DICT)
    added = add_children (pickle, value->object.state, weights, name, walk, error);
  c2l_pickle_walk_leave (walk);
  return added;
}

gboolean
c2l_pickle_add_tree_to_weights (C2lPickle *pickle,
                                const C2lPickleValue *value,
                                C2lWeights *weights,
                                const char *name,
                                GError **error)
{
  C2lPickleWalk walk = { 0 };
  return add_tree (pickle, value, weights, name, &walk, error);
}
