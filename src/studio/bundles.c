/* The models that are installed. Looks at model.json and the sizes of files, never at weights, so
 * listing is quick; it still reads from a disk and therefore has an asynchronous twin. Folders that
 * begin with a point and those that an import is writing (“.part-”) are none of the user's. */
#include "studio/bundles.h"

#include "formats/output.h"
#include "studio/json.h"
#include "studio/paths.h"

#include <string.h>

#define STARTER "starter"
#define MAX_DEPTH 16

void
c2l_installed_free (C2lInstalled *installed)
{
  g_free (installed->id);
  g_free (installed->folder);
  g_free (installed->name);
  g_free (installed->draws);
  g_free (installed->network);
  g_free (installed->origin);
  g_free (installed->generator);
  g_free (installed->preprocess);
  g_strfreev (installed->licences);
  g_strfreev (installed->attributions);
  g_clear_error (&installed->error);
  g_free (installed);
}

/* Links are counted as what they are, so that nothing is followed out of the folder. */
static guint64
measure (GFile *folder, int depth, GCancellable *cancellable)
{
  g_autoptr (GFileEnumerator) files = g_file_enumerate_children (
      folder,
      G_FILE_ATTRIBUTE_STANDARD_NAME "," G_FILE_ATTRIBUTE_STANDARD_TYPE
                                     "," G_FILE_ATTRIBUTE_STANDARD_SIZE,
      G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS, cancellable, NULL);
  guint64 size = 0;
  GFileInfo *info;
  GFile *file;

  while (files != NULL && g_file_enumerator_iterate (files, &info, &file, cancellable, NULL)
         && info != NULL)
    {
      if (g_file_info_get_file_type (info) != G_FILE_TYPE_DIRECTORY)
        size += g_file_info_get_size (info);
      else if (depth < MAX_DEPTH)
        size += measure (file, depth + 1, cancellable);
    }
  return size;
}

static char **
dup_strings (JsonObject *info, const char *member)
{
  JsonArray *array = c2l_json_get_array (info, member);
  g_autoptr (GStrvBuilder) lines = g_strv_builder_new ();

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);

      if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
        g_strv_builder_add (lines, json_node_get_string (node));
    }
  return g_strv_builder_end (lines);
}

static void
describe (C2lInstalled *installed, C2lBundle *bundle)
{
  JsonObject *info = c2l_bundle_get_info (bundle);
  const char *description = c2l_json_get_string (info, "description", NULL);

  g_free (installed->name);
  installed->name = g_strdup (c2l_bundle_translate (bundle, c2l_bundle_get_name (bundle)));
  installed->draws
      = g_strdup (c2l_bundle_translate (bundle, c2l_json_get_string (info, "draws", description)));
  installed->network = g_strdup (c2l_json_get_string (info, "network", NULL));
  if (c2l_json_get_object (info, "generator") != NULL)
    installed->generator
        = g_strdup (c2l_json_get_string (c2l_json_get_object (info, "generator"), "sha256", NULL));
  installed->origin = g_strdup (c2l_json_get_string (info, "origin", NULL));
  installed->licences = dup_strings (info, "licences");
  installed->attributions = dup_strings (info, "attributions");
  installed->has_prior = c2l_bundle_get_file (bundle, C2L_ROLE_PRIOR) != NULL;
  installed->has_clip = c2l_bundle_get_file (bundle, C2L_ROLE_CLIP) != NULL;
  if (installed->has_clip)
    installed->preprocess = g_strdup (c2l_bundle_get_preprocess (bundle));
  installed->n_directions = c2l_bundle_get_directions (bundle)->len;
}

static C2lInstalled *
look_at (const char *id, const char *folder, GCancellable *cancellable)
{
  C2lInstalled *installed = g_new0 (C2lInstalled, 1);
  g_autoptr (GFile) file = g_file_new_for_path (folder);
  g_autoptr (C2lBundle) bundle = c2l_bundle_open (folder, &installed->error);

  installed->id = g_strdup (id);
  installed->folder = g_strdup (folder);
  installed->name = g_filename_display_basename (folder);
  installed->is_starter = *id == '\0';
  installed->size = measure (file, 0, cancellable);
  if (bundle != NULL)
    describe (installed, bundle);
  return installed;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  const C2lInstalled *const *first = a, *const *second = b;

  if ((*first)->is_starter != (*second)->is_starter)
    return (*first)->is_starter ? -1 : 1;
  return g_utf8_collate ((*first)->name, (*second)->name);
}

