/* The torch archive format: FOLDER/data.pkl, FOLDER/data/KEY for each storage, FOLDER/byteorder in
 * newer files. The folder is "archive" or the file's stem, so it is looked for. Storages are views
 * of the archive unless they are deflated. TorchScript's code and constants are never looked at. */
#include "formats/torch-zip.h"

#include "formats/pickle-private.h"
#include "formats/zip.h"

#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct
{
  C2lZip *zip;
  char *folder; /* "archive/" */
  gboolean swap;
  GPtrArray *members; /* GBytes that storages point into */
} Archive;

static void
archive_free (Archive *archive)
{
  g_clear_pointer (&archive->zip, c2l_zip_free);
  g_free (archive->folder);
  g_ptr_array_unref (archive->members);
  g_free (archive);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Archive, archive_free)

gboolean
c2l_torch_zip_detect (GBytes *bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  return size >= 4 && memcmp (data, "PK", 2) == 0
         && ((data[2] == 3 && data[3] == 4) || (data[2] == 5 && data[3] == 6));
}

/* The folder with the pickle in it. */
static gboolean
find_folder (Archive *archive, GError **error)
{
  static const char pickle[] = "data.pkl";

  for (guint i = 0; i < c2l_zip_get_n_members (archive->zip); i++)
    {
      const char *name = c2l_zip_get_name (archive->zip, i);
      const char *slash = strchr (name, '/');
      if (slash == NULL || strcmp (slash + 1, pickle) != 0)
        continue;
      if (archive->folder != NULL)
        {
          g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
                       _ ("the archive holds two torch files, in “%s” and in “%.*s/”"),
                       archive->folder, (int) (slash - name), name);
          return FALSE;
        }
      archive->folder = g_strndup (name, (gsize) (slash - name) + 1);
    }
  if (archive->folder != NULL)
    return TRUE;
  g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNKNOWN,
               _ ("a zip archive without “data.pkl”, so not a torch file; unpack it if the model "
                  "is inside"));
  return FALSE;
}

static gboolean
read_byte_order (Archive *archive, GError **error)
{
  g_autofree char *name = g_strconcat (archive->folder, "byteorder", NULL);
  if (!c2l_zip_contains (archive->zip, name))
    return TRUE;
  g_autoptr (GBytes) bytes = c2l_zip_read (archive->zip, name, error);
  if (bytes == NULL)
    return FALSE;

  gsize size;
  const char *text = g_bytes_get_data (bytes, &size);
  gboolean little = size == 6 && memcmp (text, "little", 6) == 0;
  if (!little && !(size == 3 && memcmp (text, "big", 3) == 0))
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
                   _ ("the byte order of the torch file is neither little nor big"));
      return FALSE;
    }
  archive->swap = little != (G_BYTE_ORDER == G_LITTLE_ENDIAN);
  return TRUE;
}

static gboolean
find_storage (C2lPickleStorage *storage, gpointer user_data, GError **error)
{
  Archive *archive = user_data;
  g_autoptr (GString) name = g_string_new (archive->folder);
  g_string_append (name, "data/");
  g_string_append_len (name, storage->key.data, (gssize) MIN (storage->key.length, 256));

  GBytes *bytes = c2l_zip_read (archive->zip, name->str, error);
  if (bytes == NULL)
    return FALSE;
  g_ptr_array_add (archive->members, bytes);
  storage->data = g_bytes_get_data (bytes, &storage->size);
  if (storage->size == 0)
    storage->data = (const guint8 *) "";
  storage->swap = archive->swap;
  if (storage->size / c2l_dtype_get_size (storage->dtype) < (gsize) storage->length)
    return c2l_pickle_damaged (error,
                               "storage “%s” has %" G_GSIZE_FORMAT
                               " bytes, too few for %" G_GINT64_FORMAT " elements",
                               name->str, storage->size, storage->length);
  return TRUE;
}

C2lPickle *
c2l_torch_zip_parse (GBytes *bytes, gboolean nested, GError **error)
{
  g_autoptr (Archive) archive = g_new0 (Archive, 1);
  archive->members = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  archive->zip = c2l_zip_open (bytes, error);
  if (archive->zip == NULL || !find_folder (archive, error) || !read_byte_order (archive, error))
    return NULL;

  g_autofree char *name = g_strconcat (archive->folder, "data.pkl", NULL);
  g_autoptr (GBytes) data = c2l_zip_read (archive->zip, name, error);
  if (data == NULL)
    return NULL;
  C2lPickle *pickle = c2l_pickle_parse_full (data, 0, find_storage, archive, nested, error);
  if (pickle == NULL)
    return NULL;
  /* Copies are budgeted by the size of the whole file. */
  g_bytes_unref (pickle->source);
  pickle->source = g_bytes_ref (bytes);
  c2l_pickle_own (pickle, g_steal_pointer (&data), (GDestroyNotify) g_bytes_unref);
  c2l_pickle_own (pickle, g_steal_pointer (&archive), (GDestroyNotify) archive_free);
  return pickle;
}
