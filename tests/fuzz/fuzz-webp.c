/* The WebP reader, with the XMP in its files. */
#include "formats/webp.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (C2lImage) image = c2l_webp_parse (data, size, "fuzz", NULL);

  if (image != NULL)
    {
      guint sum = 0;

      for (gsize i = 0; i < (gsize) image->width * image->height * image->n_channels; i++)
        sum += image->pixels[i];
      g_assert_cmpuint (sum, <=, G_MAXUINT);
    }
  return 0;
}
