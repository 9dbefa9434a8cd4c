/* The keys of the program. Nothing else in the program names a key for an action that has a row
 * here. */
#include "app/c2l-shortcuts.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#define CREATE NC_ ("shortcuts", "Create")
#define PICTURES NC_ ("shortcuts", "Pictures")
#define SLIDERS NC_ ("shortcuts", "Sliders")
#define VIEWER NC_ ("shortcuts", "One Picture")
#define TRAININGS NC_ ("shortcuts", "Trainings")
#define PROGRAM NC_ ("shortcuts", "Program")

/* clang-format off */
static const C2lShortcut shortcuts[] = {
  { C2L_SCOPE_PROGRAM, PROGRAM, NC_ ("shortcuts", "Go to the page Create"), "win.page::create", { "<Control>1", "<Alt>1" } },
  { C2L_SCOPE_PROGRAM, PROGRAM, NC_ ("shortcuts", "Go to the page Train"), "win.page::train", { "<Control>2", "<Alt>2" } },
  { C2L_SCOPE_PROGRAM, PROGRAM, NC_ ("shortcuts", "Go to the page Models"), "win.page::models", { "<Control>3", "<Alt>3" } },
  { C2L_SCOPE_PROGRAM, PROGRAM, NC_ ("shortcuts", "Open files"), "win.open", { "<Control>o" } },
  { C2L_SCOPE_PROGRAM, PROGRAM, NC_ ("shortcuts", "Preferences"), "app.preferences", { "<Control>comma" } },
  { C2L_SCOPE_PROGRAM, PROGRAM, NC_ ("shortcuts", "Keyboard shortcuts"), "win.shortcuts", { "<Control>question", "F1" } },
  { C2L_SCOPE_PROGRAM, PROGRAM, NC_ ("shortcuts", "Close the window"), "window.close", { "<Control>w" } },
  { C2L_SCOPE_PROGRAM, PROGRAM, NC_ ("shortcuts", "Quit"), "app.quit", { "<Control>q" } },
  { C2L_SCOPE_PAGE, CREATE, NC_ ("shortcuts", "Generate"), "create.generate", { "<Control>Return" } },
  { C2L_SCOPE_WIDGET, CREATE, NC_ ("shortcuts", "Another prompt, on a line of its own"), "", { "<Shift>Return" } },
  { C2L_SCOPE_PAGE, CREATE, NC_ ("shortcuts", "Stop, or back to all pictures"), "create.back", { "Escape" } },
  { C2L_SCOPE_PAGE, CREATE, NC_ ("shortcuts", "An example, by chance"), "create.random-example", { "<Control>e" } },
  { C2L_SCOPE_PAGE, CREATE, NC_ ("shortcuts", "Go to the prompt"), "create.focus-prompt", { "<Control>l" } },
  { C2L_SCOPE_PAGE, CREATE, NC_ ("shortcuts", "Go to the pictures"), "create.focus-pictures", { "F6" } },
  { C2L_SCOPE_PAGE, CREATE, NC_ ("shortcuts", "Show or hide the history"), "create.toggle-history", { "F9" } },
  { C2L_SCOPE_PAGE, CREATE, NC_ ("shortcuts", "Show or hide the edit panel"), "create.toggle-panel", { "<Shift>F9" } },
  { C2L_SCOPE_PAGE, CREATE, NC_ ("shortcuts", "Another seed"), "create.roll-seed", { "<Control>r" } },
  { C2L_SCOPE_PAGE, CREATE, NC_ ("shortcuts", "Keep the seed"), "create.lock-seed", { "<Control><Shift>l" } },
  { C2L_SCOPE_PAGE, CREATE, NC_ ("shortcuts", "Copy the seed"), "create.copy-seed", { "<Control><Shift>c" } },
  { C2L_SCOPE_PAGE, CREATE, NC_ ("shortcuts", "Undo"), "create.undo", { "<Control>z" } },
  { C2L_SCOPE_PAGE, CREATE, NC_ ("shortcuts", "Redo"), "create.redo", { "<Control><Shift>z", "<Control>y" } },
  { C2L_SCOPE_PAGE, CREATE, NC_ ("shortcuts", "Save"), "create.save", { "<Control>s" } },
  { C2L_SCOPE_PAGE, CREATE, NC_ ("shortcuts", "Save all"), "create.save-all", { "<Control><Shift>s" } },
  { C2L_SCOPE_PAGE, CREATE, NC_ ("shortcuts", "Larger pictures"), "create.larger", { "<Control>plus", "<Control>equal", "<Control>KP_Add" } },
  { C2L_SCOPE_PAGE, CREATE, NC_ ("shortcuts", "Smaller pictures"), "create.smaller", { "<Control>minus", "<Control>KP_Subtract" } },
  { C2L_SCOPE_GRID, PICTURES, NC_ ("shortcuts", "View"), "create.view", { "space" } },
  { C2L_SCOPE_GRID, PICTURES, NC_ ("shortcuts", "Favourite"), "create.favourite", { "f" } },
  { C2L_SCOPE_GRID, PICTURES, NC_ ("shortcuts", "Variations"), "create.variations", { "v" } },
  { C2L_SCOPE_GRID, PICTURES, NC_ ("shortcuts", "More like these"), "create.more-like", { "m" } },
  { C2L_SCOPE_GRID, PICTURES, NC_ ("shortcuts", "Compare"), "create.compare", { "c" } },
  { C2L_SCOPE_GRID, PICTURES, NC_ ("shortcuts", "In-between film"), "create.in-between", { "b" } },
  { C2L_SCOPE_GRID, PICTURES, NC_ ("shortcuts", "How this was made"), "create.how-made", { "i" } },
  { C2L_SCOPE_GRID, PICTURES, NC_ ("shortcuts", "Use these settings"), "create.use-settings::all", { "u" } },
  { C2L_SCOPE_GRID, PICTURES, NC_ ("shortcuts", "Use its prompt"), "create.use-settings::prompt", { "p" } },
  { C2L_SCOPE_GRID, PICTURES, NC_ ("shortcuts", "Use its seed"), "create.use-settings::seed", { "s" } },
  { C2L_SCOPE_GRID, PICTURES, NC_ ("shortcuts", "Use its options"), "create.use-settings::options", { "o" } },
  { C2L_SCOPE_GRID, PICTURES, NC_ ("shortcuts", "Copy"), "create.copy", { "<Control>c" } },
  { C2L_SCOPE_GRID, PICTURES, NC_ ("shortcuts", "Delete"), "create.delete", { "Delete", "KP_Delete" } },
  { C2L_SCOPE_GRID, PICTURES, NC_ ("shortcuts", "Menu"), "create.popup-menu", { "Menu", "<Shift>F10" } },
  { C2L_SCOPE_WIDGET, PICTURES, NC_ ("shortcuts", "Select all"), "", { "<Control>a" } },
  { C2L_SCOPE_WIDGET, SLIDERS, NC_ ("shortcuts", "Move by a tenth"), "", { "Left", "Right" } },
  { C2L_SCOPE_WIDGET, SLIDERS, NC_ ("shortcuts", "Move by one"), "", { "<Shift>Left", "<Shift>Right" } },
  { C2L_SCOPE_VIEWER, VIEWER, NC_ ("shortcuts", "Back to all pictures, or pause the film"), "viewer.close-or-pause", { "space" } },
  { C2L_SCOPE_VIEWER, VIEWER, NC_ ("shortcuts", "Next picture"), "viewer.next", { "Right", "Down", "Page_Down" } },
  { C2L_SCOPE_VIEWER, VIEWER, NC_ ("shortcuts", "Previous picture"), "viewer.previous", { "Left", "Up", "Page_Up" } },
  { C2L_SCOPE_VIEWER, VIEWER, NC_ ("shortcuts", "Enlarge"), "viewer.zoom-in", { "plus", "equal", "KP_Add" } },
  { C2L_SCOPE_VIEWER, VIEWER, NC_ ("shortcuts", "Reduce"), "viewer.zoom-out", { "minus", "KP_Subtract" } },
  { C2L_SCOPE_VIEWER, VIEWER, NC_ ("shortcuts", "The whole picture"), "viewer.zoom-fit", { "0", "KP_0", "<Control>0" } },
  { C2L_SCOPE_VIEWER, VIEWER, NC_ ("shortcuts", "Pixel for pixel"), "viewer.zoom-pixels", { "1", "KP_1" } },
  { C2L_SCOPE_VIEWER, VIEWER, NC_ ("shortcuts", "Favourite"), "create.favourite", { "f" } },
  { C2L_SCOPE_VIEWER, VIEWER, NC_ ("shortcuts", "Variations"), "create.variations", { "v" } },
  { C2L_SCOPE_VIEWER, VIEWER, NC_ ("shortcuts", "More like these"), "create.more-like", { "m" } },
  { C2L_SCOPE_VIEWER, VIEWER, NC_ ("shortcuts", "How this was made"), "viewer.how-made", { "i" } },
  { C2L_SCOPE_VIEWER, VIEWER, NC_ ("shortcuts", "Use these settings"), "create.use-settings::all", { "u" } },
  { C2L_SCOPE_VIEWER, VIEWER, NC_ ("shortcuts", "Copy"), "create.copy", { "<Control>c" } },
  { C2L_SCOPE_VIEWER, VIEWER, NC_ ("shortcuts", "Delete"), "viewer.delete", { "Delete", "KP_Delete" } },
  { C2L_SCOPE_VIEWER, VIEWER, NC_ ("shortcuts", "Menu"), "viewer.popup-menu", { "Menu", "<Shift>F10" } },
  { C2L_SCOPE_TRAIN, TRAININGS, NC_ ("shortcuts", "New training"), "train.new", { "<Control>n" } },
  { C2L_SCOPE_TRAIN, TRAININGS, NC_ ("shortcuts", "Write a checkpoint now"), "train.checkpoint", { "<Control>s" } },
  { C2L_SCOPE_TRAIN, TRAININGS, NC_ ("shortcuts", "Use in Create"), "train.use", { "<Control>u" } },
  { C2L_SCOPE_TRAIN, TRAININGS, NC_ ("shortcuts", "Rename"), "train.rename", { "F2" } },
  { C2L_SCOPE_TRAIN, TRAININGS, NC_ ("shortcuts", "Move to the trash"), "train.remove", { "<Control>Delete" } },
  { 0 },
};
/* clang-format on */

