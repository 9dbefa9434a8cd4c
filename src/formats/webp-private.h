/* What still and moving WebP pictures share. */
#pragma once

#include "formats/webp.h"

#include <webp/encode.h>
#include <webp/mux.h>

G_BEGIN_DECLS

gboolean c2l_webp_configure (WebPConfig *config, int quality, C2lWebpEffort effort);
void     c2l_webp_set_error (GError **error, WebPEncodingError code);
GBytes  *c2l_webp_add_texts (const WebPData *data, const C2lImageText *texts, int n_texts, GError **error);

G_END_DECLS
