/* Sliders of directions. Rows are made anew when the list changes, which is seldom, and a few in
 * each turn of the main loop, because a row takes about a millisecond; while pictures change only
 * their values do. */
#include "app/c2l-directions-box.h"

#include "app/c2l-direction-dialogs.h"
#include "app/c2l-slider-row.h"

#include <glib/gi18n.h>

/* In units of a direction's scale, the amount that makes a clear difference; beyond three pictures
 * fall apart. */
#define RANGE 3.0

/* How long rows may be made in one turn, in microseconds. */
#define SLICE 3000
/* Before the next frame, so that no half list is seen, but behind what the artist does. */
#define PRIORITY (GDK_PRIORITY_REDRAW - 5)

struct _C2lDirectionsBox
{
  GtkWidget parent_instance;

  GtkEditable *filter;
  GtkBox *model_group, *words_group, *found_group;
  GtkWidget *nothing, *words_heading, *words_button, *found_heading, *find_button;

  GListModel *directions;
  GPtrArray *rows; /* of C2lSliderRow, by position in the list; lent */
  guint n_made;    /* of the list, from its begin */
  guint source;    /* makes the others */
  char *wanted; /* (nullable): id of the direction whose row gets the keyboard when it is there */
  C2lRecipe *recipe;
  int n_layers;
  gboolean shows_hidden;
};

G_DEFINE_FINAL_TYPE (C2lDirectionsBox, c2l_directions_box, GTK_TYPE_WIDGET)

