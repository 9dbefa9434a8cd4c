/* C2lSession: the passes that draw with an engine, recorded for a shape when it is first met and kept.
 *
 *   g_autoptr (C2lSession) session = c2l_session_new (engine, C2L_PRECISION_FAST);
 *   g_autoptr (GPtrArray) recipes = c2l_session_sample (session, prompt, &params, NULL, &error);
 *   C2lPicture *picture = c2l_session_draw (session, recipe, &options, NULL, &error);
 *
 * A picture is drawn alone and its latent sampled in a batch of fixed size, so it does not depend on its neighbours by a
 * single bit; on a GPU, which draws several at once, it may by the last ones. One thread at a time. */
#pragma once

#include "formats/image.h"
#include "studio/engine.h"
#include "studio/picture.h"
#include "studio/sampling.h"
#include "studio/target.h"

G_BEGIN_DECLS

/* What the program draws with when nobody asks for another; docs/performance.md says why. */
#define C2L_DEFAULT_PRECISION C2L_PRECISION_FAST

typedef struct _C2lSession C2lSession;

C2lSession   *c2l_session_new (C2lEngine *engine, C2lPrecision precision);
/* Of an engine of its own, with the program's vocabulary where the bundle has none. Opens no file yet. */
C2lSession   *c2l_session_open (C2lBundle *bundle, C2lDevice *device, C2lPrecision precision);
void          c2l_session_free (C2lSession *session);

C2lEngine    *c2l_session_get_engine (C2lSession *session);
C2lPrecision  c2l_session_get_precision (C2lSession *session);
/* What of the device may change a bit of a picture: instruction set and libraries, not the number of threads. */
char         *c2l_session_dup_device_details (C2lSession *session);

/* Rows of a latent that the prior makes; 1 without a prior. */
int           c2l_session_get_n_latents (C2lSession *session);
/* Width of CLIP's embeddings. */
int           c2l_session_get_embed_width (C2lSession *session, GError **error);
/* @embedding: [width]. @dropped: (out) (optional): words that did not fit, or NULL. */
gboolean      c2l_session_embed_text (C2lSession *session, const char *prompt, float *embedding, char **dropped,
                                      GCancellable *cancellable, GError **error);
/* The same for a prompt that may be a mixture, "a face | a smiling face:0.5", see mixture.h. @dropped: of all parts, with " | " between them. */
gboolean      c2l_session_embed_prompt (C2lSession *session, const char *prompt, float *embedding, char **dropped,
                                        GCancellable *cancellable, GError **error);
/* Words of a prompt, or of the parts of a mixture, that the model's vocabulary does not know; NULL-terminated (transfer full). NULL and an
 * error without CLIP or where the mixture cannot be. */
char        **c2l_session_list_unknown_words (C2lSession *session, const char *prompt, GError **error);
/* The middle square of a picture from a file, whatever its size. */
gboolean      c2l_session_embed_image (C2lSession *session, const C2lImage *image, float *embedding, GCancellable *cancellable,
                                       GError **error);

/* Recipes with latents for one prompt, of which @text is the embedding. */
GPtrArray    *c2l_session_sample (C2lSession *session, const char *prompt, const float *text, const C2lSampling *sampling,
                                  GCancellable *cancellable, GError **error);
/* Recipes with w from random z, without CLIP and prior. */
GPtrArray    *c2l_session_sample_z (C2lSession *session, const C2lSampling *sampling, GCancellable *cancellable,
                                    GError **error);
/* The same without recipes, for who needs thousands. @latents: [sampling.n, n_latents, D]; @w: [sampling.n, w_dim]. */
gboolean      c2l_session_find_latents (C2lSession *session, const float *text, const C2lSampling *sampling, float *latents,
                                        GCancellable *cancellable, GError **error);
gboolean      c2l_session_find_w (C2lSession *session, const C2lSampling *sampling, float *w, GCancellable *cancellable,
                                  GError **error);
/* How far latents of this model lie from their mean, the standard deviation of each channel: [n_rows, w_dim], of the latents that the prior
 * was trained on, else of the mapping network's w. Owned by the caller, who clears it. */
