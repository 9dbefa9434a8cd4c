/* The tars that a stream of samples comes from: found by their names, looked at once, and from then
 * on the same. */
#include "studio/samples-private.h"

#include "formats/braces.h"
#include "studio/recipe.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

static gboolean
expand_paths (C2lSampleSource *source, const char *const *paths, GError **error)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_free);

  for (; paths != NULL && *paths != NULL; paths++)
    {
      g_auto (GStrv) names = c2l_braces_expand (*paths, error);

      if (names == NULL)
        return FALSE;
      for (guint i = 0; names[i] != NULL; i++)
        g_ptr_array_add (files, g_strdup (names[i]));
    }
  source->n_files = files->len;
  g_ptr_array_add (files, NULL);
  source->files = (char **) g_ptr_array_steal (files, NULL);
  if (source->n_files > 0)
    return TRUE;
  g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
               _ ("no training data are named; name tars, for example “data/{00000..99}.tar”"));
  return FALSE;
}

/* Sizes of all files, so that a missing one is known before the first step. */
static gboolean
measure_files (C2lSampleSource *source, goffset *first, double *all, GChecksum *sum, GError **error)
{
  *all = 0;
  for (guint i = 0; i < source->n_files; i++)
    {
      const char *file = source->files[i];
      g_autofree char *base = g_path_get_basename (file);
      g_autofree char *line = NULL;
      GStatBuf info;
      int code = g_stat (file, &info) == 0 ? 0 : errno;

      if (code != 0 || S_ISDIR (info.st_mode))
        {
          g_set_error (error, G_FILE_ERROR,
                       code != 0 ? (int) g_file_error_from_errno (code) : G_FILE_ERROR_ISDIR,
                       _ ("%s: cannot be read as training data: %s; tar %u of %u that were named"),
                       file, code != 0 ? g_strerror (code) : "it is a folder", i + 1,
                       source->n_files);
          return FALSE;
        }
      if (i == 0)
        *first = info.st_size;
      *all += info.st_size;
      line = g_strdup_printf ("%s %" G_GINT64_FORMAT "\n", base, (gint64) info.st_size);
      g_checksum_update (sum, (const guchar *) line, -1);
    }
  return TRUE;
}

/* The shape of all samples, and the number of those in the first tar. */
static gboolean
read_first (C2lSampleSource *source, guint64 *n, GError **error)
{
  g_autoptr (C2lShard) shard = c2l_shard_open (source->files[0], error);
  g_autoptr (GError) local_error = NULL;
  const C2lSample *sample;

  *n = 0;
  if (shard == NULL)
    return FALSE;
  while ((sample = c2l_shard_read_next (shard, &local_error)) != NULL)
    if ((*n)++ == 0)
      source->shape
          = (C2lSampleShape){ sample->n_latents, sample->latent_dim, sample->feature_dim };
  /* Damage behind the first sample is told of when the stream gets there. */
  if (*n > 0)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}

gboolean
c2l_sample_source_open (C2lSampleSource *source, const C2lSamplesOptions *options, GError **error)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *line = NULL;
  goffset first = 0;
  double all;
  guint64 n;

  source->shuffle = MAX (options->shuffle, 1);
  source->seed = options->seed;
  if (!expand_paths (source, options->paths, error)
      || !measure_files (source, &first, &all, sum, error) || !read_first (source, &n, error))
    return FALSE;
  source->n_latent = (gsize) source->shape.n_latents * source->shape.latent_dim;
  source->n_feature = source->shape.feature_dim;
  source->n_expected = MAX (n, (guint64) (n * all / MAX (first, 1)));
  line = g_strdup_printf ("shuffle %u, seed %" G_GUINT64_FORMAT ", [%u, %u], [%u]", source->shuffle,
                          source->seed, source->shape.n_latents, source->shape.latent_dim,
                          source->shape.feature_dim);
  g_checksum_update (sum, (const guchar *) line, -1);
  source->fingerprint = g_strdup (g_checksum_get_string (sum));
  return TRUE;
}

void
c2l_sample_source_clear (C2lSampleSource *source)
{
  g_clear_pointer (&source->files, g_strfreev);
  g_clear_pointer (&source->fingerprint, g_free);
}
