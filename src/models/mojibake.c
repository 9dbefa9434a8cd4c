/* The repair of UTF-8 that was decoded as Windows-1252. Works on runs of characters, so that a
 * garbled word among sound ones is found. What may be meant ("CAFÉ™", "café…“") is left alone: a
 * run is taken where it is two characters or more, or where its letters and signs do not follow
 * each other in ordinary text. */
#include "models/mojibake.h"

#include <string.h>

/* Windows-1252's 0x80 … 0x9f; 0 where it has nothing and Latin-1's control character stands in. */
static const guint16 high_controls[32] = {
  0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
  0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
  0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178,
};

int
c2l_windows_1252_from_unichar (gunichar c)
{
  if (c < 0x100)
    return c;
  for (int i = 0; i < 32; i++)
    {
      if (high_controls[i] == c)
        return 0x80 + i;
    }
  return -1;
}

gunichar
c2l_windows_1252_to_unichar (gunichar c)
{
  if (c < 0x80 || c > 0x9f || high_controls[c - 0x80] == 0)
    return c;
  return high_controls[c - 0x80];
}

static int
sequence_length (int lead)
{
  if (lead >= 0xc2 && lead <= 0xdf)
    return 2;
  if (lead >= 0xe0 && lead <= 0xef)
    return 3;
  if (lead >= 0xf0 && lead <= 0xf4)
    return 4;
  return 0;
}

/* Bytes of the garbled character that begins at @i, as many as it has; 0 where there is none. */
static int
read_sequence (const gunichar *chars, glong n_chars, glong i, char bytes[4])
{
  int length = sequence_length (c2l_windows_1252_from_unichar (chars[i]));

  if (length == 0 || i + length > n_chars)
    return 0;
  for (int k = 0; k < length; k++)
    {
      int byte = c2l_windows_1252_from_unichar (chars[i + k]);

      if (byte < 0 || (k > 0 && (byte & 0xc0) != 0x80))
        return 0;
      bytes[k] = byte;
    }
  return g_utf8_validate_len (bytes, length, NULL) ? length : 0;
}

static gboolean
is_any_of (gunichar c, const gunichar *set)
{
  while (*set != 0 && *set != c)
    set++;
  return *set != 0;
}

/* Signs that stand behind words in ordinary text. */
static const gunichar signs[] = {
  0xa0,   0xa3,   0xa9,   0xab,   0xad,   0xae,   0xb0,   0xb2,   0xb3,   0xb4,
  0xb7,   0xbb,   0xbc,   0xbd,   0xbe,   0x2013, 0x2014, 0x2018, 0x2019, 0x201c,
  0x201d, 0x201e, 0x2022, 0x2026, 0x2039, 0x203a, 0x20ac, 0x2122, 0,
};

/* Whether @second may follow @first in ordinary text: a sign, or a letter of the same alphabets. */
static gboolean
is_plausible_pair (gunichar first, gunichar second)
{
  static const gunichar closing[] = { 0x2019, 0x201d, 0x2026, 0 };
  static const gunichar letters[] = { 0x152, 0x153, 0x160, 0x161, 0x178, 0x17d, 0x17e, 0 };

  switch (first)
    {
    case 0xc2: /* Latin-1's signs and accents, garbled: hardly anything is meant behind these two */
    case 0xc3:
    case 0xd0: /* Cyrillic */
    case 0xd1:
      return is_any_of (second, closing);
    case 0xc4: /* Latin Extended-A; no language has these two before a letter of the last set */
    case 0xc5:
      return is_any_of (second, signs);
    default:
      return is_any_of (second, signs) || is_any_of (second, letters);
    }
}

/* Whether the @n characters at @chars, whose bytes are one character of UTF-8, may be meant as they
 * stand. */
static gboolean
is_plausible (const gunichar *chars, int n)
{
  if (n == 2)
    return is_plausible_pair (chars[0], chars[1]);
  /* A small letter and two signs; but "â€™" and its kin are the commonest garble of all. */
  return n == 3 && chars[0] != 0xe2 && is_any_of (chars[1], signs) && is_any_of (chars[2], signs);
}

GString *
c2l_repair_mojibake (const char *text, gsize length)
{
  GString *out = g_string_sized_new (length + 1);
  glong n_chars = 0;
  g_autofree gunichar *chars = g_utf8_to_ucs4_fast (text, length, &n_chars);

  for (glong i = 0; i < n_chars;)
    {
      glong run_end = i;
      int n_sequences = 0;
      gboolean is_sure = FALSE;
      gsize start = out->len;
      char bytes[4];

      while (run_end < n_chars)
        {
          int n = read_sequence (chars, n_chars, run_end, bytes);

          if (n == 0)
            break;
          is_sure = is_sure || n_sequences > 0 || !is_plausible (chars + run_end, n);
          g_string_append_len (out, bytes, n);
          run_end += n;
          n_sequences++;
        }

      if (is_sure)
        {
          i = run_end;
          continue;
        }
      g_string_truncate (out, start);
      g_string_append_unichar (out, chars[i++]);
    }
  return out;
}
