/* Byte-pair encoding over CLIP's vocabulary. Symbols are interned strings; a merge is a pair of
 * symbol numbers. Loading the published 48,894 merges is on the way to the first picture, so it
 * makes no allocation for a symbol and stops reading the file where the vocabulary ends. */
#include "models/tokenizer.h"

#include "formats/mapped.h"
#include "formats/weights.h"
#include "models/text-cleanup.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <zlib.h>

#define N_BYTE_SYMBOLS 256
#define N_BASE_SYMBOLS (2 * N_BYTE_SYMBOLS)
#define N_SPECIAL 2

/* A token table has at most so many rows; more is a damaged file. */
#define MAX_VOCAB (1 << 24)

/* Longest file of merges, unpacked: the published one is 3.2 MB. */
#define MAX_MERGES_SIZE (64u << 20)

#define END_OF_WORD "</w>"

typedef struct
{
  guint32 left;
  guint32 right;
  guint32 rank;
  guint32 result;
} Merge;

struct _C2lTokenizer
{
  GByteArray *text;      /* all symbols, each ended by a NUL */
  GArray *offsets;       /* guint32 of each symbol into @text */
  GArray *ids;           /* gint32 of each symbol, -1 where it has none */
  GArray *symbols;       /* guint32: the symbol of each id */
  guint32 *symbol_table; /* open addressing: symbol + 1, or 0 */
  gsize symbol_mask;
  Merge *merge_table; /* open addressing: free where rank is G_MAXUINT32 */
  gsize merge_mask;
  gsize n_merges;
  guint32 byte_symbols[N_BASE_SYMBOLS]; /* by byte; the second half ends a word */
  int vocab_size;
  gboolean is_part;
};

static guint32
hash_string (const char *text, gsize length)
{
  guint32 hash = 2166136261u; /* FNV-1a */

  for (gsize i = 0; i < length; i++)
    hash = (hash ^ (guchar) text[i]) * 16777619u;
  return hash ^ (hash >> 15);
}

static guint32
hash_pair (guint32 left, guint32 right)
{
  guint64 key = ((guint64) left << 32 | right) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  return key >> 32;
}

static const char *
symbol_text (C2lTokenizer *self, guint32 symbol)
{
  return (const char *) self->text->data + g_array_index (self->offsets, guint32, symbol);
}

static void
grow_symbol_table (C2lTokenizer *self)
{
  gsize size = (self->symbol_mask + 1) * 2;

  g_free (self->symbol_table);
  self->symbol_table = g_new0 (guint32, size);
  self->symbol_mask = size - 1;
  for (guint symbol = 0; symbol < self->offsets->len; symbol++)
    {
      const char *text = symbol_text (self, symbol);
      gsize slot = hash_string (text, strlen (text)) & self->symbol_mask;

      while (self->symbol_table[slot] != 0)
        slot = (slot + 1) & self->symbol_mask;
      self->symbol_table[slot] = symbol + 1;
    }
}

/* The number of the symbol @text, a new one where it was not met before. */
static guint32
intern (C2lTokenizer *self, const char *text, gsize length)
{
  gsize slot = hash_string (text, length) & self->symbol_mask;
  guint32 offset;
  gint32 no_id = -1;

  for (; self->symbol_table[slot] != 0; slot = (slot + 1) & self->symbol_mask)
    {
      guint32 symbol = self->symbol_table[slot] - 1;
      const char *other = symbol_text (self, symbol);

      if (strncmp (other, text, length) == 0 && other[length] == '\0')
        return symbol;
    }

  offset = self->text->len;
  g_byte_array_append (self->text, (const guint8 *) text, length);
  g_byte_array_append (self->text, (const guint8 *) "", 1);
  g_array_append_val (self->offsets, offset);
  g_array_append_val (self->ids, no_id);
  self->symbol_table[slot] = self->offsets->len;
  if (self->offsets->len * 2 > self->symbol_mask)
    {
      guint32 symbol = self->offsets->len - 1;

      grow_symbol_table (self);
      return symbol;
    }
  return self->offsets->len - 1;
}

