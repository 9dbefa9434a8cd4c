/* The worker with the starter: pictures arrive as they should, the hand comes first, nothing is
 * lost when it ends. */
#include "studio/generate.h"
#include "studio/paths.h"
#include "studio/worker.h"
#include "scratch.h"

#include <glib/gstdio.h>
#include <string.h>

#define PREVIEW_SIZE 32

static const char *const beard[] = { "a happy man with a beard", NULL };
static const char *const two[]
    = { "a woman with long pink hair", "a happy man with a beard", NULL };

typedef struct
{
  C2lWorker *worker;
  C2lModelInfo *info;
  GPtrArray *pictures; /* by position, of C2lPicture */
  GString *log;        /* p: preview, f: full, s: score, d: draw's answer, e: end */
  guint n_previews, n_full, n_scores, n_destroyed;
  guint cancel_after; /* full pictures; 0: never */
  guint draw_after;   /* full pictures; 0: never */
  GCancellable *cancellable;
  GError *error; /* of generating */
  gboolean finished;
  guint first; /* place of the running generation's first picture */
  guint n_drawn;
  GPtrArray *drawn; /* of C2lPicture, NULL for cancelled ones */
  double seconds_left;
} Fixture;

static void
iterate (void)
{
  g_main_context_iteration (NULL, TRUE);
}

static char *
dup_starter (void)
{
  return g_build_filename (g_getenv ("C2L_DATA"), "starter", NULL);
}

static void
on_async_result (GObject *source, GAsyncResult *result, gpointer data)
{
  GAsyncResult **place = data;

  *place = g_object_ref (result);
}

static C2lModelInfo *
open_folder (Fixture *fixture, const char *folder, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  c2l_worker_open_async (fixture->worker, folder, NULL, on_async_result, &result);
  while (result == NULL)
    iterate ();
  return c2l_worker_open_finish (fixture->worker, result, error);
}

static C2lWorker *
new_worker (void)
{
  C2lWorker *worker = c2l_worker_new ();
  const char *threads = g_getenv ("C2L_TEST_THREADS");

  if (threads != NULL)
    c2l_worker_configure (worker, "cpu", "fast", atoi (threads));
  return worker;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *starter = dup_starter ();
  g_autoptr (GError) error = NULL;

  fixture->worker = new_worker ();
  fixture->pictures = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref);
  fixture->drawn = g_ptr_array_new ();
  fixture->log = g_string_new (NULL);
  fixture->cancellable = g_cancellable_new ();
  fixture->info = open_folder (fixture, starter, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  gpointer worker = fixture->worker;

  c2l_worker_stop (fixture->worker);
  g_object_add_weak_pointer (G_OBJECT (worker), &worker);
  g_object_unref (fixture->worker);
  /* Answers that are still on their way keep it. */
  while (worker != NULL)
    iterate ();
  g_clear_pointer (&fixture->info, c2l_model_info_unref);
  g_ptr_array_unref (fixture->pictures);
  for (guint i = 0; i < fixture->drawn->len; i++)
    if (fixture->drawn->pdata[i] != NULL)
      c2l_picture_unref (fixture->drawn->pdata[i]);
  g_ptr_array_unref (fixture->drawn);
  g_string_free (fixture->log, TRUE);
  g_object_unref (fixture->cancellable);
  g_clear_error (&fixture->error);
}

/* --- generating --- */

static void
on_drawn (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *fixture = data;
  g_autoptr (GError) error = NULL;
  C2lPicture *picture = c2l_worker_draw_finish (C2L_WORKER (source), result, NULL, &error);

  if (picture == NULL)
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_ptr_array_add (fixture->drawn, picture);
  g_string_append_c (fixture->log, picture != NULL ? 'd' : '-');
}

static void
draw (Fixture *fixture, C2lRecipe *recipe, int max_size, gconstpointer key)
{
  c2l_worker_draw_async (fixture->worker, recipe, max_size, FALSE, key, NULL, on_drawn, fixture);
}

static void
wait_for_drawn (Fixture *fixture, guint n)
{
  while (fixture->drawn->len < n)
    iterate ();
}

static void
on_progress (double fraction, double seconds_left, const char *stage, gpointer data)
{
  Fixture *fixture = data;

  g_assert_cmpfloat (fraction, >=, 0);
  g_assert_cmpfloat (fraction, <=, 1);
  fixture->seconds_left = seconds_left;
}

