/* The self-test itself: the stored recordings agree, a spoilt one does not, and a folder's name means nothing. */
#include "studio/selftest.h"
#include "studio/recipe.h"
#include "scratch.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

typedef struct
{
  guint n, n_over;
} Counts;

static void
count (const char *name, const C2lComparison *comparison, const char *note, gpointer data)
{
  Counts *counts = data;

  counts->n++;
  counts->n_over += !comparison->ok;
  if (!comparison->ok)
    g_test_message ("%s: %g over %g", name, comparison->max_abs, comparison->limit);
}

static C2lSelftestOutcome
run (const char *folder, Counts *counts, GError **error)
{
  g_autoptr (C2lDevice) device = c2l_device_open ("cpu", NULL);
  g_autofree char *merges = g_build_filename (g_getenv ("C2L_DATA"), "merges.txt.gz", NULL);

  *counts = (Counts) { 0 };
  return c2l_selftest_run (folder, device, C2L_PRECISION_F32, merges, count, counts, NULL, error);
}

static void
test_recordings_agree (gconstpointer data)
{
  g_autofree char *folder = g_build_filename (g_getenv ("C2L_FIXTURES"), data, NULL);
  g_autoptr (GError) error = NULL;
  Counts counts;

  g_assert_cmpint (run (folder, &counts, &error), ==, C2L_SELFTEST_DONE);
  g_assert_no_error (error);
  g_assert_cmpuint (counts.n, >, 0);
  g_assert_cmpuint (counts.n_over, ==, 0);
}

static char *
make_folder (const char *info)
{
  char *folder = g_dir_make_tmp ("stylegan2-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "info.json", NULL);

  g_file_set_contents (path, info, -1, NULL);
  return folder;
}

static void
test_fails_on_unknown_types (void)
{
  g_autofree char *folder = make_folder ("{\"fixture\": {\"type\": \"poetry\", \"files\": {}, \"tolerance\": []}}");
  g_autoptr (GError) error = NULL;
  Counts counts;

  g_assert_cmpint (run (folder, &counts, &error), ==, C2L_SELFTEST_FAILED);
  g_assert_nonnull (strstr (error->message, "poetry"));
  scratch_remove (folder);
}

static void
test_fails_without_info (void)
{
  g_autoptr (GError) error = NULL;
  Counts counts;

  g_assert_cmpint (run ("/nonexistent", &counts, &error), ==, C2L_SELFTEST_FAILED);
  g_assert_nonnull (error);
}

/* A tokenizer folder under another name, one case of which is wrong. */
static void
test_sees_a_spoilt_case (void)
{
  g_autofree char *folder = make_folder ("{\"fixture\": {\"type\": \"tokenizer\", \"files\": {\"cases\": \"cases.jsonl\"}, \"tolerance\": []}}");
  g_autofree char *path = g_build_filename (folder, "cases.jsonl", NULL);
  g_autoptr (GError) error = NULL;
  Counts counts;

  g_file_set_contents (path, "{\"text\": \"caf\\u00e9\", \"clean\": \"caf\\u00e9\", \"ids\": [15304]}\n"
                             "{\"text\": \"caf\\u00e9\", \"clean\": \"cafe\", \"ids\": [15304]}\n", -1, NULL);
  g_assert_cmpint (run (folder, &counts, &error), ==, C2L_SELFTEST_DONE);
  g_assert_no_error (error);
  g_assert_cmpuint (counts.n_over, ==, 1);
  scratch_remove (folder);
}

int
main (int argc, char **argv)
{
  static const char *const folders[] = { "dataset/w", "dataset/w3", "e2e/w", "edits" };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *name = g_strdup_printf ("/selftest/recordings-agree/%s", folders[i]);
      g_test_add_data_func (name, folders[i], test_recordings_agree);
    }
  g_test_add_func ("/selftest/fails-on-unknown-types", test_fails_on_unknown_types);
  g_test_add_func ("/selftest/fails-without-info", test_fails_without_info);
  g_test_add_func ("/selftest/sees-a-spoilt-case", test_sees_a_spoilt_case);
  return g_test_run ();
}
