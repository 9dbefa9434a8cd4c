/* XMP: what is written is read, also after another program has written it anew; what is no packet adds nothing. */
#include "formats/xmp.h"

#include <string.h>

static GHashTable *
parse (const char *packet)
{
  GHashTable *texts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  g_free (c2l_xmp_parse (packet, strlen (packet), texts));
  return texts;
}

static void
test_round_trip (void)
{
  static const C2lImageText texts[] = { { "Software", "a <b> & \"c\"" },
                                        { "Description", "  deux\n lignes — 日本語 " },
                                        { "clip2latent", "{\"seed\":\"1\"}" } };
  g_autofree char *packet = c2l_xmp_build (texts, G_N_ELEMENTS (texts));
  g_autoptr (GHashTable) found = parse (packet);

  g_assert_cmpuint (g_hash_table_size (found), ==, G_N_ELEMENTS (texts));
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_assert_cmpstr (g_hash_table_lookup (found, texts[i].keyword), ==, texts[i].text);
}

/* XML has no way to write these. */
static void
test_control_characters (void)
{
  g_autofree char *packet = c2l_xmp_build (&(C2lImageText) { "Description", "a\001b\033[1m\302\205\357\277\277c" }, 1);
  g_autoptr (GHashTable) found = parse (packet);

  g_assert_cmpstr (g_hash_table_lookup (found, "Description"), ==, "a b [1m\302\205 c");
}

/* Another prefix, elements turned into attributes, layout, languages, padding. */
static void
test_rewritten (void)
{
  g_autoptr (GHashTable) found
      = parse ("<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'>\n"
               "<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><r:Description\n"
               " ns1:clip2latent='{&quot;a&quot;:1}' xmlns:ns1='https://clip2latent.github.io/ns/1.0/'\n"
               " xmlns:d='http://purl.org/dc/elements/1.1/' xmlns:other='http://example.com/'\n"
               " other:clip2latent='not ours'>\n  <d:description>\n    <r:Alt>\n      <r:li>first</r:li>\n"
               "      <r:li>second</r:li>\n    </r:Alt>\n  </d:description>\n</r:Description></r:RDF></x:xmpmeta>\n"
               "                                        \n<?xpacket end='w'?>");

  g_assert_cmpuint (g_hash_table_size (found), ==, 2);
  g_assert_cmpstr (g_hash_table_lookup (found, "clip2latent"), ==, "{\"a\":1}");
  g_assert_cmpstr (g_hash_table_lookup (found, "Description"), ==, "first");
}

static void
test_names_extension (void)
{
  g_autofree char *packet = c2l_xmp_build_reference ("0123"), *md5 = NULL;
  g_autoptr (GHashTable) found = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  md5 = c2l_xmp_parse (packet, strlen (packet), found);
  g_assert_cmpstr (md5, ==, "0123");
  g_assert_cmpuint (g_hash_table_size (found), ==, 0);
}

static void
test_other_things (void)
{
  static const char *const packets[] = { "", "<", "no XML", "<a>", "<a xmlns:c2l='https://clip2latent.github.io/ns/1.0/'><c2l:/></a>",
                                         "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "<c2l:x>no namespace</c2l:x>", "\xff\xfe" };
  g_autoptr (GString) deep = g_string_new (NULL);
  g_autoptr (GHashTable) found = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (packets); i++)
    {
      g_autoptr (GHashTable) nothing = parse (packets[i]);

      g_assert_cmpuint (g_hash_table_size (nothing), ==, 0);
    }
  for (int i = 0; i < 100000; i++)
    g_string_append (deep, "<a>");
  found = parse (deep->str);
  g_assert_cmpuint (g_hash_table_size (found), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/xmp/texts-come-back", test_round_trip);
  g_test_add_func ("/xmp/control-characters-become-spaces", test_control_characters);
  g_test_add_func ("/xmp/survives-being-written-anew", test_rewritten);
  g_test_add_func ("/xmp/names-an-extension", test_names_extension);
  g_test_add_func ("/xmp/adds-nothing-of-other-things", test_other_things);
  return g_test_run ();
}
