/* Devices and precisions in words. A device that has no word yet goes by its own name. */
#include "app/c2l-device-names.h"

#include <glib/gi18n.h>

static const struct
{
  const char *name, *text;
} device_texts[] = {
  { "cpu", N_ ("Processor") },
};

static const struct
{
  const char *name, *text;
} precision_texts[] = {
  { "f32", N_ ("Exact") },
  { "fast", N_ ("Fast") },
  { "bf16", N_ ("Fastest, details may move") },
  { "fp16", N_ ("Half precision") },
};

const char *
c2l_device_names_get (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (device_texts); i++)
    if (g_strcmp0 (device_texts[i].name, name) == 0)
      return _ (device_texts[i].text);
  return name;
}

const char *
c2l_device_names_get_precision (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (precision_texts); i++)
    if (g_strcmp0 (precision_texts[i].name, name) == 0)
      return _ (precision_texts[i].text);
  return name;
}
