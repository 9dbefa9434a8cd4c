/* C2lFeed: numbers that travel to a device while it works on others. It has a few places of one size. Any one thread fills a place and
 * sends it; the thread that uses the device writes what came into its tensors:
 *
 *   float *room = c2l_feed_get_room (feed, 1);   … fill it …
 *   c2l_feed_send (feed, 1);                     returns at once
 *     meanwhile, on the device's thread, a pass runs with the numbers of place 0; then
 *   c2l_feed_write (feed, 1, room, input);       c2l_pass_run (…)
 *
 * A place may be filled again when a run that came after its last c2l_feed_write() has returned. Handing places from one thread to the
 * other is the caller's business. On a device that shares the host's memory nothing travels, and all this copies as c2l_tensor_write(). */
#pragma once

#include "compute/device.h"

G_BEGIN_DECLS

typedef struct _C2lFeed C2lFeed;

/* @n_places of @size bytes. Where the device has too little memory the numbers stay here until they are written. */
C2lFeed *c2l_feed_new (C2lDevice *device, guint n_places, gsize size);
/* No place is being sent. */
void     c2l_feed_free (C2lFeed *feed);

/* 64-byte aligned. */
gpointer c2l_feed_get_room (C2lFeed *feed, guint place);
void     c2l_feed_send (C2lFeed *feed, guint place);
/* c2l_tensor_write() of the numbers from @data on, which is in the room of that place, as they were when it was sent. */
void     c2l_feed_write (C2lFeed *feed, guint place, gconstpointer data, C2lTensor *input);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lFeed, c2l_feed_free)

G_END_DECLS
