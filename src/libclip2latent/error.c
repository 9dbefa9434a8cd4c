/* The library's errors: those of the rooms below under one domain that does not change with them.
 */
#include "libclip2latent/library-private.h"

#include "studio/download.h"

/* Other languages know the domain by this text. */
GQuark
c2l_error_quark (void)
{
  return g_quark_from_static_string ("c2l-error-quark");
}

typedef struct
{
  GQuark (*domain) (void);
  int code;
  C2lError public_code;
} Translation;

#define ANY (-1)

/* The first that fits is taken. */
static const Translation translations[] = {
  { c2l_studio_error_quark, C2L_STUDIO_ERROR_BUNDLE, C2L_ERROR_MODEL },
  { c2l_studio_error_quark, C2L_STUDIO_ERROR_RECIPE, C2L_ERROR_INVALID },
  { c2l_studio_error_quark, C2L_STUDIO_ERROR_INVALID, C2L_ERROR_INVALID },
  { c2l_studio_error_quark, C2L_STUDIO_ERROR_MISMATCH, C2L_ERROR_MISMATCH },
  { c2l_studio_error_quark, C2L_STUDIO_ERROR_DEFAULTS, C2L_ERROR_INVALID },
  { c2l_compute_error_quark, C2L_COMPUTE_ERROR_NO_DEVICE, C2L_ERROR_DEVICE },
  { c2l_compute_error_quark, C2L_COMPUTE_ERROR_UNSUPPORTED, C2L_ERROR_DEVICE },
  { c2l_compute_error_quark, C2L_COMPUTE_ERROR_LOST, C2L_ERROR_DEVICE },
  { c2l_compute_error_quark, C2L_COMPUTE_ERROR_MEMORY, C2L_ERROR_MEMORY },
  { c2l_compute_error_quark, C2L_COMPUTE_ERROR_SHAPE, C2L_ERROR_MISMATCH },
  { c2l_download_error_quark, C2L_DOWNLOAD_ERROR_NAME, C2L_ERROR_FILE },
  { c2l_download_error_quark, ANY, C2L_ERROR_NETWORK },
  { c2l_format_error_quark, ANY, C2L_ERROR_FILE },
  { g_file_error_quark, ANY, C2L_ERROR_FILE },
  { g_io_error_quark, ANY, C2L_ERROR_FILE },
};

static C2lError
translate (const GError *cause)
{
  for (guint i = 0; i < G_N_ELEMENTS (translations); i++)
    if (cause->domain == translations[i].domain ()
        && (translations[i].code == ANY || translations[i].code == cause->code))
      return translations[i].public_code;
  return C2L_ERROR_FAILED;
}

gboolean
c2l_error_propagate (GError **error, GError *cause)
{
  if (cause->domain != C2L_ERROR && !g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      cause->code = translate (cause);
      cause->domain = C2L_ERROR;
    }
  g_propagate_error (error, cause);
  return FALSE;
}
