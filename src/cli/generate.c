/* c2l generate: pictures from prompts, from latents, from recipes or from nothing but a seed. Reads
 * options, hands the work to studio/generate, saves each picture as soon as it is finished, prints
 * a line for each. */
#include "cli/model-options.h"
#include "cli/prompts.h"
#include "cli/save-options.h"
#include "formats/npy.h"
#include "studio/generate.h"
#include "studio/json.h"
#include "studio/paths.h"
#include "studio/redraw.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_PICTURES 100000
#define MAX_WORDS_SHOWN 60 /* of a prompt's end that was cut off */
#define UNSET G_MININT     /* an option that was not given */

typedef struct
{
  C2lModelOptions model;
  int n, steps, label, index;
  char *seed, *noise_seed, *noise, *sampler, *sort, *out, *grid, *prompts, *latent, *latent_out;
  char *guidance, *truncation, *move, *turn;
  char **edits, **from;
  gboolean score, json, random;
  C2lSaveArguments save;
} Options;

static void
options_clear (Options *options)
{
  c2l_model_options_clear (&options->model);
  g_free (options->seed);
  g_free (options->noise_seed);
  g_free (options->noise);
  g_free (options->sampler);
  g_free (options->sort);
  g_free (options->out);
  g_free (options->grid);
  g_free (options->prompts);
  g_free (options->latent);
  g_free (options->latent_out);
  g_free (options->guidance);
  g_free (options->truncation);
  g_free (options->move);
  g_free (options->turn);
  g_strfreev (options->edits);
  g_strfreev (options->from);
  c2l_save_arguments_clear (&options->save);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* One run: where pictures go and what was printed of them. */
typedef struct
{
  const Options *options;
  C2lSaveOptions save;
  GHashTable *files;         /* C2lPicture → path */
  GError *error;             /* (nullable): the first picture that could not be saved */
  gboolean print_at_end;     /* sorted ones */
  guint n_saved, n_pictures; /* so far, and as many as there will be */
} Output;

static gboolean parse_options (Options *options, int *argc, char ***argv, int *exit_code);

/* --- saving and printing --- */

static void
print_picture (Output *output, C2lPicture *picture)
{
  const char *path = g_hash_table_lookup (output->files, picture);
  const C2lRecipe *recipe = picture->recipe;

  if (path == NULL)
    return;
  c2l_cli_progress_clear ();
  if (!output->options->json)
    {
      if (recipe->has_score)
        printf ("%s  %.4f\n", path, recipe->score);
      else
        printf ("%s\n", path);
    }
  else
    {
      g_autoptr (JsonObject) object = json_object_new ();
      g_autofree char *seed = g_strdup_printf ("%" G_GUINT64_FORMAT, recipe->seed), *text = NULL;
      g_autofree char *file = g_filename_display_name (path);

      json_object_set_string_member (object, "file", file);
      if (recipe->prompt != NULL)
        json_object_set_string_member (object, "prompt", recipe->prompt);
      json_object_set_string_member (object, "seed", seed);
      json_object_set_int_member (object, "index", recipe->index);
      if (recipe->has_score)
        json_object_set_double_member (object, "score", recipe->score);
      text = c2l_json_object_to_string (object, FALSE);
      printf ("%s\n", text);
    }
  fflush (stdout);
}

static void
save_picture (C2lPicture *picture, gpointer data)
{
  Output *output = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *path
      = c2l_save_picture (picture, &output->save, ++output->n_saved, output->n_pictures, &error);

  if (path == NULL)
    {
      if (output->error == NULL)
        output->error = g_error_new (error->domain, error->code,
                                     "%s: no more pictures can be saved there: %s",
                                     output->options->out, error->message);
      g_cancellable_cancel (c2l_cli_get_cancellable ());
      return;
    }
  /* What follows needs the recipe; of the pixels only the grid, and those of many pictures fill the
   * memory. */
  if (output->options->grid == NULL)
    c2l_picture_drop_pixels (picture);
  g_hash_table_insert (output->files, picture, g_steal_pointer (&path));
  if (!output->print_at_end)
    print_picture (output, picture);
}

static void
show_progress (double fraction, const char *stage, gpointer data)
{
  c2l_cli_progress (fraction, stage);
}

static void
warn_dropped (const char *prompt, const char *words, gpointer data)
{
  glong n = g_utf8_strlen (words, -1);
  g_autofree char *start = g_utf8_substring (words, 0, MIN (n, MAX_WORDS_SHOWN));

  c2l_cli_message ("the prompt is too long for the model; it was cut before “%s%s”", start,
                   n > MAX_WORDS_SHOWN ? "…" : "");
}

static gboolean
save_latents (const char *path, GPtrArray *pictures, GError **error)
{
  const C2lPicture *first = g_ptr_array_index (pictures, 0);
  const C2lRows *shape = &first->recipe->latent;
  gsize length = (gsize) shape->n_rows * shape->width;
  g_autofree float *values = g_new (float, length * pictures->len);

  for (guint i = 0; i < pictures->len; i++)
    memcpy (values + i * length,
            ((C2lPicture *) g_ptr_array_index (pictures, i))->recipe->latent.data,
            length * sizeof (float));
  return c2l_npy_save (path, values, (gint64[]){ pictures->len, shape->n_rows, shape->width }, 3,
                       error);
}

/* After the last picture: the grid, the latents, the lines in their order. */
static gboolean
finish_output (Output *output, GPtrArray *pictures, int columns, GError **error)
{
  for (guint i = 0; output->print_at_end && i < pictures->len; i++)
    print_picture (output, g_ptr_array_index (pictures, i));
  if (pictures->len == 0)
    return TRUE;
  if (output->options->latent_out != NULL
      && !save_latents (output->options->latent_out, pictures, error))
    return FALSE;
  return output->options->grid == NULL
         || c2l_pictures_save_grid (pictures, columns, output->options->grid, error);
}

/* --- what is asked for --- */

static gboolean invalid (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
invalid (GError **error, const char *format, ...)
{
  va_list args;
  g_autofree char *text = NULL;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, text);
  return FALSE;
}

static gboolean
read_number (const char *text, const char *option, double *value, GError **error)
{
  char *end;

  if (text == NULL)
    return TRUE;
  *value = g_ascii_strtod (text, &end);
  if (end == text || *end != '\0' || !isfinite (*value))
    return invalid (error, "%s: “%s” is no number", option, text);
  return TRUE;
}

static gboolean
read_seed (const char *text, const char *option, guint64 *value, GError **error)
{
  if (text != NULL && !g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, value, NULL))
    return invalid (error, "%s: “%s” is no whole number from 0 to 18446744073709551615", option,
                    text);
  return TRUE;
}

