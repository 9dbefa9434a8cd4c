/* What the panel's files share. */
#pragma once

#include "app/c2l-direction-list.h"
#include "app/c2l-directions-box.h"
#include "app/c2l-edit-panel.h"
#include "app/c2l-mix-box.h"
#include "app/c2l-settings-box.h"
#include "app/c2l-zoom-view.h"

G_BEGIN_DECLS

struct _C2lEditPanel
{
  GtkWidget parent_instance;

  GtkStack *stack, *groups;
  C2lZoomView *picture;
  GtkLabel *which;
  GtkWidget *undo_button, *redo_button, *compare_button;
  C2lDirectionsBox *directions;
  C2lSettingsBox *settings;
  C2lMixBox *mix;
  GMenu *presets_section;

  C2lBoard *board;
  C2lPictureItem *item;     /* the board's current one */
  C2lDirectionList *list;   /* of the open model */
  GPtrArray *copied;        /* (nullable): edits on their way to other pictures */
  GCancellable *finding;    /* (nullable): directions are being looked for */
};

/* c2l-edit-panel-actions.c: the group “edit”. */
void c2l_edit_panel_class_install_actions (GtkWidgetClass *klass);
void c2l_edit_panel_update_actions (C2lEditPanel *panel);
void c2l_edit_panel_update_presets (C2lEditPanel *panel);

G_END_DECLS
