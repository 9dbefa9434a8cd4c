/* Asks for in-betweens, has them drawn one after the other at a size that plays, and exports them
 * in full. Whatever is changed begins again, after a moment in which more may be changed. */
#include "app/c2l-film-bar.h"

#include "app/c2l-compat.h"
#include "app/c2l-film-export.h"
#include "app/c2l-film.h"
#include "app/c2l-wrap-layout.h"
#include "studio/workshop.h"

#include <glib/gi18n.h>
#include <math.h>

#define FPS 24
/* Frames of a film that plays are at most so wide: some hundred of them lie in memory. */
#define PLAYED_SIZE 256
#define REBUILD_DELAY_MS 400

struct _C2lFilmBar
{
  GtkWidget parent_instance;

  GtkToggleButton *play;
  GtkAdjustment *position, *seconds;
  GtkCheckButton *loop, *ease;
  GtkLabel *state;
  GtkWidget *export, *cancel;

  C2lBoard *board;
  C2lFilm *film;
  GPtrArray *pictures;     /* (nullable): of C2lRecipe, between which the film goes */
  GPtrArray *recipes;      /* (nullable): of the frames */
  GCancellable *drawing;   /* (nullable): while frames are asked for and drawn */
  GCancellable *exporting; /* (nullable) */
  guint rebuild_source;
};

G_DEFINE_FINAL_TYPE (C2lFilmBar, c2l_film_bar, GTK_TYPE_WIDGET)

static guint closed_signal;

static void
show_state (C2lFilmBar *self, const char *format, guint done, guint of)
{
  g_autofree char *text = format != NULL ? g_strdup_printf (format, done, of) : g_strdup ("");

  gtk_label_set_label (self->state, text);
}

static void
update (C2lFilmBar *self)
{
  gtk_widget_set_sensitive (self->export, self->recipes != NULL && self->exporting == NULL);
  gtk_widget_set_visible (self->cancel, self->exporting != NULL);
}

static void
cancel (GCancellable **cancellable)
{
  g_cancellable_cancel (*cancellable);
  g_clear_object (cancellable);
}

/* --- drawing what plays --- */

static void draw_next (C2lFilmBar *self, guint frame);

typedef struct
{
  C2lFilmBar *bar;
  GCancellable *cancellable; /* of the film that the frame belongs to */
  guint frame;
} Drawing;

static void
on_drawn (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Drawing *drawing = data;
  g_autoptr (C2lFilmBar) self = drawing->bar;
  g_autoptr (GCancellable) cancellable = drawing->cancellable;
  g_autoptr (GObject) frame = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lPicture) picture
      = c2l_worker_draw_finish (C2L_WORKER (source), result, &frame, &error);
  g_autoptr (GdkPaintable) paintable = NULL;

  if (cancellable != self->drawing)
    return;
  if (picture == NULL)
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        c2l_board_fail (self->board, error);
      return;
    }
  paintable = c2l_board_make_paintable (picture, frame);
  if (paintable == NULL)
    return;
  c2l_film_append (self->film, paintable);
  draw_next (self, drawing->frame + 1);
}

static void
draw_next (C2lFilmBar *self, guint frame)
{
  C2lModelInfo *model = c2l_board_get_model (self->board);
  Drawing *drawing;

  if (frame == self->recipes->len || model == NULL)
    {
      g_clear_object (&self->drawing);
      if (self->exporting == NULL)
        show_state (self, NULL, 0, 0);
      return;
    }
  show_state (self, _ ("Frame %u of %u"), frame + 1, self->recipes->len);
  drawing = g_new (Drawing, 1);
  *drawing = (Drawing){ g_object_ref (self), g_object_ref (self->drawing), frame };
  c2l_worker_draw_async (c2l_board_get_worker (self->board),
                         g_ptr_array_index (self->recipes, frame),
                         model->resolution > PLAYED_SIZE ? PLAYED_SIZE : 0, FALSE, NULL,
                         self->drawing, on_drawn, drawing);
}

static void
on_in_betweens (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Drawing *drawing = data;
  g_autoptr (C2lFilmBar) self = drawing->bar;
  g_autoptr (GCancellable) cancellable = drawing->cancellable;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) recipes = c2l_workshop_recipes_finish (C2L_WORKER (source), result, &error);

  if (cancellable != self->drawing)
    return;
  if (recipes == NULL)
    {
      c2l_board_fail (self->board, error);
      g_signal_emit (self, closed_signal, 0);
      return;
    }
  self->recipes = g_steal_pointer (&recipes);
  g_object_set (self->film, "playing", TRUE, NULL);
  update (self);
  draw_next (self, 0);
}

