/* What the subcommands share. Signals are taken by a thread of their own with sigwait, because
 * cancelling takes locks that a signal handler must not. */
#include "cli/cli.h"

#include "studio/paths.h"
#include "studio/ranks.h"

#include <glib/gstdio.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static gboolean bar_is_shown;

/* The first signal that came, 0 before. */
static gint stop_signal;

#define EXIT_BY_SIGNAL 128 /* what shells add to a signal's number */

gboolean
c2l_cli_parse (const C2lCommand *command,
               int *argc,
               char ***argv,
               const GOptionEntry *entries,
               GOptionGroup **groups,
               int *exit_code)
{
  g_autofree char *usage = g_strdup_printf ("%s — %s", command->arguments, command->summary);
  g_autofree char *program = g_strdup_printf ("c2l %s", command->name);
  g_autoptr (GOptionContext) context = g_option_context_new (usage);
  g_autoptr (GError) error = NULL;
  gboolean help = FALSE, ok;
  const GOptionEntry help_entry[] = { { "help", 'h', G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &help,
                                        "Show this help and exit", NULL },
                                      G_OPTION_ENTRY_NULL };

  g_set_prgname (program);
  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_add_main_entries (context, entries, NULL);
  for (int i = 0; groups != NULL && groups[i] != NULL; i++)
    g_option_context_add_group (context, groups[i]);
  g_option_context_add_main_entries (context, help_entry, NULL);
  g_option_context_set_description (context, command->description);
  ok = g_option_context_parse (context, argc, argv, &error);
  if (help)
    {
      g_autofree char *text = g_option_context_get_help (context, FALSE, NULL);
      printf ("%s", text);
      *exit_code = C2L_EXIT_OK;
      return FALSE;
    }
  if (!ok)
    {
      *exit_code = c2l_cli_usage (command, "%s", error->message);
      return FALSE;
    }
  if (!c2l_paths_check (&error))
    {
      *exit_code = c2l_cli_fail (error);
      return FALSE;
    }
  /* “--” ends the options and is not an argument. */
  if (*argc > 1 && strcmp ((*argv)[1], "--") == 0)
    {
      memmove (*argv + 1, *argv + 2, (*argc - 1) * sizeof (char *));
      (*argc)--;
    }
  return TRUE;
}

static char *
dup_without_controls (const char *text, const char *kept)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *plain = g_string_new (NULL);

  for (const char *at = valid; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);
      gboolean is_plain = !g_unichar_iscntrl (c) || (c < 128 && strchr (kept, (int) c) != NULL);

      g_string_append_unichar (plain, is_plain ? c : ' ');
    }
  return g_string_free (plain, FALSE);
}

char *
c2l_cli_dup_plain (const char *text)
{
  return dup_without_controls (text, "");
}

void
c2l_cli_describe (const char *title, const char *format, ...)
{
  g_autofree char *text = NULL, *plain = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  plain = c2l_cli_dup_plain (text);
  if (title != NULL)
    printf ("%-12s ", title);
  printf ("%s\n", plain);
}

static void G_GNUC_PRINTF (1, 0) print_message (const char *format, va_list args)
{
  g_autofree char *raw = g_strdup_vprintf (format, args);
  /* Messages quote what stands in files. */
  g_autofree char *text = dup_without_controls (raw, "\n\t");

  c2l_cli_progress_clear ();
  /* Of several processes all write to the same terminal. */
  if (c2l_ranks_get_rank () > 0)
    g_printerr ("c2l (process %d of %d): %s\n", c2l_ranks_get_rank () + 1, c2l_ranks_get_size (),
                text);
  else
    g_printerr ("c2l: %s\n", text);
}

void
c2l_cli_message (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  print_message (format, args);
  va_end (args);
}

int
c2l_cli_usage (const C2lCommand *command, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  print_message (format, args);
  va_end (args);
  g_printerr ("Try “c2l %s --help”.\n", command->name);
  return C2L_EXIT_USAGE;
}

/* A bad file that was fetched would be taken again from where it is kept. */
static gboolean
is_about_kept_download (const char *message)
{
  g_autofree char *cache = c2l_paths_dup_cache ();
  g_autofree char *folder = g_strconcat (cache, G_DIR_SEPARATOR_S, NULL);

  return strstr (message, folder) != NULL;
}

