/* Taking a mixed prompt apart. What a person types is taken literally wherever it can be: without a
 * bar nothing has a special meaning, and a colon is one of a weight only if a plain number and
 * nothing else follows it. */
#include "studio/mixture.h"

#include "studio/recipe.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* Each part is a run of CLIP's text tower; nobody types so many. */
#define MAX_PARTS 64
#define MAX_WEIGHT 1e6

/* The sum of the weights, relative to that of their magnitudes, below which the mixture is mostly
 * noise. */
#define LEAST_SUM 1e-3

static void
part_free (gpointer data)
{
  C2lMixturePart *part = data;

  g_free (part->text);
  g_free (part);
}

static GPtrArray *
parts_new (void)
{
  return g_ptr_array_new_with_free_func (part_free);
}

static void
add_part (GPtrArray *parts, const char *text, gsize length, double weight)
{
  C2lMixturePart *part = g_new (C2lMixturePart, 1);

  part->text = g_strndup (text, length);
  part->weight = weight;
  g_ptr_array_add (parts, part);
}

/* "0.5", "-1", "0,5", "1e-2" and nothing else: no infinities, no hexadecimals. */
static gboolean
read_weight (const char *text, double *weight)
{
  g_autofree char *number = g_strstrip (g_strdup (text));
  char *end;

  if (*number == '\0' || strspn (number, "+-.,0123456789eE") != strlen (number))
    return FALSE;
  g_strdelimit (number, ",", '.');
  *weight = g_ascii_strtod (number, &end);
  return *end == '\0' && fabs (*weight) <= MAX_WEIGHT;
}

/* A backslash before a bar or a colon makes it part of the words. */
static void
unescape (char *text)
{
  char *to = text;

  for (const char *from = text; *from != '\0'; from++)
    {
      if (from[0] == '\\' && (from[1] == '|' || from[1] == ':'))
        from++;
      *to++ = *from;
    }
  *to = '\0';
}

/* The last colon that is not escaped. */
static char *
find_colon (char *text)
{
  char *colon = NULL;

  for (char *c = text; *c != '\0'; c++)
    {
      if (c[0] == '\\' && (c[1] == '|' || c[1] == ':'))
        c++;
      else if (*c == ':')
        colon = c;
    }
  return colon;
}

/* Adds the part in @text, which is changed, unless there are no words in it. */
static void
take_part (GPtrArray *parts, char *text)
{
  char *colon = find_colon (text);
  double weight = 1;

  if (colon != NULL && read_weight (colon + 1, &weight))
    *colon = '\0';
  else
    weight = 1;
  g_strstrip (text);
  unescape (text);
  if (*text != '\0')
    add_part (parts, text, strlen (text), weight);
}

static gboolean
check_parts (GPtrArray *parts, GError **error)
{
  double sum = 0, magnitude = 0;

  if (parts->len > MAX_PARTS)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                   _ ("the prompt mixes %u parts; leave some out, %d are possible"), parts->len,
                   MAX_PARTS);
      return FALSE;
    }
  for (guint i = 0; i < parts->len; i++)
    {
      const C2lMixturePart *part = g_ptr_array_index (parts, i);

      sum += part->weight;
      magnitude += fabs (part->weight);
    }
  if (fabs (sum) > LEAST_SUM * magnitude)
    return TRUE;
  g_set_error (
      error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
      _ ("the weights of the prompt's parts add up to nothing (%g); make one of them larger"), sum);
  return FALSE;
}

GPtrArray *
c2l_mixture_parse (const char *prompt, GError **error)
{
  g_autoptr (GPtrArray) parts = parts_new ();
  g_autofree char *copy = g_strdup (prompt);
  char *start = copy;

  if (strchr (prompt, '|') == NULL)
    {
      add_part (parts, prompt, strlen (prompt), 1);
      return g_steal_pointer (&parts);
    }
  for (char *c = copy;; c++)
    if (c[0] == '\\' && (c[1] == '|' || c[1] == ':'))
      c++;
    else if (*c == '|' || *c == '\0')
      {
        gboolean last = *c == '\0';

        *c = '\0';
        take_part (parts, start);
        start = c + 1;
        if (last || parts->len > MAX_PARTS)
          break;
      }
  if (parts->len == 0)
    add_part (parts, "", 0, 1);
  return check_parts (parts, error) ? g_steal_pointer (&parts) : NULL;
}
