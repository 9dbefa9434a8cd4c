/* tar: the broken ones as their table says, names longer than a header holds, and archives that were written here. */
#include "formats/tar.h"

#include "formats/weights.h"
#include "hostile.h"

#include <string.h>

/* Reads everything; returns the number of members, or -1 with @error set. */
static int
count_members (const char *path, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autoptr (C2lTar) tar = c2l_tar_open (path, &local_error);
  const C2lTarEntry *entry;
  int n = 0;

  g_assert_no_error (local_error);
  while ((entry = c2l_tar_read_next (tar, &local_error)) != NULL)
    {
      g_assert_true (g_utf8_validate (entry->name, -1, NULL));
      n++;
    }
  /* The end stays the end. */
  g_assert_null (c2l_tar_read_next (tar, NULL));
  if (local_error == NULL)
    return n;
  g_propagate_error (error, g_steal_pointer (&local_error));
  return -1;
}

static void
check_hostile (const char *path, const char *file, const char *kind)
{
  g_autoptr (GError) error = NULL;
  int n = count_members (path, &error);

  if (strcmp (kind, "loads") == 0)
    {
      g_assert_no_error (error);
      g_assert_cmpint (n, >, 0);
    }
  else if (strcmp (kind, "error") == 0)
    {
      g_assert_cmpint (n, ==, -1);
      g_assert_true (error->domain == C2L_FORMAT_ERROR);
    }
  if (strcmp (file, "tar-symlink.tar") == 0)
    g_assert_cmpint (n, <=, 1);
}

static void
test_hostile (void)
{
  for_each_hostile_file ("tar-", check_hostile);
}

static void
append_block (GByteArray *out, const char *text, gsize size)
{
  static const guint8 zeros[512];

  g_byte_array_append (out, (const guint8 *) text, size);
  g_byte_array_append (out, zeros, (512 - size % 512) % 512);
}

static void
append_member (GByteArray *out, char type, const char *name, const char *data, gsize size)
{
  char header[513] = { 0 };
  guint sum = 0;

  g_strlcpy (header, name, 100);
  g_snprintf (header + 124, 12, "%011" G_GINT64_MODIFIER "o", (guint64) size);
  header[156] = type;
  memcpy (header + 257, "ustar\00000", 8);
  memset (header + 148, ' ', 8);
  for (int i = 0; i < 512; i++)
    sum += (guchar) header[i];
  g_snprintf (header + 148, 8, "%06o", sum);
  append_block (out, header, 512);
  if (size > 0)
    append_block (out, data, size);
}

static C2lTar *
open_bytes (GByteArray *bytes)
{
  g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_data (bytes->data, bytes->len, NULL);

  return c2l_tar_new (stream, "test");
}

