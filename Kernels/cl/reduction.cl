// reduction.cl: reductions of segments (rows, or blocks of a long array) and of columns.
//
//     y[s] = reduction of x[s L] ... x[min(n, (s + 1) L) - 1]        reduce_*: segment length L
//     y[c] = reduction over r of x[r, c]                            reduce_columns_*
//
// Formulas  ../shared/reduction.h. The order of a sum is fixed by the sizes: the same numbers on each run.
// Ties      argmax and argmin give the first index.
// Launch    reduce_*: one work-group of GROUP work-items per segment. reduce_columns_*: 1-D, one work-item per column, so
//           that neighbours read neighbours.
// Layout    x  n floats; y  one number per segment or column (int for argmax and argmin, the index in the segment).
// Host      checks that no segment is empty where there is no neutral value.

#include <clmat/group.h>

// a of a group's first work-item <- what all have as a, by halves. `partials` holds GROUP floats.
#define COMBINE_LANES(PARTIAL) \
    partials[lane] = a; \
    barrier(CLK_LOCAL_MEM_FENCE); \
    for (int half_count = GROUP / 2; half_count > 0; half_count /= 2) { \
        if (lane < half_count) { \
            const float b = partials[lane + half_count]; \
            a = PARTIAL; \
            partials[lane] = a; \
        } \
        barrier(CLK_LOCAL_MEM_FENCE); \
    }

#define REDUCE(NAME, START, ELEMENT, PARTIAL) \
    __kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) \
    void reduce_##NAME(const int n, const int length, __global const float *xs, __global float *ys) \
    { \
        __local float partials[GROUP]; \
        const int segment = get_group_id(0), lane = get_local_id(0); \
        const int start = segment * length, end = min(n, start + length); \
        float a = START; \
        for (int i = start + lane; i < end; i += GROUP) { const float x = xs[i]; a = ELEMENT; } \
        COMBINE_LANES(PARTIAL) \
        if (lane == 0) ys[segment] = a; \
    } \
    __kernel void reduce_columns_##NAME(const int rows, const int columns, __global const float *xs, \
                                        __global float *ys) \
    { \
        const int c = get_global_id(0); \
        if (c >= columns) return; \
        float a = START; \
        for (int r = 0; r < rows; r++) { const float x = xs[r * columns + c]; a = ELEMENT; } \
        ys[c] = a; \
    }
CLMAT_REDUCTIONS(REDUCE)

#define REDUCE_ARGUMENT(NAME, START, BEFORE) \
    __kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) \
    void reduce_##NAME(const int n, const int length, __global const float *xs, __global int *ys) \
    { \
        __local float values[GROUP]; \
        __local int indices[GROUP]; \
        const int segment = get_group_id(0), lane = get_local_id(0); \
        const int start = segment * length, end = min(n, start + length); \
        float best = START; \
        int best_index = 0x7fffffff; \
        for (int i = start + lane; i < end; i += GROUP) { \
            const float x = xs[i], a = best; \
            if (BEFORE) { best = x; best_index = i - start; } \
        } \
        values[lane] = best; \
        indices[lane] = best_index; \
        barrier(CLK_LOCAL_MEM_FENCE); \
        for (int half_count = GROUP / 2; half_count > 0; half_count /= 2) { \
            if (lane < half_count) { \
                const float x = values[lane + half_count], a = values[lane]; \
                const int j = indices[lane + half_count]; \
                if ((BEFORE) || (x == a && j < indices[lane])) { values[lane] = x; indices[lane] = j; } \
            } \
            barrier(CLK_LOCAL_MEM_FENCE); \
        } \
        if (lane == 0) ys[segment] = indices[0] == 0x7fffffff ? 0 : indices[0]; \
    } \
    __kernel void reduce_columns_##NAME(const int rows, const int columns, __global const float *xs, \
                                        __global int *ys) \
    { \
        const int c = get_global_id(0); \
        if (c >= columns) return; \
        float a = START; \
        int index = 0; \
        for (int r = 0; r < rows; r++) { \
            const float x = xs[r * columns + c]; \
            if (BEFORE) { a = x; index = r; } \
        } \
        ys[c] = index; \
    }
