/* Brace ranges in names of many files, as webdataset's “{00000..99}.tar” and a shell's. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* So many names may come of one pattern. */
#define C2L_BRACES_MAX_NAMES 100000

/* c2l_braces_expand:
 * @pattern: text with any number of “{A..B}”, “{A..B..STEP}” (whole numbers; where one of them has leading zeros, all are as wide as the
 * wider one: {00000..99} is 00000 … 00099) and “{this,that}”, within each other, too. Braces with anything else in them stand for
 * themselves.
 * Returns the names in order, the last braces counting fastest, NULL-terminated; NULL and an error where there would be too many. */
char **c2l_braces_expand (const char *pattern, GError **error);

G_END_DECLS
