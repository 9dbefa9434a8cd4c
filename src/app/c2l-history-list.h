/* C2lHistoryList: the pictures of the library that a query finds, as a GListModel of C2lHistoryItem for lists of tens of thousands.
 *
 *   C2lHistoryList *list = c2l_history_list_new (library);
 *   c2l_history_list_set_query (list, &query);
 *
 * Only the order is read at once; what is shown of a picture is read when a cell holds its item, and may go when none does. Follows the
 * library: changes are told piece by piece, so that a view stays where it is. Belongs to GTK's thread; reading and decoding go on
 * elsewhere. */
#pragma once

#include "app/c2l-history-item.h"

G_BEGIN_DECLS

#define C2L_TYPE_HISTORY_LIST (c2l_history_list_get_type ())
G_DECLARE_FINAL_TYPE (C2lHistoryList, c2l_history_list, C2L, HISTORY_LIST, GObject)

/* Signals:
 *   ::listed         what the last query finds is there
 *   ::failed (text)  the library could not be read */
C2lHistoryList *c2l_history_list_new (C2lLibrary *library);
void            c2l_history_list_set_query (C2lHistoryList *list, const C2lLibraryQuery *query);
/* Whether anybody looks at the list. While nobody does it does not follow the library; it catches up when it is seen again. Seen from the start. */
void            c2l_history_list_set_seen (C2lHistoryList *list, gboolean is_seen);
/* Before the library goes: no more is read. */
void            c2l_history_list_close (C2lHistoryList *list);

/* A cell shows the item, or does no longer. */
void            c2l_history_list_hold (C2lHistoryList *list, C2lHistoryItem *item);
void            c2l_history_list_release (C2lHistoryList *list, C2lHistoryItem *item);

G_END_DECLS
