/* c2l_weights_load: what kind of file this is, by its content, and which reader it goes to. Files
 * are mapped, so a large checkpoint costs address space and what is really read. Things that people
 * often hold instead of a model (an unfetched Git LFS pointer, a web page, an empty file) get an
 * answer of their own. */
#include "formats/torch-zip-writer.h"
#include "formats/weights-private.h"

#include "formats/clip-archive.h"
#include "formats/mapped.h"
#include "formats/npy.h"
#include "formats/pickle-weights.h"
#include "formats/rosinality.h"
#include "formats/safetensors.h"
#include "formats/stylegan-pickle.h"
#include "formats/stylegan-tf-pickle.h"
#include "formats/torch-legacy.h"
#include "formats/torch-zip.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static gboolean
begins_with (GBytes *bytes, const char *text)
{
  gsize size, length = strlen (text);
  const char *data = g_bytes_get_data (bytes, &size);
  while (size > 0 && g_ascii_isspace (*data))
    {
      data++;
      size--;
    }
  return size >= length && g_ascii_strncasecmp (data, text, length) == 0;
}

/* Sets an error and returns FALSE for what is certainly not a model. */
static gboolean
check_plausible (GBytes *bytes, GError **error)
{
  static const struct
  {
    const char *begin;
    const char *message;
  } impostors[] = {
    { "version https://git-lfs",
      "a Git LFS pointer, not the file itself; run “git lfs pull” where it comes from" },
    { "<!doctype",
      "not a model file but a web page; download the file itself, perhaps after logging in" },
    { "<html",
      "not a model file but a web page; download the file itself, perhaps after logging in" },
    { "<?xml", "not a model file but a message of the server; download it again later" },
  };

  if (g_bytes_get_size (bytes) == 0)
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
                   _ ("the file is empty; fetch it again"));
      return FALSE;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (impostors); i++)
    if (begins_with (bytes, impostors[i].begin))
      {
        g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNKNOWN, "%s", impostors[i].message);
        return FALSE;
      }
  return TRUE;
}

static gboolean
has_prefix (C2lWeights *weights, const char *prefix)
{
  g_autofree const char **names = c2l_weights_list_names (weights);
  for (guint i = 0; names[i] != NULL; i++)
    if (g_str_has_prefix (names[i], prefix))
      return TRUE;
  return FALSE;
}

/* What a flat set of names is, unless the file said so itself. */
static C2lWeights *
classify (C2lWeights *flat, GError **error)
{
  g_autoptr (C2lWeights) weights = flat;

  if (c2l_weights_get_length (weights) == 0)
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNKNOWN,
                   _ ("not a model file: it holds no tensors"));
      return NULL;
    }
  if (c2l_weights_get_kind (weights) != C2L_WEIGHTS_PLAIN)
    return g_steal_pointer (&weights);
  if (has_prefix (weights, "ema_diffusion_prior.") || has_prefix (weights, "diffusion_prior."))
    c2l_weights_set_kind (weights, C2L_WEIGHTS_PRIOR);
  else if (c2l_clip_archive_detect (weights))
    return c2l_clip_archive_convert (weights, error);
  return g_steal_pointer (&weights);
}

/* A lone tensor: an edit direction. */
static C2lWeights *
read_tensor (C2lPickle *pickle, C2lWeights *weights, GError **error)
{
  c2l_weights_set_kind (weights, C2L_WEIGHTS_TENSOR);
  if (!c2l_pickle_add_to_weights (pickle, c2l_pickle_get_root (pickle), weights, "", error))
    return NULL;
  return c2l_weights_ref (weights);
}

static C2lWeights *
read_dictionary (C2lPickle *pickle, C2lWeights *weights, const char *format, GError **error)
{
  const C2lPickleValue *root = c2l_pickle_get_root (pickle);
  const C2lPickleValue *state = c2l_pickle_lookup (pickle, root, "state_dict");
  const C2lPickleValue *own = c2l_pickle_lookup (pickle, root, C2L_TORCH_OWN);
  C2lPickleWalk walk = { 0 };
  g_autoptr (JsonNode) config
      = c2l_pickle_to_json (pickle, c2l_pickle_lookup (pickle, root, "cfg"), &walk);

  if (!c2l_pickle_add_tree_to_weights (
          pickle, state && state->kind == C2L_PICKLE_DICT ? state : root, weights, "", error))
    return NULL;
  if (state != NULL && state->kind == C2L_PICKLE_DICT && own != NULL && own->kind == C2L_PICKLE_DICT
      && !c2l_pickle_add_tree_to_weights (pickle, own, weights, C2L_TORCH_OWN, error))
    return NULL;
  if (config != NULL && JSON_NODE_HOLDS_OBJECT (config))
    c2l_weights_set_config (weights, json_node_get_object (config));
  c2l_weights_take_format (
      weights, g_strdup_printf ("%s, %u tensors", format, c2l_weights_get_length (weights)));
  return classify (c2l_weights_ref (weights), error);
}

