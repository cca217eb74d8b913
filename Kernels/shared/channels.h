// channels.h: numbers per channel of images: where they lie, and their mean and variance.
#ifndef CLMAT_CHANNELS_H
#define CLMAT_CHANNELS_H

#include <clmat/common.h>

// Numbers of a channel that one item of a reduction takes, at most: they stay in the first-level cache for a second look.
#define CLMAT_CHANNEL_PART 4096

// Mean and spread of some numbers: how many they are, a number `origin` among them, the sum of (x - origin), and the sum of
// (x - mean)^2. Far from 0 the sums are small, so that rounding takes nothing away from them.
typedef struct { float count, origin, sum, squares; } clmat_moments;

// Those of two sets together. Source: T. Chan, G. Golub, R. LeVeque, "Updating formulae and a pairwise algorithm for computing
// sample variances", COMPSTAT 1982, equations 2.1.
static inline clmat_moments clmat_joined(clmat_moments a, clmat_moments b)
{
    if (b.count == 0.0f) return a;
    if (a.count == 0.0f) return b;
    const float between = b.origin - a.origin, delta = between + (b.sum / b.count - a.sum / a.count);
    clmat_moments r;
    r.count = a.count + b.count;
    r.origin = a.origin;
    r.sum = a.sum + (b.sum + b.count * between);
    r.squares = a.squares + b.squares + delta * delta * (a.count * b.count / r.count);
    return r;
}

// A mean as the nearest float and what that lacks: x - mean is exact to the last place even where the mean is 10^4 deviations.
typedef struct { float high, low; } clmat_pair;

// origin + sum / count. Source: D. Knuth, "The art of computer programming", vol. 2, section 4.2.2, theorem B.
static inline clmat_pair clmat_mean(clmat_moments m)
{
    const float offset = m.sum / m.count, high = m.origin + offset, moved = high - m.origin;
    clmat_pair r;
    r.high = high;
    r.low = (m.origin - (high - moved)) + (offset - moved);
    return r;
}

static inline float clmat_inverse_deviation(float variance, float epsilon) { return 1.0f / sqrt(variance + epsilon); }

static inline float clmat_prelu(float x, float slope) { return x > 0.0f ? x : slope * x; }
static inline float clmat_prelu_backward(float g, float x, float slope) { return x > 0.0f ? g : slope * g; }
// What g adds to the slope's gradient.
static inline float clmat_prelu_slope(float g, float x) { return x > 0.0f ? 0.0f : g * x; }

#endif
