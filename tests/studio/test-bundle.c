/* Bundles: the starter opens, and a model.json that lies is refused. */
#include "studio/bundle.h"

#include <glib/gstdio.h>
#include <string.h>

static char *
starter_path (void)
{
  return g_build_filename (g_getenv ("C2L_DATA"), "starter", NULL);
}

static void
test_starter_opens (void)
{
  g_autofree char *path = starter_path ();
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lBundle) bundle = c2l_bundle_open (path, &error);
  C2lDefaults defaults;

  g_assert_no_error (error);
  c2l_bundle_get_defaults (bundle, &defaults);
  g_assert_cmpint (defaults.steps, ==, 4);
  g_assert_cmpstr (c2l_bundle_get_preprocess (bundle), ==, "openai-clamped");
  g_assert_cmpuint (c2l_bundle_get_directions (bundle)->len, ==, 11);
  g_assert_nonnull (c2l_bundle_lookup_direction (bundle, "glasses"));
  g_assert_nonnull (c2l_bundle_lookup_direction (bundle, "LONG HAIR"));
  g_assert_null (c2l_bundle_lookup_direction (bundle, "wings"));
  g_assert_nonnull (c2l_bundle_get_prior_config (bundle));
  for (int role = 0; role < C2L_N_ROLES; role++)
    {
      g_autoptr (C2lWeights) weights = c2l_bundle_load_weights (bundle, role, &error);
      g_assert_no_error (error);
    }
}

/* Names come in the first of the user's languages that the bundle knows; the maker's stay good for looking up. */
static void
test_starter_speaks_languages (void)
{
  static const struct { const char *languages, *beard; } cases[] = {
    { "de", "Bart" }, { "es_MX:de", "Barba" }, { "fr_CA:de", "Barbe" }, { "fi:de", "Bart" }, { "en:de", "Beard" }, { "fi", "Beard" },
    { "zh_CN", "胡须" }, { "zh_TW", "Beard" },
  };
  g_autofree char *path = starter_path (), *before = g_strdup (g_getenv ("LANGUAGE"));

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (C2lBundle) bundle = NULL;
      const C2lDirection *beard;
      const char *name;

      g_setenv ("LANGUAGE", cases[i].languages, TRUE);
      bundle = c2l_bundle_open (path, NULL);
      beard = c2l_bundle_lookup_direction (bundle, "Beard");
      g_assert_cmpstr (beard->name, ==, cases[i].beard);
      g_assert_cmpstr (beard->id, ==, "beard");
      g_assert_true (c2l_bundle_lookup_direction (bundle, cases[i].beard) == beard);
      g_assert_cmpstr (c2l_bundle_translate (bundle, "no text of this model"), ==, "no text of this model");
      /* What is written into recipes does not change with the language. */
      name = c2l_bundle_get_name (bundle);
      g_assert_cmpstr (name, ==, "Cartoon portraits");
      g_assert_true (g_str_equal (c2l_bundle_translate (bundle, name), name) == g_str_equal (beard->name, "Beard"));
    }
  if (before != NULL)
    g_setenv ("LANGUAGE", before, TRUE);
  else
    g_unsetenv ("LANGUAGE");
}

/* Every text of the starter that the window shows is there in every language that it speaks. */
static void
test_starter_languages_are_complete (void)
{
  g_autofree char *path = starter_path ();
  g_autoptr (C2lBundle) bundle = c2l_bundle_open (path, NULL);
  JsonObject *info = c2l_bundle_get_info (bundle), *all = json_object_get_object_member (info, "translations");
  g_autoptr (GList) languages = json_object_get_members (all);
  GPtrArray *directions = c2l_bundle_get_directions (bundle);

  g_assert_cmpuint (g_list_length (languages), >=, 2);
  for (GList *language = languages; language != NULL; language = language->next)
    {
      JsonObject *texts = json_object_get_object_member (all, language->data);

      for (guint i = 0; i < directions->len; i++)
        g_assert_true (json_object_has_member (texts, ((C2lDirection *) g_ptr_array_index (directions, i))->original));
      g_assert_true (json_object_has_member (texts, json_object_get_string_member (info, "draws")));
      g_assert_true (json_object_has_member (texts, c2l_bundle_get_name (bundle)));
    }
}

