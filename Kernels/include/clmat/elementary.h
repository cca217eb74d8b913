// elementary.h: exp, log, tanh, sine and cosine in float, the same on every device.
//
// Branch-free, so that C loops vectorise; checked against the host's libm in the tests (error bounds there).
// Method: range reduction and minimax polynomials after S. Moshier, Cephes Mathematical Library (1989), single
// precision; exp's reduction in two parts after W. Cody and W. Waite, Software Manual for the Elementary
// Functions (1980).
#ifndef CLMAT_ELEMENTARY_H
#define CLMAT_ELEMENTARY_H

#include <clmat/common.h>

// e^r for x = n ln 2 + r, |r| <= ln 2 / 2, and that n.
CLMAT_INLINE float clmat_reduced_exp(float x, int *n)
{
    const float magic = 12582912.0f;                    // 1.5 * 2^23: adding it rounds to the nearest integer
    const float shifted = x * 1.44269504f + magic;
    *n = as_int(shifted) - as_int(magic);               // round(x / ln 2)
    const float k = shifted - magic;
    const float r = (x - k * 0.693359375f) - k * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    return p * (r * r) + r + 1.0f;
}

// e^x, within 2 ulp; 0 and infinity past the ends, NaN for NaN.
static inline float clmat_exp(float x)
{
    x = x < -104.0f ? -104.0f : x;
    x = x > 89.0f ? 89.0f : x;
    int n;
    const float p = clmat_reduced_exp(x, &n);
    const int half_n = n >> 1;                          // 2^n in two factors, for subnormal results
    // As unsigned, since for NaN n is anything; p is NaN then.
    return p * as_float((int)((uint)(half_n + 127) << 23)) * as_float((int)((uint)(n - half_n + 127) << 23));
}

// e^x for x in [-1, 0], the same bits as clmat_exp: there n is 0 or -1, and no end is near.
static inline float clmat_exp_of_part(float x)
{
    int n;
    const float p = clmat_reduced_exp(x, &n);
    return p * as_float((int)((uint)(n + 127) << 23));
}

// ln x, within 2 ulp; -infinity at 0, NaN below.
static inline float clmat_log(float x)
{
    const int is_tiny = x < 1.17549435e-38f;
    const float y = is_tiny ? x * 8388608.0f : x;       // 2^23, out of the subnormals
    const int bits = (int)((uint)as_int(y) - 0x3f3504f3u);  // exponent and mantissa about sqrt(1/2)
    const int e = (bits >> 23) - (is_tiny ? 23 : 0);
    const float m = as_float((bits & 0x007fffff) + 0x3f3504f3) - 1.0f;
    const float z = m * m;
    float p = 7.0376836292e-2f;
    p = p * m - 1.1514610310e-1f;
    p = p * m + 1.1676998740e-1f;
    p = p * m - 1.2420140846e-1f;
    p = p * m + 1.4249322787e-1f;
    p = p * m - 1.6668057665e-1f;
    p = p * m + 2.0000714765e-1f;
    p = p * m - 2.4999993993e-1f;
    p = p * m + 3.3333331174e-1f;
    const float k = (float)e;
    const float r = (m * z * p + k * -2.12194440e-4f) - 0.5f * z + m + k * 0.693359375f;
    const float inf = as_float(0x7f800000);
    const float nan = as_float(0x7fc00000);
    return x > 0.0f ? (x == inf ? inf : r) : (x == 0.0f ? -inf : nan);
}

// tanh x, within 4 ulp.
static inline float clmat_tanh(float x)
{
    const float a = x < 0.0f ? -x : x;
    const float z = x * x;
    float p = -5.70498872745e-3f;
    p = p * z + 2.06390887954e-2f;
    p = p * z - 5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z - 3.33332819422e-1f;
    const float small = p * z * x + x;
    const float large = 1.0f - 2.0f / (clmat_exp(2.0f * a) + 1.0f);
    return a < 0.625f ? small : (x < 0.0f ? -large : large);
}

// sin(2 pi u) and cos(2 pi u) for u in [0, 1], absolute error below 2^-22.
static inline float clmat_sine_of_turn(float u)
{
    // The nearest half turn is k; what is left, t, lies within a quarter turn of it, where sin is odd.
    const float magic = 12582912.0f;
    const float shifted = 2.0f * u + magic;
    const int k = as_int(shifted) - as_int(magic);
    const float t = (2.0f * u - (shifted - magic)) * 3.14159265f;
    const float z = t * t;
    float p = -2.38586178e-8f;
    p = p * z + 2.75255616e-6f;
    p = p * z - 1.98408743e-4f;
    p = p * z + 8.33333084e-3f;
    p = p * z - 1.66666667e-1f;
    const float s = p * z * t + t;
    return (k & 1) ? -s : s;
}

static inline float clmat_cosine_of_turn(float u)
{
    const float quarter = u + 0.25f;
    return clmat_sine_of_turn(quarter > 1.0f ? quarter - 1.0f : quarter);
}

#endif
