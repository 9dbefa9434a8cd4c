/* What is read from the library. A search's text is looked for as it is: three letters and more by the trigram index, where quotes and
 * operators have no meaning because every word is quoted; shorter words by LIKE. */
#include "studio/library-private.h"

#include <string.h>

/* The index knows pieces of three letters. */
#define TRIGRAM 3

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

typedef struct
{
  GString *sql;
  GPtrArray *texts;  /* what "?" stands for, in order; owned */
  GArray *numbers;   /* likewise, for those entries of @texts that are NULL */
} Conditions;

static void
add_text (Conditions *conditions, const char *sql, char *text)
{
  g_string_append (conditions->sql, sql);
  g_ptr_array_add (conditions->texts, text);
}

static void
add_number (Conditions *conditions, const char *sql, gint64 number)
{
  add_text (conditions, sql, NULL);
  g_array_append_val (conditions->numbers, number);
}

static char *
escape (const char *word, char quote, const char *others, const char *prefix)
{
  GString *escaped = g_string_new (NULL);

  for (const char *c = word; *c != '\0'; c++)
    {
      if (*c == quote || (others != NULL && strchr (others, *c) != NULL))
        g_string_append (escaped, prefix);
      g_string_append_c (escaped, *c);
    }
  return g_string_free (escaped, FALSE);
}

static void
add_word (Conditions *conditions, GString *match, const char *word)
{
  if (g_utf8_strlen (word, -1) >= TRIGRAM)
    {
      g_autofree char *quoted = escape (word, '"', NULL, "\"");

      g_string_append_printf (match, "%s\"%s\"", match->len > 0 ? " AND " : "", quoted);
    }
  else
    {
      g_autofree char *literal = escape (word, '\\', "%_", "\\");

      add_text (conditions, " AND prompt LIKE ? ESCAPE '\\'", g_strdup_printf ("%%%s%%", literal));
    }
}

static void
add_search (Conditions *conditions, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_auto (GStrv) words = g_strsplit_set (valid, " \t\n", -1);
  g_autoptr (GString) match = g_string_new (NULL);

  for (guint i = 0; words[i] != NULL; i++)
    if (*words[i] != '\0')
      add_word (conditions, match, words[i]);
  if (match->len > 0)
    add_text (conditions, " AND id IN (SELECT rowid FROM prompts WHERE prompts MATCH ?)",
              g_strdup (match->str));
}

static void
conditions_init (Conditions *conditions, const C2lLibraryQuery *query)
{
  conditions->sql = g_string_new (query->trashed ? " WHERE trashed IS NOT NULL"
                                                 : " WHERE trashed IS NULL");
  conditions->texts = g_ptr_array_new_with_free_func (g_free);
  conditions->numbers = g_array_new (FALSE, FALSE, sizeof (gint64));
  if (query->text != NULL)
    add_search (conditions, query->text);
  if (query->model != NULL)
    add_text (conditions, " AND model = ?", g_strdup (query->model));
  if (query->from != 0)
    add_number (conditions, " AND created >= ?", query->from);
  if (query->to != 0)
    add_number (conditions, " AND created < ?", query->to);
  if (query->favourites)
    g_string_append (conditions->sql, " AND favourite");
  if (query->collection != 0)
    add_number (conditions, " AND id IN (SELECT picture FROM collected WHERE collection = ?)",
                query->collection);
}

static void
conditions_clear (Conditions *conditions)
{
  g_string_free (conditions->sql, TRUE);
  g_ptr_array_unref (conditions->texts);
  g_array_unref (conditions->numbers);
}

/* Prepares and binds; takes the conditions apart. */
static sqlite3_stmt *
prepare (sqlite3 *db, const char *begin, Conditions *conditions, const char *end, GError **error)
{
  g_autofree char *sql = g_strconcat (begin, conditions->sql->str, end, NULL);
  sqlite3_stmt *statement = c2l_library_db_prepare (db, sql, error);

  for (guint i = 0, number = 0; statement != NULL && i < conditions->texts->len; i++)
    {
      const char *text = g_ptr_array_index (conditions->texts, i);

      if (text != NULL)
        c2l_library_db_bind_text (statement, i + 1, text);
      else
        sqlite3_bind_int64 (statement, i + 1,
                            g_array_index (conditions->numbers, gint64, number++));
    }
  conditions_clear (conditions);
  return statement;
}

