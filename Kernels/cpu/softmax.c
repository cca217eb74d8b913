// softmax.c: the kernels of ../cl/softmax.cl as loops over the rows [begin, end).

#include "kernel.h"

enum { LANES = 32, BLOCK = 256, STREAMED_COLUMNS = 32768 };

// The vector loops stand in functions of their own, inlined into each clone of the kernels.
static inline __attribute__((always_inline)) float row_maximum(int columns, const float *x)
{
    float lanes[LANES];
    for (int l = 0; l < LANES; l++) lanes[l] = CLMAT_NEGATIVE_INFINITY;
    int c = 0;
    for (; c + LANES <= columns; c += LANES)
        for (int l = 0; l < LANES; l++) lanes[l] = x[c + l] > lanes[l] ? x[c + l] : lanes[l];
    float m = CLMAT_NEGATIVE_INFINITY;
    for (; c < columns; c++) m = x[c] > m ? x[c] : m;
    for (int l = 0; l < LANES; l++) m = lanes[l] > m ? lanes[l] : m;
    return m;
}

// Sum of exp(x - m); the terms are left in y. In two loops over a block that stays in the first-level cache: each of
// them vectorises. Meanwhile the row below may be fetched, whose maximum is sought next.
static inline __attribute__((always_inline))
float row_exp_sum(int columns, float m, const float *x, float *y, int fetches_below)
{
    float lanes[LANES] = {0};
    for (int start = 0; start < columns; start += BLOCK) {
        const int end = columns - start < BLOCK ? columns : start + BLOCK;
        for (int c = start; c < end; c++) y[c] = clmat_exp(x[c] - m);
        if (fetches_below)
            for (int c = start; c < end; c += 16) __builtin_prefetch(x + columns + c, 0, 3);
        int c = start;
        for (; c + LANES <= end; c += LANES)
            for (int l = 0; l < LANES; l++) lanes[l] += y[c + l];
        for (int l = 0; c < end; c++, l++) lanes[l] += y[c];
    }
    for (int half_count = LANES / 2; half_count > 0; half_count /= 2)
        for (int l = 0; l < half_count; l++) lanes[l] += lanes[l + half_count];
    return lanes[0];
}

CLMAT_VECTORISED void softmax_rows(size_t begin, size_t end, int columns, const float *xs, float *ys)
{
    if ((end - begin) * columns * sizeof *ys >= CLMAT_STREAMED && columns <= STREAMED_COLUMNS) {
        float terms[STREAMED_COLUMNS];
        for (size_t r = begin; r < end; r++) {
            const float *x = xs + r * columns;
            const float scale = 1.0f / row_exp_sum(columns, row_maximum(columns, x), x, terms, r + 1 < end);
            clmat_stream(columns, scale, terms, ys + r * columns);
        }
        clmat_end_stream();
        return;
    }
    for (size_t r = begin; r < end; r++) {
        const float *x = xs + r * columns;
        float *y = ys + r * columns;
        const float scale = 1.0f / row_exp_sum(columns, row_maximum(columns, x), x, y, 0);
        for (int c = 0; c < columns; c++) y[c] *= scale;
    }
}
CLMAT_KERNEL(softmax, softmax_rows, INT, FLOATS, OUT_FLOATS)

CLMAT_VECTORISED void log_softmax_rows(size_t begin, size_t end, int columns, const float *xs, float *ys)
{
    for (size_t r = begin; r < end; r++) {
        const float *x = xs + r * columns;
        const float m = row_maximum(columns, x);
        float lanes[LANES] = {0};
        int c = 0;
        for (; c + LANES <= columns; c += LANES)
            for (int l = 0; l < LANES; l++) lanes[l] += clmat_exp(x[c + l] - m);
        for (int l = 0; c < columns; c++, l++) lanes[l] += clmat_exp(x[c] - m);
        float total = 0.0f;
        for (int l = 0; l < LANES; l++) total += lanes[l];
        const float log_total = clmat_log(total);
        for (c = 0; c < columns; c++) ys[r * columns + c] = x[c] - m - log_total;
    }
}
CLMAT_KERNEL(softmax, log_softmax_rows, INT, FLOATS, OUT_FLOATS)

CLMAT_VECTORISED
void cross_entropy(size_t begin, size_t end, int columns, float scale, const float *xs, const int *labels,
                   float *losses, float *gradients)
{
    for (size_t r = begin; r < end; r++) {
        const float *x = xs + r * columns;
        float *g = gradients + r * columns;
        const float m = row_maximum(columns, x), total = row_exp_sum(columns, m, x, g, 0);
        for (int c = 0; c < columns; c++) g[c] = scale * (g[c] / total - (c == labels[r] ? 1.0f : 0.0f));
        losses[r] = clmat_log(total) - (x[labels[r]] - m);
    }
}
CLMAT_KERNEL(softmax, cross_entropy, INT, FLOAT, FLOATS, INTS, OUT_FLOATS, OUT_FLOATS)
