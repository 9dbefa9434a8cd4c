/* Drawing with the starter: a picture depends on its recipe and on nothing else. */
#include "compute/pass.h"
#include "studio/generate.h"
#include "studio/redraw.h"

#include <math.h>
#include <string.h>

static C2lEngine *engine;
static C2lSession *session;

static GPtrArray *
draw (const C2lGenerateParams *params)
{
  GPtrArray *pictures = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref);
  g_autoptr (GError) error = NULL;

  g_assert_true (c2l_generate (session, params, NULL, pictures, NULL, &error));
  g_assert_no_error (error);
  return pictures;
}

static void
init_params (C2lGenerateParams *params, const char *const *prompts, int n)
{
  c2l_generate_params_init (params, c2l_engine_get_bundle (engine));
  params->prompts = prompts;
  params->sampling.n = n;
}

static void
assert_same (GPtrArray *a, guint i, GPtrArray *b, guint j)
{
  const C2lPicture *left = g_ptr_array_index (a, i), *right = g_ptr_array_index (b, j);
  gsize size = (gsize) left->size * left->size * 3;

  g_assert_cmpint (left->size, ==, right->size);
  g_assert_true (memcmp (left->pixels, right->pixels, size) == 0);
}

static const char *const beard[] = { "a happy man with a beard", NULL };
static const char *const two[] = { "a woman with long pink hair", "a happy man with a beard", NULL };

static void
test_does_not_depend_on_the_batch (void)
{
  C2lGenerateParams many, one, both;
  g_autoptr (GPtrArray) a = NULL, b = NULL, c = NULL;

  init_params (&many, beard, 20);
  a = draw (&many);
  init_params (&one, beard, 1);
  one.sampling.first_index = 17;
  b = draw (&one);
  init_params (&both, two, 2);
  c = draw (&both);
  assert_same (a, 17, b, 0);
  assert_same (a, 1, c, 3);
}

static void
test_seeds_of_64_bits_differ (void)
{
  C2lGenerateParams params;
  g_autoptr (GPtrArray) a = NULL, b = NULL;
  const C2lPicture *left, *right;

  init_params (&params, beard, 1);
  a = draw (&params);
  params.sampling.seed = G_GUINT64_CONSTANT (1) << 32;
  b = draw (&params);
  left = g_ptr_array_index (a, 0);
  right = g_ptr_array_index (b, 0);
  g_assert_true (memcmp (left->pixels, right->pixels, (gsize) left->size * left->size * 3) != 0);
}

static void
test_recipe_draws_the_same (void)
{
  C2lGenerateParams params;
  g_autoptr (GPtrArray) pictures = NULL, again = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref);
  g_autofree char *json = NULL, *warning = NULL;
  g_autoptr (C2lRecipe) recipe = NULL;
  g_autoptr (C2lSession) fresh = c2l_session_new (engine, C2L_PRECISION_F32);
  g_autoptr (GError) error = NULL;

  init_params (&params, beard, 3);
  params.sampling.truncation = 0.8;
  g_assert_true (c2l_generate_params_add_edit (&params, c2l_engine_get_bundle (engine), "glasses", 1.5, &error));
  pictures = draw (&params);
  c2l_generate_params_clear (&params);
  json = c2l_recipe_to_json (((C2lPicture *) g_ptr_array_index (pictures, 2))->recipe);
  recipe = c2l_recipe_from_json (json, "test", &error);
  g_ptr_array_add (again, c2l_redraw (fresh, recipe, NULL, &warning, NULL, &error));
  g_assert_no_error (error);
  g_assert_null (warning);
  assert_same (pictures, 2, again, 0);
}

static void
test_recipe_of_another_model_is_refused (void)
{
  C2lGenerateParams params;
  g_autoptr (GPtrArray) pictures = NULL;
  C2lRecipe *recipe;
  g_autofree char *warning = NULL;
  g_autoptr (GError) error = NULL;

  init_params (&params, beard, 1);
  pictures = draw (&params);
  recipe = ((C2lPicture *) g_ptr_array_index (pictures, 0))->recipe;
  g_hash_table_insert (recipe->sha256, g_strdup ("generator"), g_strdup ("0123"));
  g_assert_null (c2l_redraw (session, recipe, NULL, &warning, NULL, &error));
  g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH);
}

