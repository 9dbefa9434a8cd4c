/* Generating: runs wait in a queue of the board's own, so that one can be stopped and a live one
 * replaced without asking the worker. Items are on the table from the start, waiting; pictures fill
 * them as they arrive, and those that none came for are taken away again. */
#include "app/c2l-board-private.h"

#include <glib/gi18n.h>
#include <math.h>

/* A first generation that will take longer is announced. */
#define SLOW_SECONDS 8.0
/* So long a live picture has to stay before it is worth keeping. */
#define LIVE_SECONDS 5
/* What is drawn is in the library after so many microseconds, whatever then happens to the program. */
#define STORE_US G_USEC_PER_SEC

static void
on_progress (double fraction, double seconds_left, const char *stage, gpointer data)
{
  C2lRun *run = data;

  if (run->board == NULL || !run->running)
    return;
  run->board->progress = fraction;
  run->board->seconds_left = seconds_left;
  c2l_board_notify_busy (run->board);
}

/* (nullable): a live run that was replaced owns no items any more. */
static C2lPictureItem *
get_item (C2lRun *run, guint position)
{
  return run->board != NULL && !run->replaced && position < run->items->len
             ? g_ptr_array_index (run->items, position)
             : NULL;
}

/* Not again what came from the library. @all: also those whose scores are still to come. */
static void
store_finished (C2lRun *run, gboolean all)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new ();
  g_autoptr (GPtrArray) pictures
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref);

  run->stored = g_get_monotonic_time ();
  for (guint i = 0; i < run->finished->len;)
    {
      C2lPictureItem *item
          = g_ptr_array_index (run->items, g_array_index (run->finished_at, guint, i));

      if (!all && run->order.score && isnan (c2l_picture_item_get_score (item)))
        {
          i++;
          continue;
        }
      if (c2l_picture_item_get_uid (item) == NULL)
        {
          g_ptr_array_add (items, item);
          g_ptr_array_add (pictures, c2l_picture_ref (g_ptr_array_index (run->finished, i)));
        }
      g_ptr_array_remove_index (run->finished, i);
      g_array_remove_index (run->finished_at, i);
    }
  c2l_board_store (run->board, items, pictures);
}

/* A run may take an hour. What was typed on the way to a prompt is not worth keeping, though: live
 * pictures are stored when they stay. */
static void
store_now_and_then (C2lRun *run)
{
  if (run->kind == C2L_RUN_ASKED
      && g_get_monotonic_time () - MAX (run->stored, run->started) >= STORE_US)
    store_finished (run, FALSE);
}

void
c2l_board_keep_live (C2lBoard *self)
{
  g_clear_handle_id (&self->live_source, g_source_remove);
  if (self->last_live != NULL)
    store_finished (self->last_live, TRUE);
}

static gboolean
on_live_stayed (gpointer board)
{
  C2lBoard *self = board;

  self->live_source = 0;
  c2l_board_keep_live (self);
  return G_SOURCE_REMOVE;
}

static void
on_arrived (const C2lArrival *arrival, gpointer data)
{
  C2lRun *run = data;
  C2lPictureItem *item = get_item (run, arrival->position);

  if (item == NULL)
    return;
  /* A live picture takes the place of an older one, whose edits and original were another's. */
  if (c2l_picture_item_get_original (item) == NULL || run->kind == C2L_RUN_LIVE)
    c2l_picture_item_set_original (item, arrival->picture->recipe);
  c2l_picture_item_set_recipe (item, arrival->picture->recipe);
  c2l_board_show (run->board, item, arrival->picture, arrival->frame,
                  arrival->is_preview ? C2L_PICTURE_PREVIEW : C2L_PICTURE_FINISHED);
  /* For bench/window.py; a generation's first picture is what an artist waits for. */
  if (!run->has_arrived)
    g_debug ("first picture after %.1f ms", (g_get_monotonic_time () - run->asked) / 1000.0);
  run->has_arrived = TRUE;
  if (arrival->is_preview)
    return;
  run->n_done++;
  g_ptr_array_add (run->finished, c2l_picture_ref (arrival->picture));
  g_array_append_val (run->finished_at, arrival->position);
  store_now_and_then (run);
  c2l_board_notify_busy (run->board);
}

