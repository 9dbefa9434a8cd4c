/* The clean-up of a prompt before it is split into tokens: what ftfy.fix_text, two HTML unescapes,
 * folding of white space and lower-casing do to it in the original (REFERENCE section 1). */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* c2l_text_cleanup:
 * @text: any bytes; what is not UTF-8 becomes U+FFFD
 * @length: in bytes, or -1 where @text ends with a NUL
 * Returns UTF-8 in lower case, without control characters, with single spaces. */
char *c2l_text_cleanup (const char *text, gssize length);

/* Unicode's full lower-casing, independent of the user's language: knows the final sigma and
 * "İ". */
char *c2l_text_lower (const char *text);

G_END_DECLS
