/* C2lBoard: the pictures on the table: what is being drawn, what is selected, what was changed and may be undone. Knows the worker and the
 * library, and no widgets; pages show it and tell it what the artist wants. Belongs to GTK's thread; nothing here waits for the engine.
 *
 *   C2lBoard *board = c2l_board_new (worker, library);
 *   c2l_board_open_model (board, folder);
 *   c2l_board_generate (board, &order, C2L_RUN_ASKED);
 *
 * What goes wrong is told by ::failure and never by a return value. */
#pragma once

#include "app/c2l-picture-item.h"
#include "studio/library.h"
#include "studio/worker.h"

G_BEGIN_DECLS

#define C2L_TYPE_BOARD (c2l_board_get_type ())
G_DECLARE_FINAL_TYPE (C2lBoard, c2l_board, C2L, BOARD, GObject)

/* Properties, all readable and notified:
 *   model-name   string (nullable): of the open model; NULL while none is open
 *   busy         boolean: a generation is running or waits
 *   progress     double, 0…1, of the running generation
 *   status       string: “14 of 16 · 0.3 s left · CPU, 2 threads”
 *   current      C2lPictureItem (nullable): the one that is edited: the only selected one, or the last that was selected
 *   sorted       boolean, writable: best match first, row by row
 *   can-undo, can-redo   boolean    undo-label, redo-label   string (nullable): “Smile”
 * Signals:
 *   ::message (text, button, action, target)   to be shown as a toast; @button, @action and @target (GVariant) may be NULL
 *   ::trouble (text)   what stays wrong until it is mended (a vanished model): to be shown as a banner; NULL when it is over
 *   ::failure (text)   what could not be done, and what to do: to be shown until something could
 *   ::revealed (item)  the first of pictures that were put on the table for the artist to go on with: to be seen and have the keyboard
 *   ::appended (item)   further pictures were asked for; the first of them is to be seen, and the keyboard stays where it is
 *   ::model-opened     another model is open; c2l_board_get_model()
 *   ::run-finished (n_pictures, seconds)
 *   ::slow-device (seconds, smaller)   the first prompt will take long; @smaller: pictures of so many pixels would be quick, 0 if none would */
C2lBoard          *c2l_board_new (C2lWorker *worker, C2lLibrary *library);
/* Before the window goes: cancels everything and lets go of the worker. */
void               c2l_board_close (C2lBoard *board);

C2lWorker         *c2l_board_get_worker (C2lBoard *board);
C2lLibrary        *c2l_board_get_library (C2lBoard *board);
/* Of the open model, lent; NULL while there is none. */
C2lModelInfo      *c2l_board_get_model (C2lBoard *board);
/* Opens a bundle's folder; a generation that is asked for meanwhile waits for it. */
void               c2l_board_open_model (C2lBoard *board, const char *folder);

/* All items in the order they are shown, as a selection model (GtkMultiSelection); lent. */
GtkSelectionModel *c2l_board_get_selection (C2lBoard *board);
C2lPictureItem    *c2l_board_get_current (C2lBoard *board);
/* (element-type C2lPictureItem) (transfer full): in the order they are shown. */
GPtrArray         *c2l_board_list_selected (C2lBoard *board);
GPtrArray         *c2l_board_list_all (C2lBoard *board);
void               c2l_board_select_only (C2lBoard *board, C2lPictureItem *item);
/* The picture with this uid of the library, lent; NULL where it is not on the table. */
C2lPictureItem    *c2l_board_find (C2lBoard *board, const char *uid);
/* Pictures of a prompt in the last generation of several prompts, hence of a row; 0: one prompt, as many columns as fit. */
guint              c2l_board_get_columns (C2lBoard *board);

typedef enum
{
  C2L_RUN_ASKED, /* Enter: queues behind a running one; the same settings again append, others clear the table first */
  C2L_RUN_LIVE   /* while typing: replaces the unfinished live run, and shows its pictures where the last live ones were */
} C2lRunKind;

