/* Moving pictures. WebP is packed in memory, frame by frame, and written at the end; PNG files go
 * into a hidden folder beside the one that is wanted, which is renamed at the end. Knows nothing of
 * what the frames show. */
#include "studio/animate.h"

#include "formats/output.h"
#include "formats/webp.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <math.h>

#define DEFAULT_FPS 25

struct _C2lAnimator
{
  char *path;
  C2lAnimation animation;
  guint n_frames;    /* so far */
  int size;          /* of the first */
  C2lRecipe *recipe; /* of the first */
  C2lWebpWriter *writer;
  char *part; /* the hidden folder; NULL for WebP, and once it has its name */
};

static gboolean
cannot_write (const char *path, int code, const char *advice, GError **error)
{
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code),
               _ ("%s: cannot be written: %s; %s"), path, g_strerror (code), advice);
  return FALSE;
}

static gboolean
is_empty (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);

  return dir != NULL && g_dir_read_name (dir) == NULL;
}

/* To be known before an hour of drawing, not after. */
static gboolean
check_path (const char *path, gboolean as_files, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);

  if (!g_file_test (folder, G_FILE_TEST_IS_DIR))
    return cannot_write (path, ENOENT, _ ("its folder is not there: make it, or choose another"),
                         error);
  if (as_files && g_file_test (path, G_FILE_TEST_EXISTS) && !is_empty (path))
    return cannot_write (path, EEXIST, _ ("frames need a new or an empty folder"), error);
  if (!as_files && g_file_test (path, G_FILE_TEST_IS_DIR))
    return cannot_write (path, EISDIR, _ ("name a file"), error);
  return TRUE;
}

C2lAnimator *
c2l_animator_new (const char *path, const C2lAnimation *animation, GError **error)
{
  g_autoptr (C2lAnimator) self = g_new0 (C2lAnimator, 1);
  g_autofree char *folder = NULL, *name = NULL, *pattern = NULL;

  g_return_val_if_fail (path != NULL && animation != NULL, NULL);

  if (!check_path (path, animation->as_files, error))
    return NULL;
  self->path = g_strdup (path);
  self->animation = *animation;
  if (self->animation.fps <= 0)
    self->animation.fps = DEFAULT_FPS;
  self->animation.fps = CLAMP (self->animation.fps, C2L_ANIMATION_MIN_FPS, C2L_ANIMATION_MAX_FPS);
  if (self->animation.quality <= 0)
    self->animation.quality = C2L_ANIMATION_QUALITY;
  if (!animation->as_files)
    return g_steal_pointer (&self);

  folder = g_path_get_dirname (path);
  name = g_path_get_basename (path);
  pattern = g_strdup_printf (".%.100s.XXXXXX", name);
  self->part = g_build_filename (folder, pattern, NULL);
  if (g_mkdtemp_full (self->part, 0777) == NULL)
    {
      g_clear_pointer (&self->part, g_free);
      cannot_write (path, errno, _ ("choose a folder that you may write to"), error);
      return NULL;
    }
  return g_steal_pointer (&self);
}

static void
remove_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_unlink (path);
    }
  g_rmdir (folder);
}

void
c2l_animator_free (C2lAnimator *self)
{
  if (self == NULL)
    return;
  if (self->part != NULL)
    remove_folder (self->part);
  c2l_webp_writer_free (self->writer);
  g_clear_pointer (&self->recipe, c2l_recipe_unref);
  g_free (self->part);
  g_free (self->path);
  g_free (self);
}

static gboolean
add_file (C2lAnimator *self, C2lPicture *frame, GError **error)
{
  g_autofree char *name = g_strdup_printf ("frame-%04u.png", self->n_frames + 1);
  g_autofree char *path = g_build_filename (self->part, name, NULL);

  return c2l_picture_save (frame, path, error);
}

/* Rounded from the start on, so that no second gets longer or shorter by the frame. */
static int
find_duration (const C2lAnimator *self)
{
  double length = 1000 / self->animation.fps;

  return lround ((self->n_frames + 1) * length) - lround (self->n_frames * length);
}

static gboolean
add_to_webp (C2lAnimator *self, C2lPicture *frame, GCancellable *cancellable, GError **error)
{
  if (self->writer == NULL)
    self->writer = c2l_webp_writer_new (frame->size, frame->size, self->animation.quality,
                                        self->animation.loops, error);
  return self->writer != NULL
         && c2l_webp_writer_add (self->writer, frame->pixels, find_duration (self), cancellable,
                                 error);
}

gboolean
c2l_animator_add (C2lAnimator *self, C2lPicture *frame, GCancellable *cancellable, GError **error)
{
  gboolean added;

  g_return_val_if_fail (self != NULL && frame != NULL && frame->pixels != NULL, FALSE);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  if (self->n_frames == 0)
    {
      self->size = frame->size;
      self->recipe = c2l_recipe_ref (frame->recipe);
    }
  if (frame->size != self->size)
    {
      g_set_error (
          error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
          _ ("%s: frame %u has %d², the first one %d²; draw them with one model in one size"),
          self->path, self->n_frames + 1, frame->size, self->size);
      return FALSE;
    }
  added = self->animation.as_files ? add_file (self, frame, error)
                                   : add_to_webp (self, frame, cancellable, error);
  self->n_frames++;
  return added;
}

static gboolean
finish_webp (C2lAnimator *self, GError **error)
{
  g_auto (C2lPictureTexts) texts = { 0 };
  g_autoptr (GBytes) bytes = NULL;

  c2l_picture_texts_init (&texts, self->recipe);
  bytes = c2l_webp_writer_finish (self->writer, texts.texts, texts.n_texts, error);
  return bytes != NULL
         && c2l_output_save (self->path, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                             error);
}

gboolean
c2l_animator_finish (C2lAnimator *self, GError **error)
{
  g_return_val_if_fail (self != NULL && self->n_frames > 0, FALSE);

  if (!self->animation.as_files)
    return finish_webp (self, error);
  if (g_rename (self->part, self->path) != 0)
    return cannot_write (self->path, errno, _ ("frames need a new or an empty folder"), error);
  g_clear_pointer (&self->part, g_free);
  return TRUE;
}

gboolean
c2l_animate (const char *path,
             const C2lAnimation *animation,
             guint n_frames,
             C2lDrawFrame draw,
             C2lAnimateProgress progress,
             gpointer data,
             GCancellable *cancellable,
             GError **error)
{
  g_autoptr (C2lAnimator) animator = NULL;

  g_return_val_if_fail (n_frames > 0 && draw != NULL, FALSE);

  animator = c2l_animator_new (path, animation, error);
  if (animator == NULL)
    return FALSE;
  for (guint i = 0; i < n_frames; i++)
    {
      g_autoptr (C2lPicture) frame = draw (i, data, cancellable, error);

      if (frame == NULL || !c2l_animator_add (animator, frame, cancellable, error))
        return FALSE;
      if (progress != NULL)
        progress (i + 1, n_frames, data);
    }
  return c2l_animator_finish (animator, error);
}
