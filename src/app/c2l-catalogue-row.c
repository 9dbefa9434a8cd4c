/* A model that can be had. Shows what the catalogue and the downloads say, and decides nothing.
 * Texts come from outside and are never markup. */
#include "app/c2l-catalogue-row.h"

#include "app/c2l-example-pictures.h"
#include "app/c2l-wrap-layout.h"

#include <glib/gi18n.h>

/* What is said of a time that is longer is of no use. */
#define MAX_SECONDS_LEFT (100 * 3600)

struct _C2lCatalogueRow
{
  AdwPreferencesRow parent_instance;

  AdwBin *pictures;
  GtkLabel *name;
  GtkLabel *draws;
  GtkLabel *status;
  GtkProgressBar *progress;
  GtkButton *download;
  GtkButton *go_on;
  GtkButton *pause;
  GtkButton *cancel;

  char *id;
  char *facts; /* what stands in status where nothing was begun */
};

G_DEFINE_FINAL_TYPE (C2lCatalogueRow, c2l_catalogue_row, ADW_TYPE_PREFERENCES_ROW)

/* "StyleGAN2, 1024×1024 · 1.1 GB", as far as it is known. */
static char *
dup_facts (const C2lCatalogueModel *model)
{
  g_autoptr (GPtrArray) facts = g_ptr_array_new_with_free_func (g_free);
  goffset size = 0;

  if (model->network != NULL)
    g_ptr_array_add (facts, g_strdup (model->network));
  for (int kind = 0; kind < C2L_N_PUBLISHED_KINDS && size >= 0; kind++)
    if (model->files[kind] != NULL)
      size = model->files[kind]->size > 0 ? size + model->files[kind]->size : -1;
  if (size > 0)
    g_ptr_array_add (facts, g_format_size (size));
  g_ptr_array_add (facts, NULL);
  return g_strjoinv (" · ", (char **) facts->pdata);
}

/* --- how far it is --- */

static char *
dup_time_left (const C2lDownloadState *state)
{
  double seconds = state->speed > 0 ? (state->total - state->done) / state->speed : -1;
  guint minutes;

  if (state->total < 0 || seconds < 0 || seconds > MAX_SECONDS_LEFT)
    return NULL;
  minutes = (guint) (seconds / 60 + 0.5);
  if (seconds < 60)
    return g_strdup (_ ("less than a minute left"));
  if (minutes < 100)
    return g_strdup_printf (ngettext ("%u minute left", "%u minutes left", minutes), minutes);
  return g_strdup_printf (ngettext ("%u hour left", "%u hours left", (minutes + 30) / 60),
                          (minutes + 30) / 60);
}

static char *
dup_amount (const C2lDownloadState *state)
{
  g_autofree char *done = g_format_size (state->done);
  g_autofree char *total = state->total >= 0 ? g_format_size (state->total) : NULL;

  /* Translators: sizes, as in “12 MB of 354 MB”. */
  return total != NULL ? g_strdup_printf (_ ("%s of %s"), done, total) : g_strdup (done);
}

/* Speed and time change often: they stand behind what a reader looks for. */
static char *
dup_running (const C2lDownloadState *state)
{
  g_autofree char *amount = dup_amount (state), *left = dup_time_left (state);
  g_autofree char *rate = state->speed > 0 ? g_format_size ((guint64) state->speed) : NULL;
  /* Translators: %s is a size: bytes a second. */
  g_autofree char *speed = rate != NULL ? g_strdup_printf (_ ("%s/s"), rate) : NULL;

  if (speed == NULL)
    return g_steal_pointer (&amount);
  return left != NULL ? g_strjoin (" · ", amount, speed, left, NULL)
                      : g_strjoin (" · ", amount, speed, NULL);
}

static const char *
get_part (const char *part)
{
  if (g_strcmp0 (part, "clip") == 0)
    return _ ("Importing CLIP");
  if (g_strcmp0 (part, "prior") == 0)
    return _ ("Importing the prior");
  if (g_strcmp0 (part, "generator") == 0)
    return _ ("Importing the generator");
  return _ ("Looking whether all parts fit");
}

static char *
dup_status (C2lCatalogueRow *self, const C2lDownloadState *state)
{
  g_autofree char *amount = dup_amount (state);

  switch (state->status)
    {
    case C2L_DOWNLOAD_WAITING:
      return g_strdup (_ ("Waits for another download"));
    case C2L_DOWNLOAD_RUNNING:
      if (!state->is_retrying)
        return dup_running (state);
      /* Translators: %s is how much is here, as “12 MB of 354 MB”. */
      return g_strdup_printf (_ ("%s · No connection; trying again…"), amount);
    case C2L_DOWNLOAD_IMPORTING:
      return g_strdup (get_part (state->what));
    case C2L_DOWNLOAD_PAUSED:
      /* Translators: %s is how much is here, as “12 MB of 354 MB”. */
      return g_strdup_printf (_ ("Paused: %s"), amount);
    case C2L_DOWNLOAD_FAILED:
      return g_strdup (state->error->message);
    case C2L_DOWNLOAD_NONE:
    default:
      return g_strdup (self->facts);
    }
}

