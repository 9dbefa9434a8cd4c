/* What the studio does where a GPU has little memory, cannot be used or stops working: smaller
 * batches first, then a message; the processor instead. And where it writes pictures into graphics
 * memory by itself. Runs with the CUDA module whose kernels run on the host (C2L_CUDA_MODULE). */
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
  c2l_worker_configure (fixture->worker, device, g_str_equal (device, "cpu") ? "fast" : "fp16", 0);
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

/* --- pictures that the GPU writes into graphics memory --- */

/* A target whose buffer is memory of ours, as GL's is the driver's. */
typedef struct
{
  C2lTarget parent;
  gboolean is_entered;
  int size;
  guint8 *ordinary; /* (nullable): mapped */
} Screen;

/* Its buffer; outlives it. */
static struct
{
  guint8 *memory;
  gsize length;
  guint name;
  gboolean is_mapped;
  guint n_shown, n_ordinary, n_given_up, n_written;
} graphics;

static GObject *
make_frame (const guint8 *pixels, int size)
{
  GObject *frame = g_object_new (G_TYPE_OBJECT, NULL);

  g_object_set_data_full (frame, "pixels", g_memdup2 (pixels, (gsize) size * size * 3), g_free);
  return frame;
}

static guint8 *
screen_map (C2lTarget *target, int size, GError **error)
{
  Screen *screen = (Screen *) target;

  g_assert_false (screen->is_entered);
  screen->size = size;
  screen->ordinary = g_malloc ((gsize) size * size * 3);
  return screen->ordinary;
}

static GObject *
screen_unmap (C2lTarget *target, GError **error)
{
  Screen *screen = (Screen *) target;
  g_autofree guint8 *pixels = g_steal_pointer (&screen->ordinary);

  graphics.n_ordinary++;
  return make_frame (pixels, screen->size);
}

static void
screen_enter (C2lTarget *target)
{
  Screen *screen = (Screen *) target;

  g_assert_false (screen->is_entered);
  screen->is_entered = TRUE;
}

static void
screen_leave (C2lTarget *target)
{
  Screen *screen = (Screen *) target;

  g_assert_true (screen->is_entered);
  screen->is_entered = FALSE;
}

static void
drop_buffer (C2lTarget *target)
{
  if (target->give_up != NULL)
    {
      target->give_up (target->give_up_data);
      graphics.n_given_up++;
    }
  g_clear_pointer (&graphics.memory, g_free);
}

static guint
screen_hold (C2lTarget *target, int size, GError **error)
{
  const gsize length = (gsize) size * size * 3;

  screen_enter (target);
  ((Screen *) target)->size = size;
  if (graphics.memory == NULL || length > graphics.length)
    {
      drop_buffer (target);
      graphics.memory = g_malloc0 (length);
      graphics.length = length;
      graphics.name++;
    }
  return graphics.name;
}

static GObject *
screen_show (C2lTarget *target, GError **error)
{
  g_assert_false (graphics.is_mapped);
  graphics.n_shown++;
  screen_leave (target);
  return make_frame (graphics.memory, ((Screen *) target)->size);
}

static void
screen_free (C2lTarget *target)
{
  drop_buffer (target);
  g_free (target);
}

static gpointer
map_graphics (guint name, gsize size)
{
  g_assert_cmpuint (name, ==, graphics.name);
  g_assert_cmpuint (size, <=, graphics.length);
  graphics.is_mapped = TRUE;
  graphics.n_written++;
  return graphics.memory;
}

static void
unmap_graphics (guint name)
{
  graphics.is_mapped = FALSE;
}

static void
set_screen (Fixture *fixture)
{
  static const C2lTargetClass klass = { .map = screen_map,
                                        .unmap = screen_unmap,
                                        .hold = screen_hold,
                                        .show = screen_show,
                                        .enter = screen_enter,
                                        .leave = screen_leave,
                                        .free = screen_free };
  Screen *screen = g_new0 (Screen, 1);

  screen->parent.klass = &klass;
  graphics.n_shown = graphics.n_ordinary = graphics.n_given_up = graphics.n_written = 0;
  c2l_worker_set_target (fixture->worker, &screen->parent);
}

