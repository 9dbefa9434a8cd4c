/* Downloads through libcurl. One transfer at a time on a multi handle, so that a cancel wakes it at
 * once. Redirections are followed here and not by libcurl, as each new address is checked. The
 * server is not believed: sizes are compared, what it says about ranges is verified, and the file
 * counts only after its SHA-256, where that is known. */
#include "studio/download.h"

#include "studio/download-part.h"

#include <curl/curl.h>
#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#define MAX_REDIRECTS 5
#define PROGRESS_INTERVAL_US (G_USEC_PER_SEC / 10)

/* So much progress makes a connection good again, and the count of retries starts anew. */
#define GOOD_PROGRESS (1 << 20)

/* Nobody waits long for a number. */
#define ASK_TIMEOUT_S 10

#define USER_AGENT "Clip2Latent"

G_DEFINE_QUARK (c2l - download - error - quark, c2l_download_error)

typedef struct
{
  const C2lDownloadOptions *options;
  GCancellable *cancellable;
  const char *url; /* the first one: it names the file */
  const char *destination;
  char *current_url; /* after redirections */
  CURLM *multi;
  CURL *easy;
  C2lPart *part;
  gint64 last_progress;

  /* Of the answer that is being received */
  char *etag;
  char *last_modified;
  goffset content_length;
  goffset range_start;
  goffset range_total;
  gboolean is_begun; /* its first bytes of a file were seen */
  GError *error;     /* what ended the transfer from this side */
} Download;

typedef enum
{
  OUTCOME_DONE,
  OUTCOME_RETRY,
  OUTCOME_FAILED
} Outcome;

void
c2l_download_options_init (C2lDownloadOptions *options)
{
  *options = (C2lDownloadOptions){
    .max_retries = 5,
    .retry_delay_ms = 1000,
    .connect_timeout_s = 30,
    .stall_timeout_s = 30,
  };
}

static gboolean
is_loopback (GUri *uri)
{
  const char *host = g_uri_get_host (uri);

  return g_strcmp0 (host, "127.0.0.1") == 0 || g_strcmp0 (host, "::1") == 0
         || g_strcmp0 (host, "localhost") == 0;
}

/* https; http only where @allow_http, and to this machine. */
static gboolean
check_url (const char *url, gboolean allow_http, GError **error)
{
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_NONE, NULL);
  const char *host = uri != NULL ? g_uri_get_host (uri) : NULL;

  if (host != NULL && *host != '\0' && g_strcmp0 (g_uri_get_scheme (uri), "https") == 0)
    return TRUE;
  if (uri != NULL && allow_http && g_strcmp0 (g_uri_get_scheme (uri), "http") == 0
      && is_loopback (uri))
    return TRUE;
  g_set_error (
      error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_REFUSED,
      _ ("%s: only https addresses are fetched; download the file yourself and give its path"),
      url);
  return FALSE;
}

static void
set_string (char **place, const char *text)
{
  char *copy = g_strdup (text);

  g_free (*place);
  *place = copy;
}

static void
forget_answer (Download *self)
{
  g_clear_pointer (&self->etag, g_free);
  g_clear_pointer (&self->last_modified, g_free);
  self->content_length = -1;
  self->range_start = -1;
  self->range_total = -1;
  self->is_begun = FALSE;
}

/* The value of "Name: value\r\n" where @line is that header. */
static char *
header_value (const char *line, gsize length, const char *name)
{
  gsize n = strlen (name);

  if (length <= n || g_ascii_strncasecmp (line, name, n) != 0 || line[n] != ':')
    return NULL;
  return g_strstrip (g_strndup (line + n + 1, length - n - 1));
}

static goffset
parse_size (const char *text)
{
  guint64 value;

  return g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, &value, NULL) ? (goffset) value : -1;
}

/* "bytes 100-199/200", or an asterisk for the first two numbers where the range was refused. */
static void
parse_content_range (Download *self, const char *value)
{
  const char *slash = strchr (value, '/');
  const char *p = value;

  if (!g_str_has_prefix (value, "bytes ") || slash == NULL)
    return;
  p += strlen ("bytes ");
  if (g_ascii_isdigit (*p))
    self->range_start = g_ascii_strtoll (p, NULL, 10);
  self->range_total = parse_size (slash + 1);
}

