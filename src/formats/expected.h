/* C2lExpected: a folder that says what a model must compute: `info.json` (its type, its files by
 * role, the tolerances) and `expected.safetensors` (inputs and results). `c2l selftest` and the
 * test suite compare through it.
 *
 *   g_autoptr (C2lExpected) expected = c2l_expected_load (folder, &error);
 *   const C2lArray *x = c2l_expected_lookup (expected, "x");
 *   C2lComparison comparison;
 *   if (!c2l_expected_compare (expected, "net.cond", values, n, &comparison, &error)) … it lacks it
 *   if (!comparison.ok) … */
#pragma once

#include "formats/weights.h"

G_BEGIN_DECLS

typedef enum
{
  C2L_TOLERANCE_REL,  /* relative to the expected array's largest absolute value */
  C2L_TOLERANCE_ABS,
  C2L_TOLERANCE_EXACT
} C2lToleranceKind;

typedef struct
{
  C2lToleranceKind kind;
  double value;   /* the tolerance as the folder writes it */
  double largest; /* largest finite absolute value that was expected */
  double max_abs; /* largest absolute difference; infinite where only one of the two is finite */
  double max_rel; /* max_abs / largest */
  double limit;   /* what max_abs is held against */
  gsize worst;    /* index of the largest difference */
  gboolean ok;
} C2lComparison;

typedef struct _C2lExpected C2lExpected;

/* Reads @folder. expected.safetensors may be missing (lookups then find nothing); info.json may
 * not. */
C2lExpected    *c2l_expected_load (const char *folder, GError **error);
void            c2l_expected_free (C2lExpected *expected);

const char     *c2l_expected_get_folder (C2lExpected *expected);
/* "prior", "stylegan2", …: what the folder says it is. */
const char     *c2l_expected_get_type (C2lExpected *expected);
/* The whole of info.json; lent. */
JsonObject     *c2l_expected_get_info (C2lExpected *expected);

/* Paths of the files of @role, NULL-terminated and possibly empty; or the first one, or NULL. */
char          **c2l_expected_dup_files (C2lExpected *expected, const char *role);
char           *c2l_expected_dup_file (C2lExpected *expected, const char *role);

/* NULL where there is none of that name. */
const C2lArray *c2l_expected_lookup (C2lExpected *expected, const char *name);
/* Names in the order of the file, NULL-terminated; (transfer container). */
const char    **c2l_expected_list_names (C2lExpected *expected);

/* Compares @n values with the array @name by the first tolerance whose pattern fits. Equal
 * infinities, and NaN where NaN is expected, are equal. FALSE and an error where there is no such
 * array, it has another length, or no tolerance fits. */
gboolean        c2l_expected_compare (C2lExpected *expected, const char *name, const float *values, gsize n,
                                      C2lComparison *comparison, GError **error);

/* "max abs 1.2e-06, rel 4.0e-07 of 3.1 (limit 9.3e-05)", for people. */
char           *c2l_comparison_to_string (const C2lComparison *comparison);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lExpected, c2l_expected_free)

G_END_DECLS
