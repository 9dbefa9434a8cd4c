/* Looks at one training. Its numbers come from whoever lists trainings; what lies in its folder is
 * read again, on a thread, whenever they change. */
#include "app/c2l-run-view.h"

#include "app/c2l-plot-axis.h"
#include "app/c2l-run-row.h"
#include "app/c2l-run-view-private.h"
#include "app/c2l-wrap-layout.h"
#include "studio/run-control.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

static guint changed_signal, moved_signal;

G_DEFINE_FINAL_TYPE (C2lRunView, c2l_run_view, ADW_TYPE_BIN)

/* --- what is said of it --- */

static void
add_format (GStrvBuilder *parts, const char *format, const char *value)
{
  g_autofree char *text = g_strdup_printf (format, value);

  g_strv_builder_add (parts, text);
}

static void
add_progress (GStrvBuilder *parts, const C2lRunInfo *run)
{
  g_autofree char *done = g_strdup_printf ("%'" G_GINT64_FORMAT, run->step);
  g_autofree char *wanted = g_strdup_printf ("%'" G_GINT64_FORMAT, run->steps);
  g_autofree char *text = NULL;

  if (run->step < 0)
    return;
  if (run->steps > 0)
    /* Translators: steps of a training, done and wanted. */
    text = g_strdup_printf (_ ("step %s of %s"), done, wanted);
  else
    text = g_strdup_printf (_ ("step %s"), done);
  g_strv_builder_add (parts, text);
}

static char *
dup_summary (C2lRunView *self)
{
  const C2lRunInfo *run = self->run;
  g_autoptr (GStrvBuilder) parts = g_strv_builder_new ();
  g_autofree char *left = c2l_run_dup_time_left (run);
  g_auto (GStrv) list = NULL;

  if (run->state == C2L_RUN_RUNNING && self->is_stopping)
    g_strv_builder_add (parts, _ ("stopping after this step"));
  else if (run->is_preparing)
    g_strv_builder_add (parts, _ ("preparing"));
  else
    g_strv_builder_add (parts, c2l_run_state_get_text (run->state));
  add_progress (parts, run);
  if (run->state == C2L_RUN_RUNNING && isfinite (run->rate) && run->rate > 0)
    {
      g_autofree char *rate = g_strdup_printf ("%'.0f", run->rate);

      /* Translators: %s is a number. */
      add_format (parts, _ ("%s samples/s"), rate);
    }
  if (left != NULL)
    g_strv_builder_add (parts, left);
  if (isfinite (run->best_value) && run->best_step >= 0)
    {
      g_autofree char *value = g_strdup_printf ("%.3f", run->best_value);
      g_autofree char *step = g_strdup_printf ("%'" G_GINT64_FORMAT, run->best_step);
      /* Translators: the best validation of a training, and its step. */
      g_autofree char *best = g_strdup_printf (_ ("best %s at step %s"), value, step);

      g_strv_builder_add (parts, best);
    }
  list = g_strv_builder_end (parts);
  return g_strjoinv (" · ", list);
}

/* Words of the trainer while it prepares, and what was wrong, with its last lines. */
static void
update_trouble (C2lRunView *self)
{
  const C2lRunInfo *run = self->run;
  gboolean failed = run->state == C2L_RUN_FAILED;
  gboolean is_gone = failed || run->state == C2L_RUN_INTERRUPTED;
  const char *log = self->parts != NULL ? self->parts->log : "";
  const char *message = run->message;

  if (failed)
    gtk_widget_add_css_class (GTK_WIDGET (self->trouble), "failed");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->trouble), "failed");
  if (run->state == C2L_RUN_INTERRUPTED)
    message
        = _ ("The trainer ended without a word: it was killed, or the computer was switched off. "
             "Its last checkpoint is there; Resume goes on from it.");
  else if (failed && message == NULL)
    message = _ ("The training failed.");
  gtk_label_set_label (self->message, message != NULL ? message : "");
  gtk_label_set_label (self->log, log);
  gtk_widget_set_visible (GTK_WIDGET (self->log), *log != '\0' && (is_gone || run->is_preparing));
  gtk_widget_set_visible (GTK_WIDGET (self->trouble),
                          is_gone || (run->is_preparing && message != NULL));
}

static void
update (C2lRunView *self)
{
  const C2lRunInfo *run = self->run;
  gboolean runs = run->state == C2L_RUN_RUNNING;
  g_autofree char *summary = dup_summary (self);

  gtk_label_set_label (self->name, run->name);
  gtk_label_set_label (self->summary, summary);
  gtk_widget_set_visible (GTK_WIDGET (self->progress),
                          runs && (run->steps > 0 || !isnan (run->prepared)));
  if (!isnan (run->prepared))
    gtk_progress_bar_set_fraction (self->progress, run->prepared);
  else if (run->steps > 0)
    gtk_progress_bar_set_fraction (self->progress,
                                   CLAMP ((double) MAX (0, run->step) / run->steps, 0, 1));
  gtk_widget_set_visible (GTK_WIDGET (self->stop), runs);
  gtk_widget_set_visible (GTK_WIDGET (self->resume), !runs && run->state != C2L_RUN_FINISHED);
  update_trouble (self);
  c2l_run_view_update_actions (self);
}

