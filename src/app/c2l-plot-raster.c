/* Coverage first, colour later: a byte a pixel holds the most that any segment covers of it, taken
 * from its distance to the segment, so that joints are round and a faint line is no darker where it
 * crosses itself. Painting multiplies that with the colour. Rows that nothing touched are passed
 * over. */
#include "app/c2l-plot-raster.h"

#include <math.h>
#include <string.h>

struct _C2lPlotRaster
{
  int width, height;
  guint8 *coverage; /* [height, width] */
  guint8 *pixels;   /* [height, width, 4]: GDK_MEMORY_R8G8B8A8_PREMULTIPLIED */
  int top, bottom;  /* rows that were touched since the last painting; none: top > bottom */
};

C2lPlotRaster *
c2l_plot_raster_new (int width, int height)
{
  C2lPlotRaster *raster = g_new0 (C2lPlotRaster, 1);

  raster->width = width;
  raster->height = height;
  raster->coverage = g_malloc0 ((gsize) width * height);
  raster->pixels = g_malloc0 ((gsize) width * height * 4);
  raster->top = height;
  raster->bottom = -1;
  return raster;
}

static void
touch (C2lPlotRaster *raster, int top, int bottom)
{
  raster->top = MIN (raster->top, top);
  raster->bottom = MAX (raster->bottom, bottom);
}

typedef struct
{
  float x, y, dx, dy; /* where it begins, and what leads to its end */
  float scale;        /* 1 / length²; 0: a dot */
  float reach;        /* from its middle to where nothing of it is left */
} Segment;

/* Pixels [@from, @to) of a row; @y is measured from the segment's beginning. */
static void
cover_row (const Segment *segment, guint8 *row, int from, int to, float y)
{
  for (int column = from; column < to; column++)
    {
      float x = column + .5f - segment->x;
      float along = CLAMP ((x * segment->dx + y * segment->dy) * segment->scale, 0.f, 1.f);
      float away_x = x - along * segment->dx, away_y = y - along * segment->dy;
      float left = segment->reach - sqrtf (away_x * away_x + away_y * away_y);
      guint8 value = (guint8) (CLAMP (left, 0.f, 1.f) * 255.f);

      row[column] = MAX (row[column], value);
    }
}

void
c2l_plot_raster_add_segment (C2lPlotRaster *raster,
                             float x0,
                             float y0,
                             float x1,
                             float y1,
                             float radius)
{
  float dx = x1 - x0, dy = y1 - y0, square = dx * dx + dy * dy;
  Segment segment = { x0, y0, dx, dy, square > 1e-12f ? 1 / square : 0, radius + .5f };
  float reach = segment.reach;
  int top = (int) floorf (CLAMP (MIN (y0, y1) - reach, 0.f, (float) raster->height));
  int bottom = (int) ceilf (CLAMP (MAX (y0, y1) + reach, 0.f, (float) raster->height));

  for (int row = top; row < bottom; row++)
    {
      float y = row + .5f - y0, from = 0, to = 1;
      float left, right;

      /* The part of it that comes near this row. */
      if (fabsf (dy) > 1e-6f)
        {
          float a = (y - reach) / dy, b = (y + reach) / dy;

          from = CLAMP (MIN (a, b), 0.f, 1.f);
          to = CLAMP (MAX (a, b), 0.f, 1.f);
        }
      left = x0 + MIN (from * dx, to * dx) - reach;
      right = x0 + MAX (from * dx, to * dx) + reach;
      cover_row (&segment, raster->coverage + (gsize) row * raster->width,
                 (int) floorf (CLAMP (left, 0.f, (float) raster->width)),
                 (int) ceilf (CLAMP (right, 0.f, (float) raster->width)), y);
    }
  if (top < bottom)
    touch (raster, top, bottom - 1);
}

void
c2l_plot_raster_add_bar (C2lPlotRaster *raster, int column, float top, float bottom)
{
  int first = (int) floorf (CLAMP (top, 0.f, (float) raster->height));
  int end = (int) ceilf (CLAMP (bottom, 0.f, (float) raster->height));

  if (column < 0 || column >= raster->width)
    return;
  for (int row = first; row < end; row++)
    {
      guint8 *at = raster->coverage + (gsize) row * raster->width + column;
      float part = MIN (bottom, row + 1.f) - MAX (top, (float) row);
      guint8 value = (guint8) (CLAMP (part, 0.f, 1.f) * 255.f);

      *at = MAX (*at, value);
    }
  if (first < end)
    touch (raster, first, end - 1);
}

/* a × b / 255, rounded. */
static inline guint
multiply (guint a, guint b)
{
  guint product = a * b + 128;

  return (product + (product >> 8)) >> 8;
}

static void
paint_row (const guint8 *coverage, guint8 *pixels, int width, const guint *color)
{
  for (int column = 0; column < width; column++, pixels += 4)
    {
      guint part = coverage[column], rest;

      if (part == 0)
        continue;
      rest = 255 - multiply (color[3], part);
      for (int i = 0; i < 4; i++)
        pixels[i] = (guint8) MIN (255, multiply (color[i], part) + multiply (pixels[i], rest));
    }
}

void
c2l_plot_raster_paint (C2lPlotRaster *raster, const GdkRGBA *color)
{
  const guint premultiplied[] = {
    (guint) (color->red * color->alpha * 255 + .5f),
    (guint) (color->green * color->alpha * 255 + .5f),
    (guint) (color->blue * color->alpha * 255 + .5f),
    (guint) (color->alpha * 255 + .5f),
  };

  for (int row = raster->top; row <= raster->bottom; row++)
    {
      guint8 *coverage = raster->coverage + (gsize) row * raster->width;

      paint_row (coverage, raster->pixels + (gsize) row * raster->width * 4, raster->width,
                 premultiplied);
      memset (coverage, 0, raster->width);
    }
  raster->top = raster->height;
  raster->bottom = -1;
}

GdkTexture *
c2l_plot_raster_finish (C2lPlotRaster *raster)
{
  gsize stride = (gsize) raster->width * 4;
  g_autoptr (GBytes) bytes = g_bytes_new_take (raster->pixels, stride * raster->height);
  GdkTexture *texture = gdk_memory_texture_new (raster->width, raster->height,
                                                GDK_MEMORY_R8G8B8A8_PREMULTIPLIED, bytes, stride);

  g_free (raster->coverage);
  g_free (raster);
  return texture;
}
