/* The library as an object: the queue whose thread owns the connection, and the answers that come
 * back. What is written and read is in library-write.c, library-read.c and library-collections.c,
 * tables and opening in library-schema.c.
 *
 * Policy: nothing that the artist made is lost to a fault. Writes that the disk refuses wait, in
 * their order, for the next write; a file that turns out to be damaged is set aside and what can be
 * read of it goes into a new one; where there can be no file, memory does. */
#include "studio/library-private.h"

#include "studio/paths.h"
#include "studio/queue.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

/* Refused writes that are kept at most: some thousand pictures of some 50 KB. */
#define MAX_REFUSED 2000

struct _C2lLibrary
{
  GObject parent_instance;

  char *path;
  C2lQueue *queue;
  gboolean closed;
  int temporary; /* atomic */

  /* The queue's thread's, once it runs. */
  sqlite3 *db;
  GQueue refused; /* of Job: writes that failed */
};

G_DEFINE_QUARK (c2l_library_error_quark, c2l_library_error)
G_DEFINE_FINAL_TYPE (C2lLibrary, c2l_library, G_TYPE_OBJECT)

static guint changed_signal, notice_signal;

/* --- jobs --- */

typedef struct
{
  C2lLibrary *library; /* lent: waits for its queue before it goes */
  C2lLibraryAccess access;
  C2lLibraryJob run;
  gpointer data;
  GDestroyNotify data_free;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  if (job->data_free != NULL)
    job->data_free (job->data);
  g_free (job);
}

static gboolean
emit_changed (gpointer data)
{
  g_signal_emit (data, changed_signal, 0);
  return G_SOURCE_REMOVE;
}

typedef struct
{
  C2lLibrary *library;
  char *text;
} Notice;

static void
notice_free (gpointer data)
{
  Notice *notice = data;

  g_object_unref (notice->library);
  g_free (notice->text);
  g_free (notice);
}

static gboolean
emit_notice (gpointer data)
{
  Notice *notice = data;

  g_signal_emit (notice->library, notice_signal, 0, notice->text);
  return G_SOURCE_REMOVE;
}

static void G_GNUC_PRINTF (3, 4)
    tell_notice (C2lLibrary *self, C2lJob *queued, const char *format, ...)
{
  Notice *notice = g_new0 (Notice, 1);
  va_list args;

  notice->library = g_object_ref (self);
  va_start (args, format);
  notice->text = g_strdup_vprintf (format, args);
  va_end (args);
  c2l_job_tell (queued, emit_notice, notice, notice_free);
}

static void
live_in_memory (C2lLibrary *self)
{
  g_atomic_int_set (&self->temporary, TRUE);
  self->db = c2l_library_db_open (NULL, NULL);
}

/* The file turned out to be damaged while it was used. */
static void
begin_anew (C2lLibrary *self, C2lJob *queued)
{
  g_autofree char *aside = NULL;
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&self->db, sqlite3_close);
  aside = c2l_library_db_set_aside (self->path, &error);
  if (aside != NULL)
    self->db = c2l_library_db_open (self->path, &error);
  if (self->db != NULL)
    tell_notice (self, queued,
                 _ ("The picture library was damaged and a new one was begun. %u pictures could be "
                    "taken over; the old one was kept as %s."),
                 c2l_library_db_rescue (self->db, aside), aside);
  else
    {
      live_in_memory (self);
      tell_notice (
          self, queued,
          _ ("The picture library is damaged. Pictures are not kept when the program ends: %s"),
          error->message);
    }
}

static gpointer
do_job (C2lLibrary *self, const Job *job, C2lJob *queued, GError **error)
{
  g_autoptr (GError) own = NULL;
  gpointer answer = job->run (self->db, job->data, &own);

  if (g_error_matches (own, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_DAMAGED)
      && !g_atomic_int_get (&self->temporary))
    {
      begin_anew (self, queued);
      g_clear_error (&own);
      answer = job->run (self->db, job->data, &own);
    }
  if (own != NULL)
    g_propagate_error (error, g_steal_pointer (&own));
  return answer;
}

/* --- writes that were refused --- */

static gboolean
is_refused (const GError *error)
{
  return g_error_matches (error, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_FAILED);
}

