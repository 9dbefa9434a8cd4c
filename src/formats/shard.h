/* A reader of training samples from one webdataset tar, for example of those that the original or “c2l dataset” made: a latent
 * and CLIP's embedding of its picture, KEY.latent.npy and KEY.img_feat.npy, where KEY may have folders in front and the two stand beside
 * each other. Pictures and whatever else is there are passed over.
 *
 *   g_autoptr (C2lShard) shard = c2l_shard_open ("00000.tar", &error);
 *   const C2lSample *sample;
 *   while ((sample = c2l_shard_read_next (shard, &error)) != NULL)
 *     use (sample->latent, sample->feature);
 *   if (error != NULL) …
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _C2lShard C2lShard;

/* Lent until the next call. */
typedef struct
{
  const char *key;               /* "dataset/raw/00000/000000012" */
  guint n_latents, latent_dim;   /* [D] counts as [1, D] */
  guint feature_dim;
  const float *latent;           /* [n_latents, latent_dim], all finite */
  const float *feature;          /* [feature_dim], all finite */
} C2lSample;

/* Latents have at most so many rows, and rows of both arrays at most so many numbers. */
#define C2L_SHARD_MAX_ROWS 1024
#define C2L_SHARD_MAX_WIDTH 65536

C2lShard        *c2l_shard_open (const char *path, GError **error);
/* @name is what messages call the stream. */
C2lShard        *c2l_shard_new (GInputStream *stream, const char *name);
void             c2l_shard_free (C2lShard *shard);

/* The next sample. NULL at the end; with an error set where the archive is damaged or empty, half of a sample is missing, or an array is no
 * latent or embedding. */
const C2lSample *c2l_shard_read_next (C2lShard *shard, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lShard, c2l_shard_free)

G_END_DECLS
