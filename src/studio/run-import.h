/* A training's checkpoint as a model that draws. */
#pragma once

#include "studio/import.h"

G_BEGIN_DECLS

/* c2l_run_import:
 * @run: the training's folder   @checkpoint: one of its files   @import: name and progress are taken from it, the rest is filled in
 * Writes the bundle @folder from the checkpoint and the models that the run was validated with: their generator and CLIP, their directions,
 * examples and licences. */
gboolean c2l_run_import (const char *run, const char *checkpoint, const C2lImport *import, const char *folder, C2lDevice *device,
                         GCancellable *cancellable, GError **error);

G_END_DECLS
