/* C2lPromptBar: what shall be drawn: prompts, options, how many, from which seed, and the button
 * that begins it. Asks the board; what it holds comes back when the program is started
 * again.
 *
 * Actions of the group “create” that it sends: generate, random-example, roll-seed
 * (c2l-create-actions.c does them). */
#pragma once

#include "app/c2l-board.h"

G_BEGIN_DECLS

#define C2L_TYPE_PROMPT_BAR (c2l_prompt_bar_get_type ())
G_DECLARE_FINAL_TYPE (C2lPromptBar, c2l_prompt_bar, C2L, PROMPT_BAR, GtkWidget)

/* What is taken over from a picture. */
typedef enum
{
  C2L_USE_PROMPT = 1 << 0,
  C2L_USE_SEED = 1 << 1,
  C2L_USE_OPTIONS = 1 << 2,
  C2L_USE_ALL = C2L_USE_PROMPT | C2L_USE_SEED | C2L_USE_OPTIONS
} C2lUse;

GtkWidget *c2l_prompt_bar_new (void);

void       c2l_prompt_bar_set_board (C2lPromptBar *bar, C2lBoard *board);

/* As Enter does. */
void       c2l_prompt_bar_generate (C2lPromptBar *bar);
/* The same with pictures of at most @size pixels, this once. */
void       c2l_prompt_bar_generate_small (C2lPromptBar *bar, int size);
/* Generates @prompt as if it had been typed. */
void       c2l_prompt_bar_generate_prompt (C2lPromptBar *bar, const char *prompt);
/* One of the model's example prompts, by chance, and draws it. */
void       c2l_prompt_bar_random_example (C2lPromptBar *bar);
/* Puts the keyboard into the prompt with all of it selected: typing replaces it. */
void       c2l_prompt_bar_select_prompt (C2lPromptBar *bar);
void       c2l_prompt_bar_roll_seed (C2lPromptBar *bar);
void       c2l_prompt_bar_toggle_lock (C2lPromptBar *bar);
void       c2l_prompt_bar_copy_seed (C2lPromptBar *bar);
void       c2l_prompt_bar_use_recipe (C2lPromptBar *bar, C2lRecipe *recipe, C2lUse use);
/* Pictures for each prompt. */
/* Of the prompts that stand there, one a line. */
guint      c2l_prompt_bar_count_prompts (C2lPromptBar *bar);
int        c2l_prompt_bar_get_count (C2lPromptBar *bar);
void       c2l_prompt_bar_set_count (C2lPromptBar *bar, int count);

G_END_DECLS
