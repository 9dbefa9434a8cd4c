/* Catalogues: the program's own, second ones, and hostile ones. */
#include "studio/catalogue-remote.h"
#include "studio/download.h"
#include "studio/published.h"

#include "http-server.h"
#include "scratch.h"

#include <glib/gstdio.h>
#include <string.h>

#define SUM "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af"

static const char *folder;

static char *
write_catalogue (const char *name, const char *text)
{
  char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  return path;
}

static C2lCatalogue *
get_own (void)
{
  g_autoptr (GError) error = NULL;
  C2lCatalogue *own = c2l_catalogue_get_own (&error);

  g_assert_no_error (error);
  return own;
}

/* --- the program's own --- */

static void
test_own (void)
{
  C2lCatalogue *own = get_own ();
  const C2lCatalogueModel *starter = c2l_catalogue_find_model (own, "starter");
  const C2lCatalogueModel *faces = c2l_catalogue_find_model (own, "faces");
  const C2lPublished *clip = c2l_catalogue_find_file (own, "ViT-B/32", C2L_PUBLISHED_CLIP);

  g_assert_true (c2l_catalogue_get_own (NULL) == own);
  g_assert_cmpuint (c2l_catalogue_get_models (own)->len, ==, 3);
  g_assert_cmpstr (starter->bundle, ==, "starter");
  g_assert_null (starter->files[C2L_PUBLISHED_GENERATOR]);
  for (int i = 0; starter->pictures[i] != NULL; i++)
    g_assert_true (g_file_test (starter->pictures[i], G_FILE_TEST_IS_REGULAR));
  g_assert_cmpuint (g_strv_length (starter->pictures), ==, 4);

  g_assert_cmpstr (faces->name, ==, "Faces");
  g_assert_true (faces->files[C2L_PUBLISHED_CLIP] == clip);
  g_assert_cmpstr (clip->sha256, ==, SUM);
  g_assert_cmpuint (c2l_catalogue_count_users (own, clip), ==, 2);
  g_assert_cmpuint (c2l_catalogue_count_users (own, faces->files[C2L_PUBLISHED_PRIOR]), ==, 1);
  g_assert_cmpuint (faces->licences->len, ==, 3);
  g_assert_cmpint (faces->defaults.steps, ==, 4);
  g_assert_null (c2l_catalogue_find_model (own, "nobody"));
}

/* What can be downloaded comes over https, and has a licence that can be read. */
static void
test_own_over_https (void)
{
  C2lCatalogue *own = get_own ();
  GPtrArray *files = c2l_catalogue_get_files (own), *models = c2l_catalogue_get_models (own);

  g_assert_cmpuint (files->len, >=, 7);
  for (guint i = 0; i < files->len; i++)
    {
      const C2lPublished *file = g_ptr_array_index (files, i);

      g_assert_true (g_str_has_prefix (file->url, "https://"));
      for (int j = 0; file->names[j] != NULL; j++)
        g_assert_true (c2l_published_find (file->names[j], file->kind) == file);
    }
  for (guint i = 0; i < models->len; i++)
    {
      const C2lCatalogueModel *model = g_ptr_array_index (models, i);

      for (guint j = 0; j < model->licences->len; j++)
        g_assert_nonnull (((C2lLicence *) g_ptr_array_index (model->licences, j))->url);
    }
  g_assert_null (c2l_published_find ("ViT-B/32", C2L_PUBLISHED_PRIOR));
}

static void
test_translated (void)
{
  if (g_test_subprocess ())
    {
      g_assert_cmpstr (c2l_catalogue_find_model (get_own (), "faces")->name, ==, "Gesichter");
      return;
    }
  g_setenv ("LANGUAGE", "de", TRUE);
  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  g_test_trap_subprocess (NULL, 0, 0);
  g_unsetenv ("LANGUAGE");
  g_test_trap_assert_passed ();
}

/* --- a second one --- */

#define FILE_OF(kind, name, more)                                                                  \
  "{\"kind\": \"" kind "\", \"names\": [\"" name "\"], \"file\": \"" name                          \
  ".bin\", \"url\": \"https://example.org/" name ".bin\"" more "}"
