/* The prompt bar. Everything in it is a setting of the program, bound to its control; what is given
 * to the board is read from the controls at the moment of asking. With Live, each pause in typing
 * asks; Enter then keeps what is seen. */
#include "app/c2l-prompt-bar.h"

#include "app/c2l-compat.h"
#include "app/c2l-draw-options.h"
#include "app/c2l-prompt-entry.h"
#include "app/c2l-seed-field.h"
#include "app/c2l-settings.h"
#include "app/c2l-unknown-words.h"
#include "app/c2l-wrap-layout.h"

#include <glib/gi18n.h>

/* A pause in typing, in milliseconds, long enough not to draw each letter. */
#define LIVE_PAUSE 180
#define MAX_SUGGESTIONS 12
/* Pictures of up to so many pixels are there before a smaller one would be seen. */
#define PREVIEW_ABOVE 256
#define PREVIEW_SIZE 128

struct _C2lPromptBar
{
  GtkWidget parent_instance;

  C2lPromptEntry *prompt;
  C2lDrawOptions *options;
  C2lSeedField *seed;
  GtkMenuButton *options_button;
  GtkSpinButton *count;
  GtkSwitch *live;
  GtkDropDown *sort;
  C2lUnknownWords *unknown;

  C2lBoard *board;
  guint live_timer;
  GCancellable *suggest_cancellable;
  char *completed; /* (nullable): the line that suggestions were asked for */
};

G_DEFINE_FINAL_TYPE (C2lPromptBar, c2l_prompt_bar, GTK_TYPE_WIDGET)

/* --- asking for pictures --- */

static int
choose_preview_size (C2lBoard *board)
{
  const C2lModelInfo *model = c2l_board_get_model (board);

  return model != NULL && model->has_previews && model->resolution > PREVIEW_ABOVE ? PREVIEW_SIZE
                                                                                   : 0;
}

/* @max_size: 0: pictures in full. */
static void
ask (C2lPromptBar *self, C2lRunKind kind, int max_size)
{
  g_auto (GStrv) prompts = c2l_prompt_entry_dup_prompts (self->prompt);
  C2lOrder order = { .prompts = (const char *const *) prompts, .score = TRUE };

  g_clear_handle_id (&self->live_timer, g_source_remove);
  if (self->board == NULL || prompts == NULL)
    return;

  c2l_draw_options_get (self->options, &order.sampling);
  order.sampling.n = gtk_spin_button_get_value_as_int (self->count);
  /* A live run stays with its seed, so that only the words change what is seen. */
  order.sampling.seed = kind == C2L_RUN_LIVE || gtk_switch_get_active (self->live)
                            ? c2l_seed_field_get_seed (self->seed)
                            : c2l_seed_field_take (self->seed);
  order.sampling.noise_seed = order.sampling.seed;
  order.preview_size = max_size == 0 ? choose_preview_size (self->board) : 0;
  order.max_size = max_size;
  c2l_board_generate (self->board, &order, kind);
}

void
c2l_prompt_bar_generate (C2lPromptBar *self)
{
  g_return_if_fail (C2L_IS_PROMPT_BAR (self));

  gtk_spin_button_update (self->count);
  if (c2l_prompt_bar_count_prompts (self) == 0 && self->board != NULL)
    {
      c2l_board_say (self->board, _ ("Write what the pictures shall show, or take an example."));
      gtk_widget_grab_focus (GTK_WIDGET (self->prompt));
      return;
    }
  ask (self, C2L_RUN_ASKED, 0);
}

void
c2l_prompt_bar_generate_small (C2lPromptBar *self, int size)
{
  g_return_if_fail (C2L_IS_PROMPT_BAR (self));

  ask (self, C2L_RUN_ASKED, size);
}

void
c2l_prompt_bar_generate_prompt (C2lPromptBar *self, const char *prompt)
{
  g_return_if_fail (C2L_IS_PROMPT_BAR (self));

  c2l_prompt_entry_set_text (self->prompt, prompt);
  c2l_prompt_bar_generate (self);
}

static gboolean
on_live_pause (gpointer data)
{
  C2lPromptBar *self = data;

  self->live_timer = 0;
  ask (self, C2L_RUN_LIVE, 0);
  return G_SOURCE_REMOVE;
}

