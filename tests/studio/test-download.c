/* Downloads from a server on 127.0.0.1 that drops, stalls, corrupts and lies. */
#include "studio/download.h"
#include "studio/published.h"

#include "http-server.h"

#include <glib/gstdio.h>
#include <string.h>

#define SIZE 200000

typedef struct
{
  guint8 *data;
  char *sha256;
  HttpServer *server;
  char *folder;
  char *path;
  char *part;
  char *note;
  C2lDownloadOptions options;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->data = g_malloc (SIZE);
  for (int i = 0; i < SIZE; i++)
    f->data[i] = 1 + (i * 31 + i / 251) % 255;
  f->sha256 = g_compute_checksum_for_data (G_CHECKSUM_SHA256, f->data, SIZE);
  f->server = http_server_new (f->data, SIZE);
  f->folder = g_dir_make_tmp ("c2l-download-XXXXXX", NULL);
  f->path = g_build_filename (f->folder, "sub", "model.bin", NULL);
  f->part = g_strconcat (f->path, ".part", NULL);
  f->note = g_strconcat (f->part, ".json", NULL);
  c2l_download_options_init (&f->options);
  f->options.sha256 = f->sha256;
  f->options.max_retries = 3;
  f->options.retry_delay_ms = 1;
  f->options.stall_timeout_s = 1;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autofree char *sub = g_path_get_dirname (f->path);

  http_server_free (f->server);
  g_unlink (f->path);
  g_unlink (f->part);
  g_unlink (f->note);
  g_rmdir (sub);
  g_rmdir (f->folder);
  g_free (f->folder);
  g_free (f->path);
  g_free (f->part);
  g_free (f->note);
  g_free (f->sha256);
  g_free (f->data);
}

static gboolean
exists (const char *path)
{
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static gboolean
fetch (Fixture *f, const char *path, GCancellable *cancellable, GError **error)
{
  g_autofree char *url = http_server_dup_url (f->server, path);

  return c2l_download (url, f->path, &f->options, cancellable, error);
}

static void
assert_whole (Fixture *f)
{
  g_autofree char *contents = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (f->path, &contents, &size, NULL));
  g_assert_cmpmem (contents, size, f->data, SIZE);
  g_assert_false (exists (f->part));
  g_assert_false (exists (f->note));
}

static void
test_arrives (Fixture *f, gconstpointer path)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (fetch (f, path, NULL, &error));
  g_assert_no_error (error);
  assert_whole (f);
}

static void
test_resumes_after_drops (Fixture *f, gconstpointer data)
{
  test_arrives (f, "/drop/60000");
  g_assert_cmpint (http_server_get_n_requests (f->server), ==, 4);
  g_assert_cmpint (http_server_get_n_ranges (f->server), ==, 3);
}

typedef struct
{
  int n;
  guint last_delay;
} Retries;

static void
on_retry (const GError *reason, guint delay_ms, gpointer data)
{
  Retries *retries = data;

  g_assert_error (reason, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_NETWORK);
  g_assert_cmpuint (delay_ms, >, retries->last_delay);
  retries->last_delay = delay_ms;
  retries->n++;
}

/* Each pause is longer than the one before, and is told. */
static void
test_backs_off (Fixture *f, gconstpointer data)
{
  Retries retries = { 0 };

  f->options.retry = on_retry;
  f->options.progress_data = &retries;
  test_arrives (f, "/drop/60000");
  g_assert_cmpint (retries.n, ==, 3);
}

static void
test_resumes_in_next_call (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->options.max_retries = 0;
  g_assert_false (fetch (f, "/drop/150000", NULL, &error));
  g_assert_error (error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_NETWORK);
  g_assert_true (exists (f->part));
  g_assert_true (exists (f->note));
  g_assert_false (exists (f->path));
  test_arrives (f, "/drop/150000");
  g_assert_cmpint (http_server_get_n_ranges (f->server), ==, 1);
}

