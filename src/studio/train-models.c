/* Opening what a training draws its validations with. */
#include "studio/train-models.h"

#include "studio/bundles.h"
#include "studio/devices.h"
#include "studio/paths.h"
#include "studio/published.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MERGES "merges.txt.gz"

C2lDevice *
c2l_train_open_device (const char *name, GError **error)
{
  g_autoptr (GPtrArray) devices = NULL;

  if (name != NULL)
    return c2l_device_open (name, error);
  devices = c2l_devices_list ();
  return c2l_device_open (
      devices->len > 0 ? ((C2lDeviceChoice *) g_ptr_array_index (devices, 0))->name : "cpu", error);
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
  generator_file = c2l_download_resolve (generator, C2L_PUBLISHED_GENERATOR, NULL, cancellable, error);
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
  g_autofree char *merges = c2l_paths_dup_data (MERGES);
  g_autoptr (C2lEngine) engine = bundle != NULL ? c2l_engine_new (bundle, device, merges) : NULL;

  return engine != NULL ? c2l_session_new (engine, precision) : NULL;
}
