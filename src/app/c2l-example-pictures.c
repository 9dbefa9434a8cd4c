/* A few pictures side by side, in as many lines as they need. Their size stands in the style sheet.
 */
#include "app/c2l-example-pictures.h"

#include "app/c2l-wrap-layout.h"

#include <glib/gi18n.h>

#define MAX_PICTURES 4
#define SPACING 6

static GtkWidget *
new_picture (const char *path)
{
  GtkWidget *picture = gtk_picture_new_for_filename (path);

  gtk_picture_set_content_fit (GTK_PICTURE (picture), GTK_CONTENT_FIT_COVER);
  gtk_widget_set_overflow (picture, GTK_OVERFLOW_HIDDEN);
  gtk_widget_add_css_class (picture, "example-picture");
  return picture;
}

static GtkWidget *
new_strip (const char *const *paths)
{
  GtkWidget *strip = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);

  gtk_widget_set_layout_manager (
      strip, g_object_new (C2L_TYPE_WRAP_LAYOUT, "spacing", SPACING, "line-spacing", SPACING, NULL));
  for (int i = 0; i < MAX_PICTURES && paths[i] != NULL; i++)
    gtk_widget_insert_before (new_picture (paths[i]), strip, NULL);
  return strip;
}

static GtkWidget *
new_placeholder (void)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *icon = gtk_image_new_from_icon_name ("c2l-example-symbolic");
  GtkWidget *label = gtk_label_new (_ ("No examples yet"));

  gtk_widget_set_vexpand (icon, TRUE);
  gtk_widget_set_valign (icon, GTK_ALIGN_END);
  gtk_widget_set_vexpand (label, TRUE);
  gtk_widget_set_valign (label, GTK_ALIGN_START);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_justify (GTK_LABEL (label), GTK_JUSTIFY_CENTER);
  gtk_label_set_width_chars (GTK_LABEL (label), 8);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 8);
  gtk_widget_add_css_class (label, "caption");
  gtk_box_append (GTK_BOX (box), icon);
  gtk_box_append (GTK_BOX (box), label);
  gtk_widget_add_css_class (box, "no-examples");
  gtk_widget_set_overflow (box, GTK_OVERFLOW_HIDDEN);
  return box;
}

GtkWidget *
c2l_example_pictures_new (const char *const *paths, const char *name)
{
  gboolean any = paths != NULL && paths[0] != NULL;
  GtkWidget *widget = any ? new_strip (paths) : new_placeholder ();
  /* Translators: %s is the name of a model. */
  g_autofree char *label = g_strdup_printf (
      any ? _ ("Pictures that “%s” drew") : _ ("No pictures of “%s” come with the program"), name);

  gtk_widget_set_valign (widget, GTK_ALIGN_START);
  gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                  -1);
  return widget;
}
