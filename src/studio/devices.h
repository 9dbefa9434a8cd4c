/* The devices that this computer can draw and train with, for whoever lets a person choose. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  char *name;          /* "cpu", "cuda:0", for c2l_worker_configure() */
  char *model;         /* (nullable): a product's name, the same in all languages: "NVIDIA H200" */
  char *description;   /* "2 threads, AVX-512, bf16, oneDNN 2.6.3" */
  char **precisions;   /* names of those that it computes, the most exact first; NULL-terminated */
  gboolean is_gpu;
  gboolean trains;
  char *obstacle;      /* (nullable): why it cannot be used and what to do; description is NULL and precisions is empty then */
} C2lDeviceChoice;

void       c2l_device_choice_free (C2lDeviceChoice *choice);

/* Of C2lDeviceChoice, the best first: those that can be used, and behind them the others where @all. Waits for drivers, a second or
 * more. */
GPtrArray *c2l_devices_list (gboolean all);

/* The same, of those that can be used, on a thread of its own. Fails only where it is cancelled. */
void       c2l_devices_list_async (GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
GPtrArray *c2l_devices_list_finish (GAsyncResult *result, GError **error);

/* Waits until no such thread runs any more, also of those that were cancelled: to be called before a program that lists devices so
 * ends, as a driver's library that is being loaded meanwhile crashes. */
void       c2l_devices_settle (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lDeviceChoice, c2l_device_choice_free)

G_END_DECLS
