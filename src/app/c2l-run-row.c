/* A training in a list. Shows what studio read out of its folder. */
#include "app/c2l-run-row.h"

#include <glib/gi18n.h>
#include <math.h>

struct _C2lRunRow
{
  AdwActionRow parent_instance;

  GtkImage *state;
  GtkProgressBar *progress;
  GtkButton *show_button;
  GtkButton *remove_button;

  char *folder;
};

G_DEFINE_FINAL_TYPE (C2lRunRow, c2l_run_row, ADW_TYPE_ACTION_ROW)

static const struct
{
  const char *text, *icon, *css;
} states[] = {
  [C2L_RUN_RUNNING] = { N_ ("running"), "media-playback-start-symbolic", "accent" },
  [C2L_RUN_FINISHED] = { N_ ("finished"), "emblem-ok-symbolic", "success" },
  [C2L_RUN_STOPPED] = { N_ ("stopped"), "media-playback-stop-symbolic", "dim-label" },
  [C2L_RUN_FAILED] = { N_ ("failed"), "dialog-error-symbolic", "error" },
  [C2L_RUN_INTERRUPTED] = { N_ ("interrupted"), "media-playback-pause-symbolic", "warning" },
};

/* What is known of it, in the order a person asks: how it is, how far, how well, since when. */
static char *
dup_summary (const C2lRunInfo *run)
{
  g_autoptr (GStrvBuilder) parts = g_strv_builder_new ();
  g_autoptr (GDateTime) changed = g_date_time_new_from_unix_local (run->changed);
  g_autofree char *when = changed != NULL ? g_date_time_format (changed, "%x %H:%M") : NULL;
  g_autofree char *done = NULL, *wanted = NULL, *step = NULL, *loss = NULL, *checkpoints = NULL;
  g_auto (GStrv) list = NULL;
  double value = run->last != NULL && json_object_has_member (run->last, "loss")
                     ? json_object_get_double_member_with_default (run->last, "loss", NAN)
                     : NAN;

  g_strv_builder_add (parts, _ (states[run->state].text));
  done = g_strdup_printf ("%'" G_GINT64_FORMAT, run->step);
  wanted = g_strdup_printf ("%'" G_GINT64_FORMAT, run->steps);
  if (run->step >= 0 && run->steps > 0)
    /* Translators: steps of a training, done and wanted. */
    step = g_strdup_printf (_ ("step %s of %s"), done, wanted);
  else if (run->step >= 0)
    step = g_strdup_printf (_ ("step %s"), done);
  if (step != NULL)
    g_strv_builder_add (parts, step);
  if (isfinite (value))
    {
      loss = g_strdup_printf (_ ("loss %.3f"), value);
      g_strv_builder_add (parts, loss);
    }
  if (run->n_checkpoints > 0)
    {
      checkpoints = g_strdup_printf (
          ngettext ("%u checkpoint", "%u checkpoints", run->n_checkpoints), run->n_checkpoints);
      g_strv_builder_add (parts, checkpoints);
    }
  if (when != NULL)
    g_strv_builder_add (parts, when);
  list = g_strv_builder_end (parts);
  return g_strjoinv (" · ", list);
}

void
c2l_run_row_update (C2lRunRow *self, const C2lRunInfo *run)
{
  g_autofree char *name = g_markup_escape_text (run->name, -1);
  g_autofree char *summary = dup_summary (run);
  gboolean tells_why = run->state == C2L_RUN_FAILED && run->message != NULL;
  g_autofree char *text
      = tells_why ? g_strjoin ("\n", summary, run->message, NULL) : g_strdup (summary);
  g_autofree char *escaped = g_markup_escape_text (text, -1);
  const char *const css[] = { states[run->state].css, NULL };

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), name);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self), escaped);
  gtk_image_set_from_icon_name (self->state, states[run->state].icon);
  gtk_widget_set_css_classes (GTK_WIDGET (self->state), (const char **) css);
  gtk_widget_set_visible (GTK_WIDGET (self->progress),
                          run->state == C2L_RUN_RUNNING && run->steps > 0);
  if (run->steps > 0)
    gtk_progress_bar_set_fraction (self->progress,
                                   CLAMP ((double) MAX (0, run->step) / run->steps, 0, 1));
  /* A run whose trainer is at work would lose its files under its feet. */
  gtk_widget_set_visible (GTK_WIDGET (self->remove_button), run->state != C2L_RUN_RUNNING);
}

const char *
c2l_run_row_get_folder (C2lRunRow *self)
{
  return self->folder;
}

static void
c2l_run_row_finalize (GObject *object)
{
  g_free (C2L_RUN_ROW (object)->folder);
  G_OBJECT_CLASS (c2l_run_row_parent_class)->finalize (object);
}

static void
c2l_run_row_class_init (C2lRunRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = c2l_run_row_finalize;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/clip2latent/Clip2Latent/c2l-run-row.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lRunRow, state);
  gtk_widget_class_bind_template_child (widget_class, C2lRunRow, progress);
  gtk_widget_class_bind_template_child (widget_class, C2lRunRow, show_button);
  gtk_widget_class_bind_template_child (widget_class, C2lRunRow, remove_button);
}

static void
c2l_run_row_init (C2lRunRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

C2lRunRow *
c2l_run_row_new (const char *folder)
{
  C2lRunRow *self = g_object_new (C2L_TYPE_RUN_ROW, NULL);
  /* A path need not be text. */
  GVariant *target = g_variant_new_bytestring (folder);

  self->folder = g_strdup (folder);
  gtk_actionable_set_action_target_value (GTK_ACTIONABLE (self->show_button), target);
  gtk_actionable_set_action_target_value (GTK_ACTIONABLE (self->remove_button),
                                          g_variant_new_bytestring (folder));
  return self;
}
