/* Look-alikes: one embedding, many latents, and how near their pictures come to it. */
#include "studio/look-alike.h"

#include "studio/session-private.h"

/* CLIP looks at so many at once. */
#define HANDFUL 16

/* The drawing of a handful, and CLIP's look at it, as parts of the whole. */
static gboolean
score_handful (C2lSession *session,
               GPtrArray *recipes,
               guint start,
               const float *embedding,
               const C2lProgress *progress,
               GCancellable *cancellable,
               GError **error)
{
  guint n = MIN (recipes->len - start, HANDFUL);
  int side = c2l_session_get_clip_side (session, error);
  gsize length = (gsize) side * side * 3;
  g_autofree float *pictures = g_new (float, length *n);
  double scores[HANDFUL];

  for (guint i = 0; i < n; i++)
    {
      if (!c2l_session_look (session, g_ptr_array_index (recipes, start + i), pictures + i * length,
                             cancellable, error))
        return FALSE;
      c2l_progress_report (progress, (start + i + 1.0) / recipes->len);
    }
  if (!c2l_session_score (session, pictures, n, embedding, scores, cancellable, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      C2lRecipe *recipe = g_ptr_array_index (recipes, start + i);

      recipe->has_score = TRUE;
      recipe->score = scores[i];
    }
  return TRUE;
}

static gint
compare_scores (gconstpointer a, gconstpointer b)
{
  const C2lRecipe *left = *(C2lRecipe *const *) a, *right = *(C2lRecipe *const *) b;

  if (left->score != right->score)
    return left->score < right->score ? 1 : -1;
  return left->index < right->index ? -1 : left->index > right->index;
}

GPtrArray *
c2l_look_alikes_find (C2lSession *session,
                      const char *file,
                      const C2lSampling *sampling,
                      gboolean score,
                      const C2lProgress *progress,
                      GCancellable *cancellable,
                      GError **error)
{
  g_autoptr (C2lImage) image = c2l_image_load (file, error);
  int width = image != NULL ? c2l_session_get_embed_width (session, error) : 0;
  g_autofree float *embedding = g_new (float, MAX (width, 1));
  g_autoptr (GPtrArray) recipes = NULL;

  if (width == 0 || !c2l_session_embed_image (session, image, embedding, cancellable, error))
    return NULL;
  recipes = c2l_session_sample (session, NULL, embedding, sampling, cancellable, error);
  for (guint i = 0; recipes != NULL && i < recipes->len; i++)
    {
      C2lRecipe *recipe = g_ptr_array_index (recipes, i);

      recipe->made_by = g_strdup (C2L_MADE_BY_LOOK_ALIKE);
      recipe->source = g_filename_display_basename (file);
    }
  for (guint start = 0; score && recipes != NULL && start < recipes->len; start += HANDFUL)
    if (!score_handful (session, recipes, start, embedding, progress, cancellable, error))
      return NULL;
  if (score && recipes != NULL)
    g_ptr_array_sort (recipes, compare_scores);
  return g_steal_pointer (&recipes);
}