CLMAT_ARGUMENT_REDUCTIONS(REDUCE_ARGUMENT)

// y[c] = sum over images n and pixels p of x[n, c, p]: the gradient of a convolution's bias.
// Launch: one work-group per channel.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void channel_sums(const int images, const int channels, const int area, __global const float *xs, __global float *ys)
{
    __local float partials[GROUP];
    const int c = get_group_id(0), lane = get_local_id(0);
    float a = 0.0f;
    for (int i = lane; i < images * area; i += GROUP) {
        const int n = i / area, p = i - n * area;
        a += xs[(n * channels + c) * area + p];
    }
    a = group_sum(a, partials);
    if (lane == 0) ys[c] = a;
}

// y[r] = sum over c of a[r, c] b[r, c]. Launch: one work-group per row.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void row_dots(const int columns, __global const float *as, __global const float *bs, __global float *ys)
{
    __local float partials[GROUP];
    const int r = get_group_id(0), lane = get_local_id(0);
    float a = 0.0f;
    for (int c = lane; c < columns; c += GROUP) a += as[r * columns + c] * bs[r * columns + c];
    a = group_sum(a, partials);
    if (lane == 0) ys[r] = a;
}

// MARK: - In two stages, where one would leave work-groups idle: parts first, then the same again over the parts

#ifndef WIDE
#define WIDE 256
#endif

// y[b, c] = reduction of x[r, c] over rows r of block b: b block <= r < (b + 1) block.
// Launch: one work-group of WIDE work-items per block and strip of `width` columns (a power of two up to WIDE), the strips of a
// block side by side; neighbours read neighbours, and WIDE / width work-items share the rows of a column.
#define REDUCE_BLOCKS(NAME, START, ELEMENT, PARTIAL) \
    __kernel __attribute__((reqd_work_group_size(WIDE, 1, 1))) \
    void reduce_columns_##NAME##_blocks(const int rows, const int columns, const int block, const int width, \
                                        __global const float *xs, __global float *ys) \
    { \
        __local float partials[WIDE]; \
        const int lane = get_local_id(0), strips = (columns + width - 1) / width; \
        const int group = get_group_id(0) / strips, c = get_group_id(0) % strips * width + lane % width; \
        const int start = group * block, end = start + min(block, rows - start); \
        float a = START; \
        if (c < columns) \
            for (int r = start + lane / width; r < end; r += WIDE / width) { \
                const float x = xs[r * columns + c]; \
                a = ELEMENT; \
            } \
        partials[lane] = a; \
        barrier(CLK_LOCAL_MEM_FENCE); \
        for (int half_count = WIDE / 2; half_count >= width; half_count /= 2) { \
            if (lane < half_count) { \
                const float b = partials[lane + half_count]; \
                a = PARTIAL; \
                partials[lane] = a; \
            } \
            barrier(CLK_LOCAL_MEM_FENCE); \
        } \
        if (lane < width && c < columns) ys[group * columns + c] = a; \
    }
CLMAT_REDUCTIONS(REDUCE_BLOCKS)

// The row of the first best element of each block, or the block's first row where nothing is better than the start; and from
// those rows, `given`, the row of the whole column.
#define REDUCE_ARGUMENT_BLOCKS(NAME, START, BEFORE, SUFFIX, GIVEN, ROW, NONE) \
    __kernel __attribute__((reqd_work_group_size(WIDE, 1, 1))) \
    void reduce_columns_##NAME##SUFFIX(const int rows, const int columns, const int block, const int width, \
                                       __global const float *xs, GIVEN __global int *ys) \
    { \
        __local float values[WIDE]; \
        __local int indices[WIDE]; \
        const int lane = get_local_id(0), strips = (columns + width - 1) / width; \
        const int group = get_group_id(0) / strips, c = get_group_id(0) % strips * width + lane % width; \
        const int start = group * block, end = start + min(block, rows - start); \
        float best = START; \
        int best_index = 0x7fffffff; \
        if (c < columns) \
            for (int r = start + lane / width; r < end; r += WIDE / width) { \
                const int row = ROW; \
                const float x = xs[row * columns + c], a = best; \
                if (BEFORE) { best = x; best_index = row; } \
            } \
        values[lane] = best; \
        indices[lane] = best_index; \
        barrier(CLK_LOCAL_MEM_FENCE); \
        for (int half_count = WIDE / 2; half_count >= width; half_count /= 2) { \
            if (lane < half_count) { \
                const float x = values[lane + half_count], a = values[lane]; \
                const int j = indices[lane + half_count]; \
                if ((BEFORE) || (x == a && j < indices[lane])) { values[lane] = x; indices[lane] = j; } \
            } \
            barrier(CLK_LOCAL_MEM_FENCE); \
        } \
        if (lane < width && c < columns) \
            ys[group * columns + c] = indices[lane] == 0x7fffffff ? NONE : indices[lane]; \
    }
