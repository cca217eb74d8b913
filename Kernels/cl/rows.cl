// rows.cl: rows of a matrix of which only some blocks have elements (PowerLawMatrix).
//
//     y[i, c] = w[ranks[i], c], or 0 where no block has it                       rows_gather
//     y[i, c] <- 0 where no block has (ranks[i], c)                              rows_mask
//     w[ranks[i], c] += a f[0] x[i, c] where a block has it                      rows_add
//     norms[r] = sum over c of |w[r, c]|, counts[r] = number of |w[r, c]| > t    rows_magnitudes
//     y[i, c] = sum over elements e of bag i of x = v[e] w[ranks[e], c],  q[i, c] = sum of x^2        bags_sum
//     w[ranks[k], c] <- an AdaGrad step along the gradient of those sums, of the rows that occur       bags_adagrad
//     y[offset + r stride + c] *= s, where 0 clears whatever was there           scale_block
//
// Layout    w  the elements, block after block, each row by row;  x, y  rows of `columns` floats;  f  a float
//           table  five ints per block: its first rank, the one behind its last, its first column, the one behind its last, and
//           where its first element lies in w
// Launch    1-D, one work-item per element of x or y, unless said otherwise.
// Host      checks shapes, that ranks lie within the rows, that blocks do not overlap, and for rows_add and bags_adagrad that no
//           rank comes twice.

#include <clmat/group.h>
#include <clmat/update.h>

// Where the element of a rank and a column lies; -1 if there is none.
static int element_at(const int rank, const int column, const int blocks, __global const int *table)
{
    for (int b = 0; b < blocks; b++) {
        __global const int *block = table + 5 * b;
        if (rank >= block[0] && rank < block[1] && column >= block[2] && column < block[3])
            return block[4] + (rank - block[0]) * (block[3] - block[2]) + column - block[2];
    }
    return -1;
}

__kernel void rows_gather(const int count, const int columns, const int blocks, __global const int *table,
                          __global const float *ws, __global const int *ranks, __global float *ys)
{
    const int i = get_global_id(0);
    if (i >= count * columns) return;
    const int r = i / columns, place = element_at(ranks[r], i - r * columns, blocks, table);
    ys[i] = place < 0 ? 0.0f : ws[place];
}

__kernel void rows_mask(const int count, const int columns, const int blocks, __global const int *table,
                        __global const int *ranks, __global float *ys)
{
    const int i = get_global_id(0);
    if (i >= count * columns) return;
    const int r = i / columns;
    if (element_at(ranks[r], i - r * columns, blocks, table) < 0) ys[i] = 0.0f;
}

__kernel void rows_add(const int count, const int columns, const int blocks, __global const int *table, const float a,
                       __global const float *factor, __global const int *ranks, __global const float *xs,
                       __global float *ws)
{
    const int i = get_global_id(0);
    if (i >= count * columns) return;
    const int r = i / columns, place = element_at(ranks[r], i - r * columns, blocks, table);
    if (place >= 0) ws[place] += a * factor[0] * xs[i];
}

// Launch: one work-group per row.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void rows_magnitudes(const int blocks, __global const int *table, const float threshold, __global const float *ws,
                     __global float *norms, __global float *counts)
{
    __local float partials[GROUP];
    const int r = get_group_id(0), lane = get_local_id(0);
    float norm = 0.0f, count = 0.0f;
    for (int b = 0; b < blocks; b++) {
        __global const int *block = table + 5 * b;
        if (r < block[0] || r >= block[1]) continue;
        const int width = block[3] - block[2], start = block[4] + (r - block[0]) * width;
        for (int c = lane; c < width; c += GROUP) {
            const float w = ws[start + c], size = w < 0.0f ? -w : w;
            norm += size;
            count += size > threshold ? 1.0f : 0.0f;
        }
    }
    norm = group_sum(norm, partials);
    count = group_sum(count, partials);
    if (lane == 0) {
        norms[r] = norm;
        counts[r] = count;
    }
}

// Bags: the elements of bag i are starts[i] ... starts[i + 1] - 1; without values all are 1. q is not written with has_squares 0.
// Launch: one work-group per bag.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void bags_sum(const int columns, const int blocks, __global const int *table, const int has_values,
              const int has_squares, __global const int *starts, __global const int *ranks,
              __global const float *values, __global const float *ws, __global float *ys, __global float *qs)
{
    const int i = get_group_id(0), end = starts[i + 1];
    for (int c = get_local_id(0); c < columns; c += GROUP) {
        float sum = 0.0f, squares = 0.0f;
        for (int e = starts[i]; e < end; e++) {
            const int place = element_at(ranks[e], c, blocks, table);
            if (place < 0) continue;
            const float x = (has_values ? values[e] : 1.0f) * ws[place];
            sum += x;
            squares += x * x;
        }
        ys[i * columns + c] = sum;
        if (has_squares) qs[i * columns + c] = squares;
    }
}

// The same elements by rank: row ranks[k] occurs in bags bags[starts[k]] ... bags[starts[k + 1] - 1].
//
//     gradient[k, c] = sum over e of v[e] (g[bags[e], c] - a[c] own[bags[e]] v[e] w[ranks[k], c], for c >= first)
//                      + weights[k] l2 w[ranks[k], c]
//
// a  1; where it alternates, -1 in odd columns.
//
// s  the sums of squares of earlier gradients, as w lies;  initial  what is added to them in column 0 and in the others;  first  `columns` where nothing is taken from a sum's own squares.
// Launch: one work-group per row.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void bags_adagrad(const int columns, const int blocks, __global const int *table, const int has_values,
                  const int first, const int alternates, const float rate, const float epsilon, const float initial,
                  const float initial_others, const float l1, const float l2,
                  __global const int *ranks, __global const int *starts, __global const int *bags,
                  __global const float *values, __global const float *weights, __global const float *gs,
                  __global const float *own, __global float *ws, __global float *ss)
{
    const int k = get_group_id(0), end = starts[k + 1];
    for (int c = get_local_id(0); c < columns; c += GROUP) {
        const int place = element_at(ranks[k], c, blocks, table);
        if (place < 0) continue;
        const float w = ws[place];
        float g = 0.0f, share = 0.0f;
        for (int e = starts[k]; e < end; e++) {
            const float v = has_values ? values[e] : 1.0f;
            g += v * gs[bags[e] * columns + c];
            if (c >= first) share += v * v * own[bags[e]];
        }
        g += (weights[k] * l2 - (alternates && c % 2 == 1 ? -share : share)) * w;
        const float s = ss[place] + g * g;
        ss[place] = s;
        ws[place] = clmat_adagrad(w, g, s + (c == 0 ? initial : initial_others), rate, epsilon, weights[k] * l1);
    }
}

__kernel void scale_block(const int rows, const int columns, const int offset, const int stride, const float scale,
                          __global float *ys)
{
    const int i = get_global_id(0);
    if (i >= rows * columns) return;
    const int r = i / columns, place = offset + r * stride + i - r * columns;
    ys[place] = scale == 0.0f ? 0.0f : scale * ys[place];
}
