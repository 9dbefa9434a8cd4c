/* Grids of samples by step. Pictures are decoded on a thread, one at a time: a slider that is
 * dragged skips those that it passed. The last ones are kept. */
#include "app/c2l-samples-view.h"

#include "app/c2l-compat.h"
#include "app/c2l-wrap-layout.h"
#include "formats/image.h"
#include "studio/run-parts.h"

#include <glib/gi18n.h>
#include <string.h>

#define N_KEPT 24 /* textures */

struct _C2lSamplesView
{
  GtkBox parent_instance;

  GtkDropDown *kind;
  GtkScale *at;
  GtkLabel *step;
  GtkPicture *picture;

  GPtrArray *samples; /* of C2lRunSamples */
  char **kinds;       /* names of grids, as files call them */
  GHashTable *kept;   /* path → GdkTexture */
  GQueue order;       /* of paths in kept, lent: the oldest first */
  char *wanted;       /* the path that is to be shown */
  gboolean is_loading, is_filling;
};

G_DEFINE_FINAL_TYPE (C2lSamplesView, c2l_samples_view, GTK_TYPE_BOX)

/* What the trainer's files are called, for people. */
static const struct
{
  const char *name, *text;
} kinds[] = {
  { "image-similarity", N_ ("From other images") },
  { "image-vars", N_ ("Variations of an image") },
  { "text2im-g1", N_ ("From words, guidance 1") },
  { "text2im-g2", N_ ("From words, guidance 2") },
  { "text2im-super2-g1", N_ ("From words, doubled difference") },
};

static const char *
get_kind_text (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i].name, name) == 0)
      return _ (kinds[i].text);
  return name;
}

/* --- pictures --- */

static void
load_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;
  g_autoptr (C2lImage) image = c2l_image_load (data, &error);
  gsize stride;
  g_autoptr (GBytes) bytes = NULL;

  if (image == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  stride = (gsize) image->width * image->n_channels;
  bytes = g_bytes_new_take (g_steal_pointer (&image->pixels), stride * image->height);
  g_task_return_pointer (
      task,
      gdk_memory_texture_new (image->width, image->height,
                              image->n_channels == 4 ? GDK_MEMORY_R8G8B8A8 : GDK_MEMORY_R8G8B8,
                              bytes, stride),
      g_object_unref);
}

static void load_wanted (C2lSamplesView *self);

static void
keep (C2lSamplesView *self, const char *path, GdkTexture *texture)
{
  char *key = g_strdup (path);

  if (g_queue_get_length (&self->order) == N_KEPT)
    g_hash_table_remove (self->kept, g_queue_pop_head (&self->order));
  g_hash_table_insert (self->kept, key, g_object_ref (texture));
  g_queue_push_tail (&self->order, key);
}

static void
loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  C2lSamplesView *self = C2L_SAMPLES_VIEW (source);
  const char *path = g_task_get_task_data (G_TASK (result));
  g_autoptr (GdkTexture) texture = g_task_propagate_pointer (G_TASK (result), NULL);

  self->is_loading = FALSE;
  if (self->kept == NULL)
    return;
  if (texture != NULL && !g_hash_table_contains (self->kept, path))
    keep (self, path, texture);
  if (g_strcmp0 (path, self->wanted) != 0)
    load_wanted (self);
  else
    gtk_picture_set_paintable (self->picture, GDK_PAINTABLE (texture));
}

static void
load_wanted (C2lSamplesView *self)
{
  GdkTexture *texture
      = self->wanted != NULL ? g_hash_table_lookup (self->kept, self->wanted) : NULL;
  g_autoptr (GTask) task = NULL;

  if (texture != NULL || self->wanted == NULL)
    {
      gtk_picture_set_paintable (self->picture, GDK_PAINTABLE (texture));
      return;
    }
  if (self->is_loading)
    return;
  self->is_loading = TRUE;
  task = g_task_new (self, NULL, loaded, NULL);
  g_task_set_source_tag (task, load_wanted);
  g_task_set_task_data (task, g_strdup (self->wanted), g_free);
  g_task_run_in_thread (task, load_in_thread);
}

/* --- what is chosen --- */

static C2lRunSamples *
get_samples (C2lSamplesView *self)
{
  guint i = (guint) (gtk_range_get_value (GTK_RANGE (self->at)) + .5);

  return self->samples != NULL && i < self->samples->len ? g_ptr_array_index (self->samples, i)
                                                         : NULL;
}

