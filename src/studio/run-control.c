/* Processes and requests. The trainer gets a session of its own and nothing of the window's but the
 * end of a log, so neither closing the window nor its terminal ends it. While data are made in
 * front of a training, the run's lock is held by an open file that the processes inherit: who looks
 * sees a run that is alive from the first moment on. */
#include "studio/run-control.h"

#include "studio/paths.h"
#include "studio/recipe.h"
#include "studio/runs.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define TRAINER "c2l"
#define LOCK_FD 9 /* as the shell is told below: it knows single digits */

static void G_GNUC_PRINTF (3, 4) set_file_error (GError **error, int code, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "%s: %s", what,
               g_strerror (code));
}

/* --- the command --- */

char *
c2l_run_dup_trainer (void)
{
  g_autofree char *executable = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = executable != NULL ? g_path_get_dirname (executable) : NULL;
  g_autofree char *beside = folder != NULL ? g_build_filename (folder, TRAINER, NULL) : NULL;
  g_autofree char *built = c2l_paths_dup_build ("src/cli/" TRAINER);
  const char *const places[] = { beside, built };

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    if (places[i] != NULL && g_file_test (places[i], G_FILE_TEST_IS_EXECUTABLE)
        && !g_file_test (places[i], G_FILE_TEST_IS_DIR))
      return g_strdup (places[i]);
  return g_find_program_in_path (TRAINER);
}

static GStrv
build_training (const C2lRunOrder *order, const char *trainer)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  g_strv_builder_add_many (builder, trainer, "train", "--run", order->folder, NULL);
  if (order->resume)
    g_strv_builder_add (builder, "--resume");
  if (order->overrides != NULL)
    g_strv_builder_addv (builder, (const char **) order->overrides);
  return g_strv_builder_end (builder);
}

static GStrv
build_dataset (const C2lRunOrder *order, const char *trainer)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  g_strv_builder_add_many (builder, trainer, "dataset", NULL);
  g_strv_builder_addv (builder, (const char **) order->dataset);
  return g_strv_builder_end (builder);
}

static gboolean
is_plain_word (const char *word)
{
  for (const char *at = word; *at != '\0'; at++)
    if (!g_ascii_isalnum (*at) && strchr ("_-+=./:,@%", *at) == NULL)
      return FALSE;
  return *word != '\0';
}

static void
add_words (GString *text, GStrv words)
{
  for (int i = 0; words[i] != NULL; i++)
    {
      g_autofree char *quoted
          = is_plain_word (words[i]) ? g_strdup (words[i]) : g_shell_quote (words[i]);

      g_string_append_printf (text, "%s%s", i > 0 ? " " : "", quoted);
    }
}

char *
c2l_run_order_to_text (const C2lRunOrder *order)
{
  g_auto (GStrv) training = build_training (order, TRAINER);
  GString *text = g_string_new (NULL);

  if (order->dataset != NULL)
    {
      g_auto (GStrv) dataset = build_dataset (order, TRAINER);

      add_words (text, dataset);
      g_string_append (text, " && ");
    }
  add_words (text, training);
  return g_string_free (text, FALSE);
}

/* --- starting --- */

static gboolean
make_folder (const char *folder, GError **error)
{
  if (g_mkdir_with_parents (folder, 0755) == 0)
    return TRUE;
  set_file_error (error, errno, _ ("%s: the folder of the training cannot be made"), folder);
  return FALSE;
}

static int
open_in (const char *folder, const char *name, int flags, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  int fd = g_open (path, flags | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

  if (fd < 0)
    set_file_error (error, errno, _ ("%s: cannot be written"), path);
  return fd;
}

static gboolean
write_status (const char *folder, const char *state, const char *message, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "status.json", NULL);
  g_autofree char *text
      = g_strdup_printf ("{\"state\": \"%s\", \"message\": \"%s\"}\n", state, message);

  return g_file_set_contents (path, text, -1, error);
}

/* The data first. The lock is let go just before the trainer takes it. */
static char *
dup_script (const C2lRunOrder *order, const char *trainer)
{
  g_auto (GStrv) dataset = build_dataset (order, trainer);
  g_auto (GStrv) training = build_training (order, trainer);
  g_autofree char *status = g_build_filename (order->folder, "status.json", NULL);
  g_autofree char *quoted_status = g_shell_quote (status);
  g_autofree char *progress = g_build_filename (order->folder, C2L_RUN_DATASET_PROGRESS, NULL);
  g_autofree char *quoted_progress = g_shell_quote (progress);
  GString *script = g_string_new (NULL);

  add_words (script, dataset);
  g_string_append_printf (script,
                          " --json >%s || { echo '{\"state\": \"failed\", \"message\": "
                          "\"The data could not be made\"}' >%s; exit 1; }\n"
                          "exec 9<&-\nexec ",
                          quoted_progress, quoted_status);
  add_words (script, training);
  return g_string_free (script, FALSE);
}

static void
begin_session (gpointer data)
{
  setsid ();
}

static gboolean
spawn (const char *const *argv, int log, int lock, GError **error)
{
  const int sources[] = { lock }, targets[] = { LOCK_FD };

  /* Without G_SPAWN_DO_NOT_REAP_CHILD the process becomes nobody's child. */
  return g_spawn_async_with_pipes_and_fds (NULL, argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL,
                                           begin_session, NULL, -1, -1, log, sources, targets,
                                           lock >= 0 ? 1 : 0, NULL, NULL, NULL, NULL, error);
}

