/* Drawing a recipe again, by the model that it came from. Compares before it draws, and says what
 * may differ. */
#include "studio/redraw.h"

#include "studio/digest.h"

#include <glib/gi18n-lib.h>

gboolean
c2l_redraw_check (C2lSession *session, C2lRecipe *recipe, GError **error)
{
  C2lBundle *bundle = c2l_engine_get_bundle (c2l_session_get_engine (session));
  const char *sum = g_hash_table_lookup (recipe->sha256, c2l_role_get_name (C2L_ROLE_GENERATOR));
  const char *file = c2l_bundle_get_file (bundle, C2L_ROLE_GENERATOR);
  /* Of the file itself: what model.json says of it may no longer be true. */
  g_autofree char *own = file != NULL ? c2l_digest_file (file, NULL, error)
                                      : c2l_bundle_dup_sha256 (bundle, C2L_ROLE_GENERATOR, error);
  g_autofree char *files = NULL;

  if (own == NULL)
    return FALSE;
  if (sum == NULL || g_ascii_strcasecmp (sum, own) == 0)
    return TRUE;
  files = c2l_recipe_dup_file_options (recipe);
  if (files != NULL)
    g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
                 _ ("the picture was drawn with single files, and “%s” has another generator; name "
                    "them: %s"),
                 c2l_bundle_get_name (bundle), files);
  else
    g_set_error (
        error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
        _ ("the picture was drawn by the model “%s”, and “%s” has another generator; name the "
           "right one with --model, or its files with --generator and --prior"),
        recipe->model != NULL ? recipe->model : "?", c2l_bundle_get_name (bundle));
  return FALSE;
}

/* Why the result may differ in the last bits, or NULL. */
static char *
dup_difference (C2lSession *session, C2lRecipe *recipe)
{
  C2lDevice *device = c2l_engine_get_device (c2l_session_get_engine (session));
  const char *precision = c2l_precision_get_name (c2l_session_get_precision (session));
  g_autofree char *details = c2l_session_dup_device_details (session);

  if (g_strcmp0 (recipe->program, C2L_VERSION) != 0)
    return g_strdup_printf ("it was drawn by version %s of the program, this is %s",
                            recipe->program, C2L_VERSION);
  if (g_strcmp0 (recipe->precision, precision) != 0)
    return g_strdup_printf ("it was drawn in precision %s, this is %s", recipe->precision,
                            precision);
  if (g_strcmp0 (recipe->device, c2l_device_get_kind (device)) != 0
      || g_strcmp0 (recipe->device_details, details) != 0)
    return g_strdup_printf ("it was drawn on %s (%s), this is %s (%s)", recipe->device,
                            recipe->device_details, c2l_device_get_kind (device), details);
  return NULL;
}

C2lPicture *
c2l_redraw (C2lSession *session,
            C2lRecipe *recipe,
            float *for_clip,
            char **warning,
            GCancellable *cancellable,
            GError **error)
{
  *warning = NULL;
  if (!c2l_redraw_check (session, recipe, error))
    return NULL;
  *warning = dup_difference (session, recipe);
  return c2l_session_draw (session, recipe, 0, for_clip, cancellable, error);
}
