// activation.h: activation functions and their slopes, each once, for both forms of the kernels.
//
// Numbers far from 0 give the limits: no infinity is multiplied by 0, nothing overflows on the way. NaN gives NaN.
#ifndef CLMAT_ACTIVATION_H
#define CLMAT_ACTIVATION_H

#include <clmat/elementary.h>

static inline float clmat_within(float x, float bound) { return x < -bound ? -bound : (x > bound ? bound : x); }
static inline float clmat_at_least(float x, float low) { return x < low ? low : x; }

// Past these the functions are their limits, but for subnormal numbers, and what is multiplied by x there is 0.
#define CLMAT_SILU_END 104.0f
#define CLMAT_GELU_END 15.0f

// The smaller one of 1 / (1 + e^-x) and 1 / (1 + e^x), to its last places.
static inline float clmat_logistic_tail(float x)
{
    const float t = clmat_exp(x < 0.0f ? x : -x);
    return t / (1.0f + t);
}

// What is p on the left of 0, and 1 - p on the right.
static inline float clmat_left(float x, float p) { return x < 0.0f ? p : 1.0f - p; }

static inline float clmat_logistic_of(float x) { return clmat_left(x, clmat_logistic_tail(x)); }

// e^x - 1 for x <= 0, within 5 units in the last place.
static inline float clmat_exp_minus_1(float x)
{
    // Near 0 the polynomial of clmat_exp without its 1.
    const float r = clmat_at_least(x, -1.0f);
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    return x > -0.34f ? p * (r * r) + r : clmat_exp(x) - 1.0f;
}

// ln(1 + t) for t in [0, 1], from ln u with u = 1 + t rounded: W. Kahan's correction (D. Goldberg, "What every computer scientist
// should know about floating-point arithmetic", 1991, theorem 4).
static inline float clmat_log_of_1_plus(float t)
{
    const float u = 1.0f + t, d = u - 1.0f;
    return d == 0.0f ? t : clmat_log(u) * (t / d);
}

// The chance that a standard normal is below -|x|, from e = exp(-x^2 / 2): e t P(t), t = 1 / (1 + 0.35 |x|). P was fitted for the
// least relative error of Mills' ratio for |x| <= 15, which is 3.2e-8; rounding makes it 3e-7, besides that of e.
static inline float clmat_normal_tail(float x, float e)
{
    const float t = 1.0f / (1.0f + 0.35f * (x < 0.0f ? -x : x));
    float p = -2.916496992e-2f;
    p = p * t + 1.440657377e-1f;
    p = p * t - 2.559117377e-1f;
    p = p * t + 1.594037265e-1f;
    p = p * t - 2.327091061e-2f;
    p = p * t + 1.055776179e-1f;
    p = p * t + 1.198148355e-1f;
    p = p * t + 1.398644149e-1f;
    p = p * t + 1.396212578e-1f;
    return e * (p * t);
}

static inline float clmat_silu(float x) { return clmat_at_least(x, -CLMAT_SILU_END) * clmat_logistic_of(x); }

// s (1 + x (1 - s)), s = 1 / (1 + e^-x)
static inline float clmat_silu_slope(float x)
{
    const float m = clmat_within(x, CLMAT_SILU_END), tail = clmat_logistic_tail(m);
    return clmat_left(m, tail) * (1.0f + m * clmat_left(-m, tail));
}

static inline float clmat_gelu(float x)
{
    const float m = clmat_within(x, CLMAT_GELU_END);
    return clmat_at_least(x, -CLMAT_GELU_END) * clmat_left(x, clmat_normal_tail(m, clmat_exp(-0.5f * (m * m))));
}

// Phi(x) + x phi(x)
static inline float clmat_gelu_slope(float x)
{
    const float m = clmat_within(x, CLMAT_GELU_END), e = clmat_exp(-0.5f * (m * m));
    return clmat_left(x, clmat_normal_tail(m, e)) + m * (0.398942280f * e);
}

// (1 + tanh u) / 2 = 1 / (1 + e^-2u), 2u = 2 sqrt(2 / pi) (x + 0.044715 x^3)
#define CLMAT_GELU_RATE 1.59576912f
#define CLMAT_GELU_CUBE 0.044715f

static inline float clmat_gelu_tanh(float x)
{
    const float m = clmat_within(x, CLMAT_GELU_END);
    return clmat_at_least(x, -CLMAT_GELU_END) * clmat_logistic_of(CLMAT_GELU_RATE * m * (1.0f + CLMAT_GELU_CUBE * (m * m)));
}

static inline float clmat_gelu_tanh_slope(float x)
{
    const float m = clmat_within(x, CLMAT_GELU_END), square = CLMAT_GELU_CUBE * (m * m);
    const float tail = clmat_logistic_tail(CLMAT_GELU_RATE * m * (1.0f + square));
    const float rise = tail * (1.0f - tail) * CLMAT_GELU_RATE * (1.0f + 3.0f * square);
    return clmat_left(m, tail) + m * rise;
}

// max(0, min(6, x + 3)) / 6
static inline float clmat_hard_logistic(float x)
{
    const float y = x + 3.0f;
    return (y < 0.0f ? 0.0f : (y > 6.0f ? 6.0f : y)) * (1.0f / 6.0f);
}

// y = f(x) and dy/dx with one constant c, which some formulas use; each line becomes kernels activation_<name> and
// activation_<name>_backward
#define CLMAT_ACTIVATIONS(DO) \
    DO(leaky_relu, x > 0.0f ? x : c * x, x > 0.0f ? 1.0f : c) \
    DO(elu, x > 0.0f ? x : c * clmat_exp_minus_1(x), x > 0.0f ? 1.0f : c * clmat_exp(x)) \
    DO(gelu, clmat_gelu(x), clmat_gelu_slope(x)) \
    DO(gelu_tanh, clmat_gelu_tanh(x), clmat_gelu_tanh_slope(x)) \
    DO(silu, clmat_silu(x), clmat_silu_slope(x)) \
    DO(hard_sigmoid, clmat_hard_logistic(x), x > -3.0f && x < 3.0f ? 1.0f / 6.0f : 0.0f) \
    DO(hard_swish, clmat_at_least(x, -3.0f) * clmat_hard_logistic(x), \
       x <= -3.0f ? 0.0f : (x < 3.0f ? x * (1.0f / 3.0f) + 0.5f : 1.0f)) \
    DO(softplus, (x > 0.0f ? x : 0.0f) + clmat_log_of_1_plus(clmat_exp(x < 0.0f ? x : -x)), clmat_logistic_of(x))

#endif
