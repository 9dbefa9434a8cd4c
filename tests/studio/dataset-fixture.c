/* A small model, a folder, and looks into tars. */
#include "dataset-fixture.h"

#include "formats/shard.h"

#include <glib/gstdio.h>
#include <stdlib.h>

/* With as many threads as the thread sanitizer bears (check-long). */
static C2lSession *
open_bundle (C2lBundle *bundle, C2lPrecision precision)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lDevice) device = c2l_device_open ("cpu", &error);
  g_autoptr (C2lEngine) engine = NULL;

  g_assert_no_error (error);
  if (g_getenv ("C2L_TEST_THREADS") != NULL)
    c2l_device_set_n_threads (device, atoi (g_getenv ("C2L_TEST_THREADS")));
  engine = c2l_engine_new (bundle, device, NULL);
  return c2l_session_new (engine, precision);
}

C2lSession *
dataset_fixture_open_session (C2lPrecision precision, gboolean clip)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *generator = g_build_filename (g_getenv ("C2L_FIXTURES"), "e2e", "w", "generator.pkl", NULL);
  g_autofree char *clip_path = g_build_filename (g_getenv ("C2L_FIXTURES"), "e2e", "clip.pt", NULL);
  const C2lModelFiles files = { .generator = generator, .clip = clip ? clip_path : NULL };
  g_autoptr (C2lBundle) bundle = c2l_bundle_open_files (&files, &error);

  g_assert_no_error (error);
  return open_bundle (bundle, precision);
}

C2lSession *
dataset_fixture_open_starter (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *starter = g_build_filename (g_getenv ("C2L_DATA"), "starter", NULL);
  g_autoptr (C2lBundle) bundle = c2l_bundle_open (starter, &error);

  g_assert_no_error (error);
  return open_bundle (bundle, C2L_PRECISION_FAST);
}

C2lDatasetOptions
dataset_fixture_options (const char *folder, guint64 n_samples, guint samples_per_file)
{
  C2lDatasetOptions options;

  c2l_dataset_options_init (&options);
  options.folder = folder;
  options.n_samples = n_samples;
  options.samples_per_file = samples_per_file;
  options.batch_size = 4;
  options.n_save_workers = 2;
  options.image_size = 16;
  options.seed = 7;
  return options;
}

C2lDatasetResult
dataset_fixture_make (C2lSession *session, const C2lDatasetOptions *options)
{
  g_autoptr (GError) error = NULL;
  C2lDatasetResult result;

  c2l_dataset_make (session, options, NULL, &result, NULL, &error);
  g_assert_no_error (error);
  return result;
}

char *
dataset_fixture_path (const char *folder, const char *name)
{
  return g_build_filename (folder, name, NULL);
}

GBytes *
dataset_fixture_read (const char *folder, const char *name)
{
  g_autofree char *path = dataset_fixture_path (folder, name);
  g_autoptr (GError) error = NULL;
  char *data;
  gsize size;

  g_file_get_contents (path, &data, &size, &error);
  g_assert_no_error (error);
  return g_bytes_new_take (data, size);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(char *const *) a, *(char *const *) b);
}

char *
dataset_fixture_list (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);
  return g_strjoinv (" ", (char **) names->pdata);
}

guint
dataset_fixture_load (const char *folder, const char *name, float **latents, float **features)
{
  g_autofree char *path = dataset_fixture_path (folder, name);
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lShard) shard = c2l_shard_open (path, &error);
  g_autoptr (GArray) all_latents = g_array_new (FALSE, FALSE, sizeof (float));
  g_autoptr (GArray) all_features = g_array_new (FALSE, FALSE, sizeof (float));
  const C2lSample *sample;
  guint n = 0;

  g_assert_no_error (error);
  for (; (sample = c2l_shard_read_next (shard, &error)) != NULL; n++)
    {
      g_array_append_vals (all_latents, sample->latent, sample->n_latents * sample->latent_dim);
      g_array_append_vals (all_features, sample->feature, sample->feature_dim);
    }
  g_assert_no_error (error);
  *latents = g_array_steal (all_latents, NULL);
  *features = g_array_steal (all_features, NULL);
  return n;
}
