/* What is listed of a run's folder, whatever else lies there. */
#include "studio/run-parts.h"

#include "scratch.h"

#include <glib/gstdio.h>

static void
put (const char *run, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (run, name, NULL);
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0755), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static char *top; /* all runs are in there */

static char *
make_run (void)
{
  return g_mkdtemp (g_build_filename (top, "run-XXXXXX", NULL));
}

static void
test_nothing_there (void)
{
  g_autoptr (C2lRunParts) parts = c2l_run_parts_read ("/nowhere/at/all");

  g_assert_cmpuint (parts->checkpoints->len, ==, 0);
  g_assert_cmpuint (parts->samples->len, ==, 0);
  g_assert_cmpstr (parts->log, ==, "");
}

static void
test_checkpoints (void)
{
  g_autofree char *run = make_run ();
  const char *const files[] = { "00000100.ckpt",
                                "best.ckpt",
                                "123456789012.ckpt",
                                "00000020.ckpt",
                                ".00000030.ckpt",
                                "1.ckpt",
                                "0000000x.ckpt",
                                "-0000001.ckpt",
                                "00000040.ckpt.x",
                                "latest.ckpt",
                                "99999999999999999999999.ckpt" };
  const gint64 steps[] = { -1, 123456789012, 100, 20 };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *name = g_build_filename ("checkpoints", files[i], NULL);
      put (run, name, "x");
    }

  g_autoptr (C2lRunParts) parts = c2l_run_parts_read (run);

  g_assert_cmpuint (parts->checkpoints->len, ==, G_N_ELEMENTS (steps));
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      const C2lRunCheckpoint *checkpoint = g_ptr_array_index (parts->checkpoints, i);

      g_assert_cmpint (checkpoint->step, ==, steps[i]);
      g_assert_true (g_file_test (checkpoint->path, G_FILE_TEST_EXISTS));
    }
}

static void
test_samples (void)
{
  g_autofree char *run = make_run ();

  put (run, "samples/00000200/text2im.png", "x");
  put (run, "samples/00000200/image-vars.png", "x");
  put (run, "samples/00000200/.text2im.png.part", "x");
  put (run, "samples/00000200/notes.txt", "x");
  put (run, "samples/00000100/text2im.png", "x");
  put (run, "samples/00000300/nothing.txt", "x");
  put (run, "samples/others/text2im.png", "x");
  put (run, "samples/00000400", "a file");

  g_autoptr (C2lRunParts) parts = c2l_run_parts_read (run);
  const C2lRunSamples *first = g_ptr_array_index (parts->samples, 0);
  const C2lRunSamples *second = g_ptr_array_index (parts->samples, 1);

  g_assert_cmpuint (parts->samples->len, ==, 2);
  g_assert_cmpint (first->step, ==, 100);
  g_assert_cmpint (second->step, ==, 200);
  g_assert_cmpstrv (first->names, ((const char *const[]){ "text2im", NULL }));
  g_assert_cmpstrv (second->names, ((const char *const[]){ "image-vars", "text2im", NULL }));
  g_assert_true (g_str_has_suffix (second->folder, "samples/00000200"));
}

static void
test_last_words (void)
{
  g_autofree char *run = make_run ();
  g_autoptr (GString) text = g_string_new (NULL);

  for (int i = 0; i < 5000; i++)
    g_string_append_printf (text, "line %d\n", i);
  g_string_append (text, "[###   ] 10 %\r[######] 100 %\rthe end \xff of it\n\n");
  put (run, "log.txt", text->str);

  g_autoptr (C2lRunParts) parts = c2l_run_parts_read (run);
  g_auto (GStrv) lines = g_strsplit (parts->log, "\n", -1);

  g_assert_cmpuint (g_strv_length (lines), ==, 12);
  g_assert_cmpstr (lines[0], ==, "line 4989");
  g_assert_cmpstr (lines[10], ==, "line 4999");
  g_assert_true (g_str_has_prefix (lines[11], "the end "));
  g_assert_true (g_utf8_validate (parts->log, -1, NULL));

  put (run, "log.txt", "only this");

  g_autoptr (C2lRunParts) again = c2l_run_parts_read (run);

  g_assert_cmpstr (again->log, ==, "only this");
}

static void
take_result (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static void
test_on_a_thread (void)
{
  g_autofree char *run = make_run ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  put (run, "checkpoints/00000001.ckpt", "x");
  c2l_run_parts_read_async (run, NULL, take_result, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);

  g_autoptr (C2lRunParts) parts = c2l_run_parts_read_finish (result, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (parts->checkpoints->len, ==, 1);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  top = g_dir_make_tmp ("c2l-run-parts-XXXXXX", NULL);
  g_test_add_func ("/run-parts/nothing-there", test_nothing_there);
  g_test_add_func ("/run-parts/checkpoints", test_checkpoints);
  g_test_add_func ("/run-parts/samples", test_samples);
  g_test_add_func ("/run-parts/last-words", test_last_words);
  g_test_add_func ("/run-parts/on-a-thread", test_on_a_thread);
  result = g_test_run ();
  scratch_remove (top);
  g_free (top);
  return result;
}
