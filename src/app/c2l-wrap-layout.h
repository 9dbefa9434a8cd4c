/* C2lWrapLayout: lays children out in lines, as words in a paragraph. In each line the children
 * that expand share what is left. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define C2L_TYPE_WRAP_LAYOUT (c2l_wrap_layout_get_type ())
G_DECLARE_FINAL_TYPE (C2lWrapLayout, c2l_wrap_layout, C2L, WRAP_LAYOUT, GtkLayoutManager)

/* Properties, readable and writable:
 *   spacing        int, pixels between the children of a line
 *   line-spacing   int, pixels between lines
 *   centered       boolean: lines stand in the middle; else at the start
 *   fill           boolean: a child that is alone in its line takes all of it */
GtkLayoutManager *c2l_wrap_layout_new (void);

G_END_DECLS
