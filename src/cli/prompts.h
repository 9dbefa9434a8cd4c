/* Prompts from arguments, from a file and from standard input. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* @file: (nullable): one prompt a line, "-" for standard input, as is an argument "-". Empty lines
 * are left out. NULL-terminated, possibly empty; NULL and an error where a file cannot be read. */
char **c2l_cli_read_prompts (int n_arguments, char **arguments, const char *file, GError **error);

G_END_DECLS
