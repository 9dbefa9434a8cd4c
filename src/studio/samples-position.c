/* Positions of a stream of samples as bytes: a GVariant of fixed byte order, which checks its own
 * bounds. A position comes out of a checkpoint and may be anything. */
#include "studio/samples-private.h"

#include "studio/recipe.h"

#include <string.h>

/* Version, fingerprint, epoch, n_epoch, n_drawn, n_random, next, n_more, held. */
#define TYPE "(usttttuuua(uu))"
#define NEW_TYPE "(usttttuuu@a(uu))"
#define VERSION 1

/* Fixed byte order: little endian, whatever the machine. */
static GVariant *
to_file_order (GVariant *variant)
{
  return G_BYTE_ORDER == G_LITTLE_ENDIAN ? g_variant_ref_sink (variant)
                                         : g_variant_byteswap (g_variant_ref_sink (variant));
}

GBytes *
c2l_samples_position_pack (const C2lSampleSource *source,
                           const C2lSamplesState *state,
                           guint n_more)
{
  /* As a whole: a training saves its position with every batch. */
  GVariant *held = g_variant_new_fixed_array (G_VARIANT_TYPE ("(uu)"), state->held->data,
                                              state->held->len, sizeof (C2lSampleId));
  g_autoptr (GVariant) variant = NULL;

  G_STATIC_ASSERT (sizeof (C2lSampleId) == 2 * sizeof (guint32));
  variant = to_file_order (g_variant_new (NEW_TYPE, VERSION, source->fingerprint, state->epoch,
                                          state->n_epoch, state->n_drawn, state->n_random,
                                          state->next.file, state->next.number, n_more, held));
  return g_variant_get_data_as_bytes (variant);
}

static gboolean
fail (const char *what, GError **error)
{
  g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
               "the position in the training data: %s", what);
  return FALSE;
}

/* Whether the walk could ever be there. */
static gboolean
is_possible (const C2lSampleSource *source, const C2lSamplesState *state, guint n_more)
{
  if (state->next.file > source->n_files || state->held->len > source->shuffle
      || n_more > C2L_SAMPLES_MAX_MORE || state->n_drawn > state->n_random
      || state->epoch > G_MAXUINT32
      || (state->held->len == 0 && state->next.file == source->n_files))
    return FALSE;
  for (guint i = 0; i < state->held->len; i++)
    if (g_array_index (state->held, C2lSampleId, i).file >= source->n_files)
      return FALSE;
  return TRUE;
}

gboolean
c2l_samples_position_unpack (const C2lSampleSource *source,
                             GBytes *position,
                             C2lSamplesState *state,
                             guint *n_more,
                             GError **error)
{
  g_autoptr (GVariant) raw
      = g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE (TYPE), position, FALSE));
  g_autoptr (GVariant) variant
      = G_BYTE_ORDER == G_LITTLE_ENDIAN ? g_variant_ref (raw) : g_variant_byteswap (raw);
  g_autoptr (GVariantIter) held = NULL;
  const char *fingerprint;
  guint32 version;
  C2lSampleId id;

  if (!g_variant_is_normal_form (variant))
    return fail ("damaged; begin at the start", error);
  g_variant_get (variant, "(u&sttttuuua(uu))", &version, &fingerprint, &state->epoch,
                 &state->n_epoch, &state->n_drawn, &state->n_random, &state->next.file,
                 &state->next.number, n_more, &held);
  if (version != VERSION)
    return fail ("written by another version of the program; begin at the start", error);
  if (strcmp (fingerprint, source->fingerprint) != 0)
    return fail ("it was saved with other tars, another seed or another shuffle buffer; name the "
                 "same ones, or begin at the start",
                 error);
  while (g_variant_iter_next (held, "(uu)", &id.file, &id.number))
    g_array_append_val (state->held, id);
  return is_possible (source, state, *n_more) || fail ("damaged; begin at the start", error);
}
