/* See clip-check.h. One pass for each input; results in float64 (`NAME.f64`) are those of the same
 * computation. */
#include "models/clip-check.h"

#include "compute/ops.h"

#include <string.h>

/* The activations of text were recorded for this row of `tokens`. */
#define TAPPED_ROW 2

typedef struct
{
  C2lExpected *expected;
  const C2lClip *clip;
  C2lDevice *device;
  C2lPrecision precision;
  C2lCheckReport report;
  gpointer user_data;
} Check;

static void
keep (const Check *check, C2lPass *pass, C2lTensor *tensor, const char *name)
{
  g_autofree char *double_name = g_strconcat (name, ".f64", NULL);

  c2l_pass_keep (pass, name, tensor);
  if (c2l_expected_lookup (check->expected, double_name) != NULL && tensor != NULL)
    c2l_pass_keep (
        pass, double_name,
        c2l_reshape (pass, tensor, c2l_tensor_get_n_dims (tensor), c2l_tensor_get_dims (tensor)));
}

static gboolean
run (const Check *check, C2lPass *pass, GError **error)
{
  return c2l_check_run (pass, check->expected, check->report, check->user_data, error);
}

/* Flat index of each row's largest token. */
static gint32 *
find_ends (const C2lArray *tokens)
{
  g_autofree float *values = c2l_array_dup_f32 (tokens);
  gint64 length = tokens->dims[1];
  gint32 *ends = g_new (gint32, tokens->dims[0]);

  for (gint64 row = 0; row < tokens->dims[0]; row++)
    {
      ends[row] = row * length;
      for (gint64 i = row * length; i < (row + 1) * length; i++)
        if (values[i] > values[ends[row]])
          ends[row] = i;
    }

  return ends;
}

static gboolean
check_text (const Check *check, gboolean tapped, GError **error)
{
  g_autoptr (C2lPass) pass = c2l_pass_new (check->device, check->precision, "clip-check text");
  C2lTensor *tokens = c2l_check_add_input (pass, check->expected, "tokens", C2L_I32, 2);

  if (tokens != NULL)
    {
      const C2lArray *array = c2l_expected_lookup (check->expected, "tokens");
      gint64 row = MIN (TAPPED_ROW, array->dims[0] - 1);
      g_autofree gint32 *ends = find_ends (array);

      if (tapped)
        {
          c2l_pass_enable_taps (pass);
          tokens = c2l_slice (pass, tokens, 0, row, 1);
          ends[0] = ends[row] - row * array->dims[1];
        }

      C2lTensor *end_index = c2l_pass_add_constant (
          pass, C2L_I32, 1, (gint64[]){ tapped ? 1 : array->dims[0] }, ends);
      C2lTensor *embedding = c2l_clip_forward_text (check->clip, pass, tokens, end_index);

      if (tapped)
        c2l_pass_keep (pass, "embedding", embedding);
      else
        keep (check, pass, embedding, "text_embed");
    }

  return run (check, pass, error);
}

/* Pictures of folders are [B, C, R, R]. */
static C2lTensor *
add_pictures (C2lPass *pass, const C2lArray *array)
{
  gint64 planes = array->dims[0], n_channels = array->dims[1],
         area = array->dims[2] * array->dims[3];
  gint64 dims[] = { planes, array->dims[2], array->dims[3], n_channels };
  g_autofree float *values = c2l_array_dup_f32 (array);
  g_autofree float *turned = g_new (float, array->length);

  for (gint64 b = 0; b < planes; b++)
    for (gint64 c = 0; c < n_channels; c++)
      for (gint64 i = 0; i < area; i++)
        turned[(b * area + i) * n_channels + c] = values[(b * n_channels + c) * area + i];

  return c2l_pass_add_constant (pass, C2L_F32, 4, dims, turned);
}

