// segments.c: the kernels of ../cl/segments.cl as loops over [begin, end) of segments or blocks, and chunks or strips.

#include "kernel.h"

enum { CHUNK = CLMAT_SEGMENT_CHUNK, BLOCK = CLMAT_SEGMENT_BLOCK, STRIP = CLMAT_SEGMENT_STRIP, AHEAD = 8 };

static const float zeros[CHUNK];

// partial = sum over rows order[i] ... order[last - 1] of x - c. Rows lie anywhere: those that come some rows later in the order,
// be it those of the next segments, are fetched meanwhile.
static inline __attribute__((always_inline))
void add_rows(size_t width, size_t columns, const float *xs, const int *order, int i, int last, int count, const float *c,
              float *partial)
{
    for (size_t d = 0; d < width; d++) partial[d] = 0.0f;
    // Four rows at a time: a sum is fetched and put back once for all of them.
    for (; i + 4 <= last; i += 4) {
        const float *x0 = xs + (size_t)order[i] * columns, *x1 = xs + (size_t)order[i + 1] * columns;
        const float *x2 = xs + (size_t)order[i + 2] * columns, *x3 = xs + (size_t)order[i + 3] * columns;
        if (i + AHEAD + 4 <= count)
            for (int j = i + AHEAD; j < i + AHEAD + 4; j++)
                for (size_t d = 0; d < width; d += 16) __builtin_prefetch(xs + (size_t)order[j] * columns + d, 0, 3);
        for (size_t d = 0; d < width; d++)
            partial[d] += ((x0[d] - c[d]) + (x1[d] - c[d])) + ((x2[d] - c[d]) + (x3[d] - c[d]));
    }
    for (; i < last; i++) {
        const float *x = xs + (size_t)order[i] * columns;
        if (i + AHEAD < count)
            for (size_t d = 0; d < width; d += 16) __builtin_prefetch(xs + (size_t)order[i + AHEAD] * columns + d, 0, 3);
        for (size_t d = 0; d < width; d++) partial[d] += x[d] - c[d];
    }
}

// Item i is segment i / chunks and chunk i % chunks of the columns.
CLMAT_VECTORISED
void segment_sums(size_t begin, size_t end, int chunks, int columns, int count, int most, int adds, int has_around,
                  const float *xs, const int *order, const int *starts, const float *around, float *ys)
{
    for (size_t item = begin; item < end; item++) {
        const size_t k = item / chunks, first = item % chunks * CHUNK, width = clmat_minimum(CHUNK, columns - first);
        if (starts[k + 1] - starts[k] > most) continue;
        const float *c = has_around ? around + k * columns + first : zeros;
        float sum[CHUNK] = {0}, partial[CHUNK], *y = ys + k * columns + first;
        for (int i = starts[k]; i < starts[k + 1]; i += BLOCK) {
            const int last = starts[k + 1] - i < BLOCK ? starts[k + 1] : i + BLOCK;
            add_rows(width, columns, xs + first, order, i, last, count, c, partial);
            for (size_t d = 0; d < width; d++) sum[d] += partial[d];
        }
        if (adds) for (size_t d = 0; d < width; d++) y[d] += sum[d];
        else memcpy(y, sum, width * sizeof *y);
    }
}
CLMAT_KERNEL(segments, segment_sums, INT, INT, INT, INT, INT, INT, FLOATS, INTS, INTS, FLOATS, INOUT_FLOATS)

// Item i is block i / chunks and chunk i % chunks of the columns.
CLMAT_VECTORISED
void segment_blocks(size_t begin, size_t end, int chunks, int columns, int count, int has_around, const float *xs,
                    const int *order, const int *blocks, const float *around, float *ys)
{
    for (size_t item = begin; item < end; item++) {
        const size_t b = item / chunks, first = item % chunks * CHUNK, width = clmat_minimum(CHUNK, columns - first);
        const float *c = has_around ? around + (size_t)blocks[3 * b] * columns + first : zeros;
        add_rows(width, columns, xs + first, order, blocks[3 * b + 1], blocks[3 * b + 2], count, c,
                 ys + b * columns + first);
    }
}
CLMAT_KERNEL(segments, segment_blocks, INT, INT, INT, INT, FLOATS, INTS, INTS, FLOATS, OUT_FLOATS)

// Item i is long segment i / strips and strip i % strips of the columns. Blocks are added in their order, as segment_sums does.
CLMAT_VECTORISED
void segment_joined(size_t begin, size_t end, int strips, int columns, int adds, const float *xs, const int *segments,
                    float *ys)
{
    for (size_t item = begin; item < end; item++) {
        const size_t s = item / strips, first = item % strips * STRIP, width = clmat_minimum(STRIP, columns - first);
        float sum[STRIP] = {0}, *y = ys + (size_t)segments[3 * s] * columns + first;
        for (int b = segments[3 * s + 1]; b < segments[3 * s + 2]; b++)
            for (size_t d = 0; d < width; d++) sum[d] += xs[(size_t)b * columns + first + d];
        for (size_t d = 0; d < width; d++) y[d] = adds ? y[d] + sum[d] : sum[d];
    }
}
CLMAT_KERNEL(segments, segment_joined, INT, INT, INT, FLOATS, INTS, INOUT_FLOATS)

CLMAT_TEXT(segments) {
#embed "../shared/segments.h" suffix(,)
#embed "../cl/segments.cl" suffix(, 0)
};