/* Gives @symbol the next id. A string that two merges make keeps the later one, as the original's
 * dictionary does. */
static void
append_id (C2lTokenizer *self, guint32 symbol)
{
  g_array_index (self->ids, gint32, symbol) = self->symbols->len;
  g_array_append_val (self->symbols, symbol);
}

static Merge *
find_merge (C2lTokenizer *self, guint32 left, guint32 right)
{
  gsize slot = hash_pair (left, right) & self->merge_mask;

  while (self->merge_table[slot].rank != G_MAXUINT32
         && (self->merge_table[slot].left != left || self->merge_table[slot].right != right))
    slot = (slot + 1) & self->merge_mask;
  return &self->merge_table[slot];
}

static void
resize_merge_table (C2lTokenizer *self, gsize size)
{
  g_autofree Merge *old = self->merge_table;
  gsize old_size = old != NULL ? self->merge_mask + 1 : 0;

  self->merge_table = g_new (Merge, size);
  self->merge_mask = size - 1;
  memset (self->merge_table, 0xff, size * sizeof (Merge));
  for (gsize i = 0; i < old_size; i++)
    {
      if (old[i].rank != G_MAXUINT32)
        *find_merge (self, old[i].left, old[i].right) = old[i];
    }
}

static void
add_merge (C2lTokenizer *self,
           const char *left,
           gsize left_length,
           const char *right,
           gsize right_length)
{
  guint32 rank = self->symbols->len - N_BASE_SYMBOLS;
  guint32 left_symbol = intern (self, left, left_length);
  guint32 right_symbol = intern (self, right, right_length);
  char buffer[256];
  g_autofree char *heap = NULL;
  char *joined = buffer;
  Merge *merge;

  if (left_length + right_length > sizeof buffer)
    joined = heap = g_malloc (left_length + right_length);
  memcpy (joined, left, left_length);
  memcpy (joined + left_length, right, right_length);

  if ((self->n_merges + 1) * 2 > self->merge_mask)
    resize_merge_table (self, (self->merge_mask + 1) * 2);
  merge = find_merge (self, left_symbol, right_symbol);
  if (merge->rank == G_MAXUINT32)
    self->n_merges++;
  merge->left = left_symbol;
  merge->right = right_symbol;
  merge->rank = rank;
  merge->result = intern (self, joined, left_length + right_length);
  append_id (self, merge->result);
}

/* The printable code point that stands for @byte: itself where Latin-1 prints it, else one of
 * U+0100 … U+0143. */
static void
add_byte_symbols (C2lTokenizer *self)
{
  guint8 order[N_BYTE_SYMBOLS];
  int n_printable = 0;
  int n_others = 0;

  for (int pass = 0; pass < 2; pass++)
    {
      for (int byte = 0; byte < N_BYTE_SYMBOLS; byte++)
        {
          gboolean is_printable
              = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;

          if (is_printable == (pass == 0))
            order[n_printable++] = byte;
        }
    }

  for (int half = 0; half < 2; half++)
    {
      n_others = 0;
      for (int i = 0; i < N_BYTE_SYMBOLS; i++)
        {
          int byte = order[i];
          gboolean is_printable
              = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
          gunichar c = is_printable ? (gunichar) byte : (gunichar) (0x100 + n_others++);
          char name[16];
          int length = g_unichar_to_utf8 (c, name);
          guint32 symbol;

          if (half == 1)
            {
              memcpy (name + length, END_OF_WORD, strlen (END_OF_WORD));
              length += strlen (END_OF_WORD);
            }
          symbol = intern (self, name, length);
          append_id (self, symbol);
          self->byte_symbols[half * N_BYTE_SYMBOLS + byte] = symbol;
        }
    }
}

