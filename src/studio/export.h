/* A prior out of a bundle or a checkpoint, as a checkpoint that the original's Python loads. */
#pragma once

#include "studio/bundle.h"

G_BEGIN_DECLS

/* Writes @path (a .ckpt) and, where the configuration is known, the .yaml beside it. Files that are
 * there already are overwritten with @replace only. */
gboolean c2l_export_prior (C2lBundle *bundle, const char *path, gboolean replace, GError **error);

G_END_DECLS