static gboolean
is_black (const C2lPicture *picture)
{
  for (gsize i = 0; i < (gsize) picture->size * picture->size * 3; i++)
    if (picture->pixels[i] > 16)
      return FALSE;
  return TRUE;
}

static void
on_arrived (const C2lArrival *arrival, gpointer data)
{
  Fixture *fixture = data;

  g_assert_false (is_black (arrival->picture));
  g_string_append_c (fixture->log, arrival->is_preview ? 'p' : 'f');
  if (arrival->is_preview)
    {
      g_assert_cmpint (arrival->picture->size, ==, PREVIEW_SIZE);
      fixture->n_previews++;
      return;
    }
  g_assert_cmpint (arrival->picture->size, ==, fixture->info->resolution);
  g_assert_cmpuint (fixture->first + arrival->position, ==, fixture->pictures->len);
  g_ptr_array_add (fixture->pictures, c2l_picture_ref (arrival->picture));
  fixture->n_full++;
  if (fixture->n_full == fixture->cancel_after)
    g_cancellable_cancel (fixture->cancellable);
  if (fixture->n_full == fixture->draw_after)
    draw (fixture, arrival->picture->recipe, 0, NULL);
}

static void
on_scored (guint position, C2lRecipe *recipe, gpointer data)
{
  Fixture *fixture = data;
  const C2lPicture *picture = g_ptr_array_index (fixture->pictures, fixture->first + position);

  g_assert_true (recipe->has_score);
  g_assert_true (c2l_recipe_equal (recipe, picture->recipe));
  g_string_append_c (fixture->log, 's');
  fixture->n_scores++;
}

static void
on_destroy (gpointer data)
{
  Fixture *fixture = data;

  g_assert_false (fixture->finished);
  fixture->n_destroyed++;
}

static void
on_generated (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *fixture = data;

  g_clear_error (&fixture->error);
  c2l_worker_generate_finish (C2L_WORKER (source), result, &fixture->error);
  fixture->finished = TRUE;
  g_string_append_c (fixture->log, 'e');
}

static void
init_order (Fixture *fixture, C2lOrder *order, const char *const *prompts, int n)
{
  C2lGenerateParams params;

  c2l_generate_params_init (&params, fixture->info->bundle);
  *order = (C2lOrder){ .prompts = prompts, .sampling = params.sampling };
  order->sampling.n = n;
  order->sampling.seed = 7;
  order->sampling.noise_seed = 7;
}

static void
begin (Fixture *fixture, const C2lOrder *order)
{
  const C2lWorkerEvents events = { on_progress, on_arrived, on_scored, NULL, fixture, on_destroy };

  fixture->finished = FALSE;
  fixture->first = fixture->pictures != NULL ? fixture->pictures->len : 0;
  c2l_worker_generate_async (fixture->worker, order, &events, fixture->cancellable, on_generated,
                             fixture);
}

static void
generate (Fixture *fixture, const C2lOrder *order)
{
  begin (fixture, order);
  while (!fixture->finished)
    iterate ();
}

static void
assert_same_picture (const C2lPicture *a, const C2lPicture *b)
{
  g_assert_cmpint (a->size, ==, b->size);
  g_assert_true (memcmp (a->pixels, b->pixels, (gsize) a->size * a->size * 3) == 0);
}

/* What `c2l generate` draws. */
static GPtrArray *
draw_as_c2l (Fixture *fixture, const C2lOrder *order)
{
  GPtrArray *pictures = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref);
  g_autoptr (C2lDevice) device = c2l_device_open ("cpu", NULL);
  g_autofree char *merges = c2l_paths_dup_data ("merges.txt.gz");
  g_autoptr (C2lEngine) engine = c2l_engine_new (fixture->info->bundle, device, merges);
  g_autoptr (C2lSession) session = c2l_session_new (engine, C2L_DEFAULT_PRECISION);
  const C2lGenerateParams params = { .prompts = order->prompts, .sampling = order->sampling };
  g_autoptr (GError) error = NULL;

  if (g_getenv ("C2L_TEST_THREADS") != NULL)
    c2l_device_set_n_threads (device, atoi (g_getenv ("C2L_TEST_THREADS")));
  g_assert_true (c2l_generate (session, &params, NULL, pictures, NULL, &error));
  g_assert_no_error (error);
  return pictures;
}

