/* A training in several processes. All hold the same parameters and do the same steps, each with
 * its rows of every batch; gradients are summed up while the backward still goes on, by GPUs among
 * themselves where each process has one and NCCL is there. Rank 0 alone
 * writes, looks at requests and validates. What happens next is agreed on before each step, so that
 * nobody begins one that another will not do.
 *
 * An error in between is not talked about: whoever meets it ends the job, and whoever is ended so
 * leaves the last whole step. */
#include "studio/train-private.h"

#include "compute/peers.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

gboolean
c2l_trainer_is_writer (const C2lTrainer *trainer)
{
  return trainer->ranks == NULL || c2l_communicator_get_rank (trainer->ranks) == 0;
}

/* The gradients @first … @first + @n − 1 are complete. */
static void
send_gradients (gsize first, gsize n, float *gradients, gpointer data)
{
  C2lTrainer *trainer = data;

  c2l_communicator_start_sum (trainer->peers != NULL ? trainer->peers : trainer->ranks, C2L_F32,
                              gradients, n);
}

gboolean
c2l_trainer_share_out (C2lTrainer *trainer, GError **error)
{
  const C2lTrainSettings *settings = &trainer->settings;

  trainer->n_rows = settings->bs;
  trainer->first_row = 0;
  if (trainer->ranks == NULL)
    return TRUE;

  const int n = c2l_communicator_get_size (trainer->ranks);

  if (settings->bs % n != 0)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                   _ ("data.bs: %" PRId64
                      " rows are the whole batch, and %d processes cannot have as many each; "
                      "choose a multiple of %d"),
                   settings->bs, n, n);
      return FALSE;
    }
  trainer->n_rows = settings->bs / n;
  trainer->first_row = trainer->n_rows * c2l_communicator_get_rank (trainer->ranks);
  return TRUE;
}

/* Lets GPUs sum up gradients where they can. */
static gboolean
join_peers (C2lTrainer *trainer, GError **error)
{
  g_autofree char *note = NULL;
  GError *reason = NULL;

  trainer->peers
      = c2l_peers_join (trainer->device, trainer->ranks, &note, trainer->cancellable, &reason);
  if (note != NULL)
    c2l_trainer_say (trainer, "%s", note);
  if (reason != NULL)
    {
      g_propagate_error (error, reason);
      return FALSE;
    }
  if (trainer->peers != NULL)
    c2l_trainer_say (trainer, "the GPUs of %d processes add up gradients among themselves (NCCL)",
                     c2l_communicator_get_size (trainer->ranks));
  c2l_prior_train_set_ready (trainer->train, send_gradients, trainer->peers != NULL, trainer);
  return TRUE;
}

gboolean
c2l_trainer_begin_together (C2lTrainer *trainer, GError **error)
{
  const double own_step = (double) c2l_trainer_get_step (trainer);
  double step = own_step;

  if (trainer->ranks == NULL)
    return TRUE;
  /* Machines may round a first weight differently. */
  for (C2lPriorSet set = C2L_PRIOR_EMA; set <= C2L_PRIOR_ONLINE; set++)
    {
      gsize n;
      g_autofree float *values = c2l_prior_train_dup_parameters (trainer->train, set, &n);

      if (!c2l_communicator_share (trainer->ranks, C2L_F32, values, n, trainer->cancellable, error))
        return FALSE;
      c2l_prior_train_set_parameters (trainer->train, set, values);
    }
  if (!c2l_communicator_share (trainer->ranks, C2L_F64, &step, 1, trainer->cancellable, error))
    return FALSE;
  if (step != own_step)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
                   _ ("%s: this process sees the checkpoint of step %.0f and the first one that "
                      "of step %.0f; the run must be in a folder that all see"),
                   trainer->options->folder, own_step, step);
      return FALSE;
    }
  return join_peers (trainer, error);
}

/* --- agreeing --- */

gboolean
c2l_trainer_agree (C2lTrainer *trainer, C2lTrainVerdict *verdict, GError **error)
{
  float votes[C2L_N_TRAIN_VERDICTS] = { 0 };

  if (trainer->ranks == NULL)
    return TRUE;
  votes[*verdict] = 1;
  if (!c2l_communicator_sum (trainer->ranks, C2L_F32, votes, C2L_N_TRAIN_VERDICTS,
                             trainer->cancellable, error))
    return FALSE;
  for (int i = 0; i < C2L_N_TRAIN_VERDICTS; i++)
    if (votes[i] > 0)
      *verdict = i;
  return TRUE;
}

gboolean
c2l_trainer_agree_on_success (C2lTrainer *trainer, gboolean succeeded, GError **error)
{
  enum
  {
    FAILURES,
    OF_WRITER,
    N_VOTES
  };
  float votes[N_VOTES] = { !succeeded, !succeeded && c2l_trainer_is_writer (trainer) };

  if (trainer->ranks == NULL)
    return succeeded;
  if (!c2l_communicator_sum (trainer->ranks, C2L_F32, votes, N_VOTES, trainer->cancellable,
                             succeeded ? error : NULL))
    return FALSE;
  /* Mostly the reason is everybody's, and said once is enough. */
  if (!succeeded && votes[OF_WRITER] > 0 && !c2l_trainer_is_writer (trainer))
    g_clear_error (error);
  if (votes[FAILURES] > 0 && *error == NULL)
    c2l_trainer_fail_elsewhere (error);
  return votes[FAILURES] == 0;
}

void
c2l_trainer_fail_elsewhere (GError **error)
{
  g_set_error_literal (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_PEER_ENDED,
                       _ ("another process of this training failed; its message says why"));
}

/* --- a step --- */

void
c2l_trainer_hold_position (C2lTrainer *trainer)
{
  if (trainer->ranks != NULL)
    trainer->held_position = c2l_batches_save (trainer->batches);
}

gboolean
c2l_trainer_sum_up (C2lTrainer *trainer, double *loss, GError **error)
{
  if (trainer->ranks == NULL)
    return TRUE;
  if (trainer->peers != NULL
      && !c2l_communicator_wait (trainer->peers, trainer->cancellable, error))
    {
      c2l_communicator_tear (trainer->ranks);
      return FALSE;
    }
  return c2l_communicator_sum (trainer->ranks, C2L_F64, loss, 1, trainer->cancellable, error);
}

void
c2l_trainer_leave_peers (C2lTrainer *trainer)
{
  if (trainer->peers != NULL && c2l_communicator_is_torn (trainer->ranks))
    c2l_communicator_tear (trainer->peers);
  g_clear_pointer (&trainer->peers, c2l_communicator_free);
}

void
c2l_trainer_let_position_go (C2lTrainer *trainer)
{
  g_clear_pointer (&trainer->held_position, g_bytes_unref);
}
