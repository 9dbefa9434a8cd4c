/* What the studio does where a GPU has little memory, cannot be used or stops working: smaller
 * batches first, then a message; the processor instead. Runs with the CUDA module whose kernels run
 * on the host (C2L_CUDA_MODULE). */
#include "cuda-faults.h"
#include "studio-fixture.h"
#include "studio/worker.h"

#include <string.h>

#define SIZE 8 /* of pictures: kernels on the host are slow */

static const char *const prompts[] = { "a man with a beard", NULL };

/* --- little memory --- */

static C2lSession *
open_on_gpu (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_build_filename (g_getenv ("C2L_DATA"), "starter", NULL);
  g_autoptr (C2lBundle) bundle = c2l_bundle_open (folder, &error);
  g_autoptr (C2lDevice) device = c2l_device_open ("cuda:0", &error);
  g_autoptr (C2lEngine) engine = NULL;

  g_assert_no_error (error);
  engine = c2l_engine_new (bundle, device, NULL);
  return c2l_session_new (engine, C2L_PRECISION_F32);
}

/* Of @n pictures. */
static float *
find_latents (C2lSession *session, int n, gsize *length, GError **error)
{
  C2lSampling sampling = studio_fixture_sampling (session, n, 3);
  C2lPrior *prior = c2l_engine_get_prior (c2l_session_get_engine (session), error);
  g_autofree float *text = g_new0 (float, c2l_session_get_embed_width (session, NULL));
  g_autofree float *latents = NULL;

  sampling.steps = 1;
  *length = (gsize) n * c2l_prior_get_info (prior)->n_latents * c2l_prior_get_info (prior)->dim;
  latents = g_new (float, *length);
  text[0] = 1;
  return c2l_session_find_latents (session, text, &sampling, latents, NULL, error)
             ? g_steal_pointer (&latents)
             : NULL;
}

static void
test_smaller_batches (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lSession) session = open_on_gpu (), small = open_on_gpu ();
  g_autofree float *whole = NULL, *parts = NULL, *none = NULL;
  gsize before, all, length;

  /* Weights are loaded and packed, so that what follows is the pass alone. */
  g_assert_nonnull (c2l_engine_get_prior (c2l_session_get_engine (session), &error));
  g_assert_nonnull (c2l_engine_get_prior (c2l_session_get_engine (small), &error));
  g_assert_cmpint (c2l_session_get_embed_width (session, &error), >, 0);
  g_assert_cmpint (c2l_session_get_embed_width (small, &error), >, 0);
  before = cuda_faults_get_memory ();
  whole = find_latents (session, 16, &length, &error);
  g_assert_no_error (error);
  all = cuda_faults_get_memory ();

  cuda_faults_set (&(CuFaults){ .memory = all + (all - before) * 9 / 10 });
  parts = find_latents (small, 16, &length, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < length; i++)
    g_assert_cmpfloat_with_epsilon (whole[i], parts[i], 1e-3f * (1 + ABS (whole[i])));
  g_assert_cmpuint (cuda_faults_get_memory (), <=, all + (all - before) * 9 / 10);

  /* And where one is too many, it says so. */
  g_clear_pointer (&small, c2l_session_free);
  cuda_faults_set (NULL);
  small = open_on_gpu ();
  g_assert_nonnull (c2l_engine_get_prior (c2l_session_get_engine (small), &error));
  g_assert_cmpint (c2l_session_get_embed_width (small, &error), >, 0);
  cuda_faults_set (&(CuFaults){ .memory = cuda_faults_get_memory () });
  none = find_latents (small, 16, &length, &error);
  cuda_faults_set (NULL);
  g_assert_null (none);
  g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_MEMORY);
}

