/* C2lTarget: where a finished picture's pixels go, so that the studio can hand them to a window
 * without knowing what shows them.
 *
 * The worker maps it, writes the pixels, and unmaps it; what unmapping returns (in the window a
 * GdkTexture) travels with the picture. Calls come from the worker's thread, one picture at a time;
 * the last one, free, when that thread has ended. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _C2lTarget C2lTarget;

typedef struct
{
  /* Room for [@size, @size, 3] 8-bit RGB, valid until unmap; NULL and an error where there is
   * none. */
  guint8  *(*map) (C2lTarget *target, int size, GError **error);
  /* What shows the picture (transfer full); NULL and an error where it cannot be shown. */
  GObject *(*unmap) (C2lTarget *target, GError **error);
  /* (nullable, all or none): for devices that write into a GL buffer by themselves. */
  /* The name of one with room for [@size, @size, 3] bytes, not mapped, whose context is current on
   * this thread until show or leave; 0 and an error where there is none. It is the same one each time,
   * or give_up is called before. */
  guint    (*hold) (C2lTarget *target, int size, GError **error);
  /* As unmap, of what was written into it. */
  GObject *(*show) (C2lTarget *target, GError **error);
  /* The context alone: current, and nobody's again. */
  void     (*enter) (C2lTarget *target);
  void     (*leave) (C2lTarget *target);
  /* Lets go of what stood behind pictures that nobody shows any more, some time after wake; NULL:
   * nothing stands behind them. */
  void     (*collect) (C2lTarget *target);
  void     (*free) (C2lTarget *target);
} C2lTargetClass;

struct _C2lTarget
{
  const C2lTargetClass *klass;
  /* Set by the worker: says, from any thread until the target is freed, that there is something to
   * collect. NULL: nobody listens. */
  void (*wake) (gpointer wake_data);
  gpointer wake_data;
  /* (nullable): set by who uses the buffer that is held: called, with the context current, before it
   * goes. */
  void (*give_up) (gpointer give_up_data);
  gpointer give_up_data;
};

static inline void
c2l_target_free (C2lTarget *target)
{
  target->klass->free (target);
}

G_END_DECLS
