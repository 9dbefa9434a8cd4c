/* What the board's files share: its state, and the runs in its queue. */
#pragma once

#include "app/c2l-board.h"
#include "app/c2l-picture-item-private.h"
#include "app/c2l-undo.h"

G_BEGIN_DECLS

/* One generation: what was asked, and the items its pictures go to. */
typedef struct
{
  gatomicrefcount refs;
  C2lBoard *board;       /* (nullable), not owned: gone when the board closes */
  C2lRunKind kind;
  C2lOrder order;        /* with copies of its own */
  GPtrArray *items;      /* of C2lPictureItem, by position */
  GPtrArray *finished;   /* of C2lPicture: full pictures that are not in the library yet */
  GArray *finished_at;   /* their positions */
  GCancellable *cancellable;
  guint n_done;
  gint64 asked, started;
  gint64 stored;        /* when pictures of it were last handed to the library */
  gboolean has_arrived; /* its first picture did */
  gboolean running, replaced; /* replaced: its items belong to a newer live run */
} C2lRun;

C2lRun *c2l_run_new (C2lBoard *board, const C2lOrder *order, C2lRunKind kind);
C2lRun *c2l_run_ref (C2lRun *run);
void    c2l_run_unref (C2lRun *run);
guint   c2l_run_count (C2lRun *run);
/* Whether both ask for the same but for the random part. */
gboolean c2l_run_asks_the_same (C2lRun *run, const C2lOrder *order);

struct _C2lBoard
{
  GObject parent_instance;

  C2lWorker *worker;
  C2lLibrary *library;
  C2lModelInfo *model;
  GCancellable *cancellable; /* of everything, for closing */
  gboolean closed;

  GListStore *items;
  GQueue arriving;       /* of C2lPictureItem: made, and not on the table yet */
  guint n_leaving;       /* the last of @items, which the arriving ones replace */
  guint arriving_source;
  GtkSorter *sorter;
  GtkSelectionModel *selection;
  C2lPictureItem *current;
  gboolean sorted;
  guint columns;
  guint next_row;

  GQueue runs;         /* of C2lRun; the head is running, the others wait */
  C2lRun *last_asked;  /* what appending compares with */
  C2lRun *last_live;
  guint live_source;   /* for live pictures that stay */
  double progress;
  double seconds_left;
  char *status;
  gboolean opening;
  gboolean told_slow;
  gboolean told_unwritable;
  guint n_storing; /* pictures, or bundles of them, on their way into the library */

  C2lUndo *undo;
  int preview_size;    /* of pictures under the hand; adapts to what the device can do */
  C2lPictureItem *compared; /* whose original is shown */
};

/* c2l-board.c */
void c2l_board_notify_busy (C2lBoard *board);
void c2l_board_resort (C2lBoard *board);
/* Shows @picture in @item: @frame, or its pixels where there is none. */
void c2l_board_show (C2lBoard *board, C2lPictureItem *item, C2lPicture *picture, GObject *frame, C2lPictureState state);
/* Takes items off the table, wherever they are. */
void c2l_board_remove_items (C2lBoard *board, GPtrArray *items);
/* (transfer full): for the table, but not on it yet. */
C2lPictureItem *c2l_board_make_item (C2lBoard *board, guint row, guint column);
/* Puts items on the table: behind the others, or in the place of all. A few in each of the next turns of the main loop,
 * before the next frame, because a cell of the grid takes its time; behind the others, the first few at once. c2l_board_place_all() puts what is left there now. */
void c2l_board_place_items (C2lBoard *board, GPtrArray *items, gboolean replace);
void c2l_board_place_all (C2lBoard *board);
/* Lets full pictures go that nobody has looked at for long, so that those in memory stay within the budget. */
void c2l_board_trim (C2lBoard *board);

/* c2l-board-runs.c */
/* Live pictures were only tried; those that the artist did something with, or that stayed, go into the library like others. */
void c2l_board_keep_live (C2lBoard *board);
void c2l_board_start_next_run (C2lBoard *board);
void c2l_board_cancel_runs (C2lBoard *board);

/* c2l-board-library.c: the pictures are kept in the library as they are finished. */
void c2l_board_store (C2lBoard *board, GPtrArray *items, GPtrArray *pictures);
void c2l_board_store_change (C2lBoard *board, C2lPictureItem *item, C2lPicture *picture);
void c2l_board_store_favourites (C2lBoard *board, GPtrArray *items, gboolean favourite);
void c2l_board_store_trashed (C2lBoard *board, GPtrArray *items, gboolean trashed);
/* Before the library is closed. */
void c2l_board_finish_storing (C2lBoard *self);

/* c2l-board-changes.c */
void c2l_board_notify_undo (C2lBoard *board);

G_END_DECLS
