/* Self-tests of what needs no device: the tokenizer's cases, and edit directions as the original's
 * files and as NumPy arrays. */
#include "studio/selftest-private.h"

#include "formats/json-text.h"
#include "formats/npy.h"
#include "models/text-cleanup.h"
#include "models/tokenizer.h"
#include "studio/json.h"
#include "studio/recipe.h"

#include <math.h>
#include <string.h>

/* So many of @n cases were @wrong: exact, as cases of words are. */
static void
report_cases (C2lSelftest *self, const char *name, guint n, guint wrong, const char *first)
{
  C2lComparison comparison = { .kind = C2L_TOLERANCE_EXACT,
                               .largest = n,
                               .max_abs = wrong,
                               .max_rel = (double) wrong / MAX (n, 1),
                               .ok = wrong == 0 };
  g_autofree char *note = wrong > 0
                              ? g_strdup_printf ("%u of %u cases, first “%s”", wrong, n, first)
                              : g_strdup_printf ("%u cases", n);

  self->n_compared++;
  self->report (name, &comparison, note, self->data);
}

/* --- tokenizer --- */

typedef enum
{
  CLEAN,
  IDS,
  PADDED,
  N_CHECKS
} Check;

typedef struct
{
  guint n, wrong[N_CHECKS];
  char *first[N_CHECKS];
} Counts;

static gboolean
equals_array (JsonArray *array, const gint32 *ids, guint n)
{
  if (array == NULL || json_array_get_length (array) != n)
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (json_array_get_int_element (array, i) != ids[i])
      return FALSE;
  return TRUE;
}

static void
count (Counts *counts, Check check, const char *text, gboolean ok)
{
  if (ok)
    return;
  if (counts->wrong[check]++ == 0)
    counts->first[check] = g_strdup (text);
}

/* json-glib's strings end at a NUL, and a prompt may hold one: such a line is read with a stand-in,
 * here a private code point. */
#define NUL_STAND_IN "\\uf8ff"
#define NUL_STAND_IN_UTF8 "\xef\xa3\xbf"

static char *
hide_nuls (const char *line)
{
  GString *text = g_string_new (NULL);

  for (const char *c = line; *c != '\0'; c++)
    if (g_str_has_prefix (c, "\\u0000"))
      {
        g_string_append (text, NUL_STAND_IN);
        c += strlen ("\\u0000") - 1;
      }
    else
      {
        g_string_append_c (text, *c);
        if (*c == '\\' && c[1] != '\0')
          g_string_append_c (text, *++c);
      }
  return g_string_free (text, FALSE);
}

static GString *
show_nuls (const char *text)
{
  GString *bytes = g_string_new (NULL);

  while (*text != '\0')
    if (g_str_has_prefix (text, NUL_STAND_IN_UTF8))
      {
        g_string_append_c (bytes, '\0');
        text += strlen (NUL_STAND_IN_UTF8);
      }
    else
      g_string_append_c (bytes, *text++);
  return bytes;
}

static void
check_case (C2lTokenizer *tokenizer, JsonObject *object, Counts *counts)
{
  const char *text = c2l_json_get_string (object, "text", "");
  g_autoptr (GString) bytes = show_nuls (text);
  JsonArray *padded = c2l_json_get_array (object, "tokens77");
  g_autofree char *clean = c2l_text_cleanup (bytes->str, bytes->len);
  g_autoptr (GArray) all = c2l_tokenizer_encode_all (tokenizer, bytes->str, bytes->len);

  counts->n++;
  count (counts, CLEAN, text, strcmp (clean, c2l_json_get_string (object, "clean", "")) == 0);
  count (counts, IDS, text,
         equals_array (c2l_json_get_array (object, "ids"), (const gint32 *) (gpointer) all->data,
                       all->len));
  /* What is encoded for a model is a C string. */
  if (padded != NULL && strlen (bytes->str) == bytes->len)
    {
      int context = json_array_get_length (padded);
      g_autofree gint32 *ids = g_new0 (gint32, context);

      c2l_tokenizer_encode (tokenizer, text, ids, context, NULL);
      count (counts, PADDED, text, equals_array (padded, ids, context));
    }
}

gboolean
c2l_selftest_tokenizer (C2lSelftest *self, GError **error)
{
  static const char *const names[N_CHECKS] = { "clean", "ids", "tokens, cut to the context" };
  g_autofree char *cases = c2l_expected_dup_file (self->expected, "cases");
  g_autofree char *merges = c2l_expected_dup_file (self->expected, "merges");
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  g_autoptr (C2lTokenizer) tokenizer = NULL;
  Counts counts = { 0 };

  if (cases == NULL || (merges == NULL && self->merges == NULL))
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                   "%s: info.json must name its cases and its merges",
                   c2l_expected_get_folder (self->expected));
      return FALSE;
    }
  /* OpenAI's file holds more merges than its models use: 48,894 of them, 49,408 tokens in all. */
  tokenizer = c2l_tokenizer_load (
      merges != NULL ? merges : self->merges,
      c2l_json_get_int (c2l_expected_get_info (self->expected), "vocab", 49408), error);
  if (tokenizer == NULL || !g_file_get_contents (cases, &text, NULL, error))
    return FALSE;
  lines = g_strsplit (text, "\n", -1);
  for (int i = 0; lines[i] != NULL; i++)
    {
      g_autofree char *line = hide_nuls (lines[i]);
      g_autoptr (JsonObject) object
          = *line != '\0' ? c2l_json_parse_object (line, -1, cases, error) : NULL;

      if (*line == '\0')
        continue;
      if (object == NULL)
        return FALSE;
      check_case (tokenizer, object, &counts);
    }
  for (int check = 0; check < N_CHECKS; check++)
    {
      report_cases (self, names[check], counts.n, counts.wrong[check], counts.first[check]);
      g_free (counts.first[check]);
    }
  return TRUE;
}

