/* The trainings of this user. Reads small files and the end of one large one; never writes, and
 * never takes the lock that it asks about, so that a trainer which starts meanwhile is not turned
 * away. Whatever the files hold is hostile until checked: what cannot be read is left out, for a
 * trainer may be writing it. */
#include "studio/runs.h"

#include "formats/json-text.h"
#include "studio/json.h"
#include "studio/paths.h"
#include "studio/run-control.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#define TAIL (64 << 10) /* of metrics.jsonl: a hundred lines */
#define MAX_STATUS (256 << 10)
#define MAX_MESSAGE 2000 /* characters */

C2lRunInfo *
c2l_run_info_ref (C2lRunInfo *info)
{
  g_atomic_ref_count_inc (&info->refs);
  return info;
}

void
c2l_run_info_unref (C2lRunInfo *info)
{
  if (!g_atomic_ref_count_dec (&info->refs))
    return;
  g_free (info->folder);
  g_free (info->name);
  g_free (info->message);
  g_clear_pointer (&info->last, json_object_unref);
  g_free (info);
}

gboolean
c2l_run_is_alive (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "lock", NULL);
  struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
  int fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0);
  gboolean alive;

  if (fd < 0)
    return FALSE;
  alive = fcntl (fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  close (fd);
  return alive;
}

/* At most @max bytes from the end of a file; NULL where it cannot be read. */
static char *
read_end (const char *folder, const char *name, gsize max, gboolean *is_whole)
{
  g_autofree char *path = g_build_filename (folder, name, NULL), *text = NULL;
  int fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
  gint64 size, start;
  gssize n;

  if (fd < 0)
    return NULL;
  size = lseek (fd, 0, SEEK_END);
  start = MAX (0, size - (gint64) max);
  text = g_malloc (max + 1);
  n = size >= 0 ? pread (fd, text, max, start) : -1;
  close (fd);
  if (n < 0)
    return NULL;
  text[n] = '\0';
  *is_whole = start == 0;
  return g_steal_pointer (&text);
}

static void
read_metrics (C2lRunInfo *info)
{
  gboolean is_whole;
  g_autofree char *text = read_end (info->folder, "metrics.jsonl", TAIL, &is_whole);
  g_auto (GStrv) lines = text != NULL ? g_strsplit (text, "\n", -1) : NULL;
  int n_lines = lines != NULL ? (int) g_strv_length (lines) : 0;

  /* What stands behind the last line break may be half a line, and so may the first if the file
   * begins before it. */
  for (int i = n_lines - 2; i >= (is_whole ? 0 : 1) && info->last == NULL; i--)
    {
      g_autoptr (JsonObject) line = c2l_json_parse_object (lines[i], -1, "metrics.jsonl", NULL);

      if (line == NULL || c2l_json_get_int (line, "step", -1) < 0)
        continue;
      info->step = c2l_json_get_int (line, "step", -1);
      info->last = g_steal_pointer (&line);
    }
}

static const struct
{
  const char *name;
  C2lRunState state;
} states[] = {
  { "finished", C2L_RUN_FINISHED },
  { "stopped", C2L_RUN_STOPPED },
  { "failed", C2L_RUN_FAILED },
};

static void
read_status (C2lRunInfo *info)
{
  gboolean is_whole;
  g_autofree char *text = read_end (info->folder, "status.json", MAX_STATUS, &is_whole);
  g_autoptr (JsonObject) status
      = text != NULL ? c2l_json_parse_object (text, -1, "status.json", NULL) : NULL;
  const char *state, *message;

  info->state = C2L_RUN_INTERRUPTED;
  if (c2l_run_is_alive (info->folder))
    info->state = C2L_RUN_RUNNING;
  if (status == NULL)
    return;
  state = c2l_json_get_string (status, "state", "");
  message = c2l_json_get_string (status, "message", NULL);
  info->message
      = message != NULL
            ? g_utf8_substring (message, 0, MIN (g_utf8_strlen (message, -1), MAX_MESSAGE))
            : NULL;
  info->steps = MAX (0, c2l_json_get_int (status, "steps", 0));
  info->step = MAX (info->step, c2l_json_get_int (status, "step", -1));
  info->is_preparing = info->state == C2L_RUN_RUNNING && strcmp (state, "preparing") == 0;
  info->best_step = MAX (-1, c2l_json_get_int (status, "best_step", -1));
  info->best_value = c2l_json_get_double (status, "best_value", NAN);
  info->rate = c2l_json_get_double (status, "rate", NAN);
  info->left = c2l_json_get_double (status, "left_s", NAN);
  for (guint i = 0; i < G_N_ELEMENTS (states) && info->state != C2L_RUN_RUNNING; i++)
    if (strcmp (state, states[i].name) == 0)
      {
        info->state = states[i].state;
        break;
      }
}

