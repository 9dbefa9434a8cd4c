/* CLIP's weights under OpenAI's names, whichever archive they came from. */
#pragma once

#include "formats/weights.h"

G_BEGIN_DECLS

/* Whether the names are those of OpenAI's CLIP or of Hugging Face's. */
gboolean    c2l_clip_archive_detect (C2lWeights *flat);
/* A new set of kind CLIP: names translated, scalars stripped, q, k and v joined. Views into @flat,
 * which it keeps. CLIPs with a ResNet are refused. */
C2lWeights *c2l_clip_archive_convert (C2lWeights *flat, GError **error);

G_END_DECLS
