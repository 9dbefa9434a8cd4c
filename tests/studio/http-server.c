/* The misbehaving server. Each connection carries one request and is served in a thread of its own, so that a stalled one
 * holds up nothing. */
#include "http-server.h"

#include <stdlib.h>
#include <string.h>

struct _HttpServer
{
  GSocketService *service;
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
  GCancellable *stop;
  guint16 port;
  guint8 *data;
  gsize size;
  GHashTable *files; /* of GBytes by name; not changed while it serves */
  gint n_requests;
  gint n_ranges;
};

typedef struct
{
  HttpServer *server;
  GOutputStream *out;
  const char *path;
  const guint8 *data; /* the file that is asked for */
  gsize size;
  gint64 start;   /* first byte asked for, or -1 */
  char *if_range;
} Request;

static void
send_text (Request *request, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_output_stream_write_all (request->out, text, strlen (text), NULL, NULL, NULL);
}

/* Sends the header of the file's bytes from @start, which promises @length bytes. */
static void
send_header (Request *request, gint64 start, gint64 length, const char *etag)
{
  gint64 size = request->size;

  if (start > 0)
    send_text (request, "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %" G_GINT64_FORMAT "-%" G_GINT64_FORMAT
               "/%" G_GINT64_FORMAT "\r\n", start, size - 1, size);
  else
    send_text (request, "HTTP/1.1 200 OK\r\n");
  send_text (request, "Content-Length: %" G_GINT64_FORMAT "\r\nETag: %s\r\nConnection: close\r\n\r\n", length, etag);
}

static void
send_bytes (Request *request, gint64 start, gint64 n)
{
  g_output_stream_write_all (request->out, request->data + start, n, NULL, NULL, NULL);
}

/* Where the answer begins: at the asked byte where the file is still the same, else at 0. */
static gint64
find_start (Request *request, const char *etag)
{
  if (request->start < 0 || (request->if_range != NULL && strcmp (request->if_range, etag) != 0))
    return 0;
  return request->start;
}

static void
answer_good (Request *request, int argument)
{
  gint64 start = find_start (request, "\"good\"");
  gint64 size = request->size;

  if (start >= size)
    {
      send_text (request, "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */%" G_GINT64_FORMAT
                 "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", size);
      return;
    }
  send_header (request, start, size - start, "\"good\"");
  send_bytes (request, start, size - start);
}

static void
answer_slow (Request *request, int argument)
{
  gint64 start = find_start (request, "\"slow\"");
  gint64 size = request->size;

  send_header (request, start, size - start, "\"slow\"");
  while (start < size && !g_cancellable_is_cancelled (request->server->stop))
    {
      gint64 n = MIN (size - start, 1 << 16);

      if (!g_output_stream_write_all (request->out, request->data + start, n, NULL, NULL, NULL))
        return;
      start += n;
      g_usleep (1000);
    }
}

static void
answer_trickle (Request *request, int argument)
{
  gint64 start = find_start (request, "\"trickle\"");
  gint64 size = request->size;

  send_header (request, start, size - start, "\"trickle\"");
  while (start < size && !g_cancellable_is_cancelled (request->server->stop))
    {
      gint64 n = MIN (size - start, 2000);

      if (!g_output_stream_write_all (request->out, request->data + start, n, NULL, NULL, NULL))
        return;
      start += n;
      g_usleep (3000);
    }
}

static void
answer_drop (Request *request, int argument)
{
  gint64 start = find_start (request, "\"drop\"");
  gint64 left = request->size - start;

  send_header (request, start, left, "\"drop\"");
  send_bytes (request, start, MIN (left, argument));
}

static void
answer_no_range (Request *request, int argument)
{
  gint64 size = request->size;

  send_header (request, 0, size, "\"no-range\"");
  send_bytes (request, 0, request->start < 0 ? size / 2 : size);
}

static void
answer_changing (Request *request, int argument)
{
  g_autofree char *etag = g_strdup_printf ("\"v%d\"", MIN (request->server->n_requests, 2));
  gint64 start = find_start (request, etag);
  gint64 size = request->size;

  send_header (request, start, size - start, etag);
  if (request->server->n_requests == 1)
    {
      g_autofree guint8 *old = g_malloc0 (size);

      g_output_stream_write_all (request->out, old, size / 2, NULL, NULL, NULL);
      return;
    }
  send_bytes (request, start, size - start);
}