enum
{
  EDITED,
  REMOVED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

#define ITEM_KEY "c2l-direction"

static C2lDirectionItem *
get_item (C2lSliderRow *row)
{
  return g_object_get_data (G_OBJECT (row), ITEM_KEY);
}

static gboolean
is_edited (C2lDirectionsBox *self, C2lDirectionItem *item)
{
  return self->recipe != NULL
         && c2l_recipe_get_amount (self->recipe, c2l_direction_item_get_id (item)) != 0;
}

/* What is filtered out or hidden does not show; but a slider that changes the picture is never
 * hidden without having been filtered out. */
static void
update_visibility (C2lDirectionsBox *self)
{
  g_autofree char *wanted = g_utf8_casefold (gtk_editable_get_text (self->filter), -1);
  GtkBox *groups[] = { self->model_group, self->words_group, self->found_group };
  guint n_shown[G_N_ELEMENTS (groups)] = { 0 }, n_found = 0;
  g_autofree char *title = NULL;

  for (guint i = 0; i < self->rows->len; i++)
    {
      C2lSliderRow *row = g_ptr_array_index (self->rows, i);
      C2lDirectionItem *item = get_item (row);
      g_autofree char *name = g_utf8_casefold (c2l_direction_item_get_name (item), -1);
      gboolean visible = strstr (name, wanted) != NULL
                         && (!c2l_direction_item_get_hidden (item) || self->shows_hidden
                             || is_edited (self, item));

      gtk_widget_set_visible (GTK_WIDGET (row), visible);
      for (guint j = 0; j < G_N_ELEMENTS (groups); j++)
        n_shown[j] += visible && gtk_widget_get_parent (GTK_WIDGET (row)) == GTK_WIDGET (groups[j]);
      n_found += c2l_direction_item_get_group (item) == C2L_DIRECTION_FOUND;
    }
  for (guint j = 0; j < G_N_ELEMENTS (groups); j++)
    gtk_widget_set_visible (GTK_WIDGET (groups[j]), n_shown[j] > 0);
  gtk_widget_set_visible (self->nothing,
                          n_shown[0] + n_shown[1] + n_shown[2] == 0 && *wanted != '\0');
  title = g_strdup_printf (n_found > 0 ? _ ("Found Directions (%u)") : _ ("Found Directions"),
                           n_found);
  gtk_label_set_label (GTK_LABEL (self->found_heading), title);
}

/* Escape: what was looked for goes first, then whatever Escape is for elsewhere. */
static void
on_stop_search (C2lDirectionsBox *self)
{
  gtk_editable_set_text (self->filter, "");
}

static void
update_value (C2lDirectionsBox *self, C2lSliderRow *row)
{
  C2lDirectionItem *item = get_item (row);
  double amount = self->recipe != NULL
                      ? c2l_recipe_get_amount (self->recipe, c2l_direction_item_get_id (item))
                      : 0;

  c2l_slider_row_set_value (row, c2l_direction_item_to_value (item, amount));
}

static void
on_row_changed (C2lDirectionsBox *self, double value, gboolean done, C2lSliderRow *row)
{
  g_signal_emit (self, signals[EDITED], 0, get_item (row), value, done);
}

/* The picture stays as it is; its slider goes to the other side. */
static void
on_inverted (C2lDirectionsBox *self, GParamSpec *pspec, C2lDirectionItem *item)
{
  for (guint i = 0; i < self->rows->len; i++)
    if (get_item (g_ptr_array_index (self->rows, i)) == item)
      update_value (self, g_ptr_array_index (self->rows, i));
}

static GMenuModel *
make_menu (C2lDirectionItem *item)
{
  GMenu *menu = g_menu_new ();
  g_autoptr (GMenu) first = g_menu_new (), second = g_menu_new ();
  const struct
  {
    GMenu *section;
    const char *label, *action;
  } entries[] = {
    { first, N_ ("_Reset"), "direction.reset" },
    { first, N_ ("_Layers…"), "direction.layers" },
    { first, N_ ("_Invert"), "direction.invert" },
    { second, c2l_direction_item_get_pinned (item) ? N_ ("Un_pin") : N_ ("_Pin to the Top"),
      "direction.pin" },
    { second, N_ ("Re_name…"), "direction.rename" },
    { second, c2l_direction_item_get_hidden (item) ? N_ ("S_how Again") : N_ ("_Hide"),
      "direction.hide" },
    { second, N_ ("Remo_ve"), "direction.remove" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (entries); i++)
    {
      g_autoptr (GMenuItem) entry = g_menu_item_new (_ (entries[i].label), NULL);

      /* The bundle's own can only be hidden. */
      if (g_str_equal (entries[i].action, "direction.remove")
          && c2l_direction_item_get_group (item) == C2L_DIRECTION_MODEL)
        continue;
      g_menu_item_set_action_and_target (entry, entries[i].action, "s",
                                         c2l_direction_item_get_id (item));
      g_menu_append_item (entries[i].section, entry);
    }
  g_menu_append_section (menu, NULL, G_MENU_MODEL (first));
  g_menu_append_section (menu, NULL, G_MENU_MODEL (second));
  return G_MENU_MODEL (menu);
}

/* Its menu, and how it looks where hidden ones are shown too. */
static void
update_row (C2lSliderRow *row)
{
  C2lDirectionItem *item = get_item (row);
  g_autoptr (GMenuModel) menu = make_menu (item);

  c2l_slider_row_set_menu (row, menu);
  if (c2l_direction_item_get_hidden (item))
    gtk_widget_add_css_class (GTK_WIDGET (row), "hidden-direction");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (row), "hidden-direction");
  gtk_accessible_update_property (
      GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
      c2l_direction_item_get_hidden (item) ? _ ("Hidden otherwise") : "", -1);
}

static void
on_hidden (C2lDirectionsBox *self, GParamSpec *pspec, C2lDirectionItem *item)
{
  for (guint i = 0; i < self->rows->len; i++)
    if (get_item (g_ptr_array_index (self->rows, i)) == item)
      update_row (g_ptr_array_index (self->rows, i));
  update_visibility (self);
}

static GtkBox *
get_group (C2lDirectionsBox *self, C2lDirectionItem *item)
{
  if (c2l_direction_item_get_pinned (item))
    return self->model_group;
  switch (c2l_direction_item_get_group (item))
    {
    case C2L_DIRECTION_WORDS:
      return self->words_group;
    case C2L_DIRECTION_FOUND:
      return self->found_group;
    case C2L_DIRECTION_MODEL:
    case C2L_DIRECTION_FILE:
    default:
      return self->model_group;
    }
}

static void
add_row (C2lDirectionsBox *self, C2lDirectionItem *item)
{
  GtkWidget *row = c2l_slider_row_new (c2l_direction_item_get_name (item));
  GtkBox *group = get_group (self, item);

  g_object_set_data_full (G_OBJECT (row), ITEM_KEY, g_object_ref (item), g_object_unref);
  c2l_slider_row_set_range (C2L_SLIDER_ROW (row), -RANGE, RANGE, 0);
  update_row (C2L_SLIDER_ROW (row));
  g_object_bind_property (item, "name", row, "title", G_BINDING_DEFAULT);
  g_signal_connect_swapped (row, "changed", G_CALLBACK (on_row_changed), self);
  if (c2l_direction_item_get_pinned (item))
    gtk_box_prepend (group, row);
  else
    gtk_box_append (group, row);
  g_ptr_array_add (self->rows, row);
  update_value (self, C2L_SLIDER_ROW (row));
}

static void
clear_group (GtkBox *group)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (group))) != NULL)
    gtk_box_remove (group, child);
}

