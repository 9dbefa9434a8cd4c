/* What is this file? For “open with Clip2Latent”, things dropped on the window, and c2l info. By content, whatever its name ends with.
 *
 *   g_autoptr (C2lFileInfo) info = c2l_identify (path, &error);
 *   switch (info->kind) { case C2L_FILE_PICTURE: show (info->recipe); … }
 *
 * Opening a model's file may take seconds: use the asynchronous pair on a thread that draws a window. */
#pragma once

#include "formats/image.h"
#include "formats/weights.h"
#include "studio/bundle.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  C2L_FILE_PICTURE,   /* made here: image and recipe */
  C2L_FILE_IMAGE,     /* any other picture: image */
  C2L_FILE_BUNDLE,    /* a model's folder: bundle */
  C2L_FILE_RUN,       /* a training's folder */
  C2L_FILE_GENERATOR, /* weights, as of all that follow up to C2L_FILE_ARRAYS */
  C2L_FILE_PRIOR,
  C2L_FILE_CLIP,
  C2L_FILE_DIRECTION, /* one array of a shape that directions and latents have */
  C2L_FILE_LATENTS,   /* one array of several latents */
  C2L_FILE_ARRAY,     /* one array of another shape */
  C2L_FILE_ARRAYS,    /* several, of no kind that the program draws with */
  C2L_FILE_CONFIG,    /* YAML */
  C2L_FILE_MERGES,    /* the vocabulary of a CLIP */
  C2L_FILE_TAR        /* data */
} C2lFileKind;

typedef struct
{
  C2lFileKind kind;
  char *path;
  char *what;       /* "a StyleGAN generator: from a latent to a picture" */
  const char *use;  /* a sentence: what can be done with it here */
  C2lImage *image;  /* these four where the kind says so, else NULL */
  C2lRecipe *recipe;
  C2lBundle *bundle;
  C2lWeights *weights;
} C2lFileInfo;

/* "arrays", "array", "prior", "generator", "clip", "picture", …: one word, for programs. */
const char  *c2l_file_kind_get_name (C2lFileKind kind);

/* NULL and an error that says what it is and what would fit, where it is nothing known, damaged or hostile. */
C2lFileInfo *c2l_identify (const char *path, GError **error);
void         c2l_identify_async (const char *path, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
C2lFileInfo *c2l_identify_finish (GAsyncResult *result, GError **error);

void         c2l_file_info_free (C2lFileInfo *info);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lFileInfo, c2l_file_info_free)

G_END_DECLS
