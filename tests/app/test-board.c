/* The board with the starter model, without a window: pictures come, change and come back. */
#include "app-test.h"

#include "app/c2l-board.h"
#include "studio/bundles.h"
#include "studio/recipe-edits.h"
#include "scratch.h"

#include <glib/gstdio.h>

typedef struct
{
  C2lWorker *worker;
  C2lLibrary *library;
  C2lBoard *board;
  char *folder, *message;
  GdkPaintable *last; /* that the watched item showed, not held */
  guint n_frames;
} Fixture;

static void
on_message (C2lBoard *board,
            const char *text,
            const char *button,
            const char *action,
            GVariant *target,
            Fixture *fixture)
{
  g_free (fixture->message);
  fixture->message = g_strdup (text);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *starter = c2l_bundles_dup_folder ("");
  g_autofree char *path = NULL, *notice = NULL;

  fixture->folder = g_dir_make_tmp ("c2l-board-XXXXXX", NULL);
  path = g_build_filename (fixture->folder, "library.db", NULL);
  fixture->worker = c2l_worker_new ();
  fixture->library = c2l_library_open (path, &notice);
  g_assert_null (notice);
  fixture->board = c2l_board_new (fixture->worker, fixture->library);
  g_signal_connect (fixture->board, "message", G_CALLBACK (on_message), fixture);
  c2l_board_open_model (fixture->board, starter);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  c2l_board_close (fixture->board);
  c2l_worker_stop (fixture->worker);
  c2l_library_close (fixture->library);
  g_clear_object (&fixture->board);
  g_clear_object (&fixture->worker);
  g_clear_object (&fixture->library);
  scratch_remove (fixture->folder);
  g_free (fixture->folder);
  g_free (fixture->message);
}

static gboolean
is_idle (gpointer data)
{
  Fixture *fixture = data;
  gboolean busy;

  g_object_get (fixture->board, "busy", &busy, NULL);
  return !busy;
}

static void
order (Fixture *fixture, const char *prompt, int n, C2lRunKind kind)
{
  const char *const prompts[] = { prompt, NULL };
  C2lOrder order = { .prompts = prompts,
                     .sampling = { .n = n,
                                   .sampler = "reference",
                                   .steps = 4,
                                   .guidance = 2,
                                   .truncation = 1,
                                   .noise = C2L_NOISE_KIND_CONST } };

  c2l_board_generate (fixture->board, &order, kind);
}

static guint
count_items (Fixture *fixture)
{
  g_autoptr (GPtrArray) items = c2l_board_list_all (fixture->board);

  return items->len;
}

/* The first of @n pictures of a prompt. */
static C2lPictureItem *
generate (Fixture *fixture, int n)
{
  g_autoptr (GPtrArray) items = NULL;

  order (fixture, "a happy man", n, C2L_RUN_ASKED);
  c2l_app_test_wait (is_idle, fixture);
  items = c2l_board_list_all (fixture->board);
  g_assert_cmpuint (items->len, ==, n);
  return g_ptr_array_index (items, 0);
}

static gboolean
is_finished (gpointer data)
{
  return c2l_picture_item_get_state (data) == C2L_PICTURE_FINISHED;
}

static void
count_frame (C2lPictureItem *item, GParamSpec *spec, Fixture *fixture)
{
  GdkPaintable *shown = c2l_picture_item_get_paintable (item);

  if (shown == fixture->last)
    return;
  fixture->last = shown;
  fixture->n_frames++;
}

static void
watch (Fixture *fixture, C2lPictureItem *item)
{
  fixture->last = c2l_picture_item_get_paintable (item);
  g_signal_connect (item, "notify::paintable", G_CALLBACK (count_frame), fixture);
}

static void
test_pictures_are_finished (Fixture *fixture, gconstpointer data)
{
  C2lPictureItem *item = generate (fixture, 2);

  g_assert_cmpint (c2l_picture_item_get_state (item), ==, C2L_PICTURE_FINISHED);
  g_assert_nonnull (c2l_picture_item_get_paintable (item));
  g_assert_null (fixture->message);
}

