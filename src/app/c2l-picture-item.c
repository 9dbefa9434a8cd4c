/* One picture as cells and panels watch it. Holds values and paintables; draws nothing and asks
 * nobody. What is shown follows from what is there: the compared original, else the full picture,
 * else its preview, else its thumbnail. */
#include "app/c2l-picture-item-private.h"
#include "app/c2l-made-by.h"
#include "app/c2l-score.h"
#include "studio/recipe-edits.h"

#include <glib/gi18n.h>
#include <math.h>

struct _C2lPictureItem
{
  GObject parent_instance;

  guint row, column;
  char *uid, *prompt;
  C2lRecipe *recipe, *original;
  GdkPaintable *full, *preview, *thumbnail, *compared;
  C2lPictureState state;
  gboolean favourite;
  gboolean stored, trashed;
  guint n_holds, change;
};

G_DEFINE_FINAL_TYPE (C2lPictureItem, c2l_picture_item, G_TYPE_OBJECT)

enum
{
  PROP_PAINTABLE = 1,
  PROP_STATE,
  PROP_SCORE,
  PROP_FAVOURITE,
  PROP_EDITED,
  PROP_PROMPT,
  PROP_LABEL,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];
static guint held_signal;

GType
c2l_picture_state_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    { C2L_PICTURE_WAITING, "C2L_PICTURE_WAITING", "waiting" },
    { C2L_PICTURE_PREVIEW, "C2L_PICTURE_PREVIEW", "preview" },
    { C2L_PICTURE_FINISHED, "C2L_PICTURE_FINISHED", "finished" },
    { C2L_PICTURE_FAILED, "C2L_PICTURE_FAILED", "failed" },
    { 0 },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("C2lPictureState", values));
  return type;
}

static gboolean
is_edited (C2lPictureItem *self)
{
  return self->recipe != NULL && self->original != NULL && self->recipe != self->original
         && !c2l_recipe_equal (self->recipe, self->original);
}

static char *
dup_label (C2lPictureItem *self)
{
  GString *label = g_string_new (NULL);
  double score = c2l_picture_item_get_score (self);
  g_autofree char *subject = c2l_picture_item_dup_subject (self);
  /* The number that its recipe and its file have too. */
  guint number = (self->recipe != NULL ? self->recipe->index : self->column) + 1;

  if (subject != NULL)
    g_string_append_printf (label, "%s, ", subject);
  g_string_append_printf (label, _ ("picture %u"), number);
  if (self->state == C2L_PICTURE_WAITING || self->state == C2L_PICTURE_PREVIEW)
    g_string_append_printf (label, ", %s", _ ("being drawn"));
  if (self->state == C2L_PICTURE_FAILED)
    g_string_append_printf (label, ", %s", _ ("could not be drawn"));
  if (!isnan (score))
    {
      g_autofree char *text = c2l_score_dup_text (score);

      g_string_append (label, ", ");
      /* Translators: a number from −1 to 1. */
      g_string_append_printf (label, _ ("score %s"), text);
    }
  if (is_edited (self))
    g_string_append_printf (label, ", %s", _ ("edited"));
  if (self->favourite)
    g_string_append_printf (label, ", %s", _ ("favourite"));
  return g_string_free (label, FALSE);
}

