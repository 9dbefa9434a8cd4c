/* The catalogue that a subcommand looks into. */
#pragma once

#include "cli/cli.h"
#include "studio/catalogue.h"

G_BEGIN_DECLS

/* The program's own and the one at @address (nullable), which is fetched anew. */
C2lCatalogue *c2l_catalogue_options_open (const char *address, GError **error);

G_END_DECLS
