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

#ifndef GROUP
#define GROUP 64
#endif

#define REDUCE(NAME, START, ELEMENT, PARTIAL) \
    __kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) \
    void reduce_##NAME(const int n, const int length, __global const float *xs, __global float *ys) \
    { \
        __local float partials[GROUP]; \
        const int segment = get_group_id(0), lane = get_local_id(0); \
        const int start = segment * length, end = min(n, start + length); \
        float a = START; \
        for (int i = start + lane; i < end; i += GROUP) { const float x = xs[i]; a = ELEMENT; } \
        partials[lane] = a; \
        barrier(CLK_LOCAL_MEM_FENCE); \
        for (int half_count = GROUP / 2; half_count > 0; half_count /= 2) { \
            if (lane < half_count) { \
                const float b = partials[lane + half_count]; \
                a = PARTIAL; \
                partials[lane] = a; \
            } \
            barrier(CLK_LOCAL_MEM_FENCE); \
        } \
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
    partials[lane] = a;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int half_count = GROUP / 2; half_count > 0; half_count /= 2) {
        if (lane < half_count) partials[lane] += partials[lane + half_count];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (lane == 0) ys[c] = partials[0];
}

// y[r] = sum over c of a[r, c] b[r, c]. Launch: one work-group per row.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void row_dots(const int columns, __global const float *as, __global const float *bs, __global float *ys)
{
    __local float partials[GROUP];
    const int r = get_group_id(0), lane = get_local_id(0);
    float a = 0.0f;
    for (int c = lane; c < columns; c += GROUP) a += as[r * columns + c] * bs[r * columns + c];
    partials[lane] = a;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int half_count = GROUP / 2; half_count > 0; half_count /= 2) {
        if (lane < half_count) partials[lane] += partials[lane + half_count];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (lane == 0) ys[r] = partials[0];
}
