/* Saving. Files are written on a thread, from what a plot had when it was asked: its lines and its
 * texture do not change. */
#include "app/c2l-plot-save.h"

#include "app/c2l-compat.h"

#include <glib/gi18n.h>
#include <math.h>

#define FLUSH (1 << 20) /* bytes of a table that are written at once */

typedef struct
{
  C2lPlot *plot;
  GdkTexture *picture; /* of one of them is there */
  GPtrArray *lines;
  char *path;
} Saving;

static void
saving_free (gpointer data)
{
  Saving *saving = data;

  g_clear_object (&saving->picture);
  g_clear_pointer (&saving->lines, g_ptr_array_unref);
  g_object_unref (saving->plot);
  g_free (saving->path);
  g_free (saving);
}

/* --- tables --- */

static void
add_number (GString *text, double value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_c (text, ',');
  if (!isnan (value))
    g_string_append (text, g_ascii_dtostr (buffer, sizeof buffer, value));
}

/* As RFC 4180 has it. */
static void
add_quoted (GString *text, const char *word)
{
  g_string_append_c (text, '"');
  for (const char *at = word; *at != '\0'; at++)
    {
      if (*at == '"')
        g_string_append_c (text, '"');
      g_string_append_c (text, *at);
    }
  g_string_append_c (text, '"');
}

static gboolean
flush (GString *text, GOutputStream *stream, gsize at_least, GError **error)
{
  gboolean ok = text->len < at_least
                || g_output_stream_write_all (stream, text->str, text->len, NULL, NULL, error);

  if (text->len >= at_least)
    g_string_set_size (text, 0);
  return ok;
}

static gboolean
write_table (Saving *saving, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (saving->path);
  g_autoptr (GFileOutputStream) stream
      = g_file_replace (file, NULL, FALSE, G_FILE_CREATE_NONE, NULL, error);
  g_autoptr (GString) text = g_string_new ("series,x,value,average\r\n");

  if (stream == NULL)
    return FALSE;
  for (guint n = 0; n < saving->lines->len; n++)
    {
      C2lPlotLine *line = g_ptr_array_index (saving->lines, n);

      for (gsize i = 0; i < line->values->n; i++)
        {
          add_quoted (text, line->label);
          add_number (text, c2l_plot_line_get_x (line, i));
          add_number (text, line->values->values[i]);
          add_number (text, line->smooth != NULL ? line->smooth->values[i] : NAN);
          g_string_append (text, "\r\n");
          if (!flush (text, G_OUTPUT_STREAM (stream), FLUSH, error))
            return FALSE;
        }
    }
  return flush (text, G_OUTPUT_STREAM (stream), 1, error)
         && g_output_stream_close (G_OUTPUT_STREAM (stream), NULL, error);
}

static gboolean
write_picture (Saving *saving, GError **error)
{
  g_autoptr (GBytes) bytes = gdk_texture_save_to_png_bytes (saving->picture);

  return g_file_set_contents (saving->path, g_bytes_get_data (bytes, NULL),
                              g_bytes_get_size (bytes), error);
}

/* --- asking and saying --- */

static void
save_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Saving *saving = data;
  GError *error = NULL;

  if (saving->picture != NULL ? write_picture (saving, &error) : write_table (saving, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
saved (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  Saving *saving = g_task_get_task_data (G_TASK (result));
  g_autofree char *name = g_filename_display_basename (saving->path);
  /* Translators: %s is the name of a file. */
  g_autofree char *text = g_strdup_printf (_ ("Saved as “%s”"), name);

  g_task_propagate_boolean (G_TASK (result), &error);
  gtk_widget_activate_action (GTK_WIDGET (source), "win.say", "s",
                              error != NULL ? error->message : text);
}

static void
chosen (GObject *source, GAsyncResult *result, gpointer data)
{
  Saving *saving = data;
  g_autoptr (GListModel) files = c2l_compat_choose_finish (result, NULL);
  g_autoptr (GFile) file = files != NULL ? g_list_model_get_item (files, 0) : NULL;
  g_autoptr (GTask) task = NULL;

  if (file == NULL || g_file_peek_path (file) == NULL)
    {
      saving_free (saving);
      return;
    }
  saving->path = g_file_get_path (file);
  task = g_task_new (saving->plot, NULL, saved, NULL);
  g_task_set_source_tag (task, chosen);
  g_task_set_task_data (task, saving, saving_free);
  g_task_run_in_thread (task, save_in_thread);
}

static void
ask (C2lPlot *plot, Saving *saving, const char *title, const char *name, const char *suffix)
{
  const char *documents = g_get_user_special_dir (G_USER_DIRECTORY_DOCUMENTS);
  g_autofree char *base = g_strconcat (name, suffix, NULL);
  g_autofree char *path = g_build_filename (documents != NULL ? documents : g_get_home_dir (),
                                            g_strdelimit (base, G_DIR_SEPARATOR_S ":", '-'), NULL);
  g_autoptr (GFile) initial = g_file_new_for_path (path);

  saving->plot = g_object_ref (plot);
  c2l_compat_choose_async (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (plot))), C2L_CHOOSE_NAME,
                           title, initial, NULL, chosen, saving);
}

void
c2l_plot_save_picture (C2lPlot *plot, const char *name)
{
  GtkNative *native = gtk_widget_get_native (GTK_WIDGET (plot));
  g_autoptr (GdkPaintable) paintable = gtk_widget_paintable_new (GTK_WIDGET (plot));
  GtkSnapshot *snapshot = gtk_snapshot_new ();
  g_autoptr (GskRenderNode) node = NULL;
  Saving *saving;

  gdk_paintable_snapshot (paintable, snapshot, gtk_widget_get_width (GTK_WIDGET (plot)),
                          gtk_widget_get_height (GTK_WIDGET (plot)));
  node = gtk_snapshot_free_to_node (snapshot);
  if (node == NULL)
    return;
  saving = g_new0 (Saving, 1);
  saving->picture = gsk_renderer_render_texture (gtk_native_get_renderer (native), node, NULL);
  ask (plot, saving, _ ("Save the Plot as a Picture"), name, ".png");
}

void
c2l_plot_save_table (C2lPlot *plot, const char *name)
{
  Saving *saving = g_new0 (Saving, 1);

  saving->lines = g_ptr_array_ref (c2l_plot_get_lines (plot));
  ask (plot, saving, _ ("Save the Values as a Table"), name, ".csv");
}
