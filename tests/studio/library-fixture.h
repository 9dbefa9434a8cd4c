/* A library in a folder of its own, and its asynchronous calls made one after the other. */
#pragma once

#include "studio/library-private.h"

typedef struct
{
  char *folder, *path;
  C2lLibrary *library; /* opened by set_up(), without a notice */
  GPtrArray *notices;  /* texts of ::notice */
  guint n_changes;
} LibraryFixture;

void        library_set_up (LibraryFixture *fixture, gconstpointer data);
void        library_tear_down (LibraryFixture *fixture, gconstpointer data);

/* Opens fixture->path; returns the notice. */
char       *library_open (LibraryFixture *fixture);
void        library_close (LibraryFixture *fixture);

/* Runs the main context until the answer to the call that @result was given with has come.
 *
 *   GAsyncResult *result = NULL;
 *   c2l_library_list_async (library, &query, NULL, library_answer, &result);
 *   library_wait (&result);
 */
void        library_answer (GObject *source, GAsyncResult *result, gpointer data);
void        library_wait (GAsyncResult **result);
/* Waits for a write and returns how it went. */
gboolean    library_write (C2lLibrary *library, GAsyncResult **result, GError **error);

C2lRecipe  *library_new_recipe (const char *prompt, const char *model, double score);
/* Adds a picture; returns its uid, NULL and an error. @created: 0: now. @n_bytes of thumbnail. */
char       *library_add (C2lLibrary *library, const char *prompt, const char *model, double score,
                         gint64 created, gsize n_bytes, GError **error);
void        library_trash (C2lLibrary *library, const char *uid, gboolean trashed);
void        library_set_favourite (C2lLibrary *library, const char *uid, gboolean favourite);
GPtrArray  *library_list (C2lLibrary *library, const C2lLibraryQuery *query);
/* Prompts of what @query lists, with commas between. */
char       *library_list_text (C2lLibrary *library, const C2lLibraryQuery *query);
gssize      library_count (C2lLibrary *library);
C2lRecipe  *library_load_recipe (C2lLibrary *library, const char *uid, GError **error);

/* Runs @sql on the file, past the library. */
void        library_run_sql (const char *path, const char *sql);
/* The first value of the first row. */
char       *library_read_sql (const char *path, const char *sql);
