/* See generator-fixture.h. */
#include "generator-fixture.h"

#include "models/generator-check.h"

#include <math.h>
#include <string.h>

static void
compare (const char  *name,
         const float *values,
         gsize        n,
         gpointer     expected)
{
  fixture_compare (expected, name, values, n);
}

static void
test_matches_original (gconstpointer data)
{
  g_autoptr (C2lExpected) expected = fixture_load (data);
  g_autoptr (C2lDevice) device = generator_fixture_open_device ();
  g_autoptr (C2lWeights) weights = generator_fixture_load (data);
  g_autoptr (GError) error = NULL;

  c2l_generator_check (expected, weights, device, C2L_PRECISION_F32, compare, expected, &error);
  g_assert_no_error (error);
}

void
generator_fixture_add_tests (const char *kind,
                             const char *prefix)
{
  g_autofree char *path = fixture_dup_path (kind);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (path, 0, &error);
  int n_folders = 0;

  g_assert_no_error (error);
  for (const char *name = g_dir_read_name (dir); name != NULL; name = g_dir_read_name (dir), n_folders++)
    {
      g_autofree char *test = g_strconcat (prefix, "/matches-original/", name, NULL);

      g_test_add_data_func_full (test, g_build_filename (kind, name, NULL), test_matches_original, g_free);
    }
  g_assert_cmpint (n_folders, >, 0);
}

C2lDevice *
generator_fixture_open_device (void)
{
  g_autoptr (GError) error = NULL;
  C2lDevice *device = c2l_device_open ("cpu", &error);

  g_assert_no_error (error);
  return device;
}

C2lWeights *
generator_fixture_load (const char *relative)
{
  g_autoptr (C2lExpected) expected = fixture_load (relative);
  g_autofree char *path = c2l_expected_dup_file (expected, "generator");
  g_autoptr (GError) error = NULL;
  C2lWeights *weights = c2l_weights_load (path, &error);

  g_assert_no_error (error);
  return weights;
}

C2lGenerator *
generator_fixture_open (C2lWeights *weights,
                        C2lDevice  *device)
{
  g_autoptr (GError) error = NULL;
  C2lGenerator *generator = c2l_generator_load (weights, device, &error);

  g_assert_no_error (error);
  return generator;
}

C2lGenerator *
generator_fixture_open_folder (const char *relative,
                               C2lDevice  *device)
{
  g_autoptr (C2lWeights) weights = generator_fixture_load (relative);

  return generator_fixture_open (weights, device);
}

C2lWeights *
generator_fixture_copy (C2lWeights *weights,
                        const char *without)
{
  C2lWeights *copy = c2l_weights_new (c2l_weights_get_kind (weights), "made-up.pkl", "copy");
  g_autofree const char **names = c2l_weights_list_names (weights);
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  for (int i = 0; names[i] != NULL; i++)
    if (g_strcmp0 (names[i], without) != 0)
      c2l_weights_add (copy, names[i], c2l_weights_lookup (weights, names[i]));

  json_node_set_object (node, c2l_weights_get_config (weights));
  g_autofree char *text = json_to_string (node, FALSE);
  g_autoptr (JsonNode) parsed = json_from_string (text, NULL);
  c2l_weights_set_config (copy, json_node_get_object (parsed));
  return copy;
}

void
generator_fixture_assert_refused (C2lWeights *weights,
                                  const char *text)
{
  g_autoptr (C2lDevice) device = generator_fixture_open_device ();
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lGenerator) generator = c2l_generator_load (weights, device, &error);

  g_assert_null (generator);
  g_assert_nonnull (error);
  g_assert_true (error->domain == C2L_FORMAT_ERROR);
  g_test_message ("%s", error->message);
  if (strstr (error->message, text) == NULL || !g_str_has_prefix (error->message, "made-up.pkl: "))
    g_error ("“%s” should have been said, but “%s” was", text, error->message);
}

typedef struct
{
  const char *folder, *name;
} Missing;

