/* C2lEngine: a bundle's models on a device, each loaded when it is first needed. Nothing else about
 * it changes, so any number of sessions may share one; whoever uses the device does so from one
 * thread at a time. */
#pragma once

#include "compute/device.h"
#include "models/clip.h"
#include "models/generator.h"
#include "models/prior.h"
#include "models/tokenizer.h"
#include "studio/bundle.h"

G_BEGIN_DECLS

typedef struct _C2lEngine C2lEngine;

/* @merges: the vocabulary of OpenAI's CLIP, for bundles that bring none (nullable). */
C2lEngine       *c2l_engine_new (C2lBundle *bundle, C2lDevice *device, const char *merges);
C2lEngine       *c2l_engine_ref (C2lEngine *engine);
void             c2l_engine_unref (C2lEngine *engine);

C2lBundle       *c2l_engine_get_bundle (C2lEngine *engine);
C2lDevice       *c2l_engine_get_device (C2lEngine *engine);
/* (nullable): the file of the vocabulary. Lent. */
const char      *c2l_engine_get_merges (C2lEngine *engine);

/* Whether all of the model's files are as they were when they were opened; C2L_FORMAT_ERROR_DAMAGED where one was cut off meanwhile, so that
 * what was computed with it may be wrong. */
gboolean         c2l_engine_check (C2lEngine *engine, GError **error);

/* Whether the model has a prior, so that it can draw for a prompt. */
gboolean         c2l_engine_has_prior (C2lEngine *engine);
/* Whether it has CLIP, so that prompts can be read and pictures scored. */
gboolean         c2l_engine_has_clip (C2lEngine *engine);

/* Lent; NULL and an error where the model lacks it or it cannot be loaded. */
C2lClip         *c2l_engine_get_clip (C2lEngine *engine, GError **error);
/* Its vocabulary must be the model's own: as many merges as the model has tokens for. */
C2lTokenizer    *c2l_engine_get_tokenizer (C2lEngine *engine, GError **error);
C2lPrior        *c2l_engine_get_prior (C2lEngine *engine, GError **error);
C2lGenerator    *c2l_engine_get_generator (C2lEngine *engine, GError **error);

/* How pictures are made ready for CLIP: as the bundle says. */
C2lClipPreprocess c2l_engine_get_preprocess (C2lEngine *engine);

/* How often each of the @n_latents rows of a latent is repeated, so that they make @num_ws styles:
 * one row for all of them, else as the prior says. NULL where nothing fits. */
int             *c2l_engine_dup_repeats (C2lEngine *engine, int n_latents, int num_ws, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lEngine, c2l_engine_unref)

G_END_DECLS
