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

// MARK: - In two stages: what the OpenCL devices do. The CPU's threads share columns, so it needs none of them.

#define REDUCE_BLOCKS(NAME, START, ELEMENT, PARTIAL) \
    void reduce_columns_##NAME##_blocks(size_t begin, size_t end, int rows, int columns, int block, int width, \
                                        const float *xs, float *ys) \
    { \
        const size_t strips = ((size_t)columns + width - 1) / width; \
        for (size_t i = begin; i < end; i++) { \
            const size_t first = i / strips * block, last = clmat_minimum(rows, first + block); \
            const size_t left = i % strips * width, right = clmat_minimum(columns, left + width); \
            for (size_t c = left; c < right; c++) { \
                float a = START; \
                for (size_t r = first; r < last; r++) { const float x = xs[r * columns + c]; a = ELEMENT; } \
                ys[i / strips * columns + c] = a; \
            } \
        } \
    } \
    void reduce_##NAME##_parts(size_t begin, size_t end, int columns, int parts, int length, const float *xs, float *ys) \
    { \
        for (size_t i = begin; i < end; i++) { \
            const float *row = xs + i / parts * columns; \
            const size_t first = i % parts * length, last = clmat_minimum(columns, first + length); \
            float a = START; \
            for (size_t c = first; c < last; c++) { const float x = row[c]; a = ELEMENT; } \
            ys[i] = a; \
        } \
    }
CLMAT_REDUCTIONS(REDUCE_BLOCKS)
#define REGISTER_BLOCKS(NAME, START, ELEMENT, PARTIAL) \
    CLMAT_KERNEL(reduction, reduce_columns_##NAME##_blocks, INT, INT, INT, INT, FLOATS, OUT_FLOATS) \
    CLMAT_KERNEL(reduction, reduce_##NAME##_parts, INT, INT, INT, FLOATS, OUT_FLOATS)
CLMAT_REDUCTIONS(REGISTER_BLOCKS)

#define REDUCE_ARGUMENT_BLOCKS(NAME, START, BEFORE) \
    static void NAME##_of_rows(size_t begin, size_t end, int rows, int columns, int block, int width, const float *xs, \
                               const int *given, int *ys) \
    { \
        const size_t strips = ((size_t)columns + width - 1) / width; \
        for (size_t i = begin; i < end; i++) { \
            const size_t first = i / strips * block, last = clmat_minimum(rows, first + block); \
            const size_t left = i % strips * width, right = clmat_minimum(columns, left + width); \
            for (size_t c = left; c < right; c++) { \
                float a = START; \
                int index = given ? 0 : (int)first; \
                for (size_t r = first; r < last; r++) { \
                    const int row = given ? given[r * columns + c] : (int)r; \
                    const float x = xs[(size_t)row * columns + c]; \
                    if (BEFORE) { a = x; index = row; } \
                } \
                ys[i / strips * columns + c] = index; \
            } \
        } \
    } \
    void reduce_columns_##NAME##_blocks(size_t begin, size_t end, int rows, int columns, int block, int width, \
                                        const float *xs, int *ys) \
    { \
        NAME##_of_rows(begin, end, rows, columns, block, width, xs, NULL, ys); \
    } \
    void reduce_columns_##NAME##_of_blocks(size_t begin, size_t end, int rows, int columns, int block, int width, \
                                           const float *xs, const int *given, int *ys) \
    { \
        NAME##_of_rows(begin, end, rows, columns, block, width, xs, given, ys); \
    }
CLMAT_ARGUMENT_REDUCTIONS(REDUCE_ARGUMENT_BLOCKS)
#define REGISTER_ARGUMENT_BLOCKS(NAME, START, BEFORE) \
    CLMAT_KERNEL(reduction, reduce_columns_##NAME##_blocks, INT, INT, INT, INT, FLOATS, OUT_INTS) \
    CLMAT_KERNEL(reduction, reduce_columns_##NAME##_of_blocks, INT, INT, INT, INT, FLOATS, INTS, OUT_INTS)
CLMAT_ARGUMENT_REDUCTIONS(REGISTER_ARGUMENT_BLOCKS)

void row_dots_parts(size_t begin, size_t end, int columns, int parts, int length, const float *as, const float *bs,
                    float *ys)
{
    for (size_t i = begin; i < end; i++) {
        const size_t row = i / parts * columns, first = i % parts * length, last = clmat_minimum(columns, first + length);
        float a = 0.0f;
        for (size_t c = first; c < last; c++) a += as[row + c] * bs[row + c];
        ys[i] = a;
    }
}
CLMAT_KERNEL(reduction, row_dots_parts, INT, INT, INT, FLOATS, FLOATS, OUT_FLOATS)

void channel_sums_parts(size_t begin, size_t end, int images, int channels, int area, int length, const float *xs,
                        float *ys)
{
    for (size_t i = begin; i < end; i++) {
        const size_t c = i % channels, first = i / channels * length;
        const size_t last = clmat_minimum((size_t)images * area, first + length);
        float a = 0.0f;
        for (size_t j = first; j < last; j++) a += xs[(j / area * channels + c) * area + j % area];
        ys[i] = a;
    }
}
CLMAT_KERNEL(reduction, channel_sums_parts, INT, INT, INT, INT, FLOATS, OUT_FLOATS)

CLMAT_TEXT(reduction) {
#embed "../shared/reduction.h" suffix(,)
#embed "../cl/reduction.cl" suffix(, 0)
};