/* "glasses@4-7=1.5"; all layers where none are named, a direction's own scale where no amount is
 * given. */
static gboolean
add_edit (C2lGenerateParams *params, C2lBundle *bundle, const char *text, GError **error)
{
  const char *equals = strrchr (text, '=');
  g_autofree char *name = equals != NULL ? g_strndup (text, equals - text) : g_strdup (text);
  char *at = strrchr (name, '@');
  int first_layer = 0, last_layer = C2L_LAST_LAYER;
  C2lRecipeEdit *edit;

  if (at != NULL && c2l_layers_parse (at + 1, &first_layer, &last_layer))
    *at = '\0';

  const C2lDirection *direction = c2l_bundle_lookup_direction (bundle, name);
  double amount = direction != NULL ? direction->scale : 1;

  if (equals != NULL && !read_number (equals + 1, "--edit", &amount, error))
    return FALSE;
  if (fabs (amount) > 1e6)
    return invalid (error, "--edit: %s is far beyond any direction's reach", text);
  if (!c2l_generate_params_add_edit (params, bundle, name, amount, error))
    return FALSE;
  edit = g_ptr_array_index (params->edits, params->edits->len - 1);
  edit->first_layer = first_layer;
  edit->last_layer = last_layer;
  return TRUE;
}

/* "0.1,-0.25" and "20": where a picture is moved to and how it is turned; what is not given stays
 * as it is. */
