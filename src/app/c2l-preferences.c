/* The window in which the settings are changed. Widgets are bound to the settings and nothing else
 * happens here: whoever is concerned watches the settings. */
#include "app/c2l-preferences.h"

#include "app/c2l-compat.h"
#include "app/c2l-device-names.h"
#include "app/c2l-name-example.h"
#include "app/c2l-settings.h"
#include "studio/devices.h"
#include "studio/picture-name.h"

#include <glib/gi18n.h>

struct _C2lPreferences
{
  AdwPreferencesWindow parent_instance;

  AdwComboRow *theme;
  AdwActionRow *folder;
  GtkWidget *folder_reset;
  AdwEntryRow *name_template;
  AdwActionRow *name_example;
  AdwComboRow *format;
  AdwComboRow *device;
  AdwComboRow *precision;
  GtkSpinButton *threads;
  GtkSpinButton *idle_minutes;
  GtkSpinButton *message_seconds;

  GPtrArray *devices; /* of C2lDeviceChoice; empty until the drivers have answered */
  GCancellable *cancellable;
  gboolean filling; /* the rows' models are being changed, which is nobody's choice */
};

G_DEFINE_FINAL_TYPE (C2lPreferences, c2l_preferences, ADW_TYPE_PREFERENCES_WINDOW)

/* --- enumerations: rows in the order of the schema --- */

static gboolean
row_from_nick (GValue *value, GVariant *variant, gpointer key)
{
  g_value_set_uint (value, g_settings_get_enum (c2l_settings_get (), key));
  return TRUE;
}

static GVariant *
nick_from_row (const GValue *value, const GVariantType *type, gpointer key)
{
  GSettings *settings = c2l_settings_get ();
  g_autoptr (GSettingsSchema) schema = NULL;
  g_autoptr (GSettingsSchemaKey) schema_key = NULL;
  g_autoptr (GVariant) range = NULL, nicks = NULL;
  guint row = g_value_get_uint (value);

  g_object_get (settings, "settings-schema", &schema, NULL);
  schema_key = g_settings_schema_get_key (schema, key);
  range = g_settings_schema_key_get_range (schema_key);
  g_variant_get (range, "(sv)", NULL, &nicks);
  if (row >= g_variant_n_children (nicks))
    return NULL;
  return g_variant_get_child_value (nicks, row);
}

static void
bind_enum (AdwComboRow *row, const char *key)
{
  g_settings_bind_with_mapping (c2l_settings_get (), key, row, "selected", G_SETTINGS_BIND_DEFAULT,
                                row_from_nick, nick_from_row, (gpointer) key, NULL);
}

/* --- devices and precisions --- */

static const C2lDeviceChoice *
get_device (C2lPreferences *self)
{
  guint selected = adw_combo_row_get_selected (self->device);

  return selected < self->devices->len ? g_ptr_array_index (self->devices, selected) : NULL;
}

static void
show_precisions (C2lPreferences *self)
{
  const C2lDeviceChoice *device = get_device (self);
  g_autofree char *chosen = g_settings_get_string (c2l_settings_get (), "precision");
  g_autoptr (GtkStringList) texts = gtk_string_list_new (NULL);
  g_autofree char *description
      = c2l_device_names_dup_description (device != NULL ? device->description : "");
  guint selected = 0;

  self->filling = TRUE;
  for (int i = 0; device != NULL && device->precisions[i] != NULL; i++)
    {
      gtk_string_list_append (texts, c2l_device_names_get_precision (device->precisions[i]));
      if (g_strcmp0 (device->precisions[i], chosen) == 0)
        selected = i;
    }
  adw_combo_row_set_model (self->precision, G_LIST_MODEL (texts));
  adw_combo_row_set_selected (self->precision, selected);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self->device), description);
  self->filling = FALSE;
}

