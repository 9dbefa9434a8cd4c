/* What a session does with CLIP: words and pictures become embeddings, and those are compared. */
#include "studio/session-private.h"

#include "studio/mixture.h"
#include "studio/similarity.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* Prompts are read in passes of multiples of so many tokens: attention looks back only, so what
 * stands behind the end token need not be computed, and a few lengths serve all prompts. */
#define TEXT_STEP 8

int
c2l_session_get_embed_width (C2lSession *session, GError **error)
{
  C2lClip *clip = c2l_engine_get_clip (session->engine, error);
  return clip != NULL ? c2l_clip_get_info (clip)->embed_dim : 0;
}

int
c2l_session_get_clip_side (C2lSession *session, GError **error)
{
  C2lClip *clip = c2l_engine_get_clip (session->engine, error);
  return clip != NULL ? c2l_clip_get_info (clip)->resolution : 0;
}

/* @shape: a number of tokens. */
static gboolean
record_text (C2lSession *session, C2lPass *pass, gconstpointer shape, GError **error)
{
  C2lClip *clip = c2l_engine_get_clip (session->engine, error);
  C2lTensor *tokens, *end;

  if (clip == NULL)
    return FALSE;
  tokens = c2l_pass_add_input (pass, "tokens", C2L_I32, 2, (gint64[]){ 1, *(const int *) shape });
  end = c2l_pass_add_input (pass, "end", C2L_I32, 1, (gint64[]){ 1 });
  c2l_pass_keep (pass, "embedding", c2l_clip_forward_text (clip, pass, tokens, end));
  return TRUE;
}

static C2lPass *
get_text_pass (C2lSession *session, int length, GError **error)
{
  g_autofree char *name = g_strdup_printf ("text of %d tokens", length);

  return c2l_session_get_pass (session, name, record_text, &length, error);
}

gboolean
c2l_session_embed_text (C2lSession *session,
                        const char *prompt,
                        float *embedding,
                        char **dropped,
                        GCancellable *cancellable,
                        GError **error)
{
  C2lClip *clip = c2l_engine_get_clip (session->engine, error);
  C2lTokenizer *tokenizer = clip != NULL ? c2l_engine_get_tokenizer (session->engine, error) : NULL;

  if (tokenizer == NULL)
    return FALSE;

  int context = c2l_clip_get_info (clip)->context;
  g_autofree gint32 *ids = g_new0 (gint32, context);
  int n = c2l_tokenizer_encode (tokenizer, prompt, ids, context, dropped);
  int length = MIN ((n + TEXT_STEP - 1) / TEXT_STEP * TEXT_STEP, context);
  gint32 end = n - 1;
  C2lPass *pass = get_text_pass (session, length, error);

  if (pass == NULL)
    return FALSE;
  c2l_session_write (pass, "tokens", ids);
  c2l_session_write (pass, "end", &end);
  if (!c2l_session_run_pass (session, pass, cancellable, error))
    return FALSE;
  c2l_session_read (pass, "embedding", embedding);
  return TRUE;
}

/* Adds the words that a part lost to those of the parts before it. Takes @words. */
static void
collect_dropped (GString *all, char *words)
{
  if (words == NULL)
    return;
  if (all->len > 0)
    g_string_append (all, " | ");
  g_string_append (all, words);
  g_free (words);
}

static gboolean
embed_parts (C2lSession *session,
             GPtrArray *parts,
             float *embedding,
             GString *dropped,
             GCancellable *cancellable,
             GError **error)
{
  int width = c2l_session_get_embed_width (session, error);
  g_autofree float *one = g_new (float, MAX (width, 1));
  g_autofree double *sum = g_new0 (double, MAX (width, 1));
  double weights = 0;

  for (guint i = 0; width > 0 && i < parts->len; i++)
    {
      const C2lMixturePart *part = g_ptr_array_index (parts, i);
      char *words = NULL;

      if (!c2l_session_embed_text (session, part->text, one, &words, cancellable, error))
        return FALSE;
      collect_dropped (dropped, words);
      weights += part->weight;
      for (int j = 0; j < width; j++)
        sum[j] += part->weight * one[j];
    }
  for (int j = 0; j < width; j++)
    embedding[j] = sum[j] / weights;
  return width > 0;
}