static C2lTokenizer *
tokenizer_new (int expected_merges)
{
  C2lTokenizer *self = g_new0 (C2lTokenizer, 1);
  gsize table_size = 4096;

  while (table_size < (gsize) (expected_merges + N_BASE_SYMBOLS) * 2)
    table_size *= 2;
  self->text = g_byte_array_new ();
  self->offsets = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->ids = g_array_new (FALSE, FALSE, sizeof (gint32));
  self->symbols = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->symbol_table = g_new0 (guint32, table_size);
  self->symbol_mask = table_size - 1;
  resize_merge_table (self, table_size);
  add_byte_symbols (self);
  return self;
}

void
c2l_tokenizer_free (C2lTokenizer *self)
{
  if (self == NULL)
    return;
  g_byte_array_unref (self->text);
  g_array_unref (self->offsets);
  g_array_unref (self->ids);
  g_array_unref (self->symbols);
  g_free (self->symbol_table);
  g_free (self->merge_table);
  g_free (self);
}

/* Reads "left right" from the line [@line, @end); FALSE where it is anything else. */
static gboolean
parse_merge (C2lTokenizer *self, const char *line, const char *end)
{
  const char *space;

  if (end > line && end[-1] == '\r')
    end--;
  space = memchr (line, ' ', end - line);
  if (space == NULL || space == line || space + 1 == end)
    return FALSE;
  if (memchr (space + 1, ' ', end - space - 1) != NULL || memchr (line, '\0', end - line) != NULL)
    return FALSE;
  add_merge (self, line, space - line, space + 1, end - space - 1);
  return TRUE;
}

/* Unpacks gzip from @data until @n_lines lines are there or the data end. */
static GString *
unpack (const guint8 *data, gsize size, int n_lines, const char *name, GError **error)
{
  g_autoptr (GString) out = g_string_new (NULL);
  z_stream stream = { .next_in = (Bytef *) data, .avail_in = MIN (size, G_MAXUINT32) };
  char chunk[65536];
  int lines = 0;
  int status = inflateInit2 (&stream, 16 + MAX_WBITS);

  while (status == Z_OK && lines <= n_lines && out->len < MAX_MERGES_SIZE)
    {
      gsize n;

      stream.next_out = (Bytef *) chunk;
      stream.avail_out = sizeof chunk;
      status = inflate (&stream, Z_NO_FLUSH);
      n = sizeof chunk - stream.avail_out;
      for (gsize i = 0; i < n; i++)
        lines += chunk[i] == '\n';
      g_string_append_len (out, chunk, n);
    }
  inflateEnd (&stream);

  if (status != Z_OK && status != Z_STREAM_END)
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
                   _ ("%s: damaged gzip file; fetch it again"), name);
      return NULL;
    }
  return g_steal_pointer (&out);
}

/* Whether anything but white space stands in [@text, @end). */
static gboolean
has_text (const char *text, const char *end)
{
  while (text < end && g_ascii_isspace (*text))
    text++;
  return text < end;
}

static gboolean
parse_lines (C2lTokenizer *self,
             const char *text,
             gsize size,
             int n_merges,
             const char *name,
             GError **error)
{
  const char *end = text + size;
  const char *line = memchr (text, '\n', size);
  int n = 0;

  for (line = line != NULL ? line + 1 : end; line < end && n < n_merges; n++)
    {
      const char *line_end = memchr (line, '\n', end - line);

      if (line_end == NULL)
        line_end = end;
      if (!parse_merge (self, line, line_end))
        {
          g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
                       _ ("%s: line %d is not a merge: two symbols with a space between"), name,
                       n + 2);
          return FALSE;
        }
      line = line_end + 1;
    }
  self->is_part = has_text (line, end);
  return TRUE;
}

