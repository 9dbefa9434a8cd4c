/* Character references of HTML, in the browser's lenient reading and in a strict one. Knows nothing
 * of prompts. The names stand in a table made from the standard; see html-entities.py. */
#include "models/html-unescape.h"

#include <stdlib.h>
#include <string.h>

typedef struct
{
  const char *name; /* without "&", with ";" where the reference needs one */
  const char *text;
} Entity;

static const Entity entities[] = {
#include "models/html-entities-table.h"
};

/* Longest name that a reference is looked up for: in characters, without the "&". */
#define MAX_NAME_LENGTH 32

/* Longest name, without "&" and ";", that the strict reading takes. */
#define MAX_STRICT_LENGTH 24

/* What &#128; … &#159; stand for: browsers read them as Windows-1252. */
static const gunichar windows_1252[32] = {
  0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
  0x2039, 0x0152, 0x008d, 0x017d, 0x008f, 0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
  0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178,
};

typedef struct
{
  const char *name;
  gsize length;
} Key;

static int
compare_entity (const void *a, const void *b)
{
  const Key *key = a;
  const Entity *entity = b;
  int order = strncmp (key->name, entity->name, key->length);

  if (order != 0)
    return order;
  return entity->name[key->length] == '\0' ? 0 : -1;
}

static const char *
lookup (const char *name, gsize length)
{
  Key key = { name, length };
  const Entity *entity;

  if (length == 0 || memchr (name, '\0', length) != NULL)
    return NULL;
  entity = bsearch (&key, entities, G_N_ELEMENTS (entities), sizeof (Entity), compare_entity);
  return entity != NULL ? entity->text : NULL;
}

static gboolean
is_dropped (gunichar c)
{
  return (c >= 0x1 && c <= 0x8) || c == 0xb || (c >= 0xe && c <= 0x1f) || c == 0x7f
         || (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe;
}

static void
append_number (GString *out, guint64 number)
{
  if (number == 0 || number > 0x10ffff || (number >= 0xd800 && number <= 0xdfff))
    g_string_append_unichar (out, 0xfffd);
  else if (number >= 0x80 && number <= 0x9f)
    g_string_append_unichar (out, windows_1252[number - 0x80]);
  else if (!is_dropped (number))
    g_string_append_unichar (out, number);
}

/* Reads "#233" or "#xE9" at @p. Returns its length without a semicolon, 0 where there is none. */
static gsize
parse_number (const char *p, const char *end, guint64 *number)
{
  const char *start = p;
  gboolean is_hex = end - p >= 2 && (p[1] == 'x' || p[1] == 'X');
  const char *digits;

  p += is_hex ? 2 : 1;
  digits = p;
  *number = 0;
  for (; p < end && (is_hex ? g_ascii_isxdigit (*p) : g_ascii_isdigit (*p)); p++)
    {
      if (*number <= 0x10ffff)
        *number = *number * (is_hex ? 16 : 10) + g_ascii_xdigit_value (*p);
    }
  return p > digits ? (gsize) (p - start) : 0;
}

/* Length in bytes of the name at @p, with its semicolon if there is one. */
static gsize
name_length (const char *p, const char *end)
{
  const char *start = p;

  for (int n = 0; n < MAX_NAME_LENGTH && p < end && !strchr ("\t\n\f <&#;", *p); n++)
    p = MIN (g_utf8_next_char (p), end);
  if (p > start && p < end && *p == ';')
    p++;
  return p - start;
}

/* Replaces the reference after the "&" before @p; returns how many bytes it took, 0 where it is
 * none. */
static gsize
replace_lenient (GString *out, const char *p, const char *end)
{
  gsize length;

  if (p < end && *p == '#')
    {
      guint64 number;

      length = parse_number (p, end, &number);
      if (length == 0)
        return 0;
      append_number (out, number);
      return length + (p + length < end && p[length] == ';');
    }

  for (length = name_length (p, end); length > 1; length--)
    {
      const char *text = lookup (p, length);

      if (text != NULL)
        {
          g_string_append (out, text);
          return length;
        }
    }
  return 0;
}

/* Appends what the capitals @name, with its semicolon, stand for. */
static gboolean
append_from_capitals (GString *out, const char *name, gsize length)
{
  g_autofree char *lower = g_ascii_strdown (name, length);
  g_autoptr (GString) unused = g_string_new (NULL);
  const char *text = lookup (lower, length);

  for (gsize i = 0; i < length; i++)
    {
      if (g_ascii_islower (name[i]))
        return FALSE;
    }
  if (text == NULL || replace_lenient (unused, name, name + length) != 0)
    return FALSE;

  for (; *text != '\0'; text = g_utf8_next_char (text))
    {
      gunichar c = g_utf8_get_char (text);

      if (c == 0xdf)
        g_string_append (out, "SS");
      else
        g_string_append_unichar (out, g_unichar_toupper (c));
    }
  return TRUE;
}

static gsize
replace_strict (GString *out, const char *p, const char *end)
{
  gsize length = p < end && *p == '#';
  gsize hash = length;
  const char *text;

  while (p + length < end && length - hash < MAX_STRICT_LENGTH && g_ascii_isalnum (p[length]))
    length++;
  if (length == hash || p + length >= end || p[length] != ';')
    return 0;
  length++;

  if (hash)
    {
      guint64 number;

      /* An escaped semicolon stays: what is left of it could not be told from a half-read
       * reference. */
      if (parse_number (p, end, &number) + 1 != length || number == ';')
        return 0;
      append_number (out, number);
      return length;
    }

  text = lookup (p, length);
  if (text != NULL)
    g_string_append (out, text);
  else if (!append_from_capitals (out, p, length))
    return 0;
  return length;
}

typedef gsize (*ReplaceFunc) (GString *out, const char *p, const char *end);

static GString *
unescape (const char *text, gsize length, ReplaceFunc replace)
{
  GString *out = g_string_sized_new (length + 1);
  const char *p = text;
  const char *end = text + length;

  while (p < end)
    {
      const char *ampersand = memchr (p, '&', end - p);
      gsize taken;

      if (ampersand == NULL)
        ampersand = end;
      g_string_append_len (out, p, ampersand - p);
      if (ampersand == end)
        break;

      taken = replace (out, ampersand + 1, end);
      if (taken == 0)
        g_string_append_c (out, '&');
      p = ampersand + 1 + taken;
    }
  return out;
}

GString *
c2l_html_unescape (const char *text, gsize length)
{
  return unescape (text, length, replace_lenient);
}

GString *
c2l_html_unescape_strict (const char *text, gsize length)
{
  return unescape (text, length, replace_strict);
}
