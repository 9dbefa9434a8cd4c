/* What can be done with a training. Requests are files; whatever takes longer than making one
 * happens on a thread or in another process. */
#include "app/c2l-compat.h"
#include "app/c2l-name-dialog.h"
#include "app/c2l-run-view-private.h"
#include "app/c2l-settings.h"
#include "app/c2l-trash.h"
#include "app/c2l-use-run-dialog.h"
#include "studio/run-control.h"

#include <glib/gi18n.h>
#include <string.h>

static void
say (C2lRunView *self, const char *text)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "win.say", "s", text);
}

static void
done (C2lRunView *self, gboolean ok, const GError *error, const char *text)
{
  say (self, ok ? text : error->message);
  c2l_run_view_refresh (self);
}

/* --- the trainer --- */

static void
stop (GtkWidget *widget, const char *action, GVariant *parameter)
{
  C2lRunView *self = C2L_RUN_VIEW (widget);
  g_autoptr (GError) error = NULL;
  gboolean ok = c2l_run_ask_to_stop (self->run->folder, &error);

  done (self, ok, error, _ ("The training writes a checkpoint and stops"));
}

static void
checkpoint (GtkWidget *widget, const char *action, GVariant *parameter)
{
  C2lRunView *self = C2L_RUN_VIEW (widget);
  g_autoptr (GError) error = NULL;
  gboolean ok = c2l_run_ask_for_checkpoint (self->run->folder, &error);

  done (self, ok, error, _ ("A checkpoint will be written after this step"));
}

static void
resume (GtkWidget *widget, const char *action, GVariant *parameter)
{
  C2lRunView *self = C2L_RUN_VIEW (widget);
  const C2lRunOrder order = { .folder = self->run->folder, .resume = TRUE };
  g_autoptr (GError) error = NULL;
  gboolean ok = c2l_run_start (&order, &error);

  done (self, ok, error, _ ("The training goes on"));
}

/* --- the folder --- */

static void
renamed (const char *name, gpointer data)
{
  C2lRunView *self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = c2l_run_rename (self->run->folder, name, &error);

  if (folder != NULL)
    g_signal_emit_by_name (self, "moved", folder);
  else
    say (self, error->message);
}

static void
rename_run (GtkWidget *widget, const char *action, GVariant *parameter)
{
  c2l_name_dialog_ask (widget, _ ("Rename the Training"), NULL, _ ("New name"), _ ("_Rename"),
                       renamed, widget);
}

static void
removed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lRunView) self = data;
  g_autoptr (GError) error = NULL;
  gboolean ok = c2l_trash_finish (result, &error);

  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    done (self, ok, error, _ ("The training was moved to the trash"));
}

static void
remove_run (GtkWidget *widget, const char *action, GVariant *parameter)
{
  C2lRunView *self = C2L_RUN_VIEW (widget);
  /* Translators: %s is the name of a training. */
  g_autofree char *heading = g_strdup_printf (_ ("Move “%s” to the Trash?"), self->run->name);

  if (c2l_run_is_alive (self->run->folder))
    say (self, _ ("This training is running; stop it first"));
  else
    c2l_trash_async (widget, heading, _ ("Its checkpoints, samples and numbers go with it."),
                     self->run->folder, removed, g_object_ref (widget));
}

static void
shown_in_files (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lRunView) self = data;
  g_autoptr (GError) error = NULL;

  if (!c2l_compat_show_in_files_finish (result, &error))
    say (self, error->message);
}

static void
show_in_files (GtkWidget *widget, const char *action, GVariant *parameter)
{
  g_autoptr (GFile) folder = g_file_new_for_path (C2L_RUN_VIEW (widget)->run->folder);

  c2l_compat_show_in_files_async (GTK_WINDOW (gtk_widget_get_root (widget)), folder, shown_in_files,
                                  g_object_ref (widget));
}

/* --- checkpoints --- */

/* The best, or the newest where none was found to be. */
static const C2lRunCheckpoint *
get_checkpoint (C2lRunView *self)
{
  return self->parts != NULL && self->parts->checkpoints->len > 0
             ? g_ptr_array_index (self->parts->checkpoints, 0)
             : NULL;
}

static void
on_made (C2lRunView *self, const char *id)
{
  g_settings_set_string (c2l_settings_get (), "model", id);
  gtk_widget_activate_action (GTK_WIDGET (self), "win.page", "s", "create");
}

