/* What a pass promises apart from its operations' arithmetic: memory that is planned and shared,
 * kept results and inputs, views, cancelling, threads, weights; and the device itself. The device
 * is that of C2L_TEST_DEVICE. */
#include "op-harness.h"

#include <math.h>
#include <string.h>

static C2lTensor *
new_weight (int n_dims, const gint64 *dims, float value)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RefArray) shape = ref_array_new (n_dims, dims);
  g_autofree float *data = g_new (float, shape->length);
  C2lTensor *weight;

  for (gsize i = 0; i < shape->length; i++)
    data[i] = value + i;
  weight = c2l_device_new_weight (op_get_device (), C2L_F32, n_dims, dims, data, &error);
  g_assert_no_error (error);
  return weight;
}

static void
write_floats (C2lTensor *tensor, const float *values)
{
  c2l_tensor_write (tensor, values, c2l_tensor_get_size (tensor));
}

static float *
dup_floats (C2lTensor *tensor)
{
  float *values = g_malloc (c2l_tensor_get_size (tensor));

  c2l_tensor_read (tensor, values, c2l_tensor_get_size (tensor));
  return values;
}

static void
assert_floats (C2lTensor *tensor, const float *expected)
{
  g_autofree float *values = dup_floats (tensor);

  for (gsize i = 0; i < c2l_tensor_get_length (tensor); i++)
    g_assert_cmpfloat (values[i], ==, expected[i]);
}

/* --- memory: random graphs of operations, evaluated on the host too */

enum
{
  N_GRAPHS = 40,
  N_NODES = 80,
  MAX_LENGTH = 3000
};

typedef struct
{
  C2lTensor *tensor;
  RefArray *value; /* one-dimensional, of magnitude 1 at most */
  gboolean kept;
} Node;

typedef struct
{
  C2lPass *pass;
  GRand *random;
  Node nodes[N_NODES];
  int n_nodes, n_inputs;
} Graph;

static RefArray *
new_random_row (GRand *random, gint64 length)
{
  RefArray *row = ref_array_new (1, &length);

  for (gint64 i = 0; i < length; i++)
    row->values[i] = (float) g_rand_double_range (random, -1, 1);
  return row;
}

static void
write_row (C2lTensor *tensor, const RefArray *row)
{
  g_autofree float *values = g_new (float, row->length);

  for (gsize i = 0; i < row->length; i++)
    values[i] = row->values[i];
  write_floats (tensor, values);
}

/* A node of the given length, or @otherwise. */
static Node *
pick_of_length (Graph *graph, gsize length, Node *otherwise)
{
  int start = g_rand_int_range (graph->random, 0, graph->n_nodes);

  for (int i = 0; i < graph->n_nodes; i++)
    {
      Node *node = &graph->nodes[(start + i) % graph->n_nodes];
      if (node->value->length == length)
        return node;
    }
  return otherwise;
}

/* There and back, so that a view of a view stands for the node. */
static C2lTensor *
view_of (Graph *graph, const Node *node)
{
  gint64 length = node->value->length;
  C2lTensor *view = c2l_reshape (graph->pass, node->tensor, OP_DIMS (1, length, 1));

  return c2l_reshape (graph->pass, view, 1, &length);
}

