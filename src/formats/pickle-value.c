/* The values of a pickle and their memory: an arena in chunks, so that a tree of any depth, even
 * one that contains itself, is freed by dropping the chunks. Nothing here calls itself except
 * to_json, which is bounded by C2lPickleWalk. */
#include "formats/pickle-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#define CHUNK_SIZE (64u << 10)
/* From so many pairs on, a dictionary is searched through a hash table. */
#define INDEX_FROM 16

gpointer
c2l_pickle_alloc (C2lPickle *pickle, gsize size)
{
  size = (size + 15) & ~(gsize) 15;
  if (size > pickle->chunk_left)
    {
      gsize chunk = MAX (size, CHUNK_SIZE);
      pickle->chunk_next = g_malloc0 (chunk);
      pickle->chunk_left = chunk;
      pickle->memory += chunk;
      g_ptr_array_add (pickle->chunks, pickle->chunk_next);
    }
  gpointer block = pickle->chunk_next;
  pickle->chunk_next += size;
  pickle->chunk_left -= size;
  return block;
}

C2lPickleValue *
c2l_pickle_value_new (C2lPickle *pickle, C2lPickleKind kind)
{
  C2lPickleValue *value = c2l_pickle_alloc (pickle, sizeof *value);
  value->kind = kind;
  return value;
}

C2lPickleValue *
c2l_pickle_text_new (C2lPickle *pickle, C2lPickleKind kind, const char *data, gsize length)
{
  C2lPickleValue *value = c2l_pickle_value_new (pickle, kind);
  value->text.data = data;
  value->text.length = length;
  return value;
}

C2lPickleValue *
c2l_pickle_int_new (C2lPickle *pickle, gint64 integer)
{
  C2lPickleValue *value = c2l_pickle_value_new (pickle, C2L_PICKLE_INT);
  value->integer = integer;
  return value;
}

C2lPickleValue *
c2l_pickle_float_new (C2lPickle *pickle, double number)
{
  C2lPickleValue *value = c2l_pickle_value_new (pickle, C2L_PICKLE_FLOAT);
  value->number = number;
  return value;
}

void
c2l_pickle_append (C2lPickle *pickle,
                   C2lPickleValue *sequence,
                   C2lPickleValue *const *items,
                   gsize n)
{
  guint needed = sequence->sequence.length + (guint) n;

  if (needed > sequence->sequence.allocated)
    {
      guint allocated = MAX (needed, sequence->sequence.length * 2);
      C2lPickleValue **grown = c2l_pickle_alloc (pickle, (gsize) allocated * sizeof *grown);
      if (sequence->sequence.length > 0)
        memcpy (grown, sequence->sequence.items, sequence->sequence.length * sizeof *grown);
      sequence->sequence.items = grown;
      sequence->sequence.allocated = allocated;
    }
  if (n > 0)
    memcpy (sequence->sequence.items + sequence->sequence.length, items, n * sizeof *items);
  sequence->sequence.length = needed;
}

void
c2l_pickle_own (C2lPickle *pickle, gpointer owner, GDestroyNotify destroy)
{
  C2lPickleOwner item = { owner, destroy };
  g_array_append_val (pickle->owners, item);
}

void
c2l_pickle_free (C2lPickle *pickle)
{
  for (guint i = 0; i < pickle->owners->len; i++)
    {
      const C2lPickleOwner *owner = &g_array_index (pickle->owners, C2lPickleOwner, i);
      owner->destroy (owner->owner);
    }
  g_array_unref (pickle->owners);
  g_ptr_array_unref (pickle->chunks);
  g_hash_table_unref (pickle->storages);
  g_bytes_unref (pickle->source);
  g_free (pickle);
}

const C2lPickleValue *
c2l_pickle_get_root (C2lPickle *pickle)
{
  return pickle->root;
}

gsize
c2l_pickle_get_end (C2lPickle *pickle)
{
  return pickle->end;
}

gboolean
c2l_pickle_damaged (GError **error, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
               _ ("damaged pickle: %s; fetch the file again"), what);
  return FALSE;
}

const char *
c2l_pickle_describe (const C2lPickleValue *value)
{
  static const char *const words[] = {
    [C2L_PICKLE_NONE] = "None",
    [C2L_PICKLE_BOOL] = "a boolean",
    [C2L_PICKLE_INT] = "a number",
    [C2L_PICKLE_BIG_INT] = "a large number",
    [C2L_PICKLE_FLOAT] = "a number",
    [C2L_PICKLE_STRING] = "a text",
    [C2L_PICKLE_BYTES] = "bytes",
    [C2L_PICKLE_TUPLE] = "a tuple",
    [C2L_PICKLE_LIST] = "a list",
    [C2L_PICKLE_SET] = "a set",
    [C2L_PICKLE_DICT] = "a dictionary",
    [C2L_PICKLE_CLASS] = "a class",
    [C2L_PICKLE_OBJECT] = "an object",
    [C2L_PICKLE_DTYPE] = "an element type",
    [C2L_PICKLE_NDARRAY] = "a NumPy array",
    [C2L_PICKLE_STORAGE] = "a tensor's storage",
    [C2L_PICKLE_TENSOR] = "a tensor",
  };
  return value ? words[value->kind] : "nothing";
}

