/* The self-test of the whole way: prompts → tokens → embedding → latents → pictures → scores, on
 * recorded random numbers. Each set of a folder ("plain", "truncated_sorted", "edited") is one run;
 * what is special about it stands in its name and in info.json. Every stage works on what this
 * program made in the stage before. */
#include "studio/selftest-private.h"

#include "compute/ops.h"
#include "formats/yaml.h"
#include "models/clip.h"
#include "models/generator.h"
#include "models/prior.h"
#include "models/sampler.h"
#include "models/tokenizer.h"
#include "studio/json.h"
#include "studio/recipe.h"
#include "studio/similarity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NOISE_LAYERS 64

/* What "truncated" in a set's name means where info.json does not say. */
#define DEFAULT_PSI 0.7

typedef struct
{
  C2lSelftest *self;
  C2lClip *clip;
  C2lPrior *prior;
  C2lGenerator *generator;
  C2lTokenizer *tokenizer;
  C2lClipPreprocess preprocess;
  JsonArray *prompts;
  int n_prompts, n_pictures, width;
  float *text; /* [n_prompts, width] */
} Run;

static void
run_clear (Run *run)
{
  g_clear_pointer (&run->clip, c2l_clip_free);
  g_clear_pointer (&run->prior, c2l_prior_free);
  g_clear_pointer (&run->generator, c2l_generator_free);
  g_clear_pointer (&run->tokenizer, c2l_tokenizer_free);
  g_free (run->text);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

static gboolean
load_models (Run *run, GError **error)
{
  C2lSelftest *self = run->self;
  g_autoptr (C2lWeights) clip = c2l_selftest_load_role (run->self, "clip", error);
  g_autoptr (C2lWeights) prior
      = clip != NULL ? c2l_selftest_load_role (run->self, "prior", error) : NULL;
  g_autoptr (C2lWeights) generator
      = prior != NULL ? c2l_selftest_load_role (run->self, "generator", error) : NULL;
  g_autofree char *config_path = c2l_expected_dup_file (self->expected, "config");
  g_autofree char *merges = c2l_expected_dup_file (self->expected, "merges");
  g_autoptr (JsonObject) config = NULL;

  if (generator == NULL
      || (config_path != NULL && (config = c2l_yaml_load (config_path, error)) == NULL))
    return FALSE;
  run->clip = c2l_clip_load (clip, self->device, error);
  run->prior = run->clip != NULL
                   ? c2l_prior_load (prior, C2L_PRIOR_EMA, config, self->device, error)
                   : NULL;
  run->generator = run->prior != NULL ? c2l_generator_load (generator, self->device, error) : NULL;
  if (run->generator == NULL)
    return FALSE;
  run->width = c2l_clip_get_info (run->clip)->embed_dim;
  if (c2l_prior_get_info (run->prior)->num_ws != c2l_generator_get_num_ws (run->generator)
      || c2l_prior_get_info (run->prior)->dim != c2l_generator_get_w_dim (run->generator)
      || c2l_prior_get_info (run->prior)->dim != run->width)
    return c2l_selftest_invalid (run->self, error, "its models do not fit each other");
  if (merges == NULL && self->merges == NULL)
    return c2l_selftest_invalid (
        run->self, error, "it brings no merges file and that of OpenAI's CLIP is not installed");
  run->tokenizer = c2l_tokenizer_load (merges != NULL ? merges : self->merges,
                                       c2l_clip_get_info (run->clip)->vocabulary, error);
  return run->tokenizer != NULL;
}

/* --- pieces --- */

static C2lPass *
begin_pass (Run *run, const char *name)
{
  return c2l_pass_new (run->self->device, run->self->precision, name);
}

/* The array "set.name", where it has exactly the given dimensions (0: any). */
static const C2lArray *
find_array (Run *run, const char *set, const char *name, int n_dims, const gint64 *dims)
{
  g_autofree char *full = g_strdup_printf ("%s.%s", set, name);
  const C2lArray *array = c2l_expected_lookup (run->self->expected, full);

  if (array == NULL || array->n_dims != n_dims)
    return NULL;
  for (int i = 0; i < n_dims; i++)
    if (dims[i] != 0 && array->dims[i] != dims[i])
      return NULL;
  return array;
}

/* Compares where the folder expects it. */
static void
compare (Run *run, const char *set, const char *name, const float *values, gsize n)
{
  g_autofree char *full = set != NULL ? g_strdup_printf ("%s.%s", set, name) : g_strdup (name);

  if (c2l_expected_lookup (run->self->expected, full) != NULL)
    c2l_selftest_compare (full, values, n, run->self);
}

/* Rows of @values in the order that @order says. */
static float *
reorder (const float *values, const int *order, int n, gsize row)
{
  float *result = g_new (float, n *row);

  for (int i = 0; i < n; i++)
    memcpy (result + i * row, values + order[i] * row, row * sizeof (float));
  return result;
}

/* --- stages --- */

static gboolean
embed_prompts (Run *run, GError **error)
{
  int context = c2l_clip_get_info (run->clip)->context;
  gsize n = (gsize) run->n_prompts * context;
  g_autofree gint32 *ids = g_new0 (gint32, n), *ends = g_new0 (gint32, run->n_prompts);
  g_autofree float *as_floats = g_new (float, n);
  g_autoptr (C2lPass) pass = begin_pass (run, "text");
  C2lTensor *tokens
      = c2l_pass_add_input (pass, "tokens", C2L_I32, 2, (gint64[]){ run->n_prompts, context });
  C2lTensor *end = c2l_pass_add_input (pass, "end", C2L_I32, 1, (gint64[]){ run->n_prompts });

  for (int i = 0; i < run->n_prompts; i++)
    ends[i]
        = i * context
          + c2l_tokenizer_encode (run->tokenizer, json_array_get_string_element (run->prompts, i),
                                  ids + i * context, context, NULL)
          - 1;
  for (gsize i = 0; i < n; i++)
    as_floats[i] = ids[i];
  compare (run, NULL, "tokens", as_floats, n);

  c2l_pass_keep (pass, "embedding", c2l_clip_forward_text (run->clip, pass, tokens, end));
  if (!c2l_pass_compile (pass, error))
    return FALSE;
  c2l_selftest_write (tokens, ids);
  c2l_selftest_write (end, ends);
  if (!c2l_pass_run (pass, NULL, error))
    return FALSE;
  run->text = c2l_selftest_read (pass, "embedding");
  compare (run, NULL, "text_embed", run->text, (gsize) run->n_prompts * run->width);
  return TRUE;
}

static double
get_psi (Run *run, const char *set)
{
  JsonObject *info = c2l_expected_get_info (run->self->expected);

  if (strstr (set, "truncated") == NULL)
    return 1;
  return c2l_json_get_double (info, "truncation", c2l_json_get_double (info, "psi", DEFAULT_PSI));
}

/* [n_pictures, num_ws, width] from the recorded draws. */
static float *
sample (Run *run, const char *set, GError **error)
{
  const C2lPriorInfo *prior = c2l_prior_get_info (run->prior);
  JsonObject *info = c2l_expected_get_info (run->self->expected);
  float guidance = c2l_json_get_double (info, "cond_scale", 1), psi = get_psi (run, set);
  C2lSamplerParams params = { .kind = C2L_SAMPLER_REFERENCE,
                              .skip = CLAMP (c2l_json_get_int (info, "skips", 1), 1, 1000000),
                              .guided = guidance != 1,
                              .n_pictures = run->n_pictures };
  g_autofree char *name = g_strdup_printf ("%s.prior_noise", set);
  const C2lArray *noise = c2l_expected_lookup (run->self->expected, name);
  g_autoptr (C2lPass) pass = NULL;
  g_autofree float *draws = NULL;
  int n_draws;

  if (!c2l_sampler_check (run->prior, &params, error))
    return NULL;
  n_draws = c2l_sampler_get_n_draws (run->prior, &params);
  if (noise == NULL || noise->n_dims < 2 || noise->dims[0] < n_draws
      || noise->dims[1] != run->n_pictures
      || noise->length != (gsize) noise->dims[0] * run->n_pictures * prior->n_latents * prior->dim)
    {
      c2l_selftest_invalid (run->self, error,
                            "its prior_noise has another shape than the draws of the sampler");
      return NULL;
    }
  pass = begin_pass (run, "prior");
  params.text
      = c2l_pass_add_input (pass, "text", C2L_F32, 2, (gint64[]){ run->n_prompts, run->width });
  params.draws = c2l_pass_add_input (
      pass, "draws", C2L_F32, 4,
      (gint64[]){ noise->dims[0], run->n_pictures, prior->n_latents, prior->dim });
  if (params.guided)
    params.guidance = c2l_pass_add_input (pass, "guidance", C2L_F32, 1, (gint64[]){ 1 });
  if (psi != 1)
    params.truncation = c2l_pass_add_input (pass, "psi", C2L_F32, 1, (gint64[]){ 1 });
  c2l_pass_keep (pass, "latents", c2l_sampler_forward (run->prior, pass, &params));
  if (!c2l_pass_compile (pass, error))
    return NULL;
  draws = c2l_array_dup_f32 (noise);
  c2l_selftest_write (params.text, run->text);
  c2l_selftest_write (params.draws, draws);
  if (params.guidance != NULL)
    c2l_selftest_write (params.guidance, &guidance);
  if (params.truncation != NULL)
    c2l_selftest_write (params.truncation, &psi);
  return c2l_pass_run (pass, NULL, error) ? c2l_selftest_read (pass, "latents") : NULL;
}

/* Adds the array "edit", [1 or num_ws, width] under any leading 1s. */
static gboolean
add_edit (Run *run, float *ws, GError **error)
{
  const C2lArray *edit = c2l_expected_lookup (run->self->expected, "edit");
  int num_ws = c2l_generator_get_num_ws (run->generator);
  gsize length = (gsize) num_ws * run->width;
  g_autofree float *values = NULL;

  if (edit == NULL || (edit->length != (gsize) run->width && edit->length != length))
    return c2l_selftest_invalid (run->self, error, "its “edit” does not fit the generator");
  values = c2l_array_dup_f32 (edit);
  for (gsize i = 0; i < length * run->n_pictures; i++)
    ws[i] += values[i % edit->length];
  return TRUE;
}

/* Inputs for the recorded noise of the generator's layers; FALSE where the set has none that fits.
 */
static gboolean
add_noise (Run *run,
           const char *set,
           C2lPass *pass,
           C2lTensor **noise,
           gsize n_layers,
           const C2lNoiseLayer *layers)
{
  for (gsize i = 0; i < n_layers; i++)
    {
      g_autofree char *name = g_strdup_printf ("layer_noise%02d", (int) i);

      if (find_array (run, set, name, 4,
                      (gint64[]){ run->n_pictures, 1, layers[i].resolution, layers[i].resolution })
          == NULL)
        return FALSE;
      noise[i] = c2l_pass_add_input (
          pass, name, C2L_F32, 3,
          (gint64[]){ run->n_pictures, layers[i].resolution, layers[i].resolution });
    }
  return TRUE;
}

static void
write_noise (Run *run, const char *set, C2lTensor **noise, gsize n_layers)
{
  for (gsize i = 0; i < n_layers; i++)
    {
      g_autofree char *name = g_strdup_printf ("%s.layer_noise%02d", set, (int) i);
      g_autofree float *values
          = c2l_array_dup_f32 (c2l_expected_lookup (run->self->expected, name));

      c2l_selftest_write (noise[i], values);
    }
}

typedef struct
{
  float *pictures;   /* [n, R, R, 3] */
  float *embeddings; /* [n, width] */
  guint8 *u8;        /* [n, R, R, 3] */
} Drawn;

static void
drawn_clear (Drawn *drawn)
{
  g_free (drawn->pictures);
  g_free (drawn->embeddings);
  g_free (drawn->u8);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Drawn, drawn_clear)

static gboolean
draw (Run *run,
      const char *set,
      const float *ws,
      gboolean recorded_noise,
      Drawn *drawn,
      GError **error)
{
  int num_ws = c2l_generator_get_num_ws (run->generator);
  g_autoptr (C2lPass) pass = begin_pass (run, "draw");
  C2lTensor *noise[MAX_NOISE_LAYERS] = { NULL };
  C2lSynthesis options = { .noise_mode = C2L_NOISE_CONST };
  C2lTensor *latents, *pictures, *u8;
  const C2lNoiseLayer *layers;
  gsize n_layers;

  layers = c2l_generator_get_noise_layers (run->generator, &n_layers);
  latents = c2l_pass_add_input (pass, "ws", C2L_F32, 3,
                                (gint64[]){ run->n_pictures, num_ws, run->width });
  if (n_layers > MAX_NOISE_LAYERS
      || (recorded_noise && !add_noise (run, set, pass, noise, n_layers, layers)))
    return c2l_selftest_invalid (run->self, error,
                                 "the recorded noise of a layer is missing or has another shape");
  if (recorded_noise && n_layers > 0)
    options = (C2lSynthesis){ .noise_mode = C2L_NOISE_RANDOM, .noise = noise };
  pictures = c2l_generator_forward_synthesis (run->generator, pass, latents, &options);
  u8 = c2l_to_u8 (pass, pictures, C2L_U8_TRUNCATE);
  c2l_pass_keep (pass, "pictures", pictures);
  c2l_pass_keep (pass, "u8", u8);
  c2l_pass_keep (pass, "embeddings",
                 c2l_clip_forward_image (run->clip, pass, pictures, run->preprocess));
  if (!c2l_pass_compile (pass, error))
    return FALSE;
  c2l_selftest_write (latents, ws);
  if (recorded_noise)
    write_noise (run, set, noise, n_layers);
  if (!c2l_pass_run (pass, NULL, error))
    return FALSE;
  drawn->pictures = c2l_selftest_read (pass, "pictures");
  drawn->embeddings = c2l_selftest_read (pass, "embeddings");
  drawn->u8 = g_malloc (c2l_tensor_get_size (u8));
  c2l_tensor_read (u8, drawn->u8, c2l_tensor_get_size (u8));
  return TRUE;
}

/* Scores of all pictures, and their order: best first over all prompts where the set is sorted, as
 * the original does it. */
static void
rank (Run *run, const float *embeddings, gboolean sorted, float *scores, int *order)
{
  int per_prompt = run->n_pictures / run->n_prompts;

  for (int i = 0; i < run->n_pictures; i++)
    {
      scores[i]
          = c2l_similarity_cosine (embeddings + (gsize) i * run->width,
                                   run->text + (gsize) (i / per_prompt) * run->width, run->width);
      order[i] = i;
    }
  for (int i = 0; sorted && i < run->n_pictures; i++)
    for (int j = i; j > 0 && scores[order[j]] > scores[order[j - 1]]; j--)
      {
        int swap = order[j];
        order[j] = order[j - 1];
        order[j - 1] = swap;
      }
}

static void
compare_sorted (Run *run,
                const char *set,
                const char *name,
                const float *values,
                const int *order,
                gsize row)
{
  g_autofree float *sorted = reorder (values, order, run->n_pictures, row);
  compare (run, set, name, sorted, run->n_pictures * row);
}

static double
largest_difference (const float *a, const float *b, const float *shift, gsize n, gsize row)
{
  double largest = 0;

  for (gsize i = 0; i < n; i++)
    largest = MAX (largest, fabs (a[i] + (shift != NULL ? shift[i % row] : 0) - b[i]));
  return largest;
}

/* A quirk of the original on CPUs only: the buffers latent_mean and latent_std are made from one
 * tensor, so loading the second overwrites the first, and a checkpoint of one latent is drawn
 * around its standard deviation instead of its mean. (On a GPU the two are copied apart first.)
 * Such recordings are recognised by their latents, which then differ by exactly that, and are
 * followed here. */
static void
follow_aliased_mean (Run *run, const char *set, float *ws)
{
  const C2lPriorInfo *info = c2l_prior_get_info (run->prior);
  gsize row = info->dim, n = (gsize) run->n_pictures * info->num_ws * row;
  const C2lArray *array
      = find_array (run, set, "latents", 3, (gint64[]){ run->n_pictures, info->num_ws, info->dim });
  g_autofree float *expected = NULL, *mean = NULL, *shift = NULL;

  if (array == NULL || !info->has_stats || info->n_latents != 1)
    return;
  expected = c2l_array_dup_f32 (array);
  mean = g_new (float, row);
  shift = g_new (float, row);
  c2l_tensor_read (c2l_prior_get_latent_mean (run->prior), mean, row * sizeof (float));
  c2l_tensor_read (c2l_prior_get_latent_std (run->prior), shift, row * sizeof (float));
  for (gsize i = 0; i < row; i++)
    shift[i] -= mean[i];
  if (largest_difference (ws, expected, shift, n, row)
      > 0.01 * largest_difference (ws, expected, NULL, n, row))
    return;
  for (gsize i = 0; i < n; i++)
    ws[i] += shift[i % row];
  run->self->note = "recorded on a CPU, where the original's mean is its std";
}

static gboolean
run_set (Run *run, const char *set, GError **error)
{
  int side = c2l_generator_get_img_resolution (run->generator), n = run->n_pictures;
  gsize row = (gsize) side * side * 3,
        length = (gsize) c2l_generator_get_num_ws (run->generator) * run->width;
  g_autofree float *ws = sample (run, set, error), *planes = NULL, *constant_planes = NULL,
                   *u8 = NULL;
  g_autofree float *scores = g_new (float, n);
  g_autofree int *order = g_new (int, n);
  g_auto (Drawn) drawn = { 0 }, constant = { 0 };

  if (ws == NULL)
    return FALSE;
  follow_aliased_mean (run, set, ws);
  compare (run, set, "latents", ws, length * n);
  run->self->note = NULL;
  if (strstr (set, "edited") != NULL && !add_edit (run, ws, error))
    return FALSE;
  if (!draw (run, set, ws, TRUE, &drawn, error) || !draw (run, set, ws, FALSE, &constant, error))
    return FALSE;
  rank (run, drawn.embeddings, strstr (set, "sorted") != NULL, scores, order);
  planes = c2l_selftest_to_planes (drawn.pictures, n, side);
  constant_planes = c2l_selftest_to_planes (constant.pictures, n, side);
  u8 = g_new (float, n *row);
  for (gsize i = 0; i < n * row; i++)
    u8[i] = constant.u8[i];
  compare (run, set, "images_unsorted", planes, n * row);
  compare_sorted (run, set, "images", planes, order, row);
  compare_sorted (run, set, "clip_score", scores, order, 1);
  /* These follow the order of the latents. */
  compare (run, set, "image_embed", drawn.embeddings, (gsize) n * run->width);
  compare (run, set, "images_const_noise", constant_planes, n * row);
  compare (run, set, "image_embed_const_noise", constant.embeddings, (gsize) n * run->width);
  compare (run, set, "u8_eval", u8, n * row);
  return TRUE;
}

gboolean
c2l_selftest_e2e (C2lSelftest *self, GError **error)
{
  JsonObject *info = c2l_expected_get_info (self->expected);
  g_autofree const char **names = c2l_expected_list_names (self->expected);
  g_auto (Run) run = { .self = self, .prompts = c2l_json_get_array (info, "prompts") };
  gint64 per_prompt = c2l_json_get_int (info, "n_samples_per_txt", 1);

  run.n_prompts = run.prompts != NULL ? json_array_get_length (run.prompts) : 0;
  if (run.n_prompts < 1 || run.n_prompts > 64 || per_prompt < 1 || per_prompt > 64)
    return c2l_selftest_invalid (
        self, error, "info.json must name 1 to 64 prompts, and as many pictures for each");
  run.n_pictures = run.n_prompts * per_prompt;
  run.preprocess = C2L_CLIP_PREPROCESS_REFERENCE;
  c2l_clip_preprocess_from_name (c2l_json_get_string (info, "clip_preprocess", "reference"),
                                 &run.preprocess);
  if (!load_models (&run, error) || !embed_prompts (&run, error))
    return FALSE;
  for (int i = 0; names[i] != NULL; i++)
    if (g_str_has_suffix (names[i], ".prior_noise"))
      {
        g_autofree char *set = g_strndup (names[i], strlen (names[i]) - strlen (".prior_noise"));

        if (!run_set (&run, set, error))
          return FALSE;
      }
  return TRUE;
}
