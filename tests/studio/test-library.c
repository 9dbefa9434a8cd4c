/* The library as the window uses it: what goes in comes out, is found, marked, collected, thrown
 * away and brought back. */
#include "library-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

/* --- storing --- */

static void
test_round_trip (LibraryFixture *f, gconstpointer data)
{
  const C2lLibraryQuery all = { 0 };
  g_autoptr (C2lRecipe) recipe = library_new_recipe ("ein Bärtiger 🙂", "faces", 0.25);
  g_autoptr (GError) error = NULL;
  g_autofree char *uid
      = library_add (f->library, "ein Bärtiger 🙂", "faces", 0.25, 77, 6000, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (f->n_changes, ==, 1);
  for (int i = 0; i < 2; i++)
    {
      g_autoptr (GPtrArray) entries = library_list (f->library, &all);
      g_autoptr (C2lRecipe) back = library_load_recipe (f->library, uid, &error);
      const C2lLibraryEntry *entry = g_ptr_array_index (entries, 0);
      g_autofree char *notice = NULL;

      g_assert_no_error (error);
      g_assert_cmpuint (entries->len, ==, 1);
      g_assert_cmpstr (entry->uid, ==, uid);
      g_assert_cmpstr (entry->prompt, ==, "ein Bärtiger 🙂");
      g_assert_cmpstr (entry->model, ==, "faces");
      g_assert_cmpstr (entry->generator, ==, "abc");
      g_assert_cmpint (entry->created, ==, 77);
      g_assert_cmpint (entry->trashed, ==, 0);
      g_assert_true (entry->has_score);
      g_assert_cmpfloat (entry->score, ==, 0.25);
      g_assert_false (entry->favourite);
      g_assert_cmpuint (g_bytes_get_size (entry->thumbnail), ==, 6000);
      g_assert_cmpint (((const guint8 *) g_bytes_get_data (entry->thumbnail, NULL))[5999], ==,
                       0x5a);
      g_assert_true (c2l_recipe_equal (recipe, back));
      library_close (f);
      notice = library_open (f);
      g_assert_null (notice);
    }
}

/* The entries of a call are written together or not at all. */
static void
test_batch_is_whole_or_not_there (LibraryFixture *f, gconstpointer data)
{
  g_autoptr (C2lRecipe) recipe = library_new_recipe ("x", "m", 0);
  g_autoptr (GPtrArray) entries
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_library_entry_unref);
  g_autoptr (GPtrArray) recipes = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;
  const C2lLibraryQuery all = { 0 };
  g_autoptr (GPtrArray) listed = NULL;

  for (int i = 0; i < 100; i++)
    {
      g_ptr_array_add (entries, c2l_library_entry_new (recipe, NULL));
      g_ptr_array_add (recipes, recipe);
    }
  c2l_library_add_async (f->library, entries, recipes, NULL, library_answer, &result);
  library_write (f->library, &result, &error);
  g_assert_no_error (error);
  g_assert_cmpint (library_count (f->library), ==, 100);
  g_assert_cmpuint (f->n_changes, ==, 1);
  listed = library_list (f->library, &all);
  g_assert_null (((C2lLibraryEntry *) listed->pdata[0])->thumbnail);
  g_assert_false (((C2lLibraryEntry *) listed->pdata[0])->has_score);

  /* The last one's uid is there already. */
  g_ptr_array_set_size (entries, 1);
  g_ptr_array_insert (entries, 0, c2l_library_entry_new (recipe, NULL));
  g_ptr_array_set_size (recipes, 2);
  c2l_library_add_async (f->library, entries, recipes, NULL, library_answer, &result);
  g_assert_false (library_write (f->library, &result, &error));
  g_assert_error (error, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_FAILED);
  g_assert_cmpint (library_count (f->library), ==, 100);
}

