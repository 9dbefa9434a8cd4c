/* Mixed prompts: what is a weight, what is a bar, and that nothing a person or a file writes does harm. */
#include "studio/mixture.h"

#include "studio/recipe.h"

#include <string.h>

/* "text=weight" of each part, with " / " between them. */
static char *
dup_parts (const char *prompt)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) parts = c2l_mixture_parse (prompt, &error);
  g_autoptr (GString) text = g_string_new (NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < parts->len; i++)
    {
      const C2lMixturePart *part = g_ptr_array_index (parts, i);
      g_string_append_printf (text, "%s%s=%g", i > 0 ? " / " : "", part->text, part->weight);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
test_parts (void)
{
  static const struct { const char *prompt, *parts; } cases[] = {
    { "a face", "a face=1" },
    { "", "=1" },
    /* Without a bar every character is a word's. */
    { "ratio 16:9", "ratio 16:9=1" },
    { "  back\\slash \\: ", "  back\\slash \\: =1" },
    { "a | b", "a=1 / b=1" },
    { "a|b:0.5", "a=1 / b=0.5" },
    { "a : 2 |b:-0.5| c:1e-2", "a=2 / b=-0.5 / c=0.01" },
    { "a:0,25 | b:.5", "a=0.25 / b=0.5" },
    { "a\\|b | c", "a|b=1 / c=1" },
    { "a\\|b", "a|b=1" },
    { "ratio 16\\:9 | b:2", "ratio 16:9=1 / b=2" },
    { "a:b:2 | c", "a:b=2 / c=1" },
    { "a: | b", "a:=1 / b=1" },
    { "a:inf | b:nan | c:0x10", "a:inf=1 / b:nan=1 / c:0x10=1" },
    { "a:1e999 | b:--1", "a:1e999=1 / b:--1=1" },
    { "a || b | ", "a=1 / b=1" },
    { " | :3 |", "=1" },
    { "a\\", "a\\=1" },
    { "a | b\\", "a=1 / b\\=1" },
    { "Bart 🙂 | Hut:2", "Bart 🙂=1 / Hut=2" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *parts = dup_parts (cases[i].prompt);
      g_assert_cmpstr (parts, ==, cases[i].parts);
    }
}

static void
test_refuses_weights_without_a_sum (void)
{
  static const char *const prompts[] = { "a | b:-1", "a:0 | b:0", "a:1000000 | b:-999999.9999", "a:0 |" };

  for (guint i = 0; i < G_N_ELEMENTS (prompts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (c2l_mixture_parse (prompts[i], &error));
      g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID);
    }
}

static void
test_refuses_thousands_of_parts (void)
{
  g_autoptr (GString) prompt = g_string_new ("a");
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < 100000; i++)
    g_string_append (prompt, "|a");
  g_assert_null (c2l_mixture_parse (prompt->str, &error));
  g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mixture/parts", test_parts);
  g_test_add_func ("/mixture/refuses/weights-without-a-sum", test_refuses_weights_without_a_sum);
  g_test_add_func ("/mixture/refuses/thousands-of-parts", test_refuses_thousands_of_parts);
  return g_test_run ();
}