static void
on_scored (guint position, C2lRecipe *recipe, gpointer data)
{
  C2lRun *run = data;
  C2lPictureItem *item = get_item (run, position);

  if (item == NULL)
    return;
  /* One that was edited meanwhile is another picture by now. */
  if (c2l_picture_item_get_recipe (item) == c2l_picture_item_get_original (item))
    c2l_picture_item_set_recipe (item, recipe);
  c2l_picture_item_set_original (item, recipe);
  if (run->board->sorted)
    c2l_board_resort (run->board);
  store_now_and_then (run);
}

static void
on_dropped (const char *prompt, const char *words, gpointer data)
{
  C2lRun *run = data;

  if (run->board != NULL && run->kind == C2L_RUN_ASKED)
    c2l_board_say (run->board, _ ("The prompt is too long for the model, which did not read: “%s”"),
                   words);
}

/* Items of which no full picture came. A preview that is all there was asked for counts as one. */
static void
remove_unfinished (C2lRun *run)
{
  g_autoptr (GPtrArray) unfinished = g_ptr_array_new ();

  for (guint i = 0; i < run->items->len && !run->replaced; i++)
    {
      C2lPictureItem *item = g_ptr_array_index (run->items, i);

      if (c2l_picture_item_get_state (item) != C2L_PICTURE_FINISHED)
        g_ptr_array_add (unfinished, item);
    }
  c2l_board_remove_items (run->board, unfinished);
}

static void
on_generated (GObject *source, GAsyncResult *result, gpointer data)
{
  C2lRun *run = data;
  C2lBoard *self = run->board;
  g_autoptr (GError) error = NULL;
  gboolean ok = c2l_worker_generate_finish (C2L_WORKER (source), result, &error);

  if (self != NULL)
    {
      double seconds = (g_get_monotonic_time () - run->started) / (double) G_USEC_PER_SEC;
      guint n_done = run->n_done;

      run->running = FALSE;
      if (!ok)
        c2l_board_fail (self, error);
      remove_unfinished (run);
      if (run->kind == C2L_RUN_ASKED)
        store_finished (run, TRUE);
      else if (!run->replaced && self->live_source == 0)
        self->live_source = g_timeout_add_seconds (LIVE_SECONDS, on_live_stayed, self);
      c2l_board_resort (self);
      if (g_queue_remove (&self->runs, run))
        c2l_run_unref (run);
      self->progress = 0;
      self->seconds_left = 0;
      c2l_board_notify_busy (self);
      if (ok)
        g_signal_emit_by_name (self, "run-finished", n_done, seconds);
      c2l_board_start_next_run (self);
    }
  c2l_run_unref (run);
}

static void
tell_slow (C2lBoard *self, C2lRun *run)
{
  double seconds = self->model->seconds * c2l_run_count (run);

  if (self->told_slow || seconds < SLOW_SECONDS)
    return;
  self->told_slow = TRUE;
  g_signal_emit_by_name (self, "slow-device", seconds,
                         self->model->has_previews ? self->model->resolution / 4 : 0);
}

void
c2l_board_start_next_run (C2lBoard *self)
{
  C2lRun *run = g_queue_peek_head (&self->runs);
  C2lWorkerEvents events = {
    .progress = on_progress, .arrived = on_arrived, .scored = on_scored, .dropped = on_dropped
  };

  if (run == NULL || run->running || self->model == NULL || self->opening || self->closed)
    return;
  run->running = TRUE;
  run->started = g_get_monotonic_time ();
  run->order.score = run->order.score && self->model->has_clip;
  tell_slow (self, run);
  events.data = c2l_run_ref (run);
  events.destroy = (GDestroyNotify) c2l_run_unref;
  c2l_worker_generate_async (self->worker, &run->order, &events, run->cancellable, on_generated,
                             c2l_run_ref (run));
  c2l_board_notify_busy (self);
}

/* A run that waits is dropped at once; a running one ends by itself, after what it has finished. */
static void
cancel_run (C2lBoard *self, C2lRun *run)
{
  g_cancellable_cancel (run->cancellable);
  if (run->running)
    return;
  remove_unfinished (run);
  if (g_queue_remove (&self->runs, run))
    c2l_run_unref (run);
}

