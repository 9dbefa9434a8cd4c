/* The prompt's text view and its suggestions. The keyboard stays in the text; keys go to the
 * suggestions only while these are shown, and Enter and Tab only once one is chosen, so that nobody
 * generates what he did not type. While an input method composes, all keys are the input method's.
 */
#include "app/c2l-prompt-entry.h"

#include "app/c2l-compat.h"

#define MAX_SUGGESTIONS 8

struct _C2lPromptEntry
{
  GtkWidget parent_instance;

  GtkTextView *view;
  GtkTextBuffer *buffer;
  GtkWidget *placeholder, *scroller;
  GtkWidget *popover;
  GtkListBox *list;
  gboolean is_composing;
  gboolean is_setting; /* the text is changed by the program */
};

G_DEFINE_FINAL_TYPE (C2lPromptEntry, c2l_prompt_entry, GTK_TYPE_WIDGET)

enum
{
  CHANGED,
  COMPLETE,
  ACTIVATE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* --- text --- */

char *
c2l_prompt_entry_dup_text (C2lPromptEntry *self)
{
  GtkTextIter start, end;

  g_return_val_if_fail (C2L_IS_PROMPT_ENTRY (self), NULL);

  gtk_text_buffer_get_bounds (self->buffer, &start, &end);
  return gtk_text_buffer_get_text (self->buffer, &start, &end, FALSE);
}

void
c2l_prompt_entry_set_text (C2lPromptEntry *self, const char *text)
{
  g_autofree char *old = NULL;

  g_return_if_fail (C2L_IS_PROMPT_ENTRY (self));

  old = c2l_prompt_entry_dup_text (self);
  if (g_strcmp0 (old, text) == 0)
    return;
  self->is_setting = TRUE;
  gtk_text_buffer_set_text (self->buffer, text, -1);
  self->is_setting = FALSE;
}

void
c2l_prompt_entry_select_all (C2lPromptEntry *self)
{
  GtkTextIter start, end;

  g_return_if_fail (C2L_IS_PROMPT_ENTRY (self));

  gtk_text_buffer_get_bounds (self->buffer, &start, &end);
  gtk_text_buffer_select_range (self->buffer, &end, &start);
}

char **
c2l_prompt_entry_dup_prompts (C2lPromptEntry *self)
{
  g_autofree char *text = c2l_prompt_entry_dup_text (self);
  g_auto (GStrv) lines = g_strsplit_set (text, "\r\n", -1);
  g_autoptr (GStrvBuilder) prompts = g_strv_builder_new ();
  gboolean has_prompt = FALSE;

  for (int i = 0; lines[i] != NULL; i++)
    if (*g_strstrip (lines[i]) != '\0')
      {
        g_strv_builder_add (prompts, lines[i]);
        has_prompt = TRUE;
      }
  return has_prompt ? g_strv_builder_end (prompts) : NULL;
}

static void
get_line (C2lPromptEntry *self, GtkTextIter *start, GtkTextIter *end)
{
  gtk_text_buffer_get_iter_at_mark (self->buffer, end, gtk_text_buffer_get_insert (self->buffer));
  *start = *end;
  gtk_text_iter_set_line_offset (start, 0);
  if (!gtk_text_iter_ends_line (end))
    gtk_text_iter_forward_to_line_end (end);
}

static char *
dup_line (C2lPromptEntry *self)
{
  GtkTextIter start, end;

  get_line (self, &start, &end);
  return gtk_text_buffer_get_text (self->buffer, &start, &end, FALSE);
}

static void
on_buffer_changed (C2lPromptEntry *self)
{
  gtk_widget_set_visible (self->placeholder, gtk_text_buffer_get_char_count (self->buffer) == 0);
  g_signal_emit (self, signals[CHANGED], 0);

  if (self->is_setting)
    gtk_popover_popdown (GTK_POPOVER (self->popover));
  else
    {
      g_autofree char *line = dup_line (self);
      g_signal_emit (self, signals[COMPLETE], 0, line);
    }
}

/* --- suggestions --- */

static gboolean
is_suggesting (C2lPromptEntry *self)
{
  return gtk_widget_get_visible (self->popover);
}

static GtkWidget *
new_row (const char *prompt)
{
  GtkWidget *label = gtk_label_new (prompt);
  GtkWidget *row = gtk_list_box_row_new ();

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), label);
  gtk_widget_set_focusable (row, FALSE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, prompt, -1);
  return row;
}

