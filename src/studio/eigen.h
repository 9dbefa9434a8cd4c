/* Eigenvalues and eigenvectors of a symmetric matrix, in double precision: for finding directions among at most a few thousand channels. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* c2l_eigen_symmetric:
 * @a: [@n, @n] symmetric and finite; destroyed, and holds the eigenvectors afterwards: row i belongs to values[i], of length 1, the
 * component of largest magnitude (the first of several) positive   @values: [@n], largest first
 * FALSE where @a is not finite, or cancelled. About 4·n³ operations. */
gboolean c2l_eigen_symmetric (double *a, int n, double *values, GCancellable *cancellable, GError **error);

/* Makes the component of largest magnitude positive, so that the same direction has the same sign on every machine. */
void     c2l_eigen_fix_sign (double *vector, int n);

G_END_DECLS