static gboolean
read_placement (const Options *options,
                double *move_x,
                double *move_y,
                double *turn,
                GError **error)
{
  g_auto (GStrv) parts = options->move != NULL ? g_strsplit (options->move, ",", -1) : NULL;
  g_autoptr (GError) beyond = NULL;

  if (parts != NULL && g_strv_length (parts) != 2)
    return invalid (error, "--move: “%s” is not two numbers with a comma between, as in 0.1,-0.25",
                    options->move);
  if (parts != NULL
      && (!read_number (parts[0], "--move", move_x, error)
          || !read_number (parts[1], "--move", move_y, error)))
    return FALSE;
  if (!read_number (options->turn, "--turn", turn, error))
    return FALSE;
  return c2l_placement_check (*move_x, *move_y, *turn, &beyond)
         || invalid (error, "%s", beyond->message);
}

/* What was given and would have no effect, or NULL: an artist who asks for something shall get it
 * or be told. */
static const char *
find_contradiction (const Options *o, guint n_prompts)
{
  gboolean settings = o->guidance != NULL || o->steps != UNSET || o->sampler != NULL;
  gboolean scored = o->score || o->sort != NULL;

  if (o->from != NULL
      && (n_prompts > 0 || settings || scored || o->n != UNSET || o->label != UNSET || o->index != 0
          || o->random || o->seed != NULL || o->noise_seed != NULL || o->noise != NULL
          || o->truncation != NULL || o->latent != NULL))
    return "--from: the recipe in the picture says everything; only --edit, --move, --turn, the "
           "model, the device and the output go with it";
  if (o->random && (n_prompts > 0 || o->latent != NULL))
    return "--random: it draws without a prompt and without --latent; leave one of them out";
  if (o->label != UNSET && !o->random)
    return "--class: only pictures without a prompt have a class; add --random";
  if (o->latent != NULL && (settings || o->n != UNSET))
    return "--latent: nothing is sampled, so -n, --guidance, --steps and --sampler have no effect; "
           "leave them out";
  if (o->latent != NULL && n_prompts > 1)
    return "--latent: one prompt at most goes with it, to score the pictures; leave out the others";
  if ((settings || scored) && n_prompts == 0)
    return "without a prompt there is nothing to follow or to score: leave out --guidance, "
           "--steps, --sampler, --score and --sort";
  return NULL;
}

/* TRUE if a file can be written at @path (may be NULL): to be known before hours of drawing, not
 * after. */
static gboolean
check_target (const char *path, GError **error)
{
  g_autofree char *folder = path != NULL ? g_path_get_dirname (path) : NULL;

  if (path == NULL)
    return TRUE;
  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_ISDIR, "%s: a folder; name a file in it", path);
  else if (!g_file_test (folder, G_FILE_TEST_IS_DIR))
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
                 "%s: cannot be written: there is no folder “%s”; make it first", path, folder);
  else if (g_access (folder, W_OK) != 0)
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_ACCES,
                 "%s: cannot be written: %s; choose another folder", path, g_strerror (errno));
  else
    return TRUE;
  return FALSE;
}