/* They come a few in each turn of the main loop, more and fewer than were there. */
static void
test_new_pictures_take_the_place_of_the_old (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *prompt;
    int n;
  } orders[] = { { "a bald man", 9 }, { "a woman", 2 }, { "a happy woman", 7 } };

  for (guint i = 0; i < G_N_ELEMENTS (orders); i++)
    {
      g_autoptr (GPtrArray) items = NULL;

      order (fixture, orders[i].prompt, orders[i].n, C2L_RUN_ASKED);
      c2l_app_test_wait (is_idle, fixture);
      items = c2l_board_list_all (fixture->board);
      g_assert_cmpuint (items->len, ==, orders[i].n);
      for (guint j = 0; j < items->len; j++)
        g_assert_cmpstr (c2l_picture_item_get_prompt (g_ptr_array_index (items, j)), ==,
                         orders[i].prompt);
    }
}

static void
test_clearing_takes_what_still_arrives (Fixture *fixture, gconstpointer data)
{
  order (fixture, "a bald man", 12, C2L_RUN_ASKED);
  c2l_board_clear (fixture->board);
  g_assert_cmpuint (count_items (fixture), ==, 0);
  c2l_app_test_wait (is_idle, fixture);
  g_assert_cmpuint (count_items (fixture), ==, 0);
}

/* --- what the library keeps --- */

static void
on_counted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  *(int *) data = c2l_library_count_finish (C2L_LIBRARY (source), result, &error);
  g_assert_no_error (error);
}

static gboolean
is_counted (gpointer data)
{
  return *(int *) data >= 0;
}

static int
count_kept (Fixture *fixture, C2lLibraryQuery query)
{
  int n = -1;

  c2l_library_count_async (fixture->library, &query, NULL, on_counted, &n);
  c2l_app_test_wait (is_counted, &n);
  return n;
}

static gboolean
are_kept (gpointer data)
{
  return count_kept (data, (C2lLibraryQuery){ 0 }) > 0;
}

static gboolean
are_three (gpointer data)
{
  return count_items (data) == 3;
}

/* Before the library has them, too. */
static void
test_deleted_pictures_go_to_the_trash (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) items = NULL;

  order (fixture, "a bald man", 3, C2L_RUN_ASKED);
  c2l_app_test_wait (are_three, fixture);
  items = c2l_board_list_all (fixture->board);
  g_ptr_array_set_size (items, 2);
  c2l_board_delete (fixture->board, items);
  c2l_app_test_wait (is_idle, fixture);
  c2l_app_test_wait (are_kept, fixture);
  g_assert_cmpuint (count_items (fixture), ==, 1);
  g_assert_cmpint (count_kept (fixture, (C2lLibraryQuery){ 0 }), ==, 1);
  g_assert_cmpint (count_kept (fixture, (C2lLibraryQuery){ .trashed = TRUE }), ==, 2);
}

static void
test_live_pictures_stay_what_they_are (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) first = NULL, second = NULL, starred = g_ptr_array_new ();

  order (fixture, "a bald man", 2, C2L_RUN_LIVE);
  c2l_app_test_wait (is_idle, fixture);
  /* What was only tried is not kept; a star says that it is more. */
  g_assert_cmpint (count_kept (fixture, (C2lLibraryQuery){ 0 }), ==, 0);
  first = c2l_board_list_all (fixture->board);
  g_ptr_array_add (starred, g_ptr_array_index (first, 0));
  c2l_board_set_favourite (fixture->board, starred, TRUE);
  c2l_app_test_wait (are_kept, fixture);

  order (fixture, "a woman with glasses", 2, C2L_RUN_LIVE);
  c2l_app_test_wait (is_idle, fixture);
  second = c2l_board_list_all (fixture->board);
  g_assert_cmpuint (second->len, ==, 2);
  for (guint i = 0; i < second->len; i++)
    {
      C2lPictureItem *item = g_ptr_array_index (second, i);

      g_assert_cmpstr (c2l_picture_item_get_prompt (item), ==, "a woman with glasses");
      g_assert_false (c2l_picture_item_get_favourite (item));
      g_assert_null (c2l_picture_item_get_uid (item));
    }
  g_assert_cmpint (count_kept (fixture, (C2lLibraryQuery){ .text = "glasses" }), ==, 0);
  g_assert_cmpint (
      count_kept (fixture, (C2lLibraryQuery){ .text = "bald", .favourites = TRUE }), ==, 1);
  c2l_board_close (fixture->board);
  g_assert_cmpint (count_kept (fixture, (C2lLibraryQuery){ .text = "glasses" }), ==, 2);
}

