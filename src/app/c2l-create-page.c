/* The page where pictures are made from prompts. */
#include "app/c2l-create-page.h"

struct _C2lCreatePage
{
  AdwBin parent_instance;
};

G_DEFINE_FINAL_TYPE (C2lCreatePage, c2l_create_page, ADW_TYPE_BIN)

static void
c2l_create_page_dispose (GObject *object)
{
  G_OBJECT_CLASS (c2l_create_page_parent_class)->dispose (object);
}

static void
c2l_create_page_class_init (C2lCreatePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_create_page_dispose;
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-create-page.ui");
}

static void
c2l_create_page_init (C2lCreatePage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
