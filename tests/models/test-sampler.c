/* The samplers: coefficients, the batch form of the network against its plain form in shapes that no
 * fixture has, inputs that change without re-recording, and refusals. (The fixtures' loops run in
 * test-prior.c.) */
#include "made-prior.h"
#include "models/check.h"
#include "models/sampler.h"

#include <math.h>
#include <string.h>

#define N_PICTURES 4
#define N_STEPS 3

static C2lDevice *device;

static const MadePrior plain = { "plain", 16, 2, 2, 8, .n_timesteps = 60 };

static const MadePrior shapes[] = {
  { "one-head", 12, 1, 1, 20, .n_timesteps = 30 },
  { "wide-heads", 20, 2, 3, 48, .n_timesteps = 60 },
  { "odd-heads", 10, 2, 2, 7, .n_timesteps = 60 },
  { "several-latents", 16, 2, 2, 8, .n_latents = 5, .n_time = 3, .n_text = 2, .n_timesteps = 60 },
  { "many-latents", 8, 2, 2, 8, .n_latents = 18, .n_timesteps = 60 },
  { "several-tokens", 16, 2, 2, 8, .n_text = 3, .n_time = 2, .n_image = 4, .n_timesteps = 60 },
  { "sinusoidal", 16, 2, 2, 8, .sinusoidal = TRUE, .n_time = 2, .n_timesteps = 60 },
  { "normformer", 16, 2, 2, 8, .normformer = TRUE, .n_timesteps = 60 },
  { "no-rotary", 16, 2, 2, 8, .no_rotary = TRUE, .n_timesteps = 60 },
  { "epsilon", 16, 2, 2, 8, .n_timesteps = 60, .diffusion = ", \"predict_x_start\": false" },
  { "linear", 16, 2, 2, 8, .n_timesteps = 60, .diffusion = ", \"beta_schedule\": \"linear\"" },
};

static void
compile (C2lPass *pass)
{
  g_autoptr (GError) error = NULL;

  c2l_pass_compile (pass, &error);
  g_assert_no_error (error);
}

static float *
run (C2lPass *pass, C2lTensor *result)
{
  g_autoptr (GError) error = NULL;

  c2l_pass_run (pass, NULL, &error);
  g_assert_no_error (error);
  return c2l_check_dup (result);
}

static float *
make_values (gsize n, guint32 seed)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  float *values = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    values[i] = g_rand_double_range (random, -1.7, 1.7);

  return values;
}

static void
assert_close (const float *a, const float *b, gsize n, double relative)
{
  double largest = 0, difference = 0;

  for (gsize i = 0; i < n; i++)
    {
      g_assert_true (isfinite (a[i]) && isfinite (b[i]));
      largest = MAX (largest, fabs (b[i]));
      difference = MAX (difference, fabs (a[i] - b[i]));
    }

  g_test_message ("differs by %.2e of %.3g", difference, largest);
  g_assert_cmpfloat (difference, <=, relative * largest);
}

/* --- coefficients ----------------------------------------------------------------------------------- */

/* Where the prediction is exact, a step leads from √ᾱ·x0 + √(1−ᾱ)·ε to the same at the next time step. */
static void
test_keeps_the_trajectory (gconstpointer data)
{
  static const int steps[] = { 1, 2, 7, 59, 60 };

  C2lSamplerKind kind = GPOINTER_TO_INT (data);
  g_autoptr (C2lPrior) prior = made_prior_load (&plain, device);
  const float *bars = c2l_prior_get_schedule (prior)->buffers[C2L_BUFFER_ALPHAS_CUMPROD];

  for (gsize s = 0; s < G_N_ELEMENTS (steps); s++)
    {
      C2lSamplerParams params = { .kind = kind, .steps = steps[s] };
      g_autofree C2lSamplerStep *plan = c2l_sampler_plan (prior, &params);

      g_assert_cmpint (c2l_sampler_get_n_steps (prior, &params), ==, steps[s]);
      g_assert_cmpint (plan[0].t, ==, plain.n_timesteps - 1);
      for (int i = 0; i < steps[s]; i++)
        {
          double bar = bars[plan[i].t], next = i < steps[s] - 1 ? bars[plan[i + 1].t] : 1;
          double noise = plan[i].c_x * sqrt (1 - bar);

          g_assert_true (i == 0 || plan[i].t < plan[i - 1].t);
          g_assert_cmpfloat_with_epsilon (plan[i].c_x * sqrt (bar) + plan[i].c_x0 + plan[i].c_previous,
                                          sqrt (next), 2e-6);
          g_assert_cmpfloat_with_epsilon (noise * noise + plan[i].sigma * plan[i].sigma, 1 - next, 2e-6);
        }
    }
}

