/* C2lPicture: a finished picture: its recipe and its pixels; files with the recipe inside, and
 * contact sheets. */
#pragma once

#include "formats/image.h"
#include "studio/recipe.h"

G_BEGIN_DECLS

typedef struct _C2lPicture C2lPicture;
struct _C2lPicture
{
  gatomicrefcount refs;
  C2lRecipe *recipe;
  int size;        /* width and height */
  guint8 *pixels;  /* [size, size, 3], sRGB; NULL when dropped */
  GObject *frame;  /* (nullable): what shows it already (session.h) */
  guint prompt_index; /* which of the prompts it was drawn for */
};

/* Takes @pixels. */
C2lPicture *c2l_picture_new (C2lRecipe *recipe, int size, guint8 *pixels);
C2lPicture *c2l_picture_ref (C2lPicture *picture);
void        c2l_picture_unref (C2lPicture *picture);
/* Keeps the recipe only; what is left can neither be saved nor stand in a grid. */
void        c2l_picture_drop_pixels (C2lPicture *picture);

/* What a file says of the picture beside its pixels: the program, the recipe, the prompt. */
typedef struct
{
  C2lImageText texts[3];
  int n_texts;
  char *json, *prompt;
} C2lPictureTexts;

void        c2l_picture_texts_init (C2lPictureTexts *texts, C2lRecipe *recipe);
void        c2l_picture_texts_clear (C2lPictureTexts *texts);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (C2lPictureTexts, c2l_picture_texts_clear)

/* The bytes of a file with the recipe inside. @quality: 1 to 100, of no effect on PNG, which alone
 * keeps every bit. */
GBytes     *c2l_picture_encode (C2lPicture *picture, C2lImageFormat format, int quality, GError **error);
/* Writes a PNG aside and renames it, so that a file of that name is always whole. save.h has names
 * and other formats. */
gboolean    c2l_picture_save (C2lPicture *picture, const char *path, GError **error);

/* The recipe inside a picture that this program saved. */
C2lRecipe  *c2l_picture_load_recipe (const char *path, GError **error);

/* Pictures side by side, @columns a row (0: as square as it goes), written as one: PNG, JPEG or WebP
 * by the end of the name, PNG where it says nothing. @quality: 1 to 100, of the last two. All have
 * the same size. */
gboolean    c2l_pictures_save_grid (GPtrArray *pictures, int columns, const char *path, int quality, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lPicture, c2l_picture_unref)

G_END_DECLS