static void
test_sorted_best_first_prompt_by_prompt (void)
{
  C2lGenerateParams params;
  g_autoptr (GPtrArray) pictures = NULL;

  init_params (&params, two, 5);
  params.sort = TRUE;
  pictures = draw (&params);
  g_assert_cmpuint (pictures->len, ==, 10);
  for (guint i = 0; i < pictures->len; i++)
    {
      const C2lPicture *picture = g_ptr_array_index (pictures, i);

      g_assert_true (picture->recipe->has_score);
      g_assert_cmpuint (picture->prompt_index, ==, i / 5);
      if (i % 5 > 0)
        g_assert_cmpfloat (picture->recipe->score, <=, ((C2lPicture *) g_ptr_array_index (pictures, i - 1))->recipe->score);
    }
}

static void
test_scores_prefer_the_right_words (void)
{
  C2lGenerateParams params;
  g_autoptr (GPtrArray) pictures = NULL;
  const C2lPicture *picture;
  g_autoptr (GError) error = NULL;
  int width = c2l_session_get_embed_width (session, &error);
  g_autofree float *own = g_new (float, width), *other = g_new (float, width), *image = g_new (float, width);
  double right = 0, wrong = 0;

  init_params (&params, beard, 1);
  pictures = draw (&params);
  picture = g_ptr_array_index (pictures, 0);
  g_assert_true (c2l_session_embed_text (session, beard[0], own, NULL, NULL, &error));
  g_assert_true (c2l_session_embed_text (session, "a woman with long pink hair", other, NULL, NULL, &error));
  g_assert_true (c2l_session_embed_image (session, &(C2lImage) { picture->size, picture->size, 3, picture->pixels, NULL }, image, NULL, &error));
  for (int i = 0; i < width; i++)
    {
      right += image[i] * own[i];
      wrong += image[i] * other[i];
    }
  g_assert_cmpfloat (right, >, wrong);
}

static void
test_truncation_zero_is_the_mean (void)
{
  C2lGenerateParams params;
  g_autoptr (GPtrArray) pictures = NULL;

  init_params (&params, two, 2);
  params.sampling.truncation = 0;
  pictures = draw (&params);
  assert_same (pictures, 0, pictures, 3);
}

static void
test_truncation_beyond_one_is_refused (void)
{
  g_autoptr (GPtrArray) pictures = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref);
  C2lGenerateParams params;
  g_autoptr (GError) error = NULL;

  init_params (&params, beard, 1);
  params.sampling.truncation = 1.01;
  g_assert_false (c2l_generate (session, &params, NULL, pictures, NULL, &error));
  g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID);
  g_assert_cmpuint (pictures->len, ==, 0);
}

static void
test_edits_that_do_not_fit_are_refused (void)
{
  static const char *const names[] = { "age.npy", "pose.npy" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (g_getenv ("C2L_FIXTURES"), "edits", names[i], NULL);
      g_autoptr (GPtrArray) pictures = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref);
      C2lGenerateParams params;
      g_autoptr (GError) error = NULL;

      init_params (&params, beard, 1);
      g_assert_true (c2l_generate_params_add_edit (&params, c2l_engine_get_bundle (engine), path, 1, &error));
      g_assert_false (c2l_generate (session, &params, NULL, pictures, NULL, &error));
      g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH);
      g_assert_nonnull (strstr (error->message, names[i]));
      c2l_generate_params_clear (&params);
    }
}

static void
cancel_after_three (C2lPicture *picture, gpointer data)
{
  static int n;

  if (++n == 3)
    g_cancellable_cancel (data);
}

