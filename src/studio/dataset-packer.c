/* The threads behind a data set: some pack samples into archive members, one writes them in order.
 * A step is in the queue from the moment it is pushed until it is written; its content belongs to
 * the thread that works on it, the rest is under the lock. After the first error steps pass through
 * unwritten. */
#include "studio/dataset-private.h"

#include "formats/jpeg.h"
#include "formats/npy.h"
#include "formats/tar.h"

/* The original's. */
#define JPEG_QUALITY 95

/* A sample for a file, or the end of it. */
typedef struct
{
  C2lDatasetFile *file;    /* lent by samples, owned by the end */
  C2lDatasetSample sample; /* empty at the end */
  gboolean is_end;
  gboolean is_ready;   /* guarded: packed, or failed */
  GByteArray *members; /* (nullable) */
  GError *error;       /* (nullable) */
} Step;

struct _C2lDatasetPacker
{
  guint limit;
  GPtrArray *threads; /* of GThread */
  GMutex mutex;
  GCond cond;
  GQueue steps;    /* of Step; guarded, as all that follows */
  GQueue unpacked; /* those of them that no thread has taken yet */
  GQueue finished; /* of paths */
  GError *error;   /* (nullable): the first one */
  gboolean is_stopping;
};

void
c2l_dataset_sample_clear (C2lDatasetSample *sample)
{
  g_clear_pointer (&sample->key, g_free);
  g_clear_pointer (&sample->latent, g_free);
  g_clear_pointer (&sample->feature, g_free);
  g_clear_pointer (&sample->pixels, g_free);
}

static void
step_free (Step *step)
{
  c2l_dataset_sample_clear (&step->sample);
  if (step->is_end)
    g_clear_pointer (&step->file, c2l_dataset_file_free);
  g_clear_pointer (&step->members, g_byte_array_unref);
  g_clear_error (&step->error);
  g_free (step);
}

/* --- packing --- */

static gboolean
add_member (Step *step, const char *suffix, GBytes *bytes, GError **error)
{
  g_autofree char *name = g_strconcat (step->sample.key, suffix, NULL);
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);

  return c2l_tar_append (step->members, name, data, size, error);
}

static gboolean
add_array (Step *step,
           const char *suffix,
           const float *values,
           int n_rows,
           int width,
           GError **error)
{
  const gint64 dims[] = { n_rows, width };
  g_autoptr (GBytes) bytes = n_rows > 0 ? c2l_npy_write_bytes (values, dims, 2)
                                        : c2l_npy_write_bytes (values, dims + 1, 1);

  return add_member (step, suffix, bytes, error);
}

static gboolean
add_picture (Step *step, GError **error)
{
  const C2lDatasetSample *sample = &step->sample;
  g_autoptr (GBytes) jpeg = NULL;

  if (sample->pixels == NULL)
    return TRUE;
  jpeg = c2l_jpeg_encode (sample->pixels, sample->size, sample->size, JPEG_QUALITY, NULL, 0, error);
  return jpeg != NULL && add_member (step, ".gen.jpg", jpeg, error);
}

/* The members of a sample in the order of their names, as the original has them. */
static void
pack (Step *step)
{
  const C2lDatasetSample *sample = &step->sample;

  step->members = g_byte_array_new ();
  if (add_picture (step, &step->error)
      && add_array (step, ".img_feat.npy", sample->feature, 0, sample->feature_dim, &step->error))
    add_array (step, ".latent.npy", sample->latent, sample->n_rows, sample->latent_dim,
               &step->error);
}

static gpointer
pack_steps (gpointer data)
{
  C2lDatasetPacker *packer = data;

  g_mutex_lock (&packer->mutex);
  while (!packer->is_stopping || packer->unpacked.length > 0)
    {
      Step *step = g_queue_pop_head (&packer->unpacked);

      if (step == NULL)
        {
          g_cond_wait (&packer->cond, &packer->mutex);
          continue;
        }
      g_mutex_unlock (&packer->mutex);
      pack (step);
      g_mutex_lock (&packer->mutex);
      step->is_ready = TRUE;
      g_cond_broadcast (&packer->cond);
    }
  g_mutex_unlock (&packer->mutex);
  return NULL;
}

/* --- writing --- */

static gboolean
write_step (Step *step, char **finished, GError **error)
{
  if (step->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&step->error));
      return FALSE;
    }
  if (!step->is_end)
    return c2l_dataset_file_append (step->file, step->members, error);
  if (!c2l_dataset_file_publish (step->file, error))
    return FALSE;
  *finished = g_strdup (c2l_dataset_file_get_path (step->file));
  return TRUE;
}

