/* The order of things when training data are made: which tar is next, and its samples in groups,
 * from z to CLIP's embedding. This thread has the device; packing and writing go on beside it
 * (dataset-packer.c). Nothing here depends on what the threads do or on how far a run got before:
 * every number follows from the seed and a sample's index. */
#include "studio/dataset-private.h"

#include "compute/philox.h"
#include "models/streams.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Samples go through CLIP in groups of fixed places, from each tar's first one on. */
#define GROUP C2L_EMBED_BATCH

/* The original's three latents of w3 shape the first four layers, the next four and the rest. */
#define W3_ROWS 3
#define W3_REPEATS 4

static const char *const space_names[C2L_N_DATASET_SPACES] = { "w", "w3" };

typedef struct
{
  C2lSession *session;
  const C2lDatasetOptions *options;
  const C2lDatasetCallbacks *callbacks;
  C2lDatasetResult *result;
  C2lDatasetPacker *packer;
  GCancellable *cancellable;
  guint n_files;
  int n_rows, repeats[3]; /* of a latent */
  int num_ws, w_dim, feature_dim;
  const float *average; /* [w_dim], of latents; NULL: not known */
  float *styles;        /* [num_ws, w_dim] */
  float *pictures;      /* [GROUP, size, size, 3] */
  float *features;      /* [GROUP, feature_dim] */
  gint64 start;         /* of the first sample; 0: none yet */
  C2lDatasetProgress progress;
} Run;

const char *
c2l_dataset_space_get_name (C2lDatasetSpace space)
{
  return space_names[space];
}

gboolean
c2l_dataset_space_from_name (const char *name, C2lDatasetSpace *space)
{
  for (int i = 0; i < C2L_N_DATASET_SPACES; i++)
    if (strcmp (name, space_names[i]) == 0)
      {
        *space = i;
        return TRUE;
      }
  return FALSE;
}

void
c2l_dataset_options_init (C2lDatasetOptions *options)
{
  *options = (C2lDatasetOptions){
    .n_samples = 1000000,
    .samples_per_file = 10000,
    .batch_size = 32,
    .n_save_workers = CLAMP (g_get_num_processors (), 1, C2L_DATASET_MAX_WORKERS),
    .image_size = 256,
    .space = C2L_SPACE_W,
    .noise = C2L_NOISE_KIND_RANDOM,
    .truncation = 1,
  };
}

void
c2l_dataset_mix (guint64 seed, guint32 index, guint n, guint rows[3])
{
  const guint32 key[2] = { (guint32) seed, (guint32) (seed >> 32) };
  const guint32 counter[4] = { 0, C2L_STREAM_MIX, index, 0 };
  guint32 words[4];

  c2l_philox (key, counter, words);
  for (int i = 0; i < W3_ROWS; i++)
    rows[i] = (guint64) words[i] * n >> 32;
}

int
c2l_dataset_get_repeats (C2lDatasetSpace space, int num_ws, int repeats[3])
{
  if (space == C2L_SPACE_W)
    {
      repeats[0] = num_ws;
      return 1;
    }
  repeats[0] = repeats[1] = W3_REPEATS;
  repeats[2] = num_ws - 2 * W3_REPEATS;
  return repeats[2] > 0 ? W3_ROWS : 0;
}

/* --- what can be --- */

static gboolean
invalid (GError **error, const char *what)
{
  g_set_error_literal (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID, what);
  return FALSE;
}

static guint64
count_files (const C2lDatasetOptions *options)
{
  return (options->n_samples - 1) / options->samples_per_file + 1;
}

