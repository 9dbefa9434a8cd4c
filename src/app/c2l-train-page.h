/* C2lTrainPage: the trainings of this user: which were found, and how far they are.
 *
 * Actions: train.show (folder), train.remove (folder); folders as byte strings. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define C2L_TYPE_TRAIN_PAGE (c2l_train_page_get_type ())
G_DECLARE_FINAL_TYPE (C2lTrainPage, c2l_train_page, C2L, TRAIN_PAGE, AdwBin)

G_END_DECLS
