/* From a catalogue to a model: downloaded, imported, paused, killed and thrown away. The server is
 * on 127.0.0.1 and serves the fixtures' small model. */
#include "studio/acquire.h"
#include "studio/bundles.h"
#include "studio/disk.h"
#include "studio/downloads.h"
#include "studio/json.h"
#include "studio/paths.h"

#include "http-server.h"
#include "scratch.h"

#include <glib/gstdio.h>
#include <string.h>

static const char *const file_names[]
    = { "e2e/clip.pt", "e2e/w/prior.ckpt", "e2e/w/prior.yaml", "e2e/w/generator.pkl" };

/* CLIP is here by then, and the prior, which trickles, is not. */
#define IN_THE_PRIOR 400000

/* What the catalogue of a test says; each may be overridden. */
typedef struct
{
  const char *how[C2L_N_PUBLISHED_KINDS]; /* the server's way with each file */
  const char *sum;                        /* (nullable): of the generator */
  gint64 size;                            /* of the generator; 0: not said */
} Plan;

static const Plan plain = { .how = { "/good", "/good", "/good", "/good" } };

typedef struct
{
  char *root;
  HttpServer *server;
  C2lCatalogue *catalogue;
  const C2lCatalogueModel *tiny;
  C2lDownloadOptions options;
} Fixture;

static char *
dup_fixture (C2lPublishedKind kind)
{
  return g_build_filename (g_getenv ("C2L_FIXTURES"), file_names[kind], NULL);
}

static char *
dup_catalogue (Fixture *f, const Plan *plan)
{
  g_autoptr (GString) text = g_string_new ("{\"format\": 1, \"files\": [");

  for (int kind = 0; kind < C2L_N_PUBLISHED_KINDS; kind++)
    {
      g_autofree char *base = g_path_get_basename (file_names[kind]);
      g_autofree char *path = g_strdup_printf ("/in/%s%s", base, plan->how[kind]);
      g_autofree char *url = http_server_dup_url (f->server, path);

      g_string_append_printf (text, "%s{\"kind\": \"%s\", \"names\": [\"tiny\"], \"url\": \"%s\"",
                              kind > 0 ? ", " : "", c2l_published_kind_get_name (kind), url);
      if (kind == C2L_PUBLISHED_GENERATOR && plan->sum != NULL)
        g_string_append_printf (text, ", \"sha256\": \"%s\"", plan->sum);
      if (kind == C2L_PUBLISHED_GENERATOR && plan->size > 0)
        g_string_append_printf (text, ", \"size\": %" G_GINT64_FORMAT, plan->size);
      g_string_append (text, "}");
    }
  g_string_append (
      text, "], \"models\": [{\"id\": \"tiny\", \"name\": \"Tiny Model\", \"draws\": \"Spots.\", "
            "\"clip\": \"tiny\", \"prior\": \"tiny\", \"config\": \"tiny\", \"generator\": "
            "\"tiny\", \"examples\": [\"a spot\"], \"attributions\": [\"Ada\"], \"licences\": "
            "[{\"covers\": \"All\", \"name\": \"CC0\", \"url\": \"https://a.org/\", \"note\": "
            "\"Do as you like.\"}], \"defaults\": {\"steps\": 2, \"sampler\": \"ddim\", "
            "\"guidance\": 3, \"truncation\": 0.5}}, {\"id\": \"other\", \"name\": \"Other\", "
            "\"draws\": \"Spots.\", \"clip\": \"tiny\", \"generator\": \"tiny\", \"licences\": "
            "[{\"covers\": \"All\", \"name\": \"CC0\"}]}]}");
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  const Plan *plan = data != NULL ? data : &plain;
  g_autofree char *path = NULL, *text = NULL;
  g_autoptr (GError) error = NULL;

  f->root = g_dir_make_tmp ("c2l-acquire-XXXXXX", NULL);
  f->server = http_server_new ("-", 1);
  for (int kind = 0; kind < C2L_N_PUBLISHED_KINDS; kind++)
    {
      g_autofree char *file = dup_fixture (kind);
      http_server_add_file (f->server, file);
    }
  text = dup_catalogue (f, plan);
  path = g_build_filename (f->root, "catalogue.json", NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  f->catalogue = c2l_catalogue_load (path, NULL, c2l_catalogue_get_own (NULL), &error);
  g_assert_no_error (error);
  f->tiny = c2l_catalogue_find_model (f->catalogue, "tiny");
  c2l_download_options_init (&f->options);
  f->options.max_retries = 3;
  f->options.retry_delay_ms = 1;
  f->options.stall_timeout_s = 1;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autofree char *user = c2l_paths_dup_user (), *cache = c2l_paths_dup_cache ();

  http_server_free (f->server);
  c2l_catalogue_unref (f->catalogue);
  scratch_remove (user);
  scratch_remove (cache);
  scratch_remove (f->root);
  g_free (f->root);
}

static goffset
get_all_sizes (void)
{
  goffset sum = 0;

  for (int kind = 0; kind < C2L_N_PUBLISHED_KINDS; kind++)
    {
      g_autofree char *path = dup_fixture (kind);
      GStatBuf info;

      g_assert_cmpint (g_stat (path, &info), ==, 0);
      sum += info.st_size;
    }
  return sum;
}

static gboolean
is_here (Fixture *f, C2lPublishedKind kind)
{
  return g_file_test (f->tiny->files[kind]->path, G_FILE_TEST_EXISTS);
}

static void
check_installed (const char *folder)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lBundle) bundle = c2l_bundle_open (folder, &error);
  g_autoptr (GPtrArray) models = c2l_bundles_list (NULL, NULL);
  C2lInstalled *tiny = g_ptr_array_index (models, models->len - 1);
  g_autofree char *again = c2l_bundles_find_origin ("tiny");
  C2lDefaults defaults;

  g_assert_no_error (error);
  g_assert_cmpstr (again, ==, folder);
  g_assert_cmpstr (tiny->id, ==, "tiny");
  g_assert_cmpstr (tiny->name, ==, "Tiny Model");
  g_assert_cmpstr (tiny->draws, ==, "Spots.");
  g_assert_cmpstr (tiny->origin, ==, "tiny");
  g_assert_cmpstr (tiny->licences[0], ==, "All: CC0, https://a.org/. Do as you like.");
  g_assert_cmpstr (tiny->attributions[0], ==, "Ada");
  g_assert_true (tiny->has_prior && tiny->has_clip);
  c2l_bundle_get_defaults (bundle, &defaults);
  g_assert_cmpint (defaults.steps, ==, 2);
  g_assert_cmpstr (defaults.sampler, ==, "ddim");
  g_assert_true (c2l_bundle_verify (bundle, NULL, &error));
  g_assert_no_error (error);
}

