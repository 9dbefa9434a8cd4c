/* The table of published files, and how a name becomes a path. Knows no format. */
#include "studio/published.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define HUGGING_FACE "https://huggingface.co/lambdalabs/clip2latent/resolve/main/"

static const C2lPublished table[] = {
  { "ffhq-sg2-510", C2L_FILE_PRIOR, HUGGING_FACE "ffhq-sg2-510.ckpt", NULL, "ffhq-sg2-510.ckpt" },
  { "ffhq-sg2-510", C2L_FILE_CONFIG, HUGGING_FACE "ffhq-sg2-510.yaml", NULL, "ffhq-sg2-510.yaml" },
  { "lhq-sg3-410", C2L_FILE_PRIOR, HUGGING_FACE "lhq-sg3-410.ckpt", NULL, "lhq-sg3-410.ckpt" },
  { "lhq-sg3-410", C2L_FILE_CONFIG, HUGGING_FACE "lhq-sg3-410.yaml", NULL, "lhq-sg3-410.yaml" },
  { "sg2-ffhq-1024", C2L_FILE_GENERATOR,
    "https://api.ngc.nvidia.com/v2/models/nvidia/research/stylegan2/versions/1/files/"
    "stylegan2-ffhq-1024x1024.pkl",
    NULL, "stylegan2-ffhq-1024x1024.pkl" },
  { "lhq-256-stylegan3-t", C2L_FILE_GENERATOR,
    "https://huggingface.co/justinpinkney/stylegan3-t-lhq-256/resolve/main/"
    "lhq-256-stylegan3-t-25Mimg.pkl",
    NULL, "lhq-256-stylegan3-t-25Mimg.pkl" },
  /* The same, as the original's generate_dataset.py calls it. */
  { "sg3-lhq-256", C2L_FILE_GENERATOR,
    "https://huggingface.co/justinpinkney/stylegan3-t-lhq-256/resolve/main/"
    "lhq-256-stylegan3-t-25Mimg.pkl",
    NULL, "lhq-256-stylegan3-t-25Mimg.pkl" },
  { "ViT-B/32", C2L_FILE_CLIP,
    "https://openaipublic.azureedge.net/clip/models/"
    "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af/"
    "ViT-B-32.pt",
    "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af", "ViT-B-32.pt" },
};

const C2lPublished *
c2l_published_get_all (gsize *n)
{
  *n = G_N_ELEMENTS (table);
  return table;
}

const C2lPublished *
c2l_published_find (const char *name, C2lFileKind kind)
{
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    {
      if (table[i].kind == kind && strcmp (table[i].name, name) == 0)
        return &table[i];
    }
  return NULL;
}

static char *
cache_path (const char *file_name)
{
  return g_build_filename (g_get_user_cache_dir (), "clip2latent", file_name, NULL);
}

char *
c2l_published_dup_cache_path (const C2lPublished *published)
{
  return cache_path (published->file_name);
}

/* A file name for @url that no other address has and that people recognise: its last part, made
 * harmless, behind a piece of its checksum. */
static char *
file_name_for_url (const char *url)
{
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, url, -1);
  g_autofree char *path = g_strndup (url, strcspn (url, "?#"));
  g_autofree char *last = g_path_get_basename (path);

  g_strcanon (last, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-", '-');
  if (strlen (last) > 100)
    memmove (last, last + strlen (last) - 100, 101);
  sum[12] = '\0';
  return g_strdup_printf ("%s-%s", sum, last);
}

static char *
list_names (C2lFileKind kind)
{
  GString *names = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    {
      if (table[i].kind == kind)
        g_string_append_printf (names, "%s“%s”", names->len > 0 ? ", " : "", table[i].name);
    }
  return g_string_free (names, FALSE);
}

static char *
fetch (const char *url,
       const char *file_name,
       const char *sha256,
       const C2lDownloadOptions *options,
       GCancellable *cancellable,
       GError **error)
{
  g_autofree char *path = cache_path (file_name);
  C2lDownloadOptions own_options;

  if (options != NULL)
    own_options = *options;
  else
    c2l_download_options_init (&own_options);
  own_options.sha256 = sha256;
  own_options.expected_size = 0;
  if (!c2l_download (url, path, &own_options, cancellable, error))
    return NULL;
  return g_steal_pointer (&path);
}

static void
set_unknown_name (GError **error, const char *what, C2lFileKind kind)
{
  g_autofree char *names = list_names (kind);

  g_set_error (
      error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_NAME,
      _ ("%s: no such file, and no published name; give a path, an https address or one of %s"),
      what, names);
}

gboolean
c2l_download_check (const char *what, C2lFileKind kind, GError **error)
{
  if (g_file_test (what, G_FILE_TEST_EXISTS) || strstr (what, "://") != NULL
      || c2l_published_find (what, kind) != NULL)
    return TRUE;
  set_unknown_name (error, what, kind);
  return FALSE;
}

char *
c2l_download_resolve (const char *what,
                      C2lFileKind kind,
                      const C2lDownloadOptions *options,
                      GCancellable *cancellable,
                      GError **error)
{
  const C2lPublished *published;

  g_return_val_if_fail (what != NULL, NULL);

  if (g_file_test (what, G_FILE_TEST_EXISTS))
    return g_strdup (what);
  if (strstr (what, "://") != NULL)
    {
      g_autofree char *file_name = file_name_for_url (what);

      return fetch (what, file_name, NULL, options, cancellable, error);
    }
  published = c2l_published_find (what, kind);
  if (published != NULL)
    return fetch (published->url, published->file_name, published->sha256, options, cancellable,
                  error);
  set_unknown_name (error, what, kind);
  return NULL;
}
