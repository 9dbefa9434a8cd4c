/* C2lRecipe: everything needed to draw one picture again, as plain values and as JSON.
 *
 * A picture is its recipe: the program, the model's files by SHA-256, the prompt, seed and index, the sampler's settings, the edits,
 * the noise, the precision and the device it was drawn on, and the float32 latent itself, before truncation and edits.
 * Saved PNGs carry it in a text chunk under C2L_RECIPE_KEYWORD. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define C2L_RECIPE_KEYWORD "clip2latent"

#define C2L_STUDIO_ERROR (c2l_studio_error_quark ())
typedef enum
{
  C2L_STUDIO_ERROR_BUNDLE,  /* not a bundle, or a broken one */
  C2L_STUDIO_ERROR_RECIPE,  /* not a recipe, or a broken one */
  C2L_STUDIO_ERROR_INVALID, /* a setting that cannot be */
  C2L_STUDIO_ERROR_MISMATCH /* files, latents or directions that do not fit each other */
} C2lStudioError;
GQuark      c2l_studio_error_quark (void);

/* What truncation pulls towards depends on where the latent came from. */
typedef enum
{
  C2L_ORIGIN_PRIOR, /* sampled for a prompt: towards the prior's mean latent */
  C2L_ORIGIN_Z,     /* through the mapping network: towards the generator's mean w */
  C2L_ORIGIN_FILE   /* given: as the model has it, the prior's mean where there is a prior */
} C2lOrigin;

typedef enum
{
  C2L_NOISE_KIND_CONST,
  C2L_NOISE_KIND_RANDOM,
  C2L_NOISE_KIND_NONE
} C2lNoiseKind;

/* Rows of floats: a latent [n, D] or a direction [n, D]. */
typedef struct
{
  int n_rows, width;
  float *data;
} C2lRows;

void        c2l_rows_clear (C2lRows *rows);
void        c2l_rows_free (C2lRows *rows);
void        c2l_rows_set (C2lRows *rows, int n_rows, int width, const float *data);

/* @rows is empty where the direction is the bundle's own and found there by its name. */
typedef struct
{
  char *direction;
  double amount;
  C2lRows rows;
} C2lRecipeEdit;

typedef struct
{
  gatomicrefcount refs;
  char *program;        /* "0.1.0" */
  char *model;          /* the bundle's name, for people */
  GHashTable *sha256;   /* role ("clip", "prior", "generator") → hex */
  C2lOrigin origin;
  char *prompt;         /* (nullable) */
  guint64 seed;
  guint32 index;
  char *sampler;        /* (nullable): not sampled */
  int steps;
  double guidance;
  double truncation;
  C2lNoiseKind noise;
  guint64 noise_seed;
  GPtrArray *edits;     /* of C2lRecipeEdit */
  char *precision;
  char *device;         /* "cpu" */
  char *device_details; /* "AVX-512, oneDNN 2.6.3": another one may differ in the last bits */
  gboolean has_score;
  double score;
  C2lRows latent;       /* before truncation and edits */
} C2lRecipe;

C2lRecipe  *c2l_recipe_new (void);
C2lRecipe  *c2l_recipe_ref (C2lRecipe *recipe);
void        c2l_recipe_unref (C2lRecipe *recipe);

/* Truncation pulls a latent towards the average one: from 0 (there) to 1 (left alone). The original ignores values
 * above 1; here they are refused, so that no number is without effect unsaid. */
gboolean    c2l_truncation_check (double truncation, GError **error);

/* Adds an edit with a copy of @rows (nullable). */
void        c2l_recipe_add_edit (C2lRecipe *recipe, const char *direction, double amount, const C2lRows *rows);

char       *c2l_recipe_to_json (C2lRecipe *recipe);
JsonNode   *c2l_recipe_to_node (C2lRecipe *recipe);
/* @where names the file in messages. The text is hostile until parsed. */
C2lRecipe  *c2l_recipe_from_json (const char *json, const char *where, GError **error);

const char *c2l_noise_kind_get_name (C2lNoiseKind noise);
gboolean    c2l_noise_kind_from_name (const char *name, C2lNoiseKind *noise);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lRecipe, c2l_recipe_unref)

G_END_DECLS
