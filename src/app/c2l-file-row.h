/* C2lFileRow: a row that holds a file: chosen in a dialog or dropped on it, shown by name, cleared again.
 *
 * Properties: file (GFile, nullable), hint (what stands there while there is none).
 * Signal: refused (text): why a file could not be taken. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define C2L_TYPE_FILE_ROW (c2l_file_row_get_type ())
G_DECLARE_FINAL_TYPE (C2lFileRow, c2l_file_row, C2L, FILE_ROW, AdwActionRow)

GFile      *c2l_file_row_get_file (C2lFileRow *row);
void        c2l_file_row_set_file (C2lFileRow *row, GFile *file);
/* (nullable): lent. */
const char *c2l_file_row_get_path (C2lFileRow *row);

G_END_DECLS
