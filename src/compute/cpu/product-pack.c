/* Packs a weight for the products of product.h. Rows of the weight become columns of a panel. */
#include "compute/cpu/cpu.h"
#include "compute/cpu/product.h"

#define PANEL C2L_PRODUCT_PANEL

/* One value of k after another: reads 16 rows side by side, writes one after the other. */
static void
pack_panel (float *to, const C2lTensor *weight, gsize panel)
{
  const gsize n = (gsize) weight->dims[0], k = (gsize) weight->dims[1];
  const gsize row = panel * PANEL, rows = MIN (PANEL, n - row);

  for (gsize i = 0; i < k; i++)
    for (gsize r = 0; r < PANEL; r++)
      to[i * PANEL + r] = r < rows ? ((const float *) weight->data)[(row + r) * k + i] : 0;
}

/* The same for half precision, whose conversion wants whole rows. */
static void
pack_half_panel (float *to, float *buffer, const C2lTensor *weight, gsize panel)
{
  const gsize n = (gsize) weight->dims[0], k = (gsize) weight->dims[1];
  const gsize row = panel * PANEL, rows = MIN (PANEL, n - row);
  const C2lTensor part
      = { .dtype = C2L_F32, .dims = { (gint64) rows, (gint64) k }, .data = buffer };

  c2l_f16_to_f32_array (buffer, (const guint16 *) weight->data + row * k, rows * k);
  pack_panel (to, &part, 0);
}

gboolean
c2l_product_pack_into (float *packed, const C2lTensor *weight)
{
  const gsize k = (gsize) weight->dims[1];
  const gsize n_panels = ((gsize) weight->dims[0] + PANEL - 1) / PANEL;
  gint failed = FALSE;

#pragma omp parallel
  {
    g_autofree float *buffer = weight->dtype == C2L_F32 ? NULL : g_try_new (float, PANEL *k);

    if (!buffer && weight->dtype != C2L_F32)
      g_atomic_int_set (&failed, TRUE);
#pragma omp for schedule(static)
    for (gsize panel = 0; panel < n_panels; panel++)
      if (weight->dtype == C2L_F32)
        pack_panel (packed + panel * PANEL * k, weight, panel);
      else if (buffer)
        pack_half_panel (packed + panel * PANEL * k, buffer, weight, panel);
  }
  return !g_atomic_int_get (&failed);
}

float *
c2l_product_pack (const C2lTensor *weight)
{
  const gsize k = (gsize) weight->dims[1];
  const gsize n_panels = ((gsize) weight->dims[0] + PANEL - 1) / PANEL;
  float *packed = c2l_cpu_alloc (n_panels * PANEL * k * sizeof (float));

  if (packed && !c2l_product_pack_into (packed, weight))
    g_clear_pointer (&packed, c2l_cpu_free);
  return packed;
}
