/* C2lCovariance: how the channels of many vectors vary together, summed in double precision while the vectors come. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _C2lCovariance C2lCovariance;

C2lCovariance *c2l_covariance_new (int width);
void           c2l_covariance_free (C2lCovariance *covariance);

/* @x: [@n, width] */
void           c2l_covariance_add (C2lCovariance *covariance, const float *x, gsize n);
/* [width, width], of the population so far; the caller frees it. */
double        *c2l_covariance_dup_matrix (const C2lCovariance *covariance);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lCovariance, c2l_covariance_free)

G_END_DECLS
