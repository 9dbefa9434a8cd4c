/* Pictures of c2l generate --from. */
#pragma once

#include "cli/generate-output.h"

G_BEGIN_DECLS

/* Draws the recipes inside the files of --from again, with --edit, --move and --turn on top, each in
 * the precision that it was drawn in, scored with its own prompt where scores were asked for. All
 * files are read before anything is drawn. Finished pictures are saved to @output and added to
 * @pictures, sorted where that was asked for. */
gboolean c2l_generate_redraw (const C2lGenerateOptions *options, C2lEngine *engine, C2lGenerateOutput *output,
                              GPtrArray *pictures, GError **error);

G_END_DECLS
