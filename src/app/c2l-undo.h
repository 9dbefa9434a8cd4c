/* C2lUndo: the changes to pictures that can be taken back, newest last. A step holds what was and what came; doing it is the board's. */
#pragma once

#include "app/c2l-picture-item.h"

G_BEGIN_DECLS

typedef enum
{
  C2L_STEP_RECIPES, /* before[i] → after[i] of items[i] */
  C2L_STEP_DELETE   /* items were taken off the table */
} C2lStepKind;

typedef struct
{
  C2lStepKind kind;
  char *label;
  gboolean open;      /* a hand is still dragging: the next change of the same label joins it */
  GPtrArray *items;   /* of C2lPictureItem */
  GPtrArray *before;  /* of C2lRecipe */
  GPtrArray *after;
} C2lStep;

typedef struct _C2lUndo C2lUndo;

C2lUndo       *c2l_undo_new (void);
void           c2l_undo_free (C2lUndo *undo);

/* Adds a step for an item's change, or makes it the newer end of an open step of the same item and label. What could be redone is forgotten. */
void           c2l_undo_push_change (C2lUndo *undo, C2lPictureItem *item, C2lRecipe *before, C2lRecipe *after, const char *label, gboolean open);
void           c2l_undo_push_changes (C2lUndo *undo, GPtrArray *items, GPtrArray *before, GPtrArray *after, const char *label);
void           c2l_undo_push_delete (C2lUndo *undo, GPtrArray *items, const char *label);

/* The step to take back or to do again, which goes to the other side; NULL where there is none. Lent until the next call. */
const C2lStep *c2l_undo_back (C2lUndo *undo);
const C2lStep *c2l_undo_forth (C2lUndo *undo);

const char    *c2l_undo_get_undo_label (C2lUndo *undo);
const char    *c2l_undo_get_redo_label (C2lUndo *undo);
void           c2l_undo_clear (C2lUndo *undo);

G_END_DECLS
