/* Downloads of model files: resumed, verified, and under their own name only when whole.
 *
 *   C2lDownloadOptions options;
 *   c2l_download_options_init (&options);
 *   options.sha256 = "40d3…";
 *   if (!c2l_download (url, path, &options, cancellable, &error)) …
 *
 * While it runs, the bytes are in "PATH.part" and what is known of them in "PATH.part.json"; both
 * stay after a cancel or a lost connection, and the next call goes on from there. Blocks: call it
 * from a thread of its own. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define C2L_DOWNLOAD_ERROR (c2l_download_error_quark ())
typedef enum
{
  C2L_DOWNLOAD_ERROR_REFUSED,     /* not https, or a redirection to what is not */
  C2L_DOWNLOAD_ERROR_NETWORK,     /* no connection, or it was lost again and again */
  C2L_DOWNLOAD_ERROR_STATUS,      /* the server answered, but not with the file */
  /* another size or SHA-256 than expected; the .part file is gone */
  C2L_DOWNLOAD_ERROR_WRONG_BYTES,
  C2L_DOWNLOAD_ERROR_NO_SPACE,
  C2L_DOWNLOAD_ERROR_BUSY,        /* another process is fetching the same file */
  C2L_DOWNLOAD_ERROR_NAME         /* no file, address or published name; see published.h */
} C2lDownloadError;
GQuark   c2l_download_error_quark (void);

/* @total is -1 where the server does not say. Called from the thread that called c2l_download(),
 * about ten times a second. */
typedef void (*C2lDownloadProgress) (goffset done, goffset total, gpointer data);

/* Before a pause: what went wrong, and that it will be tried again after so many milliseconds. */
typedef void (*C2lDownloadRetry) (const GError *reason, guint delay_ms, gpointer data);

typedef struct
{
  const char *sha256;        /* hexadecimal, or NULL where it is not known */
  goffset expected_size;     /* bytes, or 0 */
  goffset max_size;          /* more bytes are refused; 0: any number */
  C2lDownloadProgress progress;
  C2lDownloadRetry retry;    /* (nullable) */
  gpointer progress_data;    /* for both */
  guint max_retries;         /* in a row without a mebibyte of progress */
  guint retry_delay_ms;      /* before the first retry; doubles each time */
  guint connect_timeout_s;
  guint stall_timeout_s;     /* without a byte for so long, the connection counts as lost */
} C2lDownloadOptions;

/* Five retries from one second on, time-outs of 30 seconds, nothing known of the file. */
void     c2l_download_options_init (C2lDownloadOptions *options);

/* c2l_download:
 * @url: https; http only to this machine
 * @destination: where the file shall be; its folder is made. A file that is there already counts as
 * downloaded. Redirections are followed five times, to https only. The proxy is that of the
 * environment. */
gboolean c2l_download (const char *url, const char *destination, const C2lDownloadOptions *options,
                       GCancellable *cancellable, GError **error);

/* How many bytes of @destination are here, as an unfinished file or a whole one; 0 where none are. */
goffset  c2l_download_get_done (const char *destination);

/* Throws away what is unfinished of @destination; while somebody fetches it, nothing. */
void     c2l_download_discard (const char *destination);

/* c2l_download_ask_size:
 * Asks the server how long the file at @url is, and fetches none of it (blocking). −1 where it does
 * not say, or there is no connection. */
goffset  c2l_download_ask_size (const char *url, const C2lDownloadOptions *options, GCancellable *cancellable);

G_END_DECLS
