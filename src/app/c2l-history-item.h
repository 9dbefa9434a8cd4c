/* C2lHistoryItem: a place in the history's list. Knows which picture belongs there from the start, and what it looks like once that was
 * read. Belongs to GTK's thread. */
#pragma once

#include "studio/library.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define C2L_TYPE_HISTORY_ITEM (c2l_history_item_get_type ())
G_DECLARE_FINAL_TYPE (C2lHistoryItem, c2l_history_item, C2L, HISTORY_ITEM, GObject)

/* Property, notified:
 *   entry   C2lLibraryEntry (nullable): what the library says of it; the texture comes with it */
C2lHistoryItem  *c2l_history_item_new (const char *uid);
const char      *c2l_history_item_get_uid (C2lHistoryItem *item);
/* Lent; NULL until it was read. */
C2lLibraryEntry *c2l_history_item_get_entry (C2lHistoryItem *item);
/* Lent; NULL where there is no thumbnail, or none yet. */
GdkTexture      *c2l_history_item_get_texture (C2lHistoryItem *item);
void             c2l_history_item_set (C2lHistoryItem *item, C2lLibraryEntry *entry, GdkTexture *texture);
/* “a happy man”, or how it came about where there was no prompt. */
const char      *c2l_history_item_get_title (C2lHistoryItem *item);
/* For screen readers: “a happy man, 12 July 2026 14:03, score 0.31, favourite”. */
char            *c2l_history_item_dup_label (C2lHistoryItem *item);

/* Counts the cells that show it: TRUE if that began, or ended. */
gboolean         c2l_history_item_hold (C2lHistoryItem *item);
gboolean         c2l_history_item_release (C2lHistoryItem *item);
gboolean         c2l_history_item_is_held (C2lHistoryItem *item);

G_END_DECLS
