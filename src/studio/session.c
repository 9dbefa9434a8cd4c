/* The life of a session and of its passes: recorded for a shape when it is first met and kept under
 * a name that says the shape. What the passes compute is in session-clip.c, session-sample.c and
 * session-draw.c. */
#include "studio/paths.h"
#include "studio/session-private.h"

#include <string.h>

C2lSession *
c2l_session_new (C2lEngine *engine, C2lPrecision precision)
{
  C2lSession *session = g_new0 (C2lSession, 1);

  session->engine = c2l_engine_ref (engine);
  session->precision = precision;
  session->batch = C2L_SESSION_BATCH;
  session->passes
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) c2l_pass_free);
  return session;
}

C2lSession *
c2l_session_open (C2lBundle *bundle, C2lDevice *device, C2lPrecision precision)
{
  g_autofree char *merges = c2l_paths_dup_data ("merges.txt.gz");
  g_autoptr (C2lEngine) engine = c2l_engine_new (bundle, device, merges);

  return c2l_session_new (engine, precision);
}

void
c2l_session_free (C2lSession *session)
{
  c2l_session_leave_buffer (session);
  g_hash_table_unref (session->passes);
  c2l_rows_clear (&session->w_std);
  c2l_engine_unref (session->engine);
  g_free (session);
}

C2lEngine *
c2l_session_get_engine (C2lSession *session)
{
  return session->engine;
}

C2lPrecision
c2l_session_get_precision (C2lSession *session)
{
  return session->precision;
}

char *
c2l_session_dup_device_details (C2lSession *session)
{
  const char *description = c2l_device_get_description (c2l_engine_get_device (session->engine));
  const char *threads = strstr (description, "threads, ");

  return g_strdup (threads != NULL ? threads + strlen ("threads, ") : description);
}

static gboolean
is_memory (const GError *error)
{
  return g_error_matches (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_MEMORY);
}

static C2lPass *
make_pass (C2lSession *session,
           const char *name,
           C2lSessionRecord record,
           gconstpointer shape,
           GError **error)
{
  g_autoptr (C2lPass) pass
      = c2l_pass_new (c2l_engine_get_device (session->engine), session->precision, name);

  if (session->profile)
    c2l_pass_enable_profile (pass);
  return record (session, pass, shape, error) && c2l_pass_compile (pass, error)
             ? g_steal_pointer (&pass)
             : NULL;
}

C2lPass *
c2l_session_get_pass (C2lSession *session,
                      const char *name,
                      C2lSessionRecord record,
                      gconstpointer shape,
                      GError **error)
{
  C2lPass *pass = g_hash_table_lookup (session->passes, name);
  g_autoptr (GError) local_error = NULL;

  if (pass != NULL)
    return pass;
  pass = make_pass (session, name, record, shape, &local_error);
  if (is_memory (local_error) && g_hash_table_size (session->passes) > 0)
    {
      g_clear_error (&local_error);
      g_hash_table_remove_all (session->passes);
      pass = make_pass (session, name, record, shape, &local_error);
    }
  if (pass != NULL)
    g_hash_table_insert (session->passes, g_strdup (name), pass);
  else
    g_propagate_error (error, g_steal_pointer (&local_error));
  return pass;
}

gboolean
c2l_session_shrink_batch (C2lSession *session, const GError *error)
{
  if (!is_memory (error) || session->batch == 1)
    return FALSE;
  session->batch /= 2;
  return TRUE;
}

C2lPass *
c2l_session_get_batch_pass (C2lSession *session,
                            const char *name,
                            C2lSessionRecord record,
                            gconstpointer shape,
                            GError **error)
{
  for (;;)
    {
      g_autofree char *sized = g_strdup_printf ("%s × %d", name, session->batch);
      g_autoptr (GError) local_error = NULL;
      C2lPass *pass = c2l_session_get_pass (session, sized, record, shape, &local_error);

      if (pass != NULL)
        return pass;
      if (!c2l_session_shrink_batch (session, local_error))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return NULL;
        }
    }
}

gboolean
c2l_session_run_pass (C2lSession *session, C2lPass *pass, GCancellable *cancellable, GError **error)
{
  session->flops += c2l_pass_get_flops (pass);
  return c2l_pass_run (pass, cancellable, error) && c2l_engine_check (session->engine, error);
}

void
c2l_session_write (C2lPass *pass, const char *name, gconstpointer data)
{
  C2lTensor *tensor = c2l_pass_lookup (pass, name);
  c2l_tensor_write (tensor, data, c2l_tensor_get_size (tensor));
}

void
c2l_session_read (C2lPass *pass, const char *name, gpointer data)
{
  C2lTensor *tensor = c2l_pass_lookup (pass, name);
  c2l_tensor_read (tensor, data, c2l_tensor_get_size (tensor));
}

void
c2l_session_fill_key (gint32 key[4], guint64 seed, guint32 index)
{
  key[0] = (gint32) (guint32) seed;
  key[1] = (gint32) (guint32) (seed >> 32);
  key[2] = (gint32) index;
  key[3] = 0;
}

int
c2l_session_get_n_latents (C2lSession *session)
{
  C2lPrior *prior = c2l_engine_has_prior (session->engine)
                        ? c2l_engine_get_prior (session->engine, NULL)
                        : NULL;
  return prior != NULL ? c2l_prior_get_info (prior)->n_latents : 1;
}

void
c2l_session_enable_profile (C2lSession *session)
{
  session->profile = TRUE;
}

void
c2l_session_get_work (C2lSession *session, double *flops, gsize *arena_size)
{
  GHashTableIter iter;
  gpointer pass;

  *flops = session->flops;
  *arena_size = 0;
  g_hash_table_iter_init (&iter, session->passes);
  while (g_hash_table_iter_next (&iter, NULL, &pass))
    *arena_size += c2l_pass_get_arena_size (pass);
}

char *
c2l_session_dup_statistics (C2lSession *session)
{
  GString *text = g_string_new (NULL);
  GHashTableIter iter;
  gpointer name, pass;

  g_hash_table_iter_init (&iter, session->passes);
  while (g_hash_table_iter_next (&iter, &name, &pass))
    {
      g_autofree char *profile = session->profile ? c2l_pass_dup_profile (pass) : NULL;

      g_string_append_printf (text, "%s: %.1f MiB of working memory, %.2f GFLOP\n%s",
                              (const char *) name, c2l_pass_get_arena_size (pass) / 1048576.0,
                              c2l_pass_get_flops (pass) / 1e9, profile != NULL ? profile : "");
    }
  return g_string_free (text, FALSE);
}