#define LICENCES                                                                                   \
  "\"licences\": [{\"covers\": \"All\", \"name\": \"CC0\", \"url\": \"https://example.org/\"}]"
#define MODEL_OF(id, parts)                                                                        \
  "{\"id\": \"" id "\", \"name\": \"A Name\", \"draws\": \"Cats.\", " parts ", " LICENCES "}"
#define CATALOGUE(files, models) "{\"format\": 1, \"files\": [" files "], \"models\": [" models "]}"
#define GOOD                                                                                       \
  CATALOGUE (FILE_OF ("generator", "cats", ", \"size\": 5, \"sha256\": \"" SUM "\""),              \
             MODEL_OF ("cats", "\"generator\": \"cats\", \"clip\": \"ViT-B/32\""))

static void
check_cats (C2lCatalogue *both)
{
  const C2lCatalogueModel *cats = c2l_catalogue_find_model (both, "cats");
  const C2lPublished *generator = cats->files[C2L_PUBLISHED_GENERATOR];
  g_autofree char *base = g_path_get_basename (generator->path);

  g_assert_cmpuint (c2l_catalogue_get_models (both)->len, ==, 4);
  g_assert_true (g_ptr_array_index (c2l_catalogue_get_models (both), 3) == cats);
  g_assert_cmpstr (cats->draws, ==, "Cats.");
  g_assert_cmpint (generator->size, ==, 5);
  g_assert_true (cats->files[C2L_PUBLISHED_CLIP]
                 == c2l_catalogue_find_file (get_own (), "ViT-B/32", C2L_PUBLISHED_CLIP));
  /* Under a name of its own, whatever others call theirs. */
  g_assert_true (g_str_has_suffix (base, "-cats.bin"));
  g_assert_cmpuint (strlen (base), >, strlen ("-cats.bin"));
}

static void
test_second (void)
{
  g_autofree char *path = write_catalogue ("second.json", GOOD);
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lCatalogue) both = c2l_catalogue_load (path, NULL, get_own (), &error);

  g_assert_no_error (error);
  check_cats (both);
}

/* The same address with another promise is another file in the cache. */
static void
test_cache_paths (void)
{
  g_autofree char *plain = c2l_catalogue_dup_cache_path ("https://a.org/x.pkl?y=1", NULL);
  g_autofree char *promised = c2l_catalogue_dup_cache_path ("https://a.org/x.pkl?y=1", SUM);
  g_autofree char *nasty = c2l_catalogue_dup_cache_path ("https://a.org/..%2f..", NULL);
  g_autofree char *base = g_path_get_basename (nasty);

  g_assert_cmpstr (plain, !=, promised);
  g_assert_true (g_str_has_suffix (plain, "-x.pkl"));
  g_assert_null (strchr (base, '/'));
}

/* --- hostile ones --- */

typedef struct
{
  const char *name, *text;
  const char *says; /* part of the error */
} Hostile;

#define CATS FILE_OF ("generator", "cats", "")
#define CAT_MODEL(more) MODEL_OF ("cats", "\"generator\": \"cats\"" more)

