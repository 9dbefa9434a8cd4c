/* Pictures that come of pictures: variations, more like these, look-alikes. The engine's thread makes recipes, the board draws them. */
#include "app/c2l-board-private.h"

#include "studio/workshop.h"

#include <glib/gi18n.h>

/* How far variations are from their parent, in the model's own spread: alike, and yet each another picture. */
#define VARIATION_STRENGTH 0.35
#define MORE_LIKE_STRENGTH 1.0

static guint64
random_seed (void)
{
  return (guint64) g_random_int () << 32 | g_random_int ();
}

static void
on_born (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lBoard) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) recipes
      = c2l_workshop_recipes_finish (C2L_WORKER (source), result, &error);

  if (recipes == NULL)
    c2l_board_fail (self, error);
  else if (!self->closed)
    c2l_board_add_recipes (self, recipes);
}

void
c2l_board_add_variations (C2lBoard *self, C2lPictureItem *item, guint n)
{
  g_return_if_fail (C2L_IS_BOARD (self));
  if (item != NULL && c2l_picture_item_get_recipe (item) != NULL)
    c2l_workshop_vary_async (self->worker, c2l_picture_item_get_recipe (item), VARIATION_STRENGTH,
                             random_seed (), n, self->cancellable, on_born, g_object_ref (self));
}

void
c2l_board_add_more_like (C2lBoard *self, GPtrArray *items, guint n)
{
  g_autoptr (GPtrArray) parents = g_ptr_array_new ();

  g_return_if_fail (C2L_IS_BOARD (self));
  for (guint i = 0; i < items->len; i++)
    {
      C2lRecipe *recipe = c2l_picture_item_get_recipe (g_ptr_array_index (items, i));

      if (recipe != NULL)
        g_ptr_array_add (parents, recipe);
    }
  if (parents->len > 0)
    c2l_workshop_more_like_async (self->worker, parents, MORE_LIKE_STRENGTH, random_seed (), n,
                                  self->cancellable, on_born, g_object_ref (self));
}

void
c2l_board_add_look_alikes (C2lBoard *self, GFile *image, guint n)
{
  g_autofree char *path = g_file_get_path (image);
  C2lDefaults defaults;
  C2lSampling sampling;

  g_return_if_fail (C2L_IS_BOARD (self));
  if (path == NULL || self->model == NULL)
    {
      c2l_board_warn (self, "%s",
                      path == NULL ? _ ("The picture is not on this computer; copy it here first")
                                   : _ ("No model is open; choose one on the page Models"));
      return;
    }
  c2l_bundle_get_defaults (self->model->bundle, &defaults);
  sampling = (C2lSampling){ .seed = random_seed (),
                            .n = n,
                            .sampler = defaults.sampler,
                            .steps = defaults.steps,
                            .guidance = defaults.guidance,
                            .truncation = defaults.truncation,
                            .noise = C2L_NOISE_KIND_RANDOM };
  c2l_workshop_look_alikes_async (self->worker, path, &sampling, TRUE, NULL, NULL,
                                  self->cancellable, on_born, g_object_ref (self));
}
