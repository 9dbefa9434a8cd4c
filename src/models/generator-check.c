/* Runs a generator on a folder's inputs; see the header. Each expected picture is a pass of its
 * own. Where the folder has the latents that the original's mapping network made, the picture is
 * drawn from those, so that each network is measured alone. */
#include "models/generator-check.h"

#include <stdlib.h>
#include <string.h>

#define MAX_NOISE_LAYERS 64

typedef struct
{
  C2lExpected *expected;
  C2lWeights *weights;
  C2lDevice *device;
  C2lGenerator *generator;
  C2lPrecision precision;
  C2lCheckReport report;
  gpointer user_data;
} Check;

/* What an array's name asks for: "image.psi0.7.const", "w.psi0.5.cutoff3", … */
typedef struct
{
  char *psi; /* "psi0.7", or NULL */
  gboolean ws_plus;
  int cutoff;       /* −1: none */
  const char *rest; /* what follows: "const", "rotate20" or "" */
} Request;

static void
request_clear (Request *request)
{
  g_free (request->psi);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Request, request_clear)

/* @name begins behind "w" or "image". Dots separate words, but one before a digit belongs to a
 * number. */
static void
parse_request (const char *name, Request *request)
{
  *request = (Request){ .cutoff = -1, .rest = name };

  while (*name == '.')
    {
      gsize length = 1;

      while (name[length] != '\0' && (name[length] != '.' || g_ascii_isdigit (name[length + 1])))
        length++;
      if (g_str_has_prefix (name, ".psi"))
        request->psi = g_strndup (name + 1, length - 1);
      else if (g_str_has_prefix (name, ".cutoff"))
        request->cutoff = atoi (name + strlen (".cutoff"));
      else if (length == strlen (".ws_plus") && g_str_has_prefix (name, ".ws_plus"))
        request->ws_plus = TRUE;
      else
        break;
      name += length;
    }
  request->rest = *name == '.' ? name + 1 : name;
}

static gboolean
fail_missing (Check *check, const char *name, GError **error)
{
  g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
               "%s: “%s” is needed and not there", c2l_expected_get_folder (check->expected), name);
  return FALSE;
}

/* An array of the folder as a constant of the pass, in @n_dims dimensions (those of size 1 in the
 * middle go). */
static C2lTensor *
add_array (Check *check, C2lPass *pass, const char *name, int n_dims, GError **error)
{
  const C2lArray *array = c2l_expected_lookup (check->expected, name);
  gint64 dims[C2L_MAX_DIMS];
  int n = 0;

  if (array == NULL)
    {
      fail_missing (check, name, error);
      return NULL;
    }
  for (int i = 0; i < array->n_dims; i++)
    if (array->n_dims - i == n_dims - n || array->dims[i] != 1 || i == 0)
      dims[n++] = array->dims[i];
  if (n != n_dims)
    {
      g_autofree char *shape = c2l_array_to_string (array);

      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
                   "%s: “%s” is %s, which has not %d dimensions",
                   c2l_expected_get_folder (check->expected), name, shape, n_dims);
      return NULL;
    }

  g_autofree float *values = c2l_array_dup_f32 (array);
  return c2l_pass_add_constant (pass, C2L_F32, n_dims, dims, values);
}

static gboolean
run (C2lPass *pass, GError **error)
{
  return c2l_pass_compile (pass, error) && c2l_pass_run (pass, NULL, error);
}

/* Reports a kept tensor as the array @name: pictures channels first, and no more of the batch than
 * the array has. */
