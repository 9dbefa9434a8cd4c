/* In-betweens, variations and more like these, with the starter: ends that are met exactly, and steps of the right size. */
#include "studio/blend.h"

#include "compute/ops.h"
#include "models/streams.h"
#include "studio-fixture.h"
#include "studio/normals.h"

#include <math.h>
#include <string.h>

static C2lSession *session;

static C2lRecipe *
sample_one (const char *prompt, guint64 seed)
{
  g_autoptr (GPtrArray) recipes = studio_fixture_sample (session, prompt, 1, seed);
  C2lRecipe *recipe = c2l_recipe_ref (g_ptr_array_index (recipes, 0));

  recipe->noise = C2L_NOISE_KIND_RANDOM;
  recipe->noise_seed = seed;
  return recipe;
}

static GPtrArray *
list (C2lRecipe *a, C2lRecipe *b)
{
  GPtrArray *recipes = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);

  g_ptr_array_add (recipes, c2l_recipe_ref (a));
  if (b != NULL)
    g_ptr_array_add (recipes, c2l_recipe_ref (b));
  return recipes;
}

static GPtrArray *
in_betweens (GPtrArray *recipes, C2lInBetweens options)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *frames = c2l_blend_in_betweens (session, recipes, &options, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (frames->len, ==, options.n);
  return frames;
}

static void
assert_draws_same (C2lRecipe *a, C2lRecipe *b)
{
  g_autoptr (C2lPicture) left = studio_fixture_draw (session, a), right = studio_fixture_draw (session, b);
  g_assert_true (studio_fixture_same_pixels (left, right));
}

/* Largest difference of final styles. */
static double
styles_apart (C2lRecipe *a, C2lRecipe *b)
{
  C2lRows left = { 0 }, right = { 0 };
  double most = 0;

  g_assert_true (c2l_session_get_styles (session, a, &left, NULL));
  g_assert_true (c2l_session_get_styles (session, b, &right, NULL));
  for (int i = 0; i < left.n_rows * left.width; i++)
    most = MAX (most, fabs (left.data[i] - right.data[i]));
  c2l_rows_clear (&left);
  c2l_rows_clear (&right);
  return most;
}

/* Two pictures that differ in everything that can be in between. */
static GPtrArray *
two_ends (void)
{
  g_autoptr (C2lRecipe) a = sample_one ("a man with a beard", 1), b = sample_one ("a woman with pink hair", 2), c = sample_one ("a man", 3);

  a->truncation = 0.7;
  c2l_recipe_add_edit (a, "glasses", 2, NULL);
  c2l_recipe_add_edit (b, "glasses", -1, NULL);
  c2l_recipe_add_edit (b, "laugh", 1, NULL)->first_layer = 3;
  c2l_recipe_add_mix (b, "third", 0.5, &c->latent)->last_layer = 4;
  return list (a, b);
}

static void
test_ends_are_the_pictures (void)
{
  g_autoptr (GPtrArray) ends = two_ends (), frames = in_betweens (ends, (C2lInBetweens) { .n = 5, .ease = TRUE });
  g_autoptr (C2lRecipe) first = c2l_blend_between (session, ends->pdata[0], ends->pdata[1], 0, NULL);
  g_autoptr (C2lRecipe) last = c2l_blend_between (session, ends->pdata[0], ends->pdata[1], 1, NULL);

  assert_draws_same (ends->pdata[0], frames->pdata[0]);
  assert_draws_same (ends->pdata[1], frames->pdata[4]);
  g_assert_true (c2l_recipe_equal (ends->pdata[0], frames->pdata[0]));
  g_assert_true (c2l_recipe_equal (ends->pdata[0], first));
  g_assert_true (c2l_recipe_equal (ends->pdata[1], last));
}

static void
test_the_way_is_even (void)
{
  g_autoptr (GPtrArray) ends = two_ends (), even = in_betweens (ends, (C2lInBetweens) { .n = 101 });
  double whole = styles_apart (ends->pdata[0], ends->pdata[1]);

  for (guint i = 0; i + 1 < even->len; i++)
    g_assert_cmpfloat (styles_apart (even->pdata[i], even->pdata[i + 1]), <, 0.05 * whole);
  g_assert_cmpstr (((C2lRecipe *) even->pdata[50])->made_by, ==, C2L_MADE_BY_IN_BETWEEN);
  g_assert_null (((C2lRecipe *) even->pdata[50])->prompt);
  g_assert_cmpfloat (((C2lRecipeEdit *) ((C2lRecipe *) even->pdata[50])->edits->pdata[0])->amount, ==, 0.5);
}

