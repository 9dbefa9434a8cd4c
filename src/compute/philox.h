/* Philox 4×32-10 (Salmon, Moraes, Dror, Shaw 2011: “Parallel random numbers: as easy as 1, 2, 3”),
 * a counter-based generator: four numbers from a key and a counter, no state. Normals are made from
 * its words r0…r3 by Box–Muller in double precision, rounded to float: with u = (r + ½)·2⁻³², n0 =
 * √(−2 ln u0)·cos (2π u1), n1 = √(−2 ln u0)·sin (2π u1), and n2, n3 the same of r2, r3. */
#pragma once

#include <glib.h>

static inline void
c2l_philox (const guint32 key[2], const guint32 counter[4], guint32 out[4])
{
  guint32 c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  guint32 k0 = key[0], k1 = key[1];

  for (int round = 0; round < 10; round++)
    {
      guint64 p0 = (guint64) 0xD2511F53u * c0, p1 = (guint64) 0xCD9E8D57u * c2;
      guint32 n0 = (guint32) (p1 >> 32) ^ c1 ^ k0, n2 = (guint32) (p0 >> 32) ^ c3 ^ k1;

      c1 = (guint32) p1;
      c3 = (guint32) p0;
      c0 = n0;
      c2 = n2;
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}
