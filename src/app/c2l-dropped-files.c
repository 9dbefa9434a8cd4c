/* Looks at files from elsewhere in a thread and tells the board what to do with them. A file is what its content says, whatever it is
 * called. An image that comes without a file, as from a browser, is written to one first. */
#include "app/c2l-dropped-files.h"

#include "studio/picture.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>

#define N_LOOK_ALIKES 8

typedef enum
{
  KIND_RECIPE,
  KIND_IMAGE,
  KIND_OTHER
} Kind;

typedef struct
{
  GFile *file;
  Kind kind;
  C2lRecipe *recipe;  /* KIND_RECIPE */
  char *text;         /* KIND_OTHER: what to say */
} Finding;

typedef struct
{
  GPtrArray *files;
  GdkTexture *texture; /* (nullable): to be written to a file */
} Work;

static void
finding_free (Finding *finding)
{
  g_object_unref (finding->file);
  g_clear_pointer (&finding->recipe, c2l_recipe_unref);
  g_free (finding->text);
  g_free (finding);
}

static void
work_free (Work *work)
{
  g_ptr_array_unref (work->files);
  g_clear_object (&work->texture);
  g_free (work);
}

/* --- in a thread --- */

static char *
describe (GFile *file, const char *content_type)
{
  g_autofree char *name = g_file_get_basename (file);
  g_autofree char *description = g_content_type_get_description (content_type);

  return g_strdup_printf (_ ("“%s” is no picture but: %s. Pictures as PNG, JPEG or WebP can be "
                             "dropped here; models are imported on the page Models."),
                          name, description);
}

static Finding *
look (GFile *file, GCancellable *cancellable)
{
  Finding *finding = g_new0 (Finding, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (GFileInfo) info = g_file_query_info (file, G_FILE_ATTRIBUTE_STANDARD_CONTENT_TYPE,
                                                  G_FILE_QUERY_INFO_NONE, cancellable, &error);
  const char *type = info != NULL ? g_file_info_get_content_type (info) : NULL;
  const char *path = g_file_peek_path (file);

  finding->file = g_object_ref (file);
  finding->kind = KIND_OTHER;
  if (info == NULL)
    finding->text = g_strdup (error->message);
  else if (path != NULL && (finding->recipe = c2l_picture_load_recipe (path, NULL)) != NULL)
    finding->kind = KIND_RECIPE;
  else if (type != NULL && g_content_type_is_a (type, "image/*"))
    finding->kind = KIND_IMAGE;
  else
    finding->text = describe (file, type != NULL ? type : "application/octet-stream");
  return finding;
}

static GFile *
write_texture (GdkTexture *texture, GError **error)
{
  g_autofree char *folder = g_build_filename (g_get_user_cache_dir (), "clip2latent", "shared", NULL);
  g_autofree char *path = g_build_filename (folder, "dropped-XXXXXX.png", NULL);
  g_autoptr (GBytes) bytes = gdk_texture_save_to_png_bytes (texture);
  int fd;

  g_mkdir_with_parents (folder, 0700);
  fd = g_mkstemp (path);
  if (fd < 0)
    {
      int saved_errno = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
                   _ ("The image cannot be kept in %s: %s"), folder, g_strerror (saved_errno));
      return NULL;
    }
  g_close (fd, NULL);
  if (!g_file_set_contents (path, g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes),
                            error))
    return NULL;
  return g_file_new_for_path (path);
}

static void
look_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Work *work = task_data;
  g_autoptr (GPtrArray) findings = g_ptr_array_new_with_free_func ((GDestroyNotify) finding_free);

  if (work->texture != NULL)
    {
      GError *error = NULL;
      GFile *file = write_texture (work->texture, &error);

      if (file == NULL)
        {
          g_task_return_error (task, error);
          return;
        }
      g_ptr_array_add (work->files, file);
    }
  for (guint i = 0; i < work->files->len; i++)
    g_ptr_array_add (findings, look (g_ptr_array_index (work->files, i), cancellable));
  g_task_return_pointer (task, g_steal_pointer (&findings), (GDestroyNotify) g_ptr_array_unref);
}

/* --- on GTK's thread --- */

static void
on_looked (GObject *source, GAsyncResult *result, gpointer data)
{
  C2lBoard *board = C2L_BOARD (source);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) findings = g_task_propagate_pointer (G_TASK (result), &error);
  g_autoptr (GPtrArray) recipes = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);

  if (findings == NULL)
    {
      c2l_board_say (board, "%s", error->message);
      return;
    }

  for (guint i = 0; i < findings->len; i++)
    {
      Finding *finding = g_ptr_array_index (findings, i);

      if (finding->kind == KIND_RECIPE)
        g_ptr_array_add (recipes, c2l_recipe_ref (finding->recipe));
      else if (finding->kind == KIND_IMAGE)
        c2l_board_add_look_alikes (board, finding->file, N_LOOK_ALIKES);
      else
        c2l_board_say (board, "%s", finding->text);
    }
  if (recipes->len > 0)
    c2l_board_add_recipes (board, recipes);
}

static void
start (C2lBoard *board, GPtrArray *files, GdkTexture *texture)
{
  g_autoptr (GTask) task = g_task_new (board, NULL, on_looked, NULL);
  Work *work = g_new0 (Work, 1);

  work->files = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; files != NULL && i < files->len; i++)
    g_ptr_array_add (work->files, g_object_ref (g_ptr_array_index (files, i)));
  g_set_object (&work->texture, texture);
  g_task_set_task_data (task, work, (GDestroyNotify) work_free);
  g_task_run_in_thread (task, look_in_thread);
}

void
c2l_dropped_files_open (C2lBoard *board, GPtrArray *files)
{
  g_return_if_fail (C2L_IS_BOARD (board));

  start (board, files, NULL);
}

void
c2l_dropped_files_open_value (C2lBoard *board, const GValue *value)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new ();

  g_return_if_fail (C2L_IS_BOARD (board));

  if (G_VALUE_HOLDS (value, GDK_TYPE_TEXTURE))
    {
      start (board, NULL, g_value_get_object (value));
      return;
    }
  if (G_VALUE_HOLDS (value, GDK_TYPE_FILE_LIST))
    for (GSList *link = g_value_get_boxed (value); link != NULL; link = link->next)
      g_ptr_array_add (files, link->data);
  else if (G_VALUE_HOLDS (value, G_TYPE_FILE))
    g_ptr_array_add (files, g_value_get_object (value));
  if (files->len > 0)
    start (board, files, NULL);
}
