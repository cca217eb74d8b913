// segments.cl: sums of rows by segment, from rows that are sorted by it: clusters, rows of an embedding, what a gather took.
//
//     y[k, d] = sum over rows r of segment k of x[r, d] - c[k, d]            adds 0; with adds 1 it is added to y[k, d]
//
// Layout    x  rows of `columns` floats;  y  K x columns
//           order  the rows by segment, in their own order within;  starts  K + 1 ints: segment k is order[starts[k]] ...
//           order[starts[k + 1] - 1]
//           c  K x columns, what the sums are counted from; not read with has_around 0
// Sums      in the order of the rows, in blocks of CLMAT_SEGMENT_BLOCK, and of the blocks: the same numbers on each run. No float
//           is added by two work-items.
// Host      checks shapes, and that order and starts are as they should be.

#include <clmat/group.h>

// Launch: one work-group per segment and chunk of columns, the chunks of a segment side by side. Segments of more than `most`
// rows are left out.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void segment_sums(const int chunks, const int columns, const int count, const int most, const int adds,
                  const int has_around, __global const float *xs, __global const int *order,
                  __global const int *starts, __global const float *around, __global float *ys)
{
    const int item = get_group_id(0), k = item / chunks, chunk = item - k * chunks;
    const int first = chunk * CLMAT_SEGMENT_CHUNK, last = min(columns, first + CLMAT_SEGMENT_CHUNK);
    const int begin = starts[k], end = starts[k + 1];
    if (end - begin > most) return;
    for (int d = first + (int)get_local_id(0); d < last; d += GROUP) {
        const float c = has_around ? around[k * columns + d] : 0.0f;
        float sum = 0.0f;
        for (int i = begin; i < end; i += CLMAT_SEGMENT_BLOCK) {
            const int stop = min(end, i + CLMAT_SEGMENT_BLOCK);
            float partial = 0.0f;
            for (int j = i; j < stop; j++) partial += xs[order[j] * columns + d] - c;
            sum += partial;
        }
        ys[k * columns + d] = adds ? ys[k * columns + d] + sum : sum;
    }
}

// The same for long segments in two stages. First y[b, d] = the sum of block b: blocks  three ints each: its segment, and where it
// begins and ends in the order. Launch: one work-group per block and chunk of columns.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void segment_blocks(const int chunks, const int columns, const int count, const int has_around,
                    __global const float *xs, __global const int *order, __global const int *blocks,
                    __global const float *around, __global float *ys)
{
    const int item = get_group_id(0), b = item / chunks, chunk = item - b * chunks;
    const int first = chunk * CLMAT_SEGMENT_CHUNK, last = min(columns, first + CLMAT_SEGMENT_CHUNK);
    const int k = blocks[3 * b], begin = blocks[3 * b + 1], end = blocks[3 * b + 2];
    for (int d = first + (int)get_local_id(0); d < last; d += GROUP) {
        const float c = has_around ? around[k * columns + d] : 0.0f;
        float partial = 0.0f;
        for (int j = begin; j < end; j++) partial += xs[order[j] * columns + d] - c;
        ys[b * columns + d] = partial;
    }
}

// Then the sums of each long segment's blocks. segments  three ints each: the segment, its first block, and the block after its
// last. Launch: one work-group per long segment and strip of columns, whose work-items share the blocks.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void segment_joined(const int strips, const int columns, const int adds, __global const float *xs,
                    __global const int *segments, __global float *ys)
{
    __local float partials[GROUP];
    const int item = get_group_id(0), s = item / strips, lane = get_local_id(0);
    const int d = (item - s * strips) * CLMAT_SEGMENT_STRIP + lane % CLMAT_SEGMENT_STRIP;
    const int k = segments[3 * s], end = segments[3 * s + 2];
    float a = 0.0f;
    if (d < columns)
        for (int b = segments[3 * s + 1] + lane / CLMAT_SEGMENT_STRIP; b < end; b += GROUP / CLMAT_SEGMENT_STRIP)
            a += xs[b * columns + d];
    partials[lane] = a;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int half_count = GROUP / 2; half_count >= CLMAT_SEGMENT_STRIP; half_count /= 2) {
        if (lane < half_count) partials[lane] += partials[lane + half_count];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (lane < CLMAT_SEGMENT_STRIP && d < columns)
        ys[k * columns + d] = adds ? ys[k * columns + d] + partials[lane] : partials[lane];
}