static void
test_draws_what_c2l_draws (Fixture *fixture, gconstpointer data)
{
  C2lOrder order;
  g_autoptr (GPtrArray) pictures = NULL;

  init_order (fixture, &order, two, 3);
  pictures = draw_as_c2l (fixture, &order);
  order.score = TRUE;
  order.preview_size = PREVIEW_SIZE;
  generate (fixture, &order);
  g_assert_no_error (fixture->error);
  g_assert_cmpuint (fixture->pictures->len, ==, 6);
  for (guint i = 0; i < 6; i++)
    {
      const C2lPicture *picture = g_ptr_array_index (fixture->pictures, i);

      assert_same_picture (picture, g_ptr_array_index (pictures, i));
      g_assert_cmpuint (picture->prompt_index, ==, i / 3);
      g_assert_cmpstr (picture->recipe->prompt, ==, two[i / 3]);
    }
}

static void
test_previews_then_pictures_then_scores (Fixture *fixture, gconstpointer data)
{
  C2lOrder order;

  init_order (fixture, &order, beard, 4);
  order.score = TRUE;
  order.preview_size = PREVIEW_SIZE;
  generate (fixture, &order);
  g_assert_no_error (fixture->error);
  g_assert_cmpstr (fixture->log->str, ==, "ppppffffsssse");
  g_assert_cmpuint (fixture->n_destroyed, ==, 1);
}

/* A row for each prompt is there before the first of them is drawn in full. */
static void
test_previews_of_all_prompts_first (Fixture *fixture, gconstpointer data)
{
  C2lOrder order;

  init_order (fixture, &order, two, 2);
  order.score = TRUE;
  order.preview_size = PREVIEW_SIZE;
  generate (fixture, &order);
  g_assert_no_error (fixture->error);
  g_assert_cmpstr (fixture->log->str, ==, "ppppffssffsse");
}

static void
test_no_previews_where_they_save_nothing (Fixture *fixture, gconstpointer data)
{
  C2lOrder order;

  init_order (fixture, &order, beard, 2);
  order.preview_size = fixture->info->resolution;
  generate (fixture, &order);
  g_assert_cmpstr (fixture->log->str, ==, "ffe");
}

static void
test_without_a_prompt (Fixture *fixture, gconstpointer data)
{
  C2lOrder order;

  init_order (fixture, &order, NULL, 2);
  order.score = TRUE;
  generate (fixture, &order);
  g_assert_no_error (fixture->error);
  g_assert_cmpstr (fixture->log->str, ==, "ffe");
}

static void
test_recipes_are_drawn_again (Fixture *fixture, gconstpointer data)
{
  C2lOrder order, again = { 0 };
  g_autoptr (GPtrArray) first = NULL;

  init_order (fixture, &order, two, 2);
  generate (fixture, &order);
  first = g_steal_pointer (&fixture->pictures);
  fixture->pictures = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref);
  again.recipes = g_ptr_array_new ();
  again.score = TRUE;
  for (guint i = 0; i < first->len; i++)
    g_ptr_array_add (again.recipes, ((C2lPicture *) g_ptr_array_index (first, i))->recipe);
  generate (fixture, &again);
  g_assert_no_error (fixture->error);
  g_assert_cmpuint (fixture->n_scores, ==, 4);
  for (guint i = 0; i < first->len; i++)
    assert_same_picture (g_ptr_array_index (first, i), g_ptr_array_index (fixture->pictures, i));
  g_ptr_array_unref (again.recipes);
}

static void
test_seconds_left_are_known (Fixture *fixture, gconstpointer data)
{
  C2lOrder order;

  /* Measured in the background. */
  while (fixture->info->seconds <= 0)
    iterate ();
  init_order (fixture, &order, beard, 3);
  fixture->seconds_left = -1;
  generate (fixture, &order);
  g_assert_cmpfloat (fixture->seconds_left, >=, 0);
}

/* --- cancelling --- */

