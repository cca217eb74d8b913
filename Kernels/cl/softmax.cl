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
#include <clmat/group.h>

// The largest of one number per work-item, in all of them.
static float group_maximum(float m, __local float *partials)
{
    const int lane = get_local_id(0);
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

static float row_maximum(const int columns, __global const float *x, __local float *partials)
{
    float m = as_float((int)0xff800000u);
    for (int c = get_local_id(0); c < columns; c += GROUP) m = x[c] > m ? x[c] : m;
    return group_maximum(m, partials);
}

static float row_exp_sum(const int columns, const float m, __global const float *x, __local float *partials)
{
    float a = 0.0f;
    for (int c = get_local_id(0); c < columns; c += GROUP) a += clmat_exp(x[c] - m);
    return group_sum(a, partials);
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

// MARK: - Long rows, in parts
//
// One pass over x finds maximum and sum together: when the maximum grows from m to m', the sum so far is multiplied by exp(m - m').
// Maxima and sums of parts join the same way. Where nothing but -infinity was seen yet, terms count from 0, and are 0.
// Source    M. Milakov, N. Gimelshein, "Online normalizer calculation for softmax", arXiv:1805.02867, 2018, algorithm 3 and
//           section 3.1 (joining).
// Launch    one work-group of WIDE work-items per row and part of `length` columns, the parts of a row side by side; first
//           row_statistics, then what writes. At most WIDE parts.
// Layout    statistics  a maximum and a sum per row and part

#ifndef WIDE
#define WIDE 256
#endif

static float2 joined(const float2 a, const float2 b)
{
    const float m = b.x > a.x ? b.x : a.x;
    const float base = m == as_float((int)0xff800000u) ? 0.0f : m;
    return (float2)(m, a.y * clmat_exp(a.x - base) + b.y * clmat_exp(b.x - base));
}

// What all work-items of a group have, joined.
static float2 group_joined(const float2 own, __local float2 *partials)
{
    const int lane = get_local_id(0);
    partials[lane] = own;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int half_count = WIDE / 2; half_count > 0; half_count /= 2) {
        if (lane < half_count) partials[lane] = joined(partials[lane], partials[lane + half_count]);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    return partials[0];
}

__kernel __attribute__((reqd_work_group_size(WIDE, 1, 1)))
void row_statistics(const int columns, const int parts, const int length, __global const float *xs,
                    __global float *statistics)
{
    __local float2 partials[WIDE];
    const int row = get_group_id(0) / parts, start = get_group_id(0) % parts * length;
    const int end = start + min(length, columns - start);
    __global const float *x = xs + row * columns;
    float m = as_float((int)0xff800000u), a = 0.0f;
    int c = start + (int)get_local_id(0);
    // Four at a time: five exponentials instead of eight.
    for (; c < end - 3 * WIDE; c += 4 * WIDE) {
        const float4 four = (float4)(x[c], x[c + WIDE], x[c + 2 * WIDE], x[c + 3 * WIDE]);
        const float top = fmax(fmax(four.x, four.y), fmax(four.z, four.w));
        if (top > m) { a *= clmat_exp(m - top); m = top; }
        const float base = m == as_float((int)0xff800000u) ? 0.0f : m;
        a += (clmat_exp(four.x - base) + clmat_exp(four.y - base)) + (clmat_exp(four.z - base) + clmat_exp(four.w - base));
    }
    for (; c < end; c += WIDE) {
        if (x[c] > m) { a *= clmat_exp(m - x[c]); m = x[c]; }
        a += clmat_exp(x[c] - (m == as_float((int)0xff800000u) ? 0.0f : m));
    }
    const float2 whole = group_joined((float2)(m, a), partials);
    if (get_local_id(0) == 0) vstore2(whole, get_group_id(0), statistics);
}

// Maximum and sum of the whole row from those of its parts.
static float2 row_joined(const int parts, __global const float *statistics, __local float2 *partials)
{
    const int row = get_group_id(0) / parts, lane = get_local_id(0);
    const float2 none = (float2)(as_float((int)0xff800000u), 0.0f);
    return group_joined(lane < parts ? vload2(row * parts + lane, statistics) : none, partials);
}

__kernel __attribute__((reqd_work_group_size(WIDE, 1, 1)))
void softmax_parts(const int columns, const int parts, const int length, __global const float *xs,
                   __global const float *statistics, __global float *ys)
{
    __local float2 partials[WIDE];
    const float2 whole = row_joined(parts, statistics, partials);
    const int row = get_group_id(0) / parts, start = get_group_id(0) % parts * length;
    const int end = start + min(length, columns - start);
    for (int c = start + (int)get_local_id(0); c < end; c += WIDE)
        ys[row * columns + c] = clmat_exp(xs[row * columns + c] - whole.x) / whole.y;
}

__kernel __attribute__((reqd_work_group_size(WIDE, 1, 1)))
void log_softmax_parts(const int columns, const int parts, const int length, __global const float *xs,
                       __global const float *statistics, __global float *ys)
{
    __local float2 partials[WIDE];
    const float2 whole = row_joined(parts, statistics, partials);
    const float log_total = clmat_log(whole.y);
    const int row = get_group_id(0) / parts, start = get_group_id(0) % parts * length;
    const int end = start + min(length, columns - start);
    for (int c = start + (int)get_local_id(0); c < end; c += WIDE)
        ys[row * columns + c] = xs[row * columns + c] - whole.x - log_total;
}

__kernel __attribute__((reqd_work_group_size(WIDE, 1, 1)))
void cross_entropy_parts(const int columns, const int parts, const int length, const float scale,
                         __global const float *xs, __global const int *labels, __global const float *statistics,
                         __global float *losses, __global float *gradients)
{
    __local float2 partials[WIDE];
    const float2 whole = row_joined(parts, statistics, partials);
    const int row = get_group_id(0) / parts, start = get_group_id(0) % parts * length, label = labels[row];
    const int end = start + min(length, columns - start);
    __global const float *x = xs + row * columns;
    for (int c = start + (int)get_local_id(0); c < end; c += WIDE)
        gradients[row * columns + c] = scale * (clmat_exp(x[c] - whole.x) / whole.y - (c == label ? 1.0f : 0.0f));
    if (start == 0 && get_local_id(0) == 0) losses[row] = clmat_log(whole.y) - (x[label] - whole.x);
}

// MARK: - The loss of logits with biases, in place
//
//     y = x[r] + b;   loss[r] = -ln softmax(y)[label[r]];   x[r] <- scale (softmax(y) - [c = label[r]])        softmax_loss
//     the loss alone                                                                                         softmax_losses
//
// A row of label -1 counts nothing: its loss and its gradient are 0. It goes the way of all others, with a label that is there: a
// compiler may read x[label] before it is known whether it is wanted (Intel's for CPUs does, 16 GiB further on).
// Launch    one work-group of GROUP work-items per row.
// Layout    x  rows x columns floats;  b  columns floats;  label  one int per row;  loss  one float per row

static float biased_maximum(const int columns, __global const float *x, __global const float *bs, __local float *partials)
{
    float m = as_float((int)0xff800000u);
    for (int c = get_local_id(0); c < columns; c += GROUP) m = fmax(m, x[c] + bs[c]);
    return group_maximum(m, partials);
}

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void softmax_loss(const int columns, const float scale, __global const float *bs, __global const int *labels,
                  __global float *losses, __global float *xs)
{
    __local float partials[GROUP];
    const int r = get_group_id(0), lane = get_local_id(0), label = labels[r], place = label < 0 ? 0 : label;
    __global float *x = xs + (size_t)r * columns;
    const float own = x[place] + bs[place];
    const float m = biased_maximum(columns, x, bs, partials);
    float a = 0.0f;
    // Each work-item comes back to the elements that it changes here.
    for (int c = lane; c < columns; c += GROUP) {
        const float term = clmat_exp(x[c] + bs[c] - m);
        x[c] = term;
        a += term;
    }
    const float total = group_sum(a, partials);
    for (int c = lane; c < columns; c += GROUP)
        x[c] = label < 0 ? 0.0f : scale * (x[c] / total - (c == label ? 1.0f : 0.0f));
    if (lane == 0) losses[r] = label < 0 ? 0.0f : clmat_log(total) - (own - m);
}

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void softmax_losses(const int columns, __global const float *bs, __global const int *labels, __global const float *xs,
                    __global float *losses)
{
    __local float partials[GROUP];
    const int r = get_group_id(0), lane = get_local_id(0), label = labels[r], place = label < 0 ? 0 : label;
    __global const float *x = xs + (size_t)r * columns;
    const float m = biased_maximum(columns, x, bs, partials);
    float a = 0.0f;
    for (int c = lane; c < columns; c += GROUP) a += clmat_exp(x[c] + bs[c] - m);
    const float total = group_sum(a, partials);
    if (lane == 0) losses[r] = label < 0 ? 0.0f : clmat_log(total) - (x[place] + bs[place] - m);
}
