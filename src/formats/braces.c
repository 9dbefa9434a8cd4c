/* Brace expansion: the first pair of braces that means something is replaced by each of its words,
 * and each result goes on behind it. Knows nothing of files. */
#include "formats/braces.h"

#include "formats/weights.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Braces within braces; no name of files needs more. */
#define MAX_DEPTH 8
#define MAX_DIGITS 18
#define MAX_LENGTH 4096

typedef struct
{
  const char *pattern; /* for messages */
  GPtrArray *names;
} Expansion;

static gboolean
fail_too_many (const Expansion *self, GError **error)
{
  g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
               _ ("%s: its braces stand for too many names; use smaller ranges"), self->pattern);
  return FALSE;
}

/* The brace that closes the one at @open, or NULL. */
static const char *
find_end (const char *open)
{
  int depth = 0;

  for (const char *p = open; *p != '\0'; p++)
    {
      if (*p == '{')
        depth++;
      else if (*p == '}' && --depth == 0)
        return p;
    }
  return NULL;
}

/* Whole number at *@p, which moves behind it. @width: (inout): widest so far; @padded: whether one
 * began with zeros. */
static gboolean
take_number (const char **p, gint64 *value, int *width, gboolean *padded)
{
  const char *start = *p;

  *value = 0;
  for (; g_ascii_isdigit (**p) && *p - start < MAX_DIGITS; (*p)++)
    *value = *value * 10 + (**p - '0');
  *width = MAX (*width, (int) (*p - start));
  *padded = *padded || (*p - start > 1 && *start == '0');
  return *p > start;
}

/* The words of “A..B” or “A..B..STEP” from @p up to @end; NULL where it is something else. */
static GPtrArray *
expand_range (const Expansion *self, const char *p, const char *end, GError **error)
{
  gint64 from, to, step = 1;
  int width = 0, step_width = 0;
  gboolean padded = FALSE, step_padded = FALSE;
  g_autoptr (GPtrArray) words = NULL;

  if (!take_number (&p, &from, &width, &padded) || strncmp (p, "..", 2) != 0)
    return NULL;
  p += 2;
  if (!take_number (&p, &to, &width, &padded))
    return NULL;
  if (strncmp (p, "..", 2) == 0)
    {
      p += 2;
      if (!take_number (&p, &step, &step_width, &step_padded))
        return NULL;
    }
  if (p != end)
    return NULL;
  step = MAX (step, 1);
  if (ABS (to - from) / step >= C2L_BRACES_MAX_NAMES)
    {
      fail_too_many (self, error);
      return NULL;
    }
  words = g_ptr_array_new_with_free_func (g_free);
  for (gint64 i = 0; i <= ABS (to - from) / step; i++)
    g_ptr_array_add (words, g_strdup_printf ("%0*" G_GINT64_FORMAT, padded ? width : 1,
                                             from + (to >= from ? i : -i) * step));
  return g_steal_pointer (&words);
}

/* The words between commas from @p up to @end; NULL where there is no comma outside inner braces.
 */
static GPtrArray *
split_words (const char *p, const char *end)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);
  const char *start = p;
  int depth = 0;

  for (; p < end; p++)
    {
      depth += (*p == '{') - (*p == '}');
      if (*p != ',' || depth != 0)
        continue;
      g_ptr_array_add (words, g_strndup (start, p - start));
      start = p + 1;
    }
  if (words->len == 0)
    return NULL;
  g_ptr_array_add (words, g_strndup (start, end - start));
  return g_steal_pointer (&words);
}

/* Adds all that @done followed by the expansion of @rest stands for. Each recursion has resolved
 * one pair of braces of its path, so that its depth is bounded by their number; @depth counts. */
static gboolean
expand (Expansion *self, const char *done, const char *rest, int depth, GError **error)
{
  for (const char *open = strchr (rest, '{'); open != NULL; open = strchr (open + 1, '{'))
    {
      const char *end = find_end (open);
      g_autoptr (GPtrArray) words = NULL;
      GError *range_error = NULL;

      if (end == NULL)
        continue;
      words = split_words (open + 1, end);
      if (words == NULL)
        words = expand_range (self, open + 1, end, &range_error);
      if (range_error != NULL)
        {
          g_propagate_error (error, range_error);
          return FALSE;
        }
      if (words == NULL)
        continue;
      if (depth == MAX_DEPTH)
        return fail_too_many (self, error);
      for (guint i = 0; i < words->len; i++)
        {
          /* A word may hold braces itself: it goes in front of what is still to be done. */
          g_autofree char *before = g_strdup_printf ("%s%.*s", done, (int) (open - rest), rest);
          g_autofree char *after = g_strconcat (g_ptr_array_index (words, i), end + 1, NULL);

          if (!expand (self, before, after, depth + 1, error))
            return FALSE;
        }
      return TRUE;
    }
  if (self->names->len == C2L_BRACES_MAX_NAMES)
    return fail_too_many (self, error);
  g_ptr_array_add (self->names, g_strconcat (done, rest, NULL));
  return TRUE;
}

char **
c2l_braces_expand (const char *pattern, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  Expansion self = { pattern, names };

  g_return_val_if_fail (pattern != NULL, NULL);

  if (strlen (pattern) > MAX_LENGTH)
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
                   _ ("a pattern of file names has %zu bytes; at most %d are taken"),
                   strlen (pattern), MAX_LENGTH);
      return NULL;
    }
  if (!expand (&self, "", pattern, 0, error))
    return NULL;
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_steal (names, NULL);
}
