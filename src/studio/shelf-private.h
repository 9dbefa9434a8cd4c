/* What the shelf's values and its file share. */
#pragma once

#include "studio/shelf.h"

G_BEGIN_DECLS

/* Where a shelf is kept, shared with the threads that write it. */
typedef struct
{
  gatomicrefcount refs;
  char *path;    /* (nullable): nowhere */
  char *refusal; /* (nullable): why nothing may be written there */
  GMutex lock;   /* of what follows, and of the file */
  guint written; /* the newest version that was written */
} C2lShelfFile;

C2lShelfFile *c2l_shelf_file_new (const char *path);
C2lShelfFile *c2l_shelf_file_ref (C2lShelfFile *file);
void          c2l_shelf_file_unref (C2lShelfFile *file);
/* Writes @text unless a newer version is there already. */
gboolean      c2l_shelf_file_write (C2lShelfFile *file, const char *text, guint version, GError **error);

struct _C2lShelf
{
  gatomicrefcount refs;
  C2lBundle *bundle;
  C2lShelfFile *file;
  GPtrArray *directions; /* of C2lShelfDirection */
  GPtrArray *presets;    /* of C2lPreset */
  guint version, saved_version;
  void (*changed) (C2lShelf *shelf, gpointer data);
  gpointer changed_data;
};

C2lShelfDirection *c2l_shelf_direction_new (const char *id, C2lShelfOrigin origin);
void               c2l_shelf_direction_free (C2lShelfDirection *direction);
C2lPreset         *c2l_preset_new (const char *name);

char              *c2l_shelf_to_json (C2lShelf *shelf);
/* Fills an empty shelf. FALSE and an error that names @where if anything in @text is not what it should be. */
gboolean           c2l_shelf_read_json (C2lShelf *shelf, const char *text, gssize length, const char *where, GError **error);
/* Reads the file of a new shelf, sets it aside if need be, and says so in @notice. */
void               c2l_shelf_load (C2lShelf *shelf, char **notice);

G_END_DECLS
