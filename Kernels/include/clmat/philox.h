// philox.h: Philox4x32-10, a counter-based random number generator, and what is drawn from it.
//
// Key = seed (two words); counter = (index, stream, step low, step high). There is no state: the same seed, step,
// stream and index give the same integers on every device, in any order.
// Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 4.3.
// Normals: G. Box and M. Muller, "A note on the generation of random normal deviates", 1958.
#ifndef CLMAT_PHILOX_H
#define CLMAT_PHILOX_H

#include <clmat/common.h>
#include <clmat/elementary.h>

typedef struct { uint x, y, z, w; } clmat_words;

#define CLMAT_PHILOX_M0 0xD2511F53u
#define CLMAT_PHILOX_M1 0xCD9E8D57u
// What the two words of the key grow by from round to round.
#define CLMAT_PHILOX_W0 0x9E3779B9u
#define CLMAT_PHILOX_W1 0xBB67AE85u

// The rounds from number `first` on, where the counter has become c. The key is that of round 0.
CLMAT_INLINE clmat_words clmat_philox_from(int first, uint c0, uint c1, uint c2, uint c3, uint k0, uint k1)
{
    k0 += (uint)first * CLMAT_PHILOX_W0;
    k1 += (uint)first * CLMAT_PHILOX_W1;
    for (int round = first; round < 10; round++) {
        const uint high0 = mul_hi(CLMAT_PHILOX_M0, c0), low0 = CLMAT_PHILOX_M0 * c0;
        const uint high1 = mul_hi(CLMAT_PHILOX_M1, c2), low1 = CLMAT_PHILOX_M1 * c2;
        c0 = high1 ^ c1 ^ k0;
        c1 = low1;
        c2 = high0 ^ c3 ^ k1;
        c3 = low0;
        k0 += CLMAT_PHILOX_W0;
        k1 += CLMAT_PHILOX_W1;
    }
    clmat_words r;
    r.x = c0; r.y = c1; r.z = c2; r.w = c3;
    return r;
}

CLMAT_INLINE clmat_words clmat_philox(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1)
{
    return clmat_philox_from(0, c0, c1, c2, c3, k0, k1);
}

// Uniform in [0, 1) from the upper 24 bits.
static inline float clmat_uniform(uint word) { return (float)(int)(word >> 8) * 5.9604645e-8f; }

// Uniform in (0, 1], for logarithms.
static inline float clmat_uniform_above_zero(uint word) { return (float)(int)((word >> 8) + 1u) * 5.9604645e-8f; }

// The radius of a pair of independent N(0, 1), and from it the two.
static inline float clmat_normal_radius(uint word) { return sqrt(-2.0f * clmat_log(clmat_uniform_above_zero(word))); }

#endif
