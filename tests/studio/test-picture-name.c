/* Names of files from templates: never empty, never a path, never more than file systems hold, in any script. */
#include "studio/picture-name.h"

#include <string.h>

static C2lPicture *
new_picture (const char *prompt)
{
  g_autoptr (C2lRecipe) recipe = c2l_recipe_new ();

  recipe->prompt = g_strdup (prompt);
  recipe->seed = 7;
  recipe->index = 3;
  recipe->model = g_strdup ("faces/small");
  return c2l_picture_new (recipe, 64, NULL);
}

static void
test_prompts (void)
{
  static const struct { const char *prompt, *name; } cases[] = {
    { "a happy man", "a happy man-7-04" },
    { NULL, "picture-7-04" },
    { "", "picture-7-04" },
    { " \t\n ", "picture-7-04" },
    { "../../etc/passwd", "etc-passwd-7-04" },
    { "...", "7-04" },
    { "-rf x", "rf x-7-04" },
    { "two\nlines\tand  spaces ", "two lines and spaces-7-04" },
    { "bell\a and \033[1mescape\177", "bell and [1mescape-7-04" },
    { "50/50 a\\b c:d *?\"<>|", "50-50 a-b c-d -------7-04" },
    /* The direction of writing turned, so that “gpj.exe” would look like “exe.jpg”. */
    { "photo\342\200\256gpj.exe", "photogpj.exe-7-04" },
    { "line\342\200\250separator", "line separator-7-04" },
    { "une personne a\314\202ge\314\201e", "une personne âgée-7-04" },
    { "日本語の顔", "日本語の顔-7-04" },
    { "مرد شاد", "مرد شاد-7-04" },
    { "نمی\342\200\214خواهم", "نمی\342\200\214خواهم-7-04" },
    { "👩\342\200\215🚀", "👩\342\200\215🚀-7-04" },
    { "bad \377 bytes", "bad � bytes-7-04" },
    { "{seed} {nothing}", "{seed} {nothing}-7-04" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (C2lPicture) picture = new_picture (cases[i].prompt);
      g_autofree char *name = c2l_picture_dup_name (picture, C2L_NAME_TEMPLATE);

      g_assert_cmpstr (name, ==, cases[i].name);
    }
}

static void
test_fields (void)
{
  g_autoptr (C2lPicture) picture = new_picture ("Ä Héro!");
  g_autofree char *unscored = c2l_picture_dup_name (picture, "{score}");
  g_autofree char *all = NULL, *today = NULL, *expected = NULL;
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();

  g_assert_cmpstr (unscored, ==, "unscored");
  picture->recipe->has_score = TRUE;
  picture->recipe->score = 0.27314;
  all = c2l_picture_dup_name (picture, "a {slug} {index} {n} {model} {score} {date} {width} {seed}{seed}");
  today = g_date_time_format (now, "%Y-%m-%d");
  expected = g_strdup_printf ("a a-hero 03 04 faces-small 0.2731 %s 64 77", today);
  g_assert_cmpstr (all, ==, expected);
}

/* What follows the prompt stays; nothing is cut within a character or between a letter and its accent. */
static void
test_long_prompts (void)
{
  static const char *const characters[] = { "x", "ä", "語", "😀", "q\314\243", "👩\342\200\215🚀" };

  for (guint i = 0; i < G_N_ELEMENTS (characters); i++)
    for (int before = 0; before < 5; before++)
      {
        g_autoptr (GString) prompt = g_string_new_len ("abcde", before);
        g_autoptr (C2lPicture) picture = NULL;
        g_autofree char *name = NULL, *twice = NULL, *end = NULL;
        gsize length = strlen (characters[i]);

        for (int n = 0; n < 300; n++)
          g_string_append (prompt, characters[i]);
        picture = new_picture (prompt->str);
        name = c2l_picture_dup_name (picture, C2L_NAME_TEMPLATE);
        g_assert_cmpuint (strlen (name), <=, C2L_NAME_MAX);
        g_assert_cmpuint (strlen (name), >, C2L_NAME_MAX - 20);
        g_assert_true (g_utf8_validate (name, -1, NULL));
        g_assert_true (g_str_has_suffix (name, "-7-04"));
        g_assert_cmpuint ((strlen (name) - strlen ("-7-04") - before) % length, ==, 0);
        twice = c2l_picture_dup_name (picture, "{prompt} {prompt} {seed}");
        g_assert_cmpuint (strlen (twice), <=, C2L_NAME_MAX);
        g_assert_true (g_str_has_suffix (twice, " 7"));
      }
}

static void
test_long_templates (void)
{
  g_autofree char *literal = g_strnfill (500, 'y');
  g_autofree char *name_template = g_strconcat (literal, "{prompt}", NULL);
  g_autoptr (C2lPicture) picture = new_picture ("a cat");
  g_autofree char *name = c2l_picture_dup_name (picture, name_template);

  g_assert_cmpuint (strlen (name), ==, C2L_NAME_MAX);
}

static void
test_refuses (void)
{
  static const struct { const char *name_template, *words; } cases[] = {
    { "", "empty" },           { "   ", "empty" },       { "{prompt}/{n}", "path" },  { "a\nb", "control" },
    { "{colour}", "{colour}" }, { "{}", "{}" },           { "{prompt", "partner" },    { "n}", "partner" },
    { "\377", "UTF-8" },       { "{{n}}", "{{n}" },      { "{Prompt}", "{Prompt}" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (c2l_name_template_check (cases[i].name_template, &error));
      g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID);
      g_assert_nonnull (strstr (error->message, cases[i].words));
      g_assert_nonnull (strstr (error->message, "{prompt}, {slug}, {seed}"));
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
  g_assert_true (c2l_name_template_check (C2L_NAME_TEMPLATE, NULL));
  g_assert_true (c2l_name_template_check (C2L_NAME_TEMPLATE_PLAIN, NULL));
  g_assert_true (c2l_name_template_check ("Bild {n} — {score}", NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/picture-name/keeps-any-script-and-nothing-harmful", test_prompts);
  g_test_add_func ("/picture-name/knows-its-fields", test_fields);
  g_test_add_func ("/picture-name/a-long-prompt-gives-way", test_long_prompts);
  g_test_add_func ("/picture-name/a-long-template-is-cut", test_long_templates);
  g_test_add_func ("/picture-name/refuses-what-it-does-not-know", test_refuses);
  return g_test_run ();
}
