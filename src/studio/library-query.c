/* Which pictures: a C2lLibraryQuery as SQL. A search's text is looked for as it is, in one form and
 * case on both sides: words of three letters and more by the trigram index, where quotes and
 * operators have no meaning because every word is quoted; shorter ones by looking into every
 * prompt. */
#include "studio/library-private.h"

#include <string.h>

/* The index knows pieces of three letters. */
#define TRIGRAM 3
/* What is longer is looked for without the index, whose time grows with the square of it. */
#define MAX_INDEXED 512
/* Longer searches are cut: no prompt has that many words, and SQLite's expressions have an end. */
#define MAX_WORDS 64

char *
c2l_library_dup_words (const char *text)
{
  g_autofree char *valid = text != NULL ? g_utf8_make_valid (text, -1) : NULL;
  g_autofree char *one_form
      = valid != NULL ? g_utf8_normalize (valid, -1, G_NORMALIZE_ALL_COMPOSE) : NULL;

  return one_form != NULL ? g_utf8_casefold (one_form, -1) : NULL;
}

C2lLibraryQuery *
c2l_library_query_copy (const C2lLibraryQuery *query)
{
  C2lLibraryQuery *copy = g_memdup2 (query, sizeof *query);

  copy->text = g_strdup (query->text);
  copy->model = g_strdup (query->model);
  return copy;
}

void
c2l_library_query_free (C2lLibraryQuery *query)
{
  g_free ((char *) query->text);
  g_free ((char *) query->model);
  g_free (query);
}

/* --- conditions: the same for listing and counting --- */

/* What one "?" stands for. */
typedef struct
{
  char *text; /* NULL: the number */
  gint64 number;
} Value;

typedef struct
{
  GString *sql;
  GArray *values; /* of Value, in order */
} Conditions;

static void
value_clear (gpointer data)
{
  g_free (((Value *) data)->text);
}

static void
add (Conditions *conditions, const char *sql, char *text, gint64 number)
{
  Value value = { text, number };

  g_string_append (conditions->sql, sql);
  g_array_append_val (conditions->values, value);
}

/* @words as the index's query language says "exactly this". */
static char *
quote (const char *words)
{
  g_auto (GStrv) parts = g_strsplit (words, "\"", -1);
  g_autofree char *doubled = g_strjoinv ("\"\"", parts);

  return g_strdup_printf ("\"%s\"", doubled);
}

static gboolean
is_indexed (const char *words)
{
  glong n = g_utf8_strlen (words, -1);

  return n >= TRIGRAM && n <= MAX_INDEXED;
}

static void
add_word (Conditions *conditions, GString *match, const char *word)
{
  g_autofree char *quoted = quote (word);

  if (is_indexed (word))
    g_string_append_printf (match, "%s%s", match->len > 0 ? " AND " : "", quoted);
  else
    add (conditions, " AND instr (words, ?) > 0", g_strdup (word), 0);
}

static const char *
skip (const char *text, gboolean spaces)
{
  while (*text != '\0' && g_unichar_isspace (g_utf8_get_char (text)) == spaces)
    text = g_utf8_next_char (text);
  return text;
}

static void
add_search (Conditions *conditions, const char *text)
{
  g_autofree char *words = c2l_library_dup_words (text);
  g_autoptr (GString) match = g_string_new (NULL);
  const char *start = skip (words, TRUE);

  for (int n = 0; *start != '\0' && n < MAX_WORDS; n++)
    {
      const char *end = skip (start, FALSE);
      g_autofree char *word = g_strndup (start, end - start);

      add_word (conditions, match, word);
      start = skip (end, TRUE);
    }
  if (match->len > 0)
    add (conditions, " AND id IN (SELECT rowid FROM prompts WHERE prompts MATCH ?)",
         g_strdup (match->str), 0);
}

static void
conditions_init (Conditions *conditions, gboolean trashed)
{
  conditions->sql
      = g_string_new (trashed ? " WHERE trashed IS NOT NULL" : " WHERE trashed IS NULL");
  conditions->values = g_array_new (FALSE, FALSE, sizeof (Value));
  g_array_set_clear_func (conditions->values, value_clear);
}

