/* Two places: one that is being computed with, one that the thread fills meanwhile. A place and
 * what is known of it belong to one side at a time; they change hands under the lock. */
#include "studio/batches.h"

#include <string.h>

#define N_PLACES 2
#define ALIGNMENT 64 /* of the features, behind the latents */

typedef struct
{
  gboolean is_full; /* guarded */
  GBytes *position; /* behind it */
  double epoch;
  GError *error; /* (nullable): why there is no batch in it, nor in any that follows */
} Place;

struct _C2lBatches
{
  C2lSamples *samples; /* the thread's while it runs */
  gsize n_rows, features_at;
  C2lFeed *feed;

  GThread *thread; /* (nullable) */
  GCancellable *ending;
  GMutex mutex;
  GCond cond;
  Place places[N_PLACES];

  /* the caller's */
  guint next;        /* place */
  gboolean is_taken; /* that before it */
  GBytes *position;
  double epoch;
};

C2lBatches *
c2l_batches_new (C2lSamples *samples, gsize n_rows, C2lDevice *device)
{
  const C2lSampleShape *shape = c2l_samples_get_shape (samples);
  C2lBatches *self = g_new0 (C2lBatches, 1);
  const gsize latents = n_rows * shape->n_latents * shape->latent_dim * sizeof (float),
              features = n_rows * shape->feature_dim * sizeof (float);

  self->samples = samples;
  self->n_rows = n_rows;
  self->features_at = (latents + ALIGNMENT - 1) & ~(gsize) (ALIGNMENT - 1);
  self->feed = c2l_feed_new (device, N_PLACES, self->features_at + features);
  self->ending = g_cancellable_new ();
  self->position = c2l_samples_save (samples);
  self->epoch = c2l_samples_get_epoch (samples);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  return self;
}

void
c2l_batches_free (C2lBatches *self)
{
  if (self->thread != NULL)
    {
      g_cancellable_cancel (self->ending);
      g_mutex_lock (&self->mutex);
      g_cond_broadcast (&self->cond);
      g_mutex_unlock (&self->mutex);
      g_thread_join (self->thread);
    }
  for (guint i = 0; i < N_PLACES; i++)
    {
      g_clear_pointer (&self->places[i].position, g_bytes_unref);
      g_clear_error (&self->places[i].error);
    }
  g_bytes_unref (self->position);
  g_object_unref (self->ending);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  c2l_feed_free (self->feed);
  g_free (self);
}

static float *
get_features (C2lBatches *self, guint place)
{
  return (float *) ((char *) c2l_feed_get_room (self->feed, place) + self->features_at);
}

/* --- the thread --- */

/* FALSE where nothing follows. */
static gboolean
fill (C2lBatches *self, guint i)
{
  Place *place = &self->places[i];

  if (!c2l_samples_next (self->samples, self->n_rows, c2l_feed_get_room (self->feed, i),
                         get_features (self, i), self->ending, &place->error))
    return FALSE;
  c2l_feed_send (self->feed, i);
  place->position = c2l_samples_save (self->samples);
  place->epoch = c2l_samples_get_epoch (self->samples);
  return TRUE;
}

/* Waits until place @i is empty; FALSE where it is not to be filled any more. */
static gboolean
wait_for_room (C2lBatches *self, guint i)
{
  gboolean goes_on;

  g_mutex_lock (&self->mutex);
  while (self->places[i].is_full && !g_cancellable_is_cancelled (self->ending))
    g_cond_wait (&self->cond, &self->mutex);
  goes_on = !g_cancellable_is_cancelled (self->ending);
  g_mutex_unlock (&self->mutex);
  return goes_on;
}

static gpointer
work_ahead (gpointer data)
{
  C2lBatches *self = data;
  gboolean goes_on = TRUE;

  for (guint i = 0; goes_on && wait_for_room (self, i); i = (i + 1) % N_PLACES)
    {
      goes_on = fill (self, i);
      g_mutex_lock (&self->mutex);
      self->places[i].is_full = TRUE;
      g_cond_broadcast (&self->cond);
      g_mutex_unlock (&self->mutex);
    }
  return NULL;
}

/* --- the caller --- */

static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  C2lBatches *self = data;

  g_mutex_lock (&self->mutex);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
}

static gboolean
wait_for_batch (C2lBatches *self, GCancellable *cancellable, GError **error)
{
  const gulong handler
      = cancellable != NULL
            ? g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), self, NULL)
            : 0;
  const Place *place = &self->places[self->next];
  gboolean is_full;

  g_mutex_lock (&self->mutex);
  while (!place->is_full && !g_cancellable_is_cancelled (cancellable))
    g_cond_wait (&self->cond, &self->mutex);
  is_full = place->is_full;
  g_mutex_unlock (&self->mutex);
  g_cancellable_disconnect (cancellable, handler);
  return is_full || !g_cancellable_set_error_if_cancelled (cancellable, error);
}

/* The one that was computed with may be filled again. */
static void
give_back (C2lBatches *self)
{
  if (!self->is_taken)
    return;
  g_mutex_lock (&self->mutex);
  self->places[(self->next + N_PLACES - 1) % N_PLACES].is_full = FALSE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
  self->is_taken = FALSE;
}

gboolean
c2l_batches_next (C2lBatches *self,
                  C2lPriorTrainBatch *batch,
                  GCancellable *cancellable,
                  GError **error)
{
  Place *place = &self->places[self->next];

  give_back (self);
  if (self->thread == NULL)
    self->thread = g_thread_new ("batches", work_ahead, self);
  if (!wait_for_batch (self, cancellable, error))
    return FALSE;
  if (place->error != NULL)
    {
      g_propagate_error (error, g_error_copy (place->error));
      return FALSE;
    }
  g_bytes_unref (self->position);
  self->position = g_steal_pointer (&place->position);
  self->epoch = place->epoch;
  batch->n_rows = (int) self->n_rows;
  batch->latents = c2l_feed_get_room (self->feed, self->next);
  batch->features = get_features (self, self->next);
  batch->feed = self->feed;
  batch->place = self->next;
  self->next = (self->next + 1) % N_PLACES;
  self->is_taken = TRUE;
  return TRUE;
}

double
c2l_batches_get_epoch (C2lBatches *self)
{
  return self->epoch;
}

GBytes *
c2l_batches_save (C2lBatches *self)
{
  return g_bytes_ref (self->position);
}