static void
test_edits_replace (LibraryFixture *f, gconstpointer data)
{
  const C2lLibraryQuery all = { 0 }, beard = { .text = "beard" }, man = { .text = "man" };
  g_autofree char *uid = library_add (f->library, "a man", "faces", 0.5, 0, 100, NULL);
  g_autoptr (C2lRecipe) recipe = library_new_recipe ("a beard", "faces", 0), back = NULL;
  g_autoptr (GBytes) thumbnail = g_bytes_new_static ("new", 3);
  g_autoptr (GPtrArray) entries = NULL;
  g_autofree char *with_beard = NULL, *with_man = NULL;
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;

  c2l_library_update_async (f->library, uid, recipe, NULL, NULL, library_answer, &result);
  library_write (f->library, &result, &error);
  g_assert_no_error (error);
  entries = library_list (f->library, &all);
  g_assert_cmpuint (g_bytes_get_size (((C2lLibraryEntry *) entries->pdata[0])->thumbnail), ==, 100);
  c2l_library_update_async (f->library, uid, recipe, thumbnail, NULL, library_answer, &result);
  library_write (f->library, &result, &error);
  g_assert_no_error (error);
  g_ptr_array_unref (entries);
  entries = library_list (f->library, &all);
  g_assert_true (g_bytes_equal (((C2lLibraryEntry *) entries->pdata[0])->thumbnail, thumbnail));
  g_assert_false (((C2lLibraryEntry *) entries->pdata[0])->has_score);
  back = library_load_recipe (f->library, uid, NULL);
  g_assert_true (c2l_recipe_equal (back, recipe));
  with_beard = library_list_text (f->library, &beard);
  g_assert_cmpstr (with_beard, ==, "a beard");
  with_man = library_list_text (f->library, &man);
  g_assert_cmpstr (with_man, ==, "");

  c2l_library_update_async (f->library, "nobody", recipe, NULL, NULL, library_answer, &result);
  g_assert_false (library_write (f->library, &result, &error));
  g_assert_error (error, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_UNKNOWN);
}

/* --- finding --- */

/* Prompts and what finds them; more than one of the last is left out by NULL. */
static const struct
{
  const char *prompt;
  const char *searches[6];
} findable[] = {
  { "A happy man with a Beard",
    { "beard", "BEARD happy", "man beard", "ppy ma", "a a a", "  with\tbeard\n" } },
  { "Straße im Bärenwald", { "STRASSE", "bären", "BÄREN", "ÄR", "ba\xcc\x88renwald", "ße" } },
  { "Портрет девушки", { "портрет", "ДЕВУШКИ", "де", "портр евуш", NULL } },
  { "髭を生やした男の肖像画", { "男", "肖像", "肖像画", "生やした男", NULL } },
  { "صورة رجل ملتح", { "رجل", "صورة", "صو", NULL } },
  { "चश्मे वाली औरत", { "औरत", "चश्मे", NULL } },
  { "a 100% \"red\" hat's [OR] NEAR(x) col:y * ^ -- \\ _ {z}",
    { "\"red\"", "100%", "hat's", "NEAR(x)", "col:y", "\\ _ {z}" } },
  { "100 percent redhat", { "100 percent", NULL } },
  { "🙂🙂🙂 smile", { "🙂🙂🙂", "🙂", "smile 🙂", NULL } },
  { "two\u3000wide words", { "two\u3000wide", "wide two", NULL } },
  { "ﬁne ｆｕｌｌ width", { "fine", "full", NULL } },
};

static void
test_search_finds (LibraryFixture *f, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (findable); i++)
    {
      g_autofree char *uid = library_add (f->library, findable[i].prompt, "m", 0, i + 1, 0, NULL);

      g_assert_nonnull (uid);
    }
  for (guint i = 0; i < G_N_ELEMENTS (findable); i++)
    for (guint k = 0; k < G_N_ELEMENTS (findable[i].searches) && findable[i].searches[k] != NULL;
         k++)
      {
        const C2lLibraryQuery query = { .text = findable[i].searches[k] };
        g_autofree char *found = library_list_text (f->library, &query);

        g_test_message ("“%s” finds “%s”", query.text, found);
        g_assert_nonnull (strstr (found, findable[i].prompt));
      }
}

/* A sign of the query languages is looked for, and not obeyed. */
static void
test_search_text_is_only_text (LibraryFixture *f, gconstpointer data)
{
  static const char *const nothing[] = {
    "dog OR cat",
    "prompts:dog",
    "words:dog",
    "d%g",
    "d_g",
    "\"cat",
    "dog\"",
    "*",
    "do*",
    "^dog",
    "NOT",
    "AND",
    "%",
    "_",
    "'",
    "\\",
    "\"",
    "\"\"\"\"",
    "dog AND NOT cat",
    "NEAR(dog cat)",
    "x' OR 1 = 1 --",
    "\xff\xfe dog",
  };
  g_autofree char *dog = library_add (f->library, "dog", "m", 0, 0, 0, NULL);
  g_autofree char *cat = library_add (f->library, "cat", "m", 0, 0, 0, NULL);
  g_autofree char *unsaid = library_add (f->library, NULL, "m", 0, 0, 0, NULL);
  g_autofree char *long_word = g_strnfill (200000, 'x');
  g_autofree char *many_words = NULL, *found = NULL;
  g_autoptr (GString) words = g_string_new (NULL);
  const C2lLibraryQuery empty = { .text = " \t" };
  C2lLibraryQuery query = { 0 };
  g_autoptr (GPtrArray) all = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (nothing); i++)
    {
      g_autofree char *text = NULL;

      query.text = nothing[i];
      text = library_list_text (f->library, &query);
      g_test_message ("“%s”", nothing[i]);
      g_assert_cmpstr (text, ==, "");
    }
  for (int i = 0; i < 10000; i++)
    g_string_append (words, i % 2 == 0 ? "dog " : "do ");
  query.text = words->str;
  many_words = library_list_text (f->library, &query);
  g_assert_cmpstr (many_words, ==, "dog");
  query.text = long_word;
  found = library_list_text (f->library, &query);
  g_assert_cmpstr (found, ==, "");
  all = library_list (f->library, &empty);
  g_assert_cmpuint (all->len, ==, 3);
}

