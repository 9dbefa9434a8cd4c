/* C2lCatalogue: the models that can be had, and where their files are published.
 *
 * Read from data/catalogue.json (docs/formats.md); a second one, at an address or a path of the
 * user's, adds to it. Both are hostile until checked. A catalogue does not change once it is read,
 * and may be used by any thread; what it lends lives as long as it does.
 *
 *   C2lCatalogue *own = c2l_catalogue_get_own (&error);
 *   const C2lCatalogueModel *model = c2l_catalogue_find_model (own, "faces");
 */
#pragma once

#include "studio/bundle.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define C2L_CATALOGUE_FORMAT 1

typedef enum
{
  C2L_PUBLISHED_CLIP,
  C2L_PUBLISHED_PRIOR,     /* checkpoint */
  C2L_PUBLISHED_CONFIG,    /* of a prior */
  C2L_PUBLISHED_GENERATOR,
  C2L_N_PUBLISHED_KINDS
} C2lPublishedKind;

/* "clip", "prior", "config", "generator" */
const char *c2l_published_kind_get_name (C2lPublishedKind kind);

/* A file that somebody published. */
typedef struct
{
  C2lPublishedKind kind;
  char **names;    /* at least one; the first is that of its publisher */
  char *url;
  char *sha256;    /* (nullable): NULL where it was not published */
  goffset size;    /* bytes; 0 where it was not published */
  char *path;      /* where it lies once it is fetched: in the user's cache */
} C2lPublished;

typedef struct
{
  char *covers;    /* "The generator" */
  char *name;      /* "MIT" */
  char *url;       /* (nullable): where its text is; http or https */
  char *note;      /* (nullable): what an artist must know of it, in a sentence */
} C2lLicence;

/* Texts for people are in the user's language where the catalogue knows it. */
typedef struct
{
  char *id;        /* "faces": for the command line, and a folder's name; no other model has it */
  char *name;      /* "Faces" */
  char *draws;     /* what it draws, in a sentence */
  char *network;   /* (nullable): "StyleGAN2, 1024×1024" */
  char *bundle;    /* (nullable): it comes with the program, as this folder of its data; then there are no files */
  char *preprocess;    /* (nullable): how CLIP sees pictures, see bundle.h */
  char **examples;     /* prompts that work; may be empty */
  char **pictures;     /* paths of small pictures that it drew; may be empty */
  char **attributions; /* who must be named; may be empty */
  GPtrArray *licences; /* of C2lLicence; at least one where there are files */
  C2lDefaults defaults; /* steps 0: none given */
  const C2lPublished *files[C2L_N_PUBLISHED_KINDS]; /* NULL: it has none of that kind */
} C2lCatalogueModel;

typedef struct _C2lCatalogue C2lCatalogue;

/* c2l_catalogue_load:
 * @where: (nullable): what errors call it, such as the address that it was fetched from
 * @base: (nullable): what this one adds to; its models come first, and this one's models may name
 * its files
 * NULL and an error that names it and the entry. Only a catalogue without @base, the
 * program's own, may name files of the program: pictures and a bundle. */
C2lCatalogue *c2l_catalogue_load (const char *path, const char *where, C2lCatalogue *base, GError **error);
C2lCatalogue *c2l_catalogue_ref (C2lCatalogue *catalogue);
void          c2l_catalogue_unref (C2lCatalogue *catalogue);

/* The program's own, read once and kept for good. Lent. */
C2lCatalogue *c2l_catalogue_get_own (GError **error);

/* Of C2lCatalogueModel, in the order of the file. Lent. */
GPtrArray               *c2l_catalogue_get_models (C2lCatalogue *catalogue);
/* NULL where there is none. */
const C2lCatalogueModel *c2l_catalogue_find_model (C2lCatalogue *catalogue, const char *id);

/* Of C2lPublished. Lent. */
GPtrArray               *c2l_catalogue_get_files (C2lCatalogue *catalogue);
const C2lPublished      *c2l_catalogue_find_file (C2lCatalogue *catalogue, const char *name, C2lPublishedKind kind);
/* How many models are made of @file. */
guint                    c2l_catalogue_count_users (C2lCatalogue *catalogue, const C2lPublished *file);

/* Where @url is kept in the user's cache if no catalogue of the program's gives it a name: its last
 * part, behind a piece of a checksum of @url and @sha256 (nullable). */
char                    *c2l_catalogue_dup_cache_path (const char *url, const char *sha256);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lCatalogue, c2l_catalogue_unref)

G_END_DECLS
