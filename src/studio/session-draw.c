/* How a session draws: a recipe's styles go through the generator, one picture at a time. */
#include "studio/session-private.h"

/* From the inputs "ws", "noise keys" where noise is random, and "transform" where @placed. */
static C2lTensor *
record_picture (C2lPass *pass,
                C2lGenerator *generator,
                C2lNoiseKind noise,
                int max_resolution,
                gboolean placed)
{
  C2lSynthesis options = { .noise_mode = (C2lNoiseMode) noise, .max_resolution = max_resolution };
  C2lTensor *ws = c2l_pass_add_input (
      pass, "ws", C2L_F32, 3,
      (gint64[]){ 1, c2l_generator_get_num_ws (generator), c2l_generator_get_w_dim (generator) });

  if (noise == C2L_NOISE_KIND_RANDOM)
    options.noise_keys = c2l_pass_add_input (pass, "noise keys", C2L_I32, 2, (gint64[]){ 1, 4 });
  if (placed)
    options.transform = c2l_pass_add_input (pass, "transform", C2L_F32, 2, (gint64[]){ 3, 3 });
  return c2l_generator_forward_synthesis (generator, pass, ws, &options);
}

typedef struct
{
  C2lNoiseKind noise;
  int max_resolution;
  int clip_side; /* 0: CLIP will not look */
  gboolean placed;
} Drawing;

static gboolean
record_drawing (C2lSession *session, C2lPass *pass, gconstpointer shape, GError **error)
{
  const Drawing *drawing = shape;
  C2lGenerator *generator = c2l_engine_get_generator (session->engine, error);
  C2lTensor *picture;

  if (generator == NULL)
    return FALSE;
  picture
      = record_picture (pass, generator, drawing->noise, drawing->max_resolution, drawing->placed);
  c2l_pass_keep (pass, "pixels", c2l_to_u8 (pass, picture, C2L_U8_TRUNCATE));
  if (drawing->clip_side > 0)
    c2l_pass_keep (pass, "for clip",
                   c2l_area_resize (pass, picture, &(C2lAreaResize){ .size = drawing->clip_side }));
  return TRUE;
}

static C2lPass *
get_draw_pass (C2lSession *session, const Drawing *drawing, GError **error)
{
  g_autofree char *name = g_strdup_printf (
      "generator, noise %s, at most %d, for CLIP %d%s", c2l_noise_kind_get_name (drawing->noise),
      drawing->max_resolution, drawing->clip_side, drawing->placed ? ", placed" : "");

  return c2l_session_get_pass (session, name, record_drawing, drawing, error);
}

static void
write_styles (C2lPass *pass, const float *ws, C2lNoiseKind noise, guint64 noise_seed, guint32 index)
{
  c2l_session_write (pass, "ws", ws);
  if (noise == C2L_NOISE_KIND_RANDOM)
    {
      gint32 key[4];

      c2l_session_fill_key (key, noise_seed, index);
      c2l_session_write (pass, "noise keys", key);
    }
}

static void
write_recipe (C2lPass *pass, C2lRecipe *recipe, const float *ws)
{
  write_styles (pass, ws, recipe->noise, recipe->noise_seed, recipe->index);
  if (c2l_recipe_is_placed (recipe))
    {
      float matrix[9];

      c2l_generator_make_transform (recipe->move_x, recipe->move_y, recipe->turn, matrix);
      c2l_session_write (pass, "transform", matrix);
    }
}

