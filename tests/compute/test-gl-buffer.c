/* A device that writes into a buffer of OpenGL: drawn there, read back by GL, compared with what the device itself gives. Needs no
 * window system: a context without a surface, of whichever EGL device is the GPU's. Links neither EGL nor GL, so that it runs, and
 * says what is missing, where there is none. C2L_TEST_DEVICE names the device; with kernels on the host (C2L_CUDA_MODULE) any GL will
 * do, Mesa's on the processor, too. */
#include "compute/gl-buffer.h"
#include "compute/ops.h"
#include "cuda-faults.h"

#include <gmodule.h>
#include <string.h>

#define SIDE 33
#define PICTURES 3
#define LENGTH (SIDE * SIDE * 3)
#define MAX_EGL_DEVICES 16

/* --- EGL's and GL's own words --- */

enum
{
  EGL_NONE = 0x3038,
  EGL_SURFACE_TYPE = 0x3033,
  EGL_RENDERABLE_TYPE = 0x3040,
  EGL_OPENGL_BIT = 8,
  EGL_OPENGL_API = 0x30A2,
  EGL_CONTEXT_MAJOR_VERSION = 0x3098,
  EGL_CONTEXT_MINOR_VERSION = 0x30FB,
  EGL_PLATFORM_DEVICE = 0x313F,
  EGL_PLATFORM_SURFACELESS = 0x31DD,

  GL_RENDERER = 0x1F01,
  GL_PIXEL_UNPACK_BUFFER = 0x88EC,
  GL_DYNAMIC_DRAW = 0x88E8,
  GL_MAP_WRITE = 2,
  GL_TEXTURE_2D = 0x0DE1,
  GL_UNPACK_ALIGNMENT = 0x0CF5,
  GL_PACK_ALIGNMENT = 0x0D05,
  GL_RGB = 0x1907,
  GL_RGB8 = 0x8051,
  GL_UNSIGNED_BYTE = 0x1401
};

static struct
{
  gpointer (*get_proc_address) (const char *name);
  guint (*initialize) (gpointer display, int *major, int *minor);
  guint (*terminate) (gpointer display);
  guint (*bind_api) (guint api);
  guint (*choose_config) (gpointer display, const int *attributes, gpointer *configs, int size, int *n);
  gpointer (*create_context) (gpointer display, gpointer config, gpointer share, const int *attributes);
  guint (*make_current) (gpointer display, gpointer draw, gpointer read, gpointer context);
  guint (*query_devices) (int max, gpointer *devices, int *n);
  gpointer (*get_platform_display) (guint platform, gpointer native, const int *attributes);
} egl;

static struct
{
  const guint8 *(*get_string) (guint name);
  guint (*get_error) (void);
  void (*gen_buffers) (int n, guint *names);
  void (*delete_buffers) (int n, const guint *names);
  void (*bind_buffer) (guint target, guint name);
  void (*buffer_data) (guint target, gssize size, gconstpointer data, guint usage);
  void (*get_buffer_sub_data) (guint target, gssize offset, gssize size, gpointer data);
  gpointer (*map_buffer_range) (guint target, gssize offset, gssize size, guint access);
  guint8 (*unmap_buffer) (guint target);
  void (*gen_textures) (int n, guint *names);
  void (*delete_textures) (int n, const guint *names);
  void (*bind_texture) (guint target, guint name);
  void (*tex_image_2d) (guint target, int level, int internal, int width, int height, int border, guint format, guint type, gconstpointer data);
  void (*get_tex_image) (guint target, int level, guint format, guint type, gpointer data);
  void (*pixel_store) (guint name, int value);
} gl;

static C2lDevice *device;
static C2lGlBuffer *registered; /* (nullable) */
static guint name;
static GString *obstacles;

static void
note (const char *format, ...) G_GNUC_PRINTF (1, 2);

static void
note (const char *format, ...)
{
  va_list args;

  if (obstacles->len > 0)
    g_string_append (obstacles, "; ");
  va_start (args, format);
  g_string_append_vprintf (obstacles, format, args);
  va_end (args);
}

static gboolean
find_egl (void)
{
  GModule *module = g_module_open ("libEGL.so.1", G_MODULE_BIND_LAZY);
  const struct
  {
    const char *symbol;
    gpointer to;
  } functions[] = { { "eglGetProcAddress", &egl.get_proc_address }, { "eglInitialize", &egl.initialize },
                    { "eglTerminate", &egl.terminate },             { "eglBindAPI", &egl.bind_api },
                    { "eglChooseConfig", &egl.choose_config },      { "eglCreateContext", &egl.create_context },
                    { "eglMakeCurrent", &egl.make_current } };

  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    if (module == NULL || !g_module_symbol (module, functions[i].symbol, functions[i].to))
      {
        note ("%s", g_module_error ());
        return FALSE;
      }
  g_module_make_resident (module);
  *(gpointer *) &egl.query_devices = egl.get_proc_address ("eglQueryDevicesEXT");
  *(gpointer *) &egl.get_platform_display = egl.get_proc_address ("eglGetPlatformDisplayEXT");
  if (egl.get_platform_display == NULL)
    note ("this EGL knows no displays without a window system");
  return egl.get_platform_display != NULL;
}

