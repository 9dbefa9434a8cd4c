/* Elementwise operations with broadcasting, and changes of shape. */
#include "op-harness.h"

#include <string.h>

typedef struct
{
  int n_dims;
  gint64 dims[C2L_MAX_DIMS];
} Dims;

#define D1(a)                                                                                      \
  {                                                                                                \
    1, { a }                                                                                       \
  }
#define D2(a, b)                                                                                   \
  {                                                                                                \
    2, { a, b }                                                                                    \
  }
#define D3(a, b, c)                                                                                \
  {                                                                                                \
    3, { a, b, c }                                                                                 \
  }
#define D4(a, b, c, d)                                                                             \
  {                                                                                                \
    4, { a, b, c, d }                                                                              \
  }

typedef struct
{
  Dims a, b, weight;
} BroadcastShape;

static const BroadcastShape broadcast_shapes[] = {
  { D3 (2, 4, 512), D3 (2, 4, 512), D1 (1) },
  { D3 (3, 4, 128), D1 (128), D3 (3, 1, 1) },
  { D3 (2, 50, 64), D2 (50, 64), D1 (64) },
  { D3 (2, 18, 512), D3 (2, 1, 512), D3 (1, 18, 1) }, /* truncation with a cutoff */
  { D2 (1, 512), D2 (3, 1), D2 (3, 512) },
  { D1 (1), D1 (1), D1 (1) },
  { D1 (1), D3 (2, 3, 5), D1 (5) },
  { D2 (7, 1), D2 (1, 11), D2 (1, 1) },
  { D4 (2, 5, 5, 3), D4 (1, 5, 5, 1), D4 (2, 1, 1, 3) },
  { { 5, { 2, 1, 3, 1, 5 } }, { 5, { 1, 4, 1, 2, 5 } }, D3 (3, 2, 1) },
  { D3 (3, 1, 17), D3 (3, 33, 1), D2 (33, 17) },
  { D2 (3, 70001), D2 (1, 70001), D1 (1) }, /* long enough to be shared between threads */
};

static const OpArray *
add_dims (OpCase *c, const char *name, OpRole role, const Dims *dims)
{
  return op_add (c, name, role, 1, dims->n_dims, dims->dims);
}

static void
add_case (OpCase *c, gconstpointer data)
{
  const BroadcastShape *s = data;
  const OpArray *a = add_dims (c, "a", OP_SHARED, &s->a), *b = add_dims (c, "b", OP_SHARED, &s->b);

  if (op_run (c, c2l_add (c->pass, a->tensor, b->tensor), C2L_F32))
    op_compare (c, ref_add (&a->ref, &b->ref), 0);
}

static void
multiply_case (OpCase *c, gconstpointer data)
{
  const BroadcastShape *s = data;
  const OpArray *a = add_dims (c, "a", OP_SHARED, &s->a), *b = add_dims (c, "b", OP_WEIGHT, &s->b);

  if (op_run (c, c2l_multiply (c->pass, a->tensor, b->tensor), C2L_F32))
    op_compare (c, ref_multiply (&a->ref, &b->ref), 0);
}

static void
lerp_case (OpCase *c, gconstpointer data)
{
  const BroadcastShape *s = data;
  const OpArray *a = add_dims (c, "a", OP_SHARED, &s->a), *b = add_dims (c, "b", OP_SHARED, &s->b);
  const OpArray *weight = add_dims (c, "weight", OP_SHARED, &s->weight);

  if (op_run (c, c2l_lerp (c->pass, a->tensor, b->tensor, weight->tensor), C2L_F32))
    op_compare (c, ref_lerp (&a->ref, &b->ref, &weight->ref), 1);
}

/* An operand may be given twice. */
static const Dims plain_shapes[] = {
  D1 (1), D1 (7), D2 (2, 17), D3 (2, 18, 33), D2 (3, 1024), D2 (1, 70001), { 5, { 2, 1, 3, 2, 5 } },
};

