/* Drawing with an engine: passes are recorded for a shape when it is first met and kept under a
 * name that says the shape. What needs no device (truncation, repeating, edits: a few thousand
 * numbers) is done here in float32, in one order of operations, so that a recipe always gives the
 * same styles. */
#include "studio/session.h"

#include "compute/ops.h"
#include "models/sampler.h"
#include "models/streams.h"
#include "studio/similarity.h"

#include <string.h>

/* Latents are sampled so many at a time, the last group filled up: a matrix product may sum in
 * another order for another number of rows, and a picture must not depend on how many were asked
 * for. */
#define SAMPLE_BATCH 16

/* Prompts are read in passes of multiples of so many tokens: attention looks back only, so what
 * stands behind the end token need not be computed, and a few lengths serve all prompts. */
#define TEXT_STEP 8

/* Pictures are understood by CLIP so many at a time. */
#define SCORE_BATCH 16

struct _C2lSession
{
  C2lEngine *engine;
  C2lPrecision precision;
  GHashTable *passes; /* name → C2lPass */
  double flops;       /* done so far */
  gboolean profile;
};

C2lSession *
c2l_session_new (C2lEngine *engine, C2lPrecision precision)
{
  C2lSession *session = g_new0 (C2lSession, 1);

  session->engine = c2l_engine_ref (engine);
  session->precision = precision;
  session->passes
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) c2l_pass_free);
  return session;
}

void
c2l_session_free (C2lSession *session)
{
  g_hash_table_unref (session->passes);
  c2l_engine_unref (session->engine);
  g_free (session);
}

C2lEngine *
c2l_session_get_engine (C2lSession *session)
{
  return session->engine;
}

C2lPrecision
c2l_session_get_precision (C2lSession *session)
{
  return session->precision;
}

char *
c2l_session_dup_device_details (C2lSession *session)
{
  const char *description = c2l_device_get_description (c2l_engine_get_device (session->engine));
  const char *threads = strstr (description, "threads, ");

  return g_strdup (threads != NULL ? threads + strlen ("threads, ") : description);
}

static C2lPass *
begin_pass (C2lSession *session, const char *name)
{
  C2lPass *pass = c2l_pass_new (c2l_engine_get_device (session->engine), session->precision, name);

  if (session->profile)
    c2l_pass_enable_profile (pass);
  return pass;
}

/* Compiles and keeps; NULL and an error where the recording was wrong. Takes @pass. */
static C2lPass *
finish_pass (C2lSession *session, const char *name, C2lPass *pass, GError **error)
{
  if (!c2l_pass_compile (pass, error))
    {
      c2l_pass_free (pass);
      return NULL;
    }
  g_hash_table_insert (session->passes, g_strdup (name), pass);
  return pass;
}

static gboolean
run_pass (C2lSession *session, C2lPass *pass, GCancellable *cancellable, GError **error)
{
  session->flops += c2l_pass_get_flops (pass);
  return c2l_pass_run (pass, cancellable, error);
}

static void
write_input (C2lPass *pass, const char *name, gconstpointer data)
{
  C2lTensor *tensor = c2l_pass_lookup (pass, name);
  c2l_tensor_write (tensor, data, c2l_tensor_get_size (tensor));
}

static void
read_output (C2lPass *pass, const char *name, gpointer data)
{
  C2lTensor *tensor = c2l_pass_lookup (pass, name);
  c2l_tensor_read (tensor, data, c2l_tensor_get_size (tensor));
}

static void
fill_key (gint32 key[4], guint64 seed, guint32 index)
{
  key[0] = (gint32) (guint32) seed;
  key[1] = (gint32) (guint32) (seed >> 32);
  key[2] = (gint32) index;
  key[3] = 0;
}

int
c2l_session_get_n_latents (C2lSession *session)
{
  C2lPrior *prior = c2l_engine_has_prior (session->engine)
                        ? c2l_engine_get_prior (session->engine, NULL)
                        : NULL;
  return prior != NULL ? c2l_prior_get_info (prior)->n_latents : 1;
}

/* --- CLIP --- */

