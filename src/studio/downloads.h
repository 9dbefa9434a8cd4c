/* C2lDownloads: the models that are being downloaded and imported, for a window. One after the
 * other; each can be paused, and goes on where it was, also after the program was ended or killed.
 *
 *   downloads = c2l_downloads_new ();
 *   c2l_downloads_set_catalogue (downloads, catalogue);      finds those that were interrupted
 *   c2l_downloads_start (downloads, "faces");                 its licences were accepted
 *   c2l_downloads_get (downloads, "faces", &state);
 *
 * Signals, on the thread that made it:
 *   changed (id): the state of this model is another one
 *   installed (id, folder): the model is there */
#pragma once

#include "studio/acquire.h"

#include <glib-object.h>

G_BEGIN_DECLS

typedef enum
{
  C2L_DOWNLOAD_NONE,        /* nothing of it was begun */
  C2L_DOWNLOAD_WAITING,     /* for another one to end */
  C2L_DOWNLOAD_RUNNING,
  C2L_DOWNLOAD_IMPORTING,
  C2L_DOWNLOAD_PAUSED,      /* by the user, or by the end of the program */
  C2L_DOWNLOAD_FAILED       /* can be started again */
} C2lDownloadStatus;

typedef struct
{
  C2lDownloadStatus status;
  const char *what;     /* (nullable): the file's name, or the part that is imported. Lent until the next change */
  goffset done, total;  /* bytes of all files; −1 where the total is not known */
  double speed;         /* bytes a second, lately; 0 where it is not known */
  double fraction;      /* of the import, 0…1 */
  gboolean is_retrying; /* nothing comes at the moment; it is tried again in a while */
  const GError *error;  /* (nullable): of one that failed. Lent until the next change */
} C2lDownloadState;

#define C2L_TYPE_DOWNLOADS (c2l_downloads_get_type ())
G_DECLARE_FINAL_TYPE (C2lDownloads, c2l_downloads, C2L, DOWNLOADS, GObject)

C2lDownloads *c2l_downloads_new (void);

/* What is started from now on is of this catalogue; what has begun stays of its own. Models that
 * were begun and are not there yet become paused ones. */
void          c2l_downloads_set_catalogue (C2lDownloads *downloads, C2lCatalogue *catalogue);
/* For tests: time-outs and retries. */
void          c2l_downloads_set_options (C2lDownloads *downloads, const C2lDownloadOptions *options);

void          c2l_downloads_get (C2lDownloads *downloads, const char *id, C2lDownloadState *state);
/* Whether one is running, importing or waiting. */
gboolean      c2l_downloads_is_busy (C2lDownloads *downloads);

/* Also goes on with one that was paused or failed. Nothing for one that runs, or that the catalogue
 * does not know. */
void          c2l_downloads_start (C2lDownloads *downloads, const char *id);
/* What came stays. */
void          c2l_downloads_pause (C2lDownloads *downloads, const char *id);
/* What came is thrown away, but for files that other models are made of, too. */
void          c2l_downloads_cancel (C2lDownloads *downloads, const char *id);

G_END_DECLS