static void
assert_draws_right (Fixture *fixture, C2lRecipe *recipe, int size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GObject) frame = NULL;
  g_autoptr (C2lPicture) picture = NULL;

  c2l_worker_draw_async (fixture->worker, recipe, size, FALSE, NULL, NULL, keep_result, fixture);
  wait_for_result (fixture);
  picture = c2l_worker_draw_finish (fixture->worker, fixture->result, &frame, &error);
  g_clear_object (&fixture->result);
  g_assert_no_error (error);
  g_assert_nonnull (frame);
  g_assert_true (memcmp (g_object_get_data (frame, "pixels"), picture->pixels,
                         (gsize) picture->size * picture->size * 3)
                 == 0);
}

static void
check_arrival (const C2lArrival *arrival, gpointer data)
{
  Fixture *fixture = data;
  const gsize length = (gsize) arrival->picture->size * arrival->picture->size * 3;

  fixture->n_arrived++;
  g_assert_nonnull (arrival->frame);
  g_assert_null (arrival->picture->frame);
  g_assert_true (
      memcmp (g_object_get_data (arrival->frame, "pixels"), arrival->picture->pixels, length) == 0);
}

/* The frames are the pictures', whole batches and single ones, and the ordinary way is not gone. */
static void
test_frames_by_the_gpu (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lRecipe) recipe = make_recipe ();
  const C2lWorkerEvents events = { .arrived = check_arrival, .data = fixture };
  const C2lOrder order = { .prompts = prompts,
                           .sampling = { .seed = 3,
                                         .n = 3,
                                         .sampler = "ddim",
                                         .steps = 1,
                                         .guidance = 1,
                                         .truncation = 1,
                                         .noise = C2L_NOISE_KIND_CONST },
                           .max_size = SIZE };

  cuda_faults_set_gl (&(CuHostGl){ map_graphics, unmap_graphics });
  set_screen (fixture);
  open_starter (fixture);
  c2l_worker_generate_async (fixture->worker, &order, &events, NULL, keep_result, fixture);
  wait_for_result (fixture);
  g_assert_true (c2l_worker_generate_finish (fixture->worker, fixture->result, NULL));
  g_clear_object (&fixture->result);
  g_assert_cmpuint (fixture->n_arrived, ==, 3);
  g_assert_cmpuint (graphics.n_shown, ==, 3);
  assert_draws_right (fixture, recipe, SIZE);
  assert_draws_right (fixture, recipe, 2 * SIZE);
  assert_draws_right (fixture, recipe, SIZE);
  g_assert_cmpuint (graphics.n_shown, ==, 6);
  g_assert_cmpuint (graphics.n_written, ==, 6);
  g_assert_cmpuint (graphics.n_ordinary, ==, 0);
  g_assert_cmpuint (graphics.n_given_up, ==, 1);

  /* Another session has the buffer after that one. */
  open_starter (fixture);
  assert_draws_right (fixture, recipe, SIZE);
  g_assert_cmpuint (graphics.n_shown, ==, 7);
  cuda_faults_set_gl (NULL);
}

/* Where GL is not this GPU's, pixels are mapped and copied, and it is tried once. */
static void
test_frames_by_the_host (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lRecipe) recipe = make_recipe ();

  cuda_faults_set_gl (NULL);
  set_screen (fixture);
  open_starter (fixture);
  for (int i = 0; i < 3; i++)
    assert_draws_right (fixture, recipe, SIZE);
  g_assert_cmpuint (graphics.n_ordinary, ==, 3);
  g_assert_cmpuint (graphics.n_shown + graphics.n_written, ==, 0);
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
  ADD ("/gpu/frames/by-the-gpu", "cuda:0", test_frames_by_the_gpu);
  ADD ("/gpu/frames/by-the-host", "cuda:0", test_frames_by_the_host);
  ADD ("/gpu/frames/of-a-processor", "cpu", test_frames_by_the_host);
  return g_test_run ();
}