C2lPicture *
c2l_session_draw (C2lSession *session,
                  C2lRecipe *recipe,
                  int max_resolution,
                  float *for_clip,
                  GCancellable *cancellable,
                  GError **error)
{
  g_autofree float *ws = c2l_session_dup_ws (session, recipe, error);
  int clip_side = ws != NULL && for_clip != NULL ? c2l_session_get_clip_side (session, error) : 0;
  C2lPass *pass;
  C2lTensor *pixels;
  g_autofree guint8 *copy = NULL;
  int size;
  gint64 start;

  if (ws == NULL || (for_clip != NULL && clip_side == 0))
    return NULL;
  pass = get_draw_pass (
      session,
      &(Drawing){ recipe->noise, max_resolution, clip_side, c2l_recipe_is_placed (recipe) }, error);
  if (pass == NULL)
    return NULL;
  write_recipe (pass, recipe, ws);
  start = g_get_monotonic_time ();
  if (!c2l_session_run_pass (session, pass, cancellable, error))
    return NULL;
  if (max_resolution == 0)
    session->picture_seconds = (g_get_monotonic_time () - start) / (double) G_USEC_PER_SEC;
  pixels = c2l_pass_lookup (pass, "pixels");
  size = c2l_tensor_get_dim (pixels, 1);
  copy = g_malloc (c2l_tensor_get_size (pixels));
  c2l_session_read (pass, "pixels", copy);
  if (for_clip != NULL)
    c2l_session_read (pass, "for clip", for_clip);
  return c2l_picture_new (recipe, size, g_steal_pointer (&copy));
}

gboolean
c2l_session_look (C2lSession *session,
                  C2lRecipe *recipe,
                  float *for_clip,
                  GCancellable *cancellable,
                  GError **error)
{
  C2lGenerator *generator = c2l_engine_get_generator (session->engine, error);
  int side = generator != NULL ? c2l_session_get_clip_side (session, error) : 0;
  int resolution = side;
  g_autoptr (C2lPicture) picture = NULL;

  if (side == 0)
    return FALSE;
  /* Previews come in halves of the full size: the smallest one that is not below CLIP's. */
  while (resolution < c2l_generator_get_img_resolution (generator)
         && c2l_generator_get_preview_resolution (generator, resolution) < side)
    resolution *= 2;
  if (c2l_generator_get_preview_resolution (generator, resolution)
      == c2l_generator_get_img_resolution (generator))
    resolution = 0;
  picture = c2l_session_draw (session, recipe, resolution, for_clip, cancellable, error);
  return picture != NULL;
}

double
c2l_session_get_picture_seconds (C2lSession *session)
{
  return session->picture_seconds;
}

/* --- for data sets: styles of any kind, area-resized --- */

typedef struct
{
  C2lNoiseKind noise;
  int side;
} SmallDrawing;

static gboolean
record_small (C2lSession *session, C2lPass *pass, gconstpointer shape, GError **error)
{
  const SmallDrawing *drawing = shape;
  C2lGenerator *generator = c2l_engine_get_generator (session->engine, error);
  C2lTensor *picture;

  if (generator == NULL)
    return FALSE;
  picture = record_picture (pass, generator, drawing->noise, 0, FALSE);
  picture = c2l_area_resize (pass, picture, &(C2lAreaResize){ .size = drawing->side });
  c2l_pass_keep (pass, "picture", picture);
  c2l_pass_keep (pass, "pixels", c2l_to_u8 (pass, picture, C2L_U8_TRUNCATE));
  return TRUE;
}

static C2lPass *
get_small_pass (C2lSession *session, C2lNoiseKind noise, int side, GError **error)
{
  g_autofree char *name = g_strdup_printf ("generator, noise %s, resized to %d",
                                           c2l_noise_kind_get_name (noise), side);

  return c2l_session_get_pass (session, name, record_small, &(SmallDrawing){ noise, side }, error);
}

gboolean
c2l_session_draw_small (C2lSession *session,
                        const float *styles,
                        C2lNoiseKind noise,
                        guint64 noise_seed,
                        guint32 index,
                        int side,
                        float *picture,
                        guint8 *pixels,
                        GCancellable *cancellable,
                        GError **error)
{
  C2lPass *pass = get_small_pass (session, noise, side, error);

  if (pass == NULL)
    return FALSE;
  write_styles (pass, styles, noise, noise_seed, index);
  if (!c2l_session_run_pass (session, pass, cancellable, error))
    return FALSE;
  c2l_session_read (pass, "picture", picture);
  if (pixels != NULL)
    c2l_session_read (pass, "pixels", pixels);
  return TRUE;
}