static void
test_filters_and_orders (LibraryFixture *f, gconstpointer data)
{
  static const struct
  {
    C2lLibraryQuery query;
    const char *prompts;
  } cases[] = {
    { { 0 }, "eee,ddd,ccc,bbb,aaa" },
    { { .order = C2L_LIBRARY_BEST }, "bbb,ddd,aaa,eee,ccc" },
    { { .model = "cats" }, "ddd,bbb" },
    { { .model = "dogs" }, "" },
    { { .from = 200, .to = 400 }, "ccc,bbb" },
    { { .to = 300 }, "bbb,aaa" },
    { { .favourites = TRUE }, "ddd,aaa" },
    { { .favourites = TRUE, .model = "cats", .from = 100 }, "ddd" },
    { { .offset = 1, .limit = 2 }, "ddd,ccc" },
    { { .offset = 4 }, "aaa" },
    { { .offset = 5, .limit = 7 }, "" },
    { { .order = C2L_LIBRARY_BEST, .limit = 1 }, "bbb" },
    { { .text = "a", .limit = 3 }, "aaa" },
    { { .text = "ddd", .model = "faces" }, "" },
  };
  const double scores[] = { 0.2, 0.9, 0, 0.3, 0.1 };
  g_auto (GStrv) uids = g_new0 (char *, 6);
  g_auto (GStrv) models = NULL;
  GAsyncResult *result = NULL;

  for (int i = 0; i < 5; i++)
    {
      const char prompt[] = { 'a' + i, 'a' + i, 'a' + i, '\0' };

      uids[i] = library_add (f->library, prompt, i % 2 == 1 ? "cats" : "faces", scores[i],
                             (i + 1) * 100, 10, NULL);
    }
  library_set_favourite (f->library, uids[0], TRUE);
  library_set_favourite (f->library, uids[2], TRUE);
  library_set_favourite (f->library, uids[3], TRUE);
  library_set_favourite (f->library, uids[2], FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *prompts = library_list_text (f->library, &cases[i].query);

      g_assert_cmpstr (prompts, ==, cases[i].prompts);
    }
  c2l_library_list_models_async (f->library, NULL, library_answer, &result);
  library_wait (&result);
  models = c2l_library_list_strings_finish (f->library, result, NULL);
  g_clear_object (&result);
  g_assert_cmpstrv (models, ((const char *const[]){ "cats", "faces", NULL }));
}

static void
assert_completes (LibraryFixture *f, const char *text, guint limit, const char *expected)
{
  GAsyncResult *result = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) prompts = NULL;
  g_autofree char *joined = NULL;

  c2l_library_list_prompts_async (f->library, text, limit, NULL, library_answer, &result);
  library_wait (&result);
  prompts = c2l_library_list_strings_finish (f->library, result, &error);
  g_clear_object (&result);
  g_assert_no_error (error);
  joined = g_strjoinv (",", prompts);
  g_assert_cmpstr (joined, ==, expected);
}

static void
test_prompts_complete (LibraryFixture *f, gconstpointer data)
{
  static const char *const prompts[]
      = { "a cat", "black cat", "cat", "A Cat", "cats", "a cat", "100% wool", "", "dog", "Öl" };
  g_autofree char *dog = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (prompts); i++)
    {
      g_autofree char *uid = library_add (f->library, prompts[i], "m", 0, 0, 0, NULL);

      if (g_str_equal (prompts[i], "dog"))
        dog = g_steal_pointer (&uid);
    }
  g_free (library_add (f->library, NULL, "m", 0, 0, 0, NULL));
  library_trash (f->library, dog, TRUE);
  assert_completes (f, "", 0, "Öl,100% wool,a cat,cats,A Cat,cat,black cat");
  assert_completes (f, "cat", 0, "cats,cat,a cat,A Cat,black cat");
  assert_completes (f, "CAT", 2, "cats,cat");
  assert_completes (f, "a ", 0, "a cat,A Cat");
  assert_completes (f, "0%", 0, "100% wool");
  assert_completes (f, "öl", 0, "Öl");
  assert_completes (f, "dog", 0, "");
  assert_completes (f, "\"", 0, "");
}

