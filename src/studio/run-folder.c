/* The trainer's side of a run's folder. Knows no training: it writes what it is given, in an order
 * that a crash at any moment survives. Metrics are synced before a checkpoint that follows them
 * appears, so a checkpoint's past is always on the disk. */
#include "studio/run-folder.h"

#include "formats/json-text.h"
#include "formats/output.h"
#include "formats/torch-zip-writer.h"
#include "studio/json.h"
#include "studio/recipe.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define METRICS "metrics.jsonl"
#define CHECKPOINTS "checkpoints"
#define BEST "best.ckpt"
#define SUFFIX ".ckpt"
#define N_DIGITS 8
#define PART_PREFIX "." /* of files that are being written */

struct _C2lRunFolder
{
  char *path;
  int lock;
  int metrics;
  int log; /* −1: standard error is log.txt already, or it cannot be written */
};

/* An open-file-description lock: it goes with the process, and readers may ask for it without
 * taking it. */
static int
take_lock (const char *path, GError **error)
{
  g_autofree char *file = g_build_filename (path, "lock", NULL);
  struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
  int fd = g_open (file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);

  if (fd < 0)
    {
      c2l_output_fail (file, errno, error);
      return -1;
    }
  if (fcntl (fd, F_OFD_SETLK, &lock) == 0)
    return fd;
  close (fd);
  g_set_error (
      error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
      _ ("%s: a trainer works in this folder already; stop it first, or choose another folder"),
      path);
  return -1;
}

static int
open_log (const char *path)
{
  g_autofree char *file = g_build_filename (path, "log.txt", NULL);
  int fd = g_open (file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  struct stat own, standard;

  if (fd >= 0 && fstat (fd, &own) == 0 && fstat (STDERR_FILENO, &standard) == 0
      && own.st_dev == standard.st_dev && own.st_ino == standard.st_ino)
    {
      close (fd);
      return -1;
    }
  return fd;
}

static gboolean
make_folders (const char *path, GError **error)
{
  const char *const names[] = { "", CHECKPOINTS, "samples" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *folder = g_build_filename (path, names[i], NULL);

      if (g_mkdir_with_parents (folder, 0777) != 0)
        return c2l_output_fail (folder, errno, error);
    }
  return TRUE;
}

/* Whether something would be lost if a new run began in this folder. */
static gboolean
holds_work (const char *path)
{
  g_autofree char *metrics = g_build_filename (path, METRICS, NULL);
  g_autofree char *checkpoints = g_build_filename (path, CHECKPOINTS, NULL);
  g_autoptr (GDir) dir = g_dir_open (checkpoints, 0, NULL);
  GStatBuf info;

  return (g_stat (metrics, &info) == 0 && info.st_size > 0)
         || (dir != NULL && g_dir_read_name (dir) != NULL);
}

C2lRunFolder *
c2l_run_folder_open (const char *path, gboolean resume, GError **error)
{
  g_autofree char *config = g_build_filename (path, "config.yaml", NULL);
  g_autofree char *metrics = g_build_filename (path, METRICS, NULL);
  g_autoptr (C2lRunFolder) folder = g_new0 (C2lRunFolder, 1);

  folder->path = g_strdup (path);
  folder->lock = folder->metrics = folder->log = -1;
  if (resume && !g_file_test (config, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
                   _ ("%s: there is no run to resume; leave --resume out to start one"), path);
      return NULL;
    }
  if (!make_folders (path, error))
    return NULL;
  folder->lock = take_lock (path, error);
  if (folder->lock < 0)
    return NULL;
  if (!resume && holds_work (path))
    {
      g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
                   _ ("%s: there is a run already; --resume it, or choose another folder"), path);
      return NULL;
    }
  folder->metrics = g_open (metrics, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (folder->metrics < 0)
    {
      c2l_output_fail (metrics, errno, error);
      return NULL;
    }
  folder->log = open_log (path);
  c2l_run_folder_take_request (folder);
  return g_steal_pointer (&folder);
}

void
c2l_run_folder_close (C2lRunFolder *folder)
{
  const int files[] = { folder->log, folder->metrics, folder->lock };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    if (files[i] >= 0)
      close (files[i]);
  g_free (folder->path);
  g_free (folder);
}

const char *
c2l_run_folder_get_path (C2lRunFolder *folder)
{
  return folder->path;
}

char *
c2l_run_folder_dup_file (C2lRunFolder *folder, const char *name)
{
  return g_build_filename (folder->path, name, NULL);
}

gboolean
c2l_run_folder_add_metrics (C2lRunFolder *folder, JsonObject *line, GError **error)
{
  g_autofree char *json = c2l_json_object_to_string (line, FALSE);
  g_autofree char *text = g_strconcat (json, "\n", NULL);
  g_autofree char *path = c2l_run_folder_dup_file (folder, METRICS);
  off_t size = lseek (folder->metrics, 0, SEEK_END);
  int code = c2l_output_write_all (folder->metrics, text, strlen (text));

  if (code == 0)
    return TRUE;
  if (ftruncate (folder->metrics, size) != 0)
    c2l_run_folder_say (folder, "metrics.jsonl ends with a broken line");
  return c2l_output_fail (path, code, error);
}

static gboolean
is_validation (JsonObject *line)
{
  g_autoptr (GList) members = json_object_get_members (line);

  for (GList *member = members; member != NULL; member = member->next)
    if (g_str_has_prefix (member->data, "val/"))
      return TRUE;
  return FALSE;
}

/* Where the first line begins that does not belong to the first @step steps, or the end; −1 where
 * it cannot be read. */
static goffset
find_cut (const char *path, gint64 step, gboolean validation)
{
  FILE *file = g_fopen (path, "re");
  char *text = NULL;
  size_t capacity = 0;
  ssize_t length;
  goffset at = 0;
  struct stat info;

  if (file != NULL && (fstat (fileno (file), &info) != 0 || !S_ISREG (info.st_mode)))
    {
      g_clear_pointer (&file, fclose);
      errno = EINVAL; /* a device might never end */
    }
  while (file != NULL && (length = getline (&text, &capacity, file)) > 0)
    {
      g_autoptr (JsonObject) line
          = text[length - 1] == '\n' ? c2l_json_parse_object (text, length, METRICS, NULL) : NULL;
      gint64 of = line != NULL ? c2l_json_get_int (line, "step", G_MAXINT64) : G_MAXINT64;

      if (of > step || (of == step && validation && is_validation (line)))
        break;
      at += length;
    }
  free (text);
  if (file == NULL)
    return -1;
  fclose (file);
  return at;
}

gboolean
c2l_run_folder_write_status (C2lRunFolder *folder, JsonObject *status, GError **error)
{
  g_autofree char *path = c2l_run_folder_dup_file (folder, "status.json");
  g_autofree char *json = c2l_json_object_to_string (status, TRUE);
  g_autofree char *text = g_strconcat (json, "\n", NULL);
  g_autofree char *aside = c2l_run_folder_dup_file (folder, ".status.json");

  /* Not synced: it is written every second, and after a crash nobody believes it. */
  return g_file_set_contents_full (aside, text, -1, G_FILE_SET_CONTENTS_NONE, 0666, error)
         && c2l_output_publish (aside, path, TRUE, error);
}

void
c2l_run_folder_say (C2lRunFolder *folder, const char *text)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *time = now != NULL ? g_date_time_format (now, "%F %T") : g_strdup ("");
  g_autofree char *line = g_strdup_printf ("%s %s\n", time, text);

  if (folder->log >= 0)
    c2l_output_write_all (folder->log, line, strlen (line));
}