static gboolean
start_with_dataset (const C2lRunOrder *order, const char *trainer, int log, GError **error)
{
  g_autofree char *script = dup_script (order, trainer);
  const char *const argv[] = { "/bin/sh", "-c", script, NULL };
  struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
  int lock = open_in (order->folder, "lock", O_RDWR, error);
  gboolean ok;

  if (lock < 0)
    return FALSE;
  if (fcntl (lock, F_OFD_SETLK, &range) != 0)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                   _ ("%s: this training is running already"), order->folder);
      close (lock);
      return FALSE;
    }
  ok = write_status (order->folder, "preparing", "Making the data", error)
       && spawn (argv, log, lock, error);
  close (lock);
  return ok;
}

static void
remove_requests (const char *folder)
{
  static const char *const names[] = { "stop", "checkpoint" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (folder, names[i], NULL);

      g_unlink (path);
    }
}

gboolean
c2l_run_start (const C2lRunOrder *order, GError **error)
{
  g_autofree char *trainer = c2l_run_dup_trainer ();
  g_auto (GStrv) training = NULL;
  gboolean ok;
  int log;

  if (trainer == NULL)
    {
      g_set_error (
          error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
          _ ("%s: this program is not installed; it belongs beside Clip2Latent or in a folder "
             "of PATH"),
          TRAINER);
      return FALSE;
    }
  if (c2l_run_is_alive (order->folder))
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                   _ ("%s: this training is running already"), order->folder);
      return FALSE;
    }
  if (!make_folder (order->folder, error))
    return FALSE;
  /* What was asked of a trainer that is gone is not asked of the next. */
  remove_requests (order->folder);
  if (!order->resume && order->dataset == NULL
      && !write_status (order->folder, "preparing", "Starting", error))
    return FALSE;
  log = open_in (order->folder, "log.txt", O_WRONLY | O_APPEND, error);
  if (log < 0)
    return FALSE;
  training = build_training (order, trainer);
  ok = order->dataset != NULL ? start_with_dataset (order, trainer, log, error)
                              : spawn ((const char *const *) training, log, -1, error);
  close (log);
  return ok;
}

/* --- requests --- */

static gboolean
ask (const char *folder, const char *what, GError **error)
{
  int fd = open_in (folder, what, O_WRONLY, error);

  if (fd < 0)
    return FALSE;
  close (fd);
  return TRUE;
}

gboolean
c2l_run_ask_to_stop (const char *folder, GError **error)
{
  return ask (folder, "stop", error);
}

gboolean
c2l_run_ask_for_checkpoint (const char *folder, GError **error)
{
  return ask (folder, "checkpoint", error);
}

gboolean
c2l_run_is_asked_to_stop (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "stop", NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

/* --- names --- */

char *
c2l_run_dup_new_folder (const char *name)
{
  g_autofree char *runs = c2l_paths_dup_runs ();

  return c2l_paths_dup_new_folder (runs, name, "training");
}

char *
c2l_run_rename (const char *folder, const char *name, GError **error)
{
  g_autofree char *plain = c2l_paths_dup_plain_name (name);
  g_autofree char *parent = g_path_get_dirname (folder);
  g_autofree char *renamed = g_build_filename (parent, plain, NULL);
  const char *trouble = NULL;

  if (*plain == '\0')
    trouble = "this cannot be the name of a folder; choose another one";
  else if (c2l_run_is_alive (folder))
    trouble = "this training is running; stop it before it gets another name";
  else if (g_file_test (renamed, G_FILE_TEST_EXISTS))
    trouble = "another training has this name already; choose another one";
  if (trouble != NULL)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID, "%s: %s", name, trouble);
      return NULL;
    }
  if (g_rename (folder, renamed) != 0)
    {
      set_file_error (error, errno, _ ("%s: cannot get another name"), folder);
      return NULL;
    }
  return g_steal_pointer (&renamed);
}

/* --- overrides --- */

static gboolean
is_override (const char *word)
{
  const char *equals = strchr (word, '=');

  if (equals == NULL || equals == word)
    return FALSE;
  for (const char *at = word; at < equals; at++)
    if (!g_ascii_isalnum (*at) && strchr ("_.-+", *at) == NULL)
      return FALSE;
  return TRUE;
}

char **
c2l_run_parse_overrides (const char *text, GError **error)
{
  g_auto (GStrv) words = NULL;
  g_autoptr (GError) reason = NULL;

  if (!g_shell_parse_argv (text, NULL, &words, &reason))
    {
      if (g_error_matches (reason, G_SHELL_ERROR, G_SHELL_ERROR_EMPTY_STRING))
        return g_new0 (char *, 1);
      g_propagate_error (error, g_steal_pointer (&reason));
      return NULL;
    }
  for (int i = 0; words[i] != NULL; i++)
    if (!is_override (words[i]))
      {
        g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                     _ ("%s: not a setting; write key=value, such as data.bs=128"), words[i]);
        return NULL;
      }
  return g_steal_pointer (&words);
}
