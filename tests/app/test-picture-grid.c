/* The grid of pictures and its cells: columns for any width, what a cell says and shows, and lines
 * that wrap. */
#include "app-test.h"

#include "app/c2l-headed-cell.h"
#include "app/c2l-picture-cell.h"
#include "app/c2l-picture-grid.h"
#include "app/c2l-picture-item-private.h"
#include "app/c2l-wrap-layout.h"

#define CELL 184

/* --- columns --- */

static void
test_columns_keep_cells_in_size (void)
{
  for (int width = 240; width < 4000; width += 7)
    {
      guint n = c2l_picture_grid_count_columns (width, CELL, 0);

      g_assert_cmpint (width / (int) n, >=, 112);
      g_assert_cmpint (width / (int) n, <=, 280);
    }
}

static void
test_columns_follow_the_window (void)
{
  guint last = 1;

  for (int width = 100; width < 4000; width++)
    {
      guint n = c2l_picture_grid_count_columns (width, CELL, 0);

      g_assert_cmpuint (n, >=, last);
      last = n;
    }
  g_assert_cmpuint (c2l_picture_grid_count_columns (336, CELL, 0), ==, 2);
  g_assert_cmpuint (c2l_picture_grid_count_columns (984, CELL, 0), ==, 5);
}

static void
test_each_prompt_begins_a_line (void)
{
  for (guint n_fixed = 1; n_fixed <= 64; n_fixed++)
    {
      gboolean is_prime = n_fixed > 1;

      for (guint i = 2; i < n_fixed; i++)
        is_prime = is_prime && n_fixed % i != 0;
      for (int width = 240; width < 4000; width += 31)
        {
          guint n = c2l_picture_grid_count_columns (width, CELL, n_fixed);

          g_assert_cmpint (width / (int) n, >=, n == 1 ? 0 : 112);
          if (n_fixed <= (guint) width / 112)
            g_assert_cmpuint (n, ==, n_fixed);
          else if (n_fixed % n != 0)
            g_assert_true (is_prime || c2l_picture_grid_count_columns (width, CELL, 0) == n);
        }
    }
}

/* --- cells --- */

