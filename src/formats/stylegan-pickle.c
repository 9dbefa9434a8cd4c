/* NVIDIA's persistence objects as data. Each is a dictionary with the class's name, its source text
 * (never looked at) and the module's state: parameters, buffers, submodules, plain attributes. Both
 * torch layouts differ only in attributes nobody needs. Tensors become "synthesis.b4.const" and so
 * on; plain attributes become the config. Only G_ema is walked. */
#include "formats/stylegan-pickle.h"

#include "formats/pickle-weights.h"
#include "formats/weights-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define PERSISTENT "torch_utils.persistence._reconstruct_persistent_obj"

static const char *const known_classes[] = {
  "Generator",      "MappingNetwork", "SynthesisNetwork",    "SynthesisBlock", "SynthesisLayer",
  "SynthesisInput", "ToRGBLayer",     "FullyConnectedLayer", "Conv2dLayer",    NULL,
};

static gboolean
is_persistent (const C2lPickleValue *value)
{
  return value != NULL && value->kind == C2L_PICKLE_OBJECT
         && strcmp (value->object.name, PERSISTENT) == 0;
}

gboolean
c2l_stylegan_pickle_detect (C2lPickle *pickle, const C2lPickleValue *root)
{
  return is_persistent (root) || c2l_pickle_lookup (pickle, root, "G_ema") != NULL;
}

static gboolean
damaged (GError **error, const char *name, const char *what)
{
  g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
               _ ("damaged StyleGAN file: “%s” %s; fetch the file again"), *name ? name : "G_ema",
               what);
  return FALSE;
}

/* The state of module @name, which must be of a known class; NULL on error. */
static const C2lPickleValue *
open_module (C2lPickle *pickle, const C2lPickleValue *value, const char *name, GError **error)
{
  if (!is_persistent (value))
    {
      damaged (error, name, "is no module of a network");
      return NULL;
    }
  const C2lPickleValue *meta = value->object.state;
  const C2lPickleValue *state = c2l_pickle_lookup (pickle, meta, "state");
  g_autofree char *class_name
      = c2l_pickle_dup_string (c2l_pickle_lookup (pickle, meta, "class_name"));
  if (state == NULL || state->kind != C2L_PICKLE_DICT || class_name == NULL
      || !c2l_pickle_is_string (c2l_pickle_lookup (pickle, meta, "type"), "class"))
    {
      damaged (error, name, "has no state");
      return NULL;
    }
  if (!g_strv_contains (known_classes, class_name))
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_FORBIDDEN,
                   _ ("it asks for a class “%.80s” of its own, which is no StyleGAN2 or StyleGAN3; "
                      "its code was not run"),
                   class_name);
      return NULL;
    }
  return state;
}

