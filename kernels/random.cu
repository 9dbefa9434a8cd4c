/* Standard normals: Philox 4×32-10 (Salmon et al. 2011) and Box–Muller in double precision, to the letter of compute/philox.h. A
 * thread makes the four numbers of one counter. */
#include "kernels/number.h"

namespace
{
__device__ __forceinline__ void
philox (const uint32_t key[2], const uint32_t counter[4], uint32_t out[4])
{
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  uint32_t k0 = key[0], k1 = key[1];

  for (int round = 0; round < 10; round++)
    {
      const uint32_t high0 = __umulhi (0xD2511F53u, c0), low0 = 0xD2511F53u * c0;
      const uint32_t high1 = __umulhi (0xCD9E8D57u, c2), low1 = 0xCD9E8D57u * c2;

      c0 = high1 ^ c1 ^ k0;
      c2 = high0 ^ c3 ^ k1;
      c1 = low1;
      c3 = low0;
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

__global__ void
random_normal_kernel (const int32_t *keys, uint32_t number_stream, float *y, int64_t n_rows, int64_t row_length)
{
  const int64_t per_row = (row_length + 3) / 4, i = cu_thread ();

  if (i >= n_rows * per_row)
    return;

  const int64_t row = i / per_row, group = i % per_row;
  const uint32_t key[2] = { (uint32_t) keys[4 * row], (uint32_t) keys[4 * row + 1] };
  const uint32_t counter[4] = { (uint32_t) group, number_stream, (uint32_t) keys[4 * row + 2], 0 };
  uint32_t words[4];

  philox (key, counter, words);
  for (int pair = 0; pair < 2; pair++)
    {
      const double u = (words[2 * pair] + 0.5) * 0x1p-32, v = (words[2 * pair + 1] + 0.5) * 0x1p-32;
      const double radius = sqrt (-2.0 * log (u)), angle = 6.283185307179586476925 * v;
      const double numbers[2] = { radius * cos (angle), radius * sin (angle) };

      for (int j = 0; j < 2; j++)
        if (4 * group + 2 * pair + j < row_length)
          y[row * row_length + 4 * group + 2 * pair + j] = (float) numbers[j];
    }
}
}

void
cu_random_normal (CuStream stream, const int32_t *keys, uint32_t number_stream, float *y, int64_t n_rows, int64_t row_length)
{
  const int64_t n = n_rows * CU_CEIL_DIV (row_length, (int64_t) 4);

  if (n > 0)
    CU_LAUNCH (random_normal_kernel, cu_blocks (n), CU_BLOCK, 0, stream, keys, number_stream, y, n_rows, row_length);
}
