/* The catalogue that a subcommand looks into. Who names a second one wants it as it is now. */
#include "cli/catalogue-options.h"

#include "studio/catalogue-remote.h"

C2lCatalogue *
c2l_catalogue_options_open (const char *address, GError **error)
{
  g_autoptr (GError) second_error = NULL;
  g_autoptr (C2lCatalogue) catalogue = NULL;

  if (address != NULL && !c2l_catalogue_fetch (address, c2l_cli_get_cancellable (), error))
    return NULL;
  catalogue = c2l_catalogue_open (address, &second_error, error);
  if (second_error == NULL)
    return g_steal_pointer (&catalogue);
  g_propagate_error (error, g_steal_pointer (&second_error));
  return NULL;
}