/* The keyboard was on the menu of a row that is gone now. */
static void
focus_wanted (C2lDirectionsBox *self)
{
  g_autofree char *id = g_steal_pointer (&self->wanted);

  for (guint i = 0; id != NULL && i < self->rows->len; i++)
    {
      GtkWidget *row = g_ptr_array_index (self->rows, i);

      if (g_str_equal (c2l_direction_item_get_id (get_item (C2L_SLIDER_ROW (row))), id))
        c2l_slider_row_focus (C2L_SLIDER_ROW (row));
    }
}

static gboolean
make_rows (gpointer data)
{
  C2lDirectionsBox *self = data;
  const gint64 end = g_get_monotonic_time () + SLICE;
  const guint n = self->directions != NULL ? g_list_model_get_n_items (self->directions) : 0;

  while (self->n_made < n && g_get_monotonic_time () < end)
    {
      g_autoptr (C2lDirectionItem) item = g_list_model_get_item (self->directions, self->n_made++);

      add_row (self, item);
    }
  update_visibility (self);
  if (self->n_made < n)
    return G_SOURCE_CONTINUE;
  self->source = 0;
  focus_wanted (self);
  return G_SOURCE_REMOVE;
}

static void
rebuild (C2lDirectionsBox *self)
{
  g_ptr_array_set_size (self->rows, 0);
  clear_group (self->model_group);
  clear_group (self->words_group);
  clear_group (self->found_group);
  for (guint i = 0; self->directions != NULL && i < g_list_model_get_n_items (self->directions);
       i++)
    {
      g_autoptr (C2lDirectionItem) item = g_list_model_get_item (self->directions, i);

      g_signal_handlers_disconnect_by_func (item, on_hidden, self);
      g_signal_handlers_disconnect_by_func (item, rebuild, self);
      g_signal_handlers_disconnect_by_func (item, on_inverted, self);
      g_signal_connect_object (item, "notify::hidden", G_CALLBACK (on_hidden), self,
                               G_CONNECT_SWAPPED);
      g_signal_connect_object (item, "notify::pinned", G_CALLBACK (rebuild), self,
                               G_CONNECT_SWAPPED);
      g_signal_connect_object (item, "notify::inverted", G_CALLBACK (on_inverted), self,
                               G_CONNECT_SWAPPED);
    }
  self->n_made = 0;
  if (self->source == 0)
    self->source = g_idle_add_full (PRIORITY, make_rows, self, NULL);
}

/* --- the menu's actions --- */

static C2lDirectionItem *
find_item (C2lDirectionsBox *self, const char *id, C2lSliderRow **row)
{
  for (guint i = 0; i < self->rows->len; i++)
    {
      C2lSliderRow *candidate = g_ptr_array_index (self->rows, i);

      if (g_strcmp0 (c2l_direction_item_get_id (get_item (candidate)), id) == 0)
        {
          if (row != NULL)
            *row = candidate;
          return get_item (candidate);
        }
    }
  return NULL;
}

