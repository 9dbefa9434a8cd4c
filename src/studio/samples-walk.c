/* The walk through the tars and the shuffle buffer, on one thread. The buffer holds samples whole,
 * with where they came from beside them; drawing one moves the last into its place, so that the
 * order in the buffer, too, follows from what was drawn. Random numbers count samples drawn since
 * the very first: a state needs no generator. */
#include "studio/samples-private.h"

#include "compute/philox.h"
#include "models/streams.h"
#include "studio/recipe.h"

#include <glib/gi18n-lib.h>
#include <string.h>

struct _C2lSampleWalk
{
  const C2lSampleSource *source;
  C2lSamplesState state;
  C2lShard *shard; /* (nullable): state.next.file, at state.next.number */
  float *buffer;   /* [shuffle, n_latent + n_feature] */
};

void
c2l_samples_state_init (C2lSamplesState *state)
{
  *state = (C2lSamplesState){ .held = g_array_new (FALSE, FALSE, sizeof (C2lSampleId)) };
}

void
c2l_samples_state_copy (C2lSamplesState *to, const C2lSamplesState *from)
{
  *to = *from;
  to->held = g_array_copy (from->held);
}

void
c2l_samples_state_clear (C2lSamplesState *state)
{
  g_clear_pointer (&state->held, g_array_unref);
}

double
c2l_samples_state_get_epoch (const C2lSamplesState *state,
                             const C2lSampleSource *source,
                             guint n_more,
                             gboolean at_end)
{
  guint64 n = state->n_epoch > 0 ? state->n_epoch : source->n_expected;

  /* The estimate may be too small; then the epoch seems to stand still at its end. */
  return state->epoch + (at_end ? 1 : MIN ((double) (state->n_drawn + n_more) / n, 1));
}

static gsize
get_length (const C2lSampleSource *source)
{
  return source->n_latent + source->n_feature;
}

static float *
get_slot (C2lSampleWalk *walk, guint i)
{
  return walk->buffer + i * get_length (walk->source);
}

static gboolean
check_shape (const C2lSampleSource *source,
             const char *file,
             const C2lSample *sample,
             GError **error)
{
  const C2lSampleShape *shape = &source->shape;

  if (sample->n_latents == shape->n_latents && sample->latent_dim == shape->latent_dim
      && sample->feature_dim == shape->feature_dim)
    return TRUE;
  g_set_error (
      error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
      _ ("%s: %s: a latent of [%u, %u] and an embedding of [%u]; those before have [%u, %u] "
         "and [%u]. Train on data of one kind"),
      file, sample->key, sample->n_latents, sample->latent_dim, sample->feature_dim,
      shape->n_latents, shape->latent_dim, shape->feature_dim);
  return FALSE;
}

static void
put (C2lSampleWalk *walk, guint i, const C2lSample *sample)
{
  float *slot = get_slot (walk, i);

  memcpy (slot, sample->latent, walk->source->n_latent * sizeof (float));
  memcpy (slot + walk->source->n_latent, sample->feature, walk->source->n_feature * sizeof (float));
}

static gboolean
fail_changed (const char *file, GError **error)
{
  g_set_error (
      error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
      _ ("%s: holds fewer samples than when the position was saved; bring back the data as "
         "they were, or begin at the start"),
      file);
  return FALSE;
}

/* Reads the next sample of the epoch into the free slot @i. @end (out): there is none. */
static gboolean
read_one (C2lSampleWalk *walk, guint i, gboolean *end, GError **error)
{
  const C2lSampleSource *source = walk->source;
  C2lSampleId *next = &walk->state.next;

  *end = FALSE;
  while (next->file < source->n_files)
    {
      const char *file = source->files[next->file];
      g_autoptr (GError) local_error = NULL;
      const C2lSample *sample;

      if (walk->shard == NULL && (walk->shard = c2l_shard_open (file, error)) == NULL)
        return FALSE;
      sample = c2l_shard_read_next (walk->shard, &local_error);
      if (sample != NULL)
        {
          if (!check_shape (source, file, sample, error))
            return FALSE;
          put (walk, i, sample);
          g_array_append_val (walk->state.held, *next);
          next->number++;
          return TRUE;
        }
      if (local_error != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }
      g_clear_pointer (&walk->shard, c2l_shard_free);
      *next = (C2lSampleId){ next->file + 1, 0 };
    }
  *end = TRUE;
  return TRUE;
}

/* The whole buffer is full before the first sample leaves it. */
static gboolean
fill (C2lSampleWalk *walk, GError **error)
{
  gboolean end = FALSE;

  while (!end && walk->state.held->len < walk->source->shuffle)
    if (!read_one (walk, walk->state.held->len, &end, error))
      return FALSE;
  return TRUE;
}

static guint
draw (C2lSampleWalk *walk)
{
  const guint64 seed = walk->source->seed, n = walk->state.n_random;
  const guint32 key[2] = { (guint32) seed, (guint32) (seed >> 32) };
  const guint32 counter[4] = { (guint32) n, C2L_STREAM_SHUFFLE, (guint32) (n >> 32), 0 };
  guint32 words[4];

  c2l_philox (key, counter, words);
  return (guint64) words[0] * walk->state.held->len >> 32;
}

static void
begin_epoch (C2lSampleWalk *walk)
{
  C2lSamplesState *state = &walk->state;

  state->n_epoch = state->n_drawn;
  state->n_drawn = 0;
  state->epoch++;
  state->next = (C2lSampleId){ 0, 0 };
}