/* While the data are made, the numbers are those of their maker. */
static void
read_preparation (C2lRunInfo *info)
{
  gboolean is_whole;
  g_autofree char *text = read_end (info->folder, C2L_RUN_DATASET_PROGRESS, TAIL, &is_whole);
  g_auto (GStrv) lines = text != NULL ? g_strsplit (text, "\n", -1) : NULL;

  for (int i = lines != NULL ? (int) g_strv_length (lines) - 2 : -1; i >= 0; i--)
    {
      g_autoptr (JsonObject) line
          = c2l_json_parse_object (lines[i], -1, C2L_RUN_DATASET_PROGRESS, NULL);
      double total = line != NULL ? c2l_json_get_double (line, "total", 0) : 0;

      if (!(total > 0))
        continue;
      info->prepared = CLAMP (c2l_json_get_double (line, "done", 0) / total, 0, 1);
      info->rate = c2l_json_get_double (line, "rate", NAN);
      info->left = c2l_json_get_double (line, "left_s", NAN);
      return;
    }
}

static guint
count_checkpoints (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "checkpoints", NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;
  guint n = 0;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    n += *name != '.';
  return n;
}

static gint64
get_time (const char *folder)
{
  static const char *const names[] = { "metrics.jsonl", "status.json", "config.yaml" };
  gint64 newest = 0;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (folder, names[i], NULL);
      GStatBuf info;

      if (g_stat (path, &info) == 0)
        newest = MAX (newest, (gint64) info.st_mtime);
    }
  return newest;
}

C2lRunInfo *
c2l_run_look_at (const char *folder)
{
  gint64 changed = get_time (folder);
  C2lRunInfo *info;

  if (changed == 0)
    return NULL;
  info = g_new0 (C2lRunInfo, 1);
  g_atomic_ref_count_init (&info->refs);
  info->folder = g_strdup (folder);
  info->name = g_filename_display_basename (folder);
  info->step = info->best_step = -1;
  info->rate = info->left = info->best_value = info->prepared = NAN;
  info->changed = changed;
  info->n_checkpoints = count_checkpoints (folder);
  read_metrics (info);
  read_status (info);
  if (info->is_preparing)
    read_preparation (info);
  return info;
}

static int
compare_runs (gconstpointer a, gconstpointer b)
{
  const C2lRunInfo *const *first = a, *const *second = b;
  gboolean first_runs = (*first)->state == C2L_RUN_RUNNING;
  gboolean second_runs = (*second)->state == C2L_RUN_RUNNING;

  if (first_runs != second_runs)
    return first_runs ? -1 : 1;
  if ((*first)->changed != (*second)->changed)
    return (*first)->changed > (*second)->changed ? -1 : 1;
  return g_utf8_collate ((*first)->name, (*second)->name);
}

GPtrArray *
c2l_runs_list (GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_run_info_unref);
  g_autofree char *runs = c2l_paths_dup_runs ();
  g_autoptr (GError) local = NULL;
  g_autoptr (GDir) dir = g_dir_open (runs, 0, &local);
  const char *name;

  if (dir == NULL && !g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *folder = g_build_filename (runs, name, NULL);
      C2lRunInfo *info = *name != '.' ? c2l_run_look_at (folder) : NULL;

      if (info != NULL)
        g_ptr_array_add (list, info);
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return NULL;
    }
  g_ptr_array_sort (list, compare_runs);
  return g_steal_pointer (&list);
}

static void
list_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;
  GPtrArray *list = c2l_runs_list (cancellable, &error);

  if (list != NULL)
    g_task_return_pointer (task, list, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

void
c2l_runs_list_async (GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);

  g_task_set_source_tag (task, c2l_runs_list_async);
  g_task_run_in_thread (task, list_in_thread);
}

GPtrArray *
c2l_runs_list_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, c2l_runs_list_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
