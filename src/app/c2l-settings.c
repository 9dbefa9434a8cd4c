/* Finds the schema of the program's settings. An installed program takes that beside it, whatever
 * its prefix; one that is run from its build folder takes the schema that was compiled there, so
 * that an older one that is installed does not get in its way. */
#include "app/c2l-settings.h"

#include "studio/paths.h"

#include <glib/gi18n.h>

/* What the document portal tells of a folder that it lends. */
#define HOST_PATH "xattr::document-portal.host-path"

static GSettingsSchema *
look_in_folder (const char *folder)
{
  g_autoptr (GSettingsSchemaSource) source = NULL;

  if (folder == NULL)
    return NULL;
  source = g_settings_schema_source_new_from_directory (
      folder, g_settings_schema_source_get_default (), TRUE, NULL);
  return source != NULL ? g_settings_schema_source_lookup (source, C2L_APP_ID, FALSE) : NULL;
}

static GSettings *
open_settings (void)
{
  g_autofree char *build = c2l_paths_dup_build ("data");
  g_autofree char *installed = c2l_paths_dup_share ("glib-2.0/schemas");
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchema) schema = look_in_folder (build);

  if (schema == NULL)
    schema = look_in_folder (installed);
  if (schema == NULL && source != NULL)
    schema = g_settings_schema_source_lookup (source, C2L_APP_ID, TRUE);
  if (schema == NULL)
    g_error ("The program's settings schema “%s” is not installed", C2L_APP_ID);
  return g_settings_new_full (schema, NULL, NULL);
}

GSettings *
c2l_settings_get (void)
{
  static GSettings *settings;

  if (g_once_init_enter (&settings))
    g_once_init_leave (&settings, open_settings ());
  return settings;
}

GFile *
c2l_settings_dup_pictures_folder (void)
{
  g_autofree char *uri = g_settings_get_string (c2l_settings_get (), "pictures-folder");
  const char *pictures = g_get_user_special_dir (G_USER_DIRECTORY_PICTURES);
  g_autofree char *folder = NULL;

  if (*uri != '\0')
    return g_file_new_for_uri (uri);
  /* A folder that a sandbox does not show can be made there all the same, and is lost with it. */
  if (c2l_paths_are_sandboxed ()
      && (pictures == NULL || !g_file_test (pictures, G_FILE_TEST_IS_DIR)))
    return NULL;
  folder = g_build_filename (pictures != NULL ? pictures : g_get_home_dir (), "Clip2Latent", NULL);
  return g_file_new_for_path (folder);
}

char *
c2l_settings_dup_folder_name (GFile *folder)
{
  g_autoptr (GFileInfo) info = NULL;
  const char *path = NULL;

  if (folder == NULL)
    return g_strdup (_ ("You are asked for it when you save"));
  if (c2l_paths_are_sandboxed ())
    info = g_file_query_info (folder, HOST_PATH, G_FILE_QUERY_INFO_NONE, NULL, NULL);
  if (info != NULL)
    path = g_file_info_get_attribute_string (info, HOST_PATH);
  return path != NULL ? g_strdup (path) : g_file_get_parse_name (folder);
}
