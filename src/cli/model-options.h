/* The options that say which model draws and on what, shared by the subcommands that draw. */
#pragma once

#include "cli/cli.h"
#include "studio/engine.h"
#include "studio/model-files.h"

G_BEGIN_DECLS

typedef struct
{
  char *model, *prior, *config, *generator, *clip, *merges, *preprocess;
  char *device, *precision;
  int threads;
} C2lModelOptions;

/* Groups for c2l_cli_parse(); each is taken by it. @fallback: what --precision is where it is not
 * given, for the help: C2L_DEFAULT_PRECISION, or C2L_PRECISION_F32. */
GOptionGroup *c2l_model_options_new_model_group (C2lModelOptions *options);
GOptionGroup *c2l_model_options_new_device_group (C2lModelOptions *options, C2lPrecision fallback);
void          c2l_model_options_clear (C2lModelOptions *options);

/* Opens what was named: a bundle, files, https addresses or published names, fetched when they must
 * be; the starter where nothing was named. Of single files the one of the role @needed must be
 * among them, as nothing can be done without it. */
C2lBundle    *c2l_model_options_open_bundle (const C2lModelOptions *options, C2lRole needed, GError **error);
C2lDevice    *c2l_model_options_open_device (const C2lModelOptions *options, GError **error);
/* Both, and the vocabulary of OpenAI's CLIP. */
C2lEngine    *c2l_model_options_open_engine (const C2lModelOptions *options, C2lRole needed, GError **error);
/* @fallback where no --precision was given. */
gboolean      c2l_model_options_get_precision (const C2lModelOptions *options, C2lDevice *device, C2lPrecision fallback,
                                               C2lPrecision *precision, GError **error);

/* The files that were named, each as a path on this machine, downloaded when it must be. */
gboolean      c2l_model_options_fetch (const C2lModelOptions *options, C2lModelPaths *paths, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (C2lModelOptions, c2l_model_options_clear)

G_END_DECLS
