/* Joins worker, library and board, and keeps them as the settings say: device, precision, threads,
 * model, and how long a model stays in memory. A model that is not there any more gives way to the
 * starter, with a word about it. */
#include "app/c2l-backstage.h"

#include "app/c2l-gl-target.h"
#include "app/c2l-settings.h"
#include "studio/bundles.h"
#include "studio/keeper.h"

#include <glib/gi18n.h>

/* Pictures in the trash go for good after so long. */
#define TRASH_DAYS 30

struct _C2lBackstage
{
  GObject parent_instance;

  C2lWorker *worker;
  C2lLibrary *library;
  C2lBoard *board;
  C2lKeeper *keeper;
  char *notice;
  gboolean closed;
};

G_DEFINE_FINAL_TYPE (C2lBackstage, c2l_backstage, G_TYPE_OBJECT)

static guint notice_signal;

C2lBoard *
c2l_backstage_get_board (C2lBackstage *self)
{
  g_return_val_if_fail (C2L_IS_BACKSTAGE (self), NULL);
  return self->board;
}

static gboolean
tell_notice (gpointer data)
{
  C2lBackstage *self = data;
  g_autofree char *notice = g_steal_pointer (&self->notice);

  if (notice != NULL && !self->closed)
    g_signal_emit (self, notice_signal, 0, notice);
  return G_SOURCE_REMOVE;
}

/* Takes @notice (nullable). */
static void
tell_later (C2lBackstage *self, char *notice)
{
  if (notice == NULL)
    return;
  g_free (self->notice);
  self->notice = notice;
  g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, tell_notice, g_object_ref (self), g_object_unref);
}

static void
open_model (C2lBackstage *self)
{
  g_autofree char *id = g_settings_get_string (c2l_settings_get (), "model");
  g_autofree char *folder = c2l_bundles_dup_folder (id);

  if (folder == NULL || !c2l_bundle_is_bundle (folder))
    {
      g_autofree char *starter = c2l_bundles_dup_folder ("");

      tell_later (
          self, *id != '\0'
                    ? g_strdup_printf (
                        _ ("The model “%s” is not there any more. The starter draws instead; "
                           "choose another model on the page Models."),
                        id)
                    : g_strdup (_ (
                        "The starter model is not installed. Import a model on the page Models.")));
      g_free (folder);
      folder = g_steal_pointer (&starter);
    }
  if (folder != NULL && c2l_bundle_is_bundle (folder))
    c2l_board_open_model (self->board, folder);
}

static void
configure (C2lBackstage *self)
{
  GSettings *settings = c2l_settings_get ();
  g_autofree char *device = g_settings_get_string (settings, "device");
  g_autofree char *precision = g_settings_get_string (settings, "precision");

  c2l_worker_configure (self->worker, device, precision, g_settings_get_int (settings, "threads"));
}

static void
on_device_changed (C2lBackstage *self)
{
  configure (self);
  open_model (self);
}

static void
on_idle_changed (C2lBackstage *self)
{
  c2l_worker_set_idle_timeout (self->worker,
                               60 * g_settings_get_int (c2l_settings_get (), "idle-minutes"));
}

static void
follow_settings (C2lBackstage *self)
{
  GSettings *settings = c2l_settings_get ();
  const char *const device_keys[] = { "changed::device", "changed::precision", "changed::threads" };

  for (guint i = 0; i < G_N_ELEMENTS (device_keys); i++)
    g_signal_connect_object (settings, device_keys[i], G_CALLBACK (on_device_changed), self,
                             G_CONNECT_SWAPPED);
  g_signal_connect_object (settings, "changed::model", G_CALLBACK (open_model), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (settings, "changed::idle-minutes", G_CALLBACK (on_idle_changed), self,
                           G_CONNECT_SWAPPED);
}

static void
on_model_opened (C2lBackstage *self)
{
  C2lModelInfo *model = c2l_board_get_model (self->board);
  g_autofree char *generator
      = model != NULL ? c2l_bundle_dup_sha256 (model->bundle, C2L_ROLE_GENERATOR, NULL) : NULL;

  c2l_keeper_set_generator (self->keeper, generator);
}

static void
on_not_kept (C2lBackstage *self, const char *text)
{
  c2l_board_warn (self->board, _ ("A favourite is not kept in full size: %s"), text);
}

void
c2l_backstage_close (C2lBackstage *self)
{
  g_return_if_fail (C2L_IS_BACKSTAGE (self));
  if (self->closed)
    return;
  self->closed = TRUE;
  c2l_keeper_close (self->keeper);
  c2l_board_close (self->board);
  c2l_worker_stop (self->worker);
  c2l_library_close (self->library);
}

static void
c2l_backstage_dispose (GObject *object)
{
  C2lBackstage *self = C2L_BACKSTAGE (object);

  c2l_backstage_close (self);
  g_clear_object (&self->keeper);
  g_clear_object (&self->board);
  g_clear_object (&self->worker);
  g_clear_object (&self->library);
  G_OBJECT_CLASS (c2l_backstage_parent_class)->dispose (object);
}

static void
c2l_backstage_finalize (GObject *object)
{
  g_free (C2L_BACKSTAGE (object)->notice);
  G_OBJECT_CLASS (c2l_backstage_parent_class)->finalize (object);
}

static void
c2l_backstage_class_init (C2lBackstageClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = c2l_backstage_dispose;
  G_OBJECT_CLASS (klass)->finalize = c2l_backstage_finalize;
  notice_signal = g_signal_new ("notice", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
c2l_backstage_init (C2lBackstage *self)
{
}

C2lBackstage *
c2l_backstage_new (GdkDisplay *display)
{
  C2lBackstage *self = g_object_new (C2L_TYPE_BACKSTAGE, NULL);
  g_autofree char *path = c2l_library_dup_default_path ();
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GDateTime) before = g_date_time_add_days (now, -TRASH_DAYS);
  char *notice = NULL;

  self->worker = c2l_worker_new ();
  c2l_worker_set_target (self->worker, c2l_gl_target_new (display));
  self->library = c2l_library_open (path, &notice);
  tell_later (self, notice);
  c2l_library_purge_async (self->library, g_date_time_to_unix (before) * G_USEC_PER_SEC, NULL, NULL,
                           NULL);
  self->board = c2l_board_new (self->worker, self->library);
  self->keeper = c2l_keeper_new (self->worker, self->library);
  g_signal_connect_object (self->keeper, "failed", G_CALLBACK (on_not_kept), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->board, "model-opened", G_CALLBACK (on_model_opened), self,
                           G_CONNECT_SWAPPED);
  configure (self);
  on_idle_changed (self);
  follow_settings (self);
  open_model (self);
  return self;
}
