/* The actions of the group “create” in one table: what each does and what must be there for it.
 * Their keys are in c2l-shortcuts.c. Others add theirs to the same group (compare, in-between). */
#pragma once

#include "app/c2l-create-page.h"

G_BEGIN_DECLS

/* Adds the actions to the page's group. */
void c2l_create_actions_add (C2lCreatePage *page);
/* Finds out anew what is possible. */
void c2l_create_actions_update (C2lCreatePage *page);

G_END_DECLS