void               c2l_board_generate (C2lBoard *board, const C2lOrder *order, C2lRunKind kind);
/* Stops the running generation; what is finished stays. The next one in the queue begins. */
void               c2l_board_stop (C2lBoard *board);
/* Draws recipes (of C2lRecipe) as further pictures and selects the first: variations, look-alikes, pictures of the history or dropped ones. */
void               c2l_board_add_recipes (C2lBoard *board, GPtrArray *recipes);
/* Puts pictures of the library on the table: @entries of C2lLibraryEntry, @recipes of C2lRecipe, as many. They stay the library's pictures:
 * none is stored anew, and one that is on the table already is only selected. */
void               c2l_board_open_kept (C2lBoard *board, GPtrArray *entries, GPtrArray *recipes);
/* Asks studio for them and adds them. @items of C2lPictureItem. */
void               c2l_board_add_variations (C2lBoard *board, C2lPictureItem *item, guint n);
void               c2l_board_add_more_like (C2lBoard *board, GPtrArray *items, guint n);
void               c2l_board_add_look_alikes (C2lBoard *board, GFile *image, guint n);

/* --- changing pictures --- */

typedef enum
{
  C2L_CHANGE_DRAG, /* the hand is still moving: previews follow; further drags under the same label are one step of undo */
  C2L_CHANGE_DONE  /* the full picture, scored and stored */
} C2lChangeKind;

/* Gives @item the new @recipe. @label names the change in undo (“Smile”). */
void               c2l_board_change (C2lBoard *board, C2lPictureItem *item, C2lRecipe *recipe, const char *label, C2lChangeKind kind);
/* One step of undo for several pictures: @recipes[i] for @items[i]. */
void               c2l_board_change_many (C2lBoard *board, GPtrArray *items, GPtrArray *recipes, const char *label);
void               c2l_board_undo (C2lBoard *board);
void               c2l_board_redo (C2lBoard *board);
/* While @shown, the item's paintable is the picture as it was before any edit. */
void               c2l_board_show_original (C2lBoard *board, C2lPictureItem *item, gboolean shown);
/* A copy of the picture as a new item behind it; @item goes back to what it was before its edits where @restore. */
void               c2l_board_save_as_new (C2lBoard *board, C2lPictureItem *item, gboolean restore);

void               c2l_board_set_favourite (C2lBoard *board, GPtrArray *items, gboolean favourite);
/* Takes them off the table and into the library's trash; undo brings them back. Favourites stay. */
void               c2l_board_delete (C2lBoard *board, GPtrArray *items);
/* (transfer full): what is told of @n that were deleted and @n_spared favourites that were to be. */
char              *c2l_board_dup_deleted (guint n, guint n_spared);
void               c2l_board_clear (C2lBoard *board);

/* Says that a full picture is wanted for an item that let it go. */
void               c2l_board_want_full (C2lBoard *board, C2lPictureItem *item);

/* Pixels of full pictures, drawn again by the worker, bit for bit: for saving, copying and dragging out. Answers a GPtrArray of C2lPicture. */
void               c2l_board_draw_pixels_async (C2lBoard *board, GPtrArray *items, GCancellable *cancellable, GAsyncReadyCallback callback,
                                                gpointer data);
GPtrArray         *c2l_board_draw_pixels_finish (C2lBoard *board, GAsyncResult *result, GError **error);

/* What shows a picture that the worker answered: @frame (nullable), or its pixels; NULL where there is neither. */
GdkPaintable      *c2l_board_make_paintable (C2lPicture *picture, GObject *frame);

/* For pages that want to say something in the window's own way. */
void               c2l_board_say (C2lBoard *board, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* What went wrong, in the words of @error; nothing where that is a cancellation. */
void               c2l_board_fail (C2lBoard *board, const GError *error);
void               c2l_board_warn (C2lBoard *board, const char *format, ...) G_GNUC_PRINTF (2, 3);
void               c2l_board_say_with_action (C2lBoard *board, const char *text, const char *button, const char *action, GVariant *target);

G_END_DECLS
