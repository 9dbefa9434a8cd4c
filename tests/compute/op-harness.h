/* The one harness that runs every operation of compute/ops.h on a device against the loops of reference.h.
 *
 * A suite is one operation with a table of shapes and a function that builds one case:
 *
 *   static void
 *   swiglu_case (OpCase *c, gconstpointer shape)
 *   {
 *     const OpArray *x = op_add (c, "x", OP_ACTIVATION, 1, OP_DIMS (2, 4, 1024));
 *     C2lTensor *y = c2l_swiglu (c->pass, x->tensor, c->out);
 *     if (op_run (c, y, c->out))
 *       op_compare (c, ref_swiglu (&x->ref), 1);
 *   }
 *
 * From it the harness makes, for each precision that the device has, the tests
 *   /ops/swiglu/matches-reference/f32              within the tolerance that op_compare() states;
 *                                                  inputs unchanged, a second run gives the same bits
 *   /ops/swiglu/same-on-any-number-of-threads/f32  bit for bit
 *   /ops/swiglu/same-alone-and-in-a-batch/f32      picture b of a batch has the bits it has alone
 * The device is that of the environment variable C2L_TEST_DEVICE, or "cpu"; with C2L_TEST_MAX_MFLOPS cases of more work are
 * passed over. Threads are a CPU's. Arrays are drawn from a seed of
 * their own, so that a case is the same on every device. With --verbose each case says how far off it is. */
#pragma once

#include "reference.h"

G_BEGIN_DECLS

#define OP_DIMS(...) \
  (int) (sizeof ((gint64[]) { __VA_ARGS__ }) / sizeof (gint64)), (const gint64[]) { __VA_ARGS__ }

typedef struct _OpCase OpCase;

typedef enum
{
  OP_FIXED_TYPES = 1 << 0, /* neither the type of operands nor that of the result varies */
  OP_NO_BATCH = 1 << 1     /* the first dimension is no row of pictures */
} OpFlags;

typedef struct
{
  const char *name;
  void (*build) (OpCase *c, gconstpointer shape);
  gconstpointer shapes;
  gsize shape_size, n_shapes;
  OpFlags flags;
  double bf16_tolerance; /* of products with bf16 operands; 0: this operation makes none */
} OpSuite;

#define OP_SUITE(name, build, shapes, ...) \
  { name, build, shapes, sizeof *(shapes), G_N_ELEMENTS (shapes), __VA_ARGS__ }

typedef enum
{
  OP_ACTIVATION, /* an input, a row a picture, in the operand type of the case */
  OP_BATCHED,    /* an f32 input, a row a picture */
  OP_SHARED,     /* an f32 input, the same for all pictures */
  OP_WEIGHT,     /* an f32 weight */
  OP_MATRIX      /* an f32 weight that activations are multiplied with, so rounded where those are */
} OpRole;

typedef struct
{
  RefArray ref; /* what the reference computes with: already rounded to the type that the device sees */
  C2lTensor *tensor;
  OpRole role;
  gpointer data; /* what was written to the tensor */
} OpArray;

struct _OpCase
{
  C2lPass *pass;
  C2lPrecision precision;
  C2lDtype operand, out; /* types of activations and of results that have a choice */

  /* the harness's own */
  const OpSuite *suite;
  GPtrArray *arrays;
  GString *description;
  guint64 random;
  gint64 batch;
  gint64 picture;        /* −1, or the only picture of the batch to compute */
  gboolean wants_reference;
  C2lTensor *result;
  GBytes *bytes;
};

/* Opens the device; FALSE: it is not to be had, and the one test that says so is registered. */
gboolean       op_harness_init (void);
void           op_harness_add (const OpSuite *suites, gsize n_suites);
/* g_test_run(), and closes the device. */
int            op_harness_run (void);

/* All of it: the main of a program that has suites only. */
int            op_harness_main (int argc, char **argv, const OpSuite *suites, gsize n_suites);

C2lDevice     *op_get_device (void);
/* The name it was opened by. */
const char    *op_get_device_name (void);

/* Adds an operand with values uniform in ±√3·@scale (so of variance @scale²), or with the given ones. */
const OpArray *op_add (OpCase *c, const char *name, OpRole role, double scale, int n_dims,
                       const gint64 *dims);
const OpArray *op_add_values (OpCase *c, const char *name, OpRole role, const double *values,
                              int n_dims, const gint64 *dims);
/* The same in a given type of the device (i32 and u8 operands). */
const OpArray *op_add_typed (OpCase *c, const char *name, OpRole role, C2lDtype dtype,
                             const double *values, int n_dims, const gint64 *dims);
/* What the reference and the device take for an operand that may be absent (NULL). */
const RefArray *op_ref (const OpArray *array);
C2lTensor     *op_tensor (const OpArray *array);
/* For shapes that are given as numbers: @B, or 1 where one picture is computed alone. */
gint64         op_batch (OpCase *c, gint64 B);
/* The next number of the case's own sequence, uniform in [0, 1). */
double         op_random (OpCase *c);
/* Adds to the description of the case that failures print. */
void           op_note (OpCase *c, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* Compiles and runs; TRUE where the reference is wanted. */
gboolean       op_run (OpCase *c, C2lTensor *y, C2lDtype dtype);

/* Tolerances are relative to the largest expected magnitude, or to 1 where all are smaller. @n_products: how
 * many rounded terms a result sums up, at least 1; 0: the result must be exact. @expected is taken. */
void           op_compare (OpCase *c, RefArray *expected, double n_products);
/* For tests of the pass itself: one in f32, and an f32 input of it. */
C2lPass       *op_new_pass (void);
C2lTensor     *op_add_input (C2lPass *pass, const char *name, int n_dims, const gint64 *dims);
/* Compile and run it; they assert. */
void           op_compile_pass (C2lPass *pass);
void           op_run_pass (C2lPass *pass);

/* Values of the result, for comparisons of another kind. */
RefArray      *op_dup_result (OpCase *c);
/* Reports a failure with the description of the case; the test goes on. */
void           op_fail (OpCase *c, const char *format, ...) G_GNUC_PRINTF (2, 3);

G_END_DECLS
