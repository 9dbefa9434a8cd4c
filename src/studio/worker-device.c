/* How a worker's session comes to its device, and to the processor where a GPU cannot be used, or
 * not any more. On the queue's thread. */
#include "studio/worker-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define PROCESSOR "cpu"

/* A name that means nothing is nobody's GPU. */
static gboolean
is_gpu (const char *device_name)
{
  return g_str_has_prefix (device_name, "cuda");
}

/* "CPU, 2 threads, AVX2" out of "2 threads, AVX2, oneDNN 2.6.3". */
char *
c2l_worker_dup_device_words (C2lDevice *device)
{
  const char *description = c2l_device_get_description (device);
  const char *library = strstr (description, ", oneDNN");
  g_autofree char *kind = g_ascii_strup (c2l_device_get_kind (device), -1);
  g_autofree char *words = g_strndup (description, library != NULL ? (gsize) (library - description)
                                                                   : strlen (description));

  return g_strdup_printf ("%s, %s", kind, words);
}

C2lSession *
c2l_worker_load_session (const char *folder,
                         const char *device_name,
                         const char *precision_name,
                         int threads,
                         GError **error)
{
  g_autoptr (C2lBundle) bundle = c2l_bundle_open (folder, error);
  g_autoptr (C2lDevice) device = bundle != NULL ? c2l_device_open (device_name, error) : NULL;
  C2lPrecision precision;

  if (device == NULL)
    return NULL;
  if (!c2l_precision_from_name (precision_name, &precision)
      || !c2l_device_supports (device, precision))
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                   _ ("%s cannot compute in precision %s; choose another one in the preferences"),
                   c2l_device_get_description (device), precision_name);
      return NULL;
    }
  c2l_device_set_n_threads (device, threads);
  return c2l_session_open (bundle, device, precision);
}

/* --- without the GPU --- */

/* What stays wrong until somebody does something about the GPU, and would for each picture. */
static gboolean
is_of_gpu (const GError *error)
{
  return g_error_matches (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_LOST)
         || g_error_matches (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_NO_DEVICE);
}

typedef struct
{
  C2lWorker *worker;
  char *text, *device, *precision;
} Fallback;

static void
fallback_free (gpointer data)
{
  Fallback *fallback = data;

  g_object_unref (fallback->worker);
  g_free (fallback->text);
  g_free (fallback->device);
  g_free (fallback->precision);
  g_free (fallback);
}

static gboolean
deliver_fallback (gpointer data)
{
  Fallback *fallback = data;
  C2lModelInfo *info = fallback->worker->info;

  if (fallback->device != NULL && info != NULL)
    {
      g_free (info->device);
      g_free (info->precision);
      info->device = g_steal_pointer (&fallback->device);
      info->precision = g_steal_pointer (&fallback->precision);
      info->seconds = 0;
    }
  g_signal_emit_by_name (fallback->worker, "fallback", fallback->text);
  return G_SOURCE_REMOVE;
}

/* @session: (nullable): what the open model is drawn with from now on. */
static void
tell_fallback (C2lWorker *self, const GError *reason, C2lSession *session)
{
  Fallback *fallback = g_new0 (Fallback, 1);

  fallback->worker = g_object_ref (self);
  fallback->text = g_strdup_printf (_ ("%s. The processor draws now."), reason->message);
  if (session != NULL)
    {
      fallback->device
          = c2l_worker_dup_device_words (c2l_engine_get_device (c2l_session_get_engine (session)));
      fallback->precision = g_strdup (c2l_precision_get_name (c2l_session_get_precision (session)));
    }
  c2l_worker_invoke (self, deliver_fallback, fallback, fallback_free);
}

/* In the wished precision, or in the usual one where only a GPU has that. */
static C2lSession *
load_on_processor (const char *folder, const char **precision, int threads, GError **error)
{
  C2lSession *session = c2l_worker_load_session (folder, PROCESSOR, *precision, threads, NULL);

  if (session != NULL)
    return session;
  *precision = c2l_precision_get_name (C2L_DEFAULT_PRECISION);
  return c2l_worker_load_session (folder, PROCESSOR, *precision, threads, error);
}

C2lSession *
c2l_worker_load_without_gpu (C2lWorker *self,
                             const char *folder,
                             char **device,
                             char **precision,
                             int threads,
                             const GError *reason)
{
  const char *fitting = *precision;
  C2lSession *session;

  if (!is_gpu (*device)
      || !(is_of_gpu (reason)
           || g_error_matches (reason, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_MEMORY)))
    return NULL;
  session = load_on_processor (folder, &fitting, threads, NULL);
  if (session == NULL)
    return NULL;
  fitting = g_strdup (fitting);
  g_free (*precision);
  *precision = (char *) fitting;
  g_free (*device);
  *device = g_strdup (PROCESSOR);
  tell_fallback (self, reason, NULL);
  return session;
}

gboolean
c2l_worker_leave_gpu (C2lWorker *self, const GError *error)
{
  const char *precision = self->loaded_precision;
  C2lSession *session;

  if (!self->is_open || !is_of_gpu (error))
    return FALSE;
  /* A job that gave way finds that another one has left already. */
  if (!is_gpu (self->loaded_device))
    return g_error_matches (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_LOST);
  session = load_on_processor (self->folder, &precision, self->loaded_threads, NULL);
  if (session == NULL)
    return FALSE;
  tell_fallback (self, error, session);
  if (self->session != NULL)
    g_ptr_array_add (self->lost, g_steal_pointer (&self->session));
  c2l_worker_take_session (self, session);
  g_free (self->loaded_device);
  self->loaded_device = g_strdup (PROCESSOR);
  if (precision != self->loaded_precision)
    {
      g_free (self->loaded_precision);
      self->loaded_precision = g_strdup (precision);
    }
  return TRUE;
}