C2lTokenizer *
c2l_tokenizer_parse (gconstpointer data,
                     gsize size,
                     const char *name,
                     int vocab_size,
                     GError **error)
{
  g_autoptr (C2lTokenizer) self = NULL;
  g_autoptr (GString) unpacked = NULL;
  const guint8 *bytes = data;
  const char *lines;
  gsize lines_size;
  int n_merges = vocab_size > 0 ? vocab_size - N_BASE_SYMBOLS - N_SPECIAL : MAX_VOCAB;

  if (n_merges < 0 || vocab_size > MAX_VOCAB)
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
                   _ ("%s: the model has %d tokens, but bytes, start and end alone are %d; it is "
                      "not a model "
                      "for byte-pair tokens"),
                   name, vocab_size, N_BASE_SYMBOLS + N_SPECIAL);
      return NULL;
    }
  if (size >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b)
    {
      unpacked = unpack (bytes, size, n_merges + 1, name, error);
      if (unpacked == NULL)
        return NULL;
    }

  lines = unpacked != NULL ? unpacked->str : data;
  lines_size = unpacked != NULL ? unpacked->len : size;
  /* A merge takes four bytes at least, and around twelve. */
  self = tokenizer_new (MIN (n_merges, (int) MIN (lines_size / 8, MAX_VOCAB)));
  if (!parse_lines (self, lines, lines_size, n_merges, name, error))
    return NULL;
  if (vocab_size > 0 && self->symbols->len != (guint) (N_BASE_SYMBOLS + n_merges))
    {
      g_set_error (
          error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
          _ ("%s: %u merges, but the model's vocabulary needs %d; use the merges that belong "
             "to the model"),
          name, self->symbols->len - N_BASE_SYMBOLS, n_merges);
      return NULL;
    }
  self->vocab_size = self->symbols->len + N_SPECIAL;
  return g_steal_pointer (&self);
}

C2lTokenizer *
c2l_tokenizer_load (const char *path, int vocab_size, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  gconstpointer data;
  gsize size;

  g_return_val_if_fail (path != NULL, NULL);

  bytes = c2l_mapped_open (path, error);
  if (bytes == NULL)
    return NULL;
  data = g_bytes_get_data (bytes, &size);
  if (size == 0)
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
                   _ ("%s: the file is empty; fetch it again"), path);
      return NULL;
    }

  g_autoptr (C2lTokenizer) tokenizer = c2l_tokenizer_parse (data, size, path, vocab_size, error);

  return tokenizer != NULL && c2l_mapped_check (path, error) ? g_steal_pointer (&tokenizer) : NULL;
}

int
c2l_tokenizer_get_vocab_size (C2lTokenizer *self)
{
  return self->vocab_size;
}

gboolean
c2l_tokenizer_is_part (C2lTokenizer *self)
{
  return self->is_part;
}

gint32
c2l_tokenizer_get_start (C2lTokenizer *self)
{
  return self->vocab_size - 2;
}

gint32
c2l_tokenizer_get_end (C2lTokenizer *self)
{
  return self->vocab_size - 1;
}

const char *
c2l_tokenizer_get_symbol (C2lTokenizer *self, gint32 id)
{
  if (id < 0 || id >= self->vocab_size)
    return NULL;
  if (id == c2l_tokenizer_get_start (self))
    return "<|startoftext|>";
  if (id == c2l_tokenizer_get_end (self))
    return "<|endoftext|>";
  return symbol_text (self, g_array_index (self->symbols, guint32, id));
}

/* One level of the merges: joins every neighbouring pair that is @best, from the left. */
static gsize
join_pairs (guint32 *symbols, gsize n, const Merge *best)
{
  gsize kept = 0;

  for (gsize i = 0; i < n; kept++)
    {
      if (i + 1 < n && symbols[i] == best->left && symbols[i + 1] == best->right)
        {
          symbols[kept] = best->result;
          i += 2;
        }
      else
        {
          symbols[kept] = symbols[i++];
        }
    }
  return kept;
}