static void
show_grid (C2lSamplesView *self)
{
  C2lRunSamples *samples = get_samples (self);
  guint selected = gtk_drop_down_get_selected (self->kind);
  g_autofree char *step = NULL, *file = NULL, *text = NULL;

  if (self->is_filling || samples == NULL || selected == GTK_INVALID_LIST_POSITION)
    return;
  step = g_strdup_printf ("%'" G_GINT64_FORMAT, samples->step);
  gtk_label_set_label (self->step, step);
  g_clear_pointer (&self->wanted, g_free);
  if (g_strv_contains ((const char *const *) samples->names, self->kinds[selected]))
    {
      file = g_strconcat (self->kinds[selected], ".png", NULL);
      self->wanted = g_build_filename (samples->folder, file, NULL);
    }
  /* Translators: a kind of samples, and the step of a training. */
  text = g_strdup_printf (_ ("%s, at step %s"), get_kind_text (self->kinds[selected]), step);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->picture), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  text, -1);
  load_wanted (self);
}

/* All names of grids that a step of this run has. */
static GStrv
list_kinds (GPtrArray *samples)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < samples->len; i++)
    {
      C2lRunSamples *each = g_ptr_array_index (samples, i);

      for (int j = 0; each->names[j] != NULL; j++)
        if (g_hash_table_add (seen, each->names[j]))
          g_strv_builder_add (builder, each->names[j]);
    }
  return g_strv_builder_end (builder);
}

static void
set_kinds (C2lSamplesView *self, GStrv names)
{
  guint selected = gtk_drop_down_get_selected (self->kind), wish = 0;
  g_autoptr (GtkStringList) list = gtk_string_list_new (NULL);
  g_autofree char *before = self->kinds != NULL && selected < g_strv_length (self->kinds)
                                ? g_strdup (self->kinds[selected])
                                : g_strdup ("text2im-g2");

  if (self->kinds != NULL
      && g_strv_equal ((const char *const *) self->kinds, (const char *const *) names))
    {
      g_strfreev (names);
      return;
    }
  for (guint i = 0; names[i] != NULL; i++)
    {
      gtk_string_list_append (list, get_kind_text (names[i]));
      if (strcmp (names[i], before) == 0)
        wish = i;
    }
  g_strfreev (self->kinds);
  self->kinds = names;
  gtk_drop_down_set_model (self->kind, G_LIST_MODEL (list));
  gtk_drop_down_set_selected (self->kind, wish);
}

void
c2l_samples_view_set_samples (C2lSamplesView *self, GPtrArray *samples)
{
  GtkAdjustment *adjustment = gtk_range_get_adjustment (GTK_RANGE (self->at));
  C2lRunSamples *shown = get_samples (self);
  gint64 step = shown != NULL ? shown->step : -1;
  gboolean is_newest
      = shown == NULL || shown == g_ptr_array_index (self->samples, self->samples->len - 1);
  guint at = samples->len > 0 ? samples->len - 1 : 0;

  g_return_if_fail (C2L_IS_SAMPLES_VIEW (self));

  for (guint i = 0; i < samples->len && !is_newest; i++)
    if (((C2lRunSamples *) g_ptr_array_index (samples, i))->step == step)
      at = i;
  g_ptr_array_ref (samples);
  g_clear_pointer (&self->samples, g_ptr_array_unref);
  self->samples = samples;
  gtk_widget_set_visible (GTK_WIDGET (self), samples->len > 0);
  self->is_filling = TRUE;
  set_kinds (self, list_kinds (samples));
  gtk_adjustment_set_upper (adjustment, samples->len > 0 ? samples->len - 1 : 0);
  gtk_adjustment_set_value (adjustment, at);
  gtk_widget_set_sensitive (GTK_WIDGET (self->at), samples->len > 1);
  self->is_filling = FALSE;
  show_grid (self);
}

static void
c2l_samples_view_dispose (GObject *object)
{
  C2lSamplesView *self = C2L_SAMPLES_VIEW (object);

  g_queue_clear (&self->order);
  g_clear_pointer (&self->kept, g_hash_table_unref);
  G_OBJECT_CLASS (c2l_samples_view_parent_class)->dispose (object);
}

static void
c2l_samples_view_finalize (GObject *object)
{
  C2lSamplesView *self = C2L_SAMPLES_VIEW (object);

  g_clear_pointer (&self->samples, g_ptr_array_unref);
  g_strfreev (self->kinds);
  g_free (self->wanted);
  G_OBJECT_CLASS (c2l_samples_view_parent_class)->finalize (object);
}

static void
c2l_samples_view_class_init (C2lSamplesViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_samples_view_dispose;
  G_OBJECT_CLASS (klass)->finalize = c2l_samples_view_finalize;
  g_type_ensure (C2L_TYPE_WRAP_LAYOUT);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-samples-view.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lSamplesView, kind);
  gtk_widget_class_bind_template_child (widget_class, C2lSamplesView, at);
  gtk_widget_class_bind_template_child (widget_class, C2lSamplesView, step);
  gtk_widget_class_bind_template_child (widget_class, C2lSamplesView, picture);
  gtk_widget_class_bind_template_callback (widget_class, show_grid);
}

static void
c2l_samples_view_init (C2lSamplesView *self)
{
  self->kept = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  gtk_widget_init_template (GTK_WIDGET (self));
  c2l_compat_name_inner_button (self->kind);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
