/* Asks the worker for the words after a pause. A newer text makes an older question void. */
#include "app/c2l-unknown-words.h"

#include <glib/gi18n.h>

#define PAUSE 400 /* milliseconds */

struct _C2lUnknownWords
{
  GtkWidget parent_instance;

  GtkWidget *revealer, *label;
  C2lBoard *board;
  char *text;
  guint timer;
  GCancellable *cancellable; /* (nullable): while the worker is asked */
};

G_DEFINE_FINAL_TYPE (C2lUnknownWords, c2l_unknown_words, GTK_TYPE_WIDGET)

/* As it stands in @text: the model reads small letters only, and its words come back in them. */
static char *
dup_as_written (const char *text, const char *word)
{
  const char *start = text, *end;

  while (*start != '\0')
    {
      g_autofree char *written = NULL;
      g_autofree char *small = NULL;

      while (*start != '\0' && !g_unichar_isalnum (g_utf8_get_char (start)))
        start = g_utf8_next_char (start);
      for (end = start; g_unichar_isalnum (g_utf8_get_char (end));)
        end = g_utf8_next_char (end);
      written = g_strndup (start, (gsize) (end - start));
      small = g_utf8_strdown (written, -1);
      if (g_str_equal (small, word))
        return g_steal_pointer (&written);
      start = end;
    }
  return g_strdup (word);
}

static guint
count_words (const char *text)
{
  g_auto (GStrv) words = g_strsplit_set (text, " \t\r\n", -1);
  guint n = 0;

  for (int i = 0; words[i] != NULL; i++)
    n += words[i][0] != '\0';
  return n;
}

static void
show (C2lUnknownWords *self, char **words)
{
  g_autoptr (GString) list = g_string_new (NULL);
  guint n = words != NULL ? g_strv_length (words) : 0;

  for (int i = 0; words != NULL && words[i] != NULL; i++)
    {
      g_autofree char *written = dup_as_written (self->text, words[i]);

      g_string_append (list, i > 0 ? ", " : "");
      /* Translators: a word in quotation marks. */
      g_string_append_printf (list, _ ("“%s”"), written);
    }

  if (list->len > 0)
    {
      /* Whoever writes in another language is not helped by the names of his words. */
      g_autofree char *text = g_strdup_printf (
          2 * n > count_words (self->text) ? _ ("The model reads English, and does not know: %s")
                                           : _ ("The model does not know: %s"),
          list->str);
      gtk_label_set_text (GTK_LABEL (self->label), text);
      gtk_widget_set_tooltip_text (self->label, text);
    }
  /* What is folded away would still be read aloud. */
  gtk_widget_set_visible (self->label, list->len > 0);
  gtk_revealer_set_reveal_child (GTK_REVEALER (self->revealer), list->len > 0);
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lUnknownWords) self = data;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = c2l_worker_list_unknown_words_finish (C2L_WORKER (source), result, &error);

  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) && self->board != NULL)
    show (self, words);
}

static void
cancel (C2lUnknownWords *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
}

static gboolean
on_pause (gpointer data)
{
  C2lUnknownWords *self = data;

  self->timer = 0;
  if (*self->text == '\0' || c2l_board_get_model (self->board) == NULL)
    {
      show (self, NULL);
      return G_SOURCE_REMOVE;
    }
  self->cancellable = g_cancellable_new ();
  c2l_worker_list_unknown_words_async (c2l_board_get_worker (self->board), self->text,
                                       self->cancellable, on_listed, g_object_ref (self));
  return G_SOURCE_REMOVE;
}

void
c2l_unknown_words_look (C2lUnknownWords *self, C2lBoard *board, const char *text)
{
  g_return_if_fail (C2L_IS_UNKNOWN_WORDS (self));
  g_return_if_fail (C2L_IS_BOARD (board));

  cancel (self);
  g_set_object (&self->board, board);
  g_free (self->text);
  self->text = g_strstrip (g_strdup (text));
  self->timer = g_timeout_add (PAUSE, on_pause, self);
}

static void
c2l_unknown_words_dispose (GObject *object)
{
  C2lUnknownWords *self = C2L_UNKNOWN_WORDS (object);

  cancel (self);
  g_clear_object (&self->board);
  g_clear_pointer (&self->text, g_free);
  g_clear_pointer (&self->revealer, gtk_widget_unparent);

  G_OBJECT_CLASS (c2l_unknown_words_parent_class)->dispose (object);
}

static void
c2l_unknown_words_class_init (C2lUnknownWordsClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = c2l_unknown_words_dispose;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static void
c2l_unknown_words_init (C2lUnknownWords *self)
{
  /* A screen reader says what appears here without being asked. */
  self->label = g_object_new (GTK_TYPE_LABEL, "accessible-role", GTK_ACCESSIBLE_ROLE_STATUS,
                              "visible", FALSE, "wrap", TRUE, "wrap-mode", PANGO_WRAP_WORD_CHAR,
                              "xalign", 0.0, "lines", 2, "ellipsize", PANGO_ELLIPSIZE_END, NULL);
  gtk_widget_add_css_class (self->label, "unknown-words");
  self->revealer = gtk_revealer_new ();
  gtk_revealer_set_child (GTK_REVEALER (self->revealer), self->label);
  gtk_widget_set_parent (self->revealer, GTK_WIDGET (self));
}
