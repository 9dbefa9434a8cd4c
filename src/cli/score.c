/* c2l score: how well CLIP finds that pictures fit words. */
#include "cli/model-options.h"
#include "cli/prompts.h"
#include "formats/image.h"
#include "studio/json.h"
#include "studio/session.h"
#include "studio/similarity.h"

#include <stdio.h>
#include <string.h>

typedef struct
{
  C2lModelOptions model;
  char *prompts; /* a file */
  gboolean json;
} Options;

static void
options_clear (Options *options)
{
  c2l_model_options_clear (&options->model);
  g_free (options->prompts);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* Words are in no file, and pictures are; what ends as a picture does is one that is missing,
 * rather than words. A folder is no picture, and may well be called as what was asked for. */
static gboolean
is_picture (const char *argument)
{
  C2lImageFormat format;

  return (g_file_test (argument, G_FILE_TEST_EXISTS) && !g_file_test (argument, G_FILE_TEST_IS_DIR))
         || c2l_image_format_from_path (argument, &format);
}

/* Moves the pictures among the arguments before the words, in their order; returns how many they
 * are. The first argument is one in any case. */
static int
put_pictures_first (int argc, char **argv)
{
  g_autofree char **words = g_new (char *, argc);
  int n = 0, n_words = 0;

  for (int i = 0; i < argc; i++)
    if (i == 0 || is_picture (argv[i]))
      argv[n++] = argv[i];
    else
      words[n_words++] = argv[i];
  memcpy (argv + n, words, n_words * sizeof (char *));
  return n;
}

/* [prompts->n, width]; warns of words that were cut off. */
static float *
embed_prompts (C2lSession *session, const C2lPrompts *prompts, GError **error)
{
  const int width = c2l_session_get_embed_width (session, error);
  g_autofree float *texts = g_new (float, (gsize) MAX (width, 1) * prompts->n);

  if (width == 0)
    return NULL;
  for (guint i = 0; i < prompts->n; i++)
    {
      g_autofree char *dropped = NULL;

      if (!c2l_session_embed_prompt (session, prompts->texts[i], texts + (gsize) i * width,
                                     &dropped, c2l_cli_get_cancellable (), error))
        return NULL;
      if (dropped != NULL)
        c2l_prompts_warn_cut (prompts->places[i], dropped);
    }
  return g_steal_pointer (&texts);
}

/* @path: NULL where there is but one picture, and people know which. */
static void
print_score (const char *path, const char *prompt, double score)
{
  if (path != NULL)
    printf ("%.4f  %s  %s\n", score, path, prompt);
  else
    printf ("%.4f  %s\n", score, prompt);
}

static void
print_json (const char *path, const char *prompt, double score)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autofree char *file = g_filename_display_name (path), *text = NULL;

  json_object_set_string_member (object, "file", file);
  json_object_set_string_member (object, "prompt", prompt);
  json_object_set_double_member (object, "score", score);
  text = c2l_json_object_to_string (object, FALSE);
  printf ("%s\n", text);
}

static gboolean
score_picture (C2lSession *session,
               const char *path,
               const C2lPrompts *prompts,
               const float *texts,
               const Options *options,
               gboolean is_only,
               GError **error)
{
  g_autoptr (C2lImage) image = c2l_image_load (path, error);
  const int width = image != NULL ? c2l_session_get_embed_width (session, error) : 0;
  g_autofree float *picture = g_new (float, MAX (width, 1));

  if (width == 0
      || !c2l_session_embed_image (session, image, picture, c2l_cli_get_cancellable (), error))
    return FALSE;
  if (image->width != image->height)
    c2l_cli_message ("%s: not square; CLIP looks at its middle", path);
  for (guint i = 0; i < prompts->n; i++)
    {
      const double score = c2l_similarity_cosine (picture, texts + (gsize) i * width, width);

      if (options->json)
        print_json (path, prompts->texts[i], score);
      else
        print_score (is_only ? NULL : path, prompts->texts[i], score);
    }
  fflush (stdout);
  return TRUE;
}

static int
score (const Options *options, char **paths, int n, const C2lPrompts *prompts)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lEngine) engine
      = c2l_model_options_open_engine (&options->model, C2L_ROLE_CLIP, &error);
  g_autoptr (C2lSession) session = NULL;
  g_autofree float *texts = NULL;
  C2lPrecision precision;
  int result = C2L_EXIT_OK;

  if (engine == NULL
      || !c2l_model_options_get_precision (&options->model, c2l_engine_get_device (engine),
                                           C2L_DEFAULT_PRECISION, &precision, &error))
    return c2l_cli_fail (error);
  session = c2l_session_new (engine, precision);
  texts = embed_prompts (session, prompts, &error);
  if (texts == NULL)
    return c2l_cli_fail (error);
  for (int i = 0; i < n; i++)
    {
      g_autoptr (GError) cause = NULL;

      if (score_picture (session, paths[i], prompts, texts, options, n == 1, &cause))
        continue;
      result = c2l_cli_fail (cause);
      if (g_cancellable_is_cancelled (c2l_cli_get_cancellable ()))
        break;
    }
  return result;
}

static int
run (int argc, char **argv)
{
  g_auto (Options) options = { 0 };
  const GOptionEntry entries[]
      = { { "prompts", 'p', 0, G_OPTION_ARG_FILENAME, &options.prompts,
            "Read prompts from this file, one a line; - is standard input", "FILE" },
          { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print a JSON object a line", NULL },
          G_OPTION_ENTRY_NULL };
  GOptionGroup *groups[]
      = { c2l_model_options_new_model_group (&options.model),
          c2l_model_options_new_device_group (&options.model, C2L_DEFAULT_PRECISION), NULL };
  g_auto (C2lPrompts) prompts = { 0 };
  g_autoptr (GError) error = NULL;
  int exit_code, n;

  if (!c2l_cli_parse (&c2l_command_score, &argc, &argv, entries, groups, &exit_code))
    return exit_code;
  n = argc > 1 ? put_pictures_first (argc - 1, argv + 1) : 0;
  if (!c2l_prompts_read (&prompts, argc - 1 - n, argv + 1 + n, options.prompts,
                         "say what the picture is to fit", &error))
    return c2l_cli_fail (error);
  if (n == 0 || prompts.n == 0)
    return c2l_cli_usage (&c2l_command_score, "name a picture and at least one prompt");
  return score (&options, argv + 1, n, &prompts);
}

const C2lCommand c2l_command_score = {
  .name = "score",
  .arguments = "PICTURE… PROMPT…",
  .summary = "Say how well pictures fit words",
  .description
  = "Prints the cosine of CLIP's embeddings of each picture and of each prompt: 1 is most. Compare "
    "scores of one\nmodel only. Arguments that are files, or end as pictures do (.png, .jpg, "
    ".webp), "
    "are pictures, and so is the\nfirst; all others are prompts, as those of “c2l generate”. Words "
    "that are also the name of a file can be given\nwith --prompts.\n",
  .run = run,
};