gboolean
c2l_session_embed_prompt (C2lSession *session,
                          const char *prompt,
                          float *embedding,
                          char **dropped,
                          GCancellable *cancellable,
                          GError **error)
{
  g_autoptr (GPtrArray) parts = c2l_mixture_parse (prompt, error);
  g_autoptr (GString) words = g_string_new (NULL);

  if (parts == NULL || !embed_parts (session, parts, embedding, words, cancellable, error))
    return FALSE;
  if (dropped != NULL)
    *dropped = words->len > 0 ? g_strdup (words->str) : NULL;
  return TRUE;
}

char **
c2l_session_list_unknown_words (C2lSession *session, const char *prompt, GError **error)
{
  C2lTokenizer *tokenizer = c2l_engine_get_tokenizer (session->engine, error);
  g_autoptr (GPtrArray) parts = tokenizer != NULL ? c2l_mixture_parse (prompt, error) : NULL;
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (g_free);

  if (parts == NULL)
    return NULL;
  for (guint i = 0; i < parts->len; i++)
    {
      const C2lMixturePart *part = g_ptr_array_index (parts, i);
      g_auto (GStrv) words = c2l_tokenizer_list_unknown_words (tokenizer, part->text);

      for (guint j = 0; words[j] != NULL; j++)
        if (!g_ptr_array_find_with_equal_func (all, words[j], g_str_equal, NULL))
          g_ptr_array_add (all, g_strdup (words[j]));
    }
  g_ptr_array_add (all, NULL);
  return (char **) g_ptr_array_steal (all, NULL);
}

typedef struct
{
  int n, side;
} Vision;

static gboolean
record_vision (C2lSession *session, C2lPass *pass, gconstpointer shape, GError **error)
{
  const Vision *vision = shape;
  const gint64 dims[] = { vision->n, vision->side, vision->side, 3 };
  C2lClip *clip = c2l_engine_get_clip (session->engine, error);
  C2lTensor *pictures;

  if (clip == NULL)
    return FALSE;
  pictures = c2l_pass_add_input (pass, "pictures", C2L_F32, 4, dims);
  c2l_pass_keep (
      pass, "embedding",
      c2l_clip_forward_image (clip, pass, pictures, c2l_engine_get_preprocess (session->engine)));
  return TRUE;
}

/* @n: pictures at a time, wished and got. */
static C2lPass *
get_vision_pass (C2lSession *session, int *n, int side, GError **error)
{
  for (;;)
    {
      g_autofree char *name = NULL;
      g_autoptr (GError) local_error = NULL;
      C2lPass *pass;

      *n = MIN (*n, session->batch);
      name = g_strdup_printf ("vision %d × %d²", *n, side);
      pass = c2l_session_get_pass (session, name, record_vision, &(Vision){ *n, side },
                                   &local_error);
      if (pass != NULL)
        return pass;
      if (*n == 1 || !c2l_session_shrink_batch (session, local_error))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return NULL;
        }
    }
}

/* Embeddings, [@n, width], of @pictures [@n, side, side, 3], at once. */
static gboolean
embed_at_once (C2lSession *session,
               C2lPass *pass,
               const float *pictures,
               float *embeddings,
               GCancellable *cancellable,
               GError **error)
{
  c2l_session_write (pass, "pictures", pictures);
  if (!c2l_session_run_pass (session, pass, cancellable, error))
    return FALSE;
  c2l_session_read (pass, "embedding", embeddings);
  return TRUE;
}

/* The middle square of @image as CLIP's own area-resize would make it, [side, side, 3] in [-1, 1],
 * transparent parts on white. Done here, so that a picture of whatever size needs no pass of its
 * own. */