int
c2l_cli_fail (const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      c2l_cli_message ("stopped");
      return c2l_cli_get_stopped ();
    }
  c2l_cli_message ("%s%s", error->message,
                   is_about_kept_download (error->message)
                       ? " (it was fetched and is kept there: delete it to have it fetched again)"
                       : "");
  return error->domain == G_OPTION_ERROR ? C2L_EXIT_USAGE : C2L_EXIT_FAILED;
}

gboolean
c2l_cli_refuse (GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, text);
  return FALSE;
}

GCancellable *
c2l_cli_get_cancellable (void)
{
  static GCancellable *cancellable;

  if (g_once_init_enter (&cancellable))
    g_once_init_leave (&cancellable, g_cancellable_new ());
  return cancellable;
}

int
c2l_cli_get_stopped (void)
{
  const int number = g_atomic_int_get (&stop_signal);

  return number != 0 ? EXIT_BY_SIGNAL + number : C2L_EXIT_STOPPED;
}

static gpointer
wait_for_signals (gpointer data)
{
  sigset_t *signals = data;
  int signal_number;

  sigwait (signals, &signal_number);
  g_atomic_int_set (&stop_signal, signal_number);
  g_cancellable_cancel (c2l_cli_get_cancellable ());
  sigwait (signals, &signal_number);
  _exit (EXIT_BY_SIGNAL + signal_number);
}

/* Who was started with nohup goes on when the terminal is closed. */
static gboolean
is_ignored (int signal_number)
{
  struct sigaction action;

  return sigaction (signal_number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

void
c2l_cli_catch_signals (void)
{
  static sigset_t signals;

  c2l_cli_get_cancellable ();
  sigemptyset (&signals);
  sigaddset (&signals, SIGINT);
  sigaddset (&signals, SIGTERM);
  if (!is_ignored (SIGHUP))
    sigaddset (&signals, SIGHUP);
  /* A file that may not grow any further is an error to tell of, not an end. */
  signal (SIGXFSZ, SIG_IGN);
  pthread_sigmask (SIG_BLOCK, &signals, NULL);
  g_thread_unref (g_thread_new ("signals", wait_for_signals, &signals));
}

#define BAR_WIDTH 32
/* What stands beside the bar and the words: brackets, percentage, spaces. */
#define BESIDE_BAR 10
/* The words change in length; the bar need not dance with short ones. */
#define USUAL_WORDS 19

/* A line that is wider than the terminal would wrap and leave its remains behind. */
static int
get_bar_width (const char *what)
{
  struct winsize size = { 0 };
  const int words = MAX (g_utf8_strlen (what, -1), USUAL_WORDS);

  if (ioctl (STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return BAR_WIDTH;
  return CLAMP (size.ws_col - BESIDE_BAR - words, 4, BAR_WIDTH);
}

void
c2l_cli_progress (double fraction, const char *what)
{
  static gint64 last;
  gint64 now = g_get_monotonic_time ();
  int width = get_bar_width (what), filled = CLAMP (fraction, 0, 1) * width;
  g_autoptr (GString) bar = NULL;

  if (!isatty (STDERR_FILENO) || (now - last < G_USEC_PER_SEC / 20 && fraction < 1))
    return;
  last = now;
  bar = g_string_new ("\r[");
  for (int i = 0; i < width; i++)
    g_string_append_c (bar, i < filled ? '#' : ' ');
  g_string_append_printf (bar, "] %3d %% %s\033[K", (int) (CLAMP (fraction, 0, 1) * 100), what);
  fputs (bar->str, stderr);
  fflush (stderr);
  bar_is_shown = TRUE;
}

void
c2l_cli_progress_clear (void)
{
  if (!bar_is_shown)
    return;
  fputs ("\r\033[K", stderr);
  fflush (stderr);
  bar_is_shown = FALSE;
}

char *
c2l_cli_dup_duration (double seconds)
{
  const gint64 minutes = (gint64) (seconds / 60), hours = minutes / 60, days = hours / 24;

  if (seconds < 100)
    return g_strdup_printf ("%.0f s", ceil (seconds));
  if (minutes < 100)
    return g_strdup_printf ("%" G_GINT64_FORMAT " min", minutes);
  if (hours < 48)
    return g_strdup_printf ("%" G_GINT64_FORMAT " h %" G_GINT64_FORMAT " min", hours, minutes % 60);
  return g_strdup_printf ("%" G_GINT64_FORMAT " d %" G_GINT64_FORMAT " h", days, hours % 24);
}
