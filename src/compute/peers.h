/* Sums over the devices of several processes: gradients that lie in GPUs' own memory need not pass through that of the machines. The
 * processes find each other through a communicator that they have already, and agree on whether all of them can do this. */
#pragma once

#include "compute/communicator.h"

G_BEGIN_DECLS

/* Collective over @ranks, which must outlive the result. A communicator whose values are addresses on @device
 * (c2l_tensor_get_device_data()): sums of F32 begin when what was begun there before has ended, and go on beside what follows. NULL
 * - without an error where the processes have no GPU each that can do this; @note: (out) (nullable): for people, what is missing,
 *   where any of them has one;
 * - with an error where it should have worked and did not; nothing collective may follow then. */
C2lCommunicator *c2l_peers_join (C2lDevice *device, C2lCommunicator *ranks, char **note, GCancellable *cancellable, GError **error);

G_END_DECLS
