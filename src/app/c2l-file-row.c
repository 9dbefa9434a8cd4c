/* A row that holds a file. Does not look into it. Only files with a path count: what lies elsewhere
 * has to be copied here first, and the row says so. */
#include "app/c2l-file-row.h"

#include "app/c2l-compat.h"

#include <glib/gi18n.h>

struct _C2lFileRow
{
  AdwActionRow parent_instance;

  GtkButton *choose;
  GtkButton *clear;
  GFile *file;
  char *path;
  char *hint;
};

enum
{
  PROP_0,
  PROP_FILE,
  PROP_HINT,
  N_PROPS
};

static GParamSpec *props[N_PROPS];
static guint refused_signal;

G_DEFINE_FINAL_TYPE (C2lFileRow, c2l_file_row, ADW_TYPE_ACTION_ROW)

static void
update (C2lFileRow *self)
{
  g_autofree char *name = self->path != NULL ? g_filename_display_basename (self->path) : NULL;
  g_autofree char *full = self->path != NULL ? g_filename_display_name (self->path) : NULL;
  /* Names of files are no markup. */
  g_autofree char *escaped = g_markup_escape_text (name != NULL         ? name
                                                   : self->hint != NULL ? self->hint
                                                                        : "",
                                                   -1);

  adw_action_row_set_subtitle (ADW_ACTION_ROW (self), escaped);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self), full);
  gtk_widget_set_visible (GTK_WIDGET (self->clear), self->path != NULL);
}

GFile *
c2l_file_row_get_file (C2lFileRow *self)
{
  return self->file;
}

const char *
c2l_file_row_get_path (C2lFileRow *self)
{
  return self->path;
}

void
c2l_file_row_set_file (C2lFileRow *self, GFile *file)
{
  g_return_if_fail (C2L_IS_FILE_ROW (self));

  if (file != NULL && g_file_peek_path (file) == NULL)
    {
      g_signal_emit (self, refused_signal, 0,
                     _ ("This file lies on another computer; copy it here first"));
      return;
    }
  if (!g_set_object (&self->file, file))
    return;
  g_free (self->path);
  self->path = file != NULL ? g_file_get_path (file) : NULL;
  update (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_FILE]);
}

static void
chosen (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lFileRow) self = data;
  g_autoptr (GListModel) files = c2l_compat_choose_finish (result, NULL);
  g_autoptr (GFile) file = files != NULL ? g_list_model_get_item (files, 0) : NULL;

  if (file != NULL)
    c2l_file_row_set_file (self, file);
}

static void
choose (GtkWidget *widget, const char *name, GVariant *parameter)
{
  C2lFileRow *self = C2L_FILE_ROW (widget);
  GtkRoot *root = gtk_widget_get_root (widget);
  g_autoptr (GFile) folder = self->file != NULL ? g_file_get_parent (self->file) : NULL;

  c2l_compat_choose_async (GTK_WINDOW (root), C2L_CHOOSE_FILE,
                           adw_preferences_row_get_title (ADW_PREFERENCES_ROW (self)), folder, NULL,
                           chosen, g_object_ref (self));
}

static void
clear (GtkWidget *widget, const char *name, GVariant *parameter)
{
  c2l_file_row_set_file (C2L_FILE_ROW (widget), NULL);
}

static gboolean
dropped (C2lFileRow *self, const GValue *value, double x, double y, GtkDropTarget *target)
{
  c2l_file_row_set_file (self, g_value_get_object (value));
  return TRUE;
}

static void
c2l_file_row_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  C2lFileRow *self = C2L_FILE_ROW (object);

  if (id == PROP_FILE)
    g_value_set_object (value, self->file);
  else if (id == PROP_HINT)
    g_value_set_string (value, self->hint);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
c2l_file_row_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  C2lFileRow *self = C2L_FILE_ROW (object);

  if (id == PROP_FILE)
    c2l_file_row_set_file (self, g_value_get_object (value));
  else if (id == PROP_HINT)
    {
      g_free (self->hint);
      self->hint = g_value_dup_string (value);
      update (self);
    }
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
c2l_file_row_finalize (GObject *object)
{
  C2lFileRow *self = C2L_FILE_ROW (object);

  g_clear_object (&self->file);
  g_free (self->path);
  g_free (self->hint);
  G_OBJECT_CLASS (c2l_file_row_parent_class)->finalize (object);
}

static void
c2l_file_row_class_init (C2lFileRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->finalize = c2l_file_row_finalize;
  object_class->get_property = c2l_file_row_get_property;
  object_class->set_property = c2l_file_row_set_property;
  props[PROP_FILE]
      = g_param_spec_object ("file", NULL, NULL, G_TYPE_FILE,
                             G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  props[PROP_HINT]
      = g_param_spec_string ("hint", NULL, NULL, NULL, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
  refused_signal = g_signal_new ("refused", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                 NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-file-row.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lFileRow, choose);
  gtk_widget_class_bind_template_child (widget_class, C2lFileRow, clear);
  gtk_widget_class_install_action (widget_class, "file.choose", NULL, choose);
  gtk_widget_class_install_action (widget_class, "file.clear", NULL, clear);
}

static void
c2l_file_row_init (C2lFileRow *self)
{
  GtkDropTarget *target = gtk_drop_target_new (G_TYPE_FILE, GDK_ACTION_COPY);

  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_swapped (target, "drop", G_CALLBACK (dropped), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
}
