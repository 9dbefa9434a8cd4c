/* Where the pictures of c2l generate go and what is printed of them.
 *
 *   g_auto (C2lGenerateOutput) output = { 0 };
 *   if (!c2l_generate_output_init (&output, &options, &error)) …
 *   … c2l_generate_output_save (picture, &output) as each is finished …
 *   return c2l_generate_output_finish (&output, pictures, columns, error);
 */
#pragma once

#include "cli/generate-options.h"
#include "cli/keep.h"
#include "cli/prompts.h"

G_BEGIN_DECLS

typedef struct
{
  const C2lGenerateOptions *options; /* lent */
  const C2lPrompts *prompts;         /* lent, set by the caller */
  C2lSaveOptions save;
  C2lKeep *keep;     /* (nullable): the library, where the pictures shall be kept */
  GHashTable *files; /* C2lPicture → path */
  GError *error;     /* (nullable): why a picture could not be saved; the first one ends the work */
  gboolean print_at_end; /* sorted ones */
} C2lGenerateOutput;

/* Makes the folder for the pictures, and looks whether the other files can be written,
 * too: to be known before hours of drawing, not after. @options as c2l_save_arguments_read() takes
 * them. */
gboolean c2l_generate_output_init (C2lGenerateOutput *output,
                                   C2lGenerateOptions *options,
                                   GError **error);
void c2l_generate_output_clear (C2lGenerateOutput *output);

/* Saves a finished picture and prints its line; @data: a C2lGenerateOutput. Cancels the work where
 * it cannot be saved. */
void c2l_generate_output_save (C2lPicture *picture, gpointer data);

/* After the last picture: lines, grid and latents, those of the finished ones where it was stopped
 * or failed, and what went wrong on the way. @columns of the grid: 0 for as square as it goes.
 * @failure: (nullable): why there are no more pictures. Returns the exit code. */
int c2l_generate_output_finish (C2lGenerateOutput *output,
                                GPtrArray *pictures,
                                int columns,
                                const GError *failure);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (C2lGenerateOutput, c2l_generate_output_clear)

G_END_DECLS
