/* What a program may ask a picture of studio. */
#include "libclip2latent/library-private.h"

#include "studio/save.h"

#include <math.h>
#include <string.h>

G_DEFINE_BOXED_TYPE (C2lPicture, c2l_picture, c2l_picture_ref, c2l_picture_unref)

int
c2l_picture_get_size (C2lPicture *picture)
{
  g_return_val_if_fail (picture != NULL, 0);

  return picture->size;
}

GBytes *
c2l_picture_dup_pixels (C2lPicture *picture)
{
  g_return_val_if_fail (picture != NULL, NULL);

  return g_bytes_new_with_free_func (picture->pixels, (gsize) picture->size * picture->size * 3,
                                     (GDestroyNotify) c2l_picture_unref, c2l_picture_ref (picture));
}

double
c2l_picture_get_score (C2lPicture *picture)
{
  g_return_val_if_fail (picture != NULL, NAN);

  return picture->recipe->has_score ? picture->recipe->score : NAN;
}

char *
c2l_picture_dup_prompt (C2lPicture *picture)
{
  g_return_val_if_fail (picture != NULL, NULL);

  return g_strdup (picture->recipe->prompt);
}

float *
c2l_picture_dup_latent (C2lPicture *picture, gsize *n_values, int *n_rows)
{
  const C2lRows *latent;

  g_return_val_if_fail (picture != NULL && n_values != NULL && n_rows != NULL, NULL);

  latent = &picture->recipe->latent;
  *n_values = (gsize) latent->n_rows * latent->width;
  *n_rows = latent->n_rows;
  return g_memdup2 (latent->data, *n_values * sizeof (float));
}

char *
c2l_picture_dup_recipe (C2lPicture *picture)
{
  g_return_val_if_fail (picture != NULL, NULL);

  return c2l_recipe_to_json (picture->recipe);
}

gboolean
c2l_picture_save_as (C2lPicture *picture, const char *path, int quality, GError **error)
{
  GError *cause = NULL;

  g_return_val_if_fail (picture != NULL && path != NULL, FALSE);

  if (quality < 0 || quality > 100)
    {
      g_set_error (error, C2L_ERROR, C2L_ERROR_INVALID,
                   "quality: %d; from 1 to 100 is possible, and 0 for the usual one", quality);
      return FALSE;
    }
  return c2l_save_picture_as (picture, path, quality > 0 ? quality : C2L_IMAGE_QUALITY, &cause)
         || c2l_error_propagate (error, cause);
}