/* Keeps what @job would have written for the next time. */
static void
keep_refused (C2lLibrary *self, Job *job)
{
  Job *kept;

  if (g_queue_get_length (&self->refused) >= MAX_REFUSED)
    return;
  kept = g_memdup2 (job, sizeof *job);
  job->data = NULL;
  job->data_free = NULL;
  g_queue_push_tail (&self->refused, kept);
}

/* Writes what was refused before, in its order. FALSE and why it still cannot be. */
static gboolean
write_refused (C2lLibrary *self, C2lJob *queued, GError **error)
{
  Job *job;

  while ((job = g_queue_peek_head (&self->refused)) != NULL)
    {
      g_autoptr (GError) own = NULL;

      do_job (self, job, queued, &own);
      if (is_refused (own))
        {
          g_propagate_error (error, g_steal_pointer (&own));
          return FALSE;
        }
      /* What fails for another reason was told of when it was asked for. */
      job_free (g_queue_pop_head (&self->refused));
    }
  return TRUE;
}

static gpointer
run (C2lJob *queued, gpointer data, GError **error)
{
  Job *job = data;
  C2lLibrary *self = job->library;
  g_autoptr (GError) own = NULL;
  gpointer answer = NULL;

  if (job->access == C2L_LIBRARY_READS)
    return do_job (self, job, queued, error);
  if (write_refused (self, queued, &own))
    answer = do_job (self, job, queued, &own);
  if (own == NULL)
    c2l_job_tell (queued, emit_changed, g_object_ref (self), g_object_unref);
  else
    {
      if (is_refused (own))
        keep_refused (self, job);
      g_propagate_error (error, g_steal_pointer (&own));
    }
  return answer;
}

static void
push (C2lLibrary *self, GTask *task, C2lJobFunc func, Job job, GDestroyNotify result_free)
{
  job.library = self;
  c2l_queue_push (self->queue, task, C2L_JOB_BATCH, NULL, func, g_memdup2 (&job, sizeof job),
                  job_free, result_free);
}

void
c2l_library_push (C2lLibrary *self,
                  C2lLibraryAccess access,
                  C2lLibraryJob run_job,
                  gpointer job_data,
                  GDestroyNotify job_data_free,
                  GDestroyNotify result_free,
                  GCancellable *cancellable,
                  GAsyncReadyCallback callback,
                  gpointer data)
{
  const Job job
      = { .access = access, .run = run_job, .data = job_data, .data_free = job_data_free };

  push (self, g_task_new (self, cancellable, callback, data), run, job, result_free);
}

/* --- opening --- */

char *
c2l_library_dup_default_path (void)
{
  g_autofree char *folder = c2l_paths_dup_user ();

  return g_build_filename (folder, "library.sqlite", NULL);
}

gboolean
c2l_library_is_temporary (C2lLibrary *self)
{
  g_return_val_if_fail (C2L_IS_LIBRARY (self), TRUE);
  return g_atomic_int_get (&self->temporary);
}

char *
c2l_library_dup_picture_path (C2lLibrary *self, const char *uid)
{
  g_autofree char *path = NULL, *folder = NULL;

  g_return_val_if_fail (C2L_IS_LIBRARY (self) && uid != NULL, NULL);
  path = c2l_library_is_temporary (self) ? NULL : c2l_library_dup_file (self->path, uid);
  if (path == NULL)
    return NULL;
  /* Where it cannot be made, writing the file says so. */
  folder = g_path_get_dirname (path);
  g_mkdir_with_parents (folder, 0700);
  return g_steal_pointer (&path);
}

static gpointer
run_rescue (C2lJob *queued, gpointer data, GError **error)
{
  Job *job = data;
  guint n = c2l_library_db_rescue (job->library->db, job->data);

  if (n > 0)
    {
      c2l_job_tell (queued, emit_changed, g_object_ref (job->library), g_object_unref);
      tell_notice (job->library, queued,
                   _ ("%u pictures of the damaged library could be taken over."), n);
    }
  return NULL;
}

/* A damaged file is set aside, and what can be read of it taken over while the window opens
 * already. */
