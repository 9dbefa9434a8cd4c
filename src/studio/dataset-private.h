/* What the files of c2l_dataset_make() share: the description of a folder, a tar that is being made, and the threads that fill it. */
#pragma once

#include "studio/dataset.h"

G_BEGIN_DECLS

/* --- dataset.json --- */

/* Says in the folder how its data are made, or looks whether what it says is the same. FALSE where it is not, or the folder cannot be used;
 * @note: (out): what differs without being in the way (nullable). */
gboolean            c2l_dataset_describe (C2lSession *session, const C2lDatasetOptions *options, char **note, GError **error);

/* --- a tar --- */

typedef enum
{
  C2L_CLAIM_OURS,      /* a file to fill */
  C2L_CLAIM_THERE,     /* it is finished */
  C2L_CLAIM_ELSEWHERE, /* another process is making it */
  C2L_CLAIM_FAILED     /* it cannot be written */
} C2lClaim;

typedef struct _C2lDatasetFile C2lDatasetFile;

/* "FOLDER/00012.tar" */
char               *c2l_dataset_file_dup_path (const char *folder, guint index);
/* @file: (out): where it is ours. FAILED sets @error. */
C2lClaim            c2l_dataset_file_claim (const char *folder, guint index, C2lDatasetFile **file, GError **error);
const char         *c2l_dataset_file_get_path (C2lDatasetFile *file);
gboolean            c2l_dataset_file_append (C2lDatasetFile *file, const GByteArray *members, GError **error);
/* Ends the archive, and gives it its name once all of it is on the disk. */
gboolean            c2l_dataset_file_publish (C2lDatasetFile *file, GError **error);
/* What was not published is gone. */
void                c2l_dataset_file_free (C2lDatasetFile *file);

/* --- the threads --- */

/* A sample on its way. */
typedef struct
{
  char *key;                 /* "000120034" */
  float *latent, *feature;
  int n_rows;                /* of the latent; 0: [D] */
  int latent_dim, feature_dim;
  guint8 *pixels;            /* (nullable): [size, size, 3] */
  int size;
} C2lDatasetSample;

void                c2l_dataset_sample_clear (C2lDatasetSample *sample);

/* Packs samples on @n_workers threads and writes them, in the order they came, on one more. At most @limit are on their way. */
typedef struct _C2lDatasetPacker C2lDatasetPacker;

C2lDatasetPacker   *c2l_dataset_packer_new (guint n_workers, guint limit);
/* Takes what is in @sample. Waits where too many are on their way. FALSE and the first error of any thread. */
gboolean            c2l_dataset_packer_push (C2lDatasetPacker *packer, C2lDatasetFile *file, C2lDatasetSample *sample, GError **error);
/* Nothing more comes for @file, which is taken: it is published behind its last sample. */
gboolean            c2l_dataset_packer_end (C2lDatasetPacker *packer, C2lDatasetFile *file, GError **error);
/* The path of a file that was published since the last call, or NULL. */
char               *c2l_dataset_packer_pop_finished (C2lDatasetPacker *packer);
/* Waits until all is written. */
gboolean            c2l_dataset_packer_finish (C2lDatasetPacker *packer, GError **error);
/* Ends the threads; files that were ended and not yet published are gone. */
void                c2l_dataset_packer_free (C2lDatasetPacker *packer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lDatasetFile, c2l_dataset_file_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lDatasetPacker, c2l_dataset_packer_free)

G_END_DECLS
