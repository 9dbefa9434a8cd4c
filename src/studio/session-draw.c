/* How a session draws: recipes' styles go through the generator, one picture at a time, or several
 * at once where the device is better at that. */
#include "studio/session-private.h"

#include <string.h>

/* From the inputs "ws", "noise keys" where noise is random, and "transform" where @placed. */
static C2lTensor *
record_pictures (C2lPass *pass,
                 C2lGenerator *generator,
                 int n,
                 C2lNoiseKind noise,
                 int max_resolution,
                 gboolean placed)
{
  C2lSynthesis options = { .noise_mode = (C2lNoiseMode) noise, .max_resolution = max_resolution };
  C2lTensor *ws = c2l_pass_add_input (
      pass, "ws", C2L_F32, 3,
      (gint64[]){ n, c2l_generator_get_num_ws (generator), c2l_generator_get_w_dim (generator) });

  if (noise == C2L_NOISE_KIND_RANDOM)
    options.noise_keys = c2l_pass_add_input (pass, "noise keys", C2L_I32, 2, (gint64[]){ n, 4 });
  if (placed)
    options.transform = c2l_pass_add_input (pass, "transform", C2L_F32, 2, (gint64[]){ 3, 3 });
  return c2l_generator_forward_synthesis (generator, pass, ws, &options);
}

typedef struct
{
  int n; /* pictures */
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
  picture = record_pictures (pass, generator, drawing->n, drawing->noise, drawing->max_resolution,
                             drawing->placed);
  c2l_pass_keep (pass, "pixels", c2l_to_u8 (pass, picture, C2L_U8_TRUNCATE));
  if (drawing->clip_side > 0)
    c2l_pass_keep (pass, "for clip",
                   c2l_area_resize (pass, picture, &(C2lAreaResize){ .size = drawing->clip_side }));
  return TRUE;
}

static C2lPass *
get_draw_pass (C2lSession *session, const Drawing *drawing, GError **error)
{
  g_autofree char *name
      = g_strdup_printf ("generator, %d, noise %s, at most %d, for CLIP %d%s", drawing->n,
                         c2l_noise_kind_get_name (drawing->noise), drawing->max_resolution,
                         drawing->clip_side, drawing->placed ? ", placed" : "");

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

/* What @n recipes are drawn of, behind each other: [n, num_ws, w_dim]. */
static float *
dup_styles (C2lSession *session, C2lRecipe *const *recipes, int n, GError **error)
{
  C2lGenerator *generator = c2l_engine_get_generator (session->engine, error);
  gsize length;
  g_autofree float *all = NULL;

  if (generator == NULL)
    return NULL;
  length = (gsize) c2l_generator_get_num_ws (generator) * c2l_generator_get_w_dim (generator);
  all = g_new (float, n *length);
  for (int i = 0; i < n; i++)
    {
      g_autofree float *own = c2l_session_dup_ws (session, recipes[i], error);

      if (own == NULL)
        return NULL;
      memcpy (all + i * length, own, length * sizeof (float));
    }
  return g_steal_pointer (&all);
}

static void
write_recipes (C2lPass *pass, C2lRecipe *const *recipes, int n, const float *styles)
{
  g_autofree gint32 *keys = g_new (gint32, 4 * (gsize) n);

  for (int i = 0; i < n; i++)
    c2l_session_fill_key (keys + 4 * i, recipes[i]->noise_seed, recipes[i]->index);
  c2l_session_write (pass, "ws", styles);
  if (recipes[0]->noise == C2L_NOISE_KIND_RANDOM)
    c2l_session_write (pass, "noise keys", keys);
  if (c2l_recipe_is_placed (recipes[0]))
    {
      float matrix[9];

      c2l_generator_make_transform (recipes[0]->move_x, recipes[0]->move_y, recipes[0]->turn,
                                    matrix);
      c2l_session_write (pass, "transform", matrix);
    }
}

static void
read_pictures (C2lSession *session,
               C2lPass *pass,
               C2lRecipe *const *recipes,
               int n,
               C2lPicture **pictures)
{
  C2lTensor *pixels = c2l_pass_lookup (pass, "pixels");
  const int side = c2l_tensor_get_dim (pixels, 1);
  const gsize size = c2l_tensor_get_size (pixels) / n;
  g_autofree guint8 *all = g_malloc (c2l_tensor_get_size (pixels));

  c2l_session_read (pass, "pixels", all);
  for (int i = 0; i < n; i++)
    {
      pictures[i] = c2l_picture_new (
          recipes[i], side, n == 1 ? g_steal_pointer (&all) : g_memdup2 (all + i * size, size));
      pictures[i]->frame = c2l_session_make_frame (session, pixels, i, side);
    }
}

/* A pass for @drawing, or for fewer pictures where so many do not fit into memory. */
static C2lPass *
get_fitting_pass (C2lSession *session, Drawing *drawing, GError **error)
{
  for (;;)
    {
      g_autoptr (GError) local_error = NULL;
      C2lPass *pass;

      drawing->n = MIN (drawing->n, session->batch);
      pass = get_draw_pass (session, drawing, &local_error);
      if (pass != NULL)
        return pass;
      if (drawing->n == 1 || !c2l_session_shrink_batch (session, local_error))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return NULL;
        }
    }
}

