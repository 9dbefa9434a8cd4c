/* How processes with a GPU each come together. Each lays a card on the table: what it can do and
 * which GPU it has. All see all cards, so all decide the same. Everything travels as float sums in
 * which only one process has another number than zero. */
#include "compute/peers.h"

#include "compute/communicator-module.h"
#include "compute/op.h"

#include <glib/gi18n-lib.h>
#include <string.h>

typedef enum
{
  ON_PROCESSOR, /* or on a device that knows nothing of this */
  UNABLE,
  ABLE
} Ability;

enum
{
  ABILITY,
  IDENTITY,
  CARD = IDENTITY + C2L_DEVICE_IDENTITY /* numbers */
};

static void
fill_card (C2lDevice *device, float *card, GError **error)
{
  guint8 identity[C2L_DEVICE_IDENTITY] = { 0 };

  if (device->klass->identify == NULL)
    return;
  card[ABILITY] = device->klass->identify (device, identity, error) ? ABLE : UNABLE;
  for (gsize i = 0; i < sizeof identity; i++)
    card[IDENTITY + i] = identity[i];
}

static gboolean
is_same_device (const float *cards, int a, int b)
{
  return memcmp (cards + a * CARD + IDENTITY, cards + b * CARD + IDENTITY,
                 C2L_DEVICE_IDENTITY * sizeof *cards)
         == 0;
}

/* Why GPUs will not do it by themselves, NULL where they will. @reason: (nullable): this process's
 * own. */
static char *
find_obstacle (const float *cards, int size, const GError *reason)
{
  if (reason != NULL)
    return g_strdup (reason->message);
  for (int i = 0; i < size; i++)
    if (cards[i * CARD + ABILITY] != ABLE)
      return g_strdup_printf (cards[i * CARD + ABILITY] == UNABLE
                                  ? "process %d of %d cannot use NCCL"
                                  : "process %d of %d computes on the processor",
                              i + 1, size);
  for (int i = 0; i < size; i++)
    for (int j = 0; j < i; j++)
      if (is_same_device (cards, i, j))
        return g_strdup_printf ("processes %d and %d of %d share one GPU (--device cuda gives each "
                                "its own where there are as many)",
                                j + 1, i + 1, size);
  return NULL;
}

/* Whether all are able. @note as c2l_peers_join() gives it. */
static gboolean
compare_cards (C2lDevice *device,
               C2lCommunicator *ranks,
               gboolean *are_able,
               char **note,
               GCancellable *cancellable,
               GError **error)
{
  const int size = c2l_communicator_get_size (ranks), rank = c2l_communicator_get_rank (ranks);
  g_autofree float *cards = g_new0 (float, (gsize) size *CARD);
  g_autofree char *obstacle = NULL;
  g_autoptr (GError) reason = NULL;
  gboolean any = FALSE;

  fill_card (device, cards + rank * CARD, &reason);
  if (!c2l_communicator_sum (ranks, C2L_F32, cards, (gsize) size * CARD, cancellable, error))
    return FALSE;
  for (int i = 0; i < size; i++)
    any = any || cards[i * CARD + ABILITY] != ON_PROCESSOR;
  obstacle = find_obstacle (cards, size, reason);
  *are_able = obstacle == NULL;
  if (obstacle != NULL && any)
    *note = g_strdup_printf ("gradients pass through the machine's memory, which takes longer: %s",
                             obstacle);
  return TRUE;
}

/* The first process's, for all. */
static gboolean
share_invitation (C2lDevice *device,
                  C2lCommunicator *ranks,
                  guint8 invitation[C2L_DEVICE_INVITATION],
                  GCancellable *cancellable,
                  GError **error)
{
  float values[C2L_DEVICE_INVITATION + 1] = { 0 };
  g_autoptr (GError) reason = NULL;

  if (c2l_communicator_get_rank (ranks) == 0)
    values[C2L_DEVICE_INVITATION] = device->klass->invite (device, invitation, &reason);
  for (int i = 0; i < C2L_DEVICE_INVITATION; i++)
    values[i] = invitation[i];
  if (!c2l_communicator_share (ranks, C2L_F32, values, G_N_ELEMENTS (values), cancellable, error))
    return FALSE;
  for (int i = 0; i < C2L_DEVICE_INVITATION; i++)
    invitation[i] = (guint8) values[i];
  if (values[C2L_DEVICE_INVITATION] != 0)
    return TRUE;
  if (reason != NULL)
    g_propagate_error (error, g_steal_pointer (&reason));
  else
    g_set_error_literal (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_PEER_ENDED,
                         _ ("another process of this training failed; its message says why"));
  return FALSE;
}

static C2lCommunicator *
join (C2lDevice *device, C2lCommunicator *ranks, GCancellable *cancellable, GError **error)
{
  guint8 invitation[C2L_DEVICE_INVITATION] = { 0 };
  C2lCommunicator *peers;

  if (!share_invitation (device, ranks, invitation, cancellable, error))
    return NULL;
  peers = device->klass->join (device, invitation, c2l_communicator_get_rank (ranks),
                               c2l_communicator_get_size (ranks), error);
  if (peers == NULL)
    return NULL;
  peers->guardian = ranks;
  peers->local_size = c2l_communicator_get_local_size (ranks);
  if (c2l_communicator_wait (peers, cancellable, error))
    return peers;
  c2l_communicator_free (peers);
  return NULL;
}

C2lCommunicator *
c2l_peers_join (C2lDevice *device,
                C2lCommunicator *ranks,
                char **note,
                GCancellable *cancellable,
                GError **error)
{
  C2lCommunicator *peers;
  gboolean are_able;

  *note = NULL;
  if (!compare_cards (device, ranks, &are_able, note, cancellable, error) || !are_able)
    return NULL;
  peers = join (device, ranks, cancellable, error);
  /* The others may have come together, and wait for this one. */
  if (peers == NULL)
    c2l_communicator_tear (ranks);
  return peers;
}
