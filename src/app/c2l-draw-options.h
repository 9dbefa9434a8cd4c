/* C2lDrawOptions: how pictures are sampled, as controls: guidance, sampler, steps, truncation,
 * noise. Begins with what the model's maker recommends; what is changed is remembered for each
 * model. */
#pragma once

#include "studio/sampling.h"
#include "studio/worker.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define C2L_TYPE_DRAW_OPTIONS (c2l_draw_options_get_type ())
G_DECLARE_FINAL_TYPE (C2lDrawOptions, c2l_draw_options, C2L, DRAW_OPTIONS, GtkWidget)

/* Properties:
 *   custom   boolean, readable and notified: something differs from what the model's maker
 *             recommends
 * Signals:
 *   ::changed */
GtkWidget *c2l_draw_options_new (void);

void       c2l_draw_options_set_model (C2lDrawOptions *options, C2lModelInfo *model);
/* Fills sampler, steps, guidance, truncation and noise; leaves the rest alone. */
void       c2l_draw_options_get (C2lDrawOptions *options, C2lSampling *sampling);
void       c2l_draw_options_set (C2lDrawOptions *options, const C2lSampling *sampling);
/* What the model's maker recommends. */
void       c2l_draw_options_reset (C2lDrawOptions *options);

/* For people: “DPM++ 2M”. Lent. */
const char *c2l_draw_options_get_sampler_title (const char *sampler);
const char *c2l_draw_options_get_noise_title (C2lNoiseKind noise);

G_END_DECLS