static void
test_reference_starts_a_skip_before_the_end (void)
{
  g_autoptr (C2lPrior) prior = made_prior_load (&plain, device);
  C2lSamplerParams params = { .kind = C2L_SAMPLER_REFERENCE, .skip = 20 };
  g_autofree C2lSamplerStep *plan = c2l_sampler_plan (prior, &params);
  const float *log_variance
      = c2l_prior_get_schedule (prior)->buffers[C2L_BUFFER_POSTERIOR_LOG_VARIANCE_CLIPPED];

  g_assert_cmpint (c2l_sampler_get_n_steps (prior, &params), ==, 3);
  g_assert_cmpint (plan[0].t, ==, 40);
  g_assert_cmpint (plan[2].t, ==, 0);
  g_assert_cmpfloat_with_epsilon (plan[0].sigma, expf (0.5f * log_variance[40]), 1e-7);
  g_assert_cmpfloat (plan[2].sigma, ==, 0);
}

static void
test_is_finite_for_all_schedules (void)
{
  for (int schedule = 0; schedule < C2L_N_SCHEDULES; schedule++)
    for (int kind = C2L_SAMPLER_DDPM; kind < C2L_N_SAMPLERS; kind++)
      {
        g_autofree char *diffusion
            = g_strdup_printf (", \"predict_x_start\": false, \"beta_schedule\": \"%s\"",
                               c2l_schedule_kind_get_name (schedule));
        MadePrior shape = plain;

        shape.diffusion = diffusion;

        g_autoptr (C2lPrior) prior = made_prior_load (&shape, device);

        for (int steps = 1; steps <= shape.n_timesteps; steps++)
          {
            g_autoptr (GError) error = NULL;

            c2l_sampler_check (prior, &(C2lSamplerParams){ .kind = kind, .steps = steps }, &error);
            g_assert_no_error (error);
          }
      }
}

/* --- the loop --------------------------------------------------------------------------------------- */

typedef struct
{
  C2lPass *pass;
  C2lTensor *text, *guidance, *truncation, *draws, *keys, *result;
} Sampling;

static Sampling
record (const C2lPrior *prior, C2lSamplerParams params, int n_prompts, int n_pictures, gboolean by_keys)
{
  const C2lPriorInfo *info = c2l_prior_get_info (prior);
  Sampling s = { .pass = c2l_pass_new (device, C2L_PRECISION_F32, "sampling") };

  s.text = c2l_pass_add_input (s.pass, "text", C2L_F32, 2, (gint64[]){ n_prompts, info->dim });
  s.guidance = c2l_pass_add_input (s.pass, "guidance", C2L_F32, 1, (gint64[]){ 1 });
  s.truncation = c2l_pass_add_input (s.pass, "truncation", C2L_F32, 1, (gint64[]){ 1 });
  if (by_keys)
    s.keys = c2l_pass_add_input (s.pass, "keys", C2L_I32, 2, (gint64[]){ n_pictures, 4 });
  else
    s.draws = c2l_pass_add_input (
        s.pass, "draws", C2L_F32, 4,
        (gint64[]){ c2l_sampler_get_n_draws (prior, &params), n_pictures, info->n_latents, info->dim });

  params.n_pictures = n_pictures;
  params.text = s.text;
  params.guidance = s.guidance;
  params.truncation = s.truncation;
  params.draws = s.draws;
  params.keys = s.keys;
  s.result = c2l_sampler_forward (prior, s.pass, &params);
  c2l_pass_keep (s.pass, "result", s.result);
  compile (s.pass);
  return s;
}

