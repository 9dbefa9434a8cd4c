#include "app/c2l-star.h"

#include <glib/gi18n.h>

void
c2l_star_show (GtkButton *button, gboolean favourite)
{
  gtk_button_set_icon_name (button, favourite ? "starred-symbolic" : "non-starred-symbolic");
  gtk_accessible_update_property (
      GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL,
      favourite ? _ ("Remove from favourites") : _ ("Add to favourites"), -1);
}
