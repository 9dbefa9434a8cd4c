/* C2lWeights: the map from names to arrays and what keeps their memory alive. Knows no file format;
 * weights-load.c chooses the reader. Entries stand in the order they were added; they never move,
 * so lent arrays stay where they are. */
#include "formats/weights-private.h"

#include "formats/array.h"

#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct
{
  char *name;
  C2lArray array;
  gpointer block; /* owned data, or NULL for a view */
} Entry;

typedef struct
{
  gpointer owner;
  GDestroyNotify destroy;
} Owner;

struct _C2lWeights
{
  gatomicrefcount references;
  C2lWeightsKind kind;
  char *path;
  char *format;
  JsonObject *config;
  GPtrArray *entries;
  GHashTable *by_name; /* name → Entry, both lent by entries */
  GArray *owners;
};

static void
entry_free (gpointer data)
{
  Entry *entry = data;
  g_free (entry->name);
  g_free (entry->block);
  g_free (entry);
}

static void
owner_clear (gpointer data)
{
  Owner *owner = data;
  owner->destroy (owner->owner);
}

C2lWeights *
c2l_weights_new (C2lWeightsKind kind, const char *path, const char *format)
{
  C2lWeights *weights = g_new0 (C2lWeights, 1);
  g_atomic_ref_count_init (&weights->references);
  weights->kind = kind;
  weights->path = g_strdup (path);
  weights->format = g_strdup (format);
  weights->config = json_object_new ();
  weights->entries = g_ptr_array_new_with_free_func (entry_free);
  weights->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  weights->owners = g_array_new (FALSE, FALSE, sizeof (Owner));
  g_array_set_clear_func (weights->owners, owner_clear);
  return weights;
}

C2lWeights *
c2l_weights_ref (C2lWeights *weights)
{
  g_return_val_if_fail (weights != NULL, NULL);
  g_atomic_ref_count_inc (&weights->references);
  return weights;
}

void
c2l_weights_unref (C2lWeights *weights)
{
  g_return_if_fail (weights != NULL);
  if (!g_atomic_ref_count_dec (&weights->references))
    return;
  g_hash_table_unref (weights->by_name);
  g_ptr_array_unref (weights->entries);
  g_array_unref (weights->owners);
  json_object_unref (weights->config);
  g_free (weights->path);
  g_free (weights->format);
  g_free (weights);
}

const char *
c2l_weights_get_path (C2lWeights *weights)
{
  g_return_val_if_fail (weights != NULL, NULL);
  return weights->path;
}

const char *
c2l_weights_get_format (C2lWeights *weights)
{
  g_return_val_if_fail (weights != NULL, NULL);
  return weights->format;
}

C2lWeightsKind
c2l_weights_get_kind (C2lWeights *weights)
{
  g_return_val_if_fail (weights != NULL, C2L_WEIGHTS_PLAIN);
  return weights->kind;
}

JsonObject *
c2l_weights_get_config (C2lWeights *weights)
{
  g_return_val_if_fail (weights != NULL, NULL);
  return weights->config;
}

guint
c2l_weights_get_length (C2lWeights *weights)
{
  return weights->entries->len;
}

void
c2l_weights_set_kind (C2lWeights *weights, C2lWeightsKind kind)
{
  weights->kind = kind;
}

void
c2l_weights_take_format (C2lWeights *weights, char *format)
{
  g_free (weights->format);
  weights->format = format;
}

void
c2l_weights_set_config (C2lWeights *weights, JsonObject *config)
{
  g_return_if_fail (weights != NULL && config != NULL);
  json_object_ref (config);
  json_object_unref (weights->config);
  weights->config = config;
}

const C2lArray *
c2l_weights_lookup (C2lWeights *weights, const char *name)
{
  g_return_val_if_fail (weights != NULL && name != NULL, NULL);
  const Entry *entry = g_hash_table_lookup (weights->by_name, name);
  return entry ? &entry->array : NULL;
}

const char **
c2l_weights_list_names (C2lWeights *weights)
{
  g_return_val_if_fail (weights != NULL, NULL);
  const char **names = g_new0 (const char *, weights->entries->len + 1);
  for (guint i = 0; i < weights->entries->len; i++)
    names[i] = ((const Entry *) g_ptr_array_index (weights->entries, i))->name;
  return names;
}

void
c2l_weights_own (C2lWeights *weights, gpointer owner, GDestroyNotify destroy)
{
  Owner item = { owner, destroy };
  g_array_append_val (weights->owners, item);
}

static Entry *
add_entry (C2lWeights *weights, const char *name, const C2lArray *array, gpointer block)
{
  Entry *entry = g_new (Entry, 1);
  *entry = (Entry){ .name = g_strdup (name), .array = *array, .block = block };
  if (block != NULL)
    entry->array.data = block;
  g_ptr_array_add (weights->entries, entry);
  g_hash_table_insert (weights->by_name, entry->name, entry);
  return entry;
}

static gboolean
check_name (C2lWeights *weights, const char *name, GError **error)
{
  if (!g_hash_table_contains (weights->by_name, name))
    return TRUE;
  g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED, _ ("two tensors are called “%s”"),
               name);
  return FALSE;
}

gboolean
c2l_weights_add_view (C2lWeights *weights, const char *name, const C2lArray *view, GError **error)
{
  if (!check_name (weights, name, error))
    return FALSE;
  add_entry (weights, name, view, NULL);
  return TRUE;
}

gpointer
c2l_weights_add_empty (C2lWeights *weights, const char *name, const C2lArray *shape, GError **error)
{
  if (!check_name (weights, name, error))
    return NULL;

  gsize size = c2l_array_get_size (shape);
  gpointer block = g_try_malloc (MAX (size, 1));
  if (block == NULL)
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
                   _ ("“%s” needs %zu bytes, more memory than there is"), name, size);
      return NULL;
    }
  add_entry (weights, name, shape, block);
  return block;
}

void
c2l_weights_add (C2lWeights *weights, const char *name, const C2lArray *array)
{
  g_return_if_fail (weights != NULL && name != NULL && array != NULL);

  gsize size = c2l_array_get_size (array);
  gpointer block = g_malloc (MAX (size, 1));
  if (size > 0)
    memcpy (block, array->data, size);

  Entry *entry = g_hash_table_lookup (weights->by_name, name);
  if (entry == NULL)
    {
      add_entry (weights, name, array, block);
      return;
    }
  g_free (entry->block);
  entry->array = *array;
  entry->array.data = block;
  entry->block = block;
}