static gboolean
fill_sampling (C2lSampling *sampling, const Options *options, GError **error)
{
  if (!read_seed (options->seed, "--seed", &sampling->seed, error)
      || !read_number (options->guidance, "--guidance", &sampling->guidance, error)
      || !read_number (options->truncation, "--truncation", &sampling->truncation, error))
    return FALSE;
  if (sampling->truncation < 0 || sampling->truncation > 1)
    return invalid (
        error, "--truncation: %g; from 0 (the average picture) to 1 (no truncation) is possible",
        sampling->truncation);
  sampling->noise_seed = sampling->seed;
  if (!read_seed (options->noise_seed, "--noise-seed", &sampling->noise_seed, error))
    return FALSE;
  if (options->n != UNSET && (options->n < 1 || options->n > MAX_PICTURES))
    return invalid (error, "-n: %d pictures; from 1 to %d can be drawn", options->n, MAX_PICTURES);
  if (options->index < 0)
    return invalid (error, "--index: %d is below 0", options->index);
  if (options->steps < 1 && options->steps != UNSET)
    return invalid (error, "--steps: %d is below 1", options->steps);
  if (options->noise != NULL && !c2l_noise_kind_from_name (options->noise, &sampling->noise))
    return invalid (error, "--noise: there is no “%s”; const, random and none are", options->noise);
  sampling->n = options->n != UNSET ? options->n : 1;
  sampling->first_index = options->index;
  sampling->label = options->label != UNSET ? options->label : 0;
  if (!read_placement (options, &sampling->move_x, &sampling->move_y, &sampling->turn, error))
    return FALSE;
  if (options->steps != UNSET)
    sampling->steps = options->steps;
  if (options->sampler != NULL)
    sampling->sampler = options->sampler;
  return TRUE;
}

/* [D], [L, D] or [N, L, D]; of two dimensions it is one latent where the rows are as many as the
 * model has, else one a row. */
static GPtrArray *
load_latents (C2lSession *session, const char *path, GError **error)
{
  g_autoptr (C2lNpy) npy = c2l_npy_load (path, error);
  g_autoptr (GPtrArray) latents = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_rows_free);
  g_autofree float *values = NULL;
  C2lGenerator *generator
      = npy != NULL ? c2l_engine_get_generator (c2l_session_get_engine (session), error) : NULL;
  const C2lArray *array;
  gint64 n, n_rows, width;

  if (generator == NULL)
    return NULL;
  array = &npy->array;
  if (array->n_dims < 1 || array->n_dims > 3 || array->length == 0 || array->length > 1 << 28)
    {
      g_autofree char *shape = c2l_array_to_string (array);
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                   "%s: %s is no latent; [D], [L, D] or [N, L, D] is", path, shape);
      return NULL;
    }
  width = array->dims[array->n_dims - 1];
  n_rows = array->n_dims == 1 ? 1 : array->dims[array->n_dims - 2];
  n = array->n_dims == 3 ? array->dims[0] : 1;
  if (array->n_dims == 2 && n_rows != c2l_generator_get_num_ws (generator)
      && n_rows != c2l_session_get_n_latents (session))
    {
      n = n_rows;
      n_rows = 1;
    }
  values = c2l_array_dup_f32 (array);
  for (gsize i = 0; i < array->length; i++)
    if (!isfinite (values[i]))
      {
        g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                     "%s: it holds numbers that are not finite; make it again", path);
        return NULL;
      }
  for (gint64 i = 0; i < n; i++)
    {
      C2lRows *rows = g_new0 (C2lRows, 1);

      c2l_rows_set (rows, n_rows, width, values + i * n_rows * width);
      g_ptr_array_add (latents, rows);
    }
  return g_steal_pointer (&latents);
}

static gboolean
check_latents (C2lSession *session, const C2lGenerateParams *params, GError **error)
{
  g_autoptr (C2lRecipe) recipe = NULL;

  if (params->latents == NULL)
    return TRUE;
  recipe = c2l_session_adopt_latent (session, g_ptr_array_index (params->latents, 0),
                                     &params->sampling, error);
  return recipe != NULL;
}

/* --- the two ways --- */

static int
finish (Output *output, GPtrArray *pictures, int columns, gboolean ok, GError *error)
{
  g_autoptr (GError) late = NULL;

  if (output->error != NULL)
    return c2l_cli_fail (output->error);
  if (!ok)
    {
      output->print_at_end = output->print_at_end && pictures->len > 0;
      for (guint i = 0; output->print_at_end && i < pictures->len; i++)
        print_picture (output, g_ptr_array_index (pictures, i));
      return c2l_cli_fail (error);
    }
  if (!finish_output (output, pictures, columns, &late))
    return c2l_cli_fail (late);
  c2l_cli_progress_clear ();
  return C2L_EXIT_OK;
}

