/* The pickle machine on small pickles, written out: every protocol's way of saying things. */
#include "formats/pickle.h"

#include <string.h>

#define PARSE(text, error) parse (text, sizeof text - 1, error)

static C2lPickle *
parse (const char *text, gsize length, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (text, length);
  return c2l_pickle_parse (bytes, 0, NULL, NULL, error);
}

static char *
json_of (const char *text, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lPickle) pickle = parse (text, length, &error);
  g_assert_no_error (error);
  C2lPickleWalk walk = { 0 };
  g_autoptr (JsonNode) node = c2l_pickle_to_json (pickle, c2l_pickle_get_root (pickle), &walk);
  return node ? json_to_string (node, FALSE) : NULL;
}

#define ASSERT_JSON(text, expected) \
  G_STMT_START \
    { \
      g_autofree char *json = json_of (text, sizeof text - 1); \
      g_assert_cmpstr (json, ==, expected); \
    } \
  G_STMT_END

static void
test_protocol_0 (void)
{
  ASSERT_JSON ("(dp0\nVa\np1\n(lp2\nI1\naI01\naL12L\naF0.5\naNas.", "{\"a\":[1,true,12,0.5,null]}");
  ASSERT_JSON ("(S'it\\'s'\nV\\u00e4\nt.", "[\"it's\",\"ä\"]");
}

static void
test_protocol_2 (void)
{
  ASSERT_JSON ("\x80\x02}q\0(X\1\0\0\0aK\5X\1\0\0\0bM\0\1X\1\0\0\0cJ\xff\xff\xff\xffu.", "{\"a\":5,\"b\":256,\"c\":-1}");
  ASSERT_JSON ("\x80\x02\x8a\x01\xff\x8a\x0a\x07\0\0\0\0\0\0\0\0\0\x86.", "[-1,7]");
}

static void
test_protocol_4 (void)
{
  ASSERT_JSON ("\x80\x04\x95\x0b\0\0\0\0\0\0\0]\x94(\x8c\x01x\x94\x88h\x01" "e.", "[\"x\",true,\"x\"]");
}

static void
test_known_constructors (void)
{
  ASSERT_JSON ("\x80\x02" "ccollections\nOrderedDict\n)RX\1\0\0\0aK\1s.", "{\"a\":1}");
  ASSERT_JSON ("\x80\x02" "cdnnlib.util\nEasyDict\n)\x81X\1\0\0\0aK\1s.", "{\"a\":1}");
  ASSERT_JSON ("\x80\x02" "ccollections\nOrderedDict\n](]X\1\0\0\0a" "aK\1a" "e\x85R.", "{\"a\":1}");
  /* numpy.core.multiarray.scalar (dtype ('f8') little-endian, 1.5) */
  ASSERT_JSON ("\x80\x02" "cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nX\2\0\0\0f8K\0K\1\x87R(K\3X\1\0\0\0<NNNJ\xff\xff\xff\xff"
               "J\xff\xff\xff\xffK\0tb" "B\x08\0\0\0\0\0\0\0\0\0\xf8\x3f\x86R.", "1.5");
}

static void
test_latin1_bytes (void)
{
  /* The same number big-endian, its bytes as text. */
  ASSERT_JSON ("\x80\x02" "cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nX\2\0\0\0f8K\0K\1\x87R(K\3X\1\0\0\0>NNNJ\xff\xff\xff\xff"
               "J\xff\xff\xff\xffK\0tb" "c_codecs\nencode\nX\x09\0\0\0\x3f\xc3\xb8\0\0\0\0\0\0X\6\0\0\0latin1\x86R\x86R.",
               "1.5");
}

static void
test_refuses_by_name (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (PARSE ("\x80\x02" "cshutil\nrmtree\nX\1\0\0\0/\x85R.", &error));
  g_assert_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_FORBIDDEN);
  g_assert_nonnull (strstr (error->message, "shutil.rmtree"));
}

static void
test_refuses_lookalikes (void)
{
  static const char *const modules[] = { "omegaconfig", "omegaconf_evil", "__torch__x", "torch", "numpyx" };
  for (gsize i = 0; i < G_N_ELEMENTS (modules); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *text = g_strdup_printf ("c%s\nload\n.", modules[i]);
      g_assert_null (parse (text, strlen (text), &error));
      g_assert_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_FORBIDDEN);
    }
}

static void
test_refuses_calls_of_plain_classes (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (PARSE ("\x80\x02" "ctorch\nFloatStorage\nK\1\x85R.", &error));
  g_assert_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_FORBIDDEN);
}

static void
test_refuses_registry_and_buffers (void)
{
  static const char codes[] = "\x82\x83\x84\x97\x98P";
  for (gsize i = 0; i < sizeof codes - 1; i++)
    {
      g_autoptr (GError) error = NULL;
      char text[] = { (char) 0x80, 5, codes[i], 0, 0, 0, 0, '.' };
      g_assert_null (parse (text, sizeof text, &error));
      g_assert_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_FORBIDDEN);
    }
}

static void
test_bounds_memory (void)
{
  /* Ten million lists. */
  g_autoptr (GError) error = NULL;
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < 10000000; i++)
    g_string_append_c (text, i % 2 ? '0' : ']');
  g_autoptr (GBytes) bytes = g_string_free_to_bytes (text);
  g_assert_null (c2l_pickle_parse (bytes, 0, NULL, NULL, &error));
  g_assert_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED);
}

static void
test_large_dictionaries (void)
{
  GString *text = g_string_new ("}(");
  for (guint i = 0; i < 100; i++)
    g_string_append_printf (text, "Vkey%u\nI%u\n", i % 90, i);
  g_string_append (text, "u.");
  g_autoptr (GBytes) bytes = g_string_free_to_bytes (text);
  g_autoptr (C2lPickle) pickle = c2l_pickle_parse (bytes, 0, NULL, NULL, NULL);
  const C2lPickleValue *root = c2l_pickle_get_root (pickle);

  /* The last one of a name counts, as in Python. */
  g_assert_cmpint (c2l_pickle_lookup (pickle, root, "key3")->integer, ==, 93);
  g_assert_cmpint (c2l_pickle_lookup (pickle, root, "key33")->integer, ==, 33);
  g_assert_null (c2l_pickle_lookup (pickle, root, "key90"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pickle/reads/protocol-0", test_protocol_0);
  g_test_add_func ("/pickle/reads/protocol-2", test_protocol_2);
  g_test_add_func ("/pickle/reads/protocol-4", test_protocol_4);
  g_test_add_func ("/pickle/reads/known-constructors", test_known_constructors);
  g_test_add_func ("/pickle/reads/bytes-as-latin-1", test_latin1_bytes);
  g_test_add_func ("/pickle/reads/large-dictionaries", test_large_dictionaries);
  g_test_add_func ("/pickle/refuses/by-name", test_refuses_by_name);
  g_test_add_func ("/pickle/refuses/look-alikes", test_refuses_lookalikes);
  g_test_add_func ("/pickle/refuses/calls-of-plain-classes", test_refuses_calls_of_plain_classes);
  g_test_add_func ("/pickle/refuses/registry-and-buffers", test_refuses_registry_and_buffers);
  g_test_add_func ("/pickle/refuses/more-memory-than-a-model-needs", test_bounds_memory);
  return g_test_run ();
}
