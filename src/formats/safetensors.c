/* Reading and writing safetensors files: 8 bytes with the header's length, the header
 * (safetensors-header.c), the elements. The elements must fill the file without holes or overlaps,
 * as the format demands. */
#include "formats/safetensors.h"

#include "formats/array.h"
#include "formats/json-text.h"
#include "formats/mapped.h"
#include "formats/output.h"
#include "formats/safetensors-header.h"
#include "formats/weights-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_HEADER (100u << 20) /* as the reference implementation has it */
#define ALIGNMENT 64
#define KIND_KEY "clip2latent.kind"
#define CONFIG_KEY "clip2latent.config"

static const char *const kind_names[] = {
  [C2L_WEIGHTS_PLAIN] = "plain", [C2L_WEIGHTS_TENSOR] = "tensor",
  [C2L_WEIGHTS_PRIOR] = "prior", [C2L_WEIGHTS_GENERATOR] = "generator",
  [C2L_WEIGHTS_CLIP] = "clip",
};

static gboolean
damaged (GError **error, const char *what)
{
  g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
               _ ("damaged safetensors file: %s; fetch the file again"), what);
  return FALSE;
}

gboolean
c2l_safetensors_detect (GBytes *bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  return size > 9 && data[8] == '{'
         && (data[9] == '"' || data[9] == '}' || g_ascii_isspace (data[9]));
}

static int
compare_begin (gconstpointer a, gconstpointer b)
{
  const C2lSafetensor *left = a, *right = b;
  if (left->begin != right->begin)
    return left->begin < right->begin ? -1 : 1;
  return left->end < right->end ? -1 : left->end > right->end;
}

static gboolean
check_places (GArray *tensors, gsize data_size, GError **error)
{
  g_autoptr (GArray) sorted
      = g_array_sized_new (FALSE, FALSE, sizeof (C2lSafetensor), tensors->len);
  g_array_append_vals (sorted, tensors->data, tensors->len);
  g_array_sort (sorted, compare_begin);

  guint64 at = 0;
  for (guint i = 0; i < sorted->len; i++)
    {
      const C2lSafetensor *tensor = &g_array_index (sorted, C2lSafetensor, i);
      if (tensor->begin != at)
        return damaged (error, "its tensors overlap or leave a hole");
      at = tensor->end;
    }
  return at == data_size || damaged (error, "its tensors do not fill it");
}

static gboolean
apply_metadata (C2lWeights *weights, GHashTable *metadata, GError **error)
{
  const char *kind = g_hash_table_lookup (metadata, KIND_KEY);
  const char *config = g_hash_table_lookup (metadata, CONFIG_KEY);

  for (guint i = 0; kind != NULL && i < G_N_ELEMENTS (kind_names); i++)
    if (g_str_equal (kind, kind_names[i]))
      c2l_weights_set_kind (weights, (C2lWeightsKind) i);
  if (config == NULL)
    return TRUE;
  g_autoptr (JsonObject) object = c2l_json_parse_object (config, -1, CONFIG_KEY, error);
  if (object == NULL)
    return FALSE;
  c2l_weights_set_config (weights, object);
  return TRUE;
}

static C2lWeights *
make_weights (GBytes *bytes,
              const guint8 *data,
              GArray *tensors,
              GHashTable *metadata,
              const char *path,
              GError **error)
{
  g_autoptr (C2lWeights) weights = c2l_weights_new (C2L_WEIGHTS_PLAIN, path, NULL);
  c2l_weights_take_format (weights, g_strdup_printf ("safetensors, %u tensors", tensors->len));
  c2l_weights_own (weights, g_bytes_ref (bytes), (GDestroyNotify) g_bytes_unref);
  if (!apply_metadata (weights, metadata, error))
    return NULL;
  for (guint i = 0; i < tensors->len; i++)
    {
      C2lSafetensor *tensor = &g_array_index (tensors, C2lSafetensor, i);
      tensor->array.data = data + tensor->begin;
      if (!c2l_weights_add_view (weights, tensor->name, &tensor->array, error))
        return NULL;
    }
  return g_steal_pointer (&weights);
}

