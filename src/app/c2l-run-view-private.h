/* What the two files of C2lRunView share. */
#pragma once

#include "app/c2l-plots-view.h"
#include "app/c2l-run-view.h"
#include "app/c2l-samples-view.h"
#include "studio/run-parts.h"

G_BEGIN_DECLS

struct _C2lRunView
{
  AdwBin parent_instance;

  GtkButton *back;
  GtkLabel *name;
  GtkLabel *summary;
  GtkButton *stop;
  GtkButton *resume;
  GtkProgressBar *progress;
  GtkBox *trouble;
  GtkLabel *message;
  GtkLabel *log;
  C2lPlotsView *plots;
  C2lSamplesView *samples;

  C2lRunInfo *run;    /* NULL until there is one */
  C2lRunParts *parts; /* NULL until they were read */
  GCancellable *reading;
  gboolean is_stopping; /* it was asked to */
};

/* c2l-run-view.c: shows what was done at once, and has the list look again. */
void c2l_run_view_refresh (C2lRunView *self);

/* c2l-run-actions.c */
void c2l_run_view_class_add_actions (GtkWidgetClass *klass);
/* What its state allows. */
void c2l_run_view_update_actions (C2lRunView *self);

G_END_DECLS
