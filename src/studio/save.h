/* Saving pictures under names made for them, as PNG, JPEG or WebP, each with its recipe inside.
 *
 *   C2lSaveOptions options;
 *   c2l_save_options_init (&options, folder);
 *   options.format = C2L_IMAGE_WEBP;
 *   g_autofree char *path = c2l_save_picture (picture, &options, &error);
 *   c2l_save_pictures_async (pictures, &options, progress, data, cancellable, saved, data);
 *
 * A file appears whole or not at all, and replaces no other unless that was asked for. PNG is kept
 * bit for bit. */
#pragma once

#include "formats/image.h"
#include "studio/picture.h"
#include "studio/picture-name.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  const char *folder;        /* must exist */
  const char *name_template; /* C2L_NAME_TEMPLATE */
  C2lImageFormat format;     /* C2L_IMAGE_PNG */
  int quality;               /* C2L_IMAGE_QUALITY; 1 to 100, of JPEG and WebP */
  gboolean replace;          /* a file of that name; else a name that is taken gets " (2)" */
  gboolean plain;            /* it gets "-2", for shells */
} C2lSaveOptions;

void c2l_save_options_init (C2lSaveOptions *options, const char *folder);

/* Saves it under the template's name; returns its path.
 * Errors say which file it was and what to do. Any thread. */
char *c2l_save_picture (C2lPicture *picture, const C2lSaveOptions *options, GError **error);

/* Under a name that the user has chosen, replacing what is there: PNG, JPEG or WebP by the end of
 * the name, PNG where it says nothing. Any thread. */
gboolean c2l_save_picture_as (C2lPicture *picture, const char *path, int quality, GError **error);

/* @done of @n_pictures are saved, the last one as @path. */
typedef void (*C2lSaveProgress) (guint done, guint n_pictures, const char *path, gpointer data);

/* Saves @pictures (of C2lPicture) in their order and adds their paths (char *) to @paths. FALSE and
 * an error with the first that cannot be saved, or when it was cancelled; those before it stay
 * saved and are in @paths. */
gboolean c2l_save_pictures (GPtrArray *pictures,
                            const C2lSaveOptions *options,
                            C2lSaveProgress progress,
                            gpointer progress_data,
                            GPtrArray *paths,
                            GCancellable *cancellable,
                            GError **error);

/* The same on a thread of its own; @progress is called in the context that this was called from,
 * for the last time before @callback. Copies what it is given and holds the pictures, whose pixels
 * must stay. */
void c2l_save_pictures_async (GPtrArray *pictures,
                              const C2lSaveOptions *options,
                              C2lSaveProgress progress,
                              gpointer progress_data,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer data);
/* @paths: (out) (optional) (transfer full): of char *, those that were saved, also where the rest
 * was not. */
gboolean c2l_save_pictures_finish (GAsyncResult *result, GPtrArray **paths, GError **error);

void c2l_save_picture_as_async (C2lPicture *picture,
                                const char *path,
                                int quality,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer data);
gboolean c2l_save_picture_as_finish (GAsyncResult *result, GError **error);

G_END_DECLS
