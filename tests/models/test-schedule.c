/* The five noise schedules and their respacing against buffers of the original. */
#include "fixture.h"
#include "models/schedule.h"

#define FOLDER "prior/schedules"
#define N_STEPS 1000

static void
compare_buffers (C2lExpected *expected, const char *prefix, const C2lSchedule *schedule)
{
  for (int i = 0; i < C2L_N_BUFFERS; i++)
    {
      g_autofree char *name = g_strdup_printf ("%s.%s", prefix, c2l_schedule_buffer_get_name (i));

      if (fixture_has (expected, name))
        fixture_compare (expected, name, schedule->buffers[i], N_STEPS);
    }
}

static void
test_matches_original (gconstpointer data)
{
  C2lScheduleKind kind = GPOINTER_TO_INT (data);
  g_autoptr (C2lExpected) expected = fixture_load (FOLDER);
  g_autoptr (C2lSchedule) schedule = c2l_schedule_new (kind, N_STEPS);

  compare_buffers (expected, c2l_schedule_kind_get_name (kind), schedule);
}

static void
test_respaces_as_original (gconstpointer data)
{
  static const int skips[] = { 250, 100, 10 };

  C2lScheduleKind kind = GPOINTER_TO_INT (data);
  g_autoptr (C2lExpected) expected = fixture_load (FOLDER);
  g_autoptr (C2lSchedule) schedule = c2l_schedule_new (kind, N_STEPS);

  for (gsize i = 0; i < G_N_ELEMENTS (skips); i++)
    {
      g_autoptr (C2lSchedule) respaced = c2l_schedule_respace (schedule, skips[i]);
      g_autofree char *prefix = g_strdup_printf ("%s.skip%d", c2l_schedule_kind_get_name (kind), skips[i]);

      compare_buffers (expected, prefix, respaced);
    }
}

static void
test_leaves_log_variance_alone (void)
{
  g_autoptr (C2lSchedule) schedule = c2l_schedule_new (C2L_SCHEDULE_COSINE, N_STEPS);
  g_autoptr (C2lSchedule) respaced = c2l_schedule_respace (schedule, 250);

  g_assert_cmpmem (schedule->buffers[C2L_BUFFER_POSTERIOR_LOG_VARIANCE_CLIPPED], N_STEPS * sizeof (float),
                   respaced->buffers[C2L_BUFFER_POSTERIOR_LOG_VARIANCE_CLIPPED], N_STEPS * sizeof (float));
}

static void
test_one_step (void)
{
  for (int kind = 0; kind < C2L_N_SCHEDULES; kind++)
    {
      g_autoptr (C2lSchedule) schedule = c2l_schedule_new (kind, 1);

      g_assert_cmpfloat (schedule->buffers[C2L_BUFFER_ALPHAS_CUMPROD_PREV][0], ==, 1);
    }
}

static void
test_names (void)
{
  C2lScheduleKind kind;

  g_assert_true (c2l_schedule_kind_from_name ("sigmoid", &kind));
  g_assert_cmpint (kind, ==, C2L_SCHEDULE_SIGMOID);
  g_assert_false (c2l_schedule_kind_from_name ("Cosine", &kind));
  g_assert_false (c2l_schedule_kind_from_name (NULL, &kind));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (int kind = 0; kind < C2L_N_SCHEDULES; kind++)
    {
      const char *name = c2l_schedule_kind_get_name (kind);
      g_autofree char *whole = g_strdup_printf ("/schedule/matches-original/%s", name);
      g_autofree char *respaced = g_strdup_printf ("/schedule/respaces-as-original/%s", name);

      g_test_add_data_func (whole, GINT_TO_POINTER (kind), test_matches_original);
      g_test_add_data_func (respaced, GINT_TO_POINTER (kind), test_respaces_as_original);
    }
  g_test_add_func ("/schedule/respacing-leaves-log-variance-alone", test_leaves_log_variance_alone);
  g_test_add_func ("/schedule/has-a-single-step", test_one_step);
  g_test_add_func ("/schedule/knows-names", test_names);

  return g_test_run ();
}
