/* Runs a CLIP on a folder of expected results: `tokens` → `text_embed`, each picture NAME [B, 3, R,
 * R] → `NAME.embed_reference`, `.embed_openai`, `.embed_openai_clamped`, `pixels` → `pixels.embed`,
 * the activations `act.*` of one row of tokens and of pixels, and `score_cos`, how like its largest
 * pictures are to the prompts of the same rows. */
#pragma once

#include "models/check.h"
#include "models/clip.h"

G_BEGIN_DECLS

/* FALSE and an error where something cannot be computed at all. */
gboolean c2l_clip_check (C2lExpected *expected, const C2lClip *clip, C2lDevice *device,
                         C2lPrecision precision, C2lCheckReport report, gpointer user_data, GError **error);

G_END_DECLS
