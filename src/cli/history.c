/* c2l history: which pictures are in the library. It reads only, and makes no library where there
 * is none. */
#include "cli/cli.h"
#include "cli/keep.h"
#include "studio/json.h"

#include <stdio.h>

#define DEFAULT_LIMIT 20

typedef struct
{
  char *model;
  int limit;
  gboolean favourites, best, json;
} Options;

static void
print_json (C2lLibrary *library, const C2lLibraryEntry *entry, GDateTime *created)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autofree char *text = NULL, *time = g_date_time_format_iso8601 (created);

  json_object_set_string_member (object, "uid", entry->uid);
  json_object_set_string_member (object, "created", time);
  json_object_set_string_member (object, "model", entry->model);
  if (entry->prompt != NULL)
    json_object_set_string_member (object, "prompt", entry->prompt);
  if (entry->has_score)
    json_object_set_double_member (object, "score", entry->score);
  json_object_set_boolean_member (object, "favourite", entry->favourite);
  if (entry->kept)
    {
      g_autofree char *path = c2l_library_dup_picture_path (library, entry->uid);
      g_autofree char *file = path != NULL ? g_filename_display_name (path) : NULL;

      if (file != NULL)
        json_object_set_string_member (object, "file", file);
    }
  text = c2l_json_object_to_string (object, FALSE);
  printf ("%s\n", text);
}

static void
print_line (const C2lLibraryEntry *entry, GDateTime *created)
{
  g_autoptr (GDateTime) here = g_date_time_to_local (created);
  g_autofree char *time = g_date_time_format (here, "%Y-%m-%d %H:%M");
  g_autofree char *model = c2l_cli_dup_plain (entry->model);
  g_autofree char *prompt
      = c2l_cli_dup_plain (entry->prompt != NULL ? entry->prompt : "(no prompt)");

  printf ("%s  %s  ", time, entry->favourite ? "★" : " ");
  if (entry->has_score)
    printf ("%.4f", entry->score);
  else
    printf ("%6s", "");
  printf ("  %s  %s\n", model, prompt);
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer data)
{
  GAsyncResult **place = data;

  *place = g_object_ref (result);
}

static gboolean
list (C2lLibrary *library, const Options *options, const char *text, GError **error)
{
  const C2lLibraryQuery query = { .text = text,
                                  .model = options->model,
                                  .favourites = options->favourites,
                                  .order = options->best ? C2L_LIBRARY_BEST : C2L_LIBRARY_NEWEST,
                                  .limit = options->limit };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) entries = NULL;

  c2l_library_list_async (library, &query, c2l_cli_get_cancellable (), on_listed, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  entries = c2l_library_list_finish (library, result, error);
  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      const C2lLibraryEntry *entry = g_ptr_array_index (entries, i);
      g_autoptr (GDateTime) created
          = g_date_time_new_from_unix_utc (entry->created / G_USEC_PER_SEC);

      /* A time is from outside, and not every number is one. */
      if (created == NULL)
        created = g_date_time_new_from_unix_utc (0);
      if (options->json)
        print_json (library, entry, created);
      else
        print_line (entry, created);
    }
  return entries != NULL;
}

static gboolean
parse (Options *options, int *argc, char ***argv, int *exit_code)
{
  const GOptionEntry entries[] = {
    { "favourites", 'f', 0, G_OPTION_ARG_NONE, &options->favourites, "Favourites only", NULL },
    { "model", 0, 0, G_OPTION_ARG_STRING, &options->model, "Pictures of this model only", "NAME" },
    { "best", 0, 0, G_OPTION_ARG_NONE, &options->best, "Best score first, not newest", NULL },
    { "limit", 'n', 0, G_OPTION_ARG_INT, &options->limit, "At most so many (default 20); 0: all",
      "N" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options->json, "Print a JSON object a line", NULL },
    G_OPTION_ENTRY_NULL
  };

  if (!c2l_cli_parse (&c2l_command_history, argc, argv, entries, NULL, exit_code))
    return FALSE;
  if (options->limit >= 0)
    return TRUE;
  *exit_code = c2l_cli_usage (&c2l_command_history, "--limit: %d is below 0", options->limit);
  return FALSE;
}

static int
run (int argc, char **argv)
{
  Options options = { .limit = DEFAULT_LIMIT };
  g_autofree char *text = NULL, *path = c2l_library_dup_default_path (), *model = NULL;
  g_autoptr (C2lLibrary) library = NULL;
  g_autoptr (GError) error = NULL;
  int exit_code;
  gboolean ok;

  ok = parse (&options, &argc, &argv, &exit_code);
  model = options.model;
  if (!ok)
    return exit_code;
  text = g_strjoinv (" ", argv + 1);
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      c2l_cli_message ("no picture is in the library yet; c2l generate --keep puts some there");
      return C2L_EXIT_OK;
    }
  library = c2l_keep_open_library (&error);
  if (library == NULL)
    return c2l_cli_fail (error);
  exit_code = list (library, &options, text, &error) ? C2L_EXIT_OK : c2l_cli_fail (error);
  c2l_library_close (library);
  return exit_code;
}

const C2lCommand c2l_command_history = {
  .name = "history",
  .arguments = "[SEARCH…]",
  .summary = "List pictures of the library",
  .description
  = "Pictures that were drawn in the window, and those of “c2l generate --keep”. SEARCH "
    "are words anywhere in the prompt.\n",
  .run = run,
};
