/* A training in a list. Shows what studio read out of its folder. */
#include "app/c2l-run-row.h"

#include "app/c2l-plot-axis.h"

#include <glib/gi18n.h>
#include <math.h>

struct _C2lRunRow
{
  AdwActionRow parent_instance;

  GtkCheckButton *shown;
  GtkImage *state;

  char *folder;
  gboolean is_filling; /* the mark is set by the program */
};

static guint shown_changed_signal;

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

const char *
c2l_run_state_get_text (C2lRunState state)
{
  return _ (states[state].text);
}

char *
c2l_run_dup_time_left (const C2lRunInfo *run)
{
  g_autofree char *time = NULL;
  double left = run->left;

  if (run->state != C2L_RUN_RUNNING || !isfinite (left) || left < 0)
    return NULL;
  /* Seconds matter at the end only. */
  if (left > 120)
    left = round (left / 60) * 60;
  time = c2l_plot_axis_format (C2L_PLOT_TIME, left, 0);
  /* Translators: %s is a time such as “5 h 12 min”. */
  return g_strdup_printf (_ ("%s left"), time);
}

static double
get_loss (const C2lRunInfo *run)
{
  return run->last != NULL && json_object_has_member (run->last, "loss")
             ? json_object_get_double_member_with_default (run->last, "loss", NAN)
             : NAN;
}

/* One short line: how far, and how well. */
static char *
dup_summary (const C2lRunInfo *run)
{
  g_autofree char *step = g_strdup_printf ("%'" G_GINT64_FORMAT, run->step);
  const char *state = run->is_preparing ? _ ("preparing") : c2l_run_state_get_text (run->state);
  double loss = get_loss (run);

  if (run->step < 0)
    return g_strdup (state);
  if (run->state == C2L_RUN_FINISHED && isfinite (run->best_value))
    /* Translators: the best validation of a training. */
    return g_strdup_printf (_ ("finished · best %.3f"), run->best_value);
  if (run->state != C2L_RUN_RUNNING)
    /* Translators: “stopped”, “failed” and the like, and a step. */
    return g_strdup_printf (_ ("%s at step %s"), state, step);
  if (isfinite (loss))
    return g_strdup_printf (_ ("step %s · loss %.3f"), step, loss);
  return g_strdup_printf (_ ("step %s"), step);
}

void
c2l_run_row_update (C2lRunRow *self, const C2lRunInfo *run)
{
  g_autofree char *name = g_markup_escape_text (run->name, -1);
  g_autofree char *summary = dup_summary (run);
  g_autofree char *escaped = g_markup_escape_text (summary, -1);
  /* Translators: %s is the name of a training. */
  g_autofree char *label = g_strdup_printf (_ ("Show “%s” in the plots"), run->name);
  const char *const css[] = { states[run->state].css, NULL };

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), name);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self), escaped);
  gtk_image_set_from_icon_name (self->state, states[run->state].icon);
  gtk_widget_set_css_classes (GTK_WIDGET (self->state), (const char **) css);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->shown), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  label, -1);
}

void
c2l_run_row_set_shown (C2lRunRow *self, gboolean is_shown, guint color, gboolean is_fixed)
{
  g_autofree char *css = g_strdup_printf ("run-color-%u", color + 1);
  const char *const classes[] = { "run-dot", is_shown ? css : NULL, NULL };

  self->is_filling = TRUE;
  gtk_check_button_set_active (self->shown, is_shown);
  self->is_filling = FALSE;
  gtk_widget_set_css_classes (GTK_WIDGET (self->shown), (const char **) classes);
  gtk_widget_set_sensitive (GTK_WIDGET (self->shown), !is_fixed);
}

gboolean
c2l_run_row_is_shown (C2lRunRow *self)
{
  return gtk_check_button_get_active (self->shown);
}

const char *
c2l_run_row_get_folder (C2lRunRow *self)
{
  return self->folder;
}

static void
on_toggled (C2lRunRow *self)
{
  if (!self->is_filling)
    g_signal_emit (self, shown_changed_signal, 0);
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
  shown_changed_signal = g_signal_new ("shown-changed", G_TYPE_FROM_CLASS (klass),
                                       G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/clip2latent/Clip2Latent/c2l-run-row.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lRunRow, shown);
  gtk_widget_class_bind_template_child (widget_class, C2lRunRow, state);
  gtk_widget_class_bind_template_callback (widget_class, on_toggled);
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

  self->folder = g_strdup (folder);
  return self;
}