/* --- lists --- */

static C2lLibraryEntry *
read_entry (sqlite3_stmt *statement)
{
  C2lLibraryEntry *entry = g_new0 (C2lLibraryEntry, 1);
  int n_bytes = sqlite3_column_bytes (statement, 7);

  g_atomic_ref_count_init (&entry->refs);
  entry->uid = c2l_library_db_dup_column (statement, 0);
  entry->created = sqlite3_column_int64 (statement, 1);
  entry->prompt = c2l_library_db_dup_column (statement, 2);
  entry->model = c2l_library_db_dup_column (statement, 3);
  entry->generator = c2l_library_db_dup_column (statement, 4);
  entry->has_score = sqlite3_column_type (statement, 5) != SQLITE_NULL;
  entry->score = sqlite3_column_double (statement, 5);
  entry->favourite = sqlite3_column_int (statement, 6) != 0;
  if (n_bytes > 0)
    entry->thumbnail = g_bytes_new (sqlite3_column_blob (statement, 7), n_bytes);
  return entry;
}

#define ENTRY_COLUMNS "uid, created, prompt, model, generator, score, favourite, thumbnail"

static char *
dup_order (const C2lLibraryQuery *query)
{
  return g_strdup_printf (" ORDER BY %s LIMIT %" G_GINT64_FORMAT " OFFSET %u",
                          query->order == C2L_LIBRARY_BEST ? "score DESC, id DESC"
                                                           : "created DESC, id DESC",
                          query->limit != 0 ? (gint64) query->limit : -1, query->offset);
}

GPtrArray *
c2l_library_db_list (sqlite3 *db, const C2lLibraryQuery *query, GError **error)
{
  g_autoptr (GPtrArray) entries
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_library_entry_unref);
  g_autofree char *end = dup_order (query);
  Conditions conditions;
  sqlite3_stmt *statement;
  GError *own = NULL;

  conditions_init (&conditions, query);
  statement = prepare (db, "SELECT " ENTRY_COLUMNS " FROM pictures", &conditions, end, &own);
  while (statement != NULL && c2l_library_db_step (db, statement, &own))
    g_ptr_array_add (entries, read_entry (statement));
  sqlite3_finalize (statement);
  if (own == NULL)
    return g_steal_pointer (&entries);
  g_propagate_error (error, own);
  return NULL;
}

GPtrArray *
c2l_library_db_read (sqlite3 *db, const char *const *uids, GError **error)
{
  g_autoptr (GPtrArray) entries
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_library_entry_unref);
  GError *own = NULL;
  sqlite3_stmt *statement = c2l_library_db_prepare (
      db, "SELECT " ENTRY_COLUMNS " FROM pictures WHERE uid = ?", &own);

  for (guint i = 0; own == NULL && uids[i] != NULL; i++)
    {
      sqlite3_reset (statement);
      c2l_library_db_bind_text (statement, 1, uids[i]);
      if (c2l_library_db_step (db, statement, &own))
        g_ptr_array_add (entries, read_entry (statement));
    }
  sqlite3_finalize (statement);
  if (own == NULL)
    return g_steal_pointer (&entries);
  g_propagate_error (error, own);
  return NULL;
}

gssize
c2l_library_db_count (sqlite3 *db, const C2lLibraryQuery *query, GError **error)
{
  Conditions conditions;
  sqlite3_stmt *statement;
  gssize n = -1;

  conditions_init (&conditions, query);
  statement = prepare (db, "SELECT count (*) FROM pictures", &conditions, "", error);
  if (statement != NULL && c2l_library_db_step (db, statement, error))
    n = sqlite3_column_int64 (statement, 0);
  sqlite3_finalize (statement);
  return n;
}

