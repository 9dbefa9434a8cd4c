/* What the window's target makes of pixels, with GL and without: the same picture, the first row on
 * top, from another thread, and nothing left behind. meson runs it in each way; C2L_TEST_GL says
 * what must come of it. */
#include "app/c2l-gl-target.h"

#include <epoxy/gl.h>
#include <gtk/gtk.h>
#include <string.h>

/* Names of GL textures that are looked at for leaks. */
#define MAX_TEXTURE_ID 4096

typedef struct
{
  GdkDisplay *display;
  C2lTarget *target;
  guint n_wakes;
} Fixture;

static GskRenderer *renderer;

static void
count_wake (gpointer data)
{
  Fixture *fixture = data;

  fixture->n_wakes++;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->display = gdk_display_get_default ();
  fixture->target = c2l_gl_target_new (fixture->display);
  fixture->target->wake = count_wake;
  fixture->target->wake_data = fixture;
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  if (fixture->target != NULL)
    c2l_target_free (fixture->target);
}

static guint8
get_value (int size, int x, int y, int channel)
{
  return channel == 0 ? x * 255 / size : channel == 1 ? y * 255 / size : (x * 7 + y * 13) & 255;
}

static void
fill (guint8 *pixels, int size)
{
  for (int y = 0; y < size; y++)
    for (int x = 0; x < size; x++)
      for (int channel = 0; channel < 3; channel++)
        *pixels++ = get_value (size, x, y, channel);
}

static GdkTexture *
make_texture (C2lTarget *target, int size)
{
  g_autoptr (GError) error = NULL;
  guint8 *room = target->klass->map (target, size, &error);
  GObject *texture;

  g_assert_no_error (error);
  fill (room, size);
  texture = target->klass->unmap (target, &error);
  g_assert_no_error (error);
  g_assert_true (GDK_IS_TEXTURE (texture));
  return GDK_TEXTURE (texture);
}

/* [size, size] in the byte order of the machine: 0xAARRGGBB. */
static guint32 *
download (GdkTexture *texture)
{
  int size = gdk_texture_get_width (texture);
  guint32 *pixels = g_new (guint32, (gsize) size * size);

  gdk_texture_download (texture, (guchar *) pixels, (gsize) size * 4);
  return pixels;
}

static void
assert_shows_the_pixels (GdkTexture *texture, int size)
{
  g_autofree guint32 *pixels = NULL;

  g_assert_cmpint (gdk_texture_get_width (texture), ==, size);
  g_assert_cmpint (gdk_texture_get_height (texture), ==, size);
  pixels = download (texture);
  for (int y = 0; y < size; y++)
    for (int x = 0; x < size; x++)
      g_assert_cmphex (pixels[(gsize) y * size + x], ==,
                       0xff000000u | (guint32) get_value (size, x, y, 0) << 16
                           | (guint32) get_value (size, x, y, 1) << 8 | get_value (size, x, y, 2));
}

static guint n_given_up;

static void
count_given_up (gpointer data)
{
  n_given_up++;
}

/* A buffer that somebody else fills, as a GPU does: the same as long as pictures become no larger. */
static void
test_shows_what_others_write (Fixture *fixture, gconstpointer data)
{
  static const int sizes[] = { 31, 31, 16, 64, 33, 64, 128 };
  C2lTarget *target = fixture->target;
  guint before = 0;
  int largest = 0;

  if (target->klass->hold == NULL)
    {
      g_test_skip ("pictures are in memory");
      return;
    }
  target->give_up = count_given_up;
  n_given_up = 0;
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      const int size = sizes[i];
      g_autofree guint8 *pixels = g_malloc ((gsize) size * size * 3);
      g_autoptr (GError) error = NULL;
      g_autoptr (GdkTexture) texture = NULL, mapped = NULL;
      const guint n_before = n_given_up, name = target->klass->hold (target, size, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (name, !=, 0);
      if (i > 0)
        g_assert_cmpuint (n_given_up - n_before, ==, size > largest);
      if (i > 0 && size <= largest)
        g_assert_cmpuint (name, ==, before);
      before = name;
      largest = MAX (largest, size);
      fill (pixels, size);
      glBindBuffer (GL_PIXEL_UNPACK_BUFFER, name);
      glBufferSubData (GL_PIXEL_UNPACK_BUFFER, 0, (gsize) size * size * 3, pixels);
      glBindBuffer (GL_PIXEL_UNPACK_BUFFER, 0);
      texture = GDK_TEXTURE (target->klass->show (target, &error));
      g_assert_no_error (error);
      assert_shows_the_pixels (texture, size);
      /* The ordinary way in between. */
      mapped = make_texture (target, size);
      assert_shows_the_pixels (mapped, size);
    }
  target->klass->enter (target);
  target->klass->leave (target);
}

