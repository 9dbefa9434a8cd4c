/* Recipes: what is written comes back bit for bit, and what is not one is refused. */
#include "formats/weights.h"
#include "studio/picture-name.h"

#include <glib/gstdio.h>
#include <string.h>

static C2lRecipe *
new_recipe (void)
{
  const float latent[] = { 1.1f, -0.0f, 3e-42f, -1.7e38f, 0.333333343f, 2 }, direction[] = { 0.5f, 0.25f, -1 };
  C2lRecipe *recipe = c2l_recipe_new ();
  C2lRecipeEdit *edit;
  C2lRecipeMix *mix;

  recipe->program = g_strdup ("0.0.1");
  recipe->model = g_strdup ("a “model”");
  g_hash_table_insert (recipe->sha256, g_strdup ("generator"), g_strdup ("abc"));
  g_hash_table_insert (recipe->files, g_strdup ("generator"), g_strdup ("ein “Modell”.pkl"));
  recipe->prompt = g_strdup ("ein Bärtiger \"mit\" 🙂");
  recipe->seed = G_MAXUINT64;
  recipe->index = G_MAXUINT32;
  recipe->label = 7;
  recipe->sampler = g_strdup ("dpm++2m");
  recipe->steps = 17;
  recipe->guidance = 1.3;
  recipe->truncation = 0.7;
  recipe->noise = C2L_NOISE_KIND_RANDOM;
  recipe->noise_seed = 12345678901234567890u;
  c2l_recipe_add_edit (recipe, "glasses", -1.5, NULL);
  edit = c2l_recipe_add_edit (recipe, "own.npy", 2, &(C2lRows) { 1, 3, (float *) direction });
  edit->name = g_strdup ("Ein “Name”");
  edit->first_layer = 2;
  edit->last_layer = 5;
  mix = c2l_recipe_add_mix (recipe, "another", 0.25, &(C2lRows) { 2, 3, (float *) latent });
  mix->first_layer = 4;
  recipe->made_by = g_strdup (C2L_MADE_BY_VARIATION);
  recipe->source = g_strdup ("photo.jpg");
  recipe->move_x = -0.125;
  recipe->move_y = 0.3;
  recipe->turn = 17.5;
  recipe->precision = g_strdup ("fast");
  recipe->device = g_strdup ("cpu");
  recipe->device_details = g_strdup ("portable");
  recipe->has_score = TRUE;
  recipe->score = 0.123456789012345;
  c2l_rows_set (&recipe->latent, 2, 3, latent);
  return recipe;
}

static void
assert_equal (C2lRecipe *a, C2lRecipe *b)
{
  g_autofree char *left = c2l_recipe_to_json (a), *right = c2l_recipe_to_json (b);

  g_assert_cmpstr (left, ==, right);
  g_assert_cmpmem (a->latent.data, 24, b->latent.data, 24);
  g_assert_cmpuint (b->seed, ==, a->seed);
  g_assert_cmpuint (b->noise_seed, ==, a->noise_seed);
  g_assert_cmpuint (b->index, ==, a->index);
  g_assert_cmpint (b->label, ==, a->label);
  g_assert_cmpfloat (b->guidance, ==, a->guidance);
  g_assert_cmpfloat (b->score, ==, a->score);
  g_assert_cmpuint (b->edits->len, ==, 2);
  g_assert_null (((C2lRecipeEdit *) g_ptr_array_index (b->edits, 0))->rows.data);
  g_assert_cmpfloat (((C2lRecipeEdit *) g_ptr_array_index (b->edits, 1))->rows.data[2], ==, -1);
  g_assert_true (c2l_recipe_equal (a, b));
}