/* Appends the ids of one piece, bytes [@piece, @end). */
static void
append_piece (C2lTokenizer *self, const char *piece, const char *end, GArray *out)
{
  gsize n = end - piece;
  guint32 buffer[128];
  g_autofree guint32 *heap = n > G_N_ELEMENTS (buffer) ? g_new (guint32, n) : NULL;
  guint32 *symbols = heap != NULL ? heap : buffer;

  for (gsize i = 0; i < n; i++)
    symbols[i] = self->byte_symbols[(guchar) piece[i] + (i + 1 == n ? N_BYTE_SYMBOLS : 0)];

  while (n > 1)
    {
      Merge best = { .rank = G_MAXUINT32 };

      for (gsize i = 0; i + 1 < n; i++)
        {
          const Merge *merge = find_merge (self, symbols[i], symbols[i + 1]);

          if (merge->rank < best.rank)
            best = *merge;
        }
      if (best.rank == G_MAXUINT32)
        break;
      n = join_pairs (symbols, n, &best);
    }

  for (gsize i = 0; i < n; i++)
    g_array_append_val (out, g_array_index (self->ids, gint32, symbols[i]));
}

typedef enum
{
  PIECE_START,
  PIECE_END,
  PIECE_WORD,
  PIECE_OTHER
} PieceKind;

/* The mark of the iota below a Greek vowel. The pattern ignores case, and this mark's capital is a
 * letter: so it is neither taken for a letter nor for anything else, and belongs to no piece. */
#define IOTA_BELOW 0x0345

static gboolean
is_letter (gunichar c)
{
  switch (g_unichar_type (c))
    {
    case G_UNICODE_LOWERCASE_LETTER:
    case G_UNICODE_MODIFIER_LETTER:
    case G_UNICODE_OTHER_LETTER:
    case G_UNICODE_TITLECASE_LETTER:
    case G_UNICODE_UPPERCASE_LETTER:
      return TRUE;
    default:
      return FALSE;
    }
}

static gboolean
is_number (gunichar c)
{
  switch (g_unichar_type (c))
    {
    case G_UNICODE_DECIMAL_NUMBER:
    case G_UNICODE_LETTER_NUMBER:
    case G_UNICODE_OTHER_NUMBER:
      return TRUE;
    default:
      return FALSE;
    }
}

/* Length of one of the seven English endings at @p, or 0. The text is in lower case already, but
 * the pattern ignores case and "ſ" is an "s" to it. */
static gsize
contraction_length (const char *p)
{
  static const char *const endings[] = { "'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'ſ" };

  for (gsize i = 0; i < G_N_ELEMENTS (endings); i++)
    {
      if (g_str_has_prefix (p, endings[i]))
        return strlen (endings[i]);
    }
  return 0;
}

/* The end of the piece that begins at @p, which is no white space: CLIP's pattern, alternatives in
 * its order. */
static const char *
piece_end (const char *p, PieceKind *kind)
{
  static const char start_text[] = "<|startoftext|>";
  static const char end_text[] = "<|endoftext|>";
  gsize contraction = contraction_length (p);
  gunichar c = g_utf8_get_char (p);

  *kind = PIECE_START;
  if (g_str_has_prefix (p, start_text))
    return p + strlen (start_text);
  *kind = PIECE_END;
  if (g_str_has_prefix (p, end_text))
    return p + strlen (end_text);
  *kind = PIECE_OTHER;
  if (contraction > 0)
    return p + contraction;
  if (is_number (c))
    return g_utf8_next_char (p);

  if (is_letter (c))
    {
      *kind = PIECE_WORD;
      while (is_letter (g_utf8_get_char (p)))
        p = g_utf8_next_char (p);
      return p;
    }
  for (; *p != '\0' && *p != ' '; p = g_utf8_next_char (p))
    {
      c = g_utf8_get_char (p);
      if (is_letter (c) || is_number (c) || c == IOTA_BELOW)
        break;
    }
  return p;
}

