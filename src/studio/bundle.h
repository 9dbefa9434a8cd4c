/* C2lBundle: a model that draws, as one thing: CLIP, a prior, a generator, and what is known about
 * them.
 *
 * Usually a folder with model.json and safetensors files, made by c2l_import(); or the original's
 * own files, given one by one. Opening reads model.json only; weights are mapped when they are
 * asked for. A bundle does not change once it is open.
 *
 *   g_autoptr (C2lBundle) bundle = c2l_bundle_open ("data/starter", &error);
 *   g_autoptr (C2lWeights) generator = c2l_bundle_load_weights (bundle, C2L_ROLE_GENERATOR,
 *     &error);
 */
#pragma once

#include "formats/weights.h"
#include "studio/recipe.h"

G_BEGIN_DECLS

#define C2L_BUNDLE_FORMAT 1

typedef enum
{
  C2L_ROLE_CLIP,
  C2L_ROLE_PRIOR,
  C2L_ROLE_GENERATOR,
  C2L_N_ROLES
} C2lRole;

const char *c2l_role_get_name (C2lRole role);

/* A direction for edits. Its file is a path. */
typedef struct
{
  char *id;       /* "glasses": the file's stem, for the command line and recipes */
  char *name;     /* "Glasses", for people, in their language where the bundle knows it */
  char *original; /* as the bundle's maker named it */
  char *file;
  double scale; /* the amount that makes a clear difference */
} C2lDirection;

/* What the model's maker says is a good way to draw. */
typedef struct
{
  double guidance;
  int steps;
  const char *sampler;
  double truncation;
} C2lDefaults;

typedef struct _C2lBundle C2lBundle;

/* The original's files by path; those that are not there are NULL, but one of clip, prior and
 * generator is. */
typedef struct _C2lModelFiles C2lModelFiles;
struct _C2lModelFiles
{
  const char *clip, *prior, *config, *generator;
  const char *merges;     /* where NULL: what lies beside the CLIP under a name of vocabularies */
  const char *preprocess; /* "reference" where NULL */
  /* (nullable): what a person named the files by, addresses and published names among it; else the
   * paths are that */
  const C2lModelFiles *named;
};

C2lBundle *c2l_bundle_open (const char *folder, GError **error);
C2lBundle *c2l_bundle_open_files (const C2lModelFiles *files, GError **error);
/* Of weights that are in memory, by role, NULL where there are none; for benchmarks. */
C2lBundle *c2l_bundle_new_from_weights (const char *name, C2lWeights *const weights[C2L_N_ROLES]);
C2lBundle *c2l_bundle_ref (C2lBundle *bundle);
void c2l_bundle_unref (C2lBundle *bundle);

/* Whether @path is a folder with a model.json. */
gboolean c2l_bundle_is_bundle (const char *path);

const char *c2l_bundle_get_name (C2lBundle *bundle);
/* What model.json says of @text, one of its own texts for people (a name, what the model draws), in
 * the user's language; @text itself where it says nothing. "translations" there holds an object for
 * each language, of texts by their original. Lent. */
const char *c2l_bundle_translate (C2lBundle *bundle, const char *text);
/* (nullable): the folder; NULL for files given one by one. */
const char *c2l_bundle_get_folder (C2lBundle *bundle);
/* The whole of model.json; an empty object for files given one by one. Lent. */
JsonObject *c2l_bundle_get_info (C2lBundle *bundle);
/* The prior's configuration, Hydra's keys with ${…} resolved (nullable). Lent. */
JsonObject *c2l_bundle_get_prior_config (C2lBundle *bundle);
/* (nullable): the file that it was read from, where the model is given by files. */
const char *c2l_bundle_get_config_file (C2lBundle *bundle);
const char *c2l_bundle_get_preprocess (C2lBundle *bundle);
void c2l_bundle_get_defaults (C2lBundle *bundle, C2lDefaults *defaults);
/* (nullable): the merges file; NULL means that of OpenAI's CLIP. */
const char *c2l_bundle_get_merges (C2lBundle *bundle);
/* Of C2lDirection. Lent. */
GPtrArray *c2l_bundle_get_directions (C2lBundle *bundle);
/* By id or by either name, case-insensitive; NULL where there is none. */
const C2lDirection *c2l_bundle_lookup_direction (C2lBundle *bundle, const char *name);

/* (nullable): NULL where the model lacks the role. */
const char *c2l_bundle_get_file (C2lBundle *bundle, C2lRole role);
/* (nullable): for recipes, what the role's file was named by, without its folder; NULL for a folder's
 * files. */
const char *c2l_bundle_get_given (C2lBundle *bundle, C2lRole role);
C2lWeights *c2l_bundle_load_weights (C2lBundle *bundle, C2lRole role, GError **error);
/* SHA-256 of the role's file: as model.json says, or computed; NULL without an error for weights in
 * memory. */
char *c2l_bundle_dup_sha256 (C2lBundle *bundle, C2lRole role, GError **error);
/* Reads all files and compares them with model.json's sums. */
gboolean c2l_bundle_verify (C2lBundle *bundle, GCancellable *cancellable, GError **error);

/* Whether @array has a shape that a direction can have, whatever the model. */
gboolean c2l_direction_fits (const C2lArray *array);
/* Reads a direction, @file being .npy or a torch file: [D], [1, D], [n, D] or [1, n, D]. */
gboolean c2l_direction_load (const char *file, C2lRows *rows, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lBundle, c2l_bundle_unref)

G_END_DECLS
