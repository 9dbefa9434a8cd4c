/* Changing pictures: while the hand moves, previews of a size that the device can follow; when it
 * rests, the full picture. Every change is a new recipe, so undo is giving the old one back. A full
 * picture counts only while its recipe is still the item's, a preview until the hand rests. */
#include "app/c2l-board-private.h"

#include <glib/gi18n.h>

/* Previews under the hand start at the first size, or the coarse one where full pictures take long,
 * and halve or double so that they come as often as a film's frames; under the coarse size, where
 * little can be told apart, only if they would jerk. */
#define FIRST_PREVIEW_SIZE 256
#define COARSE_PREVIEW_SIZE 64
#define LEAST_PREVIEW_SIZE 32
#define SLOW_PREVIEW_US 33000
#define SLOW_MODEL_SECONDS 0.4
#define JERKY_PREVIEW_US 110000
#define QUICK_PREVIEW_US 8000

typedef struct
{
  C2lBoard *board;
  C2lPictureItem *item;
  C2lRecipe *recipe;
  gboolean full, again; /* again: as it is, because it was let go */
  guint change;
  gint64 asked;
} Drawing;

static void
drawing_free (Drawing *drawing)
{
  g_object_unref (drawing->board);
  g_object_unref (drawing->item);
  c2l_recipe_unref (drawing->recipe);
  g_free (drawing);
}

/* A preview that was not drawn at once waited for others; its time says nothing. */
static void
adapt_preview_size (C2lBoard *self, gint64 elapsed)
{
  gint64 slow = self->preview_size > COARSE_PREVIEW_SIZE ? SLOW_PREVIEW_US : JERKY_PREVIEW_US;

  if (self->model == NULL || !self->model->has_previews)
    return;
  if (elapsed > slow && self->preview_size > LEAST_PREVIEW_SIZE)
    self->preview_size /= 2;
  else if (elapsed < QUICK_PREVIEW_US && self->preview_size < self->model->resolution)
    self->preview_size *= 2;
}

static int
get_preview_size (C2lBoard *self)
{
  if (self->model == NULL || !self->model->has_previews)
    return 0;
  if (self->preview_size == 0)
    self->preview_size
        = MIN (self->model->seconds > SLOW_MODEL_SECONDS ? COARSE_PREVIEW_SIZE : FIRST_PREVIEW_SIZE,
               self->model->resolution);
  return self->preview_size >= self->model->resolution ? 0 : self->preview_size;
}

/* Previews are shown though the hand has moved on: where drawing is slow, each is old when it
 * comes. They come in the order they were asked for in. */
static gboolean
is_wanted (const Drawing *drawing)
{
  if (drawing->full)
    return c2l_picture_item_get_recipe (drawing->item) == drawing->recipe;
  return c2l_picture_item_get_change (drawing->item) == drawing->change;
}

