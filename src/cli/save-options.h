/* The options that say how pictures are named and packed, shared by the subcommands that save
 * some. */
#pragma once

#include "cli/cli.h"
#include "studio/save.h"

G_BEGIN_DECLS

typedef struct
{
  char *name_template, *format;
  int quality; /* 0 where not given */
} C2lSaveArguments;

/* A group for c2l_cli_parse(), taken by it. */
GOptionGroup *c2l_save_arguments_new_group (C2lSaveArguments *arguments);
void          c2l_save_arguments_clear (C2lSaveArguments *arguments);

/* What was given, checked, and c2l's own ways for the rest. A template that ends as a picture's file
 * does says the format, and its end is cut off in @arguments. @options points into @arguments and
 * @folder. @other: (nullable): a picture beside them, which the quality may be of. Wrong values are
 * G_OPTION_ERROR. */
gboolean      c2l_save_arguments_read (C2lSaveArguments *arguments, const char *folder, const char *other,
                                       C2lSaveOptions *options, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (C2lSaveArguments, c2l_save_arguments_clear)

G_END_DECLS