static gboolean
report_tensor (Check *check, const char *name, C2lTensor *tensor, GError **error)
{
  const C2lArray *array = c2l_expected_lookup (check->expected, name);
  gsize length = c2l_tensor_get_length (tensor),
        element = c2l_dtype_get_size (c2l_tensor_get_dtype (tensor));
  g_autofree char *bytes = g_malloc (length * element);
  const C2lArray computed
      = { .dtype = c2l_tensor_get_dtype (tensor), .length = length, .data = bytes };

  c2l_tensor_read (tensor, bytes, length * element);
  g_autofree float *values = c2l_array_dup_f32 (&computed);
  g_autofree float *planes = NULL;
  if (c2l_tensor_get_n_dims (tensor) == 4)
    {
      const gint64 *dims = c2l_tensor_get_dims (tensor);
      gsize n_pixels = (gsize) (dims[1] * dims[2]), n_channels = (gsize) dims[3];

      planes = g_new (float, length);
      for (gsize i = 0; i < length; i++)
        {
          gsize c = i % n_channels, pixel = i / n_channels % n_pixels,
                b = i / n_channels / n_pixels;
          planes[(b * n_channels + c) * n_pixels + pixel] = values[i];
        }
    }

  gsize batch = (gsize) c2l_tensor_get_dim (tensor, 0),
        n_expected = array->n_dims > 0 ? (gsize) array->dims[0] : 0;
  if (n_expected > batch || array->length * batch != length * n_expected)
    {
      g_autofree char *wanted = c2l_array_to_string (array), *found = c2l_tensor_to_string (tensor);

      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
                   "%s: “%s” is %s, but the network computes %s",
                   c2l_expected_get_folder (check->expected), name, wanted, found);
      return FALSE;
    }
  check->report (name, planes != NULL ? planes : values, array->length, check->user_data);
  return TRUE;
}

/* ws of the mapping network for @psi ("psi0.7", NULL: 1). */
static C2lTensor *
record_mapping (Check *check, C2lPass *pass, const Request *request, GError **error)
{
  C2lGenerator *generator = check->generator;
  C2lTensor *z = NULL, *c = NULL, *psi = NULL;
  float value
      = request->psi != NULL ? (float) g_ascii_strtod (request->psi + strlen ("psi"), NULL) : 1;

  if (c2l_generator_get_z_dim (generator) > 0
      && (z = add_array (check, pass, "z", 2, error)) == NULL)
    return NULL;
  if (c2l_generator_get_c_dim (generator) > 0
      && (c = add_array (check, pass, "c", 2, error)) == NULL)
    return NULL;
  if (value != 1)
    psi = c2l_pass_add_constant (pass, C2L_F32, 1, (gint64[]){ 1 }, &value);
  return c2l_generator_forward_mapping (generator, pass, z, c, psi, request->cutoff);
}

static gboolean
check_latents (Check *check, const char *name, GError **error)
{
  const C2lArray *array = c2l_expected_lookup (check->expected, name);
  g_autoptr (C2lPass) pass = c2l_pass_new (check->device, check->precision, name);
  g_autoptr (GError) local = NULL;
  g_auto (Request) request;

  parse_request (name + strlen ("w"), &request);
  C2lTensor *ws = record_mapping (check, pass, &request, &local);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (ws != NULL && array->n_dims == 2)
    ws = c2l_slice (pass, ws, 1, 0, 1);
  c2l_pass_keep (pass, name, ws);
  return run (pass, error) && report_tensor (check, name, ws, error);
}

/* The latents of a picture: given ones, those of the original's mapping network, or our own. */
static C2lTensor *
record_latents (Check *check, C2lPass *pass, const Request *request, GError **error)
{
  g_autofree char *name = g_strconcat ("w.", request->psi != NULL ? request->psi : "psi1", NULL);
  const C2lArray *array = c2l_expected_lookup (check->expected, name);

  if (request->ws_plus)
    return add_array (check, pass, "ws_plus", 3, error);
  if (array != NULL && array->n_dims == 3)
    return add_array (check, pass, name, 3, error);
  return record_mapping (check, pass, request, error);
}

static gboolean
choose_noise (Check *check,
              C2lPass *pass,
              const char *mode,
              C2lTensor **noise,
              C2lSynthesis *options,
              GError **error)
{
  gsize n_layers = 0;

  options->noise_mode = g_str_equal (mode, "random") ? C2L_NOISE_RANDOM
                        : g_str_equal (mode, "none") || g_str_equal (mode, "zero_noise")
                            ? C2L_NOISE_NONE
                            : C2L_NOISE_CONST;
  if (options->noise_mode != C2L_NOISE_RANDOM)
    return TRUE;

  c2l_generator_get_noise_layers (check->generator, &n_layers);
  for (gsize i = 0; i < MIN (n_layers, MAX_NOISE_LAYERS); i++)
    {
      g_autofree char *name = g_strdup_printf ("random.noise%" G_GSIZE_FORMAT, i);

      noise[i] = add_array (check, pass, name, 3, error);
      if (noise[i] == NULL)
        return FALSE;
    }
  options->noise = noise;
  return TRUE;
}