static void
write_floats (C2lTensor *tensor, const float *values)
{
  c2l_tensor_write (tensor, values, c2l_tensor_get_size (tensor));
}

/* Prediction of the plain form, [B, L, D]. */
static float *
predict_plain (const C2lPrior *prior, const float *x, int t, const float *text, gboolean keep_text)
{
  const C2lPriorInfo *info = c2l_prior_get_info (prior);
  g_autoptr (C2lPass) pass = c2l_pass_new (device, C2L_PRECISION_F32, "plain");
  gint32 time[N_PICTURES] = { t, t, t, t };
  gboolean keep[N_PICTURES] = { keep_text, keep_text, keep_text, keep_text };
  g_autofree guint8 *mask = g_malloc (N_PICTURES * info->n_tokens);

  c2l_prior_fill_key_mask (prior, N_PICTURES, keep, mask);

  C2lTensor *result = c2l_prior_forward (
      prior, pass,
      c2l_pass_add_constant (pass, C2L_F32, 3, (gint64[]){ N_PICTURES, info->n_latents, info->dim }, x),
      c2l_pass_add_constant (pass, C2L_I32, 1, (gint64[]){ N_PICTURES }, time),
      c2l_pass_add_constant (pass, C2L_F32, 2, (gint64[]){ N_PICTURES, info->dim }, text),
      c2l_pass_add_constant (pass, C2L_U8, 2, (gint64[]){ N_PICTURES, info->n_tokens }, mask));

  c2l_pass_keep (pass, "result", result);
  compile (pass);
  return run (pass, result);
}

/* The loop in plain C over predict_plain(); [B, L, D], z-scored back. */
static float *
sample_plain (const C2lPrior *prior, const C2lSamplerParams *params, const float *text, const float *draws,
              float scale)
{
  const C2lPriorInfo *info = c2l_prior_get_info (prior);
  gsize row = (gsize) info->n_latents * info->dim, n = N_PICTURES * row;
  g_autofree C2lSamplerStep *plan = c2l_sampler_plan (prior, params);
  g_autofree float *previous = g_new0 (float, n);
  g_autofree float *mean = c2l_check_dup (c2l_prior_get_latent_mean (prior));
  g_autofree float *std = c2l_check_dup (c2l_prior_get_latent_std (prior));
  float *x = g_memdup2 (draws, n * sizeof (float));

  for (int i = 0; i < c2l_sampler_get_n_steps (prior, params); i++)
    {
      g_autofree float *cond = predict_plain (prior, x, plan[i].t, text, TRUE);
      g_autofree float *null = scale != 1 ? predict_plain (prior, x, plan[i].t, text, FALSE)
                                          : g_memdup2 (cond, n * sizeof (float));

      for (gsize j = 0; j < n; j++)
        {
          float x0 = null[j] + (cond[j] - null[j]) * scale;

          if (!info->predict_x_start)
            x0 = CLAMP (x[j] * plan[i].recip - x0 * plan[i].recipm1, -1, 1);
          x[j] = plan[i].c_x0 * x0 + plan[i].c_x * x[j] + plan[i].c_previous * previous[j]
                 + (plan[i].sigma != 0 ? plan[i].sigma * draws[(i + 1) * n + j] : 0);
          previous[j] = x0;
        }
    }

  for (gsize j = 0; j < n; j++)
    x[j] = x[j] * std[j % row] + mean[j % row];
  return x;
}