int
c2l_session_get_embed_width (C2lSession *session, GError **error)
{
  C2lClip *clip = c2l_engine_get_clip (session->engine, error);
  return clip != NULL ? c2l_clip_get_info (clip)->embed_dim : 0;
}

int
c2l_session_get_clip_side (C2lSession *session, GError **error)
{
  C2lClip *clip = c2l_engine_get_clip (session->engine, error);
  return clip != NULL ? c2l_clip_get_info (clip)->resolution : 0;
}

static C2lPass *
get_text_pass (C2lSession *session, int length, GError **error)
{
  g_autofree char *name = g_strdup_printf ("text of %d tokens", length);
  C2lPass *pass = g_hash_table_lookup (session->passes, name);
  C2lClip *clip = c2l_engine_get_clip (session->engine, error);
  C2lTensor *tokens, *end;

  if (pass != NULL || clip == NULL)
    return pass;
  pass = begin_pass (session, name);
  tokens = c2l_pass_add_input (pass, "tokens", C2L_I32, 2, (gint64[]){ 1, length });
  end = c2l_pass_add_input (pass, "end", C2L_I32, 1, (gint64[]){ 1 });
  c2l_pass_keep (pass, "embedding", c2l_clip_forward_text (clip, pass, tokens, end));
  return finish_pass (session, name, pass, error);
}

gboolean
c2l_session_embed_text (C2lSession *session,
                        const char *prompt,
                        float *embedding,
                        char **dropped,
                        GCancellable *cancellable,
                        GError **error)
{
  C2lClip *clip = c2l_engine_get_clip (session->engine, error);
  C2lTokenizer *tokenizer = clip != NULL ? c2l_engine_get_tokenizer (session->engine, error) : NULL;

  if (tokenizer == NULL)
    return FALSE;

  int context = c2l_clip_get_info (clip)->context;
  g_autofree gint32 *ids = g_new0 (gint32, context);
  int n = c2l_tokenizer_encode (tokenizer, prompt, ids, context, dropped);
  int length = MIN ((n + TEXT_STEP - 1) / TEXT_STEP * TEXT_STEP, context);
  gint32 end = n - 1;
  C2lPass *pass = get_text_pass (session, length, error);

  if (pass == NULL)
    return FALSE;
  write_input (pass, "tokens", ids);
  write_input (pass, "end", &end);
  if (!run_pass (session, pass, cancellable, error))
    return FALSE;
  read_output (pass, "embedding", embedding);
  return TRUE;
}

static C2lPass *
get_vision_pass (C2lSession *session, int n, int size, GError **error)
{
  g_autofree char *name = g_strdup_printf ("vision %d × %d²", n, size);
  C2lPass *pass = g_hash_table_lookup (session->passes, name);
  C2lClip *clip = c2l_engine_get_clip (session->engine, error);
  C2lTensor *pictures;

  if (pass != NULL || clip == NULL)
    return pass;
  pass = begin_pass (session, name);
  pictures = c2l_pass_add_input (pass, "pictures", C2L_F32, 4, (gint64[]){ n, size, size, 3 });
  c2l_pass_keep (
      pass, "embedding",
      c2l_clip_forward_image (clip, pass, pictures, c2l_engine_get_preprocess (session->engine)));
  return finish_pass (session, name, pass, error);
}

gboolean
c2l_session_embed_pixels (C2lSession *session,
                          const guint8 *pixels,
                          int size,
                          float *embedding,
                          GCancellable *cancellable,
                          GError **error)
{
  C2lPass *pass = get_vision_pass (session, 1, size, error);
  gsize n = (gsize) size * size * 3;
  g_autofree float *values = NULL;

  if (pass == NULL)
    return FALSE;
  values = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    values[i] = pixels[i] / 127.5f - 1.0f;
  write_input (pass, "pictures", values);
  if (!run_pass (session, pass, cancellable, error))
    return FALSE;
  read_output (pass, "embedding", embedding);
  return TRUE;
}

