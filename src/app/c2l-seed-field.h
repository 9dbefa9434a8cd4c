/* C2lSeedField: the seed as a number that can be read, typed, copied, kept and thrown. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define C2L_TYPE_SEED_FIELD (c2l_seed_field_get_type ())
G_DECLARE_FINAL_TYPE (C2lSeedField, c2l_seed_field, C2L, SEED_FIELD, GtkWidget)

/* Properties, readable, writable and notified:
 *   seed     uint64
 *   locked   boolean: further pictures keep the seed */
GtkWidget *c2l_seed_field_new (void);

guint64    c2l_seed_field_get_seed (C2lSeedField *field);
void       c2l_seed_field_set_seed (C2lSeedField *field, guint64 seed);
/* Another seed, by chance. */
void       c2l_seed_field_roll (C2lSeedField *field);
/* Gives the seed for a generation: a new one, unless it is locked or somebody chose it since the
 * last. */
guint64    c2l_seed_field_take (C2lSeedField *field);

G_END_DECLS