static void
toggle (C2lDirectionItem *item, const char *property)
{
  gboolean on;

  g_object_get (item, property, &on, NULL);
  g_object_set (item, property, !on, NULL);
}

static void
on_layers_chosen (C2lDirectionItem *item, gpointer data)
{
  C2lDirectionsBox *self = data;

  /* A picture that is edited along it follows at once. */
  if (is_edited (self, item))
    g_signal_emit (
        self, signals[EDITED], 0, item,
        c2l_direction_item_to_value (
            item, c2l_recipe_get_amount (self->recipe, c2l_direction_item_get_id (item))),
        TRUE);
}

/* The visible row after @row, or before it where it is the last; NULL where there is none. */
static C2lDirectionItem *
find_neighbour (C2lDirectionsBox *self, C2lSliderRow *row)
{
  C2lDirectionItem *before = NULL;
  gboolean seen = FALSE;

  for (guint i = 0; i < self->rows->len; i++)
    {
      C2lSliderRow *other = g_ptr_array_index (self->rows, i);

      if (other == row)
        seen = TRUE;
      else if (gtk_widget_get_visible (GTK_WIDGET (other)))
        {
          before = get_item (other);
          if (seen)
            break;
        }
    }
  return before;
}

static void
want_focus (C2lDirectionsBox *self, C2lDirectionItem *item)
{
  g_free (self->wanted);
  self->wanted = item != NULL ? g_strdup (c2l_direction_item_get_id (item)) : NULL;
  /* Where no rows are made anew it is given in the next turn, when the menu has closed. */
  if (self->source == 0)
    self->source = g_idle_add_full (PRIORITY, make_rows, self, NULL);
}

static void
on_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  C2lDirectionsBox *self = C2L_DIRECTIONS_BOX (widget);
  C2lSliderRow *row = NULL;
  C2lDirectionItem *item = find_item (self, g_variant_get_string (parameter, NULL), &row);
  g_autoptr (C2lDirectionItem) kept = NULL;

  if (item == NULL)
    return;
  kept = g_object_ref (item);
  if (g_str_equal (name, "direction.reset"))
    g_signal_emit (self, signals[EDITED], 0, item, 0.0, TRUE);
  else if (g_str_equal (name, "direction.invert"))
    toggle (item, "inverted");
  else if (g_str_equal (name, "direction.pin"))
    {
      toggle (item, "pinned");
      want_focus (self, item);
    }
  else if (g_str_equal (name, "direction.hide"))
    {
      C2lDirectionItem *neighbour = find_neighbour (self, row);

      toggle (item, "hidden");
      want_focus (self, gtk_widget_get_visible (GTK_WIDGET (row)) ? item : neighbour);
    }
  else if (g_str_equal (name, "direction.rename"))
    c2l_direction_rename (GTK_WIDGET (row), item);
  else if (g_str_equal (name, "direction.layers"))
    c2l_direction_choose_layers (GTK_WIDGET (row), item, self->n_layers, on_layers_chosen, self);
  else
    g_signal_emit (self, signals[REMOVED], 0, item);
}

static void
c2l_directions_box_dispose (GObject *object)
{
  C2lDirectionsBox *self = C2L_DIRECTIONS_BOX (object);
  GtkWidget *child;

  g_clear_handle_id (&self->source, g_source_remove);
  if (self->directions != NULL)
    g_signal_handlers_disconnect_by_func (self->directions, rebuild, self);
  g_clear_object (&self->directions);
  g_clear_pointer (&self->recipe, c2l_recipe_unref);
  g_ptr_array_set_size (self->rows, 0);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (c2l_directions_box_parent_class)->dispose (object);
}

