/* The options of c2l generate: the table, what contradicts itself, and what the texts mean. */
#pragma once

#include "cli/model-options.h"
#include "cli/save-options.h"
#include "studio/generate.h"

G_BEGIN_DECLS

#define C2L_UNSET G_MININT /* a number that was not given */

typedef struct
{
  C2lModelOptions model;
  int n, steps, label, index; /* C2L_UNSET where not given; @index: 0 */
  char *seed, *noise_seed, *noise, *sampler, *sort, *out, *grid, *prompts, *latent, *latent_out;
  char *guidance, *truncation, *move, *turn;
  char **edits, **from;
  gboolean score, json, random, keep;
  C2lSaveArguments save;
} C2lGenerateOptions;

/* As c2l_cli_parse(). */
gboolean    c2l_generate_options_parse (C2lGenerateOptions *options, int *argc, char ***argv, int *exit_code);
void        c2l_generate_options_clear (C2lGenerateOptions *options);

/* What was given and would have no effect, or NULL: an artist who asks for something shall get it
 * or be told. */
const char *c2l_generate_options_find_contradiction (const C2lGenerateOptions *options, guint n_prompts);

/* What was given, read and checked, into @sampling; the rest stays as it is. Wrong values are
 * G_OPTION_ERROR. */
gboolean    c2l_generate_options_fill_sampling (const C2lGenerateOptions *options, C2lSampling *sampling,
                                                GError **error);
/* Whether the model can do what was given, which is the user's to change where it cannot:
 * G_OPTION_ERROR. @is_sampled: its prior is asked for latents. */
gboolean    c2l_generate_options_check_model (const C2lGenerateOptions *options, C2lEngine *engine,
                                              const C2lSampling *sampling, gboolean is_sampled, GError **error);
/* The --edit options, into @params. */
gboolean    c2l_generate_options_add_edits (const C2lGenerateOptions *options, C2lEngine *engine,
                                            C2lGenerateParams *params, GError **error);
/* What --edit, --move and --turn change of a recipe. */
gboolean    c2l_generate_options_edit_recipe (const C2lGenerateOptions *options, C2lEngine *engine,
                                              C2lRecipe *recipe, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (C2lGenerateOptions, c2l_generate_options_clear)

G_END_DECLS