static void
on_drawn (GObject *source, GAsyncResult *result, gpointer data)
{
  Drawing *drawing = data;
  C2lBoard *self = drawing->board;
  g_autoptr (GError) error = NULL;
  g_autoptr (GObject) frame = NULL;
  g_autoptr (C2lPicture) picture
      = c2l_worker_draw_finish (C2L_WORKER (source), result, &frame, &error);

  if (self->closed)
    {
      drawing_free (drawing);
      return;
    }
  if (picture == NULL)
    {
      c2l_board_fail (self, error);
      if (drawing->full && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        c2l_picture_item_set_state (drawing->item, C2L_PICTURE_FAILED);
    }
  else if (is_wanted (drawing))
    {
      if (!drawing->full)
        {
          gint64 elapsed = g_get_monotonic_time () - drawing->asked;

          g_debug ("preview of %d pixels after %.1f ms", picture->size, elapsed / 1000.0);
          adapt_preview_size (self, elapsed);
        }
      if (drawing->full)
        c2l_picture_item_set_recipe (drawing->item, picture->recipe);
      c2l_board_show (self, drawing->item, picture, frame,
                      drawing->full ? C2L_PICTURE_FINISHED : C2L_PICTURE_PREVIEW);
      if (drawing->full && !drawing->again)
        c2l_board_store_change (self, drawing->item, picture);
    }
  drawing_free (drawing);
}

static void
draw (C2lBoard *self, C2lPictureItem *item, gboolean full, gboolean again)
{
  Drawing *drawing = g_new0 (Drawing, 1);
  int size = full ? 0 : get_preview_size (self);

  drawing->board = g_object_ref (self);
  drawing->item = g_object_ref (item);
  drawing->recipe = c2l_recipe_ref (c2l_picture_item_get_recipe (item));
  drawing->full = full;
  drawing->again = again;
  drawing->change = c2l_picture_item_get_change (item);
  drawing->asked = g_get_monotonic_time ();
  c2l_worker_draw_async (self->worker, drawing->recipe, size, full, item, self->cancellable,
                         on_drawn, drawing);
}

void
c2l_board_want_full (C2lBoard *self, C2lPictureItem *item)
{
  g_return_if_fail (C2L_IS_BOARD (self) && C2L_IS_PICTURE_ITEM (item));
  if (c2l_picture_item_get_recipe (item) != NULL && !self->closed)
    draw (self, item, TRUE, TRUE);
}

static void
apply (C2lBoard *self, C2lPictureItem *item, C2lRecipe *recipe, gboolean full)
{
  if (full)
    c2l_picture_item_begin_change (item);
  c2l_picture_item_set_recipe (item, recipe);
  draw (self, item, full, FALSE);
}

void
c2l_board_change (C2lBoard *self,
                  C2lPictureItem *item,
                  C2lRecipe *recipe,
                  const char *label,
                  C2lChangeKind kind)
{
  C2lRecipe *before = c2l_picture_item_get_recipe (item);

  g_return_if_fail (C2L_IS_BOARD (self) && C2L_IS_PICTURE_ITEM (item) && before != NULL);
  c2l_undo_push_change (self->undo, item, before, recipe, label, kind == C2L_CHANGE_DRAG);
  c2l_board_notify_undo (self);
  apply (self, item, recipe, kind == C2L_CHANGE_DONE);
}

void
c2l_board_change_many (C2lBoard *self, GPtrArray *items, GPtrArray *recipes, const char *label)
{
  g_autoptr (GPtrArray) before = g_ptr_array_new ();

  g_return_if_fail (C2L_IS_BOARD (self) && items->len == recipes->len);
  for (guint i = 0; i < items->len; i++)
    g_ptr_array_add (before, c2l_picture_item_get_recipe (g_ptr_array_index (items, i)));
  c2l_undo_push_changes (self->undo, items, before, recipes, label);
  c2l_board_notify_undo (self);
  for (guint i = 0; i < items->len; i++)
    apply (self, g_ptr_array_index (items, i), g_ptr_array_index (recipes, i), TRUE);
}

/* Puts deleted items back, or takes them off again. */
static void
redo_delete (C2lBoard *self, const C2lStep *step, gboolean deleted)
{
  c2l_board_place_all (self);
  if (deleted)
    c2l_board_remove_items (self, step->items);
  else
    for (guint i = 0; i < step->items->len; i++)
      {
        guint position;

        if (!g_list_store_find (self->items, g_ptr_array_index (step->items, i), &position))
          g_list_store_append (self->items, g_ptr_array_index (step->items, i));
      }
  c2l_board_store_trashed (self, step->items, deleted);
}

static void
take_step (C2lBoard *self, const C2lStep *step, gboolean forth)
{
  if (step == NULL)
    return;
  if (step->kind == C2L_STEP_DELETE)
    redo_delete (self, step, forth);
  else
    for (guint i = 0; i < step->items->len; i++)
      apply (self, g_ptr_array_index (step->items, i),
             g_ptr_array_index (forth ? step->after : step->before, i), TRUE);
  /* The artist sees what came back. */
  if (step->kind == C2L_STEP_RECIPES || !forth)
    c2l_board_select_only (self, g_ptr_array_index (step->items, 0));
  c2l_board_notify_undo (self);
}

void
c2l_board_undo (C2lBoard *self)
{
  g_return_if_fail (C2L_IS_BOARD (self));
  take_step (self, c2l_undo_back (self->undo), FALSE);
}

void
c2l_board_redo (C2lBoard *self)
{
  g_return_if_fail (C2L_IS_BOARD (self));
  take_step (self, c2l_undo_forth (self->undo), TRUE);
}

static void
on_original_drawn (GObject *source, GAsyncResult *result, gpointer data)
{
  Drawing *drawing = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GObject) frame = NULL;
  g_autoptr (C2lPicture) picture
      = c2l_worker_draw_finish (C2L_WORKER (source), result, &frame, &error);

  if (picture == NULL)
    c2l_board_fail (drawing->board, error);
  else if (drawing->board->compared == drawing->item)
    {
      g_autoptr (GdkPaintable) shown = c2l_board_make_paintable (picture, frame);

      c2l_picture_item_set_compared (drawing->item, shown);
    }
  drawing_free (drawing);
}

void
c2l_board_show_original (C2lBoard *self, C2lPictureItem *item, gboolean shown)
{
  C2lRecipe *original = c2l_picture_item_get_original (item);
  Drawing *drawing;

  g_return_if_fail (C2L_IS_BOARD (self) && C2L_IS_PICTURE_ITEM (item));
  g_clear_object (&self->compared);
  if (shown)
    self->compared = g_object_ref (item);
  if (!shown || original == NULL)
    {
      c2l_picture_item_set_compared (item, NULL);
      return;
    }
  drawing = g_new0 (Drawing, 1);
  drawing->board = g_object_ref (self);
  drawing->item = g_object_ref (item);
  drawing->recipe = c2l_recipe_ref (original);
  c2l_worker_draw_async (self->worker, original, 0, FALSE, NULL, self->cancellable,
                         on_original_drawn, drawing);
}

