/* The YAML reader and its references. */
#include "formats/yaml.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (JsonObject) object = c2l_yaml_parse ((const char *) data, size, "fuzz", NULL);

  if (object != NULL)
    {
      g_autoptr (JsonObject) resolved = c2l_yaml_resolve (object, "fuzz", NULL);
    }
  return 0;
}