/* --- at once --- */

typedef struct
{
  goffset last_done, last_total;
  double last_fraction;
  gboolean imported;
} Seen;

static void
watch (const C2lAcquireProgress *progress, gpointer data)
{
  Seen *seen = data;

  if (progress->stage == C2L_ACQUIRE_DOWNLOAD)
    {
      g_assert_false (seen->imported);
      g_assert_cmpint (progress->done, >=, seen->last_done);
      g_assert_cmpstr (progress->what, ==, "tiny");
      seen->last_total = progress->total;
    }
  else
    {
      seen->imported = TRUE;
      g_assert_cmpfloat (progress->fraction, >=, seen->last_fraction);
      seen->last_fraction = progress->fraction;
    }
  seen->last_done = progress->done;
}

static void
test_acquires (Fixture *f, gconstpointer data)
{
  Seen seen = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *folder
      = c2l_acquire (f->catalogue, f->tiny, &f->options, watch, &seen, NULL, &error);
  g_autofree char *again = NULL;

  g_assert_no_error (error);
  check_installed (folder);
  g_assert_true (seen.imported);
  g_assert_cmpint (seen.last_done, ==, get_all_sizes ());
  g_assert_cmpint (seen.last_total, ==, get_all_sizes ());
  /* What no other model is made of is not kept twice. */
  g_assert_true (is_here (f, C2L_PUBLISHED_CLIP) && is_here (f, C2L_PUBLISHED_GENERATOR));
  g_assert_false (is_here (f, C2L_PUBLISHED_PRIOR) || is_here (f, C2L_PUBLISHED_CONFIG));
  g_assert_cmpint (c2l_acquire_measure_kept (f->catalogue), >, 0);
  c2l_acquire_discard_kept (f->catalogue);
  g_assert_cmpint (c2l_acquire_measure_kept (f->catalogue), ==, 0);

  again = c2l_acquire (f->catalogue, f->tiny, &f->options, NULL, NULL, NULL, &error);
  g_assert_null (again);
  g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID);
}