static void
test_easing_is_slow_at_the_ends (void)
{
  g_autoptr (GPtrArray) ends = two_ends (), eased = in_betweens (ends, (C2lInBetweens) { .n = 21, .ease = TRUE });
  double start = styles_apart (eased->pdata[0], eased->pdata[1]), middle = styles_apart (eased->pdata[10], eased->pdata[11]);

  g_assert_cmpfloat (start, <, 0.3 * middle);
}

static void
test_a_loop_comes_back (void)
{
  g_autoptr (C2lRecipe) third = sample_one ("a man", 5);
  g_autoptr (GPtrArray) ends = two_ends ();
  g_autoptr (GPtrArray) frames = NULL;

  g_ptr_array_add (ends, c2l_recipe_ref (third));
  frames = in_betweens (ends, (C2lInBetweens) { .n = 9, .loop = TRUE });
  for (int i = 0; i < 3; i++)
    g_assert_true (c2l_recipe_equal (ends->pdata[i], frames->pdata[3 * i]));
  g_assert_cmpfloat (styles_apart (frames->pdata[8], ends->pdata[0]), <, styles_apart (frames->pdata[8], ends->pdata[2]));
}

static void
test_still_frames_share_their_noise (void)
{
  g_autoptr (GPtrArray) ends = two_ends (), frames = in_betweens (ends, (C2lInBetweens) { .n = 4, .still = TRUE });

  for (int i = 0; i < 4; i++)
    g_assert_cmpuint (((C2lRecipe *) frames->pdata[i])->noise_seed, ==, 1);
}

static void
test_latents_of_one_and_many_rows_meet (void)
{
  g_autoptr (C2lRecipe) one = sample_one ("a man with a beard", 1), many = sample_one ("a woman", 2), middle = NULL;
  g_autoptr (GError) error = NULL;
  C2lRows styles = { 0 };

  one->truncation = 0.5;
  c2l_recipe_add_edit (many, "glasses", 2, NULL)->first_layer = 4;
  g_assert_true (c2l_session_get_styles (session, many, &styles, &error));
  c2l_rows_set (&many->latent, styles.n_rows, styles.width, styles.data);
  g_ptr_array_set_size (many->edits, 0);
  middle = c2l_blend_between (session, one, many, 0.25, &error);
  g_assert_no_error (error);
  g_assert_cmpint (middle->latent.n_rows, ==, styles.n_rows);
  g_assert_cmpfloat (styles_apart (one, middle), <, 0.26 * styles_apart (one, many));
  g_assert_cmpfloat (styles_apart (one, middle), >, 0.24 * styles_apart (one, many));
  c2l_rows_clear (&styles);
}

static void
test_another_model_is_refused (void)
{
  g_autoptr (GPtrArray) ends = two_ends ();
  g_autoptr (GError) error = NULL;

  g_hash_table_insert (((C2lRecipe *) ends->pdata[1])->sha256, g_strdup ("generator"), g_strdup ("0123"));
  g_assert_null (c2l_blend_between (session, ends->pdata[0], ends->pdata[1], 0.5, &error));
  g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH);
  g_clear_error (&error);
  g_assert_null (c2l_blend_more_like (session, ends, 1, 0, 1, NULL, &error));
  g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH);
}

static void
test_impossible_settings_are_refused (void)
{
  g_autoptr (GPtrArray) ends = two_ends ();
  static const double strengths[] = { -0.1, 10.5, NAN, INFINITY };

  for (guint i = 0; i < G_N_ELEMENTS (strengths); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (c2l_blend_vary (session, ends->pdata[0], strengths[i], 0, 1, NULL, &error));
      g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID);
    }
  g_assert_null (c2l_blend_in_betweens (session, ends, &(C2lInBetweens) { .n = 1 }, NULL));
  g_assert_null (c2l_blend_in_betweens (session, ends, &(C2lInBetweens) { .n = G_MAXINT }, NULL));
}

/* Root mean square of the latents' distance in units of the model's spread. */
static double
spread_apart (const C2lRows *a, const C2lRows *b)
{
  C2lRows spread = { 0 };
  double sum = 0;

  g_assert_true (c2l_session_get_spread (session, &spread, NULL, NULL));
  for (int i = 0; i < a->width; i++)
    sum += pow ((a->data[i] - b->data[i]) / spread.data[i], 2);
  c2l_rows_clear (&spread);
  return sqrt (sum / a->width);
}

