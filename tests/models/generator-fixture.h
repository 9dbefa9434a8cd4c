/* What the tests of the generators share: folders that hold one, changed copies of its weights, and drawing. */
#pragma once

#include "fixture.h"
#include "models/generator.h"

G_BEGIN_DECLS

/* Adds a test "@prefix/matches-original/NAME" for each folder of $C2L_FIXTURES/@kind; there must be some. */
void          generator_fixture_add_tests (const char *kind, const char *prefix);
/* Adds a test "@prefix/refuses/missing/NAME" for each of the @n arrays that @folder's generator cannot do without. */
void          generator_fixture_add_missing (const char *prefix, const char *folder, const char *const *names, gsize n);
/* A test: the pictures of @folder's generator in bfloat16 are those of float32, nearly. */
void          generator_fixture_test_bf16 (gconstpointer folder);

C2lDevice    *generator_fixture_open_device (void);
C2lWeights   *generator_fixture_load (const char *relative);
C2lGenerator *generator_fixture_open (C2lWeights *weights, C2lDevice *device);
C2lGenerator *generator_fixture_open_folder (const char *relative, C2lDevice *device);

/* A copy that may be changed: without the array @without (nullable), with a configuration of its own. */
C2lWeights   *generator_fixture_copy (C2lWeights *weights, const char *without);
/* Loading must fail with a message that names the file and holds @text. */
void          generator_fixture_assert_refused (C2lWeights *weights, const char *text);

/* What is drawn, beside the latents; zero: constant noise in float32. */
typedef struct
{
  C2lSynthesis options;   /* tensors are filled in from the two below */
  const gint32 *keys;     /* [B, 4] */
  const float *transform; /* [3, 3] */
  C2lPrecision precision;
  const char *tap;        /* (nullable): return this activation instead of the picture */
} Drawing;

/* Pictures of @ws [B, num_ws, w_dim], channels last. */
float        *generator_fixture_draw (C2lGenerator *generator, C2lDevice *device, int batch, const float *ws,
                                      const Drawing *drawing, gsize *length);

/* Latents that differ between pictures and layers. */
float        *generator_fixture_make_ws (C2lGenerator *generator, int batch);

/* Largest absolute difference relative to the largest absolute value of @b. */
double        generator_fixture_difference (const float *a, const float *b, gsize length);

G_END_DECLS
