/* The words of the example are the language's own, as names keep any script. */
#include "app/c2l-name-example.h"

#include <glib/gi18n.h>

char *
c2l_name_example_dup (const char *name_template, C2lImageFormat format)
{
  /* Translators: an example of a prompt. */
  g_autofree char *name = c2l_name_template_dup_example (
      name_template, _ ("a person with red hair"), "model", format);
  g_autofree char *fields = c2l_name_template_dup_fields ();

  /* Translators: a file's name; names in braces that can stand in one, such as {prompt}. */
  return g_strdup_printf (_ ("For example “%s”. Filled in for each picture are %s."), name, fields);
}
