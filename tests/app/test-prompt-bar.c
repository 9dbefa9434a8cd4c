/* The prompt bar, part by part: prompts by line, suggestions that never steal Enter, seeds, options
 * by model, the number of pictures. */
#include "app-test.h"

#include "app/c2l-draw-options.h"
#include "app/c2l-prompt-bar.h"
#include "app/c2l-prompt-entry.h"
#include "app/c2l-seed-field.h"
#include "app/c2l-settings.h"

/* --- finding and pressing --- */

/* The first one in reading order. @css_class: nullable. */
static GtkWidget *
find_with_class (GtkWidget *widget, GType type, const char *css_class)
{
  if (G_TYPE_CHECK_INSTANCE_TYPE (widget, type)
      && (css_class == NULL || gtk_widget_has_css_class (widget, css_class)))
    return widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find_with_class (child, type, css_class);

      if (found != NULL)
        return found;
    }
  return NULL;
}

static GtkWidget *
find (GtkWidget *widget, GType type)
{
  return find_with_class (widget, type, NULL);
}

/* As GTK does when a key goes down in the text: TRUE where the entry took it for itself. */
static gboolean
press (C2lPromptEntry *entry, guint key, GdkModifierType state)
{
  GtkWidget *view = find (GTK_WIDGET (entry), GTK_TYPE_TEXT_VIEW);
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (view);
  gboolean taken = FALSE;

  for (guint i = 0; i < g_list_model_get_n_items (controllers) && !taken; i++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);

      if (GTK_IS_EVENT_CONTROLLER_KEY (controller)
          && gtk_event_controller_get_propagation_phase (controller) == GTK_PHASE_CAPTURE)
        g_signal_emit_by_name (controller, "key-pressed", key, 0, state, &taken);
    }
  return taken;
}

static void
count (guint *n)
{
  ++*n;
}

static gboolean
has_focus (gpointer view)
{
  return gtk_widget_has_focus (view);
}

typedef struct
{
  GtkWidget *window;
  C2lPromptEntry *entry;
  guint n_activated, n_changed;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->window = g_object_ref_sink (gtk_window_new ());
  fixture->entry = C2L_PROMPT_ENTRY (c2l_prompt_entry_new ());
  gtk_window_set_child (GTK_WINDOW (fixture->window), GTK_WIDGET (fixture->entry));
  g_signal_connect_swapped (fixture->entry, "activate", G_CALLBACK (count), &fixture->n_activated);
  g_signal_connect_swapped (fixture->entry, "changed", G_CALLBACK (count), &fixture->n_changed);
  gtk_window_present (GTK_WINDOW (fixture->window));
  gtk_widget_grab_focus (GTK_WIDGET (fixture->entry));
  c2l_app_test_wait (has_focus, find (GTK_WIDGET (fixture->entry), GTK_TYPE_TEXT_VIEW));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  gtk_window_destroy (GTK_WINDOW (fixture->window));
  g_object_unref (fixture->window);
}

static void
assert_text (Fixture *fixture, const char *expected)
{
  g_autofree char *text = c2l_prompt_entry_dup_text (fixture->entry);

  g_assert_cmpstr (text, ==, expected);
}

static gboolean
is_suggesting (Fixture *fixture)
{
  return gtk_widget_get_visible (find (GTK_WIDGET (fixture->entry), GTK_TYPE_POPOVER));
}

static void
suggest (Fixture *fixture, const char *line)
{
  static const char *const prompts[] = { "a man", "a man with a hat", "a woman", NULL };

  c2l_prompt_entry_suggest (fixture->entry, line, prompts);
}

/* --- prompts --- */

static void
test_one_a_line (Fixture *fixture, gconstpointer data)
{
  g_auto (GStrv) none = c2l_prompt_entry_dup_prompts (fixture->entry);
  g_auto (GStrv) blank = NULL;
  g_auto (GStrv) prompts = NULL;

  g_assert_null (none);
  c2l_prompt_entry_set_text (fixture->entry, " \n\t\n");
  blank = c2l_prompt_entry_dup_prompts (fixture->entry);
  g_assert_null (blank);
  c2l_prompt_entry_set_text (fixture->entry, "  eine Bärin \r\n\n a | b:0.5\n");
  prompts = c2l_prompt_entry_dup_prompts (fixture->entry);
  g_assert_cmpstrv (prompts, ((const char *const[]){ "eine Bärin", "a | b:0.5", NULL }));
}