static void
test_refuses (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *models = c2l_paths_dup_models ();

  g_assert_null (c2l_acquire (f->catalogue, f->tiny, &f->options, NULL, NULL, NULL, &error));
  g_assert_error (error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_WRONG_BYTES);
  g_assert_false (g_file_test (models, G_FILE_TEST_EXISTS));
  g_assert_false (is_here (f, C2L_PUBLISHED_GENERATOR));
  /* The files before it are good, and stay for the next time. */
  g_assert_true (is_here (f, C2L_PUBLISHED_PRIOR));
}

static void
test_lacks_room (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *models = c2l_paths_dup_models ();

  if (c2l_disk_get_free (models) > (guint64) 1 << 44)
    {
      g_test_skip ("this disk has room for everything");
      return;
    }
  g_assert_null (c2l_acquire (f->catalogue, f->tiny, &f->options, NULL, NULL, NULL, &error));
  g_assert_error (error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_NO_SPACE);
  g_assert_cmpint (c2l_acquire_get_done (f->tiny), ==, 0);
}

static void
test_asks_size (Fixture *f, gconstpointer data)
{
  g_assert_cmpint (c2l_acquire_ask_size (f->tiny, &f->options, NULL), ==, get_all_sizes ());
  g_assert_cmpint (c2l_acquire_get_done (f->tiny), ==, 0);
}

static void
test_size_unknown (Fixture *f, gconstpointer data)
{
  g_assert_cmpint (c2l_acquire_ask_size (f->tiny, &f->options, NULL), ==, -1);
}

static void
cancel (const C2lAcquireProgress *progress, gpointer cancellable)
{
  if (progress->stage == C2L_ACQUIRE_IMPORT)
    g_cancellable_cancel (cancellable);
}

