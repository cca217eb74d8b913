// samplers.h: gamma, Poisson and binomial numbers, exact for small and large means.
//
// A source names one draw; its words come from Philox at the counter (index, stream | block << 8, step low,
// step high | attempt << 16), so that a draw that needs several attempts takes nothing from its neighbours.
// Streams are below 256, blocks below 2^24 (of the caller 2^22), steps below 2^48.
#ifndef CLMAT_SAMPLERS_H
#define CLMAT_SAMPLERS_H

#include <clmat/philox.h>

typedef struct { uint index, stream, step_low, step_high, key_low, key_high; } clmat_source;

CLMAT_INLINE clmat_words clmat_draw(clmat_source s, uint block, uint attempt)
{
    return clmat_philox(s.index, s.stream | block << 8, s.step_low, s.step_high | attempt << 16, s.key_low, s.key_high);
}

// Blocks from here on belong to draws by rejection.
#define CLMAT_BLOCK_REJECTION 0x400000u
// No draw of millions has needed this many; what comes then is the mean.
#define CLMAT_MOST_ATTEMPTS 1000u

// The largest whole number that is not above x, for |x| <= 3e7; further out it is the end. Steps from a mean that are this
// wide are improbable at any mean below 2^31, but attempts make them, and they must not overflow.
CLMAT_INLINE int clmat_floor(float x)
{
    x = x < -3e7f ? -3e7f : x;
    x = x > 3e7f ? 3e7f : x;
    const int n = (int)x;
    return n - ((float)n > x);
}

// MARK: - Densities
//
// By Loader's saddle point, which has no differences of large numbers:
//     ln P(k) = -ln(2 pi k)/2 - delta(k) - D(k, mean),   ln n! = ln(2 pi n)/2 + n ln n - n + delta(n)
// Source: C. Loader, "Fast and accurate computation of binomial probabilities", 2000.

// delta(n), within 1e-7. Without branches, as what follows, so that loops over draws vectorise.
CLMAT_INLINE float clmat_stirling_rest(int n)
{
    const float i = 1.0f / (float)(n < 5 ? 5 : n);
    float rest = i * (0.083333333f - i * i * (0.0027777778f - i * i * 7.9365079e-4f));
    rest = n == 4 ? 0.02079067f : rest;
    rest = n == 3 ? 0.02767793f : rest;
    rest = n == 2 ? 0.04134070f : rest;
    rest = n == 1 ? 0.08106147f : rest;
    return n == 0 ? 0.0f : rest;
}

// D(x, m) = x ln(x / m) + m - x, for m > 0
CLMAT_INLINE float clmat_deviance(float x, float m)
{
    const float d = x - m, v = d / (x + m), z = v * v;
    const float near = d * v + 2.0f * x * v * z * (0.33333333f + z * (0.2f + z * (0.14285714f + z * 0.11111111f)));
    const float far = x * clmat_log((x > 0.0f ? x : 1.0f) / m) - d;
    return x <= 0.0f ? m : (z > 0.01f ? far : near);
}

CLMAT_INLINE float clmat_log_poisson(int k, float mean)
{
    const float x = (float)(k < 1 ? 1 : k);
    const float log_density = -0.5f * clmat_log(6.2831853f * x) - clmat_stirling_rest(k) - clmat_deviance(x, mean);
    return k < 1 ? -mean : log_density;
}

static inline float clmat_log_binomial(int k, int n, float p)
{
    const float q = 1.0f - p, x = (float)k, m = (float)n;
    if (k == 0) return p < 0.1f ? -clmat_deviance(m, m * q) - m * p : m * clmat_log(q);
    if (k == n) return m * clmat_log(p);
    return clmat_stirling_rest(n) - clmat_stirling_rest(k) - clmat_stirling_rest(n - k) - clmat_deviance(x, m * p)
         - clmat_deviance(m - x, m * q) - 0.5f * clmat_log(6.2831853f * x * (1.0f - x / m));
}

// MARK: - Poisson

// P(n >= 15) < 4e-13 at a mean of 1.
#define CLMAT_POISSON_SEARCH 15
// No mean is above it, infinity included: numbers stay below 2^31.
#define CLMAT_POISSON_MOST 2e9f
// Means below it are the sum of a whole number, for which there is a table, and a rest below 1; larger ones are done by
// rejection.
#define CLMAT_POISSON_TABLES 256

