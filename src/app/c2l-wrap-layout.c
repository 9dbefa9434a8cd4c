/* Children in lines, as words in a paragraph; libadwaita has a box for this from 1.7 on. Every
 * child gets its natural width, or the whole line where it is wider. Nothing is kept between
 * measuring and allocating. */
#include "app/c2l-wrap-layout.h"

struct _C2lWrapLayout
{
  GtkLayoutManager parent_instance;

  int spacing, line_spacing;
  gboolean centered, fill;
};

G_DEFINE_FINAL_TYPE (C2lWrapLayout, c2l_wrap_layout, GTK_TYPE_LAYOUT_MANAGER)

enum
{
  PROP_SPACING = 1,
  PROP_LINE_SPACING,
  PROP_CENTERED,
  PROP_FILL,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

/* A line: the children from @first to before @end. */
typedef struct
{
  GtkWidget *first, *end;
  int width, height;
  int n_children, n_expand;
} Line;

static int
measure_width (GtkWidget *child, int limit)
{
  int minimum, natural;

  gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, &natural, NULL, NULL);
  return limit < 0 ? natural : MAX (minimum, MIN (natural, limit));
}

static int
measure_height (GtkWidget *child, int width)
{
  int natural;

  gtk_widget_measure (child, GTK_ORIENTATION_VERTICAL, width, NULL, &natural, NULL, NULL);
  return natural;
}

/* The line that begins with the first visible child from @child on. FALSE where there is none. */
static gboolean
find_line (C2lWrapLayout *self, GtkWidget *child, int limit, Line *line)
{
  *line = (Line){ 0 };

  for (; child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      if (!gtk_widget_should_layout (child))
        continue;

      int width = measure_width (child, limit);
      int with = line->first == NULL ? width : line->width + self->spacing + width;
      if (line->first != NULL && limit >= 0 && with > limit)
        break;

      if (line->first == NULL)
        line->first = child;
      line->width = with;
      line->height = MAX (line->height, measure_height (child, width));
      line->n_children++;
      line->n_expand += gtk_widget_compute_expand (child, GTK_ORIENTATION_HORIZONTAL);
    }

  line->end = child;
  return line->first != NULL;
}

static void
measure_horizontal (C2lWrapLayout *self, GtkWidget *widget, int *minimum, int *natural)
{
  Line line;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    if (gtk_widget_should_layout (child))
      {
        int child_minimum;
        gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, &child_minimum, NULL, NULL,
                            NULL);
        *minimum = MAX (*minimum, child_minimum);
      }

  if (find_line (self, gtk_widget_get_first_child (widget), -1, &line))
    *natural = MAX (*minimum, line.width);
}

static void
c2l_wrap_layout_measure (GtkLayoutManager *manager,
                         GtkWidget *widget,
                         GtkOrientation orientation,
                         int for_size,
                         int *minimum,
                         int *natural,
                         int *minimum_baseline,
                         int *natural_baseline)
{
  C2lWrapLayout *self = C2L_WRAP_LAYOUT (manager);
  Line line;

  *minimum = *natural = 0;
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      measure_horizontal (self, widget, minimum, natural);
      return;
    }

  for (GtkWidget *child = gtk_widget_get_first_child (widget);
       find_line (self, child, for_size, &line); child = line.end)
    *natural += line.height + (*natural > 0 ? self->line_spacing : 0);
  *minimum = *natural;
}

static void
allocate_line (C2lWrapLayout *self, GtkWidget *widget, const Line *line, int width, int y)
{
  int rest = MAX (0, width - line->width), n_expand = line->n_expand;
  int x = self->centered && n_expand == 0 ? rest / 2 : 0;
  gboolean is_rtl = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;

  for (GtkWidget *child = line->first; child != line->end;
       child = gtk_widget_get_next_sibling (child))
    {
      if (!gtk_widget_should_layout (child))
        continue;

      int child_width = measure_width (child, width);
      if (self->fill && line->n_children == 1)
        child_width = width;
      else if (gtk_widget_compute_expand (child, GTK_ORIENTATION_HORIZONTAL))
        {
          int share = rest / n_expand--;
          child_width += share;
          rest -= share;
        }
      gtk_widget_size_allocate (
          child,
          &(GtkAllocation){ is_rtl ? width - x - child_width : x, y, child_width, line->height },
          -1);
      x += child_width + self->spacing;
    }
}

static void
c2l_wrap_layout_allocate (GtkLayoutManager *manager,
                          GtkWidget *widget,
                          int width,
                          int height,
                          int baseline)
{
  C2lWrapLayout *self = C2L_WRAP_LAYOUT (manager);
  int y = 0;
  Line line;

  for (GtkWidget *child = gtk_widget_get_first_child (widget);
       find_line (self, child, width, &line); child = line.end)
    {
      allocate_line (self, widget, &line, width, y);
      y += line.height + self->line_spacing;
    }
}

static GtkSizeRequestMode
c2l_wrap_layout_get_request_mode (GtkLayoutManager *manager, GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
c2l_wrap_layout_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  C2lWrapLayout *self = C2L_WRAP_LAYOUT (object);

  switch (id)
    {
    case PROP_SPACING:
      g_value_set_int (value, self->spacing);
      break;
    case PROP_LINE_SPACING:
      g_value_set_int (value, self->line_spacing);
      break;
    case PROP_CENTERED:
      g_value_set_boolean (value, self->centered);
      break;
    case PROP_FILL:
      g_value_set_boolean (value, self->fill);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
c2l_wrap_layout_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  C2lWrapLayout *self = C2L_WRAP_LAYOUT (object);

  switch (id)
    {
    case PROP_SPACING:
      self->spacing = g_value_get_int (value);
      break;
    case PROP_LINE_SPACING:
      self->line_spacing = g_value_get_int (value);
      break;
    case PROP_CENTERED:
      self->centered = g_value_get_boolean (value);
      break;
    case PROP_FILL:
      self->fill = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      return;
    }
  gtk_layout_manager_layout_changed (GTK_LAYOUT_MANAGER (self));
}

static void
c2l_wrap_layout_class_init (C2lWrapLayoutClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkLayoutManagerClass *manager_class = GTK_LAYOUT_MANAGER_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = c2l_wrap_layout_get_property;
  object_class->set_property = c2l_wrap_layout_set_property;
  manager_class->allocate = c2l_wrap_layout_allocate;
  manager_class->get_request_mode = c2l_wrap_layout_get_request_mode;
  manager_class->measure = c2l_wrap_layout_measure;

  properties[PROP_SPACING] = g_param_spec_int ("spacing", NULL, NULL, 0, G_MAXINT, 0, flags);
  properties[PROP_LINE_SPACING]
      = g_param_spec_int ("line-spacing", NULL, NULL, 0, G_MAXINT, 0, flags);
  properties[PROP_CENTERED] = g_param_spec_boolean ("centered", NULL, NULL, FALSE, flags);
  properties[PROP_FILL] = g_param_spec_boolean ("fill", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
c2l_wrap_layout_init (C2lWrapLayout *self)
{
}

GtkLayoutManager *
c2l_wrap_layout_new (void)
{
  return g_object_new (C2L_TYPE_WRAP_LAYOUT, NULL);
}
