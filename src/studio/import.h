/* Making a bundle out of the original's files, and a prior's checkpoint out of a bundle. */
#pragma once

#include "studio/engine.h"

G_BEGIN_DECLS

/* Everything but the generator and the name of the folder may be NULL or empty. */
typedef struct
{
  C2lModelFiles files;
  /* folder of .npy or .pt, with directions.json if their names and scales are known; or that of a model */
  const char *directions;
  const char *examples;    /* JSON with “examples”, “first” and “draws”, or one prompt a line */
  const char *name, *description;
  const char *origin;      /* of which entry of a catalogue it is made: its id */
  const char *const *prompts;      /* prompts that work, beside those of examples */
  const char *const *licences;     /* lines for people: what is under which licence */
  const char *const *attributions; /* who must be named, and how */
  C2lDefaults defaults;    /* steps 0: none given */
  gboolean online;         /* keep the prior's online weights as well, to train on */
  gboolean replace;        /* where the folder is a bundle already */
  /* (nullable): called before each part with what is done so far, 0…1, and the part: "check" while
   * all are loaded, then the role's name of each. */
  void (*progress) (double fraction, const char *part, gpointer data);
  gpointer progress_data;
} C2lImport;

/* Loads the parts on @device to be sure that they fit each other and can draw, writes the bundle
 * aside, and renames it to @folder. C2L_STUDIO_ERROR_DEFAULTS where the prior cannot be drawn with
 * the defaults. */
gboolean c2l_import (const C2lImport *import, const char *folder, C2lDevice *device, GCancellable *cancellable, GError **error);

G_END_DECLS
