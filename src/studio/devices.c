/* The devices of this computer: compute says what there is, here it becomes what a person chooses
 * from. */
#include "studio/devices.h"

#include "compute/device.h"

#include <string.h>

void
c2l_device_choice_free (C2lDeviceChoice *choice)
{
  g_free (choice->name);
  g_free (choice->model);
  g_free (choice->description);
  g_free (choice->obstacle);
  g_strfreev (choice->precisions);
  g_free (choice);
}

static char **
list_precisions (guint precisions)
{
  g_autoptr (GStrvBuilder) list = g_strv_builder_new ();

  for (C2lPrecision precision = 0; precision < C2L_N_PRECISIONS; precision++)
    if (precisions >> precision & 1)
      g_strv_builder_add (list, c2l_precision_get_name (precision));
  return g_strv_builder_end (list);
}

static C2lDeviceChoice *
choice_new (const C2lDeviceInfo *info)
{
  C2lDeviceChoice *choice = g_new0 (C2lDeviceChoice, 1);

  choice->name = g_strdup (info->name);
  choice->model = g_strdup (info->model);
  choice->description = g_strdup (info->description);
  choice->precisions = list_precisions (info->precisions);
  choice->is_gpu = strcmp (info->kind, "cpu") != 0;
  choice->trains = info->trains;
  choice->obstacle = g_strdup (info->obstacle);
  return choice;
}

GPtrArray *
c2l_devices_list (gboolean all)
{
  g_autoptr (GPtrArray) infos = c2l_device_list ();
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_device_choice_free);

  for (guint i = 0; i < infos->len; i++)
    {
      const C2lDeviceInfo *info = g_ptr_array_index (infos, i);

      if (all || info->obstacle == NULL)
        g_ptr_array_add (list, choice_new (info));
    }
  return list;
}

static GMutex lock;
static GCond settled;
static guint n_listing;

static void
count_listing (gint change)
{
  g_mutex_lock (&lock);
  n_listing += change;
  g_cond_broadcast (&settled);
  g_mutex_unlock (&lock);
}

void
c2l_devices_settle (void)
{
  g_mutex_lock (&lock);
  while (n_listing > 0)
    g_cond_wait (&settled, &lock);
  g_mutex_unlock (&lock);
}

static void
list_on_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_task_return_pointer (task, c2l_devices_list (FALSE), (GDestroyNotify) g_ptr_array_unref);
  count_listing (-1);
}

void
c2l_devices_list_async (GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);

  g_task_set_source_tag (task, c2l_devices_list_async);
  count_listing (1);
  g_task_run_in_thread (task, list_on_thread);
}

GPtrArray *
c2l_devices_list_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