static void
c2l_picture_item_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  C2lPictureItem *self = C2L_PICTURE_ITEM (object);

  switch (id)
    {
    case PROP_PAINTABLE:
      g_value_set_object (value, c2l_picture_item_get_paintable (self));
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_SCORE:
      g_value_set_double (value, c2l_picture_item_get_score (self));
      break;
    case PROP_FAVOURITE:
      g_value_set_boolean (value, self->favourite);
      break;
    case PROP_EDITED:
      g_value_set_boolean (value, is_edited (self));
      break;
    case PROP_PROMPT:
      g_value_set_string (value, self->prompt);
      break;
    case PROP_LABEL:
      g_value_take_string (value, dup_label (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
c2l_picture_item_finalize (GObject *object)
{
  C2lPictureItem *self = C2L_PICTURE_ITEM (object);

  g_free (self->uid);
  g_free (self->prompt);
  g_clear_pointer (&self->recipe, c2l_recipe_unref);
  g_clear_pointer (&self->original, c2l_recipe_unref);
  g_clear_object (&self->full);
  g_clear_object (&self->preview);
  g_clear_object (&self->thumbnail);
  g_clear_object (&self->compared);
  G_OBJECT_CLASS (c2l_picture_item_parent_class)->finalize (object);
}

static void
c2l_picture_item_class_init (C2lPictureItemClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = c2l_picture_item_get_property;
  object_class->finalize = c2l_picture_item_finalize;
  properties[PROP_PAINTABLE]
      = g_param_spec_object ("paintable", NULL, NULL, GDK_TYPE_PAINTABLE, flags);
  properties[PROP_STATE]
      = g_param_spec_enum ("state", NULL, NULL, C2L_TYPE_PICTURE_STATE, C2L_PICTURE_WAITING, flags);
  /* NaN is no value of a range, and a double's range cannot be without one: −1 … 1 is that of a
   * cosine, and NaN passes the getter. */
  properties[PROP_SCORE] = g_param_spec_double ("score", NULL, NULL, -1, 1, 0, flags);
  properties[PROP_FAVOURITE] = g_param_spec_boolean ("favourite", NULL, NULL, FALSE, flags);
  properties[PROP_EDITED] = g_param_spec_boolean ("edited", NULL, NULL, FALSE, flags);
  properties[PROP_PROMPT] = g_param_spec_string ("prompt", NULL, NULL, NULL, flags);
  properties[PROP_LABEL] = g_param_spec_string ("label", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
  held_signal = g_signal_new ("held", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                              NULL, G_TYPE_NONE, 0);
}

static void
c2l_picture_item_init (C2lPictureItem *self)
{
}

C2lPictureItem *
c2l_picture_item_new (guint row, guint column)
{
  C2lPictureItem *self = g_object_new (C2L_TYPE_PICTURE_ITEM, NULL);

  self->row = row;
  self->column = column;
  return self;
}

static void
notify (C2lPictureItem *self, guint property)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

C2lRecipe *
c2l_picture_item_get_recipe (C2lPictureItem *self)
{
  g_return_val_if_fail (C2L_IS_PICTURE_ITEM (self), NULL);
  return self->recipe;
}

C2lRecipe *
c2l_picture_item_get_original (C2lPictureItem *self)
{
  g_return_val_if_fail (C2L_IS_PICTURE_ITEM (self), NULL);
  return self->original;
}

GdkPaintable *
c2l_picture_item_get_paintable (C2lPictureItem *self)
{
  g_return_val_if_fail (C2L_IS_PICTURE_ITEM (self), NULL);
  if (self->compared != NULL)
    return self->compared;
  if (self->preview != NULL)
    return self->preview;
  return self->full != NULL ? self->full : self->thumbnail;
}

GdkPaintable *
c2l_picture_item_get_full (C2lPictureItem *self)
{
  g_return_val_if_fail (C2L_IS_PICTURE_ITEM (self), NULL);
  return self->full;
}

C2lPictureState
c2l_picture_item_get_state (C2lPictureItem *self)
{
  g_return_val_if_fail (C2L_IS_PICTURE_ITEM (self), C2L_PICTURE_FAILED);
  return self->state;
}

double
c2l_picture_item_get_score (C2lPictureItem *self)
{
  g_return_val_if_fail (C2L_IS_PICTURE_ITEM (self), NAN);
  return self->recipe != NULL && self->recipe->has_score ? self->recipe->score : NAN;
}

gboolean
c2l_picture_item_get_favourite (C2lPictureItem *self)
{
  g_return_val_if_fail (C2L_IS_PICTURE_ITEM (self), FALSE);
  return self->favourite;
}

const char *
c2l_picture_item_get_prompt (C2lPictureItem *self)
{
  g_return_val_if_fail (C2L_IS_PICTURE_ITEM (self), NULL);
  return self->prompt;
}

char *
c2l_picture_item_dup_subject (C2lPictureItem *self)
{
  g_return_val_if_fail (C2L_IS_PICTURE_ITEM (self), NULL);
  if (self->prompt != NULL)
    return g_strdup (self->prompt);
  return self->recipe != NULL ? c2l_made_by_dup_title (self->recipe) : NULL;
}

const char *
c2l_picture_item_get_uid (C2lPictureItem *self)
{
  g_return_val_if_fail (C2L_IS_PICTURE_ITEM (self), NULL);
  return self->uid;
}

guint
c2l_picture_item_get_row (C2lPictureItem *self)
{
  g_return_val_if_fail (C2L_IS_PICTURE_ITEM (self), 0);
  return self->row;
}

guint
c2l_picture_item_get_column (C2lPictureItem *self)
{
  g_return_val_if_fail (C2L_IS_PICTURE_ITEM (self), 0);
  return self->column;
}

void
c2l_picture_item_hold (C2lPictureItem *self)
{
  g_return_if_fail (C2L_IS_PICTURE_ITEM (self));
  if (self->n_holds++ == 0)
    g_signal_emit (self, held_signal, 0);
}

void
c2l_picture_item_release (C2lPictureItem *self)
{
  g_return_if_fail (C2L_IS_PICTURE_ITEM (self) && self->n_holds > 0);
  self->n_holds--;
}

gboolean
c2l_picture_item_is_held (C2lPictureItem *self)
{
  return self->n_holds > 0;
}

static void
notify_recipe (C2lPictureItem *self)
{
  notify (self, PROP_SCORE);
  notify (self, PROP_EDITED);
  notify (self, PROP_LABEL);
}

void
c2l_picture_item_set_recipe (C2lPictureItem *self, C2lRecipe *recipe)
{
  C2lRecipe *old = self->recipe;

  self->recipe = c2l_recipe_ref (recipe);
  g_clear_pointer (&old, c2l_recipe_unref);
  if (self->original == NULL)
    self->original = c2l_recipe_without_edits (recipe);
  if (recipe->prompt != NULL)
    c2l_picture_item_set_prompt (self, recipe->prompt);
  notify_recipe (self);
}

guint
c2l_picture_item_get_change (C2lPictureItem *self)
{
  return self->change;
}

void
c2l_picture_item_begin_change (C2lPictureItem *self)
{
  self->change++;
}

void
c2l_picture_item_set_original (C2lPictureItem *self, C2lRecipe *recipe)
{
  C2lRecipe *old = self->original;

  self->original = c2l_recipe_without_edits (recipe);
  g_clear_pointer (&old, c2l_recipe_unref);
  notify_recipe (self);
}

void
c2l_picture_item_set_frame (C2lPictureItem *self, GdkPaintable *frame, C2lPictureState state)
{
  if (state == C2L_PICTURE_FINISHED)
    {
      g_set_object (&self->full, frame);
      g_clear_object (&self->preview);
    }
  else
    g_set_object (&self->preview, frame);
  c2l_picture_item_set_state (self, state);
  notify (self, PROP_PAINTABLE);
}

void
c2l_picture_item_set_thumbnail (C2lPictureItem *self, GdkPaintable *thumbnail)
{
  g_set_object (&self->thumbnail, thumbnail);
  notify (self, PROP_PAINTABLE);
}

void
c2l_picture_item_set_compared (C2lPictureItem *self, GdkPaintable *frame)
{
  if (g_set_object (&self->compared, frame))
    notify (self, PROP_PAINTABLE);
}

void
c2l_picture_item_set_state (C2lPictureItem *self, C2lPictureState state)
{
  if (self->state == state)
    return;
  self->state = state;
  notify (self, PROP_STATE);
  notify (self, PROP_LABEL);
}

void
c2l_picture_item_set_favourite (C2lPictureItem *self, gboolean favourite)
{
  if (self->favourite == favourite)
    return;
  self->favourite = favourite;
  notify (self, PROP_FAVOURITE);
  notify (self, PROP_LABEL);
}

void
c2l_picture_item_set_uid (C2lPictureItem *self, const char *uid)
{
  g_free (self->uid);
  self->uid = g_strdup (uid);
}

gboolean
c2l_picture_item_get_stored (C2lPictureItem *self)
{
  return self->stored;
}

void
c2l_picture_item_set_stored (C2lPictureItem *self)
{
  self->stored = TRUE;
}

gboolean
c2l_picture_item_get_trashed (C2lPictureItem *self)
{
  return self->trashed;
}

void
c2l_picture_item_set_trashed (C2lPictureItem *self, gboolean trashed)
{
  self->trashed = trashed;
}

void
c2l_picture_item_set_prompt (C2lPictureItem *self, const char *prompt)
{
  if (g_strcmp0 (self->prompt, prompt) == 0)
    return;
  g_free (self->prompt);
  self->prompt = g_strdup (prompt);
  notify (self, PROP_PROMPT);
  notify (self, PROP_LABEL);
}

void
c2l_picture_item_set_place (C2lPictureItem *self, guint row, guint column)
{
  self->row = row;
  self->column = column;
  notify (self, PROP_LABEL);
}

void
c2l_picture_item_drop_full (C2lPictureItem *self)
{
  if (self->full == NULL)
    return;
  g_clear_object (&self->full);
  notify (self, PROP_PAINTABLE);
}
