/* CLIP against OpenAI's own results, and its refusals. */
#include "fixture.h"
#include "formats/clip-archive.h"
#include "models/clip-check.h"

#include <string.h>

static C2lDevice *device;

static void
on_result (const char *name, const float *values, gsize n, gpointer expected)
{
  fixture_compare (expected, name, values, n);
}

static C2lClip *
load (const char *path, GError **error)
{
  g_autoptr (C2lWeights) weights = c2l_weights_load (path, error);

  return weights != NULL ? c2l_clip_load (weights, device, error) : NULL;
}

static void
test_matches_original (void)
{
  g_autoptr (C2lExpected) expected = fixture_load ("clip");
  g_auto (GStrv) files = c2l_expected_dup_files (expected, "clip");

  g_assert_nonnull (files[0]);
  for (int i = 0; files[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (C2lClip) clip = load (files[i], &error);

      g_assert_no_error (error);
      c2l_clip_check (expected, clip, device, C2L_PRECISION_F32, on_result, expected, &error);
      g_assert_no_error (error);
    }
}

/* The half-precision arrays of @weights as float32, each element off by a fraction of its last half-precision
 * digit; the others as they are. */
static C2lWeights *
make_single_precision (C2lWeights *weights)
{
  C2lWeights *single = c2l_weights_new (C2L_WEIGHTS_PLAIN, "single.pt", "test");
  g_autofree const char **names = c2l_weights_list_names (weights);

  for (int i = 0; names[i] != NULL; i++)
    {
      C2lArray array = *c2l_weights_lookup (weights, names[i]);
      g_autofree float *values = c2l_array_dup_f32 (&array);

      if (array.dtype == C2L_F16)
        {
          for (gsize j = 0; j < array.length; j++)
            values[j] *= 1 + 0x1p-13f;
          array.dtype = C2L_F32;
          array.data = values;
        }
      c2l_weights_add (single, names[i], &array);
    }

  return single;
}

/* The original holds what it multiplies with in half precision, also where the file does not. */
static void
test_rounds_openai_weights (void)
{
  g_autoptr (C2lExpected) expected = fixture_load ("clip");
  g_autofree char *file = c2l_expected_dup_file (expected, "clip");
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lWeights) weights = c2l_weights_load (file, &error);
  g_assert_no_error (error);
  g_autoptr (C2lWeights) single = make_single_precision (weights);
  g_autoptr (C2lWeights) converted = c2l_clip_archive_convert (single, &error);
  g_assert_no_error (error);
  g_autoptr (C2lClip) clip = c2l_clip_load (converted, device, &error);

  g_assert_no_error (error);
  c2l_clip_check (expected, clip, device, C2L_PRECISION_F32, on_result, expected, &error);
  g_assert_no_error (error);
}

/* Hugging Face's own code computes with what is in the file. */
static void
test_keeps_hugging_face_weights (void)
{
  g_autofree char *path = fixture_dup_path ("clip/hf/model.safetensors");
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lWeights) weights = c2l_weights_load (path, &error);

  g_assert_no_error (error);
  g_assert_cmpint (c2l_weights_lookup (weights, "visual.proj")->dtype, ==, C2L_F32);
  g_assert_cmpint (c2l_weights_lookup (weights, "text_projection")->dtype, ==, C2L_F32);
}

static void
test_takes_sizes_from_file (void)
{
  g_autoptr (C2lExpected) expected = fixture_load ("clip");
  g_autofree char *file = c2l_expected_dup_file (expected, "clip");
  g_autoptr (C2lClip) clip = load (file, NULL);
  const C2lClipInfo *info = c2l_clip_get_info (clip);
  JsonObject *said = c2l_expected_get_info (expected);

  g_assert_cmpint (info->embed_dim, ==, json_object_get_int_member (said, "embed_dim"));
  g_assert_cmpint (info->resolution, ==, json_object_get_int_member (said, "resolution"));
  g_assert_cmpint (info->patch, ==, json_object_get_int_member (said, "patch"));
  g_assert_cmpint (info->vision_depth, ==, json_object_get_int_member (said, "vision_layers"));
  g_assert_cmpint (info->text_depth, ==, json_object_get_int_member (said, "text_layers"));
  g_assert_cmpint (info->vocabulary, ==, json_object_get_int_member (said, "vocab"));
  g_assert_cmpint (info->context, ==, json_object_get_int_member (said, "context"));
}

