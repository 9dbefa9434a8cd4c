/* The library and what can go wrong with its file: older, newer, foreign, broken, read-only, full.
 * The artist can always work on, is told, and no file is lost. "--read-only FILE" is a child that
 * may not write there. */
#include "library-fixture.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define NOBODY 65534

/* --- what each test looks at --- */

static char *
read_file (const char *path, gsize *size)
{
  g_autoptr (GError) error = NULL;
  char *contents = NULL;

  g_file_get_contents (path, &contents, size, &error);
  g_assert_no_error (error);
  return contents;
}

/* The one file in the folder whose name begins so, or NULL. */
static char *
find_file (LibraryFixture *f, const char *prefix)
{
  g_autoptr (GDir) dir = g_dir_open (f->folder, 0, NULL);
  const char *name;
  char *found = NULL;

  while ((name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_prefix (name, prefix) && g_str_has_suffix (name, ".sqlite"))
      {
        g_assert_null (found);
        found = g_build_filename (f->folder, name, NULL);
      }
  return found;
}

static void
assert_works (LibraryFixture *f)
{
  const C2lLibraryQuery query = { .text = "just now" };
  gssize before = library_count (f->library);
  g_autoptr (GError) error = NULL;
  g_autofree char *uid = library_add (f->library, "just now", "m", 0, 0, 5000, &error);
  g_autofree char *found = NULL;

  g_assert_no_error (error);
  g_assert_nonnull (uid);
  g_assert_cmpint (library_count (f->library), ==, before + 1);
  found = library_list_text (f->library, &query);
  g_assert_cmpstr (found, ==, "just now");
}

/* Opens, and expects that nothing is kept and that @words say why. */
static void
assert_opens_in_memory (LibraryFixture *f, const char *words)
{
  g_autofree char *notice = library_open (f);

  g_assert_nonnull (notice);
  g_assert_nonnull (strstr (notice, "Pictures are not kept when the program ends"));
  g_assert_nonnull (strstr (notice, words));
  g_assert_true (c2l_library_is_temporary (f->library));
  g_assert_null (c2l_library_dup_picture_path (f->library, "11111111-1111-4111-8111-111111111111"));
  assert_works (f);
  library_close (f);
}

/* Opens, and expects that what was there was set aside as it was, and that a new one was begun. */
static void
assert_sets_aside (LibraryFixture *f)
{
  gsize before, after;
  g_autofree char *was = read_file (f->path, &before), *notice = library_open (f);
  g_autofree char *aside = find_file (f, "library-broken-"), *is = NULL, *again = NULL;
  gssize n;

  g_assert_nonnull (notice);
  g_assert_nonnull (aside);
  g_assert_nonnull (strstr (notice, aside));
  is = read_file (aside, &after);
  g_assert_cmpmem (was, before, is, after);
  g_assert_false (c2l_library_is_temporary (f->library));
  assert_works (f);
  n = library_count (f->library);
  library_close (f);
  again = library_open (f);
  g_assert_null (again);
  g_assert_cmpint (library_count (f->library), ==, n);
  library_close (f);
}

/* Some hundred pages, of every kind. */
static void
fill (LibraryFixture *f, int n)
{
  for (int i = 0; i < n; i++)
    {
      g_autofree char *prompt = g_strdup_printf ("picture %d of a man", i);

      g_free (library_add (f->library, prompt, "faces", 0.5, 0, 9000, NULL));
    }
}

/* --- older ones --- */

/* Version 1 as it was first written. */
static const char version_1[]
    = "CREATE TABLE pictures (id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, created INTEGER "
      "NOT NULL,"
      " prompt TEXT, words TEXT, model TEXT NOT NULL, generator TEXT, score REAL,"
      " favourite INTEGER NOT NULL DEFAULT 0, trashed INTEGER, kept INTEGER NOT NULL DEFAULT 0);"
      "CREATE TABLE thumbnails (picture INTEGER PRIMARY KEY REFERENCES pictures (id) ON DELETE "
      "CASCADE,"
      " bytes BLOB NOT NULL);"
      "CREATE TABLE recipes (picture INTEGER PRIMARY KEY REFERENCES pictures (id) ON DELETE "
      "CASCADE,"
      " json TEXT NOT NULL);"
      "CREATE TABLE discarded (uid TEXT PRIMARY KEY) WITHOUT ROWID;"
      "CREATE INDEX pictures_by_created ON pictures (trashed, created);"
      "CREATE INDEX pictures_by_score ON pictures (trashed, score);"
      "CREATE INDEX pictures_by_model ON pictures (trashed, model, created);"
      "CREATE INDEX favourite_pictures ON pictures (trashed, created) WHERE favourite;"
      "CREATE VIRTUAL TABLE prompts USING fts5 (words, content='pictures', content_rowid='id',"
      " tokenize='trigram case_sensitive 1');"
      "PRAGMA application_id = 0x636c326c; PRAGMA user_version = 1;";

static void
make_version_1 (LibraryFixture *f)
{
  g_autoptr (C2lRecipe) recipe = library_new_recipe ("An Old One", "faces", 0);
  g_autofree char *json = c2l_recipe_to_json (recipe);
  char *sql;

  library_close (f);
  g_unlink (f->path);
  library_run_sql (f->path, version_1);
  sql = sqlite3_mprintf (
      "INSERT INTO pictures (uid, created, prompt, words, model, favourite) VALUES ('old', 5, "
      "'An Old One', 'an old one', 'faces', 1);"
      "INSERT INTO prompts (rowid, words) SELECT id, words FROM pictures;"
      "INSERT INTO recipes SELECT id, %Q FROM pictures;",
      json);
  library_run_sql (f->path, sql);
  sqlite3_free (sql);
}

static void
assert_old_one_is_there (LibraryFixture *f)
{
  const C2lLibraryQuery query = { .text = "OLD", .favourites = TRUE };
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lRecipe) recipe = library_load_recipe (f->library, "old", &error);
  g_autofree char *found = library_list_text (f->library, &query);

  g_assert_no_error (error);
  g_assert_cmpstr (recipe->prompt, ==, "An Old One");
  g_assert_cmpstr (found, ==, "An Old One");
}