static gboolean
add_tensors (C2lWeights *weights,
             C2lPickle *pickle,
             const C2lPickleValue *tensors,
             const char *prefix,
             GError **error)
{
  if (tensors == NULL)
    return TRUE;
  if (tensors->kind != C2L_PICKLE_DICT)
    return damaged (error, prefix, "has tensors that are no dictionary");
  for (guint i = 0; i + 1 < tensors->sequence.length; i += 2)
    {
      const C2lPickleValue *value = tensors->sequence.items[i + 1];
      g_autofree char *key = c2l_pickle_dup_string (tensors->sequence.items[i]);
      if (key == NULL)
        return damaged (error, prefix, "has a tensor without a name");
      /* StyleGAN3: a filter of one tap is None. */
      if (value->kind == C2L_PICKLE_NONE)
        continue;
      g_autofree char *name = g_strconcat (prefix, key, NULL);
      if (!c2l_pickle_add_to_weights (pickle, value, weights, name, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
add_module (C2lWeights *weights,
            C2lPickle *pickle,
            const C2lPickleValue *value,
            const char *prefix,
            C2lPickleWalk *walk,
            GError **error)
{
  const C2lPickleValue *state = open_module (pickle, value, prefix, error);
  if (state == NULL || !c2l_pickle_walk_enter (walk, error)
      || !add_tensors (weights, pickle, c2l_pickle_lookup (pickle, state, "_parameters"), prefix,
                       error)
      || !add_tensors (weights, pickle, c2l_pickle_lookup (pickle, state, "_buffers"), prefix,
                       error))
    return FALSE;

  const C2lPickleValue *modules = c2l_pickle_lookup (pickle, state, "_modules");
  if (modules == NULL || modules->kind != C2L_PICKLE_DICT)
    return damaged (error, prefix, "has no list of submodules");
  for (guint i = 0; i + 1 < modules->sequence.length; i += 2)
    {
      g_autofree char *key = c2l_pickle_dup_string (modules->sequence.items[i]);
      if (key == NULL)
        return damaged (error, prefix, "has a submodule without a name");
      g_autofree char *name = g_strconcat (prefix, key, ".", NULL);
      if (!add_module (weights, pickle, modules->sequence.items[i + 1], name, walk, error))
        return FALSE;
    }
  c2l_pickle_walk_leave (walk);
  return TRUE;
}

/* State of a submodule, or NULL; add_module has checked all of them. */
static const C2lPickleValue *
find_state (C2lPickle *pickle, const C2lPickleValue *state, const char *name)
{
  const C2lPickleValue *module
      = c2l_pickle_lookup (pickle, c2l_pickle_lookup (pickle, state, "_modules"), name);
  return module ? c2l_pickle_lookup (pickle, module->object.state, "state") : NULL;
}

/* All plain attributes of a module's state. */
static JsonObject *
read_attributes (C2lPickle *pickle, const C2lPickleValue *state)
{
  JsonObject *object = json_object_new ();
  C2lPickleWalk walk = { 0 };

  for (guint i = 0; state != NULL && i + 1 < state->sequence.length; i += 2)
    {
      g_autofree char *key = c2l_pickle_dup_string (state->sequence.items[i]);
      if (key == NULL || key[0] == '_' || g_str_equal (key, "training"))
        continue;
      JsonNode *node = c2l_pickle_to_json (pickle, state->sequence.items[i + 1], &walk);
      if (node != NULL)
        json_object_set_member (object, key, node);
    }
  return object;
}

/* Copies attribute @key of @state into @object; where there is none, what the constructor got, else
 * @fallback (taken). */
static void
copy_attribute (C2lPickle *pickle,
                const C2lPickleValue *state,
                const char *key,
                JsonObject *object,
                JsonNode *fallback)
{
  C2lPickleWalk walk = { 0 };
  JsonNode *node = c2l_pickle_to_json (pickle, c2l_pickle_lookup (pickle, state, key), &walk);
  if (node == NULL)
    node = c2l_pickle_to_json (
        pickle, c2l_pickle_lookup (pickle, c2l_pickle_lookup (pickle, state, "_init_kwargs"), key),
        &walk);
  if (node == NULL)
    {
      json_object_set_member (object, key, fallback);
      return;
    }
  json_node_unref (fallback);
  json_object_set_member (object, key, node);
}

static JsonNode *
boolean_node (gboolean value)
{
  return json_node_init_boolean (json_node_alloc (), value);
}

static JsonNode *
null_node (void)
{
  return json_node_init_null (json_node_alloc ());
}

/* The separable filter behind a stored 2-D one, scaled so that it begins with 1: [1, 3, 3, 1]. */
static JsonNode *
read_filter (C2lWeights *weights, const char *name)
{
  const C2lArray *filter = c2l_weights_lookup (weights, name);
  if (filter == NULL || filter->n_dims < 1 || filter->n_dims > 2 || filter->length == 0
      || filter->length > 1024)
    return null_node ();

  g_autofree float *taps = c2l_array_dup_f32 (filter);
  g_autoptr (JsonArray) list = json_array_new ();
  for (gint64 i = 0; i < filter->dims[filter->n_dims - 1]; i++)
    json_array_add_double_element (list, taps[0] != 0 ? taps[i] / taps[0] : 0);
  return json_node_init_array (json_node_alloc (), list);
}

static JsonObject *
describe_stylegan2 (C2lWeights *weights, C2lPickle *pickle, const C2lPickleValue *synthesis)
{
  JsonObject *object = read_attributes (pickle, synthesis);
  const C2lPickleValue *block = find_state (pickle, synthesis, "b4");
  const C2lPickleValue *layer = find_state (pickle, block, "conv1");

  copy_attribute (pickle, block, "architecture", object,
                  json_node_init_string (json_node_alloc (), "skip"));
  copy_attribute (pickle, layer, "conv_clamp", object, null_node ());
  copy_attribute (pickle, layer, "use_noise", object, boolean_node (TRUE));
  copy_attribute (pickle, layer, "activation", object,
                  json_node_init_string (json_node_alloc (), "lrelu"));
  json_object_set_member (object, "resample_filter",
                          read_filter (weights, "synthesis.b4.resample_filter"));
  return object;
}

static JsonObject *
describe_stylegan3 (C2lPickle *pickle, const C2lPickleValue *synthesis)
{
  JsonObject *object = read_attributes (pickle, synthesis);
  JsonObject *layers = json_object_new ();
  const C2lPickleValue *modules = c2l_pickle_lookup (pickle, synthesis, "_modules");

  for (guint i = 0; i + 1 < modules->sequence.length; i += 2)
    {
      g_autofree char *name = c2l_pickle_dup_string (modules->sequence.items[i]);
      if (name == NULL || name[0] != 'L')
        continue;
      const C2lPickleValue *state = find_state (pickle, synthesis, name);
      JsonObject *layer = read_attributes (pickle, state);
      copy_attribute (pickle, state, "use_radial_filters", layer, boolean_node (FALSE));
      json_object_set_object_member (layers, name, layer);
    }
  json_object_set_object_member (object, "layers", layers);
  json_object_set_object_member (object, "input",
                                 read_attributes (pickle, find_state (pickle, synthesis, "input")));
  return object;
}

static gboolean
add_config (C2lWeights *weights, C2lPickle *pickle, const C2lPickleValue *state, GError **error)
{
  static const char *const required[]
      = { "z_dim", "c_dim", "w_dim", "num_ws", "img_resolution", "img_channels" };
  g_autoptr (JsonObject) config = read_attributes (pickle, state);
  const C2lPickleValue *mapping = find_state (pickle, state, "mapping");
  const C2lPickleValue *synthesis = find_state (pickle, state, "synthesis");
  const C2lPickleValue *first = find_state (pickle, mapping, "fc0");

  for (gsize i = 0; i < G_N_ELEMENTS (required); i++)
    {
      JsonNode *node = json_object_get_member (config, required[i]);
      if (node == NULL || !JSON_NODE_HOLDS_VALUE (node)
          || json_node_get_value_type (node) != G_TYPE_INT64)
        return damaged (error, required[i], "is missing");
    }
  if (mapping == NULL || synthesis == NULL)
    return damaged (error, "mapping or synthesis", "is missing");

  JsonObject *mapping_config = read_attributes (pickle, mapping);
  C2lPickleWalk walk = { 0 };
  JsonNode *gain
      = c2l_pickle_to_json (pickle, c2l_pickle_lookup (pickle, first, "bias_gain"), &walk);
  if (gain != NULL)
    json_object_set_member (mapping_config, "lr_multiplier", gain);
  copy_attribute (pickle, first, "activation", mapping_config,
                  json_node_init_string (json_node_alloc (), "lrelu"));
  json_object_set_object_member (config, "mapping", mapping_config);

  gboolean stylegan3 = find_state (pickle, synthesis, "input") != NULL;
  if (!stylegan3 && find_state (pickle, synthesis, "b4") == NULL)
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
                   _ ("its G_ema is neither a StyleGAN2 nor a StyleGAN3 generator"));
      return FALSE;
    }
  json_object_set_string_member (config, "class", stylegan3 ? "stylegan3" : "stylegan2");
  json_object_set_object_member (config, "synthesis",
                                 stylegan3 ? describe_stylegan3 (pickle, synthesis)
                                           : describe_stylegan2 (weights, pickle, synthesis));
  c2l_weights_set_config (weights, config);
  return TRUE;
}

C2lWeights *
c2l_stylegan_pickle_read (C2lPickle *pickle, const char *path, GError **error)
{
  g_autoptr (C2lWeights) weights = c2l_weights_new (C2L_WEIGHTS_GENERATOR, path, NULL);
  c2l_weights_own (weights, pickle, (GDestroyNotify) c2l_pickle_free);

  const C2lPickleValue *root = c2l_pickle_get_root (pickle);
  const C2lPickleValue *generator
      = is_persistent (root) ? root : c2l_pickle_lookup (pickle, root, "G_ema");
  C2lPickleWalk walk = { 0 };
  const C2lPickleValue *state = open_module (pickle, generator, "", error);
  if (state == NULL || !add_module (weights, pickle, generator, "", &walk, error)
      || !add_config (weights, pickle, state, error))
    return NULL;
  c2l_weights_take_format (
      weights, g_strdup_printf ("StyleGAN pickle, %u tensors", c2l_weights_get_length (weights)));
  return g_steal_pointer (&weights);
}