/* Attention is causal, so a prompt may be cut behind its end token. */
static void
test_ignores_what_follows_the_end (void)
{
  g_autoptr (C2lExpected) expected = fixture_load ("clip");
  g_autofree char *file = c2l_expected_dup_file (expected, "clip");
  g_autoptr (C2lClip) clip = load (file, NULL);
  g_autofree float *embeddings = fixture_dup_f32 (expected, "text_embed");
  g_autofree gint32 *tokens = fixture_dup_i32 (expected, "tokens");
  int context = c2l_clip_get_info (clip)->context, dim = c2l_clip_get_info (clip)->embed_dim;
  int end = 0;

  for (int i = 0; i < context; i++)
    if (tokens[i] > tokens[end])
      end = i;

  g_autoptr (C2lPass) pass = c2l_pass_new (device, C2L_PRECISION_F32, "cut");
  C2lTensor *input = c2l_pass_add_constant (pass, C2L_I32, 2, (gint64[]){ 1, end + 1 }, tokens);
  C2lTensor *index = c2l_pass_add_constant (pass, C2L_I32, 1, (gint64[]){ 1 }, &end);
  C2lTensor *result = c2l_clip_forward_text (clip, pass, input, index);
  g_autoptr (GError) error = NULL;

  c2l_pass_keep (pass, "result", result);
  c2l_pass_compile (pass, &error);
  g_assert_no_error (error);
  c2l_pass_run (pass, NULL, &error);
  g_assert_no_error (error);

  g_autofree float *values = c2l_check_dup (result);

  for (int i = 0; i < dim; i++)
    g_assert_cmpfloat_with_epsilon (values[i], embeddings[i], 1e-4);
}

static void
test_refuses_long_prompts (void)
{
  g_autoptr (C2lExpected) expected = fixture_load ("clip");
  g_autofree char *file = c2l_expected_dup_file (expected, "clip");
  g_autoptr (C2lClip) clip = load (file, NULL);
  gint64 length = c2l_clip_get_info (clip)->context + 1;
  g_autoptr (C2lPass) pass = c2l_pass_new (device, C2L_PRECISION_F32, "long");
  C2lTensor *tokens = c2l_pass_add_input (pass, "tokens", C2L_I32, 2, (gint64[]){ 1, length });
  C2lTensor *index = c2l_pass_add_input (pass, "index", C2L_I32, 1, (gint64[]){ 1 });
  g_autoptr (GError) error = NULL;

  g_assert_null (c2l_clip_forward_text (clip, pass, tokens, index));
  g_assert_false (c2l_pass_compile (pass, &error));
  g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_SHAPE);
}

static void
test_refuses_resnet (void)
{
  g_autofree char *path = fixture_dup_path ("hostile/clip-resnet.pt");
  g_autoptr (GError) error = NULL;

  g_assert_null (load (path, &error));
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, "ResNet"));
}

static void
test_refuses_damage (void)
{
  static const struct
  {
    const char *name, *said;
    gboolean remove;
  } cases[] = {
    { "visual.transformer.resblocks.1.mlp.c_fc.bias", "c_fc.bias", TRUE },
    { "token_embedding.weight", "token_embedding.weight", TRUE },
    { "transformer.resblocks.0.attn.in_proj_weight", "in_proj_weight", TRUE },
    { "visual.positional_embedding", "square", FALSE },
    { "ln_final.weight", "ln_final.weight", FALSE },
  };

  g_autoptr (C2lExpected) expected = fixture_load ("clip");
  g_autofree char *file = c2l_expected_dup_file (expected, "clip");
  g_autoptr (C2lWeights) weights = c2l_weights_load (file, NULL);
  g_autofree const char **names = c2l_weights_list_names (weights);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (C2lWeights) damaged = c2l_weights_new (C2L_WEIGHTS_CLIP, "damaged.pt", "test");
      g_autoptr (GError) error = NULL;

      for (int j = 0; names[j] != NULL; j++)
        {
          C2lArray array = *c2l_weights_lookup (weights, names[j]);
          gboolean is_it = strcmp (names[j], cases[i].name) == 0;

          if (is_it && cases[i].remove)
            continue;
          if (is_it)
            {
              array.length -= array.length / array.dims[0];
              array.dims[0]--;
            }
          c2l_weights_add (damaged, names[j], &array);
        }

      g_assert_null (c2l_clip_load (damaged, device, &error));
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, "damaged.pt"));
      g_assert_nonnull (strstr (error->message, cases[i].said));
    }
}

static void
test_names_preprocessing (void)
{
  C2lClipPreprocess preprocess;

  g_assert_true (c2l_clip_preprocess_from_name ("openai-clamped", &preprocess));
  g_assert_cmpint (preprocess, ==, C2L_CLIP_PREPROCESS_OPENAI_CLAMPED);
  g_assert_false (c2l_clip_preprocess_from_name ("clamped", &preprocess));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  device = c2l_device_open ("cpu", NULL);
  g_assert_nonnull (device);

  g_test_add_func ("/clip/matches-original", test_matches_original);
  g_test_add_func ("/clip/rounds-openai-weights", test_rounds_openai_weights);
  g_test_add_func ("/clip/keeps-hugging-face-weights", test_keeps_hugging_face_weights);
  g_test_add_func ("/clip/takes-sizes-from-file", test_takes_sizes_from_file);
  g_test_add_func ("/clip/ignores-what-follows-the-end", test_ignores_what_follows_the_end);
  g_test_add_func ("/clip/names-preprocessing", test_names_preprocessing);
  g_test_add_func ("/clip/refuses/long-prompts", test_refuses_long_prompts);
  g_test_add_func ("/clip/refuses/resnet", test_refuses_resnet);
  g_test_add_func ("/clip/refuses/damage", test_refuses_damage);

  int result = g_test_run ();

  c2l_device_unref (device);
  return result;
}
