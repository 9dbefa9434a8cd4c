#include "library-fixture.h"

#include "scratch.h"

#include <glib/gstdio.h>
#include <string.h>

void
library_set_up (LibraryFixture *fixture, gconstpointer data)
{
  g_autofree char *notice = NULL;

  fixture->folder = g_dir_make_tmp ("c2l-library-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->folder, "library.sqlite", NULL);
  fixture->notices = g_ptr_array_new_with_free_func (g_free);
  notice = library_open (fixture);
  g_assert_null (notice);
}

void
library_tear_down (LibraryFixture *fixture, gconstpointer data)
{
  library_close (fixture);
  scratch_remove (fixture->folder);
  g_free (fixture->folder);
  g_free (fixture->path);
  g_ptr_array_unref (fixture->notices);
}

static void
on_changed (C2lLibrary *library, gpointer data)
{
  LibraryFixture *fixture = data;

  fixture->n_changes++;
}

static void
on_notice (C2lLibrary *library, const char *text, gpointer data)
{
  LibraryFixture *fixture = data;

  g_test_message ("notice: %s", text);
  g_ptr_array_add (fixture->notices, g_strdup (text));
}

char *
library_open (LibraryFixture *fixture)
{
  char *notice = NULL;

  fixture->library = c2l_library_open (fixture->path, &notice);
  g_assert_nonnull (fixture->library);
  g_signal_connect (fixture->library, "changed", G_CALLBACK (on_changed), fixture);
  g_signal_connect (fixture->library, "notice", G_CALLBACK (on_notice), fixture);
  if (notice != NULL)
    g_test_message ("when opened: %s", notice);
  return notice;
}

void
library_close (LibraryFixture *fixture)
{
  if (fixture->library == NULL)
    return;
  c2l_library_close (fixture->library);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (fixture->library);
  fixture->library = NULL;
}

void
library_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  GAsyncResult **place = data;

  *place = g_object_ref (result);
}

void
library_wait (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
}

gboolean
library_write (C2lLibrary *library, GAsyncResult **result, GError **error)
{
  gboolean ok;

  library_wait (result);
  ok = c2l_library_write_finish (library, *result, error);
  g_clear_object (result);
  return ok;
}

C2lRecipe *
library_new_recipe (const char *prompt, const char *model, double score)
{
  const float latent[] = { 0.25f, -1.5f, 3e-42f, 7 };
  C2lRecipe *recipe = c2l_recipe_new ();

  recipe->program = g_strdup ("0.0.1");
  recipe->model = g_strdup (model);
  recipe->prompt = g_strdup (prompt);
  recipe->seed = 42;
  recipe->has_score = score > 0;
  recipe->score = score;
  g_hash_table_insert (recipe->sha256, g_strdup ("generator"), g_strdup ("abc"));
  c2l_rows_set (&recipe->latent, 2, 2, latent);
  return recipe;
}

char *
library_add (C2lLibrary *library,
             const char *prompt,
             const char *model,
             double score,
             gint64 created,
             gsize n_bytes,
             GError **error)
{
  g_autoptr (C2lRecipe) recipe = library_new_recipe (prompt, model, score);
  g_autofree guint8 *bytes = g_malloc (n_bytes + 1);
  g_autoptr (GBytes) thumbnail = NULL;
  g_autoptr (C2lLibraryEntry) entry = NULL;
  g_autoptr (GPtrArray) entries = g_ptr_array_new (), recipes = g_ptr_array_new ();
  GAsyncResult *result = NULL;

  memset (bytes, 0x5a, n_bytes + 1);
  thumbnail = n_bytes > 0 ? g_bytes_new (bytes, n_bytes) : NULL;
  entry = c2l_library_entry_new (recipe, thumbnail);
  if (created != 0)
    entry->created = created;
  g_ptr_array_add (entries, entry);
  g_ptr_array_add (recipes, recipe);
  c2l_library_add_async (library, entries, recipes, NULL, library_answer, &result);
  return library_write (library, &result, error) ? g_strdup (entry->uid) : NULL;
}

void
library_trash (C2lLibrary *library, const char *uid, gboolean trashed)
{
  const char *const uids[] = { uid, NULL };
  GAsyncResult *result = NULL;
  g_autoptr (GError) error = NULL;

  c2l_library_trash_async (library, uids, trashed, NULL, library_answer, &result);
  library_write (library, &result, &error);
  g_assert_no_error (error);
}

void
library_set_favourite (C2lLibrary *library, const char *uid, gboolean favourite)
{
  const char *const uids[] = { uid, NULL };
  GAsyncResult *result = NULL;
  g_autoptr (GError) error = NULL;

  c2l_library_set_favourite_async (library, uids, favourite, NULL, library_answer, &result);
  library_write (library, &result, &error);
  g_assert_no_error (error);
}

GPtrArray *
library_list (C2lLibrary *library, const C2lLibraryQuery *query)
{
  GAsyncResult *result = NULL;
  g_autoptr (GError) error = NULL;
  GPtrArray *entries;

  c2l_library_list_async (library, query, NULL, library_answer, &result);
  library_wait (&result);
  entries = c2l_library_list_finish (library, result, &error);
  g_clear_object (&result);
  g_assert_no_error (error);
  return entries;
}

char *
library_list_text (C2lLibrary *library, const C2lLibraryQuery *query)
{
  g_autoptr (GPtrArray) entries = library_list (library, query);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < entries->len; i++)
    {
      const C2lLibraryEntry *entry = g_ptr_array_index (entries, i);

      g_string_append_printf (text, "%s%s", i > 0 ? "," : "", entry->prompt);
    }
  return g_string_free (text, FALSE);
}

gssize
library_count (C2lLibrary *library)
{
  const C2lLibraryQuery all = { 0 };
  GAsyncResult *result = NULL;
  g_autoptr (GError) error = NULL;
  gssize n;

  c2l_library_count_async (library, &all, NULL, library_answer, &result);
  library_wait (&result);
  n = c2l_library_count_finish (library, result, &error);
  g_clear_object (&result);
  g_assert_no_error (error);
  return n;
}

C2lRecipe *
library_load_recipe (C2lLibrary *library, const char *uid, GError **error)
{
  GAsyncResult *result = NULL;
  C2lRecipe *recipe;

  c2l_library_load_recipe_async (library, uid, NULL, library_answer, &result);
  library_wait (&result);
  recipe = c2l_library_load_recipe_finish (library, result, error);
  g_clear_object (&result);
  return recipe;
}

void
library_run_sql (const char *path, const char *sql)
{
  sqlite3 *db = NULL;
  char *message = NULL;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  sqlite3_exec (db, sql, NULL, NULL, &message);
  g_assert_cmpstr (message, ==, NULL);
  sqlite3_close (db);
}

char *
library_read_sql (const char *path, const char *sql)
{
  sqlite3 *db = NULL;
  sqlite3_stmt *statement = NULL;
  char *text;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (db, sql, -1, &statement, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  text = g_strdup ((const char *) sqlite3_column_text (statement, 0));
  sqlite3_finalize (statement);
  sqlite3_close (db);
  return text;
}