static void
test_variations_lie_around (void)
{
  g_autoptr (GPtrArray) ends = two_ends (), around = NULL, one = NULL, none = NULL;
  C2lRecipe *own = ends->pdata[1];
  g_autoptr (GError) error = NULL;

  around = c2l_blend_vary (session, own, 0.4, 7, 20, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < around->len; i++)
    {
      C2lRecipe *recipe = around->pdata[i];

      g_assert_cmpfloat_with_epsilon (spread_apart (&own->latent, &recipe->latent), 0.4, 0.12);
      g_assert_cmpuint (recipe->seed, ==, 7 + i);
      g_assert_cmpuint (recipe->noise_seed, ==, own->noise_seed);
      g_assert_cmpuint (recipe->edits->len, ==, own->edits->len);
      g_assert_cmpstr (recipe->prompt, ==, own->prompt);
      g_assert_cmpstr (recipe->made_by, ==, C2L_MADE_BY_VARIATION);
      for (guint j = 0; j < i; j++)
        g_assert_cmpfloat (spread_apart (&((C2lRecipe *) around->pdata[j])->latent, &recipe->latent), >, 0.3);
    }
  one = c2l_blend_vary (session, own, 0.4, 12, 1, NULL, NULL);
  g_assert_true (c2l_recipe_equal (one->pdata[0], around->pdata[5]));
  none = c2l_blend_vary (session, own, 0, 12, 1, NULL, NULL);
  assert_draws_same (own, none->pdata[0]);
}

static void
test_variations_of_rows_that_repeat_move_together (void)
{
  g_autoptr (C2lRecipe) own = sample_one ("a man", 1);
  g_autoptr (GPtrArray) around = NULL;
  C2lRows styles = { 0 };

  g_assert_true (c2l_session_get_styles (session, own, &styles, NULL));
  c2l_rows_set (&own->latent, styles.n_rows, styles.width, styles.data);
  around = c2l_blend_vary (session, own, 0.5, 1, 1, NULL, NULL);
  for (int row = 1; row < styles.n_rows; row++)
    {
      const C2lRows *rows = &((C2lRecipe *) around->pdata[0])->latent;
      g_assert_cmpmem (rows->data, rows->width * sizeof (float), rows->data + row * rows->width, rows->width * sizeof (float));
    }
  c2l_rows_clear (&styles);
}

static void
test_more_like_these_has_what_they_share (void)
{
  g_autoptr (GPtrArray) bearded = studio_fixture_sample (session, "a man with a beard", 6, 1), more = NULL, others = NULL;
  g_autoptr (GError) error = NULL;
  double with = 0, without = 0;

  more = c2l_blend_more_like (session, bearded, 1, 3, 12, NULL, &error);
  g_assert_no_error (error);
  others = studio_fixture_sample_z (session, 12, 5);
  for (guint i = 0; i < more->len; i++)
    {
      C2lRecipe *recipe = more->pdata[i];

      g_assert_cmpstr (recipe->made_by, ==, C2L_MADE_BY_MORE_LIKE_THESE);
      with += studio_fixture_score (session, recipe, "a man with a beard") / more->len;
      without += studio_fixture_score (session, others->pdata[i], "a man with a beard") / more->len;
    }
  g_test_message ("like those with a beard %.3f, any %.3f", with, without);
  g_assert_cmpfloat (with, >, without + 0.05);
}

static void
test_more_like_edited_ones_is_edited (void)
{
  g_autoptr (GPtrArray) ends = two_ends (), more = NULL;
  g_autoptr (C2lRecipe) mean = NULL;
  g_autoptr (GError) error = NULL;
  C2lRecipe *recipe;

  more = c2l_blend_more_like (session, ends, 0, 3, 2, NULL, &error);
  g_assert_no_error (error);
  recipe = more->pdata[1];
  g_assert_cmpuint (recipe->edits->len + recipe->mixes->len, ==, 0);
  g_assert_cmpfloat (recipe->truncation, ==, 1);
  /* Half way between two points is equally far from both. */
  g_assert_cmpfloat_with_epsilon (styles_apart (recipe, ends->pdata[0]), styles_apart (recipe, ends->pdata[1]), 1e-5);
}