static void
add_to_itself_case (OpCase *c, gconstpointer data)
{
  const OpArray *a = add_dims (c, "a", OP_BATCHED, data);

  if (op_run (c, c2l_add (c->pass, a->tensor, a->tensor), C2L_F32))
    op_compare (c, ref_add (&a->ref, &a->ref), 0);
}

typedef struct
{
  int n;
  Dims dims;
} CombineShape;

static const CombineShape combine_shapes[] = {
  { 1, D1 (1) },    { 1, D2 (3, 17) },      { 2, D3 (2, 1, 512) },
  { 3, D2 (2, 7) }, { 3, D3 (16, 18, 33) }, { 4, D2 (3, 33333) },
};

static void
combine_case (OpCase *c, gconstpointer data)
{
  static const float coefficients[] = { 0.75f, -1.25f, 1e-3f, 2.0f };
  static const char *const names[] = { "term 0", "term 1", "term 2", "term 3" };
  const CombineShape *s = data;
  C2lTensor *terms[4];
  const RefArray *values[4];

  for (int i = 0; i < s->n; i++)
    {
      const OpArray *term = add_dims (c, names[i], OP_BATCHED, &s->dims);
      terms[i] = term->tensor;
      values[i] = &term->ref;
    }
  if (op_run (c, c2l_combine (c->pass, s->n, terms, coefficients), C2L_F32))
    op_compare (c, ref_combine (s->n, values, coefficients), 1);
}

static void
clamp_case (OpCase *c, gconstpointer data)
{
  const OpArray *x = add_dims (c, "x", OP_BATCHED, data);

  if (op_run (c, c2l_clamp (c->pass, x->tensor, -0.5f, 0.25f), C2L_F32))
    op_compare (c, ref_clamp (&x->ref, -0.5f, 0.25f), 0);
}

typedef struct
{
  C2lActivation act;
  float gain;
  double range;
} ActivateShape;

static const ActivateShape activate_shapes[] = {
  { C2L_ACT_LINEAR, 0, 8 },
  { C2L_ACT_LEAKY_RELU, 1, 8 },
  { C2L_ACT_LEAKY_RELU, (float) G_SQRT2, 300 },
  { C2L_ACT_RELU, 2, 8 },
  { C2L_ACT_SILU, 1, 8 },
  { C2L_ACT_SILU, 1, 300 },
  { C2L_ACT_SILU, 0.5f, 0.01 },
  { C2L_ACT_QUICK_GELU, 1, 8 },
  { C2L_ACT_QUICK_GELU, 1, 300 },
  { C2L_ACT_GELU, 0, 8 },
  { C2L_ACT_GELU, 1, 300 },
  { C2L_ACT_GELU, -1, 0.01 },
};

/* An even grid from −range to range, zero in the middle. */
static void
activate_case (OpCase *c, gconstpointer data)
{
  const ActivateShape *s = data;
  enum
  {
    N = 8191
  }; /* enough for several threads */
  double values[3 * N];
  const OpArray *x;

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    values[i] = s->range * ((int) i - 3 * N / 2) / (3 * N / 2);
  x = op_add_values (c, "x", OP_BATCHED, values, OP_DIMS (3, N));
  op_note (c, "act %d, gain %g, ±%g", s->act, s->gain, s->range);
  if (op_run (c, c2l_activate (c->pass, x->tensor, s->act, s->gain), C2L_F32))
    op_compare (c, ref_activate (&x->ref, s->act, s->gain), 1);
}

static void
cast_case (OpCase *c, gconstpointer data)
{
  const OpArray *x = add_dims (c, "x", OP_ACTIVATION, data);
  C2lTensor *y = c2l_cast (c->pass, x->tensor, c->out);

  if (c->operand == c->out)
    {
      g_assert_true (y == x->tensor);
      y = c2l_reshape (c->pass, y, x->ref.n_dims, x->ref.dims);
    }
  if (op_run (c, y, c->out))
    op_compare (c, ref_expand (&x->ref, x->ref.n_dims, x->ref.dims), 0);
}

typedef struct
{
  Dims from, to;
} ReshapeShape;