static void
c2l_directions_box_finalize (GObject *object)
{
  g_ptr_array_unref (C2L_DIRECTIONS_BOX (object)->rows);
  g_free (C2L_DIRECTIONS_BOX (object)->wanted);
  G_OBJECT_CLASS (c2l_directions_box_parent_class)->finalize (object);
}

static void
c2l_directions_box_class_init (C2lDirectionsBoxClass *klass)
{
  static const char *const actions[]
      = { "direction.reset",  "direction.layers", "direction.invert", "direction.pin",
          "direction.rename", "direction.hide",   "direction.remove", NULL };
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_directions_box_dispose;
  G_OBJECT_CLASS (klass)->finalize = c2l_directions_box_finalize;
  signals[EDITED]
      = g_signal_new ("edited", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                      G_TYPE_NONE, 3, C2L_TYPE_DIRECTION_ITEM, G_TYPE_DOUBLE, G_TYPE_BOOLEAN);
  signals[REMOVED] = g_signal_new ("removed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 1, C2L_TYPE_DIRECTION_ITEM);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-directions-box.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lDirectionsBox, filter);
  gtk_widget_class_bind_template_child (widget_class, C2lDirectionsBox, model_group);
  gtk_widget_class_bind_template_child (widget_class, C2lDirectionsBox, words_group);
  gtk_widget_class_bind_template_child (widget_class, C2lDirectionsBox, found_group);
  gtk_widget_class_bind_template_child (widget_class, C2lDirectionsBox, nothing);
  gtk_widget_class_bind_template_child (widget_class, C2lDirectionsBox, words_heading);
  gtk_widget_class_bind_template_child (widget_class, C2lDirectionsBox, words_button);
  gtk_widget_class_bind_template_child (widget_class, C2lDirectionsBox, found_heading);
  gtk_widget_class_bind_template_child (widget_class, C2lDirectionsBox, find_button);
  gtk_widget_class_bind_template_callback (widget_class, update_visibility);
  gtk_widget_class_bind_template_callback (widget_class, on_stop_search);
  for (guint i = 0; actions[i] != NULL; i++)
    gtk_widget_class_install_action (widget_class, actions[i], "s", on_action);
}

static void
c2l_directions_box_init (C2lDirectionsBox *self)
{
  self->rows = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
c2l_directions_box_set_list (C2lDirectionsBox *self, GListModel *directions)
{
  g_return_if_fail (C2L_IS_DIRECTIONS_BOX (self));
  if (self->directions != NULL)
    g_signal_handlers_disconnect_by_func (self->directions, rebuild, self);
  g_set_object (&self->directions, directions);
  if (directions != NULL)
    g_signal_connect_object (directions, "items-changed", G_CALLBACK (rebuild), self,
                             G_CONNECT_SWAPPED);
  rebuild (self);
}

void
c2l_directions_box_set_n_layers (C2lDirectionsBox *self, int n_layers)
{
  g_return_if_fail (C2L_IS_DIRECTIONS_BOX (self));
  self->n_layers = n_layers;
}

void
c2l_directions_box_show_recipe (C2lDirectionsBox *self, C2lRecipe *recipe)
{
  C2lRecipe *old = self->recipe;

  g_return_if_fail (C2L_IS_DIRECTIONS_BOX (self));
  self->recipe = recipe != NULL ? c2l_recipe_ref (recipe) : NULL;
  g_clear_pointer (&old, c2l_recipe_unref);
  for (guint i = 0; i < self->rows->len; i++)
    update_value (self, g_ptr_array_index (self->rows, i));
  update_visibility (self);
}

void
c2l_directions_box_show_hidden (C2lDirectionsBox *self, gboolean hidden)
{
  g_return_if_fail (C2L_IS_DIRECTIONS_BOX (self));
  self->shows_hidden = hidden;
  update_visibility (self);
}

gboolean
c2l_directions_box_get_shows_hidden (C2lDirectionsBox *self)
{
  g_return_val_if_fail (C2L_IS_DIRECTIONS_BOX (self), FALSE);
  return self->shows_hidden;
}