static gboolean
find_gl (void)
{
  const struct
  {
    const char *symbol;
    gpointer to;
  } functions[] = { { "glGetString", &gl.get_string },
                    { "glGetError", &gl.get_error },
                    { "glGenBuffers", &gl.gen_buffers },
                    { "glDeleteBuffers", &gl.delete_buffers },
                    { "glBindBuffer", &gl.bind_buffer },
                    { "glBufferData", &gl.buffer_data },
                    { "glGetBufferSubData", &gl.get_buffer_sub_data },
                    { "glMapBufferRange", &gl.map_buffer_range },
                    { "glUnmapBuffer", &gl.unmap_buffer },
                    { "glGenTextures", &gl.gen_textures },
                    { "glDeleteTextures", &gl.delete_textures },
                    { "glBindTexture", &gl.bind_texture },
                    { "glTexImage2D", &gl.tex_image_2d },
                    { "glGetTexImage", &gl.get_tex_image },
                    { "glPixelStorei", &gl.pixel_store } };

  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    {
      *(gpointer *) functions[i].to = egl.get_proc_address (functions[i].symbol);
      if (*(gpointer *) functions[i].to == NULL)
        {
          note ("no %s", functions[i].symbol);
          return FALSE;
        }
    }
  return TRUE;
}

/* Makes a context of @display current. */
static gboolean
enter (gpointer display)
{
  const int wanted[] = { EGL_SURFACE_TYPE, 0, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_NONE };
  const int version[] = { EGL_CONTEXT_MAJOR_VERSION, 3, EGL_CONTEXT_MINOR_VERSION, 2, EGL_NONE };
  gpointer config = NULL, context;
  int n = 0;

  if (display == NULL || !egl.initialize (display, NULL, NULL))
    return FALSE;
  if (egl.bind_api (EGL_OPENGL_API) && egl.choose_config (display, wanted, &config, 1, &n) && n > 0
      && (context = egl.create_context (display, config, NULL, version)) != NULL
      && egl.make_current (display, NULL, NULL, context))
    return TRUE;
  egl.terminate (display);
  return FALSE;
}

static gpointer
map (guint buffer, gsize size)
{
  gl.bind_buffer (GL_PIXEL_UNPACK_BUFFER, buffer);
  return gl.map_buffer_range (GL_PIXEL_UNPACK_BUFFER, 0, (gssize) size, GL_MAP_WRITE);
}

static void
unmap (guint buffer)
{
  gl.unmap_buffer (GL_PIXEL_UNPACK_BUFFER);
  gl.bind_buffer (GL_PIXEL_UNPACK_BUFFER, 0);
}

/* Registers a buffer of the current context. */
static gboolean
try_context (void)
{
  g_autoptr (GError) error = NULL;

  if (!find_gl ())
    return FALSE;
  gl.gen_buffers (1, &name);
  gl.bind_buffer (GL_PIXEL_UNPACK_BUFFER, name);
  gl.buffer_data (GL_PIXEL_UNPACK_BUFFER, LENGTH, NULL, GL_DYNAMIC_DRAW);
  gl.bind_buffer (GL_PIXEL_UNPACK_BUFFER, 0);
  if (g_getenv ("C2L_CUDA_MODULE") != NULL)
    cuda_faults_set_gl (&(CuHostGl){ map, unmap });
  registered = c2l_gl_buffer_new (device, name, &error);
  if (registered == NULL)
    note ("%s: %s", (const char *) gl.get_string (GL_RENDERER), error->message);
  return registered != NULL;
}

/* Goes through all displays until one's GL is the device's. */
static void
find_context (void)
{
  gpointer devices[MAX_EGL_DEVICES];
  int n = 0;

  if (!find_egl ())
    return;
  if (egl.query_devices == NULL || !egl.query_devices (MAX_EGL_DEVICES, devices, &n))
    n = 0;
  for (int i = 0; i <= n && registered == NULL; i++)
    {
      gpointer display = i < n ? egl.get_platform_display (EGL_PLATFORM_DEVICE, devices[i], NULL)
                               : egl.get_platform_display (EGL_PLATFORM_SURFACELESS, NULL, NULL);

      if (enter (display) && !try_context ())
        {
          egl.make_current (display, NULL, NULL, NULL);
          egl.terminate (display);
        }
    }
  if (registered == NULL && obstacles->len == 0)
    note ("EGL has no display without a window system");
}

/* --- the tests --- */

