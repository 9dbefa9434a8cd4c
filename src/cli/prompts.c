/* Prompts from arguments, from a file and from standard input, in this order of appearance. What is
 * not text is refused here, before anything is drawn. */
#include "cli/prompts.h"

#include "cli/cli.h"
#include "studio/mixture.h"

#include <gio/gunixinputstream.h>
#include <string.h>
#include <unistd.h>

/* A list of prompts, not a book. */
#define MAX_PROMPTS_SIZE (64 << 20)

#define MAX_WORDS_SHOWN 60 /* of a prompt's end that was cut off */

static char *
read_all (const char *file, GError **error)
{
  g_autoptr (GFile) path = NULL;
  g_autoptr (GInputStream) stream = NULL;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  guint8 buffer[65536];
  gssize n;

  if (strcmp (file, "-") == 0)
    stream = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  else
    {
      path = g_file_new_for_commandline_arg (file);
      stream = G_INPUT_STREAM (g_file_read (path, c2l_cli_get_cancellable (), error));
    }
  if (stream == NULL)
    {
      g_prefix_error (error, "%s: no list of prompts can be read: ", file);
      return NULL;
    }
  while (
      (n = g_input_stream_read (stream, buffer, sizeof buffer, c2l_cli_get_cancellable (), error))
      > 0)
    {
      g_byte_array_append (bytes, buffer, n);
      if (bytes->len > MAX_PROMPTS_SIZE)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                       "%s: too large for a list of prompts", file);
          return NULL;
        }
    }
  if (n < 0)
    return NULL;
  if (memchr (bytes->data != NULL ? bytes->data : buffer, '\0', bytes->len) != NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                   "%s: not a text; a list of prompts is a text file with one a line", file);
      return NULL;
    }
  g_byte_array_append (bytes, (const guint8 *) "", 1);
  return (char *) g_byte_array_free (g_steal_pointer (&bytes), FALSE);
}

/* TRUE where there is nothing but space, and bars between parts without words. */
static gboolean
is_blank (const char *text)
{
  while (g_ascii_isspace (*text) || *text == '|')
    text++;
  return *text == '\0';
}

/* What is wrong with a prompt, or NULL. */
static char *
dup_mistake (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) parts = NULL;

  if (!g_utf8_validate (text, -1, NULL))
    return g_strdup ("the prompt is not UTF-8 text; save or type it in that encoding");
  parts = c2l_mixture_parse (text, &error);
  return parts == NULL ? g_strdup (error->message) : NULL;
}

/* While prompts are read. */
typedef struct
{
  GPtrArray *texts, *places;
} List;

/* Takes @place. */
static void
add (List *list, const char *text, char *place)
{
  g_ptr_array_add (list->texts, g_strdup (text));
  g_ptr_array_add (list->places, place);
}

static gboolean
add_argument (List *list, const char *text, int number, const char *advice, GError **error)
{
  g_autofree char *place = number > 0 ? g_strdup_printf ("prompt %d", number) : g_strdup ("");
  g_autofree char *mistake = NULL;

  if (is_blank (text))
    return c2l_cli_refuse (error, "the prompt is empty: %s", advice);
  mistake = dup_mistake (text);
  if (mistake != NULL)
    return c2l_cli_refuse (error, "%s%s%s", place, number > 0 ? ": " : "", mistake);
  add (list, text, g_steal_pointer (&place));
  return TRUE;
}

static gboolean
add_lines (List *list, const char *file, GError **error)
{
  g_autofree char *text = read_all (file, error);
  g_auto (GStrv) lines = NULL;

  if (text == NULL)
    return FALSE;
  /* Some editors begin a text with a byte order mark. */
  lines = g_strsplit (g_str_has_prefix (text, "\xef\xbb\xbf") ? text + 3 : text, "\n", -1);
  for (int i = 0; lines[i] != NULL; i++)
    {
      g_autofree char *place = g_strdup_printf (
          "%s, line %d", strcmp (file, "-") == 0 ? "standard input" : file, i + 1);
      g_autofree char *mistake = NULL;

      if (is_blank (g_strstrip (lines[i])))
        continue;
      mistake = dup_mistake (lines[i]);
      if (mistake != NULL)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s: %s", place, mistake);
          return FALSE;
        }
      add (list, lines[i], g_steal_pointer (&place));
    }
  return TRUE;
}

gboolean
c2l_prompts_read (C2lPrompts *prompts,
                  int n_arguments,
                  char **arguments,
                  const char *file,
                  const char *advice,
                  GError **error)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) places = g_ptr_array_new_with_free_func (g_free);
  List list = { texts, places };

  for (int i = 0; i < n_arguments; i++)
    if (strcmp (arguments[i], "-") == 0
            ? !add_lines (&list, "-", error)
            : !add_argument (&list, arguments[i], n_arguments > 1 ? i + 1 : 0, advice, error))
      return FALSE;
  if (file != NULL && !add_lines (&list, file, error))
    return FALSE;
  prompts->n = texts->len;
  g_ptr_array_add (texts, NULL);
  g_ptr_array_add (places, NULL);
  prompts->texts = (char **) g_ptr_array_steal (texts, NULL);
  prompts->places = (char **) g_ptr_array_steal (places, NULL);
  return TRUE;
}

void
c2l_prompts_clear (C2lPrompts *prompts)
{
  g_clear_pointer (&prompts->texts, g_strfreev);
  g_clear_pointer (&prompts->places, g_strfreev);
  prompts->n = 0;
}

const char *
c2l_prompts_get_place (const C2lPrompts *prompts, const char *prompt)
{
  for (guint i = 0; i < prompts->n; i++)
    if (prompts->texts[i] == prompt)
      return prompts->places[i];
  return "";
}

void
c2l_prompts_warn_cut (const char *place, const char *words)
{
  const glong n = g_utf8_strlen (words, -1);
  g_autofree char *start = g_utf8_substring (words, 0, MIN (n, MAX_WORDS_SHOWN));

  c2l_cli_message ("%s%sthe prompt is too long for the model; from “%s%s” on it has no effect",
                   place, *place != '\0' ? ": " : "", start, n > MAX_WORDS_SHOWN ? "…" : "");
}