const C2lShortcut *
c2l_shortcuts_get (void)
{
  return shortcuts;
}

void
c2l_shortcuts_install (GtkApplication *application)
{
  for (const C2lShortcut *each = shortcuts; each->action != NULL; each++)
    if (each->scope == C2L_SCOPE_PROGRAM)
      gtk_application_set_accels_for_action (application, each->action, each->keys);
}

/* --- keys of what is shown --- */

static gboolean
types (GtkWidget *focus)
{
  return GTK_IS_EDITABLE (focus) || GTK_IS_TEXT (focus) || GTK_IS_TEXT_VIEW (focus);
}

/* Whether the keyboard is in a list that @widget has no part in: its keys are about other things.
 */
static gboolean
is_in_other_list (GtkWidget *focus, GtkWidget *widget)
{
  GtkWidget *list = gtk_widget_get_ancestor (focus, GTK_TYPE_GRID_VIEW);

  if (list == NULL)
    list = gtk_widget_get_ancestor (focus, GTK_TYPE_LIST_VIEW);
  return list != NULL && !gtk_widget_is_ancestor (list, widget);
}

/* Whether the keyboard is in what stands at a side, the history or the panel: a letter pressed there
 * is not about the pictures in the middle. */
static gboolean
is_beside (GtkWidget *focus)
{
  for (GtkWidget *flap = gtk_widget_get_ancestor (focus, ADW_TYPE_FLAP); flap != NULL;
       flap = gtk_widget_get_ancestor (gtk_widget_get_parent (flap), ADW_TYPE_FLAP))
    {
      GtkWidget *side = adw_flap_get_flap (ADW_FLAP (flap));

      if (side != NULL && (focus == side || gtk_widget_is_ancestor (focus, side)))
        return TRUE;
    }
  return FALSE;
}