static gboolean
take_file (C2lRunFolder *folder, const char *name)
{
  g_autofree char *path = c2l_run_folder_dup_file (folder, name);
  return g_unlink (path) == 0;
}

C2lRunRequest
c2l_run_folder_take_request (C2lRunFolder *folder)
{
  gboolean stop = take_file (folder, "stop"), checkpoint = take_file (folder, "checkpoint");

  return stop         ? C2L_RUN_REQUEST_STOP
         : checkpoint ? C2L_RUN_REQUEST_CHECKPOINT
                      : C2L_RUN_REQUEST_NONE;
}

/* The step that a checkpoint's name says; −1 where it is none. */
static gint64
parse_name (const char *name)
{
  gsize n = strspn (name, "0123456789");

  return n >= N_DIGITS && n < 19 && strcmp (name + n, SUFFIX) == 0
             ? g_ascii_strtoll (name, NULL, 10)
             : -1;
}

static int
compare_steps (gconstpointer a, gconstpointer b)
{
  gint64 first = *(const gint64 *) a, second = *(const gint64 *) b;
  return (first < second) - (first > second);
}

/* Steps of a run's checkpoints, the newest first. Takes away what an interrupted writing left,
 * where @clean. */
static GArray *
list_steps (const char *path, gboolean clean)
{
  GArray *steps = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autofree char *folder = g_build_filename (path, CHECKPOINTS, NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      gint64 step = parse_name (name);

      if (step >= 0)
        g_array_append_val (steps, step);
      else if (clean && g_str_has_prefix (name, PART_PREFIX))
        {
          g_autofree char *part = g_build_filename (folder, name, NULL);
          g_unlink (part);
        }
    }
  g_array_sort (steps, compare_steps);
  return steps;
}