gboolean
c2l_dataset_options_check (const C2lDatasetOptions *options, GError **error)
{
  if (options->samples_per_file < 1 || options->samples_per_file > C2L_DATASET_MAX_PER_FILE)
    return invalid (error,
                    "a tar holds from 1 to " G_STRINGIFY (
                        C2L_DATASET_MAX_PER_FILE) " samples; choose another --samples-per-folder");
  if (options->n_samples < 1 || options->n_samples > G_MAXUINT32)
    return invalid (error, "from 1 to 4294967295 samples can be made; choose another --n-samples");
  if (count_files (options) > C2L_DATASET_MAX_FILES)
    return invalid (
        error,
        "more than " G_STRINGIFY (
            C2L_DATASET_MAX_FILES) " tars cannot be named; choose a larger --samples-per-folder");
  if (options->batch_size < 1 || options->batch_size > C2L_DATASET_MAX_BATCH)
    return invalid (error, "a batch has from 1 to " G_STRINGIFY (
                               C2L_DATASET_MAX_BATCH) " samples; choose another --batch-size");
  if (options->n_save_workers < 1 || options->n_save_workers > C2L_DATASET_MAX_WORKERS)
    return invalid (
        error, "from 1 to " G_STRINGIFY (
                   C2L_DATASET_MAX_WORKERS) " threads can save; choose another --n-save-workers");
  if (options->image_size < 1 || options->image_size > C2L_DATASET_MAX_IMAGE)
    return invalid (error,
                    "pictures have from 1 to " G_STRINGIFY (
                        C2L_DATASET_MAX_IMAGE) " pixels a side; choose another --out-image-size");
  if (!(options->truncation > 0 && options->truncation <= C2L_DATASET_MAX_TRUNCATION))
    return invalid (error, "latents can be truncated by more than 0 up to " G_STRINGIFY (
                               C2L_DATASET_MAX_TRUNCATION) "; choose another --truncation");
  return TRUE;
}

/* Loads both models. */
static gboolean
check_model (Run *run, GError **error)
{
  C2lEngine *engine = c2l_session_get_engine (run->session);
  C2lGenerator *generator = c2l_engine_get_generator (engine, error);

  if (generator == NULL)
    return FALSE;
  if (!c2l_engine_has_clip (engine))
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
                   _ ("%s: it has no CLIP to look at its pictures; name one with "
                      "--feature-extractor-name"),
                   c2l_bundle_get_name (c2l_engine_get_bundle (engine)));
      return FALSE;
    }
  run->feature_dim = c2l_session_get_embed_width (run->session, error);
  run->num_ws = c2l_generator_get_num_ws (generator);
  run->w_dim = c2l_generator_get_w_dim (generator);
  run->n_rows = c2l_dataset_get_repeats (run->options->space, run->num_ws, run->repeats);
  run->average = c2l_generator_get_w_avg (generator);
  if (run->feature_dim == 0)
    return FALSE;
  if (run->average == NULL && run->options->truncation != 1)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
                   _ ("%s: it knows no average latent; leave --truncation out"),
                   c2l_bundle_get_name (c2l_engine_get_bundle (engine)));
      return FALSE;
    }
  if (run->n_rows == 0)
    {
      g_set_error (
          error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
          _ ("%s: it takes %d styles, and the space w3 wants more than %d; use the space w"),
          c2l_bundle_get_name (c2l_engine_get_bundle (engine)), run->num_ws, 2 * W3_REPEATS);
      return FALSE;
    }
  if (c2l_generator_get_c_dim (generator) > 0)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
                   _ ("%s: it draws classes, and a data set has none; use a generator without"),
                   c2l_bundle_get_name (c2l_engine_get_bundle (engine)));
      return FALSE;
    }
  return TRUE;
}

/* --- progress --- */

static guint64
count_in_file (const Run *run, guint index)
{
  return MIN (run->options->samples_per_file,
              run->options->n_samples - (guint64) index * run->options->samples_per_file);
}

static void
report (Run *run)
{
  C2lDatasetProgress *progress = &run->progress;
  const double seconds = run->start != 0 ? (g_get_monotonic_time () - run->start) * 1e-6 : 0;
  char *path;

  while ((path = c2l_dataset_packer_pop_finished (run->packer)) != NULL)
    {
      run->result->n_files++;
      if (run->callbacks->finished != NULL)
        run->callbacks->finished (path, run->callbacks->data);
      g_free (path);
    }
  progress->rate = seconds > 0 ? run->result->n_samples / seconds : 0;
  progress->seconds_left
      = progress->rate > 0
            ? (progress->n_total - MIN (progress->n_done, progress->n_total)) / progress->rate
            : -1;
  if (run->callbacks->progress != NULL)
    run->callbacks->progress (progress, run->callbacks->data);
}