static GtkWidget *
find_label (GtkWidget *cell, const char *css_class)
{
  for (GtkWidget *child = gtk_widget_get_first_child (cell); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    if (gtk_widget_has_css_class (child, css_class))
      return child;
  g_assert_not_reached ();
}

static C2lRecipe *
new_recipe (double score)
{
  C2lRecipe *recipe = c2l_recipe_new ();

  recipe->has_score = TRUE;
  recipe->score = score;
  return recipe;
}

static void
test_cell_shows_scores (void)
{
  static const struct
  {
    double score;
    const char *text;
  } scores[] = { { .3377, "0.34" }, { .005, "0.01" }, { -.1234, "−0.12" }, { -.001, "0.00" }, { 1, "1.00" } };

  for (gsize i = 0; i < G_N_ELEMENTS (scores); i++)
    {
      C2lPictureCell *cell = g_object_ref_sink (C2L_PICTURE_CELL (c2l_picture_cell_new ()));
      g_autoptr (C2lPictureItem) item = c2l_picture_item_new (0, 0);
      g_autoptr (C2lRecipe) recipe = new_recipe (scores[i].score);
      GtkWidget *label = find_label (GTK_WIDGET (cell), "score");

      c2l_picture_cell_set_item (cell, item);
      g_assert_false (gtk_widget_get_visible (label));
      c2l_picture_item_set_recipe (item, recipe);
      g_assert_true (gtk_widget_get_visible (label));
      g_assert_cmpstr (gtk_label_get_text (GTK_LABEL (label)), ==, scores[i].text);
      c2l_picture_cell_set_item (cell, NULL);
      g_object_unref (cell);
    }
}

static void
test_cell_tells_what_it_is (void)
{
  C2lPictureCell *cell = g_object_ref_sink (C2L_PICTURE_CELL (c2l_picture_cell_new ()));
  g_autoptr (C2lPictureItem) item = c2l_picture_item_new (0, 2);
  g_autofree char *label = NULL, *starred = NULL;

  c2l_picture_item_set_prompt (item, "eine Bärin");
  c2l_picture_cell_set_item (cell, item);
  g_object_get (item, "label", &label, NULL);
  gtk_test_accessible_assert_role (cell, GTK_ACCESSIBLE_ROLE_IMG);
  gtk_test_accessible_assert_property (cell, GTK_ACCESSIBLE_PROPERTY_LABEL, label);
  gtk_test_accessible_assert_state (cell, GTK_ACCESSIBLE_STATE_BUSY, TRUE);
  c2l_picture_item_set_favourite (item, TRUE);
  g_object_get (item, "label", &starred, NULL);
  g_assert_cmpstr (label, !=, starred);
  gtk_test_accessible_assert_property (cell, GTK_ACCESSIBLE_PROPERTY_LABEL, starred);
  g_assert_true (gtk_widget_has_css_class (GTK_WIDGET (cell), "favourite"));
  c2l_picture_item_set_state (item, C2L_PICTURE_FINISHED);
  gtk_test_accessible_assert_state (cell, GTK_ACCESSIBLE_STATE_BUSY, FALSE);
  g_object_unref (cell);
}

static void
test_cell_shows_progress_while_it_waits (void)
{
  C2lPictureCell *cell = g_object_ref_sink (C2L_PICTURE_CELL (c2l_picture_cell_new ()));
  g_autoptr (C2lPictureItem) item = c2l_picture_item_new (0, 0);
  GtkWidget *label = find_label (GTK_WIDGET (cell), "progress");

  c2l_picture_cell_set_item (cell, item);
  g_assert_false (gtk_widget_get_visible (label));
  c2l_picture_cell_set_progress (cell, .62);
  g_assert_true (gtk_widget_get_visible (label));
  g_assert_cmpstr (gtk_label_get_text (GTK_LABEL (label)), ==, "62 %");
  c2l_picture_item_set_state (item, C2L_PICTURE_PREVIEW);
  g_assert_false (gtk_widget_get_visible (label));
  c2l_picture_cell_set_progress (cell, .9);
  g_assert_false (gtk_widget_get_visible (label));
  g_object_unref (cell);
}

static void
test_cell_holds_its_item (void)
{
  C2lPictureCell *cell = g_object_ref_sink (C2L_PICTURE_CELL (c2l_picture_cell_new ()));
  g_autoptr (C2lPictureItem) item = c2l_picture_item_new (0, 0);

  g_assert_false (c2l_picture_item_is_held (item));
  c2l_picture_cell_set_item (cell, item);
  g_assert_true (c2l_picture_item_is_held (item));
  c2l_picture_cell_set_item (cell, item);
  c2l_picture_cell_set_item (cell, NULL);
  g_assert_false (c2l_picture_item_is_held (item));
  c2l_picture_cell_set_item (cell, item);
  g_object_unref (cell);
  g_assert_false (c2l_picture_item_is_held (item));
}

static void
test_cell_is_square (void)
{
  GtkWidget *cell = g_object_ref_sink (c2l_picture_cell_new ());
  int minimum, natural;

  gtk_widget_measure (cell, GTK_ORIENTATION_VERTICAL, 183, &minimum, &natural, NULL, NULL);
  g_assert_cmpint (minimum, ==, 183);
  g_assert_cmpint (natural, ==, 183);
  g_object_unref (cell);
}

/* A line that begins a prompt's pictures is higher by the same in all its cells, whether or not words stand in them. */
static void
test_headings_take_room_in_all_of_a_line (void)
{
  GtkWidget *first = g_object_ref_sink (c2l_headed_cell_new (c2l_picture_cell_new ()));
  GtkWidget *second = g_object_ref_sink (c2l_headed_cell_new (c2l_picture_cell_new ()));
  GtkWidget *cells[] = { first, second };
  int heights[2], natural;

  for (int i = 0; i < 2; i++)
    {
      gtk_widget_measure (cells[i], GTK_ORIENTATION_VERTICAL, CELL, NULL, &natural, NULL, NULL);
      g_assert_cmpint (natural, ==, CELL);
    }
  c2l_headed_cell_set_heading (C2L_HEADED_CELL (first), TRUE, "eine Bärin", 4);
  c2l_headed_cell_set_heading (C2L_HEADED_CELL (second), TRUE, NULL, 3);
  for (int i = 0; i < 2; i++)
    gtk_widget_measure (cells[i], GTK_ORIENTATION_VERTICAL, CELL, NULL, &heights[i], NULL, NULL);
  g_assert_cmpint (heights[0], >, CELL);
  g_assert_cmpint (heights[0], ==, heights[1]);
  c2l_headed_cell_set_heading (C2L_HEADED_CELL (first), FALSE, NULL, 1);
  gtk_widget_measure (first, GTK_ORIENTATION_VERTICAL, CELL, NULL, &natural, NULL, NULL);
  g_assert_cmpint (natural, ==, CELL);
  g_object_unref (first);
  g_object_unref (second);
}

/* --- lines that wrap --- */

static GtkWidget *
new_lines (int n, int width)
{
  GtkWidget *box = g_object_ref_sink (gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0));
  GtkLayoutManager *layout = c2l_wrap_layout_new ();

  g_object_set (layout, "spacing", 10, "line-spacing", 5, NULL);
  gtk_widget_set_layout_manager (box, layout);
  for (int i = 0; i < n; i++)
    {
      GtkWidget *child = gtk_drawing_area_new ();

      gtk_widget_set_size_request (child, width, 20);
      gtk_box_append (GTK_BOX (box), child);
    }
  return box;
}