/* Every member, spoilt one at a time. */
static const char *
spoil (C2lRecipe *recipe, int which)
{
  C2lRecipeEdit *edit = g_ptr_array_index (recipe->edits, 1);
  C2lRecipeMix *mix = g_ptr_array_index (recipe->mixes, 0);

#define SPOIL_TEXT(member) (g_free (member), member = g_strdup ("spoilt"), #member)
#define SPOIL_NUMBER(member) (member = member == 1 ? 0 : 1, #member)
  switch (which)
    {
    case 0: return SPOIL_TEXT (recipe->program);
    case 1: return SPOIL_TEXT (recipe->model);
    case 2: return SPOIL_TEXT (recipe->prompt);
    case 3: return SPOIL_TEXT (recipe->made_by);
    case 4: return SPOIL_TEXT (recipe->sampler);
    case 5: return SPOIL_TEXT (recipe->precision);
    case 6: return SPOIL_TEXT (recipe->device);
    case 7: return SPOIL_TEXT (recipe->device_details);
    case 8: return SPOIL_NUMBER (recipe->origin);
    case 9: return SPOIL_NUMBER (recipe->seed);
    case 10: return SPOIL_NUMBER (recipe->index);
    case 11: return SPOIL_NUMBER (recipe->steps);
    case 12: return SPOIL_NUMBER (recipe->guidance);
    case 13: return SPOIL_NUMBER (recipe->truncation);
    case 14: return SPOIL_NUMBER (recipe->noise);
    case 15: return SPOIL_NUMBER (recipe->noise_seed);
    case 16: return SPOIL_NUMBER (recipe->move_x);
    case 17: return SPOIL_NUMBER (recipe->move_y);
    case 18: return SPOIL_NUMBER (recipe->turn);
    case 19: return SPOIL_TEXT (edit->direction);
    case 20: return SPOIL_TEXT (edit->name);
    case 21: return SPOIL_NUMBER (edit->amount);
    case 22: return SPOIL_NUMBER (edit->first_layer);
    case 23: return SPOIL_NUMBER (edit->last_layer);
    case 24: return SPOIL_NUMBER (edit->rows.data[2]);
    case 25: return SPOIL_TEXT (mix->label);
    case 26: return SPOIL_NUMBER (mix->amount);
    case 27: return SPOIL_NUMBER (mix->first_layer);
    case 28: return SPOIL_NUMBER (mix->last_layer);
    case 29: return SPOIL_NUMBER (mix->rows.data[0]);
    case 30: return SPOIL_NUMBER (recipe->latent.data[5]);
    case 31: return g_ptr_array_set_size (recipe->edits, 1), "edits";
    case 32: return g_ptr_array_set_size (recipe->mixes, 0), "mixes";
    case 33: return g_hash_table_remove_all (recipe->sha256), "sha256";
    case 34: return SPOIL_TEXT (recipe->source);
    case 36: return g_hash_table_remove_all (recipe->files), "files";
    case 35: return SPOIL_NUMBER (recipe->label);
    default: return NULL;
    }
}

static void
test_copy_is_equal_and_apart (void)
{
  g_autoptr (C2lRecipe) recipe = new_recipe ();
  g_autofree char *json = c2l_recipe_to_json (recipe);

  for (int i = 0;; i++)
    {
      g_autoptr (C2lRecipe) copy = c2l_recipe_copy (recipe);
      g_autofree char *same = NULL, *untouched = NULL;
      const char *member;

      assert_equal (recipe, copy);
      member = spoil (copy, i);
      if (member == NULL)
        break;
      g_test_message ("%s", member);
      g_assert_false (c2l_recipe_equal (recipe, copy));
      g_assert_false (c2l_recipe_equal (copy, recipe));
      untouched = c2l_recipe_to_json (recipe);
      g_assert_cmpstr (untouched, ==, json);
      same = c2l_recipe_to_json (copy);
      g_assert_cmpstr (same, !=, json);
    }
}