static gint64
create_collection (LibraryFixture *f, const char *name)
{
  GAsyncResult *result = NULL;
  gint64 id;

  c2l_library_create_collection_async (f->library, name, NULL, library_answer, &result);
  library_wait (&result);
  id = c2l_library_create_collection_finish (f->library, result, NULL);
  g_clear_object (&result);
  return id;
}

static void
test_version_1_migrates (LibraryFixture *f, gconstpointer data)
{
  const char *const uids[] = { "old", NULL };
  C2lLibraryQuery query = { 0 };
  g_autofree char *notice = NULL, *version = NULL, *listed = NULL;
  GAsyncResult *result = NULL;

  make_version_1 (f);
  notice = library_open (f);
  g_assert_null (notice);
  assert_old_one_is_there (f);
  assert_works (f);
  query.collection = create_collection (f, "Album");
  c2l_library_collect_async (f->library, query.collection, uids, TRUE, NULL, library_answer,
                             &result);
  g_assert_true (library_write (f->library, &result, NULL));
  listed = library_list_text (f->library, &query);
  g_assert_cmpstr (listed, ==, "An Old One");
  library_close (f);
  version = library_read_sql (f->path, "PRAGMA user_version");
  g_assert_cmpstr (version, ==, G_STRINGIFY (C2L_LIBRARY_SCHEMA));
  g_assert_null (find_file (f, "library-broken-"));
}