static int
measure_height (GtkWidget *box, int width)
{
  int natural;

  gtk_widget_measure (box, GTK_ORIENTATION_VERTICAL, width, NULL, &natural, NULL, NULL);
  return natural;
}

static void
test_lines_wrap_where_they_must (void)
{
  GtkWidget *box = new_lines (5, 50);
  int minimum, natural;

  gtk_widget_measure (box, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, &natural, NULL, NULL);
  g_assert_cmpint (minimum, ==, 50);
  g_assert_cmpint (natural, ==, 5 * 50 + 4 * 10);
  g_assert_cmpint (measure_height (box, 290), ==, 20);
  g_assert_cmpint (measure_height (box, 289), ==, 20 + 5 + 20);
  g_assert_cmpint (measure_height (box, 110), ==, 3 * 20 + 2 * 5);
  g_assert_cmpint (measure_height (box, 50), ==, 5 * 20 + 4 * 5);
  g_object_unref (box);
}

static void
test_lines_are_placed (void)
{
  GtkWidget *box = new_lines (3, 50), *child;
  GtkAllocation at;

  gtk_widget_measure (box, GTK_ORIENTATION_HORIZONTAL, -1, NULL, NULL, NULL, NULL);
  gtk_widget_allocate (box, 130, 200, -1, NULL);
  child = gtk_widget_get_next_sibling (gtk_widget_get_first_child (box));
  gtk_widget_get_allocation (child, &at);
  g_assert_cmpint (at.x, ==, 60);
  g_assert_cmpint (at.y, ==, 0);
  gtk_widget_get_allocation (gtk_widget_get_next_sibling (child), &at);
  g_assert_cmpint (at.x, ==, 0);
  g_assert_cmpint (at.y, ==, 25);
  g_assert_cmpint (at.width, ==, 50);
  g_object_set (gtk_widget_get_layout_manager (box), "fill", TRUE, NULL);
  gtk_widget_allocate (box, 130, 201, -1, NULL);
  gtk_widget_get_allocation (gtk_widget_get_next_sibling (child), &at);
  g_assert_cmpint (at.width, ==, 130);
  gtk_widget_set_hexpand (gtk_widget_get_next_sibling (child), TRUE);
  gtk_widget_measure (box, GTK_ORIENTATION_HORIZONTAL, -1, NULL, NULL, NULL, NULL);
  gtk_widget_allocate (box, 130, 202, -1, NULL);
  gtk_widget_get_allocation (gtk_widget_get_next_sibling (child), &at);
  g_assert_cmpint (at.width, ==, 130);
  g_object_unref (box);
}

int
main (int argc, char **argv)
{
  c2l_app_test_init (&argc, &argv);
  g_test_add_func ("/picture-grid/columns/keep-cells-in-size", test_columns_keep_cells_in_size);
  g_test_add_func ("/picture-grid/columns/follow-the-window", test_columns_follow_the_window);
  g_test_add_func ("/picture-grid/columns/each-prompt-begins-a-line",
                   test_each_prompt_begins_a_line);
  g_test_add_func ("/picture-cell/shows-scores", test_cell_shows_scores);
  g_test_add_func ("/picture-cell/tells-what-it-is", test_cell_tells_what_it_is);
  g_test_add_func ("/picture-cell/shows-progress-while-it-waits",
                   test_cell_shows_progress_while_it_waits);
  g_test_add_func ("/picture-cell/holds-its-item", test_cell_holds_its_item);
  g_test_add_func ("/picture-cell/is-square", test_cell_is_square);
  g_test_add_func ("/headed-cell/takes-room-in-all-of-a-line",
                   test_headings_take_room_in_all_of_a_line);
  g_test_add_func ("/wrap-layout/wraps-where-it-must", test_lines_wrap_where_they_must);
  g_test_add_func ("/wrap-layout/places-children", test_lines_are_placed);
  return g_test_run ();
}
