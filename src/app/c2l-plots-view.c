/* Which series goes to which plot, and who follows what. Plots whose lines changed get them one a
 * frame: nine plots at once would keep the window waiting. */
#include "app/c2l-plots-view.h"

#include "app/c2l-compat.h"
#include "app/c2l-plot-card.h"
#include "app/c2l-settings.h"
#include "app/c2l-wrap-layout.h"
#include "studio/metrics-follower.h"

#include <glib/gi18n.h>
#include <string.h>

#define FIRST_HEIGHT 264
#define OTHER_HEIGHT 172
#define LARGE_HEIGHT 520
#define MAX_CARDS 40

/* Series by name, or by what it begins with where that ends with “/”; in the order of the plots. */
static const struct
{
  const char *series[4];
  const char *title;
  gboolean is_smoothed; /* validations are averages already, and few: smoothing would hide when they
                           turned */
} groups[] = {
  { { "loss" }, N_ ("Training loss"), TRUE },
  { { "val/text2im", "val/text2im/", "val/text2im-super2", "val/text2im-super2/" },
    N_ ("Validation: text → image similarity") },
  { { "val/image-similarity" }, N_ ("Validation: image similarity") },
  { { "val/image-vars" }, N_ ("Validation: variations of an image") },
  { { "val/image-vars/diversity", "val/diversity/" }, N_ ("Validation: diversity") },
  { { "val/loss" }, N_ ("Validation loss") },
  { { "lr" }, N_ ("Learning rate") },
  { { "rate" }, N_ ("Samples a second"), TRUE },
  { { "grad_norm" }, N_ ("Gradient norm"), TRUE },
  { { "rss" }, N_ ("Memory, MiB") },
};

typedef struct
{
  char *name;
  guint color;
  C2lMetricsFollower *follower;
} Run;

struct _C2lPlotsView
{
  GtkBox parent_instance;

  GtkDropDown *by;
  GtkToggleButton *log_x;
  GtkScale *smoothing;
  AdwBin *first;
  GtkBox *others;

  GPtrArray *runs;  /* of Run */
  GPtrArray *cards; /* of C2lPlotCard, lent */
  GQueue stale;     /* of C2lPlotCard, lent: those whose lines are not the newest */
  guint tick;
};

G_DEFINE_FINAL_TYPE (C2lPlotsView, c2l_plots_view, GTK_TYPE_BOX)

static void
run_free (gpointer data)
{
  Run *run = data;

  g_free (run->name);
  g_object_unref (run->follower);
  g_free (run);
}

/* --- which series is where --- */

/* The group that @name belongs to, and what of it tells the series of one plot apart; −1: none. */
static int
find_group (const char *name, const char **rest)
{
  for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
    for (guint j = 0; j < G_N_ELEMENTS (groups[i].series); j++)
      {
        const char *series = groups[i].series[j];

        if (series == NULL)
          continue;
        if (strcmp (name, series) == 0)
          {
            *rest = "";
            return (int) i;
          }
        if (g_str_has_suffix (series, "/") && g_str_has_prefix (name, series))
          {
            *rest = name + strlen (series);
            return (int) i;
          }
      }
  return -1;
}

static const char *
get_id (const char *name)
{
  const char *rest;
  int group = find_group (name, &rest);

  return group >= 0 ? groups[group].series[0] : name;
}

static C2lPlotCard *
find_card (C2lPlotsView *self, const char *id)
{
  for (guint i = 0; i < self->cards->len; i++)
    {
      C2lPlotCard *card = g_ptr_array_index (self->cards, i);

      if (strcmp (c2l_plot_card_get_id (card), id) == 0)
        return card;
    }
  return NULL;
}

/* --- lines --- */

static char *
dup_label (const Run *run, const char *series)
{
  const char *rest = "";

  if (find_group (series, &rest) < 0)
    rest = "";
  if (g_str_has_prefix (series, "val/text2im-super2"))
    return g_strdup_printf ("%s · super2 %s", run->name, rest);
  return *rest != '\0' ? g_strdup_printf ("%s · %s", run->name, rest) : g_strdup (run->name);
}

static gboolean
is_smoothed (const char *id)
{
  const char *rest;
  int group = find_group (id, &rest);

  return group < 0 ? !g_str_has_prefix (id, "val/") : groups[group].is_smoothed;
}

static void
add_lines (C2lPlotsView *self, Run *run, const char *id, GPtrArray *lines)
{
  C2lMetricsView *view = c2l_metrics_follower_get_view (run->follower);
  gboolean is_smooth = gtk_range_get_value (GTK_RANGE (self->smoothing)) > 0 && is_smoothed (id);
  guint dash = 0;

  for (guint i = 0; view != NULL && i < view->series->len; i++)
    {
      C2lMetricsSeries *series = g_ptr_array_index (view->series, i);
      g_autofree char *label = NULL;
      C2lPlotLine *line;

      if (strcmp (get_id (series->name), id) != 0)
        continue;
      label = dup_label (run, series->name);
      line = c2l_plot_line_new (view, series, gtk_drop_down_get_selected (self->by), is_smooth,
                                label, run->color, dash++);
      if (line != NULL)
        g_ptr_array_add (lines, line);
    }
}