static char *
dup_checkpoint (const char *path, gint64 step)
{
  g_autofree char *name = g_strdup_printf ("%0*" G_GINT64_FORMAT SUFFIX, N_DIGITS, step);
  return g_build_filename (path, CHECKPOINTS, name, NULL);
}

gboolean
c2l_run_folder_cut (C2lRunFolder *folder, gint64 step, gboolean validation, GError **error)
{
  g_autofree char *path = c2l_run_folder_dup_file (folder, METRICS);
  g_autoptr (GArray) steps = list_steps (folder->path, TRUE);
  goffset at = find_cut (path, step, validation);

  if (at < 0)
    {
      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno),
                   _ ("%s: cannot be read: %s"), path, g_strerror (errno));
      return FALSE;
    }
  if (ftruncate (folder->metrics, at) != 0 || fsync (folder->metrics) != 0)
    return c2l_output_fail (path, errno, error);
  for (guint i = 0; i < steps->len && g_array_index (steps, gint64, i) > step; i++)
    {
      g_autofree char *file = dup_checkpoint (folder->path, g_array_index (steps, gint64, i));
      g_unlink (file);
    }
  return TRUE;
}

static void
delete_old (C2lRunFolder *folder, guint keep)
{
  g_autoptr (GArray) steps = list_steps (folder->path, TRUE);

  for (guint i = MAX (keep, 1); i < steps->len; i++)
    {
      g_autofree char *file = dup_checkpoint (folder->path, g_array_index (steps, gint64, i));
      g_unlink (file);
    }
}

/* So that the name, too, outlives a power cut; not all file systems know how. */
static void
sync_folder (const char *file)
{
  g_autofree char *folder = g_path_get_dirname (file);
  int fd = g_open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

  if (fd < 0)
    return;
  fsync (fd);
  close (fd);
}

char *
c2l_run_folder_save_checkpoint (C2lRunFolder *folder,
                                C2lWeights *weights,
                                gint64 step,
                                guint keep,
                                GError **error)
{
  g_autofree char *file = dup_checkpoint (folder->path, step);

  if (fsync (folder->metrics) != 0 && errno != EINVAL && errno != EROFS)
    {
      c2l_output_fail (folder->path, errno, error);
      return NULL;
    }
  if (!c2l_torch_zip_save (weights, NULL, file, error))
    {
      g_prefix_error (error, _ ("the checkpoint of step %" PRId64 ": "), step);
      return NULL;
    }
  sync_folder (file);
  delete_old (folder, keep);
  return g_steal_pointer (&file);
}

gboolean
c2l_run_folder_keep_best (C2lRunFolder *folder, gint64 step, GError **error)
{
  g_autofree char *file = dup_checkpoint (folder->path, step);
  g_autofree char *best = g_build_filename (folder->path, CHECKPOINTS, BEST, NULL);
  g_autofree char *aside = g_build_filename (folder->path, CHECKPOINTS, ".best", NULL);
  g_autoptr (GFile) from = g_file_new_for_path (file), to = g_file_new_for_path (aside);

  /* A checkpoint never changes, so a second name is as good as a copy; some file systems have none.
   */
  g_unlink (aside);
  if (link (file, aside) != 0
      && !g_file_copy (from, to, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL, error))
    return FALSE;
  return c2l_output_publish (aside, best, TRUE, error);
}

C2lWeights *
c2l_run_load_checkpoint (const char *path, gint64 *step, GError **error)
{
  g_autoptr (GArray) steps = list_steps (path, FALSE);
  g_autoptr (GError) reason = NULL;

  for (guint i = 0; i < steps->len; i++)
    {
      gint64 of = g_array_index (steps, gint64, i);
      g_autofree char *file = dup_checkpoint (path, of);
      C2lWeights *weights;

      g_clear_error (&reason);
      weights = c2l_weights_load (file, &reason);
      if (weights == NULL)
        continue;
      if (step != NULL)
        *step = of;
      return weights;
    }
  if (reason != NULL)
    g_propagate_error (error, g_steal_pointer (&reason));
  else
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT, _ ("%s: there is no checkpoint yet"),
                 path);
  return NULL;
}

C2lWeights *
c2l_run_load_best (const char *path, GError **error)
{
  g_autofree char *best = g_build_filename (path, CHECKPOINTS, BEST, NULL);
  C2lWeights *weights = c2l_weights_load (best, NULL);

  return weights != NULL ? weights : c2l_run_load_checkpoint (path, NULL, error);
}
