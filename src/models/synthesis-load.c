/* What the loaders of StyleGAN2's and StyleGAN3's synthesis networks share: the shape of a
 * convolution's weight, filters, clamps, and the sizes that a file states. */
#include "models/synthesis-load.h"

#include "compute/tensor.h"

#define MAX_CLAMP 1e30

const C2lArray *
c2l_synthesis_need_kernel (C2lLoader *loader, const char *name, gint64 n_in)
{
  const C2lArray *weight
      = c2l_loader_need (loader, 4, (gint64[]){ 0, n_in, 0, 0 }, "synthesis.%s.weight", name);

  if (weight == NULL)
    return NULL;
  if (weight->dims[2] == weight->dims[3] && (weight->dims[2] == 1 || weight->dims[2] == 3))
    return weight;
  c2l_loader_fail (loader, C2L_FORMAT_ERROR_UNSUPPORTED,
                   "“synthesis.%s” has kernels of %" G_GINT64_FORMAT "×%" G_GINT64_FORMAT
                   "; 1×1 and 3×3 are supported",
                   name, weight->dims[2], weight->dims[3]);
  return NULL;
}

int
c2l_synthesis_count_taps (C2lTensor *filter)
{
  return filter != NULL ? (int) c2l_tensor_get_dim (filter, 0) : 1;
}

float
c2l_synthesis_load_clamp (C2lLoader *loader, JsonObject *config, float fallback)
{
  return (float) c2l_loader_get_number (loader, config, "conv_clamp", fallback, 0, MAX_CLAMP);
}

void
c2l_synthesis_check_stated (C2lLoader *loader,
                            JsonObject *config,
                            int num_ws,
                            int img_resolution,
                            int img_channels)
{
  c2l_loader_check_stated (loader, config, "num_ws", num_ws);
  c2l_loader_check_stated (loader, config, "img_resolution", img_resolution);
  c2l_loader_check_stated (loader, config, "img_channels", img_channels);
}