/* --- the trash --- */

static void
purge (LibraryFixture *f, gint64 before)
{
  GAsyncResult *result = NULL;
  g_autoptr (GError) error = NULL;

  c2l_library_purge_async (f->library, before, NULL, library_answer, &result);
  library_write (f->library, &result, &error);
  g_assert_no_error (error);
}

static void
test_trash_gives_back (LibraryFixture *f, gconstpointer data)
{
  const C2lLibraryQuery all = { 0 }, trashed = { .trashed = TRUE }, found = { .text = "first" };
  g_autofree char *first = library_add (f->library, "first", "m", 0, 1, 10, NULL);
  g_autofree char *second = library_add (f->library, "second", "m", 0, 2, 10, NULL);
  g_autofree char *left = NULL, *in_trash = NULL, *searched = NULL, *again = NULL;
  g_autoptr (GPtrArray) entries = NULL, later = NULL;

  library_trash (f->library, first, TRUE);
  left = library_list_text (f->library, &all);
  g_assert_cmpstr (left, ==, "second");
  in_trash = library_list_text (f->library, &trashed);
  g_assert_cmpstr (in_trash, ==, "first");
  searched = library_list_text (f->library, &found);
  g_assert_cmpstr (searched, ==, "");
  entries = library_list (f->library, &trashed);
  g_assert_cmpint (((C2lLibraryEntry *) entries->pdata[0])->trashed, >, 0);

  /* Thrown away again, it does not become younger. */
  g_usleep (2000);
  library_trash (f->library, first, TRUE);
  later = library_list (f->library, &trashed);
  g_assert_cmpint (((C2lLibraryEntry *) later->pdata[0])->trashed, ==,
                   ((C2lLibraryEntry *) entries->pdata[0])->trashed);

  library_trash (f->library, first, FALSE);
  again = library_list_text (f->library, &all);
  g_assert_cmpstr (again, ==, "second,first");
}

static void
test_purge_takes_what_is_old_enough (LibraryFixture *f, gconstpointer data)
{
  g_autofree char *kept = library_add (f->library, "kept", "m", 0, 1, 10, NULL);
  g_autofree char *gone = library_add (f->library, "gone", "m", 0, 2, 10, NULL);
  const C2lLibraryQuery trashed = { .trashed = TRUE };
  g_autofree char *young = NULL, *old = NULL;
  g_autoptr (GError) error = NULL;

  library_trash (f->library, gone, TRUE);
  purge (f, g_get_real_time () - C2L_LIBRARY_TRASH_DAYS * G_TIME_SPAN_DAY);
  young = library_list_text (f->library, &trashed);
  g_assert_cmpstr (young, ==, "gone");
  purge (f, G_MAXINT64);
  old = library_list_text (f->library, &trashed);
  g_assert_cmpstr (old, ==, "");
  g_assert_null (library_load_recipe (f->library, gone, &error));
  g_assert_error (error, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_UNKNOWN);
  g_assert_cmpint (library_count (f->library), ==, 1);

  /* Nothing of it is left in any table, nor the prompt in the file. */
  library_close (f);
  for (int i = 0; i < 3; i++)
    {
      static const char *const tables[] = { "pictures", "thumbnails", "recipes" };
      g_autofree char *sql = g_strdup_printf ("SELECT count (*) FROM %s", tables[i]);
      g_autofree char *n = library_read_sql (f->path, sql);

      g_assert_cmpstr (n, ==, "1");
    }
}

static void
test_delete_takes_only_what_is_in_the_trash (LibraryFixture *f, gconstpointer data)
{
  g_autofree char *first = library_add (f->library, "first", "m", 0, 1, 10, NULL);
  g_autofree char *second = library_add (f->library, "second", "m", 0, 2, 10, NULL);
  const char *const both[] = { first, second, "nobody", NULL };
  const C2lLibraryQuery all = { 0 }, trashed = { .trashed = TRUE };
  g_autofree char *left = NULL, *in_trash = NULL;
  GAsyncResult *result = NULL;
  g_autoptr (GError) error = NULL;

  library_trash (f->library, second, TRUE);
  c2l_library_delete_async (f->library, both, NULL, library_answer, &result);
  library_write (f->library, &result, &error);
  g_assert_no_error (error);
  left = library_list_text (f->library, &all);
  in_trash = library_list_text (f->library, &trashed);
  g_assert_cmpstr (left, ==, "first");
  g_assert_cmpstr (in_trash, ==, "");
}

