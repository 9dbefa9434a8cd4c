/* Languages and resources. A resource of a static library that nobody names would be left out by
 * the linker, so it is named here. */
#include "app/c2l-app.h"
#include "studio/languages.h"

#include "c2l-resources.h"

void
c2l_app_init (void)
{
  c2l_languages_init ();
  g_resources_register (c2l_ui_get_resource ());
}
