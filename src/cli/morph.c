/* c2l morph: from picture to picture to picture, as an animated WebP or as a folder of frames.
 * Reads options and recipes; what lies between two pictures is studio/blend's to say, and how
 * frames are packed studio/animate's. */
#include "cli/model-options.h"
#include "studio/animate.h"
#include "studio/blend.h"
#include "studio/session.h"

#include <stdio.h>

#define DEFAULT_FRAMES 60
#define DEFAULT_FPS 30

typedef struct
{
  C2lModelOptions model;
  char *out;
  double fps;
  int n_frames, quality;
  gboolean loop, ease, still;
} Options;

static void
options_clear (Options *options)
{
  c2l_model_options_clear (&options->model);
  g_free (options->out);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* What c2l_animate() hands around. */
typedef struct
{
  C2lSession *session;
  GPtrArray *frames; /* of C2lRecipe */
} Morph;

static C2lPicture *
draw_frame (guint i, gpointer data, GCancellable *cancellable, GError **error)
{
  const Morph *morph = data;

  return c2l_session_draw (morph->session, g_ptr_array_index (morph->frames, i), 0, NULL,
                           cancellable, error);
}

static void
show_progress (guint done, guint n_frames, gpointer data)
{
  c2l_cli_progress ((double) done / n_frames, "drawing");
}

static GPtrArray *
load_recipes (char **paths, GError **error)
{
  g_autoptr (GPtrArray) recipes
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);

  for (; *paths != NULL; paths++)
    {
      C2lRecipe *recipe = c2l_picture_load_recipe (*paths, error);

      if (recipe == NULL)
        return NULL;
      g_ptr_array_add (recipes, recipe);
    }
  return g_steal_pointer (&recipes);
}

/* "m.webp", of any case. */
static gboolean
is_webp (const char *path)
{
  C2lImageFormat format;

  return c2l_image_format_from_path (path, &format) && format == C2L_IMAGE_WEBP;
}

static gboolean
morph (const Options *options, GPtrArray *recipes, GError **error)
{
  g_autoptr (C2lBundle) bundle
      = c2l_model_options_open_bundle (&options->model, C2L_ROLE_GENERATOR, error);
  g_autoptr (C2lDevice) device
      = bundle != NULL ? c2l_model_options_open_device (&options->model, error) : NULL;
  const C2lInBetweens way = { options->n_frames, options->loop, options->ease, options->still };
  const C2lAnimation animation
      = { .fps = options->fps, .quality = options->quality, .as_files = !is_webp (options->out) };
  g_autoptr (C2lEngine) engine = NULL;
  g_autoptr (C2lSession) session = NULL;
  g_autoptr (GPtrArray) frames = NULL;
  C2lPrecision precision;
  Morph morph = { 0 };

  if (device == NULL
      || !c2l_model_options_get_precision (&options->model, device, C2L_DEFAULT_PRECISION,
                                           &precision, error))
    return FALSE;
  engine = c2l_engine_new (bundle, device, NULL);
  session = c2l_session_new (engine, precision);
  frames = c2l_blend_in_betweens (session, recipes, &way, error);
  if (frames == NULL)
    return FALSE;
  morph = (Morph){ session, frames };
  return c2l_animate (options->out, &animation, frames->len, draw_frame, show_progress, &morph,
                      c2l_cli_get_cancellable (), error);
}

/* Whether @path ends as a picture or a film does that is no WebP: nobody calls a folder so. */
static gboolean
is_other_film (const char *path)
{
  static const char *const suffixes[] = { ".apng", ".avi", ".avif", ".gif", ".jpeg", ".jpg",
                                          ".mkv",  ".mov", ".mp4",  ".png", ".webm" };
  g_autofree char *name = g_ascii_strdown (path, -1);

  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    if (g_str_has_suffix (name, suffixes[i]))
      return !g_file_test (path, G_FILE_TEST_IS_DIR);
  return FALSE;
}

