/* See generate-output.h. Policy: a picture is on the disk, whole and under a name that nothing else
 * had, before a line is printed of it; nothing is overwritten but what --grid and --latent-out
 * name. */
#include "cli/generate-output.h"

#include "formats/npy.h"
#include "studio/json.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

static gboolean
is_same_place (const char *one, const char *other)
{
  g_autofree char *a = g_canonicalize_filename (one, NULL),
                  *b = g_canonicalize_filename (other, NULL);

  return strcmp (a, b) == 0;
}

/* TRUE if a file can be written at @path (may be NULL) once there is the folder @out of the
 * pictures, which is not made for a call that is refused. */
static gboolean
check_target (const char *path, const char *out, GError **error)
{
  g_autofree char *folder = path != NULL ? g_path_get_dirname (path) : NULL;

  if (path == NULL)
    return TRUE;
  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_ISDIR, "%s: a folder; name a file in it", path);
  else if (!g_file_test (folder, G_FILE_TEST_EXISTS) && is_same_place (folder, out))
    return TRUE;
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

/* A name without an end, such as that of a pipe, is a PNG. */
static gboolean
check_grid_name (const char *path, GError **error)
{
  g_autofree char *name = path != NULL ? g_path_get_basename (path) : NULL;
  C2lImageFormat format;

  return name == NULL || strchr (name, '.') == NULL || c2l_image_format_from_path (name, &format)
         || c2l_cli_refuse (error,
                            "--grid: “%s” does not end as a picture does that can be written; "
                            ".png, .jpg and .webp do",
                            path);
}

gboolean
c2l_generate_output_init (C2lGenerateOutput *output, C2lGenerateOptions *options, GError **error)
{
  *output = (C2lGenerateOutput){
    .options = options,
    .files = g_hash_table_new_full (NULL, NULL, NULL, g_free),
    .print_at_end = options->sort != NULL,
  };
  if (!check_grid_name (options->grid, error)
      || !c2l_save_arguments_read (&options->save, options->out, options->grid, &output->save,
                                   error)
      || !check_target (options->grid, options->out, error)
      || !check_target (options->latent_out, options->out, error))
    return FALSE;
  if (g_mkdir_with_parents (options->out, 0755) == 0)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno),
               "%s: the folder cannot be made: %s", options->out, g_strerror (errno));
  return FALSE;
}

void
c2l_generate_output_clear (C2lGenerateOutput *output)
{
  g_clear_pointer (&output->files, g_hash_table_unref);
  g_clear_error (&output->error);
}

static char *
dup_json (const C2lRecipe *recipe, const char *path)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autofree char *seed = g_strdup_printf ("%" G_GUINT64_FORMAT, recipe->seed);
  g_autofree char *file = g_filename_display_name (path);

  json_object_set_string_member (object, "file", file);
  if (recipe->prompt != NULL)
    json_object_set_string_member (object, "prompt", recipe->prompt);
  json_object_set_string_member (object, "seed", seed);
  json_object_set_int_member (object, "index", recipe->index);
  if (recipe->label != C2L_NO_LABEL)
    json_object_set_int_member (object, "class", recipe->label);
  if (recipe->has_score)
    json_object_set_double_member (object, "score", recipe->score);
  return c2l_json_object_to_string (object, FALSE);
}

static void
print_picture (C2lGenerateOutput *output, C2lPicture *picture)
{
  const char *path = g_hash_table_lookup (output->files, picture);
  const C2lRecipe *recipe = picture->recipe;

  if (path == NULL)
    return;
  c2l_cli_progress_clear ();
  if (output->options->json)
    {
      g_autofree char *json = dup_json (recipe, path);
      printf ("%s\n", json);
    }
  else if (recipe->has_score)
    printf ("%s  %.4f\n", path, recipe->score);
  else
    printf ("%s\n", path);
  fflush (stdout);
}