static void
use (GtkWidget *widget, const char *action, GVariant *parameter)
{
  C2lRunView *self = C2L_RUN_VIEW (widget);
  C2lUseRunDialog *dialog
      = c2l_use_run_dialog_new (GTK_WINDOW (gtk_widget_get_root (widget)), self->run->folder,
                                self->run->name, self->parts->checkpoints);

  g_signal_connect_object (dialog, "made", G_CALLBACK (on_made), self, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

typedef struct
{
  C2lRunView *view;
  char *source;
  GFile *target, *part; /* NULL before they are chosen */
} Export;

static void
export_free (Export *export)
{
  g_object_unref (export->view);
  g_free (export->source);
  g_clear_object (&export->target);
  g_clear_object (&export->part);
  g_free (export);
}

static void
exported (GObject *source, GAsyncResult *result, gpointer data)
{
  Export *export = data;
  g_autoptr (GError) error = NULL;

  if (g_file_copy_finish (G_FILE (source), result, &error)
      && g_file_move (export->part, export->target, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL,
                      &error))
    say (export->view, _ ("The checkpoint was exported"));
  else
    {
      g_file_delete (export->part, NULL, NULL);
      say (export->view, error->message);
    }
  export_free (export);
}

/* Beside the target, so that no half file ever has its name. */
static GFile *
make_part (GFile *target)
{
  g_autoptr (GFile) folder = g_file_get_parent (target);
  g_autofree char *base = g_file_get_basename (target);
  g_autofree char *name = g_strdup_printf (".%s.part", base);

  return g_file_get_child (folder, name);
}

static void
export_named (GObject *source, GAsyncResult *result, gpointer data)
{
  Export *export = data;
  g_autoptr (GListModel) files = c2l_compat_choose_finish (result, NULL);
  g_autoptr (GFile) checkpoint = g_file_new_for_path (export->source);

  if (files == NULL)
    {
      export_free (export);
      return;
    }
  export->target = g_list_model_get_item (files, 0);
  export->part = make_part (export->target);
  g_file_copy_async (checkpoint, export->part, G_FILE_COPY_OVERWRITE, G_PRIORITY_DEFAULT, NULL,
                     NULL, NULL, exported, export);
}

static void
export_checkpoint (GtkWidget *widget, const char *action, GVariant *parameter)
{
  C2lRunView *self = C2L_RUN_VIEW (widget);
  const C2lRunCheckpoint *checkpoint = get_checkpoint (self);
  g_autofree char *name = g_strconcat (self->run->name, ".ckpt", NULL);
  g_autofree char *path = g_build_filename (g_get_home_dir (), name, NULL);
  g_autoptr (GFile) initial = g_file_new_for_path (path);
  Export *export = g_new (Export, 1);

  *export = (Export){ .view = g_object_ref (self), .source = g_strdup (checkpoint->path) };
  c2l_compat_choose_async (GTK_WINDOW (gtk_widget_get_root (widget)), C2L_CHOOSE_NAME,
                           _ ("Export the Checkpoint"), initial, NULL, export_named, export);
}

/* --- all of them --- */

void
c2l_run_view_update_actions (C2lRunView *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  gboolean is_there = self->run != NULL;
  gboolean runs = is_there && self->run->state == C2L_RUN_RUNNING;
  gboolean has_checkpoint = get_checkpoint (self) != NULL;

  gtk_widget_action_set_enabled (widget, "train.stop", runs && !self->is_stopping);
  gtk_widget_action_set_enabled (widget, "train.checkpoint", runs && !self->run->is_preparing);
  gtk_widget_action_set_enabled (widget, "train.resume", is_there && !runs);
  gtk_widget_action_set_enabled (widget, "train.rename", is_there && !runs);
  gtk_widget_action_set_enabled (widget, "train.remove", is_there && !runs);
  gtk_widget_action_set_enabled (widget, "train.show", is_there);
  gtk_widget_action_set_enabled (widget, "train.use", has_checkpoint);
  gtk_widget_action_set_enabled (widget, "train.export", has_checkpoint);
}

void
c2l_run_view_class_add_actions (GtkWidgetClass *klass)
{
  gtk_widget_class_install_action (klass, "train.stop", NULL, stop);
  gtk_widget_class_install_action (klass, "train.checkpoint", NULL, checkpoint);
  gtk_widget_class_install_action (klass, "train.resume", NULL, resume);
  gtk_widget_class_install_action (klass, "train.rename", NULL, rename_run);
  gtk_widget_class_install_action (klass, "train.remove", NULL, remove_run);
  gtk_widget_class_install_action (klass, "train.show", NULL, show_in_files);
  gtk_widget_class_install_action (klass, "train.use", NULL, use);
  gtk_widget_class_install_action (klass, "train.export", NULL, export_checkpoint);
}