/* Takes @pickle, which was read from a file of @format. */
static C2lWeights *
read_tree (C2lPickle *pickle, const char *path, const char *format, GError **error)
{
  const C2lPickleValue *root = c2l_pickle_get_root (pickle);

  if (c2l_stylegan_pickle_detect (pickle, root))
    return c2l_stylegan_pickle_read (pickle, path, error);
  if (c2l_stylegan_tf_pickle_detect (root))
    return c2l_stylegan_tf_pickle_read (pickle, path, error);
  if (c2l_rosinality_detect (pickle, root))
    return c2l_rosinality_read (pickle, path, error);

  g_autoptr (C2lWeights) weights = c2l_weights_new (C2L_WEIGHTS_PLAIN, path, format);
  c2l_weights_own (weights, pickle, (GDestroyNotify) c2l_pickle_free);
  if (root->kind == C2L_PICKLE_TENSOR || root->kind == C2L_PICKLE_NDARRAY)
    return read_tensor (pickle, weights, error);
  if (root->kind == C2L_PICKLE_DICT || root->kind == C2L_PICKLE_OBJECT)
    return read_dictionary (pickle, weights, format, error);
  g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNKNOWN,
               _ ("not a model file: it holds %s"), c2l_pickle_describe (root));
  return NULL;
}

static C2lWeights *
load_torch_zip (GBytes *bytes, const char *path, GError **error)
{
  C2lPickle *pickle = c2l_torch_zip_parse (bytes, FALSE, error);
  if (pickle == NULL)
    return NULL;
  gboolean script = c2l_pickle_get_root (pickle)->kind == C2L_PICKLE_OBJECT;
  return read_tree (pickle, path, script ? "TorchScript archive" : "torch zip", error);
}

/* A bare pickle, or a legacy torch file, which begins with one. */
static C2lWeights *
load_pickle (GBytes *bytes, const char *path, GError **error)
{
  C2lPickle *pickle = c2l_pickle_parse (bytes, 0, NULL, NULL, error);
  if (pickle == NULL)
    return NULL;
  if (!c2l_torch_legacy_is_magic (c2l_pickle_get_root (pickle)))
    return read_tree (pickle, path, "pickle", error);
  c2l_pickle_free (pickle);
  pickle = c2l_torch_legacy_parse (bytes, FALSE, error);
  return pickle ? read_tree (pickle, path, "legacy torch file", error) : NULL;
}

static C2lWeights *
load_safetensors (GBytes *bytes, const char *path, GError **error)
{
  C2lWeights *weights = c2l_safetensors_parse (bytes, path, error);
  return weights ? classify (weights, error) : NULL;
}

static C2lWeights *
load_npy (GBytes *bytes, const char *path, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  C2lNpy *npy = c2l_npy_parse (data, size, "the array", error);
  if (npy == NULL)
    return NULL;

  g_autoptr (C2lWeights) weights = c2l_weights_new (C2L_WEIGHTS_TENSOR, path, "NumPy array");
  c2l_weights_own (weights, g_bytes_ref (bytes), (GDestroyNotify) g_bytes_unref);
  c2l_weights_own (weights, npy, (GDestroyNotify) c2l_npy_free);
  return c2l_weights_add_view (weights, "", &npy->array, error) ? g_steal_pointer (&weights) : NULL;
}

static gboolean
is_npy (GBytes *bytes)
{
  static const char magic[] = "\x93NUMPY";
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  return size >= sizeof magic - 1 && memcmp (data, magic, sizeof magic - 1) == 0;
}

/* Protocol 2 and later begin with PROTO; the older ones with any of a few operations, and all end
 * with STOP. */
static gboolean
looks_like_pickle (GBytes *bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  return data[0] == 0x80 || (strchr ("(]})cdliIS", data[0]) && data[size - 1] == '.');
}

static gboolean
is_called_model (const char *path)
{
  static const char *const suffixes[] = { ".safetensors", ".ckpt", ".pt", ".pth", ".pkl" };
  g_autofree char *name = g_ascii_strdown (path, -1);

  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
    if (g_str_has_suffix (name, suffixes[i]))
      return TRUE;
  return FALSE;
}

static C2lWeights *
load_by_content (GBytes *bytes, const char *path, GError **error)
{
  if (!check_plausible (bytes, error))
    return NULL;
  if (c2l_torch_zip_detect (bytes))
    return load_torch_zip (bytes, path, error);
  if (is_npy (bytes))
    return load_npy (bytes, path, error);
  if (c2l_safetensors_detect (bytes) || g_str_has_suffix (path, ".safetensors"))
    return load_safetensors (bytes, path, error);
  if (looks_like_pickle (bytes))
    return load_pickle (bytes, path, error);
  /* To expect what it is called already would say nothing. */
  if (is_called_model (path))
    g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNKNOWN,
                 _ ("this does not begin like a model file: it is damaged, or something else under "
                    "this name. Get it again"));
  else
    g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNKNOWN,
                 _ ("not a model file that is known here; expected a .safetensors, .ckpt, .pt or "
                    ".pkl file"));
  return NULL;
}

C2lWeights *
c2l_weights_load_bytes (GBytes *bytes, const char *path, GError **error)
{
  g_return_val_if_fail (bytes != NULL && path != NULL, NULL);

  C2lWeights *weights = load_by_content (bytes, path, error);
  if (weights == NULL)
    g_prefix_error (error, "%s: ", path);
  return weights;
}

C2lWeights *
c2l_weights_load (const char *path, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  g_autoptr (GBytes) bytes = c2l_mapped_open (path, error);
  if (bytes == NULL)
    return NULL;

  C2lWeights *weights = c2l_weights_load_bytes (bytes, path, error);
  if (weights != NULL && !c2l_mapped_check (path, error))
    g_clear_pointer (&weights, c2l_weights_unref);
  return weights;
}
