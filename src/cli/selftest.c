/* c2l selftest: does this machine compute what the original programs do? */
#include "cli/model-options.h"
#include "studio/json.h"
#include "studio/paths.h"
#include "studio/selftest.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct
{
  gboolean json, quiet;
  const char *folder;
  const char *type;
  guint n_compared, n_over, n_failed;
  double worst; /* of max_abs / limit in this folder */
} Run;

static void
print_json (const Run *run, const char *name, const C2lComparison *comparison, const char *note)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autofree char *text = NULL;

  json_object_set_string_member (object, "folder", run->folder);
  json_object_set_string_member (object, "array", name);
  json_object_set_boolean_member (object, "ok", comparison->ok);
  /* JSON has no infinity. */
  if (isfinite (comparison->max_abs))
    json_object_set_double_member (object, "max_abs", comparison->max_abs);
  if (isfinite (comparison->max_rel))
    json_object_set_double_member (object, "max_rel", comparison->max_rel);
  json_object_set_double_member (object, "limit", comparison->limit);
  if (note != NULL)
    json_object_set_string_member (object, "note", note);
  text = c2l_json_object_to_string (object, FALSE);
  printf ("%s\n", text);
}

static void
report (const char *name, const C2lComparison *comparison, const char *note, gpointer data)
{
  Run *run = data;
  g_autofree char *tolerance
      = comparison->kind == C2L_TOLERANCE_EXACT
            ? g_strdup ("exact")
            : g_strdup_printf ("%s %g", comparison->kind == C2L_TOLERANCE_REL ? "rel" : "abs",
                               comparison->value);

  run->n_compared++;
  run->n_over += !comparison->ok;
  if (comparison->limit > 0)
    run->worst = MAX (run->worst, comparison->max_abs / comparison->limit);
  if (run->json)
    print_json (run, name, comparison, note);
  else if (!run->quiet || !comparison->ok)
    printf ("  %-4s %-44s abs %-10.3g rel %-10.3g tolerance %s%s%s\n",
            comparison->ok ? "ok" : "OVER", name, comparison->max_abs, comparison->max_rel,
            tolerance, note != NULL ? "  " : "", note != NULL ? note : "");
}

static void
run_folder (Run *run,
            const char *folder,
            C2lDevice *device,
            C2lPrecision precision,
            const char *merges)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *type = NULL;
  guint before = run->n_compared, over = run->n_over;
  C2lSelftestOutcome outcome;

  run->folder = folder;
  run->worst = 0;
  if (!run->json)
    printf ("%s\n", folder);
  outcome = c2l_selftest_run (folder, device, precision, merges, report, run, &type, &error);
  switch (outcome)
    {
    case C2L_SELFTEST_FAILED:
      run->n_failed++;
      fflush (stdout);
      c2l_cli_message ("%s", error->message);
      break;
    case C2L_SELFTEST_DONE:
      if (!run->json)
        printf ("  %s: %u compared, %u over, at worst %.2g of the tolerance\n", type,
                run->n_compared - before, run->n_over - over, run->worst);
      break;
    }
  fflush (stdout);
}

static int
run (int argc, char **argv)
{
  g_auto (C2lModelOptions) model = { 0 };
  Run state = { 0 };
  const GOptionEntry entries[] = { { "json", 0, 0, G_OPTION_ARG_NONE, &state.json,
                                     "Print a JSON object for each array", NULL },
                                   { "quiet", 'q', 0, G_OPTION_ARG_NONE, &state.quiet,
                                     "Print only arrays that are over their tolerance", NULL },
                                   G_OPTION_ENTRY_NULL };
  GOptionGroup *groups[] = { c2l_model_options_new_device_group (&model, C2L_PRECISION_F32), NULL };
  g_autoptr (C2lDevice) device = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *merges = c2l_paths_dup_data ("merges.txt.gz");
  C2lPrecision precision;
  int exit_code;

  if (!c2l_cli_parse (&c2l_command_selftest, &argc, &argv, entries, groups, &exit_code))
    return exit_code;
  if (argc < 2)
    return c2l_cli_usage (&c2l_command_selftest, "name at least one folder with an info.json");
  device = c2l_model_options_open_device (&model, &error);
  if (device == NULL
      || !c2l_model_options_get_precision (&model, device, C2L_PRECISION_F32, &precision, &error))
    return c2l_cli_fail (error);
  for (int i = 1; i < argc && !g_cancellable_is_cancelled (c2l_cli_get_cancellable ()); i++)
    run_folder (&state, argv[i], device, precision, merges);
  if (!state.json)
    printf ("%s, %s: %u arrays compared, %u over their tolerance, %u folder%s failed\n",
            c2l_device_get_description (device), c2l_precision_get_name (precision),
            state.n_compared, state.n_over, state.n_failed, state.n_failed == 1 ? "" : "s");
  if (g_cancellable_is_cancelled (c2l_cli_get_cancellable ()))
    return c2l_cli_get_stopped ();
  return state.n_over + state.n_failed > 0 ? C2L_EXIT_FAILED : C2L_EXIT_OK;
}

const C2lCommand c2l_command_selftest = {
  .name = "selftest",
  .arguments = "FOLDER…",
  .summary = "Compare with numbers recorded from the original programs",
  .description = "Prints each array's largest absolute and relative difference, and exits with 1 "
                 "where one is over its tolerance.\n",
  .run = run,
};
