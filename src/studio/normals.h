/* Standard normals on the host, for what is done to latents without a device. They are those of c2l_random_normal() to 2 ulp, and
 * the same bits whatever device draws. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Fills @normals [@n]: of the picture @index of @seed, for the purpose @stream (models/streams.h). */
void c2l_normals_fill (guint64 seed, guint32 index, guint32 stream, float *normals, gsize n);

G_END_DECLS
