/* One step at a time: list what is missing, read the first one's recipe, draw and write it on the
 * worker's thread, say so to the library, which changes by that and brings the next step. */
#include "studio/keeper.h"

#include "studio/picture.h"
#include "studio/session.h"

/* Changes come in swarms, as when a hundred pictures become favourites. */
#define PAUSE_MS 400

struct _C2lKeeper
{
  GObject parent_instance;

  C2lWorker *worker;
  C2lLibrary *library;
  GCancellable *cancellable;
  char *generator, *uid; /* uid: of the picture that is being kept */
  GHashTable *failed;    /* uids that are not tried again */
  guint pause;
  gboolean is_busy, has_told;
};

G_DEFINE_FINAL_TYPE (C2lKeeper, c2l_keeper, G_TYPE_OBJECT)

static guint failed_signal;

static void look_soon (C2lKeeper *self);

static void
end_step (C2lKeeper *self, const GError *error)
{
  self->is_busy = FALSE;
  if (error != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_hash_table_add (self->failed, g_strdup (self->uid));
      if (!self->has_told)
        g_signal_emit (self, failed_signal, 0, error->message);
      self->has_told = TRUE;
    }
  g_clear_pointer (&self->uid, g_free);
  look_soon (self);
}

/* --- drawing --- */

typedef struct
{
  C2lRecipe *recipe;
  char *path;
} KeepJob;

static void
keep_job_free (gpointer data)
{
  KeepJob *job = data;

  c2l_recipe_unref (job->recipe);
  g_free (job->path);
  g_free (job);
}

static gpointer
draw_and_write (C2lSession *session, gpointer data, GCancellable *cancellable, GError **error)
{
  KeepJob *job = data;
  g_autoptr (C2lPicture) picture
      = c2l_session_draw (session, job->recipe, 0, NULL, cancellable, error);

  return GINT_TO_POINTER (picture != NULL && c2l_picture_save (picture, job->path, error));
}

static void
on_kept (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lKeeper) self = data;
  g_autoptr (GError) error = NULL;

  c2l_library_write_finish (C2L_LIBRARY (source), result, &error);
  end_step (self, error);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lKeeper) self = data;
  g_autoptr (GError) error = NULL;
  const char *const uids[] = { self->uid, NULL };

  if (c2l_worker_call_finish (C2L_WORKER (source), result, &error) == NULL)
    end_step (self, error);
  else
    c2l_library_set_kept_async (self->library, uids, TRUE, self->cancellable, on_kept,
                                g_object_ref (self));
}

static void
on_recipe (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lKeeper) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lRecipe) recipe
      = c2l_library_load_recipe_finish (C2L_LIBRARY (source), result, &error);
  g_autofree char *path
      = recipe != NULL ? c2l_library_dup_picture_path (self->library, self->uid) : NULL;
  KeepJob *job;

  if (path == NULL)
    {
      /* A library in memory keeps none. */
      g_hash_table_add (self->failed, g_strdup (self->uid));
      end_step (self, error);
      return;
    }
  job = g_new (KeepJob, 1);
  *job = (KeepJob){ g_steal_pointer (&recipe), g_steal_pointer (&path) };
  c2l_worker_call_async (self->worker, FALSE, draw_and_write, job, keep_job_free, NULL,
                         self->cancellable, on_written, g_object_ref (self));
}

/* --- looking --- */

static void
on_listed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lKeeper) self = data;
  g_autoptr (GPtrArray) entries = c2l_library_list_finish (C2L_LIBRARY (source), result, NULL);

  self->is_busy = FALSE;
  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      C2lLibraryEntry *entry = g_ptr_array_index (entries, i);

      if (g_strcmp0 (entry->generator, self->generator) != 0
          || g_hash_table_contains (self->failed, entry->uid))
        continue;
      self->is_busy = TRUE;
      self->uid = g_strdup (entry->uid);
      c2l_library_load_recipe_async (self->library, self->uid, self->cancellable, on_recipe,
                                     g_object_ref (self));
      return;
    }
}

static gboolean
look (gpointer data)
{
  C2lKeeper *self = data;
  const C2lLibraryQuery query = { .favourites = TRUE, .not_kept = TRUE };

  self->pause = 0;
  if (self->is_busy || self->generator == NULL)
    return G_SOURCE_REMOVE;
  self->is_busy = TRUE;
  c2l_library_list_async (self->library, &query, self->cancellable, on_listed, g_object_ref (self));
  return G_SOURCE_REMOVE;
}

static void
look_soon (C2lKeeper *self)
{
  if (self->pause == 0 && !g_cancellable_is_cancelled (self->cancellable))
    self->pause = g_timeout_add (PAUSE_MS, look, self);
}

void
c2l_keeper_set_generator (C2lKeeper *self, const char *sha256)
{
  g_return_if_fail (C2L_IS_KEEPER (self));

  g_free (self->generator);
  self->generator = g_strdup (sha256);
  look_soon (self);
}

void
c2l_keeper_close (C2lKeeper *self)
{
  g_return_if_fail (C2L_IS_KEEPER (self));

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->pause, g_source_remove);
}

static void
c2l_keeper_dispose (GObject *object)
{
  C2lKeeper *self = C2L_KEEPER (object);

  c2l_keeper_close (self);
  if (self->library != NULL)
    g_signal_handlers_disconnect_by_data (self->library, self);
  g_clear_object (&self->library);
  g_clear_object (&self->worker);
  G_OBJECT_CLASS (c2l_keeper_parent_class)->dispose (object);
}

static void
c2l_keeper_finalize (GObject *object)
{
  C2lKeeper *self = C2L_KEEPER (object);

  g_object_unref (self->cancellable);
  g_hash_table_unref (self->failed);
  g_free (self->generator);
  g_free (self->uid);
  G_OBJECT_CLASS (c2l_keeper_parent_class)->finalize (object);
}

static void
c2l_keeper_class_init (C2lKeeperClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = c2l_keeper_dispose;
  G_OBJECT_CLASS (klass)->finalize = c2l_keeper_finalize;
  failed_signal = g_signal_new ("failed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
c2l_keeper_init (C2lKeeper *self)
{
  self->cancellable = g_cancellable_new ();
  self->failed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

C2lKeeper *
c2l_keeper_new (C2lWorker *worker, C2lLibrary *library)
{
  C2lKeeper *self = g_object_new (C2L_TYPE_KEEPER, NULL);

  self->worker = g_object_ref (worker);
  self->library = g_object_ref (library);
  g_signal_connect_swapped (library, "changed", G_CALLBACK (look_soon), self);
  return self;
}