static void
clear_rows (C2lPromptEntry *self)
{
  GtkListBoxRow *row;

  while ((row = gtk_list_box_get_row_at_index (self->list, 0)) != NULL)
    gtk_list_box_remove (self->list, GTK_WIDGET (row));
}

void
c2l_prompt_entry_suggest (C2lPromptEntry *self, const char *line, const char *const *prompts)
{
  g_autofree char *current = NULL;
  int n = 0;

  g_return_if_fail (C2L_IS_PROMPT_ENTRY (self));

  current = dup_line (self);
  if (g_strcmp0 (current, line) != 0)
    return;

  clear_rows (self);
  for (int i = 0; prompts != NULL && prompts[i] != NULL && n < MAX_SUGGESTIONS; i++)
    if (!g_str_equal (prompts[i], line))
      {
        gtk_list_box_append (self->list, new_row (prompts[i]));
        n++;
      }

  if (n > 0 && gtk_widget_has_focus (GTK_WIDGET (self->view)))
    gtk_popover_popup (GTK_POPOVER (self->popover));
  else
    gtk_popover_popdown (GTK_POPOVER (self->popover));
}

static void
accept (C2lPromptEntry *self, GtkListBoxRow *row)
{
  g_autofree char *prompt
      = g_strdup (gtk_label_get_text (GTK_LABEL (gtk_list_box_row_get_child (row))));
  GtkTextIter start, end;

  gtk_popover_popdown (GTK_POPOVER (self->popover));
  self->is_setting = TRUE;
  gtk_text_buffer_begin_user_action (self->buffer);
  get_line (self, &start, &end);
  gtk_text_buffer_delete (self->buffer, &start, &end);
  gtk_text_buffer_insert (self->buffer, &start, prompt, -1);
  gtk_text_buffer_end_user_action (self->buffer);
  self->is_setting = FALSE;
  gtk_widget_grab_focus (GTK_WIDGET (self->view));
}

static void
on_row_activated (C2lPromptEntry *self, GtkListBoxRow *row)
{
  accept (self, row);
}

/* Above the first suggestion nothing is chosen, and below the last it begins again. */
static void
choose (C2lPromptEntry *self, int step)
{
  GtkListBoxRow *row = gtk_list_box_get_selected_row (self->list);
  int index = (row != NULL ? gtk_list_box_row_get_index (row) : -1) + step;

  row = index >= 0 ? gtk_list_box_get_row_at_index (self->list, index) : NULL;
  gtk_list_box_select_row (self->list, row);
  if (row != NULL)
    gtk_accessible_update_relation (GTK_ACCESSIBLE (self->view),
                                    GTK_ACCESSIBLE_RELATION_ACTIVE_DESCENDANT, row, -1);
  else
    gtk_accessible_reset_relation (GTK_ACCESSIBLE (self->view),
                                   GTK_ACCESSIBLE_RELATION_ACTIVE_DESCENDANT);
}

/* --- keys --- */

static gboolean
on_down (C2lPromptEntry *self)
{
  if (is_suggesting (self))
    choose (self, 1);
  else if (gtk_text_buffer_get_char_count (self->buffer) == 0)
    g_signal_emit (self, signals[COMPLETE], 0, "");
  else
    return GDK_EVENT_PROPAGATE;
  return GDK_EVENT_STOP;
}