/* Batch form and plain form agree, for each picture a prompt of its own, and two pictures a prompt. */
static void
test_agrees_with_plain_form (gconstpointer data)
{
  const MadePrior *shape = data;
  g_autoptr (C2lPrior) prior = made_prior_load (shape, device);
  const C2lPriorInfo *info = c2l_prior_get_info (prior);
  gsize n = (gsize) N_PICTURES * info->n_latents * info->dim;
  g_autofree float *draws = make_values ((N_STEPS + 1) * n, 3);

  /* One that adds noise, and one that looks back. */
  static const C2lSamplerKind kinds[] = { C2L_SAMPLER_REFERENCE, C2L_SAMPLER_DPMPP_2M };

  for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
    for (int n_prompts = 1; n_prompts <= N_PICTURES; n_prompts *= 2)
      for (int guided = 0; guided < 2; guided++)
        {
          C2lSamplerParams params = { .kind = kinds[k], .steps = N_STEPS, .guided = guided };
          Sampling s = record (prior, params, n_prompts, N_PICTURES, FALSE);
          g_autofree float *text = make_values ((gsize) n_prompts * info->dim, 5);
          g_autofree float *texts = g_new (float, N_PICTURES * info->dim);
          float scale = guided ? 2.5 : 1, psi = 1;

          for (int b = 0; b < N_PICTURES; b++)
            memcpy (texts + b * info->dim, text + b / (N_PICTURES / n_prompts) * info->dim,
                    info->dim * sizeof (float));
          write_floats (s.text, text);
          write_floats (s.guidance, &scale);
          write_floats (s.truncation, &psi);
          write_floats (s.draws, draws);

          g_autofree float *fast = run (s.pass, s.result);
          g_autofree float *slow = sample_plain (prior, &params, texts, draws, scale);

          assert_close (fast, slow, n, 2e-5);
          c2l_pass_free (s.pass);
        }
}

static void
test_changes_without_recording_again (void)
{
  g_autoptr (C2lPrior) prior = made_prior_load (&plain, device);
  C2lSamplerParams params = { .kind = C2L_SAMPLER_DDIM, .steps = N_STEPS, .guided = TRUE };
  Sampling guided = record (prior, params, 1, 1, TRUE);
  Sampling unguided
      = record (prior, (C2lSamplerParams){ .kind = C2L_SAMPLER_DDIM, .steps = N_STEPS }, 1, 1, TRUE);
  g_autofree float *text = make_values (plain.dim, 5);
  g_autofree float *mean = c2l_check_dup (c2l_prior_get_latent_mean (prior));
  gint32 keys[] = { 1, 2, 3, 0 };
  float one = 1, two = 2, none = 0;

  write_floats (guided.text, text);
  write_floats (unguided.text, text);
  c2l_tensor_write (guided.keys, keys, sizeof keys);
  c2l_tensor_write (unguided.keys, keys, sizeof keys);
  write_floats (guided.truncation, &one);
  write_floats (unguided.truncation, &one);

  write_floats (guided.guidance, &two);
  g_autofree float *at_two = run (guided.pass, guided.result);
  write_floats (guided.guidance, &one);
  g_autofree float *at_one = run (guided.pass, guided.result);
  g_autofree float *without = run (unguided.pass, unguided.result);
  write_floats (guided.truncation, &none);
  g_autofree float *truncated = run (guided.pass, guided.result);

  assert_close (at_one, without, plain.dim, 1e-5);
  assert_close (truncated, mean, plain.dim, 1e-6);
  g_assert_cmpfloat (fabsf (at_one[0] - at_two[0]), >, 1e-4);

  c2l_pass_free (guided.pass);
  c2l_pass_free (unguided.pass);
}

/* A picture's latent depends on its own key, not on its neighbours. */
static void
test_does_not_depend_on_neighbours (void)
{
  g_autoptr (C2lPrior) prior = made_prior_load (&plain, device);
  C2lSamplerParams params = { .kind = C2L_SAMPLER_DDPM, .steps = N_STEPS };
  Sampling alone = record (prior, params, 1, 1, TRUE);
  Sampling among = record (prior, params, 1, 3, TRUE);
  g_autofree float *text = make_values (plain.dim, 5);
  gint32 keys[] = { 9, 0, 4, 0, 9, 0, 5, 0, 9, 0, 6, 0 };
  float one = 1;

  write_floats (alone.text, text);
  write_floats (among.text, text);
  write_floats (alone.truncation, &one);
  write_floats (among.truncation, &one);
  c2l_tensor_write (alone.keys, keys + 8, 4 * sizeof (gint32));
  c2l_tensor_write (among.keys, keys, sizeof keys);

  g_autofree float *a = run (alone.pass, alone.result);
  g_autofree float *b = run (among.pass, among.result);

  assert_close (b + 2 * plain.dim, a, plain.dim, 1e-5);
  g_assert_cmpfloat (fabsf (b[0] - a[0]), >, 1e-4);

  c2l_pass_free (alone.pass);
  c2l_pass_free (among.pass);
}