/* --- its folder --- */

static void
parts_read (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lRunView) self = data;
  C2lRunParts *parts = c2l_run_parts_read_finish (result, NULL);

  if (parts == NULL)
    return;
  g_clear_object (&self->reading);
  g_clear_pointer (&self->parts, c2l_run_parts_free);
  self->parts = parts;
  c2l_samples_view_set_samples (self->samples, parts->samples);
  update (self);
}

static void
read_parts (C2lRunView *self)
{
  if (self->reading != NULL)
    return;
  self->reading = g_cancellable_new ();
  c2l_run_parts_read_async (self->run->folder, self->reading, parts_read, g_object_ref (self));
}

static void
forget_parts (C2lRunView *self)
{
  g_autoptr (GPtrArray) none = g_ptr_array_new ();

  g_cancellable_cancel (self->reading);
  g_clear_object (&self->reading);
  g_clear_pointer (&self->parts, c2l_run_parts_free);
  c2l_samples_view_set_samples (self->samples, none);
}

void
c2l_run_view_set_run (C2lRunView *self, C2lRunInfo *run)
{
  gboolean is_other;

  g_return_if_fail (C2L_IS_RUN_VIEW (self));

  is_other = self->run == NULL || strcmp (self->run->folder, run->folder) != 0;
  c2l_run_info_ref (run);
  g_clear_pointer (&self->run, c2l_run_info_unref);
  self->run = run;
  self->is_stopping = run->state == C2L_RUN_RUNNING && c2l_run_is_asked_to_stop (run->folder);
  if (is_other)
    forget_parts (self);
  update (self);
  read_parts (self);
}

void
c2l_run_view_set_plotted (C2lRunView *self, GPtrArray *runs, const guint *colors)
{
  g_autofree C2lPlotsRun *list = g_new0 (C2lPlotsRun, runs->len);

  g_return_if_fail (C2L_IS_RUN_VIEW (self));

  for (guint i = 0; i < runs->len; i++)
    {
      C2lRunInfo *run = g_ptr_array_index (runs, i);

      list[i] = (C2lPlotsRun){ run->folder, run->name, colors[i] };
    }
  c2l_plots_view_set_runs (self->plots, list, runs->len);
}

void
c2l_run_view_set_narrow (C2lRunView *self, gboolean is_narrow)
{
  gtk_widget_set_visible (GTK_WIDGET (self->back), is_narrow);
}

void
c2l_run_view_refresh (C2lRunView *self)
{
  self->is_stopping
      = self->run->state == C2L_RUN_RUNNING && c2l_run_is_asked_to_stop (self->run->folder);
  update (self);
  g_signal_emit (self, changed_signal, 0);
}

static void
c2l_run_view_dispose (GObject *object)
{
  C2lRunView *self = C2L_RUN_VIEW (object);

  g_cancellable_cancel (self->reading);
  g_clear_object (&self->reading);
  G_OBJECT_CLASS (c2l_run_view_parent_class)->dispose (object);
}

static void
c2l_run_view_finalize (GObject *object)
{
  C2lRunView *self = C2L_RUN_VIEW (object);

  g_clear_pointer (&self->run, c2l_run_info_unref);
  g_clear_pointer (&self->parts, c2l_run_parts_free);
  G_OBJECT_CLASS (c2l_run_view_parent_class)->finalize (object);
}

static void
c2l_run_view_class_init (C2lRunViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_run_view_dispose;
  G_OBJECT_CLASS (klass)->finalize = c2l_run_view_finalize;
  changed_signal = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                 NULL, NULL, G_TYPE_NONE, 0);
  moved_signal = g_signal_new ("moved", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                               NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  g_type_ensure (C2L_TYPE_PLOTS_VIEW);
  g_type_ensure (C2L_TYPE_SAMPLES_VIEW);
  g_type_ensure (C2L_TYPE_WRAP_LAYOUT);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-run-view.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lRunView, back);
  gtk_widget_class_bind_template_child (widget_class, C2lRunView, name);
  gtk_widget_class_bind_template_child (widget_class, C2lRunView, summary);
  gtk_widget_class_bind_template_child (widget_class, C2lRunView, stop);
  gtk_widget_class_bind_template_child (widget_class, C2lRunView, resume);
  gtk_widget_class_bind_template_child (widget_class, C2lRunView, progress);
  gtk_widget_class_bind_template_child (widget_class, C2lRunView, trouble);
  gtk_widget_class_bind_template_child (widget_class, C2lRunView, message);
  gtk_widget_class_bind_template_child (widget_class, C2lRunView, log);
  gtk_widget_class_bind_template_child (widget_class, C2lRunView, plots);
  gtk_widget_class_bind_template_child (widget_class, C2lRunView, samples);
  c2l_run_view_class_add_actions (widget_class);
}

static void
c2l_run_view_init (C2lRunView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