static void
test_refuses_missing (gconstpointer data)
{
  const Missing *missing = data;
  g_autoptr (C2lWeights) whole = generator_fixture_load (missing->folder);
  g_autoptr (C2lWeights) weights = generator_fixture_copy (whole, missing->name);

  g_assert_nonnull (c2l_weights_lookup (whole, missing->name));
  generator_fixture_assert_refused (weights, "");
}

void
generator_fixture_add_missing (const char        *prefix,
                               const char        *folder,
                               const char *const *names,
                               gsize              n)
{
  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *test = g_strconcat (prefix, "/refuses/missing/", names[i], NULL);
      Missing missing = { folder, names[i] };

      g_test_add_data_func_full (test, g_memdup2 (&missing, sizeof missing), test_refuses_missing, g_free);
    }
}

void
generator_fixture_test_bf16 (gconstpointer folder)
{
  g_autoptr (C2lDevice) device = generator_fixture_open_device ();
  g_autoptr (C2lGenerator) generator = generator_fixture_open_folder (folder, device);
  g_autofree float *ws = generator_fixture_make_ws (generator, 2);
  gsize n;

  if (!c2l_device_supports (device, C2L_PRECISION_BF16))
    {
      g_test_skip ("no bfloat16 on this processor");
      return;
    }
  g_autofree float *exact = generator_fixture_draw (generator, device, 2, ws, &(Drawing) { 0 }, &n);
  g_autofree float *rough = generator_fixture_draw (generator, device, 2, ws, &(Drawing) { .precision = C2L_PRECISION_BF16 }, &n);
  g_assert_cmpfloat (generator_fixture_difference (rough, exact, n), <, 0.05);
}

float *
generator_fixture_draw (C2lGenerator  *generator,
                        C2lDevice     *device,
                        int            batch,
                        const float   *ws,
                        const Drawing *drawing,
                        gsize         *length)
{
  g_autoptr (C2lPass) pass = c2l_pass_new (device, drawing->precision, "test");
  const gint64 dims[] = { batch, c2l_generator_get_num_ws (generator), c2l_generator_get_w_dim (generator) };
  C2lSynthesis options = drawing->options;
  g_autoptr (GError) error = NULL;

  if (drawing->keys != NULL)
    options.noise_keys = c2l_pass_add_constant (pass, C2L_I32, 2, (gint64[]) { batch, 4 }, drawing->keys);
  if (drawing->transform != NULL)
    options.transform = c2l_pass_add_constant (pass, C2L_F32, 2, (gint64[]) { 3, 3 }, drawing->transform);
  if (drawing->tap != NULL)
    c2l_pass_enable_taps (pass);

  C2lTensor *latents = c2l_pass_add_constant (pass, C2L_F32, G_N_ELEMENTS (dims), dims, ws);
  C2lTensor *picture = c2l_generator_forward_synthesis (generator, pass, latents, &options);
  c2l_pass_keep (pass, "picture", picture);
  c2l_pass_compile (pass, &error);
  g_assert_no_error (error);
  c2l_pass_run (pass, NULL, &error);
  g_assert_no_error (error);

  C2lTensor *result = drawing->tap != NULL ? c2l_pass_lookup (pass, drawing->tap) : picture;
  g_assert_nonnull (result);
  *length = c2l_tensor_get_length (result);
  float *values = g_malloc (c2l_tensor_get_size (result));
  c2l_tensor_read (result, values, c2l_tensor_get_size (result));
  return values;
}

float *
generator_fixture_make_ws (C2lGenerator *generator,
                           int           batch)
{
  int n = batch * c2l_generator_get_num_ws (generator) * c2l_generator_get_w_dim (generator);
  float *ws = g_new (float, n);

  for (int i = 0; i < n; i++)
    ws[i] = (float) (1.5 * sin (0.37 * i * i + 1.3 * i));
  return ws;
}

double
generator_fixture_difference (const float *a,
                              const float *b,
                              gsize        length)
{
  double difference = 0, largest = 0;

  for (gsize i = 0; i < length; i++)
    {
      difference = fmax (difference, fabs ((double) a[i] - b[i]));
      largest = fmax (largest, fabs ((double) b[i]));
      g_assert_true (isfinite (a[i]) && isfinite (b[i]));
    }
  g_assert_cmpfloat (largest, >, 0);
  return difference / largest;
}