/* The tables of one that is new and of one that was migrated. */
static void
test_old_and_new_are_alike (LibraryFixture *f, gconstpointer data)
{
  static const char sql[]
      = "SELECT group_concat (replace (replace (sql, ' ', ''), char (10), '')) FROM "
        "(SELECT sql FROM sqlite_schema ORDER BY name)";
  g_autofree char *fresh = NULL, *migrated = NULL, *notice = NULL;

  library_close (f);
  fresh = library_read_sql (f->path, sql);
  make_version_1 (f);
  notice = library_open (f);
  library_close (f);
  migrated = library_read_sql (f->path, sql);
  g_assert_cmpstr (fresh, ==, migrated);
}

/* --- full disks --- */

/* No file may grow beyond @size bytes, whoever runs this: writes fail as on a full disk. */
static void
limit_files (rlim_t size)
{
  const struct rlimit limit = { size, RLIM_INFINITY };

  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
}

static void
test_full_disk_when_migrating (LibraryFixture *f, gconstpointer data)
{
  gsize before, after;
  g_autofree char *was = NULL, *is = NULL, *notice = NULL, *again = NULL;
  gboolean temporary, has_notice;

  make_version_1 (f);
  was = read_file (f->path, &before);
  limit_files (4096);
  f->library = c2l_library_open (f->path, &notice);
  temporary = c2l_library_is_temporary (f->library);
  has_notice = notice != NULL;
  library_close (f);
  limit_files (RLIM_INFINITY);
  g_test_message ("%s", notice);
  g_assert_true (temporary && has_notice);
  is = read_file (f->path, &after);
  g_assert_cmpmem (was, before, is, after);
  again = library_open (f);
  g_assert_null (again);
  assert_old_one_is_there (f);
}

static void
test_full_disk_from_the_start (LibraryFixture *f, gconstpointer data)
{
  g_autofree char *notice = NULL;
  gboolean temporary;

  library_close (f);
  g_unlink (f->path);
  limit_files (100);
  f->library = c2l_library_open (f->path, &notice);
  temporary = c2l_library_is_temporary (f->library);
  limit_files (RLIM_INFINITY);
  g_assert_nonnull (notice);
  g_assert_true (temporary);
  assert_works (f);
}

static gpointer
run_limit_pages (sqlite3 *db, gpointer data, GError **error)
{
  g_autofree char *sql = g_strdup_printf ("PRAGMA max_page_count = %d", GPOINTER_TO_INT (data));

  g_assert_true (c2l_library_db_exec (db, sql, error));
  return db;
}

/* How the connection sees a disk that is full at once, and one that has room again. */
static void
limit_pages (LibraryFixture *f, int n)
{
  GAsyncResult *result = NULL;

  c2l_library_push (f->library, C2L_LIBRARY_READS, run_limit_pages, GINT_TO_POINTER (n), NULL, NULL,
                    NULL, library_answer, &result);
  library_wait (&result);
  g_clear_object (&result);
}

static char *
add_refused (LibraryFixture *f, const char *prompt)
{
  g_autoptr (C2lRecipe) recipe = library_new_recipe (prompt, "m", 0);
  g_autofree guint8 *bytes = g_malloc0 (200000);
  g_autoptr (GBytes) thumbnail = g_bytes_new (bytes, 200000);
  g_autoptr (C2lLibraryEntry) entry = c2l_library_entry_new (recipe, thumbnail);
  g_autoptr (GPtrArray) entries = g_ptr_array_new (), recipes = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;

  g_ptr_array_add (entries, entry);
  g_ptr_array_add (recipes, recipe);
  c2l_library_add_async (f->library, entries, recipes, NULL, library_answer, &result);
  g_assert_false (library_write (f->library, &result, &error));
  g_assert_error (error, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "make room"));
  return g_strdup (entry->uid);
}