static void
test_starter_names_its_makers (void)
{
  g_autofree char *path = starter_path ();
  g_autoptr (C2lBundle) bundle = c2l_bundle_open (path, NULL);
  JsonArray *makers = json_object_get_array_member (c2l_bundle_get_info (bundle), "attributions");

  g_assert_cmpuint (json_array_get_length (makers), ==, 3);
}

static void
test_starter_is_what_it_says (void)
{
  g_autofree char *path = starter_path ();
  g_autoptr (C2lBundle) bundle = c2l_bundle_open (path, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (c2l_bundle_verify (bundle, NULL, &error));
  g_assert_no_error (error);
}

static void
assert_refused (const char *model_json)
{
  g_autofree char *folder = g_dir_make_tmp ("c2l-test-XXXXXX", NULL);
  g_autofree char *model = g_build_filename (folder, "model.json", NULL), *file = g_build_filename (folder, "g", NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (model, model_json, -1, NULL);
  g_file_set_contents (file, "x", -1, NULL);
  g_assert_null (c2l_bundle_open (folder, &error));
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, folder));
  g_remove (model);
  g_remove (file);
  g_rmdir (folder);
}

static void
test_refuses_broken_model_json (void)
{
  assert_refused ("");
  assert_refused ("[]");
  assert_refused ("{}");
  assert_refused ("{\"format\": 2, \"generator\": {\"file\": \"g\"}}");
  assert_refused ("{\"format\": 1}");
  assert_refused ("{\"format\": 1, \"generator\": \"g\"}");
  assert_refused ("{\"format\": 1, \"generator\": {\"file\": \"missing\"}}");
  assert_refused ("{\"format\": 1, \"generator\": {\"file\": \"g\"}, \"clip\": {\"file\": \"g\", \"preprocess\": \"magic\"}}");
  assert_refused ("{\"format\": 1, \"generator\": {\"file\": \"g\"}, \"directions\": [7]}");
  assert_refused ("{\"format\": 1, \"generator\": {\"file\": \"g\"}, \"directions\": [{\"file\": \"g\", \"scale\": 1e999}]}");
  assert_refused ("{\"format\": 1, \"generator\": {\"file\": \"g\"}, \"defaults\": {\"guidance\": 1e999}}");
  assert_refused ("{\"format\": 1, \"generator\": {\"file\": \"g\"}, \"defaults\": {\"truncation\": -1e999}}");
}

static void
test_refuses_files_elsewhere (void)
{
  static const char *const names[] = { "/etc/passwd", "../g", "a/../../g", "./g", "", "a//g", "..\\\\g" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"format\": 1, \"generator\": {\"file\": \"%s\"}}", names[i]);
      assert_refused (json);
    }
}

static void
test_says_what_is_missing (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (c2l_bundle_open ("/nonexistent/folder", &error));
  g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_BUNDLE);
}

static void
test_directions_of_all_shapes (void)
{
  static const struct { const char *file; int n_rows; } cases[] = { { "age.npy", 1 }, { "pose.npy", 18 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_build_filename (g_getenv ("C2L_FIXTURES"), "edits", cases[i].file, NULL);
      C2lRows rows = { 0 };
      g_autoptr (GError) error = NULL;

      g_assert_true (c2l_direction_load (path, &rows, &error));
      g_assert_no_error (error);
      g_assert_cmpint (rows.n_rows, ==, cases[i].n_rows);
      g_assert_cmpint (rows.width, ==, 512);
      c2l_rows_clear (&rows);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bundle/starter/opens", test_starter_opens);
  g_test_add_func ("/bundle/starter/speaks-languages", test_starter_speaks_languages);
  g_test_add_func ("/bundle/starter/languages-are-complete", test_starter_languages_are_complete);
  g_test_add_func ("/bundle/starter/names-its-makers", test_starter_names_its_makers);
  g_test_add_func ("/bundle/starter/is-what-it-says", test_starter_is_what_it_says);
  g_test_add_func ("/bundle/refuses/broken-model-json", test_refuses_broken_model_json);
  g_test_add_func ("/bundle/refuses/files-elsewhere", test_refuses_files_elsewhere);
  g_test_add_func ("/bundle/refuses/says-what-is-missing", test_says_what_is_missing);
  g_test_add_func ("/bundle/directions/of-all-shapes", test_directions_of_all_shapes);
  return g_test_run ();
}
