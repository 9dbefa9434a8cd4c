/* The stream of training samples as its user sees it. A thread walks ahead and puts samples into
 * chunks; each chunk begins with the state of the walk, so that a position is a state and a number
 * of samples behind it. Chunks are handed over under the lock; what is in one belongs to one side
 * at a time. The thread starts with the first sample that is asked for. */
#include "studio/samples-private.h"

#include <string.h>

/* Chunks are of about so many bytes, and so many wait at most: 8 MiB are read ahead. */
#define CHUNK_BYTES (1u << 20)
#define MAX_CHUNK 256
#define MAX_WAITING 8

G_STATIC_ASSERT (MAX_CHUNK <= C2L_SAMPLES_MAX_MORE);

typedef struct
{
  C2lSamplesState state; /* before its first sample */
  guint n;
  gboolean at_end; /* its last sample is the last of the epoch */
  float *latents;  /* [n, L, D] */
  float *features; /* [n, F] */
  GError *error;   /* (nullable): why nothing follows its samples */
} Chunk;

struct _C2lSamples
{
  C2lSampleSource source;
  guint rank, n_ranks;
  guint chunk_size;

  GThread *thread;     /* (nullable) */
  C2lSampleWalk *walk; /* (nullable): the thread's while it runs */
  GMutex mutex;
  GCond cond;
  GQueue waiting;       /* of Chunk; guarded */
  gboolean is_stopping; /* guarded */

  C2lSamplesState origin; /* where the walk began: the position until the first chunk came */
  Chunk *chunk;           /* (nullable): what is being taken from */
  guint n_taken;          /* of it */
  GError *error;          /* (nullable): the stream ends here */
};

static void
chunk_free (Chunk *chunk)
{
  c2l_samples_state_clear (&chunk->state);
  g_free (chunk->latents);
  g_free (chunk->features);
  g_clear_error (&chunk->error);
  g_free (chunk);
}

void
c2l_samples_options_init (C2lSamplesOptions *options)
{
  *options = (C2lSamplesOptions){ .shuffle = C2L_SAMPLES_SHUFFLE, .n_ranks = 1 };
}

C2lSamples *
c2l_samples_open (const C2lSamplesOptions *options, GError **error)
{
  g_autoptr (C2lSamples) self = NULL;
  gsize bytes;

  g_return_val_if_fail (options->n_ranks > 0 && options->rank < options->n_ranks, NULL);

  self = g_new0 (C2lSamples, 1);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->rank = options->rank;
  self->n_ranks = options->n_ranks;
  c2l_samples_state_init (&self->origin);
  if (!c2l_sample_source_open (&self->source, options, error))
    return NULL;
  bytes = (self->source.n_latent + self->source.n_feature) * sizeof (float);
  self->chunk_size = CLAMP (CHUNK_BYTES / bytes, 1, MAX_CHUNK);
  return g_steal_pointer (&self);
}

const C2lSampleShape *
c2l_samples_get_shape (C2lSamples *self)
{
  return &self->source.shape;
}

guint
c2l_samples_get_n_files (C2lSamples *self)
{
  return self->source.n_files;
}

/* --- the thread that reads ahead --- */

static Chunk *
read_chunk (C2lSamples *self)
{
  Chunk *chunk = g_new0 (Chunk, 1);

  c2l_samples_state_copy (&chunk->state, c2l_sample_walk_get_state (self->walk));
  chunk->latents = g_new (float, self->chunk_size * self->source.n_latent);
  chunk->features = g_new (float, self->chunk_size * self->source.n_feature);
  while (chunk->n < self->chunk_size && !chunk->at_end)
    {
      if (!c2l_sample_walk_next (self->walk, chunk->latents + chunk->n * self->source.n_latent,
                                 chunk->features + chunk->n * self->source.n_feature,
                                 &chunk->at_end, &chunk->error))
        break;
      chunk->n++;
    }
  return chunk;
}

