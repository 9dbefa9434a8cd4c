/* What the pane's files share. */
#pragma once

#include "app/c2l-history-list.h"
#include "app/c2l-history-pane.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* What is listed: all pictures, those of a collection, or those in the trash. */
#define C2L_HISTORY_ALL 0
#define C2L_HISTORY_TRASH (-1)

struct _C2lHistoryPane
{
  GtkWidget parent_instance;

  GtkWidget *head, *foot, *menu;
  GtkDropDown *source, *model, *date, *order;
  GtkEditable *search;
  GtkToggleButton *favourites;
  GtkWidget *filter_button, *show_all, *empty_trash;
  GtkStack *stage;
  GtkGridView *view;
  AdwStatusPage *nothing;
  GtkLabel *count, *day;

  C2lBoard *board;
  C2lLibrary *library;
  C2lHistoryList *list;
  GtkSelectionModel *selection;
  GSimpleActionGroup *actions;
  GArray *sources;       /* of gint64, as the drop-down lists them */
  gint64 shown_source;
  GPtrArray *bound;      /* of GtkListItem, lent: those that have cells */
  guint days_idle;
  guint start_callback, frames_to_start;
  gboolean is_filling;   /* drop-downs change without the artist */
  gboolean is_listed;    /* anything was asked for */

  gboolean wants_focus;  /* what the keyboard is at will go */
  guint focus_position, focus_idle;
  char **last_deleted;   /* (nullable): uids, for Ctrl+Z */
};

C2lBoard   *c2l_history_pane_get_board (C2lHistoryPane *pane);
C2lLibrary *c2l_history_pane_get_library (C2lHistoryPane *pane);
/* C2L_HISTORY_ALL, C2L_HISTORY_TRASH, or a collection's id. */
gint64      c2l_history_pane_get_source (C2lHistoryPane *pane);
/* Of the source that is shown. */
const char *c2l_history_pane_get_source_name (C2lHistoryPane *pane);
/* Shows that collection, once the library has it. */
void        c2l_history_pane_show_source (C2lHistoryPane *pane, gint64 source);
/* (element-type C2lHistoryItem) (transfer full): in the order they are shown. */
GPtrArray  *c2l_history_pane_list_selected (C2lHistoryPane *pane);
/* Their uids, NULL-terminated. */
char      **c2l_history_pane_dup_selected_uids (C2lHistoryPane *pane);
gboolean    c2l_history_pane_has_pictures (C2lHistoryPane *pane);
gboolean    c2l_history_pane_has_selected (C2lHistoryPane *pane);
/* Neither words nor filters. */
void        c2l_history_pane_show_all (C2lHistoryPane *pane);
/* c2l-history-focus.c: the selected pictures are about to go; items of the list did. */
void        c2l_history_focus_remember (C2lHistoryPane *pane);
void        c2l_history_focus_follow (C2lHistoryPane *pane, guint position, guint removed, guint added);
/* Takes @uids (nullable), which Ctrl+Z in the pane puts back; c2l_history_pane_steal_deleted() gives them away again. */
void        c2l_history_pane_take_deleted (C2lHistoryPane *pane, char **uids);
char      **c2l_history_pane_steal_deleted (C2lHistoryPane *pane);
GActionMap *c2l_history_pane_get_actions (C2lHistoryPane *pane);

/* --- c2l-history-cells.c --- */

void        c2l_history_cells_bind_template (GtkWidgetClass *widget_class);
/* With the keyboard: at the cell that has it. */
void        c2l_history_pane_popup_menu (C2lHistoryPane *pane);

/* --- c2l-history-days.c --- */

/* Cells come and go; whatever else moves them needs an update. */
void        c2l_history_days_add (C2lHistoryPane *pane, GtkListItem *list_item);
void        c2l_history_days_remove (C2lHistoryPane *pane, GtkListItem *list_item, C2lHistoryItem *item);
void        c2l_history_days_update (C2lHistoryPane *pane);

/* --- c2l-history-actions.c --- */

void        c2l_history_actions_add (C2lHistoryPane *pane);
void        c2l_history_actions_update (C2lHistoryPane *pane);
/* Favourites all of @items (of C2lHistoryItem), unless all are. */
void        c2l_history_actions_favour (C2lHistoryPane *pane, GPtrArray *items);

G_END_DECLS