static void
test_long_names (void)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree char *long_name = g_strnfill (300, 'n');
  g_autofree char *record = g_strdup_printf ("312 path=%s?\n", long_name);
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lTar) tar = NULL;
  const C2lTarEntry *entry;

  record[strlen (record) - 2] = 'x';
  g_assert_cmpuint (strlen (record), ==, 311);
  record[2] = '1';

  append_member (bytes, 'L', "././@LongLink", long_name, strlen (long_name));
  append_member (bytes, '0', "short", "one", 3);
  append_member (bytes, 'x', "pax", record, strlen (record));
  append_member (bytes, '0', "short", "two!", 4);
  append_member (bytes, '5', "folder", NULL, 0);
  append_member (bytes, '0', "plain", NULL, 0);
  tar = open_bytes (bytes);

  entry = c2l_tar_read_next (tar, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (entry->name, ==, long_name);
  g_assert_cmpmem (entry->data, entry->size, "one", 3);
  entry = c2l_tar_read_next (tar, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (strlen (entry->name), ==, 301);
  g_assert_cmpmem (entry->data, entry->size, "two!", 4);
  entry = c2l_tar_read_next (tar, &error);
  g_assert_cmpstr (entry->name, ==, "plain");
  g_assert_cmpuint (entry->size, ==, 0);
  g_assert_null (c2l_tar_read_next (tar, &error));
  g_assert_no_error (error);
}

/* What is written is what is read, and what tar itself lists; the bytes depend on nothing else. */
static void
test_writes (void)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new (), again = g_byte_array_new ();
  g_autofree char *folder = g_strnfill (140, 'f'), *long_name = g_strconcat (folder, "/", "name.npy", NULL);
  const char *const names[] = { "0.npy", long_name, "empty", "ä/ö" };
  const char *const contents[] = { "one", "two", "", "four" };
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lTar) tar = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_assert_true (c2l_tar_append (bytes, names[i], contents[i], strlen (contents[i]), &error));
      g_assert_true (c2l_tar_append (again, names[i], contents[i], strlen (contents[i]), &error));
    }
  c2l_tar_append_end (bytes, bytes->len);
  c2l_tar_append_end (again, again->len);
  g_assert_cmpuint (bytes->len, ==, 10240);
  g_assert_cmpmem (bytes->data, bytes->len, again->data, again->len);
  tar = open_bytes (bytes);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const C2lTarEntry *entry = c2l_tar_read_next (tar, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (entry->name, ==, names[i]);
      g_assert_cmpmem (entry->data, entry->size, contents[i], strlen (contents[i]));
    }
  g_assert_null (c2l_tar_read_next (tar, &error));
  g_assert_no_error (error);
}

static void
test_ends_with_whole_records (void)
{
  for (guint blocks = 0; blocks < 45; blocks++)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new ();

      c2l_tar_append_end (bytes, blocks * 512);
      g_assert_cmpuint (bytes->len, >=, 1024);
      g_assert_cmpuint ((blocks * 512 + bytes->len) % 10240, ==, 0);
      g_assert_cmpuint (bytes->len, <, 1024 + 10240);
    }
}

static void
test_refuses_to_write (void)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree char *too_long = g_strnfill (101, 'n'), *far_too_long = g_strdup_printf ("%s/%0300d", "a", 0);
  const char *const names[] = { "", too_long, far_too_long };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (c2l_tar_append (bytes, names[i], "x", 1, &error));
      g_assert_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED);
      g_assert_cmpuint (bytes->len, ==, 0);
    }
}

static gboolean
begins_with_b (const char *name, gpointer data)
{
  return *name == 'b';
}

static void
test_filters (void)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree char *large = g_strnfill (5000, 'x');
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lTar) tar = NULL;

  append_member (bytes, '0', "a", large, 5000);
  append_member (bytes, '0', "b", "two", 3);
  append_member (bytes, '0', "c", large, 5000);
  tar = open_bytes (bytes);
  c2l_tar_set_filter (tar, begins_with_b, NULL);
  g_assert_cmpstr (c2l_tar_read_next (tar, &error)->name, ==, "b");
  g_assert_null (c2l_tar_read_next (tar, &error));
  g_assert_no_error (error);
}

/* A member that is passed over and cut off is damage all the same. */
static void
test_filters_notice_the_cut (void)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree char *large = g_strnfill (5000, 'x');
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lTar) tar = NULL;

  append_member (bytes, '0', "b", "two", 3);
  append_member (bytes, '0', "c", large, 5000);
  g_byte_array_set_size (bytes, bytes->len - 2000);
  tar = open_bytes (bytes);
  c2l_tar_set_filter (tar, begins_with_b, NULL);
  g_assert_nonnull (c2l_tar_read_next (tar, &error));
  g_assert_null (c2l_tar_read_next (tar, &error));
  g_assert_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tar/hostile-files", test_hostile);
  g_test_add_func ("/tar/long-names", test_long_names);
  g_test_add_func ("/tar/filters", test_filters);
  g_test_add_func ("/tar/filters/notice-the-cut", test_filters_notice_the_cut);
  g_test_add_func ("/tar/writes", test_writes);
  g_test_add_func ("/tar/writes/whole-records", test_ends_with_whole_records);
  g_test_add_func ("/tar/refuses-to-write", test_refuses_to_write);
  return g_test_run ();
}