void
c2l_board_save_as_new (C2lBoard *self, C2lPictureItem *item, gboolean restore)
{
  g_autoptr (GPtrArray) recipes = g_ptr_array_new ();
  C2lRecipe *recipe = c2l_picture_item_get_recipe (item);

  g_return_if_fail (C2L_IS_BOARD (self) && C2L_IS_PICTURE_ITEM (item));
  if (recipe == NULL)
    return;
  g_ptr_array_add (recipes, recipe);
  c2l_board_add_recipes (self, recipes);
  if (restore)
    c2l_board_change (self, item, c2l_picture_item_get_original (item), _ ("Save as New"),
                      C2L_CHANGE_DONE);
}

void
c2l_board_set_favourite (C2lBoard *self, GPtrArray *items, gboolean favourite)
{
  g_return_if_fail (C2L_IS_BOARD (self));
  for (guint i = 0; i < items->len; i++)
    c2l_picture_item_set_favourite (g_ptr_array_index (items, i), favourite);
  c2l_board_keep_live (self);
  c2l_board_store_favourites (self, items, favourite);
}

char *
c2l_board_dup_deleted (guint n, guint n_spared)
{
  g_autofree char *deleted
      = g_strdup_printf (ngettext ("%u picture deleted", "%u pictures deleted", n), n);
  g_autofree char *spared = g_strdup_printf (
      ngettext ("%u favourite stays", "%u favourites stay", n_spared), n_spared);

  if (n_spared == 0)
    return g_steal_pointer (&deleted);
  if (n == 0)
    return g_strdup (ngettext ("Favourites are not deleted: take the star away first",
                               "Favourites are not deleted: take the stars away first",
                               n_spared));
  /* Translators: “3 pictures deleted; 1 favourite stays” */
  return g_strdup_printf (_ ("%s; %s"), deleted, spared);
}

void
c2l_board_delete (C2lBoard *self, GPtrArray *chosen)
{
  g_autofree char *text = NULL, *label = NULL;
  g_autoptr (GPtrArray) items = g_ptr_array_new ();

  g_return_if_fail (C2L_IS_BOARD (self));
  for (guint i = 0; i < chosen->len; i++)
    if (!c2l_picture_item_get_favourite (g_ptr_array_index (chosen, i)))
      g_ptr_array_add (items, g_ptr_array_index (chosen, i));
  text = c2l_board_dup_deleted (items->len, chosen->len - items->len);
  if (items->len == 0)
    {
      if (chosen->len > 0)
        c2l_board_say (self, "%s", text);
      return;
    }
  label = g_strdup_printf (ngettext ("Delete %u Picture", "Delete %u Pictures", items->len),
                           items->len);
  c2l_undo_push_delete (self->undo, items, label);
  c2l_board_notify_undo (self);
  c2l_board_keep_live (self);
  c2l_board_remove_items (self, items);
  c2l_board_store_trashed (self, items, TRUE);
  c2l_board_say_with_action (self, text, _ ("Undo"), "create.undo", NULL);
}

/* --- pixels, one picture after the other --- */

typedef struct
{
  GPtrArray *recipes, *pictures;
} PixelsJob;

static void
pixels_job_free (PixelsJob *job)
{
  g_ptr_array_unref (job->recipes);
  g_ptr_array_unref (job->pictures);
  g_free (job);
}

static void draw_next_pixels (GTask *task);

static void
on_pixels_drawn (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  PixelsJob *job = g_task_get_task_data (task);
  GError *error = NULL;
  C2lPicture *picture = c2l_worker_draw_finish (C2L_WORKER (source), result, NULL, &error);

  if (picture == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  g_ptr_array_add (job->pictures, picture);
  draw_next_pixels (task);
}

static void
draw_next_pixels (GTask *task)
{
  PixelsJob *job = g_task_get_task_data (task);
  C2lBoard *self = g_task_get_source_object (task);

  if (job->pictures->len == job->recipes->len)
    g_task_return_pointer (task, g_ptr_array_ref (job->pictures),
                           (GDestroyNotify) g_ptr_array_unref);
  else
    c2l_worker_draw_async (self->worker, g_ptr_array_index (job->recipes, job->pictures->len), 0,
                           FALSE, NULL, g_task_get_cancellable (task), on_pixels_drawn,
                           g_object_ref (task));
}

void
c2l_board_draw_pixels_async (C2lBoard *self,
                             GPtrArray *items,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, data);
  PixelsJob *job = g_new0 (PixelsJob, 1);

  g_return_if_fail (C2L_IS_BOARD (self));
  job->recipes = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);
  job->pictures = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref);
  for (guint i = 0; i < items->len; i++)
    {
      C2lRecipe *recipe = c2l_picture_item_get_recipe (g_ptr_array_index (items, i));

      if (recipe != NULL)
        g_ptr_array_add (job->recipes, c2l_recipe_ref (recipe));
    }
  g_task_set_task_data (task, job, (GDestroyNotify) pixels_job_free);
  draw_next_pixels (task);
}

GPtrArray *
c2l_board_draw_pixels_finish (C2lBoard *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