C2lWeights *
c2l_safetensors_parse (GBytes *bytes, const char *path, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  guint64 header;

  if (size < sizeof header)
    {
      damaged (error, "it ends in its first number");
      return NULL;
    }
  memcpy (&header, data, sizeof header);
  header = GUINT64_FROM_LE (header);
  if (header > size - sizeof header || header > MAX_HEADER)
    {
      damaged (error, "its header is longer than the file");
      return NULL;
    }

  g_autoptr (GArray) tensors = g_array_new (FALSE, FALSE, sizeof (C2lSafetensor));
  g_array_set_clear_func (tensors, c2l_safetensor_clear);
  g_autoptr (GHashTable) metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  const guint8 *elements = data + sizeof header + header;
  if (!c2l_safetensors_read_header ((const char *) data + sizeof header, (gsize) header, tensors,
                                    metadata, error)
      || !check_places (tensors, size - sizeof header - (gsize) header, error))
    return NULL;
  return make_weights (bytes, elements, tensors, metadata, path, error);
}

/* JSON strings with what JSON must escape. */
static void
append_json_string (GString *out, const char *string)
{
  g_string_append_c (out, '"');
  for (const char *c = string; *c != '\0'; c++)
    if (*c == '"' || *c == '\\')
      g_string_append_printf (out, "\\%c", *c);
    else if ((guint8) *c < 0x20)
      g_string_append_printf (out, "\\u%04x", (guint8) *c);
    else
      g_string_append_c (out, *c);
  g_string_append_c (out, '"');
}

static void
append_metadata (GString *out, const char *key, const char *value)
{
  if (out->str[out->len - 1] != '{')
    g_string_append_c (out, ',');
  append_json_string (out, key);
  g_string_append_c (out, ':');
  append_json_string (out, value);
}

static void
append_all_metadata (GString *out, C2lWeights *weights, GHashTable *metadata)
{
  g_autoptr (JsonNode) config
      = json_node_init_object (json_node_alloc (), c2l_weights_get_config (weights));
  g_autofree char *config_text = json_to_string (config, FALSE);

  g_string_append (out, "\"__metadata__\":{");
  append_metadata (out, KIND_KEY, kind_names[c2l_weights_get_kind (weights)]);
  if (json_object_get_size (c2l_weights_get_config (weights)) > 0)
    append_metadata (out, CONFIG_KEY, config_text);
  if (metadata != NULL)
    {
      g_autoptr (GList) keys
          = g_list_sort (g_hash_table_get_keys (metadata), (GCompareFunc) strcmp);
      for (GList *key = keys; key != NULL; key = key->next)
        append_metadata (out, key->data, g_hash_table_lookup (metadata, key->data));
    }
  g_string_append_c (out, '}');
}

/* The header, padded with spaces so that the elements begin on a cache line. */
static GString *
make_header (C2lWeights *weights, const char **names, GHashTable *metadata)
{
  GString *out = g_string_new ("{");
  gsize at = 0;

  append_all_metadata (out, weights, metadata);
  for (guint i = 0; names[i] != NULL; i++)
    {
      const C2lArray *array = c2l_weights_lookup (weights, names[i]);
      g_string_append_c (out, ',');
      append_json_string (out, names[i]);
      g_string_append_printf (out, ":{\"dtype\":\"%s\",\"shape\":[",
                              c2l_safetensors_dtype_name (array->dtype));
      for (int d = 0; d < array->n_dims; d++)
        g_string_append_printf (out, "%s%" G_GINT64_FORMAT, d > 0 ? "," : "", array->dims[d]);
      gsize end = at + c2l_array_get_size (array);
      g_string_append_printf (out, "],\"data_offsets\":[%" G_GSIZE_FORMAT ",%" G_GSIZE_FORMAT "]}",
                              at, end);
      at = end;
    }
  g_string_append_c (out, '}');
  while ((out->len + sizeof (guint64)) % ALIGNMENT != 0)
    g_string_append_c (out, ' ');
  return out;
}

gboolean
c2l_safetensors_save (C2lWeights *weights, GHashTable *metadata, const char *path, GError **error)
{
  g_return_val_if_fail (weights != NULL && path != NULL, FALSE);

  g_autoptr (GOutputStream) out = c2l_output_open (path, error);
  if (out == NULL)
    return FALSE;

  g_autofree const char **names = c2l_weights_list_names (weights);
  g_autoptr (GString) header = make_header (weights, names, metadata);
  guint64 length = GUINT64_TO_LE (header->len);
  gboolean written
      = g_output_stream_write_all (out, &length, sizeof length, NULL, NULL, error)
        && g_output_stream_write_all (out, header->str, header->len, NULL, NULL, error);
  for (guint i = 0; written && names[i] != NULL; i++)
    {
      const C2lArray *array = c2l_weights_lookup (weights, names[i]);
      gsize size = c2l_array_get_size (array);
      written = size == 0 || g_output_stream_write_all (out, array->data, size, NULL, NULL, error);
    }
  written = written && c2l_mapped_check (NULL, error);
  return c2l_output_close (out, written, error);
}