static gpointer
read_ahead (gpointer data)
{
  C2lSamples *self = data;
  gboolean go_on = TRUE;

  while (go_on)
    {
      Chunk *chunk = read_chunk (self);

      go_on = chunk->error == NULL;
      g_mutex_lock (&self->mutex);
      while (self->waiting.length >= MAX_WAITING && !self->is_stopping)
        g_cond_wait (&self->cond, &self->mutex);
      g_queue_push_tail (&self->waiting, chunk);
      go_on = go_on && !self->is_stopping;
      g_cond_broadcast (&self->cond);
      g_mutex_unlock (&self->mutex);
    }
  return NULL;
}

static void
stop (C2lSamples *self)
{
  if (self->thread != NULL)
    {
      g_mutex_lock (&self->mutex);
      self->is_stopping = TRUE;
      g_cond_broadcast (&self->cond);
      g_mutex_unlock (&self->mutex);
      g_thread_join (g_steal_pointer (&self->thread));
      self->is_stopping = FALSE;
    }
  g_queue_clear_full (&self->waiting, (GDestroyNotify) chunk_free);
  g_clear_pointer (&self->walk, c2l_sample_walk_free);
  g_clear_pointer (&self->chunk, chunk_free);
  self->n_taken = 0;
}

void
c2l_samples_free (C2lSamples *self)
{
  stop (self);
  c2l_samples_state_clear (&self->origin);
  g_clear_error (&self->error);
  c2l_sample_source_clear (&self->source);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  g_free (self);
}

/* --- taking samples --- */

static gboolean
start_reading (C2lSamples *self, GError **error)
{
  if (self->thread != NULL)
    return TRUE;
  if (self->walk == NULL)
    self->walk = c2l_sample_walk_new (&self->source, &self->origin, NULL, error);
  if (self->walk != NULL)
    self->thread = g_thread_new ("samples", read_ahead, self);
  return self->thread != NULL;
}

static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  C2lSamples *self = data;

  g_mutex_lock (&self->mutex);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
}

/* Waits for the next chunk; NULL after @cancellable was cancelled. */
static Chunk *
wait_for_chunk (C2lSamples *self, GCancellable *cancellable)
{
  gulong handler = cancellable != NULL
                       ? g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), self, NULL)
                       : 0;
  Chunk *chunk;

  g_mutex_lock (&self->mutex);
  while (self->waiting.length == 0 && !g_cancellable_is_cancelled (cancellable))
    g_cond_wait (&self->cond, &self->mutex);
  chunk = g_queue_pop_head (&self->waiting);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
  g_cancellable_disconnect (cancellable, handler);
  return chunk;
}

/* Makes sure that self->chunk has a sample to take. What was emptied goes to @emptied. */
static gboolean
need_chunk (C2lSamples *self, GQueue *emptied, GCancellable *cancellable, GError **error)
{
  while (self->chunk == NULL || self->n_taken == self->chunk->n)
    {
      Chunk *next;

      if (self->chunk != NULL && self->chunk->error != NULL)
        {
          self->error = g_error_copy (self->chunk->error);
          g_propagate_error (error, g_error_copy (self->error));
          return FALSE;
        }
      next = wait_for_chunk (self, cancellable);
      if (next == NULL)
        return !g_cancellable_set_error_if_cancelled (cancellable, error);
      if (self->chunk != NULL)
        g_queue_push_tail (emptied, self->chunk);
      self->chunk = next;
      self->n_taken = 0;
    }
  return TRUE;
}

/* Of the @n samples of the common stream that are being taken, those from @from on are taken now:
 * copies what this rank gets of them. */
static void
copy_own (C2lSamples *self, gsize from, guint count, gsize n, float *latents, float *features)
{
  const gsize first = self->rank * n, n_latent = self->source.n_latent,
              n_feature = self->source.n_feature;
  gsize own = MAX (from, first), end = MIN (from + count, first + n), at;

  if (own >= end)
    return;
  at = self->n_taken + (own - from);
  if (latents != NULL)
    memcpy (latents + (own - first) * n_latent, self->chunk->latents + at * n_latent,
            (end - own) * n_latent * sizeof (float));
  if (features != NULL)
    memcpy (features + (own - first) * n_feature, self->chunk->features + at * n_feature,
            (end - own) * n_feature * sizeof (float));
}

