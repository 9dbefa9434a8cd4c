/* Lists folders and reads the end of a log. Names come from a disk: only those that a trainer would
 * write are taken. */
#include "studio/run-parts.h"

#include <string.h>

#define STEP_DIGITS 8 /* at least; steps beyond have more */
#define LOG_TAIL (16 << 10)
#define LOG_LINES 12
#define MAX_ENTRIES 20000 /* of a folder */

static void
checkpoint_free (gpointer data)
{
  C2lRunCheckpoint *checkpoint = data;

  g_free (checkpoint->path);
  g_free (checkpoint);
}

static void
samples_free (gpointer data)
{
  C2lRunSamples *samples = data;

  g_free (samples->folder);
  g_strfreev (samples->names);
  g_free (samples);
}

void
c2l_run_parts_free (C2lRunParts *parts)
{
  g_ptr_array_unref (parts->checkpoints);
  g_ptr_array_unref (parts->samples);
  g_free (parts->log);
  g_free (parts);
}

/* The step that @name is written as, up to @suffix; −1 for other names. */
static gint64
parse_step (const char *name, const char *suffix)
{
  gsize length = strlen (name), behind = strlen (suffix);
  g_autofree char *digits = NULL;
  guint64 step;

  if (length < STEP_DIGITS + behind || !g_str_has_suffix (name, suffix))
    return -1;
  digits = g_strndup (name, length - behind);
  return g_ascii_string_to_unsigned (digits, 10, 0, G_MAXINT64, &step, NULL) ? (gint64) step : -1;
}

/* Names in a folder, "" where it is not there; hidden ones are still being written. */
static GStrv
list_names (const char *folder)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  for (int i = 0; dir != NULL && i < MAX_ENTRIES && (name = g_dir_read_name (dir)) != NULL; i++)
    if (*name != '.')
      g_strv_builder_add (names, name);
  return g_strv_builder_end (names);
}

/* --- checkpoints --- */

static int
compare_checkpoints (gconstpointer a, gconstpointer b)
{
  const C2lRunCheckpoint *const *first = a, *const *second = b;

  if (((*first)->step < 0) != ((*second)->step < 0))
    return (*first)->step < 0 ? -1 : 1;
  return (*first)->step > (*second)->step ? -1 : (*first)->step < (*second)->step;
}

static GPtrArray *
list_checkpoints (const char *run)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (checkpoint_free);
  g_autofree char *folder = g_build_filename (run, "checkpoints", NULL);
  g_auto (GStrv) names = list_names (folder);

  for (int i = 0; names[i] != NULL; i++)
    {
      gint64 step = parse_step (names[i], ".ckpt");
      C2lRunCheckpoint *checkpoint;

      if (step < 0 && strcmp (names[i], "best.ckpt") != 0)
        continue;
      checkpoint = g_new (C2lRunCheckpoint, 1);
      *checkpoint = (C2lRunCheckpoint){ g_build_filename (folder, names[i], NULL), step };
      g_ptr_array_add (list, checkpoint);
    }
  g_ptr_array_sort (list, compare_checkpoints);
  return list;
}

/* --- samples --- */

static int
compare_samples (gconstpointer a, gconstpointer b)
{
  const C2lRunSamples *const *first = a, *const *second = b;

  return (*first)->step < (*second)->step ? -1 : (*first)->step > (*second)->step;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static GStrv
list_grids (const char *folder)
{
  g_auto (GStrv) names = list_names (folder);
  g_autoptr (GPtrArray) grids = g_ptr_array_new ();

  for (int i = 0; names[i] != NULL; i++)
    if (g_str_has_suffix (names[i], ".png") && g_utf8_validate (names[i], -1, NULL))
      g_ptr_array_add (grids, g_strndup (names[i], strlen (names[i]) - strlen (".png")));
  g_ptr_array_sort (grids, compare_names);
  g_ptr_array_add (grids, NULL);
  return (GStrv) g_ptr_array_free (g_steal_pointer (&grids), FALSE);
}

static GPtrArray *
list_samples (const char *run)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (samples_free);
  g_autofree char *folder = g_build_filename (run, "samples", NULL);
  g_auto (GStrv) names = list_names (folder);

  for (int i = 0; names[i] != NULL; i++)
    {
      gint64 step = parse_step (names[i], "");
      g_autofree char *path = g_build_filename (folder, names[i], NULL);
      g_auto (GStrv) grids = step >= 0 ? list_grids (path) : NULL;
      C2lRunSamples *samples;

      if (grids == NULL || *grids == NULL)
        continue;
      samples = g_new (C2lRunSamples, 1);
      *samples = (C2lRunSamples){ step, g_steal_pointer (&path), g_steal_pointer (&grids) };
      g_ptr_array_add (list, samples);
    }
  g_ptr_array_sort (list, compare_samples);
  return list;
}

/* --- the log --- */

/* What a terminal would show: of a line that was written over with carriage returns, the last. */
static char *
dup_shown_line (const char *line)
{
  g_auto (GStrv) parts = g_strsplit (line, "\r", -1);
  const char *last = "";

  for (int i = 0; parts[i] != NULL; i++)
    if (*parts[i] != '\0')
      last = parts[i];
  return g_utf8_make_valid (last, -1);
}

static char *
read_log (const char *run)
{
  g_autofree char *path = g_build_filename (run, "log.txt", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) stream = g_file_read (file, NULL, NULL);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *tail = g_malloc0 (LOG_TAIL + 1);
  g_auto (GStrv) lines = NULL;
  gsize n = 0;
  int n_lines;

  if (stream == NULL)
    return g_strdup ("");
  if (!g_seekable_seek (G_SEEKABLE (stream), -LOG_TAIL, G_SEEK_END, NULL, NULL))
    g_seekable_seek (G_SEEKABLE (stream), 0, G_SEEK_SET, NULL, NULL);
  g_input_stream_read_all (G_INPUT_STREAM (stream), tail, LOG_TAIL, &n, NULL, NULL);
  tail[n] = '\0';
  g_strchomp (tail);
  lines = g_strsplit (tail, "\n", -1);
  n_lines = (int) g_strv_length (lines);
  for (int i = MAX (0, n_lines - LOG_LINES); i < n_lines; i++)
    {
      g_autofree char *line = dup_shown_line (lines[i]);

      g_string_append_printf (text, "%s%s", text->len > 0 ? "\n" : "", line);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

C2lRunParts *
c2l_run_parts_read (const char *folder)
{
  C2lRunParts *parts = g_new (C2lRunParts, 1);

  *parts = (C2lRunParts){ list_checkpoints (folder), list_samples (folder), read_log (folder) };
  return parts;
}

static void
read_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_task_return_pointer (task, c2l_run_parts_read (data), (GDestroyNotify) c2l_run_parts_free);
}

void
c2l_run_parts_read_async (const char *folder,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);

  g_task_set_source_tag (task, c2l_run_parts_read_async);
  g_task_set_task_data (task, g_strdup (folder), g_free);
  g_task_run_in_thread (task, read_in_thread);
}

C2lRunParts *
c2l_run_parts_read_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, c2l_run_parts_read_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
