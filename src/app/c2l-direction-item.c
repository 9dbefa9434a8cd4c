/* A direction's values and the artist's way of using it. Where it is kept is the shelf's business. */
#include "app/c2l-direction-item.h"

struct _C2lDirectionItem
{
  GObject parent_instance;

  char *id, *name;
  C2lDirectionGroup group;
  double scale;
  C2lRows rows;
  gboolean hidden, inverted, pinned;
  int first_layer, last_layer;
};

G_DEFINE_FINAL_TYPE (C2lDirectionItem, c2l_direction_item, G_TYPE_OBJECT)

enum
{
  PROP_NAME = 1,
  PROP_HIDDEN,
  PROP_INVERTED,
  PROP_PINNED,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

static void
c2l_direction_item_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  C2lDirectionItem *self = C2L_DIRECTION_ITEM (object);

  switch (id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_HIDDEN:
      g_value_set_boolean (value, self->hidden);
      break;
    case PROP_INVERTED:
      g_value_set_boolean (value, self->inverted);
      break;
    case PROP_PINNED:
      g_value_set_boolean (value, self->pinned);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
set_boolean (C2lDirectionItem *self, gboolean *place, const GValue *value, GParamSpec *pspec)
{
  if (*place == g_value_get_boolean (value))
    return;
  *place = g_value_get_boolean (value);
  g_object_notify_by_pspec (G_OBJECT (self), pspec);
}

static void
c2l_direction_item_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  C2lDirectionItem *self = C2L_DIRECTION_ITEM (object);

  switch (id)
    {
    case PROP_NAME:
      c2l_direction_item_set_name (self, g_value_get_string (value));
      break;
    case PROP_HIDDEN:
      set_boolean (self, &self->hidden, value, pspec);
      break;
    case PROP_INVERTED:
      set_boolean (self, &self->inverted, value, pspec);
      break;
    case PROP_PINNED:
      set_boolean (self, &self->pinned, value, pspec);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
c2l_direction_item_finalize (GObject *object)
{
  C2lDirectionItem *self = C2L_DIRECTION_ITEM (object);

  g_free (self->id);
  g_free (self->name);
  c2l_rows_clear (&self->rows);
  G_OBJECT_CLASS (c2l_direction_item_parent_class)->finalize (object);
}

static void
c2l_direction_item_class_init (C2lDirectionItemClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = c2l_direction_item_get_property;
  object_class->set_property = c2l_direction_item_set_property;
  object_class->finalize = c2l_direction_item_finalize;
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  properties[PROP_HIDDEN] = g_param_spec_boolean ("hidden", NULL, NULL, FALSE, flags);
  properties[PROP_INVERTED] = g_param_spec_boolean ("inverted", NULL, NULL, FALSE, flags);
  properties[PROP_PINNED] = g_param_spec_boolean ("pinned", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
c2l_direction_item_init (C2lDirectionItem *self)
{
  self->last_layer = C2L_LAST_LAYER;
}

C2lDirectionItem *
c2l_direction_item_new (const char *id,
                        const char *name,
                        C2lDirectionGroup group,
                        double scale,
                        const C2lRows *rows)
{
  C2lDirectionItem *self = g_object_new (C2L_TYPE_DIRECTION_ITEM, NULL);

  self->id = g_strdup (id);
  self->name = g_strdup (name);
  self->group = group;
  self->scale = scale != 0 ? scale : 1;
  if (rows != NULL && rows->data != NULL)
    c2l_rows_set (&self->rows, rows->n_rows, rows->width, rows->data);
  return self;
}

const char *
c2l_direction_item_get_id (C2lDirectionItem *self)
{
  return self->id;
}

const char *
c2l_direction_item_get_name (C2lDirectionItem *self)
{
  return self->name;
}

C2lDirectionGroup
c2l_direction_item_get_group (C2lDirectionItem *self)
{
  return self->group;
}

double
c2l_direction_item_get_scale (C2lDirectionItem *self)
{
  return self->scale;
}

gboolean
c2l_direction_item_get_hidden (C2lDirectionItem *self)
{
  return self->hidden;
}

gboolean
c2l_direction_item_get_inverted (C2lDirectionItem *self)
{
  return self->inverted;
}

gboolean
c2l_direction_item_get_pinned (C2lDirectionItem *self)
{
  return self->pinned;
}

void
c2l_direction_item_get_layers (C2lDirectionItem *self, int *first, int *last)
{
  *first = self->first_layer;
  *last = self->last_layer;
}

void
c2l_direction_item_set_layers (C2lDirectionItem *self, int first, int last)
{
  self->first_layer = first;
  self->last_layer = last;
}

void
c2l_direction_item_set_name (C2lDirectionItem *self, const char *name)
{
  if (g_strcmp0 (self->name, name) == 0)
    return;
  g_free (self->name);
  self->name = g_strdup (name);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NAME]);
}

C2lRecipeEdit *
c2l_direction_item_to_edit (C2lDirectionItem *self, double value)
{
  C2lRecipeEdit *edit
      = c2l_recipe_edit_new (self->id, (self->inverted ? -value : value) * self->scale,
                             self->rows.data != NULL ? &self->rows : NULL);

  edit->name = g_strdup (self->name);
  edit->first_layer = self->first_layer;
  edit->last_layer = self->last_layer;
  return edit;
}

double
c2l_direction_item_to_value (C2lDirectionItem *self, double amount)
{
  return (self->inverted ? -amount : amount) / self->scale;
}
