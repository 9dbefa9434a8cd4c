/* The reader of model.json, in a folder with one more file, “a”, that a model may name; and the prior's configuration in it. */
#include "models/prior-config.h"
#include "studio/bundle.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static char *folder, *model, *file;

static void
remove_folder (void)
{
  g_unlink (model);
  g_unlink (file);
  g_rmdir (folder);
  g_free (model);
  g_free (file);
  g_free (folder);
}

static void
make_folder (void)
{
  folder = g_dir_make_tmp ("c2l-fuzz-XXXXXX", NULL);
  model = g_build_filename (folder, "model.json", NULL);
  file = g_build_filename (folder, "a", NULL);
  g_assert_true (g_file_set_contents (file, "", 0, NULL));
  atexit (remove_folder);
}

static void
look_at (C2lBundle *bundle)
{
  g_autofree char *inside = g_strconcat (folder, "/", NULL);
  GPtrArray *directions = c2l_bundle_get_directions (bundle);
  JsonObject *config = c2l_bundle_get_prior_config (bundle);
  g_autoptr (C2lPriorConfig) prior = config != NULL ? c2l_prior_config_new (config, NULL) : NULL;
  C2lDefaults defaults;

  c2l_bundle_get_defaults (bundle, &defaults);
  g_assert_true (isfinite (defaults.guidance) && isfinite (defaults.truncation) && defaults.steps > 0);
  for (guint i = 0; i < directions->len; i++)
    {
      const C2lDirection *direction = g_ptr_array_index (directions, i);

      g_assert_true (isfinite (direction->scale));
      g_assert_true (g_str_has_prefix (direction->file, inside));
      g_assert_nonnull (c2l_bundle_lookup_direction (bundle, direction->name));
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (C2lBundle) bundle = NULL;

  if (folder == NULL)
    make_folder ();
  g_assert_true (g_file_set_contents_full (model, (const char *) data, size, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
  bundle = c2l_bundle_open (folder, NULL);
  if (bundle != NULL)
    look_at (bundle);
  return 0;
}
