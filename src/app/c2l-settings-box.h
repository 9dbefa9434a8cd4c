/* C2lSettingsBox: what of a picture is neither a direction nor a mix: truncation, noise, and for StyleGAN3 its place. Shows a recipe; a change is
 * told by ::changed (recipe, label, done) with a changed copy (lent). */
#pragma once

#include "studio/worker.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define C2L_TYPE_SETTINGS_BOX (c2l_settings_box_get_type ())
G_DECLARE_FINAL_TYPE (C2lSettingsBox, c2l_settings_box, C2L, SETTINGS_BOX, GtkWidget)

/* What the model cannot do does not show. */
void c2l_settings_box_set_model (C2lSettingsBox *box, C2lModelInfo *model);
void c2l_settings_box_show_recipe (C2lSettingsBox *box, C2lRecipe *recipe);

G_END_DECLS
