/* Comparing this program, on this device and in this precision, with numbers recorded from the
 * original ones: any folder with an info.json that says its type, files and tolerances, and the
 * expected arrays beside it. A folder's name means nothing. */
#pragma once

#include "compute/device.h"
#include "formats/expected.h"

G_BEGIN_DECLS

typedef enum
{
  C2L_SELFTEST_DONE,  /* compared; the reports say how well it went */
  C2L_SELFTEST_FAILED /* could not be compared */
} C2lSelftestOutcome;

/* One array was compared. @note: (nullable): what else to say, for example which file was used. */
typedef void (*C2lSelftestReport) (const char *name, const C2lComparison *comparison, const char *note, gpointer data);

/* @merges: the vocabulary of OpenAI's CLIP, for folders that bring none (nullable).
 * @type: (out) (transfer full) (optional): what the folder says it is
 * FAILED sets @error. */
C2lSelftestOutcome c2l_selftest_run (const char *folder, C2lDevice *device, C2lPrecision precision, const char *merges,
                                     C2lSelftestReport report, gpointer data, char **type, GError **error);

G_END_DECLS