static const ReshapeShape reshape_shapes[] = {
  { D1 (1), { 5, { 1, 1, 1, 1, 1 } } },
  { D2 (6, 5), D1 (30) },
  { D4 (2, 4, 4, 3), D3 (2, 16, 3) },
  { D3 (2, 1, 512), D3 (1, 2, 512) },
};

static void
reshape_case (OpCase *c, gconstpointer data)
{
  const ReshapeShape *s = data;
  const OpArray *x = add_dims (c, "x", OP_ACTIVATION, &s->from);
  C2lTensor *y = c2l_reshape (c->pass, x->tensor, s->to.n_dims, s->to.dims);
  RefArray same = x->ref;

  same.n_dims = s->to.n_dims;
  memcpy (same.dims, s->to.dims, sizeof same.dims);
  if (op_run (c, y, c->operand))
    op_compare (c, ref_expand (&same, same.n_dims, same.dims), 0);
}

static const ReshapeShape expand_shapes[] = {
  { D1 (1), D1 (3) },
  { D2 (1, 512), D2 (3, 512) },
  { D1 (17), D3 (2, 3, 17) },
  { D3 (2, 1, 64), D3 (2, 18, 64) },
  { D3 (3, 5, 1), D3 (3, 5, 7) },
  { D3 (2, 1, 5), D4 (4, 2, 3, 5) },
  { D4 (1, 4, 4, 512), D4 (3, 4, 4, 512) },
  { D2 (5, 3), D2 (5, 3) },
};

static void
expand_case (OpCase *c, gconstpointer data)
{
  const ReshapeShape *s = data;
  const OpArray *x = add_dims (c, "x", OP_ACTIVATION, &s->from);

  if (op_run (c, c2l_expand (c->pass, x->tensor, s->to.n_dims, s->to.dims), c->operand))
    op_compare (c, ref_expand (&x->ref, s->to.n_dims, s->to.dims), 0);
}

typedef struct
{
  int axis, n;
  Dims dims; /* the size along @axis is taken from @sizes */
  gint64 sizes[8];
} ConcatShape;

static const ConcatShape concat_shapes[] = {
  { 1, 4, D3 (2, 0, 512), { 1, 1, 1, 1 } }, /* the prior's tokens, CLIP's class token */
  { 1, 2, D3 (3, 0, 768), { 1, 49 } },
  { 0, 2, D3 (0, 4, 33), { 2, 2 } },
  { 1, 2, D2 (3, 0), { 512, 512 } },
  { 2, 3, D3 (2, 5, 0), { 1, 17, 3 } },
  { 0, 1, D1 (0), { 5 } },
  { 0, 8, D1 (0), { 1, 2, 3, 4, 5, 6, 7, 8 } },
  { 3, 2, D4 (2, 3, 3, 0), { 5, 2 } },
};

static void
concat_case (OpCase *c, gconstpointer data)
{
  const ConcatShape *s = data;
  C2lTensor *parts[8];
  const RefArray *values[8];

  for (int i = 0; i < s->n; i++)
    {
      Dims dims = s->dims;
      const OpArray *part;

      dims.dims[s->axis] = s->sizes[i];
      part = add_dims (c, "part", OP_ACTIVATION, &dims);
      parts[i] = part->tensor;
      values[i] = &part->ref;
    }
  op_note (c, "axis %d", s->axis);
  if (op_run (c, c2l_concat (c->pass, s->axis, s->n, parts), c->operand))
    op_compare (c, ref_concat (s->axis, s->n, values), 0);
}

typedef struct
{
  Dims dims;
  int axis;
  gint64 start, length;
} SliceShape;

static const SliceShape slice_shapes[] = {
  { D3 (2, 4, 512), 1, 3, 1 },  { D3 (3, 38, 33), 1, 20, 18 },
  { D3 (1, 18, 64), 1, 5, 1 },  { D2 (5, 7), 0, 2, 3 },
  { D2 (5, 7), 1, 6, 1 },       { D1 (17), 0, 16, 1 },
  { D1 (3), 0, 0, 3 },          { D4 (2, 3, 5, 7), 3, 2, 4 },
  { D4 (2, 3, 5, 7), 2, 0, 5 }, { D3 (2, 77, 512), 2, 100, 301 },
};

