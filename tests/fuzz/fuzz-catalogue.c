/* The reader of catalogues: as the program's own, and as a second one. */
#include "studio/catalogue.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static char *folder, *path;

static void
remove_folder (void)
{
  g_unlink (path);
  g_rmdir (folder);
  g_free (path);
  g_free (folder);
}

static void
make_folder (void)
{
  folder = g_dir_make_tmp ("c2l-fuzz-XXXXXX", NULL);
  path = g_build_filename (folder, "catalogue.json", NULL);
  atexit (remove_folder);
}

static void
look_at_file (C2lCatalogue *catalogue, const C2lPublished *file)
{
  g_autofree char *cache = g_strconcat (g_get_user_cache_dir (), "/clip2latent/", NULL);

  g_assert_true (g_str_has_prefix (file->path, cache));
  g_assert_null (strchr (file->path + strlen (cache), '/'));
  g_assert_true (file->sha256 == NULL || strlen (file->sha256) == 64);
  g_assert_cmpint (file->size, >=, 0);
  g_assert_true (c2l_catalogue_find_file (catalogue, file->names[0], file->kind) == file);
}

static void
look_at_model (C2lCatalogue *catalogue, const C2lCatalogueModel *model)
{
  g_autofree char *inside = g_strconcat (folder, "/", NULL);

  g_assert_true (c2l_catalogue_find_model (catalogue, model->id) == model);
  g_assert_null (strpbrk (model->id, "/."));
  g_assert_true (g_utf8_validate (model->name, -1, NULL) && g_utf8_validate (model->draws, -1, NULL));
  g_assert_true (model->bundle != NULL || model->licences->len > 0);
  g_assert_true (model->defaults.steps == 0 || isfinite (model->defaults.guidance));
  for (int i = 0; model->pictures[i] != NULL; i++)
    g_assert_true (g_str_has_prefix (model->pictures[i], inside) && strstr (model->pictures[i], "..") == NULL);
}

static void
look_at (C2lCatalogue *base)
{
  g_autoptr (C2lCatalogue) catalogue = c2l_catalogue_load (path, NULL, base, NULL);
  GPtrArray *files, *models;

  if (catalogue == NULL)
    return;
  files = c2l_catalogue_get_files (catalogue);
  models = c2l_catalogue_get_models (catalogue);
  for (guint i = base != NULL ? c2l_catalogue_get_files (base)->len : 0; i < files->len; i++)
    look_at_file (catalogue, g_ptr_array_index (files, i));
  for (guint i = base != NULL ? c2l_catalogue_get_models (base)->len : 0; i < models->len; i++)
    look_at_model (catalogue, g_ptr_array_index (models, i));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  if (folder == NULL)
    make_folder ();
  g_assert_true (g_file_set_contents_full (path, (const char *) data, size, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
  look_at (NULL);
  look_at (c2l_catalogue_get_own (NULL));
  return 0;
}
