/* A paintable that is, at each moment, one of its frames. Time comes from the main loop; nobody who
 * does not play costs any. */
#include "app/c2l-film.h"

struct _C2lFilm
{
  GObject parent_instance;

  double fps;
  GPtrArray *frames; /* of GdkPaintable */
  guint current;
  guint timer;
};

static void paintable_init (GdkPaintableInterface *interface);

G_DEFINE_FINAL_TYPE_WITH_CODE (C2lFilm,
                               c2l_film,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (GDK_TYPE_PAINTABLE, paintable_init))

enum
{
  PROP_PLAYING = 1,
  PROP_POSITION,
  PROP_N_FRAMES,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

static void
show (C2lFilm *self, guint frame)
{
  if (frame == self->current)
    return;
  self->current = frame;
  gdk_paintable_invalidate_contents (GDK_PAINTABLE (self));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_POSITION]);
}

static gboolean
on_tick (gpointer data)
{
  C2lFilm *self = data;

  if (self->frames->len > 0)
    show (self, (self->current + 1) % self->frames->len);
  return G_SOURCE_CONTINUE;
}

static void
set_playing (C2lFilm *self, gboolean playing)
{
  if (playing == (self->timer != 0))
    return;
  if (playing)
    self->timer = g_timeout_add ((guint) (1000 / self->fps), on_tick, self);
  else
    g_clear_handle_id (&self->timer, g_source_remove);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PLAYING]);
}

/* --- the paintable --- */

static GdkPaintable *
get_frame (C2lFilm *self)
{
  return self->current < self->frames->len ? g_ptr_array_index (self->frames, self->current) : NULL;
}

static void
snapshot (GdkPaintable *paintable, GdkSnapshot *snapshot, double width, double height)
{
  GdkPaintable *frame = get_frame (C2L_FILM (paintable));

  if (frame != NULL)
    gdk_paintable_snapshot (frame, snapshot, width, height);
}

static int
get_intrinsic_size (GdkPaintable *paintable)
{
  GdkPaintable *frame = get_frame (C2L_FILM (paintable));

  return frame != NULL ? gdk_paintable_get_intrinsic_width (frame) : 0;
}

static GdkPaintable *
get_current_image (GdkPaintable *paintable)
{
  GdkPaintable *frame = get_frame (C2L_FILM (paintable));

  return frame != NULL ? gdk_paintable_get_current_image (frame) : gdk_paintable_new_empty (0, 0);
}

static void
paintable_init (GdkPaintableInterface *interface)
{
  interface->snapshot = snapshot;
  interface->get_current_image = get_current_image;
  /* Pictures are square. */
  interface->get_intrinsic_width = get_intrinsic_size;
  interface->get_intrinsic_height = get_intrinsic_size;
}

/* --- the object --- */

static void
c2l_film_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  C2lFilm *self = C2L_FILM (object);

  switch (id)
    {
    case PROP_PLAYING:
      g_value_set_boolean (value, self->timer != 0);
      break;
    case PROP_POSITION:
      g_value_set_double (
          value, self->frames->len > 1 ? (double) self->current / (self->frames->len - 1) : 0);
      break;
    case PROP_N_FRAMES:
      g_value_set_uint (value, self->frames->len);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
c2l_film_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  C2lFilm *self = C2L_FILM (object);

  switch (id)
    {
    case PROP_PLAYING:
      set_playing (self, g_value_get_boolean (value));
      break;
    case PROP_POSITION:
      if (self->frames->len > 0)
        show (self, (guint) (g_value_get_double (value) * (self->frames->len - 1) + 0.5));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
c2l_film_finalize (GObject *object)
{
  C2lFilm *self = C2L_FILM (object);

  g_clear_handle_id (&self->timer, g_source_remove);
  g_ptr_array_unref (self->frames);
  G_OBJECT_CLASS (c2l_film_parent_class)->finalize (object);
}

static void
c2l_film_class_init (C2lFilmClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = c2l_film_get_property;
  object_class->set_property = c2l_film_set_property;
  object_class->finalize = c2l_film_finalize;
  properties[PROP_PLAYING]
      = g_param_spec_boolean ("playing", NULL, NULL, FALSE, flags | G_PARAM_READWRITE);
  properties[PROP_POSITION]
      = g_param_spec_double ("position", NULL, NULL, 0, 1, 0, flags | G_PARAM_READWRITE);
  properties[PROP_N_FRAMES]
      = g_param_spec_uint ("n-frames", NULL, NULL, 0, G_MAXUINT, 0, flags | G_PARAM_READABLE);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
c2l_film_init (C2lFilm *self)
{
  self->frames = g_ptr_array_new_with_free_func (g_object_unref);
}

C2lFilm *
c2l_film_new (double fps)
{
  C2lFilm *self = g_object_new (C2L_TYPE_FILM, NULL);

  self->fps = fps;
  return self;
}

void
c2l_film_append (C2lFilm *self, GdkPaintable *frame)
{
  g_return_if_fail (C2L_IS_FILM (self) && GDK_IS_PAINTABLE (frame));
  g_ptr_array_add (self->frames, g_object_ref (frame));
  if (self->frames->len == 1)
    {
      gdk_paintable_invalidate_size (GDK_PAINTABLE (self));
      gdk_paintable_invalidate_contents (GDK_PAINTABLE (self));
    }
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_FRAMES]);
}

void
c2l_film_clear (C2lFilm *self)
{
  g_return_if_fail (C2L_IS_FILM (self));
  g_ptr_array_set_size (self->frames, 0);
  self->current = 0;
  gdk_paintable_invalidate_contents (GDK_PAINTABLE (self));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_POSITION]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_FRAMES]);
}
