/* Clean-up of prompts. Each step takes and gives a whole line; the steps are repeated until nothing
 * changes, as one repair may uncover another. U+0000 is taken out before everything else. */
#include "models/text-cleanup.h"

#include "models/html-unescape.h"
#include "models/mojibake.h"

#include <string.h>

/* Text that still changes after so many rounds was made to do so. */
#define MAX_ROUNDS 50

typedef struct
{
  gunichar c;
  const char *text;
} Replacement;

/* Letters that stand for two or three Latin ones. */
static const Replacement ligatures[] = {
  { 0x0132, "IJ" }, { 0x0133, "ij" }, { 0x0149, "ʼn" }, { 0x01c4, "DŽ" },  { 0x01c5, "Dž" },
  { 0x01c6, "dž" }, { 0x01c7, "LJ" }, { 0x01c8, "Lj" }, { 0x01c9, "lj" },  { 0x01ca, "NJ" },
  { 0x01cb, "Nj" }, { 0x01cc, "nj" }, { 0x01f1, "DZ" }, { 0x01f2, "Dz" },  { 0x01f3, "dz" },
  { 0xfb00, "ff" }, { 0xfb01, "fi" }, { 0xfb02, "fl" }, { 0xfb03, "ffi" }, { 0xfb04, "ffl" },
  { 0xfb05, "ſt" }, { 0xfb06, "st" },
};

static gboolean
is_stray_control (gunichar c)
{
  return c <= 0x08 || c == 0x0b || (c >= 0x0e && c <= 0x1f) || c == 0x7f
         || (c >= 0x206a && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffc);
}

/* Regular expressions' \s of Unicode: the property White_Space. */
static gboolean
is_white (gunichar c)
{
  return (c >= 0x09 && c <= 0x0d) || c == 0x85 || g_unichar_type (c) == G_UNICODE_SPACE_SEPARATOR
         || c == 0x2028 || c == 0x2029;
}

static void
append_normal_width (GString *out, gunichar c)
{
  char utf8[6];
  g_autofree char *normal
      = g_utf8_normalize (utf8, g_unichar_to_utf8 (c, utf8), G_NORMALIZE_ALL_COMPOSE);

  g_string_append (out, normal);
}

/* Appends @c as it should have been written. */
static void
append_plain (GString *out, gunichar c)
{
  if (c == 0x3000)
    {
      g_string_append_c (out, ' ');
      return;
    }
  if (c > 0xff00 && c < 0xfff0)
    {
      append_normal_width (out, c);
      return;
    }
  if (c == 0x02bc || (c >= 0x2018 && c <= 0x201b))
    {
      g_string_append_c (out, '\'');
      return;
    }
  if (c >= 0x201c && c <= 0x201f)
    {
      g_string_append_c (out, '"');
      return;
    }
  if (c == '\r' || c == 0x2028 || c == 0x2029)
    {
      g_string_append_c (out, '\n');
      return;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (ligatures); i++)
    {
      if (ligatures[i].c == c)
        {
          g_string_append (out, ligatures[i].text);
          return;
        }
    }
  g_string_append_unichar (out, c);
}

/* Characters that have a plainer form: stray bytes of Windows-1252, ligatures, full and half width,
 * curly quotes, line breaks. */
static GString *
replace_characters (const GString *text)
{
  GString *out = g_string_sized_new (text->len + 1);

  for (const char *p = text->str; p < text->str + text->len; p = g_utf8_next_char (p))
    {
      gunichar c = c2l_windows_1252_to_unichar (g_utf8_get_char (p));

      if (c == '\r' && p[1] == '\n')
        continue;
      append_plain (out, c);
    }
  return out;
}

/* Length of a terminal's colour sequence at @p, or 0. */
static gsize
terminal_escape_length (const char *p)
{
  gsize n = 2;

  if (p[0] != '\033' || p[1] != '[')
    return 0;
  while (g_ascii_isdigit (p[n]) || p[n] == ';')
    n++;
  return g_ascii_isalpha (p[n]) ? n + 1 : 0;
}

static GString *
remove_controls (const GString *text)
{
  GString *out = g_string_sized_new (text->len + 1);

  for (const char *p = text->str; p < text->str + text->len;)
    {
      gsize escape = terminal_escape_length (p);
      gunichar c = g_utf8_get_char (p);

      if (escape == 0 && !is_stray_control (c))
        g_string_append_unichar (out, c);
      p = escape > 0 ? p + escape : g_utf8_next_char (p);
    }
  return out;
}

static GString *
take_round (const GString *line, gboolean unescape)
{
  g_autoptr (GString) plain = NULL;
  g_autoptr (GString) visible = NULL;
  g_autoptr (GString) text = NULL;
  g_autofree char *composed = NULL;

  text = unescape ? c2l_html_unescape_strict (line->str, line->len)
                  : g_string_new_len (line->str, line->len);
  for (int i = 0; i < MAX_ROUNDS; i++)
    {
      GString *repaired = c2l_repair_mojibake (text->str, text->len);
      gboolean is_stable = g_string_equal (repaired, text);

      g_string_free (text, TRUE);
      text = repaired;
      if (is_stable)
        break;
    }
  plain = replace_characters (text);
  visible = remove_controls (plain);
  composed = g_utf8_normalize (visible->str, visible->len, G_NORMALIZE_DEFAULT_COMPOSE);
  return g_string_new (composed);
}

