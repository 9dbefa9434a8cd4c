/* How a session comes by latents: from an embedding through the prior, from random z through the
 * mapping network, or given. Latents are found in batches of a fixed size, session->batch, the last
 * one filled up: a matrix product may sum in another order for another number of rows, and a
 * picture must not depend on how many were asked for. (It does where memory was short, by
 * rounding.) */
#include "studio/session-private.h"

#include "models/sampler.h"
#include "models/streams.h"

#include <glib/gi18n-lib.h>
#include <string.h>

void
c2l_session_stamp (C2lSession *session, C2lRecipe *recipe)
{
  C2lBundle *bundle = c2l_engine_get_bundle (session->engine);

  g_free (recipe->program);
  g_free (recipe->model);
  g_free (recipe->precision);
  g_free (recipe->device);
  g_free (recipe->device_details);
  recipe->program = g_strdup (C2L_VERSION);
  recipe->model = g_strdup (c2l_bundle_get_name (bundle));
  recipe->precision = g_strdup (c2l_precision_get_name (session->precision));
  recipe->device = g_strdup (c2l_device_get_kind (c2l_engine_get_device (session->engine)));
  recipe->device_details = c2l_session_dup_device_details (session);
  g_hash_table_remove_all (recipe->sha256);
  g_hash_table_remove_all (recipe->files);
  for (int role = 0; role < C2L_N_ROLES; role++)
    {
      char *sum = c2l_bundle_get_file (bundle, role) != NULL
                      ? c2l_bundle_dup_sha256 (bundle, role, NULL)
                      : NULL;
      if (sum != NULL)
        g_hash_table_insert (recipe->sha256, g_strdup (c2l_role_get_name (role)), sum);
      if (c2l_bundle_get_given (bundle, role) != NULL)
        g_hash_table_insert (recipe->files, g_strdup (c2l_role_get_name (role)),
                             g_strdup (c2l_bundle_get_given (bundle, role)));
    }
}

C2lRecipe *
c2l_session_new_recipe (C2lSession *session,
                        const C2lSampling *sampling,
                        guint32 index,
                        C2lOrigin origin)
{
  C2lRecipe *recipe = c2l_recipe_new ();

  c2l_session_stamp (session, recipe);
  recipe->origin = origin;
  recipe->seed = sampling->seed;
  recipe->index = index;
  recipe->truncation = sampling->truncation;
  recipe->noise = sampling->noise;
  recipe->noise_seed = sampling->noise_seed;
  recipe->move_x = sampling->move_x;
  recipe->move_y = sampling->move_y;
  recipe->turn = sampling->turn;
  return recipe;
}

static gboolean
record_sampling (C2lSession *session, C2lPass *pass, gconstpointer shape, GError **error)
{
  const C2lSampling *sampling = shape;
  C2lPrior *prior = c2l_engine_get_prior (session->engine, error);
  C2lSamplerParams params = { .steps = sampling->steps,
                              .guided = sampling->guidance != 1,
                              .n_pictures = session->batch };

  if (prior == NULL)
    return FALSE;
  if (!c2l_sampler_kind_from_name (sampling->sampler, &params.kind))
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                   _ ("there is no sampler “%s”; reference, ddpm, ddim and dpm++2m are"),
                   sampling->sampler);
      return FALSE;
    }
  if (!c2l_sampler_check (prior, &params, error))
    return FALSE;
  params.text = c2l_pass_add_input (pass, "text", C2L_F32, 2,
                                    (gint64[]){ 1, c2l_prior_get_info (prior)->dim });
  params.keys = c2l_pass_add_input (pass, "keys", C2L_I32, 2, (gint64[]){ session->batch, 4 });
  if (params.guided)
    params.guidance = c2l_pass_add_input (pass, "guidance", C2L_F32, 1, (gint64[]){ 1 });
  c2l_pass_keep (pass, "latents", c2l_sampler_forward (prior, pass, &params));
  return TRUE;
}

static C2lPass *
get_sample_pass (C2lSession *session, const C2lSampling *sampling, GError **error)
{
  g_autofree char *name = g_strdup_printf ("prior, %s %d%s", sampling->sampler, sampling->steps,
                                           sampling->guidance != 1 ? " guided" : "");

  return c2l_session_get_batch_pass (session, name, record_sampling, sampling, error);
}