static void
append_piece_of_kind (C2lTokenizer *self,
                      const char *piece,
                      const char *end,
                      PieceKind kind,
                      GArray *out)
{
  gint32 special
      = kind == PIECE_START ? c2l_tokenizer_get_start (self) : c2l_tokenizer_get_end (self);

  if (kind == PIECE_START || kind == PIECE_END)
    g_array_append_val (out, special);
  else
    append_piece (self, piece, end, out);
}

/* To the next piece, past what belongs to none. */
static const char *
skip_space (const char *p)
{
  while (*p == ' ' || g_utf8_get_char (p) == IOTA_BELOW)
    p = g_utf8_next_char (p);
  return p;
}

int
c2l_tokenizer_encode (C2lTokenizer *self,
                      const char *text,
                      gint32 *ids,
                      int context,
                      char **dropped)
{
  g_autoptr (GArray) tokens = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_autofree char *clean = NULL;
  const char *p;
  int n;

  g_return_val_if_fail (self != NULL && text != NULL && ids != NULL, 0);
  g_return_val_if_fail (context >= N_SPECIAL, 0);

  if (dropped != NULL)
    *dropped = NULL;
  clean = c2l_text_cleanup (text, -1);
  for (p = skip_space (clean); *p != '\0'; p = skip_space (p))
    {
      PieceKind kind;
      const char *end = piece_end (p, &kind);

      append_piece_of_kind (self, p, end, kind, tokens);
      if (tokens->len > (guint) (context - N_SPECIAL))
        {
          if (dropped != NULL)
            *dropped = g_strdup (p);
          break;
        }
      p = end;
    }

  n = MIN ((int) tokens->len, context - N_SPECIAL);
  memset (ids, 0, context * sizeof (gint32));
  ids[0] = c2l_tokenizer_get_start (self);
  if (n > 0)
    memcpy (ids + 1, tokens->data, n * sizeof (gint32));
  ids[n + 1] = c2l_tokenizer_get_end (self);
  return n + N_SPECIAL;
}

GArray *
c2l_tokenizer_encode_all (C2lTokenizer *self, const char *text, gssize length)
{
  GArray *tokens = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_autofree char *clean = NULL;

  g_return_val_if_fail (self != NULL && text != NULL, tokens);

  clean = c2l_text_cleanup (text, length);
  for (const char *p = skip_space (clean); *p != '\0'; p = skip_space (p))
    {
      PieceKind kind;
      const char *end = piece_end (p, &kind);

      append_piece_of_kind (self, p, end, kind, tokens);
      p = end;
    }
  return tokens;
}

/* Whether the word [@word, @end) is spelt in pieces of two letters or fewer on average: a word that
 * the vocabulary was made for is one token, or a few long ones. */
static gboolean
is_spelt (C2lTokenizer *self, const char *word, const char *end)
{
  g_autoptr (GArray) tokens = g_array_new (FALSE, FALSE, sizeof (gint32));

  append_piece (self, word, end, tokens);
  return tokens->len > 1 && g_utf8_strlen (word, end - word) <= 2 * (glong) tokens->len;
}

char **
c2l_tokenizer_list_unknown_words (C2lTokenizer *self, const char *text)
{
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *clean = NULL;

  g_return_val_if_fail (self != NULL && text != NULL, NULL);

  clean = c2l_text_cleanup (text, -1);
  for (const char *p = skip_space (clean); *p != '\0'; p = skip_space (p))
    {
      PieceKind kind;
      const char *end = piece_end (p, &kind);

      if (kind == PIECE_WORD && is_spelt (self, p, end))
        {
          char *word = g_strndup (p, end - p);

          if (!g_hash_table_contains (seen, word))
            g_strv_builder_add (words, word);
          g_hash_table_add (seen, word);
        }
      p = end;
    }
  return g_strv_builder_end (words);
}