static sqlite3 *
open_file (C2lLibrary *self, char **aside, char **notice, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (self->path);
  g_autoptr (GError) own = NULL;
  sqlite3 *db;

  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s: %s", folder,
                   g_strerror (errno));
      return NULL;
    }
  db = c2l_library_db_open (self->path, &own);
  if (g_error_matches (own, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_DAMAGED)
      && (*aside = c2l_library_db_set_aside (self->path, NULL)) != NULL)
    {
      g_clear_error (&own);
      *notice = g_strdup_printf ("The picture library was damaged and a new one was begun. The old "
                                 "one was kept as %s.",
                                 *aside);
      db = c2l_library_db_open (self->path, &own);
    }
  if (db == NULL)
    g_propagate_error (error, g_steal_pointer (&own));
  return db;
}

C2lLibrary *
c2l_library_open (const char *path, char **notice)
{
  C2lLibrary *self;
  g_autofree char *aside = NULL;
  g_autoptr (GError) error = NULL;

  g_return_val_if_fail (path != NULL && notice != NULL, NULL);
  *notice = NULL;
  self = g_object_new (C2L_TYPE_LIBRARY, NULL);
  /* Begins with a slash, so that SQLite does not take it for an address. */
  self->path = g_canonicalize_filename (path, NULL);
  self->db = open_file (self, &aside, notice, &error);
  if (self->db == NULL)
    {
      live_in_memory (self);
      g_free (*notice);
      *notice = g_strdup_printf ("Pictures are not kept when the program ends: %s", error->message);
    }
  self->queue = c2l_queue_new ("library");
  if (aside != NULL && !self->temporary)
    push (self, g_task_new (self, NULL, NULL, NULL), run_rescue,
          (Job){ .data = g_steal_pointer (&aside), .data_free = g_free }, NULL);
  return self;
}

/* --- waiting and closing --- */

typedef struct
{
  GMutex lock;
  GCond done;
  gboolean is_done;
} Barrier;

/* On the library's thread, for the one that waits does not run its main context. */
static gpointer
run_barrier (C2lJob *queued, gpointer data, GError **error)
{
  Job *job = data;
  Barrier *barrier = job->data;
  gboolean written = write_refused (job->library, queued, error);

  g_mutex_lock (&barrier->lock);
  barrier->is_done = TRUE;
  g_cond_signal (&barrier->done);
  g_mutex_unlock (&barrier->lock);
  return GINT_TO_POINTER (written);
}

/* Jobs run in order, so everything before is done when this one is. Answers come through the main
 * context, which is not run here: what it does might ask for more. */
void
c2l_library_flush (C2lLibrary *self)
{
  Barrier barrier = { 0 };

  g_return_if_fail (C2L_IS_LIBRARY (self));
  if (self->closed)
    return;
  g_mutex_init (&barrier.lock);
  g_cond_init (&barrier.done);
  push (self, g_task_new (self, NULL, NULL, NULL), run_barrier, (Job){ .data = &barrier }, NULL);
  g_mutex_lock (&barrier.lock);
  while (!barrier.is_done)
    g_cond_wait (&barrier.done, &barrier.lock);
  g_mutex_unlock (&barrier.lock);
  g_mutex_clear (&barrier.lock);
  g_cond_clear (&barrier.done);
}

void
c2l_library_close (C2lLibrary *self)
{
  g_return_if_fail (C2L_IS_LIBRARY (self));
  if (self->closed)
    return;
  c2l_library_flush (self);
  self->closed = TRUE;
  c2l_queue_stop (self->queue);
  g_clear_pointer (&self->db, sqlite3_close);
}

static void
c2l_library_finalize (GObject *object)
{
  C2lLibrary *self = C2L_LIBRARY (object);

  g_clear_pointer (&self->queue, c2l_queue_free);
  g_queue_clear_full (&self->refused, job_free);
  g_clear_pointer (&self->db, sqlite3_close);
  g_free (self->path);
  G_OBJECT_CLASS (c2l_library_parent_class)->finalize (object);
}

static void
c2l_library_class_init (C2lLibraryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = c2l_library_finalize;
  changed_signal = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                 NULL, NULL, G_TYPE_NONE, 0);
  notice_signal = g_signal_new ("notice", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
c2l_library_init (C2lLibrary *self)
{
  g_queue_init (&self->refused);
}
