/* The legacy torch format: five pickles (magic number, protocol 1001, what machine wrote it, the
 * object, the keys of its storages), then for each key the number of elements in 8 bytes and the
 * elements. Storages are views of the source. */
#include "formats/torch-legacy.h"

#include "formats/pickle-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define PROTOCOL_VERSION 1001

/* 0x1950a86a20f9469cfc6c, as pickle writes it. */
static const char magic[] = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

gboolean
c2l_torch_legacy_is_magic (const C2lPickleValue *value)
{
  return value->kind == C2L_PICKLE_BIG_INT && value->text.length == sizeof magic - 1
         && memcmp (value->text.data, magic, sizeof magic - 1) == 0;
}

/* Parses a pickle that holds no tensors and moves *@at behind it. */
static C2lPickle *
next_pickle (GBytes *bytes, gsize *at, GError **error)
{
  C2lPickle *pickle = c2l_pickle_parse_full (bytes, *at, NULL, NULL, TRUE, error);
  if (pickle != NULL)
    *at = pickle->end;
  return pickle;
}

static gboolean
leave_for_later (C2lPickleStorage *storage, gpointer user_data, GError **error)
{
  return TRUE;
}

static gboolean
read_prologue (GBytes *bytes, gsize *at, gboolean *swap, GError **error)
{
  g_autoptr (C2lPickle) number = next_pickle (bytes, at, error);
  if (number == NULL)
    return FALSE;
  if (!c2l_torch_legacy_is_magic (number->root))
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNKNOWN,
                   _ ("not a torch file: it begins with %s"), c2l_pickle_describe (number->root));
      return FALSE;
    }
  g_autoptr (C2lPickle) version = next_pickle (bytes, at, error);
  if (version == NULL)
    return FALSE;
  if (version->root->kind != C2L_PICKLE_INT || version->root->integer != PROTOCOL_VERSION)
    {
      g_set_error (
          error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
          _ ("a torch file of a version that is not known here; save it again with a newer torch"));
      return FALSE;
    }
  g_autoptr (C2lPickle) machine = next_pickle (bytes, at, error);
  if (machine == NULL)
    return FALSE;
  const C2lPickleValue *little = c2l_pickle_lookup (machine, machine->root, "little_endian");
  if (little == NULL || little->kind != C2L_PICKLE_BOOL)
    return c2l_pickle_damaged (error, "the torch file does not say its byte order");
  *swap = little->boolean != (G_BYTE_ORDER == G_LITTLE_ENDIAN);
  return TRUE;
}

/* Points the storage of @key at its data, which begins at *@at. */
static gboolean
place_storage (C2lPickle *pickle,
               const C2lPickleValue *key,
               GBytes *bytes,
               gsize *at,
               gboolean swap,
               GError **error)
{
  C2lPickleStorage *storage
      = key->kind == C2L_PICKLE_STRING ? g_hash_table_lookup (pickle->storages, &key->text) : NULL;
  if (storage == NULL || storage->data != NULL)
    return c2l_pickle_damaged (error,
                               "the torch file's list of storages does not match its tensors");

  gsize size, left;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  gint64 length;
  left = size - *at;
  if (left < sizeof length)
    return c2l_pickle_damaged (error, "the torch file ends before its data");
  memcpy (&length, data + *at, sizeof length);
  length = GINT64_FROM_LE (length);
  *at += sizeof length;
  left -= sizeof length;

  gsize element = c2l_dtype_get_size (storage->dtype);
  if (length != storage->length)
    return c2l_pickle_damaged (
        error, "a storage of %" G_GINT64_FORMAT " elements has data for %" G_GINT64_FORMAT,
        storage->length, length);
  if ((guint64) length > left / element)
    return c2l_pickle_damaged (error, "the torch file ends in the middle of its data");
  storage->data = data + *at;
  storage->size = (gsize) length * element;
  storage->swap = swap;
  *at += storage->size;
  return TRUE;
}

C2lPickle *
c2l_torch_legacy_parse (GBytes *bytes, gboolean nested, GError **error)
{
  gsize at = 0;
  gboolean swap = FALSE;

  if (!read_prologue (bytes, &at, &swap, error))
    return NULL;
  g_autoptr (C2lPickle) pickle
      = c2l_pickle_parse_full (bytes, at, leave_for_later, NULL, nested, error);
  if (pickle == NULL)
    return NULL;
  at = pickle->end;
  g_autoptr (C2lPickle) keys = next_pickle (bytes, &at, error);
  if (keys == NULL)
    return NULL;
  if (keys->root->kind != C2L_PICKLE_LIST
      || keys->root->sequence.length != g_hash_table_size (pickle->storages))
    {
      c2l_pickle_damaged (error, "the torch file's list of storages does not match its tensors");
      return NULL;
    }
  for (guint i = 0; i < keys->root->sequence.length; i++)
    if (!place_storage (pickle, keys->root->sequence.items[i], bytes, &at, swap, error))
      return NULL;
  return g_steal_pointer (&pickle);
}
