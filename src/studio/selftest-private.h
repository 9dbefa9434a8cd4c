/* What the parts of the self-test share. */
#pragma once

#include "compute/pass.h"
#include "studio/selftest.h"

G_BEGIN_DECLS

typedef struct
{
  C2lExpected *expected;
  C2lDevice *device;
  C2lPrecision precision;
  const char *merges;
  const char *note;
  C2lSelftestReport report;
  gpointer data;
  guint n_compared;
  GError *error; /* (nullable): the first array that could not be compared */
} C2lSelftest;

/* A C2lCheckReport: compares, counts, reports. @self is a C2lSelftest. */
void     c2l_selftest_compare (const char *name, const float *values, gsize n, gpointer self);

/* Sets an error that names the folder; returns FALSE. */
gboolean    c2l_selftest_invalid (C2lSelftest *self, GError **error, const char *what);
/* The weights that info.json names for @role, which it must. */
C2lWeights *c2l_selftest_load_role (C2lSelftest *self, const char *role, GError **error);
/* The whole of an input, and of a kept tensor of floats. */
void        c2l_selftest_write (C2lTensor *tensor, gconstpointer data);
float      *c2l_selftest_read (C2lPass *pass, const char *name);
/* [n, R, R, 3] → [n, 3, R, R], the files' layout. */
float      *c2l_selftest_to_planes (const float *pictures, int n, int side);

gboolean c2l_selftest_dataset (C2lSelftest *self, GError **error);
gboolean c2l_selftest_tokenizer (C2lSelftest *self, GError **error);
gboolean c2l_selftest_edits (C2lSelftest *self, GError **error);
gboolean c2l_selftest_e2e (C2lSelftest *self, GError **error);

G_END_DECLS
