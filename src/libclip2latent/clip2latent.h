/* clip2latent.h: pictures from words, for other programs. This is the whole library.
 *
 *   #include <clip2latent.h>
 *
 *   g_autoptr (GError) error = NULL;
 *   g_autoptr (C2lModel) model = c2l_model_open (NULL, NULL, NULL, &error);
 *   g_autoptr (C2lRequest) request = c2l_request_new (model, "a hairy man", 16);
 *   g_object_set (request, "seed", G_GUINT64_CONSTANT (7), "sort", TRUE, NULL);
 *   g_autoptr (GPtrArray) pictures = c2l_model_generate (model, request, NULL, NULL, NULL, &error);
 *   C2lPicture *best = g_ptr_array_index (pictures, 0);
 *   g_print ("%f\n", c2l_picture_get_score (best));
 *   c2l_picture_save_as (best, "hairy-man.png", 0, &error);
 *
 * A C2lModel is opened once and asked many times; it loads weights when they are first needed and keeps what it has planned, so the
 * second call is quicker than the first. A C2lRequest is what is wanted. What comes back are C2lPictures: pixels, score, latent, and the
 * recipe that draws the same picture again.
 *
 * Errors are C2L_ERROR's, and G_IO_ERROR_CANCELLED where a call was cancelled; messages say what, where and what to do. Functions of a
 * model may be called on any thread: calls on one model wait for each other. Strings are UTF-8. The ABI is stable: functions are added,
 * none is changed or taken away, as long as the library is called libclip2latent.so.0. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * C2lError:
 * @C2L_ERROR_FAILED: anything else
 * @C2L_ERROR_MODEL: no model, a broken one, or one that lacks what is asked of it
 * @C2L_ERROR_FILE: a file that cannot be read or written, or is damaged, or of an unknown kind
 * @C2L_ERROR_INVALID: a setting that cannot be
 * @C2L_ERROR_MISMATCH: models, latents, directions or recipes that do not fit each other
 * @C2L_ERROR_DEVICE: no such device here, or it lacks the precision
 * @C2L_ERROR_MEMORY: not enough memory
 * @C2L_ERROR_NETWORK: a download failed
 *
 * What went wrong.
 */
typedef enum
{
  C2L_ERROR_FAILED,
  C2L_ERROR_MODEL,
  C2L_ERROR_FILE,
  C2L_ERROR_INVALID,
  C2L_ERROR_MISMATCH,
  C2L_ERROR_DEVICE,
  C2L_ERROR_MEMORY,
  C2L_ERROR_NETWORK
} C2lError;

#define C2L_ERROR (c2l_error_quark ())
GQuark c2l_error_quark (void);

/* --- pictures --- */

/**
 * C2lPicture:
 *
 * A finished picture: square, 8-bit sRGB, with the recipe that drew it. It does not change.
 */
typedef struct _C2lPicture C2lPicture;

#define C2L_TYPE_PICTURE (c2l_picture_get_type ())
GType c2l_picture_get_type (void);

C2lPicture *c2l_picture_ref (C2lPicture *picture);
void c2l_picture_unref (C2lPicture *picture);

/**
 * c2l_picture_get_size:
 * @picture: a picture
 *
 * Returns: width and height in pixels
 */
int c2l_picture_get_size (C2lPicture *picture);

/**
 * c2l_picture_dup_pixels:
 * @picture: a picture
 *
 * The pixels, [size, size, 3], rows from the top, red first, without padding. Nothing is copied.
 *
 * Returns: (transfer full): the bytes
 */
GBytes *c2l_picture_dup_pixels (C2lPicture *picture);

/**
 * c2l_picture_get_score:
 * @picture: a picture
 *
 * How well CLIP finds that the picture fits its prompt: the cosine of their embeddings.
 *
 * Returns: the score, NaN where the picture has not been scored
 */
double c2l_picture_get_score (C2lPicture *picture);

/**
 * c2l_picture_dup_prompt:
 * @picture: a picture
 *
 * Returns: (transfer full) (nullable): the prompt as it was given, or %NULL for a picture without one
 */
char *c2l_picture_dup_prompt (C2lPicture *picture);

/**
 * c2l_picture_dup_latent:
 * @picture: a picture
 * @n_values: (out): how many numbers there are
 * @n_rows: (out): in how many rows of the same width: 1, or one for each latent of the prior
 *
 * The latent in the generator's W, before truncation and edits.
 *
 * Returns: (transfer full) (array length=n_values): [n_rows, width]
 */