/* Draws the recipes inside --from's files again, with --edit on top. */
static int
redraw_files (const Options *options, C2lEngine *engine, Output *output)
{
  C2lBundle *bundle = c2l_engine_get_bundle (engine);
  g_autoptr (GPtrArray) pictures
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref);
  g_autoptr (GError) error = NULL;
  gboolean ok = TRUE;

  for (int i = 0; ok && options->from[i] != NULL; i++)
    {
      g_autoptr (C2lRecipe) recipe = c2l_picture_load_recipe (options->from[i], &error);
      g_autoptr (C2lSession) session = NULL;
      g_autofree char *warning = NULL;
      C2lGenerateParams edits = { 0 };
      C2lPrecision precision = C2L_PRECISION_F32;
      C2lPicture *picture = NULL;

      ok = recipe != NULL;
      if (ok && recipe->precision != NULL && options->model.precision == NULL)
        ok = c2l_precision_from_name (recipe->precision, &precision)
             || invalid (&error,
                         "%s: drawn in precision “%s”, which this program does not know; name one "
                         "with --precision",
                         options->from[i], recipe->precision);
      ok = ok
           && c2l_model_options_get_precision (&options->model, c2l_engine_get_device (engine),
                                               precision, &precision, &error);
      for (int j = 0; ok && options->edits != NULL && options->edits[j] != NULL; j++)
        ok = add_edit (&edits, bundle, options->edits[j], &error);
      for (guint j = 0; ok && edits.edits != NULL && j < edits.edits->len; j++)
        {
          c2l_recipe_add_edit_copy (recipe, g_ptr_array_index (edits.edits, j));
          /* It was another picture's. */
          recipe->has_score = FALSE;
        }
      if (ok && (options->move != NULL || options->turn != NULL))
        {
          ok = read_placement (options, &recipe->move_x, &recipe->move_y, &recipe->turn, &error);
          recipe->has_score = FALSE;
        }
      if (ok)
        {
          session = c2l_session_new (engine, precision);
          picture = c2l_redraw (session, recipe, &warning, c2l_cli_get_cancellable (), &error);
          ok = picture != NULL;
        }
      if (warning != NULL)
        c2l_cli_message ("%s: may differ in the last bits: %s", options->from[i], warning);
      if (picture != NULL)
        {
          save_picture (picture, output);
          g_ptr_array_add (pictures, picture);
        }
      c2l_generate_params_clear (&edits);
    }
  return finish (output, pictures, 0, ok, error);
}

static int
generate (const Options *options, C2lEngine *engine, const char *const *prompts, Output *output)
{
  C2lBundle *bundle = c2l_engine_get_bundle (engine);
  g_autoptr (GPtrArray) pictures
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref);
  const C2lGenerateCallbacks callbacks = {
    .progress = show_progress, .picture = save_picture, .dropped = warn_dropped, .data = output
  };
  g_autoptr (C2lSession) session = NULL;
  g_autoptr (GError) error = NULL;
  C2lPrecision precision;
  C2lGenerateParams params;
  gboolean ok;
  int columns = prompts != NULL && prompts[0] != NULL && prompts[1] != NULL && options->n > 1
                    ? options->n
                    : 0;

  c2l_generate_params_init (&params, bundle);
  params.prompts = prompts;
  params.sort = options->sort != NULL;
  params.score = options->score;
  ok = c2l_model_options_get_precision (&options->model, c2l_engine_get_device (engine),
                                        C2L_DEFAULT_PRECISION, &precision, &error)
       && fill_sampling (&params.sampling, options, &error);
  for (int i = 0; ok && options->edits != NULL && options->edits[i] != NULL; i++)
    ok = add_edit (&params, bundle, options->edits[i], &error);
  if (ok)
    session = c2l_session_new (engine, precision);
  if (ok && options->latent != NULL)
    ok = (params.latents = load_latents (session, options->latent, &error)) != NULL
         && check_latents (session, &params, &error);
  ok = ok
       && c2l_generate (session, &params, &callbacks, pictures, c2l_cli_get_cancellable (), &error);
  c2l_generate_params_clear (&params);
  return finish (output, pictures, columns, ok, error);
}