static const Hostile hostile[] = {
  { "no-json", "<html>", "JSON" },
  { "an-array", "[1]", "JSON" },
  { "another-format", "{\"format\": 2}", "format" },
  { "no-format", "{}", "format" },
  { "files-no-list", "{\"format\": 1, \"files\": 3}", "files" },
  { "entry-no-object", "{\"format\": 1, \"files\": [3]}", "files 1" },
  { "unknown-kind", CATALOGUE (FILE_OF ("program", "cats", ""), ""), "program" },
  { "no-names", CATALOGUE ("{\"kind\": \"clip\", \"names\": [], \"url\": \"https://a.org/b\"}", ""),
    "name" },
  { "name-of-another", CATALOGUE (FILE_OF ("clip", "ViT-B/32", ""), ""), "ViT-B/32" },
  { "name-twice", CATALOGUE (CATS "," CATS, ""), "cats" },
  { "name-with-controls", CATALOGUE (FILE_OF ("clip", "a\\u001bb", ""), ""), "names" },
  { "file-address",
    CATALOGUE ("{\"kind\": \"clip\", \"names\": [\"a\"], \"url\": "
               "\"file:///etc/passwd\"}",
               ""),
    "address" },
  { "no-address", CATALOGUE ("{\"kind\": \"clip\", \"names\": [\"a\"]}", ""), "address" },
  { "address-with-password",
    CATALOGUE ("{\"kind\": \"clip\", \"names\": [\"a\"], \"url\": "
               "\"https://me:secret@a.org/b\"}",
               ""),
    "address" },
  { "address-without-host",
    CATALOGUE ("{\"kind\": \"clip\", \"names\": [\"a\"], \"url\": \"https:///b\"}", ""),
    "address" },
  { "negative-size", CATALOGUE (FILE_OF ("clip", "a", ", \"size\": -1"), ""), "bytes" },
  { "no-size", CATALOGUE (FILE_OF ("clip", "a", ", \"size\": 0"), ""), "bytes" },
  { "endless-size", CATALOGUE (FILE_OF ("clip", "a", ", \"size\": 9223372036854775807"), ""),
    "bytes" },
  { "size-in-words", CATALOGUE (FILE_OF ("clip", "a", ", \"size\": \"12\""), ""), "bytes" },
  { "short-sum", CATALOGUE (FILE_OF ("clip", "a", ", \"sha256\": \"abc\""), ""), "SHA-256" },
  { "sum-of-other-letters",
    CATALOGUE (FILE_OF ("clip",
                        "a",
                        ", \"sha256\": "
                        "\"g0d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af\""),
               ""),
    "SHA-256" },
  { "id-with-slash", CATALOGUE (CATS, MODEL_OF ("../cats", "\"generator\": \"cats\"")), "id" },
  { "id-with-point", CATALOGUE (CATS, MODEL_OF (".cats", "\"generator\": \"cats\"")), "id" },
  { "no-id", CATALOGUE (CATS, MODEL_OF ("", "\"generator\": \"cats\"")), "id" },
  { "id-of-another", CATALOGUE (CATS, MODEL_OF ("faces", "\"generator\": \"cats\"")), "faces" },
  { "id-twice", CATALOGUE (CATS, CAT_MODEL ("") "," CAT_MODEL ("")), "cats" },
  { "no-generator", CATALOGUE (CATS, MODEL_OF ("cats", "\"clip\": \"ViT-B/32\"")), "generator" },
  { "unknown-generator", CATALOGUE ("", CAT_MODEL ("")), "cats" },
  { "file-of-another-kind", CATALOGUE (CATS, CAT_MODEL (", \"clip\": \"cats\"")), "cats" },
  { "prior-without-clip", CATALOGUE (CATS, CAT_MODEL (", \"prior\": \"ffhq-sg2-510\"")), "CLIP" },
  { "no-licence",
    CATALOGUE (CATS,
               "{\"id\": \"cats\", \"name\": \"A\", \"draws\": \"B\", \"generator\": "
               "\"cats\"}"),
    "licence" },
  { "licence-without-name",
    CATALOGUE (CATS,
               "{\"id\": \"cats\", \"name\": \"A\", \"draws\": \"B\", \"generator\": "
               "\"cats\", \"licences\": [{\"covers\": \"All\"}]}"),
    "name" },
  { "licence-elsewhere",
    CATALOGUE (CATS,
               "{\"id\": \"cats\", \"name\": \"A\", \"draws\": \"B\", \"generator\": "
               "\"cats\", \"licences\": [{\"covers\": \"All\", \"name\": \"X\", \"url\": "
               "\"javascript:alert(1)\"}]}"),
    "address" },
  { "program's-bundle", CATALOGUE (CATS, CAT_MODEL (", \"bundle\": \"starter\"")), "own" },
  { "program's-pictures", CATALOGUE (CATS, CAT_MODEL (", \"pictures\": [\"a.png\"]")), "own" },
  { "unknown-preprocessing", CATALOGUE (CATS, CAT_MODEL (", \"preprocess\": \"magic\"")), "magic" },
  { "unknown-sampler",
    CATALOGUE (CATS, CAT_MODEL (", \"defaults\": {\"steps\": 4, \"sampler\": \"magic\"}")),
    "defaults" },
  { "endless-guidance",
    CATALOGUE (CATS,
               CAT_MODEL (", \"defaults\": {\"steps\": 4, \"sampler\": \"ddim\", "
                          "\"guidance\": 1e999}")),
    "defaults" },
  { "text-that-turns",
    CATALOGUE (CATS,
               "{\"id\": \"cats\", \"name\": \"A\\u202ekram\", \"draws\": \"B\", "
               "\"generator\": \"cats\", " LICENCES "}"),
    "name" },
  { "text-of-half-a-pair",
    CATALOGUE (CATS,
               "{\"id\": \"cats\", \"name\": \"A\\ud800\", \"draws\": \"B\", "
               "\"generator\": \"cats\", " LICENCES "}"),
    "" },
  { "examples-no-lines", CATALOGUE (CATS, CAT_MODEL (", \"examples\": [[\"a\"]]")), "examples" },
};

