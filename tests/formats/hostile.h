/* The table of tests/fixtures/hostile for tests: every file whose name begins with a prefix, and what must happen to it. */
#pragma once

#include <json-glib/json-glib.h>

/* Called for each file; @kind is "loads", "refuse", "error" or "other". */
typedef void (*HostileFunc) (const char *path, const char *file, const char *kind);

static inline void
for_each_hostile_file (const char *prefix, HostileFunc check)
{
  g_autofree char *folder = g_build_filename (g_getenv ("C2L_FIXTURES"), "hostile", NULL);
  g_autofree char *table = g_build_filename (folder, "expect.json", NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonArray *rows;
  int n = 0;

  g_assert_true (json_parser_load_from_file (parser, table, NULL));
  rows = json_node_get_array (json_parser_get_root (parser));
  for (guint i = 0; i < json_array_get_length (rows); i++)
    {
      JsonObject *row = json_array_get_object_element (rows, i);
      const char *file = json_object_get_string_member (row, "file");
      g_autofree char *path = g_build_filename (folder, file, NULL);

      if (!g_str_has_prefix (file, prefix))
        continue;
      g_test_message ("%s: %s", file, json_object_get_string_member (row, "must"));
      check (path, file, json_object_get_string_member (row, "kind"));
      n++;
    }
  g_assert_cmpint (n, >, 0);
}