/* A key without a modifier, which is a letter or a movement elsewhere. Its parameter: the action in
 * full. */
static gboolean
on_plain_key (GtkWidget *widget, GVariant *detailed, gpointer data)
{
  GtkRoot *root = gtk_widget_get_root (widget);
  GtkWidget *focus = root != NULL ? gtk_root_get_focus (root) : NULL;
  g_autofree char *name = NULL;
  g_autoptr (GVariant) target = NULL;

  if (focus != NULL
      && (types (focus) || is_beside (focus) || is_in_other_list (focus, widget)
          || gtk_widget_get_ancestor (focus, GTK_TYPE_POPOVER) != NULL))
    return FALSE;
  if (!g_action_parse_detailed_name (g_variant_get_string (detailed, NULL), &name, &target, NULL))
    g_assert_not_reached ();
  return gtk_widget_activate_action_variant (widget, name, target);
}

static GtkShortcut *
new_plain_shortcut (const C2lShortcut *row, const char *key)
{
  GtkShortcut *shortcut = gtk_shortcut_new (gtk_shortcut_trigger_parse_string (key),
                                            gtk_callback_action_new (on_plain_key, NULL, NULL));

  gtk_shortcut_set_arguments (shortcut, g_variant_new_string (row->action));
  return shortcut;
}

/* Menus show the keys of such ones. */
static GtkShortcut *
new_named_shortcut (const C2lShortcut *row, const char *key)
{
  g_autofree char *name = NULL;
  g_autoptr (GVariant) target = NULL;
  GtkShortcut *shortcut;

  if (!g_action_parse_detailed_name (row->action, &name, &target, NULL))
    g_assert_not_reached ();
  shortcut
      = gtk_shortcut_new (gtk_shortcut_trigger_parse_string (key), gtk_named_action_new (name));
  gtk_shortcut_set_arguments (shortcut, target);
  return shortcut;
}

typedef GtkShortcut *(*NewShortcut) (const C2lShortcut *row, const char *key);

