/* Sizes of networks and shapes of arrays, as lines and as JSON. The sizes are put together once, as
 * JSON, and the lines are made of that: so both say the same. */
#include "cli/info-weights.h"

#include "cli/cli.h"
#include "models/clip.h"
#include "models/prior.h"
#include "studio/json.h"

typedef struct
{
  const char *name;
  gint64 value;
} Size;

static void
add_all (JsonObject *object, const Size *sizes, guint n)
{
  for (guint i = 0; i < n; i++)
    json_object_set_int_member (object, sizes[i].name, sizes[i].value);
}

static int
get (JsonObject *object, const char *name)
{
  return (int) c2l_json_get_int (object, name, 0);
}

static void
add_clip (C2lWeights *weights, C2lDevice *device, JsonObject *object)
{
  C2lClip *clip = c2l_clip_load (weights, device, NULL);
  const C2lClipInfo *info = clip != NULL ? c2l_clip_get_info (clip) : NULL;
  JsonObject *text, *vision;

  if (info == NULL)
    return;

  const Size of_text[] = { { "width", info->text_width },
                           { "depth", info->text_depth },
                           { "heads", info->text_heads },
                           { "context", info->context },
                           { "vocabulary", info->vocabulary } };
  const Size of_vision[] = { { "width", info->vision_width },
                             { "depth", info->vision_depth },
                             { "heads", info->vision_heads },
                             { "resolution", info->resolution },
                             { "patch", info->patch } };

  text = json_object_new ();
  vision = json_object_new ();
  add_all (text, of_text, G_N_ELEMENTS (of_text));
  add_all (vision, of_vision, G_N_ELEMENTS (of_vision));
  json_object_set_int_member (object, "embed_dim", info->embed_dim);
  json_object_set_object_member (object, "text", text);
  json_object_set_object_member (object, "vision", vision);
  c2l_clip_free (clip);
}

static void
add_prior (C2lWeights *weights, C2lDevice *device, JsonObject *object)
{
  C2lPrior *prior = c2l_prior_load (weights, C2L_PRIOR_EMA, NULL, device, NULL);
  const C2lPriorInfo *info = prior != NULL ? c2l_prior_get_info (prior) : NULL;

  if (info == NULL)
    return;

  const Size sizes[] = { { "width", info->dim },         { "depth", info->depth },
                         { "heads", info->heads },       { "head_dim", info->head_dim },
                         { "latents", info->n_latents }, { "timesteps", info->n_timesteps } };

  add_all (object, sizes, G_N_ELEMENTS (sizes));
  c2l_prior_free (prior);
}

/* Under the names that a bundle's model.json has for them. */
static void
add_generator (C2lWeights *weights, JsonObject *object)
{
  JsonObject *config = c2l_weights_get_config (weights);
  const Size sizes[] = { { "resolution", get (config, "img_resolution") },
                         { "styles", get (config, "num_ws") },
                         { "style_width", get (config, "w_dim") } };

  if (!json_object_has_member (config, "class"))
    return;
  json_object_set_string_member (object, "network", c2l_json_get_string (config, "class", "?"));
  add_all (object, sizes, G_N_ELEMENTS (sizes));
  if (get (config, "c_dim") > 0)
    json_object_set_int_member (object, "classes", get (config, "c_dim"));
}

void
c2l_info_add_sizes (C2lWeights *weights, JsonObject *object)
{
  C2lWeightsKind kind = c2l_weights_get_kind (weights);
  g_autoptr (C2lDevice) device = c2l_device_open ("cpu", NULL);

  if (kind == C2L_WEIGHTS_CLIP && device != NULL)
    add_clip (weights, device, object);
  else if (kind == C2L_WEIGHTS_PRIOR && device != NULL)
    add_prior (weights, device, object);
  else if (kind == C2L_WEIGHTS_GENERATOR)
    add_generator (weights, object);
}

void
c2l_info_show_sizes (C2lWeights *weights)
{
  g_autoptr (JsonObject) sizes = json_object_new ();
  JsonObject *text, *vision;

  c2l_info_add_sizes (weights, sizes);
  text = c2l_json_get_object (sizes, "text");
  vision = c2l_json_get_object (sizes, "vision");
  if (text != NULL && vision != NULL)
    {
      c2l_cli_describe ("embeddings", "%d numbers", get (sizes, "embed_dim"));
      c2l_cli_describe ("prompts", "width %d, depth %d, %d heads, %d tokens of %d",
                        get (text, "width"), get (text, "depth"), get (text, "heads"),
                        get (text, "context"), get (text, "vocabulary"));
      c2l_cli_describe ("pictures", "width %d, depth %d, %d heads, %d² in patches of %d²",
                        get (vision, "width"), get (vision, "depth"), get (vision, "heads"),
                        get (vision, "resolution"), get (vision, "patch"));
    }
  if (json_object_has_member (sizes, "timesteps"))
    {
      c2l_cli_describe ("network", "width %d, depth %d, %d heads of %d", get (sizes, "width"),
                        get (sizes, "depth"), get (sizes, "heads"), get (sizes, "head_dim"));
      c2l_cli_describe ("latents", "%d; %d time steps", get (sizes, "latents"),
                        get (sizes, "timesteps"));
    }
  if (json_object_has_member (sizes, "resolution"))
    c2l_cli_describe ("network", "%s, pictures of %d², %d styles of %d",
                      c2l_json_get_string (sizes, "network", "?"), get (sizes, "resolution"),
                      get (sizes, "styles"), get (sizes, "style_width"));
  if (json_object_has_member (sizes, "classes"))
    c2l_cli_describe ("classes", "%d", get (sizes, "classes"));
}

void
c2l_info_show_arrays (C2lWeights *weights)
{
  g_autofree const char **names = c2l_weights_list_names (weights);

  for (int i = 0; names[i] != NULL; i++)
    {
      g_autofree char *array = c2l_array_to_string (c2l_weights_lookup (weights, names[i]));
      c2l_cli_describe (NULL, "  %-60s %s", *names[i] != '\0' ? names[i] : "(bare)", array);
    }
}

void
c2l_info_add_arrays (C2lWeights *weights, JsonObject *object)
{
  g_autofree const char **names = c2l_weights_list_names (weights);
  JsonArray *list = json_array_new ();

  for (int i = 0; names[i] != NULL; i++)
    {
      const C2lArray *array = c2l_weights_lookup (weights, names[i]);
      JsonObject *entry = json_object_new ();
      JsonArray *shape = json_array_new ();

      for (int j = 0; j < array->n_dims; j++)
        json_array_add_int_element (shape, array->dims[j]);
      json_object_set_string_member (entry, "name", names[i]);
      json_object_set_string_member (entry, "type", c2l_dtype_get_name (array->dtype));
      json_object_set_array_member (entry, "shape", shape);
      json_array_add_object_element (list, entry);
    }
  json_object_set_array_member (object, "arrays", list);
}