/* --- a tar --- */

/* The latent of the sample at @at of a tar, whose @w are [n, w_dim], and the styles it means. */
static float *
make_latent (Run *run, const float *w, guint n, guint at, guint32 index)
{
  const gsize width = run->w_dim;
  const guint first = at - at % run->options->batch_size;
  guint rows[W3_ROWS] = { at - first };
  float *latent = g_new (float, run->n_rows *width), *style = run->styles;

  if (run->options->space == C2L_SPACE_W3)
    c2l_dataset_mix (run->options->seed, index, MIN (run->options->batch_size, n - first), rows);
  for (int row = 0; row < run->n_rows; row++)
    {
      memcpy (latent + row * width, w + (first + rows[row]) * width, width * sizeof (float));
      for (int i = 0; i < run->repeats[row]; i++, style += width)
        memcpy (style, latent + row * width, width * sizeof (float));
    }
  return latent;
}

static void
clear_group (C2lDatasetSample *group)
{
  for (int i = 0; i < GROUP; i++)
    c2l_dataset_sample_clear (&group[i]);
}

/* Draws the @count samples from @start on and lets CLIP see them. */
static gboolean
draw_group (Run *run,
            const float *w,
            guint n,
            guint start,
            guint count,
            guint64 first_index,
            C2lDatasetSample *group,
            GError **error)
{
  const C2lDatasetOptions *options = run->options;
  const gsize length = (gsize) options->image_size * options->image_size * 3;

  for (guint i = 0; i < count; i++)
    {
      C2lDatasetSample *sample = &group[i];
      const guint32 index = first_index + start + i;

      sample->latent = make_latent (run, w, n, start + i, index);
      sample->n_rows = options->space == C2L_SPACE_W ? 0 : run->n_rows;
      sample->latent_dim = run->w_dim;
      sample->feature_dim = run->feature_dim;
      sample->size = options->image_size;
      sample->pixels = options->save_images ? g_malloc (length) : NULL;
      if (!c2l_session_draw_small (run->session, run->styles, options->noise, options->seed, index,
                                   options->image_size, run->pictures + i * length, sample->pixels,
                                   run->cancellable, error))
        return FALSE;
    }
  if (!c2l_session_embed_pictures (run->session, run->pictures, count, options->image_size,
                                   run->features, run->cancellable, error))
    return FALSE;
  for (guint i = 0; i < count; i++)
    group[i].feature = g_memdup2 (run->features + (gsize) i * run->feature_dim,
                                  run->feature_dim * sizeof (float));
  return TRUE;
}

/* @n latents [n, D], in place. */
static void
truncate_latents (Run *run, float *w, guint n)
{
  const float psi = (float) run->options->truncation;

  if (psi == 1)
    return;
  for (gsize i = 0; i < (gsize) n * run->w_dim; i++)
    {
      const float average = run->average[i % run->w_dim];

      w[i] = average + psi * (w[i] - average);
    }
}

static gboolean
make_samples (Run *run, C2lDatasetFile *file, guint file_index, GError **error)
{
  const guint n = count_in_file (run, file_index);
  const guint64 first_index = (guint64) file_index * run->options->samples_per_file;
  const C2lSampling sampling
      = { .seed = run->options->seed, .first_index = first_index, .n = n, .truncation = 1 };
  g_autofree float *w = g_new (float, (gsize) n * run->w_dim);

  if (run->start == 0)
    run->start = g_get_monotonic_time ();
  if (!c2l_session_find_w (run->session, &sampling, w, run->cancellable, error))
    return FALSE;
  truncate_latents (run, w, n);
  for (guint start = 0; start < n; start += GROUP)
    {
      const guint count = MIN (GROUP, n - start);
      C2lDatasetSample group[GROUP] = { 0 };
      gboolean ok = draw_group (run, w, n, start, count, first_index, group, error);

      for (guint i = 0; ok && i < count; i++)
        {
          group[i].key = g_strdup_printf ("%05u%04u", file_index, start + i);
          ok = c2l_dataset_packer_push (run->packer, file, &group[i], error);
        }
      clear_group (group);
      if (!ok)
        return FALSE;
      run->result->n_samples += count;
      run->progress.n_done += count;
      report (run);
    }
  return TRUE;
}

