/* Makes training data: random latents of a generator, their pictures' CLIP embeddings, and the pictures if they are wanted, in webdataset
 * tars, as the original's generate_dataset.py.
 *
 *   C2lDatasetOptions options;
 *   c2l_dataset_options_init (&options);
 *   options.folder = "data/webdataset/starter";
 *   c2l_dataset_make (session, &options, &callbacks, &result, cancellable, &error);
 *
 * A tar is written aside, synced and renamed: under its name it is whole. What is there stays; a tar that was not finished is made again.
 * Sample i of a seed is the same whatever the number of samples, of tars' threads and of processes: z and noise come from counters. Only
 * in the space w3 the size of a batch matters, since styles are mixed within it. dataset.json in the folder says how the data were made, and
 * keeps them from being continued otherwise.
 *
 * Processes may share a folder: each takes the next tar that is neither finished nor being made by another. */
#pragma once

#include "studio/session.h"

G_BEGIN_DECLS

/* What a latent is. */
typedef enum
{
  C2L_SPACE_W,  /* one w for all layers: [D] */
  C2L_SPACE_W3  /* three of a batch, drawn with replacement, for the first four layers, the next four and the rest: [3, D] */
} C2lDatasetSpace;
#define C2L_N_DATASET_SPACES (C2L_SPACE_W3 + 1)

/* "w", "w3" */
const char *c2l_dataset_space_get_name (C2lDatasetSpace space);
gboolean    c2l_dataset_space_from_name (const char *name, C2lDatasetSpace *space);

typedef struct
{
  const char *folder;
  guint64 n_samples;
  guint samples_per_file;   /* the last tar may have fewer */
  guint batch_size;         /* samples that are on their way at a time, and those that w3 mixes */
  guint n_save_workers;     /* threads that pack pictures */
  int image_size;           /* side of the pictures that CLIP sees and that are saved */
  C2lDatasetSpace space;
  gboolean save_images;     /* as JPEG */
  guint64 seed;
  C2lNoiseKind noise;       /* the original's is random */
  double truncation;        /* w = average + truncation · (w − average), before anything else; the original's is 1. More
                             * than 1 makes a mapping network bolder that stays too close to its average. */
} C2lDatasetOptions;

#define C2L_DATASET_MAX_FILES 100000          /* their names have five digits */
#define C2L_DATASET_MAX_PER_FILE 100000
#define C2L_DATASET_MAX_BATCH 4096
#define C2L_DATASET_MAX_WORKERS 256
#define C2L_DATASET_MAX_IMAGE 4096
#define C2L_DATASET_MAX_TRUNCATION 2.0

typedef struct
{
  guint64 n_done, n_total; /* samples of the whole data set, those of earlier runs too */
  double rate;             /* samples a second here; 0: not known yet */
  double seconds_left;     /* negative: not known yet */
} C2lDatasetProgress;

/* Each may be NULL; called on the thread that makes the data. */
typedef struct
{
  void (*progress) (const C2lDatasetProgress *progress, gpointer data);
  void (*finished) (const char *path, gpointer data); /* a tar is there, whole */
  void (*note) (const char *message, gpointer data);  /* something that a person should know */
  gpointer data;
} C2lDatasetCallbacks;

typedef struct
{
  guint64 n_samples;  /* made here */
  guint n_files;      /* made here */
  guint n_before;     /* tars that were there already */
  guint n_elsewhere;  /* that other processes are making */
} C2lDatasetResult;

/* The original's, but seed 0, a thread a processor, and no folder. */
void        c2l_dataset_options_init (C2lDatasetOptions *options);
/* Whether the numbers in it are possible, with what to do; looks at no model and no folder. */
gboolean    c2l_dataset_options_check (const C2lDatasetOptions *options, GError **error);

/* Needs a generator and CLIP. @callbacks, @result: (nullable). FALSE where the options or the model cannot be, the folder holds other
 * data, or something cannot be written; what was finished stays. */
gboolean    c2l_dataset_make (C2lSession *session, const C2lDatasetOptions *options, const C2lDatasetCallbacks *callbacks,
                              C2lDatasetResult *result, GCancellable *cancellable, GError **error);

/* Which three of the @n samples of a batch are mixed into the sample @index of @seed, the first one 0. */
void        c2l_dataset_mix (guint64 seed, guint32 index, guint n, guint rows[3]);
/* How often each row of a latent of @space is repeated for @num_ws styles: @repeats [3]; returns the number of rows, 0 where the generator
 * takes too few. */
int         c2l_dataset_get_repeats (C2lDatasetSpace space, int num_ws, int repeats[3]);

G_END_DECLS