// By search from 0, with one uniform number; for means below 1. Rounded, the probabilities may add up to a little less than
// the largest u: a search that ends nowhere gives 0.
static inline int clmat_poisson_by_search(float mean, float u)
{
    float p = clmat_exp(-mean), c = p;
    int n = 0;
    for (int i = 1; i <= CLMAT_POISSON_SEARCH && u > c; i++) {
        n++;
        p *= mean * (1.0f / (float)i);
        c += p;
    }
    return n == CLMAT_POISSON_SEARCH ? 0 : n;
}

// Of a whole mean from 1 to 255, with one word, by an alias table: each of 2^bits columns holds its own number up to a
// threshold (of 2^24), and another one beyond.
// tables[mean] = offset of its columns | bits << 18 | first number << 22;  column = threshold << 8 | the other number
// Source: A. Walker, "An efficient method for generating discrete random variables with general distributions", ACM TOMS
// 3(3), 1977.
#ifdef __OPENCL_VERSION__
#define CLMAT_TABLES __global const uint *
#else
#define CLMAT_TABLES const uint *
#endif
CLMAT_INLINE int clmat_poisson_of_whole(int mean, uint word, CLMAT_TABLES tables)
{
    const uint row = tables[mean], bits = row >> 18 & 15u, column = word >> (32u - bits);
    const uint entry = tables[(row & 0x3ffffu) + column], rest = word << bits >> 8;
    return (int)(row >> 22) + (int)(rest < entry >> 8 ? column : entry & 255u);
}

// For a mean of 10 or more: an attempt with u in [-1/2, 1/2) and v in (0, 1]; -1 if it fails.
// Source: W. Hoermann, "The transformed rejection method for generating Poisson random variables", Insurance:
// Mathematics and Economics 12, 1993, algorithm PTRS.
CLMAT_INLINE int clmat_poisson_attempt(float mean, float u, float v)
{
    const float b = 0.931f + 2.53f * sqrt(mean), a = -0.059f + 0.02483f * b;
    const float alpha = 1.1239f + 1.1328f / (b - 3.4f), squeeze = 0.9277f - 3.6224f / (b - 2.0f);
    const float distance = 0.5f - (u < 0.0f ? -u : u), edge = distance < 1e-7f ? 1e-7f : distance;
    const int whole = (int)mean;
    const int k = whole + clmat_floor((2.0f * a / edge + b) * u + (mean - (float)whole + 0.43f));
    const int is_inside = (edge >= 0.07f) & (v <= squeeze);
    const int is_possible = (k >= 0) & !((edge < 0.013f) & (v > edge));
    const int is_below = clmat_log(v * alpha / (a / (edge * edge) + b)) <= clmat_log_poisson(k, mean);
    return is_inside | (is_possible & is_below) ? k : -1;
}

static inline int clmat_poisson_with_density(clmat_source s, uint block, float mean, float u, float v)
{
    int n = clmat_poisson_attempt(mean, u, v);
    for (uint attempt = 0; n < 0 && attempt < CLMAT_MOST_ATTEMPTS; attempt++) {
        const clmat_words w = clmat_draw(s, CLMAT_BLOCK_REJECTION + block, attempt);
        n = clmat_poisson_attempt(mean, clmat_uniform(w.x) - 0.5f, clmat_uniform_above_zero(w.y));
    }
    return n < 0 ? (int)mean : n;
}

// The first attempt's words are given; most often they suffice, and the density need not be asked.
CLMAT_INLINE int clmat_poisson_by_rejection(clmat_source s, uint block, float mean, uint word, uint second)
{
    const float b = 0.931f + 2.53f * sqrt(mean), a = -0.059f + 0.02483f * b, u = clmat_uniform(word) - 0.5f;
    const float edge = 0.5f - (u < 0.0f ? -u : u), v = clmat_uniform_above_zero(second);
    const int whole = (int)mean;
    if (edge >= 0.07f && v <= 0.9277f - 3.6224f / (b - 2.0f))
        return whole + clmat_floor((2.0f * a / edge + b) * u + (mean - (float)whole + 0.43f));
    return clmat_poisson_with_density(s, block, mean, u, v);
}

// Two words of this draw's own suffice below CLMAT_POISSON_TABLES.
static inline int clmat_poisson(clmat_source s, uint block, float mean, uint word, uint second, CLMAT_TABLES tables)
{
    if (!(mean > 0.0f)) return 0;
    if (mean >= (float)CLMAT_POISSON_TABLES)
        return clmat_poisson_by_rejection(s, block, mean < CLMAT_POISSON_MOST ? mean : CLMAT_POISSON_MOST, word, second);
    const int whole = (int)mean;
    const int n = clmat_poisson_by_search(mean - (float)whole, clmat_uniform(word));
    return whole > 0 ? n + clmat_poisson_of_whole(whole, second, tables) : n;
}

