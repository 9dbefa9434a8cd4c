/* What the files of C2lSamples share: the tars, the walk through them and its state. */
#pragma once

#include "formats/shard.h"
#include "studio/samples.h"

G_BEGIN_DECLS

/* A sample by where it is. */
typedef struct
{
  guint32 file;   /* which tar */
  guint32 number; /* which sample in it */
} C2lSampleId;

/* The tars and what all walks through them share; does not change. */
typedef struct
{
  char **files;      /* paths, NULL-terminated */
  guint n_files;
  C2lSampleShape shape;
  gsize n_latent, n_feature; /* floats of a sample */
  guint shuffle;     /* samples in the buffer, at least 1 */
  guint64 seed;
  guint64 n_expected; /* samples of an epoch, by the sizes of the files */
  char *fingerprint; /* of all that a position depends on */
} C2lSampleSource;

/* Into a zeroed @source, which is cleared in either case. */
gboolean           c2l_sample_source_open (C2lSampleSource *source, const C2lSamplesOptions *options, GError **error);
void               c2l_sample_source_clear (C2lSampleSource *source);

/* Where a walk is: enough to go on from there. */
typedef struct
{
  guint64 epoch;
  guint64 n_epoch;  /* samples of an epoch; 0 until one has ended */
  guint64 n_drawn;  /* samples that left the buffer in this epoch */
  guint64 n_random; /* and in all epochs: what the random numbers count */
  C2lSampleId next; /* to be read; next.file is n_files where there is none in this epoch */
  GArray *held;     /* of C2lSampleId: the buffer, in order */
} C2lSamplesState;

void               c2l_samples_state_init (C2lSamplesState *state);
void               c2l_samples_state_copy (C2lSamplesState *to, const C2lSamplesState *from);
void               c2l_samples_state_clear (C2lSamplesState *state);
/* Epochs done by then; with @n_more samples, which must not go beyond this epoch. */
double             c2l_samples_state_get_epoch (const C2lSamplesState *state, const C2lSampleSource *source, guint n_more,
                                                gboolean at_end);

/* A state and how many samples behind it, as bytes. */
GBytes            *c2l_samples_position_pack (const C2lSampleSource *source, const C2lSamplesState *state, guint n_more);
/* Into an empty @state. Files and numbers in it are checked against @source, not against the tars. */
gboolean           c2l_samples_position_unpack (const C2lSampleSource *source, GBytes *position, C2lSamplesState *state,
                                                guint *n_more, GError **error);
/* So many at most. */
#define C2L_SAMPLES_MAX_MORE 4096

/* The walk itself, for one thread. */
typedef struct _C2lSampleWalk C2lSampleWalk;

/* Goes on from @state (nullable: from the start). Reads what the buffer held. */
C2lSampleWalk         *c2l_sample_walk_new (const C2lSampleSource *source, const C2lSamplesState *state, GCancellable *cancellable,
                                            GError **error);
void                   c2l_sample_walk_free (C2lSampleWalk *walk);
const C2lSamplesState *c2l_sample_walk_get_state (C2lSampleWalk *walk);
/* The next sample, into @latent and @feature (each nullable). @at_end: (out): it was the last one of its epoch; the state is that
 * of the next epoch's start then. */
gboolean               c2l_sample_walk_next (C2lSampleWalk *walk, float *latent, float *feature, gboolean *at_end, GError **error);

/* See c2l_samples_measure(). */
gboolean               c2l_sample_source_measure (const C2lSampleSource *source, gsize n, C2lSampleStatistics *statistics,
                                                  GCancellable *cancellable, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lSampleWalk, c2l_sample_walk_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (C2lSamplesState, c2l_samples_state_clear)

G_END_DECLS