/* Nothing half is left under a name that somebody could take for a model. */
static void
test_cancelled_import (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *models = c2l_paths_dup_models (), *folder = NULL;
  g_autoptr (GDir) dir = NULL;
  int n = http_server_get_n_requests (f->server);

  g_assert_null (
      c2l_acquire (f->catalogue, f->tiny, &f->options, cancel, cancellable, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  dir = g_dir_open (models, 0, NULL);
  g_assert_null (g_dir_read_name (dir));
  /* The files are all here: nothing is fetched again. */
  n = http_server_get_n_requests (f->server);
  folder = c2l_acquire (f->catalogue, f->tiny, &f->options, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  check_installed (folder);
  g_assert_cmpint (http_server_get_n_requests (f->server), ==, n);
}

/* --- for a window --- */

typedef struct
{
  char *folder;
  int n_changes;
} Heard;

static void
on_changed (C2lDownloads *downloads, const char *id, Heard *heard)
{
  heard->n_changes++;
}

static void
on_installed (C2lDownloads *downloads, const char *id, const char *folder, Heard *heard)
{
  heard->folder = g_strdup (folder);
}

static C2lDownloads *
open_downloads (Fixture *f, Heard *heard)
{
  C2lDownloads *downloads = c2l_downloads_new ();

  c2l_downloads_set_options (downloads, &f->options);
  g_signal_connect (downloads, "changed", G_CALLBACK (on_changed), heard);
  g_signal_connect (downloads, "installed", G_CALLBACK (on_installed), heard);
  c2l_downloads_set_catalogue (downloads, f->catalogue);
  return downloads;
}

static C2lDownloadStatus
get_status (C2lDownloads *downloads, const char *id)
{
  C2lDownloadState state;

  c2l_downloads_get (downloads, id, &state);
  return state.status;
}

static void
wait_for (C2lDownloads *downloads, const char *id, C2lDownloadStatus status)
{
  while (get_status (downloads, id) != status)
    g_main_context_iteration (NULL, TRUE);
}

static void
wait_for_bytes (C2lDownloads *downloads)
{
  C2lDownloadState state;

  do
    {
      g_main_context_iteration (NULL, TRUE);
      c2l_downloads_get (downloads, "tiny", &state);
      g_assert_cmpint (state.status, !=, C2L_DOWNLOAD_FAILED);
    }
  while (state.done < IN_THE_PRIOR);
}

static void
test_runs (Fixture *f, gconstpointer data)
{
  Heard heard = { 0 };
  g_autoptr (C2lDownloads) downloads = open_downloads (f, &heard);

  g_assert_cmpint (get_status (downloads, "tiny"), ==, C2L_DOWNLOAD_NONE);
  c2l_downloads_start (downloads, "nobody");
  c2l_downloads_start (downloads, "starter");
  g_assert_false (c2l_downloads_is_busy (downloads));
  c2l_downloads_start (downloads, "tiny");
  c2l_downloads_start (downloads, "tiny");
  c2l_downloads_start (downloads, "other");
  g_assert_cmpint (get_status (downloads, "tiny"), ==, C2L_DOWNLOAD_RUNNING);
  g_assert_cmpint (get_status (downloads, "other"), ==, C2L_DOWNLOAD_WAITING);
  c2l_downloads_pause (downloads, "other");
  g_assert_cmpint (get_status (downloads, "other"), ==, C2L_DOWNLOAD_PAUSED);
  c2l_downloads_cancel (downloads, "other");
  g_assert_cmpint (get_status (downloads, "other"), ==, C2L_DOWNLOAD_NONE);
  wait_for (downloads, "tiny", C2L_DOWNLOAD_NONE);
  check_installed (heard.folder);
  g_assert_cmpint (heard.n_changes, >, 4);
  g_free (heard.folder);
}

static void
test_pauses (Fixture *f, gconstpointer data)
{
  Heard heard = { 0 };
  g_autoptr (C2lDownloads) downloads = open_downloads (f, &heard);
  C2lDownloadState state;

  c2l_downloads_start (downloads, "tiny");
  wait_for_bytes (downloads);
  c2l_downloads_pause (downloads, "tiny");
  wait_for (downloads, "tiny", C2L_DOWNLOAD_PAUSED);
  c2l_downloads_get (downloads, "tiny", &state);
  g_assert_cmpint (state.done, >=, IN_THE_PRIOR);
  g_assert_cmpint (state.done, ==, c2l_acquire_get_done (f->tiny));
  g_assert_null (heard.folder);

  /* Another program's start finds it again. */
  g_clear_object (&downloads);
  downloads = open_downloads (f, &heard);
  g_assert_cmpint (get_status (downloads, "tiny"), ==, C2L_DOWNLOAD_PAUSED);
  c2l_downloads_get (downloads, "tiny", &state);
  g_assert_cmpint (state.done, >=, IN_THE_PRIOR);
  c2l_downloads_start (downloads, "tiny");
  wait_for (downloads, "tiny", C2L_DOWNLOAD_NONE);
  check_installed (heard.folder);
  g_assert_cmpint (http_server_get_n_ranges (f->server), >=, 1);
  g_free (heard.folder);

  /* And then there is nothing more to find. */
  g_clear_object (&downloads);
  downloads = open_downloads (f, &heard);
  g_assert_cmpint (get_status (downloads, "tiny"), ==, C2L_DOWNLOAD_NONE);
}

static void
test_cancels (Fixture *f, gconstpointer data)
{
  Heard heard = { 0 };
  g_autoptr (C2lDownloads) downloads = open_downloads (f, &heard);

  c2l_downloads_start (downloads, "tiny");
  wait_for_bytes (downloads);
  c2l_downloads_cancel (downloads, "tiny");
  wait_for (downloads, "tiny", C2L_DOWNLOAD_NONE);
  g_assert_false (c2l_downloads_is_busy (downloads));
  g_assert_null (heard.folder);
  g_assert_cmpint (c2l_download_get_done (f->tiny->files[C2L_PUBLISHED_PRIOR]->path), ==, 0);
}

static void
test_fails (Fixture *f, gconstpointer data)
{
  Heard heard = { 0 };
  g_autoptr (C2lDownloads) downloads = open_downloads (f, &heard);
  C2lDownloadState state;

  c2l_downloads_start (downloads, "tiny");
  wait_for (downloads, "tiny", C2L_DOWNLOAD_FAILED);
  c2l_downloads_get (downloads, "tiny", &state);
  g_assert_error (state.error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_STATUS);
  g_assert_cmpint (state.done, >, 0);
  /* It can be tried again. */
  c2l_downloads_start (downloads, "tiny");
  c2l_downloads_get (downloads, "tiny", &state);
  g_assert_null (state.error);
  wait_for (downloads, "tiny", C2L_DOWNLOAD_FAILED);
  c2l_downloads_cancel (downloads, "tiny");
  g_assert_cmpint (get_status (downloads, "tiny"), ==, C2L_DOWNLOAD_NONE);
}

static void
test_hostile_note (Fixture *f, gconstpointer data)
{
  static const char *const notes[] = { "", "[", "3", "{\"models\": 3}",
                                       "{\"models\": [[], 3, \"nobody\", \"starter\", \"../x\"]}" };
  g_autofree char *user = c2l_paths_dup_user ();
  g_autofree char *path = g_build_filename (user, "downloads.json", NULL);

  g_mkdir_with_parents (user, 0755);
  for (guint i = 0; i < G_N_ELEMENTS (notes); i++)
    {
      Heard heard = { 0 };
      g_autoptr (C2lDownloads) downloads = NULL;

      g_assert_true (g_file_set_contents (path, notes[i], -1, NULL));
      downloads = open_downloads (f, &heard);
      g_assert_cmpint (heard.n_changes, ==, 0);
    }
}

static const Plan weak = { .how = { "/drop/200000", "/drop/90000", "/no-range", "/drop/99999" } };
static const Plan slow = { .how = { "/good", "/trickle", "/good", "/good" } };
static const Plan missing = { .how = { "/good", "/good", "/good", "/status/404" } };
static const Plan corrupt
    = { .how = { "/good", "/good", "/good", "/corrupt" },
        .sum = "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af" };
static const Plan lying = { .how = { "/good", "/good", "/good", "/good" }, .size = 123 };
static const Plan large
    = { .how = { "/good", "/good", "/good", "/good" }, .size = (gint64) 1 << 44 };
static const Plan silent = { .how = { "/good", "/endless", "/good", "/good" } };

#define ADD(name, test, plan) g_test_add ("/acquire/" name, Fixture, plan, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  g_autofree char *root = NULL, *data = NULL, *cache = NULL;
  int result;

  g_unsetenv ("http_proxy");
  g_unsetenv ("all_proxy");
  g_unsetenv ("ALL_PROXY");
  root = g_dir_make_tmp ("c2l-acquire-home-XXXXXX", NULL);
  data = g_build_filename (root, "data", NULL);
  cache = g_build_filename (root, "cache", NULL);
  g_setenv ("XDG_DATA_HOME", data, TRUE);
  g_setenv ("XDG_CACHE_HOME", cache, TRUE);

  g_test_init (&argc, &argv, NULL);
  ADD ("downloads-and-imports", test_acquires, NULL);
  ADD ("survives-a-weak-server", test_acquires, &weak);
  ADD ("refuses/another-sum", test_refuses, &corrupt);
  ADD ("refuses/another-size", test_refuses, &lying);
  ADD ("refuses/what-has-no-room", test_lacks_room, &large);
  ADD ("asks-servers-for-the-size", test_asks_size, NULL);
  ADD ("says-when-no-server-knows", test_size_unknown, &silent);
  ADD ("leaves-nothing-of-a-cancelled-import", test_cancelled_import, NULL);
  ADD ("window/one-after-the-other", test_runs, NULL);
  ADD ("window/goes-on-after-a-pause-and-an-end", test_pauses, &slow);
  ADD ("window/throws-away-what-is-cancelled", test_cancels, &slow);
  ADD ("window/says-what-failed", test_fails, &missing);
  ADD ("window/survives-a-hostile-note", test_hostile_note, NULL);
  result = g_test_run ();
  scratch_remove (root);
  return result;
}
