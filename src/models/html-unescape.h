/* Character references of HTML: "&eacute;", "&#233;", "&#xE9;" become the characters they name. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* c2l_html_unescape:
 * @text: UTF-8 of @length bytes
 * Replaces references as browsers do, and as Python's html.unescape:
 * names without their semicolon count where old pages may leave it off ("&notin" is "¬in"), numbers
 * that name no character become U+FFFD or vanish. One pass: "&amp;lt;" becomes "&lt;". */
GString *c2l_html_unescape (const char *text, gsize length);

/* c2l_html_unescape_strict:
 * The same for unambiguous references only: they end in a semicolon, and a name that is known in
 * lower case may stand in capitals ("&EACUTE;" is "É"). */
GString *c2l_html_unescape_strict (const char *text, gsize length);

G_END_DECLS
