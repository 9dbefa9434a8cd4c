/* C2lCatalogue: the models that can be had, and where their files are published.
 *
 * Read from data/catalogue.json (docs/formats.md); a second one, at an address or a path of the user's, adds to it. Both are hostile until
 * checked. A catalogue does not change once it is read, and may be used by any thread; what it lends lives as long as it does.
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
  C2L_FILE_PRIOR,     /* checkpoint */
  C2L_FILE_CONFIG,    /* of a prior */
  C2L_FILE_GENERATOR,
  C2L_FILE_CLIP,
  C2L_N_FILE_KINDS
} C2lFileKind;

const char *c2l_file_kind_get_name (C2lFileKind kind);

/* A file that somebody published. */
typedef struct
{
  C2lFileKind kind;
  char **names;    /* at least one; the first is that of its publisher */
  char *url;
  char *sha256;    /* (nullable): NULL where it was not published */
  goffset size;    /* bytes, 0 where they are not known exactly */
  goffset about;   /* bytes, roughly; 0 where nothing is known */
  char *path;      /* where it lies once it is fetched */
} C2lPublished;

typedef struct
{
  char *covers;    /* "The generator" */
  char *name;      /* "MIT" */
  char *url;
  char *note;      /* (nullable): what an artist must know of it, in a sentence */
} C2lLicence;

typedef struct
{
  char *id;        /* "faces": for the command line; no other model of the catalogue has it */
  char *name;      /* "Faces", for people */
  char *draws;     /* what it draws, in a sentence */
  char *network;   /* (nullable): "StyleGAN2, 1024×1024" */
  char *bundle;    /* (nullable): it comes with the program, as this folder of its data; then there are no files */
  char *preprocess;
  char **examples; /* prompts that work; may be empty */
  char **pictures; /* paths of small pictures that it drew; may be empty */
  char **attributions;
  GPtrArray *licences; /* of C2lLicence; at least one where there are files */
  C2lDefaults defaults; /* steps 0: none given */
  const C2lPublished *files[C2L_N_FILE_KINDS]; /* by kind; NULL: it has none */
} C2lCatalogueModel;

typedef struct _C2lCatalogue C2lCatalogue;

/* c2l_catalogue_load:
 * @base: (nullable): what this one adds to; its models come first, and this one's models may name its files
 * NULL and an error that names the file and the entry. Pictures beside the file are taken where @base is NULL only. */
C2lCatalogue *c2l_catalogue_load (const char *path, C2lCatalogue *base, GError **error);
C2lCatalogue *c2l_catalogue_ref (C2lCatalogue *catalogue);
void          c2l_catalogue_unref (C2lCatalogue *catalogue);

/* The program's own, read once and kept for good. Lent. */
C2lCatalogue *c2l_catalogue_get_own (GError **error);

/* c2l_catalogue_open:
 * @address: (nullable): a second catalogue, path or https address; NULL or "": only the program's own
 * What is known without the network: a second catalogue as it was when it was last fetched. Where that cannot be read, *@second_error
 * (nullable) says why, and the program's own comes alone; NULL and @error only if that one is broken. */
C2lCatalogue *c2l_catalogue_open (const char *address, GError **second_error, GError **error);

/* Asks for the second catalogue at @address anew (blocking) and keeps it for c2l_catalogue_open(), which then finds it. FALSE leaves the
 * one that is kept. A path is only read. */
gboolean      c2l_catalogue_fetch (const char *address, GCancellable *cancellable, GError **error);
void          c2l_catalogue_fetch_async (const char *address, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
gboolean      c2l_catalogue_fetch_finish (GAsyncResult *result, GError **error);

/* Of C2lCatalogueModel, in the order of the file. */
GPtrArray               *c2l_catalogue_get_models (C2lCatalogue *catalogue);
/* NULL where there is none. */
const C2lCatalogueModel *c2l_catalogue_find_model (C2lCatalogue *catalogue, const char *id);

/* Of C2lPublished. */
GPtrArray               *c2l_catalogue_get_files (C2lCatalogue *catalogue);
const C2lPublished      *c2l_catalogue_find_file (C2lCatalogue *catalogue, const char *name, C2lFileKind kind);
/* How many models are made of @file. */
guint                    c2l_catalogue_count_users (C2lCatalogue *catalogue, const C2lPublished *file);

/* How much is to be downloaded for @model: the sum of what is known of its files. @complete: (nullable, out): whether that is all. */
goffset                  c2l_catalogue_model_get_size (const C2lCatalogueModel *model, gboolean *complete);
/* What @url is kept as in the cache folder where no catalogue gives it a name: its last part, behind a piece of a checksum. */
char                    *c2l_catalogue_dup_cache_path_for_url (const char *url);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lCatalogue, c2l_catalogue_unref)

G_END_DECLS