gboolean
c2l_session_score (C2lSession *session,
                   const float *pictures,
                   int n,
                   const float *text,
                   double *scores,
                   GCancellable *cancellable,
                   GError **error)
{
  int side = c2l_session_get_clip_side (session, error);
  gsize length = (gsize) side * side * 3;

  for (int start = 0; start < n && side > 0; start += SCORE_BATCH)
    {
      int count = MIN (n - start, SCORE_BATCH);
      C2lPass *pass = get_vision_pass (session, count, side, error);
      g_autofree float *embeddings = NULL;
      int width;

      if (pass == NULL)
        return FALSE;
      write_input (pass, "pictures", pictures + start * length);
      if (!run_pass (session, pass, cancellable, error))
        return FALSE;
      width = c2l_tensor_get_dim (c2l_pass_lookup (pass, "embedding"), 1);
      embeddings = g_new (float, (gsize) count *width);
      read_output (pass, "embedding", embeddings);
      for (int i = 0; i < count; i++)
        scores[start + i] = c2l_similarity_cosine (embeddings + (gsize) i * width, text, width);
    }
  return side > 0;
}

/* --- latents --- */

static C2lRecipe *
new_recipe (C2lSession *session, const C2lSampling *sampling, guint32 index, C2lOrigin origin)
{
  C2lBundle *bundle = c2l_engine_get_bundle (session->engine);
  C2lDevice *device = c2l_engine_get_device (session->engine);
  C2lRecipe *recipe = c2l_recipe_new ();

  recipe->program = g_strdup (C2L_VERSION);
  recipe->model = g_strdup (c2l_bundle_get_name (bundle));
  recipe->origin = origin;
  recipe->seed = sampling->seed;
  recipe->index = index;
  recipe->truncation = sampling->truncation;
  recipe->noise = sampling->noise;
  recipe->noise_seed = sampling->noise_seed;
  recipe->precision = g_strdup (c2l_precision_get_name (session->precision));
  recipe->device = g_strdup (c2l_device_get_kind (device));
  recipe->device_details = c2l_session_dup_device_details (session);
  for (int role = 0; role < C2L_N_ROLES; role++)
    {
      char *sum = c2l_bundle_get_file (bundle, role) != NULL
                      ? c2l_bundle_dup_sha256 (bundle, role, NULL)
                      : NULL;
      if (sum != NULL)
        g_hash_table_insert (recipe->sha256, g_strdup (c2l_role_get_name (role)), sum);
    }
  return recipe;
}

static C2lPass *
get_sample_pass (C2lSession *session, const C2lSampling *sampling, GError **error)
{
  gboolean guided = sampling->guidance != 1;
  g_autofree char *name = g_strdup_printf ("prior %d × %s %d%s", SAMPLE_BATCH, sampling->sampler,
                                           sampling->steps, guided ? " guided" : "");
  C2lPass *pass = g_hash_table_lookup (session->passes, name);
  C2lPrior *prior = c2l_engine_get_prior (session->engine, error);
  C2lSamplerParams params
      = { .steps = sampling->steps, .guided = guided, .n_pictures = SAMPLE_BATCH };

  if (pass != NULL || prior == NULL)
    return pass;
  if (!c2l_sampler_kind_from_name (sampling->sampler, &params.kind))
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                   "there is no sampler “%s”; reference, ddpm, ddim and dpm++2m are",
                   sampling->sampler);
      return NULL;
    }
  if (!c2l_sampler_check (prior, &params, error))
    return NULL;
  pass = begin_pass (session, name);
  params.text = c2l_pass_add_input (pass, "text", C2L_F32, 2,
                                    (gint64[]){ 1, c2l_prior_get_info (prior)->dim });
  params.keys = c2l_pass_add_input (pass, "keys", C2L_I32, 2, (gint64[]){ SAMPLE_BATCH, 4 });
  if (guided)
    params.guidance = c2l_pass_add_input (pass, "guidance", C2L_F32, 1, (gint64[]){ 1 });
  c2l_pass_keep (pass, "latents", c2l_sampler_forward (prior, pass, &params));
  return finish_pass (session, name, pass, error);
}

/* The prior's own rows of a latent out of the repeated ones, [num_ws, width]. */
static void
take_rows (C2lRows *rows, const C2lPriorInfo *info, const float *repeated)
{
  g_autofree float *own = g_new (float, (gsize) info->n_latents * info->dim);
  gsize at = 0;

  for (int i = 0; i < info->n_latents; at += info->latent_repeats[i++])
    memcpy (own + (gsize) i * info->dim, repeated + at * info->dim, info->dim * sizeof (float));
  c2l_rows_set (rows, info->n_latents, info->dim, own);
}

