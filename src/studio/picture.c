/* Finished pictures and their files. The recipe travels in a text of the file; beside it stand the
 * prompt and the program's name under the keywords that other programs show. */
#include "studio/picture.h"

#include "formats/output.h"
#include "formats/png.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* A grid must stay a picture that other programs open. */
#define MAX_GRID_SIDE C2L_IMAGE_MAX_SIDE

C2lPicture *
c2l_picture_new (C2lRecipe *recipe, int size, guint8 *pixels)
{
  C2lPicture *picture = g_new0 (C2lPicture, 1);

  g_atomic_ref_count_init (&picture->refs);
  picture->recipe = c2l_recipe_ref (recipe);
  picture->size = size;
  picture->pixels = pixels;
  return picture;
}

C2lPicture *
c2l_picture_ref (C2lPicture *picture)
{
  g_atomic_ref_count_inc (&picture->refs);
  return picture;
}

void
c2l_picture_unref (C2lPicture *picture)
{
  if (!g_atomic_ref_count_dec (&picture->refs))
    return;
  c2l_recipe_unref (picture->recipe);
  g_free (picture->pixels);
  g_clear_object (&picture->frame);
  g_free (picture);
}

void
c2l_picture_drop_pixels (C2lPicture *picture)
{
  g_clear_pointer (&picture->pixels, g_free);
}

void
c2l_picture_texts_init (C2lPictureTexts *texts, C2lRecipe *recipe)
{
  texts->json = c2l_recipe_to_json (recipe);
  texts->prompt = g_utf8_make_valid (recipe->prompt != NULL ? recipe->prompt : "", -1);
  texts->texts[0] = (C2lImageText){ "Software", "clip2latent " C2L_VERSION };
  texts->texts[1] = (C2lImageText){ C2L_RECIPE_KEYWORD, texts->json };
  texts->texts[2] = (C2lImageText){ "Description", texts->prompt };
  texts->n_texts = *texts->prompt != '\0' ? 3 : 2;
}

void
c2l_picture_texts_clear (C2lPictureTexts *texts)
{
  g_clear_pointer (&texts->json, g_free);
  g_clear_pointer (&texts->prompt, g_free);
}

GBytes *
c2l_picture_encode (C2lPicture *picture, C2lImageFormat format, int quality, GError **error)
{
  g_auto (C2lPictureTexts) texts = { 0 };

  g_return_val_if_fail (picture->pixels != NULL, NULL);

  c2l_picture_texts_init (&texts, picture->recipe);
  return c2l_image_encode (format, quality, picture->pixels, picture->size, picture->size,
                           texts.texts, texts.n_texts, error);
}

gboolean
c2l_picture_save (C2lPicture *picture, const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = c2l_picture_encode (picture, C2L_IMAGE_PNG, 0, error);

  return bytes != NULL
         && c2l_output_save (path, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error);
}

C2lRecipe *
c2l_picture_load_recipe (const char *path, GError **error)
{
  g_autoptr (C2lImage) image = c2l_image_load (path, error);
  const char *json;

  if (image == NULL)
    return NULL;
  json = g_hash_table_lookup (image->texts, C2L_RECIPE_KEYWORD);
  if (json == NULL)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_RECIPE,
                   _ ("%s: there is no recipe in it; only pictures that this program saved, and "
                      "nothing has rewritten, carry one"),
                   path);
      return NULL;
    }
  return c2l_recipe_from_json (json, path, error);
}

static gboolean
save_pixels (const char *path,
             int quality,
             const guint8 *pixels,
             int width,
             int height,
             GError **error)
{
  const C2lImageText program = { "Software", "clip2latent " C2L_VERSION };
  C2lImageFormat format = C2L_IMAGE_PNG;
  g_autoptr (GBytes) bytes = NULL;

  c2l_image_format_from_path (path, &format);
  if (format == C2L_IMAGE_PNG)
    return c2l_png_save (path, pixels, width, height, &program, 1, C2L_PNG_SMALL, error);
  bytes = c2l_image_encode (format, quality, pixels, width, height, &program, 1, error);
  if (bytes != NULL)
    return c2l_output_save (path, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error);
  g_prefix_error (error, "%s: ", path);
  return FALSE;
}

gboolean
c2l_pictures_save_grid (GPtrArray *pictures,
                        int columns,
                        const char *path,
                        int quality,
                        GError **error)
{
  const C2lPicture *first = pictures->len > 0 ? g_ptr_array_index (pictures, 0) : NULL;
  int rows, gap, side;
  g_autofree guint8 *pixels = NULL;
  gsize width, height;

  g_return_val_if_fail (first != NULL, FALSE);
  if (columns <= 0)
    columns = ceil (sqrt (pictures->len));
  columns = MIN (columns, (int) pictures->len);
  rows = (pictures->len + columns - 1) / columns;
  side = first->size;
  gap = MAX (side / 64, 1);
  width = (gsize) columns * (side + gap) + gap;
  height = (gsize) rows * (side + gap) + gap;
  if (width > MAX_GRID_SIDE || height > MAX_GRID_SIDE || width * height > C2L_IMAGE_MAX_PIXELS)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                   _ ("%s: a grid of %u pictures of %d² is too large; draw fewer"), path,
                   pictures->len, side);
      return FALSE;
    }
  pixels = g_malloc (width * height * 3);
  memset (pixels, 255, width * height * 3);
  for (guint i = 0; i < pictures->len; i++)
    {
      const C2lPicture *picture = g_ptr_array_index (pictures, i);
      gsize left = gap + (i % columns) * (side + gap),
            top = gap + (i / columns) * (gsize) (side + gap);

      g_return_val_if_fail (picture->size == side, FALSE);
      for (int y = 0; y < side; y++)
        memcpy (pixels + ((top + y) * width + left) * 3, picture->pixels + (gsize) y * side * 3,
                (gsize) side * 3);
    }
  return save_pixels (path, quality, pixels, width, height, error);
}
