/* Pictures go into the library as they are finished, with a thumbnail made on a thread of its own;
 * what the artist does to them follows. A library that cannot write is told of once; the pictures
 * on the table are not touched by it. */
#include "app/c2l-board-private.h"
#include "app/c2l-textures.h"
#include "studio/thumbnail.h"

#include <glib/gi18n.h>

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lBoard) self = data;
  g_autoptr (GError) error = NULL;

  if (c2l_library_write_finish (C2L_LIBRARY (source), result, &error) || self->told_unwritable)
    return;
  self->told_unwritable = TRUE;
  c2l_board_warn (self, _ ("New pictures are not kept: %s"), error->message);
}

/* Uids of those that are in the library. */
static char **
list_uids (GPtrArray *items)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < items->len; i++)
    {
      const char *uid = c2l_picture_item_get_uid (g_ptr_array_index (items, i));

      if (uid != NULL)
        g_strv_builder_add (builder, uid);
    }
  return g_strv_builder_end (builder);
}

void
c2l_board_store_favourites (C2lBoard *self, GPtrArray *items, gboolean favourite)
{
  g_auto (GStrv) uids = list_uids (items);

  if (self->library != NULL && uids[0] != NULL)
    c2l_library_set_favourite_async (self->library, (const char *const *) uids, favourite, NULL,
                                     on_written, g_object_ref (self));
}

void
c2l_board_store_trashed (C2lBoard *self, GPtrArray *items, gboolean trashed)
{
  g_auto (GStrv) uids = list_uids (items);

  for (guint i = 0; i < items->len; i++)
    c2l_picture_item_set_trashed (g_ptr_array_index (items, i), trashed);
  if (self->library != NULL && uids[0] != NULL)
    c2l_library_trash_async (self->library, (const char *const *) uids, trashed, NULL, on_written,
                             g_object_ref (self));
}

/* --- thumbnails, on a thread --- */

typedef struct
{
  GPtrArray *items;      /* of C2lPictureItem */
  GPtrArray *pictures;   /* of C2lPicture, with pixels */
  GPtrArray *thumbnails; /* of GBytes, in the same order; NULL where there is none */
  GPtrArray *textures;   /* of GdkTexture, of these */
} StoreJob;

static void
unref_bytes (gpointer bytes)
{
  if (bytes != NULL)
    g_bytes_unref (bytes);
}

static void
unref_texture (gpointer texture)
{
  if (texture != NULL)
    g_object_unref (texture);
}

static void
store_job_free (gpointer data)
{
  StoreJob *job = data;

  g_ptr_array_unref (job->items);
  g_ptr_array_unref (job->pictures);
  g_ptr_array_unref (job->thumbnails);
  g_ptr_array_unref (job->textures);
  g_free (job);
}

static void
make_thumbnails (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  StoreJob *job = data;

  for (guint i = 0; i < job->pictures->len; i++)
    {
      C2lPicture *picture = g_ptr_array_index (job->pictures, i);

      GBytes *thumbnail
          = picture->pixels != NULL
                ? c2l_thumbnail_encode (picture->pixels, picture->size, C2L_THUMBNAIL_SIZE, NULL)
                : NULL;

      g_ptr_array_add (job->thumbnails, thumbnail);
      g_ptr_array_add (job->textures,
                       thumbnail != NULL ? c2l_texture_new_from_thumbnail (thumbnail) : NULL);
      c2l_picture_drop_pixels (picture);
    }
  g_task_return_boolean (task, TRUE);
}

static void
write_change (C2lBoard *self, C2lPictureItem *item, GBytes *thumbnail)
{
  c2l_library_update_async (self->library, c2l_picture_item_get_uid (item),
                            c2l_picture_item_get_recipe (item), thumbnail, NULL, on_written,
                            g_object_ref (self));
}

static void
write_new (C2lBoard *self, StoreJob *job)
{
  g_autoptr (GPtrArray) entries
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_library_entry_unref);
  g_autoptr (GPtrArray) recipes = g_ptr_array_new (), trashed = g_ptr_array_new ();

  for (guint i = 0; i < job->items->len; i++)
    {
      C2lPictureItem *item = g_ptr_array_index (job->items, i);
      C2lRecipe *recipe = c2l_picture_item_get_recipe (item);
      C2lLibraryEntry *entry;

      /* It may have been edited, and so stored, while it waited. */
      if (c2l_picture_item_get_uid (item) != NULL)
        {
          write_change (self, item, g_ptr_array_index (job->thumbnails, i));
          continue;
        }
      entry = c2l_library_entry_new (recipe, g_ptr_array_index (job->thumbnails, i));
      /* It may have become a favourite, or been deleted, while it waited. */
      entry->favourite = c2l_picture_item_get_favourite (item);
      c2l_picture_item_set_uid (item, entry->uid);
      g_ptr_array_add (entries, entry);
      g_ptr_array_add (recipes, recipe);
      if (c2l_picture_item_get_trashed (item))
        g_ptr_array_add (trashed, item);
    }
  if (entries->len == 0)
    return;
  c2l_library_add_async (self->library, entries, recipes, NULL, on_written, g_object_ref (self));
  if (trashed->len > 0)
    c2l_board_store_trashed (self, trashed, TRUE);
}

