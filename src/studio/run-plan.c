/* Puts overrides together. What follows from the model that was chosen (sizes of its latents) is
 * written out, and what a person typed comes last, so that it has the last word. The configuration
 * is composed once, to find out whether it holds. */
#include "studio/run-plan.h"

#include "studio/bundle.h"
#include "studio/json.h"
#include "studio/paths.h"
#include "studio/train-config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define PER_TAR 10000 /* samples; c2l dataset's own default */

void
c2l_run_plan_free (C2lRunPlan *plan)
{
  g_free ((char *) plan->order.folder);
  g_strfreev ((char **) plan->order.overrides);
  g_strfreev ((char **) plan->order.dataset);
  g_free (plan->command);
  g_free (plan);
}

/* As YAML has it, where it must be: most paths are plain. */
static char *
quote (const char *text)
{
  g_auto (GStrv) parts = NULL;
  g_autofree char *joined = NULL;
  gboolean is_plain = *text == '/';

  for (const char *at = text; *at != '\0'; at++)
    is_plain = is_plain && (g_ascii_isalnum (*at) || strchr ("/_.-{}", *at) != NULL);
  if (is_plain)
    return g_strdup (text);
  parts = g_strsplit (text, "'", -1);
  joined = g_strjoinv ("''", parts);
  return g_strdup_printf ("'%s'", joined);
}

static void
add (GPtrArray *overrides, const char *key, const char *value)
{
  g_ptr_array_add (overrides, g_strdup_printf ("%s=%s", key, value));
}

static void
add_quoted (GPtrArray *overrides, const char *key, const char *value)
{
  g_autofree char *quoted = quote (value);

  add (overrides, key, quoted);
}

/* --- the model --- */

static gboolean
add_bundle (GPtrArray *overrides, const char *folder, GError **error)
{
  g_autoptr (C2lBundle) bundle = c2l_bundle_open (folder, error);
  g_autofree char *width = NULL, *repeats = NULL;
  gint64 styles, style_width;

  if (bundle == NULL)
    return FALSE;
  add_quoted (overrides, "data.bundle", folder);
  styles = c2l_json_get_int (c2l_bundle_get_info (bundle), "styles", 0);
  style_width = c2l_json_get_int (c2l_bundle_get_info (bundle), "style_width", 0);
  if (styles <= 0 || style_width <= 0)
    return TRUE;
  width = g_strdup_printf ("%" G_GINT64_FORMAT, style_width);
  repeats = g_strdup_printf ("[%" G_GINT64_FORMAT "]", styles);
  add (overrides, "data.n_latents", "1");
  add (overrides, "data.latent_dim", width);
  add (overrides, "data.latent_repeats", repeats);
  return TRUE;
}

/* --- the data --- */

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static GPtrArray *
list_tars (const char *folder)
{
  GPtrArray *tars = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (*name != '.' && g_str_has_suffix (name, ".tar"))
      g_ptr_array_add (tars, g_build_filename (folder, name, NULL));
  g_ptr_array_sort (tars, compare_names);
  return tars;
}

static char *
dup_range (const char *folder, guint n)
{
  g_autofree char *range = g_strdup_printf ("{00000..%05u}.tar", n - 1);

  return g_build_filename (folder, range, NULL);
}

/* 00000.tar, 00001.tar and so on, without a gap. */
static gboolean
are_numbered (GPtrArray *tars)
{
  for (guint i = 0; i < tars->len; i++)
    {
      g_autofree char *base = g_path_get_basename (g_ptr_array_index (tars, i));
      g_autofree char *expected = g_strdup_printf ("%05u.tar", i);

      if (strcmp (base, expected) != 0)
        return FALSE;
    }
  return TRUE;
}

static gboolean
add_folder (GPtrArray *overrides, const char *folder, GError **error)
{
  g_autoptr (GPtrArray) tars = list_tars (folder);
  g_autoptr (GString) list = g_string_new ("[");

  if (tars->len == 0)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                   _ ("%s: no tars in it; choose the folder that “c2l dataset” wrote"), folder);
      return FALSE;
    }
  if (are_numbered (tars))
    {
      g_autofree char *range = dup_range (folder, tars->len);

      add_quoted (overrides, "data.path", range);
      return TRUE;
    }
  for (guint i = 0; i < tars->len; i++)
    {
      g_autofree char *quoted = quote (g_ptr_array_index (tars, i));

      g_string_append_printf (list, "%s%s", i > 0 ? ", " : "", quoted);
    }
  g_string_append_c (list, ']');
  add (overrides, "data.path", list->str);
  return TRUE;
}

/* A data set belongs to its model and its size, not to a run: another training uses it again. */
static char *
dup_dataset_folder (const C2lRunWish *wish)
{
  g_autofree char *user = c2l_paths_dup_user ();
  g_autofree char *base
      = wish->bundle != NULL ? g_path_get_basename (wish->bundle) : g_strdup (wish->data);
  g_autofree char *name = g_strdup_printf ("%s-%" G_GINT64_FORMAT, base, wish->n_samples);

  return g_build_filename (user, "data", name, NULL);
}

