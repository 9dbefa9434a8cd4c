/* Catalogues in memory: what one lends lives as long as it does, and what it has of its base is the
 * base's. Knows no network; what it names is fetched elsewhere. */
#include "studio/catalogue-private.h"

#include "studio/paths.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_NAME 100 /* bytes of an address's last part */

static const char *const kind_names[] = { "clip", "prior", "config", "generator" };

const char *
c2l_published_kind_get_name (C2lPublishedKind kind)
{
  return kind_names[kind];
}

void
c2l_published_free (gpointer data)
{
  C2lPublished *file = data;

  g_strfreev (file->names);
  g_free (file->url);
  g_free (file->sha256);
  g_free (file->path);
  g_free (file);
}

void
c2l_licence_free (gpointer data)
{
  C2lLicence *licence = data;

  g_free (licence->covers);
  g_free (licence->name);
  g_free (licence->url);
  g_free (licence->note);
  g_free (licence);
}

void
c2l_catalogue_model_free (gpointer data)
{
  C2lCatalogueModel *model = data;

  g_free (model->id);
  g_free (model->name);
  g_free (model->draws);
  g_free (model->network);
  g_free (model->bundle);
  g_free (model->preprocess);
  g_strfreev (model->examples);
  g_strfreev (model->pictures);
  g_strfreev (model->attributions);
  g_ptr_array_unref (model->licences);
  g_free (model);
}

C2lCatalogue *
c2l_catalogue_new (C2lCatalogue *base)
{
  C2lCatalogue *self = g_new0 (C2lCatalogue, 1);

  g_atomic_ref_count_init (&self->refs);
  self->files = base != NULL ? g_ptr_array_copy (base->files, NULL, NULL) : g_ptr_array_new ();
  self->models = base != NULL ? g_ptr_array_copy (base->models, NULL, NULL) : g_ptr_array_new ();
  self->n_base_files = self->files->len;
  self->n_base_models = self->models->len;
  self->base = base != NULL ? c2l_catalogue_ref (base) : NULL;
  return self;
}

C2lCatalogue *
c2l_catalogue_ref (C2lCatalogue *catalogue)
{
  g_atomic_ref_count_inc (&catalogue->refs);
  return catalogue;
}

void
c2l_catalogue_unref (C2lCatalogue *catalogue)
{
  if (!g_atomic_ref_count_dec (&catalogue->refs))
    return;
  for (guint i = catalogue->n_base_files; i < catalogue->files->len; i++)
    c2l_published_free (g_ptr_array_index (catalogue->files, i));
  for (guint i = catalogue->n_base_models; i < catalogue->models->len; i++)
    c2l_catalogue_model_free (g_ptr_array_index (catalogue->models, i));
  g_ptr_array_unref (catalogue->files);
  g_ptr_array_unref (catalogue->models);
  g_clear_pointer (&catalogue->base, c2l_catalogue_unref);
  g_free (catalogue);
}

char *
c2l_catalogue_dup_cache_path (const char *url, const char *sha256)
{
  g_autofree char *key = sha256 != NULL ? g_strjoin ("\n", url, sha256, NULL) : g_strdup (url);
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, key, -1);
  g_autofree char *path = g_strndup (url, strcspn (url, "?#"));
  g_autofree char *last = g_path_get_basename (path);
  g_autofree char *cache = c2l_paths_dup_cache ();
  g_autofree char *name = NULL;

  g_strcanon (last, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-", '-');
  if (strlen (last) > MAX_NAME)
    memmove (last, last + strlen (last) - MAX_NAME, MAX_NAME + 1);
  sum[12] = '\0';
  name = g_strconcat (sum, "-", last, NULL);
  return g_build_filename (cache, name, NULL);
}

C2lCatalogue *
c2l_catalogue_get_own (GError **error)
{
  static GMutex lock;
  static C2lCatalogue *own;
  g_autofree char *path = NULL;

  g_mutex_lock (&lock);
  if (own == NULL)
    {
      path = c2l_paths_dup_data ("catalogue.json");
      if (path != NULL)
        own = c2l_catalogue_load (path, NULL, NULL, error);
      else
        g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                     _ ("the program's catalogue of models is not installed; set C2L_DATA to the "
                        "folder that holds “catalogue.json”"));
    }
  g_mutex_unlock (&lock);
  return own;
}

/* --- looking --- */

GPtrArray *
c2l_catalogue_get_models (C2lCatalogue *catalogue)
{
  return catalogue->models;
}

const C2lCatalogueModel *
c2l_catalogue_find_model (C2lCatalogue *catalogue, const char *id)
{
  for (guint i = 0; i < catalogue->models->len; i++)
    {
      const C2lCatalogueModel *model = g_ptr_array_index (catalogue->models, i);

      if (strcmp (model->id, id) == 0)
        return model;
    }
  return NULL;
}

GPtrArray *
c2l_catalogue_get_files (C2lCatalogue *catalogue)
{
  return catalogue->files;
}

const C2lPublished *
c2l_catalogue_find_file (C2lCatalogue *catalogue, const char *name, C2lPublishedKind kind)
{
  for (guint i = 0; i < catalogue->files->len; i++)
    {
      const C2lPublished *file = g_ptr_array_index (catalogue->files, i);

      if (file->kind == kind && g_strv_contains ((const char *const *) file->names, name))
        return file;
    }
  return NULL;
}

guint
c2l_catalogue_count_users (C2lCatalogue *catalogue, const C2lPublished *file)
{
  guint n = 0;

  for (guint i = 0; i < catalogue->models->len; i++)
    {
      const C2lCatalogueModel *model = g_ptr_array_index (catalogue->models, i);

      n += model->files[file->kind] == file;
    }
  return n;
}