static void
test_is_as_it_must_be (Fixture *fixture, gconstpointer data)
{
  const char *expected = g_getenv ("C2L_TEST_GL");
  g_autoptr (GdkTexture) texture = make_texture (fixture->target, 8);
  gboolean uses_gl = c2l_gl_target_uses_gl (fixture->target);

  g_assert_true (GDK_IS_GL_TEXTURE (texture) == uses_gl);
  if (expected == NULL)
    g_test_skip ("C2L_TEST_GL says neither “yes” nor “no”");
  else
    g_assert_cmpint (uses_gl, ==, strcmp (expected, "yes") == 0);
}

static void
test_shows_the_pixels (Fixture *fixture, gconstpointer data)
{
  static const int sizes[] = { 1, 2, 3, 31, 64, 127, 128, 333, 512 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GdkTexture) texture = make_texture (fixture->target, sizes[i]);

      assert_shows_the_pixels (texture, sizes[i]);
    }
}

static void
test_one_after_the_other (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GdkTexture) first = make_texture (fixture->target, 64);
  g_autoptr (GdkTexture) second = make_texture (fixture->target, 33);

  /* The room of the second is not that of the first. */
  assert_shows_the_pixels (first, 64);
  assert_shows_the_pixels (second, 33);
}

static gpointer
make_in_thread (gpointer data)
{
  C2lTarget *target = data;
  GPtrArray *textures = g_ptr_array_new_with_free_func (g_object_unref);

  for (int size = 60; size < 70; size++)
    g_ptr_array_add (textures, make_texture (target, size));
  return textures;
}

static void
test_from_another_thread (Fixture *fixture, gconstpointer data)
{
  /* Nobody iterates the main loop meanwhile: making a texture must not need it. */
  g_autoptr (GPtrArray) textures
      = g_thread_join (g_thread_new ("worker", make_in_thread, fixture->target));

  for (guint i = 0; i < textures->len; i++)
    assert_shows_the_pixels (g_ptr_array_index (textures, i), 60 + i);
}

/* As a window of this display would draw it. */
static GdkTexture *
render (GdkTexture *texture, int size)
{
  g_autoptr (GtkSnapshot) snapshot = gtk_snapshot_new ();
  g_autoptr (GskRenderNode) node = NULL;

  gtk_snapshot_append_texture (snapshot, texture, &GRAPHENE_RECT_INIT (0, 0, size, size));
  node = gtk_snapshot_to_node (snapshot);
  return gsk_renderer_render_texture (renderer, node, &GRAPHENE_RECT_INIT (0, 0, size, size));
}

static void
test_is_drawn_the_right_way_up (Fixture *fixture, gconstpointer data)
{
  const int size = 128;
  g_autoptr (GdkTexture) texture = make_texture (fixture->target, size);
  g_autoptr (GdkTexture) drawn = render (texture, size);

  assert_shows_the_pixels (drawn, size);
}

/* Black and white by turns: small, it is grey, and not a pattern of its own. */
static void
test_small_is_smooth (Fixture *fixture, gconstpointer data)
{
  const int size = 512, small = 64;
  g_autoptr (GdkTexture) texture = NULL, drawn = NULL;
  g_autofree guint32 *pixels = NULL;
  guint8 *room;

  if (!c2l_gl_target_uses_gl (fixture->target))
    {
      g_test_skip ("textures in memory have no smaller copies in GTK 4.8");
      return;
    }
  room = fixture->target->klass->map (fixture->target, size, NULL);
  for (gsize i = 0; i < (gsize) size * size; i++)
    memset (room + 3 * i, (i / size / 3 + i % size / 3) % 2 == 0 ? 0 : 255, 3);
  texture = GDK_TEXTURE (fixture->target->klass->unmap (fixture->target, NULL));
  drawn = render (texture, small);
  pixels = download (drawn);
  for (int i = 0; i < small * small; i++)
    {
      g_assert_cmpint (pixels[i] & 255, >, 88);
      g_assert_cmpint (pixels[i] & 255, <, 168);
    }
}

/* Textures that really live in the display's share group, counted by asking GL for each name. */
static guint
count_live_textures (Fixture *fixture)
{
  g_autoptr (GdkGLContext) context = gdk_display_create_gl_context (fixture->display, NULL);
  guint n = 0;

  g_assert_true (gdk_gl_context_realize (context, NULL));
  gdk_gl_context_make_current (context);
  for (GLuint id = 1; id <= MAX_TEXTURE_ID; id++)
    n += glIsTexture (id);
  gdk_gl_context_clear_current ();
  return n;
}

