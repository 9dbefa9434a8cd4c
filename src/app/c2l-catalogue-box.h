/* C2lCatalogueBox: the models that can be had: those of the program's catalogue and of a second one, their downloads, and what is kept of
 * them. Being offline is no trouble: nothing is asked of the network unless the artist wants it.
 *
 * Actions: catalogue.download (id) asks for the licences first; catalogue.go-on (id), catalogue.pause (id), catalogue.cancel (id);
 * catalogue.second, catalogue.refresh, catalogue.delete-kept.
 * Signal: installed (folder): a model is there. */
#pragma once

#include "studio/catalogue.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define C2L_TYPE_CATALOGUE_BOX (c2l_catalogue_box_get_type ())
G_DECLARE_FINAL_TYPE (C2lCatalogueBox, c2l_catalogue_box, C2L, CATALOGUE_BOX, AdwBin)

/* @installed: of C2lInstalled; these are not offered. To be called whenever they are listed. */
void                     c2l_catalogue_box_set_installed (C2lCatalogueBox *box, GPtrArray *installed);
/* The entry that @installed was made of; NULL where it was made of none. Lent until the catalogue changes. */
const C2lCatalogueModel *c2l_catalogue_box_find (C2lCatalogueBox *box, const char *origin);

G_END_DECLS