// MARK: - Binomial

// ln(1 - p), also for p so small that 1 - p has lost it.
static inline float clmat_log_one_minus(float p)
{
    return p < 0.05f ? -p * (1.0f + p * (0.5f + p * (0.33333333f + p * (0.25f + p * 0.2f)))) : clmat_log(1.0f - p);
}

// n p < 10, p <= 1/2. The search ends where what is left is less than a step of u: rounded, the probabilities may add up to
// a little less than the largest u.
// Source: V. Kachitvichyanukul, B. Schmeiser, "Binomial random variate generation", CACM 31(2), 1988, algorithm BINV.
static inline int clmat_binomial_by_search(int n, float p, float u)
{
    const float odds = p / (1.0f - p);
    float f = clmat_exp((float)n * clmat_log_one_minus(p)), c = f;
    int k = 0;
    while (u > c && k < n && ((float)k < (float)n * p || f > 1e-9f)) {
        f *= odds * (float)(n - k) / (float)(k + 1);
        c += f;
        k++;
    }
    return k;
}

// n p >= 10, p <= 1/2.
// Source: W. Hoermann, "The generation of binomial random variates", J. Statist. Comput. Simul. 46, 1993, algorithm BTRS.
static inline int clmat_binomial_by_rejection(clmat_source s, uint block, int n, float p)
{
    const float mean = (float)n * p, deviation = sqrt(mean * (1.0f - p));
    const float b = 1.15f + 2.53f * deviation, a = -0.0873f + 0.0248f * b + 0.01f * p;
    const float alpha = (2.83f + 5.1f / b) * deviation, squeeze = 0.92f - 4.2f / b;
    const int whole = (int)mean, mode = (int)(((float)n + 1.0f) * p);
    const float rest = mean - (float)whole + 0.5f, peak = clmat_log_binomial(mode < n ? mode : n, n, p);
    for (uint attempt = 0; attempt < CLMAT_MOST_ATTEMPTS; attempt++) {
        const clmat_words w = clmat_draw(s, CLMAT_BLOCK_REJECTION + block, attempt);
        const float u = clmat_uniform(w.x) - 0.5f, v = clmat_uniform_above_zero(w.y);
        const float edge = 0.5f - (u < 0.0f ? -u : u);
        if (edge <= 0.0f) continue;
        const int k = whole + clmat_floor((2.0f * a / edge + b) * u + rest);
        if (k < 0 || k > n) continue;
        if (edge >= 0.07f && v <= squeeze) return k;
        if (clmat_log(v * alpha / (a / (edge * edge) + b)) <= clmat_log_binomial(k, n, p) - peak) return k;
    }
    return whole;
}

// How many of n trials succeed, each with probability p.
static inline int clmat_binomial(clmat_source s, uint block, int n, float p)
{
    if (n <= 0 || !(p > 0.0f)) return 0;
    if (p >= 1.0f) return n;
    const float less = p > 0.5f ? 1.0f - p : p;
    const int k = (float)n * less < 10.0f
        ? clmat_binomial_by_search(n, less, clmat_uniform(clmat_draw(s, CLMAT_BLOCK_REJECTION + block, 0).x))
        : clmat_binomial_by_rejection(s, block, n, less);
    return p > 0.5f ? n - k : k;
}

// MARK: - Gamma

// Of shape a > 0 and scale 1.
// Source: G. Marsaglia, W. Tsang, "A simple method for generating gamma variables", ACM TOMS 26(3), 2000; a < 1 by
// Gamma(a + 1) U^(1/a).
static inline float clmat_gamma(clmat_source s, uint block, float shape)
{
    if (!(shape > 0.0f)) return 0.0f;
    const float d = (shape < 1.0f ? shape + 1.0f : shape) - 0.33333333f, c = 1.0f / sqrt(9.0f * d);
    for (uint attempt = 0; attempt < CLMAT_MOST_ATTEMPTS; attempt++) {
        const clmat_words w = clmat_draw(s, CLMAT_BLOCK_REJECTION + block, attempt);
        const float x = clmat_normal_radius(w.x) * clmat_cosine_of_turn(clmat_uniform(w.y)), root = 1.0f + c * x;
        if (root <= 0.0f) continue;
        const float v = root * root * root, log_u = clmat_log(clmat_uniform_above_zero(w.z));
        if (log_u >= 0.5f * x * x + d * ((1.0f - v) + clmat_log(v))) continue;
        if (shape >= 1.0f) return d * v;
        return d * v * clmat_exp(clmat_log(clmat_uniform_above_zero(w.w)) / shape);
    }
    return shape;
}

#endif