static void
test_cancelled_keeps_what_is_finished (Fixture *fixture, gconstpointer data)
{
  C2lOrder order;

  init_order (fixture, &order, beard, 1000);
  order.preview_size = PREVIEW_SIZE;
  order.score = TRUE;
  fixture->cancel_after = 3;
  generate (fixture, &order);
  g_assert_error (fixture->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (fixture->n_full, >=, 3);
  g_assert_cmpuint (fixture->n_full, <, 1000);
  g_assert_cmpuint (fixture->n_destroyed, ==, 1);
}

static void
test_cancelled_while_waiting (Fixture *fixture, gconstpointer data)
{
  C2lOrder order;
  g_autoptr (GCancellable) running = NULL;

  init_order (fixture, &order, beard, 1000);
  begin (fixture, &order);
  running = g_steal_pointer (&fixture->cancellable);
  fixture->cancellable = g_cancellable_new ();
  begin (fixture, &order);
  g_cancellable_cancel (fixture->cancellable);
  while (!fixture->finished)
    iterate ();
  g_assert_error (fixture->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (fixture->n_destroyed, ==, 1);
  fixture->finished = FALSE;
  g_cancellable_cancel (running);
  while (!fixture->finished)
    iterate ();
  g_assert_cmpuint (fixture->n_destroyed, ==, 2);
}

static void
test_stops_while_working (Fixture *fixture, gconstpointer data)
{
  C2lOrder order;

  init_order (fixture, &order, beard, 1000);
  begin (fixture, &order);
  while (fixture->n_full == 0)
    iterate ();
  draw (fixture, ((C2lPicture *) g_ptr_array_index (fixture->pictures, 0))->recipe, 0, NULL);
  c2l_worker_stop (fixture->worker);
  while (!fixture->finished || fixture->drawn->len == 0)
    iterate ();
  g_assert_error (fixture->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (fixture->n_destroyed, ==, 1);
}

/* --- the hand --- */

static void
test_the_hand_comes_first (Fixture *fixture, gconstpointer data)
{
  C2lOrder order;
  g_autoptr (GPtrArray) expected = NULL;
  const char *at;

  init_order (fixture, &order, beard, 30);
  expected = draw_as_c2l (fixture, &order);
  fixture->draw_after = 2;
  generate (fixture, &order);
  g_assert_no_error (fixture->error);
  at = strchr (fixture->log->str, 'd');
  /* Between the pictures, not after them; and those that were interrupted are whole. */
  g_assert_nonnull (at);
  g_assert_cmpint (at - fixture->log->str, <, 30);
  assert_same_picture (fixture->drawn->pdata[0], g_ptr_array_index (expected, 1));
  for (guint i = 0; i < expected->len; i++)
    assert_same_picture (g_ptr_array_index (expected, i), g_ptr_array_index (fixture->pictures, i));
}

static gpointer
wait_for_release (C2lSession *session, gpointer data, GCancellable *cancellable, GError **error)
{
  while (!g_atomic_int_get ((gint *) data))
    g_usleep (100);
  return NULL;
}

static void
ignore (GObject *source, GAsyncResult *result, gpointer data)
{
  c2l_worker_call_finish (C2L_WORKER (source), result, NULL);
}

static void
test_newer_positions_replace_older (Fixture *fixture, gconstpointer data)
{
  static int slider;
  gint go_on = FALSE;
  C2lOrder order;
  C2lRecipe *recipe;

  init_order (fixture, &order, beard, 1);
  generate (fixture, &order);
  recipe = ((C2lPicture *) g_ptr_array_index (fixture->pictures, 0))->recipe;
  c2l_worker_call_async (fixture->worker, TRUE, wait_for_release, &go_on, NULL, NULL, NULL, ignore,
                         NULL);
  for (int i = 0; i < 4; i++)
    draw (fixture, recipe, PREVIEW_SIZE, &slider);
  g_atomic_int_set (&go_on, TRUE);
  wait_for_drawn (fixture, 4);
  g_assert_cmpstr (fixture->log->str, ==, "fe---d");
}

static void
test_draws_with_a_score (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (C2lPicture) picture = NULL;
  g_autoptr (GError) error = NULL;
  C2lRecipe *recipe;
  C2lOrder order;

  init_order (fixture, &order, beard, 1);
  generate (fixture, &order);
  recipe = ((C2lPicture *) g_ptr_array_index (fixture->pictures, 0))->recipe;
  c2l_worker_draw_async (fixture->worker, recipe, 0, TRUE, NULL, NULL, on_async_result, &result);
  while (result == NULL)
    iterate ();
  picture = c2l_worker_draw_finish (fixture->worker, result, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (picture->recipe->has_score);
  /* What the window shows did not change under its hands. */
  g_assert_false (recipe->has_score);
  assert_same_picture (picture, g_ptr_array_index (fixture->pictures, 0));
}

/* --- calls --- */

typedef struct
{
  Fixture *fixture;
  gint entered;
  int n_events;
} Call;

static gboolean
on_call_event (gpointer data)
{
  Call *of = data;

  of->n_events++;
  return G_SOURCE_REMOVE;
}

static gpointer
work_in_parts (C2lSession *session, gpointer data, GCancellable *cancellable, GError **error)
{
  Call *of = data;

  c2l_worker_invoke (of->fixture->worker, on_call_event, of, NULL);
  g_atomic_int_set (&of->entered, TRUE);
  /* Ends when the hand has passed, of which only giving way can take notice. */
  while (g_atomic_int_get (&of->entered) != 2)
    if (!c2l_worker_give_way (of->fixture->worker, error))
      return NULL;
  return g_strdup ("done");
}

static gpointer
pass_by (C2lSession *session, gpointer data, GCancellable *cancellable, GError **error)
{
  Call *of = data;

  g_atomic_int_set (&of->entered, 2);
  return NULL;
}

static void
test_calls_give_way (Fixture *fixture, gconstpointer data)
{
  Call of = { fixture };
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *answer = NULL;

  c2l_worker_call_async (fixture->worker, FALSE, work_in_parts, &of, NULL, g_free, NULL,
                         on_async_result, &result);
  while (!g_atomic_int_get (&of.entered))
    g_usleep (100);
  c2l_worker_call_async (fixture->worker, TRUE, pass_by, &of, NULL, NULL, NULL, ignore, NULL);
  while (result == NULL)
    iterate ();
  answer = c2l_worker_call_finish (fixture->worker, result, NULL);
  g_assert_cmpstr (answer, ==, "done");
  g_assert_cmpint (of.n_events, ==, 1);
}

/* --- the model --- */

static void
test_says_what_is_open (Fixture *fixture, gconstpointer data)
{
  const C2lModelInfo *info = fixture->info;

  g_assert_true (info->has_prior && info->has_clip && info->has_previews && info->has_truncation);
  g_assert_false (info->has_transform);
  g_assert_cmpint (info->resolution, ==, 128);
  g_assert_cmpstr (info->precision, ==, "fast");
  g_assert_true (g_str_has_prefix (info->device, "CPU"));
}

static void
test_refuses_what_is_no_model (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  C2lOrder order;

  g_assert_null (open_folder (fixture, g_get_tmp_dir (), &error));
  g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_BUNDLE);
  /* The one that was open still is. */
  init_order (fixture, &order, beard, 1);
  generate (fixture, &order);
  g_assert_no_error (fixture->error);
}

static void
test_refuses_unknown_devices (Fixture *fixture, gconstpointer data)
{
  g_autofree char *starter = dup_starter ();
  g_autoptr (GError) no_device = NULL, no_precision = NULL;

  c2l_worker_configure (fixture->worker, "abacus", "fast", 0);
  g_assert_null (open_folder (fixture, starter, &no_device));
  g_assert_error (no_device, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_NO_DEVICE);
  c2l_worker_configure (fixture->worker, "cpu", "roughly", 0);
  g_assert_null (open_folder (fixture, starter, &no_precision));
  g_assert_error (no_precision, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID);
}

static void
test_reconfigured (Fixture *fixture, gconstpointer data)
{
  g_autofree char *starter = dup_starter ();
  g_autoptr (C2lModelInfo) info = NULL;
  g_autoptr (GError) error = NULL;
  C2lOrder order;

  c2l_worker_configure (fixture->worker, "cpu:portable", "f32", 1);
  info = open_folder (fixture, starter, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (info->precision, ==, "f32");
  init_order (fixture, &order, beard, 1);
  generate (fixture, &order);
  g_assert_no_error (fixture->error);
  g_assert_cmpstr (((C2lPicture *) g_ptr_array_index (fixture->pictures, 0))->recipe->precision, ==,
                   "f32");
}

static void
test_nothing_is_open (void)
{
  Fixture fixture = { .worker = new_worker (),
                      .log = g_string_new (NULL),
                      .cancellable = g_cancellable_new () };
  C2lOrder order = { .prompts = beard, .sampling = { .n = 1, .sampler = "reference", .steps = 1 } };

  generate (&fixture, &order);
  g_assert_error (fixture.error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_BUNDLE);
  g_assert_cmpuint (fixture.n_destroyed, ==, 1);
  /* Without c2l_worker_stop(): the last reference is enough. */
  g_object_unref (fixture.worker);
  g_string_free (fixture.log, TRUE);
  g_object_unref (fixture.cancellable);
  g_clear_error (&fixture.error);
}

static void
test_memory_is_released_and_loaded_again (Fixture *fixture, gconstpointer data)
{
  C2lOrder order;

  init_order (fixture, &order, beard, 1);
  generate (fixture, &order);
  g_assert_true (c2l_worker_is_loaded (fixture->worker));
  c2l_worker_release_memory (fixture->worker);
  while (c2l_worker_is_loaded (fixture->worker))
    g_usleep (1000);
  generate (fixture, &order);
  g_assert_no_error (fixture->error);
  g_assert_true (c2l_worker_is_loaded (fixture->worker));
  assert_same_picture (g_ptr_array_index (fixture->pictures, 0),
                       g_ptr_array_index (fixture->pictures, 1));
}

static void
test_memory_is_released_when_idle (Fixture *fixture, gconstpointer data)
{
  C2lOrder order;

  c2l_worker_set_idle_timeout (fixture->worker, 1);
  while (c2l_worker_is_loaded (fixture->worker))
    iterate ();
  c2l_worker_set_idle_timeout (fixture->worker, 0);
  init_order (fixture, &order, beard, 1);
  generate (fixture, &order);
  g_assert_no_error (fixture->error);
}

static void
copy_folder (const char *from, const char *to)
{
  g_autofree char *source = g_shell_quote (from), *target = g_shell_quote (to);
  g_autofree char *command = g_strdup_printf ("cp -r %s %s", source, target);
  int status;

  g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, &status, NULL));
  g_assert_cmpint (status, ==, 0);
}

static void
test_a_model_that_vanished (Fixture *fixture, gconstpointer data)
{
  g_autofree char *starter = dup_starter (), *folder = g_dir_make_tmp ("c2l-worker-XXXXXX", NULL);
  g_autofree char *copy = g_build_filename (folder, "starter", NULL);
  g_autoptr (C2lModelInfo) info = NULL;
  C2lOrder order;

  copy_folder (starter, copy);
  info = open_folder (fixture, copy, NULL);
  g_assert_nonnull (info);
  scratch_remove (copy);
  /* What is in memory goes on. */
  init_order (fixture, &order, beard, 1);
  generate (fixture, &order);
  g_assert_no_error (fixture->error);
  c2l_worker_release_memory (fixture->worker);
  generate (fixture, &order);
  g_assert_error (fixture->error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_BUNDLE);
  g_assert_nonnull (strstr (fixture->error->message, copy));
  g_assert_nonnull (strstr (fixture->error->message, "gone"));
  copy_folder (starter, copy);
  generate (fixture, &order);
  g_assert_no_error (fixture->error);
  scratch_remove (folder);
}

static void
test_unknown_words (Fixture *fixture, gconstpointer data)
{
  gint go_on = FALSE;
  g_autoptr (GAsyncResult) result = NULL, called = NULL;
  g_auto (GStrv) words = NULL;
  g_autoptr (GError) error = NULL;

  /* While the thread is at work. */
  c2l_worker_call_async (fixture->worker, FALSE, wait_for_release, &go_on, NULL, NULL, NULL,
                         on_async_result, &called);
  c2l_worker_list_unknown_words_async (fixture->worker, "a man with a qxzvk", NULL, on_async_result,
                                       &result);
  while (result == NULL)
    iterate ();
  words = c2l_worker_list_unknown_words_finish (fixture->worker, result, &error);
  g_assert_no_error (error);
  g_assert_true (g_strv_contains ((const char *const *) words, "qxzvk"));
  g_assert_false (g_strv_contains ((const char *const *) words, "man"));
  g_atomic_int_set (&go_on, TRUE);
  while (called == NULL)
    iterate ();
}

/* --- a target --- */

typedef struct
{
  C2lTarget parent;
  guint8 *room;
  int size;
  gint *n_collected, *n_freed;
} TestTarget;

static guint8 *
test_target_map (C2lTarget *target, int size, GError **error)
{
  TestTarget *self = (TestTarget *) target;

  self->size = size;
  return self->room = g_malloc ((gsize) size * size * 3);
}

static GObject *
test_target_unmap (C2lTarget *target, GError **error)
{
  TestTarget *self = (TestTarget *) target;
  GObject *frame = g_object_new (G_TYPE_OBJECT, NULL);

  g_object_set_data_full (frame, "pixels", g_steal_pointer (&self->room), g_free);
  return frame;
}

static void
test_target_collect (C2lTarget *target)
{
  g_atomic_int_inc (((TestTarget *) target)->n_collected);
}

static void
test_target_free (C2lTarget *target)
{
  g_atomic_int_inc (((TestTarget *) target)->n_freed);
  g_free (target);
}

static void
test_frames_show_the_pixels (void)
{
  static const C2lTargetClass klass
      = { .map = test_target_map, .unmap = test_target_unmap, .collect = test_target_collect, .free = test_target_free };
  TestTarget *target = g_new0 (TestTarget, 1);
  gint n_collected = 0, n_freed = 0;
  Fixture fixture = { .worker = new_worker () };
  g_autofree char *starter = dup_starter ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) pictures = NULL;
  g_autoptr (C2lPicture) picture = NULL;
  g_autoptr (GObject) frame = NULL;
  C2lOrder order;

  *target = (TestTarget){ .parent = { &klass }, .n_collected = &n_collected, .n_freed = &n_freed };
  c2l_worker_set_target (fixture.worker, &target->parent);
  fixture.info = open_folder (&fixture, starter, NULL);
  init_order (&fixture, &order, beard, 1);
  pictures = draw_as_c2l (&fixture, &order);
  c2l_worker_draw_async (fixture.worker, ((C2lPicture *) g_ptr_array_index (pictures, 0))->recipe,
                         0, FALSE, NULL, NULL, on_async_result, &result);
  while (result == NULL)
    iterate ();
  picture = c2l_worker_draw_finish (fixture.worker, result, &frame, NULL);
  g_assert_nonnull (frame);
  g_assert_true (memcmp (g_object_get_data (frame, "pixels"), picture->pixels,
                         (gsize) picture->size * picture->size * 3)
                 == 0);
  target->parent.wake (target->parent.wake_data);
  while (!g_atomic_int_get (&n_collected))
    iterate ();
  c2l_worker_stop (fixture.worker);
  g_clear_object (&result);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_object_unref (fixture.worker);
  g_assert_cmpint (n_freed, ==, 1);
  c2l_model_info_unref (fixture.info);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, function) g_test_add (name, Fixture, NULL, set_up, function, tear_down)
  ADD ("/worker/generates/what-c2l-draws-bit-for-bit", test_draws_what_c2l_draws);
  ADD ("/worker/generates/previews-then-pictures-then-scores",
       test_previews_then_pictures_then_scores);
  ADD ("/worker/generates/previews-of-all-prompts-first", test_previews_of_all_prompts_first);
  ADD ("/worker/generates/no-previews-where-they-save-nothing",
       test_no_previews_where_they_save_nothing);
  ADD ("/worker/generates/without-a-prompt", test_without_a_prompt);
  ADD ("/worker/generates/recipes-again", test_recipes_are_drawn_again);
  ADD ("/worker/generates/seconds-left-are-known", test_seconds_left_are_known);
  ADD ("/worker/cancelled/keeps-what-is-finished", test_cancelled_keeps_what_is_finished);
  ADD ("/worker/cancelled/while-waiting", test_cancelled_while_waiting);
  ADD ("/worker/stops-while-working", test_stops_while_working);
  ADD ("/worker/draws/before-the-batch-goes-on", test_the_hand_comes_first);
  ADD ("/worker/draws/newer-positions-replace-older", test_newer_positions_replace_older);
  ADD ("/worker/draws/with-a-score", test_draws_with_a_score);
  ADD ("/worker/calls/give-way", test_calls_give_way);
  ADD ("/worker/model/says-what-is-open", test_says_what_is_open);
  ADD ("/worker/model/refuses-what-is-none", test_refuses_what_is_no_model);
  ADD ("/worker/model/refuses-unknown-devices", test_refuses_unknown_devices);
  ADD ("/worker/model/reconfigured", test_reconfigured);
  g_test_add_func ("/worker/model/nothing-is-open", test_nothing_is_open);
  ADD ("/worker/memory/released-and-loaded-again", test_memory_is_released_and_loaded_again);
  ADD ("/worker/memory/released-when-idle", test_memory_is_released_when_idle);
  ADD ("/worker/model/vanished", test_a_model_that_vanished);
  ADD ("/worker/unknown-words-while-working", test_unknown_words);
  g_test_add_func ("/worker/frames-show-the-pixels", test_frames_show_the_pixels);
  return g_test_run ();
}
