/* C2lRecipe: everything needed to draw one picture again, as plain values and as JSON.
 *
 * A picture is its recipe: the program, the model's files by SHA-256, the prompt, seed and index, the sampler's settings, the styles mixed
 * in, the edits, the placement, the noise, the precision and the device it was drawn on, and the float32 latent itself. From latent to
 * styles: truncated, repeated to one row a layer, mixed with other pictures, edited. Saved PNGs carry it in a text chunk under
 * C2L_RECIPE_KEYWORD.
 *
 * A recipe that is being drawn or shown is not changed: who edits it works on a copy. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define C2L_RECIPE_KEYWORD "clip2latent"
#define C2L_NO_LABEL (-1)

#define C2L_STUDIO_ERROR (c2l_studio_error_quark ())
typedef enum
{
  C2L_STUDIO_ERROR_BUNDLE,  /* not a bundle, or a broken one */
  C2L_STUDIO_ERROR_RECIPE,  /* not a recipe, or a broken one */
  C2L_STUDIO_ERROR_INVALID, /* a setting that cannot be */
  C2L_STUDIO_ERROR_MISMATCH, /* files, latents or directions that do not fit each other */
  C2L_STUDIO_ERROR_DEFAULTS  /* settings for a new model that its prior cannot be drawn with */
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

gboolean    c2l_rows_equal (const C2lRows *a, const C2lRows *b);

/* Ranges of layers, from coarse to fine: rows of a picture's styles, 0 to num_ws − 1, both ends inclusive. A last one of C2L_LAST_LAYER
 * means all that follow. */
#define C2L_LAST_LAYER (-1)

/* "4", "4-7" or "4-" (to the end): TRUE if @text is one of these. */
gboolean    c2l_layers_parse (const char *text, int *first_layer, int *last_layer);
/* The same again. */
char       *c2l_layers_to_string (int first_layer, int last_layer);

/* A direction that was moved along. @rows is empty where it is the bundle's own and found there by its name. */
typedef struct
{
  char *direction;
  char *name;     /* (nullable): what the artist calls it */
  double amount;
  int first_layer, last_layer;
  C2lRows rows;
} C2lRecipeEdit;

/* Styles of another picture: in the range of layers a style is own + (other − own) · amount. */
typedef struct
{
  char *label;    /* (nullable): what the other picture is called, for people */
  double amount;  /* 0 to 1 */
  int first_layer, last_layer;
  C2lRows rows;   /* the other's final styles [num_ws, D], or its latent as the prior makes it */
} C2lRecipeMix;

/* How a picture that was not sampled came about; shown to people in their own language. */
#define C2L_MADE_BY_VARIATION "variation"
#define C2L_MADE_BY_MORE_LIKE_THESE "more like these"
#define C2L_MADE_BY_LOOK_ALIKE "look-alike"
#define C2L_MADE_BY_IN_BETWEEN "in-between"

typedef struct
{
  gatomicrefcount refs;
  char *program;        /* "0.1.0" */
  char *model;          /* the bundle's name, for people */
  GHashTable *sha256;   /* role ("clip", "prior", "generator") → hex */
  GHashTable *files;    /* of a model of single files: role → what it was named by, without folders; else empty */
  C2lOrigin origin;
  char *prompt;         /* (nullable): as typed, with its weights where it is a mixture */
  char *made_by;        /* (nullable): C2L_MADE_BY_…, another text of a newer program, or NULL: sampled or given */
  char *source;         /* (nullable): the name, without folders, of the image that a look-alike is like */
  guint64 seed;
  guint32 index;
  int label;            /* of random latents: class of a class-conditional generator, else C2L_NO_LABEL */
  char *sampler;        /* (nullable): not sampled */
  int steps;
  double guidance;
  double truncation;
  C2lNoiseKind noise;
  guint64 noise_seed;
  GPtrArray *mixes;     /* of C2lRecipeMix, in this order, before the edits */
  GPtrArray *edits;     /* of C2lRecipeEdit */
  double move_x, move_y; /* StyleGAN3: moved right and down, 1 is the picture's width */
  double turn;          /* StyleGAN3: degrees, counter-clockwise */
  char *precision;
  char *device;         /* "cpu" */
  char *device_details; /* "AVX-512, oneDNN 2.6.3": another one may differ in the last bits */
  gboolean has_score;
  double score;
  C2lRows latent;       /* before truncation, mixes and edits */
} C2lRecipe;

C2lRecipe  *c2l_recipe_new (void);
C2lRecipe  *c2l_recipe_ref (C2lRecipe *recipe);
void        c2l_recipe_unref (C2lRecipe *recipe);

/* Truncation pulls a latent towards the average one: from 0 (there) to 1 (left alone). The original ignores values
 * above 1; here they are refused, so that no number is without effect unsaid. */
gboolean    c2l_truncation_check (double truncation, GError **error);

/* How far from 1, which is no guidance, it may be: beyond 1000 either way the latents are out of all models' reach. */
gboolean    c2l_guidance_check (double guidance, GError **error);

/* A move of at most 100 widths and a turn of at most 36000 degrees; all else is a mistake. */
gboolean    c2l_placement_check (double move_x, double move_y, double turn, GError **error);
/* Whether the picture is moved or turned at all. */
gboolean    c2l_recipe_is_placed (const C2lRecipe *recipe);

/* "--prior prior.ckpt --generator g.pkl": what names the files that draw the picture again; NULL where its model is a bundle,
 * or where it does not say. */
char       *c2l_recipe_dup_file_options (const C2lRecipe *recipe);

/* A copy that shares nothing with @recipe. */
C2lRecipe  *c2l_recipe_copy (const C2lRecipe *recipe);
/* Whether both say the same; scores are not looked at. */
gboolean    c2l_recipe_equal (const C2lRecipe *a, const C2lRecipe *b);

/* An edit in all layers, with a copy of @rows (nullable). */
C2lRecipeEdit *c2l_recipe_edit_new (const char *direction, double amount, const C2lRows *rows);
C2lRecipeEdit *c2l_recipe_edit_copy (const C2lRecipeEdit *edit);
void        c2l_recipe_edit_free (C2lRecipeEdit *edit);
gboolean    c2l_recipe_edit_equal (const C2lRecipeEdit *a, const C2lRecipeEdit *b);
/* An empty array that frees its edits. */
GPtrArray  *c2l_recipe_edits_new (void);

/* Adds an edit in all layers, with a copy of @rows (nullable); lent, so that the caller can set the rest. */
C2lRecipeEdit *c2l_recipe_add_edit (C2lRecipe *recipe, const char *direction, double amount, const C2lRows *rows);
/* Adds what c2l_recipe_edit_copy() makes of @edit; lent. */
C2lRecipeEdit *c2l_recipe_add_edit_copy (C2lRecipe *recipe, const C2lRecipeEdit *edit);
/* Adds a mix in all layers with a copy of @rows; lent. */
C2lRecipeMix *c2l_recipe_add_mix (C2lRecipe *recipe, const char *label, double amount, const C2lRows *rows);

char       *c2l_recipe_to_json (C2lRecipe *recipe);
JsonNode   *c2l_recipe_to_node (C2lRecipe *recipe);
/* @where names the file in messages. The text is hostile until parsed. */
C2lRecipe  *c2l_recipe_from_json (const char *json, const char *where, GError **error);

const char *c2l_noise_kind_get_name (C2lNoiseKind noise);
gboolean    c2l_noise_kind_from_name (const char *name, C2lNoiseKind *noise);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lRecipe, c2l_recipe_unref)

G_END_DECLS
