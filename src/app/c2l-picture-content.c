/* Pictures for other programs. They ask for a format when they like, maybe after the picture was
 * changed here: so what is handed on is made at once. The files stay, for a program that was given
 * a file's name may read it much later. */
#include "app/c2l-picture-content.h"

#include "app/c2l-shared-files.h"
#include "studio/save.h"

struct _C2lPictureContent
{
  GdkContentProvider parent_instance;

  GPtrArray *items; /* of C2lPictureItem, for drops inside the window */
  GPtrArray *files; /* of GFile, once they are there */
  GError *error;
  GPtrArray *waiting; /* of GTask */
};

G_DEFINE_FINAL_TYPE (C2lPictureContent, c2l_picture_content, GDK_TYPE_CONTENT_PROVIDER)

/* --- writing the files, in a thread --- */

static void
write_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  GPtrArray *pictures = task_data;
  g_autofree char *folder = NULL;
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  C2lSaveOptions options;
  GError *error = NULL;

  folder = c2l_shared_files_make_folder (&error);
  if (folder == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  c2l_save_options_init (&options, folder);
  if (!c2l_save_pictures (pictures, &options, NULL, NULL, paths, cancellable, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  for (guint i = 0; i < paths->len; i++)
    g_ptr_array_add (files, g_file_new_for_path (g_ptr_array_index (paths, i)));
  g_task_return_pointer (task, g_steal_pointer (&files), (GDestroyNotify) g_ptr_array_unref);
}

/* --- who waits for them --- */

static void
answer (C2lPictureContent *self, GTask *task)
{
  if (self->files != NULL)
    g_task_return_pointer (task, g_ptr_array_ref (self->files), (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, g_error_copy (self->error));
}

static void
finish (C2lPictureContent *self, GPtrArray *files, GError *error)
{
  g_autoptr (GPtrArray) waiting = g_steal_pointer (&self->waiting);

  self->files = files;
  self->error = error;
  for (guint i = 0; i < waiting->len; i++)
    answer (self, g_ptr_array_index (waiting, i));
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  C2lPictureContent *self = C2L_PICTURE_CONTENT (source);
  GError *error = NULL;
  GPtrArray *files = g_task_propagate_pointer (G_TASK (result), &error);

  finish (self, files, error);
}

static void
on_drawn (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lPictureContent) self = data;
  GError *error = NULL;
  GPtrArray *pictures = c2l_board_draw_pixels_finish (C2L_BOARD (source), result, &error);
  g_autoptr (GTask) task = NULL;

  if (pictures == NULL)
    {
      finish (self, NULL, error);
      return;
    }
  task = g_task_new (self, NULL, on_written, NULL);
  g_task_set_task_data (task, pictures, (GDestroyNotify) g_ptr_array_unref);
  g_task_run_in_thread (task, write_in_thread);
}

void
c2l_picture_content_wait_async (C2lPictureContent *self,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (C2L_IS_PICTURE_CONTENT (self));

  task = g_task_new (self, cancellable, callback, data);
  if (self->waiting != NULL)
    g_ptr_array_add (self->waiting, g_steal_pointer (&task));
  else
    answer (self, task);
}

GPtrArray *
c2l_picture_content_wait_finish (C2lPictureContent *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* --- writing to who asks --- */

typedef struct
{
  char *mime_type;
  GOutputStream *stream;
} Wish;

static void
wish_free (Wish *wish)
{
  g_free (wish->mime_type);
  g_object_unref (wish->stream);
  g_free (wish);
}

static void
on_spliced (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;

  if (g_output_stream_splice_finish (G_OUTPUT_STREAM (source), result, &error) < 0)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void
send (GTask *task, GInputStream *input)
{
  Wish *wish = g_task_get_task_data (task);

  g_output_stream_splice_async (wish->stream, input, G_OUTPUT_STREAM_SPLICE_CLOSE_SOURCE,
                                g_task_get_priority (task), g_task_get_cancellable (task),
                                on_spliced, g_object_ref (task));
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;
  g_autoptr (GFileInputStream) input = g_file_read_finish (G_FILE (source), result, &error);

  if (input == NULL)
    g_task_return_error (task, error);
  else
    send (task, G_INPUT_STREAM (input));
}

static void
send_uris (GTask *task, GPtrArray *files)
{
  GString *uris = g_string_new (NULL);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GInputStream) input = NULL;

  for (guint i = 0; i < files->len; i++)
    {
      g_autofree char *uri = g_file_get_uri (g_ptr_array_index (files, i));
      g_string_append_printf (uris, "%s\r\n", uri);
    }
  bytes = g_string_free_to_bytes (uris);
  input = g_memory_input_stream_new_from_bytes (bytes);
  send (task, input);
}

static void
on_files (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Wish *wish = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GPtrArray) files
      = c2l_picture_content_wait_finish (C2L_PICTURE_CONTENT (source), result, &error);

  if (files == NULL)
    g_task_return_error (task, error);
  else if (g_str_equal (wish->mime_type, "text/uri-list"))
    send_uris (task, files);
  else
    g_file_read_async (g_ptr_array_index (files, 0), g_task_get_priority (task),
                       g_task_get_cancellable (task), on_opened, g_object_ref (task));
}

static void
c2l_picture_content_write_mime_type_async (GdkContentProvider *provider,
                                           const char *mime_type,
                                           GOutputStream *stream,
                                           int io_priority,
                                           GCancellable *cancellable,
                                           GAsyncReadyCallback callback,
                                           gpointer data)
{
  GTask *task = g_task_new (provider, cancellable, callback, data);
  Wish *wish = g_new0 (Wish, 1);

  wish->mime_type = g_strdup (mime_type);
  wish->stream = g_object_ref (stream);
  g_task_set_priority (task, io_priority);
  g_task_set_task_data (task, wish, (GDestroyNotify) wish_free);
  c2l_picture_content_wait_async (C2L_PICTURE_CONTENT (provider), cancellable, on_files, task);
}

static gboolean
c2l_picture_content_write_mime_type_finish (GdkContentProvider *provider,
                                            GAsyncResult *result,
                                            GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static GdkContentFormats *
c2l_picture_content_ref_formats (GdkContentProvider *provider)
{
  C2lPictureContent *self = C2L_PICTURE_CONTENT (provider);
  GdkContentFormatsBuilder *builder = gdk_content_formats_builder_new ();

  gdk_content_formats_builder_add_gtype (builder, C2L_TYPE_PICTURE_ITEM);
  gdk_content_formats_builder_add_mime_type (builder, "text/uri-list");
  if (self->items->len == 1)
    gdk_content_formats_builder_add_mime_type (builder, "image/png");
  return gdk_content_formats_builder_free_to_formats (builder);
}

/* Inside the window the picture itself is handed over. */
static gboolean
c2l_picture_content_get_value (GdkContentProvider *provider, GValue *value, GError **error)
{
  C2lPictureContent *self = C2L_PICTURE_CONTENT (provider);

  if (G_VALUE_HOLDS (value, C2L_TYPE_PICTURE_ITEM))
    {
      g_value_set_object (value, g_ptr_array_index (self->items, 0));
      return TRUE;
    }
  return GDK_CONTENT_PROVIDER_CLASS (c2l_picture_content_parent_class)
      ->get_value (provider, value, error);
}

static void
c2l_picture_content_finalize (GObject *object)
{
  C2lPictureContent *self = C2L_PICTURE_CONTENT (object);

  g_clear_pointer (&self->items, g_ptr_array_unref);
  g_clear_pointer (&self->files, g_ptr_array_unref);
  g_clear_pointer (&self->waiting, g_ptr_array_unref);
  g_clear_error (&self->error);

  G_OBJECT_CLASS (c2l_picture_content_parent_class)->finalize (object);
}

static void
c2l_picture_content_class_init (C2lPictureContentClass *klass)
{
  GdkContentProviderClass *provider_class = GDK_CONTENT_PROVIDER_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = c2l_picture_content_finalize;
  provider_class->get_value = c2l_picture_content_get_value;
  provider_class->ref_formats = c2l_picture_content_ref_formats;
  provider_class->write_mime_type_async = c2l_picture_content_write_mime_type_async;
  provider_class->write_mime_type_finish = c2l_picture_content_write_mime_type_finish;
}

static void
c2l_picture_content_init (C2lPictureContent *self)
{
  self->items = g_ptr_array_new_with_free_func (g_object_unref);
  self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
}

GdkContentProvider *
c2l_picture_content_new (C2lBoard *board, GPtrArray *items)
{
  C2lPictureContent *self;

  g_return_val_if_fail (items->len > 0, NULL);

  self = g_object_new (C2L_TYPE_PICTURE_CONTENT, NULL);
  for (guint i = 0; i < items->len; i++)
    g_ptr_array_add (self->items, g_object_ref (g_ptr_array_index (items, i)));
  c2l_board_draw_pixels_async (board, items, NULL, on_drawn, g_object_ref (self));
  return GDK_CONTENT_PROVIDER (self);
}
