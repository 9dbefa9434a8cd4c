/* c2l score: how well CLIP finds that a picture fits words. */
#include "cli/model-options.h"
#include "formats/image.h"
#include "studio/json.h"
#include "studio/session.h"
#include "studio/similarity.h"

#include <stdio.h>
#include <string.h>

static void
print_score (const char *path, const char *prompt, double score, gboolean json)
{
  g_autoptr (JsonObject) object = NULL;
  g_autofree char *text = NULL;

  if (!json)
    {
      printf ("%.4f  %s\n", score, prompt);
      return;
    }
  object = json_object_new ();
  json_object_set_string_member (object, "file", path);
  json_object_set_string_member (object, "prompt", prompt);
  json_object_set_double_member (object, "score", score);
  text = c2l_json_object_to_string (object, FALSE);
  printf ("%s\n", text);
}

static gboolean
score (C2lSession *session, char **argv, int argc, gboolean json, GError **error)
{
  g_autoptr (C2lImage) image = c2l_image_load (argv[1], error);
  int width = image != NULL ? c2l_session_get_embed_width (session, error) : 0;
  g_autofree float *picture = g_new (float, MAX (width, 1)), *text = g_new (float, MAX (width, 1));

  if (width == 0)
    return FALSE;
  if (image->width != image->height)
    c2l_cli_message ("%s: not square; CLIP looks at its middle", argv[1]);
  if (!c2l_session_embed_image (session, image, picture, c2l_cli_get_cancellable (), error))
    return FALSE;
  for (int i = 2; i < argc; i++)
    {
      if (!c2l_session_embed_prompt (session, argv[i], text, NULL, c2l_cli_get_cancellable (),
                                     error))
        return FALSE;
      print_score (argv[1], argv[i], c2l_similarity_cosine (picture, text, width), json);
    }
  return TRUE;
}

static int
run (int argc, char **argv)
{
  g_auto (C2lModelOptions) model = { 0 };
  gboolean json = FALSE;
  const GOptionEntry entries[]
      = { { "json", 0, 0, G_OPTION_ARG_NONE, &json, "Print a JSON object a line", NULL },
          G_OPTION_ENTRY_NULL };
  GOptionGroup *groups[] = { c2l_model_options_new_model_group (&model),
                             c2l_model_options_new_device_group (&model), NULL };
  g_autoptr (C2lEngine) engine = NULL;
  g_autoptr (C2lSession) session = NULL;
  g_autoptr (GError) error = NULL;
  C2lPrecision precision;
  int exit_code;

  if (!c2l_cli_parse (&c2l_command_score, &argc, &argv, entries, groups, &exit_code))
    return exit_code;
  if (argc < 3)
    return c2l_cli_usage (&c2l_command_score, "name a picture and at least one prompt");
  engine = c2l_model_options_open_engine (&model, C2L_ROLE_CLIP, &error);
  if (engine == NULL
      || !c2l_model_options_get_precision (&model, c2l_engine_get_device (engine),
                                           C2L_DEFAULT_PRECISION, &precision, &error))
    return c2l_cli_fail (error);
  session = c2l_session_new (engine, precision);
  return score (session, argv, argc, json, &error) ? C2L_EXIT_OK : c2l_cli_fail (error);
}

const C2lCommand c2l_command_score = {
  .name = "score",
  .arguments = "IMAGE PROMPT…",
  .summary = "Say how well a picture fits words",
  .description = "Prints the cosine of CLIP's embeddings of the picture and of each prompt: 1 is "
                 "most. Compare scores of one model only.\n",
  .run = run,
};