/* PICTURES pictures on the device, and what they are. */
static C2lPass *
draw (guint8 pixels[PICTURES * LENGTH])
{
  C2lPass *pass = c2l_pass_new (device, C2L_PRECISION_F32, "pictures");
  float values[PICTURES * LENGTH];
  g_autoptr (GError) error = NULL;
  C2lTensor *x;

  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    values[i] = (float) g_random_double_range (-1.1, 1.1);
  x = c2l_pass_add_constant (pass, C2L_F32, 4, (gint64[]){ PICTURES, SIDE, SIDE, 3 }, values);
  c2l_pass_keep (pass, "pixels", c2l_to_u8 (pass, x, C2L_U8_TRUNCATE));
  g_assert_true (c2l_pass_compile (pass, &error));
  g_assert_true (c2l_pass_run (pass, NULL, &error));
  g_assert_no_error (error);
  c2l_tensor_read (c2l_pass_lookup (pass, "pixels"), pixels, PICTURES * LENGTH);
  return pass;
}

static gboolean
skip_without_gl (void)
{
  if (registered != NULL)
    return FALSE;
  g_autofree char *text = g_strdup_printf ("no GL here: %s", obstacles->str);

  g_test_skip (text);
  return TRUE;
}

static void
test_read_back (void)
{
  guint8 pixels[PICTURES * LENGTH], read[LENGTH];

  if (skip_without_gl ())
    return;
  g_test_message ("GL draws with %s", (const char *) gl.get_string (GL_RENDERER));
  for (int round = 0; round < 3; round++)
    {
      g_autoptr (C2lPass) pass = draw (pixels);

      for (int i = 0; i < PICTURES; i++)
        {
          g_autoptr (GError) error = NULL;

          g_assert_true (c2l_gl_buffer_write (registered, c2l_pass_lookup (pass, "pixels"), i * LENGTH, LENGTH, &error));
          g_assert_no_error (error);
          gl.bind_buffer (GL_PIXEL_UNPACK_BUFFER, name);
          memset (read, 0x55, sizeof read);
          gl.get_buffer_sub_data (GL_PIXEL_UNPACK_BUFFER, 0, LENGTH, read);
          gl.bind_buffer (GL_PIXEL_UNPACK_BUFFER, 0);
          g_assert_cmpmem (read, LENGTH, pixels + i * LENGTH, LENGTH);
        }
    }
  g_assert_cmphex (gl.get_error (), ==, 0);
}

/* As the window does it. */
static void
test_as_a_texture (void)
{
  guint8 pixels[PICTURES * LENGTH], read[LENGTH];
  guint texture;

  if (skip_without_gl ())
    return;

  g_autoptr (C2lPass) pass = draw (pixels);

  gl.gen_textures (1, &texture);
  gl.pixel_store (GL_UNPACK_ALIGNMENT, 1);
  gl.pixel_store (GL_PACK_ALIGNMENT, 1);
  for (int i = 0; i < PICTURES; i++)
    {
      g_assert_true (c2l_gl_buffer_write (registered, c2l_pass_lookup (pass, "pixels"), i * LENGTH, LENGTH, NULL));
      gl.bind_buffer (GL_PIXEL_UNPACK_BUFFER, name);
      gl.bind_texture (GL_TEXTURE_2D, texture);
      gl.tex_image_2d (GL_TEXTURE_2D, 0, GL_RGB8, SIDE, SIDE, 0, GL_RGB, GL_UNSIGNED_BYTE, NULL);
      gl.bind_buffer (GL_PIXEL_UNPACK_BUFFER, 0);
      memset (read, 0x55, sizeof read);
      gl.get_tex_image (GL_TEXTURE_2D, 0, GL_RGB, GL_UNSIGNED_BYTE, read);
      g_assert_cmpmem (read, LENGTH, pixels + i * LENGTH, LENGTH);
    }
  gl.delete_textures (1, &texture);
  g_assert_cmphex (gl.get_error (), ==, 0);
}

/* Not at all on a device that has no such thing, nor where GL is another's. */
static void
test_others (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lDevice) cpu = c2l_device_open ("cpu", &error);

  g_assert_no_error (error);
  g_assert_false (c2l_gl_buffer_is_possible (cpu));
  g_assert_true (c2l_gl_buffer_is_possible (device));
  if (g_getenv ("C2L_CUDA_MODULE") == NULL)
    return;
  cuda_faults_set_gl (NULL);
  g_assert_null (c2l_gl_buffer_new (device, 1, &error));
  g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_UNSUPPORTED);
}

int
main (int argc, char **argv)
{
  const char *wanted = g_getenv ("C2L_TEST_DEVICE");
  g_autoptr (GError) error = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  obstacles = g_string_new (NULL);
  device = c2l_device_open (wanted != NULL ? wanted : "cuda:0", &error);
  g_assert_no_error (error);
  find_context ();
  g_test_add_func ("/gl-buffer/is-read-back", test_read_back);
  g_test_add_func ("/gl-buffer/becomes-a-texture", test_as_a_texture);
  g_test_add_func ("/gl-buffer/is-refused-where-gl-is-another-s", test_others);
  status = g_test_run ();
  g_clear_pointer (&registered, c2l_gl_buffer_free);
  c2l_device_unref (device);
  g_string_free (obstacles, TRUE);
  return status;
}