void
c2l_generate_output_save (C2lPicture *picture, gpointer data)
{
  C2lGenerateOutput *output = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = c2l_save_picture (picture, &output->save, &error);

  if (path == NULL)
    {
      if (output->error == NULL)
        output->error = g_error_new (error->domain, error->code,
                                     "%s: no more pictures can be saved there: %s",
                                     output->options->out, error->message);
      g_cancellable_cancel (c2l_cli_get_cancellable ());
      return;
    }
  if (output->keep != NULL)
    c2l_keep_picture (output->keep, picture);
  /* What follows needs the recipe; of the pixels only the grid, and those of many pictures fill the
   * memory. */
  if (output->options->grid == NULL)
    c2l_picture_drop_pixels (picture);
  g_hash_table_insert (output->files, picture, g_steal_pointer (&path));
  if (!output->print_at_end)
    print_picture (output, picture);
}

/* Latents are what was found for the prompt; edits and other pictures that are mixed in are done to
 * it anew with each drawing. Who did not know draws something else of the file. */
static void
say_what_is_left_out (const char *path, GPtrArray *pictures)
{
  gboolean edits = FALSE, mixes = FALSE;

  for (guint i = 0; i < pictures->len; i++)
    {
      const C2lRecipe *recipe = ((C2lPicture *) g_ptr_array_index (pictures, i))->recipe;

      edits = edits || recipe->edits->len > 0;
      mixes = mixes || recipe->mixes->len > 0;
    }
  if (mixes)
    c2l_cli_message ("%s: latents are without edits and without what is mixed in from other "
                     "pictures; --from draws all of it",
                     path);
  else if (edits)
    c2l_cli_message ("%s: latents are without edits; repeat --edit where they are drawn", path);
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
  if (!c2l_npy_save (path, values, (gint64[]){ pictures->len, shape->n_rows, shape->width }, 3,
                     error))
    return FALSE;
  say_what_is_left_out (path, pictures);
  return TRUE;
}

static gboolean
save_together (const C2lGenerateOutput *output, GPtrArray *pictures, int columns, GError **error)
{
  const C2lGenerateOptions *options = output->options;

  if (pictures->len == 0)
    return TRUE;
  if (options->latent_out != NULL && !save_latents (options->latent_out, pictures, error))
    return FALSE;
  return options->grid == NULL
         || c2l_pictures_save_grid (pictures, columns, options->grid, output->save.quality, error);
}

/* What becomes of --grid and --latent-out where not all pictures were finished: hours of drawing
 * are in those that were. */
static void
save_what_there_is (C2lGenerateOutput *output, GPtrArray *pictures, int columns)
{
  const C2lGenerateOptions *options = output->options;
  g_autofree char *names
      = g_strjoin (" and ", options->grid != NULL ? options->grid : options->latent_out,
                   options->grid != NULL ? options->latent_out : NULL, NULL);
  g_autoptr (GError) error = NULL;

  if (names == NULL || *names == '\0')
    return;
  if (pictures->len == 0)
    c2l_cli_message ("%s: not written, for no picture was finished", names);
  else if (!save_together (output, pictures, columns, &error))
    c2l_cli_message ("%s", error->message);
  else if (pictures->len == 1)
    c2l_cli_message ("%s: of the picture that was finished", names);
  else
    c2l_cli_message ("%s: of the %u pictures that were finished", names, pictures->len);
}

int
c2l_generate_output_finish (C2lGenerateOutput *output,
                            GPtrArray *pictures,
                            int columns,
                            const GError *failure)
{
  g_autoptr (GError) error = NULL;

  for (guint i = 0; output->print_at_end && i < pictures->len; i++)
    print_picture (output, g_ptr_array_index (pictures, i));
  if (output->error != NULL || failure != NULL)
    {
      save_what_there_is (output, pictures, columns);
      return c2l_cli_fail (output->error != NULL ? output->error : failure);
    }
  if (!save_together (output, pictures, columns, &error))
    return c2l_cli_fail (error);
  c2l_cli_progress_clear ();
  return C2L_EXIT_OK;
}