static Node
make_node (Graph *graph)
{
  static const float half_each[] = { 0.625f, -0.375f };
  C2lPass *pass = graph->pass;
  Node *a = &graph->nodes[g_rand_int_range (graph->random, 0, graph->n_nodes)];
  Node *b = pick_of_length (graph, a->value->length, a);
  gint64 length = a->value->length, start = g_rand_int_range (graph->random, 0, length);

  switch (g_rand_int_range (graph->random, 0, 8))
    {
    case 0:
      return (Node){ c2l_combine (pass, 2, (C2lTensor *[]){ a->tensor, b->tensor }, half_each),
                     ref_combine (2, (const RefArray *[]){ a->value, b->value }, half_each) };
    case 1:
      return (Node){ c2l_multiply (pass, a->tensor, b->tensor), ref_multiply (a->value, b->value) };
    case 2:
      return (Node){ c2l_clamp (pass, a->tensor, -0.5f, 0.75f),
                     ref_clamp (a->value, -0.5f, 0.75f) };
    case 3:
      return (Node){ c2l_activate (pass, a->tensor, C2L_ACT_LEAKY_RELU, 0.75f),
                     ref_activate (a->value, C2L_ACT_LEAKY_RELU, 0.75f) };
    case 4:
      return (Node){ c2l_slice (pass, a->tensor, 0, start, length - start),
                     ref_slice (a->value, 0, start, length - start) };
    case 5:
      b = &graph->nodes[g_rand_int_range (graph->random, 0, graph->n_nodes)];
      if (length + b->value->length <= MAX_LENGTH)
        return (Node){ c2l_concat (pass, 0, 2, (C2lTensor *[]){ a->tensor, b->tensor }),
                       ref_concat (0, 2, (const RefArray *[]){ a->value, b->value }) };
      /* too long: */
      G_GNUC_FALLTHROUGH;
    case 6:
      return (Node){ view_of (graph, a), ref_slice (a->value, 0, 0, length) };
    default:
      return (Node){ c2l_lerp (pass, a->tensor, b->tensor, view_of (graph, a)),
                     ref_lerp (a->value, b->value, a->value) };
    }
}

static void
graph_build (Graph *graph, guint32 seed)
{
  graph->random = g_rand_new_with_seed (seed);
  graph->pass = op_new_pass ();
  graph->n_inputs = 4;
  for (int i = 0; i < graph->n_inputs; i++)
    {
      gint64 length = g_rand_int_range (graph->random, 1, i % 2 == 0 ? 40 : 700);

      graph->nodes[i] = (Node){ op_add_input (graph->pass, NULL, 1, &length),
                                new_random_row (graph->random, length) };
      graph->n_nodes++;
    }
  while (graph->n_nodes < N_NODES)
    {
      Node node = make_node (graph);

      g_assert_nonnull (node.tensor);
      graph->nodes[graph->n_nodes++] = node;
    }
  for (int i = 0; i < N_NODES; i++)
    {
      g_autofree char *name = g_strdup_printf ("node %d", i);

      graph->nodes[i].kept = i == N_NODES - 1 || g_rand_int_range (graph->random, 0, 8) == 0;
      if (graph->nodes[i].kept)
        c2l_pass_keep (graph->pass, name, graph->nodes[i].tensor);
    }
}

static void
graph_check (Graph *graph)
{
  for (int i = 0; i < N_NODES; i++)
    {
      const Node *node = &graph->nodes[i];
      g_autofree float *values = NULL;

      if (!node->kept)
        continue;
      g_assert_cmpuint (c2l_tensor_get_length (node->tensor), ==, node->value->length);
      values = dup_floats (node->tensor);
      for (gsize j = 0; j < node->value->length; j++)
        g_assert_cmpfloat_with_epsilon (values[j], node->value->values[j], 1e-5);
    }
}

static void
graph_clear (Graph *graph)
{
  for (int i = 0; i < graph->n_nodes; i++)
    ref_array_free (graph->nodes[i].value);
  c2l_pass_free (graph->pass);
  g_rand_free (graph->random);
}

static void
test_random_graphs_match_the_host (void)
{
  for (guint32 seed = 1; seed <= N_GRAPHS; seed++)
    {
      Graph graph = { 0 };

      graph_build (&graph, seed);
      op_compile_pass (graph.pass);
      for (int i = 0; i < graph.n_inputs; i++)
        write_row (graph.nodes[i].tensor, graph.nodes[i].value);
      op_run_pass (graph.pass);
      graph_check (&graph);
      /* The inputs were not written again. */
      op_run_pass (graph.pass);
      graph_check (&graph);
      graph_clear (&graph);
    }
}

static void
test_a_long_chain_needs_the_memory_of_a_few_links (void)
{
  enum
  {
    LENGTH = 4096
  };
  g_autoptr (C2lPass) pass = op_new_pass ();
  C2lTensor *x = op_add_input (pass, "x", OP_DIMS (LENGTH)), *y = x;

  for (int i = 0; i < 50; i++)
    y = c2l_combine (pass, 1, &y, (float[]){ i % 2 == 0 ? 2 : 0.5f });
  c2l_pass_keep (pass, "y", y);
  op_compile_pass (pass);
  g_assert_cmpuint (c2l_pass_get_arena_size (pass), <=, 4 * LENGTH * sizeof (float));
}

