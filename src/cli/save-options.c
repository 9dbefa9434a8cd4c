/* How c2l names and packs pictures: as studio/save.h does, with names that a shell takes without
 * quotes. */
#include "cli/save-options.h"

#include <string.h>

static gboolean
read_quality (const char *option, const char *value, gpointer data, GError **error)
{
  C2lSaveArguments *arguments = data;
  guint64 quality;

  if (!g_ascii_string_to_unsigned (value, 10, 1, 100, &quality, NULL))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   "--quality: “%s” is no whole number from 1 to 100", value);
      return FALSE;
    }
  arguments->quality = quality;
  return TRUE;
}

GOptionGroup *
c2l_save_arguments_new_group (C2lSaveArguments *arguments)
{
  const GOptionEntry entries[]
      = { { "name-template", 0, 0, G_OPTION_ARG_STRING, &arguments->name_template,
            "Names of the files (default: " C2L_NAME_TEMPLATE_PLAIN ")", "TEMPLATE" },
          { "format", 0, 0, G_OPTION_ARG_STRING, &arguments->format,
            "png (default), which alone keeps every bit, jpeg or webp", "NAME" },
          { "quality", 0, 0, G_OPTION_ARG_CALLBACK, read_quality,
            "Of jpeg and webp, 1 to 100 (default: " G_STRINGIFY (C2L_IMAGE_QUALITY) ")", "N" },
          G_OPTION_ENTRY_NULL };
  g_autofree char *fields = c2l_name_template_dup_fields ();
  g_autofree char *title = g_strdup_printf ("Files: a TEMPLATE may hold %s", fields);
  GOptionGroup *group = g_option_group_new ("files", title, "Show them", arguments, NULL);

  g_option_group_add_entries (group, entries);
  return group;
}

void
c2l_save_arguments_clear (C2lSaveArguments *arguments)
{
  g_free (arguments->name_template);
  g_free (arguments->format);
  *arguments = (C2lSaveArguments){ 0 };
}

/* The format, by its name and by the end of the template, which gets its end from the format. */
static gboolean
read_format (C2lSaveArguments *arguments, C2lSaveOptions *options, GError **error)
{
  char *name_template = arguments->name_template;
  C2lImageFormat named = options->format;

  if (arguments->format != NULL
      && !c2l_image_format_from_name (arguments->format, &options->format))
    return c2l_cli_refuse (error, "--format: there is no “%s”; png, jpeg and webp are",
                           arguments->format);
  if (name_template == NULL || !c2l_image_format_from_path (name_template, &named))
    return TRUE;
  if (arguments->format != NULL && named != options->format)
    return c2l_cli_refuse (
        error, "--name-template: “%s” is no name of a %s file; leave out its end, or --format",
        name_template, arguments->format);
  options->format = named;
  *strrchr (name_template, '.') = '\0';
  return TRUE;
}

static gboolean
is_png (const char *path)
{
  C2lImageFormat format = C2L_IMAGE_PNG;

  return path == NULL || !c2l_image_format_from_path (path, &format) || format == C2L_IMAGE_PNG;
}

gboolean
c2l_save_arguments_read (C2lSaveArguments *arguments,
                         const char *folder,
                         const char *other,
                         C2lSaveOptions *options,
                         GError **error)
{
  g_autoptr (GError) cause = NULL;

  c2l_save_options_init (options, folder);
  if (!read_format (arguments, options, error))
    return FALSE;
  options->name_template
      = arguments->name_template != NULL ? arguments->name_template : C2L_NAME_TEMPLATE_PLAIN;
  options->plain = TRUE;
  if (arguments->quality > 0)
    options->quality = arguments->quality;
  if (arguments->quality > 0 && options->format == C2L_IMAGE_PNG && is_png (other))
    return c2l_cli_refuse (error, "--quality: PNG keeps every bit; leave it out, or add --format "
                                  "jpeg or webp");
  return c2l_name_template_check (options->name_template, &cause)
         || c2l_cli_refuse (error, "--name-template: %s", cause->message);
}