/* What cannot be, in words, or NULL. */
static const char *
find_mistake (const Options *options, int n_pictures)
{
  if (n_pictures < 2)
    return "name two or more pictures that carry their recipe";
  if (options->out == NULL)
    return "say with --out where it goes: a file that ends in .webp, or a folder for the frames";
  if (is_other_film (options->out))
    return "--out: an animation is a WebP here; name a file that ends in .webp, or a folder";
  if (options->n_frames < 2 || options->n_frames > C2L_BLEND_MAX_FRAMES)
    return "--frames: from 2 to " G_STRINGIFY (C2L_BLEND_MAX_FRAMES) " frames can be drawn";
  if (!(options->fps >= C2L_ANIMATION_MIN_FPS && options->fps <= C2L_ANIMATION_MAX_FPS))
    return "--fps: from " G_STRINGIFY (C2L_ANIMATION_MIN_FPS) " to " G_STRINGIFY (
        C2L_ANIMATION_MAX_FPS) " frames a second can be shown";
  if (options->quality < 0 || options->quality > 100)
    return "--quality: from 1 to 100 is possible";
  return NULL;
}

static int
run (int argc, char **argv)
{
  g_auto (Options) options = { .n_frames = DEFAULT_FRAMES, .fps = DEFAULT_FPS };
  const GOptionEntry entries[]
      = { { "out", 'o', 0, G_OPTION_ARG_FILENAME, &options.out,
            "An animated WebP, or a folder of PNG files", "FILE.webp|FOLDER" },
          { "frames", 'n', 0, G_OPTION_ARG_INT, &options.n_frames,
            "Frames in all (default " G_STRINGIFY (DEFAULT_FRAMES) ")", "N" },
          { "fps", 0, 0, G_OPTION_ARG_DOUBLE, &options.fps,
            "Frames a second (default " G_STRINGIFY (DEFAULT_FPS) ")", "X" },
          { "loop", 0, 0, G_OPTION_ARG_NONE, &options.loop,
            "Go on from the last picture to the first", NULL },
          { "ease", 0, 0, G_OPTION_ARG_NONE, &options.ease,
            "Slower near each picture, faster in between", NULL },
          { "still", 0, 0, G_OPTION_ARG_NONE, &options.still,
            "Keep the fine detail of the first picture in all", NULL },
          { "quality", 0, 0, G_OPTION_ARG_INT, &options.quality,
            "Of the WebP, 1 to 100 (default " G_STRINGIFY (C2L_ANIMATION_QUALITY) ")", "N" },
          G_OPTION_ENTRY_NULL };
  GOptionGroup *groups[]
      = { c2l_model_options_new_model_group (&options.model),
          c2l_model_options_new_device_group (&options.model, C2L_DEFAULT_PRECISION), NULL };
  g_autoptr (GPtrArray) recipes = NULL;
  g_autoptr (GError) error = NULL;
  const char *mistake;
  int exit_code;

  if (!c2l_cli_parse (&c2l_command_morph, &argc, &argv, entries, groups, &exit_code))
    return exit_code;
  mistake = find_mistake (&options, argc - 1);
  if (mistake != NULL)
    return c2l_cli_usage (&c2l_command_morph, "%s", mistake);
  recipes = load_recipes (argv + 1, &error);
  if (recipes == NULL || !morph (&options, recipes, &error))
    return c2l_cli_fail (error);
  c2l_cli_progress_clear ();
  printf ("%s\n", options.out);
  return C2L_EXIT_OK;
}

const C2lCommand c2l_command_morph = {
  .name = "morph",
  .arguments = "PICTURE PICTURE…",
  .summary = "Move from picture to picture, as an animated WebP or as frames",
  .description
  = "Pictures are those that “c2l generate” saved, of one model. Ctrl+C leaves nothing "
    "behind.\n",
  .run = run,
};