/* As many of @n at once as fit; returns how many, 0 and an error where none is drawn. */
static int
draw_some (C2lSession *session,
           C2lRecipe *const *recipes,
           int n,
           int max_resolution,
           float *for_clip,
           C2lPicture **pictures,
           GCancellable *cancellable,
           GError **error)
{
  g_autofree float *styles = dup_styles (session, recipes, n, error);
  int clip_side
      = styles != NULL && for_clip != NULL ? c2l_session_get_clip_side (session, error) : 0;
  Drawing drawing
      = { n, recipes[0]->noise, max_resolution, clip_side, c2l_recipe_is_placed (recipes[0]) };
  C2lPass *pass;
  gint64 start;

  if (styles == NULL || (for_clip != NULL && clip_side == 0))
    return 0;
  pass = get_fitting_pass (session, &drawing, error);
  if (pass == NULL)
    return 0;
  write_recipes (pass, recipes, drawing.n, styles);
  start = g_get_monotonic_time ();
  if (!c2l_session_run_pass (session, pass, cancellable, error))
    return 0;
  if (max_resolution == 0)
    session->picture_seconds
        = (g_get_monotonic_time () - start) / (double) G_USEC_PER_SEC / drawing.n;
  read_pictures (session, pass, recipes, drawing.n, pictures);
  if (for_clip != NULL)
    c2l_session_read (pass, "for clip", for_clip);
  return drawing.n;
}

C2lPicture *
c2l_session_draw (C2lSession *session,
                  C2lRecipe *recipe,
                  int max_resolution,
                  float *for_clip,
                  GCancellable *cancellable,
                  GError **error)
{
  C2lPicture *picture = NULL;

  draw_some (session, &recipe, 1, max_resolution, for_clip, &picture, cancellable, error);
  return picture;
}

int
c2l_session_count_alike (C2lSession *session, C2lRecipe *const *recipes, int n)
{
  const int batch = c2l_device_get_batch (c2l_engine_get_device (session->engine));
  const int most = MIN (MIN (batch, C2L_SESSION_BATCH), n);
  int count = 1;

  if (c2l_recipe_is_placed (recipes[0]))
    return 1;
  while (count < most && recipes[count]->noise == recipes[0]->noise
         && !c2l_recipe_is_placed (recipes[count]))
    count++;
  return count;
}

gboolean
c2l_session_draw_alike (C2lSession *session,
                        C2lRecipe *const *recipes,
                        int n,
                        int max_resolution,
                        float *for_clip,
                        C2lPicture **pictures,
                        GCancellable *cancellable,
                        GError **error)
{
  const gsize side = for_clip != NULL ? c2l_session_get_clip_side (session, error) : 0;

  for (int done = 0, count; done < n; done += count)
    {
      count = draw_some (session, recipes + done, n - done, max_resolution,
                         for_clip != NULL ? for_clip + done * side * side * 3 : NULL,
                         pictures + done, cancellable, error);
      if (count > 0)
        continue;
      while (done > 0)
        g_clear_pointer (&pictures[--done], c2l_picture_unref);
      return FALSE;
    }
  return TRUE;
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
  picture = record_pictures (pass, generator, 1, drawing->noise, 0, FALSE);
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
