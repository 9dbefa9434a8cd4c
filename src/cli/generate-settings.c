/* What the texts of c2l generate's options mean: numbers, edits and places, each with the refusal
 * that names its option. */
#include "cli/generate-options.h"

#include <math.h>
#include <string.h>

#define MAX_PICTURES 100000

static gboolean
read_number (const char *text, const char *option, double *value, GError **error)
{
  char *end;

  if (text == NULL)
    return TRUE;
  *value = g_ascii_strtod (text, &end);
  if (end == text || *end != '\0' || !isfinite (*value))
    return c2l_cli_refuse (error, "%s: “%s” is no number", option, text);
  return TRUE;
}

static gboolean
read_seed (const char *text, const char *option, guint64 *value, GError **error)
{
  if (text != NULL && !g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, value, NULL))
    return c2l_cli_refuse (error, "%s: “%s” is no whole number from 0 to 18446744073709551615",
                           option, text);
  return TRUE;
}

/* "glasses@4-7=1.5"; all layers where none are named, a direction's own scale where no amount is
 * given. */
static gboolean
add_edit (C2lGenerateParams *params, C2lBundle *bundle, const char *text, GError **error)
{
  const char *equals = strrchr (text, '=');
  g_autofree char *name = equals != NULL ? g_strndup (text, equals - text) : g_strdup (text);
  char *at = strrchr (name, '@');
  int first_layer = 0, last_layer = C2L_LAST_LAYER;
  C2lRecipeEdit *edit;

  if (at != NULL && c2l_layers_parse (at + 1, &first_layer, &last_layer))
    *at = '\0';

  const C2lDirection *direction = c2l_bundle_lookup_direction (bundle, name);
  double amount = direction != NULL ? direction->scale : 1;

  if (equals != NULL && !read_number (equals + 1, "--edit", &amount, error))
    return FALSE;
  if (fabs (amount) > 1e6)
    return c2l_cli_refuse (error, "--edit: %s is far beyond any direction's reach", text);
  if (!c2l_generate_params_add_edit (params, bundle, name, amount, error))
    return FALSE;
  edit = g_ptr_array_index (params->edits, params->edits->len - 1);
  edit->first_layer = first_layer;
  edit->last_layer = last_layer;
  return TRUE;
}

/* "0.1,-0.25" and "20": where a picture is moved to and how it is turned; what is not given stays
 * as it is. */
static gboolean
read_placement (const C2lGenerateOptions *options,
                double *move_x,
                double *move_y,
                double *turn,
                GError **error)
{
  g_auto (GStrv) parts = options->move != NULL ? g_strsplit (options->move, ",", -1) : NULL;
  g_autoptr (GError) beyond = NULL;

  if (parts != NULL && g_strv_length (parts) != 2)
    return c2l_cli_refuse (error,
                           "--move: “%s” is not two numbers with a comma between, as in 0.1,-0.25",
                           options->move);
  if (parts != NULL
      && (!read_number (parts[0], "--move", move_x, error)
          || !read_number (parts[1], "--move", move_y, error)))
    return FALSE;
  if (!read_number (options->turn, "--turn", turn, error))
    return FALSE;
  return c2l_placement_check (*move_x, *move_y, *turn, &beyond)
         || c2l_cli_refuse (error, "%s", beyond->message);
}

gboolean
c2l_generate_options_add_edits (const C2lGenerateOptions *options,
                                C2lBundle *bundle,
                                C2lGenerateParams *params,
                                GError **error)
{
  for (int i = 0; options->edits != NULL && options->edits[i] != NULL; i++)
    if (!add_edit (params, bundle, options->edits[i], error))
      return FALSE;
  return TRUE;
}

gboolean
c2l_generate_options_edit_recipe (const C2lGenerateOptions *options,
                                  C2lBundle *bundle,
                                  C2lRecipe *recipe,
                                  GError **error)
{
  C2lGenerateParams params = { 0 };
  gboolean ok = c2l_generate_options_add_edits (options, bundle, &params, error)
                && read_placement (options, &recipe->move_x, &recipe->move_y, &recipe->turn, error);

  for (guint i = 0; ok && params.edits != NULL && i < params.edits->len; i++)
    c2l_recipe_add_edit_copy (recipe, g_ptr_array_index (params.edits, i));
  /* The score was another picture's. */
  if (options->edits != NULL || options->move != NULL || options->turn != NULL)
    recipe->has_score = FALSE;
  c2l_generate_params_clear (&params);
  return ok;
}

gboolean
c2l_generate_options_fill_sampling (const C2lGenerateOptions *options,
                                    C2lSampling *sampling,
                                    GError **error)
{
  g_autoptr (GError) beyond = NULL;

  if (!read_seed (options->seed, "--seed", &sampling->seed, error)
      || !read_number (options->guidance, "--guidance", &sampling->guidance, error)
      || !read_number (options->truncation, "--truncation", &sampling->truncation, error))
    return FALSE;
  if (!c2l_guidance_check (sampling->guidance, &beyond))
    return c2l_cli_refuse (error, "--%s", beyond->message);
  if (sampling->truncation < 0 || sampling->truncation > 1)
    return c2l_cli_refuse (
        error, "--truncation: %g; from 0 (the average picture) to 1 (no truncation) is possible",
        sampling->truncation);
  sampling->noise_seed = sampling->seed;
  if (!read_seed (options->noise_seed, "--noise-seed", &sampling->noise_seed, error))
    return FALSE;
  if (options->n != C2L_UNSET && (options->n < 1 || options->n > MAX_PICTURES))
    return c2l_cli_refuse (error, "-n: %d pictures; from 1 to %d can be drawn", options->n,
                           MAX_PICTURES);
  if (options->index < 0)
    return c2l_cli_refuse (error, "--index: %d is below 0", options->index);
  if (options->steps < 1 && options->steps != C2L_UNSET)
    return c2l_cli_refuse (error, "--steps: %d is below 1", options->steps);
  if (options->noise != NULL && !c2l_noise_kind_from_name (options->noise, &sampling->noise))
    return c2l_cli_refuse (error, "--noise: there is no “%s”; const, random and none are",
                           options->noise);
  sampling->n = options->n != C2L_UNSET ? options->n : 1;
  sampling->first_index = options->index;
  sampling->label = options->label != C2L_UNSET ? options->label : 0;
  if (!read_placement (options, &sampling->move_x, &sampling->move_y, &sampling->turn, error))
    return FALSE;
  if (options->steps != C2L_UNSET)
    sampling->steps = options->steps;
  if (options->sampler != NULL)
    sampling->sampler = options->sampler;
  return TRUE;
}
