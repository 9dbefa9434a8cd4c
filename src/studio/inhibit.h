/* Keeps this computer from falling asleep on its own while something long is done, through systemd-logind or, from within a sandbox, through the
 * desktop's portal. Where neither is to be had nothing happens. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _C2lInhibitor C2lInhibitor;

/* @why: for people who ask what keeps their computer awake
 * Returns NULL where nobody could be asked. It ends with the process, too. */
C2lInhibitor *c2l_inhibit_sleep (const char *why);
void          c2l_inhibit_end (C2lInhibitor *inhibitor);

G_END_DECLS
