/* Every malicious and broken file of the formats behind c2l_weights_load, as hostile/expect.json says. The three that only
 * repeat one byte are made here. Tensors of whatever loads are read through, so that sanitizers see the data. */
#include "weights-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

#define MARKER "/tmp/c2l-hostile-marker"

static GBytes *
repeated (const char *head, char byte, gsize n, char second, gsize n_second, const char *tail, gsize n_tail)
{
  GString *text = g_string_new (head);
  for (gsize i = 0; i < n; i++)
    g_string_append_c (text, byte);
  for (gsize i = 0; i < n_second; i++)
    g_string_append_c (text, second);
  g_string_append_len (text, tail, (gssize) n_tail);
  return g_string_free_to_bytes (text);
}

static GBytes *
deep_json (void)
{
  GByteArray *out = g_byte_array_new ();
  g_autoptr (GBytes) brackets = repeated ("", '[', 100000, ']', 100000, "", 0);
  const guint8 data[64] = { 0 };
  guint64 length = GUINT64_TO_LE ((guint64) g_bytes_get_size (brackets));

  g_byte_array_append (out, (const guint8 *) &length, sizeof length);
  g_byte_array_append (out, g_bytes_get_data (brackets, NULL), (guint) g_bytes_get_size (brackets));
  g_byte_array_append (out, data, sizeof data);
  return g_byte_array_free_to_bytes (out);
}

static GBytes *
get_bytes (const char *name)
{
  if (g_str_equal (name, "pickle-deep-recursion.pkl"))
    return repeated ("\x80\x02", ']', 200000, 'a', 199999, ".", 1);
  if (g_str_equal (name, "pickle-deep-tuples.pkl"))
    return repeated ("\x80\x02N", '\x85', 300000, 0, 0, ".", 1);
  if (g_str_equal (name, "st-deep-json.safetensors"))
    return deep_json ();

  g_autofree char *relative = g_build_filename ("hostile", name, NULL);
  g_autofree char *path = fixture (relative);
  g_autoptr (GError) error = NULL;
  char *text;
  gsize length;
  g_file_get_contents (path, &text, &length, &error);
  g_assert_no_error (error);
  return g_bytes_new_take (text, length);
}

static void
read_through (C2lWeights *weights)
{
  g_autofree const char **names = c2l_weights_list_names (weights);
  for (guint i = 0; names[i] != NULL; i++)
    {
      g_autofree float *values = c2l_array_dup_f32 (c2l_weights_lookup (weights, names[i]));
      g_assert_nonnull (values);
    }
}

/* What its message must name. The generator with os.system in it breaks off before it names anything. */
static const struct
{
  const char *file;
  const char *word;
} words[] = {
  { "pickle-os-system.pkl", "posix.system" },
  { "pickle-os-system-proto0.pkl", "os.system" },
  { "pickle-builtins-eval.pkl", "__builtin__.eval" },
  { "pickle-builtins-getattr.pkl", "builtins.getattr" },
  { "pickle-stack-global-dynamic.pkl", "os.system" },
  { "pickle-inst-opcode.pkl", "os.system" },
  { "pickle-obj-opcode.pkl", "os.system" },
  { "pickle-newobj-subprocess.pkl", "subprocess.Popen" },
  { "pickle-build-setstate.pkl", "os.system" },
  { "pickle-persistence-source.pkl", "Evil" },
  { "torch-system-in-data-pkl.ckpt", "posix.system" },
  { "torch-unknown-dtype.ckpt", "QInt9Storage" },
  { "torch-storage-key-traversal.ckpt", "missing" },
  { "generator-nested-torch-system.pkl", "posix.system" },
  { "zip-crc-wrong.ckpt", "checksum" },
  { "clip-resnet.pt", "ResNet" },
  { "git-lfs-pointer.ckpt", "Git LFS pointer" },
  { "html-instead-of-model.pkl", "not a model file" },
};

static void
check_message (const char *file, const GError *error)
{
  g_assert_true (g_str_has_prefix (error->message, file));
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_cmpuint (error->domain, ==, C2L_FORMAT_ERROR);
  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (file, words[i].file) && strstr (error->message, words[i].word) == NULL)
      g_error ("%s: “%s” does not say “%s”", file, error->message, words[i].word);
}

static void
test_file (gconstpointer data)
{
  JsonObject *entry = (JsonObject *) data;
  const char *file = json_object_get_string_member (entry, "file");
  const char *kind = json_object_get_string_member (entry, "kind");
  g_autoptr (GBytes) bytes = get_bytes (file);
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (g_bytes_get_size (bytes), ==, json_object_get_int_member (entry, "bytes"));
  g_autoptr (C2lWeights) weights = c2l_weights_load_bytes (bytes, file, &error);
  if (weights == NULL)
    check_message (file, error);
  else
    read_through (weights);

  if (g_str_equal (kind, "loads"))
    g_assert_no_error (error);
  else if (!g_str_equal (kind, "other"))
    g_assert_null (weights);
  if (g_str_equal (kind, "refuse") && !g_str_equal (file, "generator-os-system-inside.pkl"))
    g_assert_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_FORBIDDEN);
  g_assert_false (g_file_test (MARKER, G_FILE_TEST_EXISTS));
}

static void
test_controls (void)
{
  g_autoptr (C2lWeights) torch = load_fixture ("hostile/valid-small.ckpt");
  g_autofree float *weight = c2l_array_dup_f32 (c2l_weights_lookup (torch, "a.weight"));
  g_autofree float *bias = c2l_array_dup_f32 (c2l_weights_lookup (torch, "b.bias"));
  g_autofree char *shape = c2l_array_to_string (c2l_weights_lookup (torch, "a.weight"));

  g_assert_cmpstr (shape, ==, "f32 [3, 4]");
  for (int i = 0; i < 12; i++)
    g_assert_cmpfloat (weight[i], ==, i);
  for (int i = 0; i < 5; i++)
    g_assert_cmpfloat (bias[i], ==, 1);

  g_autoptr (C2lWeights) deflated = load_fixture ("hostile/zip-deflated.ckpt");
  assert_same_array (c2l_weights_lookup (deflated, "a.weight"), c2l_weights_lookup (torch, "a.weight"));
  g_autoptr (C2lWeights) large = load_fixture ("hostile/torch-storage-too-large.ckpt");
  assert_same_array (c2l_weights_lookup (large, "a.weight"), c2l_weights_lookup (torch, "a.weight"));
}

int
main (int argc, char **argv)
{
  static const char *const ours[] = { "pickle-", "zip-", "torch-", "st-", "generator-", "clip-", "git-", "html-", "valid-" };
  g_autofree char *path = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;

  g_test_init (&argc, &argv, NULL);
  g_remove (MARKER);
  path = fixture ("hostile/expect.json");
  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);

  g_test_add_func ("/hostile/controls-load", test_controls);
  JsonArray *entries = json_node_get_array (json_parser_get_root (parser));
  for (guint i = 0; i < json_array_get_length (entries); i++)
    {
      JsonObject *entry = json_array_get_object_element (entries, i);
      const char *file = json_object_get_string_member (entry, "file");
      for (gsize j = 0; j < G_N_ELEMENTS (ours); j++)
        if (g_str_has_prefix (file, ours[j]))
          {
            g_autofree char *name = g_strdup_printf ("/hostile/%s/%s", json_object_get_string_member (entry, "kind"), file);
            g_test_add_data_func (name, entry, test_file);
          }
    }
  return g_test_run ();
}
