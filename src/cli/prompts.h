/* Prompts as they are given to subcommands, and where each one stands, so that what is said of it
 * can be found again among hundreds.
 *
 *   g_auto (C2lPrompts) prompts = { 0 };
 *   if (!c2l_prompts_read (&prompts, argc - 1, argv + 1, file, "say what to draw", &error)) …
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  char **texts;  /* NULL-terminated */
  char **places; /* for each of them "list.txt, line 3", "prompt 2", or "" where there is but one */
  guint n;
} C2lPrompts;

/* Those of the @arguments, where “-” stands for the lines of standard input, and then those of the
 * lines of @file (nullable); lines without a word are no prompts. Refuses, as G_OPTION_ERROR, an
 * argument that says nothing, with @advice, or cannot be; a line that cannot be is another error,
 * which names it. FALSE, too, when it was cancelled while it waited for input. */
gboolean c2l_prompts_read (C2lPrompts *prompts, int n_arguments, char **arguments, const char *file,
                           const char *advice, GError **error);
void     c2l_prompts_clear (C2lPrompts *prompts);

/* Where @prompt, one of the texts, stands. Lent. */
const char *c2l_prompts_get_place (const C2lPrompts *prompts, const char *prompt);

/* Says that the model did not take all of the prompt at @place (may be ""); @words: those that it
 * did not take. */
void     c2l_prompts_warn_cut (const char *place, const char *words);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (C2lPrompts, c2l_prompts_clear)

G_END_DECLS
