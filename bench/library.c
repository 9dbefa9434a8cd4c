/* Micro-benchmark of the library of pictures: fills one, then prints how long its answers take,
 * from the call to the answer in the main context.
 *
 *   bench/library [--pictures=100000] */
#include "studio/library.h"

#include <glib/gstdio.h>

#define BATCH 16
#define THUMBNAIL 1500 /* bytes, as thumbnail.h makes them of the starter's pictures */
#define ROUNDS 5

static int n_pictures = 100000;
static GOptionEntry entries[]
    = { { "pictures", 0, 0, G_OPTION_ARG_INT, &n_pictures, "How many", "N" }, { NULL } };

static const char *const words[]
    = { "a happy man",   "a sad woman", "with a beard",   "with glasses",
        "and red hair",  "in the snow", "ein Porträt",    "a cat",
        "wearing a hat", "smiling",     "髭を生やした男", "by night" };

static void
on_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  GAsyncResult **place = data;

  *place = g_object_ref (result);
}

static GAsyncResult *
wait_for (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}

static C2lRecipe *
new_recipe (int i)
{
  const guint n = G_N_ELEMENTS (words);
  const float latent[4] = { i };
  C2lRecipe *recipe = c2l_recipe_new ();

  /* The pictures of a call share their prompt. */
  recipe->prompt
      = g_strdup_printf ("%s %s %s %d", words[i / BATCH % n], words[i / BATCH * 7 / n % n],
                         words[i / BATCH / 5 % n], i / BATCH % 1000);
  recipe->model = g_strdup (i % 10 == 0 ? "another" : "Cartoon portraits");
  recipe->has_score = TRUE;
  recipe->score = g_random_double ();
  c2l_rows_set (&recipe->latent, 1, 4, latent);
  return recipe;
}

static void
fill (C2lLibrary *library)
{
  g_autoptr (GBytes) thumbnail = g_bytes_new_take (g_malloc0 (THUMBNAIL), THUMBNAIL);

  for (int i = 0; i < n_pictures; i += BATCH)
    {
      g_autoptr (GPtrArray) pictures
          = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_library_entry_unref);
      g_autoptr (GPtrArray) recipes
          = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);
      g_autoptr (GAsyncResult) result = NULL;

      for (int k = 0; k < BATCH; k++)
        {
          C2lLibraryEntry *entry;

          g_ptr_array_add (recipes, new_recipe (i + k));
          entry = c2l_library_entry_new (recipes->pdata[k], thumbnail);
          entry->favourite = (i + k) % 50 == 0;
          g_ptr_array_add (pictures, entry);
        }
      c2l_library_add_async (library, pictures, recipes, NULL, on_answer, &result);
      wait_for (&result);
    }
}

static void
print_best (const char *what, gint64 best)
{
  g_print ("%-44s %8.2f ms\n", what, best / 1000.0);
}

static void
time_query (C2lLibrary *library, const char *what, C2lLibraryQuery query, gboolean count)
{
  gint64 best = G_MAXINT64;

  for (int i = 0; i < ROUNDS; i++)
    {
      gint64 start = g_get_monotonic_time ();
      g_autoptr (GAsyncResult) result = NULL;

      if (count)
        {
          c2l_library_count_async (library, &query, NULL, on_answer, &result);
          c2l_library_count_finish (library, wait_for (&result), NULL);
        }
      else
        {
          c2l_library_list_async (library, &query, NULL, on_answer, &result);
          g_ptr_array_unref (c2l_library_list_finish (library, wait_for (&result), NULL));
        }
      best = MIN (best, g_get_monotonic_time () - start);
    }
  print_best (what, best);
}

static void
time_prompts (C2lLibrary *library, const char *what, const char *text)
{
  gint64 best = G_MAXINT64;

  for (int i = 0; i < ROUNDS; i++)
    {
      gint64 start = g_get_monotonic_time ();
      g_autoptr (GAsyncResult) result = NULL;

      c2l_library_list_prompts_async (library, text, 8, NULL, on_answer, &result);
      g_strfreev (c2l_library_list_strings_finish (library, wait_for (&result), NULL));
      best = MIN (best, g_get_monotonic_time () - start);
    }
  print_best (what, best);
}

static void
time_all (C2lLibrary *library)
{
  time_query (library, "the 200 newest", (C2lLibraryQuery){ .limit = 200 }, FALSE);
  time_query (library, "200 from the middle on",
              (C2lLibraryQuery){ .limit = 200, .offset = n_pictures / 2 }, FALSE);
  time_query (library, "the 200 best", (C2lLibraryQuery){ .limit = 200, .order = C2L_LIBRARY_BEST },
              FALSE);
  time_query (library, "200 favourites", (C2lLibraryQuery){ .limit = 200, .favourites = TRUE },
              FALSE);
  time_query (library, "200 of a model", (C2lLibraryQuery){ .limit = 200, .model = "another" },
              FALSE);
  time_query (library, "200 with “beard”", (C2lLibraryQuery){ .limit = 200, .text = "beard" },
              FALSE);
  time_query (library, "200 with “glasses snow”",
              (C2lLibraryQuery){ .limit = 200, .text = "glasses snow" }, FALSE);
  time_query (library, "200 with “男”", (C2lLibraryQuery){ .limit = 200, .text = "男" }, FALSE);
  time_query (library, "200 with what is nowhere",
              (C2lLibraryQuery){ .limit = 200, .text = "zebra" }, FALSE);
  time_query (library, "count of all", (C2lLibraryQuery){ 0 }, TRUE);
  time_query (library, "count with “beard”", (C2lLibraryQuery){ .text = "beard" }, TRUE);
  time_query (library, "count with “zq”", (C2lLibraryQuery){ .text = "zq" }, TRUE);
  time_prompts (library, "8 earlier prompts", "");
  time_prompts (library, "8 earlier prompts with “ha”", "ha");
  time_prompts (library, "8 earlier prompts with “happy”", "happy");
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autofree char *folder = NULL, *path = NULL, *notice = NULL;
  g_autoptr (C2lLibrary) library = NULL;
  GStatBuf status;
  gint64 start;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, NULL)
      || (folder = g_dir_make_tmp ("c2l-bench-XXXXXX", NULL)) == NULL)
    return 2;
  path = g_build_filename (folder, "library.sqlite", NULL);
  library = c2l_library_open (path, &notice);
  start = g_get_monotonic_time ();
  fill (library);
  g_print ("%d pictures in calls of %d: %.0f µs each\n", n_pictures, BATCH,
           (double) (g_get_monotonic_time () - start) / n_pictures);
  c2l_library_close (library);
  g_clear_object (&library);
  g_stat (path, &status);
  g_print ("%.1f MB on the disk\n", status.st_size / 1e6);

  start = g_get_monotonic_time ();
  library = c2l_library_open (path, &notice);
  print_best ("opening", g_get_monotonic_time () - start);
  time_all (library);
  c2l_library_close (library);
  g_unlink (path);
  g_rmdir (folder);
  return 0;
}
