/* A second catalogue, at an address or in a file of the user's. What came of it last is kept, so
 * that being offline is no trouble: the network is only looked at when one asks for that.
 *
 *   catalogue = c2l_catalogue_open (address, &second_error, &error);
 *   c2l_catalogue_fetch_async (address, cancellable, fetched, data);   then open it anew
 */
#pragma once

#include "studio/catalogue.h"

G_BEGIN_DECLS

/* c2l_catalogue_open:
 * @address: (nullable): of a second catalogue, https or a path; NULL or "": only the program's own
 * What is known without the network. Where the second one cannot be read, *@second_error (nullable)
 * says why, and the program's own comes alone; one that was never fetched is no error, it has
 * nothing yet. NULL and @error only if the program's own is broken. */
C2lCatalogue *c2l_catalogue_open (const char *address, GError **second_error, GError **error);

/* Gets the second catalogue anew (blocking), looks whether it can be used, and keeps it for
 * c2l_catalogue_open(). FALSE leaves the one that is kept. A path is read only. */
gboolean c2l_catalogue_fetch (const char *address, GCancellable *cancellable, GError **error);
void     c2l_catalogue_fetch_async (const char *address, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
gboolean c2l_catalogue_fetch_finish (GAsyncResult *result, GError **error);

G_END_DECLS