static void
test_enter_asks (Fixture *fixture, gconstpointer data)
{
  g_assert_true (press (fixture->entry, GDK_KEY_Return, 0));
  g_assert_cmpuint (fixture->n_activated, ==, 1);
  g_assert_true (press (fixture->entry, GDK_KEY_KP_Enter, GDK_CONTROL_MASK));
  g_assert_cmpuint (fixture->n_activated, ==, 2);
  g_assert_false (press (fixture->entry, GDK_KEY_Return, GDK_SHIFT_MASK));
  g_assert_cmpuint (fixture->n_activated, ==, 2);
}

static void
test_composing_keeps_its_keys (Fixture *fixture, gconstpointer data)
{
  GtkWidget *view = find (GTK_WIDGET (fixture->entry), GTK_TYPE_TEXT_VIEW);

  g_signal_emit_by_name (view, "preedit-changed", "に");
  g_assert_false (press (fixture->entry, GDK_KEY_Return, 0));
  g_signal_emit_by_name (view, "preedit-changed", "");
  g_assert_true (press (fixture->entry, GDK_KEY_Return, 0));
  g_assert_cmpuint (fixture->n_activated, ==, 1);
}

/* --- suggestions --- */

static void
test_suggestions_do_not_steal (Fixture *fixture, gconstpointer data)
{
  c2l_prompt_entry_set_text (fixture->entry, "a m");
  suggest (fixture, "a m");
  g_assert_true (is_suggesting (fixture));
  g_assert_false (press (fixture->entry, GDK_KEY_Tab, 0));
  g_assert_false (press (fixture->entry, GDK_KEY_Up, 0));
  g_assert_true (press (fixture->entry, GDK_KEY_Return, 0));
  g_assert_cmpuint (fixture->n_activated, ==, 1);
  g_assert_false (is_suggesting (fixture));
  assert_text (fixture, "a m");
}

static void
test_suggestion_is_chosen (Fixture *fixture, gconstpointer data)
{
  c2l_prompt_entry_set_text (fixture->entry, "a m");
  suggest (fixture, "a m");
  g_assert_true (press (fixture->entry, GDK_KEY_Down, 0));
  g_assert_true (press (fixture->entry, GDK_KEY_Down, 0));
  g_assert_true (press (fixture->entry, GDK_KEY_Return, 0));
  g_assert_cmpuint (fixture->n_activated, ==, 0);
  g_assert_false (is_suggesting (fixture));
  assert_text (fixture, "a man with a hat");
  g_assert_true (press (fixture->entry, GDK_KEY_Return, 0));
  g_assert_cmpuint (fixture->n_activated, ==, 1);
}

static void
test_suggestion_is_for_its_line (Fixture *fixture, gconstpointer data)
{
  GtkWidget *view = find (GTK_WIDGET (fixture->entry), GTK_TYPE_TEXT_VIEW);
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (GTK_TEXT_VIEW (view));
  GtkTextIter end;

  c2l_prompt_entry_set_text (fixture->entry, "first\na w");
  gtk_text_buffer_get_end_iter (buffer, &end);
  gtk_text_buffer_place_cursor (buffer, &end);
  suggest (fixture, "first");
  g_assert_false (is_suggesting (fixture));
  suggest (fixture, "a w");
  press (fixture->entry, GDK_KEY_Down, 0);
  g_assert_true (press (fixture->entry, GDK_KEY_Tab, 0));
  assert_text (fixture, "first\na man");
}

static void
test_suggestions_leave (Fixture *fixture, gconstpointer data)
{
  g_assert_false (press (fixture->entry, GDK_KEY_Escape, 0));
  c2l_prompt_entry_set_text (fixture->entry, "a");
  suggest (fixture, "a");
  g_assert_true (press (fixture->entry, GDK_KEY_Escape, 0));
  g_assert_false (is_suggesting (fixture));
  c2l_prompt_entry_suggest (fixture->entry, "a", (const char *const[]){ "a", NULL });
  g_assert_false (is_suggesting (fixture));
}

/* --- seeds --- */

static void
test_seeds_are_taken (void)
{
  C2lSeedField *field = g_object_ref_sink (C2L_SEED_FIELD (c2l_seed_field_new ()));
  guint64 thrown;

  c2l_seed_field_set_seed (field, G_MAXUINT64);
  g_assert_cmpuint (c2l_seed_field_take (field), ==, G_MAXUINT64);
  thrown = c2l_seed_field_take (field);
  g_assert_cmpuint (thrown, <, G_MAXUINT64);
  g_assert_cmpuint (thrown, ==, c2l_seed_field_get_seed (field));
  g_object_set (field, "locked", TRUE, NULL);
  for (int i = 0; i < 5; i++)
    g_assert_cmpuint (c2l_seed_field_take (field), ==, thrown);
  g_object_unref (field);
}