static void
test_one_picture_has_more_like_it (void)
{
  g_autoptr (C2lRecipe) own = sample_one ("a man", 1);
  g_autoptr (GPtrArray) only = list (own, NULL), more = c2l_blend_more_like (session, only, 1, 3, 1, NULL, NULL);

  g_assert_cmpfloat_with_epsilon (spread_apart (&own->latent, &((C2lRecipe *) more->pdata[0])->latent), 0.25, 0.08);
}

static void
test_without_a_prior_the_spread_is_measured (void)
{
  g_autoptr (C2lSession) alone = studio_fixture_open_generator ("stylegan2/uncond");
  g_autoptr (GPtrArray) recipes = studio_fixture_sample_z (alone, 1, 3), around = NULL;
  g_autoptr (GError) error = NULL;
  C2lRows spread = { 0 }, again = { 0 };

  g_assert_true (c2l_session_get_spread (alone, &spread, NULL, &error));
  g_assert_true (c2l_session_get_spread (alone, &again, NULL, &error));
  g_assert_true (c2l_rows_equal (&spread, &again));
  for (int i = 0; i < spread.width; i++)
    g_assert_cmpfloat (spread.data[i], >, 0);
  around = c2l_blend_vary (alone, recipes->pdata[0], 0.5, 1, 3, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (around->len, ==, 3);
  c2l_rows_clear (&spread);
  c2l_rows_clear (&again);
}

static void
test_normals_are_those_of_the_device (void)
{
  C2lDevice *device = c2l_engine_get_device (c2l_session_get_engine (session));
  g_autoptr (C2lPass) pass = c2l_pass_new (device, C2L_PRECISION_F32, "normals");
  const gint32 keys[4] = { 0x12345678, (gint32) 0x9abcdef0, 77, 0 };
  float own[1001], theirs[1001];
  C2lTensor *normals = c2l_random_normal (pass, c2l_pass_add_constant (pass, C2L_I32, 2, (gint64[]) { 1, 4 }, keys), C2L_STREAM_VARIATION, 2,
                                          (gint64[]) { 1, G_N_ELEMENTS (own) });

  c2l_pass_keep (pass, "normals", normals);
  g_assert_true (c2l_pass_compile (pass, NULL));
  g_assert_true (c2l_pass_run (pass, NULL, NULL));
  c2l_tensor_read (normals, theirs, sizeof theirs);
  c2l_normals_fill (G_GUINT64_CONSTANT (0x9abcdef012345678), 77, C2L_STREAM_VARIATION, own, G_N_ELEMENTS (own));
  for (guint i = 0; i < G_N_ELEMENTS (own); i++)
    g_assert_cmpfloat_with_epsilon (own[i], theirs[i], 2.4e-7 * MAX (fabs (own[i]), 1e-3));
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  session = studio_fixture_open_starter ();
  g_test_add_func ("/blend/in-betweens/ends-are-the-pictures", test_ends_are_the_pictures);
  g_test_add_func ("/blend/in-betweens/the-way-is-even", test_the_way_is_even);
  g_test_add_func ("/blend/in-betweens/easing-is-slow-at-the-ends", test_easing_is_slow_at_the_ends);
  g_test_add_func ("/blend/in-betweens/a-loop-comes-back", test_a_loop_comes_back);
  g_test_add_func ("/blend/in-betweens/still-frames-share-their-noise", test_still_frames_share_their_noise);
  g_test_add_func ("/blend/in-betweens/latents-of-one-and-many-rows-meet", test_latents_of_one_and_many_rows_meet);
  g_test_add_func ("/blend/another-model-is-refused", test_another_model_is_refused);
  g_test_add_func ("/blend/impossible-settings-are-refused", test_impossible_settings_are_refused);
  g_test_add_func ("/blend/variations/lie-around", test_variations_lie_around);
  g_test_add_func ("/blend/variations/rows-that-repeat-move-together", test_variations_of_rows_that_repeat_move_together);
  g_test_add_func ("/blend/more-like-these/has-what-they-share", test_more_like_these_has_what_they_share);
  g_test_add_func ("/blend/more-like-these/edited-ones-is-edited", test_more_like_edited_ones_is_edited);
  g_test_add_func ("/blend/more-like-these/one-picture-has-more-like-it", test_one_picture_has_more_like_it);
  g_test_add_func ("/blend/without-a-prior-the-spread-is-measured", test_without_a_prior_the_spread_is_measured);
  g_test_add_func ("/blend/normals-are-those-of-the-device", test_normals_are_those_of_the_device);
  result = g_test_run ();
  c2l_session_free (session);
  return result;
}