C2lRecipe *
c2l_library_db_load_recipe (sqlite3 *db, const char *uid, GError **error)
{
  sqlite3_stmt *statement
      = c2l_library_db_prepare (db, "SELECT recipe FROM pictures WHERE uid = ?", error);
  C2lRecipe *recipe = NULL;
  GError *own = NULL;

  if (statement == NULL)
    return NULL;
  c2l_library_db_bind_text (statement, 1, uid);
  if (c2l_library_db_step (db, statement, &own))
    {
      g_autofree char *json = c2l_library_db_dup_column (statement, 0);

      recipe = c2l_recipe_from_json (json != NULL ? json : "", "the picture library", &own);
    }
  else if (own == NULL)
    g_set_error_literal (&own, C2L_LIBRARY_ERROR, C2L_LIBRARY_ERROR_UNKNOWN,
                         "the picture is not in the library any more");
  sqlite3_finalize (statement);
  if (own != NULL)
    g_propagate_error (error, own);
  return recipe;
}

static char **
read_strings (sqlite3 *db, sqlite3_stmt *statement, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  GError *own = NULL;

  if (statement == NULL)
    return NULL;
  while (c2l_library_db_step (db, statement, &own))
    {
      g_autofree char *text = c2l_library_db_dup_column (statement, 0);

      if (text != NULL)
        g_strv_builder_add (builder, text);
    }
  sqlite3_finalize (statement);
  if (own == NULL)
    return g_strv_builder_end (builder);
  g_propagate_error (error, own);
  return NULL;
}

char **
c2l_library_db_list_uids (sqlite3 *db, const C2lLibraryQuery *query, GError **error)
{
  g_autofree char *end = dup_order (query);
  Conditions conditions;

  conditions_init (&conditions, query);
  return read_strings (db, prepare (db, "SELECT uid FROM pictures", &conditions, end, error),
                       error);
}

char **
c2l_library_db_list_prompts (sqlite3 *db, const char *text, guint limit, GError **error)
{
  g_autofree char *literal = escape (text, '\\', "%_", "\\");
  g_autofree char *anywhere = g_strdup_printf ("%%%s%%", literal);
  g_autofree char *in_front = g_strdup_printf ("%s%%", literal);
  sqlite3_stmt *statement = c2l_library_db_prepare (
      db,
      "SELECT prompt FROM pictures WHERE prompt LIKE ?1 ESCAPE '\\' AND trashed IS NULL "
      "GROUP BY prompt ORDER BY (prompt LIKE ?2 ESCAPE '\\') DESC, max (created) DESC LIMIT ?3",
      error);

  if (statement != NULL)
    {
      c2l_library_db_bind_text (statement, 1, anywhere);
      c2l_library_db_bind_text (statement, 2, in_front);
      sqlite3_bind_int64 (statement, 3, limit != 0 ? (gint64) limit : -1);
    }
  return read_strings (db, statement, error);
}

char **
c2l_library_db_list_models (sqlite3 *db, GError **error)
{
  return read_strings (
      db, c2l_library_db_prepare (db, "SELECT DISTINCT model FROM pictures ORDER BY model", error),
      error);
}

GPtrArray *
c2l_library_db_list_collections (sqlite3 *db, GError **error)
{
  g_autoptr (GPtrArray) collections
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_collection_free);
  sqlite3_stmt *statement = c2l_library_db_prepare (
      db,
      "SELECT c.id, c.name, count (p.id) FROM collections c LEFT JOIN collected m ON m.collection = c.id "
      "LEFT JOIN pictures p ON p.id = m.picture AND p.trashed IS NULL GROUP BY c.id ORDER BY c.name",
      error);
  GError *own = NULL;

  if (statement == NULL)
    return NULL;
  while (c2l_library_db_step (db, statement, &own))
    {
      C2lCollection *collection = g_new0 (C2lCollection, 1);

      collection->id = sqlite3_column_int64 (statement, 0);
      collection->name = c2l_library_db_dup_column (statement, 1);
      collection->n_pictures = sqlite3_column_int64 (statement, 2);
      g_ptr_array_add (collections, collection);
    }
  sqlite3_finalize (statement);
  if (own == NULL)
    return g_steal_pointer (&collections);
  g_propagate_error (error, own);
  return NULL;
}
