/* Uploading pictures. With a software renderer too: what the worker uploads GTK's thread need not,
 * and that has less time (docs/decisions.md has the measurement). The context is made on GTK's
 * thread and then used by the worker alone; it is current only between map and unmap, so that it
 * can be let go from GTK's thread once the worker has ended. A texture is handed over when the GPU
 * is done with it. Textures die on GTK's thread, where no GL may be waited for: their ids are
 * queued for the worker. What outlives the target is the Heap. */
#include "app/c2l-gl-target.h"

#include <epoxy/gl.h>
#include <string.h>

#define FENCE_TIMEOUT_NS G_GUINT64_CONSTANT (1000000000)

/* What textures and target share. */
typedef struct
{
  gatomicrefcount refs;
  GMutex lock;
  GdkGLContext *context;
  C2lTarget *target; /* NULL when it is gone, and the context nobody's */
  GArray *released;  /* of GLuint */
  gint n_live;       /* atomic */
} Heap;

typedef struct
{
  C2lTarget parent;
  Heap *heap; /* NULL: without GL */
  GLuint buffer;
  GLuint held; /* that others write into: never mapped, as large as the largest picture so far */
  gsize held_length;
  guint8 *memory; /* of the picture that is being drawn, without GL */
  int size;
} C2lGlTarget;

/* One texture, as long as GDK has it. */
typedef struct
{
  Heap *heap;
  GLuint id;
} Allocation;

/* --- the heap --- */

static Heap *
heap_ref (Heap *heap)
{
  g_atomic_ref_count_inc (&heap->refs);
  return heap;
}

static void
heap_unref (Heap *heap)
{
  if (!g_atomic_ref_count_dec (&heap->refs))
    return;
  g_object_unref (heap->context);
  g_array_unref (heap->released);
  g_mutex_clear (&heap->lock);
  g_free (heap);
}

static void
delete_textures (Heap *heap, const GLuint *ids, guint n)
{
  glDeleteTextures (n, ids);
  g_atomic_int_add (&heap->n_live, -(gint) n);
}

/* With the context current. */
static void
collect_released (Heap *heap)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (GLuint));

  g_mutex_lock (&heap->lock);
  g_array_append_vals (ids, heap->released->data, heap->released->len);
  g_array_set_size (heap->released, 0);
  g_mutex_unlock (&heap->lock);
  if (ids->len > 0)
    delete_textures (heap, (const GLuint *) ids->data, ids->len);
}

static void
allocation_free (gpointer data)
{
  Allocation *allocation = data;

  heap_unref (allocation->heap);
  g_free (allocation);
}

/* On GTK's thread, between its frames: the worker is gone, and the context nobody's. */
static gboolean
delete_late (gpointer data)
{
  Allocation *allocation = data;

  gdk_gl_context_make_current (allocation->heap->context);
  delete_textures (allocation->heap, &allocation->id, 1);
  gdk_gl_context_clear_current ();
  return G_SOURCE_REMOVE;
}

/* GDK's texture is gone, on whichever thread let it go. */
static void
release_texture (gpointer data)
{
  Allocation *allocation = data;
  Heap *heap = allocation->heap;
  gboolean is_late;

  g_mutex_lock (&heap->lock);
  is_late = heap->target == NULL;
  if (!is_late)
    {
      g_array_append_val (heap->released, allocation->id);
      if (heap->released->len == 1 && heap->target->wake != NULL)
        heap->target->wake (heap->target->wake_data);
    }
  g_mutex_unlock (&heap->lock);
  if (is_late)
    g_idle_add_full (G_PRIORITY_DEFAULT, delete_late, allocation, allocation_free);
  else
    allocation_free (allocation);
}

/* --- with GL, on the worker's thread --- */

static gsize
get_length (int size)
{
  return (gsize) size * size * 3;
}

static gboolean
fail (GError **error, const char *what)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
               "%s: the graphics driver failed (0x%x); it is shown without it", what,
               glGetError ());
  return FALSE;
}

static guint8 *
gl_map (C2lTarget *target, int size, GError **error)
{
  C2lGlTarget *self = (C2lGlTarget *) target;
  guint8 *memory;

  gdk_gl_context_make_current (self->heap->context);
  collect_released (self->heap);
  self->size = size;
  if (self->buffer == 0)
    glGenBuffers (1, &self->buffer);
  glBindBuffer (GL_PIXEL_UNPACK_BUFFER, self->buffer);
  /* New memory each time, so that an upload under way is not waited for. */
  glBufferData (GL_PIXEL_UNPACK_BUFFER, get_length (size), NULL, GL_STREAM_DRAW);
  memory = glMapBufferRange (GL_PIXEL_UNPACK_BUFFER, 0, get_length (size),
                             GL_MAP_WRITE_BIT | GL_MAP_INVALIDATE_BUFFER_BIT);
  glBindBuffer (GL_PIXEL_UNPACK_BUFFER, 0);
  if (memory != NULL)
    return memory;
  fail (error, "Room for a picture");
  gdk_gl_context_clear_current ();
  return NULL;
}