static void
on_thumbnails (GObject *source, GAsyncResult *result, gpointer data)
{
  C2lBoard *self = C2L_BOARD (source);
  StoreJob *job = g_task_get_task_data (G_TASK (result));

  self->n_storing--;
  for (guint i = 0; i < job->items->len; i++)
    /* What stands in for the full picture when that was let go. */
    if (job->textures->pdata[i] != NULL)
      c2l_picture_item_set_thumbnail (g_ptr_array_index (job->items, i), job->textures->pdata[i]);
  if (self->library == NULL)
    return;
  write_new (self, job);
}

void
c2l_board_store (C2lBoard *self, GPtrArray *items, GPtrArray *pictures)
{
  g_autoptr (GTask) task = NULL;
  StoreJob *job;

  if (items->len == 0)
    return;
  job = g_new0 (StoreJob, 1);
  task = g_task_new (self, NULL, on_thumbnails, NULL);
  job->items = g_ptr_array_new_with_free_func (g_object_unref);
  job->pictures = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref);
  job->thumbnails = g_ptr_array_new_with_free_func (unref_bytes);
  job->textures = g_ptr_array_new_with_free_func (unref_texture);
  for (guint i = 0; i < items->len; i++)
    {
      c2l_picture_item_set_stored (g_ptr_array_index (items, i));
      g_ptr_array_add (job->items, g_object_ref (g_ptr_array_index (items, i)));
      g_ptr_array_add (job->pictures, c2l_picture_ref (g_ptr_array_index (pictures, i)));
    }
  self->n_storing++;
  g_task_set_task_data (task, job, store_job_free);
  g_task_run_in_thread (task, make_thumbnails);
}

/* Pictures whose thumbnails are still being made are handed to the library. */
void
c2l_board_finish_storing (C2lBoard *self)
{
  while (self->n_storing > 0)
    g_main_context_iteration (NULL, TRUE);
}

/* Whether the open model drew it; says so if not. */
static gboolean
can_draw (C2lBoard *self, C2lLibraryEntry *entry)
{
  g_autofree char *generator
      = self->model != NULL ? c2l_bundle_dup_sha256 (self->model->bundle, C2L_ROLE_GENERATOR, NULL)
                            : NULL;

  if (self->model != NULL
      && (generator == NULL || entry->generator == NULL
          || g_ascii_strcasecmp (generator, entry->generator) == 0))
    return TRUE;
  c2l_board_warn (self,
                  _ ("The picture was drawn by the model “%s”. Use that model on the page Models "
                     "to open it."),
                  entry->model);
  return FALSE;
}

/* What stands in for the full picture until that is drawn. */
static void
show_thumbnail (C2lPictureItem *item, GBytes *encoded)
{
  g_autoptr (GdkTexture) texture
      = encoded != NULL ? c2l_texture_new_from_thumbnail (encoded) : NULL;

  if (texture != NULL)
    c2l_picture_item_set_thumbnail (item, GDK_PAINTABLE (texture));
}

void
c2l_board_open_kept (C2lBoard *self, GPtrArray *entries, GPtrArray *recipes)
{
  C2lPictureItem *first = NULL;
  guint column = 0, row = self->next_row;

  g_return_if_fail (C2L_IS_BOARD (self) && entries->len == recipes->len);
  c2l_board_place_all (self);
  for (guint i = 0; i < entries->len; i++)
    {
      C2lLibraryEntry *entry = g_ptr_array_index (entries, i);
      C2lRecipe *recipe = g_ptr_array_index (recipes, i);
      C2lPictureItem *item = c2l_board_find (self, entry->uid);

      if (item == NULL && !can_draw (self, entry))
        break;
      if (item == NULL)
        {
          item = c2l_board_make_item (self, row, column++);
          c2l_picture_item_set_uid (item, entry->uid);
          c2l_picture_item_set_prompt (item, recipe->prompt);
          c2l_picture_item_set_favourite (item, entry->favourite);
          c2l_picture_item_set_recipe (item, recipe);
          show_thumbnail (item, entry->thumbnail);
          c2l_picture_item_set_state (item, C2L_PICTURE_FINISHED);
          g_list_store_append (self->items, item);
          g_object_unref (item); /* it is the table's */
          self->next_row = row + 1;
        }
      first = first != NULL ? first : item;
    }
  if (first == NULL)
    return;
  c2l_board_select_only (self, first);
  g_signal_emit_by_name (self, "revealed", first);
}

void
c2l_board_store_change (C2lBoard *self, C2lPictureItem *item, C2lPicture *picture)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new (), pictures = g_ptr_array_new ();

  g_ptr_array_add (items, item);
  g_ptr_array_add (pictures, picture);
  c2l_board_store (self, items, pictures);
}
