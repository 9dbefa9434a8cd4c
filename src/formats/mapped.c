/* The kernel tells of a page that cannot be had with SIGBUS, to the thread that reads it. The
 * handler puts zeros where the rest of the file was and remembers that; a fault anywhere else goes
 * to whoever handled SIGBUS before. The handler looks at the table without a lock: an entry counts
 * from the moment its start is set, which is the last thing that is. */
#include "formats/mapped.h"

#include "formats/weights.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* More than that are mapped without a guard. */
#define MAX_FILES 256

typedef struct
{
  gsize start; /* 0: free; atomic */
  gsize length;
  int is_lost; /* atomic */
  char *path;  /* guarded, as what follows */
  int fd; /* open, to ask for its size: what is cut off a page reads as zeros without a fault */
  guint serial; /* later ones are greater */
} Region;

typedef struct
{
  GMappedFile *file;
  Region *region; /* (nullable) */
} Mapping;

static Region regions[MAX_FILES];
static GMutex mutex;
static guint last_serial;
static gsize page_size;
static struct sigaction previous;

/* Only what a signal handler may do. */
static void
on_bus_error (int number, siginfo_t *info, void *context)
{
  const gsize at = (gsize) info->si_addr, page = at & ~(page_size - 1);
  const int code = errno;

  for (guint i = 0; i < MAX_FILES; i++)
    {
      const gsize start = g_atomic_pointer_get (&regions[i].start);

      if (start == 0 || at < start || at - start >= regions[i].length)
        continue;
      if (mmap ((void *) page, start + regions[i].length - page, PROT_READ,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)
          == MAP_FAILED)
        break;
      g_atomic_int_set (&regions[i].is_lost, TRUE);
      errno = code;
      return;
    }
  /* The instruction is tried again, and fails again. */
  sigaction (SIGBUS, &previous, NULL);
  errno = code;
}

static void
install_handler (void)
{
  static gsize is_installed;
  struct sigaction action = { .sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO };

  if (!g_once_init_enter (&is_installed))
    return;
  page_size = (gsize) sysconf (_SC_PAGESIZE);
  sigemptyset (&action.sa_mask);
  sigaction (SIGBUS, &action, &previous);
  g_once_init_leave (&is_installed, 1);
}

static Region *
guard (const char *path, int fd, gpointer start, gsize length)
{
  Region *region = NULL;

  g_mutex_lock (&mutex);
  for (guint i = 0; i < MAX_FILES && region == NULL; i++)
    if (g_atomic_pointer_get (&regions[i].start) == 0)
      region = &regions[i];
  if (region != NULL)
    {
      region->length = length;
      region->path = g_strdup (path);
      region->fd = fd;
      region->serial = ++last_serial;
      g_atomic_int_set (&region->is_lost, FALSE);
      g_atomic_pointer_set (&region->start, (gsize) start);
    }
  g_mutex_unlock (&mutex);
  return region;
}

static void
mapping_free (gpointer data)
{
  Mapping *mapping = data;

  if (mapping->region != NULL)
    {
      g_mutex_lock (&mutex);
      g_atomic_pointer_set (&mapping->region->start, (gsize) 0);
      g_clear_pointer (&mapping->region->path, g_free);
      close (mapping->region->fd);
      g_mutex_unlock (&mutex);
    }
  g_mapped_file_unref (mapping->file);
  g_free (mapping);
}

GBytes *
c2l_mapped_open (const char *path, GError **error)
{
  const int fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);
  GMappedFile *file;
  Mapping *mapping;
  gsize length;

  if (fd < 0)
    {
      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno),
                   _ ("%s: cannot be opened: %s"), path, g_strerror (errno));
      return NULL;
    }
  file = g_mapped_file_new_from_fd (fd, FALSE, error);
  if (file == NULL)
    {
      g_prefix_error (error, "%s: ", path);
      close (fd);
      return NULL;
    }
  install_handler ();
  length = g_mapped_file_get_length (file);
  mapping = g_new0 (Mapping, 1);
  mapping->file = file;
  if (length > 0)
    mapping->region = guard (path, fd, g_mapped_file_get_contents (file), length);
  if (mapping->region == NULL)
    close (fd);
  return g_bytes_new_with_free_func (g_mapped_file_get_contents (file), length, mapping_free,
                                     mapping);
}

static gboolean
is_lost (const Region *region)
{
  struct stat info;

  return g_atomic_int_get (&region->is_lost)
         || (fstat (region->fd, &info) == 0 && (gsize) info.st_size < region->length);
}

gboolean
c2l_mapped_check (const char *path, GError **error)
{
  const Region *found = NULL;
  g_autofree char *lost = NULL;

  g_mutex_lock (&mutex);
  for (guint i = 0; i < MAX_FILES; i++)
    {
      const Region *region = &regions[i];

      if (region->path == NULL || (path != NULL && g_strcmp0 (path, region->path) != 0)
          || (path == NULL && !is_lost (region))
          || (found != NULL && found->serial > region->serial))
        continue;
      found = region;
    }
  if (found != NULL && is_lost (found))
    lost = g_strdup (found->path);
  g_mutex_unlock (&mutex);
  if (lost == NULL)
    return TRUE;
  g_set_error (
      error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
      _ ("%s: it was cut off while it was in use, or its disk cannot be read; open it again "
         "once it is whole"),
      lost);
  return FALSE;
}
