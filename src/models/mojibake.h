/* Repairs UTF-8 that was read as Windows-1252 or Latin-1: "cafÃ©" was "café". */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* c2l_repair_mojibake:
 * @text: UTF-8 of @length bytes Puts right every run of characters whose bytes are UTF-8 and that
 * nobody would write; once, so that text garbled twice needs two calls. Other encodings, and bytes
 * that were lost, are not repaired. */
GString *c2l_repair_mojibake (const char *text, gsize length);

/* The byte that Windows-1252 writes @c as, Latin-1's where that has none, or -1. */
int      c2l_windows_1252_from_unichar (gunichar c);

/* The reverse for U+0080 … U+009F, where Latin-1 has control characters; any other @c is returned
 * as it is. */
gunichar c2l_windows_1252_to_unichar (gunichar c);

G_END_DECLS