static void
test_clear_spares_favourites (LibraryFixture *f, gconstpointer data)
{
  g_autofree char *liked = library_add (f->library, "liked", "m", 0, 1, 10, NULL);
  g_autofree char *other = library_add (f->library, "other", "m", 0, 2, 10, NULL);
  const C2lLibraryQuery all = { 0 }, trashed = { .trashed = TRUE };
  g_autofree char *left = NULL, *in_trash = NULL;
  GAsyncResult *result = NULL;

  library_set_favourite (f->library, liked, TRUE);
  c2l_library_clear_async (f->library, NULL, library_answer, &result);
  g_assert_true (library_write (f->library, &result, NULL));
  left = library_list_text (f->library, &all);
  in_trash = library_list_text (f->library, &trashed);
  g_assert_cmpstr (left, ==, "liked");
  g_assert_cmpstr (in_trash, ==, "other");
}

/* --- full-size PNGs --- */

static void
set_kept (LibraryFixture *f, const char *uid, gboolean kept)
{
  const char *const uids[] = { uid, NULL };
  GAsyncResult *result = NULL;

  c2l_library_set_kept_async (f->library, uids, kept, NULL, library_answer, &result);
  g_assert_true (library_write (f->library, &result, NULL));
}

static char *
keep (LibraryFixture *f, const char *uid)
{
  char *path = c2l_library_dup_picture_path (f->library, uid);

  g_assert_true (g_file_set_contents (path, "a picture", -1, NULL));
  set_kept (f, uid, TRUE);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  return path;
}

static gboolean
is_kept (LibraryFixture *f, const char *uid)
{
  const C2lLibraryQuery all = { 0 };
  g_autoptr (GPtrArray) entries = library_list (f->library, &all);

  for (guint i = 0; i < entries->len; i++)
    if (g_str_equal (((C2lLibraryEntry *) entries->pdata[i])->uid, uid))
      return ((C2lLibraryEntry *) entries->pdata[i])->kept;
  g_assert_not_reached ();
}

static void
test_files_go_with_their_pictures (LibraryFixture *f, gconstpointer data)
{
  g_autofree char *uid = library_add (f->library, "a", "m", 0, 1, 10, NULL);
  g_autofree char *other = library_add (f->library, "b", "m", 0, 1, 10, NULL);
  g_autoptr (C2lRecipe) recipe = library_new_recipe ("c", "m", 0);
  g_autofree char *path = NULL, *of_other = NULL, *name = g_strconcat (uid, ".png", NULL);
  GAsyncResult *result = NULL;

  g_assert_false (is_kept (f, uid));
  path = keep (f, uid);
  of_other = keep (f, other);
  g_assert_true (g_str_has_suffix (path, name) && g_str_has_prefix (path, f->folder));
  g_assert_true (is_kept (f, uid));
  set_kept (f, uid, FALSE);
  g_assert_false (is_kept (f, uid));
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));

  g_free (keep (f, uid));
  c2l_library_update_async (f->library, uid, recipe, NULL, NULL, library_answer, &result);
  g_assert_true (library_write (f->library, &result, NULL));
  g_assert_false (is_kept (f, uid));
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));

  g_free (keep (f, uid));
  library_trash (f->library, uid, TRUE);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  purge (f, G_MAXINT64);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (of_other, G_FILE_TEST_EXISTS));
}

/* Killed between the database and the file: the next purge deletes it. */
static void
test_forgotten_files_go_later (LibraryFixture *f, gconstpointer data)
{
  g_autofree char *uid = library_add (f->library, "a", "m", 0, 1, 10, NULL);
  g_autofree char *path = keep (f, uid), *notice = NULL;

  library_close (f);
  library_run_sql (f->path, "INSERT INTO discarded SELECT uid FROM pictures");
  library_run_sql (f->path, "UPDATE pictures SET kept = 0");
  notice = library_open (f);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  purge (f, 0);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
}

static void
test_uids_lead_nowhere_else (LibraryFixture *f, gconstpointer data)
{
  g_autofree char *outside = g_build_filename (f->folder, "outside.png", NULL), *notice = NULL;

  g_assert_null (c2l_library_dup_picture_path (f->library, "../outside"));
  library_close (f);
  g_assert_true (g_file_set_contents (outside, "mine", -1, NULL));
  library_run_sql (f->path, "INSERT INTO discarded VALUES ('../outside'), (''), ('/etc/passwd')");
  notice = library_open (f);
  purge (f, G_MAXINT64);
  g_assert_true (g_file_test (outside, G_FILE_TEST_EXISTS));
}

