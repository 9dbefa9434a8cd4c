/* From recipes to styles and pictures: what an edit, a mix and a placement touch, and what they must leave alone. */
#include "studio-fixture.h"

#include <math.h>
#include <string.h>

static C2lSession *session;

static C2lRecipe *
sample_one (const char *prompt, guint64 seed)
{
  g_autoptr (GPtrArray) recipes = studio_fixture_sample (session, prompt, 1, seed);
  return c2l_recipe_ref (g_ptr_array_index (recipes, 0));
}

static C2lRows
get_styles (C2lRecipe *recipe)
{
  C2lRows styles = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (c2l_session_get_styles (session, recipe, &styles, &error));
  g_assert_no_error (error);
  return styles;
}

static gboolean
same_row (const C2lRows *a, const C2lRows *b, int row)
{
  gsize size = a->width * sizeof (float);
  return memcmp (a->data + (gsize) row * a->width, b->data + (gsize) row * b->width, size) == 0;
}

static void
assert_refused (C2lRecipe *recipe, const char *word)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (c2l_session_check (session, recipe, &error));
  g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH);
  g_assert_nonnull (strstr (error->message, word));
}

static void
test_edit_touches_its_layers_only (void)
{
  g_autoptr (C2lRecipe) plain = sample_one ("a man", 1), edited = c2l_recipe_copy (plain), whole = c2l_recipe_copy (plain);
  C2lRecipeEdit *edit = c2l_recipe_add_edit (edited, "glasses", 2, NULL);
  C2lRows before, after, all;

  edit->first_layer = 3;
  edit->last_layer = 5;
  c2l_recipe_add_edit (whole, "glasses", 2, NULL);
  before = get_styles (plain);
  after = get_styles (edited);
  all = get_styles (whole);
  g_assert_cmpint (before.n_rows, >, 6);
  for (int row = 0; row < before.n_rows; row++)
    {
      g_assert_true (same_row (&after, row >= 3 && row <= 5 ? &all : &before, row));
      g_assert_false (same_row (&before, &all, row));
    }
  c2l_rows_clear (&before);
  c2l_rows_clear (&after);
  c2l_rows_clear (&all);
}

static void
test_layers_that_are_not_there_are_refused (void)
{
  static const int ranges[][2] = { { 12, -1 }, { 0, 12 }, { 5, 4 }, { -1, 3 }, { 0, -2 }, { G_MAXINT, G_MAXINT } };
  g_autoptr (C2lRecipe) plain = sample_one ("a man", 1);

  for (guint i = 0; i < G_N_ELEMENTS (ranges); i++)
    {
      g_autoptr (C2lRecipe) edited = c2l_recipe_copy (plain), mixed = c2l_recipe_copy (plain);
      C2lRecipeEdit *edit = c2l_recipe_add_edit (edited, "glasses", 2, NULL);
      C2lRecipeMix *mix = c2l_recipe_add_mix (mixed, "the other", 1, &plain->latent);

      edit->first_layer = mix->first_layer = ranges[i][0];
      edit->last_layer = mix->last_layer = ranges[i][1];
      assert_refused (edited, "glasses");
      assert_refused (mixed, "the other");
    }
}

static void
test_mixing_everything_gives_the_other_picture (void)
{
  g_autoptr (C2lRecipe) own = sample_one ("a man with a beard", 1), other = sample_one ("a woman with pink hair", 2);
  g_autoptr (C2lPicture) a = NULL, b = NULL, c = NULL;
  C2lRows styles;

  c2l_recipe_add_edit (other, "glasses", 1.5, NULL);
  other->truncation = 0.8;
  styles = get_styles (other);
  a = studio_fixture_draw (session, own);
  b = studio_fixture_draw (session, other);
  c2l_recipe_add_mix (own, "the other", 0, &styles);
  c = studio_fixture_draw (session, own);
  g_assert_true (studio_fixture_same_pixels (a, c));
  ((C2lRecipeMix *) g_ptr_array_index (own->mixes, 0))->amount = 1;
  g_clear_pointer (&c, c2l_picture_unref);
  c = studio_fixture_draw (session, own);
  g_assert_true (studio_fixture_same_pixels (b, c));
  g_assert_cmpfloat (studio_fixture_difference (a, b), >, 5);
  c2l_rows_clear (&styles);
}