static void
fill_square (const C2lImage *image, gsize side, float *values)
{
  const gsize size = MIN (image->width, image->height), n = image->n_channels;
  const gsize left = (image->width - size) / 2, top = (image->height - size) / 2;

  for (gsize i = 0; i < side * side; i++)
    {
      const gsize row = i / side, column = i % side;
      const gsize y0 = row * size / side, y1 = ((row + 1) * size + side - 1) / side;
      const gsize x0 = column * size / side, x1 = ((column + 1) * size + side - 1) / side;
      guint64 sums[3] = { 0 };

      for (gsize y = y0; y < y1; y++)
        for (gsize x = x0; x < x1; x++)
          {
            const guint8 *from = image->pixels + ((top + y) * image->width + left + x) * n;
            const guint alpha = n == 4 ? from[3] : 255;

            for (int c = 0; c < 3; c++)
              sums[c] += (from[c] * alpha + 255 * (255 - alpha) + 127) / 255;
          }
      for (int c = 0; c < 3; c++)
        values[3 * i + c] = (double) sums[c] / ((y1 - y0) * (x1 - x0)) / 127.5 - 1;
    }
}

gboolean
c2l_session_embed_image (C2lSession *session,
                         const C2lImage *image,
                         float *embedding,
                         GCancellable *cancellable,
                         GError **error)
{
  int side = c2l_session_get_clip_side (session, error), n = 1;
  C2lPass *pass = side > 0 ? get_vision_pass (session, &n, side, error) : NULL;
  g_autofree float *values = NULL;

  if (pass == NULL)
    return FALSE;
  values = g_new (float, (gsize) side *side * 3);
  fill_square (image, side, values);
  return embed_at_once (session, pass, values, embedding, cancellable, error);
}

gboolean
c2l_session_embed_pictures (C2lSession *session,
                            const float *pictures,
                            int n,
                            int side,
                            float *embeddings,
                            GCancellable *cancellable,
                            GError **error)
{
  const gsize width = c2l_session_get_embed_width (session, error);
  g_autofree float *all = g_new (float, C2L_EMBED_BATCH *MAX (width, 1));
  int count = C2L_EMBED_BATCH;

  g_return_val_if_fail (n >= 1 && n <= C2L_EMBED_BATCH, FALSE);

  for (int start = 0; start < n && width > 0; start += count)
    {
      C2lPass *pass = get_vision_pass (session, &count, side, error);

      if (pass == NULL
          || !embed_at_once (session, pass, pictures + (gsize) start * side * side * 3,
                             all + start * width, cancellable, error))
        return FALSE;
    }
  memcpy (embeddings, all, n * width * sizeof (float));
  return width > 0;
}

gboolean
c2l_session_score (C2lSession *session,
                   const float *pictures,
                   int n,
                   const float *text,
                   double *scores,
                   GCancellable *cancellable,
                   GError **error)
{
  int side = c2l_session_get_clip_side (session, error);
  gsize length = (gsize) side * side * 3;
  const int width = side > 0 ? c2l_session_get_embed_width (session, error) : 0;
  g_autofree float *embeddings = g_new (float, (gsize) C2L_SESSION_BATCH *MAX (width, 1));

  for (int start = 0, count; start < n && side > 0; start += count)
    {
      C2lPass *pass;

      count = n - start;
      pass = get_vision_pass (session, &count, side, error);
      if (pass == NULL
          || !embed_at_once (session, pass, pictures + start * length, embeddings, cancellable,
                             error))
        return FALSE;
      for (int i = 0; i < count; i++)
        {
          const double score = c2l_similarity_cosine (embeddings + (gsize) i * width, text, width);

          scores[start + i] = score;
          if (isfinite (score))
            continue;
          g_set_error (
              error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
              _ ("a picture has no score, because CLIP makes no numbers of it: draw without "
                 "scores, or with another CLIP"));
          return FALSE;
        }
    }
  return side > 0;
}