/* --- collections --- */

static gint64
create (LibraryFixture *f, const char *name, GError **error)
{
  GAsyncResult *result = NULL;
  gint64 id;

  c2l_library_create_collection_async (f->library, name, NULL, library_answer, &result);
  library_wait (&result);
  id = c2l_library_create_collection_finish (f->library, result, error);
  g_clear_object (&result);
  return id;
}

static gboolean
collect (LibraryFixture *f, gint64 id, const char *uid, gboolean member, GError **error)
{
  const char *const uids[] = { uid, "nobody", NULL };
  GAsyncResult *result = NULL;

  c2l_library_collect_async (f->library, id, uids, member, NULL, library_answer, &result);
  return library_write (f->library, &result, error);
}

static void
assert_collections (LibraryFixture *f, const char *expected)
{
  GAsyncResult *result = NULL;
  g_autoptr (GPtrArray) collections = NULL;
  g_autoptr (GString) text = g_string_new (NULL);

  c2l_library_list_collections_async (f->library, NULL, library_answer, &result);
  library_wait (&result);
  collections = c2l_library_list_collections_finish (f->library, result, NULL);
  g_clear_object (&result);
  for (guint i = 0; i < collections->len; i++)
    {
      const C2lCollection *collection = g_ptr_array_index (collections, i);

      g_string_append_printf (text, "%s:%u ", collection->name, collection->n_pictures);
    }
  g_assert_cmpstr (text->str, ==, expected);
}

static void
test_collections (LibraryFixture *f, gconstpointer data)
{
  g_autofree char *first = library_add (f->library, "first", "m", 0, 1, 10, NULL);
  g_autofree char *second = library_add (f->library, "second", "m", 0, 2, 10, NULL);
  g_autoptr (GError) error = NULL;
  gint64 birds = create (f, "Vögel", &error), album = create (f, "Album", &error);
  C2lLibraryQuery query = { .collection = birds };
  g_autofree char *both = NULL, *one = NULL;
  GAsyncResult *result = NULL;

  g_assert_no_error (error);
  g_assert_cmpint (birds, !=, album);
  g_assert_true (collect (f, birds, first, TRUE, &error));
  g_assert_true (collect (f, birds, first, TRUE, &error));
  g_assert_true (collect (f, birds, second, TRUE, &error));
  assert_collections (f, "Album:0 Vögel:2 ");
  both = library_list_text (f->library, &query);
  g_assert_cmpstr (both, ==, "second,first");

  library_trash (f->library, first, TRUE);
  assert_collections (f, "Album:0 Vögel:1 ");
  library_trash (f->library, first, FALSE);
  g_assert_true (collect (f, birds, first, FALSE, &error));
  one = library_list_text (f->library, &query);
  g_assert_cmpstr (one, ==, "second");

  c2l_library_rename_collection_async (f->library, birds, "Aare", NULL, library_answer, &result);
  g_assert_true (library_write (f->library, &result, &error));
  assert_collections (f, "Aare:1 Album:0 ");
  c2l_library_delete_collection_async (f->library, birds, NULL, library_answer, &result);
  g_assert_true (library_write (f->library, &result, &error));
  assert_collections (f, "Album:0 ");
  g_assert_cmpint (library_count (f->library), ==, 2);

  g_assert_true (collect (f, album, second, TRUE, &error));
  library_trash (f->library, second, TRUE);
  purge (f, G_MAXINT64);
  assert_collections (f, "Album:0 ");
}

static void
test_collections_refuse (LibraryFixture *f, gconstpointer data)
{
  g_autofree char *uid = library_add (f->library, "first", "m", 0, 1, 10, NULL);
  gint64 album = create (f, "Album", NULL);
  g_autoptr (GError) taken = NULL, renamed = NULL, unknown = NULL, nowhere = NULL;
  GAsyncResult *result = NULL;

  g_assert_cmpint (create (f, "album", &taken), ==, 0);
  g_assert_error (taken, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_TAKEN);
  g_assert_nonnull (strstr (taken->message, "“album”"));
  g_assert_cmpint (create (f, "Birds", NULL), !=, 0);
  c2l_library_rename_collection_async (f->library, album, "birds", NULL, library_answer, &result);
  g_assert_false (library_write (f->library, &result, &renamed));
  g_assert_error (renamed, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_TAKEN);
  c2l_library_rename_collection_async (f->library, 999, "other", NULL, library_answer, &result);
  g_assert_false (library_write (f->library, &result, &unknown));
  g_assert_error (unknown, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_UNKNOWN);
  g_assert_false (collect (f, 999, uid, TRUE, &nowhere));
  g_assert_error (nowhere, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_UNKNOWN);
  assert_collections (f, "Album:0 Birds:0 ");
}