/* What an older program would overlook must look newer to it; the rest must not. */
static void
test_old_programs_refuse_only_what_they_cannot_draw (void)
{
  g_autoptr (C2lRecipe) recipe = new_recipe ();
  C2lRecipeEdit *edit = g_ptr_array_index (recipe->edits, 1);
  g_autofree char *plain = NULL, *placed = NULL, *layered = NULL, *mixed = c2l_recipe_to_json (recipe);

  g_ptr_array_set_size (recipe->mixes, 0);
  edit->first_layer = 0;
  edit->last_layer = C2L_LAST_LAYER;
  placed = c2l_recipe_to_json (recipe);
  recipe->move_x = recipe->move_y = recipe->turn = 0;
  plain = c2l_recipe_to_json (recipe);
  edit->last_layer = 3;
  layered = c2l_recipe_to_json (recipe);
  g_assert_nonnull (strstr (plain, "\"recipe\":1,"));
  g_assert_nonnull (strstr (placed, "\"recipe\":2,"));
  g_assert_nonnull (strstr (layered, "\"recipe\":2,"));
  g_assert_nonnull (strstr (mixed, "\"recipe\":2,"));
}

static void
test_layers (void)
{
  static const struct { const char *text; int first, last; } good[] = {
    { "0", 0, 0 }, { "4-7", 4, 7 }, { "4-", 4, C2L_LAST_LAYER }, { "9999", 9999, 9999 },
  };
  static const char *const bad[] = { "", "-", "-3", "7-4", "4-7-", "4 ", " 4", "a", "4-b", "12345", "+4", "4--7" };
  int first = 77, last = 77;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (c2l_layers_parse (bad[i], &first, &last));
  g_assert_cmpint (first, ==, 77);
  g_assert_cmpint (last, ==, 77);
  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autofree char *text = NULL;

      g_assert_true (c2l_layers_parse (good[i].text, &first, &last));
      g_assert_cmpint (first, ==, good[i].first);
      g_assert_cmpint (last, ==, good[i].last);
      text = c2l_layers_to_string (first, last);
      g_assert_cmpstr (text, ==, good[i].text);
    }
}

static void
test_round_trip (void)
{
  g_autoptr (C2lRecipe) recipe = new_recipe (), back = NULL;
  g_autofree char *json = c2l_recipe_to_json (recipe);
  g_autoptr (GError) error = NULL;

  back = c2l_recipe_from_json (json, "test", &error);
  g_assert_no_error (error);
  assert_equal (recipe, back);
}

