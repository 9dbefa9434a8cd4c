/* The actions of the group “create” in one table: their names, keys, and what they need to be possible.
 *
 * Keys hold in the whole window (the application registers them), in the page, or only where the keyboard is in the grid, so that letters can be
 * typed elsewhere. Actions of others in the same group (view, compare, in-between) have their keys here too. */
#pragma once

#include "app/c2l-create-page.h"

G_BEGIN_DECLS

typedef enum
{
  C2L_KEYS_WINDOW,
  C2L_KEYS_PAGE,
  C2L_KEYS_GRID
} C2lKeysScope;

typedef struct
{
  const char *title;     /* for the shortcuts window, not yet translated */
  const char *action;    /* detailed: "create.use-settings::all" */
  const char *keys[3];   /* accelerators, then NULL */
  C2lKeysScope scope;
} C2lCreateKeys;

/* In the order in which they are to be listed; ends with a NULL title. */
const C2lCreateKeys *c2l_create_actions_get_keys (void);

/* Adds the actions to the page's group, and the keys of the page and the grid. */
void c2l_create_actions_add (C2lCreatePage *page);
/* Finds out anew what is possible. */
void c2l_create_actions_update (C2lCreatePage *page);
/* Keys of the whole window. */
void c2l_create_actions_register_keys (GtkApplication *application);

G_END_DECLS