/* --- all of them --- */

/* Goes through the tars that are not there. @n_made (out): of them by this process. What is
 * @unfinished when it fails is for the caller to free once the packer rests. */
static gboolean
make_files (Run *run, guint *n_made, C2lDatasetFile **unfinished, GError **error)
{
  *n_made = run->result->n_elsewhere = 0;
  for (guint i = 0; i < run->n_files; i++)
    {
      C2lClaim claim = c2l_dataset_file_claim (run->options->folder, i, unfinished, error);

      if (claim == C2L_CLAIM_FAILED)
        return FALSE;
      run->result->n_elsewhere += claim == C2L_CLAIM_ELSEWHERE;
      if (claim != C2L_CLAIM_OURS)
        continue;
      (*n_made)++;
      if (!make_samples (run, *unfinished, i, error)
          || !c2l_dataset_packer_end (run->packer, g_steal_pointer (unfinished), error))
        return FALSE;
    }
  return TRUE;
}

static void
count_finished (Run *run)
{
  run->progress.n_total = run->options->n_samples;
  for (guint i = 0; i < run->n_files; i++)
    {
      g_autofree char *path = c2l_dataset_file_dup_path (run->options->folder, i);

      if (!g_file_test (path, G_FILE_TEST_EXISTS))
        continue;
      run->result->n_before++;
      run->progress.n_done += count_in_file (run, i);
    }
}

static gboolean
make_all (Run *run, GError **error)
{
  const C2lDatasetOptions *options = run->options;
  C2lDatasetFile *unfinished = NULL;
  guint n_made;
  gboolean ok;

  run->packer = c2l_dataset_packer_new (options->n_save_workers,
                                        MAX (options->batch_size, GROUP) + options->n_save_workers);
  /* Others may have been ended meanwhile, and left theirs behind. Whatever happened, a tar that has
   * all of its samples is still finished. */
  do
    {
      ok = make_files (run, &n_made, &unfinished, error);
      ok = c2l_dataset_packer_finish (run->packer, ok ? error : NULL) && ok;
    }
  while (ok && n_made > 0 && run->result->n_elsewhere > 0);
  report (run);
  g_clear_pointer (&run->packer, c2l_dataset_packer_free);
  g_clear_pointer (&unfinished, c2l_dataset_file_free);
  return ok;
}

gboolean
c2l_dataset_make (C2lSession *session,
                  const C2lDatasetOptions *options,
                  const C2lDatasetCallbacks *callbacks,
                  C2lDatasetResult *result,
                  GCancellable *cancellable,
                  GError **error)
{
  const C2lDatasetCallbacks none = { NULL };
  C2lDatasetResult own_result;
  Run run = { .session = session,
              .options = options,
              .callbacks = callbacks != NULL ? callbacks : &none,
              .result = result != NULL ? result : &own_result,
              .cancellable = cancellable };
  g_autofree char *note = NULL;
  gsize length;
  gboolean ok;

  *run.result = (C2lDatasetResult){ 0 };
  if (!c2l_dataset_options_check (options, error))
    return FALSE;
  run.n_files = count_files (options);
  if (!check_model (&run, error) || !c2l_dataset_describe (session, options, &note, error))
    return FALSE;
  if (note != NULL && run.callbacks->note != NULL)
    run.callbacks->note (note, run.callbacks->data);
  length = (gsize) options->image_size * options->image_size * 3;
  run.styles = g_new (float, (gsize) run.num_ws *run.w_dim);
  run.pictures = g_new0 (float, GROUP *length);
  run.features = g_new (float, (gsize) GROUP *run.feature_dim);
  count_finished (&run);
  ok = make_all (&run, error);
  g_free (run.styles);
  g_free (run.pictures);
  g_free (run.features);
  return ok;
}
