/* The library as a C program uses it: what is drawn, what is refused, cancelling, progress, and
 * calls that do not block. */
#include <clip2latent.h>

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define PROMPT "a happy man with a beard"

static C2lModel *
open_starter (void)
{
  g_autoptr (GError) error = NULL;
  C2lModel *model = c2l_model_open (NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  return model;
}

static GPtrArray *
generate (C2lModel *model, C2lRequest *request)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *pictures = c2l_model_generate (model, request, NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  return pictures;
}

static gboolean
have_same_pixels (C2lPicture *a, C2lPicture *b)
{
  g_autoptr (GBytes) pixels = c2l_picture_dup_pixels (a);
  g_autoptr (GBytes) others = c2l_picture_dup_pixels (b);

  return g_bytes_equal (pixels, others);
}

static void
test_says_what_it_is (void)
{
  g_autoptr (C2lModel) model = open_starter ();
  g_auto (GStrv) directions = c2l_model_list_directions (model);

  g_assert_cmpstr (c2l_model_get_name (model), ==, "Cartoon portraits");
  g_assert_true (c2l_model_has_prior (model));
  g_assert_true (c2l_model_has_clip (model));
  g_assert_true (g_str_has_prefix (c2l_model_get_device (model), "CPU"));
  g_assert_true (g_strv_contains ((const char *const *) directions, "glasses"));
  g_assert_cmpfloat (c2l_model_get_direction_amount (model, "glasses"), >, 0);
  g_assert_cmpfloat (c2l_model_get_direction_amount (model, "nothing of this name"), ==, 0);
}

static void
test_draws_for_prompts (void)
{
  g_autoptr (C2lModel) model = open_starter ();
  g_autoptr (C2lRequest) request = c2l_request_new (model, PROMPT, 3);
  g_autoptr (GPtrArray) pictures = NULL;

  c2l_request_add_prompt (request, "a bald man");
  g_object_set (request, "seed", G_GUINT64_CONSTANT (18446744073709551615), "sort", TRUE, NULL);
  pictures = generate (model, request);
  g_assert_cmpuint (pictures->len, ==, 6);
  for (guint i = 0; i < pictures->len; i++)
    {
      C2lPicture *picture = g_ptr_array_index (pictures, i);
      g_autoptr (GBytes) pixels = c2l_picture_dup_pixels (picture);
      g_autofree char *prompt = c2l_picture_dup_prompt (picture);

      g_assert_cmpint (c2l_picture_get_size (picture), ==, 128);
      g_assert_cmpuint (g_bytes_get_size (pixels), ==, 128 * 128 * 3);
      g_assert_cmpstr (prompt, ==, i < 3 ? PROMPT : "a bald man");
      if (i % 3 > 0)
        g_assert_cmpfloat (c2l_picture_get_score (picture), <=,
                           c2l_picture_get_score (g_ptr_array_index (pictures, i - 1)));
    }
  g_assert_false (
      have_same_pixels (g_ptr_array_index (pictures, 0), g_ptr_array_index (pictures, 1)));
}

static void
test_begins_with_the_models_settings (void)
{
  g_autoptr (C2lModel) model = open_starter ();
  g_autoptr (C2lRequest) request = c2l_request_new (model, PROMPT, 1);
  double guidance;
  int steps;
  guint64 noise_seed;

  g_object_get (request, "guidance", &guidance, "steps", &steps, NULL);
  g_assert_cmpfloat (guidance, ==, 2);
  g_assert_cmpint (steps, ==, 4);
  g_object_set (request, "seed", G_GUINT64_CONSTANT (5), NULL);
  g_object_get (request, "noise-seed", &noise_seed, NULL);
  g_assert_cmpuint (noise_seed, ==, 5);
  g_object_set (request, "noise-seed", G_GUINT64_CONSTANT (9), "seed", G_GUINT64_CONSTANT (6),
                NULL);
  g_object_get (request, "noise-seed", &noise_seed, NULL);
  g_assert_cmpuint (noise_seed, ==, 9);
}

static void
test_draws_again_from_recipe_and_latent (void)
{
  g_autoptr (C2lModel) model = open_starter ();
  g_autoptr (C2lRequest) request = c2l_request_new (model, PROMPT, 2);
  g_autoptr (C2lRequest) again = c2l_request_new (model, NULL, 1);
  g_autoptr (C2lRequest) latent = c2l_request_new (model, NULL, 1);
  g_autoptr (GPtrArray) pictures = generate (model, request), same = NULL, of_latent = NULL,
                        edited = NULL;
  g_autofree char *recipe = c2l_picture_dup_recipe (g_ptr_array_index (pictures, 1));
  g_autofree float *values = NULL;
  g_autoptr (GError) error = NULL;
  gsize n_values;
  int n_rows;

  c2l_request_add_recipe (again, recipe, &error);
  g_assert_no_error (error);
  same = generate (model, again);
  g_assert_cmpuint (same->len, ==, 1);
  g_assert_true (have_same_pixels (g_ptr_array_index (same, 0), g_ptr_array_index (pictures, 1)));

  values = c2l_picture_dup_latent (g_ptr_array_index (pictures, 1), &n_values, &n_rows);
  g_assert_cmpint (n_rows, ==, 1);
  c2l_request_add_latent (latent, values, n_values, n_rows);
  g_object_set (latent, "first-index", 1, NULL);
  of_latent = generate (model, latent);
  g_assert_true (
      have_same_pixels (g_ptr_array_index (of_latent, 0), g_ptr_array_index (pictures, 1)));
  g_assert_true (isnan (c2l_picture_get_score (g_ptr_array_index (of_latent, 0))));

  c2l_request_add_edit (again, "glasses", 1.5, 0, -1);
  edited = generate (model, again);
  g_assert_false (have_same_pixels (g_ptr_array_index (edited, 0), g_ptr_array_index (same, 0)));
}

static void
test_saves_what_it_can_draw_again (void)
{
  g_autoptr (C2lModel) model = open_starter ();
  g_autoptr (C2lRequest) request = c2l_request_new (model, PROMPT, 1);
  g_autoptr (C2lRequest) again = c2l_request_new (model, NULL, 1);
  g_autoptr (GPtrArray) pictures = generate (model, request), same = NULL;
  g_autofree char *folder = g_dir_make_tmp ("c2l-test-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "man.webp", NULL);
  g_autoptr (GError) error = NULL;

  c2l_picture_save_as (g_ptr_array_index (pictures, 0), path, 80, &error);
  g_assert_no_error (error);
  c2l_request_add_file (again, path, &error);
  g_assert_no_error (error);
  same = generate (model, again);
  g_assert_true (have_same_pixels (g_ptr_array_index (same, 0), g_ptr_array_index (pictures, 0)));
  g_assert_false (c2l_picture_save_as (g_ptr_array_index (pictures, 0), path, 101, &error));
  g_assert_error (error, C2L_ERROR, C2L_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_false (
      c2l_picture_save_as (g_ptr_array_index (pictures, 0), "/nowhere/at/all.png", 0, &error));
  g_assert_error (error, C2L_ERROR, C2L_ERROR_FILE);
  g_remove (path);
  g_rmdir (folder);
}

static void
test_scores_as_embeddings_do (void)
{
  g_autoptr (C2lModel) model = open_starter ();
  g_autoptr (C2lRequest) request = c2l_request_new (model, PROMPT, 1);
  g_autoptr (GPtrArray) pictures = NULL;
  g_autoptr (GBytes) pixels = NULL;
  g_autofree float *words = NULL, *seen = NULL;
  g_autoptr (GError) error = NULL;
  double product = 0, a = 0, b = 0;
  gsize n_words, n_seen;

  g_object_set (request, "score", TRUE, NULL);
  pictures = generate (model, request);
  pixels = c2l_picture_dup_pixels (g_ptr_array_index (pictures, 0));
  words = c2l_model_embed_prompt (model, PROMPT, &n_words, NULL, &error);
  g_assert_no_error (error);
  seen = c2l_model_embed_pixels (model, pixels, 128, 128, &n_seen, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n_words, ==, n_seen);
  for (gsize i = 0; i < n_words; i++)
    {
      product += words[i] * seen[i];
      a += words[i] * words[i];
      b += seen[i] * seen[i];
    }
  /* The score is of the picture before it is rounded to 8 bit. */
  g_assert_cmpfloat_with_epsilon (product / sqrt (a * b),
                                  c2l_picture_get_score (g_ptr_array_index (pictures, 0)), 0.01);

  g_assert_null (c2l_model_embed_pixels (model, pixels, 128, 127, &n_seen, NULL, &error));
  g_assert_error (error, C2L_ERROR, C2L_ERROR_INVALID);
}

static void
assert_refused (C2lModel *model, C2lRequest *request, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (c2l_model_generate (model, request, NULL, NULL, NULL, &error));
  g_assert_error (error, C2L_ERROR, code);
}

static void
test_refuses_with_a_code (void)
{
  g_autoptr (C2lModel) model = open_starter ();
  g_autoptr (C2lRequest) request = c2l_request_new (model, PROMPT, 1);
  g_autoptr (C2lRequest) crossed = c2l_request_new (model, PROMPT, 1);
  g_autoptr (C2lRequest) narrow = c2l_request_new (model, NULL, 1);
  g_autoptr (GPtrArray) pictures = generate (model, request);
  g_autofree char *recipe = c2l_picture_dup_recipe (g_ptr_array_index (pictures, 0));
  g_autoptr (GError) error = NULL;

  g_assert_null (c2l_model_open ("/nowhere", NULL, NULL, &error));
  g_assert_error (error, C2L_ERROR, C2L_ERROR_MODEL);
  g_clear_error (&error);
  g_assert_null (c2l_model_open (NULL, "abacus", NULL, &error));
  g_assert_error (error, C2L_ERROR, C2L_ERROR_DEVICE);
  g_clear_error (&error);
  g_assert_null (c2l_model_open (NULL, NULL, "f7", &error));
  g_assert_error (error, C2L_ERROR, C2L_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_null (c2l_model_open_files ("no such file", NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                                       NULL, &error));
  g_assert_error (error, C2L_ERROR, C2L_ERROR_FILE);
  g_clear_error (&error);

  g_object_set (request, "sampler", "dice", NULL);
  assert_refused (model, request, C2L_ERROR_INVALID);
  g_object_set (request, "sampler", "ddim", "noise", "loud", NULL);
  assert_refused (model, request, C2L_ERROR_INVALID);
  g_object_set (request, "noise", "none", NULL);
  c2l_request_add_edit (request, "nothing of this name", 1, 0, -1);
  assert_refused (model, request, C2L_ERROR_INVALID);

  g_assert_false (c2l_request_add_recipe (crossed, "{", &error));
  g_assert_error (error, C2L_ERROR, C2L_ERROR_FILE);
  g_clear_error (&error);
  g_assert_true (c2l_request_add_recipe (crossed, recipe, NULL));
  assert_refused (model, crossed, C2L_ERROR_INVALID);

  c2l_request_add_latent (narrow, (float[]){ 1, 2, 3 }, 3, 1);
  assert_refused (model, narrow, C2L_ERROR_MISMATCH);
}

typedef struct
{
  GCancellable *cancellable; /* (nullable): cancelled with the first picture */
  GMainLoop *loop;
  GThread *thread;
  double fraction;
  guint n_pictures, n_freed;
  GPtrArray *pictures;
  GError *error;
} Told;

static void
listen (double fraction, const char *stage, C2lPicture *picture, gpointer data)
{
  Told *told = data;

  g_assert_cmpfloat (fraction, >=, told->fraction);
  g_assert_cmpfloat (fraction, <=, 1);
  g_assert_true (g_thread_self () == told->thread);
  g_assert_nonnull (stage);
  told->fraction = fraction;
  told->n_pictures += picture != NULL;
  if (picture != NULL && told->cancellable != NULL)
    g_cancellable_cancel (told->cancellable);
}

static void
test_tells_how_far_it_is (void)
{
  g_autoptr (C2lModel) model = open_starter ();
  g_autoptr (C2lRequest) request = c2l_request_new (model, PROMPT, 18);
  g_autoptr (GPtrArray) pictures = NULL;
  Told told = { .thread = g_thread_self () };

  g_object_set (request, "score", TRUE, NULL);
  pictures = c2l_model_generate (model, request, listen, &told, NULL, NULL);
  g_assert_cmpuint (pictures->len, ==, 18);
  g_assert_cmpuint (told.n_pictures, ==, 18);
  g_assert_cmpfloat (told.fraction, ==, 1);
}

static void
test_stops_when_cancelled (void)
{
  g_autoptr (C2lModel) model = open_starter ();
  g_autoptr (C2lRequest) request = c2l_request_new (model, PROMPT, 50);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  Told told = { .thread = g_thread_self (), .cancellable = cancellable };

  g_assert_null (c2l_model_generate (model, request, listen, &told, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (told.n_pictures, >=, 1);
  g_assert_cmpuint (told.n_pictures, <, 50);
}

static void
count_freed (gpointer data)
{
  g_atomic_int_inc (&((Told *) data)->n_freed);
}

static void
finished (GObject *source, GAsyncResult *result, gpointer data)
{
  Told *told = data;

  told->pictures = c2l_model_generate_finish (C2L_MODEL (source), result, &told->error);
  g_main_loop_quit (told->loop);
}

static void
test_draws_without_blocking (void)
{
  g_autoptr (C2lModel) model = open_starter ();
  g_autoptr (C2lRequest) request = c2l_request_new (model, PROMPT, 2);
  g_autoptr (GPtrArray) expected = generate (model, request);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Told told = { .thread = g_thread_self (), .loop = loop };

  c2l_model_generate_async (model, request, listen, &told, count_freed, NULL, finished, &told);
  g_object_set (request, "seed", G_GUINT64_CONSTANT (77), NULL); /* too late to matter */
  g_main_loop_run (loop);
  g_assert_no_error (told.error);
  g_assert_cmpuint (told.n_pictures, ==, 2);
  g_assert_cmpuint (told.pictures->len, ==, 2);
  g_assert_true (
      have_same_pixels (g_ptr_array_index (told.pictures, 1), g_ptr_array_index (expected, 1)));
  g_ptr_array_unref (told.pictures);
  while (g_atomic_int_get (&told.n_freed) == 0)
    g_main_context_iteration (NULL, FALSE);
}

static gpointer
draw_on_thread (gpointer data)
{
  C2lModel *model = data;
  g_autoptr (C2lRequest) request = c2l_request_new (model, PROMPT, 3);

  return generate (model, request);
}

static void
test_serves_several_threads (void)
{
  g_autoptr (C2lModel) model = open_starter ();
  GThread *threads[3];
  GPtrArray *drawn[3];

  for (int i = 0; i < 3; i++)
    threads[i] = g_thread_new ("draw", draw_on_thread, model);
  for (int i = 0; i < 3; i++)
    drawn[i] = g_thread_join (threads[i]);
  for (int i = 0; i < 3; i++)
    g_assert_true (
        have_same_pixels (g_ptr_array_index (drawn[i], 2), g_ptr_array_index (drawn[0], 2)));
  for (int i = 0; i < 3; i++)
    g_ptr_array_unref (drawn[i]);
}

static void
test_opens_single_files (void)
{
  g_autofree char *generator
      = g_build_filename (g_getenv ("C2L_FIXTURES"), "stylegan3", "t", "network.pkl", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lModel) model = c2l_model_open_files (generator, NULL, NULL, NULL, "cpu:portable",
                                                     "f32", NULL, NULL, NULL, &error);
  g_autoptr (C2lRequest) request = NULL, prompted = NULL;
  g_autoptr (GPtrArray) pictures = NULL;

  g_assert_no_error (error);
  g_assert_false (c2l_model_has_prior (model));
  request = c2l_request_new (model, NULL, 2);
  pictures = generate (model, request);
  g_assert_cmpuint (pictures->len, ==, 2);
  prompted = c2l_request_new (model, PROMPT, 1);
  assert_refused (model, prompted, C2L_ERROR_MODEL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/model/says-what-it-is", test_says_what_it_is);
  g_test_add_func ("/model/opens-single-files", test_opens_single_files);
  g_test_add_func ("/model/draws-for-prompts", test_draws_for_prompts);
  g_test_add_func ("/model/begins-with-the-models-settings", test_begins_with_the_models_settings);
  g_test_add_func ("/model/draws-again/from-recipe-and-latent",
                   test_draws_again_from_recipe_and_latent);
  g_test_add_func ("/model/draws-again/from-file", test_saves_what_it_can_draw_again);
  g_test_add_func ("/model/scores-as-embeddings-do", test_scores_as_embeddings_do);
  g_test_add_func ("/model/refuses-with-a-code", test_refuses_with_a_code);
  g_test_add_func ("/model/tells-how-far-it-is", test_tells_how_far_it_is);
  g_test_add_func ("/model/stops-when-cancelled", test_stops_when_cancelled);
  g_test_add_func ("/model/draws-without-blocking", test_draws_without_blocking);
  g_test_add_func ("/model/serves-several-threads", test_serves_several_threads);
  return g_test_run ();
}
