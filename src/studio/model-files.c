/* From what a person named to files: one after the other through published.h, which fetches. Must
 * not know who asks. */
#include "studio/model-files.h"

#include "studio/published.h"

#include <string.h>

typedef struct
{
  const C2lModelFilesProgress *progress; /* (nullable) */
  GCancellable *cancellable;
} Fetch;

typedef struct
{
  const C2lModelFilesProgress *progress;
  const char *name;
} Report;

static void
report (goffset done, goffset total, gpointer data)
{
  const Report *report = data;

  report->progress->func (report->name, done, total, report->progress->data);
}

static char *
resolve (const Fetch *fetch, const char *name, C2lPublishedKind kind, GError **error)
{
  Report progress = { fetch->progress, name };
  C2lDownloadOptions options;

  c2l_download_options_init (&options);
  if (fetch->progress != NULL)
    {
      options.progress = report;
      options.progress_data = &progress;
    }
  return c2l_download_resolve (name, kind, &options, fetch->cancellable, error);
}

/* Where nothing was named there is nothing to do. */
static gboolean
fetch_one (const Fetch *fetch, const char *name, C2lPublishedKind kind, char **path, GError **error)
{
  return name == NULL || (*path = resolve (fetch, name, kind, error)) != NULL;
}

static gboolean
find_config (const Fetch *fetch, const char *prior, C2lModelPaths *paths, GError **error)
{
  const char *dot = strrchr (paths->prior, '.');
  g_autofree char *beside = g_strdup_printf (
      "%.*s.yaml", (int) (dot != NULL ? dot - paths->prior : (gssize) strlen (paths->prior)),
      paths->prior);

  if (c2l_published_find (prior, C2L_PUBLISHED_CONFIG) != NULL)
    return fetch_one (fetch, prior, C2L_PUBLISHED_CONFIG, &paths->config, error);
  if (g_file_test (beside, G_FILE_TEST_IS_REGULAR))
    paths->config = g_steal_pointer (&beside);
  return TRUE;
}

static gboolean
check_name (const char *name, C2lPublishedKind kind, GError **error)
{
  return name == NULL || c2l_download_check (name, kind, error);
}

gboolean
c2l_model_paths_fetch (C2lModelPaths *paths,
                       const C2lModelFiles *named,
                       const C2lModelFilesProgress *progress,
                       GCancellable *cancellable,
                       GError **error)
{
  const Fetch fetch = { progress, cancellable };

  *paths = (C2lModelPaths){ 0 };
  /* A mistyped name is to be known before gigabytes of the others. */
  if (!check_name (named->clip, C2L_PUBLISHED_CLIP, error)
      || !check_name (named->prior, C2L_PUBLISHED_PRIOR, error)
      || !check_name (named->config, C2L_PUBLISHED_CONFIG, error)
      || !check_name (named->generator, C2L_PUBLISHED_GENERATOR, error))
    return FALSE;
  if (!fetch_one (&fetch, named->clip, C2L_PUBLISHED_CLIP, &paths->clip, error)
      || !fetch_one (&fetch, named->prior, C2L_PUBLISHED_PRIOR, &paths->prior, error)
      || !fetch_one (&fetch, named->config, C2L_PUBLISHED_CONFIG, &paths->config, error)
      || !fetch_one (&fetch, named->generator, C2L_PUBLISHED_GENERATOR, &paths->generator, error))
    return FALSE;
  paths->merges = g_strdup (named->merges);
  return paths->prior == NULL || paths->config != NULL
         || find_config (&fetch, named->prior, paths, error);
}

void
c2l_model_paths_clear (C2lModelPaths *paths)
{
  g_free (paths->clip);
  g_free (paths->prior);
  g_free (paths->config);
  g_free (paths->generator);
  g_free (paths->merges);
}