float *c2l_picture_dup_latent (C2lPicture *picture, gsize *n_values, int *n_rows);

/**
 * c2l_picture_dup_recipe:
 * @picture: a picture
 *
 * Everything that made the picture, as JSON, for c2l_request_add_recipe(). Saved files carry the same text.
 *
 * Returns: (transfer full): the recipe
 */
char *c2l_picture_dup_recipe (C2lPicture *picture);

/**
 * c2l_picture_save_as:
 * @picture: a picture
 * @path: (type filename): where to; a file that is there is replaced
 * @quality: of JPEG and WebP, from 1 to 100; 0 takes the usual one
 * @error: return location for an error
 *
 * Saves the picture with its recipe inside, as PNG, JPEG or WebP by the end of the name, as PNG where that says nothing. The file
 * appears whole or not at all.
 *
 * Returns: whether it was saved
 */
gboolean c2l_picture_save_as (C2lPicture *picture, const char *path, int quality, GError **error);

/* --- models --- */

#define C2L_TYPE_MODEL (c2l_model_get_type ())
/**
 * C2lModel:
 *
 * A model that draws: a generator and, for prompts, a prior and CLIP, on a device.
 */
G_DECLARE_FINAL_TYPE (C2lModel, c2l_model, C2L, MODEL, GObject)

/**
 * C2lProgressFunc:
 * @fraction: how much is done, from 0 to 1
 * @stage: what is being done, in English: "drawing"
 * @picture: (nullable): a picture that has just been finished
 * @user_data: (closure): data
 *
 * Told how far a call is, and given each picture as soon as it is finished: those remain where the call is cancelled or fails later. A
 * synchronous call tells on its own thread, an asynchronous one in the main context that it was called from. It must not call the model.
 */
typedef void (*C2lProgressFunc) (double fraction, const char *stage, C2lPicture *picture, gpointer user_data);

/**
 * c2l_model_open:
 * @folder: (type filename) (nullable): a bundle's folder, as `c2l import` makes it; %NULL for the starter that comes with the library
 * @device: (nullable): "cpu", or with less "cpu:avx512", "cpu:avx2", "cpu:portable"; "cuda:0" for the first NVIDIA GPU; %NULL for the
 *   usual one, "cpu"
 * @precision: (nullable): "f32" (exact), "fast" or "bf16", on a GPU "fp16" too; %NULL for the usual one, "fast"
 * @error: return location for an error
 *
 * Opens a model. Weights are loaded when they are first needed.
 *
 * Returns: (transfer full): the model
 */
C2lModel *c2l_model_open (const char *folder, const char *device, const char *precision, GError **error);

/**
 * c2l_model_open_files:
 * @generator: (type filename): a StyleGAN pickle
 * @prior: (type filename) (nullable): a prior's checkpoint; without one there are no prompts
 * @config: (type filename) (nullable): the prior's configuration; %NULL for the one beside the checkpoint
 * @clip: (type filename) (nullable): a CLIP model, for prompts and scores
 * @device: (nullable): as in c2l_model_open()
 * @precision: (nullable): as in c2l_model_open()
 * @progress: (nullable) (scope call) (closure user_data): told how far downloads are
 * @user_data: data for @progress
 * @cancellable: (nullable): stops downloads
 * @error: return location for an error
 *
 * Opens a model of the original's files. Each is a path, an https address, or the name that it was published under ("ffhq-sg2-510",
 * "sg2-ffhq-1024", "ViT-B/32"); what must be fetched is kept in the user's cache folder.
 *
 * Returns: (transfer full): the model
 */
C2lModel *c2l_model_open_files (const char *generator, const char *prior, const char *config, const char *clip,
                                const char *device, const char *precision, C2lProgressFunc progress, gpointer user_data,
                                GCancellable *cancellable, GError **error);

/**
 * c2l_model_get_name:
 * @model: a model
 *
 * Returns: what the model is called
 */
const char *c2l_model_get_name (C2lModel *model);

/**
 * c2l_model_get_device:
 * @model: a model
 *
 * Returns: what it computes on, in a line for people: "2 threads, AVX-512, bf16, oneDNN 2.6.3"
 */
const char *c2l_model_get_device (C2lModel *model);

/**
 * c2l_model_has_prior:
 * @model: a model
 *
 * Returns: whether it can draw for prompts
 */