/* --- kept tensors, inputs, views */

static void
test_kept_tensors_survive_what_comes_after (void)
{
  g_autoptr (C2lPass) pass = op_new_pass ();
  C2lTensor *x = op_add_input (pass, "x", OP_DIMS (3)), *y = x;
  const char *wanted[] = { "third", "first", "last", NULL };
  g_autofree const char **names = NULL;
  C2lTensor *links[20];

  for (int i = 0; i < 20; i++)
    links[i] = y = c2l_add (pass, y, x);
  c2l_pass_keep (pass, "third", links[2]);
  c2l_pass_keep (pass, "first", links[0]);
  c2l_pass_keep (pass, "last", links[19]);
  op_compile_pass (pass);
  write_floats (x, (float[]){ 1, -2, 3 });
  op_run_pass (pass);

  assert_floats (c2l_pass_lookup (pass, "first"), (float[]){ 2, -4, 6 });
  assert_floats (c2l_pass_lookup (pass, "third"), (float[]){ 4, -8, 12 });
  assert_floats (c2l_pass_lookup (pass, "last"), (float[]){ 21, -42, 63 });
  g_assert_true (c2l_pass_lookup (pass, "x") == x);
  g_assert_null (c2l_pass_lookup (pass, "second"));
  names = c2l_pass_list_kept (pass);
  for (int i = 0; i < 4; i++)
    g_assert_cmpstr (names[i], ==, wanted[i]);
}

static void
test_inputs_keep_their_content_between_runs (void)
{
  g_autoptr (C2lPass) pass = op_new_pass ();
  C2lTensor *early = op_add_input (pass, "early", OP_DIMS (2)),
            *late = op_add_input (pass, "late", OP_DIMS (2));
  C2lTensor *constant = c2l_pass_add_constant (pass, C2L_F32, OP_DIMS (2), (float[]){ 100, 200 });
  C2lTensor *y = c2l_add (pass, early, constant);

  for (int i = 0; i < 10; i++)
    y = c2l_add (pass, y, late);
  c2l_pass_keep (pass, "y", y);
  /* Written before and after compiling. */
  write_floats (early, (float[]){ 1, 2 });
  op_compile_pass (pass);
  write_floats (late, (float[]){ 0.5f, 1 });
  op_run_pass (pass);
  assert_floats (y, (float[]){ 106, 212 });
  write_floats (late, (float[]){ 1, 0 });
  op_run_pass (pass);
  assert_floats (y, (float[]){ 111, 202 });
  assert_floats (early, (float[]){ 1, 2 });
  assert_floats (constant, (float[]){ 100, 200 });
}

static void
test_views_see_what_they_look_at (void)
{
  g_autoptr (C2lPass) pass = op_new_pass ();
  C2lTensor *x = op_add_input (pass, "x", OP_DIMS (2, 3));
  C2lTensor *doubled = c2l_add (pass, x, x);
  C2lTensor *column
      = c2l_reshape (pass, c2l_reshape (pass, doubled, OP_DIMS (6)), OP_DIMS (3, 2, 1));
  C2lTensor *row = c2l_slice (pass, doubled, 0, 1, 1), *other = doubled, *sum;

  /* The memory of `doubled` must outlive its own last use, for its views' sake. */
  for (int i = 0; i < 8; i++)
    other = c2l_combine (pass, 1, &other, (float[]){ -1 });
  sum = c2l_add (pass, c2l_reshape (pass, other, OP_DIMS (3, 2, 1)), column);
  c2l_pass_keep (pass, "sum", sum);
  c2l_pass_keep (pass, "row", row);
  c2l_pass_keep (pass, "of input", c2l_reshape (pass, x, OP_DIMS (6)));
  op_compile_pass (pass);
  write_floats (x, (float[]){ 1, 2, 3, 4, 5, 6 });
  op_run_pass (pass);

  assert_floats (sum, (float[]){ 4, 8, 12, 16, 20, 24 });
  assert_floats (row, (float[]){ 8, 10, 12 });
  assert_floats (c2l_pass_lookup (pass, "of input"), (float[]){ 1, 2, 3, 4, 5, 6 });
  g_assert_cmpint (c2l_tensor_get_n_dims (column), ==, 3);
  g_assert_cmpint (c2l_tensor_get_dim (column, -2), ==, 2);
}

