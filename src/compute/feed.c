/* Places of a feed: the device's own where it has such, else memory of the heap. */
#include "compute/feed.h"

#include "compute/op.h"

#include <stdlib.h>

#define ALIGNMENT 64

typedef struct
{
  gpointer on_device; /* (nullable): the device's own */
  gpointer room;
  gboolean is_sent;
} Place;

struct _C2lFeed
{
  C2lDevice *device;
  gsize size;
  guint n_places;
  Place *places;
};

C2lFeed *
c2l_feed_new (C2lDevice *device, guint n_places, gsize size)
{
  C2lFeed *feed = g_new0 (C2lFeed, 1);

  feed->device = c2l_device_ref (device);
  feed->size = size;
  feed->n_places = n_places;
  feed->places = g_new0 (Place, n_places);
  if (device->klass->begin != NULL)
    device->klass->begin (device);
  for (guint i = 0; i < n_places; i++)
    {
      Place *place = &feed->places[i];

      if (device->klass->open_place != NULL)
        place->on_device = device->klass->open_place (device, size, &place->room);
      if (place->on_device == NULL)
        place->room
            = g_aligned_alloc (1, (size + ALIGNMENT - 1) & ~(gsize) (ALIGNMENT - 1), ALIGNMENT);
    }
  return feed;
}

void
c2l_feed_free (C2lFeed *feed)
{
  for (guint i = 0; i < feed->n_places; i++)
    if (feed->places[i].on_device != NULL)
      feed->device->klass->close_place (feed->device, feed->places[i].on_device);
    else
      g_aligned_free (feed->places[i].room);
  g_free (feed->places);
  c2l_device_unref (feed->device);
  g_free (feed);
}

gpointer
c2l_feed_get_room (C2lFeed *feed, guint place)
{
  g_return_val_if_fail (place < feed->n_places, NULL);
  return feed->places[place].room;
}

void
c2l_feed_send (C2lFeed *feed, guint index)
{
  Place *place = &feed->places[index];

  g_return_if_fail (index < feed->n_places);
  place->is_sent = place->on_device != NULL
                   && feed->device->klass->send_place (feed->device, place->on_device);
}

void
c2l_feed_write (C2lFeed *feed, guint index, gconstpointer data, C2lTensor *input)
{
  const Place *place = &feed->places[index];
  const gsize offset = (gsize) ((const char *) data - (const char *) place->room),
              size = c2l_tensor_get_size (input);

  g_return_if_fail (index < feed->n_places);
  g_return_if_fail (input->kind == C2L_TENSOR_INPUT && input->device == feed->device);
  g_return_if_fail (offset <= feed->size && size <= feed->size - offset);
  if (!place->is_sent)
    {
      c2l_tensor_write (input, data, size);
      return;
    }
  feed->device->klass->fetch_place (feed->device, place->on_device, offset, input->data, size);
  input->generation++;
}
