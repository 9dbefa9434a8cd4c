/* The self-test of training data: the recorded z → w → latents → pictures, in full and resized →
 * CLIP's embeddings, for each tar of the folder; then what the original's own tars say, and the
 * statistics over them. Styles are mixed as info.json's draws say. */
#include "studio/selftest-private.h"

#include "compute/ops.h"
#include "formats/shard.h"
#include "models/clip.h"
#include "models/generator.h"
#include "studio/json.h"
#include "studio/recipe.h"
#include "studio/samples.h"

#include <math.h>
#include <string.h>

/* How the original repeats the three latents of w3, and which of those rows it then stores: a slip,
 * it takes the numbers of repetitions for positions. This program stores the right ones, which the
 * folder expects under another name. */
#define N_ROWS 3
static const int w3_repeats[N_ROWS] = { 4, 4, 10 };
static const int w3_stored[N_ROWS] = { 4, 4, 10 };

/* Sums in another order. */
#define STATISTICS_TOLERANCE 1e-5

typedef struct
{
  C2lSelftest *self;
  C2lClip *clip;
  C2lGenerator *generator;
  const char *tar; /* "00000", whose arrays are named so */
  int n, width, num_ws, side, small;
  C2lClipPreprocess preprocess;
  float *w;  /* [n, width] */
  float *ws; /* [n, num_ws, width] */
} Run;