static void
test_taps_are_kept_only_when_enabled (void)
{
  for (int enabled = 0; enabled < 2; enabled++)
    {
      g_autoptr (C2lPass) pass = op_new_pass ();
      C2lTensor *x = op_add_input (pass, "x", OP_DIMS (2)), *y;

      if (enabled)
        c2l_pass_enable_taps (pass);
      y = c2l_add (pass, x, x);
      c2l_pass_tap (pass, y, "act.layer%d.%s", 3, "attn");
      c2l_pass_keep (pass, "z", c2l_add (pass, y, x));
      op_compile_pass (pass);
      write_floats (x, (float[]){ 1, 2 });
      op_run_pass (pass);
      assert_floats (c2l_pass_lookup (pass, "z"), (float[]){ 3, 6 });
      if (enabled)
        assert_floats (c2l_pass_lookup (pass, "act.layer3.attn"), (float[]){ 2, 4 });
      else
        g_assert_null (c2l_pass_lookup (pass, "act.layer3.attn"));
    }
}

/* --- running */

static void
test_cancelling_stops_a_run_and_spoils_nothing (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (C2lPass) pass = op_new_pass ();
  C2lTensor *x = op_add_input (pass, "x", OP_DIMS (2)), *y = c2l_add (pass, x, x);

  c2l_pass_keep (pass, "y", y);
  op_compile_pass (pass);
  write_floats (x, (float[]){ 1, 2 });
  g_cancellable_cancel (cancellable);
  g_assert_false (c2l_pass_run (pass, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  g_cancellable_reset (cancellable);
  g_clear_error (&error);
  g_assert_true (c2l_pass_run (pass, cancellable, &error));
  g_assert_no_error (error);
  assert_floats (y, (float[]){ 2, 4 });
}

/* Compiled once, then run by fewer and by more threads than there were. Large enough that all of
 * them get something. */
static void
test_threads_may_change_between_runs (void)
{
  enum
  {
    T = 80,
    D = 512,
    N = 640,
    R = 40,
    C = 17
  };
  g_autoptr (C2lTensor) gain = new_weight (OP_DIMS (D), -200),
                        weight = new_weight (OP_DIMS (N, D), -1000);
  g_autoptr (C2lTensor) kernel = new_weight (OP_DIMS (C, 3, 3, 3), -100);
  g_autoptr (C2lPass) pass = op_new_pass ();
  C2lTensor *x = op_add_input (pass, "x", OP_DIMS (T, D)),
            *picture = op_add_input (pass, "picture", OP_DIMS (2, R, R, 3));
  C2lTensor *results[3];
  g_autofree float *xs = g_new (float, (gsize) T *D), *pictures = g_new (float, 2 * R * R * 3);

  for (int i = 0; i < T * D; i++)
    xs[i] = sinf (i);
  for (int i = 0; i < 2 * R * R * 3; i++)
    pictures[i] = cosf (i);
  results[0] = c2l_layer_norm (pass, x, gain, NULL, 1e-5f, C2L_F32);
  results[1] = c2l_swiglu (pass, c2l_gemm (pass, results[0], weight, NULL), C2L_F32);
  results[2]
      = c2l_conv (pass, picture,
                  &(C2lConv){ .weight = kernel, .padding = 1, .gain = 0.5f, .act = C2L_ACT_RELU });
  for (int i = 0; i < 3; i++)
    c2l_pass_keep (pass, NULL, results[i]);
  op_compile_pass (pass);
  write_floats (x, xs);
  write_floats (picture, pictures);
  op_run_pass (pass);
  for (int i = 0; i < 3; i++)
    {
      g_autofree float *expected = dup_floats (results[i]);

      for (int n_threads = 5; n_threads >= 0; n_threads--)
        {
          c2l_device_set_n_threads (op_get_device (), n_threads);
          op_run_pass (pass);
          assert_floats (results[i], expected);
        }
    }
}

static void
test_profile_is_off_until_enabled (void)
{
  g_autoptr (C2lTensor) weight = new_weight (OP_DIMS (300, 200), 0);
  g_autoptr (C2lPass) pass = op_new_pass ();
  C2lTensor *x = op_add_input (pass, "x", OP_DIMS (500, 200));
  g_autofree char *before = NULL, *after = NULL;

  c2l_pass_keep (pass, "y", c2l_gemm (pass, x, weight, NULL));
  op_compile_pass (pass);
  g_assert_cmpfloat (c2l_pass_get_flops (pass), ==, 2.0 * 500 * 200 * 300);
  op_run_pass (pass);
  before = c2l_pass_dup_profile (pass);
  g_assert_cmpstr (before, ==, "");
  c2l_pass_enable_profile (pass);
  for (int i = 0; i < 20; i++)
    op_run_pass (pass);
  after = c2l_pass_dup_profile (pass);
  g_assert_nonnull (strstr (after, "gemm"));
}

/* --- weights */

static void
test_weights_live_as_long_as_their_passes (void)
{
  g_autoptr (C2lTensor) weight = new_weight (OP_DIMS (2, 3), 0);
  g_autoptr (C2lPass) first = op_new_pass (), second = op_new_pass ();
  C2lPass *passes[] = { first, second };
  C2lTensor *inputs[2], *results[2];

  for (int i = 0; i < 2; i++)
    {
      inputs[i] = op_add_input (passes[i], "x", OP_DIMS (i + 1, 3));
      results[i] = c2l_gemm (passes[i], inputs[i], weight, NULL);
      c2l_pass_keep (passes[i], "y", results[i]);
    }
  g_clear_pointer (&weight, c2l_tensor_unref);
  for (int i = 0; i < 2; i++)
    {
      op_compile_pass (passes[i]);
      write_floats (inputs[i], (float[]){ 1, 10, 100, 2, 20, 200 });
    }
  op_run_pass (first);
  assert_floats (results[0], (float[]){ 210, 543 });
  g_clear_pointer (&first, c2l_pass_free);
  op_run_pass (second);
  assert_floats (results[1], (float[]){ 210, 543, 420, 1086 });
}

static void
count_release (gpointer data)
{
  (*(int *) data)++;
}

static void
test_wrapped_data_is_released_once (void)
{
  static const float data[] = { 1, 2, 3 };
  g_autoptr (GError) error = NULL;
  int n_released = 0;
  C2lTensor *weight = c2l_device_wrap_weight (op_get_device (), C2L_F32, OP_DIMS (3), data,
                                              &n_released, count_release, &error);
  C2lPass *pass = op_new_pass ();
  C2lTensor *y = c2l_add (pass, op_add_input (pass, "x", OP_DIMS (3)), weight);

  g_assert_no_error (error);
  c2l_pass_keep (pass, "y", y);
  c2l_tensor_unref (weight);
  op_compile_pass (pass);
  write_floats (c2l_pass_lookup (pass, "x"), (float[]){ 10, 20, 30 });
  op_run_pass (pass);
  assert_floats (y, (float[]){ 11, 22, 33 });
  c2l_pass_free (pass);
  g_assert_cmpint (n_released, ==, 1);
}

/* An F16 weight gives the bits that its values in float32 give, in every layout that products of
 * different heights ask for. */
static void
test_half_precision_matrices_multiply_as_their_values (void)
{
  enum
  {
    N = 48,
    K = 80
  };
  g_autoptr (GError) error = NULL;
  static guint16 halves[N * K];
  static float values[N * K], x[67 * K], results[2][67 * N];
  gint64 dims[] = { N, K };
  int n_released = 0;

  for (int i = 0; i < N * K; i++)
    halves[i] = c2l_f32_to_f16 (0.01f * (float) ((i * 37) % 101 - 50));
  c2l_f16_to_f32_array (values, halves, N * K);
  for (int i = 0; i < 67 * K; i++)
    x[i] = 0.1f * (float) ((i * 53) % 97 - 48);

  C2lTensor *weights[] = {
    c2l_device_wrap_weight (op_get_device (), C2L_F16, 2, dims, halves, &n_released, count_release,
                            &error),
    c2l_device_new_weight (op_get_device (), C2L_F32, 2, dims, values, &error),
  };
  const int heights[] = { 1, 4, 67 };

  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (heights); i++)
    {
      for (int which = 0; which < 2; which++)
        {
          g_autoptr (C2lPass) pass = op_new_pass ();
          C2lTensor *y = c2l_gemm (pass, op_add_input (pass, "x", OP_DIMS (heights[i], K)),
                                   weights[which], NULL);

          c2l_pass_keep (pass, "y", y);
          op_compile_pass (pass);
          write_floats (c2l_pass_lookup (pass, "x"), x);
          op_run_pass (pass);
          c2l_tensor_read (y, results[which], c2l_tensor_get_size (y));
        }
      g_assert_cmpmem (results[0], sizeof (float) * heights[i] * N, results[1],
                       sizeof (float) * heights[i] * N);
    }
  c2l_tensor_unref (weights[0]);
  c2l_tensor_unref (weights[1]);
  g_assert_cmpint (n_released, ==, 1);
}

/* --- devices */

static void
test_unknown_devices_are_refused (void)
{
  const char *const names[] = { "", "abacus", "cpu:", "cpu:abacus", "CPU" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (c2l_device_open (names[i], &error));
      g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_NO_DEVICE);
    }
}