static void
show_devices (C2lPreferences *self)
{
  g_autofree char *chosen = g_settings_get_string (c2l_settings_get (), "device");
  g_autoptr (GtkStringList) texts = gtk_string_list_new (NULL);
  /* Where the chosen one is gone, the processor draws: it is the last. */
  guint selected = MAX (self->devices->len, 1) - 1;

  self->filling = TRUE;
  for (guint i = 0; i < self->devices->len; i++)
    {
      const C2lDeviceChoice *device = g_ptr_array_index (self->devices, i);

      gtk_string_list_append (texts, device->model != NULL ? device->model
                                                           : c2l_device_names_get (device->name));
      if (g_strcmp0 (device->name, chosen) == 0)
        selected = i;
    }
  adw_combo_row_set_model (self->device, G_LIST_MODEL (texts));
  adw_combo_row_set_selected (self->device, selected);
  self->filling = FALSE;
  show_precisions (self);
}

static void
devices_listed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GPtrArray) devices = c2l_devices_list_finish (result, NULL);
  C2lPreferences *self = data;

  /* Cancelled: the window is gone. */
  if (devices == NULL)
    return;
  g_ptr_array_unref (self->devices);
  self->devices = g_steal_pointer (&devices);
  show_devices (self);
}

static void
device_chosen (C2lPreferences *self)
{
  const C2lDeviceChoice *device = get_device (self);

  if (self->filling || device == NULL)
    return;
  /* Not every device has every precision. */
  g_autofree char *precision = g_settings_get_string (c2l_settings_get (), "precision");

  if (!g_strv_contains ((const char *const *) device->precisions, precision))
    g_settings_reset (c2l_settings_get (), "precision");
  g_settings_set_string (c2l_settings_get (), "device", device->name);
  show_precisions (self);
}

static void
precision_chosen (C2lPreferences *self)
{
  const C2lDeviceChoice *device = get_device (self);

  if (!self->filling && device != NULL)
    g_settings_set_string (c2l_settings_get (), "precision",
                           device->precisions[adw_combo_row_get_selected (self->precision)]);
}

/* --- where pictures go --- */

static void
show_folder (C2lPreferences *self)
{
  g_autoptr (GFile) folder = c2l_settings_dup_pictures_folder ();
  g_autoptr (GVariant) chosen = g_settings_get_user_value (c2l_settings_get (), "pictures-folder");
  g_autofree char *name = c2l_settings_dup_folder_name (folder);
  g_autofree char *escaped = g_markup_escape_text (name, -1);

  adw_action_row_set_subtitle (self->folder, escaped);
  gtk_widget_set_visible (self->folder_reset, chosen != NULL);
}

static void
folder_chosen (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GListModel) files = c2l_compat_choose_finish (result, NULL);
  g_autoptr (GFile) folder = files != NULL ? g_list_model_get_item (files, 0) : NULL;
  g_autofree char *uri = folder != NULL ? g_file_get_uri (folder) : NULL;

  if (uri != NULL)
    g_settings_set_string (c2l_settings_get (), "pictures-folder", uri);
}

static void
choose_folder (GtkWidget *widget, const char *action, GVariant *parameter)
{
  g_autoptr (GFile) folder = c2l_settings_dup_pictures_folder ();

  c2l_compat_choose_async (GTK_WINDOW (widget), C2L_CHOOSE_FOLDER, _ ("Folder for Pictures"),
                           folder, NULL, folder_chosen, NULL);
}

static void
reset_folder (GtkWidget *widget, const char *action, GVariant *parameter)
{
  g_settings_reset (c2l_settings_get (), "pictures-folder");
}

/* What is typed; what usually holds where nothing is. */
static char *
dup_template (C2lPreferences *self)
{
  char *text = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->name_template))));

  if (*text != '\0')
    return text;
  g_free (text);
  return g_strdup (C2L_NAME_TEMPLATE);
}

/* A file's name as the template makes it, or what is wrong with it, while it is typed. */
static void
show_example (C2lPreferences *self)
{
  g_autofree char *name_template = dup_template (self);
  g_autofree char *example = NULL, *escaped = NULL;
  g_autoptr (GError) error = NULL;

  if (c2l_name_template_check (name_template, &error))
    {
      gtk_widget_remove_css_class (GTK_WIDGET (self->name_template), "error");
      example = c2l_name_example_dup (name_template,
                                      g_settings_get_enum (c2l_settings_get (), "picture-format"));
    }
  else
    gtk_widget_add_css_class (GTK_WIDGET (self->name_template), "error");
  escaped = g_markup_escape_text (example != NULL ? example : error->message, -1);
  adw_action_row_set_subtitle (self->name_example, escaped);
}

