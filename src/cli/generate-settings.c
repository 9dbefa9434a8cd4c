/* What the texts of c2l generate's options mean: numbers, edits and places, each with the refusal
 * that names its option. */
#include "cli/generate-options.h"

#include "models/sampler.h"

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

/* "glasses@4-7=1.5" taken apart; all layers where none are named. */
typedef struct
{
  char *name;
  const char *amount; /* (nullable): within the text */
  int first_layer, last_layer;
} EditText;

static void
edit_text_clear (EditText *edit)
{
  g_free (edit->name);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EditText, edit_text_clear)

static gboolean
is_direction (C2lBundle *bundle, const char *name)
{
  return c2l_bundle_lookup_direction (bundle, name) != NULL
         || g_file_test (name, G_FILE_TEST_IS_REGULAR);
}

/* A name that is known is taken whole, whatever is in it. */
static gboolean
parse_edit (C2lBundle *bundle, const char *text, EditText *edit, GError **error)
{
  const char *equals = is_direction (bundle, text) ? NULL : strrchr (text, '=');
  char *at;

  *edit = (EditText){ .name = equals != NULL ? g_strndup (text, equals - text) : g_strdup (text),
                      .amount = equals != NULL ? equals + 1 : NULL,
                      .last_layer = C2L_LAST_LAYER };
  at = is_direction (bundle, edit->name) ? NULL : strrchr (edit->name, '@');
  if (at != NULL && c2l_layers_parse (at + 1, &edit->first_layer, &edit->last_layer))
    *at = '\0';
  else if (at != NULL && at > edit->name)
    return c2l_cli_refuse (error,
                           "--edit: “%s” in “%s” names no layers; @4 is one, @4-7 are four, the "
                           "first one first, and @4- is all from there on",
                           at + 1, text);
  if (*edit->name == '\0' || at == edit->name)
    return c2l_cli_refuse (
        error, "--edit: “%s” names no direction; it stands first, as in glasses=1.5", text);
  if (edit->amount != NULL && *edit->amount == '\0')
    return c2l_cli_refuse (error,
                           "--edit: there is no amount behind the “=” of “%s”; add one, as in "
                           "%s=1.5, or leave the “=” out",
                           text, edit->name);
  return TRUE;
}

static gboolean
check_layers (C2lEngine *engine, const EditText *edit, const char *text, GError **error)
{
  C2lGenerator *generator;
  int n;

  if (edit->first_layer == 0 && edit->last_layer == C2L_LAST_LAYER)
    return TRUE;
  generator = c2l_engine_get_generator (engine, error);
  if (generator == NULL)
    return FALSE;
  n = c2l_generator_get_num_ws (generator);
  if (edit->first_layer < n && edit->last_layer < n)
    return TRUE;

  g_autofree char *layers = c2l_layers_to_string (edit->first_layer, edit->last_layer);

  return c2l_cli_refuse (error, "--edit: %s: layers %s; the model has the layers 0 to %d", text,
                         layers, n - 1);
}