static void
test_hostile (gconstpointer data)
{
  const Hostile *one = data;
  g_autofree char *path = write_catalogue ("hostile.json", one->text);
  g_autoptr (GError) error = NULL;

  g_assert_null (c2l_catalogue_load (path, NULL, get_own (), &error));
  g_assert_nonnull (error);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, "hostile.json"));
  g_assert_nonnull (strstr (error->message, one->says));
}

/* The program's own may name its files, but none outside of its folder. */
static void
test_hostile_files (void)
{
  static const char *const names[]
      = { "",        ".",      "..",          "../x", "a/b",    "/etc/passwd",
          ".hidden", "x.part", "x.part.json", "a b",  "a\\\\b", "ä" };
  static const char *const pictures[] = { "../x.png", "/x.png", "a//b.png", "a/../b.png", ".x" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *text = g_strdup_printf (
          CATALOGUE ("{\"kind\": \"clip\", \"names\": [\"a\"], \"file\": \"%s\", \"url\": "
                     "\"https://a.org/b\"}",
                     ""),
          names[i]);
      g_autofree char *path = write_catalogue ("own.json", text);

      g_test_message ("“%s”", names[i]);
      g_assert_null (c2l_catalogue_load (path, NULL, NULL, NULL));
    }
  for (guint i = 0; i < G_N_ELEMENTS (pictures); i++)
    {
      g_autofree char *text = g_strdup_printf (
          CATALOGUE (CATS, "{\"id\": \"cats\", \"name\": \"A\", \"draws\": \"B\", \"generator\": "
                           "\"cats\", \"pictures\": [\"%s\"], " LICENCES "}"),
          pictures[i]);
      g_autofree char *path = write_catalogue ("own.json", text);

      g_test_message ("“%s”", pictures[i]);
      g_assert_null (c2l_catalogue_load (path, NULL, NULL, NULL));
    }
}

static void
test_too_large (void)
{
  g_autofree char *spaces = g_strnfill (2 << 20, ' ');
  g_autofree char *path = write_catalogue ("large.json", spaces);
  g_autoptr (GError) error = NULL;

  g_assert_null (c2l_catalogue_load (path, NULL, get_own (), &error));
  g_assert_nonnull (strstr (error->message, "too large"));
}

/* --- at an address --- */

static C2lCatalogue *
open_both (const char *address, GError **second_error)
{
  g_autoptr (GError) error = NULL;
  C2lCatalogue *both = c2l_catalogue_open (address, second_error, &error);

  g_assert_no_error (error);
  return both;
}

static void
assert_only_own (const char *address)
{
  g_autoptr (GError) second_error = NULL;
  g_autoptr (C2lCatalogue) both = open_both (address, &second_error);

  g_assert_no_error (second_error);
  g_assert_true (both == get_own ());
}