static void
update_card (C2lPlotsView *self, C2lPlotCard *card)
{
  g_autoptr (GPtrArray) lines
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_plot_line_free);

  for (guint i = 0; i < self->runs->len; i++)
    add_lines (self, g_ptr_array_index (self->runs, i), c2l_plot_card_get_id (card), lines);
  c2l_plot_card_set_log_x (card, gtk_toggle_button_get_active (self->log_x));
  c2l_plot_card_set_lines (card, lines, gtk_drop_down_get_selected (self->by));
}

static gboolean
update_next (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  C2lPlotsView *self = C2L_PLOTS_VIEW (widget);
  C2lPlotCard *card = g_queue_pop_head (&self->stale);

  if (card != NULL)
    update_card (self, card);
  if (!g_queue_is_empty (&self->stale))
    return G_SOURCE_CONTINUE;
  self->tick = 0;
  return G_SOURCE_REMOVE;
}

static void
update_later (C2lPlotsView *self)
{
  for (guint i = 0; i < self->cards->len; i++)
    if (g_queue_find (&self->stale, g_ptr_array_index (self->cards, i)) == NULL)
      g_queue_push_tail (&self->stale, g_ptr_array_index (self->cards, i));
  if (self->tick == 0)
    self->tick = gtk_widget_add_tick_callback (GTK_WIDGET (self), update_next, NULL, NULL);
}

/* --- plots --- */

static gboolean
has_large_card (C2lPlotsView *self)
{
  for (guint i = 0; i < self->cards->len; i++)
    if (c2l_plot_card_is_large (g_ptr_array_index (self->cards, i)))
      return TRUE;
  return FALSE;
}

/* A plot is there while a training that is shown measures it; the first one always. */
static void
show_cards (C2lPlotsView *self)
{
  gboolean one_only = has_large_card (self);

  for (guint i = 0; i < self->cards->len; i++)
    {
      C2lPlotCard *card = g_ptr_array_index (self->cards, i);
      gboolean is_measured = i == 0;

      for (guint j = 0; j < self->runs->len && !is_measured; j++)
        {
          Run *run = g_ptr_array_index (self->runs, j);
          C2lMetricsView *view = c2l_metrics_follower_get_view (run->follower);

          for (guint k = 0; view != NULL && k < view->series->len && !is_measured; k++)
            {
              C2lMetricsSeries *series = g_ptr_array_index (view->series, k);

              is_measured = strcmp (get_id (series->name), c2l_plot_card_get_id (card)) == 0;
            }
        }
      gtk_widget_set_visible (GTK_WIDGET (card),
                              c2l_plot_card_is_large (card) || (is_measured && !one_only));
      c2l_plot_card_set_height (card, c2l_plot_card_is_large (card) ? LARGE_HEIGHT
                                      : i == 0                      ? FIRST_HEIGHT
                                                                    : OTHER_HEIGHT);
    }
}

static void
remember_log (C2lPlotsView *self)
{
  g_autoptr (GStrvBuilder) ids = g_strv_builder_new ();
  g_auto (GStrv) list = NULL;

  for (guint i = 0; i < self->cards->len; i++)
    {
      C2lPlotCard *card = g_ptr_array_index (self->cards, i);

      if (c2l_plot_card_get_log (card))
        g_strv_builder_add (ids, c2l_plot_card_get_id (card));
    }
  list = g_strv_builder_end (ids);
  g_settings_set_strv (c2l_settings_get (), "plots-logarithmic", (const char *const *) list);
}

static C2lPlotCard *
add_card (C2lPlotsView *self, const char *id, const char *title)
{
  C2lPlotCard *card = c2l_plot_card_new (id, title);
  g_auto (GStrv) logs = g_settings_get_strv (c2l_settings_get (), "plots-logarithmic");

  c2l_plot_card_set_log (card, g_strv_contains ((const char *const *) logs, id));
  g_signal_connect_object (card, "log-changed", G_CALLBACK (remember_log), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (card, "large-changed", G_CALLBACK (show_cards), self, G_CONNECT_SWAPPED);
  if (self->cards->len == 0)
    adw_bin_set_child (self->first, GTK_WIDGET (card));
  else
    gtk_box_append (self->others, GTK_WIDGET (card));
  g_ptr_array_add (self->cards, card);
  return card;
}

/* What the program has no name for has a plot of its own, under its own name. */
static void
add_missing_cards (C2lPlotsView *self)
{
  for (guint i = 0; i < self->runs->len; i++)
    {
      Run *run = g_ptr_array_index (self->runs, i);
      C2lMetricsView *view = c2l_metrics_follower_get_view (run->follower);

      for (guint j = 0; view != NULL && j < view->series->len && self->cards->len < MAX_CARDS; j++)
        {
          const char *name = ((C2lMetricsSeries *) g_ptr_array_index (view->series, j))->name;

          if (find_card (self, get_id (name)) == NULL)
            add_card (self, name, name);
        }
    }
}

static void
on_followed (C2lPlotsView *self)
{
  add_missing_cards (self);
  show_cards (self);
  update_later (self);
}

/* --- trainings --- */

static Run *
find_run (GPtrArray *runs, const char *folder)
{
  for (guint i = 0; i < runs->len; i++)
    {
      Run *run = g_ptr_array_index (runs, i);

      if (strcmp (c2l_metrics_follower_get_folder (run->follower), folder) == 0)
        return run;
    }
  return NULL;
}

static gboolean
is_shown (C2lPlotsView *self, const C2lPlotsRun *runs, guint n)
{
  if (n != self->runs->len)
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      Run *run = g_ptr_array_index (self->runs, i);

      if (strcmp (c2l_metrics_follower_get_folder (run->follower), runs[i].folder) != 0
          || strcmp (run->name, runs[i].name) != 0 || run->color != runs[i].color)
        return FALSE;
    }
  return TRUE;
}

