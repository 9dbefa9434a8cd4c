/* C2lRunRow: a training in the list: how it is, and whether the plots show it.
 *
 * Signal: shown-changed: the mark in front was set or taken away by somebody. */
#pragma once

#include "studio/runs.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define C2L_TYPE_RUN_ROW (c2l_run_row_get_type ())
G_DECLARE_FINAL_TYPE (C2lRunRow, c2l_run_row, C2L, RUN_ROW, AdwActionRow)

C2lRunRow  *c2l_run_row_new (const char *folder);

/* What is known of it now. */
void        c2l_run_row_update (C2lRunRow *row, const C2lRunInfo *run);
/* Whether the plots show it, in which colour, and whether that can be changed: one that is looked at is always shown. */
void        c2l_run_row_set_shown (C2lRunRow *row, gboolean is_shown, guint color, gboolean is_fixed);
gboolean    c2l_run_row_is_shown (C2lRunRow *row);
const char *c2l_run_row_get_folder (C2lRunRow *row);

/* The word for a state, such as “running”. */
const char *c2l_run_state_get_text (C2lRunState state);
/* How long a training still takes, such as “5 h 12 min left”; NULL where nobody knows (transfer full). */
char       *c2l_run_dup_time_left (const C2lRunInfo *run);

G_END_DECLS
