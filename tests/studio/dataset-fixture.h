/* What the tests of data sets share: a folder, a small generator with its CLIP, and looks into tars. */
#pragma once

#include "studio/dataset.h"

/* A session with the models of the fixture e2e/w: pictures of 32², eight styles of 32 numbers, CLIP of 64² if it is wanted. */
C2lSession *dataset_fixture_open_session (C2lPrecision precision, gboolean clip);
C2lSession *dataset_fixture_open_starter (void);

/* Few samples in small tars, into @folder (lent). */
C2lDatasetOptions dataset_fixture_options (const char *folder, guint64 n_samples, guint samples_per_file);

/* Makes them; asserts. */
C2lDatasetResult dataset_fixture_make (C2lSession *session, const C2lDatasetOptions *options);

/* @folder/NAME; and its content. */
char   *dataset_fixture_path (const char *folder, const char *name);
GBytes *dataset_fixture_read (const char *folder, const char *name);

/* Names of all files in @folder, sorted, with spaces between them. */
char   *dataset_fixture_list (const char *folder);

/* All latents and embeddings of a tar, one sample after the other; returns the number of samples. */
guint   dataset_fixture_load (const char *folder, const char *name, float **latents, float **features);
