/* C2lLibrary: every picture that was drawn, as a recipe with a thumbnail, in an SQLite database that a killed
 * program does not harm.
 *
 *   g_autofree char *notice = NULL;
 *   C2lLibrary *library = c2l_library_open (path, &notice);
 *   c2l_library_add_async (library, entries, recipes, cancellable, added, data);
 *   c2l_library_list_async (library, &query, cancellable, listed, data);
 *   c2l_library_close (library);
 *
 * One connection on a thread of its own. All functions are called from the thread that opened the library,
 * return at once, and answer in its main context, in the order in which they were called. What was answered for
 * survives the end of the program, whatever ends it; of a power cut's last moment some may be missing, and the rest
 * is whole.
 *
 * What cannot be written because the disk is full or not writable answers an error, and is written after all with
 * the next call for which there is room. */
#pragma once

#include "studio/recipe.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define C2L_LIBRARY_ERROR (c2l_library_error_quark ())
typedef enum
{
  C2L_LIBRARY_ERROR_FAILED,  /* the disk is full or not writable, or another program holds the file */
  C2L_LIBRARY_ERROR_UNKNOWN, /* no such picture or collection; or a file of a newer or another program */
  C2L_LIBRARY_ERROR_TAKEN,   /* a collection of that name exists */
  C2L_LIBRARY_ERROR_DAMAGED  /* the file is broken */
} C2lLibraryError;
GQuark c2l_library_error_quark (void);

/* A picture as lists show it. Reference-counted; does not change. */
typedef struct
{
  gatomicrefcount refs;
  char *uid;          /* stays the same for ever */
  char *prompt;       /* (nullable) */
  char *model;        /* the bundle's name */
  char *generator;    /* (nullable): SHA-256 of the generator */
  gint64 created;     /* microseconds since 1970 */
  gint64 trashed;     /* since when it is in the trash; 0: it is not */
  gboolean has_score, favourite;
  gboolean kept;      /* there is a full-size PNG of it, see c2l_library_dup_picture_path() */
  double score;
  GBytes *thumbnail;  /* (nullable): as thumbnail.h encodes it */
} C2lLibraryEntry;

#define C2L_TYPE_LIBRARY_ENTRY (c2l_library_entry_get_type ())
GType            c2l_library_entry_get_type (void);
/* Of @recipe, created now, with a uid of its own. */
C2lLibraryEntry *c2l_library_entry_new (C2lRecipe *recipe, GBytes *thumbnail);
C2lLibraryEntry *c2l_library_entry_ref (C2lLibraryEntry *entry);
void             c2l_library_entry_unref (C2lLibraryEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lLibraryEntry, c2l_library_entry_unref)

typedef enum
{
  C2L_LIBRARY_NEWEST,
  C2L_LIBRARY_BEST /* by score; those without one last */
} C2lLibraryOrder;

/* Which pictures. Zero and NULL mean: all. */
typedef struct
{
  const char *text;       /* words anywhere in the prompt, in any case and order; no sign has a meaning of its own */
  const char *model;
  const char *generator;  /* SHA-256 */
  gint64 from, to;        /* created, microseconds since 1970; @to itself not */
  gboolean favourites;
  gboolean not_kept;      /* those without a full-size PNG */
  gboolean trashed;       /* those in the trash and no others */
  gint64 collection;
  C2lLibraryOrder order;
  guint offset, limit;    /* limit 0: all */
} C2lLibraryQuery;

typedef struct
{
  gint64 id;
  char *name;
  guint n_pictures;       /* without those in the trash */
} C2lCollection;

void c2l_collection_free (C2lCollection *collection);

typedef struct
{
  guint n_pictures, n_favourites; /* without those in the trash */
  guint n_trashed;
  guint64 bytes;                  /* on the disk, full-size PNGs too */
} C2lLibraryStatistics;

#define C2L_TYPE_LIBRARY (c2l_library_get_type ())
G_DECLARE_FINAL_TYPE (C2lLibrary, c2l_library, C2L, LIBRARY, GObject)

/* Signals
 * ::changed                      pictures or collections were added, changed or taken away
 * ::notice (const char *text)    what the artist must know: the file turned out to be damaged while it was used */

/* "~/.local/share/clip2latent/library.sqlite" */
char        *c2l_library_dup_default_path (void);

/* Never fails: a broken file is set aside beside the new one, and where nothing can be written the library lives in
 * memory until the program ends. @notice: (out): what the artist must know of that, or NULL. */
C2lLibrary  *c2l_library_open (const char *path, char **notice);
/* Waits until everything that was asked for is done; answers may still have to arrive. */
void         c2l_library_flush (C2lLibrary *library);
/* The same, and closes. Later calls answer an error. */
void         c2l_library_close (C2lLibrary *library);
/* Whether it lives in memory only. */
gboolean     c2l_library_is_temporary (C2lLibrary *library);

/* --- writing; each in one transaction. Uids that are not there are passed over. --- */

