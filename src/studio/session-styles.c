/* From a recipe's latent to the styles that the generator draws: truncated, repeated, mixed,
 * edited. A few thousand numbers, so it needs no device: all is done here in float32, in one order
 * of operations, so that a recipe always gives the same styles. */
#include "studio/session-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* Latents lie within some tens, and the largest edit that is let in moves them by some millions.
 * Demodulation sums squares of styles times weights over a layer, which float32 holds up to styles
 * of about 1e15. */
#define MAX_STYLE 1e9

/* What truncation pulls towards: [n_rows, width], or NULL where the model has none. */
static float *
dup_centre (C2lSession *session, C2lRecipe *recipe, int *n_rows)
{
  C2lGenerator *generator = c2l_engine_get_generator (session->engine, NULL);
  C2lPrior *prior = c2l_engine_has_prior (session->engine) && recipe->origin != C2L_ORIGIN_Z
                        ? c2l_engine_get_prior (session->engine, NULL)
                        : NULL;
  C2lTensor *mean = prior != NULL ? c2l_prior_get_latent_mean (prior) : NULL;
  const float *w_avg = c2l_generator_get_w_avg (generator);
  float *centre;

  if (mean != NULL && c2l_tensor_get_dim (mean, -1) == recipe->latent.width)
    {
      *n_rows = c2l_tensor_get_length (mean) / recipe->latent.width;
      centre = g_malloc (c2l_tensor_get_size (mean));
      c2l_tensor_read (mean, centre, c2l_tensor_get_size (mean));
      return centre;
    }
  *n_rows = 1;
  return g_memdup2 (w_avg, recipe->latent.width * sizeof (float));
}

gboolean
c2l_session_truncate (C2lSession *session, C2lRecipe *recipe, float *latent, GError **error)
{
  const C2lRows *rows = &recipe->latent;
  float psi = recipe->truncation;
  int n_rows;
  g_autofree float *centre = NULL;

  if (!c2l_truncation_check (recipe->truncation, error))
    return FALSE;
  memcpy (latent, rows->data, (gsize) rows->n_rows * rows->width * sizeof (float));
  if (psi == 1)
    return TRUE;
  centre = dup_centre (session, recipe, &n_rows);
  if (centre == NULL || (n_rows != 1 && n_rows != rows->n_rows))
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
                   _ ("truncation %.3g: the model knows no average latent to pull towards; leave "
                      "--truncation at 1"),
                   recipe->truncation);
      return FALSE;
    }
  for (int row = 0; row < rows->n_rows; row++)
    for (int i = 0; i < rows->width; i++)
      {
        float mean = centre[(gsize) (n_rows == 1 ? 0 : row) * rows->width + i];
        float *x = &latent[(gsize) row * rows->width + i];
        *x = mean + psi * (*x - mean);
      }
  return TRUE;
}

/* The direction's values: of the recipe, or of the bundle's file of that name into @own. */
static const C2lRows *
find_direction (C2lSession *session, const C2lRecipeEdit *edit, C2lRows *own, GError **error)
{
  const C2lDirection *direction;

  if (edit->rows.data != NULL)
    return &edit->rows;
  direction
      = c2l_bundle_lookup_direction (c2l_engine_get_bundle (session->engine), edit->direction);
  if (direction == NULL)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
                   _ ("the model has no direction “%s”; “c2l info” lists those it has"),
                   edit->direction);
      return NULL;
    }
  return c2l_direction_load (direction->file, own, error) ? own : NULL;
}

/* The range that an edit or a mix names, as rows of the model's @num_ws styles. @what: for the
 * message. */
static gboolean
resolve_layers (int first, int *last, int num_ws, const char *what, GError **error)
{
  g_autofree char *range = NULL;

  if (first >= 0 && first < num_ws
      && (*last == C2L_LAST_LAYER || (*last >= first && *last < num_ws)))
    {
      *last = *last == C2L_LAST_LAYER ? num_ws - 1 : *last;
      return TRUE;
    }
  range = c2l_layers_to_string (first, *last);
  g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
               _ ("%s: layers %s; the model has the layers 0 to %d"), what, range, num_ws - 1);
  return FALSE;
}

static gboolean
apply_edit (C2lSession *session,
            const C2lRecipeEdit *edit,
            float *ws,
            int num_ws,
            int width,
            GError **error)
{
  C2lRows own = { 0 };
  const C2lRows *rows = find_direction (session, edit, &own, error);
  gboolean fits
      = rows != NULL && rows->width == width && (rows->n_rows == 1 || rows->n_rows == num_ws);
  int last = edit->last_layer;
  float amount = edit->amount;

  if (rows != NULL && !fits)
    g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
                 _ ("direction “%s” is [%d, %d] and the generator takes styles of [%d, %d]; it was "
                    "made for another generator"),
                 edit->direction, rows->n_rows, rows->width, num_ws, width);
  fits = fits && resolve_layers (edit->first_layer, &last, num_ws, edit->direction, error);
  if (fits)
    for (int row = edit->first_layer; row <= last; row++)
      for (int i = 0; i < width; i++)
        ws[(gsize) row * width + i]
            += amount * rows->data[(gsize) (rows->n_rows == 1 ? 0 : row) * width + i];
  c2l_rows_clear (&own);
  return fits;
}

