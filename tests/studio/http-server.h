/* A web server of the test's own on 127.0.0.1, in a thread, that misbehaves by path. It serves one file of
 * deterministic bytes:
 *
 *   /good          with ETag and ranges        /drop/N        closes after N bytes of each answer
 *   /no-range      ignores Range               /changing      another ETag and other bytes at each request
 *   /stall         stops halfway, stays open   /corrupt       one byte is wrong
 *   /longer        promises 1000 bytes more    /short         promises and sends half of them
 *   /busy/N        answers 503 N times         /status/N      answers N
 *   /to/PATH       redirects to /PATH          /loop          redirects to itself
 *   /to-file       redirects to file:///       /to-outside    redirects to http://192.0.2.1/
 *   /slow          as /good, 64 KiB a millisecond
 *   /wrong-range   sends another part than asked for
 *   /in/NAME/drop/N   as /drop/N, for a file that was added
 *   /trickle       as /good, 2000 bytes in 3 ms
 *   /endless       never says how much, and never ends */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _HttpServer HttpServer;

HttpServer *http_server_new (gconstpointer data, gsize size);
void        http_server_free (HttpServer *server);

/* Serves the file at @path, too, by its own name; before the first request. */
void        http_server_add_file (HttpServer *server, const char *path);
char       *http_server_dup_url (HttpServer *server, const char *path);
/* Requests so far, and how many of them asked for a range. */
int         http_server_get_n_requests (HttpServer *server);
int         http_server_get_n_ranges (HttpServer *server);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HttpServer, http_server_free)

G_END_DECLS
