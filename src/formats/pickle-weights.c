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

static gboolean
add_child (C2lPickle *pickle,
           const C2lPickleValue *value,
           C2lWeights *weights,
           const char *name,
           const char *key,
           C2lPickleWalk *walk,
           GError **error)
{
  g_autofree char *full = *name ? g_strconcat (name, ".", key, NULL) : g_strdup (key);
  return add_tree (pickle, value, weights, full, walk, error);
}

static gboolean
add_dict (C2lPickle *pickle,
          const C2lPickleValue *dict,
          C2lWeights *weights,
          const char *name,
          C2lPickleWalk *walk,
          GError **error)
{
  for (guint i = 0; i + 1 < dict->sequence.length; i += 2)
    {
      g_autofree char *key = c2l_pickle_dup_string (dict->sequence.items[i]);
      if (key != NULL
          && !add_child (pickle, dict->sequence.items[i + 1], weights, name, key, walk, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
add_list (C2lPickle *pickle,
          const C2lPickleValue *list,
          C2lWeights *weights,
          const char *name,
          C2lPickleWalk *walk,
          GError **error)
{
  for (guint i = 0; i < list->sequence.length; i++)
    {
      char key[16];
      g_snprintf (key, sizeof key, "%u", i);
      if (!add_child (pickle, list->sequence.items[i], weights, name, key, walk, error))
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
  else if (value->kind == C2L_PICKLE_DICT)
    added = add_dict (pickle, value, weights, name, walk, error);
  else if (value->kind == C2L_PICKLE_LIST || value->kind == C2L_PICKLE_TUPLE)
    added = add_list (pickle, value, weights, name, walk, error);
  else if (value->kind == C2L_PICKLE_OBJECT && g_str_has_prefix (value->object.name, "__torch__")
           && value->object.state != NULL && value->object.state->kind == C2L_PICKLE_DICT)
    added = add_dict (pickle, value->object.state, weights, name, walk, error);
  c2l_pickle_walk_leave (walk);
  return added;
}

gboolean
c2l_pickle_add_tree_to_weights (C2lPickle *pickle,
                                const C2lPickleValue *value,
                                C2lWeights *weights,
                                GError **error)
{
  C2lPickleWalk walk = { 0 };
  return add_tree (pickle, value, weights, "", &walk, error);
}
