/* Samples from a tar. A sample is handed out as soon as both of its arrays were seen; the key of
 * the last one is kept, so that one that comes in pieces is noticed. The arrays are copied, as
 * float32, into memory of the reader's. */
#include "formats/shard.h"

#include "formats/npy.h"
#include "formats/tar.h"

#include <glib/gi18n-lib.h>
#include <string.h>

typedef enum
{
  LATENT,
  FEATURE,
  N_PARTS
} Part;

static const char *const suffixes[N_PARTS] = { "latent.npy", "img_feat.npy" };

struct _C2lShard
{
  C2lTar *tar;
  char *name;
  GString *key;           /* of the sample that is being read, or was handed out last */
  GString *member;        /* "00000.tar: 000000012.latent.npy", for messages */
  float *values[N_PARTS]; /* NULL: not seen */
  gboolean has_key, is_complete;
  guint n_samples;
  C2lSample sample;
};

/* Where the extension of @name begins, behind the first dot of its last part; NULL: it has none. */
static const char *
find_extension (const char *name)
{
  const char *slash = strrchr (name, '/');
  const char *dot = strchr (slash != NULL ? slash : name, '.');

  return dot != NULL ? dot + 1 : NULL;
}

static gboolean
find_part (const char *name, Part *part)
{
  const char *extension = find_extension (name);

  for (int i = 0; extension != NULL && i < N_PARTS; i++)
    if (g_ascii_strcasecmp (extension, suffixes[i]) == 0)
      {
        *part = i;
        return TRUE;
      }
  return FALSE;
}

static gboolean
is_part (const char *name, gpointer data)
{
  Part part;

  return find_part (name, &part);
}

C2lShard *
c2l_shard_new (GInputStream *stream, const char *name)
{
  C2lShard *self = g_new0 (C2lShard, 1);

  self->tar = c2l_tar_new (stream, name);
  c2l_tar_set_filter (self->tar, is_part, NULL);
  self->name = g_strdup (name);
  self->key = g_string_new (NULL);
  self->member = g_string_new (NULL);
  return self;
}

C2lShard *
c2l_shard_open (const char *path, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) stream = g_file_read (file, NULL, error);

  return stream != NULL ? c2l_shard_new (G_INPUT_STREAM (stream), path) : NULL;
}

static void
clear_values (C2lShard *self)
{
  for (int i = 0; i < N_PARTS; i++)
    g_clear_pointer (&self->values[i], g_free);
}

void
c2l_shard_free (C2lShard *self)
{
  clear_values (self);
  c2l_tar_free (self->tar);
  g_string_free (self->key, TRUE);
  g_string_free (self->member, TRUE);
  g_free (self->name);
  g_free (self);
}

static gboolean
fail (C2lShard *self, const char *what, GError **error)
{
  g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED, "%s: %s", self->member->str,
               what);
  return FALSE;
}

/* FALSE where the sample that was begun lacks one of its arrays. */
static gboolean
finish_sample (C2lShard *self, GError **error)
{
  if (!self->has_key || self->is_complete)
    return TRUE;
  g_set_error (
      error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
      _ ("%s: the sample “%s” has no %s beside it; make the archive again, or leave it out"),
      self->name, self->key->str, suffixes[self->values[LATENT] == NULL ? LATENT : FEATURE]);
  return FALSE;
}

/* Goes over to the sample that @name belongs to, if it is another one. */
static gboolean
begin_sample (C2lShard *self, const char *name, GError **error)
{
  gsize length = find_extension (name) - 1 - name;

  if (self->has_key && self->key->len == length && memcmp (self->key->str, name, length) == 0)
    return TRUE;
  if (!finish_sample (self, error))
    return FALSE;
  clear_values (self);
  g_string_truncate (self->key, 0);
  g_string_append_len (self->key, name, length);
  self->has_key = TRUE;
  self->is_complete = FALSE;
  return TRUE;
}

static gboolean
is_size (gint64 size, gint64 max)
{
  return size >= 1 && size <= max;
}

/* Takes the shape of @array over into the sample. */
static gboolean
set_shape (C2lShard *self, Part part, const C2lArray *array, GError **error)
{
  gint64 width = array->n_dims > 0 ? array->dims[array->n_dims - 1] : 0;
  gint64 rows = array->n_dims == 2 ? array->dims[0] : 1;
  g_autofree char *shape = NULL, *what = NULL;

  if ((array->n_dims == 1 || array->n_dims == 2) && is_size (width, C2L_SHARD_MAX_WIDTH)
      && is_size (rows, part == LATENT ? C2L_SHARD_MAX_ROWS : 1))
    {
      if (part == FEATURE)
        self->sample.feature_dim = width;
      else
        {
          self->sample.n_latents = rows;
          self->sample.latent_dim = width;
        }
      return TRUE;
    }
  shape = c2l_array_to_string (array);
  what = g_strdup_printf ("%s is no %s", shape,
                          part == LATENT ? "latent, which is [D] or [L, D]"
                                         : "embedding, which is [D]");
  return fail (self, what, error);
}

/* Without a branch, so that many are looked at in one go: all bits of the exponent are set in
 * infinities and in what is no number. */
static gboolean
all_finite (const float *values, gsize n)
{
  const guint32 exponent = 0x7f800000;
  guint32 bad = 0;

  for (gsize i = 0; i < n; i++)
    {
      guint32 bits;

      memcpy (&bits, &values[i], sizeof bits);
      bad |= (bits & exponent) == exponent;
    }
  return bad == 0;
}

static gboolean
take_part (C2lShard *self, Part part, const C2lTarEntry *entry, GError **error)
{
  g_autoptr (C2lNpy) npy = NULL;

  if (self->values[part] != NULL)
    return fail (self, _ ("the sample has this twice"), error);
  npy = c2l_npy_parse (entry->data, entry->size, self->member->str, error);
  if (npy == NULL || !set_shape (self, part, &npy->array, error))
    return FALSE;
  self->values[part] = c2l_array_dup_f32 (&npy->array);
  if (!all_finite (self->values[part], npy->array.length))
    return fail (self, _ ("it holds numbers that are not finite; make it again, or leave it out"),
                 error);
  return TRUE;
}

const C2lSample *
c2l_shard_read_next (C2lShard *self, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  const C2lTarEntry *entry;

  g_return_val_if_fail (self != NULL, NULL);

  while ((entry = c2l_tar_read_next (self->tar, &local_error)) != NULL)
    {
      Part part;

      if (!find_part (entry->name, &part) || !begin_sample (self, entry->name, error))
        return NULL;
      g_string_printf (self->member, "%s: %s", self->name, entry->name);
      if (!take_part (self, part, entry, error))
        return NULL;
      if (self->values[LATENT] == NULL || self->values[FEATURE] == NULL)
        continue;
      self->is_complete = TRUE;
      self->n_samples++;
      self->sample.key = self->key->str;
      self->sample.latent = self->values[LATENT];
      self->sample.feature = self->values[FEATURE];
      return &self->sample;
    }
  if (local_error != NULL)
    g_propagate_error (error, g_steal_pointer (&local_error));
  else if (finish_sample (self, error) && self->n_samples == 0)
    g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
                 _ ("%s: no training data: no member's name ends with “.latent.npy”"), self->name);
  return NULL;
}
