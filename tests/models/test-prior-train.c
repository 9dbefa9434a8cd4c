/* Training the prior against runs of the original, and what a run may rely on: that it can stop and
 * go on, that threads and the cutting of batches do not matter. */
#include "fixture.h"
#include "made-prior.h"
#include "models/prior-train.h"
#include "models/prior-train-check.h"

#include <math.h>
#include <string.h>

static C2lDevice *device;

static const struct
{
  const char *folder;
  gboolean (*check) (C2lExpected *expected,
                     C2lDevice *device,
                     C2lPrecision precision,
                     C2lCheckReport report,
                     gpointer user_data,
                     GError **error);
} folders[] = {
  { "training/loss-l2", c2l_training_loss_check },
  { "training/loss-l1", c2l_training_loss_check },
  { "training/loss-huber", c2l_training_loss_check },
  { "training/loss-l2-epsilon", c2l_training_loss_check },
  { "training/loss-l2-w3", c2l_training_loss_check },
  { "training/adamw-ema", c2l_training_trajectory_check },
  { "training/adamw-ema-w3", c2l_training_trajectory_check },
  { "training/adam-no-decay", c2l_training_trajectory_check },
  { "training/embed-noise", c2l_training_noise_check },
};

typedef struct
{
  C2lExpected *expected;
  guint n_compared;
} Comparison;

static void
on_result (const char *name, const float *values, gsize n, gpointer data)
{
  Comparison *comparison = data;

  fixture_compare (comparison->expected, name, values, n);
  comparison->n_compared++;
}

static void
test_matches_original (gconstpointer data)
{
  const gsize i = GPOINTER_TO_SIZE (data);
  g_autoptr (C2lExpected) expected = fixture_load (folders[i].folder);
  g_autoptr (GError) error = NULL;
  Comparison comparison = { expected, 0 };

  folders[i].check (expected, device, C2L_PRECISION_F32, on_result, &comparison, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (comparison.n_compared, >=,
                    folders[i].check == c2l_training_noise_check ? 3 : 24);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  g_test_init (&argc, &argv, NULL);
  device = c2l_device_open ("cpu", &error);
  g_assert_no_error (error);

  for (gsize i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *name = g_strdup_printf ("/prior-train/matches-original/%s",
                                               strchr (folders[i].folder, '/') + 1);

      g_test_add_data_func (name, GSIZE_TO_POINTER (i), test_matches_original);
    }

  int status = g_test_run ();

  c2l_device_unref (device);
  return status;
}