static void
ask_live (C2lPromptBar *self)
{
  g_clear_handle_id (&self->live_timer, g_source_remove);
  if (gtk_switch_get_active (self->live) && self->board != NULL)
    self->live_timer = g_timeout_add (LIVE_PAUSE, on_live_pause, self);
}

static JsonArray *
get_examples (C2lPromptBar *self)
{
  const C2lModelInfo *model = self->board != NULL ? c2l_board_get_model (self->board) : NULL;
  JsonObject *info = model != NULL ? c2l_bundle_get_info (model->bundle) : NULL;
  JsonNode *node = info != NULL ? json_object_get_member (info, "examples") : NULL;

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static const char *
get_example (JsonArray *examples, guint i)
{
  JsonNode *node = json_array_get_element (examples, i);

  return json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node) : NULL;
}

void
c2l_prompt_bar_random_example (C2lPromptBar *self)
{
  JsonArray *examples;
  g_autofree char *shown = NULL;
  guint n, i;
  const char *example;

  g_return_if_fail (C2L_IS_PROMPT_BAR (self));

  examples = get_examples (self);
  n = examples != NULL ? json_array_get_length (examples) : 0;
  if (n == 0)
    {
      if (self->board != NULL)
        c2l_board_say (self->board, _ ("This model brings no example prompts."));
      return;
    }

  /* Never the one that stands there, however it came. */
  shown = c2l_prompt_entry_dup_text (self->prompt);
  i = g_random_int_range (0, n);
  if (g_strcmp0 (get_example (examples, i), shown) == 0)
    i = (i + 1) % n;
  example = get_example (examples, i);
  if (example != NULL)
    c2l_prompt_bar_generate_prompt (self, example);
}

void
c2l_prompt_bar_select_prompt (C2lPromptBar *self)
{
  g_return_if_fail (C2L_IS_PROMPT_BAR (self));

  c2l_prompt_entry_select_all (self->prompt);
  gtk_widget_grab_focus (GTK_WIDGET (self->prompt));
}

/* --- the seed --- */

void
c2l_prompt_bar_roll_seed (C2lPromptBar *self)
{
  g_return_if_fail (C2L_IS_PROMPT_BAR (self));

  c2l_seed_field_roll (self->seed);
}

void
c2l_prompt_bar_toggle_lock (C2lPromptBar *self)
{
  gboolean locked;

  g_return_if_fail (C2L_IS_PROMPT_BAR (self));

  g_object_get (self->seed, "locked", &locked, NULL);
  g_object_set (self->seed, "locked", !locked, NULL);
}

void
c2l_prompt_bar_copy_seed (C2lPromptBar *self)
{
  g_autofree char *text = NULL;

  g_return_if_fail (C2L_IS_PROMPT_BAR (self));

  text = g_strdup_printf ("%" G_GUINT64_FORMAT, c2l_seed_field_get_seed (self->seed));
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), text);
  if (self->board != NULL)
    c2l_board_say (self->board, _ ("Seed %s copied"), text);
}

void
c2l_prompt_bar_use_recipe (C2lPromptBar *self, C2lRecipe *recipe, C2lUse use)
{
  g_return_if_fail (C2L_IS_PROMPT_BAR (self));

  if ((use & C2L_USE_PROMPT) != 0 && recipe->prompt != NULL)
    {
      c2l_prompt_entry_set_text (self->prompt, recipe->prompt);
      c2l_prompt_entry_select_all (self->prompt);
    }
  if ((use & C2L_USE_SEED) != 0)
    c2l_seed_field_set_seed (self->seed, recipe->seed);
  if ((use & C2L_USE_OPTIONS) != 0)
    {
      C2lSampling sampling;

      c2l_draw_options_get (self->options, &sampling);
      if (recipe->sampler != NULL)
        {
          sampling.sampler = recipe->sampler;
          sampling.steps = recipe->steps;
          sampling.guidance = recipe->guidance;
        }
      sampling.truncation = recipe->truncation;
      sampling.noise = recipe->noise;
      c2l_draw_options_set (self->options, &sampling);
    }
}