static int
count_levels (int size)
{
  int n = 1;

  for (; size > 1; size /= 2)
    n++;
  return n;
}

/* From the bound buffer. Smaller copies go with it, or a large picture would flicker in a small
 * cell. */
static GLuint
upload (int size)
{
  GLuint id;

  glGenTextures (1, &id);
  glBindTexture (GL_TEXTURE_2D, id);
  glTexParameteri (GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR_MIPMAP_LINEAR);
  glTexParameteri (GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_LINEAR);
  glTexParameteri (GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
  glTexParameteri (GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
  glTexParameteri (GL_TEXTURE_2D, GL_TEXTURE_MAX_LEVEL, count_levels (size) - 1);
  /* Rows of three bytes a pixel end anywhere. */
  glPixelStorei (GL_UNPACK_ALIGNMENT, 1);
  glTexImage2D (GL_TEXTURE_2D, 0, GL_RGB8, size, size, 0, GL_RGB, GL_UNSIGNED_BYTE, NULL);
  glGenerateMipmap (GL_TEXTURE_2D);
  glBindTexture (GL_TEXTURE_2D, 0);
  return id;
}

static gboolean
wait_for_gpu (void)
{
  GLsync fence = glFenceSync (GL_SYNC_GPU_COMMANDS_COMPLETE, 0);
  GLenum state;

  do
    state = glClientWaitSync (fence, GL_SYNC_FLUSH_COMMANDS_BIT, FENCE_TIMEOUT_NS);
  while (state == GL_TIMEOUT_EXPIRED);
  glDeleteSync (fence);
  return state != GL_WAIT_FAILED;
}

/* What uploaded @id shows, once the graphics are done with it. */
static GObject *
take_texture (C2lGlTarget *self, GLuint id, GError **error)
{
  GdkTexture *texture = NULL;
  Allocation *allocation;

  if (id != 0)
    g_atomic_int_inc (&self->heap->n_live);
  if (id == 0 || glGetError () != GL_NO_ERROR || !wait_for_gpu ())
    {
      fail (error, "A picture");
      if (id != 0)
        delete_textures (self->heap, &id, 1);
    }
  else
    {
      allocation = g_new (Allocation, 1);
      *allocation = (Allocation){ heap_ref (self->heap), id };
      texture = gdk_gl_texture_new (self->heap->context, id, self->size, self->size,
                                    release_texture, allocation);
    }
  gdk_gl_context_clear_current ();
  return (GObject *) texture;
}

static GLuint
unmap_and_upload (C2lGlTarget *self)
{
  GLuint id = 0;

  glBindBuffer (GL_PIXEL_UNPACK_BUFFER, self->buffer);
  if (glUnmapBuffer (GL_PIXEL_UNPACK_BUFFER))
    id = upload (self->size);
  glBindBuffer (GL_PIXEL_UNPACK_BUFFER, 0);
  return id;
}

static GObject *
gl_unmap (C2lTarget *target, GError **error)
{
  C2lGlTarget *self = (C2lGlTarget *) target;

  return take_texture (self, unmap_and_upload (self), error);
}

/* --- a buffer for others --- */

static void
gl_enter (C2lTarget *target)
{
  gdk_gl_context_make_current (((C2lGlTarget *) target)->heap->context);
}

static void
gl_leave (C2lTarget *target)
{
  gdk_gl_context_clear_current ();
}

static void
drop_held (C2lGlTarget *self)
{
  if (self->held == 0)
    return;
  if (self->parent.give_up != NULL)
    self->parent.give_up (self->parent.give_up_data);
  glDeleteBuffers (1, &self->held);
  self->held = 0;
  self->held_length = 0;
}

static guint
gl_hold (C2lTarget *target, int size, GError **error)
{
  C2lGlTarget *self = (C2lGlTarget *) target;

  gl_enter (target);
  collect_released (self->heap);
  self->size = size;
  if (get_length (size) <= self->held_length)
    return self->held;
  drop_held (self);
  glGenBuffers (1, &self->held);
  glBindBuffer (GL_PIXEL_UNPACK_BUFFER, self->held);
  glBufferData (GL_PIXEL_UNPACK_BUFFER, get_length (size), NULL, GL_DYNAMIC_DRAW);
  glBindBuffer (GL_PIXEL_UNPACK_BUFFER, 0);
  if (self->held != 0 && glGetError () == GL_NO_ERROR)
    {
      self->held_length = get_length (size);
      return self->held;
    }
  fail (error, "Room for a picture");
  drop_held (self);
  gl_leave (target);
  return 0;
}

static GObject *
gl_show (C2lTarget *target, GError **error)
{
  C2lGlTarget *self = (C2lGlTarget *) target;
  GLuint id;

  glBindBuffer (GL_PIXEL_UNPACK_BUFFER, self->held);
  id = upload (self->size);
  glBindBuffer (GL_PIXEL_UNPACK_BUFFER, 0);
  return take_texture (self, id, error);
}

static void
gl_collect (C2lTarget *target)
{
  Heap *heap = ((C2lGlTarget *) target)->heap;

  gdk_gl_context_make_current (heap->context);
  collect_released (heap);
  gdk_gl_context_clear_current ();
}

/* On GTK's thread, when the worker has ended. */
static void
gl_free (C2lTarget *target)
{
  C2lGlTarget *self = (C2lGlTarget *) target;

  gdk_gl_context_make_current (self->heap->context);
  g_mutex_lock (&self->heap->lock);
  self->heap->target = NULL;
  g_mutex_unlock (&self->heap->lock);
  collect_released (self->heap);
  drop_held (self);
  if (self->buffer != 0)
    glDeleteBuffers (1, &self->buffer);
  gdk_gl_context_clear_current ();
  heap_unref (self->heap);
  g_free (self);
}

static const C2lTargetClass gl_class = {
  .map = gl_map,
  .unmap = gl_unmap,
  .hold = gl_hold,
  .show = gl_show,
  .enter = gl_enter,
  .leave = gl_leave,
  .collect = gl_collect,
  .free = gl_free,
};

/* --- without --- */

static guint8 *
memory_map (C2lTarget *target, int size, GError **error)
{
  C2lGlTarget *self = (C2lGlTarget *) target;

  self->size = size;
  self->memory = g_malloc (get_length (size));
  return self->memory;
}

static GObject *
memory_unmap (C2lTarget *target, GError **error)
{
  C2lGlTarget *self = (C2lGlTarget *) target;
  g_autoptr (GBytes) bytes
      = g_bytes_new_take (g_steal_pointer (&self->memory), get_length (self->size));

  return G_OBJECT (gdk_memory_texture_new (self->size, self->size, GDK_MEMORY_R8G8B8, bytes,
                                           (gsize) self->size * 3));
}

static void
memory_free (C2lTarget *target)
{
  g_free (((C2lGlTarget *) target)->memory);
  g_free (target);
}

static const C2lTargetClass memory_class = {
  .map = memory_map,
  .unmap = memory_unmap,
  .free = memory_free,
};

/* --- which of them --- */

/* With a software renderer the upload is a copy more, and two threads in Mesa's were seen to crash
 * there. */
static gboolean
is_software (void)
{
  const char *renderer = (const char *) glGetString (GL_RENDERER);

  return renderer != NULL
         && (strstr (renderer, "llvmpipe") != NULL || strstr (renderer, "softpipe") != NULL
             || strstr (renderer, "Software Rasterizer") != NULL);
}

/* Buffers that are mapped, fences: GL 3.2, GLES 3.0. And a graphics device, unless whoever started
 * the program wants GL without one. */
static gboolean
is_able (GdkGLContext *context)
{
  int major, minor;
  gboolean is_wanted;

  /* Until then GDK does not know. */
  gdk_gl_context_make_current (context);
  gdk_gl_context_get_version (context, &major, &minor);
  is_wanted = !is_software () || g_strcmp0 (g_getenv ("C2L_GL_TARGET"), "gl") == 0;
  gdk_gl_context_clear_current ();
  return is_wanted && (gdk_gl_context_get_use_es (context) ? major >= 3 : major * 10 + minor >= 32);
}

/* GTK would read each texture back whenever it draws. */
static gboolean
draws_without_gl (void)
{
  return g_strcmp0 (g_getenv ("GSK_RENDERER"), "cairo") == 0
         || g_strcmp0 (g_getenv ("C2L_GL_TARGET"), "memory") == 0;
}

/* NULL where GL cannot be had, or not used. */
static GdkGLContext *
make_context (GdkDisplay *display)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GdkGLContext) context = NULL;

  if (draws_without_gl ())
    return NULL;
  context = gdk_display_create_gl_context (display, &error);
  if (context != NULL && gdk_gl_context_realize (context, &error) && is_able (context))
    return g_steal_pointer (&context);
  g_debug ("Pictures are shown without GL: %s",
           error != NULL ? error->message : "it is too old, or software");
  return NULL;
}

C2lTarget *
c2l_gl_target_new (GdkDisplay *display)
{
  C2lGlTarget *self = g_new0 (C2lGlTarget, 1);
  GdkGLContext *context;

  g_return_val_if_fail (GDK_IS_DISPLAY (display), NULL);
  self->parent.klass = &memory_class;
  context = make_context (display);
  if (context == NULL)
    return &self->parent;
  self->parent.klass = &gl_class;
  self->heap = g_new0 (Heap, 1);
  g_atomic_ref_count_init (&self->heap->refs);
  g_mutex_init (&self->heap->lock);
  self->heap->context = context;
  self->heap->target = &self->parent;
  self->heap->released = g_array_new (FALSE, FALSE, sizeof (GLuint));
  return &self->parent;
}

gboolean
c2l_gl_target_uses_gl (C2lTarget *target)
{
  return target->klass == &gl_class;
}

guint
c2l_gl_target_count_textures (C2lTarget *target)
{
  return c2l_gl_target_uses_gl (target) ? g_atomic_int_get (&((C2lGlTarget *) target)->heap->n_live)
                                        : 0;
}
