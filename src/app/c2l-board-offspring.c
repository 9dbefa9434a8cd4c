/* Pictures that come of pictures: variations, more like these, look-alikes. The engine's thread makes recipes, the board draws them. */
#include "app/c2l-board-private.h"

#include "studio/blend.h"
#include "studio/look-alike.h"

#include <glib/gi18n.h>

/* How far variations are from their parent, in the model's own spread: alike, and yet each another picture. */
#define VARIATION_STRENGTH 0.35
#define MORE_LIKE_STRENGTH 1.0

typedef struct
{
  GPtrArray *parents; /* of C2lRecipe */
  char *path;         /* of an image */
  guint64 seed;
  guint n;
  C2lSampling sampling; /* for look-alikes */
} Wish;

static void
wish_free (gpointer data)
{
  Wish *wish = data;

  g_clear_pointer (&wish->parents, g_ptr_array_unref);
  g_free (wish->path);
  g_free (wish);
}

static guint64
random_seed (void)
{
  return (guint64) g_random_int () << 32 | g_random_int ();
}

static Wish *
wish_new (guint n)
{
  Wish *wish = g_new0 (Wish, 1);

  wish->parents = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);
  wish->seed = random_seed ();
  wish->n = n;
  return wish;
}

static gpointer
vary (C2lSession *session, gpointer data, GCancellable *cancellable, GError **error)
{
  Wish *wish = data;

  return c2l_blend_vary (session, g_ptr_array_index (wish->parents, 0), VARIATION_STRENGTH,
                         wish->seed, wish->n, cancellable, error);
}

static gpointer
more_like (C2lSession *session, gpointer data, GCancellable *cancellable, GError **error)
{
  Wish *wish = data;

  return c2l_blend_more_like (session, wish->parents, MORE_LIKE_STRENGTH, wish->seed, wish->n,
                              cancellable, error);
}

static void
on_born (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lBoard) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) recipes = c2l_worker_call_finish (C2L_WORKER (source), result, &error);

  if (recipes == NULL)
    c2l_board_fail (self, error);
  else if (!self->closed)
    c2l_board_add_recipes (self, recipes);
}

static void
ask (C2lBoard *self, C2lWorkerFunc func, Wish *wish)
{
  c2l_worker_call_async (self->worker, TRUE, func, wish, wish_free,
                         (GDestroyNotify) g_ptr_array_unref, self->cancellable, on_born,
                         g_object_ref (self));
}

void
c2l_board_add_variations (C2lBoard *self, C2lPictureItem *item, guint n)
{
  Wish *wish;

  g_return_if_fail (C2L_IS_BOARD (self));
  if (item == NULL || c2l_picture_item_get_recipe (item) == NULL)
    return;
  wish = wish_new (n);
  g_ptr_array_add (wish->parents, c2l_recipe_ref (c2l_picture_item_get_recipe (item)));
  ask (self, vary, wish);
}

void
c2l_board_add_more_like (C2lBoard *self, GPtrArray *items, guint n)
{
  Wish *wish;

  g_return_if_fail (C2L_IS_BOARD (self));
  wish = wish_new (n);
  for (guint i = 0; i < items->len; i++)
    {
      C2lRecipe *recipe = c2l_picture_item_get_recipe (g_ptr_array_index (items, i));

      if (recipe != NULL)
        g_ptr_array_add (wish->parents, c2l_recipe_ref (recipe));
    }
  if (wish->parents->len > 0)
    ask (self, more_like, wish);
  else
    wish_free (wish);
}

static gpointer
look_alike (C2lSession *session, gpointer data, GCancellable *cancellable, GError **error)
{
  Wish *wish = data;

  return c2l_look_alikes_find (session, wish->path, &wish->sampling, TRUE, NULL, cancellable,
                               error);
}

void
c2l_board_add_look_alikes (C2lBoard *self, GFile *image, guint n)
{
  g_autofree char *path = g_file_get_path (image);
  C2lDefaults defaults;
  Wish *wish;

  g_return_if_fail (C2L_IS_BOARD (self));
  if (path == NULL || self->model == NULL)
    {
      c2l_board_say (self, path == NULL ? _ ("The picture is not on this computer; copy it here first")
                                        : _ ("No model is open; choose one on the page Models"));
      return;
    }
  c2l_bundle_get_defaults (self->model->bundle, &defaults);
  wish = wish_new (n);
  wish->path = g_steal_pointer (&path);
  wish->sampling = (C2lSampling){ .seed = wish->seed,
                                  .n = n,
                                  .sampler = g_intern_string (defaults.sampler),
                                  .steps = defaults.steps,
                                  .guidance = defaults.guidance,
                                  .truncation = defaults.truncation,
                                  .noise = C2L_NOISE_KIND_RANDOM };
  ask (self, look_alike, wish);
}