/* One that could name nothing stays where it can be mended. */
static void
template_applied (C2lPreferences *self)
{
  g_autofree char *name_template = dup_template (self);

  if (c2l_name_template_check (name_template, NULL))
    g_settings_set_string (c2l_settings_get (), "name-template", name_template);
}

static void
show_template (C2lPreferences *self)
{
  g_autofree char *text = g_settings_get_string (c2l_settings_get (), "name-template");

  gtk_editable_set_text (GTK_EDITABLE (self->name_template), text);
}

static void
bind_all (C2lPreferences *self)
{
  GSettings *settings = c2l_settings_get ();

  bind_enum (self->theme, "theme");
  bind_enum (self->format, "picture-format");
  g_settings_bind (settings, "threads", self->threads, "value", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "idle-minutes", self->idle_minutes, "value", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "message-seconds", self->message_seconds, "value",
                   G_SETTINGS_BIND_DEFAULT);
  g_signal_connect_object (settings, "changed::pictures-folder", G_CALLBACK (show_folder), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (settings, "changed::picture-format", G_CALLBACK (show_example), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (settings, "changed::name-template", G_CALLBACK (show_template), self,
                           G_CONNECT_SWAPPED);
}

static void
c2l_preferences_dispose (GObject *object)
{
  C2lPreferences *self = C2L_PREFERENCES (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->devices, g_ptr_array_unref);
  G_OBJECT_CLASS (c2l_preferences_parent_class)->dispose (object);
}

static void
c2l_preferences_class_init (C2lPreferencesClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_preferences_dispose;
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-preferences.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lPreferences, theme);
  gtk_widget_class_bind_template_child (widget_class, C2lPreferences, folder);
  gtk_widget_class_bind_template_child (widget_class, C2lPreferences, folder_reset);
  gtk_widget_class_bind_template_child (widget_class, C2lPreferences, name_template);
  gtk_widget_class_bind_template_child (widget_class, C2lPreferences, name_example);
  gtk_widget_class_bind_template_child (widget_class, C2lPreferences, format);
  gtk_widget_class_bind_template_child (widget_class, C2lPreferences, device);
  gtk_widget_class_bind_template_child (widget_class, C2lPreferences, precision);
  gtk_widget_class_bind_template_child (widget_class, C2lPreferences, threads);
  gtk_widget_class_bind_template_child (widget_class, C2lPreferences, idle_minutes);
  gtk_widget_class_bind_template_child (widget_class, C2lPreferences, message_seconds);
  gtk_widget_class_bind_template_callback (widget_class, device_chosen);
  gtk_widget_class_bind_template_callback (widget_class, precision_chosen);
  gtk_widget_class_bind_template_callback (widget_class, show_example);
  gtk_widget_class_bind_template_callback (widget_class, template_applied);
  gtk_widget_class_install_action (widget_class, "preferences.choose-folder", NULL, choose_folder);
  gtk_widget_class_install_action (widget_class, "preferences.reset-folder", NULL, reset_folder);
}

static void
c2l_preferences_init (C2lPreferences *self)
{
  self->devices = g_ptr_array_new ();
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  bind_all (self);
  c2l_devices_list_async (self->cancellable, devices_listed, self);
  show_folder (self);
  show_template (self);
}

GtkWidget *
c2l_preferences_new (GtkWindow *parent)
{
  /* Its buttons are actions of the application. */
  GtkApplication *application = parent != NULL ? gtk_window_get_application (parent) : NULL;

  return g_object_new (C2L_TYPE_PREFERENCES, "application", application, "transient-for", parent,
                       "modal", TRUE, "destroy-with-parent", TRUE, NULL);
}