static GStrv
make_dataset (const C2lRunWish *wish, const char *folder, JsonObject *config)
{
  JsonObject *data = c2l_json_get_object (config, "data");
  const char *bundle = c2l_json_get_string (data, "bundle", NULL);
  const char *generator = bundle != NULL ? bundle : c2l_json_get_string (data, "sg_pkl", NULL);
  const char *clip = bundle != NULL ? NULL : c2l_json_get_string (data, "clip_variant", NULL);
  g_autofree char *starter
      = g_strcmp0 (bundle, "starter") == 0 ? c2l_paths_dup_data (bundle) : NULL;
  g_autofree char *n_samples = g_strdup_printf ("%" G_GINT64_FORMAT, wish->n_samples);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  g_strv_builder_add_many (builder, folder, "--n-samples", n_samples, NULL);
  if (generator != NULL)
    g_strv_builder_add_many (builder, "--generator-name", starter != NULL ? starter : generator,
                             NULL);
  if (clip != NULL)
    g_strv_builder_add_many (builder, "--feature-extractor-name", clip, NULL);
  if (c2l_json_get_int (data, "n_latents", 1) == 3)
    g_strv_builder_add_many (builder, "--space", "w3", NULL);
  return g_strv_builder_end (builder);
}

/* --- all of it --- */

/* Takes away what was said of the key of @word, which is said anew. */
static void
drop_key (GPtrArray *overrides, const char *word)
{
  const gsize length = strcspn (word, "=") + 1;

  for (guint i = overrides->len; i-- > 0;)
    if (strncmp (g_ptr_array_index (overrides, i), word, length) == 0)
      g_ptr_array_remove_index (overrides, i);
}

static gboolean
add_settings (GPtrArray *overrides, const char *settings, GError **error)
{
  g_auto (GStrv) words = c2l_run_parse_overrides (settings, error);

  for (int i = 0; words != NULL && words[i] != NULL; i++)
    drop_key (overrides, words[i]);
  for (int i = 0; words != NULL && words[i] != NULL; i++)
    g_ptr_array_add (overrides, g_strdup (words[i]));
  return words != NULL;
}

C2lRunPlan *
c2l_run_plan_new (const C2lRunWish *wish, GError **error)
{
  g_autoptr (GPtrArray) overrides = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (JsonObject) config = NULL;
  g_autofree char *dataset = wish->n_samples > 0 ? dup_dataset_folder (wish) : NULL;
  C2lRunPlan *plan;

  add (overrides, "data", wish->data);
  add (overrides, "model", wish->model);
  if (wish->bundle != NULL && !add_bundle (overrides, wish->bundle, error))
    return NULL;
  if (dataset != NULL)
    {
      g_autofree char *range
          = dup_range (dataset, (guint) ((wish->n_samples + PER_TAR - 1) / PER_TAR));

      add_quoted (overrides, "data.path", range);
    }
  else if (wish->data_folder != NULL && !add_folder (overrides, wish->data_folder, error))
    return NULL;
  if (!add_settings (overrides, wish->settings, error))
    return NULL;
  g_ptr_array_add (overrides, NULL);
  config = c2l_train_config_compose (NULL, (const char *const *) overrides->pdata, error);
  if (config == NULL)
    return NULL;
  plan = g_new0 (C2lRunPlan, 1);
  plan->order.folder = c2l_run_dup_new_folder (wish->name);
  plan->order.overrides
      = (const char *const *) g_ptr_array_free (g_steal_pointer (&overrides), FALSE);
  if (dataset != NULL)
    plan->order.dataset = (const char *const *) make_dataset (wish, dataset, config);
  plan->command = c2l_run_order_to_text (&plan->order);
  return plan;
}

/* --- on a thread --- */

static void
wish_free (gpointer data)
{
  C2lRunWish *wish = data;

  g_free ((char *) wish->name);
  g_free ((char *) wish->data);
  g_free ((char *) wish->model);
  g_free ((char *) wish->bundle);
  g_free ((char *) wish->data_folder);
  g_free ((char *) wish->settings);
  g_free (wish);
}

static void
plan_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;
  C2lRunPlan *plan = c2l_run_plan_new (data, &error);

  if (plan != NULL)
    g_task_return_pointer (task, plan, (GDestroyNotify) c2l_run_plan_free);
  else
    g_task_return_error (task, error);
}

void
c2l_run_plan_new_async (const C2lRunWish *wish,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);
  C2lRunWish *copy = g_new (C2lRunWish, 1);

  *copy = (C2lRunWish){ .name = g_strdup (wish->name),
                        .data = g_strdup (wish->data),
                        .model = g_strdup (wish->model),
                        .bundle = g_strdup (wish->bundle),
                        .data_folder = g_strdup (wish->data_folder),
                        .n_samples = wish->n_samples,
                        .settings = g_strdup (wish->settings) };
  g_task_set_source_tag (task, c2l_run_plan_new_async);
  g_task_set_task_data (task, copy, wish_free);
  g_task_run_in_thread (task, plan_in_thread);
}

C2lRunPlan *
c2l_run_plan_new_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, c2l_run_plan_new_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