/* Waits for the step whose turn it is; NULL when there will be none. Under the lock. */
static Step *
wait_for_step (C2lDatasetPacker *packer)
{
  for (;;)
    {
      Step *step = g_queue_peek_head (&packer->steps);

      if (step != NULL && step->is_ready)
        return step;
      if (step == NULL && packer->is_stopping)
        return NULL;
      g_cond_wait (&packer->cond, &packer->mutex);
    }
}

static gpointer
write_steps (gpointer data)
{
  C2lDatasetPacker *packer = data;
  Step *step;

  g_mutex_lock (&packer->mutex);
  while ((step = wait_for_step (packer)) != NULL)
    {
      const gboolean go_on = packer->error == NULL && !packer->is_stopping;
      char *finished = NULL;
      GError *error = NULL;

      g_mutex_unlock (&packer->mutex);
      if (go_on)
        write_step (step, &finished, &error);
      g_mutex_lock (&packer->mutex);
      if (finished != NULL)
        g_queue_push_tail (&packer->finished, finished);
      if (error != NULL)
        packer->error = error;
      step_free (g_queue_pop_head (&packer->steps));
      g_cond_broadcast (&packer->cond);
    }
  g_mutex_unlock (&packer->mutex);
  return NULL;
}

/* --- from outside --- */

C2lDatasetPacker *
c2l_dataset_packer_new (guint n_workers, guint limit)
{
  C2lDatasetPacker *packer = g_new0 (C2lDatasetPacker, 1);

  packer->limit = limit;
  g_mutex_init (&packer->mutex);
  g_cond_init (&packer->cond);
  packer->threads = g_ptr_array_new ();
  g_ptr_array_add (packer->threads, g_thread_new ("data set", write_steps, packer));
  for (guint i = 0; i < n_workers; i++)
    g_ptr_array_add (packer->threads, g_thread_new ("samples", pack_steps, packer));
  return packer;
}

/* Puts @step in, taken, where nothing has failed. */
static gboolean
push_step (C2lDatasetPacker *packer, Step *step, GError **error)
{
  gboolean ok;

  g_mutex_lock (&packer->mutex);
  while (packer->steps.length >= packer->limit && packer->error == NULL)
    g_cond_wait (&packer->cond, &packer->mutex);
  ok = packer->error == NULL;
  if (ok)
    {
      g_queue_push_tail (&packer->steps, step);
      if (!step->is_end)
        g_queue_push_tail (&packer->unpacked, step);
    }
  else
    g_propagate_error (error, g_error_copy (packer->error));
  g_cond_broadcast (&packer->cond);
  g_mutex_unlock (&packer->mutex);
  if (!ok)
    step_free (step);
  return ok;
}

gboolean
c2l_dataset_packer_push (C2lDatasetPacker *packer,
                         C2lDatasetFile *file,
                         C2lDatasetSample *sample,
                         GError **error)
{
  Step *step = g_new0 (Step, 1);

  step->file = file;
  step->sample = *sample;
  *sample = (C2lDatasetSample){ 0 };
  return push_step (packer, step, error);
}

gboolean
c2l_dataset_packer_end (C2lDatasetPacker *packer, C2lDatasetFile *file, GError **error)
{
  Step *step = g_new0 (Step, 1);

  step->file = file;
  step->is_end = step->is_ready = TRUE;
  return push_step (packer, step, error);
}

char *
c2l_dataset_packer_pop_finished (C2lDatasetPacker *packer)
{
  char *path;

  g_mutex_lock (&packer->mutex);
  path = g_queue_pop_head (&packer->finished);
  g_mutex_unlock (&packer->mutex);
  return path;
}

gboolean
c2l_dataset_packer_finish (C2lDatasetPacker *packer, GError **error)
{
  gboolean ok;

  g_mutex_lock (&packer->mutex);
  while (packer->steps.length > 0)
    g_cond_wait (&packer->cond, &packer->mutex);
  ok = packer->error == NULL;
  if (!ok)
    g_propagate_error (error, g_error_copy (packer->error));
  g_mutex_unlock (&packer->mutex);
  return ok;
}

void
c2l_dataset_packer_free (C2lDatasetPacker *packer)
{
  g_mutex_lock (&packer->mutex);
  packer->is_stopping = TRUE;
  g_cond_broadcast (&packer->cond);
  g_mutex_unlock (&packer->mutex);
  for (guint i = 0; i < packer->threads->len; i++)
    g_thread_join (g_ptr_array_index (packer->threads, i));
  g_ptr_array_unref (packer->threads);
  g_queue_clear_full (&packer->finished, g_free);
  g_clear_error (&packer->error);
  g_mutex_clear (&packer->mutex);
  g_cond_clear (&packer->cond);
  g_free (packer);
}