static void
answer_stall (Request *request, int argument)
{
  gint64 size = request->size;

  send_header (request, 0, size, "\"stall\"");
  send_bytes (request, 0, size / 2);
  g_output_stream_flush (request->out, NULL, NULL);
  while (!g_cancellable_is_cancelled (request->server->stop))
    g_usleep (10000);
}

static void
answer_corrupt (Request *request, int argument)
{
  gsize size = request->size;
  g_autofree guint8 *wrong = g_memdup2 (request->data, size);

  wrong[size / 3] ^= 1;
  send_header (request, 0, size, "\"corrupt\"");
  g_output_stream_write_all (request->out, wrong, size, NULL, NULL, NULL);
}

static void
answer_longer (Request *request, int argument)
{
  gint64 start = find_start (request, "\"longer\"");
  gint64 left = request->size - start;

  send_header (request, start, left + 1000, "\"longer\"");
  send_bytes (request, start, left);
}

static void
answer_short (Request *request, int argument)
{
  send_header (request, 0, request->size / 2, "\"short\"");
  send_bytes (request, 0, request->size / 2);
}

static void
answer_status (Request *request, int argument)
{
  send_text (request, "HTTP/1.1 %d No\r\nContent-Length: 5\r\nConnection: close\r\n\r\nsorry", argument);
}

static void
answer_busy (Request *request, int argument)
{
  if (request->server->n_requests <= argument)
    answer_status (request, 503);
  else
    answer_good (request, 0);
}

/* Without a length, and without an end before somebody hangs up. */
static void
answer_endless (Request *request, int argument)
{
  send_text (request, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
  while (!g_cancellable_is_cancelled (request->server->stop)
         && g_output_stream_write_all (request->out, request->data, request->size, NULL, NULL, NULL))
    continue;
}

static void
answer_wrong_range (Request *request, int argument)
{
  gint64 size = request->size;

  if (request->start < 0)
    {
      send_header (request, 0, size, "\"wrong\"");
      send_bytes (request, 0, size / 2);
      return;
    }
  send_header (request, request->start + 7, size - request->start - 7, "\"wrong\"");
  send_bytes (request, request->start + 7, size - request->start - 7);
}

static void
redirect (Request *request, const char *to)
{
  send_text (request, "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 4\r\nConnection: close\r\n\r\nmove", to);
}

static void
answer_to (Request *request, int argument)
{
  redirect (request, request->path + strlen ("/to"));
}

static void
answer_loop (Request *request, int argument)
{
  redirect (request, "/loop");
}

static void
answer_to_file (Request *request, int argument)
{
  redirect (request, "file:///etc/hostname");
}

static void
answer_to_outside (Request *request, int argument)
{
  redirect (request, "http://192.0.2.1/good");
}

static const struct
{
  const char *prefix;
  void (*answer) (Request *request, int argument);
} answers[] = {
  { "/good", answer_good },       { "/drop/", answer_drop },       { "/no-range", answer_no_range },
  { "/stall", answer_stall },     { "/corrupt", answer_corrupt },  { "/changing", answer_changing },
  { "/longer", answer_longer },   { "/short", answer_short },      { "/wrong-range", answer_wrong_range },
  { "/busy/", answer_busy },      { "/status/", answer_status },   { "/to-file", answer_to_file },
  { "/to-outside", answer_to_outside }, { "/to/", answer_to },     { "/loop", answer_loop },
  { "/slow", answer_slow },       { "/endless", answer_endless },
  { "/trickle", answer_trickle },
};

static char *
read_request (GDataInputStream *in, Request *request)
{
  g_autofree char *first = g_data_input_stream_read_line (in, NULL, NULL, NULL);
  g_auto (GStrv) words = first != NULL ? g_strsplit (first, " ", 3) : NULL;

  if (words == NULL || g_strv_length (words) < 2)
    return NULL;
  while (TRUE)
    {
      g_autofree char *line = g_data_input_stream_read_line (in, NULL, NULL, NULL);

      if (line == NULL || *g_strchomp (line) == '\0')
        break;
      if (g_ascii_strncasecmp (line, "Range: bytes=", 13) == 0)
        request->start = g_ascii_strtoll (line + 13, NULL, 10);
      if (g_ascii_strncasecmp (line, "If-Range: ", 10) == 0)
        request->if_range = g_strdup (line + 10);
    }
  return g_strdup (words[1]);
}

/* "/in/NAME/good" is that file's "/good". */
static void
find_file (Request *request)
{
  const char *end;

  request->data = request->server->data;
  request->size = request->server->size;
  if (!g_str_has_prefix (request->path, "/in/") || (end = strchr (request->path + 4, '/')) == NULL)
    return;
  g_autofree char *name = g_strndup (request->path + 4, end - request->path - 4);
  GBytes *bytes = g_hash_table_lookup (request->server->files, name);

  request->path = end;
  if (bytes != NULL)
    request->data = g_bytes_get_data (bytes, &request->size);
}

static gboolean
on_connection (GThreadedSocketService *service, GSocketConnection *connection, GObject *source, gpointer data)
{
  g_autoptr (GDataInputStream) in
      = g_data_input_stream_new (g_io_stream_get_input_stream (G_IO_STREAM (connection)));
  Request request = { .server = data, .start = -1 };
  g_autofree char *path = read_request (in, &request);

  if (path == NULL)
    return TRUE;
  request.out = g_io_stream_get_output_stream (G_IO_STREAM (connection));
  request.path = path;
  find_file (&request);
  g_atomic_int_inc (&request.server->n_requests);
  if (request.start >= 0)
    g_atomic_int_inc (&request.server->n_ranges);

  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      if (g_str_has_prefix (request.path, answers[i].prefix))
        {
          answers[i].answer (&request, atoi (request.path + strlen (answers[i].prefix)));
          break;
        }
    }
  g_free (request.if_range);
  g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
  return TRUE;
}