void
c2l_board_cancel_runs (C2lBoard *self)
{
  for (GList *link = self->runs.head, *next; link != NULL; link = next)
    {
      next = link->next;
      cancel_run (self, link->data);
    }
  if (self->closed)
    while (!g_queue_is_empty (&self->runs))
      {
        C2lRun *run = g_queue_pop_head (&self->runs);

        run->board = NULL;
        c2l_run_unref (run);
      }
  c2l_board_notify_busy (self);
}

void
c2l_board_stop (C2lBoard *self)
{
  C2lRun *run = g_queue_peek_head (&self->runs);

  g_return_if_fail (C2L_IS_BOARD (self));
  if (run != NULL)
    cancel_run (self, run);
  c2l_board_notify_busy (self);
}

/* Rows and columns of a run's items, a row a prompt. */
static void
add_items (C2lBoard *self, C2lRun *run, guint first_row, guint first_column, gboolean replace)
{
  guint n = c2l_run_count (run);
  guint per_row = run->order.recipes != NULL ? n : (guint) run->order.sampling.n;

  for (guint i = 0; i < n; i++)
    {
      C2lPictureItem *item
          = c2l_board_make_item (self, first_row + i / per_row, first_column + i % per_row);

      if (run->order.prompts != NULL)
        c2l_picture_item_set_prompt (item, run->order.prompts[i / per_row]);
      g_ptr_array_add (run->items, item);
    }
  c2l_board_place_items (self, run->items, replace);
  if (!replace && !self->sorted)
    g_signal_emit_by_name (self, "appended", g_ptr_array_index (run->items, 0));
  self->next_row = MAX (self->next_row, first_row + (n + per_row - 1) / per_row);
}

/* What is known of items that leave the table. */
static void
forget_items (C2lBoard *self)
{
  c2l_undo_clear (self->undo);
  c2l_board_notify_undo (self);
  g_clear_pointer (&self->last_asked, c2l_run_unref);
  self->columns = 0;
  self->next_row = 0;
}

static guint
count_columns (const C2lOrder *order)
{
  return order->prompts != NULL && g_strv_length ((char **) order->prompts) > 1 ? order->sampling.n
                                                                                : 0;
}

/* The same settings go on where the last pictures of that seed ended. */
static void
append (C2lBoard *self, C2lRun *run)
{
  C2lRun *last = self->last_asked;
  C2lPictureItem *first = last->items->len > 0 ? g_ptr_array_index (last->items, 0) : NULL;
  C2lPictureItem *end
      = last->items->len > 0 ? g_ptr_array_index (last->items, last->order.sampling.n - 1) : NULL;

  if (run->order.sampling.seed == last->order.sampling.seed)
    run->order.sampling.first_index = last->order.sampling.first_index + last->order.sampling.n;
  add_items (self, run, first != NULL ? c2l_picture_item_get_row (first) : self->next_row,
             end != NULL ? c2l_picture_item_get_column (end) + 1 : 0, FALSE);
}

static void
enqueue (C2lBoard *self, C2lRun *run)
{
  g_queue_push_tail (&self->runs, run);
  c2l_board_notify_busy (self);
  c2l_board_start_next_run (self);
}

/* Whether the live pictures on the table are the very ones that @order asks for. */
static gboolean
is_tried (C2lBoard *self, const C2lOrder *order)
{
  C2lRun *live = self->last_live;

  return live != NULL && !live->running && live->n_done == c2l_run_count (live)
         && c2l_run_asks_the_same (live, order)
         && live->order.sampling.seed == order->sampling.seed
         && live->order.sampling.first_index == order->sampling.first_index
         && live->order.score == order->score;
}

static void
generate_asked (C2lBoard *self, const C2lOrder *order)
{
  C2lRun *run;
  gboolean same = self->last_asked != NULL && c2l_run_asks_the_same (self->last_asked, order)
                  && g_list_model_get_n_items (G_LIST_MODEL (self->items)) > 0;

  if (!same && is_tried (self, order))
    {
      c2l_board_keep_live (self);
      g_clear_pointer (&self->last_asked, c2l_run_unref);
      self->last_asked = g_steal_pointer (&self->last_live);
      return;
    }
  run = c2l_run_new (self, order, C2L_RUN_ASKED);
  /* Live pictures were only tried; what is asked for takes their place. */
  if (self->last_live != NULL)
    {
      C2lRun *live = g_steal_pointer (&self->last_live);

      cancel_run (self, live);
      if (c2l_run_asks_the_same (live, order) && !same)
        c2l_board_remove_items (self, live->items);
      c2l_run_unref (live);
    }
  if (same)
    append (self, run);
  else
    {
      gboolean replace = g_queue_is_empty (&self->runs);

      if (replace)
        forget_items (self);
      self->columns = count_columns (order);
      add_items (self, run, self->next_row, 0, replace);
    }
  g_clear_pointer (&self->last_asked, c2l_run_unref);
  self->last_asked = c2l_run_ref (run);
  enqueue (self, run);
}