/* [SAMPLE_BATCH, 4]: those after the @count-th repeat the first. */
static void
fill_keys (gint32 *keys, guint64 seed, guint32 first_index, int count)
{
  for (int i = 0; i < SAMPLE_BATCH; i++)
    fill_key (keys + 4 * i, seed, first_index + (i < count ? i : 0));
}

GPtrArray *
c2l_session_sample (C2lSession *session,
                    const char *prompt,
                    const float *text,
                    const C2lSampling *sampling,
                    GCancellable *cancellable,
                    GError **error)
{
  C2lPass *pass = get_sample_pass (session, sampling, error);
  g_autoptr (GPtrArray) recipes
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);
  const C2lPriorInfo *info;
  g_autofree float *latents = NULL;
  float guidance = sampling->guidance;
  gsize length;

  if (pass == NULL)
    return NULL;
  info = c2l_prior_get_info (c2l_engine_get_prior (session->engine, NULL));
  length = (gsize) info->num_ws * info->dim;
  latents = g_new (float, length *SAMPLE_BATCH);
  write_input (pass, "text", text);
  if (guidance != 1)
    write_input (pass, "guidance", &guidance);

  for (int start = 0; start < sampling->n; start += SAMPLE_BATCH)
    {
      int count = MIN (sampling->n - start, SAMPLE_BATCH);
      gint32 keys[SAMPLE_BATCH * 4];

      fill_keys (keys, sampling->seed, sampling->first_index + start, count);
      write_input (pass, "keys", keys);
      if (!run_pass (session, pass, cancellable, error))
        return NULL;
      read_output (pass, "latents", latents);
      for (int i = 0; i < count; i++)
        {
          C2lRecipe *recipe
              = new_recipe (session, sampling, sampling->first_index + start + i, C2L_ORIGIN_PRIOR);

          recipe->prompt = g_strdup (prompt);
          recipe->sampler = g_strdup (sampling->sampler);
          recipe->steps = sampling->steps;
          recipe->guidance = sampling->guidance;
          take_rows (&recipe->latent, info, latents + i * length);
          g_ptr_array_add (recipes, recipe);
        }
    }
  return g_steal_pointer (&recipes);
}

static C2lPass *
get_mapping_pass (C2lSession *session, GError **error)
{
  C2lPass *pass = g_hash_table_lookup (session->passes, "mapping");
  C2lGenerator *generator = c2l_engine_get_generator (session->engine, error);
  C2lTensor *keys, *z, *c = NULL, *ws;
  int c_dim;

  if (pass != NULL || generator == NULL)
    return pass;
  c_dim = c2l_generator_get_c_dim (generator);
  pass = begin_pass (session, "mapping");
  keys = c2l_pass_add_input (pass, "keys", C2L_I32, 2, (gint64[]){ SAMPLE_BATCH, 4 });
  if (c_dim > 0)
    c = c2l_pass_add_input (pass, "c", C2L_F32, 2, (gint64[]){ SAMPLE_BATCH, c_dim });
  z = c2l_random_normal (pass, keys, C2L_STREAM_Z, 2,
                         (gint64[]){ SAMPLE_BATCH, c2l_generator_get_z_dim (generator) });
  ws = c2l_generator_forward_mapping (generator, pass, z, c, NULL, -1);
  c2l_pass_keep (pass, "w", c2l_slice (pass, ws, 1, 0, 1));
  return finish_pass (session, "mapping", pass, error);
}

static gboolean
write_label (C2lPass *pass, int label, GError **error)
{
  C2lTensor *tensor = c2l_pass_lookup (pass, "c");
  int c_dim = tensor != NULL ? c2l_tensor_get_dim (tensor, 1) : 0;
  g_autofree float *one_hot = NULL;

  if (c_dim == 0)
    return TRUE;
  if (label < 0 || label >= c_dim)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                   "class %d: the generator knows the classes 0 to %d", label, c_dim - 1);
      return FALSE;
    }
  one_hot = g_new0 (float, (gsize) c_dim *SAMPLE_BATCH);
  for (int i = 0; i < SAMPLE_BATCH; i++)
    one_hot[(gsize) i * c_dim + label] = 1;
  write_input (pass, "c", one_hot);
  return TRUE;
}