static void
on_fetched (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static void
test_remote (void)
{
  HttpServer *server = http_server_new (GOOD, strlen (GOOD));
  g_autofree char *url = http_server_dup_url (server, "/good/catalogue.json");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lCatalogue) both = NULL, again = NULL;

  assert_only_own (NULL);
  assert_only_own ("");
  assert_only_own (url);
  c2l_catalogue_fetch_async (url, NULL, on_fetched, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (c2l_catalogue_fetch_finish (result, &error));
  g_assert_no_error (error);
  both = open_both (url, &error);
  g_assert_no_error (error);
  check_cats (both);
  /* Each time anew, as it may have changed. */
  g_assert_true (c2l_catalogue_fetch (url, NULL, &error));
  g_assert_cmpint (http_server_get_n_requests (server), ==, 2);

  /* Offline, the last one is good. */
  http_server_free (server);
  g_assert_false (c2l_catalogue_fetch (url, NULL, &error));
  g_assert_error (error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_NETWORK);
  g_clear_error (&error);
  again = open_both (url, &error);
  g_assert_no_error (error);
  check_cats (again);
}

static void
test_remote_broken (void)
{
  g_autofree char *spaces = g_strnfill (3 << 20, ' ');
  HttpServer *wrong = http_server_new ("{}", 2);
  HttpServer *endless = http_server_new (spaces, 3 << 20);
  g_autofree char *wrong_url = http_server_dup_url (wrong, "/good");
  g_autofree char *endless_url = http_server_dup_url (endless, "/good");
  g_autoptr (GError) error = NULL;

  g_assert_false (c2l_catalogue_fetch (wrong_url, NULL, &error));
  g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID);
  assert_only_own (wrong_url);
  g_clear_error (&error);
  g_assert_false (c2l_catalogue_fetch (endless_url, NULL, &error));
  g_assert_error (error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_WRONG_BYTES);
  assert_only_own (endless_url);
  http_server_free (wrong);
  http_server_free (endless);
}

static void
test_path (void)
{
  g_autofree char *path = write_catalogue ("second.json", GOOD);
  g_autofree char *broken = write_catalogue ("broken.json", "{}");
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lCatalogue) both = open_both (path, &error), own = NULL;

  g_assert_no_error (error);
  check_cats (both);
  g_assert_true (c2l_catalogue_fetch (path, NULL, &error));
  own = open_both (broken, &error);
  g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID);
  g_assert_true (own == get_own ());
}

int
main (int argc, char **argv)
{
  g_autofree char *scratch = NULL, *cache = NULL;
  int result;

  g_unsetenv ("http_proxy");
  g_unsetenv ("all_proxy");
  g_unsetenv ("ALL_PROXY");
  scratch = g_dir_make_tmp ("c2l-catalogue-XXXXXX", NULL);
  cache = g_build_filename (scratch, "cache", NULL);
  g_setenv ("XDG_CACHE_HOME", cache, TRUE);
  folder = scratch;

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/catalogue/own/is-whole", test_own);
  g_test_add_func ("/catalogue/own/comes-over-https-with-licences", test_own_over_https);
  g_test_add_func ("/catalogue/own/speaks-the-user's-language", test_translated);
  g_test_add_func ("/catalogue/second/adds-to-the-first", test_second);
  g_test_add_func ("/catalogue/second/lies-in-a-file", test_path);
  g_test_add_func ("/catalogue/second/lies-at-an-address", test_remote);
  g_test_add_func ("/catalogue/second/is-broken-at-its-address", test_remote_broken);
  g_test_add_func ("/catalogue/cache-paths-are-apart", test_cache_paths);
  for (guint i = 0; i < G_N_ELEMENTS (hostile); i++)
    {
      g_autofree char *path = g_strconcat ("/catalogue/refuses/", hostile[i].name, NULL);

      g_test_add_data_func (path, &hostile[i], test_hostile);
    }
  g_test_add_func ("/catalogue/refuses/files-elsewhere", test_hostile_files);
  g_test_add_func ("/catalogue/refuses/what-is-too-large", test_too_large);
  result = g_test_run ();
  scratch_remove (scratch);
  return result;
}