static void
test_a_device_describes_itself (void)
{
  g_assert_true (g_str_has_prefix (op_get_device_name (), c2l_device_get_kind (op_get_device ())));
  g_assert_cmpstr (c2l_device_get_description (op_get_device ()), !=, "");
}

static void
test_precision_names_round_trip (void)
{
  C2lPrecision parsed;

  for (C2lPrecision precision = 0; precision < C2L_N_PRECISIONS; precision++)
    {
      g_assert_true (c2l_precision_from_name (c2l_precision_get_name (precision), &parsed));
      g_assert_cmpint (parsed, ==, precision);
    }
  g_assert_false (c2l_precision_from_name ("f33", &parsed));
  g_assert_false (c2l_precision_from_name ("", &parsed));
}

static void
add_tests (void)
{
  g_test_add_func ("/pass/memory/random-graphs-match-the-host", test_random_graphs_match_the_host);
  g_test_add_func ("/pass/memory/a-long-chain-needs-that-of-a-few-links",
                   test_a_long_chain_needs_the_memory_of_a_few_links);
  g_test_add_func ("/pass/kept-tensors-survive-what-comes-after",
                   test_kept_tensors_survive_what_comes_after);
  g_test_add_func ("/pass/inputs-keep-their-content-between-runs",
                   test_inputs_keep_their_content_between_runs);
  g_test_add_func ("/pass/views-see-what-they-look-at", test_views_see_what_they_look_at);
  g_test_add_func ("/pass/taps-are-kept-only-when-enabled", test_taps_are_kept_only_when_enabled);
  g_test_add_func ("/pass/cancelling-stops-a-run-and-spoils-nothing",
                   test_cancelling_stops_a_run_and_spoils_nothing);
  g_test_add_func ("/pass/threads-may-change-between-runs", test_threads_may_change_between_runs);
  g_test_add_func ("/pass/profile-is-off-until-enabled", test_profile_is_off_until_enabled);
  g_test_add_func ("/pass/weights/live-as-long-as-their-passes",
                   test_weights_live_as_long_as_their_passes);
  g_test_add_func ("/pass/weights/wrapped-data-is-released-once",
                   test_wrapped_data_is_released_once);
  g_test_add_func ("/pass/weights/half-precision-matrices-multiply-as-their-values",
                   test_half_precision_matrices_multiply_as_their_values);
  g_test_add_func ("/device/refuses/unknown-names", test_unknown_devices_are_refused);
  g_test_add_func ("/device/describes-itself", test_a_device_describes_itself);
  g_test_add_func ("/precision/names-round-trip", test_precision_names_round_trip);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (op_harness_init ())
    add_tests ();
  return op_harness_run ();
}