static void
test_seeds_are_typed (void)
{
  C2lSeedField *field = g_object_ref_sink (C2L_SEED_FIELD (c2l_seed_field_new ()));
  GtkWidget *entry = find (GTK_WIDGET (field), GTK_TYPE_ENTRY);

  gtk_editable_set_text (GTK_EDITABLE (entry), "18446744073709551615");
  g_assert_cmpuint (c2l_seed_field_get_seed (field), ==, G_MAXUINT64);
  /* All of it has room, and is told where it has not. */
  g_assert_cmpint (gtk_editable_get_max_width_chars (GTK_EDITABLE (entry)), ==, 20);
  g_assert_nonnull (strstr (gtk_widget_get_tooltip_text (GTK_WIDGET (entry)),
                            "18446744073709551615"));
  g_assert_false (gtk_widget_has_css_class (entry, "error"));
  gtk_editable_set_text (GTK_EDITABLE (entry), "18446744073709551616");
  g_assert_true (gtk_widget_has_css_class (entry, "error"));
  gtk_test_accessible_assert_state (entry, GTK_ACCESSIBLE_STATE_INVALID,
                                    GTK_ACCESSIBLE_INVALID_TRUE);
  g_assert_cmpuint (c2l_seed_field_get_seed (field), ==, G_MAXUINT64);
  c2l_seed_field_roll (field);
  g_assert_false (gtk_widget_has_css_class (entry, "error"));
  g_object_unref (field);
}

/* --- options --- */

static C2lModelInfo *
new_model (void)
{
  g_autofree char *folder = g_build_filename (g_getenv ("C2L_DATA"), "starter", NULL);
  C2lModelInfo *model = g_new0 (C2lModelInfo, 1);

  g_atomic_ref_count_init (&model->refs);
  model->bundle = c2l_bundle_open (folder, NULL);
  g_assert_nonnull (model->bundle);
  model->has_truncation = TRUE;
  return model;
}

static void
test_options_are_the_models (void)
{
  g_autoptr (C2lModelInfo) model = new_model ();
  C2lDrawOptions *options = g_object_ref_sink (C2L_DRAW_OPTIONS (c2l_draw_options_new ()));
  C2lDefaults defaults;
  C2lSampling sampling;

  c2l_bundle_get_defaults (model->bundle, &defaults);
  c2l_draw_options_set_model (options, model);
  c2l_draw_options_get (options, &sampling);
  g_assert_cmpfloat_with_epsilon (sampling.guidance, defaults.guidance, 1e-9);
  g_assert_cmpint (sampling.steps, ==, defaults.steps);
  g_assert_cmpstr (sampling.sampler, ==, defaults.sampler);
  g_object_unref (options);
}

static void
test_options_are_remembered (void)
{
  g_autoptr (C2lModelInfo) model = new_model ();
  C2lDrawOptions *options = g_object_ref_sink (C2L_DRAW_OPTIONS (c2l_draw_options_new ()));
  C2lDrawOptions *again;
  C2lSampling sampling, recalled;
  gboolean custom;

  c2l_draw_options_set_model (options, model);
  c2l_draw_options_get (options, &sampling);
  sampling.guidance = 5.5;
  sampling.sampler = "dpm++2m";
  sampling.steps = 17;
  sampling.noise = C2L_NOISE_KIND_NONE;
  c2l_draw_options_set (options, &sampling);

  again = g_object_ref_sink (C2L_DRAW_OPTIONS (c2l_draw_options_new ()));
  c2l_draw_options_set_model (again, model);
  c2l_draw_options_get (again, &recalled);
  g_object_get (again, "custom", &custom, NULL);
  g_assert_true (custom);
  g_assert_cmpfloat_with_epsilon (recalled.guidance, 5.5, 1e-9);
  g_assert_cmpstr (recalled.sampler, ==, "dpm++2m");
  g_assert_cmpint (recalled.steps, ==, 17);
  g_assert_cmpint (recalled.noise, ==, C2L_NOISE_KIND_NONE);

  c2l_draw_options_reset (again);
  g_object_get (again, "custom", &custom, NULL);
  g_assert_false (custom);
  g_object_unref (options);
  g_object_unref (again);
}

/* --- the bar --- */

static void
test_number_of_pictures_is_said (void)
{
  C2lPromptBar *bar = g_object_ref_sink (C2L_PROMPT_BAR (c2l_prompt_bar_new ()));
  GtkWidget *spin = find_with_class (GTK_WIDGET (bar), GTK_TYPE_SPIN_BUTTON, "quiet");

  c2l_prompt_bar_set_count (bar, 1);
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (spin)), ==, "1 picture");
  gtk_editable_set_text (GTK_EDITABLE (spin), "25");
  gtk_spin_button_update (GTK_SPIN_BUTTON (spin));
  g_assert_cmpint (c2l_prompt_bar_get_count (bar), ==, 25);
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (spin)), ==, "25 pictures");
  c2l_prompt_bar_set_count (bar, 65);
  g_assert_cmpint (c2l_prompt_bar_get_count (bar), ==, 64);
  g_assert_cmpint (g_settings_get_int (c2l_settings_get (), "picture-count"), ==, 64);
  g_object_unref (bar);
}

