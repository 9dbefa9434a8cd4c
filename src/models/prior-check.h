/* Runs a prior on a folder of expected results: `x`, `t`, `text` → `net.cond`, `net.null`,
 * `net.guidedS` (S: guidance), `act.*`; one unspaced ancestral step with guidance 1.5, `step1.*`;
 * and whole loops, `sample.skipK.scaleS[.psiP].noise` → `.latents`. The schedules' buffers,
 * `NAME.BUFFER` and `NAME.skipK.BUFFER`, need no prior. */
#pragma once

#include "models/check.h"
#include "models/prior.h"

G_BEGIN_DECLS

/* FALSE and an error where something cannot be computed at all. */
gboolean c2l_prior_check (C2lExpected *expected, const C2lPrior *prior, C2lDevice *device,
                          C2lPrecision precision, C2lCheckReport report, gpointer user_data, GError **error);

void     c2l_schedule_check (C2lExpected *expected, C2lCheckReport report, gpointer user_data);

G_END_DECLS
