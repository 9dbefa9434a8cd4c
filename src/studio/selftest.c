/* The self-test's table of types. Each function runs one kind of model on the folder's inputs and
 * hands its results to c2l_selftest_compare(); nothing here decides by a folder's name. */
#include "studio/selftest-private.h"

#include "models/clip-check.h"
#include "models/generator-check.h"
#include "models/prior-check.h"
#include "models/prior-train-check.h"
#include "studio/recipe.h"

#include "formats/yaml.h"

#include <string.h>

void
c2l_selftest_compare (const char *name, const float *values, gsize n, gpointer data)
{
  C2lSelftest *self = data;
  C2lComparison comparison;

  if (!c2l_expected_compare (self->expected, name, values, n, &comparison,
                             self->error == NULL ? &self->error : NULL))
    return;
  self->n_compared++;
  self->report (name, &comparison, self->note, self->data);
}

gboolean
c2l_selftest_invalid (C2lSelftest *self, GError **error, const char *what)
{
  g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID, "%s: %s",
               c2l_expected_get_folder (self->expected), what);
  return FALSE;
}

static char *
need_file (C2lSelftest *self, const char *role, GError **error)
{
  char *path = c2l_expected_dup_file (self->expected, role);

  if (path == NULL)
    {
      g_autofree char *what = g_strdup_printf ("info.json names no file for “%s”", role);
      c2l_selftest_invalid (self, error, what);
    }
  return path;
}

C2lWeights *
c2l_selftest_load_role (C2lSelftest *self, const char *role, GError **error)
{
  g_autofree char *path = need_file (self, role, error);

  return path != NULL ? c2l_weights_load (path, error) : NULL;
}

void
c2l_selftest_write (C2lTensor *tensor, gconstpointer data)
{
  c2l_tensor_write (tensor, data, c2l_tensor_get_size (tensor));
}

float *
c2l_selftest_read (C2lPass *pass, const char *name)
{
  C2lTensor *tensor = c2l_pass_lookup (pass, name);
  float *values = g_malloc (c2l_tensor_get_size (tensor));

  c2l_tensor_read (tensor, values, c2l_tensor_get_size (tensor));
  return values;
}

float *
c2l_selftest_to_planes (const float *pictures, int n, int side)
{
  gsize plane = (gsize) side * side;
  float *planes = g_new (float, n *plane * 3);

  for (int i = 0; i < n; i++)
    for (gsize p = 0; p < plane; p++)
      for (int c = 0; c < 3; c++)
        planes[(i * 3 + c) * plane + p] = pictures[(i * plane + p) * 3 + c];
  return planes;
}

/* The same results are expected of every file that the folder names. */
static gboolean
check_clip (C2lSelftest *self, GError **error)
{
  g_auto (GStrv) paths = c2l_expected_dup_files (self->expected, "clip");

  for (int i = 0; paths[i] != NULL; i++)
    {
      g_autoptr (C2lWeights) weights = c2l_weights_load (paths[i], error);
      g_autoptr (C2lClip) clip
          = weights != NULL ? c2l_clip_load (weights, self->device, error) : NULL;
      g_autofree char *base = g_path_get_basename (paths[i]);
      gboolean ok;

      if (clip == NULL)
        return FALSE;
      self->note = base;
      ok = c2l_clip_check (self->expected, clip, self->device, self->precision,
                           c2l_selftest_compare, self, error);
      self->note = NULL;
      if (!ok)
        return FALSE;
    }
  return paths[0] != NULL || need_file (self, "clip", error) != NULL;
}

static gboolean
check_prior (C2lSelftest *self, GError **error)
{
  g_autofree char *path = need_file (self, "prior", error),
                  *config_path = c2l_expected_dup_file (self->expected, "config");
  g_autoptr (C2lWeights) weights = path != NULL ? c2l_weights_load (path, error) : NULL;
  g_autoptr (JsonObject) config = NULL;
  g_autoptr (C2lPrior) prior = NULL;

  if (weights == NULL
      || (config_path != NULL && (config = c2l_yaml_load (config_path, error)) == NULL))
    return FALSE;
  prior = c2l_prior_load (weights, C2L_PRIOR_EMA, config, self->device, error);
  return prior != NULL
         && c2l_prior_check (self->expected, prior, self->device, self->precision,
                             c2l_selftest_compare, self, error);
}

static gboolean
check_schedules (C2lSelftest *self, GError **error)
{
  c2l_schedule_check (self->expected, c2l_selftest_compare, self);
  return TRUE;
}

static gboolean
check_generator (C2lSelftest *self, GError **error)
{
  g_autofree char *path = need_file (self, "generator", error);
  g_autoptr (C2lWeights) weights = path != NULL ? c2l_weights_load (path, error) : NULL;

  return weights != NULL
         && c2l_generator_check (self->expected, weights, self->device, self->precision,
                                 c2l_selftest_compare, self, error);
}

static gboolean
check_training_loss (C2lSelftest *self, GError **error)
{
  return c2l_training_loss_check (self->expected, self->device, self->precision,
                                  c2l_selftest_compare, self, error);
}

static gboolean
check_training_trajectory (C2lSelftest *self, GError **error)
{
  return c2l_training_trajectory_check (self->expected, self->device, self->precision,
                                        c2l_selftest_compare, self, error);
}

static gboolean
check_training_noise (C2lSelftest *self, GError **error)
{
  return c2l_training_noise_check (self->expected, self->device, self->precision,
                                   c2l_selftest_compare, self, error);
}

static const struct
{
  const char *type;
  gboolean (*run) (C2lSelftest *self, GError **error);
} types[] = {
  { "clip", check_clip },
  { "dataset", c2l_selftest_dataset },
  { "e2e", c2l_selftest_e2e },
  { "edits", c2l_selftest_edits },
  { "prior", check_prior },
  { "prior-schedules", check_schedules },
  { "stylegan2", check_generator },
  { "stylegan3", check_generator },
  { "tokenizer", c2l_selftest_tokenizer },
  { "training-loss", check_training_loss },
  { "training-noise", check_training_noise },
  { "training-trajectory", check_training_trajectory },
};

static C2lSelftestOutcome
run_type (C2lSelftest *self, const char *type, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      if (strcmp (type, types[i].type) != 0)
        continue;
      if (!types[i].run (self, error))
        return C2L_SELFTEST_FAILED;
      if (self->error != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&self->error));
          return C2L_SELFTEST_FAILED;
        }
      if (self->n_compared > 0)
        return C2L_SELFTEST_DONE;
      c2l_selftest_invalid (self, error, "it expects nothing that could be compared");
      return C2L_SELFTEST_FAILED;
    }
  g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
               "%s: its info.json says it is of type “%s”, which this program does not know",
               c2l_expected_get_folder (self->expected), type);
  return C2L_SELFTEST_FAILED;
}

C2lSelftestOutcome
c2l_selftest_run (const char *folder,
                  C2lDevice *device,
                  C2lPrecision precision,
                  const char *merges,
                  C2lSelftestReport report,
                  gpointer data,
                  char **type,
                  GError **error)
{
  g_autoptr (C2lExpected) expected = c2l_expected_load (folder, error);
  C2lSelftest self = { expected, device, precision, merges, NULL, report, data };
  C2lSelftestOutcome outcome;

  if (expected == NULL)
    return C2L_SELFTEST_FAILED;
  if (type != NULL)
    *type = g_strdup (c2l_expected_get_type (expected));
  outcome = run_type (&self, c2l_expected_get_type (expected), error);
  g_clear_error (&self.error);
  return outcome;
}
