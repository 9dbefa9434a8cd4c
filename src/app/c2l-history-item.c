/* A place in the history's list. Holds values; reads nothing and asks nobody. */
#include "app/c2l-history-item.h"

#include "app/c2l-score.h"

#include <glib/gi18n.h>

struct _C2lHistoryItem
{
  GObject parent_instance;

  char *uid;
  C2lLibraryEntry *entry;
  GdkTexture *texture;
  guint n_holds;
};

G_DEFINE_FINAL_TYPE (C2lHistoryItem, c2l_history_item, G_TYPE_OBJECT)

enum
{
  PROP_ENTRY = 1,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

const char *
c2l_history_item_get_uid (C2lHistoryItem *self)
{
  return self->uid;
}

C2lLibraryEntry *
c2l_history_item_get_entry (C2lHistoryItem *self)
{
  return self->entry;
}

GdkTexture *
c2l_history_item_get_texture (C2lHistoryItem *self)
{
  return self->texture;
}

void
c2l_history_item_set (C2lHistoryItem *self, C2lLibraryEntry *entry, GdkTexture *texture)
{
  C2lLibraryEntry *old = self->entry;

  self->entry = entry != NULL ? c2l_library_entry_ref (entry) : NULL;
  g_clear_pointer (&old, c2l_library_entry_unref);
  g_set_object (&self->texture, texture);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ENTRY]);
}

const char *
c2l_history_item_get_title (C2lHistoryItem *self)
{
  if (self->entry == NULL)
    return "";
  return self->entry->prompt != NULL ? self->entry->prompt : _ ("Without a prompt");
}

char *
c2l_history_item_dup_label (C2lHistoryItem *self)
{
  g_autoptr (GDateTime) utc = NULL, local = NULL;
  g_autofree char *when = NULL;
  GString *label;

  if (self->entry == NULL)
    return g_strdup (_ ("a picture"));
  utc = g_date_time_new_from_unix_utc (self->entry->created / G_USEC_PER_SEC);
  local = g_date_time_to_local (utc);
  /* Translators: when a picture was drawn; as g_date_time_format() wants it. */
  when = g_date_time_format (local, _ ("%e %B %Y %H:%M"));
  label = g_string_new (c2l_history_item_get_title (self));
  g_string_append_printf (label, ", %s", g_strstrip (when));
  if (self->entry->has_score)
    {
      g_autofree char *text = c2l_score_dup_text (self->entry->score);

      g_string_append (label, ", ");
      /* Translators: a number from −1 to 1. */
      g_string_append_printf (label, _ ("score %s"), text);
    }
  if (self->entry->favourite)
    g_string_append_printf (label, ", %s", _ ("favourite"));
  return g_string_free (label, FALSE);
}

gboolean
c2l_history_item_hold (C2lHistoryItem *self)
{
  return self->n_holds++ == 0;
}

gboolean
c2l_history_item_release (C2lHistoryItem *self)
{
  g_return_val_if_fail (self->n_holds > 0, FALSE);

  return --self->n_holds == 0;
}

gboolean
c2l_history_item_is_held (C2lHistoryItem *self)
{
  return self->n_holds > 0;
}

static void
c2l_history_item_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_ENTRY)
    g_value_set_boxed (value, C2L_HISTORY_ITEM (object)->entry);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
c2l_history_item_finalize (GObject *object)
{
  C2lHistoryItem *self = C2L_HISTORY_ITEM (object);

  g_free (self->uid);
  g_clear_pointer (&self->entry, c2l_library_entry_unref);
  g_clear_object (&self->texture);
  G_OBJECT_CLASS (c2l_history_item_parent_class)->finalize (object);
}

static void
c2l_history_item_class_init (C2lHistoryItemClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = c2l_history_item_get_property;
  object_class->finalize = c2l_history_item_finalize;
  properties[PROP_ENTRY] = g_param_spec_boxed ("entry", NULL, NULL, C2L_TYPE_LIBRARY_ENTRY,
                                               G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
c2l_history_item_init (C2lHistoryItem *self)
{
}

C2lHistoryItem *
c2l_history_item_new (const char *uid)
{
  C2lHistoryItem *self = g_object_new (C2L_TYPE_HISTORY_ITEM, NULL);

  self->uid = g_strdup (uid);
  return self;
}
