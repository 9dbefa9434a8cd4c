/* Prompts from arguments, from a file and from standard input, in this order of appearance. */
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
    return NULL;
  while ((n = g_input_stream_read (stream, buffer, sizeof buffer, c2l_cli_get_cancellable (), error)) > 0)
    {
      g_byte_array_append (bytes, buffer, n);
      if (bytes->len > MAX_PROMPTS_SIZE)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s: too large for a list of prompts", file);
          return NULL;
        }
    }
  if (n < 0)
    return NULL;
  g_byte_array_append (bytes, (const guint8 *) "", 1);
  return (char *) g_byte_array_free (g_steal_pointer (&bytes), FALSE);
}

static gboolean
add_lines (GPtrArray *prompts, const char *file, GError **error)
{
  g_autofree char *text = read_all (file, error);
  g_auto (GStrv) lines = NULL;

  if (text == NULL)
    return FALSE;
  lines = g_strsplit (text, "\n", -1);
  for (int i = 0; lines[i] != NULL; i++)
    if (*g_strstrip (lines[i]) != '\0')
      g_ptr_array_add (prompts, g_strdup (lines[i]));
  return TRUE;
}

char **
c2l_cli_read_prompts (int n_arguments, char **arguments, const char *file, GError **error)
{
  g_autoptr (GPtrArray) prompts = g_ptr_array_new_with_free_func (g_free);

  for (int i = 0; i < n_arguments; i++)
    {
      if (strcmp (arguments[i], "-") != 0)
        g_ptr_array_add (prompts, g_strdup (arguments[i]));
      else if (!add_lines (prompts, "-", error))
        return NULL;
    }
  if (file != NULL && !add_lines (prompts, file, error))
    return NULL;
  g_ptr_array_add (prompts, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&prompts), FALSE);
}