static int
run (int argc, char **argv)
{
  g_auto (Options) options = { .n = UNSET, .steps = UNSET, .label = UNSET };
  g_autoptr (C2lBundle) bundle = NULL;
  g_autoptr (C2lDevice) device = NULL;
  g_autoptr (C2lEngine) engine = NULL;
  g_autoptr (GHashTable) files = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  g_auto (GStrv) prompts = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *merges = NULL;
  Output output = { .options = &options, .files = files };
  const char *contradiction;
  int exit_code;

  if (!parse_options (&options, &argc, &argv, &exit_code))
    return exit_code;
  prompts = c2l_cli_read_prompts (argc - 1, argv + 1, options.prompts, &error);
  if (prompts == NULL
      || !c2l_save_arguments_read (&options.save, options.out, &output.save, &error))
    return c2l_cli_fail (error);
  bundle = c2l_model_options_open_bundle (&options.model, &error);
  device = bundle != NULL ? c2l_model_options_open_device (&options.model, &error) : NULL;
  if (device == NULL)
    return c2l_cli_fail (error);
  if (options.from == NULL && options.latent == NULL && !options.random && prompts[0] == NULL)
    return c2l_cli_usage (&c2l_command_generate,
                          "no prompt: say what to draw, or --random for anything at all");
  contradiction = find_contradiction (&options, g_strv_length (prompts));
  if (contradiction != NULL)
    return c2l_cli_usage (&c2l_command_generate, "%s", contradiction);
  if (!check_target (options.grid, &error) || !check_target (options.latent_out, &error))
    return c2l_cli_fail (error);
  if (g_mkdir_with_parents (options.out, 0755) != 0)
    {
      c2l_cli_message ("%s: the folder cannot be made: %s", options.out, g_strerror (errno));
      return C2L_EXIT_FAILED;
    }
  merges = options.model.merges != NULL ? g_strdup (options.model.merges)
                                        : c2l_paths_dup_data ("merges.txt.gz");
  engine = c2l_engine_new (bundle, device, merges);
  output.print_at_end = options.sort != NULL;
  output.n_pictures = options.from != NULL
                          ? g_strv_length (options.from)
                          : MAX (g_strv_length (prompts), 1) * (guint) MAX (options.n, 1);
  exit_code = options.from != NULL
                  ? redraw_files (&options, engine, &output)
                  : generate (&options, engine,
                              prompts[0] != NULL ? (const char *const *) prompts : NULL, &output);
  g_clear_error (&output.error);
  return exit_code;
}

