/* Runs a fuzz target without libFuzzer: every file of its corpus, then a few hundred mutations of each that are the same
 * every time (C2L_FUZZ_MUTATIONS: as many). It finds nothing new; it keeps what fuzzing once found from coming back. */
#include <glib.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

#define MUTATIONS 300
#define MAX_CHANGES 6

static void
mutate (GByteArray *input, GRand *random)
{
  int n_changes = g_rand_int_range (random, 1, MAX_CHANGES + 1);

  for (int i = 0; i < n_changes && input->len > 0; i++)
    {
      guint at = (guint) g_rand_int_range (random, 0, (gint32) input->len), n;
      switch (g_rand_int_range (random, 0, 5))
        {
        case 0:
          input->data[at] = (guint8) g_rand_int (random);
          break;
        case 1:
          input->data[at] ^= (guint8) (1u << g_rand_int_range (random, 0, 8));
          break;
        case 2:
          n = (guint) g_rand_int_range (random, 1, 9);
          g_byte_array_remove_range (input, at, MIN (input->len - at, n));
          break;
        case 3:
          memset (input->data + at, g_rand_boolean (random) ? 0xff : 0, MIN (input->len - at, 8));
          break;
        default:
          g_byte_array_set_size (input, at);
          break;
        }
    }
}

static gint64
get_n_mutations (void)
{
  const char *text = g_getenv ("C2L_FUZZ_MUTATIONS");
  gint64 n = MUTATIONS;
  g_autoptr (GError) error = NULL;

  if (text != NULL)
    g_ascii_string_to_signed (text, 10, 0, G_MAXINT, &n, &error);
  g_assert_no_error (error);
  return n;
}

static void
replay (gconstpointer data)
{
  gint64 n_mutations = get_n_mutations ();
  g_autoptr (GRand) random = g_rand_new_with_seed (20221102);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  gsize length;

  g_file_get_contents (data, &text, &length, &error);
  g_assert_no_error (error);
  LLVMFuzzerTestOneInput ((const guint8 *) text, length);
  for (int i = 0; i < n_mutations; i++)
    {
      g_autoptr (GByteArray) input = g_byte_array_new ();
      g_byte_array_append (input, (const guint8 *) text, (guint) length);
      mutate (input, random);
      /* Exactly as long as it says, so that reading past the end is seen. */
      g_autofree guint8 *exact = g_memdup2 (input->data, MAX (input->len, 1));
      LLVMFuzzerTestOneInput (exact, input->len);
    }
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  g_autofree char *topic = g_path_get_basename (argv[1]);
  g_autoptr (GDir) dir = g_dir_open (argv[1], 0, &error);
  g_assert_no_error (error);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *test = g_strdup_printf ("/fuzz/%s/%s", topic, name);
      g_ptr_array_add (paths, g_build_filename (argv[1], name, NULL));
      g_test_add_data_func (test, g_ptr_array_index (paths, paths->len - 1), replay);
    }
  return g_test_run ();
}
