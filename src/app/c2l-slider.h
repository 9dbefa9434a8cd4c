/* C2lSlider: a horizontal scale that is filled from zero, not from its left end, for amounts that go both ways. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define C2L_TYPE_SLIDER (c2l_slider_get_type ())
G_DECLARE_FINAL_TYPE (C2lSlider, c2l_slider, C2L, SLIDER, GtkScale)

GtkWidget *c2l_slider_new (void);

G_END_DECLS