static void
rebuild (C2lFilmBar *self)
{
  gboolean loop = gtk_check_button_get_active (self->loop);
  guint n_steps = self->pictures->len - (loop ? 0 : 1);
  C2lInBetweens options
      = { .n = MAX (2, (int) lround (gtk_adjustment_get_value (self->seconds) * n_steps * FPS)),
          .loop = loop,
          .ease = gtk_check_button_get_active (self->ease),
          .still = TRUE };
  Drawing *drawing;

  cancel (&self->drawing);
  c2l_film_clear (self->film);
  g_clear_pointer (&self->recipes, g_ptr_array_unref);
  self->drawing = g_cancellable_new ();
  update (self);
  drawing = g_new (Drawing, 1);
  *drawing = (Drawing){ g_object_ref (self), g_object_ref (self->drawing), 0 };
  c2l_workshop_in_betweens_async (c2l_board_get_worker (self->board), self->pictures, &options,
                                  self->drawing, on_in_betweens, drawing);
}

static gboolean
on_rebuild (gpointer data)
{
  C2lFilmBar *self = data;

  self->rebuild_source = 0;
  rebuild (self);
  return G_SOURCE_REMOVE;
}

static void
rebuild_soon (C2lFilmBar *self)
{
  if (self->pictures == NULL)
    return;
  g_clear_handle_id (&self->rebuild_source, g_source_remove);
  self->rebuild_source = g_timeout_add (REBUILD_DELAY_MS, on_rebuild, self);
}

/* --- exporting --- */

typedef struct
{
  C2lFilmBar *bar;
  GFile *file;
} Exporting;

static void
on_exported (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Exporting *exporting = data;
  g_autoptr (C2lFilmBar) self = exporting->bar;
  g_autoptr (GFile) file = exporting->file;
  g_autoptr (GError) error = NULL;
  g_autofree char *uri = g_file_get_uri (file), *name = g_file_get_basename (file);
  g_autofree char *text = g_strdup_printf (_ ("Exported as %s"), name);

  g_clear_object (&self->exporting);
  if (self->board == NULL)
    return;
  if (c2l_film_export_finish (result, &error))
    c2l_board_say_with_action (self->board, text, _ ("Show in Files"), "create.show-in-files",
                               g_variant_new_string (uri));
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    c2l_board_fail (self->board, error);
  show_state (self, NULL, 0, 0);
  update (self);
}

static void
on_export_progress (guint done, guint n_frames, gpointer data)
{
  show_state (data, _ ("Exporting %u of %u"), done, n_frames);
}

static void
export_to (C2lFilmBar *self, GFile *file, gboolean as_files)
{
  C2lAnimation animation = { .fps = FPS, .as_files = as_files, .loops = 0 };
  Exporting *exporting = g_new (Exporting, 1);

  *exporting = (Exporting){ g_object_ref (self), g_object_ref (file) };
  self->exporting = g_cancellable_new ();
  update (self);
  c2l_film_export_async (c2l_board_get_worker (self->board), self->recipes, file, &animation,
                         on_export_progress, self, self->exporting, on_exported, exporting);
}

static void
choose_place_finish (C2lFilmBar *self, GAsyncResult *result, gboolean as_files)
{
  g_autoptr (GListModel) files = c2l_compat_choose_finish (result, NULL);
  g_autoptr (GFile) file = files != NULL ? g_list_model_get_item (files, 0) : NULL;

  if (file != NULL && self->recipes != NULL && self->board != NULL && self->exporting == NULL)
    export_to (self, file, as_files);
  g_object_unref (self);
}

static void
on_file_chosen (GObject *source, GAsyncResult *result, gpointer data)
{
  choose_place_finish (data, result, FALSE);
}

static void
on_folder_chosen (GObject *source, GAsyncResult *result, gpointer data)
{
  choose_place_finish (data, result, TRUE);
}

static void
export_film (GtkWidget *widget, const char *name, GVariant *parameter)
{
  C2lFilmBar *self = C2L_FILM_BAR (widget);
  gboolean as_files = g_str_equal (name, "film.export-frames");
  const char *pictures = g_get_user_special_dir (G_USER_DIRECTORY_PICTURES);
  g_autofree char *path
      = g_build_filename (pictures != NULL ? pictures : g_get_home_dir (),
                          as_files ? _ ("in-between frames") : _ ("in-between.webp"), NULL);
  g_autoptr (GFile) initial = g_file_new_for_path (path);

  if (self->recipes == NULL || self->exporting != NULL)
    return;
  /* Frames go into a folder that is made under the name that is given. */
  c2l_compat_choose_async (
      GTK_WINDOW (gtk_widget_get_root (widget)), C2L_CHOOSE_NAME,
      as_files ? _ ("Name of a New Folder for the Frames") : _ ("Export an Animated WebP"), initial,
      NULL, as_files ? on_folder_chosen : on_file_chosen, g_object_ref (self));
}

static void
cancel_export (GtkWidget *widget, const char *name, GVariant *parameter)
{
  g_cancellable_cancel (C2L_FILM_BAR (widget)->exporting);
}