/* @entries: of C2lLibraryEntry   @recipes: of C2lRecipe, as many, which do not change any more */
void         c2l_library_add_async (C2lLibrary *library, GPtrArray *entries, GPtrArray *recipes,
                                    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
/* A picture was edited. @thumbnail: (nullable): the old one stays. Its full-size PNG, now wrong, is deleted. */
void         c2l_library_update_async (C2lLibrary *library, const char *uid, C2lRecipe *recipe, GBytes *thumbnail,
                                       GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
void         c2l_library_set_favourite_async (C2lLibrary *library, const char *const *uids, gboolean favourite,
                                              GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
/* Into the trash, or out of it again. */
void         c2l_library_trash_async (C2lLibrary *library, const char *const *uids, gboolean trashed,
                                      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
/* How long pictures stay in the trash: the program purges what is older when it starts. */
#define C2L_LIBRARY_TRASH_DAYS 30
/* For good: the pictures in the trash since before @before (microseconds since 1970; G_MAXINT64: all). */
void         c2l_library_purge_async (C2lLibrary *library, gint64 before, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer data);
/* For good: those of @uids that are in the trash. */
void         c2l_library_delete_async (C2lLibrary *library, const char *const *uids, GCancellable *cancellable,
                                       GAsyncReadyCallback callback, gpointer data);
/* All pictures but favourites into the trash. */
void         c2l_library_clear_async (C2lLibrary *library, GCancellable *cancellable, GAsyncReadyCallback callback,
                                      gpointer data);
/* The answer to each of these. */
gboolean     c2l_library_write_finish (C2lLibrary *library, GAsyncResult *result, GError **error);

/* --- full-size PNGs, beside the database in the folder "pictures" --- */

/* Where that of @uid belongs. Makes the folder. The caller writes the file, then says so with
 * c2l_library_set_kept_async(). NULL: the library lives in memory, and keeps none. */
char        *c2l_library_dup_picture_path (C2lLibrary *library, const char *uid);
/* FALSE deletes the files. Pictures that are deleted for good take theirs along. */
void         c2l_library_set_kept_async (C2lLibrary *library, const char *const *uids, gboolean kept,
                                         GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);

/* --- reading --- */

/* Answers a GPtrArray of C2lLibraryEntry. */
void         c2l_library_list_async (C2lLibrary *library, const C2lLibraryQuery *query, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer data);
GPtrArray   *c2l_library_list_finish (C2lLibrary *library, GAsyncResult *result, GError **error);
/* Answers the uids of what @query lists, in order: for lists too long to be read at once. */
void         c2l_library_list_uids_async (C2lLibrary *library, const C2lLibraryQuery *query, GCancellable *cancellable,
                                          GAsyncReadyCallback callback, gpointer data);
/* Answers a GPtrArray of C2lLibraryEntry, in any order and without those that are gone; to c2l_library_list_finish(). */
void         c2l_library_read_async (C2lLibrary *library, const char *const *uids, GCancellable *cancellable, GAsyncReadyCallback callback,
                                     gpointer data);
/* How many pictures @query would list without its offset and limit; −1 and an error. */
void         c2l_library_count_async (C2lLibrary *library, const C2lLibraryQuery *query, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer data);
gssize       c2l_library_count_finish (C2lLibrary *library, GAsyncResult *result, GError **error);
void         c2l_library_load_recipe_async (C2lLibrary *library, const char *uid, GCancellable *cancellable,
                                            GAsyncReadyCallback callback, gpointer data);
C2lRecipe   *c2l_library_load_recipe_finish (C2lLibrary *library, GAsyncResult *result, GError **error);
/* Earlier prompts that contain @text, those beginning with it first, then the newest. */
void         c2l_library_list_prompts_async (C2lLibrary *library, const char *text, guint limit,
                                             GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
/* Models of the pictures that are not in the trash, by name. */
void         c2l_library_list_models_async (C2lLibrary *library, GCancellable *cancellable,
                                            GAsyncReadyCallback callback, gpointer data);
/* NULL-terminated. */
char       **c2l_library_list_strings_finish (C2lLibrary *library, GAsyncResult *result, GError **error);
void         c2l_library_load_statistics_async (C2lLibrary *library, GCancellable *cancellable,
                                                GAsyncReadyCallback callback, gpointer data);
/* g_free() it. */
C2lLibraryStatistics *
             c2l_library_load_statistics_finish (C2lLibrary *library, GAsyncResult *result, GError **error);

/* --- collections --- */

/* Answers the new one's id, 0 and an error. */
void         c2l_library_create_collection_async (C2lLibrary *library, const char *name, GCancellable *cancellable,
                                                  GAsyncReadyCallback callback, gpointer data);
gint64       c2l_library_create_collection_finish (C2lLibrary *library, GAsyncResult *result, GError **error);
/* These three are answered by c2l_library_write_finish(). */
void         c2l_library_rename_collection_async (C2lLibrary *library, gint64 id, const char *name,
                                                  GCancellable *cancellable, GAsyncReadyCallback callback,
                                                  gpointer data);
/* The pictures stay. */
void         c2l_library_delete_collection_async (C2lLibrary *library, gint64 id, GCancellable *cancellable,
                                                  GAsyncReadyCallback callback, gpointer data);
/* Puts @uids in, or takes them out. */
void         c2l_library_collect_async (C2lLibrary *library, gint64 id, const char *const *uids, gboolean member,
                                        GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
/* Answers a GPtrArray of C2lCollection, by name. */
void         c2l_library_list_collections_async (C2lLibrary *library, GCancellable *cancellable,
                                                 GAsyncReadyCallback callback, gpointer data);
GPtrArray   *c2l_library_list_collections_finish (C2lLibrary *library, GAsyncResult *result, GError **error);

G_END_DECLS
