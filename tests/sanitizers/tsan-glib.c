/* What the thread sanitizer cannot see: GLib is not instrumented, and its locks are futexes of its
 * own, so that everything they protect looks like a race. Linked into tests with -Wl,--wrap, these
 * functions say what happens before what, and nothing more than GLib promises: locks, conditions,
 * the last reference of a count, and a source's callback after its attaching. */
#include <glib.h>
#include <sanitizer/tsan_interface.h>

#define DECLARE_REAL(type, name, ...)                                                              \
  type __real_##name (__VA_ARGS__);                                                                \
  type __wrap_##name (__VA_ARGS__);

DECLARE_REAL (void, g_mutex_lock, GMutex *)
DECLARE_REAL (gboolean, g_mutex_trylock, GMutex *)
DECLARE_REAL (void, g_mutex_unlock, GMutex *)
DECLARE_REAL (void, g_cond_wait, GCond *, GMutex *)
DECLARE_REAL (gboolean, g_cond_wait_until, GCond *, GMutex *, gint64)
DECLARE_REAL (gboolean, g_atomic_ref_count_dec, gatomicrefcount *)
DECLARE_REAL (void, g_source_set_callback, GSource *, GSourceFunc, gpointer, GDestroyNotify)

void
__wrap_g_mutex_lock (GMutex *mutex)
{
  __real_g_mutex_lock (mutex);
  __tsan_acquire (mutex);
}

gboolean
__wrap_g_mutex_trylock (GMutex *mutex)
{
  gboolean locked = __real_g_mutex_trylock (mutex);

  if (locked)
    __tsan_acquire (mutex);
  return locked;
}

void
__wrap_g_mutex_unlock (GMutex *mutex)
{
  __tsan_release (mutex);
  __real_g_mutex_unlock (mutex);
}

void
__wrap_g_cond_wait (GCond *cond, GMutex *mutex)
{
  __tsan_release (mutex);
  __real_g_cond_wait (cond, mutex);
  __tsan_acquire (mutex);
}

gboolean
__wrap_g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  gboolean signalled;

  __tsan_release (mutex);
  signalled = __real_g_cond_wait_until (cond, mutex, end_time);
  __tsan_acquire (mutex);
  return signalled;
}

gboolean
__wrap_g_atomic_ref_count_dec (gatomicrefcount *count)
{
  gboolean last;

  __tsan_release (count);
  last = __real_g_atomic_ref_count_dec (count);
  if (last)
    __tsan_acquire (count);
  return last;
}

typedef struct
{
  GSourceFunc func;
  gpointer data;
  GDestroyNotify notify;
} Callback;

static gboolean
call (gpointer data)
{
  Callback *callback = data;

  __tsan_acquire (callback);
  return callback->func (callback->data);
}

static void
destroy (gpointer data)
{
  Callback *callback = data;

  __tsan_acquire (callback);
  if (callback->notify != NULL)
    callback->notify (callback->data);
  g_free (callback);
}

void
__wrap_g_source_set_callback (GSource *source,
                              GSourceFunc func,
                              gpointer data,
                              GDestroyNotify notify)
{
  Callback *callback = g_new (Callback, 1);

  *callback = (Callback){ func, data, notify };
  __tsan_release (callback);
  __real_g_source_set_callback (source, call, callback, destroy);
}
