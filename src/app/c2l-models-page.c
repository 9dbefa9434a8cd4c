/* The models of this user: what is installed, what it draws, under which licence. */
#include "app/c2l-models-page.h"

struct _C2lModelsPage
{
  AdwBin parent_instance;
};

G_DEFINE_FINAL_TYPE (C2lModelsPage, c2l_models_page, ADW_TYPE_BIN)

static void
c2l_models_page_dispose (GObject *object)
{
  G_OBJECT_CLASS (c2l_models_page_parent_class)->dispose (object);
}

static void
c2l_models_page_class_init (C2lModelsPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_models_page_dispose;
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-models-page.ui");
}

static void
c2l_models_page_init (C2lModelsPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