static gboolean
report_activations (Check *check, C2lPass *pass, GError **error)
{
  g_autofree const char **names = c2l_expected_list_names (check->expected);

  for (int i = 0; names[i] != NULL; i++)
    {
      if (!g_str_has_prefix (names[i], "act."))
        continue;

      C2lTensor *tensor = c2l_pass_lookup (pass, names[i]);
      if (tensor == NULL)
        return fail_missing (check, names[i], error);
      if (!report_tensor (check, names[i], tensor, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
check_picture (Check *check, const char *name, GError **error)
{
  g_autoptr (C2lPass) pass = c2l_pass_new (check->device, check->precision, name);
  gboolean taps = g_str_equal (name, "image.const") || g_str_equal (name, "image");
  C2lTensor *noise[MAX_NOISE_LAYERS] = { NULL };
  g_autoptr (GError) local = NULL;
  C2lSynthesis options = { 0 };
  g_auto (Request) request;

  parse_request (name + strlen ("image"), &request);
  g_autofree char *transform = g_strconcat ("transform.", request.rest, NULL);
  if (taps)
    c2l_pass_enable_taps (pass);

  C2lTensor *ws = record_latents (check, pass, &request, &local);
  if (local == NULL && c2l_expected_lookup (check->expected, transform) != NULL)
    options.transform = add_array (check, pass, transform, 2, &local);
  if (local == NULL)
    choose_noise (check, pass, request.rest, noise, &options, &local);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }

  C2lTensor *picture = c2l_generator_forward_synthesis (check->generator, pass, ws, &options);
  c2l_pass_keep (pass, name, picture);
  return run (pass, error) && report_tensor (check, name, picture, error)
         && (!taps || report_activations (check, pass, error));
}

/* Tensors of the file under the names that the networks know, whatever the file's own are. */
static gboolean
check_tensor (Check *check, const char *name, GError **error)
{
  const C2lArray *array = c2l_weights_lookup (check->weights, name + strlen ("tensor."));

  if (array == NULL)
    return fail_missing (check, name + strlen ("tensor."), error);

  g_autofree float *values = c2l_array_dup_f32 (array);
  check->report (name, values, array->length, check->user_data);
  return TRUE;
}

static gboolean
check_average (Check *check, const char *name, GError **error)
{
  const float *average = c2l_generator_get_w_avg (check->generator);

  if (average == NULL)
    return fail_missing (check, name, error);
  check->report (name, average, (gsize) c2l_generator_get_w_dim (check->generator),
                 check->user_data);
  return TRUE;
}

static gboolean
check_array (Check *check, const char *name, GError **error)
{
  if (g_str_has_suffix (name, ".f64"))
    return TRUE;
  if (g_str_equal (name, "w") || g_str_has_prefix (name, "w."))
    return check_latents (check, name, error);
  if (g_str_equal (name, "image") || g_str_has_prefix (name, "image."))
    return check_picture (check, name, error);
  if (g_str_has_prefix (name, "tensor."))
    return check_tensor (check, name, error);
  if (g_str_equal (name, "latent_avg"))
    return check_average (check, name, error);
  return TRUE;
}

gboolean
c2l_generator_check (C2lExpected *expected,
                     C2lWeights *weights,
                     C2lDevice *device,
                     C2lPrecision precision,
                     C2lCheckReport report,
                     gpointer user_data,
                     GError **error)
{
  g_autoptr (C2lGenerator) generator = c2l_generator_load (weights, device, error);
  if (generator == NULL)
    return FALSE;

  Check check = { expected, weights, device, generator, precision, report, user_data };
  g_autofree const char **names = c2l_expected_list_names (expected);
  for (int i = 0; names[i] != NULL; i++)
    if (!check_array (&check, names[i], error))
      return FALSE;
  return TRUE;
}
