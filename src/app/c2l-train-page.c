/* The trainings of this user: what was found, and how far it is. */
#include "app/c2l-train-page.h"

struct _C2lTrainPage
{
  AdwBin parent_instance;
};

G_DEFINE_FINAL_TYPE (C2lTrainPage, c2l_train_page, ADW_TYPE_BIN)

static void
c2l_train_page_dispose (GObject *object)
{
  G_OBJECT_CLASS (c2l_train_page_parent_class)->dispose (object);
}

static void
c2l_train_page_class_init (C2lTrainPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_train_page_dispose;
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-train-page.ui");
}

static void
c2l_train_page_init (C2lTrainPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