static gboolean
check_pixels (const Check *check, const C2lArray *array, GError **error)
{
  g_autoptr (C2lPass) pass = c2l_pass_new (check->device, check->precision, "clip-check pixels");

  c2l_pass_enable_taps (pass);
  keep (check, pass, c2l_clip_forward_pixels (check->clip, pass, add_pictures (pass, array)),
        "pixels.embed");
  return run (check, pass, error);
}

static gboolean
check_pictures (const Check *check, const char *name, const C2lArray *array, GError **error)
{
  static const struct
  {
    const char *suffix;
    C2lClipPreprocess preprocess;
  } kinds[] = {
    { "embed_reference", C2L_CLIP_PREPROCESS_REFERENCE },
    { "embed_openai", C2L_CLIP_PREPROCESS_OPENAI },
    { "embed_openai_clamped", C2L_CLIP_PREPROCESS_OPENAI_CLAMPED },
  };

  g_autoptr (C2lPass) pass = c2l_pass_new (check->device, check->precision, "clip-check pictures");
  C2lTensor *pictures = add_pictures (pass, array);

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *result = g_strdup_printf ("%s.%s", name, kinds[i].suffix);

      if (c2l_expected_lookup (check->expected, result) != NULL)
        keep (check, pass,
              c2l_clip_forward_image (check->clip, pass, pictures, kinds[i].preprocess), result);
    }

  return run (check, pass, error);
}

/* Likeness of the pictures and the prompts of the same rows. */
static gboolean
check_score (const Check *check, const C2lArray *array, GError **error)
{
  g_autoptr (C2lPass) pass = c2l_pass_new (check->device, check->precision, "clip-check score");
  C2lTensor *tokens = c2l_check_add_input (pass, check->expected, "tokens", C2L_I32, 2);

  if (tokens != NULL)
    {
      gint64 n = MIN (array->dims[0], c2l_tensor_get_dim (tokens, 0));
      g_autofree gint32 *ends = find_ends (c2l_expected_lookup (check->expected, "tokens"));
      C2lTensor *end_index = c2l_pass_add_constant (pass, C2L_I32, 1, &n, ends);
      C2lTensor *text
          = c2l_clip_forward_text (check->clip, pass, c2l_slice (pass, tokens, 0, 0, n), end_index);
      C2lTensor *pictures = c2l_slice (pass, add_pictures (pass, array), 0, 0, n);
      C2lTensor *image
          = c2l_clip_forward_image (check->clip, pass, pictures, C2L_CLIP_PREPROCESS_REFERENCE);

      c2l_pass_keep (pass, "score_cos", c2l_cosine_similarity (pass, image, text));
    }

  return run (check, pass, error);
}

gboolean
c2l_clip_check (C2lExpected *expected,
                const C2lClip *clip,
                C2lDevice *device,
                C2lPrecision precision,
                C2lCheckReport report,
                gpointer user_data,
                GError **error)
{
  const Check check = { expected, clip, device, precision, report, user_data };
  g_autofree const char **names = c2l_expected_list_names (expected);
  const C2lArray *scored = NULL;

  if (c2l_expected_lookup (expected, "tokens") != NULL
      && (!check_text (&check, FALSE, error) || !check_text (&check, TRUE, error)))
    return FALSE;

  for (int i = 0; names[i] != NULL; i++)
    {
      const C2lArray *array = c2l_expected_lookup (expected, names[i]);
      gboolean is_pixels = strcmp (names[i], "pixels") == 0;

      if (array->n_dims != 4 || array->dims[1] != 3 || array->length == 0
          || strchr (names[i], '.') != NULL)
        continue;
      if (is_pixels ? !check_pixels (&check, array, error)
                    : !check_pictures (&check, names[i], array, error))
        return FALSE;
      if (!is_pixels && (scored == NULL || array->dims[2] > scored->dims[2]))
        scored = array;
    }

  return scored == NULL || c2l_expected_lookup (expected, "score_cos") == NULL
         || check_score (&check, scored, error);
}