gboolean
c2l_pickle_is_string (const C2lPickleValue *value, const char *string)
{
  return value != NULL && value->kind == C2L_PICKLE_STRING && value->text.length == strlen (string)
         && memcmp (value->text.data, string, value->text.length) == 0;
}

char *
c2l_pickle_dup_string (const C2lPickleValue *value)
{
  if (value == NULL || value->kind != C2L_PICKLE_STRING
      || memchr (value->text.data, '\0', value->text.length))
    return NULL;
  return g_strndup (value->text.data, value->text.length);
}

guint
c2l_pickle_text_hash (gconstpointer key)
{
  const C2lPickleText *text = key;
  guint hash = 2166136261u;
  for (gsize i = 0; i < text->length; i++)
    hash = (hash ^ (guint8) text->data[i]) * 16777619u;
  return hash;
}

gboolean
c2l_pickle_text_equal (gconstpointer a, gconstpointer b)
{
  const C2lPickleText *left = a, *right = b;
  return left->length == right->length && memcmp (left->data, right->data, left->length) == 0;
}

static GHashTable *
index_dict (C2lPickle *pickle, C2lPickleValue *dict)
{
  GHashTable *index = g_hash_table_new (c2l_pickle_text_hash, c2l_pickle_text_equal);
  for (guint i = 0; i + 1 < dict->sequence.length; i += 2)
    if (dict->sequence.items[i]->kind == C2L_PICKLE_STRING)
      g_hash_table_replace (index, &dict->sequence.items[i]->text, dict->sequence.items[i + 1]);
  c2l_pickle_own (pickle, index, (GDestroyNotify) g_hash_table_unref);
  return index;
}

const C2lPickleValue *
c2l_pickle_lookup (C2lPickle *pickle, const C2lPickleValue *dict, const char *key)
{
  if (dict == NULL || dict->kind != C2L_PICKLE_DICT)
    return NULL;
  if (dict->sequence.length >= 2 * INDEX_FROM)
    {
      C2lPickleText text = { .data = key, .length = strlen (key) };
      C2lPickleValue *changed = (C2lPickleValue *) dict;
      if (changed->sequence.index == NULL)
        changed->sequence.index = index_dict (pickle, changed);
      return g_hash_table_lookup (changed->sequence.index, &text);
    }
  for (guint i = dict->sequence.length; i >= 2; i -= 2)
    if (c2l_pickle_is_string (dict->sequence.items[i - 2], key))
      return dict->sequence.items[i - 1];
  return NULL;
}

int
c2l_pickle_get_ints (const C2lPickleValue *value, gint64 *out, int max)
{
  if (value == NULL || (value->kind != C2L_PICKLE_TUPLE && value->kind != C2L_PICKLE_LIST)
      || value->sequence.length > (guint) max)
    return -1;
  for (guint i = 0; i < value->sequence.length; i++)
    {
      const C2lPickleValue *item = value->sequence.items[i];
      if (item->kind != C2L_PICKLE_INT)
        return -1;
      out[i] = item->integer;
    }
  return (int) value->sequence.length;
}

guint8 *
c2l_pickle_decode_latin1 (const C2lPickleText *text, gsize *length, GError **error)
{
  guint8 *decoded = g_try_malloc (MAX (text->length, 1));
  gsize n = 0;

  if (decoded == NULL)
    {
      c2l_pickle_damaged (error, "%" G_GSIZE_FORMAT " bytes of text do not fit into memory",
                          text->length);
      return NULL;
    }
  /* The text is known to be UTF-8: a code point from 0x80 to 0xff is 0xc2 or 0xc3 and one more
   * byte. */
  for (gsize i = 0; i < text->length; i++)
    {
      guint8 byte = (guint8) text->data[i];
      if (byte >= 0x80)
        {
          if (byte > 0xc3 || i + 1 >= text->length)
            {
              g_free (decoded);
              c2l_pickle_damaged (error, "a text that should be bytes holds a character above 255");
              return NULL;
            }
          byte = (guint8) ((byte & 3) << 6 | ((guint8) text->data[++i] & 0x3f));
        }
      decoded[n++] = byte;
    }
  *length = n;
  return decoded;
}

const guint8 *
c2l_pickle_get_bytes (C2lPickle *pickle, const C2lPickleText *text, gsize *length, GError **error)
{
  if (!text->latin1)
    {
      *length = text->length;
      return (const guint8 *) text->data;
    }
  guint8 *decoded = c2l_pickle_decode_latin1 (text, length, error);
  if (decoded != NULL)
    c2l_pickle_own (pickle, decoded, g_free);
  return decoded;
}