/* A pass that was kept makes room for the next one. */
static void
test_other_passes_go (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lSession) session = open_on_gpu ();
  g_autoptr (GPtrArray) recipes = studio_fixture_sample_z (session, 1, 5);
  C2lRecipe *recipe = g_ptr_array_index (recipes, 0);
  g_autoptr (C2lPicture) first = c2l_session_draw (session, recipe, SIZE, NULL, NULL, &error);
  g_autoptr (C2lPicture) second = NULL, again = NULL;

  g_assert_no_error (error);
  cuda_faults_set (&(CuFaults){ .memory = cuda_faults_get_memory () + 1 });
  second = c2l_session_draw (session, recipe, SIZE / 2, NULL, NULL, &error);
  g_assert_no_error (error);
  cuda_faults_set (NULL);
  again = c2l_session_draw (session, recipe, SIZE, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (studio_fixture_same_pixels (first, again));
}

/* --- several pictures at once --- */

static void
test_several_at_once (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lSession) gpu = open_on_gpu (), cpu = studio_fixture_open_starter ();
  g_autoptr (GPtrArray) recipes = studio_fixture_sample_z (cpu, 4, 11);
  C2lRecipe **all = (C2lRecipe **) recipes->pdata;
  C2lPicture *pictures[4];
  const gsize side = c2l_session_get_clip_side (gpu, &error), length = side * side * 3;
  g_autofree float *for_clip = g_new (float, 4 * length), *one = g_new (float, length);

  g_assert_cmpint (c2l_session_count_alike (cpu, all, 4), ==, 1);
  g_assert_cmpint (c2l_session_count_alike (gpu, all, 4), ==, 4);
  all[3]->noise = C2L_NOISE_KIND_NONE;
  g_assert_cmpint (c2l_session_count_alike (gpu, all, 4), ==, 3);
  all[1]->noise = all[0]->noise = all[2]->noise = C2L_NOISE_KIND_RANDOM;

  g_assert_true (c2l_session_draw_alike (gpu, all, 3, SIZE, for_clip, pictures, NULL, &error));
  g_assert_no_error (error);
  for (int i = 0; i < 3; i++)
    {
      g_autoptr (C2lPicture) alone = c2l_session_draw (gpu, all[i], SIZE, one, NULL, &error);
      g_autoptr (C2lPicture) on_cpu = c2l_session_draw (cpu, all[i], SIZE, NULL, NULL, &error);

      g_assert_no_error (error);
      g_assert_true (pictures[i]->recipe == all[i]);
      g_assert_cmpfloat (studio_fixture_difference (alone, pictures[i]), <, 0.1);
      g_assert_cmpfloat (studio_fixture_difference (on_cpu, pictures[i]), <, 0.1);
      for (gsize j = 0; j < length; j++)
        g_assert_cmpfloat_with_epsilon (for_clip[i * length + j], one[j], 1e-4f);
      c2l_picture_unref (pictures[i]);
    }

  /* Where one of them does not fit the model, none is drawn. */
  c2l_rows_set (&all[2]->latent, 1, 3, for_clip);
  g_assert_false (c2l_session_draw_alike (gpu, all, 3, SIZE, NULL, pictures, NULL, &error));
  g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH);
}

/* --- the worker --- */

typedef struct
{
  C2lWorker *worker;
  C2lModelInfo *info;
  GString *said;
  GAsyncResult *result;
  guint n_said, n_arrived;
} Fixture;

static void
on_fallback (C2lWorker *worker, const char *text, gpointer data)
{
  Fixture *fixture = data;

  fixture->n_said++;
  g_string_append (fixture->said, text);
}

static void
keep_result (GObject *source, GAsyncResult *result, gpointer data)
{
  ((Fixture *) data)->result = g_object_ref (result);
}

static void
wait_for_result (Fixture *fixture)
{
  while (fixture->result == NULL)
    g_main_context_iteration (NULL, TRUE);
}

static void
set_up (Fixture *fixture, gconstpointer device)
{
  fixture->said = g_string_new (NULL);
  fixture->worker = c2l_worker_new ();
  g_signal_connect (fixture->worker, "fallback", G_CALLBACK (on_fallback), fixture);
  c2l_worker_configure (fixture->worker, device, "fp16", 0);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  gpointer worker = fixture->worker;

  cuda_faults_set (NULL);
  c2l_worker_stop (fixture->worker);
  g_object_add_weak_pointer (G_OBJECT (worker), &worker);
  g_object_unref (fixture->worker);
  while (worker != NULL)
    g_main_context_iteration (NULL, TRUE);
  g_clear_pointer (&fixture->info, c2l_model_info_unref);
  g_string_free (fixture->said, TRUE);
}

