/* How long GTK's thread is held up, for tests and bench/window.py: it measures where the program's debug messages are wanted
 * (G_MESSAGES_DEBUG=clip2latent) and says the result as one of them. Time by the clock, which is what a person feels, and the processor time that the
 * thread had of it: what is between them went to other threads and programs, or was spent waiting. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* What is timed. Callbacks: whatever the main loop runs from one wait to the next, frames left out, so at least the longest callback. */
typedef enum
{
  C2L_STOPWATCH_CALLBACKS,
  C2L_STOPWATCH_LAYOUT,   /* of a frame: styles, sizes, animations */
  C2L_STOPWATCH_SNAPSHOT, /* of a frame: the widgets say what is to be drawn */
  C2L_STOPWATCH_RENDERER, /* of a frame: GSK draws it */
  C2L_N_STOPWATCHES
} C2lStopwatchKind;

/* From now on, with the frames of this window, which is realised. On GTK's thread, once. Does nothing where nobody wants to know. */
void c2l_stopwatch_start (GtkWidget *window);
/* Around the window's snapshot. */
void c2l_stopwatch_begin_snapshot (void);
void c2l_stopwatch_end_snapshot (void);
/* Says for each kind how many there were, within how many milliseconds 99 of 100 were done, and the longest; by the clock and of
 * processor time. */
void c2l_stopwatch_report (void);

G_END_DECLS