static gboolean
on_key_pressed (GtkEventControllerKey *controller,
                guint key,
                guint code,
                GdkModifierType state,
                C2lPromptEntry *self)
{
  GtkListBoxRow *chosen = is_suggesting (self) ? gtk_list_box_get_selected_row (self->list) : NULL;
  GdkModifierType modifiers = state & gtk_accelerator_get_default_mod_mask ();

  /* Control and Enter would begin a line. */
  if (modifiers == GDK_CONTROL_MASK && (key == GDK_KEY_Return || key == GDK_KEY_KP_Enter))
    {
      g_signal_emit (self, signals[ACTIVATE], 0);
      return GDK_EVENT_STOP;
    }
  if (self->is_composing || modifiers != 0)
    return GDK_EVENT_PROPAGATE;

  switch (key)
    {
    case GDK_KEY_Return:
    case GDK_KEY_KP_Enter:
    case GDK_KEY_ISO_Enter:
      if (chosen != NULL)
        accept (self, chosen);
      else
        {
          gtk_popover_popdown (GTK_POPOVER (self->popover));
          g_signal_emit (self, signals[ACTIVATE], 0);
        }
      return GDK_EVENT_STOP;

    case GDK_KEY_Tab:
    case GDK_KEY_KP_Tab:
      if (chosen == NULL)
        return GDK_EVENT_PROPAGATE;
      accept (self, chosen);
      return GDK_EVENT_STOP;

    case GDK_KEY_Escape:
      if (!is_suggesting (self))
        return GDK_EVENT_PROPAGATE;
      gtk_popover_popdown (GTK_POPOVER (self->popover));
      return GDK_EVENT_STOP;

    case GDK_KEY_Up:
    case GDK_KEY_KP_Up:
      if (chosen == NULL)
        return GDK_EVENT_PROPAGATE;
      choose (self, -1);
      return GDK_EVENT_STOP;

    case GDK_KEY_Down:
    case GDK_KEY_KP_Down:
      return on_down (self);

    default:
      return GDK_EVENT_PROPAGATE;
    }
}

static void
on_preedit_changed (C2lPromptEntry *self, const char *preedit)
{
  self->is_composing = *preedit != '\0';
}

static void
on_focus_leave (C2lPromptEntry *self)
{
  gtk_popover_popdown (GTK_POPOVER (self->popover));
}

/* --- the widget --- */

static gboolean
c2l_prompt_entry_grab_focus (GtkWidget *widget)
{
  return c2l_compat_grab_focus_of (widget, C2L_PROMPT_ENTRY (widget)->view);
}

static void
c2l_prompt_entry_dispose (GObject *object)
{
  C2lPromptEntry *self = C2L_PROMPT_ENTRY (object);
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);

  G_OBJECT_CLASS (c2l_prompt_entry_parent_class)->dispose (object);
}

static void
c2l_prompt_entry_class_init (C2lPromptEntryClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_prompt_entry_dispose;
  widget_class->grab_focus = c2l_prompt_entry_grab_focus;

  signals[CHANGED] = g_signal_new ("changed", C2L_TYPE_PROMPT_ENTRY, G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 0);
  signals[COMPLETE] = g_signal_new ("complete", C2L_TYPE_PROMPT_ENTRY, G_SIGNAL_RUN_LAST, 0, NULL,
                                    NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[ACTIVATE] = g_signal_new ("activate", C2L_TYPE_PROMPT_ENTRY, G_SIGNAL_RUN_LAST, 0, NULL,
                                    NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-prompt-entry.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lPromptEntry, view);
  gtk_widget_class_bind_template_child (widget_class, C2lPromptEntry, placeholder);
  gtk_widget_class_bind_template_child (widget_class, C2lPromptEntry, scroller);
  gtk_widget_class_bind_template_child (widget_class, C2lPromptEntry, popover);
  gtk_widget_class_bind_template_child (widget_class, C2lPromptEntry, list);
  gtk_widget_class_bind_template_callback (widget_class, on_key_pressed);
  gtk_widget_class_bind_template_callback (widget_class, on_preedit_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_focus_leave);
  gtk_widget_class_bind_template_callback (widget_class, on_row_activated);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "promptentry");
}

static void
c2l_prompt_entry_init (C2lPromptEntry *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->buffer = gtk_text_view_get_buffer (self->view);
  gtk_text_buffer_set_enable_undo (self->buffer, TRUE);
  g_signal_connect_swapped (self->buffer, "changed", G_CALLBACK (on_buffer_changed), self);
}

GtkWidget *
c2l_prompt_entry_new (void)
{
  return g_object_new (C2L_TYPE_PROMPT_ENTRY, NULL);
}
