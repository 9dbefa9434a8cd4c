/* C2lRunRow: a training in the list of the Train page: its state and its last numbers.
 *
 * Its buttons are the page's actions: train.show, train.remove, with the run's folder. */
#pragma once

#include "studio/runs.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define C2L_TYPE_RUN_ROW (c2l_run_row_get_type ())
G_DECLARE_FINAL_TYPE (C2lRunRow, c2l_run_row, C2L, RUN_ROW, AdwActionRow)

C2lRunRow  *c2l_run_row_new (const char *folder);
void        c2l_run_row_update (C2lRunRow *row, const C2lRunInfo *run);
const char *c2l_run_row_get_folder (C2lRunRow *row);

G_END_DECLS