float *
c2l_session_repeat_rows (C2lSession *session, const float *latent, int n_rows, GError **error)
{
  C2lGenerator *generator = c2l_engine_get_generator (session->engine, NULL);
  int num_ws = c2l_generator_get_num_ws (generator), width = c2l_generator_get_w_dim (generator);
  g_autofree int *repeats
      = n_rows == num_ws ? NULL : c2l_engine_dup_repeats (session->engine, n_rows, num_ws, error);
  float *ws;
  int at = 0;

  if (repeats == NULL && n_rows != num_ws)
    return NULL;
  ws = g_new (float, (gsize) num_ws *width);
  for (int row = 0; row < n_rows; row++)
    for (int i = 0; i < (repeats != NULL ? repeats[row] : 1); i++)
      memcpy (ws + (gsize) at++ * width, latent + (gsize) row * width, width * sizeof (float));
  return ws;
}

static gboolean
apply_mix (C2lSession *session,
           const C2lRecipeMix *mix,
           float *ws,
           int num_ws,
           int width,
           GError **error)
{
  const char *label = mix->label != NULL ? mix->label : "mixed styles";
  float amount = mix->amount;
  int last = mix->last_layer;
  g_autofree float *other = NULL;

  if (mix->rows.width != width || !(amount >= 0 && amount <= 1))
    {
      g_set_error (
          error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
          _ ("%s: styles of width %d, mixed in by %g, and the generator takes %d numbers a "
             "style and amounts from 0 to 1; choose a picture of the same model"),
          label, mix->rows.width, mix->amount, width);
      return FALSE;
    }
  if (!resolve_layers (mix->first_layer, &last, num_ws, label, error))
    return FALSE;
  other = c2l_session_repeat_rows (session, mix->rows.data, mix->rows.n_rows, error);
  if (other == NULL)
    return FALSE;
  /* Exact at both ends: an amount of 1 is the other picture's style, bit for bit. */
  for (gsize i = (gsize) mix->first_layer * width; i < (gsize) (last + 1) * width; i++)
    ws[i] = (1 - amount) * ws[i] + amount * other[i];
  return TRUE;
}

static gboolean
check_placement (C2lSession *session, C2lRecipe *recipe, C2lGenerator *generator, GError **error)
{
  if (!c2l_placement_check (recipe->move_x, recipe->move_y, recipe->turn, error))
    return FALSE;
  if (!c2l_recipe_is_placed (recipe)
      || c2l_generator_get_kind (generator) == C2L_GENERATOR_STYLEGAN3)
    return TRUE;
  g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
               _ ("“%s” cannot move or turn its pictures, only a StyleGAN3 can; leave the picture "
                  "where it is"),
               c2l_bundle_get_name (c2l_engine_get_bundle (session->engine)));
  return FALSE;
}

gboolean
c2l_session_check_values (const float *values, gsize n, const char *advice, GError **error)
{
  for (gsize i = 0; i < n; i++)
    if (!(fabsf (values[i]) <= MAX_STYLE))
      {
        g_set_error (
            error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
            _ ("the latent has a value of %g, and no picture comes of values beyond %g; %s"),
            values[i], MAX_STYLE, advice);
        return FALSE;
      }
  return TRUE;
}

float *
c2l_session_dup_ws (C2lSession *session, C2lRecipe *recipe, GError **error)
{
  C2lGenerator *generator = c2l_engine_get_generator (session->engine, error);
  const C2lRows *rows = &recipe->latent;
  g_autofree float *latent = NULL, *ws = NULL;
  int num_ws, width;

  if (generator == NULL || !check_placement (session, recipe, generator, error))
    return NULL;
  num_ws = c2l_generator_get_num_ws (generator);
  width = c2l_generator_get_w_dim (generator);
  if (rows->width != width)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
                   _ ("a latent of width %d does not fit the generator, which takes %d numbers a "
                      "style; it belongs to another model"),
                   rows->width, width);
      return NULL;
    }
  latent = g_new (float, (gsize) rows->n_rows *width);
  if (!c2l_session_truncate (session, recipe, latent, error))
    return NULL;
  ws = c2l_session_repeat_rows (session, latent, rows->n_rows, error);
  for (guint i = 0; ws != NULL && i < recipe->mixes->len; i++)
    if (!apply_mix (session, g_ptr_array_index (recipe->mixes, i), ws, num_ws, width, error))
      return NULL;
  for (guint i = 0; ws != NULL && i < recipe->edits->len; i++)
    if (!apply_edit (session, g_ptr_array_index (recipe->edits, i), ws, num_ws, width, error))
      return NULL;
  if (ws != NULL
      && !c2l_session_check_values (
          ws, (gsize) num_ws * width,
          recipe->edits->len > 0 ? _ ("take smaller amounts of its edits, or another latent")
                                 : _ ("it is damaged or no latent of this model; take another one"),
          error))
    return NULL;
  return g_steal_pointer (&ws);
}

gboolean
c2l_session_get_styles (C2lSession *session, C2lRecipe *recipe, C2lRows *styles, GError **error)
{
  g_autofree float *ws = c2l_session_dup_ws (session, recipe, error);
  C2lGenerator *generator = ws != NULL ? c2l_engine_get_generator (session->engine, NULL) : NULL;

  if (ws == NULL)
    return FALSE;
  c2l_rows_set (styles, c2l_generator_get_num_ws (generator), c2l_generator_get_w_dim (generator),
                ws);
  return TRUE;
}

gboolean
c2l_session_check (C2lSession *session, C2lRecipe *recipe, GError **error)
{
  g_autofree float *ws = c2l_session_dup_ws (session, recipe, error);
  return ws != NULL;
}