static void
test_mix_touches_its_layers_before_the_edits (void)
{
  g_autoptr (C2lRecipe) own = sample_one ("a man", 1), other = sample_one ("a woman", 2), mixed = c2l_recipe_copy (own);
  C2lRecipeMix *mix = c2l_recipe_add_mix (mixed, "the other", 0.25, &other->latent);
  C2lRows a, b, c;

  mix->first_layer = 6;
  c2l_recipe_add_edit (own, "glasses", 1, NULL);
  c2l_recipe_add_edit (other, "glasses", 1, NULL);
  c2l_recipe_add_edit (mixed, "glasses", 1, NULL);
  a = get_styles (own);
  b = get_styles (other);
  c = get_styles (mixed);
  for (int row = 0; row < a.n_rows; row++)
    for (int i = 0; i < a.width; i++)
      {
        gsize at = (gsize) row * a.width + i;
        float wanted = row < 6 ? a.data[at] : a.data[at] + 0.25f * (b.data[at] - a.data[at]);

        g_assert_cmpfloat_with_epsilon (c.data[at], wanted, 1e-5);
      }
  c2l_rows_clear (&a);
  c2l_rows_clear (&b);
  c2l_rows_clear (&c);
}

static void
test_mix_that_does_not_fit_is_refused (void)
{
  const float data[5 * 128] = { 0 };
  g_autoptr (C2lRecipe) plain = sample_one ("a man", 1);
  static const struct { int n_rows, width; double amount; } cases[] = { { 1, 64, 1 }, { 5, 128, 1 }, { 1, 128, 1.5 }, { 1, 128, NAN } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (C2lRecipe) mixed = c2l_recipe_copy (plain);
      g_autoptr (GError) error = NULL;

      c2l_recipe_add_mix (mixed, "the other", cases[i].amount, &(C2lRows) { cases[i].n_rows, cases[i].width, (float *) data });
      g_assert_false (c2l_session_check (session, mixed, &error));
      g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH);
    }
}

/* Numbers that a network's sums cannot hold would come out as a flat picture. */
static void
test_latents_beyond_all_models_are_refused (void)
{
  g_autoptr (C2lRecipe) plain = sample_one ("a man", 1);
  static const float values[] = { 1e38f, -1e38f, INFINITY, NAN };

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autoptr (C2lRecipe) spoilt = c2l_recipe_copy (plain);
      C2lSampling sampling = studio_fixture_sampling (session, 1, 1);
      g_autoptr (C2lRecipe) adopted = NULL;
      g_autoptr (C2lPicture) picture = NULL;
      g_autoptr (GError) error = NULL, draw_error = NULL;

      spoilt->latent.data[70] = values[i];
      adopted = c2l_session_adopt_latent (session, &spoilt->latent, &sampling, &error);
      g_assert_null (adopted);
      g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID);
      g_assert_nonnull (strstr (error->message, "latent"));
      picture = c2l_session_draw (session, spoilt, 0, NULL, NULL, &draw_error);
      g_assert_null (picture);
      g_assert_error (draw_error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID);
    }
}

static void
test_edits_beyond_all_models_are_refused (void)
{
  g_autoptr (C2lRecipe) recipe = sample_one ("a man", 1), largest = c2l_recipe_copy (recipe);
  g_autoptr (GError) error = NULL;
  C2lRows styles;

  c2l_recipe_add_edit (recipe, "glasses", 1e30, NULL);
  g_assert_false (c2l_session_check (session, recipe, &error));
  g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "edits"));
  c2l_recipe_add_edit (largest, "glasses", 1e6, NULL);
  styles = get_styles (largest);
  c2l_rows_clear (&styles);
}