static void
slice_case (OpCase *c, gconstpointer data)
{
  const SliceShape *s = data;
  const OpArray *x = add_dims (c, "x", OP_ACTIVATION, &s->dims);

  op_note (c, "axis %d, %" G_GINT64_FORMAT " from %" G_GINT64_FORMAT, s->axis, s->length, s->start);
  if (op_run (c, c2l_slice (c->pass, x->tensor, s->axis, s->start, s->length), c->operand))
    op_compare (c, ref_slice (&x->ref, s->axis, s->start, s->length), 0);
}

typedef struct
{
  Dims dims;
  int axis, n;
  double indices[8];
} GatherShape;

static const GatherShape gather_shapes[] = {
  { D2 (1000, 512),
    0,
    3,
    { 750, 0, 999 } }, /* time table, embedding of tokens, position of the last token */
  { D2 (49, 33), 0, 8, { 48, 0, 0, 1, 7, 47, 48, 2 } },
  { D3 (2, 77, 64), 1, 2, { 5, 76 } },
  { D3 (2, 3, 5), 1, 4, { 2, 2, 0, 1 } },
  { D2 (4, 3), 0, 6, { -1, 4, G_MAXINT32, G_MININT32, 1000000, 2 } }, /* clamped */
  { D3 (2, 3, 1), 1, 5, { -7, 3, G_MAXINT32, G_MININT32, 1 } },
  { D1 (5), 0, 3, { 4, 0, 2 } },
  { D2 (1, 1), 0, 1, { 0 } },
};

static void
gather_case (OpCase *c, gconstpointer data)
{
  const GatherShape *s = data;
  const OpArray *x = add_dims (c, "x", OP_ACTIVATION, &s->dims);
  const OpArray *indices
      = op_add_typed (c, "indices", OP_SHARED, C2L_I32, s->indices, OP_DIMS (s->n));

  op_note (c, "axis %d", s->axis);
  if (op_run (c, c2l_gather (c->pass, x->tensor, s->axis, indices->tensor), c->operand))
    op_compare (c, ref_gather (&x->ref, s->axis, &indices->ref), 0);
}

static const OpSuite suites[] = {
  OP_SUITE ("add", add_case, broadcast_shapes, .flags = OP_FIXED_TYPES | OP_NO_BATCH),
  OP_SUITE ("multiply", multiply_case, broadcast_shapes, .flags = OP_FIXED_TYPES | OP_NO_BATCH),
  OP_SUITE ("lerp", lerp_case, broadcast_shapes, .flags = OP_FIXED_TYPES | OP_NO_BATCH),
  OP_SUITE ("add-to-itself", add_to_itself_case, plain_shapes, .flags = OP_FIXED_TYPES),
  OP_SUITE ("combine", combine_case, combine_shapes, .flags = OP_FIXED_TYPES),
  OP_SUITE ("clamp", clamp_case, plain_shapes, .flags = OP_FIXED_TYPES),
  OP_SUITE ("activate", activate_case, activate_shapes, .flags = OP_FIXED_TYPES),
  OP_SUITE ("cast", cast_case, plain_shapes),
  OP_SUITE ("reshape", reshape_case, reshape_shapes, .flags = OP_NO_BATCH),
  OP_SUITE ("expand", expand_case, expand_shapes, .flags = OP_NO_BATCH),
  OP_SUITE ("concat", concat_case, concat_shapes, .flags = OP_NO_BATCH),
  OP_SUITE ("slice", slice_case, slice_shapes, .flags = OP_NO_BATCH),
  OP_SUITE ("gather", gather_case, gather_shapes, .flags = OP_NO_BATCH),
};

int
main (int argc, char **argv)
{
  return op_harness_main (argc, argv, suites, G_N_ELEMENTS (suites));
}
