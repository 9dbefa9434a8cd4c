/* The models that a training's configuration names: CLIP and the generator that its validations draw with. Each is a
 * path (here, or among the program's data), an https address or a published name; data.bundle stands for both. */
#pragma once

#include "studio/session.h"
#include "studio/train-config.h"

G_BEGIN_DECLS

/* The device that @name says; NULL: the best of this computer that trains and can be opened, where several processes are on it each its
 * own GPU, as with "cuda" there. "cuda:0" is the original's word for the first GPU. @note: (out) (nullable): for people, where a better one was passed over. */
C2lDevice  *c2l_train_open_device (const char *name, char **note, GError **error);

/* The model that brings both, or one of the files that are named; what must be fetched is fetched. */
C2lBundle  *c2l_train_open_bundle (const C2lTrainSettings *settings, GCancellable *cancellable, GError **error);

/* A session without a prior. Fetches what must be fetched; the CLIP and the generator are loaded when they are needed. */
C2lSession *c2l_train_open_session (const C2lTrainSettings *settings, C2lDevice *device, C2lPrecision precision,
                                    GCancellable *cancellable, GError **error);

/* @path as it stands, or among the program's data where it is not there (transfer full). */
char       *c2l_train_find_file (const char *path);

G_END_DECLS
