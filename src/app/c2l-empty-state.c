/* The page before the first picture. All it says comes from the model's own description; a model
 * without one gets a plain sentence. */
#include "app/c2l-empty-state.h"

#include "app/c2l-wrap-layout.h"

#include <glib/gi18n.h>
#include <string.h>

#define MAX_CHIPS 8

struct _C2lEmptyState
{
  GtkWidget parent_instance;

  GtkLabel *title, *draws;
  GtkWidget *chips, *hint, *scroller;
  C2lBoard *board;
};

G_DEFINE_FINAL_TYPE (C2lEmptyState, c2l_empty_state, GTK_TYPE_WIDGET)

enum
{
  PROMPT_CHOSEN,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
on_chip_clicked (C2lEmptyState *self, GtkButton *chip)
{
  g_signal_emit (self, signals[PROMPT_CHOSEN], 0, gtk_button_get_label (chip));
}

static void
add_chip (C2lEmptyState *self, const char *prompt)
{
  GtkWidget *chip = gtk_button_new_with_label (prompt);
  GtkWidget *label = gtk_button_get_child (GTK_BUTTON (chip));

  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_widget_add_css_class (chip, "chip");
  gtk_widget_set_tooltip_text (chip, _ ("Draw this"));
  g_signal_connect_swapped (chip, "clicked", G_CALLBACK (on_chip_clicked), self);
  gtk_widget_insert_before (chip, self->chips, NULL);
}

static const char *
get_string (JsonObject *info, const char *name)
{
  JsonNode *node = json_object_get_member (info, name);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING
             ? json_node_get_string (node)
             : NULL;
}

static void
add_chips (C2lEmptyState *self, JsonObject *info)
{
  JsonNode *node = json_object_get_member (info, "examples");
  JsonArray *examples
      = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  guint n = examples != NULL ? json_array_get_length (examples) : 0;

  for (guint i = 0; i < MIN (n, MAX_CHIPS); i++)
    {
      JsonNode *example = json_array_get_element (examples, i);

      if (json_node_get_value_type (example) == G_TYPE_STRING)
        add_chip (self, json_node_get_string (example));
    }
}

/* Many descriptions begin with the name, which stands above already. */
static char *
dup_without_name (const char *draws, const char *name)
{
  g_autofree char *prefix = g_strconcat (name, ": ", NULL);
  g_autofree char *first = NULL;
  const char *rest;

  if (!g_str_has_prefix (draws, prefix) || draws[strlen (prefix)] == '\0')
    return g_strdup (draws);
  rest = draws + strlen (prefix);
  first = g_utf8_strup (rest, g_utf8_next_char (rest) - rest);
  return g_strconcat (first, g_utf8_next_char (rest), NULL);
}

static void
show_model (C2lEmptyState *self, C2lModelInfo *model)
{
  JsonObject *info = c2l_bundle_get_info (model->bundle);
  const char *draws = c2l_bundle_translate (model->bundle, get_string (info, "draws"));
  const char *name = c2l_bundle_translate (model->bundle, c2l_bundle_get_name (model->bundle));

  gtk_label_set_text (self->title, name);
  if (draws != NULL)
    {
      g_autofree char *text = dup_without_name (draws, name);
      gtk_label_set_text (self->draws, text);
    }
  else if (model->has_prior)
    gtk_label_set_text (self->draws, _ ("Type a prompt, and press Enter."));
  else
    gtk_label_set_text (self->draws, _ ("This model draws without a prompt, from chance alone."));
  add_chips (self, info);
  gtk_widget_set_visible (self->hint, model->has_prior);
}

static void
update (C2lEmptyState *self)
{
  C2lModelInfo *model = self->board != NULL ? c2l_board_get_model (self->board) : NULL;
  GtkWidget *chip;

  while ((chip = gtk_widget_get_first_child (self->chips)) != NULL)
    gtk_widget_unparent (chip);
  gtk_label_set_text (self->title, "");
  gtk_label_set_text (self->draws, "");
  gtk_widget_set_visible (self->hint, FALSE);
  if (model != NULL)
    show_model (self, model);
}

void
c2l_empty_state_set_board (C2lEmptyState *self, C2lBoard *board)
{
  g_return_if_fail (C2L_IS_EMPTY_STATE (self));

  if (self->board != NULL)
    g_signal_handlers_disconnect_by_data (self->board, self);
  g_set_object (&self->board, board);
  if (board == NULL)
    return;
  g_signal_connect_swapped (board, "model-opened", G_CALLBACK (update), self);
  update (self);
}

static void
c2l_empty_state_dispose (GObject *object)
{
  C2lEmptyState *self = C2L_EMPTY_STATE (object);

  c2l_empty_state_set_board (self, NULL);
  g_clear_pointer (&self->scroller, gtk_widget_unparent);

  G_OBJECT_CLASS (c2l_empty_state_parent_class)->dispose (object);
}

static void
c2l_empty_state_class_init (C2lEmptyStateClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_empty_state_dispose;

  signals[PROMPT_CHOSEN] = g_signal_new ("prompt-chosen", C2L_TYPE_EMPTY_STATE, G_SIGNAL_RUN_LAST,
                                         0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);

  g_type_ensure (C2L_TYPE_WRAP_LAYOUT);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-empty-state.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lEmptyState, scroller);
  gtk_widget_class_bind_template_child (widget_class, C2lEmptyState, title);
  gtk_widget_class_bind_template_child (widget_class, C2lEmptyState, draws);
  gtk_widget_class_bind_template_child (widget_class, C2lEmptyState, chips);
  gtk_widget_class_bind_template_child (widget_class, C2lEmptyState, hint);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "emptystate");
}

static void
c2l_empty_state_init (C2lEmptyState *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
c2l_empty_state_new (void)
{
  return g_object_new (C2L_TYPE_EMPTY_STATE, NULL);
}
