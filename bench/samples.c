/* Micro-benchmark of training data on their way to a trainer: makes tars in a temporary folder, as
 * c2l dataset does, and prints how many samples a second c2l_samples_next() gives in batches of
 * 512, with the shuffle buffer, after the first batch; the files are in the system's cache.
 *
 *   bench/samples [--samples=100000] [--pictures] [--latents=1] */
#include "studio/samples.h"

#include "formats/npy.h"
#include "formats/tar.h"

#include <glib/gstdio.h>
#include <math.h>

#define DIM 512
#define PER_FILE 10000
#define BATCH 512
#define ROUNDS 5
#define JPEG 25000 /* bytes of a picture of 256² */

static int n_samples = 100000, n_latents = 1;
static gboolean pictures;
static GOptionEntry entries[]
    = { { "samples", 0, 0, G_OPTION_ARG_INT, &n_samples, "How many", "N" },
        { "latents", 0, 0, G_OPTION_ARG_INT, &n_latents, "Rows of a latent", "N" },
        { "pictures", 0, 0, G_OPTION_ARG_NONE, &pictures, "With pictures beside them", NULL },
        { NULL } };

static void
append (GByteArray *tar, const char *key, const char *suffix, GBytes *bytes)
{
  g_autofree char *name = g_strconcat (key, suffix, NULL);

  c2l_tar_append (tar, name, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL);
}

static void
write_tar (const char *folder, int file, int n)
{
  g_autofree float *values = g_new0 (float, (gsize) n_latents *DIM);
  g_autoptr (GBytes) picture = g_bytes_new_take (g_malloc0 (JPEG), JPEG);
  g_autofree char *path = g_strdup_printf ("%s/%05d.tar", folder, file);
  g_autoptr (GByteArray) tar = g_byte_array_new ();
  const gint64 dims[] = { n_latents, DIM };

  for (int i = 0; i < n; i++)
    {
      g_autofree char *key = g_strdup_printf ("%05d%04d", file, i);
      g_autoptr (GBytes) feature = NULL, latent = NULL;

      for (gsize j = 0; j < (gsize) n_latents * DIM; j++)
        values[j] = sinf (i + j);
      feature = c2l_npy_write_bytes (values, dims + 1, 1);
      latent
          = c2l_npy_write_bytes (values, n_latents == 1 ? dims + 1 : dims, n_latents == 1 ? 1 : 2);
      if (pictures)
        append (tar, key, ".gen.jpg", picture);
      append (tar, key, ".img_feat.npy", feature);
      append (tar, key, ".latent.npy", latent);
    }
  c2l_tar_append_end (tar, tar->len);
  g_file_set_contents (path, (const char *) tar->data, tar->len, NULL);
}

/* Samples a second over an epoch or more. */
static double
measure (C2lSamples *samples, float *latents, float *features, GError **error)
{
  const int n = n_samples / BATCH;
  gint64 start = g_get_monotonic_time ();

  for (int i = 0; i < n; i++)
    if (!c2l_samples_next (samples, BATCH, latents, features, NULL, error))
      return -1;
  return (double) n * BATCH / ((g_get_monotonic_time () - start) * 1e-6);
}

static gboolean
run (const char *folder, int n_files, GError **error)
{
  g_autofree char *pattern = g_strdup_printf ("%s/{00000..%d}.tar", folder, n_files - 1);
  const char *const paths[] = { pattern, NULL };
  g_autofree float *latents = g_new (float, (gsize) BATCH *n_latents *DIM),
                   *features = g_new (float, BATCH *DIM);
  g_auto (C2lSampleStatistics) statistics = { 0 };
  g_autoptr (C2lSamples) samples = NULL;
  C2lSamplesOptions options;
  gint64 start = g_get_monotonic_time ();

  c2l_samples_options_init (&options);
  options.paths = paths;
  samples = c2l_samples_open (&options, error);
  if (samples == NULL)
    return FALSE;
  g_print ("opened in %.3f s", (g_get_monotonic_time () - start) * 1e-6);
  start = g_get_monotonic_time ();
  if (!c2l_samples_measure (samples, C2L_SAMPLES_MEASURED, &statistics, NULL, error))
    return FALSE;
  g_print (", measured in %.3f s", (g_get_monotonic_time () - start) * 1e-6);
  start = g_get_monotonic_time ();
  if (!c2l_samples_next (samples, BATCH, latents, features, NULL, error))
    return FALSE;
  g_print (", first batch after %.3f s\nsamples a second:",
           (g_get_monotonic_time () - start) * 1e-6);
  for (int i = 0; i < ROUNDS; i++)
    {
      double rate = measure (samples, latents, features, error);

      if (rate < 0)
        return FALSE;
      g_print (" %.0f", rate);
    }
  g_print ("\n");
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = NULL;
  int n_files;
  gboolean ok;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || n_samples < BATCH || n_latents < 1)
    {
      g_printerr ("%s\n", error != NULL ? error->message : "too few");
      return 2;
    }
  folder = g_dir_make_tmp ("c2l-samples-XXXXXX", &error);
  n_files = (n_samples - 1) / PER_FILE + 1;
  for (int i = 0; i < n_files; i++)
    write_tar (folder, i, MIN (PER_FILE, n_samples - i * PER_FILE));
  ok = run (folder, n_files, &error);
  for (int i = 0; i < n_files; i++)
    {
      g_autofree char *path = g_strdup_printf ("%s/%05d.tar", folder, i);
      g_remove (path);
    }
  g_rmdir (folder);
  if (!ok)
    g_printerr ("%s\n", error->message);
  return ok ? 0 : 1;
}