static void
open_starter (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_build_filename (g_getenv ("C2L_DATA"), "starter", NULL);

  g_clear_pointer (&fixture->info, c2l_model_info_unref);
  c2l_worker_open_async (fixture->worker, folder, NULL, keep_result, fixture);
  wait_for_result (fixture);
  fixture->info = c2l_worker_open_finish (fixture->worker, fixture->result, &error);
  g_clear_object (&fixture->result);
  g_assert_no_error (error);
}

static void
assert_on (const Fixture *fixture, const char *device, const char *precision)
{
  g_assert_true (g_str_has_prefix (fixture->info->device, device));
  g_assert_cmpstr (fixture->info->precision, ==, precision);
}

static C2lPicture *
draw (Fixture *fixture, C2lRecipe *recipe, GError **error)
{
  C2lPicture *picture;

  c2l_worker_draw_async (fixture->worker, recipe, SIZE, FALSE, NULL, NULL, keep_result, fixture);
  wait_for_result (fixture);
  picture = c2l_worker_draw_finish (fixture->worker, fixture->result, NULL, error);
  g_clear_object (&fixture->result);
  return picture;
}

/* Of the same model, as a processor draws it. */
static C2lRecipe *
make_recipe (void)
{
  g_autoptr (C2lSession) session = studio_fixture_open_starter ();
  g_autoptr (GPtrArray) recipes = studio_fixture_sample_z (session, 1, 5);

  return c2l_recipe_ref (g_ptr_array_index (recipes, 0));
}

