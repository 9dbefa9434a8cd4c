/* Popovers made when they are asked for and gone when they are closed. */
#include "app/c2l-direction-dialogs.h"

#include "app/c2l-layer-range.h"

#include <glib/gi18n.h>

static gboolean
unparent_later (gpointer data)
{
  g_autoptr (GtkWidget) popover = data;

  if (gtk_widget_get_parent (popover) != NULL)
    gtk_widget_unparent (popover);
  return G_SOURCE_REMOVE;
}

/* Not while it is still telling others that it was closed. */
static void
on_closed (GtkPopover *popover)
{
  g_idle_add (unparent_later, g_object_ref (popover));
}

static GtkWidget *
make_popover (GtkWidget *row, const char *heading, GtkWidget *content)
{
  GtkWidget *popover = gtk_popover_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *label = gtk_label_new (heading);

  gtk_widget_add_css_class (label, "heading");
  gtk_box_append (GTK_BOX (box), label);
  gtk_box_append (GTK_BOX (box), content);
  gtk_popover_set_child (GTK_POPOVER (popover), box);
  gtk_widget_set_parent (popover, row);
  g_signal_connect (popover, "closed", G_CALLBACK (on_closed), NULL);
  gtk_accessible_update_relation (GTK_ACCESSIBLE (content), GTK_ACCESSIBLE_RELATION_LABELLED_BY,
                                  label, NULL, -1);
  return popover;
}

static void
on_name_entered (GtkEntry *entry, C2lDirectionItem *item)
{
  g_autofree char *name = g_strdup (gtk_editable_get_text (GTK_EDITABLE (entry)));

  if (*g_strstrip (name) != '\0')
    c2l_direction_item_set_name (item, name);
  gtk_popover_popdown (GTK_POPOVER (gtk_widget_get_ancestor (GTK_WIDGET (entry), GTK_TYPE_POPOVER)));
}

void
c2l_direction_rename (GtkWidget *row, C2lDirectionItem *item)
{
  GtkWidget *entry = gtk_entry_new ();
  GtkWidget *popover = make_popover (row, _ ("Name of the Direction"), entry);

  gtk_editable_set_text (GTK_EDITABLE (entry), c2l_direction_item_get_name (item));
  g_signal_connect_object (entry, "activate", G_CALLBACK (on_name_entered), item, 0);
  gtk_popover_popup (GTK_POPOVER (popover));
  gtk_widget_grab_focus (entry);
}

typedef struct
{
  C2lDirectionItem *item;
  C2lLayersChosen chosen;
  gpointer data;
} Choice;

static void
choice_free (gpointer data, GClosure *closure)
{
  Choice *choice = data;

  g_object_unref (choice->item);
  g_free (choice);
}

static void
on_range_changed (C2lLayerRange *range, Choice *choice)
{
  int first, last;

  c2l_layer_range_get (range, &first, &last);
  c2l_direction_item_set_layers (choice->item, first, last);
  choice->chosen (choice->item, choice->data);
}

void
c2l_direction_choose_layers (GtkWidget *row,
                             C2lDirectionItem *item,
                             int n_layers,
                             C2lLayersChosen chosen,
                             gpointer data)
{
  GtkWidget *range = c2l_layer_range_new ();
  GtkWidget *popover = make_popover (row, _ ("Layers from Coarse to Fine"), range);
  Choice *choice = g_new (Choice, 1);
  int first, last;

  *choice = (Choice){ g_object_ref (item), chosen, data };
  c2l_direction_item_get_layers (item, &first, &last);
  c2l_layer_range_set (C2L_LAYER_RANGE (range), n_layers, first, last);
  g_signal_connect_data (range, "changed", G_CALLBACK (on_range_changed), choice, choice_free, 0);
  gtk_popover_popup (GTK_POPOVER (popover));
}
