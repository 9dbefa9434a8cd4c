/* C2lPromptEntry: where prompts are typed, one a line, with earlier ones to choose from below.
 * Enter asks to generate, Shift+Enter begins a new line. Knows neither library nor board. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define C2L_TYPE_PROMPT_ENTRY (c2l_prompt_entry_get_type ())
G_DECLARE_FINAL_TYPE (C2lPromptEntry, c2l_prompt_entry, C2L, PROMPT_ENTRY, GtkWidget)

/* Signals:
 *   ::changed            the text is another
 *   ::complete (line)    @line is being typed: c2l_prompt_entry_suggest() may follow, then or later
 *   ::activate           Enter, and no suggestion was chosen */
GtkWidget *c2l_prompt_entry_new (void);

char      *c2l_prompt_entry_dup_text (C2lPromptEntry *entry);
void       c2l_prompt_entry_set_text (C2lPromptEntry *entry, const char *text);
/* The lines that are not empty, without spaces around them; NULL where there is none. */
char     **c2l_prompt_entry_dup_prompts (C2lPromptEntry *entry);

/* Shows @prompts (nullable) below the line, if it is still @line that is typed; nothing is
 * chosen at first. */
void       c2l_prompt_entry_suggest (C2lPromptEntry *entry,
                                     const char *line,
                                     const char *const *prompts);

/* So that typing replaces it. */
void       c2l_prompt_entry_select_all (C2lPromptEntry *entry);

G_END_DECLS
