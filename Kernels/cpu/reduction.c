// reduction.c: the kernels of ../cl/reduction.cl as loops over [begin, end) of the segments, columns or channels.

#include "kernel.h"

// Lanes of partial results, combined in a fixed order: each instruction set vectorises them as it can, and all give
// the same sum.
enum { LANES = 32 };

#define REDUCE(NAME, START, ELEMENT, PARTIAL) \
    CLMAT_VECTORISED void reduce_##NAME(size_t begin, size_t end, int n, int length, const float *xs, float *ys) \
    { \
        for (size_t s = begin; s < end; s++) { \
            const float *segment = xs + s * length; \
            const size_t count = clmat_minimum(length, n - s * length); \
            float lanes[LANES]; \
            for (int l = 0; l < LANES; l++) lanes[l] = START; \
            size_t i = 0; \
            for (; i + LANES <= count; i += LANES) \
                for (int l = 0; l < LANES; l++) { const float x = segment[i + l], a = lanes[l]; lanes[l] = ELEMENT; } \
            for (int l = 0; i < count; i++, l++) { const float x = segment[i], a = lanes[l]; lanes[l] = ELEMENT; } \
            for (int half_count = LANES / 2; half_count > 0; half_count /= 2) \
                for (int l = 0; l < half_count; l++) { \
                    const float a = lanes[l], b = lanes[l + half_count]; \
                    lanes[l] = PARTIAL; \
                } \
            ys[s] = lanes[0]; \
        } \
    } \
    CLMAT_KERNEL(reduction, reduce_##NAME, INT, INT, FLOATS, OUT_FLOATS) \
    CLMAT_VECTORISED void reduce_columns_##NAME(size_t begin, size_t end, int rows, int columns, const float *xs, \
                                                float *ys) \
    { \
        for (size_t c = begin; c < end; c++) ys[c] = START; \
        for (int r = 0; r < rows; r++) \
            for (size_t c = begin; c < end; c++) { \
                const float x = xs[(size_t)r * columns + c], a = ys[c]; \
                ys[c] = ELEMENT; \
            } \
    } \
    CLMAT_KERNEL(reduction, reduce_columns_##NAME, INT, INT, FLOATS, OUT_FLOATS)
CLMAT_REDUCTIONS(REDUCE)

#define REDUCE_ARGUMENT(NAME, START, BEFORE) \
    CLMAT_VECTORISED void reduce_##NAME(size_t begin, size_t end, int n, int length, const float *xs, int *ys) \
    { \
        for (size_t s = begin; s < end; s++) { \
            const float *segment = xs + s * length; \
            const size_t count = clmat_minimum(length, n - s * length); \
            float a = START; \
            int index = 0; \
            for (size_t i = 0; i < count; i++) { \
                const float x = segment[i]; \
                if (BEFORE) { a = x; index = (int)i; } \
            } \
            ys[s] = index; \
        } \
    } \
    CLMAT_KERNEL(reduction, reduce_##NAME, INT, INT, FLOATS, OUT_INTS) \
    CLMAT_VECTORISED void reduce_columns_##NAME(size_t begin, size_t end, int rows, int columns, const float *xs, \
                                                int *ys) \
    { \
        for (size_t c = begin; c < end; c++) { \
            float a = START; \
            int index = 0; \
            for (int r = 0; r < rows; r++) { \
                const float x = xs[(size_t)r * columns + c]; \
                if (BEFORE) { a = x; index = r; } \
            } \
            ys[c] = index; \
        } \
    } \
    CLMAT_KERNEL(reduction, reduce_columns_##NAME, INT, INT, FLOATS, OUT_INTS)
CLMAT_ARGUMENT_REDUCTIONS(REDUCE_ARGUMENT)

CLMAT_VECTORISED static float sum_of(size_t count, const float *xs)
{
    float lanes[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (int l = 0; l < LANES; l++) lanes[l] += xs[i + l];
    for (int l = 0; i < count; i++, l++) lanes[l] += xs[i];
    for (int half_count = LANES / 2; half_count > 0; half_count /= 2)
        for (int l = 0; l < half_count; l++) lanes[l] += lanes[l + half_count];
    return lanes[0];
}

void channel_sums(size_t begin, size_t end, int images, int channels, int area, const float *xs, float *ys)
{
    for (size_t c = begin; c < end; c++) {
        float a = 0.0f;
        for (int n = 0; n < images; n++) a += sum_of(area, xs + ((size_t)n * channels + c) * area);
        ys[c] = a;
    }
}
CLMAT_KERNEL(reduction, channel_sums, INT, INT, INT, FLOATS, OUT_FLOATS)

CLMAT_VECTORISED void row_dots(size_t begin, size_t end, int columns, const float *as, const float *bs, float *ys)
{
    for (size_t r = begin; r < end; r++) {
        const float *a = as + r * columns, *b = bs + r * columns;
        float lanes[LANES] = {0};
        int c = 0;
        for (; c + LANES <= columns; c += LANES)
            for (int l = 0; l < LANES; l++) lanes[l] += a[c + l] * b[c + l];
        for (int l = 0; c < columns; c++, l++) lanes[l] += a[c] * b[c];
        for (int half_count = LANES / 2; half_count > 0; half_count /= 2)
            for (int l = 0; l < half_count; l++) lanes[l] += lanes[l + half_count];
        ys[r] = lanes[0];
    }
}
CLMAT_KERNEL(reduction, row_dots, INT, FLOATS, FLOATS, OUT_FLOATS)