static void
test_guidance_beyond_all_models_is_refused (void)
{
  static const double refused[] = { 1e30, -1e30, 1001, INFINITY, NAN }, taken[] = { -1000, 0, 1000 };
  g_autofree float *text = g_new (float, c2l_session_get_embed_width (session, NULL));

  g_assert_true (c2l_session_embed_prompt (session, "a man", text, NULL, NULL, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      C2lSampling sampling = studio_fixture_sampling (session, 1, 1);
      g_autoptr (GError) error = NULL;

      sampling.guidance = refused[i];
      g_assert_null (c2l_session_sample (session, "a man", text, &sampling, NULL, &error));
      g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID);
      g_assert_nonnull (strstr (error->message, "guidance"));
    }
  for (guint i = 0; i < G_N_ELEMENTS (taken); i++)
    {
      C2lSampling sampling = studio_fixture_sampling (session, 1, 1);
      g_autoptr (GPtrArray) recipes = NULL;
      g_autoptr (GError) error = NULL;

      sampling.guidance = taken[i];
      recipes = c2l_session_sample (session, "a man", text, &sampling, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (recipes->len, ==, 1);
    }
}

static void
test_stylegan2_is_not_moved (void)
{
  g_autoptr (C2lRecipe) recipe = sample_one ("a man", 1);

  recipe->turn = 3;
  assert_refused (recipe, "StyleGAN3");
}

/* Mean difference of the part of @b that shows pixel (x, y) of @a where @place puts it. */
static double
difference_after (const C2lPicture *a, const C2lPicture *b, void (*place) (int size, int *x, int *y))
{
  double sum = 0;
  int n = 0;

  for (int y = 0; y < a->size; y++)
    for (int x = 0; x < a->size; x++)
      {
        int to_x = x, to_y = y;

        place (a->size, &to_x, &to_y);
        if (to_x < 0 || to_y < 0 || to_x >= a->size || to_y >= a->size)
          continue;
        for (int i = 0; i < 3; i++, n++)
          sum += ABS (a->pixels[(y * a->size + x) * 3 + i] - b->pixels[(to_y * a->size + to_x) * 3 + i]);
      }
  return sum / n;
}

static void
leave (int size, int *x, int *y)
{
}

static void
move_right_and_up (int size, int *x, int *y)
{
  *x += size / 4;
  *y -= size / 8;
}

static void
turn_left (int size, int *x, int *y)
{
  int old_x = *x;

  *x = *y;
  *y = size - 1 - old_x;
}

static void
test_stylegan3_moves_and_turns (void)
{
  g_autoptr (C2lSession) r = studio_fixture_open_generator ("stylegan3/r");
  g_autoptr (GPtrArray) recipes = studio_fixture_sample_z (r, 1, 3);
  g_autoptr (C2lRecipe) moved = c2l_recipe_copy (g_ptr_array_index (recipes, 0)), turned = c2l_recipe_copy (moved);
  g_autoptr (C2lRecipe) back = c2l_recipe_copy (moved);
  g_autoptr (C2lPicture) a = studio_fixture_draw (r, moved), b = NULL, c = NULL, d = NULL;

  moved->move_x = 0.25;
  moved->move_y = -0.125;
  b = studio_fixture_draw (r, moved);
  g_assert_cmpfloat (difference_after (a, b, leave), >, 10);
  g_assert_cmpfloat (difference_after (a, b, move_right_and_up), <, 3);
  turned->turn = 90;
  c = studio_fixture_draw (r, turned);
  g_assert_cmpfloat (difference_after (a, c, leave), >, 10);
  g_assert_cmpfloat (difference_after (a, c, turn_left), <, 3);
  /* Having moved leaves no trace in the session. */
  d = studio_fixture_draw (r, back);
  g_assert_true (studio_fixture_same_pixels (a, d));
}

static float *
embed (const char *prompt)
{
  float *embedding = g_new (float, c2l_session_get_embed_width (session, NULL));
  g_autoptr (GError) error = NULL;

  g_assert_true (c2l_session_embed_prompt (session, prompt, embedding, NULL, NULL, &error));
  g_assert_no_error (error);
  return embedding;
}

static void
test_mixture_is_a_weighted_mean (void)
{
  g_autofree float *a = embed ("a man with a beard"), *b = embed ("a woman"), *mixed = embed ("a man with a beard:3 | a woman:-1");
  g_autofree float *alone = embed ("a woman:0.3 |"), *plain = g_new (float, c2l_session_get_embed_width (session, NULL));
  int width = c2l_session_get_embed_width (session, NULL);

  for (int i = 0; i < width; i++)
    g_assert_cmpfloat_with_epsilon (mixed[i], (3 * a[i] - b[i]) / 2, 1e-5);
  g_assert_cmpmem (alone, width * sizeof (float), b, width * sizeof (float));
  g_assert_true (c2l_session_embed_text (session, "a woman", plain, NULL, NULL, NULL));
  g_assert_cmpmem (plain, width * sizeof (float), b, width * sizeof (float));
}

static void
test_every_part_of_a_mixture_is_read (void)
{
  g_autoptr (GString) prompt = g_string_new ("a man");
  g_autofree float *embedding = g_new (float, c2l_session_get_embed_width (session, NULL));
  g_autofree char *dropped = NULL;
  g_auto (GStrv) words = NULL;
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < 100; i++)
    g_string_append (prompt, " with a beard");
  g_string_append (prompt, " | a woman | a man");
  for (int i = 0; i < 100; i++)
    g_string_append (prompt, " with glasses");
  g_assert_true (c2l_session_embed_prompt (session, prompt->str, embedding, &dropped, NULL, &error));
  g_assert_no_error (error);
  g_assert_nonnull (strstr (dropped, "beard | "));
  g_assert_true (g_str_has_suffix (dropped, "glasses"));

  words = c2l_session_list_unknown_words (session, "a xylophone | a zwieback and a xylophone:0.5", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (words), ==, 2);
  g_assert_cmpstr (words[0], ==, "xylophone");
  g_assert_cmpstr (words[1], ==, "zwieback");
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  session = studio_fixture_open_starter ();
  g_test_add_func ("/session/edit-touches-its-layers-only", test_edit_touches_its_layers_only);
  g_test_add_func ("/session/layers-that-are-not-there-are-refused", test_layers_that_are_not_there_are_refused);
  g_test_add_func ("/session/mixing-everything-gives-the-other-picture", test_mixing_everything_gives_the_other_picture);
  g_test_add_func ("/session/mix-touches-its-layers-before-the-edits", test_mix_touches_its_layers_before_the_edits);
  g_test_add_func ("/session/mix-that-does-not-fit-is-refused", test_mix_that_does_not_fit_is_refused);
  g_test_add_func ("/session/beyond-all-models/latents", test_latents_beyond_all_models_are_refused);
  g_test_add_func ("/session/beyond-all-models/edits", test_edits_beyond_all_models_are_refused);
  g_test_add_func ("/session/beyond-all-models/guidance", test_guidance_beyond_all_models_is_refused);
  g_test_add_func ("/session/stylegan2-is-not-moved", test_stylegan2_is_not_moved);
  g_test_add_func ("/session/stylegan3-moves-and-turns", test_stylegan3_moves_and_turns);
  g_test_add_func ("/session/mixture-is-a-weighted-mean", test_mixture_is_a_weighted_mean);
  g_test_add_func ("/session/every-part-of-a-mixture-is-read", test_every_part_of_a_mixture_is_read);
  result = g_test_run ();
  c2l_session_free (session);
  return result;
}