/* The prior's own rows of a latent out of the repeated ones: [num_ws, width] → [n_latents, width].
 */
static void
take_rows (float *own, const C2lPriorInfo *info, const float *repeated)
{
  gsize at = 0;

  for (int i = 0; i < info->n_latents; at += info->latent_repeats[i++])
    memcpy (own + (gsize) i * info->dim, repeated + at * info->dim, info->dim * sizeof (float));
}

/* Of a whole batch: those after the @count-th repeat the first. */
static void
write_keys (C2lSession *session, C2lPass *pass, guint64 seed, guint32 first_index, int count)
{
  gint32 keys[C2L_SESSION_BATCH * 4];

  for (int i = 0; i < session->batch; i++)
    c2l_session_fill_key (keys + 4 * i, seed, first_index + (i < count ? i : 0));
  c2l_session_write (pass, "keys", keys);
}

gboolean
c2l_session_find_latents (C2lSession *session,
                          const float *text,
                          const C2lSampling *sampling,
                          float *latents,
                          GCancellable *cancellable,
                          GError **error)
{
  C2lPass *pass = c2l_guidance_check (sampling->guidance, error)
                      ? get_sample_pass (session, sampling, error)
                      : NULL;
  const C2lPriorInfo *info;
  g_autofree float *repeated = NULL;
  float guidance = sampling->guidance;
  gsize length, own_length;

  if (pass == NULL)
    return FALSE;
  info = c2l_prior_get_info (c2l_engine_get_prior (session->engine, NULL));
  length = (gsize) info->num_ws * info->dim;
  own_length = (gsize) info->n_latents * info->dim;
  repeated = g_new (float, length * session->batch);
  c2l_session_write (pass, "text", text);
  if (guidance != 1)
    c2l_session_write (pass, "guidance", &guidance);

  for (int start = 0; start < sampling->n; start += session->batch)
    {
      int count = MIN (sampling->n - start, session->batch);

      write_keys (session, pass, sampling->seed, sampling->first_index + start, count);
      if (!c2l_session_run_pass (session, pass, cancellable, error))
        return FALSE;
      c2l_session_read (pass, "latents", repeated);
      if (!c2l_session_check_values (repeated, length * count,
                                     _ ("the prior made it: take a guidance nearer to 1, and if "
                                        "that does not help, another "
                                        "prior, because this one is damaged"),
                                     error))
        return FALSE;
      for (int i = 0; i < count; i++)
        take_rows (latents + (start + i) * own_length, info, repeated + i * length);
    }
  return TRUE;
}

GPtrArray *
c2l_session_sample (C2lSession *session,
                    const char *prompt,
                    const float *text,
                    const C2lSampling *sampling,
                    GCancellable *cancellable,
                    GError **error)
{
  C2lPrior *prior = c2l_engine_get_prior (session->engine, error);
  const C2lPriorInfo *info = prior != NULL ? c2l_prior_get_info (prior) : NULL;
  gsize length = info != NULL ? (gsize) info->n_latents * info->dim : 0;
  g_autofree float *latents = g_new (float, MAX (length * sampling->n, 1));
  GPtrArray *recipes;

  if (info == NULL
      || !c2l_session_find_latents (session, text, sampling, latents, cancellable, error))
    return NULL;
  recipes = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);
  for (int i = 0; i < sampling->n; i++)
    {
      C2lRecipe *recipe
          = c2l_session_new_recipe (session, sampling, sampling->first_index + i, C2L_ORIGIN_PRIOR);

      recipe->prompt = g_strdup (prompt);
      recipe->sampler = g_strdup (sampling->sampler);
      recipe->steps = sampling->steps;
      recipe->guidance = sampling->guidance;
      c2l_rows_set (&recipe->latent, info->n_latents, info->dim, latents + i * length);
      g_ptr_array_add (recipes, recipe);
    }
  return recipes;
}