gboolean
c2l_pickle_walk_enter (C2lPickleWalk *walk, GError **error)
{
  if (walk->depth >= C2L_PICKLE_MAX_DEPTH)
    return c2l_pickle_damaged (error, "its parts are nested more than %d deep",
                               C2L_PICKLE_MAX_DEPTH);
  if (walk->visited >= C2L_PICKLE_MAX_VISITS)
    return c2l_pickle_damaged (error, "it has more than %d parts", C2L_PICKLE_MAX_VISITS);
  walk->depth++;
  walk->visited++;
  return TRUE;
}

void
c2l_pickle_walk_leave (C2lPickleWalk *walk)
{
  walk->depth--;
}

static JsonNode *
json_from_array (C2lPickle *pickle, const C2lPickleValue *value)
{
  C2lArray array;
  if (!c2l_pickle_get_array (pickle, value, &array, NULL) || array.n_dims > 1 || array.length > 64)
    return NULL;

  g_autofree float *floats = c2l_array_dup_f32 (&array);
  JsonArray *list = json_array_new ();
  for (gsize i = 0; i < array.length; i++)
    if (array.dtype == C2L_F32 || array.dtype == C2L_F64 || array.dtype == C2L_F16)
      json_array_add_double_element (list, isfinite (floats[i]) ? floats[i] : 0);
    else
      json_array_add_int_element (list, (gint64) floats[i]);
  return json_node_init_array (json_node_alloc (), list);
}

static JsonNode *
json_from_sequence (C2lPickle *pickle, const C2lPickleValue *value, C2lPickleWalk *walk)
{
  g_autoptr (JsonArray) list = json_array_new ();
  for (guint i = 0; i < value->sequence.length; i++)
    {
      JsonNode *item = c2l_pickle_to_json (pickle, value->sequence.items[i], walk);
      if (item == NULL)
        return NULL;
      json_array_add_element (list, item);
    }
  return json_node_init_array (json_node_alloc (), list);
}

static JsonNode *
json_from_dict (C2lPickle *pickle, const C2lPickleValue *value, C2lPickleWalk *walk)
{
  g_autoptr (JsonObject) object = json_object_new ();
  for (guint i = 0; i + 1 < value->sequence.length; i += 2)
    {
      g_autofree char *key = c2l_pickle_dup_string (value->sequence.items[i]);
      if (key == NULL)
        continue;
      JsonNode *item = c2l_pickle_to_json (pickle, value->sequence.items[i + 1], walk);
      if (item != NULL)
        json_object_set_member (object, key, item);
    }
  return json_node_init_object (json_node_alloc (), object);
}

/* OmegaConf's containers and nodes keep what they hold in their state's _content or _val. */
static const C2lPickleValue *
unwrap_omegaconf (C2lPickle *pickle, const C2lPickleValue *value)
{
  if (value->kind != C2L_PICKLE_OBJECT || !g_str_has_prefix (value->object.name, "omegaconf."))
    return value;
  const C2lPickleValue *content = c2l_pickle_lookup (pickle, value->object.state, "_content");
  return content ? content : c2l_pickle_lookup (pickle, value->object.state, "_val");
}

JsonNode *
c2l_pickle_to_json (C2lPickle *pickle, const C2lPickleValue *value, C2lPickleWalk *walk)
{
  JsonNode *node = NULL;

  value = value ? unwrap_omegaconf (pickle, value) : NULL;
  if (value == NULL || !c2l_pickle_walk_enter (walk, NULL))
    return NULL;
  switch (value->kind)
    {
    case C2L_PICKLE_NONE:
      node = json_node_init_null (json_node_alloc ());
      break;
    case C2L_PICKLE_BOOL:
      node = json_node_init_boolean (json_node_alloc (), value->boolean);
      break;
    case C2L_PICKLE_INT:
      node = json_node_init_int (json_node_alloc (), value->integer);
      break;
    case C2L_PICKLE_FLOAT:
      if (isfinite (value->number))
        node = json_node_init_double (json_node_alloc (), value->number);
      break;
    case C2L_PICKLE_STRING:
      {
        g_autofree char *string = c2l_pickle_dup_string (value);
        if (string != NULL)
          node = json_node_init_string (json_node_alloc (), string);
        break;
      }
    case C2L_PICKLE_TUPLE:
    case C2L_PICKLE_LIST:
      node = json_from_sequence (pickle, value, walk);
      break;
    case C2L_PICKLE_DICT:
      node = json_from_dict (pickle, value, walk);
      break;
    case C2L_PICKLE_NDARRAY:
      node = json_from_array (pickle, value);
      break;
    default:
      break;
    }
  c2l_pickle_walk_leave (walk);
  return node;
}
