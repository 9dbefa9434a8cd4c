/* C2lRunView: a training, looked at: how far it is, its plots, what it draws, and what can be done with it.
 *
 * Actions: train.stop, train.checkpoint, train.resume, train.rename, train.remove, train.show, train.use, train.export; they are
 * enabled as the training's state allows. Signals: changed: something was done that a list should show; moved (folder): it has another
 * name. */
#pragma once

#include "studio/runs.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define C2L_TYPE_RUN_VIEW (c2l_run_view_get_type ())
G_DECLARE_FINAL_TYPE (C2lRunView, c2l_run_view, C2L, RUN_VIEW, AdwBin)

/* What is known of the training now; of the same as before, or of another one. */
void c2l_run_view_set_run (C2lRunView *view, C2lRunInfo *run);
/* The trainings that the plots show, this one among them: of C2lRunInfo, with a colour each. */
void c2l_run_view_set_plotted (C2lRunView *view, GPtrArray *runs, const guint *colors);
/* Whether there is a way back to the list. */
void c2l_run_view_set_narrow (C2lRunView *view, gboolean is_narrow);

G_END_DECLS
