/* Asks for two prompts and has the worker make a direction of them. Closing the dialog cancels
 * that. */
#include "app/c2l-words-dialog.h"

#include "app/c2l-unknown-words.h"
#include "studio/workshop.h"

#include <glib/gi18n.h>

struct _C2lWordsDialog
{
  AdwWindow parent_instance;

  GtkWidget *make, *progress;
  GtkEditable *from, *to;
  GtkLabel *problem;
  C2lUnknownWords *unknown;

  C2lBoard *board;
  C2lDirectionMade made;
  GObject *object;
  GCancellable *cancellable; /* (nullable): while it is being made */
};

G_DEFINE_FINAL_TYPE (C2lWordsDialog, c2l_words_dialog, ADW_TYPE_WINDOW)

static char *
dup_words (GtkEditable *entry)
{
  return g_strstrip (g_strdup (gtk_editable_get_text (entry)));
}

static void
update (C2lWordsDialog *self)
{
  g_autofree char *from = dup_words (self->from), *to = dup_words (self->to);

  gtk_widget_set_sensitive (self->make, self->cancellable == NULL && *from != '\0' && *to != '\0'
                                            && strcmp (from, to) != 0);
  gtk_widget_set_visible (self->progress, self->cancellable != NULL);
}

static void
on_changed (C2lWordsDialog *self)
{
  g_autofree char *text = g_strconcat (gtk_editable_get_text (self->from), "\n",
                                       gtk_editable_get_text (self->to), NULL);

  update (self);
  /* The template is filled in before the dialog knows its board. */
  if (self->board != NULL)
    c2l_unknown_words_look (self->unknown, self->board, text);
}

static void
show_problem (C2lWordsDialog *self, const char *text)
{
  gtk_label_set_label (self->problem, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->problem), text != NULL);
}

static void
on_progress (double fraction, gpointer data)
{
  C2lWordsDialog *self = data;

  /* A closed dialog has no parts any more. */
  if (self->cancellable != NULL)
    gtk_progress_bar_set_fraction (GTK_PROGRESS_BAR (self->progress), fraction);
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lWordsDialog) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lWordsResult) words
      = c2l_workshop_words_finish (C2L_WORKER (source), result, &error);
  g_autoptr (GCancellable) cancellable = g_steal_pointer (&self->cancellable);

  if (cancellable == NULL || g_cancellable_is_cancelled (cancellable))
    return;
  update (self);
  if (words == NULL)
    {
      show_problem (self, error->message);
      return;
    }
  self->made (words->direction, self->object);
  if (!words->is_clear)
    c2l_board_say (
        self->board,
        _ ("The model draws both descriptions much alike; the slider may change little of “%s”"),
        words->direction->name);
  gtk_window_close (GTK_WINDOW (self));
}

static void
on_make (C2lWordsDialog *self)
{
  C2lModelInfo *model = c2l_board_get_model (self->board);
  g_autofree char *from = dup_words (self->from), *to = dup_words (self->to);
  C2lDefaults defaults;
  C2lSampling sampling;

  if (!gtk_widget_get_sensitive (self->make) || model == NULL)
    return;
  c2l_bundle_get_defaults (model->bundle, &defaults);
  sampling = (C2lSampling){ .sampler = defaults.sampler,
                            .steps = defaults.steps,
                            .guidance = defaults.guidance,
                            .truncation = 1 };
  show_problem (self, NULL);
  self->cancellable = g_cancellable_new ();
  gtk_progress_bar_set_fraction (GTK_PROGRESS_BAR (self->progress), 0);
  update (self);
  c2l_workshop_find_words_async (c2l_board_get_worker (self->board),
                                 &(C2lWords){ .from = from, .to = to, .sampling = &sampling },
                                 on_progress, self, self->cancellable, on_found,
                                 g_object_ref (self));
}

static void
c2l_words_dialog_dispose (GObject *object)
{
  C2lWordsDialog *self = C2L_WORDS_DIALOG (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->board);
  g_clear_object (&self->object);
  G_OBJECT_CLASS (c2l_words_dialog_parent_class)->dispose (object);
}

static void
c2l_words_dialog_class_init (C2lWordsDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_words_dialog_dispose;
  g_type_ensure (C2L_TYPE_UNKNOWN_WORDS);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-words-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lWordsDialog, make);
  gtk_widget_class_bind_template_child (widget_class, C2lWordsDialog, progress);
  gtk_widget_class_bind_template_child (widget_class, C2lWordsDialog, from);
  gtk_widget_class_bind_template_child (widget_class, C2lWordsDialog, to);
  gtk_widget_class_bind_template_child (widget_class, C2lWordsDialog, problem);
  gtk_widget_class_bind_template_child (widget_class, C2lWordsDialog, unknown);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_make);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
c2l_words_dialog_init (C2lWordsDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
c2l_words_dialog_show (GtkWidget *widget, C2lBoard *board, C2lDirectionMade made, gpointer object)
{
  C2lWordsDialog *self
      = g_object_new (C2L_TYPE_WORDS_DIALOG, "transient-for", gtk_widget_get_root (widget), NULL);

  self->board = g_object_ref (board);
  self->made = made;
  self->object = g_object_ref (object);
  gtk_editable_set_text (self->from, _ ("a person"));
  update (self);
  gtk_window_present (GTK_WINDOW (self));
  gtk_widget_grab_focus (GTK_WIDGET (self->to));
}