static gboolean
record_mapping (C2lSession *session, C2lPass *pass, gconstpointer shape, GError **error)
{
  C2lGenerator *generator = c2l_engine_get_generator (session->engine, error);
  const gint64 n = session->batch;
  C2lTensor *keys, *z, *c = NULL, *ws;
  int c_dim;

  if (generator == NULL)
    return FALSE;
  c_dim = c2l_generator_get_c_dim (generator);
  keys = c2l_pass_add_input (pass, "keys", C2L_I32, 2, (gint64[]){ n, 4 });
  if (c_dim > 0)
    c = c2l_pass_add_input (pass, "c", C2L_F32, 2, (gint64[]){ n, c_dim });
  z = c2l_random_normal (pass, keys, C2L_STREAM_Z, 2,
                         (gint64[]){ n, c2l_generator_get_z_dim (generator) });
  ws = c2l_generator_forward_mapping (generator, pass, z, c, NULL, -1);
  c2l_pass_keep (pass, "w", c2l_slice (pass, ws, 1, 0, 1));
  return TRUE;
}

static gboolean
write_label (C2lPass *pass, int label, GError **error)
{
  C2lTensor *tensor = c2l_pass_lookup (pass, "c");
  int n = tensor != NULL ? c2l_tensor_get_dim (tensor, 0) : 0;
  int c_dim = tensor != NULL ? c2l_tensor_get_dim (tensor, 1) : 0;
  g_autofree float *one_hot = NULL;

  if (c_dim == 0 && label == 0)
    return TRUE;
  if (c_dim == 0)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                   _ ("class %d: the generator knows no classes; leave the class out"), label);
      return FALSE;
    }
  if (label < 0 || label >= c_dim)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                   _ ("class %d: the generator knows the classes 0 to %d"), label, c_dim - 1);
      return FALSE;
    }
  one_hot = g_new0 (float, (gsize) c_dim *n);
  for (int i = 0; i < n; i++)
    one_hot[(gsize) i * c_dim + label] = 1;
  c2l_session_write (pass, "c", one_hot);
  return TRUE;
}

gboolean
c2l_session_find_w (C2lSession *session,
                    const C2lSampling *sampling,
                    float *w,
                    GCancellable *cancellable,
                    GError **error)
{
  C2lPass *pass = c2l_session_get_batch_pass (session, "mapping", record_mapping, NULL, error);
  g_autofree float *batch = NULL;
  gsize width;

  if (pass == NULL || !write_label (pass, sampling->label, error))
    return FALSE;
  width = c2l_tensor_get_dim (c2l_pass_lookup (pass, "w"), -1);
  batch = g_new (float, width * session->batch);
  for (int start = 0; start < sampling->n; start += session->batch)
    {
      int count = MIN (sampling->n - start, session->batch);

      write_keys (session, pass, sampling->seed, sampling->first_index + start, count);
      if (!c2l_session_run_pass (session, pass, cancellable, error))
        return FALSE;
      c2l_session_read (pass, "w", batch);
      if (!c2l_session_check_values (
              batch, count * width,
              _ ("the generator's mapping network made it: its file is damaged; take another one"),
              error))
        return FALSE;
      memcpy (w + start * width, batch, count * width * sizeof (float));
    }
  return TRUE;
}

GPtrArray *
c2l_session_sample_z (C2lSession *session,
                      const C2lSampling *sampling,
                      GCancellable *cancellable,
                      GError **error)
{
  C2lGenerator *generator = c2l_engine_get_generator (session->engine, error);
  int width = generator != NULL ? c2l_generator_get_w_dim (generator) : 0;
  g_autofree float *w = g_new (float, MAX ((gsize) width * sampling->n, 1));
  GPtrArray *recipes;

  if (generator == NULL || !c2l_session_find_w (session, sampling, w, cancellable, error))
    return NULL;
  recipes = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);
  for (int i = 0; i < sampling->n; i++)
    {
      C2lRecipe *recipe
          = c2l_session_new_recipe (session, sampling, sampling->first_index + i, C2L_ORIGIN_Z);

      if (c2l_generator_get_c_dim (generator) > 0)
        recipe->label = sampling->label;
      c2l_rows_set (&recipe->latent, 1, width, w + (gsize) i * width);
      g_ptr_array_add (recipes, recipe);
    }
  return recipes;
}

C2lRecipe *
c2l_session_adopt_latent (C2lSession *session,
                          const C2lRows *latent,
                          const C2lSampling *sampling,
                          GError **error)
{
  g_autoptr (C2lRecipe) recipe
      = c2l_session_new_recipe (session, sampling, sampling->first_index, C2L_ORIGIN_FILE);

  c2l_rows_set (&recipe->latent, latent->n_rows, latent->width, latent->data);
  return c2l_session_check (session, recipe, error) ? g_steal_pointer (&recipe) : NULL;
}