GPtrArray *
c2l_session_sample_z (C2lSession *session,
                      const C2lSampling *sampling,
                      GCancellable *cancellable,
                      GError **error)
{
  C2lPass *pass = get_mapping_pass (session, error);
  g_autoptr (GPtrArray) recipes
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);
  g_autofree float *w = NULL;
  int width;

  if (pass == NULL || !write_label (pass, sampling->label, error))
    return NULL;
  width = c2l_tensor_get_dim (c2l_pass_lookup (pass, "w"), -1);
  w = g_new (float, (gsize) width *SAMPLE_BATCH);
  for (int start = 0; start < sampling->n; start += SAMPLE_BATCH)
    {
      int count = MIN (sampling->n - start, SAMPLE_BATCH);
      gint32 keys[SAMPLE_BATCH * 4];

      fill_keys (keys, sampling->seed, sampling->first_index + start, count);
      write_input (pass, "keys", keys);
      if (!run_pass (session, pass, cancellable, error))
        return NULL;
      read_output (pass, "w", w);
      for (int i = 0; i < count; i++)
        {
          C2lRecipe *recipe
              = new_recipe (session, sampling, sampling->first_index + start + i, C2L_ORIGIN_Z);

          c2l_rows_set (&recipe->latent, 1, width, w + (gsize) i * width);
          g_ptr_array_add (recipes, recipe);
        }
    }
  return g_steal_pointer (&recipes);
}

C2lRecipe *
c2l_session_adopt_latent (C2lSession *session,
                          const C2lRows *latent,
                          const C2lSampling *sampling,
                          GError **error)
{
  g_autoptr (C2lRecipe) recipe
      = new_recipe (session, sampling, sampling->first_index, C2L_ORIGIN_FILE);

  c2l_rows_set (&recipe->latent, latent->n_rows, latent->width, latent->data);
  return c2l_session_check (session, recipe, error) ? g_steal_pointer (&recipe) : NULL;
}

/* --- from latents to styles --- */

/* What truncation pulls towards: [n_rows, width], or NULL where the model has none. */
static float *
dup_centre (C2lSession *session, C2lRecipe *recipe, int *n_rows)
{
  C2lGenerator *generator = c2l_engine_get_generator (session->engine, NULL);
  C2lPrior *prior = c2l_engine_has_prior (session->engine) && recipe->origin != C2L_ORIGIN_Z
                        ? c2l_engine_get_prior (session->engine, NULL)
                        : NULL;
  C2lTensor *mean = prior != NULL ? c2l_prior_get_latent_mean (prior) : NULL;
  const float *w_avg = c2l_generator_get_w_avg (generator);
  float *centre;

  if (mean != NULL && c2l_tensor_get_dim (mean, -1) == recipe->latent.width)
    {
      *n_rows = c2l_tensor_get_length (mean) / recipe->latent.width;
      centre = g_malloc (c2l_tensor_get_size (mean));
      c2l_tensor_read (mean, centre, c2l_tensor_get_size (mean));
      return centre;
    }
  *n_rows = 1;
  return g_memdup2 (w_avg, recipe->latent.width * sizeof (float));
}

static gboolean
truncate_latent (C2lSession *session, C2lRecipe *recipe, float *latent, GError **error)
{
  const C2lRows *rows = &recipe->latent;
  float psi = recipe->truncation;
  int n_rows;
  g_autofree float *centre = NULL;

  if (!c2l_truncation_check (recipe->truncation, error))
    return FALSE;
  memcpy (latent, rows->data, (gsize) rows->n_rows * rows->width * sizeof (float));
  if (psi == 1)
    return TRUE;
  centre = dup_centre (session, recipe, &n_rows);
  if (centre == NULL || (n_rows != 1 && n_rows != rows->n_rows))
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
                   "truncation %.3g: the model knows no average latent to pull towards; leave "
                   "--truncation at 1",
                   recipe->truncation);
      return FALSE;
    }
  for (int row = 0; row < rows->n_rows; row++)
    for (int i = 0; i < rows->width; i++)
      {
        float mean = centre[(gsize) (n_rows == 1 ? 0 : row) * rows->width + i];
        float *x = &latent[(gsize) row * rows->width + i];
        *x = mean + psi * (*x - mean);
      }
  return TRUE;
}