/* --- numbers, waiting, closing --- */

static void
test_statistics (LibraryFixture *f, gconstpointer data)
{
  g_autofree char *first = library_add (f->library, "first", "m", 0, 1, 10, NULL);
  g_autofree char *second = library_add (f->library, "second", "m", 0, 2, 10, NULL);
  g_autofree char *third = library_add (f->library, "third", "m", 0, 3, 100000, NULL);
  g_autofree char *path = keep (f, first);
  g_autofree C2lLibraryStatistics *statistics = NULL;
  GAsyncResult *result = NULL;
  GStatBuf status;

  library_set_favourite (f->library, first, TRUE);
  library_set_favourite (f->library, second, TRUE);
  library_trash (f->library, second, TRUE);
  c2l_library_load_statistics_async (f->library, NULL, library_answer, &result);
  library_wait (&result);
  statistics = c2l_library_load_statistics_finish (f->library, result, NULL);
  g_clear_object (&result);
  g_assert_cmpuint (statistics->n_pictures, ==, 2);
  g_assert_cmpuint (statistics->n_favourites, ==, 1);
  g_assert_cmpuint (statistics->n_trashed, ==, 1);
  library_close (f);
  g_assert_cmpint (g_stat (f->path, &status), ==, 0);
  g_assert_cmpuint (statistics->bytes, ==, status.st_size + strlen ("a picture"));
}

static void
count_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  guint *n = data;

  g_assert_true (c2l_library_write_finish (C2L_LIBRARY (source), result, &error));
  (*n)++;
}