gboolean
c2l_sample_walk_next (C2lSampleWalk *walk,
                      float *latent,
                      float *feature,
                      gboolean *at_end,
                      GError **error)
{
  const C2lSampleSource *source = walk->source;
  GArray *held = walk->state.held;
  const float *slot;
  guint i;

  if (!fill (walk, error))
    return FALSE;
  /* Every tar has a sample, or reading it was an error: this takes a state that never was. */
  if (held->len == 0)
    return fail_changed (source->files[source->n_files - 1], error);
  i = draw (walk);
  slot = get_slot (walk, i);
  if (latent != NULL)
    memcpy (latent, slot, source->n_latent * sizeof (float));
  if (feature != NULL)
    memcpy (feature, slot + source->n_latent, source->n_feature * sizeof (float));
  if (i + 1 < held->len)
    memcpy (get_slot (walk, i), get_slot (walk, held->len - 1),
            get_length (source) * sizeof (float));
  g_array_remove_index_fast (held, i);
  walk->state.n_drawn++;
  walk->state.n_random++;
  /* Whether anything follows shows only when it was looked for. */
  if (held->len == 0 && !fill (walk, error))
    return FALSE;
  *at_end = held->len == 0;
  if (*at_end)
    begin_epoch (walk);
  return TRUE;
}

const C2lSamplesState *
c2l_sample_walk_get_state (C2lSampleWalk *walk)
{
  return &walk->state;
}

/* --- going on from a state --- */

/* The next sample, which must be there. */
static const C2lSample *
need_next (const C2lSampleSource *source, guint file, C2lShard *shard, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  const C2lSample *sample = c2l_shard_read_next (shard, &local_error);

  if (sample != NULL)
    return check_shape (source, source->files[file], sample, error) ? sample : NULL;
  if (local_error != NULL)
    g_propagate_error (error, g_steal_pointer (&local_error));
  else
    fail_changed (source->files[file], error);
  return NULL;
}

typedef struct
{
  C2lSampleId id;
  guint slot;
} Wanted;

static int
compare_wanted (gconstpointer a, gconstpointer b)
{
  const C2lSampleId *left = &((const Wanted *) a)->id, *right = &((const Wanted *) b)->id;

  if (left->file != right->file)
    return left->file < right->file ? -1 : 1;
  return left->number < right->number ? -1 : left->number > right->number;
}

/* Fills the buffer with what it held: through each tar once. */
static gboolean
refill (C2lSampleWalk *walk, GCancellable *cancellable, GError **error)
{
  const GArray *held = walk->state.held;
  g_autofree Wanted *wanted = g_new (Wanted, MAX (held->len, 1));
  g_autoptr (C2lShard) shard = NULL;
  C2lSampleId at = { 0, 0 };

  for (guint i = 0; i < held->len; i++)
    wanted[i] = (Wanted){ g_array_index (held, C2lSampleId, i), i };
  qsort (wanted, held->len, sizeof *wanted, compare_wanted);
  for (guint i = 0; i < held->len; i++)
    {
      const C2lSampleId id = wanted[i].id;
      const C2lSample *sample = NULL;

      if (shard == NULL || id.file != at.file)
        {
          g_clear_pointer (&shard, c2l_shard_free);
          shard = c2l_shard_open (walk->source->files[id.file], error);
          if (shard == NULL)
            return FALSE;
          at = (C2lSampleId){ id.file, 0 };
        }
      for (; at.number <= id.number; at.number++)
        if (g_cancellable_set_error_if_cancelled (cancellable, error)
            || (sample = need_next (walk->source, at.file, shard, error)) == NULL)
          return FALSE;
      /* No sample stands in the buffer twice. */
      if (sample == NULL)
        return fail_changed (walk->source->files[id.file], error);
      put (walk, wanted[i].slot, sample);
    }
  return TRUE;
}

/* Opens the tar that is to be read next, and passes over what was read of it. */
static gboolean
go_to_next (C2lSampleWalk *walk, GCancellable *cancellable, GError **error)
{
  const C2lSampleId next = walk->state.next;

  if (next.file >= walk->source->n_files || next.number == 0)
    return TRUE;
  walk->shard = c2l_shard_open (walk->source->files[next.file], error);
  for (guint32 i = 0; walk->shard != NULL && i < next.number; i++)
    if (g_cancellable_set_error_if_cancelled (cancellable, error)
        || need_next (walk->source, next.file, walk->shard, error) == NULL)
      return FALSE;
  return walk->shard != NULL;
}

C2lSampleWalk *
c2l_sample_walk_new (const C2lSampleSource *source,
                     const C2lSamplesState *state,
                     GCancellable *cancellable,
                     GError **error)
{
  g_autoptr (C2lSampleWalk) walk = g_new0 (C2lSampleWalk, 1);

  walk->source = source;
  walk->buffer = g_try_malloc_n (source->shuffle, get_length (source) * sizeof (float));
  if (state == NULL)
    c2l_samples_state_init (&walk->state);
  else
    c2l_samples_state_copy (&walk->state, state);
  if (walk->buffer == NULL)
    {
      g_set_error (
          error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
          _ ("%s: a shuffle buffer of %u such samples does not fit the memory; use a smaller "
             "one"),
          source->files[0], source->shuffle);
      return NULL;
    }
  if (!refill (walk, cancellable, error) || !go_to_next (walk, cancellable, error))
    return NULL;
  return g_steal_pointer (&walk);
}

void
c2l_sample_walk_free (C2lSampleWalk *walk)
{
  g_clear_pointer (&walk->shard, c2l_shard_free);
  c2l_samples_state_clear (&walk->state);
  g_free (walk->buffer);
  g_free (walk);
}