static gboolean
is_users (const char *name)
{
  return *name != '.' && strstr (name, ".part-") == NULL && !g_str_has_suffix (name, ".old");
}

GPtrArray *
c2l_bundles_list (GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_installed_free);
  g_autofree char *starter = c2l_paths_dup_data (STARTER), *models = c2l_paths_dup_models ();
  g_autoptr (GError) local = NULL;
  g_autoptr (GDir) dir = g_dir_open (models, 0, &local);
  const char *name;

  if (dir == NULL && !g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  if (starter != NULL)
    g_ptr_array_add (list, look_at ("", starter, cancellable));
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *folder = g_build_filename (models, name, NULL);

      if (is_users (name) && g_file_test (folder, G_FILE_TEST_IS_DIR))
        g_ptr_array_add (list, look_at (name, folder, cancellable));
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return NULL;
    }
  g_ptr_array_sort (list, compare_names);
  return g_steal_pointer (&list);
}

static void
list_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;
  GPtrArray *list = c2l_bundles_list (cancellable, &error);

  if (list != NULL)
    g_task_return_pointer (task, list, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

void
c2l_bundles_list_async (GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);

  g_task_set_source_tag (task, c2l_bundles_list_async);
  g_task_run_in_thread (task, list_in_thread);
}

GPtrArray *
c2l_bundles_list_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, c2l_bundles_list_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

char *
c2l_bundles_dup_folder (const char *id)
{
  g_autofree char *models = NULL;

  if (*id == '\0')
    return c2l_paths_dup_data (STARTER);
  if (g_path_is_absolute (id))
    return g_strdup (id);
  models = c2l_paths_dup_models ();
  return g_build_filename (models, id, NULL);
}

char *
c2l_bundles_find (const char *name)
{
  g_autofree char *ours = c2l_paths_dup_data (name), *models = c2l_paths_dup_models ();
  g_autofree char *users = g_build_filename (models, name, NULL);

  if (g_path_is_absolute (name) || c2l_bundle_is_bundle (name))
    return g_strdup (name);
  if (ours != NULL && c2l_bundle_is_bundle (ours))
    return g_steal_pointer (&ours);
  return c2l_bundle_is_bundle (users) ? g_steal_pointer (&users) : g_strdup (name);
}

char *
c2l_bundles_dup_id (const char *folder)
{
  g_autofree char *plain = g_canonicalize_filename (folder, NULL);
  g_autofree char *parent = g_path_get_dirname (plain), *models = c2l_paths_dup_models ();
  g_autofree char *starter = c2l_paths_dup_data (STARTER);

  if (g_strcmp0 (plain, starter) == 0)
    return g_strdup ("");
  if (strcmp (parent, models) == 0)
    return g_path_get_basename (plain);
  return g_steal_pointer (&plain);
}

gboolean
c2l_bundles_rename (const char *folder, const char *name, GError **error)
{
  g_autoptr (C2lBundle) bundle = c2l_bundle_open (folder, error);
  g_autofree char *path = g_build_filename (folder, "model.json", NULL), *text = NULL,
                  *lines = NULL;

  if (bundle == NULL)
    return FALSE;
  /* Nobody else has seen this object yet. */
  json_object_set_string_member (c2l_bundle_get_info (bundle), "name", name);
  text = c2l_json_object_to_string (c2l_bundle_get_info (bundle), TRUE);
  lines = g_strconcat (text, "\n", NULL);
  return c2l_output_save (path, lines, strlen (lines), error);
}

char *
c2l_bundles_find_origin (const char *origin)
{
  g_autofree char *models = c2l_paths_dup_models ();
  g_autoptr (GDir) dir = g_dir_open (models, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *folder = g_build_filename (models, name, NULL);
      g_autoptr (C2lBundle) bundle = is_users (name) && c2l_bundle_is_bundle (folder)
                                         ? c2l_bundle_open (folder, NULL)
                                         : NULL;
      const char *its = bundle != NULL
                            ? c2l_json_get_string (c2l_bundle_get_info (bundle), "origin", NULL)
                            : NULL;

      if (g_strcmp0 (its, origin) == 0)
        return g_steal_pointer (&folder);
    }
  return NULL;
}

char *
c2l_bundles_dup_new_folder (const char *name)
{
  g_autofree char *models = c2l_paths_dup_models ();

  return c2l_paths_dup_new_folder (models, name, "model");
}