/* The direction's values: of the recipe, or of the bundle's file of that name into @own. */
static const C2lRows *
find_direction (C2lSession *session, const C2lRecipeEdit *edit, C2lRows *own, GError **error)
{
  const C2lDirection *direction;

  if (edit->rows.data != NULL)
    return &edit->rows;
  direction
      = c2l_bundle_lookup_direction (c2l_engine_get_bundle (session->engine), edit->direction);
  if (direction == NULL)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
                   "the model has no direction “%s”; “c2l info” lists those it has",
                   edit->direction);
      return NULL;
    }
  return c2l_direction_load (direction->file, own, error) ? own : NULL;
}

static gboolean
apply_edit (C2lSession *session,
            const C2lRecipeEdit *edit,
            float *ws,
            int num_ws,
            int width,
            GError **error)
{
  C2lRows own = { 0 };
  const C2lRows *rows = find_direction (session, edit, &own, error);
  gboolean fits
      = rows != NULL && rows->width == width && (rows->n_rows == 1 || rows->n_rows == num_ws);
  float amount = edit->amount;

  if (fits)
    for (int row = 0; row < num_ws; row++)
      for (int i = 0; i < width; i++)
        ws[(gsize) row * width + i]
            += amount * rows->data[(gsize) (rows->n_rows == 1 ? 0 : row) * width + i];
  else if (rows != NULL)
    g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
                 "direction “%s” is [%d, %d] and the generator takes styles of [%d, %d]; it was "
                 "made for another generator",
                 edit->direction, rows->n_rows, rows->width, num_ws, width);
  c2l_rows_clear (&own);
  return fits;
}

/* [num_ws, w_dim]: truncated, repeated, edited. */
static float *
dup_styles (C2lSession *session, C2lRecipe *recipe, GError **error)
{
  C2lGenerator *generator = c2l_engine_get_generator (session->engine, error);
  const C2lRows *rows = &recipe->latent;
  g_autofree float *latent = NULL, *ws = NULL;
  g_autofree int *repeats = NULL;
  int num_ws, width, at = 0;

  if (generator == NULL)
    return NULL;
  num_ws = c2l_generator_get_num_ws (generator);
  width = c2l_generator_get_w_dim (generator);
  if (rows->width != width)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
                   "a latent of width %d does not fit the generator, which takes %d numbers a "
                   "style; it belongs to another model",
                   rows->width, width);
      return NULL;
    }
  repeats = rows->n_rows == num_ws
                ? NULL
                : c2l_engine_dup_repeats (session->engine, rows->n_rows, num_ws, error);
  if (repeats == NULL && rows->n_rows != num_ws)
    return NULL;
  latent = g_new (float, (gsize) rows->n_rows *width);
  if (!truncate_latent (session, recipe, latent, error))
    return NULL;
  ws = g_new (float, (gsize) num_ws *width);
  for (int row = 0; row < rows->n_rows; row++)
    for (int i = 0; i < (repeats != NULL ? repeats[row] : 1); i++)
      memcpy (ws + (gsize) at++ * width, latent + (gsize) row * width, width * sizeof (float));
  for (guint i = 0; i < recipe->edits->len; i++)
    if (!apply_edit (session, g_ptr_array_index (recipe->edits, i), ws, num_ws, width, error))
      return NULL;
  return g_steal_pointer (&ws);
}

gboolean
c2l_session_check (C2lSession *session, C2lRecipe *recipe, GError **error)
{
  g_autofree float *ws = dup_styles (session, recipe, error);
  return ws != NULL;
}

/* --- pictures --- */

