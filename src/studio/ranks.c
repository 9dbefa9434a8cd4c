/* What Open MPI's mpirun, or another starter of jobs that speaks PMIx, tells a process in its
 * environment. Asking costs nothing and loads nothing. */
#include "studio/ranks.h"

#include "compute/place.h"
#include "studio/recipe.h"

#include <glib/gi18n-lib.h>
#include <unistd.h>

#define MAX_PROCESSES 1000000
#define MODULE "libc2l-mpi.so"

/* The first of the variables that is a number, @otherwise where none is. */
static int
read_number (const char *const *names, int otherwise)
{
  for (; *names != NULL; names++)
    {
      const char *text = g_getenv (*names);
      guint64 number;

      if (text != NULL && g_ascii_string_to_unsigned (text, 10, 0, MAX_PROCESSES, &number, NULL))
        return (int) number;
    }
  return otherwise;
}

int
c2l_ranks_get_size (void)
{
  const char *const own[] = { "OMPI_COMM_WORLD_SIZE", NULL };
  const char *const others[] = { "SLURM_NTASKS", NULL };

  return MAX (1, read_number (own, g_getenv ("PMIX_RANK") != NULL ? read_number (others, 1) : 1));
}

int
c2l_ranks_get_rank (void)
{
  const char *const names[] = { "OMPI_COMM_WORLD_RANK", "PMIX_RANK", NULL };

  return c2l_ranks_get_size () > 1 ? read_number (names, 0) : 0;
}

int
c2l_ranks_get_n_threads (void)
{
  const char *const names[] = { "OMPI_COMM_WORLD_LOCAL_SIZE", NULL };
  const int n_here = read_number (names, 1);
  const long n_all = sysconf (_SC_NPROCESSORS_ONLN), n_own = g_get_num_processors ();

  return n_here > 1 && n_own == n_all ? (int) MAX (1, n_all / n_here) : 0;
}

C2lCommunicator *
c2l_ranks_join (GError **error)
{
  g_autofree char *module = c2l_place_dup_module ("src/mpi", MODULE);

  if (module != NULL)
    return c2l_communicator_open (module, error);
  g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
               _ ("mpirun started %d processes, and what lets them work together (%s) is not "
                  "installed: install it, or build the program where Open MPI is, or start one "
                  "process without mpirun"),
               c2l_ranks_get_size (), MODULE);
  return NULL;
}