static void
close_film (GtkWidget *widget, const char *name, GVariant *parameter)
{
  g_signal_emit (widget, closed_signal, 0);
}

/* --- the widget --- */

static void
on_playing_changed (C2lFilmBar *self)
{
  gboolean playing = gtk_toggle_button_get_active (self->play);

  gtk_button_set_icon_name (GTK_BUTTON (self->play), playing ? "media-playback-pause-symbolic"
                                                             : "media-playback-start-symbolic");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->play), playing ? _ ("Pause") : _ ("Play"));
}

static void
c2l_film_bar_dispose (GObject *object)
{
  C2lFilmBar *self = C2L_FILM_BAR (object);
  GtkWidget *child;

  g_clear_handle_id (&self->rebuild_source, g_source_remove);
  cancel (&self->drawing);
  g_cancellable_cancel (self->exporting);
  g_clear_object (&self->board);
  g_clear_object (&self->film);
  g_clear_pointer (&self->pictures, g_ptr_array_unref);
  g_clear_pointer (&self->recipes, g_ptr_array_unref);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (c2l_film_bar_parent_class)->dispose (object);
}

static void
c2l_film_bar_class_init (C2lFilmBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_film_bar_dispose;
  closed_signal = g_signal_new ("closed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                NULL, NULL, G_TYPE_NONE, 0);
  g_type_ensure (C2L_TYPE_WRAP_LAYOUT);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-film-bar.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lFilmBar, play);
  gtk_widget_class_bind_template_child (widget_class, C2lFilmBar, position);
  gtk_widget_class_bind_template_child (widget_class, C2lFilmBar, seconds);
  gtk_widget_class_bind_template_child (widget_class, C2lFilmBar, loop);
  gtk_widget_class_bind_template_child (widget_class, C2lFilmBar, ease);
  gtk_widget_class_bind_template_child (widget_class, C2lFilmBar, state);
  gtk_widget_class_bind_template_child (widget_class, C2lFilmBar, export);
  gtk_widget_class_bind_template_child (widget_class, C2lFilmBar, cancel);
  gtk_widget_class_bind_template_callback (widget_class, rebuild_soon);
  gtk_widget_class_install_action (widget_class, "film.export-webp", NULL, export_film);
  gtk_widget_class_install_action (widget_class, "film.export-frames", NULL, export_film);
  gtk_widget_class_install_action (widget_class, "film.cancel-export", NULL, cancel_export);
  gtk_widget_class_install_action (widget_class, "film.close", NULL, close_film);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
}

static void
c2l_film_bar_init (C2lFilmBar *self)
{
  self->film = c2l_film_new (FPS);
  gtk_widget_init_template (GTK_WIDGET (self));
  c2l_compat_name_inner_button (self->export);
  g_object_bind_property (self->film, "playing", self->play, "active",
                          G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE);
  g_object_bind_property (self->film, "position", self->position, "value", G_BINDING_BIDIRECTIONAL);
  g_signal_connect_swapped (self->play, "notify::active", G_CALLBACK (on_playing_changed), self);
  update (self);
}

void
c2l_film_bar_set_board (C2lFilmBar *self, C2lBoard *board)
{
  g_return_if_fail (C2L_IS_FILM_BAR (self));
  g_set_object (&self->board, board);
}

void
c2l_film_bar_start (C2lFilmBar *self, GPtrArray *items)
{
  g_return_if_fail (C2L_IS_FILM_BAR (self) && self->board != NULL && items->len >= 2);
  c2l_film_bar_stop (self);
  self->pictures = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);
  for (guint i = 0; i < items->len; i++)
    g_ptr_array_add (self->pictures,
                     c2l_recipe_ref (c2l_picture_item_get_recipe (g_ptr_array_index (items, i))));
  rebuild (self);
}

void
c2l_film_bar_stop (C2lFilmBar *self)
{
  g_return_if_fail (C2L_IS_FILM_BAR (self));
  g_clear_handle_id (&self->rebuild_source, g_source_remove);
  cancel (&self->drawing);
  g_cancellable_cancel (self->exporting);
  g_object_set (self->film, "playing", FALSE, NULL);
  c2l_film_clear (self->film);
  g_clear_pointer (&self->pictures, g_ptr_array_unref);
  g_clear_pointer (&self->recipes, g_ptr_array_unref);
  show_state (self, NULL, 0, 0);
  update (self);
}

void
c2l_film_bar_toggle (C2lFilmBar *self)
{
  gboolean playing;

  g_return_if_fail (C2L_IS_FILM_BAR (self));
  g_object_get (self->film, "playing", &playing, NULL);
  g_object_set (self->film, "playing", !playing, NULL);
}

GdkPaintable *
c2l_film_bar_get_film (C2lFilmBar *self)
{
  g_return_val_if_fail (C2L_IS_FILM_BAR (self), NULL);
  return GDK_PAINTABLE (self->film);
}