void
c2l_plots_view_set_runs (C2lPlotsView *self, const C2lPlotsRun *runs, guint n)
{
  g_autoptr (GPtrArray) old = NULL;

  g_return_if_fail (C2L_IS_PLOTS_VIEW (self));

  if (is_shown (self, runs, n))
    return;
  old = self->runs;
  self->runs = g_ptr_array_new_with_free_func (run_free);
  for (guint i = 0; i < n; i++)
    {
      Run *before = find_run (old, runs[i].folder), *run = g_new0 (Run, 1);

      run->name = g_strdup (runs[i].name);
      run->color = runs[i].color;
      if (before != NULL)
        run->follower = g_object_ref (before->follower);
      else
        {
          run->follower = c2l_metrics_follower_new (
              runs[i].folder, gtk_range_get_value (GTK_RANGE (self->smoothing)));
          g_signal_connect_object (run->follower, "changed", G_CALLBACK (on_followed), self,
                                   G_CONNECT_SWAPPED);
        }
      g_ptr_array_add (self->runs, run);
    }
  on_followed (self);
}

/* --- choices --- */

static void
on_choice_changed (C2lPlotsView *self)
{
  if (self->cards != NULL)
    update_later (self);
}

static void
on_smoothing_changed (C2lPlotsView *self)
{
  double smoothing = gtk_range_get_value (GTK_RANGE (self->smoothing));

  for (guint i = 0; self->runs != NULL && i < self->runs->len; i++)
    c2l_metrics_follower_set_smoothing (((Run *) g_ptr_array_index (self->runs, i))->follower,
                                        smoothing);
}

static void
c2l_plots_view_dispose (GObject *object)
{
  C2lPlotsView *self = C2L_PLOTS_VIEW (object);

  g_queue_clear (&self->stale);
  g_ptr_array_set_size (self->runs, 0);
  G_OBJECT_CLASS (c2l_plots_view_parent_class)->dispose (object);
}

static void
c2l_plots_view_finalize (GObject *object)
{
  C2lPlotsView *self = C2L_PLOTS_VIEW (object);

  g_ptr_array_unref (self->runs);
  g_ptr_array_unref (self->cards);
  G_OBJECT_CLASS (c2l_plots_view_parent_class)->finalize (object);
}

static void
c2l_plots_view_class_init (C2lPlotsViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_plots_view_dispose;
  G_OBJECT_CLASS (klass)->finalize = c2l_plots_view_finalize;
  g_type_ensure (C2L_TYPE_WRAP_LAYOUT);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-plots-view.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lPlotsView, by);
  gtk_widget_class_bind_template_child (widget_class, C2lPlotsView, log_x);
  gtk_widget_class_bind_template_child (widget_class, C2lPlotsView, smoothing);
  gtk_widget_class_bind_template_child (widget_class, C2lPlotsView, first);
  gtk_widget_class_bind_template_child (widget_class, C2lPlotsView, others);
  gtk_widget_class_bind_template_callback (widget_class, on_choice_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_smoothing_changed);
}

static void
c2l_plots_view_init (C2lPlotsView *self)
{
  GSettings *settings = c2l_settings_get ();

  self->runs = g_ptr_array_new_with_free_func (run_free);
  gtk_widget_init_template (GTK_WIDGET (self));
  c2l_compat_name_inner_button (self->by);
  g_settings_bind (settings, "plots-smoothing",
                   gtk_range_get_adjustment (GTK_RANGE (self->smoothing)), "value",
                   G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "plots-along", self->by, "selected", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "plots-logarithmic-along", self->log_x, "active",
                   G_SETTINGS_BIND_DEFAULT);
  self->cards = g_ptr_array_new ();
  for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
    add_card (self, groups[i].series[0], _ (groups[i].title));
  show_cards (self);
}
