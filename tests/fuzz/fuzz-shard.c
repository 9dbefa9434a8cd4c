/* Samples out of a tar: whatever is in it, what comes out is whole and finite. */
#include "formats/shard.h"

#include <math.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_data (data, size, NULL);
  g_autoptr (C2lShard) shard = c2l_shard_new (stream, "fuzz");
  const C2lSample *sample;

  while ((sample = c2l_shard_read_next (shard, NULL)) != NULL)
    {
      for (gsize i = 0; i < (gsize) sample->n_latents * sample->latent_dim; i++)
        g_assert_true (isfinite (sample->latent[i]));
      for (gsize i = 0; i < sample->feature_dim; i++)
        g_assert_true (isfinite (sample->feature[i]));
    }
  return 0;
}