guint
c2l_prompt_bar_count_prompts (C2lPromptBar *self)
{
  g_auto (GStrv) prompts = NULL;

  g_return_val_if_fail (C2L_IS_PROMPT_BAR (self), 0);

  prompts = c2l_prompt_entry_dup_prompts (self->prompt);
  return prompts != NULL ? g_strv_length (prompts) : 0;
}

int
c2l_prompt_bar_get_count (C2lPromptBar *self)
{
  g_return_val_if_fail (C2L_IS_PROMPT_BAR (self), 0);

  return gtk_spin_button_get_value_as_int (self->count);
}

void
c2l_prompt_bar_set_count (C2lPromptBar *self, int count)
{
  g_return_if_fail (C2L_IS_PROMPT_BAR (self));

  gtk_spin_button_set_value (self->count, count);
}

static void
check_words (C2lPromptBar *self)
{
  g_autofree char *text = c2l_prompt_entry_dup_text (self->prompt);

  if (self->board != NULL)
    c2l_unknown_words_look (self->unknown, self->board, text);
}

/* --- earlier prompts --- */

static void
on_prompts_listed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lPromptBar) self = data;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) prompts = c2l_library_list_strings_finish (C2L_LIBRARY (source), result, &error);

  if (prompts != NULL && self->completed != NULL)
    c2l_prompt_entry_suggest (self->prompt, self->completed, (const char *const *) prompts);
}

static void
on_prompt_complete (C2lPromptBar *self, const char *line)
{
  C2lLibrary *library = self->board != NULL ? c2l_board_get_library (self->board) : NULL;

  g_cancellable_cancel (self->suggest_cancellable);
  g_clear_object (&self->suggest_cancellable);
  g_free (self->completed);
  self->completed = g_strdup (line);
  if (library == NULL)
    return;

  self->suggest_cancellable = g_cancellable_new ();
  c2l_library_list_prompts_async (library, line, MAX_SUGGESTIONS, self->suggest_cancellable,
                                  on_prompts_listed, g_object_ref (self));
}

/* --- what changes --- */

static void
on_prompt_changed (C2lPromptBar *self)
{
  g_autofree char *text = c2l_prompt_entry_dup_text (self->prompt);

  g_settings_set_string (c2l_settings_get (), "prompt", text);
  check_words (self);
  ask_live (self);
}

static void
on_prompt_activate (C2lPromptBar *self)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "create.generate", NULL);
}

static int
on_count_input (GtkSpinButton *count, double *value)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (count));
  char *end;
  gint64 number;

  while (*text != '\0' && !g_ascii_isdigit (*text))
    text = g_utf8_next_char (text);
  number = g_ascii_strtoll (text, &end, 10);
  if (end == text)
    return GTK_INPUT_ERROR;
  *value = number;
  return TRUE;
}

static gboolean
on_count_output (GtkSpinButton *count)
{
  int n = gtk_spin_button_get_value_as_int (count);
  g_autofree char *text = g_strdup_printf (ngettext ("%d picture", "%d pictures", n), n);

  if (!g_str_equal (gtk_editable_get_text (GTK_EDITABLE (count)), text))
    gtk_editable_set_text (GTK_EDITABLE (count), text);
  return TRUE;
}

static void
on_sorted (C2lPromptBar *self)
{
  gboolean sorted;

  g_object_get (self->board, "sorted", &sorted, NULL);
  gtk_drop_down_set_selected (self->sort, sorted ? 1 : 0);
  g_settings_set_boolean (c2l_settings_get (), "sorted", sorted);
}

static void
on_sort_selected (C2lPromptBar *self)
{
  if (self->board != NULL)
    g_object_set (self->board, "sorted", gtk_drop_down_get_selected (self->sort) == 1, NULL);
}

static void
on_options_custom (C2lPromptBar *self)
{
  gboolean custom;

  g_object_get (self->options, "custom", &custom, NULL);
  if (custom)
    gtk_widget_add_css_class (GTK_WIDGET (self->options_button), "custom");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->options_button), "custom");
}

static void
on_model_opened (C2lPromptBar *self)
{
  C2lModelInfo *model = c2l_board_get_model (self->board);

  if (model != NULL)
    c2l_draw_options_set_model (self->options, model);
  check_words (self);
}

