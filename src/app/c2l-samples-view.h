/* C2lSamplesView: what a training draws, step by step. Hidden while there is nothing. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define C2L_TYPE_SAMPLES_VIEW (c2l_samples_view_get_type ())
G_DECLARE_FINAL_TYPE (C2lSamplesView, c2l_samples_view, C2L, SAMPLES_VIEW, GtkBox)

/* @samples: of C2lRunSamples, kept. A view of the newest samples goes on to newer ones of the same run. */
void c2l_samples_view_set_samples (C2lSamplesView *view, GPtrArray *samples);

G_END_DECLS