static void
test_recipe_is_used_in_part (void)
{
  C2lPromptBar *bar = g_object_ref_sink (C2L_PROMPT_BAR (c2l_prompt_bar_new ()));
  C2lPromptEntry *entry = C2L_PROMPT_ENTRY (find (GTK_WIDGET (bar), C2L_TYPE_PROMPT_ENTRY));
  C2lSeedField *seed = C2L_SEED_FIELD (find (GTK_WIDGET (bar), C2L_TYPE_SEED_FIELD));
  g_autoptr (C2lRecipe) recipe = c2l_recipe_new ();
  g_autofree char *text = NULL, *kept = NULL;

  recipe->prompt = g_strdup ("another");
  recipe->seed = 77;
  c2l_prompt_entry_set_text (entry, "mine");
  c2l_prompt_bar_use_recipe (bar, recipe, C2L_USE_SEED);
  kept = c2l_prompt_entry_dup_text (entry);
  g_assert_cmpstr (kept, ==, "mine");
  g_assert_cmpuint (c2l_seed_field_get_seed (seed), ==, 77);
  c2l_prompt_bar_use_recipe (bar, recipe, C2L_USE_ALL);
  text = c2l_prompt_entry_dup_text (entry);
  g_assert_cmpstr (text, ==, "another");
  g_object_unref (bar);
}

static void
test_what_was_set_comes_back (void)
{
  C2lPromptBar *bar = g_object_ref_sink (C2L_PROMPT_BAR (c2l_prompt_bar_new ()));
  C2lPromptBar *again;
  C2lSeedField *seed = C2L_SEED_FIELD (find (GTK_WIDGET (bar), C2L_TYPE_SEED_FIELD));
  g_autofree char *text = NULL;

  c2l_prompt_entry_set_text (C2L_PROMPT_ENTRY (find (GTK_WIDGET (bar), C2L_TYPE_PROMPT_ENTRY)),
                             "一\ntwo");
  c2l_seed_field_set_seed (seed, 12345678901234567890u);
  c2l_prompt_bar_set_count (bar, 9);

  again = g_object_ref_sink (C2L_PROMPT_BAR (c2l_prompt_bar_new ()));
  text = c2l_prompt_entry_dup_text (
      C2L_PROMPT_ENTRY (find (GTK_WIDGET (again), C2L_TYPE_PROMPT_ENTRY)));
  g_assert_cmpstr (text, ==, "一\ntwo");
  seed = C2L_SEED_FIELD (find (GTK_WIDGET (again), C2L_TYPE_SEED_FIELD));
  g_assert_cmpuint (c2l_seed_field_get_seed (seed), ==, 12345678901234567890u);
  g_assert_cmpint (c2l_prompt_bar_get_count (again), ==, 9);
  g_object_unref (bar);
  g_object_unref (again);
}

#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  c2l_app_test_init (&argc, &argv);
  ADD ("/prompt-entry/prompts/one-a-line", test_one_a_line);
  ADD ("/prompt-entry/enter/asks", test_enter_asks);
  ADD ("/prompt-entry/enter/is-the-input-methods-while-composing", test_composing_keeps_its_keys);
  ADD ("/prompt-entry/suggestions/do-not-steal-enter", test_suggestions_do_not_steal);
  ADD ("/prompt-entry/suggestions/are-chosen-with-the-arrows", test_suggestion_is_chosen);
  ADD ("/prompt-entry/suggestions/are-for-their-line", test_suggestion_is_for_its_line);
  ADD ("/prompt-entry/suggestions/leave-with-escape", test_suggestions_leave);
  g_test_add_func ("/seed-field/gives-what-was-chosen-then-throws", test_seeds_are_taken);
  g_test_add_func ("/seed-field/takes-64-bits-and-refuses-more", test_seeds_are_typed);
  g_test_add_func ("/draw-options/begin-with-the-models-own", test_options_are_the_models);
  g_test_add_func ("/draw-options/are-remembered-until-restored", test_options_are_remembered);
  g_test_add_func ("/prompt-bar/number-of-pictures", test_number_of_pictures_is_said);
  g_test_add_func ("/prompt-bar/uses-a-recipe-in-part", test_recipe_is_used_in_part);
  g_test_add_func ("/prompt-bar/what-was-set-comes-back", test_what_was_set_comes_back);
  return g_test_run ();
}
