/* One line of metrics.jsonl, read in one pass without allocating: a general parser takes ten times
 * as long, and logs have a million lines. Trusts nothing; beyond JSON it takes the words NaN,
 * Infinity and -Infinity, which Python writes. Names with a backslash are left out. */
#include "studio/metrics-private.h"

#include <math.h>
#include <string.h>

#define MAX_DEPTH 16
#define MAX_STEP 9007199254740992. /* 2^53: a double counts no further */

static const char *
skip_space (const char *at)
{
  while (*at == ' ' || *at == '\t' || *at == '\r')
    at++;
  return at;
}

/* Behind the string that begins at @at, or NULL. */
static const char *
skip_string (const char *at, gboolean *is_plain)
{
  *is_plain = TRUE;
  for (at++; *at != '"'; at++)
    {
      if ((guchar) *at < ' ')
        return NULL;
      if (*at == '\\')
        {
          *is_plain = FALSE;
          if (*++at == '\0')
            return NULL;
        }
    }
  return at + 1;
}

/* Behind a list or an object, or NULL. Brackets are counted, not matched: nothing of it is used. */
static const char *
skip_nested (const char *at)
{
  int depth = 0;
  gboolean is_plain;

  do
    {
      if (*at == '\0')
        return NULL;
      if (*at == '"')
        {
          at = skip_string (at, &is_plain);
          if (at == NULL)
            return NULL;
          continue;
        }
      depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
      if (depth > MAX_DEPTH)
        return NULL;
      at++;
    }
  while (depth > 0);
  return at;
}

static const struct
{
  const char *word;
  gboolean is_number;
} words[] = {
  { "true", FALSE }, { "false", FALSE },   { "null", FALSE },
  { "NaN", TRUE },   { "Infinity", TRUE }, { "-Infinity", TRUE },
};

/* Behind the value at @at, or NULL where there is none. */
static const char *
read_value (const char *at, gboolean *is_number, double *value)
{
  gboolean is_plain;

  *is_number = FALSE;
  *value = NAN;
  if (*at == '"')
    return skip_string (at, &is_plain);
  if (*at == '{' || *at == '[')
    return skip_nested (at);
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (strncmp (at, words[i].word, strlen (words[i].word)) == 0)
      {
        *is_number = words[i].is_number;
        return at + strlen (words[i].word);
      }
  if (g_ascii_isdigit (*at) || (*at == '-' && g_ascii_isdigit (at[1])))
    {
      char *end;

      *value = g_ascii_strtod (at, &end);
      if (!isfinite (*value))
        *value = NAN;
      *is_number = TRUE;
      return end;
    }
  return NULL;
}

static gboolean
is_called (const char *name, gsize length, const char *wanted)
{
  return length == strlen (wanted) && memcmp (name, wanted, length) == 0;
}

static void
keep (C2lMetricsLine *line, const char *name, gsize length, double value)
{
  if (is_called (name, length, "step"))
    line->step = value;
  else if (is_called (name, length, "time"))
    line->time = value;
  else if (is_called (name, length, "epoch"))
    line->epoch = value;
  else if (length > 0 && length <= C2L_METRICS_MAX_NAME && line->n_pairs < C2L_METRICS_MAX_SERIES
           && g_utf8_validate (name, length, NULL))
    line->pairs[line->n_pairs++] = (C2lMetricsPair){ name, length, value };
}

/* Behind a member, or NULL. */
static const char *
read_member (const char *at, C2lMetricsLine *line)
{
  const char *name = at + 1;
  gboolean is_plain, is_number;
  gsize length;
  double value;

  if (*at != '"' || (at = skip_string (at, &is_plain)) == NULL)
    return NULL;
  length = at - 1 - name;
  at = skip_space (at);
  if (*at != ':')
    return NULL;
  at = read_value (skip_space (at + 1), &is_number, &value);
  if (at != NULL && is_number && is_plain)
    keep (line, name, length, value);
  return at != NULL ? skip_space (at) : NULL;
}

gboolean
c2l_metrics_parse_line (const char *text, gsize length, C2lMetricsLine *line)
{
  const char *at = skip_space (text);

  line->step = line->time = line->epoch = NAN;
  line->n_pairs = 0;
  if (*at++ != '{')
    return FALSE;
  do
    {
      at = read_member (skip_space (at), line);
      if (at == NULL)
        return FALSE;
    }
  while (*at++ == ',');
  /* A zero in the middle would end the text early. */
  return at[-1] == '}' && skip_space (at) == text + length && line->step >= 0
         && line->step <= MAX_STEP && line->step == floor (line->step);
}
