/* What a training says of itself: metrics.jsonl, status.json, TensorBoard's events, and its
 * listener. Knows no arithmetic. A line of metrics that cannot be written ends the run; a status
 * that cannot does not. */
#include "studio/train-private.h"

#include "formats/png.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#define SHOW_INTERVAL (G_USEC_PER_SEC / 2)
#define RSS_INTERVAL (60 * G_USEC_PER_SEC)

static double
get_time (void)
{
  return g_get_real_time () / (double) G_USEC_PER_SEC;
}

void
c2l_trainer_say (C2lTrainer *trainer, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  if (trainer->folder == NULL)
    return;
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  c2l_run_folder_say (trainer->folder, text);
  if (trainer->options->say != NULL)
    trainer->options->say (text, trainer->options->data);
}

static double
get_left (const C2lTrainer *trainer)
{
  return trainer->step_seconds > 0
             ? (trainer->settings.max_it - c2l_trainer_get_step (trainer)) * trainer->step_seconds
             : -1;
}

void
c2l_trainer_set_status (C2lTrainer *trainer, const char *state, const char *message)
{
  g_autoptr (JsonObject) status = json_object_new ();
  g_autoptr (GError) error = NULL;

  json_object_set_string_member (status, "state", state);
  json_object_set_int_member (status, "step", c2l_trainer_get_step (trainer));
  json_object_set_int_member (status, "steps", trainer->settings.max_it);
  json_object_set_string_member (status, "message", message);
  json_object_set_double_member (status, "rate", trainer->rate);
  if (get_left (trainer) >= 0)
    json_object_set_double_member (status, "left_s", get_left (trainer));
  json_object_set_double_member (status, "started", trainer->started);
  json_object_set_double_member (status, "updated", get_time ());
  if (trainer->memory.best_step >= 0)
    {
      json_object_set_int_member (status, "best_step", trainer->memory.best_step);
      json_object_set_double_member (status, "best_value", trainer->memory.best_value);
    }
  if (!c2l_run_folder_write_status (trainer->folder, status, &error))
    c2l_run_folder_say (trainer->folder, error->message);
}

void
c2l_trainer_show (C2lTrainer *trainer, const char *what, double fraction, gboolean force)
{
  gint64 now = g_get_monotonic_time ();
  const C2lTrainState state = { .step = c2l_trainer_get_step (trainer),
                                .steps = trainer->settings.max_it,
                                .loss = trainer->last_loss,
                                .rate = trainer->rate,
                                .left_s = get_left (trainer),
                                .what = what,
                                .fraction = fraction };

  if (trainer->folder == NULL || (!force && now - trainer->shown < SHOW_INTERVAL))
    return;
  trainer->shown = now;
  c2l_trainer_set_status (trainer, trainer->train != NULL ? "running" : "preparing", what);
  if (trainer->options->show != NULL)
    trainer->options->show (&state, trainer->options->data);
}

/* Resident memory in MiB; 0 where the system does not say. */
static double
get_rss (void)
{
  FILE *file = fopen ("/proc/self/statm", "re");
  long size = 0, resident = 0;

  if (file == NULL)
    return 0;
  if (fscanf (file, "%ld %ld", &size, &resident) != 2)
    resident = 0;
  fclose (file);
  return resident * (double) sysconf (_SC_PAGESIZE) / 1048576;
}

static JsonObject *
new_line (C2lTrainer *trainer)
{
  JsonObject *line = json_object_new ();

  json_object_set_int_member (line, "step", c2l_trainer_get_step (trainer));
  json_object_set_double_member (line, "time", get_time ());
  json_object_set_double_member (line, "epoch", c2l_batches_get_epoch (trainer->batches));
  return line;
}

/* Writes @line to the log, and its numbers from @first on as TensorBoard's scalars behind @prefix.
 */
static gboolean
write_line (C2lTrainer *trainer, JsonObject *line, const char *prefix, GError **error)
{
  g_autoptr (GList) members = json_object_get_members (line);
  guint i = 0;

  if (!c2l_run_folder_add_metrics (trainer->folder, line, error))
    return FALSE;
  for (GList *member = members; member != NULL; member = member->next, i++)
    {
      g_autofree char *tag = g_strconcat (prefix, member->data, NULL);

      /* step, time and epoch are in every line */
      if (i >= 3
          && !c2l_tfevents_add_scalar (trainer->events, get_time (), c2l_trainer_get_step (trainer),
                                       tag, json_object_get_double_member (line, member->data),
                                       error))
        return FALSE;
    }
  return TRUE;
}

gboolean
c2l_trainer_report_step (C2lTrainer *trainer, double lr, double grad_norm, GError **error)
{
  g_autoptr (JsonObject) line = new_line (trainer);
  C2lTrainMemory *memory = &trainer->memory;
  gint64 now = g_get_monotonic_time ();

  trainer->last_loss = memory->loss_sum / memory->n_losses;
  trainer->rate = trainer->line_steps * trainer->settings.bs * trainer->settings.grad_accum
                  / MAX (trainer->line_seconds, 1e-9);
  json_object_set_double_member (line, "loss", trainer->last_loss);
  json_object_set_double_member (line, "lr", lr);
  json_object_set_double_member (line, "grad_norm", grad_norm);
  json_object_set_double_member (line, "rate", trainer->rate);
  if (now - trainer->rss_time > RSS_INTERVAL)
    {
      json_object_set_double_member (line, "rss", get_rss ());
      trainer->rss_time = now;
    }
  memory->loss_sum = memory->n_losses = 0;
  trainer->line_seconds = 0;
  trainer->line_steps = 0;
  return write_line (trainer, line, "train/", error);
}

static gboolean
add_picture (C2lTrainer *trainer, const char *folder, const char *name, GError **error)
{
  g_autofree char *file = g_strconcat (name, ".png", NULL);
  g_autofree char *path = g_build_filename (folder, file, NULL);
  g_autofree char *tag = g_strconcat ("samples/", name, NULL);
  g_autoptr (C2lImage) image = NULL;
  g_autoptr (GBytes) bytes = NULL;
  char *data;
  gsize size;

  if (!g_file_get_contents (path, &data, &size, error))
    return FALSE;
  bytes = g_bytes_new_take (data, size);
  image = c2l_png_parse (data, size, path, error);
  return image != NULL
         && c2l_tfevents_add_image (trainer->events, get_time (), c2l_trainer_get_step (trainer),
                                    tag, bytes, image->width, image->height, error);
}

gboolean
c2l_trainer_report_validation (C2lTrainer *trainer,
                               JsonObject *values,
                               const char *grids,
                               GError **error)
{
  g_autoptr (JsonObject) line = new_line (trainer);
  g_autoptr (GList) members = json_object_get_members (values);
  g_auto (GStrv) names
      = trainer->evaluator != NULL ? c2l_evaluator_list_grids (trainer->evaluator) : NULL;

  for (GList *member = members; member != NULL; member = member->next)
    {
      g_autofree char *name = g_strconcat ("val/", member->data, NULL);
      json_object_set_double_member (line, name,
                                     json_object_get_double_member (values, member->data));
    }
  if (!write_line (trainer, line, "", error))
    return FALSE;
  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    if (!add_picture (trainer, grids, names[i], error))
      return FALSE;
  return TRUE;
}
