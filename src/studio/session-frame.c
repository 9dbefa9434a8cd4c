/* Pictures that the device writes into graphics memory by itself, where both are one GPU. The
 * buffer is the target's and is registered with the device once; it is let go of before the target
 * gives it up, and before the session goes. Whatever fails here leaves the ordinary way: pixels are
 * read, mapped and copied. */
#include "studio/session-private.h"

C2lTarget *
c2l_session_show_on (C2lSession *session, C2lTarget *target)
{
  C2lTarget *before = session->target;

  session->target = target;
  return before;
}

/* The target's wish: its context is current. */
static void
on_give_up (gpointer data)
{
  C2lSession *session = data;

  g_clear_pointer (&session->buffer, c2l_gl_buffer_free);
  session->holder->give_up = NULL;
  session->holder = NULL;
}

void
c2l_session_leave_buffer (C2lSession *session)
{
  C2lTarget *holder = session->holder;

  if (holder == NULL)
    return;
  holder->klass->enter (holder);
  on_give_up (session);
  holder->klass->leave (holder);
}

/* The buffer @name of the session's target, registered; another session's registration of it goes.
 */
static gboolean
need_buffer (C2lSession *session, guint name, GError **error)
{
  C2lTarget *target = session->target;

  if (session->buffer != NULL)
    return TRUE;
  if (target->give_up != NULL)
    target->give_up (target->give_up_data);
  session->buffer = c2l_gl_buffer_new (c2l_engine_get_device (session->engine), name, error);
  if (session->buffer == NULL)
    return FALSE;
  session->holder = target;
  target->give_up = on_give_up;
  target->give_up_data = session;
  return TRUE;
}

GObject *
c2l_session_make_frame (C2lSession *session, C2lTensor *pixels, int index, int size)
{
  C2lTarget *target = session->target;
  const gsize length = (gsize) size * size * 3;
  g_autoptr (GError) error = NULL;
  GObject *frame = NULL;
  guint name;

  if (target == NULL || target->klass->hold == NULL || session->is_without_buffers
      || !c2l_gl_buffer_is_possible (c2l_engine_get_device (session->engine)))
    return NULL;
  name = target->klass->hold (target, size, &error);
  if (name == 0)
    ;
  else if (need_buffer (session, name, &error)
           && c2l_gl_buffer_write (session->buffer, pixels, index * length, length, &error))
    frame = target->klass->show (target, &error);
  else
    {
      session->is_without_buffers = TRUE;
      target->klass->leave (target);
    }
  if (frame == NULL)
    g_debug ("Pictures are not written into graphics memory: %s", error->message);
  return frame;
}
