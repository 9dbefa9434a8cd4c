/* C2lSliderRow: a name, a value that can be typed, and a slider; with a menu of its own. For directions, truncation and the like. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define C2L_TYPE_SLIDER_ROW (c2l_slider_row_get_type ())
G_DECLARE_FINAL_TYPE (C2lSliderRow, c2l_slider_row, C2L, SLIDER_ROW, GtkWidget)

/* Properties: title (string), value (double), subtitle (string, nullable).
 * Signals:
 *   ::changed (value, done)   the artist moved it; @done once the hand rests */
GtkWidget *c2l_slider_row_new (const char *title);

/* Range and what a double click goes back to. Arrows go by a tenth, with Shift by one, or by hundredths and tenths where the range is
 * no wider than 2. */
void       c2l_slider_row_set_range (C2lSliderRow *row, double lower, double upper, double rest);
/* Without ::changed, unless the artist is moving it just now: then it is left alone. */
void       c2l_slider_row_set_value (C2lSliderRow *row, double value);
double     c2l_slider_row_get_value (C2lSliderRow *row);
void       c2l_slider_row_set_title (C2lSliderRow *row, const char *title);
/* A menu button appears behind the value; the actions' group is the caller's. */
/* The keyboard to the slider, where the keys are that change the value. */
void       c2l_slider_row_focus (C2lSliderRow *row);
void       c2l_slider_row_set_menu (C2lSliderRow *row, GMenuModel *menu);

G_END_DECLS