/* --- edit directions --- */

/* The original's file of a direction: as info.json names it, beside the array, or among the
 * originals next door. */
static char *
find_original (C2lExpected *expected, const char *name)
{
  const char *folder = c2l_expected_get_folder (expected);
  g_autofree char *file = g_strconcat (name, ".pt", NULL);
  char *candidates[]
      = { c2l_expected_dup_file (expected, name), g_build_filename (folder, file, NULL),
          g_build_filename (folder, "..", "upstream-data", "directions", file, NULL) };
  char *found = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (candidates); i++)
    {
      if (found == NULL && candidates[i] != NULL
          && g_file_test (candidates[i], G_FILE_TEST_IS_REGULAR))
        found = g_steal_pointer (&candidates[i]);
      g_free (candidates[i]);
    }
  return found;
}

static void
report_array (C2lSelftest *self,
              const char *name,
              const char *note,
              const C2lArray *wanted,
              const C2lArray *got)
{
  C2lComparison comparison = { .kind = C2L_TOLERANCE_EXACT, .ok = TRUE };
  g_autofree float *a = c2l_array_dup_f32 (wanted), *b = c2l_array_dup_f32 (got);

  for (gsize i = 0; i < wanted->length && i < got->length; i++)
    {
      comparison.largest = MAX (comparison.largest, fabsf (a[i]));
      comparison.max_abs = MAX (comparison.max_abs, fabsf (a[i] - b[i]));
    }
  if (wanted->length != got->length)
    comparison.max_abs = INFINITY;
  comparison.ok = comparison.max_abs == 0;
  comparison.max_rel = comparison.largest > 0 ? comparison.max_abs / comparison.largest : 0;
  self->n_compared++;
  self->report (name, &comparison, note, self->data);
}

/* The length of the vector as info.json has it: what is left to compare where the original's file
 * is not at hand. */
static void
report_norm (C2lSelftest *self, const char *name, JsonObject *object, const C2lArray *array)
{
  g_autofree float *values = c2l_array_dup_f32 (array);
  double norm = c2l_json_get_double (object, "norm", 0), sum = 0;
  C2lComparison comparison
      = { .kind = C2L_TOLERANCE_REL, .value = 1e-6, .largest = norm, .limit = norm * 1e-6 };

  for (gsize i = 0; i < array->length; i++)
    sum += (double) values[i] * values[i];
  comparison.max_abs = fabs (sqrt (sum) - norm);
  comparison.max_rel = norm > 0 ? comparison.max_abs / norm : 0;
  comparison.ok = comparison.max_abs <= comparison.limit;
  self->n_compared++;
  self->report (name, &comparison, "its length; the original's file is not at hand", self->data);
}

static gboolean
check_direction (C2lSelftest *self, const char *name, JsonObject *object, GError **error)
{
  g_autofree char *file = g_strconcat (name, ".npy", NULL);
  g_autofree char *path = g_build_filename (c2l_expected_get_folder (self->expected), file, NULL);
  g_autofree char *original = find_original (self->expected, name);
  g_autoptr (C2lNpy) npy = c2l_npy_load (path, error);
  g_autoptr (C2lWeights) weights = NULL;
  const C2lArray *array;

  if (npy == NULL)
    return FALSE;
  if (original == NULL)
    {
      report_norm (self, name, object, &npy->array);
      return TRUE;
    }
  weights = c2l_weights_load (original, error);
  if (weights == NULL)
    return FALSE;
  array = c2l_weights_lookup (weights, "");
  if (array == NULL)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                   "%s: one bare array is expected", original);
      return FALSE;
    }
  report_array (self, name, original, &npy->array, array);
  return TRUE;
}

gboolean
c2l_selftest_edits (C2lSelftest *self, GError **error)
{
  JsonObject *info = c2l_expected_get_info (self->expected);
  g_autoptr (GList) members = json_object_get_members (info);

  for (GList *l = members; l != NULL; l = l->next)
    {
      JsonObject *object = c2l_json_get_object (info, l->data);

      if (object != NULL && json_object_has_member (object, "shape")
          && !check_direction (self, l->data, object, error))
        return FALSE;
    }
  return TRUE;
}
