/* C2lWeights: named arrays from a file, whatever its format, with what the file says about itself.
 * Arrays point into the mapped file where they can, so they are lent: they live as long as the
 * weights.
 *
 *   g_autoptr (C2lWeights) weights = c2l_weights_load ("ffhq.pkl", &error);
 *   const C2lArray *w = c2l_weights_lookup (weights, "mapping.fc0.weight");
 *
 * Names and config are those of the original whichever the format, so that models know one
 * spelling:
 *
 *  kind GENERATOR (StyleGAN pickles of all eras, rosinality): the state dict of NVIDIA's PyTorch
 *    G_ema ("synthesis.b4.const", "synthesis.L0_36_512.weight", "mapping.w_avg", …), config = what
 *    its modules know that the tensors do not say:
 *      { "class": "stylegan2" | "stylegan3", "z_dim", "c_dim", "w_dim", "num_ws",
 *        "img_resolution", "img_channels",
 *        "mapping": { "num_layers", "lr_multiplier"? … },
 *        "synthesis": { "architecture": "skip" | "orig" | "resnet", "conv_clamp": number | null,
 *          "use_noise", "resample_filter": [1,3,3,1], …, and for StyleGAN3
 *          "layers": { "L0_36_512": { "up_factor", "down_factor", "padding": [..4],
 *            "conv_kernel", "conv_clamp", "is_torgb", "is_critically_sampled",
 *            "use_radial_filters", "in_size", "out_size", "in_sampling_rate", … }, … },
 *          "input": { "size", "sampling_rate", "bandwidth", "channels" }, "output_scale": 0.25 } }
 *  kind CLIP (OpenAI TorchScript or state dict, Hugging Face): OpenAI's names; scalars stripped;
 *    heads = width / 64.
 *  kind PRIOR (lightning-style checkpoints): names as in the file,
 *    "ema_diffusion_prior.ema_model.net.…" and so on; config = pickled cfg if any.
 *  kind TENSOR: a file with one bare tensor, named ""; kind PLAIN: any other dictionary of tensors,
 *    nested names joined by ".". */
#pragma once

#include "compute/dtype.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef struct
{
  C2lDtype dtype;
  int n_dims;
  gint64 dims[C2L_MAX_DIMS];
  gsize length;        /* number of elements, the product of dims */
  gconstpointer data;  /* row-major, contiguous; may be unaligned */
} C2lArray;

typedef enum
{
  C2L_WEIGHTS_PLAIN,
  C2L_WEIGHTS_TENSOR,
  C2L_WEIGHTS_PRIOR,
  C2L_WEIGHTS_GENERATOR,
  C2L_WEIGHTS_CLIP
} C2lWeightsKind;

#define C2L_FORMAT_ERROR (c2l_format_error_quark ())
typedef enum
{
  C2L_FORMAT_ERROR_UNKNOWN,   /* not a kind of file that is known here */
  C2L_FORMAT_ERROR_DAMAGED,   /* truncated, inconsistent, checksum */
  C2L_FORMAT_ERROR_FORBIDDEN, /* would run code, or leave its folder */
  C2L_FORMAT_ERROR_UNSUPPORTED /* well-formed, but not of a kind the program can use */
} C2lFormatError;
GQuark          c2l_format_error_quark (void);

typedef struct _C2lWeights C2lWeights;

/* Recognises the format by content: safetensors, torch zip (dictionary, TorchScript), legacy torch,
 * NVIDIA / TensorFlow-era pickle, npy. */
C2lWeights     *c2l_weights_load (const char *path, GError **error);
C2lWeights     *c2l_weights_ref (C2lWeights *weights);
void            c2l_weights_unref (C2lWeights *weights);

const char     *c2l_weights_get_path (C2lWeights *weights);
/* One line for people: "torch zip, 214 tensors". */
const char     *c2l_weights_get_format (C2lWeights *weights);
C2lWeightsKind  c2l_weights_get_kind (C2lWeights *weights);

/* Never NULL; empty where the file says nothing. Lent. */
JsonObject     *c2l_weights_get_config (C2lWeights *weights);

/* NULL where there is none of that name. */
const C2lArray *c2l_weights_lookup (C2lWeights *weights, const char *name);
/* Names in the order of the file, NULL-terminated; (transfer container). */
const char    **c2l_weights_list_names (C2lWeights *weights);

/* A new set that holds its own arrays, for conversions: starts empty. */
C2lWeights     *c2l_weights_new (C2lWeightsKind kind, const char *path, const char *format);
/* Copies @array (its data too) in under @name, replacing what was there. */
void            c2l_weights_add (C2lWeights *weights, const char *name, const C2lArray *array);
void            c2l_weights_set_config (C2lWeights *weights, JsonObject *config);

/* Elements as float32, in a new block of array->length floats. */
float          *c2l_array_dup_f32 (const C2lArray *array);
/* "f16 [3, 512]" */
char           *c2l_array_to_string (const C2lArray *array);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lWeights, c2l_weights_unref)

G_END_DECLS
