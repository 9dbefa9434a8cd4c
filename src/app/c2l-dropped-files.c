/* Looks at files from elsewhere and tells the board what to do with them. A file is what its
 * content says, whatever it is called. An image that comes without a file, as from a browser, is
 * written to one first. */
#include "app/c2l-dropped-files.h"

#include "app/c2l-shared-files.h"
#include "studio/picture.h"

#include <glib/gi18n.h>

#define N_LOOK_ALIKES 8

/* --- pictures: with a recipe or without, found out in a thread --- */

static void
unref_if_any (gpointer recipe)
{
  if (recipe != NULL)
    c2l_recipe_unref (recipe);
}

static void
load_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  GPtrArray *files = task_data;
  g_autoptr (GPtrArray) recipes = g_ptr_array_new_with_free_func (unref_if_any);

  /* NULL where there is none. */
  g_ptr_array_set_size (recipes, (int) files->len);
  for (guint i = 0; i < files->len; i++)
    {
      const char *path = g_file_peek_path (g_ptr_array_index (files, i));

      if (path != NULL)
        recipes->pdata[i] = c2l_picture_load_recipe (path, NULL);
    }
  g_task_return_pointer (task, g_steal_pointer (&recipes), (GDestroyNotify) g_ptr_array_unref);
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  C2lBoard *board = C2L_BOARD (source);
  GPtrArray *files = g_task_get_task_data (G_TASK (result));
  g_autoptr (GPtrArray) found = g_task_propagate_pointer (G_TASK (result), NULL);
  g_autoptr (GPtrArray) recipes
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);

  for (guint i = 0; i < found->len; i++)
    if (found->pdata[i] != NULL)
      g_ptr_array_add (recipes, c2l_recipe_ref (found->pdata[i]));
    else
      c2l_board_add_look_alikes (board, g_ptr_array_index (files, i), N_LOOK_ALIKES);
  if (recipes->len > 0)
    c2l_board_add_recipes (board, recipes);
}

void
c2l_dropped_files_open_pictures (C2lBoard *board, GPtrArray *files)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (C2L_IS_BOARD (board));
  task = g_task_new (board, NULL, on_loaded, NULL);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, g_ptr_array_ref (files), (GDestroyNotify) g_ptr_array_unref);
  g_task_run_in_thread (task, load_in_thread);
}

/* --- images without a file --- */

static void
write_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  GError *error = NULL;
  g_autoptr (GBytes) bytes = gdk_texture_save_to_png_bytes (task_data);
  /* Translators: the name of a file, and what a picture was made to look like */
  GFile *file = c2l_shared_files_write (_ ("Dropped image"), "png", bytes, &error);

  if (file != NULL)
    g_task_return_pointer (task, file, g_object_unref);
  else
    g_task_return_error (task, error);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  C2lBoard *board = C2L_BOARD (source);
  g_autoptr (GError) error = NULL;
  g_autoptr (GFile) file = g_task_propagate_pointer (G_TASK (result), &error);

  if (file != NULL)
    c2l_board_add_look_alikes (board, file, N_LOOK_ALIKES);
  else
    c2l_board_fail (board, error);
}

void
c2l_dropped_files_open_texture (C2lBoard *board, GdkTexture *texture)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (C2L_IS_BOARD (board));
  task = g_task_new (board, NULL, on_written, NULL);
  g_task_set_task_data (task, g_object_ref (texture), g_object_unref);
  g_task_run_in_thread (task, write_in_thread);
}