static gpointer
run (gpointer data)
{
  HttpServer *self = data;

  g_main_context_push_thread_default (self->context);
  g_socket_service_start (self->service);
  g_main_loop_run (self->loop);
  g_socket_service_stop (self->service);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

/* Connections that are being served hold the service, and with it the server. */
static void
on_service_gone (gpointer data, GClosure *closure)
{
  HttpServer *self = data;

  g_object_unref (self->stop);
  g_hash_table_unref (self->files);
  g_free (self->data);
  g_free (self);
}

HttpServer *
http_server_new (gconstpointer data, gsize size)
{
  HttpServer *self = g_new0 (HttpServer, 1);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any_port = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) address = NULL;

  self->data = g_memdup2 (data, size);
  self->size = size;
  self->files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_bytes_unref);
  self->stop = g_cancellable_new ();
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  g_main_context_push_thread_default (self->context);
  self->service = g_threaded_socket_service_new (8);
  g_socket_service_stop (self->service);
  g_assert_true (g_socket_listener_add_address (G_SOCKET_LISTENER (self->service), any_port, G_SOCKET_TYPE_STREAM,
                                                G_SOCKET_PROTOCOL_TCP, NULL, &address, NULL));
  g_main_context_pop_thread_default (self->context);
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
  g_signal_connect_data (self->service, "run", G_CALLBACK (on_connection), self, on_service_gone, 0);
  self->thread = g_thread_new ("server", run, self);
  return self;
}

static gboolean
quit (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

void
http_server_free (HttpServer *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_cancellable_cancel (self->stop);
  /* Within the loop: a quit before the thread has begun to run it would be lost. */
  g_source_set_callback (source, quit, self->loop, NULL);
  g_source_attach (source, self->context);
  g_thread_join (self->thread);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_object_unref (self->service);
}

void
http_server_add_file (HttpServer *self, const char *path)
{
  char *contents;
  gsize size;

  g_assert_true (g_file_get_contents (path, &contents, &size, NULL));
  g_hash_table_insert (self->files, g_path_get_basename (path), g_bytes_new_take (contents, size));
}

char *
http_server_dup_url (HttpServer *self, const char *path)
{
  return g_strdup_printf ("http://127.0.0.1:%u%s", self->port, path);
}

int
http_server_get_n_requests (HttpServer *self)
{
  return g_atomic_int_get (&self->n_requests);
}

int
http_server_get_n_ranges (HttpServer *self)
{
  return g_atomic_int_get (&self->n_ranges);
}