static void
test_cancelled_keeps_what_is_finished (void)
{
  g_autoptr (GPtrArray) pictures = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  const C2lGenerateCallbacks callbacks = { .picture = cancel_after_three, .data = cancellable };
  C2lGenerateParams params;
  g_autoptr (GError) error = NULL;

  init_params (&params, beard, 50);
  g_assert_false (c2l_generate (session, &params, &callbacks, pictures, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (pictures->len, ==, 3);
}

typedef struct
{
  GCancellable *cancellable;
  int imagined, imagined_before_first;
} Watch;

static void
count_imagining (double fraction, const char *stage, gpointer data)
{
  Watch *watch = data;

  watch->imagined += strcmp (stage, "imagining") == 0;
}

static void
drop_and_cancel (C2lPicture *picture, gpointer data)
{
  Watch *watch = data;

  watch->imagined_before_first = watch->imagined;
  c2l_picture_drop_pixels (picture);
  g_cancellable_cancel (watch->cancellable);
}

static void
test_the_first_of_many_comes_at_once (void)
{
  g_autoptr (GPtrArray) pictures = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Watch watch = { .cancellable = cancellable };
  const C2lGenerateCallbacks callbacks = { .progress = count_imagining, .picture = drop_and_cancel, .data = &watch };
  C2lGenerateParams params;
  g_autoptr (GError) error = NULL;

  /* Latents of so many would take hours; the first must not wait for them. */
  init_params (&params, beard, 100000);
  g_assert_false (c2l_generate (session, &params, &callbacks, pictures, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (pictures->len, ==, 1);
  g_assert_cmpint (watch.imagined_before_first, ==, 1);
  g_assert_null (((C2lPicture *) g_ptr_array_index (pictures, 0))->pixels);
  g_assert_nonnull (((C2lPicture *) g_ptr_array_index (pictures, 0))->recipe);
}

static void
test_without_a_prompt (void)
{
  C2lGenerateParams params;
  g_autoptr (GPtrArray) a = NULL, b = NULL;

  init_params (&params, NULL, 3);
  a = draw (&params);
  params.sampling.n = 1;
  params.sampling.first_index = 2;
  b = draw (&params);
  g_assert_cmpuint (a->len, ==, 3);
  assert_same (a, 2, b, 0);
}

static void
test_long_prompts_are_cut_and_said (void)
{
  g_autoptr (GString) prompt = g_string_new ("a man");
  int width = c2l_session_get_embed_width (session, NULL);
  g_autofree float *embedding = g_new (float, width);
  g_autofree char *dropped = NULL;
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < 100; i++)
    g_string_append (prompt, " with a beard");
  g_assert_true (c2l_session_embed_text (session, prompt->str, embedding, &dropped, NULL, &error));
  g_assert_nonnull (dropped);
}

/* The embedding of the prompt's tokens with zeros behind them up to CLIP's whole context. */
static float *
embed_whole_context (const char *prompt)
{
  C2lClip *clip = c2l_engine_get_clip (engine, NULL);
  int context = c2l_clip_get_info (clip)->context, width = c2l_clip_get_info (clip)->embed_dim;
  g_autoptr (C2lPass) pass = c2l_pass_new (c2l_engine_get_device (engine), C2L_PRECISION_F32, "whole context");
  g_autofree gint32 *ids = g_new0 (gint32, context);
  gint32 end = c2l_tokenizer_encode (c2l_engine_get_tokenizer (engine, NULL), prompt, ids, context, NULL) - 1;
  C2lTensor *tokens = c2l_pass_add_constant (pass, C2L_I32, 2, (gint64[]) { 1, context }, ids);
  C2lTensor *ends = c2l_pass_add_constant (pass, C2L_I32, 1, (gint64[]) { 1 }, &end);
  C2lTensor *result = c2l_clip_forward_text (clip, pass, tokens, ends);
  float *embedding = g_new (float, width);

  c2l_pass_keep (pass, "embedding", result);
  g_assert_true (c2l_pass_compile (pass, NULL));
  g_assert_true (c2l_pass_run (pass, NULL, NULL));
  c2l_tensor_read (result, embedding, width * sizeof (float));
  return embedding;
}

static void
test_prompts_of_all_lengths_are_read_whole (void)
{
  g_autoptr (GString) prompt = g_string_new (NULL);
  int width = c2l_session_get_embed_width (session, NULL);
  g_autofree float *embedding = g_new (float, width);

  for (int i = 0; i < 80; i += 3)
    {
      g_autofree float *whole = embed_whole_context (prompt->str);
      float largest = 0;

      g_assert_true (c2l_session_embed_text (session, prompt->str, embedding, NULL, NULL, NULL));
      for (int j = 0; j < width; j++)
        largest = MAX (largest, fabsf (whole[j]));
      for (int j = 0; j < width; j++)
        g_assert_cmpfloat_with_epsilon (embedding[j], whole[j], 1e-5f * largest);
      g_string_append (prompt, " a red hat");
    }
}

static void
test_samplers_all_draw (void)
{
  static const char *const samplers[] = { "reference", "ddpm", "ddim", "dpm++2m" };

  for (guint i = 0; i < G_N_ELEMENTS (samplers); i++)
    {
      C2lGenerateParams params;
      g_autoptr (GPtrArray) pictures = NULL;

      init_params (&params, beard, 1);
      params.sampling.sampler = samplers[i];
      params.sampling.steps = 10;
      params.score = TRUE;
      pictures = draw (&params);
      g_assert_cmpfloat (((C2lPicture *) g_ptr_array_index (pictures, 0))->recipe->score, >, 0.3);
    }
}

int
main (int argc, char **argv)
{
  g_autofree char *path = NULL;
  g_autoptr (C2lBundle) bundle = NULL;
  g_autoptr (C2lDevice) device = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  path = g_build_filename (g_getenv ("C2L_DATA"), "starter", NULL);
  bundle = c2l_bundle_open (path, NULL);
  device = c2l_device_open ("cpu", NULL);
  engine = c2l_engine_new (bundle, device, NULL);
  session = c2l_session_new (engine, C2L_PRECISION_F32);
  g_test_add_func ("/generate/does-not-depend-on-the-batch", test_does_not_depend_on_the_batch);
  g_test_add_func ("/generate/seeds-of-64-bits-differ", test_seeds_of_64_bits_differ);
  g_test_add_func ("/generate/recipe/draws-the-same", test_recipe_draws_the_same);
  g_test_add_func ("/generate/recipe/of-another-model-is-refused", test_recipe_of_another_model_is_refused);
  g_test_add_func ("/generate/sorted/best-first-prompt-by-prompt", test_sorted_best_first_prompt_by_prompt);
  g_test_add_func ("/generate/scores-prefer-the-right-words", test_scores_prefer_the_right_words);
  g_test_add_func ("/generate/truncation/zero-is-the-mean", test_truncation_zero_is_the_mean);
  g_test_add_func ("/generate/truncation/beyond-one-is-refused", test_truncation_beyond_one_is_refused);
  g_test_add_func ("/generate/edits/that-do-not-fit-are-refused", test_edits_that_do_not_fit_are_refused);
  g_test_add_func ("/generate/cancelled/keeps-what-is-finished", test_cancelled_keeps_what_is_finished);
  g_test_add_func ("/generate/cancelled/first-of-many-comes-at-once", test_the_first_of_many_comes_at_once);
  g_test_add_func ("/generate/without-a-prompt", test_without_a_prompt);
  g_test_add_func ("/generate/long-prompts-are-cut-and-said", test_long_prompts_are_cut_and_said);
  g_test_add_func ("/generate/prompts-of-all-lengths-are-read-whole", test_prompts_of_all_lengths_are_read_whole);
  g_test_add_func ("/generate/samplers-all-draw", test_samplers_all_draw);
  result = g_test_run ();
  c2l_session_free (session);
  c2l_engine_unref (engine);
  return result;
}
