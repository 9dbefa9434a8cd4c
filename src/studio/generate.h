/* From prompts to finished pictures: the whole way, with progress, scores, sorting and cancelling.
 *
 *   C2lGenerateParams params;
 *   c2l_generate_params_init (&params, bundle);
 *   params.prompts = prompts; params.sampling.n = 16; params.score = TRUE;
 *   c2l_generate (session, &params, &callbacks, pictures, cancellable, &error);
 */
#pragma once

#include "studio/session.h"

G_BEGIN_DECLS

typedef struct
{
  const char *const *prompts; /* NULL-terminated; NULL: from random z, without a prompt */
  C2lSampling sampling;       /* n pictures a prompt */
  GPtrArray *edits;           /* (nullable): of C2lRecipeEdit, applied to every picture */
  GPtrArray *latents;         /* (nullable): of C2lRows, drawn instead of sampled ones */
  /* (nullable): of C2lRecipe, drawn as they are, each scored with its own prompt if it has one */
  GPtrArray *recipes;
  /* every picture comes at this size first, a screenful at a time, where that is cheaper; 0: no
   * previews */
  int preview_size;
  int max_size;               /* pictures at most so wide; 0: in full */
  gboolean score;
  gboolean sort;              /* best first, prompt by prompt; implies score */
} C2lGenerateParams;

/* A part of the work that takes long: it looks at @cancellable and can be done from its beginning
 * again. */
typedef gboolean (*C2lGenerateStep) (gpointer step_data, GCancellable *cancellable, GError **error);

/* Every one may be NULL. */
typedef struct
{
  void (*progress) (double fraction, const char *stage, gpointer data);
  /* A picture at preview_size, and as soon as it is drawn, before it is scored; @position counts
   * prompt by prompt. What they carry belongs to the thread that draws, and the recipe gets its
   * score later. */
  void (*preview) (C2lPicture *picture, guint position, gpointer data);
  void (*drawn) (C2lPicture *picture, guint position, gpointer data);
  /* A picture is finished. With scores, the pictures of a handful come together. Who has no further
   * use for the pixels calls c2l_picture_drop_pixels(), for those of many pictures fill the
   * memory. */
  void (*picture) (C2lPicture *picture, gpointer data);
  /* Words of a prompt that did not fit into the model's context. */
  void (*dropped) (const char *prompt, const char *words, gpointer data);
  /* Does one step of the work, for whoever wants to do it again after an interruption. Without it,
   * a step is done once. */
  gboolean (*step) (C2lGenerateStep step, gpointer step_data, GError **error, gpointer data);
  gpointer data;
} C2lGenerateCallbacks;

/* Seed 0, one picture, and what the bundle says is a good way to draw. */
void     c2l_generate_params_init (C2lGenerateParams *params, C2lBundle *bundle);

/* Finds the direction @name of the bundle, or reads it where it is a file, and adds it to
 * params->edits. */
gboolean c2l_generate_params_add_edit (C2lGenerateParams *params, C2lBundle *bundle, const char *name, double amount,
                                       GError **error);
void     c2l_generate_params_clear (C2lGenerateParams *params);

/* Adds the finished pictures to @pictures. FALSE and an error when it failed or was cancelled; what
 * was finished until then is in @pictures and was handed to the callback all the same. */
gboolean c2l_generate (C2lSession *session, const C2lGenerateParams *params, const C2lGenerateCallbacks *callbacks,
                       GPtrArray *pictures, GCancellable *cancellable, GError **error);

/* Sorts the pictures from the @start-th on: best first, prompt by prompt; those without a score come
 * last. */
void     c2l_generate_sort (GPtrArray *pictures, guint start);

G_END_DECLS