gboolean      c2l_session_get_spread (C2lSession *session, C2lRows *spread, GCancellable *cancellable, GError **error);
/* A recipe for a given latent of one or more rows. */
C2lRecipe    *c2l_session_adopt_latent (C2lSession *session, const C2lRows *latent, const C2lSampling *sampling, GError **error);

/* Whether a recipe's edits and latent fit this model, with what to do. Draws nothing. */
gboolean      c2l_session_check (C2lSession *session, C2lRecipe *recipe, GError **error);

/* What @recipe's picture is drawn of, [num_ws, w_dim], into @styles: for C2lRecipeMix. */
gboolean      c2l_session_get_styles (C2lSession *session, C2lRecipe *recipe, C2lRows *styles, GError **error);

/* Draws. @max_resolution: smaller for a preview, 0 for the full picture. @for_clip: (nullable) receives the picture as CLIP wants it,
 * [side, side, 3] in [-1, 1] with side = c2l_session_get_clip_side(). */
C2lPicture   *c2l_session_draw (C2lSession *session, C2lRecipe *recipe, int max_resolution, float *for_clip,
                                GCancellable *cancellable, GError **error);
/* How many of @recipes, from the first one on, are drawn at once by preference: 1 on a processor; on a GPU as many as have one kind of noise
 * and no placement. */
int           c2l_session_count_alike (C2lSession *session, C2lRecipe *const *recipes, int n);
/* Draws so many at once, or fewer at a time where memory is short; @for_clip and @pictures (out) are @n behind each other. FALSE and no
 * pictures where one of them fails. On a GPU a picture may then differ from one that was drawn alone in the last bits. */
gboolean      c2l_session_draw_alike (C2lSession *session, C2lRecipe *const *recipes, int n, int max_resolution, float *for_clip,
                                      C2lPicture **pictures, GCancellable *cancellable, GError **error);
/* Only what CLIP sees of it, drawn as small as CLIP's eyes allow: to judge many pictures that nobody will look at. */
gboolean      c2l_session_look (C2lSession *session, C2lRecipe *recipe, float *for_clip, GCancellable *cancellable, GError **error);
int           c2l_session_get_clip_side (C2lSession *session, GError **error);
/* From now on a picture that is drawn is shown on @target, too, where the device can write into its buffer: that is its “frame” then. NULL:
 * not any more. Returns what it was. */
C2lTarget    *c2l_session_show_on (C2lSession *session, C2lTarget *target);
/* How long the network took for the last full picture; 0 before the first. */
double        c2l_session_get_picture_seconds (C2lSession *session);

/* Cosine of each of @n pictures (as @for_clip above) with @text. */
gboolean      c2l_session_score (C2lSession *session, const float *pictures, int n, const float *text, double *scores,
                                 GCancellable *cancellable, GError **error);

/* For data sets. Draws @styles, [num_ws, w_dim], with the noise of the picture @index of @noise_seed, area-resized to @side:
 * @picture: [side, side, 3] in about [-1, 1]; @pixels: (nullable): the same in 8 bit. */
gboolean      c2l_session_draw_small (C2lSession *session, const float *styles, C2lNoiseKind noise, guint64 noise_seed, guint32 index,
                                      int side, float *picture, guint8 *pixels, GCancellable *cancellable, GError **error);
/* CLIP's embeddings, [@n, width], of the first @n of @pictures, [C2L_EMBED_BATCH, side, side, 3], as c2l_session_draw_small() makes them; the
 * others may be anything finite. An embedding depends on the picture and its place alone. */
gboolean      c2l_session_embed_pictures (C2lSession *session, const float *pictures, int n, int side, float *embeddings,
                                          GCancellable *cancellable, GError **error);
#define C2L_EMBED_BATCH 16

/* Operations done so far, and the bytes of working memory of all passes. */
void          c2l_session_get_work (C2lSession *session, double *flops, gsize *arena_size);
/* From now on passes measure where their time goes; before the first one is recorded. */
void          c2l_session_enable_profile (C2lSession *session);
/* "generator: 312.4 MiB of working memory, 36.1 GFLOP", a line a pass so far, with its profile. */
char         *c2l_session_dup_statistics (C2lSession *session);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lSession, c2l_session_free)

G_END_DECLS