void
c2l_prompt_bar_set_board (C2lPromptBar *self, C2lBoard *board)
{
  g_return_if_fail (C2L_IS_PROMPT_BAR (self));

  if (self->board != NULL)
    g_signal_handlers_disconnect_by_data (self->board, self);
  g_clear_handle_id (&self->live_timer, g_source_remove);
  g_cancellable_cancel (self->suggest_cancellable);
  g_set_object (&self->board, board);
  if (board == NULL)
    return;

  g_object_set (board, "sorted", g_settings_get_boolean (c2l_settings_get (), "sorted"), NULL);
  g_signal_connect_swapped (board, "notify::sorted", G_CALLBACK (on_sorted), self);
  g_signal_connect_swapped (board, "model-opened", G_CALLBACK (on_model_opened), self);
  on_sorted (self);
  on_model_opened (self);
}

/* --- the widget --- */

static gboolean
c2l_prompt_bar_grab_focus (GtkWidget *widget)
{
  return gtk_widget_grab_focus (GTK_WIDGET (C2L_PROMPT_BAR (widget)->prompt));
}

static void
c2l_prompt_bar_dispose (GObject *object)
{
  C2lPromptBar *self = C2L_PROMPT_BAR (object);
  GtkWidget *child;

  c2l_prompt_bar_set_board (self, NULL);
  g_clear_object (&self->suggest_cancellable);
  g_clear_pointer (&self->completed, g_free);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);

  G_OBJECT_CLASS (c2l_prompt_bar_parent_class)->dispose (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, C2lPromptBar, prompt);
  gtk_widget_class_bind_template_child (widget_class, C2lPromptBar, options);
  gtk_widget_class_bind_template_child (widget_class, C2lPromptBar, seed);
  gtk_widget_class_bind_template_child (widget_class, C2lPromptBar, options_button);
  gtk_widget_class_bind_template_child (widget_class, C2lPromptBar, count);
  gtk_widget_class_bind_template_child (widget_class, C2lPromptBar, live);
  gtk_widget_class_bind_template_child (widget_class, C2lPromptBar, sort);
  gtk_widget_class_bind_template_child (widget_class, C2lPromptBar, unknown);
}

static void
c2l_prompt_bar_class_init (C2lPromptBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_prompt_bar_dispose;
  widget_class->grab_focus = c2l_prompt_bar_grab_focus;

  g_type_ensure (C2L_TYPE_DRAW_OPTIONS);
  g_type_ensure (C2L_TYPE_PROMPT_ENTRY);
  g_type_ensure (C2L_TYPE_SEED_FIELD);
  g_type_ensure (C2L_TYPE_UNKNOWN_WORDS);
  g_type_ensure (C2L_TYPE_WRAP_LAYOUT);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-prompt-bar.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, on_prompt_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_prompt_activate);
  gtk_widget_class_bind_template_callback (widget_class, on_prompt_complete);
  gtk_widget_class_bind_template_callback (widget_class, on_count_input);
  gtk_widget_class_bind_template_callback (widget_class, on_count_output);
  gtk_widget_class_bind_template_callback (widget_class, on_sort_selected);
  gtk_widget_class_bind_template_callback (widget_class, on_options_custom);
  gtk_widget_class_bind_template_callback (widget_class, ask_live);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BOX_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "promptbar");
}

static void
c2l_prompt_bar_init (C2lPromptBar *self)
{
  GSettings *settings = c2l_settings_get ();
  g_autofree char *prompt = g_settings_get_string (settings, "prompt");

  gtk_widget_init_template (GTK_WIDGET (self));
  c2l_compat_name_inner_button (self->sort);
  c2l_prompt_entry_set_text (self->prompt, prompt);
  /* What was typed last time is the first thing that is typed over. */
  c2l_prompt_entry_select_all (self->prompt);
  g_settings_bind (settings, "picture-count", self->count, "value", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "seed", self->seed, "seed", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "seed-locked", self->seed, "locked", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "live", self->live, "active", G_SETTINGS_BIND_DEFAULT);
}

GtkWidget *
c2l_prompt_bar_new (void)
{
  return g_object_new (C2L_TYPE_PROMPT_BAR, NULL);
}