/* A direction's own scale where no amount is given. */
static gboolean
add_edit (C2lGenerateParams *params, C2lEngine *engine, const char *text, GError **error)
{
  C2lBundle *bundle = c2l_engine_get_bundle (engine);
  g_auto (EditText) parsed = { 0 };
  const C2lDirection *direction;
  g_autoptr (GError) cause = NULL;
  C2lRecipeEdit *edit;
  double amount;

  if (!parse_edit (bundle, text, &parsed, error))
    return FALSE;
  direction = c2l_bundle_lookup_direction (bundle, parsed.name);
  amount = direction != NULL ? direction->scale : 1;
  if (!read_number (parsed.amount, "--edit", &amount, error))
    return FALSE;
  if (fabs (amount) > 1e6)
    return c2l_cli_refuse (error, "--edit: %s is far beyond any direction's reach", text);
  if (!c2l_generate_params_add_edit (params, bundle, parsed.name, amount, &cause))
    {
      if (!is_direction (bundle, parsed.name))
        return c2l_cli_refuse (error, "--edit: %s", cause->message);
      g_propagate_error (error, g_steal_pointer (&cause));
      return FALSE;
    }
  edit = g_ptr_array_index (params->edits, params->edits->len - 1);
  edit->first_layer = parsed.first_layer;
  edit->last_layer = parsed.last_layer;
  return check_layers (engine, &parsed, text, error);
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

/* Where it was not asked for it is the recipe's. */
static gboolean
check_placement (const C2lGenerateOptions *options, C2lEngine *engine, GError **error)
{
  C2lGenerator *generator;

  if (options->move == NULL && options->turn == NULL)
    return TRUE;
  generator = c2l_engine_get_generator (engine, error);
  if (generator == NULL)
    return FALSE;
  return c2l_generator_get_kind (generator) == C2L_GENERATOR_STYLEGAN3
         || c2l_cli_refuse (error,
                            "%s: “%s” cannot move or turn its pictures, only a StyleGAN3 can; "
                            "leave it out",
                            options->move != NULL ? "--move" : "--turn",
                            c2l_bundle_get_name (c2l_engine_get_bundle (engine)));
}

/* The settings that the user gave, against the prior; the model's own are not the user's to
 * blame. */
static gboolean
check_settings (const C2lGenerateOptions *options,
                C2lEngine *engine,
                const C2lSampling *sampling,
                GError **error)
{
  C2lSamplerParams params
      = { .steps = sampling->steps, .guided = sampling->guidance != 1, .n_pictures = 1 };
  g_autoptr (GError) cause = NULL;
  C2lPrior *prior;

  if (options->steps == C2L_UNSET && options->sampler == NULL && options->guidance == NULL)
    return TRUE;
  prior = c2l_engine_get_prior (engine, error);
  if (prior == NULL)
    return FALSE;
  return !c2l_sampler_kind_from_name (sampling->sampler, &params.kind)
         || c2l_sampler_check (prior, &params, &cause)
         || c2l_cli_refuse (error, "%s", cause->message);
}

static gboolean
check_label (const C2lGenerateOptions *options, C2lEngine *engine, GError **error)
{
  C2lGenerator *generator;
  int n;

  if (options->label == C2L_UNSET)
    return TRUE;
  generator = c2l_engine_get_generator (engine, error);
  if (generator == NULL)
    return FALSE;
  n = c2l_generator_get_c_dim (generator);
  if (n == 0)
    return c2l_cli_refuse (error, "--class: the generator knows no classes; leave it out");
  return (options->label >= 0 && options->label < n)
         || c2l_cli_refuse (error, "--class: %d; the generator knows the classes 0 to %d",
                            options->label, n - 1);
}

gboolean
c2l_generate_options_check_model (const C2lGenerateOptions *options,
                                  C2lEngine *engine,
                                  const C2lSampling *sampling,
                                  gboolean is_sampled,
                                  GError **error)
{
  return (!is_sampled || check_settings (options, engine, sampling, error))
         && check_label (options, engine, error) && check_placement (options, engine, error);
}

gboolean
c2l_generate_options_add_edits (const C2lGenerateOptions *options,
                                C2lEngine *engine,
                                C2lGenerateParams *params,
                                GError **error)
{
  for (int i = 0; options->edits != NULL && options->edits[i] != NULL; i++)
    if (!add_edit (params, engine, options->edits[i], error))
      return FALSE;
  return TRUE;
}

gboolean
c2l_generate_options_edit_recipe (const C2lGenerateOptions *options,
                                  C2lEngine *engine,
                                  C2lRecipe *recipe,
                                  GError **error)
{
  C2lGenerateParams params = { 0 };
  gboolean ok = c2l_generate_options_add_edits (options, engine, &params, error)
                && read_placement (options, &recipe->move_x, &recipe->move_y, &recipe->turn, error)
                && check_placement (options, engine, error);

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
  C2lSamplerKind kind;

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
  if (options->sampler != NULL && !c2l_sampler_kind_from_name (options->sampler, &kind))
    return c2l_cli_refuse (error,
                           "--sampler: there is no “%s”; reference, ddpm, ddim and dpm++2m are",
                           options->sampler);
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
