/* C2lSamples: training samples, latents and CLIP features, out of webdataset tars; without end and in an order that a seed decides.
 *
 *   C2lSamplesOptions options;
 *   c2l_samples_options_init (&options);
 *   options.paths = (const char *const[]) { "data/webdataset/sg2-ffhq-1024-clip/{00000..99}.tar", NULL };
 *   g_autoptr (C2lSamples) samples = c2l_samples_open (&options, &error);
 *   const C2lSampleShape *shape = c2l_samples_get_shape (samples);
 *   c2l_samples_measure (samples, C2L_SAMPLES_MEASURED, &statistics, cancellable, &error);
 *   while (training)
 *     c2l_samples_next (samples, 512, latents, features, cancellable, &error);
 *
 * Each epoch goes through the tars in their order and through a shuffle buffer, which is empty at its end: every sample comes once an
 * epoch. A batch may hold the end of an epoch and the beginning of the next. The order follows from the tars, the seed and the size of
 * the buffer, from nothing else: not from threads, not from the size of batches, not from how many ranks share the work. A thread of its
 * own reads ahead.
 *
 * Several ranks: each opens the same tars with the same seed. c2l_samples_next() for n samples takes the next n · n_ranks of the
 * common stream and gives rank r those from r · n on, so that the ranks' batches put side by side are the batch that one process would
 * have had. Every rank reads all tars for that, and passes over what is not its own.
 *
 * Errors name tar and member, and say what to do. They come when the stream gets there, and stay: from then on every call fails.
 * One thread at a time uses an object. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _C2lSamples C2lSamples;

/* The original's. */
#define C2L_SAMPLES_SHUFFLE 5000
#define C2L_SAMPLES_MEASURED 10000

typedef struct
{
  const char *const *paths; /* NULL-terminated: tars, in this order; "{00000..99}" and "{a,b}" as a shell's, 00000 … 00099 */
  guint shuffle;            /* samples in the shuffle buffer; 0 or 1: none, as the tars have them */
  guint64 seed;             /* of the order */
  guint rank, n_ranks;      /* this process among all */
} C2lSamplesOptions;

/* Of every sample. */
typedef struct
{
  guint n_latents;   /* L: rows of a latent; 1 where the files have [D] */
  guint latent_dim;  /* D */
  guint feature_dim; /* F: width of CLIP's embedding */
} C2lSampleShape;

/* Of each channel: arithmetic mean, and standard deviation with n − 1, 0 where a channel never changes. Owned by who
 * asked for them; zeroed means empty. */
typedef struct
{
  gsize n;                                 /* samples that they are of */
  float *latent_mean, *latent_std;         /* [L, D] */
  float *feature_mean, *feature_std;       /* [F] */
} C2lSampleStatistics;

/* The original's buffer, seed 0, the only rank; no paths. */
void                  c2l_samples_options_init (C2lSamplesOptions *options);

/* Looks whether all tars are there and reads the first one. @options is copied. NULL where a tar or a folder is missing, or the first one
 * holds no samples. */
C2lSamples           *c2l_samples_open (const C2lSamplesOptions *options, GError **error);
void                  c2l_samples_free (C2lSamples *samples);

const C2lSampleShape *c2l_samples_get_shape (C2lSamples *samples);
guint                 c2l_samples_get_n_files (C2lSamples *samples);

/* c2l_samples_next:
 * @latents: [@n, L, D]   @features: [@n, F]; either may be NULL
 * The next @n samples for this rank, raw, as the files have them. Waits for the reader; G_IO_ERROR_CANCELLED after @cancellable (nullable)
 * was cancelled: nothing was taken from the stream then. */
gboolean              c2l_samples_next (C2lSamples *samples, gsize n, float *latents, float *features, GCancellable *cancellable,
                                        GError **error);

/* c2l_samples_measure:
 * Statistics over the first @n samples of the first epoch, as they leave the shuffle buffer; over all where there are fewer. The same on
 * every rank, at whatever position the stream is, which this does not change. FALSE where there are fewer than two. */
gboolean              c2l_samples_measure (C2lSamples *samples, gsize n, C2lSampleStatistics *statistics, GCancellable *cancellable,
                                           GError **error);
void                  c2l_sample_statistics_clear (C2lSampleStatistics *statistics);

/* Epochs done so far: 2.5 in the middle of the third. In the first one an estimate by the sizes of the files, exact from its end on. The
 * same number whenever the position is the same. */
double                c2l_samples_get_epoch (C2lSamples *samples);

/* Where the stream is, as bytes for a checkpoint: about 8 a sample in the buffer. It holds for every rank. */
GBytes               *c2l_samples_save (C2lSamples *samples);
/* Goes there: what follows is, bit for bit, what would have followed. @samples was opened with the same seed and buffer, from tars of the
 * same names and sizes, wherever they lie now; the number of ranks may be another. FALSE where it was not so, or @position is damaged;
 * then @samples is where it was. */
gboolean              c2l_samples_restore (C2lSamples *samples, GBytes *position, GCancellable *cancellable, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lSamples, c2l_samples_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (C2lSampleStatistics, c2l_sample_statistics_clear)

G_END_DECLS