/* What was done on a full disk is stored, in its order, when there is room. */
static void
test_full_disk_loses_nothing (LibraryFixture *f, gconstpointer data)
{
  const C2lLibraryQuery all = { 0 }, favourites = { .favourites = TRUE };
  g_autofree char *first = library_add (f->library, "first", "m", 0, 1, 10, NULL);
  g_autofree char *second = NULL, *third = NULL, *while_full = NULL, *then = NULL, *liked = NULL;
  const char *uids[] = { NULL, NULL };
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;

  limit_pages (f, 1);
  second = add_refused (f, "second");
  third = add_refused (f, "third");
  uids[0] = third;
  c2l_library_set_favourite_async (f->library, uids, TRUE, NULL, library_answer, &result);
  g_assert_false (library_write (f->library, &result, &error));
  while_full = library_list_text (f->library, &all);
  g_assert_cmpstr (while_full, ==, "first");

  limit_pages (f, 1000000);
  g_free (library_add (f->library, "fourth", "m", 0, G_MAXINT64, 10, NULL));
  then = library_list_text (f->library, &all);
  g_assert_cmpstr (then, ==, "fourth,third,second,first");
  liked = library_list_text (f->library, &favourites);
  g_assert_cmpstr (liked, ==, "third");
}

static void
test_full_disk_is_tried_again_when_closing (LibraryFixture *f, gconstpointer data)
{
  const C2lLibraryQuery all = { 0 };
  g_autofree char *uid = NULL, *notice = NULL, *listed = NULL;

  limit_pages (f, 1);
  uid = add_refused (f, "late");
  limit_pages (f, 1000000);
  library_close (f);
  notice = library_open (f);
  listed = library_list_text (f->library, &all);
  g_assert_cmpstr (listed, ==, "late");
}

/* --- places where nothing can be written --- */

static void
test_nowhere_to_write (LibraryFixture *f, gconstpointer data)
{
  g_autofree char *file = g_build_filename (f->folder, "file", NULL);
  char *path = f->path;

  library_close (f);
  g_assert_true (g_file_set_contents (file, "x", -1, NULL));
  f->path = g_build_filename (file, "library.sqlite", NULL);
  assert_opens_in_memory (f, file);
  g_free (f->path);
  f->path = g_strdup ("/proc/self/library.sqlite");
  assert_opens_in_memory (f, "make its folder writable");
  g_free (f->path);
  f->path = path;
}

/* A child that has no rights, whoever runs the test. */
static int
check_read_only (const char *path)
{
  LibraryFixture f = { .path = (char *) path, .notices = g_ptr_array_new_with_free_func (g_free) };

  if (geteuid () == 0)
    g_assert_cmpint (setresuid (NOBODY, NOBODY, NOBODY), ==, 0);
  /* Sanitizers look at their own process. */
  prctl (PR_SET_DUMPABLE, 1);
  assert_opens_in_memory (&f, "writable");
  g_ptr_array_unref (f.notices);
  return 0;
}

static void
test_read_only_folder (LibraryFixture *f, gconstpointer program)
{
  gsize before, after;
  g_autofree char *was = NULL, *is = NULL, *notice = NULL;
  g_autoptr (GSubprocess) child = NULL;
  g_autoptr (GError) error = NULL;

  fill (f, 2);
  library_close (f);
  was = read_file (f->path, &before);
  g_assert_cmpint (g_chmod (f->path, 0444), ==, 0);
  g_assert_cmpint (g_chmod (f->folder, 0555), ==, 0);
  child = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, program, "--read-only", f->path, NULL);
  g_assert_no_error (error);
  g_subprocess_wait_check (child, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_chmod (f->folder, 0755), ==, 0);
  g_assert_cmpint (g_chmod (f->path, 0644), ==, 0);
  is = read_file (f->path, &after);
  g_assert_cmpmem (was, before, is, after);
  notice = library_open (f);
  g_assert_null (notice);
  g_assert_cmpint (library_count (f->library), ==, 2);
}

/* --- files of others --- */

