/* What the subcommands of c2l share: the table's row, messages, exit codes, cancelling by Ctrl+C,
 * the progress bar.
 *
 * Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 failed, 2
 * wrong use, 128 and the signal's number where one stopped it: 130 after Ctrl+C. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define C2L_EXIT_OK 0
#define C2L_EXIT_FAILED 1
#define C2L_EXIT_USAGE 2
#define C2L_EXIT_STOPPED 130 /* by SIGINT, or by an answer of the user; see c2l_cli_get_stopped() */

typedef struct
{
  const char *name;
  const char *arguments;   /* "PROMPT…", for the usage line */
  const char *summary;     /* one line */
  const char *description; /* (nullable): paragraphs under the options */
  int (*run) (int argc, char **argv);
} C2lCommand;

extern const C2lCommand c2l_command_bench;
extern const C2lCommand c2l_command_dataset;
extern const C2lCommand c2l_command_download;
extern const C2lCommand c2l_command_evaluate;
extern const C2lCommand c2l_command_export;
extern const C2lCommand c2l_command_generate;
extern const C2lCommand c2l_command_history;
extern const C2lCommand c2l_command_import;
extern const C2lCommand c2l_command_info;
extern const C2lCommand c2l_command_models;
extern const C2lCommand c2l_command_morph;
extern const C2lCommand c2l_command_score;
extern const C2lCommand c2l_command_selftest;
extern const C2lCommand c2l_command_train;

/* Parses the options of @entries (and of @groups, NULL-terminated, may be NULL; taken). What is
 * left in @argv, from 1 on, are the arguments. TRUE, or FALSE with *exit_code set (0 after
 * --help). */
gboolean      c2l_cli_parse (const C2lCommand *command, int *argc, char ***argv, const GOptionEntry *entries,
                             GOptionGroup **groups, int *exit_code);

/* "c2l: …" on standard error. */
void          c2l_cli_message (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* The same for a wrong call, with a pointer to help; returns C2L_EXIT_USAGE. */
int           c2l_cli_usage (const C2lCommand *command, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* Says what went wrong; returns c2l_cli_get_stopped() for a cancelled operation, C2L_EXIT_USAGE for
 * a value that no option can have (G_OPTION_ERROR), else C2L_EXIT_FAILED. */
int           c2l_cli_fail (const GError *error);
/* Sets G_OPTION_ERROR for a value that no option can have; returns FALSE. */
gboolean      c2l_cli_refuse (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* Cancelled by SIGINT, SIGTERM or SIGHUP; a second signal ends the program at once. Lent. */
GCancellable *c2l_cli_get_cancellable (void);
/* The exit code of what was stopped: 128 and the number of the signal. */
int           c2l_cli_get_stopped (void);
/* To be called by main before anything starts a thread. */
void          c2l_cli_catch_signals (void);

/* @text without what a terminal would obey, such as escapes, and on one line: for what stands in
 * files (transfer full). */
char         *c2l_cli_dup_plain (const char *text);
/* A line of a description on standard output, in a column behind @title, "" where it continues the
 * last; NULL for none. Plain. */
void          c2l_cli_describe (const char *title, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* A progress bar on a terminal; silent elsewhere. */
void          c2l_cli_progress (double fraction, const char *what);
void          c2l_cli_progress_clear (void);
/* "40 s", "12 min", "3 h 5 min", for people (transfer full). */
char         *c2l_cli_dup_duration (double seconds);

G_END_DECLS
