/* Keeps this computer from falling asleep on its own while something long is done, through systemd-logind. Where that is not
 * to be had nothing happens. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* @why: for people who ask what keeps their computer awake
 * Returns what c2l_inhibit_end() takes; −1 where nobody could be asked. It ends with the process, too. */
int  c2l_inhibit_sleep (const char *why);
void c2l_inhibit_end (int inhibitor);

G_END_DECLS