static void
test_others_are_left_alone (LibraryFixture *f, gconstpointer data)
{
  static const struct
  {
    const char *sql, *words;
  } cases[] = {
    { "PRAGMA user_version = 3", "newer version" },
    { "CREATE TABLE from_the_future (x); PRAGMA user_version = 2147483647", "newer version" },
    { "PRAGMA application_id = 77", "another program" },
    { "PRAGMA application_id = 0", "another program" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gsize before, after;
      g_autofree char *was = NULL, *is = NULL, *notice = NULL;

      library_close (f);
      g_unlink (f->path);
      notice = library_open (f);
      fill (f, 2);
      library_close (f);
      library_run_sql (f->path, cases[i].sql);
      was = read_file (f->path, &before);
      assert_opens_in_memory (f, cases[i].words);
      is = read_file (f->path, &after);
      g_assert_cmpmem (was, before, is, after);
      g_assert_null (find_file (f, "library-broken-"));
    }
}

static void
test_locked_file_is_not_taken_for_broken (LibraryFixture *f, gconstpointer data)
{
  sqlite3 *other = NULL;
  g_autofree char *notice = NULL;

  fill (f, 2);
  library_close (f);
  g_assert_cmpint (sqlite3_open (f->path, &other), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (other, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
  notice = library_open (f);
  g_assert_null (notice);
  g_assert_cmpint (library_count (f->library), ==, 2);
  sqlite3_close (other);
  assert_works (f);
}

/* --- broken ones --- */

static void
test_no_database_at_all (LibraryFixture *f, gconstpointer data)
{
  static const char *const contents[] = {
    "Dear diary,\ntoday I drew a cat.\n",
    "SQLite format 3",
    "SQLite format 3\0and then something else",
  };
  g_autofree char *garbage = g_malloc (100000);

  library_close (f);
  for (int i = 0; i < 100000; i++)
    garbage[i] = i * 7919 >> 3;
  for (guint i = 0; i <= G_N_ELEMENTS (contents); i++)
    {
      gboolean is_last = i == G_N_ELEMENTS (contents);
      g_autofree char *aside = NULL;

      g_assert_true (g_file_set_contents (
          f->path, is_last ? garbage : contents[i],
          is_last ? 100000 : (gssize) strlen (contents[i]) + (i == 2 ? 24 : 0), NULL));
      assert_sets_aside (f);
      aside = find_file (f, "library-broken-");
      g_unlink (aside);
    }
}

static void
test_empty_file_is_a_new_library (LibraryFixture *f, gconstpointer data)
{
  g_autofree char *notice = NULL;

  library_close (f);
  g_assert_true (g_file_set_contents (f->path, "", 0, NULL));
  notice = library_open (f);
  g_assert_null (notice);
  g_assert_false (c2l_library_is_temporary (f->library));
  assert_works (f);
}

static void
test_folder_in_its_place (LibraryFixture *f, gconstpointer data)
{
  library_close (f);
  g_unlink (f->path);
  g_assert_cmpint (g_mkdir (f->path, 0755), ==, 0);
  assert_opens_in_memory (f, f->path);
  g_assert_true (g_file_test (f->path, G_FILE_TEST_IS_DIR));
}

static void
test_two_broken_ones_are_both_kept (LibraryFixture *f, gconstpointer data)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;
  int n = 0;

  library_close (f);
  for (int i = 0; i < 2; i++)
    {
      g_autofree char *notice = NULL;

      g_assert_true (g_file_set_contents (f->path, "broken in some way", -1, NULL));
      notice = library_open (f);
      g_assert_nonnull (notice);
      library_close (f);
    }
  dir = g_dir_open (f->folder, 0, NULL);
  while ((name = g_dir_read_name (dir)) != NULL)
    n += g_str_has_prefix (name, "library-broken-") && g_str_has_suffix (name, ".sqlite");
  g_assert_cmpint (n, ==, 2);
}

static gssize
count_in_file (LibraryFixture *f)
{
  g_autofree char *n = library_read_sql (f->path, "SELECT count (*) FROM pictures");

  return g_ascii_strtoll (n, NULL, 10);
}

static void
test_cut_off_file (LibraryFixture *f, gconstpointer data)
{
  gsize size;
  g_autofree char *contents = NULL;
  gssize n_rescued = 0;

  fill (f, 20);
  library_close (f);
  contents = read_file (f->path, &size);
  for (int i = 1; i < 8; i++)
    {
      g_autofree char *aside = NULL;

      g_test_message ("%" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " bytes", size * i / 8, size);
      g_assert_true (g_file_set_contents (f->path, contents, size * i / 8, NULL));
      assert_sets_aside (f);
      n_rescued += count_in_file (f) - 1;
      aside = find_file (f, "library-broken-");
      g_unlink (aside);
    }
  g_assert_cmpint (n_rescued, >, 0);
}

/* Tables that are ours by name and not by what is in them. */
static void
test_changed_tables (LibraryFixture *f, gconstpointer data)
{
  static const char *const sql[] = {
    "PRAGMA user_version = 0",
    "PRAGMA user_version = -7",
    "PRAGMA user_version = 1",
    "DROP TABLE recipes",
    "DROP TABLE prompts",
    "ALTER TABLE pictures DROP COLUMN words",
    "ALTER TABLE collections RENAME TO albums",
    "CREATE TRIGGER loses_all AFTER INSERT ON pictures BEGIN DELETE FROM pictures; END",
    "ALTER TABLE pictures RENAME TO other; CREATE VIEW pictures AS SELECT * FROM other",
  };

  for (guint i = 0; i < G_N_ELEMENTS (sql); i++)
    {
      g_autofree char *notice = NULL, *aside = NULL;

      library_close (f);
      g_unlink (f->path);
      notice = library_open (f);
      fill (f, 2);
      library_close (f);
      g_test_message ("%s", sql[i]);
      library_run_sql (f->path, sql[i]);
      assert_sets_aside (f);
      aside = find_file (f, "library-broken-");
      g_unlink (aside);
    }
}

#define PAGE 4096
#define N_PICTURES 12

/* Every page of a library is overwritten in turn: whether that is seen at once, later or never, the
 * library goes on, and the rest of the pictures with it. */
static void
test_any_broken_page (LibraryFixture *f, gconstpointer data)
{
  const C2lLibraryQuery all = { 0 }, search = { .text = "just now" };
  gsize size;
  g_autofree char *contents = NULL;
  int n_pages, n_seen = 0, n_whole = 0;

  fill (f, N_PICTURES);
  library_close (f);
  contents = read_file (f->path, &size);
  n_pages = size / PAGE;
  g_assert_cmpint (n_pages, >, 40);
  for (int page = 0; page < n_pages; page++)
    {
      g_autofree char *broken = g_memdup2 (contents, size), *notice = NULL, *again = NULL,
                      *aside = NULL;
      g_autofree char *uid = NULL, *found = NULL;
      g_autoptr (GPtrArray) entries = NULL;
      gssize n;

      memset (broken + (gsize) page * PAGE, 0xa5, PAGE);
      g_assert_true (g_file_set_contents (f->path, broken, size, NULL));
      g_ptr_array_set_size (f->notices, 0);
      notice = library_open (f);
      entries = library_list (f->library, &all);
      uid = library_add (f->library, "just now", "m", 0, 0, 5000, NULL);
      g_assert_nonnull (uid);
      found = library_list_text (f->library, &search);
      g_assert_cmpstr (found, ==, "just now");
      n = library_count (f->library);
      g_assert_false (c2l_library_is_temporary (f->library));
      g_assert_cmpint (n, <=, N_PICTURES + 1);
      n_seen += notice != NULL || f->notices->len > 0;
      n_whole += n == N_PICTURES + 1;
      library_close (f);
      again = library_open (f);
      g_assert_null (again);
      g_assert_cmpint (library_count (f->library), ==, n);
      library_close (f);
      aside = find_file (f, "library-broken-");
      g_assert_cmpint (aside != NULL, ==, notice != NULL || f->notices->len > 0);
      if (aside != NULL)
        g_unlink (aside);
    }
  g_test_message ("of %d broken pages %d were met, %d cost no picture", n_pages, n_seen, n_whole);
  g_assert_cmpint (n_seen, >, n_pages / 2);
  g_assert_cmpint (n_whole, >, n_pages / 2);
}

/* The index of prompts is broken while the library is open: all pictures and collections are taken
 * over. */
static void
test_rescues_what_can_be_read (LibraryFixture *f, gconstpointer data)
{
  C2lLibraryQuery query = { 0 };
  g_autofree char *uid = NULL, *found = NULL, *notice = NULL, *aside = NULL, *sql = NULL;
  g_autoptr (GPtrArray) entries = NULL;
  const char *uids[] = { NULL, NULL };
  GAsyncResult *result = NULL;
  const C2lLibraryQuery search = { .text = "picture 3" }, all = { 0 };
  const C2lLibraryEntry *oldest;

  fill (f, N_PICTURES);
  uid = library_add (f->library, "the oldest", "faces", 0.5, 1, 9000, NULL);
  library_set_favourite (f->library, uid, TRUE);
  uids[0] = uid;
  query.collection = create_collection (f, "Album");
  c2l_library_collect_async (f->library, query.collection, uids, TRUE, NULL, library_answer,
                             &result);
  g_assert_true (library_write (f->library, &result, NULL));
  library_close (f);
  library_run_sql (f->path, "PRAGMA writable_schema = ON; UPDATE prompts_data SET block = "
                            "x'ffffffffffffffffffffffffffffffffffffffff'");
  notice = library_open (f);
  g_free (library_list_text (f->library, &search));
  g_assert_cmpuint (f->notices->len, ==, 1);
  aside = find_file (f, "library-broken-");
  g_assert_nonnull (aside);
  entries = library_list (f->library, &all);
  g_assert_cmpuint (entries->len, ==, N_PICTURES + 1);
  oldest = g_ptr_array_index (entries, N_PICTURES);
  g_assert_cmpstr (oldest->uid, ==, uid);
  g_assert_true (oldest->favourite);
  g_assert_cmpint (oldest->created, ==, 1);
  g_assert_cmpuint (g_bytes_get_size (oldest->thumbnail), ==, 9000);
  found = library_list_text (f->library, &query);
  g_assert_cmpstr (found, ==, "the oldest");
  assert_works (f);
}

int
main (int argc, char **argv)
{
  if (argc == 3 && strcmp (argv[1], "--read-only") == 0)
    return check_read_only (argv[2]);
  g_test_init (&argc, &argv, NULL);
#define ADD(name, function)                                                                        \
  g_test_add ("/library/" name, LibraryFixture, argv[0], library_set_up, function,                 \
              library_tear_down)
  ADD ("older/version-1-migrates", test_version_1_migrates);
  ADD ("older/and-new-are-alike", test_old_and_new_are_alike);
  ADD ("full-disk/when-migrating", test_full_disk_when_migrating);
  ADD ("full-disk/from-the-start", test_full_disk_from_the_start);
  ADD ("full-disk/loses-nothing", test_full_disk_loses_nothing);
  ADD ("full-disk/is-tried-again-when-closing", test_full_disk_is_tried_again_when_closing);
  ADD ("nowhere-to-write", test_nowhere_to_write);
  ADD ("read-only-folder", test_read_only_folder);
  ADD ("others/are-left-alone", test_others_are_left_alone);
  ADD ("locked-file-is-not-taken-for-broken", test_locked_file_is_not_taken_for_broken);
  ADD ("broken/no-database-at-all", test_no_database_at_all);
  ADD ("broken/empty-file-is-a-new-library", test_empty_file_is_a_new_library);
  ADD ("broken/folder-in-its-place", test_folder_in_its_place);
  ADD ("broken/two-are-both-kept", test_two_broken_ones_are_both_kept);
  ADD ("broken/cut-off-file", test_cut_off_file);
  ADD ("broken/changed-tables", test_changed_tables);
  ADD ("broken/any-page", test_any_broken_page);
  ADD ("broken/rescues-what-can-be-read", test_rescues_what_can_be_read);
  return g_test_run ();
}