static void
run_clear (Run *run)
{
  g_clear_pointer (&run->clip, c2l_clip_free);
  g_clear_pointer (&run->generator, c2l_generator_free);
  g_clear_pointer (&run->w, g_free);
  g_clear_pointer (&run->ws, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

static const C2lArray *
find_array (Run *run, const char *name)
{
  g_autofree char *full = g_strdup_printf ("%s.%s", run->tar, name);

  return c2l_expected_lookup (run->self->expected, full);
}

/* Compares where the folder expects it. */
static void
compare (Run *run, const char *name, const float *values, gsize n)
{
  g_autofree char *full = g_strdup_printf ("%s.%s", run->tar, name);

  if (c2l_expected_lookup (run->self->expected, full) != NULL)
    c2l_selftest_compare (full, values, n, run->self);
}

static gboolean
map (Run *run, GError **error)
{
  const C2lArray *array = find_array (run, "z");
  const int z_dim = c2l_generator_get_z_dim (run->generator);
  g_autoptr (C2lPass) pass = c2l_pass_new (run->self->device, run->self->precision, "mapping");
  g_autofree float *values = NULL;
  C2lTensor *z, *ws;

  if (array->n_dims != 2 || array->dims[0] < 1 || array->dims[0] > 4096 || array->dims[1] != z_dim)
    return c2l_selftest_invalid (run->self, error, "its z do not fit the generator");
  run->n = array->dims[0];
  z = c2l_pass_add_input (pass, "z", C2L_F32, 2, (gint64[]){ run->n, z_dim });
  ws = c2l_generator_forward_mapping (run->generator, pass, z, NULL, NULL, -1);
  c2l_pass_keep (pass, "w", c2l_slice (pass, ws, 1, 0, 1));
  if (!c2l_pass_compile (pass, error))
    return FALSE;
  values = c2l_array_dup_f32 (array);
  c2l_selftest_write (z, values);
  if (!c2l_pass_run (pass, NULL, error))
    return FALSE;
  g_free (run->w);
  run->w = c2l_selftest_read (pass, "w");
  compare (run, "w", run->w, (gsize) run->n * run->width);
  return TRUE;
}

/* --- latents --- */

static void
make_same_styles (Run *run)
{
  const gsize width = run->width;

  for (gsize i = 0; i < (gsize) run->n * run->num_ws; i++)
    memcpy (run->ws + i * width, run->w + i / run->num_ws * width, width * sizeof (float));
  compare (run, "latent", run->w, run->n * width);
}

/* Which of the three rows stands at @position once they are repeated. */
static int
find_row (int position)
{
  int row = 0;

  while (row < N_ROWS - 1 && position >= w3_repeats[row])
    position -= w3_repeats[row++];
  return row;
}

/* @index: [batches, 3, batch], of w in its batch. */
static gboolean
make_mixed_styles (Run *run, const C2lArray *index, GError **error)
{
  const gsize width = run->width, n_batch = index->n_dims == 3 ? index->dims[2] : 0;
  g_autofree float *draws = c2l_array_dup_f32 (index), *rows = NULL, *stored = NULL;

  if (n_batch == 0 || index->dims[1] != N_ROWS || index->dims[0] * index->dims[2] != run->n)
    return c2l_selftest_invalid (run->self, error, "its mix_index does not fit its z");
  rows = g_new (float, run->n *N_ROWS *width);
  stored = g_new (float, run->n *N_ROWS *width);
  for (gsize i = 0; i < (gsize) run->n; i++)
    {
      const gsize batch = i / n_batch;

      for (int row = 0; row < N_ROWS; row++)
        {
          const float draw = draws[(batch * N_ROWS + row) * n_batch + i % n_batch];

          if (!(draw >= 0 && draw < n_batch))
            return c2l_selftest_invalid (run->self, error, "its mix_index points outside a batch");
          memcpy (rows + (i * N_ROWS + row) * width,
                  run->w + (batch * n_batch + (gsize) draw) * width, width * sizeof (float));
        }
      for (int row = 0; row < N_ROWS; row++)
        memcpy (stored + (i * N_ROWS + row) * width,
                rows + (i * N_ROWS + find_row (w3_stored[row])) * width, width * sizeof (float));
      for (int j = 0; j < run->num_ws; j++)
        memcpy (run->ws + (i * run->num_ws + j) * width, rows + (i * N_ROWS + find_row (j)) * width,
                width * sizeof (float));
    }
  compare (run, "ws_rows_0_4_8", rows, run->n * N_ROWS * width);
  compare (run, "latent", stored, run->n * N_ROWS * width);
  return TRUE;
}

/* --- pictures --- */

static gboolean
draw (Run *run, GError **error)
{
  g_autoptr (C2lPass) pass = c2l_pass_new (run->self->device, run->self->precision, "draw");
  const C2lSynthesis options = { .noise_mode = C2L_NOISE_CONST };
  C2lTensor *ws, *picture, *small, *u8;
  g_autofree float *full = NULL, *planes = NULL, *embedding = NULL, *values = NULL;
  g_autofree guint8 *bytes = NULL;
  gsize n_values;

  ws = c2l_pass_add_input (pass, "ws", C2L_F32, 3, (gint64[]){ run->n, run->num_ws, run->width });
  picture = c2l_generator_forward_synthesis (run->generator, pass, ws, &options);
  small = c2l_area_resize (pass, picture, &(C2lAreaResize){ .size = run->small });
  u8 = c2l_to_u8 (pass, small, C2L_U8_TRUNCATE);
  c2l_pass_keep (pass, "picture", picture);
  c2l_pass_keep (pass, "u8", u8);
  c2l_pass_keep (pass, "embedding",
                 c2l_clip_forward_image (run->clip, pass, small, run->preprocess));
  if (!c2l_pass_compile (pass, error))
    return FALSE;
  c2l_selftest_write (ws, run->ws);
  if (!c2l_pass_run (pass, NULL, error))
    return FALSE;
  full = c2l_selftest_read (pass, "picture");
  planes = c2l_selftest_to_planes (full, run->n, run->side);
  compare (run, "image_full", planes, (gsize) run->n * run->side * run->side * 3);
  n_values = c2l_tensor_get_size (u8);
  bytes = g_malloc (n_values);
  c2l_tensor_read (u8, bytes, n_values);
  values = g_new (float, n_values);
  for (gsize i = 0; i < n_values; i++)
    values[i] = bytes[i];
  compare (run, "image_u8", values, n_values);
  embedding = c2l_selftest_read (pass, "embedding");
  compare (run, "img_feat", embedding, (gsize) run->n * c2l_clip_get_info (run->clip)->embed_dim);
  return TRUE;
}

/* --- the original's files --- */

/* What the tar holds is what was expected of us. */
static gboolean
read_tar (Run *run, const char *path, GError **error)
{
  g_autoptr (C2lShard) shard = c2l_shard_open (path, error);
  g_autoptr (GArray) latents = g_array_new (FALSE, FALSE, sizeof (float)),
                     features = g_array_new (FALSE, FALSE, sizeof (float));
  g_autoptr (GError) local_error = NULL;
  const C2lSample *sample;

  if (shard == NULL)
    return FALSE;
  while ((sample = c2l_shard_read_next (shard, &local_error)) != NULL)
    {
      g_array_append_vals (latents, sample->latent, sample->n_latents * sample->latent_dim);
      g_array_append_vals (features, sample->feature, sample->feature_dim);
    }
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  run->self->note = "as the original's tar has it";
  compare (run, "latent", (const float *) (gpointer) latents->data, latents->len);
  compare (run, "img_feat", (const float *) (gpointer) features->data, features->len);
  run->self->note = NULL;
  return TRUE;
}

static void
report_statistics (C2lSelftest *self,
                   C2lWeights *expected,
                   const char *name,
                   const float *values,
                   gsize n)
{
  const C2lArray *array = c2l_weights_lookup (expected, name);
  C2lComparison comparison = { .kind = C2L_TOLERANCE_REL, .value = STATISTICS_TOLERANCE };
  g_autofree float *wanted = array != NULL ? c2l_array_dup_f32 (array) : NULL;

  for (gsize i = 0; wanted != NULL && array->length == n && i < n; i++)
    {
      comparison.largest = MAX (comparison.largest, fabsf (wanted[i]));
      comparison.max_abs = MAX (comparison.max_abs, fabsf (wanted[i] - values[i]));
    }
  if (wanted == NULL || array->length != n)
    comparison.max_abs = INFINITY;
  comparison.limit = comparison.value * comparison.largest;
  comparison.max_rel = comparison.largest > 0 ? comparison.max_abs / comparison.largest : 0;
  comparison.ok = comparison.max_abs <= comparison.limit;
  self->n_compared++;
  self->report (name, &comparison, "statistics", self->data);
}

static gboolean
check_statistics (C2lSelftest *self, GPtrArray *tars, GError **error)
{
  g_autofree char *path
      = g_build_filename (c2l_expected_get_folder (self->expected), "stats.safetensors", NULL);
  g_autoptr (C2lWeights) expected = NULL;
  g_autoptr (C2lSamples) samples = NULL;
  g_auto (C2lSampleStatistics) statistics = { 0 };
  C2lSamplesOptions options;
  const C2lSampleShape *shape;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  c2l_samples_options_init (&options);
  options.paths = (const char *const *) tars->pdata;
  expected = c2l_weights_load (path, error);
  samples = expected != NULL ? c2l_samples_open (&options, error) : NULL;
  if (samples == NULL
      || !c2l_samples_measure (samples, C2L_SAMPLES_MEASURED, &statistics, NULL, error))
    return FALSE;
  shape = c2l_samples_get_shape (samples);
  report_statistics (self, expected, "w.mean", statistics.latent_mean,
                     (gsize) shape->n_latents * shape->latent_dim);
  report_statistics (self, expected, "w.std", statistics.latent_std,
                     (gsize) shape->n_latents * shape->latent_dim);
  report_statistics (self, expected, "clip_features.mean", statistics.feature_mean,
                     shape->feature_dim);
  report_statistics (self, expected, "clip_features.std", statistics.feature_std,
                     shape->feature_dim);
  return TRUE;
}

/* --- all of it --- */

static gboolean
run_tar (Run *run, GError **error)
{
  const C2lArray *index = find_array (run, "mix_index"), *u8 = find_array (run, "image_u8");

  if (!map (run, error))
    return FALSE;
  if (u8 != NULL && u8->n_dims == 4 && u8->dims[1] >= 1 && u8->dims[1] <= 4096)
    run->small = u8->dims[1];
  g_free (run->ws);
  run->ws = g_new (float, (gsize) run->n * run->num_ws * run->width);
  if (index == NULL)
    make_same_styles (run);
  else if (!make_mixed_styles (run, index, error))
    return FALSE;
  return draw (run, error);
}

static gboolean
load_models (Run *run, GError **error)
{
  C2lSelftest *self = run->self;
  g_autoptr (C2lWeights) clip = c2l_selftest_load_role (self, "clip", error);
  g_autoptr (C2lWeights) generator
      = clip != NULL ? c2l_selftest_load_role (self, "generator", error) : NULL;

  run->clip = generator != NULL ? c2l_clip_load (clip, self->device, error) : NULL;
  run->generator = run->clip != NULL ? c2l_generator_load (generator, self->device, error) : NULL;
  if (run->generator == NULL)
    return FALSE;
  run->width = c2l_generator_get_w_dim (run->generator);
  run->num_ws = c2l_generator_get_num_ws (run->generator);
  run->side = run->small = c2l_generator_get_img_resolution (run->generator);
  return TRUE;
}

gboolean
c2l_selftest_dataset (C2lSelftest *self, GError **error)
{
  g_autofree const char **names = c2l_expected_list_names (self->expected);
  g_autoptr (GPtrArray) tars = g_ptr_array_new_with_free_func (g_free);
  g_auto (Run) run = { .self = self, .preprocess = C2L_CLIP_PREPROCESS_REFERENCE };

  c2l_clip_preprocess_from_name (
      c2l_json_get_string (c2l_expected_get_info (self->expected), "clip_preprocess", "reference"),
      &run.preprocess);
  if (!load_models (&run, error))
    return FALSE;
  for (int i = 0; names[i] != NULL; i++)
    {
      g_autofree char *tar = NULL, *file = NULL, *path = NULL;

      if (!g_str_has_suffix (names[i], ".z"))
        continue;
      run.tar = tar = g_strndup (names[i], strlen (names[i]) - strlen (".z"));
      if (!run_tar (&run, error))
        return FALSE;
      file = g_strconcat (tar, ".tar", NULL);
      path = g_build_filename (c2l_expected_get_folder (self->expected), file, NULL);
      if (!read_tar (&run, path, error))
        return FALSE;
      g_ptr_array_add (tars, g_steal_pointer (&path));
    }
  g_ptr_array_add (tars, NULL);
  return tars->len == 1 || check_statistics (self, tars, error);
}
