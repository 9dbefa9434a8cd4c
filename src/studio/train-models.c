/* Opening what a training draws its validations with. */
#include "studio/train-models.h"

#include "studio/bundles.h"
#include "studio/devices.h"
#include "studio/paths.h"
#include "studio/published.h"
#include "studio/ranks.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Of C2lDeviceChoice, lent by @all: those that train. The first is this process's own GPU where
 * there are several. */
static GPtrArray *
list_trainers (GPtrArray *all)
{
  GPtrArray *list = g_ptr_array_new ();
  guint n_gpus = 0;

  for (guint i = 0; i < all->len; i++)
    {
      C2lDeviceChoice *choice = g_ptr_array_index (all, i);

      if (!choice->trains)
        continue;
      g_ptr_array_add (list, choice);
      n_gpus += choice->is_gpu;
    }
  if (n_gpus > 0)
    g_ptr_array_insert (
        list, 0, g_ptr_array_steal_index (list, (guint) c2l_ranks_get_local_rank () % n_gpus));
  return list;
}

/* "cuda" without a number, among several processes: a GPU of its own for each. */
static gboolean
is_any_gpu (const char *name)
{
  return g_strcmp0 (name, "cuda") == 0 && c2l_ranks_get_size () > 1;
}

C2lDevice *
c2l_train_open_device (const char *name, char **note, GError **error)
{
  const gboolean any_gpu = is_any_gpu (name);
  g_autoptr (GPtrArray) all = name == NULL || any_gpu ? c2l_devices_list (FALSE) : NULL;
  g_autoptr (GPtrArray) trainers = all != NULL ? list_trainers (all) : NULL;

  *note = NULL;
  for (guint i = 0; trainers != NULL && i < trainers->len; i++)
    {
      const C2lDeviceChoice *choice = g_ptr_array_index (trainers, i);
      g_autoptr (GError) local_error = NULL;
      C2lDevice *device;

      if (any_gpu && !choice->is_gpu)
        continue;
      device = c2l_device_open (choice->name, &local_error);
      if (device != NULL)
        return device;
      if (*note == NULL)
        *note = g_strdup_printf ("%s (%s): %s", choice->name, choice->description,
                                 local_error->message);
    }
  return c2l_device_open (name != NULL ? name : "cpu", error);
}

char *
c2l_train_find_file (const char *path)
{
  char *ours = NULL;

  if (!g_file_test (path, G_FILE_TEST_EXISTS) && !g_path_is_absolute (path)
      && !g_str_has_prefix (path, "https:"))
    ours = c2l_paths_dup_data (path);
  return ours != NULL ? ours : g_strdup (path);
}

static C2lBundle *
open_bundle (const char *name, GError **error)
{
  g_autofree char *folder = c2l_bundles_find (name);

  return c2l_bundle_open (folder, error);
}

static C2lBundle *
open_files (const C2lTrainSettings *settings, GCancellable *cancellable, GError **error)
{
  g_autofree char *generator = NULL, *clip = NULL, *generator_file = NULL, *clip_file = NULL;

  if (settings->sg_pkl == NULL || settings->clip_variant == NULL)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                   _ ("%s: null; name a file, or a model for both with data.bundle"),
                   settings->sg_pkl == NULL ? "data.sg_pkl" : "data.clip_variant");
      return NULL;
    }
  generator = c2l_train_find_file (settings->sg_pkl);
  clip = c2l_train_find_file (settings->clip_variant);
  if (!c2l_download_check (generator, C2L_PUBLISHED_GENERATOR, error)
      || !c2l_download_check (clip, C2L_PUBLISHED_CLIP, error))
    return NULL;
  generator_file
      = c2l_download_resolve (generator, C2L_PUBLISHED_GENERATOR, NULL, cancellable, error);
  clip_file = generator_file != NULL
                  ? c2l_download_resolve (clip, C2L_PUBLISHED_CLIP, NULL, cancellable, error)
                  : NULL;
  return clip_file != NULL
             ? c2l_bundle_open_files (&(C2lModelFiles){ .clip = clip_file,
                                                        .generator = generator_file,
                                                        .preprocess = settings->clip_preprocess },
                                      error)
             : NULL;
}

C2lBundle *
c2l_train_open_bundle (const C2lTrainSettings *settings, GCancellable *cancellable, GError **error)
{
  return settings->bundle != NULL ? open_bundle (settings->bundle, error)
                                  : open_files (settings, cancellable, error);
}

C2lSession *
c2l_train_open_session (const C2lTrainSettings *settings,
                        C2lDevice *device,
                        C2lPrecision precision,
                        GCancellable *cancellable,
                        GError **error)
{
  g_autoptr (C2lBundle) bundle = c2l_train_open_bundle (settings, cancellable, error);

  return bundle != NULL ? c2l_session_open (bundle, device, precision) : NULL;
}