gboolean c2l_model_has_prior (C2lModel *model);

/**
 * c2l_model_has_clip:
 * @model: a model
 *
 * Returns: whether it can read prompts and score pictures
 */
gboolean c2l_model_has_clip (C2lModel *model);

/**
 * c2l_model_list_directions:
 * @model: a model
 *
 * Returns: (transfer full) (array zero-terminated=1): names of directions for c2l_request_add_edit()
 */
char **c2l_model_list_directions (C2lModel *model);

/**
 * c2l_model_get_direction_amount:
 * @model: a model
 * @direction: a direction's name
 *
 * Returns: the amount for c2l_request_add_edit() that makes a clear difference; 0 where the model has no such direction
 */
double c2l_model_get_direction_amount (C2lModel *model, const char *direction);

/**
 * c2l_model_set_n_threads:
 * @model: a model
 * @n_threads: at most so many; 0 for all of the machine's
 */
void c2l_model_set_n_threads (C2lModel *model, int n_threads);

/**
 * c2l_model_embed_prompt:
 * @model: a model with CLIP
 * @prompt: a prompt; "a man | a woman:0.5" mixes two
 * @n_values: (out): how many numbers the embedding has
 * @cancellable: (nullable): stops it
 * @error: return location for an error
 *
 * Returns: (transfer full) (array length=n_values): CLIP's embedding, as long as CLIP makes it
 */
float *c2l_model_embed_prompt (C2lModel *model, const char *prompt, gsize *n_values, GCancellable *cancellable,
                               GError **error);

/**
 * c2l_model_embed_pixels:
 * @model: a model with CLIP
 * @pixels: [@height, @width, 3], 8-bit sRGB, rows from the top, without padding
 * @width: in pixels
 * @height: in pixels
 * @n_values: (out): how many numbers the embedding has
 * @cancellable: (nullable): stops it
 * @error: return location for an error
 *
 * CLIP sees the middle square of the picture. The cosine with a prompt's embedding is the picture's score for it.
 *
 * Returns: (transfer full) (array length=n_values): CLIP's embedding, as long as CLIP makes it
 */
float *c2l_model_embed_pixels (C2lModel *model, GBytes *pixels, int width, int height, gsize *n_values,
                               GCancellable *cancellable, GError **error);

/* --- requests --- */

#define C2L_TYPE_REQUEST (c2l_request_get_type ())
/**
 * C2lRequest:
 *
 * What is to be drawn and how. It begins with the settings that the model's maker found good; the properties change them.
 */
G_DECLARE_FINAL_TYPE (C2lRequest, c2l_request, C2L, REQUEST, GObject)

/**
 * C2lRequest:n:
 *
 * Pictures for each prompt, or in all where there is none.
 */
/**
 * C2lRequest:seed:
 *
 * With the same seed and settings come the same pictures.
 */
/**
 * C2lRequest:first-index:
 *
 * Number of the first picture of the seed. Picture 7 of a seed is the same however many are drawn.
 */
/**
 * C2lRequest:guidance:
 *
 * How closely the latent follows the prompt; 1 is without guidance.
 */
/**
 * C2lRequest:steps:
 *
 * Steps of the sampler.
 */
/**
 * C2lRequest:sampler:
 *
 * "reference", "ddpm", "ddim" or "dpm++2m".
 */
/**
 * C2lRequest:truncation:
 *
 * From 0, the average picture, to 1, as the latent is.
 */
/**
 * C2lRequest:noise:
 *
 * Fine detail: "random", "const" or "none".
 */
/**
 * C2lRequest:noise-seed:
 *
 * Seed of the fine detail. It follows #C2lRequest:seed until it is set.
 */
/**
 * C2lRequest:move-x:
 *
 * StyleGAN3 only: moves the picture right, in widths of it.
 */
/**
 * C2lRequest:move-y:
 *
 * StyleGAN3 only: moves the picture down, in widths of it.
 */
/**
 * C2lRequest:turn:
 *
 * StyleGAN3 only: turns the picture counter-clockwise, in degrees.
 */
/**
 * C2lRequest:label:
 *
 * Class, for class-conditional generators without a prompt.
 */
/**
 * C2lRequest:max-size:
 *
 * Pictures at most so wide, where the generator draws a smaller picture quicker; 0 for the full size.
 */
/**
 * C2lRequest:score:
 *
 * Whether CLIP scores the pictures of prompts.
 */