/* Bytes that came from another address, or that nothing vouches for, are not built upon. */
static void
test_distrusts_other_parts (Fixture *f, gconstpointer data)
{
  g_autofree char *folder = g_path_get_dirname (f->path);

  g_mkdir (folder, 0755);
  g_assert_true (g_file_set_contents (f->part, "from elsewhere", -1, NULL));
  test_arrives (f, "/good");
  g_assert_cmpint (http_server_get_n_ranges (f->server), ==, 0);
}

/* Puts the first @n bytes there as if a download from @path had been killed. */
static void
leave_part (Fixture *f, const char *path, gsize n)
{
  g_autofree char *folder = g_path_get_dirname (f->path);
  g_autofree char *url = http_server_dup_url (f->server, path);
  g_autofree char *note
      = g_strdup_printf ("{\"url\": \"%s\", \"validator\": \"\\\"good\\\"\"}", url);

  g_mkdir (folder, 0755);
  g_assert_true (g_file_set_contents (f->part, (char *) f->data, n, NULL));
  g_assert_true (g_file_set_contents (f->note, note, -1, NULL));
}

static void
test_finishes_whole_part (Fixture *f, gconstpointer data)
{
  leave_part (f, "/good", SIZE);
  test_arrives (f, "/good");
  g_assert_cmpint (http_server_get_n_ranges (f->server), ==, 1);
}

static void
test_begins_again_when_changed (Fixture *f, gconstpointer data)
{
  f->options.sha256 = NULL;
  test_arrives (f, "/changing");
  g_assert_cmpint (http_server_get_n_requests (f->server), ==, 2);
}

static void
assert_refused (Fixture *f, const char *path, C2lDownloadError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (fetch (f, path, NULL, &error));
  g_assert_error (error, C2L_DOWNLOAD_ERROR, (int) code);
  g_assert_false (exists (f->path));
}

static void
test_wrong_bytes (Fixture *f, gconstpointer path)
{
  assert_refused (f, path, C2L_DOWNLOAD_ERROR_WRONG_BYTES);
  g_assert_false (exists (f->part));
  g_assert_false (exists (f->note));
}

static void
test_wrong_size (Fixture *f, gconstpointer data)
{
  f->options.sha256 = NULL;
  f->options.expected_size = SIZE + 1;
  test_wrong_bytes (f, "/good");
  f->options.expected_size = SIZE - 1;
  test_wrong_bytes (f, "/good");
}

/* A promise of more bytes than there are: never taken for whole, even where nothing but the size is
 * known. */
static void
test_longer_promise (Fixture *f, gconstpointer data)
{
  f->options.sha256 = NULL;
  assert_refused (f, "/longer", C2L_DOWNLOAD_ERROR_NETWORK);
}

static void
test_stall (Fixture *f, gconstpointer data)
{
  f->options.max_retries = 0;
  assert_refused (f, "/stall", C2L_DOWNLOAD_ERROR_NETWORK);
  g_assert_true (exists (f->part));
}

static void
test_refusals (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *path;
    C2lDownloadError code;
  } cases[] = {
    { "/status/404", C2L_DOWNLOAD_ERROR_STATUS },
    { "/status/403", C2L_DOWNLOAD_ERROR_STATUS },
    { "/busy/100", C2L_DOWNLOAD_ERROR_STATUS },
    { "/loop", C2L_DOWNLOAD_ERROR_REFUSED },
    { "/to-file", C2L_DOWNLOAD_ERROR_REFUSED },
    { "/to-outside", C2L_DOWNLOAD_ERROR_REFUSED },
    { "/to/to/to/to/to/to/good", C2L_DOWNLOAD_ERROR_REFUSED },
    { "/wrong-range", C2L_DOWNLOAD_ERROR_STATUS },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].path);
      assert_refused (f, cases[i].path, cases[i].code);
    }
}

static void
test_addresses (Fixture *f, gconstpointer data)
{
  static const char *const urls[]
      = { "http://example.com/a",           "ftp://127.0.0.1/a", "file:///etc/hostname",
          "http://127.0.0.1.example.com/a", "https:///a",        "nonsense" };

  for (gsize i = 0; i < G_N_ELEMENTS (urls); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (c2l_download (urls[i], f->path, &f->options, NULL, &error));
      g_assert_error (error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_REFUSED);
    }
}