#define REDUCE_ARGUMENT_FIRST(NAME, START, BEFORE) \
    REDUCE_ARGUMENT_BLOCKS(NAME, START, BEFORE, _blocks, , r, start)
#define REDUCE_ARGUMENT_AGAIN(NAME, START, BEFORE) \
    REDUCE_ARGUMENT_BLOCKS(NAME, START, BEFORE, _of_blocks, __global const int *given COMMA, given[r * columns + c], 0)
#define COMMA ,
CLMAT_ARGUMENT_REDUCTIONS(REDUCE_ARGUMENT_FIRST)
CLMAT_ARGUMENT_REDUCTIONS(REDUCE_ARGUMENT_AGAIN)

// y[r, p] = reduction of part p of row r: x[r, p length] ... x[r, min(columns, (p + 1) length) - 1].
// Launch: one work-group per row and part, the parts of a row side by side.
#define REDUCE_PARTS(NAME, START, ELEMENT, PARTIAL) \
    __kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) \
    void reduce_##NAME##_parts(const int columns, const int parts, const int length, __global const float *xs, \
                               __global float *ys) \
    { \
        __local float partials[GROUP]; \
        const int row = get_group_id(0) / parts, start = get_group_id(0) % parts * length, lane = get_local_id(0); \
        const int end = start + min(length, columns - start); \
        float a = START; \
        for (int i = start + lane; i < end; i += GROUP) { const float x = xs[row * columns + i]; a = ELEMENT; } \
        COMBINE_LANES(PARTIAL) \
        if (lane == 0) ys[get_group_id(0)] = a; \
    }
CLMAT_REDUCTIONS(REDUCE_PARTS)

// y[r, p] = sum over part p of row r of a b. Launch: one work-group per row and part, the parts of a row side by side.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void row_dots_parts(const int columns, const int parts, const int length, __global const float *as,
                    __global const float *bs, __global float *ys)
{
    __local float partials[GROUP];
    const int row = get_group_id(0) / parts, start = get_group_id(0) % parts * length;
    const int end = start + min(length, columns - start);
    float a = 0.0f;
    for (int i = start + (int)get_local_id(0); i < end; i += GROUP) a += as[row * columns + i] * bs[row * columns + i];
    a = group_sum(a, partials);
    if (get_local_id(0) == 0) ys[get_group_id(0)] = a;
}

// y[b, c] = sum of part b of channel c, of `length` of its images * area pixels.
// Launch: one work-group per part and channel, the channels of a part side by side.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void channel_sums_parts(const int images, const int channels, const int area, const int length,
                        __global const float *xs, __global float *ys)
{
    __local float partials[GROUP];
    const int c = get_group_id(0) % channels, start = get_group_id(0) / channels * length;
    const int end = start + min(length, images * area - start), first = start + (int)get_local_id(0);
    float a = 0.0f;
    int n = first / area, p = first - n * area;
    for (int i = first; i < end; i += GROUP) {
        a += xs[(n * channels + c) * area + p];
        for (p += GROUP; p >= area; p -= area) n++;
    }
    a = group_sum(a, partials);
    if (get_local_id(0) == 0) ys[get_group_id(0)] = a;
}