/* Puts everything back as it was before @n_taken samples of the first chunk were followed by more.
 */
static void
put_back (C2lSamples *self, GQueue *emptied, guint n_taken)
{
  g_mutex_lock (&self->mutex);
  if (self->chunk != NULL && emptied->length > 0)
    {
      g_queue_push_head (&self->waiting, self->chunk);
      while (emptied->length > 1)
        g_queue_push_head (&self->waiting, g_queue_pop_tail (emptied));
      self->chunk = g_queue_pop_head (emptied);
    }
  g_mutex_unlock (&self->mutex);
  self->n_taken = n_taken;
}

gboolean
c2l_samples_next (C2lSamples *self,
                  gsize n,
                  float *latents,
                  float *features,
                  GCancellable *cancellable,
                  GError **error)
{
  const gsize n_all = n * self->n_ranks;
  const guint before = self->n_taken;
  GQueue emptied = G_QUEUE_INIT;
  gsize done = 0;

  if (self->error != NULL)
    {
      g_propagate_error (error, g_error_copy (self->error));
      return FALSE;
    }
  if (!start_reading (self, error))
    return FALSE;
  while (done < n_all)
    {
      guint count;

      if (!need_chunk (self, &emptied, cancellable, error))
        {
          if (self->error == NULL)
            put_back (self, &emptied, before);
          g_queue_clear_full (&emptied, (GDestroyNotify) chunk_free);
          return FALSE;
        }
      count = MIN (self->chunk->n - self->n_taken, n_all - done);
      copy_own (self, done, count, n, latents, features);
      self->n_taken += count;
      done += count;
    }
  g_queue_clear_full (&emptied, (GDestroyNotify) chunk_free);
  return TRUE;
}

double
c2l_samples_get_epoch (C2lSamples *self)
{
  if (self->chunk != NULL)
    return c2l_samples_state_get_epoch (&self->chunk->state, &self->source, self->n_taken,
                                        self->chunk->at_end && self->n_taken == self->chunk->n);
  return c2l_samples_state_get_epoch (&self->origin, &self->source, 0, FALSE);
}

/* --- positions --- */

GBytes *
c2l_samples_save (C2lSamples *self)
{
  return c2l_samples_position_pack (
      &self->source, self->chunk != NULL ? &self->chunk->state : &self->origin, self->n_taken);
}

gboolean
c2l_samples_restore (C2lSamples *self, GBytes *position, GCancellable *cancellable, GError **error)
{
  g_auto (C2lSamplesState) state = { 0 };
  g_autoptr (C2lSampleWalk) walk = NULL;
  guint n_more;

  c2l_samples_state_init (&state);
  if (!c2l_samples_position_unpack (&self->source, position, &state, &n_more, error))
    return FALSE;
  walk = c2l_sample_walk_new (&self->source, &state, cancellable, error);
  for (guint i = 0; walk != NULL && i < n_more; i++)
    {
      gboolean at_end;

      if (g_cancellable_set_error_if_cancelled (cancellable, error)
          || !c2l_sample_walk_next (walk, NULL, NULL, &at_end, error))
        return FALSE;
    }
  if (walk == NULL)
    return FALSE;
  stop (self);
  g_clear_error (&self->error);
  c2l_samples_state_clear (&self->origin);
  c2l_samples_state_copy (&self->origin, c2l_sample_walk_get_state (walk));
  self->walk = g_steal_pointer (&walk);
  return TRUE;
}

gboolean
c2l_samples_measure (C2lSamples *self,
                     gsize n,
                     C2lSampleStatistics *statistics,
                     GCancellable *cancellable,
                     GError **error)
{
  return c2l_sample_source_measure (&self->source, n, statistics, cancellable, error);
}
