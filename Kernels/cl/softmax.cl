// softmax.cl: softmax by rows, and the cross-entropy of a softmax with its gradient.
//
//     y[r, c] = exp(x[r, c] - m) / sum over k of exp(x[r, k] - m),    m = max over k of x[r, k]    softmax_rows
//     y[r, c] = x[r, c] - m - ln sum over k of exp(x[r, k] - m)                                    log_softmax_rows
//     loss[r] = -ln softmax(x[r])[label[r]], in nats                                               cross_entropy
//     gradient[r, c] = scale (softmax(x[r])[c] - [c = label[r]])
//
// Launch    one work-group of GROUP work-items per row.
// Layout    x, y, gradient  rows x columns floats (y may be x); label  one int per row; loss  one float per row
// Host      checks shapes, and that labels lie within the columns; columns > 0.

#include <clmat/elementary.h>

#ifndef GROUP
#define GROUP 64
#endif

static float row_maximum(const int columns, __global const float *x, __local float *partials)
{
    const int lane = get_local_id(0);
    float m = as_float((int)0xff800000u);
    for (int c = lane; c < columns; c += GROUP) m = x[c] > m ? x[c] : m;
    partials[lane] = m;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int half_count = GROUP / 2; half_count > 0; half_count /= 2) {
        if (lane < half_count) partials[lane] = fmax(partials[lane], partials[lane + half_count]);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    m = partials[0];
    barrier(CLK_LOCAL_MEM_FENCE);
    return m;
}

static float row_exp_sum(const int columns, const float m, __global const float *x, __local float *partials)
{
    const int lane = get_local_id(0);
    float a = 0.0f;
    for (int c = lane; c < columns; c += GROUP) a += clmat_exp(x[c] - m);
    partials[lane] = a;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int half_count = GROUP / 2; half_count > 0; half_count /= 2) {
        if (lane < half_count) partials[lane] += partials[lane + half_count];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    a = partials[0];
    barrier(CLK_LOCAL_MEM_FENCE);
    return a;
}

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void softmax_rows(const int columns, __global const float *xs, __global float *ys)
{
    __local float partials[GROUP];
    const int r = get_group_id(0);
    __global const float *x = xs + r * columns;
    const float m = row_maximum(columns, x, partials);
    const float total = row_exp_sum(columns, m, x, partials);
    for (int c = get_local_id(0); c < columns; c += GROUP) ys[r * columns + c] = clmat_exp(x[c] - m) / total;
}

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void log_softmax_rows(const int columns, __global const float *xs, __global float *ys)
{
    __local float partials[GROUP];
    const int r = get_group_id(0);
    __global const float *x = xs + r * columns;
    const float m = row_maximum(columns, x, partials);
    const float log_total = clmat_log(row_exp_sum(columns, m, x, partials));
    for (int c = get_local_id(0); c < columns; c += GROUP) ys[r * columns + c] = x[c] - m - log_total;
}

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void cross_entropy(const int columns, const float scale, __global const float *xs, __global const int *labels,
                   __global float *losses, __global float *gradients)
{
    __local float partials[GROUP];
    const int r = get_group_id(0), label = labels[r];
    __global const float *x = xs + r * columns;
    const float m = row_maximum(columns, x, partials);
    const float total = row_exp_sum(columns, m, x, partials);
    for (int c = get_local_id(0); c < columns; c += GROUP)
        gradients[r * columns + c] = scale * (clmat_exp(x[c] - m) / total - (c == label ? 1.0f : 0.0f));
    if (get_local_id(0) == 0) losses[r] = clmat_log(total) - (x[label] - m);
}
