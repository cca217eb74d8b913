// update.cl: optimisers, one fused kernel each, and the running mean of parameters. Rules in ../shared/update.h.
//
// Launch    1-D, one work-item per parameter.
// Layout    g  gradient;  w  parameters;  v  velocity;  s  mean square: n floats each, changed in place but for g.

#include <clmat/update.h>

__kernel void sgd_momentum(const int n, const float rate, const float momentum, __global const float *gs,
                           __global float *ws, __global float *vs)
{
    const int i = get_global_id(0);
    if (i >= n) return;
    const float v = momentum * vs[i] + gs[i];
    vs[i] = v;
    ws[i] -= rate * v;
}

// form 0: PyTorch, 1: TensorFlow (see ../shared/update.h)
__kernel void rmsprop_momentum(const int n, const float rate, const float momentum, const float alpha,
                               const float epsilon, const int form, __global const float *gs, __global float *ws,
                               __global float *ss, __global float *vs)
{
    const int i = get_global_id(0);
    if (i >= n) return;
    const float s = clmat_mean_square(ss[i], gs[i], alpha);
    const float direction = clmat_rms_direction(gs[i], s, epsilon, form);
    const float v = momentum * vs[i] + (form ? rate : 1.0f) * direction;
    ss[i] = s;
    vs[i] = v;
    ws[i] -= (form ? 1.0f : rate) * v;
}

// s  sums of squares.
__kernel void adagrad(const int n, const float rate, const float epsilon, const float l1, __global const float *gs,
                      __global float *ws, __global float *ss)
{
    const int i = get_global_id(0);
    if (i >= n) return;
    const float s = ss[i] + gs[i] * gs[i];
    ss[i] = s;
    ws[i] = clmat_adagrad(ws[i], gs[i], s, rate, epsilon, l1);
}

// m  mean of the gradients;  s  mean square;  l2: what w counts in the gradient. Rate, correction, keep: see clmat_adam.
__kernel void adam(const int n, const float rate, const float beta1, const float beta2, const float epsilon,
                   const float correction, const float l2, const float keep, __global const float *gs,
                   __global float *ws, __global float *ms, __global float *ss)
{
    const int i = get_global_id(0);
    if (i >= n) return;
    const float g = gs[i] + l2 * ws[i], m = clmat_running_mean(ms[i], g, 1.0f - beta1);
    const float s = clmat_mean_square(ss[i], g, beta2);
    ms[i] = m;
    ss[i] = s;
    ws[i] = clmat_adam(ws[i], m, s, rate, correction, epsilon, keep);
}

// w[i] -= rate f[0] g[i]: one step without a velocity; f is a number on the device, such as that of a gradient which is clipped.
__kernel void sgd_scaled(const int n, const float rate, __global const float *factor, __global const float *gs,
                         __global float *ws)
{
    const int i = get_global_id(0);
    if (i < n) ws[i] -= rate * factor[0] * gs[i];
}

// g[i] += l1 sign(w[i]) + l2 w[i], the gradient of l1 |w| + l2 w^2 / 2; w and g may be the same memory.
__kernel void add_penalty(const int n, const float l1, const float l2, __global const float *ws, __global float *gs)
{
    const int i = get_global_id(0);
    if (i < n) gs[i] += clmat_penalty_slope(ws[i], l1, l2);
}

// m[i] += weight (x[i] - m[i])
__kernel void running_mean(const int n, const float weight, __global const float *xs, __global float *ms)
{
    const int i = get_global_id(0);
    if (i < n) ms[i] = clmat_running_mean(ms[i], xs[i], weight);
}

// MARK: - Clipping by the global norm
//
//     y[first + b] = sum of x^2 over block b of `length` elements       square_blocks
//     factor = min(1, limit / norm), norm^2 = sum of squares    clip_factor
//
// Launch    square_blocks: one work-group of GROUP work-items per block; clip_factor: one.
// Source    R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training recurrent neural networks", ICML 2013, section 3.2.

#include <clmat/group.h>

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void square_blocks(const int n, const int length, const int first, __global const float *xs, __global float *ys)
{
    __local float partials[GROUP];
    const int block = get_group_id(0), start = block * length, last = start + min(length, n - start);
    float a = 0.0f;
    for (int i = start + (int)get_local_id(0); i < last; i += GROUP) a += xs[i] * xs[i];
    a = group_sum(a, partials);
    if (get_local_id(0) == 0) ys[first + block] = a;
}

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void clip_factor(const int n, const float limit, __global const float *squares, __global float *factor,
                 __global float *norms)
{
    __local float partials[GROUP];
    float a = 0.0f;
    for (int i = get_local_id(0); i < n; i += GROUP) a += squares[i];
    const float norm = sqrt(group_sum(a, partials));
    if (get_local_id(0) == 0) {
        factor[0] = norm > limit ? limit / norm : 1.0f;
        norms[0] = norm;
    }
}
