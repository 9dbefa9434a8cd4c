/* Helpers of the readers around C2lArray; what others need of it stands in weights.h. */
#pragma once

#include "formats/weights.h"

G_BEGIN_DECLS

/* Fills all but the data. FALSE where @dims is not a shape that memory could hold (too many,
 * negative, overflowing). */
gboolean c2l_array_init (C2lArray *array, C2lDtype dtype, int n_dims, const gint64 *dims);
/* Bytes of its elements. */
gsize    c2l_array_get_size (const C2lArray *array);
gboolean c2l_array_has_shape (const C2lArray *array, int n_dims, const gint64 *dims);

G_END_DECLS
