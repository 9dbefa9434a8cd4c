/* This process as one of several that mpirun has started with the same command line: its rank says which. Alone it is rank 0 of 1. */
#pragma once

#include "compute/communicator.h"

G_BEGIN_DECLS

/* As whoever started this process says. */
int              c2l_ranks_get_rank (void);
int              c2l_ranks_get_size (void);
/* Among those on this machine. */
int              c2l_ranks_get_local_rank (void);

/* Its share of the processors where several processes of the job run on this machine and none of them was bound to a part of it; 0: all
 * that it may use. */
int              c2l_ranks_get_n_threads (void);

/* Joins the others. Only where there are several. NULL where the module for that is not installed or they cannot be reached. */
C2lCommunicator *c2l_ranks_join (GError **error);

G_END_DECLS