/* A picture is asked for, the GPU goes, the picture comes. */
static void
test_lost_while_drawing (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lRecipe) recipe = make_recipe ();
  g_autoptr (C2lPicture) before = NULL, after = NULL;

  open_starter (fixture);
  assert_on (fixture, "CUDA", "fp16");
  before = draw (fixture, recipe, &error);
  g_assert_no_error (error);
  cuda_faults_set (&(CuFaults){ .lost = 1 });
  after = draw (fixture, recipe, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (studio_fixture_difference (before, after), <, 1);
  g_assert_cmpuint (fixture->n_said, ==, 1);
  g_assert_nonnull (strstr (fixture->said->str, "The GPU has stopped working"));
  g_assert_nonnull (strstr (fixture->said->str, "The processor draws now"));
  assert_on (fixture, "CPU", "fast");

  /* It stays so, and is said once. */
  g_clear_pointer (&after, c2l_picture_unref);
  after = draw (fixture, recipe, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (fixture->n_said, ==, 1);
}

static void
on_arrived (const C2lArrival *arrival, gpointer data)
{
  Fixture *fixture = data;

  fixture->n_arrived++;
}

static gboolean
generate (Fixture *fixture, guint n, GError **error)
{
  const C2lWorkerEvents events = { .arrived = on_arrived, .data = fixture };
  const C2lOrder order = { .prompts = prompts,
                           .sampling = { .seed = 3,
                                         .n = n,
                                         .sampler = "ddim",
                                         .steps = 1,
                                         .guidance = 1,
                                         .truncation = 1,
                                         .noise = C2L_NOISE_KIND_CONST },
                           .max_size = SIZE };
  gboolean done;

  fixture->n_arrived = 0;
  c2l_worker_generate_async (fixture->worker, &order, &events, NULL, keep_result, fixture);
  wait_for_result (fixture);
  done = c2l_worker_generate_finish (fixture->worker, fixture->result, error);
  g_clear_object (&fixture->result);
  return done;
}

/* Before the first picture a batch is drawn anew; later what has come stays, the rest fails, and
 * the next batch is the processor's. */
static void
test_lost_in_batch (Fixture *fixture, gconstpointer data)
{
  for (int wait = 1; wait <= 5; wait++)
    {
      g_autoptr (GError) error = NULL;

      cuda_faults_set (NULL);
      open_starter (fixture);
      assert_on (fixture, "CUDA", "fp16");
      cuda_faults_set (&(CuFaults){ .lost = wait });
      fixture->n_said = 0;
      if (generate (fixture, 3, &error))
        g_assert_cmpuint (fixture->n_arrived, ==, 3);
      else
        {
          g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_LOST);
          g_assert_cmpuint (fixture->n_arrived, >, 0);
          g_clear_error (&error);
        }
      g_assert_true (generate (fixture, 2, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (fixture->n_arrived, ==, 2);
      g_assert_cmpuint (fixture->n_said, ==, 1);
      assert_on (fixture, "CPU", "fast");
    }
}

static void
test_lost_in_opening (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_autoptr (C2lSession) other = open_on_gpu ();
  g_autoptr (GPtrArray) recipes = NULL;
  C2lSampling sampling = studio_fixture_sampling (other, 1, 1);

  cuda_faults_set (&(CuFaults){ .lost = 1 });
  recipes = c2l_session_sample_z (other, &sampling, NULL, &error);
  g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_LOST);
  g_clear_error (&error);
  open_starter (fixture);
  assert_on (fixture, "CPU", "fast");
  g_assert_cmpuint (fixture->n_said, ==, 1);
  g_assert_true (generate (fixture, 1, &error));
  g_assert_no_error (error);
}

/* There is no such GPU, or its memory is full. */
static void
test_absent (Fixture *fixture, gconstpointer data)
{
  open_starter (fixture);
  assert_on (fixture, "CPU", "fast");
  g_assert_cmpuint (fixture->n_said, ==, 1);
  g_assert_nonnull (strstr (fixture->said->str, "cuda:7"));
}

static void
test_full (Fixture *fixture, gconstpointer data)
{
  cuda_faults_set (&(CuFaults){ .memory = 1 << 20 });
  open_starter (fixture);
  assert_on (fixture, "CPU", "fast");
  g_assert_cmpuint (fixture->n_said, ==, 1);
  g_assert_nonnull (strstr (fixture->said->str, "emory"));
}

/* Loaded again after its memory was let go: the GPU has gone meanwhile. */
static void
test_gone_while_released (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lRecipe) recipe = make_recipe ();
  g_autoptr (C2lPicture) picture = NULL;
  g_autoptr (C2lDevice) device = NULL;

  open_starter (fixture);
  c2l_worker_release_memory (fixture->worker);
  while (c2l_worker_is_loaded (fixture->worker))
    g_main_context_iteration (NULL, FALSE);
  cuda_faults_set (&(CuFaults){ .lost = 1 });
  device = c2l_device_open ("cuda:1", NULL);
  C2lPass *pass = c2l_pass_new (device, C2L_PRECISION_F32, "nothing");
  g_assert_true (c2l_pass_compile (pass, NULL));
  g_assert_false (c2l_pass_run (pass, NULL, NULL));
  c2l_pass_free (pass);

  picture = draw (fixture, recipe, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (fixture->n_said, ==, 1);
  assert_on (fixture, "CPU", "fast");
}

#define ADD(path, device, test) g_test_add (path, Fixture, device, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/gpu/memory/smaller-batches", test_smaller_batches);
  g_test_add_func ("/gpu/memory/other-passes-go", test_other_passes_go);
  g_test_add_func ("/gpu/several-at-once", test_several_at_once);
  ADD ("/gpu/memory/full", "cuda:0", test_full);
  ADD ("/gpu/absent", "cuda:7", test_absent);
  ADD ("/gpu/lost/while-drawing", "cuda:0", test_lost_while_drawing);
  ADD ("/gpu/lost/in-a-batch", "cuda:0", test_lost_in_batch);
  ADD ("/gpu/lost/in-opening", "cuda:0", test_lost_in_opening);
  ADD ("/gpu/lost/while-released", "cuda:0", test_gone_while_released);
  return g_test_run ();
}