static void
show_progress (C2lCatalogueRow *self, const C2lDownloadState *state)
{
  double fraction = state->fraction;

  if (state->status != C2L_DOWNLOAD_IMPORTING)
    fraction = state->total > 0 ? CLAMP ((double) state->done / state->total, 0, 1) : 0;
  if (state->status == C2L_DOWNLOAD_RUNNING && state->total < 0)
    gtk_progress_bar_pulse (self->progress);
  else
    gtk_progress_bar_set_fraction (self->progress, fraction);
  gtk_widget_set_visible (GTK_WIDGET (self->progress),
                          state->status == C2L_DOWNLOAD_RUNNING
                              || state->status == C2L_DOWNLOAD_IMPORTING
                              || (state->status == C2L_DOWNLOAD_PAUSED && state->total > 0));
}

void
c2l_catalogue_row_set_state (C2lCatalogueRow *self, const C2lDownloadState *state)
{
  g_autofree char *status = dup_status (self, state);
  gboolean begun = state->status != C2L_DOWNLOAD_NONE,
           failed = state->status == C2L_DOWNLOAD_FAILED,
           stands = failed || state->status == C2L_DOWNLOAD_PAUSED;

  gtk_label_set_label (self->status, status);
  gtk_widget_set_visible (GTK_WIDGET (self->status), *status != '\0');
  if (failed)
    gtk_widget_add_css_class (GTK_WIDGET (self->status), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->status), "error");
  show_progress (self, state);
  gtk_button_set_label (self->go_on, failed ? _ ("Try Again") : _ ("Continue"));
  gtk_widget_set_visible (GTK_WIDGET (self->download), !begun);
  gtk_widget_set_visible (GTK_WIDGET (self->go_on), stands);
  gtk_widget_set_visible (GTK_WIDGET (self->pause), begun && !stands);
  gtk_widget_set_visible (GTK_WIDGET (self->cancel), begun);
}

const char *
c2l_catalogue_row_get_id (C2lCatalogueRow *self)
{
  return self->id;
}

static void
c2l_catalogue_row_finalize (GObject *object)
{
  C2lCatalogueRow *self = C2L_CATALOGUE_ROW (object);

  g_free (self->id);
  g_free (self->facts);
  G_OBJECT_CLASS (c2l_catalogue_row_parent_class)->finalize (object);
}

static void
c2l_catalogue_row_class_init (C2lCatalogueRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = c2l_catalogue_row_finalize;
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-catalogue-row.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lCatalogueRow, pictures);
  gtk_widget_class_bind_template_child (widget_class, C2lCatalogueRow, name);
  gtk_widget_class_bind_template_child (widget_class, C2lCatalogueRow, draws);
  gtk_widget_class_bind_template_child (widget_class, C2lCatalogueRow, status);
  gtk_widget_class_bind_template_child (widget_class, C2lCatalogueRow, progress);
  gtk_widget_class_bind_template_child (widget_class, C2lCatalogueRow, download);
  gtk_widget_class_bind_template_child (widget_class, C2lCatalogueRow, go_on);
  gtk_widget_class_bind_template_child (widget_class, C2lCatalogueRow, pause);
  gtk_widget_class_bind_template_child (widget_class, C2lCatalogueRow, cancel);
}

static void
c2l_catalogue_row_init (C2lCatalogueRow *self)
{
  g_type_ensure (C2L_TYPE_WRAP_LAYOUT);
  gtk_widget_init_template (GTK_WIDGET (self));
}

C2lCatalogueRow *
c2l_catalogue_row_new (const C2lCatalogueModel *model)
{
  C2lCatalogueRow *self = g_object_new (C2L_TYPE_CATALOGUE_ROW, NULL);
  GtkButton *const buttons[] = { self->download, self->go_on, self->pause, self->cancel };

  self->id = g_strdup (model->id);
  self->facts = dup_facts (model);
  gtk_label_set_label (self->name, model->name);
  gtk_label_set_label (self->draws, model->draws);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, model->name,
                                  -1);
  adw_bin_set_child (self->pictures,
                     c2l_example_pictures_new ((const char *const *) model->pictures, model->name));
  for (guint i = 0; i < G_N_ELEMENTS (buttons); i++)
    gtk_actionable_set_action_target (GTK_ACTIONABLE (buttons[i]), "s", self->id);
  c2l_catalogue_row_set_state (self, &(C2lDownloadState){ .total = -1 });
  return self;
}