static void
test_live_pictures_that_are_asked_for_are_not_drawn_again (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) before = NULL, after = NULL;

  order (fixture, "a bald man", 2, C2L_RUN_LIVE);
  c2l_app_test_wait (is_idle, fixture);
  before = c2l_board_list_all (fixture->board);
  order (fixture, "a bald man", 2, C2L_RUN_ASKED);
  g_assert_true (is_idle (fixture));
  after = c2l_board_list_all (fixture->board);
  g_assert_cmpuint (after->len, ==, 2);
  g_assert_true (before->pdata[0] == after->pdata[0] && before->pdata[1] == after->pdata[1]);
  c2l_app_test_wait (are_kept, fixture);
  g_assert_cmpint (count_kept (fixture, (C2lLibraryQuery){ 0 }), ==, 2);
}

static void
change (Fixture *fixture, C2lPictureItem *item, double truncation, C2lChangeKind kind)
{
  g_autoptr (C2lRecipe) recipe
      = c2l_recipe_with_truncation (c2l_picture_item_get_recipe (item), truncation);

  c2l_board_change (fixture->board, item, recipe, "Truncation", kind);
}

static gboolean
has_two_frames (gpointer data)
{
  return ((Fixture *) data)->n_frames >= 2;
}

/* Where drawing is slower than the hand, each preview is old when it comes; the artist still has to
 * see something move. */
static void
test_old_previews_are_shown_while_the_hand_moves (Fixture *fixture, gconstpointer data)
{
  C2lPictureItem *item = generate (fixture, 1);

  watch (fixture, item);
  change (fixture, item, 0.9, C2L_CHANGE_DRAG);
  /* The worker draws it now, and its answer waits for the main loop. */
  g_usleep (G_USEC_PER_SEC);
  change (fixture, item, 0.8, C2L_CHANGE_DRAG);
  /* The second answer is on its way, whatever became of the first. */
  g_usleep (G_USEC_PER_SEC);
  c2l_app_test_wait (has_two_frames, fixture);
  g_assert_cmpint (c2l_picture_item_get_state (item), ==, C2L_PICTURE_PREVIEW);
}

/* What was under way when the hand let go, or when something else was asked for, is not shown over
 * it. */
static void
test_old_previews_are_not_shown_over_what_came_later (Fixture *fixture, gconstpointer data)
{
  C2lPictureItem *item = generate (fixture, 1);

  change (fixture, item, 0.5, C2L_CHANGE_DRAG);
  g_usleep (G_USEC_PER_SEC);
  watch (fixture, item);
  c2l_board_undo (fixture->board);
  g_assert_cmpfloat (c2l_picture_item_get_recipe (item)->truncation, ==, 1);
  while (!is_finished (item) || fixture->n_frames == 0)
    {
      g_main_context_iteration (NULL, TRUE);
      g_assert_cmpint (c2l_picture_item_get_state (item), !=, C2L_PICTURE_PREVIEW);
    }
}

static void
test_undo_brings_back_and_redo_does_again (Fixture *fixture, gconstpointer data)
{
  C2lPictureItem *item = generate (fixture, 1);

  change (fixture, item, 0.5, C2L_CHANGE_DRAG);
  change (fixture, item, 0.6, C2L_CHANGE_DRAG);
  change (fixture, item, 0.7, C2L_CHANGE_DONE);
  c2l_board_undo (fixture->board);
  g_assert_cmpfloat (c2l_picture_item_get_recipe (item)->truncation, ==, 1);
  c2l_board_redo (fixture->board);
  g_assert_cmpfloat (c2l_picture_item_get_recipe (item)->truncation, ==, 0.7);
  c2l_app_test_wait (is_finished, item);
}

int
main (int argc, char **argv)
{
  c2l_app_test_init (&argc, &argv);
#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  ADD ("/board/generates/finished-pictures", test_pictures_are_finished);
  ADD ("/board/generates/in-the-place-of-the-old", test_new_pictures_take_the_place_of_the_old);
  ADD ("/board/clears/what-still-arrives", test_clearing_takes_what_still_arrives);
  ADD ("/board/keeps/deleted-pictures-in-the-trash", test_deleted_pictures_go_to_the_trash);
  ADD ("/board/keeps/live-pictures-as-they-were", test_live_pictures_stay_what_they_are);
  ADD ("/board/keeps/live-pictures-that-are-asked-for",
       test_live_pictures_that_are_asked_for_are_not_drawn_again);
  ADD ("/board/previews/are-shown-while-the-hand-moves",
       test_old_previews_are_shown_while_the_hand_moves);
  ADD ("/board/previews/are-not-shown-over-what-came-later",
       test_old_previews_are_not_shown_over_what_came_later);
  ADD ("/board/undo/brings-back-and-redo-does-again", test_undo_brings_back_and_redo_does_again);
  return g_test_run ();
}
