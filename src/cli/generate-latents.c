/* The latents that --latent names, out of a .npy file. */
#include "cli/generate-latents.h"

#include "formats/npy.h"

#include <math.h>

#define MAX_LENGTH (1 << 28)

/* [D], [L, D] or [N, L, D]; of two dimensions it is one latent where the rows are as many as the
 * model has, else one a row. */
static gboolean
find_shape (C2lSession *session,
            const C2lArray *array,
            gint64 *n,
            gint64 *n_rows,
            const char *path,
            GError **error)
{
  C2lGenerator *generator = c2l_engine_get_generator (c2l_session_get_engine (session), error);

  if (generator == NULL)
    return FALSE;
  if (array->n_dims < 1 || array->n_dims > 3 || array->length == 0 || array->length > MAX_LENGTH)
    {
      g_autofree char *shape = c2l_array_to_string (array);
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                   "%s: %s is no latent; [D], [L, D], [N, D] or [N, L, D] is", path, shape);
      return FALSE;
    }
  *n_rows = array->n_dims == 1 ? 1 : array->dims[array->n_dims - 2];
  *n = array->n_dims == 3 ? array->dims[0] : 1;
  if (array->n_dims == 2 && *n_rows != c2l_generator_get_num_ws (generator)
      && *n_rows != c2l_session_get_n_latents (session))
    {
      *n = *n_rows;
      *n_rows = 1;
    }
  return TRUE;
}

GPtrArray *
c2l_generate_load_latents (C2lSession *session, const char *path, GError **error)
{
  g_autoptr (C2lNpy) npy = c2l_npy_load (path, error);
  g_autoptr (GPtrArray) latents = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_rows_free);
  g_autofree float *values = NULL;
  gint64 n, n_rows, width;

  if (npy == NULL || !find_shape (session, &npy->array, &n, &n_rows, path, error))
    return NULL;
  values = c2l_array_dup_f32 (&npy->array);
  for (gsize i = 0; i < npy->array.length; i++)
    if (!isfinite (values[i]))
      {
        g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                     "%s: it holds numbers that are not finite; make it again", path);
        return NULL;
      }
  width = npy->array.dims[npy->array.n_dims - 1];
  for (gint64 i = 0; i < n; i++)
    {
      C2lRows *rows = g_new0 (C2lRows, 1);

      c2l_rows_set (rows, n_rows, width, values + i * n_rows * width);
      g_ptr_array_add (latents, rows);
    }
  return g_steal_pointer (&latents);
}