static void
append_clean_line (GString *out, const char *start, gsize length, gboolean unescape)
{
  g_autoptr (GString) line = g_string_new_len (start, length);

  for (int i = 0; i < MAX_ROUNDS; i++)
    {
      GString *next = take_round (line, unescape);
      gboolean is_stable = g_string_equal (next, line);

      g_string_free (line, TRUE);
      line = next;
      if (is_stable)
        break;
    }
  g_string_append_len (out, line->str, line->len);
}

/* Line by line; from the first "<" on, references are taken for markup and left alone here. */
static GString *
repair_lines (const char *text, gsize length)
{
  GString *out = g_string_sized_new (length + 1);
  gboolean unescape = TRUE;
  const char *end = text + length;

  while (text < end)
    {
      const char *newline = memchr (text, '\n', end - text);
      const char *next = newline != NULL ? newline + 1 : end;

      unescape = unescape && memchr (text, '<', next - text) == NULL;
      append_clean_line (out, text, next - text, unescape);
      text = next;
    }
  return out;
}

static char *
fold_white_space (const GString *text)
{
  GString *out = g_string_sized_new (text->len + 1);
  gboolean is_pending = FALSE;

  for (const char *p = text->str; p < text->str + text->len; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (is_white (c))
        {
          is_pending = out->len > 0;
          continue;
        }
      if (is_pending)
        g_string_append_c (out, ' ');
      is_pending = FALSE;
      g_string_append_unichar (out, c);
    }
  return g_string_free (out, FALSE);
}

/* Roman numerals and circled letters have case, too, though they are no letters to GLib: how far a
 * capital of theirs is from its small form, 0 for any other @c. */
static int
numeral_case_distance (gunichar c)
{
  if (c >= 0x2160 && c <= 0x216f)
    return 16;
  if (c >= 0x24b6 && c <= 0x24cf)
    return 26;
  return 0;
}

/* A character with case (Unicode's property Cased, but for a few modifier letters). */
static gboolean
is_cased (gunichar c)
{
  if ((c >= 0x2160 && c <= 0x217f) || (c >= 0x24b6 && c <= 0x24e9))
    return TRUE;
  switch (g_unichar_type (c))
    {
    case G_UNICODE_LOWERCASE_LETTER:
    case G_UNICODE_UPPERCASE_LETTER:
    case G_UNICODE_TITLECASE_LETTER:
      return TRUE;
    default:
      return c == 0xaa || c == 0xba;
    }
}

/* Characters that the rule of the final sigma looks past: marks, modifiers, apostrophes and points
 * within words. */
static gboolean
is_case_ignorable (gunichar c)
{
  switch (g_unichar_type (c))
    {
    case G_UNICODE_NON_SPACING_MARK:
    case G_UNICODE_ENCLOSING_MARK:
    case G_UNICODE_FORMAT:
    case G_UNICODE_MODIFIER_LETTER:
    case G_UNICODE_MODIFIER_SYMBOL:
      return TRUE;
    default:
      return c == '\'' || c == '.' || c == ':' || c == 0xb7 || c == 0x0387 || c == 0x055f
             || c == 0x05f4 || c == 0x2018 || c == 0x2019 || c == 0x2024 || c == 0x2027
             || c == 0xfe13 || c == 0xfe52 || c == 0xfe55 || c == 0xff07 || c == 0xff0e
             || c == 0xff1a;
    }
}

static gboolean
is_final_sigma (const char *text, const char *sigma)
{
  const char *p = sigma;

  do
    {
      p = g_utf8_find_prev_char (text, p);
    }
  while (p != NULL && is_case_ignorable (g_utf8_get_char (p)));
  if (p == NULL || !is_cased (g_utf8_get_char (p)))
    return FALSE;

  p = g_utf8_next_char (sigma);
  while (*p != '\0' && is_case_ignorable (g_utf8_get_char (p)))
    p = g_utf8_next_char (p);
  return *p == '\0' || !is_cased (g_utf8_get_char (p));
}

char *
c2l_text_lower (const char *text)
{
  GString *out = g_string_sized_new (strlen (text) + 1);

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c == 0x0130)
        g_string_append (out, "i\xcc\x87");
      else if (c == 0x03a3)
        g_string_append_unichar (out, is_final_sigma (text, p) ? 0x03c2 : 0x03c3);
      else
        g_string_append_unichar (out, g_unichar_tolower (c) + numeral_case_distance (c));
    }
  return g_string_free (out, FALSE);
}

/* Valid UTF-8 without U+0000, which the clean-up would remove in any case. */
static char *
dup_valid (const char *text, gssize length)
{
  g_autoptr (GString) kept = g_string_new (NULL);

  if (length < 0)
    return g_utf8_make_valid (text, -1);
  for (gssize i = 0; i < length; i++)
    {
      if (text[i] != '\0')
        g_string_append_c (kept, text[i]);
    }
  return g_utf8_make_valid (kept->str, kept->len);
}

char *
c2l_text_cleanup (const char *text, gssize length)
{
  g_autofree char *valid = NULL;
  g_autofree char *folded = NULL;
  g_autoptr (GString) repaired = NULL;
  g_autoptr (GString) once = NULL;
  g_autoptr (GString) twice = NULL;

  g_return_val_if_fail (text != NULL, NULL);

  valid = dup_valid (text, length);
  repaired = repair_lines (valid, strlen (valid));
  once = c2l_html_unescape (repaired->str, repaired->len);
  twice = c2l_html_unescape (once->str, once->len);
  folded = fold_white_space (twice);
  return c2l_text_lower (folded);
}
