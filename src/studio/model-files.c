/* From what a person named to files: one after the other through published.h, which fetches. Must
 * not know who asks. */
#include "studio/model-files.h"

#include "formats/yaml.h"
#include "studio/published.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
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

/* The address beside @prior's with the ending .yaml; NULL where it is no address of a file. */
static char *
dup_config_address (const char *prior)
{
  g_autoptr (GUri) uri
      = strstr (prior, "://") != NULL ? g_uri_parse (prior, G_URI_FLAGS_ENCODED, NULL) : NULL;
  const char *path = uri != NULL ? g_uri_get_path (uri) : "";
  const char *slash = strrchr (path, '/'), *dot = slash != NULL ? strrchr (slash, '.') : NULL;
  g_autofree char *beside = NULL;

  if (slash == NULL || slash[1] == '\0')
    return NULL;
  beside = g_strdup_printf ("%.*s.yaml", (int) (dot != NULL ? dot - path : (gssize) strlen (path)),
                            path);
  return g_uri_join (G_URI_FLAGS_ENCODED, g_uri_get_scheme (uri), g_uri_get_userinfo (uri),
                     g_uri_get_host (uri), g_uri_get_port (uri), beside, g_uri_get_query (uri),
                     NULL);
}

static void
count_retry (const GError *reason, guint delay_ms, gpointer data)
{
  (*(int *) data)++;
}

/* Whether a configuration could be had after all, and the prior must not be used without it: not
 * where the server has none, or the prior is here from before and there is no connection. */
static gboolean
is_needed (const GError *why, int n_retries, gboolean is_here)
{
  if (g_error_matches (why, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_STATUS))
    return n_retries > 0 && !is_here;
  return !is_here || !g_error_matches (why, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_NETWORK);
}

/* Fetches what lies beside the address @prior, before the prior itself: when that is here, it is
 * known whether there was one. */
static gboolean
fetch_config_beside (const Fetch *fetch, const char *prior, C2lModelPaths *paths, GError **error)
{
  g_autofree char *address = dup_config_address (prior);
  g_autofree char *here = c2l_catalogue_dup_cache_path (prior, NULL), *path = NULL;
  gboolean is_here = g_file_test (here, G_FILE_TEST_EXISTS);
  g_autoptr (JsonObject) config = NULL;
  g_autoptr (GError) why = NULL;
  C2lDownloadOptions options;
  int n_retries = 0;

  if (address == NULL)
    return TRUE;
  c2l_download_options_init (&options);
  options.max_size = C2L_YAML_MAX_SIZE;
  options.retry = count_retry;
  options.progress_data = &n_retries;
  if (is_here)
    options.max_retries = 0;
  path = c2l_download_resolve (address, C2L_PUBLISHED_CONFIG, &options, fetch->cancellable, &why);
  if (path == NULL && !is_needed (why, n_retries, is_here))
    return TRUE;
  if (path != NULL)
    config = c2l_yaml_load (path, &why);
  /* A page that is sent in its place may read like one. */
  if (config != NULL && !json_object_has_member (config, "model"))
    {
      g_clear_pointer (&config, json_object_unref);
      g_set_error (&why, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNKNOWN,
                   _ ("%s: what the server sent is no prior's configuration"), address);
    }
  if (config == NULL)
    {
      if (path != NULL)
        g_unlink (path);
      g_propagate_prefixed_error (error, g_steal_pointer (&why),
                                  _ ("%s: its configuration is not to be had; name it with "
                                     "--config: "),
                                  prior);
      return FALSE;
    }
  paths->config = g_steal_pointer (&path);
  return TRUE;
}

/* Of a prior that is here. */
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
fetch_prior (const Fetch *fetch, const C2lModelFiles *named, C2lModelPaths *paths, GError **error)
{
  gboolean is_address = named->prior != NULL && !g_file_test (named->prior, G_FILE_TEST_EXISTS)
                        && strstr (named->prior, "://") != NULL;

  if (named->config == NULL && is_address
      && !fetch_config_beside (fetch, named->prior, paths, error))
    return FALSE;
  return fetch_one (fetch, named->prior, C2L_PUBLISHED_PRIOR, &paths->prior, error)
         && fetch_one (fetch, named->config, C2L_PUBLISHED_CONFIG, &paths->config, error)
         && (paths->prior == NULL || paths->config != NULL || is_address
             || find_config (fetch, named->prior, paths, error));
}

static gboolean
check_name (const char *name, C2lPublishedKind kind, GError **error)
{
  return name == NULL || c2l_download_check (name, kind, error);
}

gboolean
c2l_model_files_check (const C2lModelFiles *named, GError **error)
{
  return check_name (named->clip, C2L_PUBLISHED_CLIP, error)
         && check_name (named->prior, C2L_PUBLISHED_PRIOR, error)
         && check_name (named->config, C2L_PUBLISHED_CONFIG, error)
         && check_name (named->generator, C2L_PUBLISHED_GENERATOR, error);
}

/* Hugging Face gives a CLIP as a folder of several files. */
static void
enter_folder (char **clip)
{
  g_autofree char *inside
      = *clip != NULL ? g_build_filename (*clip, "model.safetensors", NULL) : NULL;

  if (inside == NULL || !g_file_test (inside, G_FILE_TEST_IS_REGULAR))
    return;
  g_free (*clip);
  *clip = g_steal_pointer (&inside);
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
  if (!c2l_model_files_check (named, error))
    return FALSE;
  if (!fetch_one (&fetch, named->clip, C2L_PUBLISHED_CLIP, &paths->clip, error)
      || !fetch_prior (&fetch, named, paths, error)
      || !fetch_one (&fetch, named->generator, C2L_PUBLISHED_GENERATOR, &paths->generator, error))
    return FALSE;
  enter_folder (&paths->clip);
  paths->merges = g_strdup (named->merges);
  return TRUE;
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
