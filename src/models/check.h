/* What the models' checks share: each runs a model on the inputs of a folder of expected results
 * (c2l_expected_load()) and hands out every result that the folder expects, so that `c2l selftest`
 * and the test suite compare the same things. What is computed follows from the arrays' names, not
 * from the folder's. */
#pragma once

#include "compute/pass.h"
#include "formats/expected.h"

G_BEGIN_DECLS

/* @values are in the file's own layout (pictures [B, C, R, R]) and as many as the model makes. */
typedef void (*C2lCheckReport) (const char *name, const float *values, gsize n, gpointer user_data);

/* The array @name as an input of the pass, float32 (or i32: integers), in the file's shape. NULL,
 * and a mistake of the recording, where the folder has no such array or it has not @n_dims
 * dimensions. */
C2lTensor *c2l_check_add_input (C2lPass *pass, C2lExpected *expected, const char *name, C2lDtype dtype,
                                int n_dims);

/* Compiles, runs, and reports all kept tensors that the folder expects under their name. */
gboolean   c2l_check_run (C2lPass *pass, C2lExpected *expected, C2lCheckReport report, gpointer user_data,
                          GError **error);

/* A kept tensor of a pass that ran, as floats. */
float     *c2l_check_dup (C2lTensor *tensor);

G_END_DECLS
