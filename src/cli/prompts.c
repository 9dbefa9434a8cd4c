/* Prompts from arguments, from a file and from standard input, in this order of appearance. What is
 * not text is refused here, before anything is drawn. */
#include "cli/prompts.h"

#include "cli/cli.h"

#include <gio/gunixinputstream.h>
#include <string.h>
#include <unistd.h>

/* A list of prompts, not a book. */
#define MAX_PROMPTS_SIZE (64 << 20)

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

/* @where: the file and line, or what the argument is. */
static gboolean
add_prompt (GPtrArray *prompts, const char *text, const char *where, GError **error)
{
  if (!g_utf8_validate (text, -1, NULL))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                   "%s: not UTF-8 text; save or type it in that encoding", where);
      return FALSE;
    }
  g_ptr_array_add (prompts, g_strdup (text));
  return TRUE;
}

static gboolean
is_blank (const char *text)
{
  while (g_ascii_isspace (*text))
    text++;
  return *text == '\0';
}

static gboolean
add_lines (GPtrArray *prompts, const char *file, GError **error)
{
  g_autofree char *text = read_all (file, error);
  g_auto (GStrv) lines = NULL;

  if (text == NULL)
    return FALSE;
  /* Some editors begin a text with a byte order mark. */
  lines = g_strsplit (g_str_has_prefix (text, "\xef\xbb\xbf") ? text + 3 : text, "\n", -1);
  for (int i = 0; lines[i] != NULL; i++)
    {
      g_autofree char *where = g_strdup_printf (
          "%s, line %d", strcmp (file, "-") == 0 ? "standard input" : file, i + 1);

      if (*g_strstrip (lines[i]) != '\0' && !add_prompt (prompts, lines[i], where, error))
        return FALSE;
    }
  return TRUE;
}

char **
c2l_cli_read_prompts (int n_arguments, char **arguments, const char *file, GError **error)
{
  g_autoptr (GPtrArray) prompts = g_ptr_array_new_with_free_func (g_free);

  for (int i = 0; i < n_arguments; i++)
    {
      if (is_blank (arguments[i]))
        {
          c2l_cli_refuse (error, "the prompt is empty: say what to draw, or --random for anything "
                                 "at all");
          return NULL;
        }
      gboolean ok = strcmp (arguments[i], "-") != 0
                        ? add_prompt (prompts, arguments[i], "the prompt", error)
                        : add_lines (prompts, "-", error);

      if (!ok)
        return NULL;
    }
  if (file != NULL && !add_lines (prompts, file, error))
    return NULL;
  g_ptr_array_add (prompts, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&prompts), FALSE);
}