/* Closing does everything that was asked for, and does not run the main context while it waits. */
static void
test_closing_waits_for_writes (LibraryFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) entries
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_library_entry_unref);
  g_autoptr (GPtrArray) recipes = g_ptr_array_new ();
  g_autoptr (C2lRecipe) recipe = library_new_recipe ("x", "m", 0);
  g_autoptr (GError) error = NULL;
  g_autofree char *n_rows = NULL;
  const char *const nobody[] = { "nobody", NULL };
  GAsyncResult *result = NULL;
  guint n = 0;

  g_ptr_array_add (recipes, recipe);
  for (int i = 0; i < 50; i++)
    {
      g_ptr_array_add (entries, c2l_library_entry_new (recipe, NULL));
      c2l_library_add_async (f->library, entries, recipes, NULL, count_answer, &n);
      g_ptr_array_set_size (entries, 0);
    }
  c2l_library_flush (f->library);
  g_assert_cmpuint (n, ==, 0);
  n_rows = library_read_sql (f->path, "SELECT count (*) FROM pictures");
  g_assert_cmpstr (n_rows, ==, "50");
  c2l_library_close (f->library);
  c2l_library_close (f->library);
  while (n < 50)
    g_main_context_iteration (NULL, TRUE);

  c2l_library_set_favourite_async (f->library, nobody, TRUE, NULL, library_answer, &result);
  g_assert_false (library_write (f->library, &result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  c2l_library_flush (f->library);
}

static void
count_and_unref (GObject *source, GAsyncResult *result, gpointer data)
{
  guint *n = data;

  g_free (c2l_library_load_statistics_finish (C2L_LIBRARY (source), result, NULL));
  (*n)++;
  g_object_unref (source);
}

/* Let go by its last answer, without being closed. */
static void
test_may_be_let_go_at_any_time (LibraryFixture *f, gconstpointer data)
{
  for (int i = 0; i < 50; i++)
    {
      g_autofree char *notice = NULL;
      C2lLibrary *library = c2l_library_open (f->path, &notice);
      guint n = 0;

      c2l_library_load_statistics_async (library, NULL, count_and_unref, &n);
      while (n == 0)
        g_main_context_iteration (NULL, TRUE);
    }
}

static void
test_cancelled_before_it_ran (LibraryFixture *f, gconstpointer data)
{
  const C2lLibraryQuery all = { 0 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GAsyncResult *result = NULL;
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  c2l_library_list_async (f->library, &all, cancellable, library_answer, &result);
  library_wait (&result);
  g_assert_null (c2l_library_list_finish (f->library, result, &error));
  g_clear_object (&result);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* The window and c2l --keep at the same time. */
static void
test_two_write_into_one_file (LibraryFixture *f, gconstpointer data)
{
  g_autofree char *notice = NULL;
  C2lLibrary *other = c2l_library_open (f->path, &notice);

  g_assert_null (notice);
  for (int i = 0; i < 20; i++)
    g_free (library_add (i % 2 == 0 ? f->library : other, "x", "m", 0, 0, 3000, NULL));
  g_assert_cmpint (library_count (f->library), ==, 20);
  g_assert_cmpint (library_count (other), ==, 20);
  c2l_library_close (other);
  g_object_unref (other);
  g_assert_cmpint (library_count (f->library), ==, 20);
}

/* --- speed, by the plans that SQLite makes --- */

static char *
dup_plan (sqlite3 *db, sqlite3_stmt *statement)
{
  g_autofree char *sql = g_strconcat ("EXPLAIN QUERY PLAN ", sqlite3_sql (statement), NULL);
  sqlite3_stmt *explain = c2l_library_db_prepare (db, sql, NULL);
  GString *plan = g_string_new (NULL);

  while (c2l_library_db_step (db, explain, NULL))
    g_string_append_printf (plan, "%s; ", sqlite3_column_text (explain, 3));
  sqlite3_finalize (explain);
  sqlite3_finalize (statement);
  return g_string_free (plan, FALSE);
}

static void
test_lists_use_indices (void)
{
  static const struct
  {
    C2lLibraryQuery query;
    const char *index;
    gboolean sorts;
  } cases[] = {
    { { .limit = 50 }, "pictures_by_created", FALSE },
    { { .limit = 50, .order = C2L_LIBRARY_BEST }, "pictures_by_score", FALSE },
    { { .limit = 50, .from = 5, .to = 7 }, "pictures_by_created", FALSE },
    { { .limit = 50, .favourites = TRUE }, "favourite_pictures", FALSE },
    { { .limit = 50, .model = "m" }, "pictures_by_model", FALSE },
    { { .limit = 50, .text = "beard" }, "prompts VIRTUAL TABLE INDEX", TRUE },
    { { .limit = 50, .collection = 3 }, "PRIMARY KEY", TRUE },
  };
  sqlite3 *db = c2l_library_db_open (NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *list
          = dup_plan (db, c2l_library_db_prepare_list (db, &cases[i].query, NULL));
      g_autofree char *count
          = dup_plan (db, c2l_library_db_prepare_count (db, &cases[i].query, NULL));

      g_test_message ("%s", list);
      g_assert_nonnull (strstr (list, cases[i].index));
      g_assert_null (strstr (list, "SCAN pictures"));
      g_assert_null (strstr (count, "SCAN pictures"));
      g_assert_cmpint (strstr (list, "TEMP B-TREE") != NULL, <=, cases[i].sorts);
    }
  sqlite3_close (db);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, function)                                                                        \
  g_test_add ("/library/" name, LibraryFixture, NULL, library_set_up, function, library_tear_down)
  ADD ("round-trip", test_round_trip);
  ADD ("batch-is-whole-or-not-there", test_batch_is_whole_or_not_there);
  ADD ("edits-replace", test_edits_replace);
  ADD ("search/finds-in-any-script", test_search_finds);
  ADD ("search/text-is-only-text", test_search_text_is_only_text);
  ADD ("lists/filters-and-orders", test_filters_and_orders);
  ADD ("lists/prompts-complete", test_prompts_complete);
  g_test_add_func ("/library/lists/use-indices", test_lists_use_indices);
  ADD ("trash/gives-back", test_trash_gives_back);
  ADD ("trash/purge-takes-what-is-old-enough", test_purge_takes_what_is_old_enough);
  ADD ("trash/delete-takes-only-what-is-in-it", test_delete_takes_only_what_is_in_the_trash);
  ADD ("trash/clear-spares-favourites", test_clear_spares_favourites);
  ADD ("files/go-with-their-pictures", test_files_go_with_their_pictures);
  ADD ("files/forgotten-ones-go-later", test_forgotten_files_go_later);
  ADD ("files/uids-lead-nowhere-else", test_uids_lead_nowhere_else);
  ADD ("collections/work", test_collections);
  ADD ("collections/refuse", test_collections_refuse);
  ADD ("statistics", test_statistics);
  ADD ("closing-waits-for-writes", test_closing_waits_for_writes);
  ADD ("may-be-let-go-at-any-time", test_may_be_let_go_at_any_time);
  ADD ("cancelled-before-it-ran", test_cancelled_before_it_ran);
  ADD ("two-write-into-one-file", test_two_write_into_one_file);
  return g_test_run ();
}
