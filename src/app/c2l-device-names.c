/* Devices and precisions in words. A device that has no word yet goes by its own name. */
#include "app/c2l-device-names.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

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

char *
c2l_device_names_dup_details (const char *details)
{
  /* As the processor's device writes them; other instruction sets are names. */
  static const char *const words[] = { N_ ("AVX-512 with bf16"), N_ ("portable") };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_has_prefix (details, words[i]))
      return g_strconcat (_ (words[i]), details + strlen (words[i]), NULL);
  return g_strdup (details);
}

char *
c2l_device_names_dup_description (const char *description)
{
  int n_threads, length = 0;
  g_autofree char *details = NULL;

  if (sscanf (description, "CPU, %d threads, %n", &n_threads, &length) != 1 || length == 0)
    return g_strdup (description);
  details = c2l_device_names_dup_details (description + length);
  return g_strdup_printf (
      /* Translators: threads that compute at once; %s is an instruction set, such as AVX2. */
      ngettext ("Processor, %d thread, %s", "Processor, %d threads, %s", n_threads), n_threads,
      details);
}