static void
test_travels_in_png (void)
{
  g_autoptr (C2lRecipe) recipe = new_recipe (), back = NULL;
  g_autofree char *folder = g_dir_make_tmp ("c2l-test-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "picture.png", NULL);
  g_autoptr (C2lPicture) picture = c2l_picture_new (recipe, 2, g_malloc0 (12));
  g_autoptr (GError) error = NULL;

  g_assert_true (c2l_picture_save (picture, path, &error));
  g_assert_no_error (error);
  back = c2l_picture_load_recipe (path, &error);
  g_assert_no_error (error);
  assert_equal (recipe, back);
  g_remove (path);
  g_rmdir (folder);
}

static void
test_stem_is_a_plain_name (void)
{
  static const struct { const char *prompt, *stem; } cases[] = {
    { "../../etc/passwd", "etc-passwd-7-03" },
    { "", "picture-7-03" },
    { "Ä Héro!", "a-hero-7-03" },
    { "🙂", "picture-7-03" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (C2lRecipe) recipe = c2l_recipe_new ();
      g_autoptr (C2lPicture) picture = c2l_picture_new (recipe, 1, g_malloc0 (3));
      g_autofree char *stem = NULL;

      recipe->prompt = g_strdup (cases[i].prompt);
      recipe->seed = 7;
      recipe->index = 3;
      stem = c2l_picture_dup_name (picture, C2L_NAME_TEMPLATE_PLAIN);
      g_assert_cmpstr (stem, ==, cases[i].stem);
    }
}

/* Each is a good recipe with one member replaced. */
static void
test_refuses_broken (void)
{
  static const struct { const char *member, *value; } cases[] = {
    { "recipe", "3" },
    { "recipe", "\"1\"" },
    { "seed", "5" },
    { "seed", "\"-1\"" },
    { "seed", "\"18446744073709551616\"" },
    { "index", "\"4294967296\"" },
    { "class", "-1" },
    { "class", "\"3\"" },
    { "class", "4294967296" },
    { "noise", "\"loud\"" },
    { "origin", "7" },
    { "truncation", "1.5" },
    { "truncation", "-0.5" },
    { "edits", "[1]" },
    { "edits", "[{\"direction\": \"x\"}]" },
    { "edits", "[{\"direction\": \"x\", \"amount\": 1, \"values\": {\"rows\": 1, \"width\": 2, \"float32\": \"AAAA\"}}]" },
    { "mixes", "7" },
    { "mixes", "{}" },
    { "mixes", "[1]" },
    { "mixes", "[{\"values\": {\"rows\": 1, \"width\": 1, \"float32\": \"AAAAAA==\"}}]" },
    { "mixes", "[{\"amount\": 1.5, \"values\": {\"rows\": 1, \"width\": 1, \"float32\": \"AAAAAA==\"}}]" },
    { "mixes", "[{\"amount\": -0.1, \"values\": {\"rows\": 1, \"width\": 1, \"float32\": \"AAAAAA==\"}}]" },
    { "mixes", "[{\"amount\": \"1\", \"values\": {\"rows\": 1, \"width\": 1, \"float32\": \"AAAAAA==\"}}]" },
    { "mixes", "[{\"amount\": 1}]" },
    { "mixes", "[{\"amount\": 1, \"first_layer\": -1, \"values\": {\"rows\": 1, \"width\": 1, \"float32\": \"AAAAAA==\"}}]" },
    { "mixes", "[{\"amount\": 1, \"first_layer\": 3, \"last_layer\": 2, \"values\": {\"rows\": 1, \"width\": 1, \"float32\": \"AAAAAA==\"}}]" },
    { "mixes", "[{\"amount\": 1, \"last_layer\": 1e3, \"values\": {\"rows\": 1, \"width\": 1, \"float32\": \"AAAAAA==\"}}]" },
    { "mixes", "[{\"amount\": 1, \"values\": {\"rows\": 1, \"width\": 1, \"float32\": \"AADAfw==\"}}]" },
    { "edits", "[{\"direction\": \"x\", \"amount\": 1, \"first_layer\": -1}]" },
    { "edits", "[{\"direction\": \"x\", \"amount\": 1, \"first_layer\": \"0\"}]" },
    { "edits", "[{\"direction\": \"x\", \"amount\": 1, \"first_layer\": 1.0}]" },
    { "edits", "[{\"direction\": \"x\", \"amount\": 1, \"first_layer\": null}]" },
    { "edits", "[{\"direction\": \"x\", \"amount\": 1, \"first_layer\": 256}]" },
    { "edits", "[{\"direction\": \"x\", \"amount\": 1, \"first_layer\": 4, \"last_layer\": 3}]" },
    { "edits", "[{\"direction\": \"x\", \"amount\": 1, \"last_layer\": -2}]" },
    { "edits", "[{\"direction\": \"x\", \"amount\": 1, \"last_layer\": 9223372036854775807}]" },
    { "edits", "[{\"direction\": \"x\", \"amount\": 1, \"last_layer\": 9223372036854775808}]" },
    { "move_x", "\"0\"" },
    { "move_y", "[0]" },
    { "move_x", "101" },
    { "turn", "null" },
    { "turn", "-36001" },
    { "latent", "null" },
    { "latent", "{\"rows\": 1, \"width\": 1, \"float32\": \"AADAfw==\"}" },
    { "latent", "{\"rows\": -1, \"width\": -1, \"float32\": \"AAAAAA==\"}" },
    { "latent", "{\"rows\": 9223372036854775807, \"width\": 2, \"float32\": \"AAAAAA==\"}" },
  };
  g_autoptr (C2lRecipe) recipe = new_recipe ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JsonNode) root = c2l_recipe_to_node (recipe);
      g_autoptr (GString) json = NULL;
      g_autofree char *text = NULL;
      g_autoptr (C2lRecipe) back = NULL;
      g_autoptr (GError) error = NULL;

      /* Put in as text: a number that is too large would not survive as a number. */
      json_object_set_string_member (json_node_get_object (root), cases[i].member, "@");
      text = json_to_string (root, FALSE);
      json = g_string_new (text);
      g_assert_cmpuint (g_string_replace (json, "\"@\"", cases[i].value, 0), ==, 1);
      g_test_message ("%s: %s", cases[i].member, cases[i].value);
      back = c2l_recipe_from_json (json->str, "x.png", &error);
      g_assert_null (back);
      g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_RECIPE);
      g_assert_nonnull (strstr (error->message, "x.png"));
    }
}

