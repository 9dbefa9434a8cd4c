/* The devices that this computer can draw with, for whoever lets a person choose. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  const char *name;    /* "cpu", for c2l_worker_configure() */
  char *description;   /* "2 threads, AVX-512, bf16, oneDNN 2.6.3" */
  char **precisions;   /* names of those that it computes, the most exact first; NULL-terminated */
} C2lDeviceChoice;

void       c2l_device_choice_free (C2lDeviceChoice *choice);

/* Of C2lDeviceChoice: those that can be opened, the best first. */
GPtrArray *c2l_devices_list (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lDeviceChoice, c2l_device_choice_free)

G_END_DECLS
