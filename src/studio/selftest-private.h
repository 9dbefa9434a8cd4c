/* What the parts of the self-test share. */
#pragma once

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

gboolean c2l_selftest_tokenizer (C2lSelftest *self, GError **error);
gboolean c2l_selftest_edits (C2lSelftest *self, GError **error);
gboolean c2l_selftest_e2e (C2lSelftest *self, GError **error);

G_END_DECLS