static void
test_nothing_is_left_behind (Fixture *fixture, gconstpointer data)
{
  guint before;

  if (!c2l_gl_target_uses_gl (fixture->target))
    {
      g_test_skip ("there is no GL here");
      return;
    }
  before = count_live_textures (fixture);
  for (int i = 0; i < 50; i++)
    {
      g_autoptr (GPtrArray) textures = make_in_thread (fixture->target);

      g_assert_cmpuint (c2l_gl_target_count_textures (fixture->target), ==, 10);
      g_ptr_array_set_size (textures, 0);
      g_assert_cmpuint (fixture->n_wakes, ==, i + 1);
      fixture->target->klass->collect (fixture->target);
      g_assert_cmpuint (c2l_gl_target_count_textures (fixture->target), ==, 0);
    }
  g_assert_cmpuint (count_live_textures (fixture), ==, before);
}

static void
test_textures_outlive_the_target (Fixture *fixture, gconstpointer data)
{
  guint before = c2l_gl_target_uses_gl (fixture->target) ? count_live_textures (fixture) : 0;
  g_autoptr (GdkTexture) texture = make_texture (fixture->target, 50);
  gboolean uses_gl = c2l_gl_target_uses_gl (fixture->target);

  c2l_target_free (g_steal_pointer (&fixture->target));
  assert_shows_the_pixels (texture, 50);
  g_clear_object (&texture);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (fixture->n_wakes, ==, 0);
  if (uses_gl)
    g_assert_cmpuint (count_live_textures (fixture), ==, before);
}

static double
get_ms_since (gint64 start)
{
  return (g_get_monotonic_time () - start) / 1000.0;
}

/* With -m perf: what a picture costs the worker, and GTK's thread when it is drawn for the first
 * time; the best of some, because other programs run too. */
static void
test_time (Fixture *fixture, gconstpointer data)
{
  static const int sizes[] = { 128, 512, 1024 };

  if (!g_test_perf ())
    {
      g_test_skip ("only with -m perf");
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      gsize length = (gsize) sizes[i] * sizes[i] * 3;
      double worker = G_MAXDOUBLE, window = G_MAXDOUBLE;

      for (int j = 0; j < 40; j++)
        {
          g_autoptr (GObject) texture = NULL;
          gint64 start = g_get_monotonic_time ();

          memset (fixture->target->klass->map (fixture->target, sizes[i], NULL), j, length);
          texture = fixture->target->klass->unmap (fixture->target, NULL);
          worker = MIN (worker, get_ms_since (start));
          start = g_get_monotonic_time ();
          g_object_unref (render (GDK_TEXTURE (texture), 256));
          window = MIN (window, get_ms_since (start));
        }
      g_test_minimized_result (window, "%d²: worker %.2f ms, window %.2f ms", sizes[i], worker,
                               window);
    }
}

int
main (int argc, char **argv)
{
  g_autoptr (GdkSurface) surface = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  if (!gtk_init_check ())
    {
      g_print ("1..0 # SKIP there is no display: run it under xvfb-run\n");
      return 0;
    }
  surface = gdk_surface_new_toplevel (gdk_display_get_default ());
  renderer = gsk_renderer_new_for_surface (surface);
#define ADD(name, function) g_test_add (name, Fixture, NULL, set_up, function, tear_down)
  ADD ("/gl-target/is-as-it-must-be", test_is_as_it_must_be);
  ADD ("/gl-target/shows-the-pixels", test_shows_the_pixels);
  ADD ("/gl-target/shows-what-others-write", test_shows_what_others_write);
  ADD ("/gl-target/one-after-the-other", test_one_after_the_other);
  ADD ("/gl-target/from-another-thread", test_from_another_thread);
  ADD ("/gl-target/is-drawn-the-right-way-up", test_is_drawn_the_right_way_up);
  ADD ("/gl-target/small-is-smooth", test_small_is_smooth);
  ADD ("/gl-target/nothing-is-left-behind", test_nothing_is_left_behind);
  ADD ("/gl-target/textures-outlive-the-target", test_textures_outlive_the_target);
  ADD ("/gl-target/time", test_time);
  result = g_test_run ();
  gsk_renderer_unrealize (renderer);
  g_object_unref (renderer);
  gdk_surface_destroy (surface);
  return result;
}