static gboolean
parse_options (Options *options, int *argc, char ***argv, int *exit_code)
{
  const GOptionEntry entries[]
      = { { "number", 'n', 0, G_OPTION_ARG_INT, &options->n, "Pictures a prompt (default 1)", "N" },
          { "seed", 's', 0, G_OPTION_ARG_STRING, &options->seed,
            "Seed of the random numbers (default 0); the same seed draws the same", "N" },
          { "index", 0, 0, G_OPTION_ARG_INT, &options->index,
            "Number of the first picture of that seed (default 0)", "N" },
          { "guidance", 'g', 0, G_OPTION_ARG_STRING, &options->guidance,
            "How closely to follow the words; 1 is usual variety (default: the model's)", "X" },
          { "steps", 0, 0, G_OPTION_ARG_INT, &options->steps,
            "Steps of the sampler (default: the model's)", "N" },
          { "sampler", 0, 0, G_OPTION_ARG_STRING, &options->sampler,
            "reference, ddpm, ddim, dpm++2m (default: the model's)", "NAME" },
          { "truncation", 't', 0, G_OPTION_ARG_STRING, &options->truncation,
            "0 to 1; below 1: more usual, less varied pictures (default: the model's)", "X" },
          { "noise", 0, 0, G_OPTION_ARG_STRING, &options->noise,
            "Fine detail: random (default), const, none", "KIND" },
          { "noise-seed", 0, 0, G_OPTION_ARG_STRING, &options->noise_seed,
            "Seed of the fine detail (default: --seed)", "N" },
          { "edit", 'e', 0, G_OPTION_ARG_FILENAME_ARRAY, &options->edits,
            "Move along a direction of the model, or of a .npy or .pt file; may be repeated",
            "DIRECTION[@FIRST-LAST][=AMOUNT]" },
          { "move", 0, 0, G_OPTION_ARG_STRING, &options->move,
            "StyleGAN3: move the picture right and down; 1 is its width", "X,Y" },
          { "turn", 0, 0, G_OPTION_ARG_STRING, &options->turn,
            "StyleGAN3: turn the picture counter-clockwise", "DEGREES" },
          { "score", 0, 0, G_OPTION_ARG_NONE, &options->score,
            "Say how well CLIP finds each picture fits its prompt", NULL },
          { "sort", 0, 0, G_OPTION_ARG_STRING, &options->sort,
            "“score”: best first, prompt by prompt", "BY" },
          { "prompts", 'p', 0, G_OPTION_ARG_FILENAME, &options->prompts,
            "Read prompts from this file, one a line; - is standard input", "FILE" },
          { "random", 0, 0, G_OPTION_ARG_NONE, &options->random,
            "Draw from random z, without a prompt", NULL },
          { "class", 0, 0, G_OPTION_ARG_INT, &options->label,
            "With --random: class of a class-conditional generator", "N" },
          { "latent", 0, 0, G_OPTION_ARG_FILENAME, &options->latent,
            "Draw these latents: [D], [L, D] or [N, L, D]", "FILE.npy" },
          { "latent-out", 0, 0, G_OPTION_ARG_FILENAME, &options->latent_out,
            "Also write the latents, [N, L, D]", "FILE.npy" },
          { "from", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->from,
            "Draw the recipe in this picture again; may be repeated", "PICTURE" },
          { "out", 'o', 0, G_OPTION_ARG_FILENAME, &options->out,
            "Folder for the pictures (default: pictures)", "FOLDER" },
          { "grid", 0, 0, G_OPTION_ARG_FILENAME, &options->grid,
            "Also write all pictures together into this PNG", "FILE.png" },
          { "json", 0, 0, G_OPTION_ARG_NONE, &options->json,
            "Print a JSON object a line instead of file names", NULL },
          G_OPTION_ENTRY_NULL };
  GOptionGroup *groups[] = { c2l_model_options_new_model_group (&options->model),
                             c2l_model_options_new_device_group (&options->model),
                             c2l_save_arguments_new_group (&options->save), NULL };

  if (!c2l_cli_parse (&c2l_command_generate, argc, argv, entries, groups, exit_code))
    return FALSE;
  if (options->out == NULL)
    options->out = g_strdup ("pictures");
  if (options->sort != NULL && strcmp (options->sort, "score") != 0)
    {
      *exit_code
          = c2l_cli_usage (&c2l_command_generate,
                           "--sort: pictures can be sorted by “score”, not by “%s”", options->sort);
      return FALSE;
    }
  return TRUE;
}

const C2lCommand c2l_command_generate = {
  .name = "generate",
  .arguments = "PROMPT…",
  .summary = "Draw pictures for prompts",
  .description
  = "A PROMPT of “-” reads prompts from standard input, one a line. “a man | a woman:0.5” mixes "
    "two, each with\nthe weight behind its colon, or 1; “\\|” is a bar of the words. Layers are "
    "counted from coarse to fine:\n“--edit smile@4-7=2”. Pictures are PNG files that carry their "
    "recipe:\n"
    "“c2l generate --from picture.png” draws one again. Ctrl+C stops and keeps what is finished.\n",
  .run = run,
};
