/* Exporting a prior. The original loads its checkpoints strictly: three copies of the model must be
 * there (the one being trained, the one that the average watches, and the average), and a few
 * counters. What the source lacks is filled up from the average. */
#include "studio/export.h"

#include "formats/torch-zip-writer.h"
#include "studio/json.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static const char *const prefixes[]
    = { "diffusion_prior.", "ema_diffusion_prior.online_model.", "ema_diffusion_prior.ema_model." };
static const char *const counters[]
    = { "step", "ema_diffusion_prior.initted", "ema_diffusion_prior.step" };

#define EMA_PREFIX "ema_diffusion_prior.ema_model."

static void
add_missing_copies (C2lWeights *weights, const char **names)
{
  for (int i = 0; names[i] != NULL; i++)
    {
      const char *rest
          = g_str_has_prefix (names[i], EMA_PREFIX) ? names[i] + strlen (EMA_PREFIX) : NULL;

      for (guint j = 0; rest != NULL && j < G_N_ELEMENTS (prefixes); j++)
        {
          g_autofree char *name = g_strconcat (prefixes[j], rest, NULL);

          if (c2l_weights_lookup (weights, name) == NULL)
            c2l_weights_add (weights, name, c2l_weights_lookup (weights, names[i]));
        }
    }
}

static void
add_missing_counters (C2lWeights *weights)
{
  const float one = 1;
  const C2lArray counter = { C2L_F32, 1, { 1 }, 1, &one };

  for (guint i = 0; i < G_N_ELEMENTS (counters); i++)
    if (c2l_weights_lookup (weights, counters[i]) == NULL)
      c2l_weights_add (weights, counters[i], &counter);
}

static char *
dup_config_path (const char *path)
{
  g_autofree char *stem = g_str_has_suffix (path, ".ckpt")
                              ? g_strndup (path, strlen (path) - strlen (".ckpt"))
                              : g_strdup (path);

  return g_strconcat (stem, ".yaml", NULL);
}

static gboolean
check_absent (const char *path, GError **error)
{
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
               _ ("%s: already there; choose another name, or --replace it"), path);
  return FALSE;
}

/* JSON is YAML, so the configuration is written as the former. */
static gboolean
save_config (C2lBundle *bundle, const char *path, GError **error)
{
  JsonObject *config = c2l_bundle_get_prior_config (bundle);
  g_autofree char *file = dup_config_path (path);
  g_autofree char *text = NULL, *lines = NULL;

  if (config == NULL)
    return TRUE;
  text = c2l_json_object_to_string (config, TRUE);
  lines = g_strconcat (text, "\n", NULL);
  return g_file_set_contents (file, lines, -1, error);
}

gboolean
c2l_export_prior (C2lBundle *bundle, const char *path, gboolean replace, GError **error)
{
  g_autoptr (C2lWeights) source = NULL, full = NULL;
  g_autofree const char **names = NULL, **all = NULL;
  g_autofree char *config_path = dup_config_path (path);

  if (!replace
      && (!check_absent (path, error)
          || (c2l_bundle_get_prior_config (bundle) != NULL && !check_absent (config_path, error))))
    return FALSE;
  source = c2l_bundle_load_weights (bundle, C2L_ROLE_PRIOR, error);
  if (source == NULL)
    return FALSE;
  names = c2l_weights_list_names (source);
  full = c2l_weights_new (C2L_WEIGHTS_PRIOR, path, "checkpoint");
  for (int i = 0; names[i] != NULL; i++)
    c2l_weights_add (full, names[i], c2l_weights_lookup (source, names[i]));
  all = c2l_weights_list_names (full);
  add_missing_copies (full, all);
  add_missing_counters (full);
  return c2l_torch_zip_save (full, NULL, path, error) && save_config (bundle, path, error);
}