/* (transfer full): the item for a live picture in the place of @old. One that is in the library, or on
 * its way there, stays what it is, with its edits and its star, and leaves the table. */
static C2lPictureItem *
follow_item (C2lBoard *self, C2lPictureItem *old)
{
  C2lPictureItem *item;
  guint position;

  if (!c2l_picture_item_get_stored (old))
    return g_object_ref (old);
  item = c2l_board_make_item (self, c2l_picture_item_get_row (old),
                              c2l_picture_item_get_column (old));
  c2l_picture_item_set_thumbnail (item, c2l_picture_item_get_paintable (old));
  if (g_list_store_find (self->items, old, &position))
    g_list_store_splice (self->items, position, 1, (gpointer *) &item, 1);
  return item;
}

static void
generate_live (C2lBoard *self, const C2lOrder *order)
{
  C2lRun *run = c2l_run_new (self, order, C2L_RUN_LIVE);
  C2lRun *old = g_steal_pointer (&self->last_live);

  g_clear_handle_id (&self->live_source, g_source_remove);
  if (old != NULL && c2l_run_count (old) == c2l_run_count (run)
      && self->columns == count_columns (order))
    {
      /* The new pictures come where the old ones are, which stay until then. */
      for (guint i = 0; i < old->items->len; i++)
        g_ptr_array_add (run->items, follow_item (self, g_ptr_array_index (old->items, i)));
      old->replaced = TRUE;
      cancel_run (self, old);
      for (guint i = 0; i < run->items->len; i++)
        {
          guint position;
          C2lPictureItem *item = g_ptr_array_index (run->items, i);

          if (!g_list_store_find (self->items, item, &position))
            g_list_store_append (self->items, item);
          c2l_picture_item_set_state (item, C2L_PICTURE_WAITING);
          if (order->prompts != NULL)
            c2l_picture_item_set_prompt (item, order->prompts[i / order->sampling.n]);
        }
    }
  else
    {
      gboolean replace;

      if (old != NULL)
        cancel_run (self, old);
      replace = g_queue_is_empty (&self->runs) || old != NULL;
      if (replace)
        forget_items (self);
      self->columns = count_columns (order);
      add_items (self, run, self->next_row, 0, replace);
    }
  g_clear_pointer (&old, c2l_run_unref);
  self->last_live = c2l_run_ref (run);
  enqueue (self, run);
}

void
c2l_board_generate (C2lBoard *self, const C2lOrder *order, C2lRunKind kind)
{
  g_return_if_fail (C2L_IS_BOARD (self));
  c2l_board_place_all (self);
  if (kind == C2L_RUN_LIVE)
    generate_live (self, order);
  else
    generate_asked (self, order);
}

void
c2l_board_add_recipes (C2lBoard *self, GPtrArray *recipes)
{
  C2lOrder order = { .recipes = recipes, .score = TRUE };
  C2lRun *run;

  g_return_if_fail (C2L_IS_BOARD (self));
  if (recipes->len == 0)
    return;
  run = c2l_run_new (self, &order, C2L_RUN_ASKED);
  add_items (self, run, self->next_row, 0, FALSE);
  for (guint i = 0; i < recipes->len; i++)
    c2l_picture_item_set_recipe (g_ptr_array_index (run->items, i), g_ptr_array_index (recipes, i));
  c2l_board_select_only (self, g_ptr_array_index (run->items, 0));
  g_signal_emit_by_name (self, "revealed", g_ptr_array_index (run->items, 0));
  enqueue (self, run);
}

void
c2l_board_clear (C2lBoard *self)
{
  g_return_if_fail (C2L_IS_BOARD (self));
  forget_items (self);
  c2l_board_place_all (self);
  g_list_store_remove_all (self->items);
}