static void
cancel_when_half (goffset done, goffset total, gpointer cancellable)
{
  if (done > 0)
    g_cancellable_cancel (cancellable);
}

static void
test_cancel (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  f->options.stall_timeout_s = 600;
  f->options.progress = cancel_when_half;
  f->options.progress_data = cancellable;
  g_assert_false (fetch (f, "/stall", cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (exists (f->part));
  g_assert_false (exists (f->path));
}

/* Called while a download holds its lock: a second one must not touch the file. */
static void
try_second (goffset done, goffset total, gpointer data)
{
  Fixture *f = data;
  C2lDownloadOptions options;
  g_autofree char *url = http_server_dup_url (f->server, "/good");
  g_autoptr (GError) error = NULL;

  if (exists (f->path))
    return;
  c2l_download_options_init (&options);
  g_assert_false (c2l_download (url, f->path, &options, NULL, &error));
  g_assert_error (error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_BUSY);
}

static void
test_lock (Fixture *f, gconstpointer data)
{
  f->options.progress = try_second;
  f->options.progress_data = f;
  test_arrives (f, "/drop/60000");
}

static void
remember (goffset done, goffset total, gpointer data)
{
  goffset *last = data;

  last[0] = done;
  last[1] = total;
}

static void
test_progress (Fixture *f, gconstpointer data)
{
  goffset last[2] = { -1, -1 };

  f->options.progress = remember;
  f->options.progress_data = last;
  test_arrives (f, "/good");
  g_assert_cmpint (last[0], ==, SIZE);
  g_assert_cmpint (last[1], ==, SIZE);
}

static void
test_no_second_fetch (Fixture *f, gconstpointer data)
{
  test_arrives (f, "/good");
  test_arrives (f, "/good");
  g_assert_cmpint (http_server_get_n_requests (f->server), ==, 1);
}

static void
test_resolve (Fixture *f, gconstpointer data)
{
  g_autofree char *url = http_server_dup_url (f->server, "/good/weights.pkl?download=true");
  g_autoptr (GError) error = NULL;
  g_autofree char *first = c2l_download_resolve (url, C2L_PUBLISHED_GENERATOR, NULL, NULL, &error);
  g_autofree char *again = NULL;
  g_autofree char *path = NULL;
  g_autofree char *folder = NULL;

  g_assert_no_error (error);
  g_assert_true (g_str_has_suffix (first, "-weights.pkl"));
  again = c2l_download_resolve (url, C2L_PUBLISHED_GENERATOR, NULL, NULL, &error);
  g_assert_cmpstr (again, ==, first);
  g_assert_cmpint (http_server_get_n_requests (f->server), ==, 1);

  path = c2l_download_resolve (first, C2L_PUBLISHED_PRIOR, NULL, NULL, &error);
  g_assert_cmpstr (path, ==, first);
  g_assert_null (c2l_download_resolve ("no-such-model", C2L_PUBLISHED_PRIOR, NULL, NULL, &error));
  g_assert_error (error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_NAME);
  g_assert_nonnull (strstr (error->message, "ffhq-sg2-510"));
  g_unlink (first);
  folder = g_path_get_dirname (first);
  g_rmdir (folder);
}

static void
test_most (Fixture *f, gconstpointer data)
{
  f->options.max_size = SIZE - 1;
  test_wrong_bytes (f, "/good");
  test_wrong_bytes (f, "/endless");
  f->options.max_size = SIZE;
  test_arrives (f, "/good");
}

static goffset
ask (Fixture *f, const char *path)
{
  g_autofree char *url = http_server_dup_url (f->server, path);

  return c2l_download_ask_size (url, &f->options, NULL);
}

static void
test_ask_size (Fixture *f, gconstpointer data)
{
  g_assert_cmpint (ask (f, "/good"), ==, SIZE);
  g_assert_cmpint (ask (f, "/to/to/good"), ==, SIZE);
  g_assert_cmpint (ask (f, "/status/404"), ==, -1);
  g_assert_cmpint (ask (f, "/loop"), ==, -1);
  g_assert_cmpint (ask (f, "/to-file"), ==, -1);
  g_assert_cmpint (ask (f, "/endless"), ==, -1);
  g_assert_cmpint (c2l_download_ask_size ("file:///etc/hostname", &f->options, NULL), ==, -1);
  g_assert_false (exists (f->part));
}

static void
test_discard (Fixture *f, gconstpointer data)
{
  g_assert_cmpint (c2l_download_get_done (f->path), ==, 0);
  leave_part (f, "/good", 1000);
  g_assert_cmpint (c2l_download_get_done (f->path), ==, 1000);
  c2l_download_discard (f->path);
  g_assert_false (exists (f->part));
  g_assert_false (exists (f->note));
  g_assert_cmpint (c2l_download_get_done (f->path), ==, 0);
  test_arrives (f, "/good");
  g_assert_cmpint (c2l_download_get_done (f->path), ==, SIZE);
  /* What is whole is none of its business. */
  c2l_download_discard (f->path);
  assert_whole (f);
}

/* Called while a download holds its lock. */
static void
try_to_discard (goffset done, goffset total, gpointer data)
{
  Fixture *f = data;

  if (!exists (f->path))
    {
      c2l_download_discard (f->path);
      g_assert_true (exists (f->part));
    }
}

static void
test_discard_of_others (Fixture *f, gconstpointer data)
{
  f->options.progress = try_to_discard;
  f->options.progress_data = f;
  test_arrives (f, "/drop/60000");
}

#define ADD(name, test, data) g_test_add ("/download/" name, Fixture, data, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  g_autofree char *cache = NULL;
  int result;

  g_unsetenv ("http_proxy");
  g_unsetenv ("all_proxy");
  g_unsetenv ("ALL_PROXY");
  cache = g_dir_make_tmp ("c2l-cache-XXXXXX", NULL);
  g_setenv ("XDG_CACHE_HOME", cache, TRUE);

  g_test_init (&argc, &argv, NULL);
  ADD ("arrives/plain", test_arrives, "/good");
  ADD ("arrives/after-redirections", test_arrives, "/to/to/good");
  ADD ("arrives/from-a-server-that-ignores-ranges", test_arrives, "/no-range");
  ADD ("arrives/after-being-told-to-wait", test_arrives, "/busy/2");
  ADD ("resumes/after-each-drop", test_resumes_after_drops, NULL);
  ADD ("resumes/after-longer-and-longer-pauses", test_backs_off, NULL);
  ADD ("resumes/in-the-next-call", test_resumes_in_next_call, NULL);
  ADD ("resumes/a-part-that-is-whole", test_finishes_whole_part, NULL);
  ADD ("begins-again/when-the-part-is-of-another-file", test_distrusts_other_parts, NULL);
  ADD ("begins-again/when-the-file-changed", test_begins_again_when_changed, NULL);
  ADD ("refuses/corrupt-bytes", test_wrong_bytes, "/corrupt");
  ADD ("refuses/a-file-that-is-too-short", test_wrong_bytes, "/short");
  ADD ("refuses/another-size", test_wrong_size, NULL);
  ADD ("refuses/a-promise-of-more-bytes", test_longer_promise, NULL);
  ADD ("refuses/bad-answers-and-redirections", test_refusals, NULL);
  ADD ("refuses/what-is-not-https", test_addresses, NULL);
  ADD ("gives-up-on-a-stalled-server", test_stall, NULL);
  ADD ("cancel-keeps-the-part", test_cancel, NULL);
  ADD ("second-download-is-locked-out", test_lock, NULL);
  ADD ("progress-ends-at-the-size", test_progress, NULL);
  ADD ("a-file-that-is-there-is-not-fetched", test_no_second_fetch, NULL);
  ADD ("resolve/addresses-paths-and-names", test_resolve, NULL);
  ADD ("refuses/more-than-can-be", test_most, NULL);
  ADD ("asks-for-the-size-alone", test_ask_size, NULL);
  ADD ("discards-what-is-unfinished", test_discard, NULL);
  ADD ("discards-nothing-that-others-fetch", test_discard_of_others, NULL);
  result = g_test_run ();
  g_rmdir (cache);
  return result;
}