static C2lPass *
get_draw_pass (C2lSession *session,
               C2lNoiseKind noise,
               int max_resolution,
               int clip_side,
               GError **error)
{
  g_autofree char *name
      = g_strdup_printf ("generator, noise %s, at most %d, for CLIP %d",
                         c2l_noise_kind_get_name (noise), max_resolution, clip_side);
  C2lPass *pass = g_hash_table_lookup (session->passes, name);
  C2lGenerator *generator = c2l_engine_get_generator (session->engine, error);
  C2lSynthesis options = { .noise_mode = (C2lNoiseMode) noise, .max_resolution = max_resolution };
  C2lTensor *ws, *picture;

  if (pass != NULL || generator == NULL)
    return pass;
  pass = begin_pass (session, name);
  ws = c2l_pass_add_input (
      pass, "ws", C2L_F32, 3,
      (gint64[]){ 1, c2l_generator_get_num_ws (generator), c2l_generator_get_w_dim (generator) });
  if (noise == C2L_NOISE_KIND_RANDOM)
    options.noise_keys = c2l_pass_add_input (pass, "noise keys", C2L_I32, 2, (gint64[]){ 1, 4 });
  picture = c2l_generator_forward_synthesis (generator, pass, ws, &options);
  c2l_pass_keep (pass, "pixels", c2l_to_u8 (pass, picture, C2L_U8_TRUNCATE));
  if (clip_side > 0)
    c2l_pass_keep (pass, "for clip",
                   c2l_area_resize (pass, picture, &(C2lAreaResize){ .size = clip_side }));
  return finish_pass (session, name, pass, error);
}

C2lPicture *
c2l_session_draw (C2lSession *session,
                  C2lRecipe *recipe,
                  int max_resolution,
                  float *for_clip,
                  GCancellable *cancellable,
                  GError **error)
{
  g_autofree float *ws = dup_styles (session, recipe, error);
  int clip_side = ws != NULL && for_clip != NULL ? c2l_session_get_clip_side (session, error) : 0;
  C2lPass *pass;
  C2lTensor *pixels;
  g_autofree guint8 *copy = NULL;
  int size;

  if (ws == NULL || (for_clip != NULL && clip_side == 0))
    return NULL;
  pass = get_draw_pass (session, recipe->noise, max_resolution, clip_side, error);
  if (pass == NULL)
    return NULL;
  write_input (pass, "ws", ws);
  if (recipe->noise == C2L_NOISE_KIND_RANDOM)
    {
      gint32 key[4];

      fill_key (key, recipe->noise_seed, recipe->index);
      write_input (pass, "noise keys", key);
    }
  if (!run_pass (session, pass, cancellable, error))
    return NULL;
  pixels = c2l_pass_lookup (pass, "pixels");
  size = c2l_tensor_get_dim (pixels, 1);
  copy = g_malloc (c2l_tensor_get_size (pixels));
  read_output (pass, "pixels", copy);
  if (for_clip != NULL)
    read_output (pass, "for clip", for_clip);
  return c2l_picture_new (recipe, size, g_steal_pointer (&copy));
}

void
c2l_session_enable_profile (C2lSession *session)
{
  session->profile = TRUE;
}

void
c2l_session_get_work (C2lSession *session, double *flops, gsize *arena_size)
{
  GHashTableIter iter;
  gpointer pass;

  *flops = session->flops;
  *arena_size = 0;
  g_hash_table_iter_init (&iter, session->passes);
  while (g_hash_table_iter_next (&iter, NULL, &pass))
    *arena_size += c2l_pass_get_arena_size (pass);
}

char *
c2l_session_dup_statistics (C2lSession *session)
{
  GString *text = g_string_new (NULL);
  GHashTableIter iter;
  gpointer name, pass;

  g_hash_table_iter_init (&iter, session->passes);
  while (g_hash_table_iter_next (&iter, &name, &pass))
    {
      g_autofree char *profile = session->profile ? c2l_pass_dup_profile (pass) : NULL;

      g_string_append_printf (text, "%s: %.1f MiB of working memory, %.2f GFLOP\n%s",
                              (const char *) name, c2l_pass_get_arena_size (pass) / 1048576.0,
                              c2l_pass_get_flops (pass) / 1e9, profile != NULL ? profile : "");
    }
  return g_string_free (text, FALSE);
}