static GtkShortcut *
new_shortcut (const C2lShortcut *row, const char *key)
{
  guint keyval;
  GdkModifierType modifiers;

  gtk_accelerator_parse (key, &keyval, &modifiers);
  return modifiers == 0 && (row->scope == C2L_SCOPE_GRID || row->scope == C2L_SCOPE_VIEWER)
             ? new_plain_shortcut (row, key)
             : new_named_shortcut (row, key);
}

/* Menus show the key that was added last: the first in the table. */
static void
fill (GtkEventController *controller, C2lScope scope, NewShortcut make)
{
  for (const C2lShortcut *each = shortcuts; each->action != NULL; each++)
    for (int i = G_N_ELEMENTS (each->keys) - 1; i >= 0; i--)
      if (each->scope == scope && each->keys[i] != NULL)
        gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (controller),
                                              make (each, each->keys[i]));
}

void
c2l_shortcuts_add_to_widget (GtkWidget *widget, C2lScope scope)
{
  GtkEventController *controller = gtk_shortcut_controller_new ();

  /* The window asks these last, and only while their widget is mapped. */
  gtk_shortcut_controller_set_scope (GTK_SHORTCUT_CONTROLLER (controller),
                                     GTK_SHORTCUT_SCOPE_GLOBAL);
  fill (controller, scope, new_shortcut);
  gtk_widget_add_controller (widget, controller);

  /* Inside the viewer before the window takes arrows for its own. */
  if (scope == C2L_SCOPE_VIEWER)
    {
      controller = gtk_shortcut_controller_new ();
      fill (controller, scope, new_shortcut);
      gtk_widget_add_controller (widget, controller);
    }
  /* Inside the grid before GtkGridView takes Space for its own, and so that menus show letters. */
  if (scope == C2L_SCOPE_GRID)
    {
      controller = gtk_shortcut_controller_new ();
      gtk_event_controller_set_propagation_phase (controller, GTK_PHASE_CAPTURE);
      fill (controller, scope, new_named_shortcut);
      gtk_widget_add_controller (widget, controller);
    }
}

/* --- the window that lists them --- */

/* GtkShortcutsWindow can be filled by a template only, so the table is written as one. */
/* The numeric pad repeats what stands beside it, and “=” is “+” without Shift: good for hands,
 * noise for eyes. */
static char *
list_keys (const C2lShortcut *shortcut)
{
  g_autoptr (GStrvBuilder) keys = g_strv_builder_new ();
  g_auto (GStrv) list = NULL;

  for (const char *const *key = shortcut->keys; *key != NULL; key++)
    if (strstr (*key, "KP_") == NULL && !g_str_has_suffix (*key, "equal"))
      g_strv_builder_add (keys, *key);
  list = g_strv_builder_end (keys);
  return g_strjoinv (" ", list);
}

static void
add_row (GString *ui, const C2lShortcut *shortcut)
{
  g_autofree char *keys = list_keys (shortcut);
  g_autofree char *row = g_markup_printf_escaped (
      "<child><object class='GtkShortcutsShortcut'><property name='title'>%s</property>"
      "<property name='accelerator'>%s</property></object></child>",
      g_dpgettext2 (NULL, "shortcuts", shortcut->title), keys);

  g_string_append (ui, row);
}

static void
add_group (GString *ui, const char *group)
{
  g_autofree char *start = g_markup_printf_escaped (
      "<child><object class='GtkShortcutsGroup'><property name='title'>%s</property>",
      g_dpgettext2 (NULL, "shortcuts", group));

  g_string_append (ui, start);
}

GtkWidget *
c2l_shortcuts_window_new (GtkWindow *parent)
{
  g_autoptr (GString) ui = g_string_new (
      "<interface><object class='GtkShortcutsWindow' id='window'><property "
      "name='modal'>1</property>"
      "<child><object class='GtkShortcutsSection'><property name='section-name'>all</property>"
      "<property name='max-height'>16</property>");
  g_autoptr (GtkBuilder) builder = NULL;
  GtkWidget *window;

  for (const C2lShortcut *each = shortcuts; each->action != NULL; each++)
    {
      gboolean is_first = each == shortcuts || g_strcmp0 (each->group, each[-1].group) != 0;
      gboolean is_last = g_strcmp0 (each->group, each[1].group) != 0;

      if (is_first)
        add_group (ui, each->group);
      add_row (ui, each);
      if (is_last)
        g_string_append (ui, "</object></child>");
    }
  g_string_append (ui, "</object></child></object></interface>");
  builder = gtk_builder_new_from_string (ui->str, ui->len);
  window = GTK_WIDGET (gtk_builder_get_object (builder, "window"));
  gtk_window_set_transient_for (GTK_WINDOW (window), parent);
  return window;
}
