/* Moving pictures: frames, one after the other, into an animated WebP or into a folder of PNG files.
 *
 *   C2lAnimation animation = { .fps = 30 };
 *   c2l_animate ("morph.webp", &animation, 60, draw_frame, show_progress, data, cancellable, &error);
 *
 * or, for who gets the frames piece by piece,
 *
 *   C2lAnimator *animator = c2l_animator_new ("morph.webp", &animation, &error);
 *   … c2l_animator_add (animator, picture, cancellable, &error) …
 *   c2l_animator_finish (animator, &error);
 *
 * What is made appears under its name when it is whole. Who ends early, by an error, by cancelling or by c2l_animator_free(), leaves
 * nothing behind. */
#pragma once

#include "studio/picture.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define C2L_ANIMATION_QUALITY 85
#define C2L_ANIMATION_MIN_FPS 1
#define C2L_ANIMATION_MAX_FPS 100

typedef struct
{
  double fps;        /* frames a second; 0: 25 */
  int loops;         /* how often it is played; 0: for ever */
  int quality;       /* 1 to 100; 0: C2L_ANIMATION_QUALITY */
  gboolean as_files; /* a folder with frame-0001.png …, each with its recipe; fps, loops and quality have no effect */
} C2lAnimation;

typedef struct _C2lAnimator C2lAnimator;

/* @path: the WebP file, which is replaced, or the folder, which must be empty or not there. NULL and an error where that cannot be. */
C2lAnimator *c2l_animator_new (const char *path, const C2lAnimation *animation, GError **error);
void         c2l_animator_free (C2lAnimator *animator);

/* All frames have the size of the first. Any thread, one at a time. */
gboolean     c2l_animator_add (C2lAnimator *animator, C2lPicture *frame, GCancellable *cancellable, GError **error);
/* Makes it appear; then nothing but c2l_animator_free(). */
gboolean     c2l_animator_finish (C2lAnimator *animator, GError **error);

/* Frame @i, from 0 (transfer full); NULL and an error ends the work. */
typedef C2lPicture *(*C2lDrawFrame) (guint i, gpointer data, GCancellable *cancellable, GError **error);
typedef void (*C2lAnimateProgress) (guint done, guint n_frames, gpointer data);

/* The whole of it. @progress: (nullable). */
gboolean     c2l_animate (const char *path, const C2lAnimation *animation, guint n_frames, C2lDrawFrame draw,
                          C2lAnimateProgress progress, gpointer data, GCancellable *cancellable, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lAnimator, c2l_animator_free)

G_END_DECLS