/**
 * C2lRequest:sort:
 *
 * Best first, prompt by prompt. Scores them, too.
 */

/**
 * c2l_request_new:
 * @model: the model whose settings it begins with
 * @prompt: (nullable): what to draw; "a man | a woman:0.5" mixes two. %NULL for anything at all, or where c2l_request_add_latent() and
 *   the like say what
 * @n: how many pictures
 *
 * Returns: (transfer full): the request
 */
C2lRequest *c2l_request_new (C2lModel *model, const char *prompt, guint n);

/**
 * c2l_request_add_prompt:
 * @request: a request
 * @prompt: one more prompt, with #C2lRequest:n pictures of its own
 */
void c2l_request_add_prompt (C2lRequest *request, const char *prompt);

/**
 * c2l_request_add_edit:
 * @request: a request
 * @direction: a direction of the model by name, or a file that holds one (.npy, .pt)
 * @amount: how far, and to which side; see c2l_model_get_direction_amount()
 * @first_layer: first layer that moves, counted from coarse to fine; 0 for all
 * @last_layer: last layer that moves; -1 for all from there on
 *
 * Moves every picture along a direction.
 */
void c2l_request_add_edit (C2lRequest *request, const char *direction, double amount, int first_layer, int last_layer);

/**
 * c2l_request_add_latent:
 * @request: a request
 * @values: (array length=n_values): [@n_rows, width], as c2l_picture_dup_latent() gives them
 * @n_values: how many numbers there are
 * @n_rows: in how many rows
 *
 * Draws this latent, instead of sampled ones. A prompt then only serves to score.
 */
void c2l_request_add_latent (C2lRequest *request, const float *values, gsize n_values, int n_rows);

/**
 * c2l_request_add_recipe:
 * @request: a request
 * @recipe: a recipe, as c2l_picture_dup_recipe() gives it
 * @error: return location for an error
 *
 * Draws the picture of this recipe again, by its own settings, with the request's edits on top. It is the same bit for bit on the same
 * device, in the same precision, by the same version. A request has prompts or recipes.
 *
 * Returns: whether it is a recipe
 */
gboolean c2l_request_add_recipe (C2lRequest *request, const char *recipe, GError **error);

/**
 * c2l_request_add_file:
 * @request: a request
 * @path: (type filename): a picture that was saved by this library, by c2l or by the window
 * @error: return location for an error
 *
 * Draws the picture in this file again, as c2l_request_add_recipe() does.
 *
 * Returns: whether it carries a recipe
 */
gboolean c2l_request_add_file (C2lRequest *request, const char *path, GError **error);

/* --- drawing --- */

/**
 * c2l_model_generate:
 * @model: a model
 * @request: what to draw
 * @progress: (nullable) (scope call) (closure user_data): told how far it is
 * @user_data: data for @progress
 * @cancellable: (nullable): stops it
 * @error: return location for an error
 *
 * Draws (blocking).
 *
 * Returns: (transfer container) (element-type C2lPicture): the pictures, prompt by prompt; the array frees them
 */
GPtrArray *c2l_model_generate (C2lModel *model, C2lRequest *request, C2lProgressFunc progress, gpointer user_data,
                               GCancellable *cancellable, GError **error);

/**
 * c2l_model_generate_async:
 * @model: a model
 * @request: what to draw; it may be changed afterwards
 * @progress: (nullable) (scope notified) (closure progress_data) (destroy progress_destroy): told how far it is
 * @progress_data: data for @progress
 * @progress_destroy: frees @progress_data, on any thread
 * @cancellable: (nullable): stops it
 * @callback: (scope async) (closure user_data): called when it is done
 * @user_data: data for @callback
 *
 * Draws on a thread of its own.
 */
void c2l_model_generate_async (C2lModel *model, C2lRequest *request, C2lProgressFunc progress, gpointer progress_data,
                               GDestroyNotify progress_destroy, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data);

/**
 * c2l_model_generate_finish:
 * @model: a model
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Returns: (transfer container) (element-type C2lPicture): the pictures, prompt by prompt; the array frees them
 */
GPtrArray *c2l_model_generate_finish (C2lModel *model, GAsyncResult *result, GError **error);

/* The library's own sources have these from the rooms below. */
#ifndef C2L_INSIDE_LIBRARY
G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lPicture, c2l_picture_unref)
#endif

G_END_DECLS