/* --- refusals --------------------------------------------------------------------------------------- */

static void
assert_refused (const C2lPrior *prior, C2lSamplerParams params, const char *said)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (c2l_sampler_check (prior, &params, &error));
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, said));

  /* The same as a mistake of the recording. */
  g_autoptr (C2lPass) pass = c2l_pass_new (device, C2L_PRECISION_F32, "refused");
  g_autoptr (GError) recorded = NULL;

  g_assert_null (c2l_sampler_forward (prior, pass, &params));
  g_assert_false (c2l_pass_compile (pass, &recorded));
  g_assert_cmpstr (recorded->message, ==, error->message);
}

static void
test_refuses_steps (void)
{
  g_autoptr (C2lPrior) prior = made_prior_load (&plain, device);

  assert_refused (prior, (C2lSamplerParams){ .kind = C2L_SAMPLER_REFERENCE, .steps = 7 }, "nearest is 6");
  assert_refused (prior, (C2lSamplerParams){ .kind = C2L_SAMPLER_REFERENCE, .skip = 29 }, "nearest is 30");
  assert_refused (prior, (C2lSamplerParams){ .kind = C2L_SAMPLER_DDIM, .steps = 61 }, "1 to 60");
  assert_refused (prior, (C2lSamplerParams){ .kind = C2L_SAMPLER_DDIM }, "1 to 60");
}

static void
test_refuses_guidance_of_priors_without_dropping (void)
{
  MadePrior shape = plain;

  shape.diffusion = ", \"cond_drop_prob\": 0";

  g_autoptr (C2lPrior) prior = made_prior_load (&shape, device);

  assert_refused (prior, (C2lSamplerParams){ .kind = C2L_SAMPLER_DDIM, .steps = 4, .guided = TRUE },
                  "cond_drop_prob");
}

static void
test_refuses_division_by_zero (void)
{
  MadePrior shape = plain;

  /* The first ᾱ of this one is 1 in float32, and so is the original's respaced one: 0 / 0. */
  shape.n_timesteps = 1000;
  shape.diffusion = ", \"beta_schedule\": \"quadratic\"";

  g_autoptr (C2lPrior) prior = made_prior_load (&shape, device);

  assert_refused (prior, (C2lSamplerParams){ .kind = C2L_SAMPLER_REFERENCE, .steps = 4 }, "quadratic");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  device = c2l_device_open ("cpu", NULL);
  g_assert_nonnull (device);

  for (int kind = C2L_SAMPLER_DDPM; kind < C2L_N_SAMPLERS; kind++)
    {
      g_autofree char *name
          = g_strdup_printf ("/sampler/keeps-the-trajectory/%s", c2l_sampler_kind_get_name (kind));

      g_test_add_data_func (name, GINT_TO_POINTER (kind), test_keeps_the_trajectory);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)
    {
      g_autofree char *name = g_strdup_printf ("/sampler/batch-agrees-with-plain-form/%s", shapes[i].name);

      g_test_add_data_func (name, &shapes[i], test_agrees_with_plain_form);
    }
  g_test_add_func ("/sampler/reference-starts-a-skip-before-the-end",
                   test_reference_starts_a_skip_before_the_end);
  g_test_add_func ("/sampler/is-finite-for-all-schedules", test_is_finite_for_all_schedules);
  g_test_add_func ("/sampler/changes-without-recording-again", test_changes_without_recording_again);
  g_test_add_func ("/sampler/does-not-depend-on-neighbours", test_does_not_depend_on_neighbours);
  g_test_add_func ("/sampler/refuses/steps", test_refuses_steps);
  g_test_add_func ("/sampler/refuses/guidance-of-priors-without-dropping",
                   test_refuses_guidance_of_priors_without_dropping);
  g_test_add_func ("/sampler/refuses/division-by-zero", test_refuses_division_by_zero);

  int result = g_test_run ();

  c2l_device_unref (device);
  return result;
}
