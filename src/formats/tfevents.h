/* Event files as TensorBoard reads them: numbers and pictures by step.
 *
 *   g_autoptr (C2lTfevents) events = c2l_tfevents_open (folder, now, 0, &error);
 *   c2l_tfevents_add_scalar (events, now, step, "loss", 0.5, &error);
 *
 * Each call writes one record whole, so a file whose writer was killed ends with at most one broken record, which
 * TensorBoard ignores. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _C2lTfevents C2lTfevents;

/* c2l_tfevents_open:
 * A new file in @folder, named as TensorBoard expects it, with the @time (seconds since 1970) in its name.
 * @step: what earlier files of the folder say of this step and later ones does not count any more */
C2lTfevents *c2l_tfevents_open (const char *folder, double time, gint64 step, GError **error);
void         c2l_tfevents_close (C2lTfevents *events);

gboolean     c2l_tfevents_add_scalar (C2lTfevents *events, double time, gint64 step, const char *tag, double value,
                                      GError **error);
/* @png: the bytes of a PNG file of @width × @height pixels in RGB. */
gboolean     c2l_tfevents_add_image (C2lTfevents *events, double time, gint64 step, const char *tag, GBytes *png, int width,
                                     int height, GError **error);

/* CRC-32C (Castagnoli), which frames the records. */
guint32      c2l_crc32c (gconstpointer data, gsize size);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lTfevents, c2l_tfevents_close)

G_END_DECLS
