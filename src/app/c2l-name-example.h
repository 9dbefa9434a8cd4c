/* What a template for the names of files comes to, shown while it is typed. */
#pragma once

#include "studio/picture-name.h"

G_BEGIN_DECLS

/* “For example “a person with red hair-4821-03.png”. Filled in are {prompt}, …”, of a template that
 * is good. */
char *c2l_name_example_dup (const char *name_template, C2lImageFormat format);

G_END_DECLS
