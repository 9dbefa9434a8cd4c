/* What the tests of models share: the folders of tests/fixtures, and the comparison with what they expect. */
#pragma once

#include "compute/pass.h"
#include "formats/expected.h"

G_BEGIN_DECLS

/* Path of a file or folder below $C2L_FIXTURES. */
char        *fixture_dup_path (const char *relative);
C2lExpected *fixture_load (const char *relative);

/* Calls @test for each object of the tokenizer's cases.jsonl, with its number. */
typedef void (*FixtureCase) (guint n, JsonObject *object, gpointer data);
void         fixture_foreach_prompt (FixtureCase test, gpointer data);

gboolean     fixture_has (C2lExpected *expected, const char *name);

/* The array as float32; fails the test where there is none. */
float       *fixture_dup_f32 (C2lExpected *expected, const char *name);
gint32      *fixture_dup_i32 (C2lExpected *expected, const char *name);
const C2lArray *fixture_get (C2lExpected *expected, const char *name);

/* Fails the test where @values leave the tolerance, and prints the largest difference in any case. */
void         fixture_compare (C2lExpected *expected, const char *name, const float *values, gsize n);
void         fixture_compare_tensor (C2lExpected *expected, const char *name, C2lTensor *tensor);

/* Writes a float32 array, or int64 numbers as i32, into an input of the same length. */
void         fixture_write (C2lExpected *expected, const char *name, C2lTensor *tensor);

G_END_DECLS
