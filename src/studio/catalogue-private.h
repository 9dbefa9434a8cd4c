/* What catalogue.c and its reader share. */
#pragma once

#include "studio/catalogue.h"

G_BEGIN_DECLS

struct _C2lCatalogue
{
  gatomicrefcount refs;
  GPtrArray *files;  /* of C2lPublished; the base's ones are lent */
  GPtrArray *models; /* of C2lCatalogueModel; the base's ones are lent */
  guint n_base_files, n_base_models;
  C2lCatalogue *base;
};

/* Empty, or with what @base (nullable) has. */
C2lCatalogue *c2l_catalogue_new (C2lCatalogue *base);
void c2l_published_free (gpointer file);
void c2l_licence_free (gpointer licence);
void c2l_catalogue_model_free (gpointer model);

G_END_DECLS