static void
add_query (Conditions *conditions, const C2lLibraryQuery *query)
{
  if (query->text != NULL)
    add_search (conditions, query->text);
  if (query->model != NULL)
    add (conditions, " AND model = ?", g_utf8_make_valid (query->model, -1), 0);
  if (query->generator != NULL)
    add (conditions, " AND generator = ?", g_strdup (query->generator), 0);
  if (query->from != 0)
    add (conditions, " AND created >= ?", NULL, query->from);
  if (query->to != 0)
    add (conditions, " AND created < ?", NULL, query->to);
  if (query->favourites)
    g_string_append (conditions->sql, " AND favourite");
  if (query->not_kept)
    g_string_append (conditions->sql, " AND NOT kept");
  if (query->collection != 0)
    add (conditions, " AND id IN (SELECT picture FROM collected WHERE collection = ?)", NULL,
         query->collection);
}

/* Prepares and binds; clears the conditions. */
static sqlite3_stmt *
prepare (sqlite3 *db, const char *begin, Conditions *conditions, const char *end, GError **error)
{
  g_autofree char *sql = g_strconcat (begin, conditions->sql->str, end, NULL);
  sqlite3_stmt *statement = c2l_library_db_prepare (db, sql, error);

  for (guint i = 0; statement != NULL && i < conditions->values->len; i++)
    {
      const Value *value = &g_array_index (conditions->values, Value, i);

      if (value->text != NULL)
        c2l_library_db_bind_text (statement, i + 1, value->text);
      else
        sqlite3_bind_int64 (statement, i + 1, value->number);
    }
  g_string_free (conditions->sql, TRUE);
  g_array_unref (conditions->values);
  return statement;
}

/* --- statements --- */

sqlite3_stmt *
c2l_library_db_prepare_list (sqlite3 *db, const C2lLibraryQuery *query, GError **error)
{
  const char *order
      = query->order == C2L_LIBRARY_BEST ? "score DESC, id DESC" : "created DESC, id DESC";
  gint64 limit = query->limit != 0 ? (gint64) query->limit : -1;
  g_autofree char *end = g_strdup_printf (" ORDER BY %s LIMIT %" G_GINT64_FORMAT " OFFSET %u",
                                          order, limit, query->offset);
  Conditions conditions;

  conditions_init (&conditions, query->trashed);
  add_query (&conditions, query);
  return prepare (db, "SELECT " C2L_LIBRARY_ENTRY_COLUMNS " FROM pictures", &conditions, end,
                  error);
}

sqlite3_stmt *
c2l_library_db_prepare_count (sqlite3 *db, const C2lLibraryQuery *query, GError **error)
{
  Conditions conditions;

  conditions_init (&conditions, query->trashed);
  add_query (&conditions, query);
  return prepare (db, "SELECT count (*) FROM pictures", &conditions, "", error);
}

sqlite3_stmt *
c2l_library_db_prepare_prompts (sqlite3 *db, const char *text, guint limit, GError **error)
{
  g_autofree char *words = c2l_library_dup_words (text);
  g_autofree char *end = g_strdup_printf (" GROUP BY prompt ORDER BY min (instr (words, ?)) = 1 "
                                          "DESC, max (id) DESC LIMIT %" G_GINT64_FORMAT,
                                          limit != 0 ? (gint64) limit : -1);
  Conditions conditions;

  conditions_init (&conditions, FALSE);
  add (&conditions, " AND prompt <> '' AND instr (words, ?) > 0", g_strdup (words), 0);
  if (is_indexed (words))
    add (&conditions, " AND id IN (SELECT rowid FROM prompts WHERE prompts MATCH ?)", quote (words),
         0);
  /* The one in the order, which stands behind all conditions. */
  add (&conditions, "", g_strdup (words), 0);
  return prepare (db, "SELECT prompt FROM pictures", &conditions, end, error);
}

static char *
dup_certain (sqlite3_stmt *statement, int column)
{
  char *text = c2l_library_db_dup_column (statement, column);

  return text != NULL ? text : g_strdup ("");
}

C2lLibraryEntry *
c2l_library_db_read_entry (sqlite3_stmt *statement)
{
  C2lLibraryEntry *entry = g_new0 (C2lLibraryEntry, 1);

  g_atomic_ref_count_init (&entry->refs);
  entry->uid = dup_certain (statement, 1);
  entry->created = sqlite3_column_int64 (statement, 2);
  entry->prompt = c2l_library_db_dup_column (statement, 3);
  entry->model = dup_certain (statement, 4);
  entry->generator = c2l_library_db_dup_column (statement, 5);
  entry->has_score = sqlite3_column_type (statement, 6) != SQLITE_NULL;
  entry->score = sqlite3_column_double (statement, 6);
  entry->favourite = sqlite3_column_int (statement, 7) != 0;
  entry->trashed = sqlite3_column_int64 (statement, 8);
  entry->kept = sqlite3_column_int (statement, 9) != 0;
  return entry;
}