/* JSON has no infinity, but numbers that become one. */
static void
test_refuses_infinite (gconstpointer member)
{
  g_autoptr (C2lRecipe) recipe = new_recipe (), back = NULL;
  g_autofree char *json = c2l_recipe_to_json (recipe), *broken = NULL;
  g_autofree char *name = g_strdup_printf ("\"%s\":", (const char *) member);
  g_auto (GStrv) halves = g_strsplit (json, name, 2);
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (g_strv_length (halves), ==, 2);
  broken = g_strconcat (halves[0], name, "-1e999,\"was\":", halves[1], NULL);
  back = c2l_recipe_from_json (broken, "x.png", &error);
  g_assert_null (back);
  g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_RECIPE);
}

static void
test_refuses_what_is_no_json (void)
{
  g_autofree char *deep = g_strnfill (100000, '[');
  g_autofree char *deep_behind_comment = g_strconcat ("{/* \" */\"a\": ", deep, NULL);
  g_autofree char *deep_behind_quote = g_strconcat ("{'\"': ", deep, NULL);
  const char *const texts[] = { "",    "{",  "[]", "nonsense", "{\"a\": \xff}", "{} // a comment", "{'a': 1}", "var a = {};",
                                deep, deep_behind_comment, deep_behind_quote, NULL };

  for (int i = 0; texts[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (c2l_recipe_from_json (texts[i], "x.png", &error));
      g_assert_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/recipe/round-trip", test_round_trip);
  g_test_add_func ("/recipe/travels-in-png", test_travels_in_png);
  g_test_add_func ("/recipe/copy-is-equal-and-apart", test_copy_is_equal_and_apart);
  g_test_add_func ("/recipe/old-programs-refuse-only-what-they-cannot-draw", test_old_programs_refuse_only_what_they_cannot_draw);
  g_test_add_func ("/recipe/layers", test_layers);
  g_test_add_func ("/recipe/stem-is-a-plain-name", test_stem_is_a_plain_name);
  g_test_add_func ("/recipe/refuses/broken", test_refuses_broken);
  g_test_add_data_func ("/recipe/refuses/infinite-amount", "amount", test_refuses_infinite);
  g_test_add_data_func ("/recipe/refuses/infinite-guidance", "guidance", test_refuses_infinite);
  g_test_add_data_func ("/recipe/refuses/infinite-score", "score", test_refuses_infinite);
  g_test_add_data_func ("/recipe/refuses/infinite-truncation", "truncation", test_refuses_infinite);
  g_test_add_data_func ("/recipe/refuses/infinite-move", "move_x", test_refuses_infinite);
  g_test_add_data_func ("/recipe/refuses/infinite-turn", "turn", test_refuses_infinite);
  g_test_add_func ("/recipe/refuses/what-is-no-json", test_refuses_what_is_no_json);
  return g_test_run ();
}