static size_t
on_header (char *line, size_t size, size_t n, void *data)
{
  Download *self = data;
  gsize length = size * n;
  g_autofree char *etag = header_value (line, length, "ETag");
  g_autofree char *modified = header_value (line, length, "Last-Modified");
  g_autofree char *range = header_value (line, length, "Content-Range");
  g_autofree char *size_text = header_value (line, length, "Content-Length");

  if (length > 5 && memcmp (line, "HTTP/", 5) == 0)
    forget_answer (self);
  /* A weak ETag does not promise the same bytes. */
  if (etag != NULL && !g_str_has_prefix (etag, "W/"))
    set_string (&self->etag, etag);
  if (modified != NULL)
    set_string (&self->last_modified, modified);
  if (range != NULL)
    parse_content_range (self, range);
  if (size_text != NULL)
    self->content_length = parse_size (size_text);
  return length;
}

static long
get_status (Download *self)
{
  long status = 0;

  curl_easy_getinfo (self->easy, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

/* Size of the whole file as the server gives it, or -1. */
static goffset
total_size (Download *self)
{
  if (self->range_total >= 0)
    return self->range_total;
  if (self->content_length >= 0 && get_status (self) == 200)
    return self->content_length;
  return -1;
}

static gboolean
check_most (Download *self, goffset size)
{
  goffset most = self->options->max_size;

  if (most == 0 || size <= most)
    return TRUE;
  g_set_error (&self->error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_WRONG_BYTES,
               _ ("%s: the server sends more than such a file can have"), self->url);
  return FALSE;
}

/* What must hold before the first byte of an answer is written. */
static gboolean
begin_answer (Download *self)
{
  goffset expected = self->options->expected_size;
  goffset total;

  if (get_status (self) == 206 && self->range_start != self->part->size)
    {
      g_set_error (&self->error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_STATUS,
                   _ ("%s: the server sent another part of the file than was asked for"),
                   self->url);
      return FALSE;
    }
  if (get_status (self) == 200
      && !c2l_part_restart (self->part, self->url,
                            self->etag != NULL ? self->etag : self->last_modified, &self->error))
    return FALSE;

  total = total_size (self);
  if (expected > 0 && total >= 0 && total != expected)
    {
      g_set_error (&self->error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_WRONG_BYTES,
                   _ ("%s: the server's file has %" PRId64 " bytes instead of %" PRId64
                      "; it is not the file that was published"),
                   self->url, total, expected);
      return FALSE;
    }
  return check_most (self, total)
         && c2l_part_check_space (self->part, total - self->part->size, &self->error);
}

static size_t
on_body (char *bytes, size_t size, size_t n, void *data)
{
  Download *self = data;
  goffset expected = self->options->expected_size;
  gsize length = size * n;

  /* Pages that come with an error or a redirection are not the file. */
  if (get_status (self) != 200 && get_status (self) != 206)
    return length;
  if (!self->is_begun)
    {
      if (!begin_answer (self))
        return CURL_WRITEFUNC_ERROR;
      self->is_begun = TRUE;
    }
  if (expected > 0 && self->part->size + (goffset) length > expected)
    {
      g_set_error (&self->error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_WRONG_BYTES,
                   _ ("%s: the server sends more than %" PRId64
                      " bytes; it is not the file that was published"),
                   self->url, expected);
      return CURL_WRITEFUNC_ERROR;
    }
  if (!check_most (self, self->part->size + (goffset) length))
    return CURL_WRITEFUNC_ERROR;
  return c2l_part_write (self->part, bytes, length, &self->error) ? length : CURL_WRITEFUNC_ERROR;
}

static void
report_progress (Download *self, gboolean is_last)
{
  gint64 now = g_get_monotonic_time ();

  if (self->options->progress == NULL || self->part == NULL
      || (!is_last && now - self->last_progress < PROGRESS_INTERVAL_US))
    return;
  self->last_progress = now;
  self->options->progress (self->part->size, is_last ? self->part->size : total_size (self),
                           self->options->progress_data);
}

static void
set_request (Download *self, struct curl_slist *headers)
{
  CURL *easy = self->easy;

  curl_easy_reset (easy);
  curl_easy_setopt (easy, CURLOPT_URL, self->current_url);
  curl_easy_setopt (easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt (easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt (easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt (easy, CURLOPT_USERAGENT, USER_AGENT);
  curl_easy_setopt (easy, CURLOPT_CONNECTTIMEOUT, (long) self->options->connect_timeout_s);
  curl_easy_setopt (easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt (easy, CURLOPT_LOW_SPEED_TIME, (long) self->options->stall_timeout_s);
  curl_easy_setopt (easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt (easy, CURLOPT_HEADERDATA, self);
  curl_easy_setopt (easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt (easy, CURLOPT_WRITEDATA, self);
  curl_easy_setopt (easy, CURLOPT_BUFFERSIZE, 256L * 1024);
  curl_easy_setopt (easy, CURLOPT_HTTPHEADER, headers);
  if (self->part == NULL)
    curl_easy_setopt (easy, CURLOPT_NOBODY, 1L);
  else if (self->part->size > 0)
    {
      g_autofree char *range = g_strdup_printf ("%" G_GOFFSET_FORMAT "-", self->part->size);

      /* Not CURLOPT_RESUME_FROM: with that, a server that sends the whole file instead is an error.
       */
      curl_easy_setopt (easy, CURLOPT_RANGE, range);
    }
}

static void
on_cancelled (GCancellable *cancellable, gpointer multi)
{
  curl_multi_wakeup (multi);
}

/* Runs the request until it ends or is cancelled. */
static CURLcode
run_transfer (Download *self)
{
  CURLcode code = CURLE_OK;
  CURLMsg *message;
  int running = 1;
  int queued;

  curl_multi_add_handle (self->multi, self->easy);
  while (running > 0 && !g_cancellable_is_cancelled (self->cancellable))
    {
      if (curl_multi_perform (self->multi, &running) != CURLM_OK)
        break;
      report_progress (self, FALSE);
      if (running > 0)
        curl_multi_poll (self->multi, NULL, 0, 500, NULL);
    }
  while ((message = curl_multi_info_read (self->multi, &queued)) != NULL)
    {
      if (message->msg == CURLMSG_DONE)
        code = message->data.result;
    }
  if (running > 0)
    code = CURLE_ABORTED_BY_CALLBACK;
  curl_multi_remove_handle (self->multi, self->easy);
  return code;
}

/* One request to the current address. */
static CURLcode
send_request (Download *self)
{
  struct curl_slist *headers = NULL;
  CURLcode code;

  if (self->part != NULL && self->part->size > 0 && self->part->validator != NULL)
    {
      g_autofree char *if_range = g_strdup_printf ("If-Range: %s", self->part->validator);

      headers = curl_slist_append (headers, if_range);
    }
  forget_answer (self);
  set_request (self, headers);
  code = run_transfer (self);
  curl_slist_free_all (headers);
  return code;
}

/* The bytes that are there cannot be trusted to be the beginning of the server's file: without its
 * word for it, or a SHA-256 to find out, they are fetched again. */
static gboolean
drop_unverifiable (Download *self, GError **error)
{
  if (self->part->size == 0 || self->part->validator != NULL || self->options->sha256 != NULL)
    return TRUE;
  return c2l_part_restart (self->part, self->url, NULL, error);
}

static gboolean
is_transient (CURLcode code)
{
  switch (code)
    {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return TRUE;
    default:
      return FALSE;
    }
}

static Outcome
judge_failure (Download *self, CURLcode code, GError **error)
{
  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return OUTCOME_FAILED;
  if (self->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&self->error));
      return OUTCOME_FAILED;
    }
  g_set_error (
      error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_NETWORK,
      _ ("%s: %s; check the connection and try again, or fetch it elsewhere and save it as %s"),
      self->url, curl_easy_strerror (code), self->destination);
  return is_transient (code) ? OUTCOME_RETRY : OUTCOME_FAILED;
}

/* The range was refused: either everything is there, or the file is another one now. */
static Outcome
judge_refused_range (Download *self, GError **error)
{
  if (self->range_total >= 0 && self->range_total == self->part->size)
    return OUTCOME_DONE;
  if (self->part->size == 0 || !c2l_part_restart (self->part, self->url, NULL, error))
    {
      if (error != NULL && *error == NULL)
        g_set_error (error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_STATUS,
                     _ ("%s: the server answered 416"), self->url);
      return OUTCOME_FAILED;
    }
  g_set_error (error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_STATUS,
               _ ("%s: the file on the server has changed"), self->url);
  return OUTCOME_RETRY;
}

static Outcome
judge_status (Download *self, GError **error)
{
  long status = get_status (self);

  if (status == 200 || status == 206)
    {
      /* An empty file sends no bytes to begin with. */
      if (!self->is_begun && !begin_answer (self))
        return judge_failure (self, CURLE_WRITE_ERROR, error);
      return OUTCOME_DONE;
    }
  if (status == 416)
    return judge_refused_range (self, error);

  g_set_error (error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_STATUS,
               _ ("%s: the server answered %ld%s"), self->url, status,
               status == 404 ? _ (" (there is no such file)")
               : status == 401 || status == 403
                   ? _ (" (it gives the file to nobody, or only after signing in)")
                   : "");
  return status == 408 || status == 429 || status >= 500 ? OUTCOME_RETRY : OUTCOME_FAILED;
}

/* One attempt: requests until one is no redirection. */
static Outcome
attempt (Download *self, GError **error)
{
  gboolean allow_http = g_str_has_prefix (self->url, "http:");

  set_string (&self->current_url, self->url);
  if (!drop_unverifiable (self, error))
    return OUTCOME_FAILED;
  for (int n = 0; n <= MAX_REDIRECTS; n++)
    {
      CURLcode code = send_request (self);
      char *next = NULL;

      if (code != CURLE_OK)
        return judge_failure (self, code, error);
      curl_easy_getinfo (self->easy, CURLINFO_REDIRECT_URL, &next);
      if (next == NULL)
        return judge_status (self, error);
      if (!check_url (next, allow_http, error))
        return OUTCOME_FAILED;
      set_string (&self->current_url, next);
    }
  g_set_error (error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_REFUSED,
               _ ("%s: more than %d redirections; the address is out of order"), self->url,
               MAX_REDIRECTS);
  return OUTCOME_FAILED;
}

/* Sleeps, but not through a cancel. */
static void
wait_before_retry (Download *self, guint milliseconds)
{
  GPollFD cancel_fd;

  if (self->cancellable != NULL && g_cancellable_make_pollfd (self->cancellable, &cancel_fd))
    {
      g_poll (&cancel_fd, 1, milliseconds);
      g_cancellable_release_fd (self->cancellable);
      return;
    }
  g_usleep ((gulong) milliseconds * 1000);
}

static gboolean
fetch (Download *self, GError **error)
{
  guint n_retries = 0;

  while (TRUE)
    {
      g_autoptr (GError) local_error = NULL;
      goffset before = self->part->size;
      Outcome outcome = attempt (self, &local_error);
      guint delay;

      if (outcome == OUTCOME_DONE)
        return TRUE;
      if (self->part->size - before >= GOOD_PROGRESS)
        n_retries = 0;
      if (outcome == OUTCOME_FAILED || n_retries >= self->options->max_retries)
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }
      delay = self->options->retry_delay_ms << MIN (n_retries, 6);
      if (self->options->retry != NULL)
        self->options->retry (local_error, delay, self->options->progress_data);
      wait_before_retry (self, delay);
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      n_retries++;
    }
}

static gboolean
verify (Download *self, GError **error)
{
  g_autofree char *sha256 = NULL;

  if (self->options->expected_size > 0 && self->part->size != self->options->expected_size)
    {
      g_set_error (error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_WRONG_BYTES,
                   _ ("%s: %" PRId64 " bytes came instead of %" PRId64 "; try again later"),
                   self->url, self->part->size, self->options->expected_size);
      return FALSE;
    }
  if (self->options->sha256 == NULL)
    return TRUE;
  sha256 = c2l_part_compute_sha256 (self->part, self->cancellable, error);
  if (sha256 == NULL)
    return FALSE;
  if (g_ascii_strcasecmp (sha256, self->options->sha256) == 0)
    return TRUE;
  g_set_error (
      error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_WRONG_BYTES,
      _ ("%s: what came is not the published file: its SHA-256 is %s instead of %s; it was "
         "thrown away, try again"),
      self->url, sha256, self->options->sha256);
  return FALSE;
}

static void
download_clear (Download *self)
{
  if (self->easy != NULL)
    curl_easy_cleanup (self->easy);
  if (self->multi != NULL)
    curl_multi_cleanup (self->multi);
  g_clear_error (&self->error);
  g_free (self->current_url);
  forget_answer (self);
  c2l_part_free (self->part);
}

static void
init_curl (void)
{
  static gsize is_done = 0;

  if (g_once_init_enter (&is_done))
    {
      curl_global_init (CURL_GLOBAL_DEFAULT);
      g_once_init_leave (&is_done, 1);
    }
}

gboolean
c2l_download (const char *url,
              const char *destination,
              const C2lDownloadOptions *options,
              GCancellable *cancellable,
              GError **error)
{
  Download self
      = { .options = options, .cancellable = cancellable, .url = url, .destination = destination };
  GError *local_error = NULL;
  gulong handler = 0;
  gboolean is_good;

  g_return_val_if_fail (url != NULL && destination != NULL && options != NULL, FALSE);

  if (g_file_test (destination, G_FILE_TEST_EXISTS))
    return TRUE;
  if (!check_url (url, TRUE, error) || g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  self.part = c2l_part_open (destination, url, error);
  if (self.part == NULL)
    return FALSE;
  /* Another process may have finished it before the lock was ours. */
  if (g_file_test (destination, G_FILE_TEST_EXISTS))
    {
      c2l_part_discard (self.part);
      c2l_part_free (self.part);
      return TRUE;
    }

  init_curl ();
  self.multi = curl_multi_init ();
  self.easy = curl_easy_init ();
  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), self.multi, NULL);
  is_good = fetch (&self, &local_error) && verify (&self, &local_error)
            && c2l_part_finish (self.part, &local_error);
  if (handler != 0)
    g_cancellable_disconnect (cancellable, handler);
  if (is_good)
    report_progress (&self, TRUE);
  /* Nothing came: then nothing is left behind. */
  if (g_error_matches (local_error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_WRONG_BYTES)
      || (!is_good && self.part->size == 0))
    c2l_part_discard (self.part);
  download_clear (&self);
  if (local_error != NULL)
    g_propagate_error (error, local_error);
  return is_good;
}

goffset
c2l_download_ask_size (const char *url,
                       const C2lDownloadOptions *options,
                       GCancellable *cancellable)
{
  C2lDownloadOptions impatient = *options;
  Download self = { .options = &impatient, .cancellable = cancellable, .url = url };
  gboolean allow_http = g_str_has_prefix (url, "http:");
  goffset size = -1;
  gulong handler = 0;

  if (!check_url (url, TRUE, NULL) || g_cancellable_is_cancelled (cancellable))
    return -1;
  impatient.connect_timeout_s = MIN (options->connect_timeout_s, ASK_TIMEOUT_S);
  impatient.stall_timeout_s = MIN (options->stall_timeout_s, ASK_TIMEOUT_S);
  init_curl ();
  self.multi = curl_multi_init ();
  self.easy = curl_easy_init ();
  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), self.multi, NULL);
  set_string (&self.current_url, url);
  for (int n = 0; n <= MAX_REDIRECTS && send_request (&self) == CURLE_OK; n++)
    {
      char *next = NULL;

      curl_easy_getinfo (self.easy, CURLINFO_REDIRECT_URL, &next);
      if (next == NULL)
        size = total_size (&self);
      if (next == NULL || !check_url (next, allow_http, NULL))
        break;
      set_string (&self.current_url, next);
    }
  if (handler != 0)
    g_cancellable_disconnect (cancellable, handler);
  download_clear (&self);
  return size;
}
