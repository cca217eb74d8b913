// rows.c: the kernels of ../cl/rows.cl as loops over [begin, end).

#include "kernel.h"

// A block as the table has it.
typedef struct { int first_rank, end_rank, first_column, end_column, start; } block;

// Columns [*first, *last) of a row that block b has of columns [from, to), or none. Returns where they begin in the elements.
static inline size_t overlap(const block *b, int rank, int from, int to, int *first, int *last)
{
    *first = *last = from;
    if (rank < b->first_rank || rank >= b->end_rank) return 0;
    const int low = b->first_column > from ? b->first_column : from, high = b->end_column < to ? b->end_column : to;
    if (low >= high) return 0;
    *first = low;
    *last = high;
    return b->start + (size_t)(rank - b->first_rank) * (b->end_column - b->first_column) + (low - b->first_column);
}

// For each run of [begin, end) within a row: the row r, and the run's columns [from, to).
#define FOR_EACH_RUN \
    for (size_t i = begin, r, from, to; \
         i < end && (r = i / columns, from = i - r * columns, to = from + clmat_minimum(end - i, columns - from), 1); \
         i += to - from)

void rows_gather(size_t begin, size_t end, int count, int columns, int blocks, const int *table, const float *ws,
                 const int *ranks, float *ys)
{
    (void)count;
    const block *list = (const block *)table;
    int first, last;
    FOR_EACH_RUN {
        float *y = ys + r * columns;
        // Rows that lie in one piece are copied, and not cleared first.
        int filled = 0;
        for (int b = 0; b < blocks && !filled; b++) {
            const size_t place = overlap(list + b, ranks[r], from, to, &first, &last);
            if ((size_t)first == from && (size_t)last == to) {
                memcpy(y + from, ws + place, (to - from) * sizeof *y);
                filled = 1;
            }
        }
        if (!filled) {
            memset(y + from, 0, (to - from) * sizeof *y);
            for (int b = 0; b < blocks; b++) {
                const size_t place = overlap(list + b, ranks[r], from, to, &first, &last);
                if (first < last) memcpy(y + first, ws + place, (last - first) * sizeof *y);
            }
        }
    }
}
CLMAT_KERNEL(rows, rows_gather, INT, INT, INT, INTS, FLOATS, INTS, OUT_FLOATS)

void rows_mask(size_t begin, size_t end, int count, int columns, int blocks, const int *table, const int *ranks,
               float *ys)
{
    (void)count;
    const block *list = (const block *)table;
    int first, last;
    FOR_EACH_RUN {
        float *y = ys + r * columns;
        size_t next = from;
        // From the left, what lies between the blocks.
        while (next < to) {
            size_t nearest = to, behind = to;
            for (int b = 0; b < blocks; b++) {
                overlap(list + b, ranks[r], next, to, &first, &last);
                if (first < last && (size_t)first < nearest) {
                    nearest = first;
                    behind = last;
                }
            }
            memset(y + next, 0, (nearest - next) * sizeof *y);
            next = behind;
        }
    }
}
CLMAT_KERNEL(rows, rows_mask, INT, INT, INT, INTS, INTS, INOUT_FLOATS)

CLMAT_VECTORISED
void rows_add(size_t begin, size_t end, int count, int columns, int blocks, const int *table, float a,
              const float *factor, const int *ranks, const float *xs, float *ws)
{
    (void)count;
    const block *list = (const block *)table;
    const float scale = a * factor[0];
    int first, last;
    FOR_EACH_RUN {
        for (int b = 0; b < blocks; b++) {
            const size_t place = overlap(list + b, ranks[r], from, to, &first, &last);
            const float *x = xs + r * columns + first;
            for (size_t j = 0; j < (size_t)(last - first); j++) ws[place + j] += scale * x[j];
        }
    }
}
CLMAT_KERNEL(rows, rows_add, INT, INT, INT, INTS, FLOAT, FLOATS, INTS, FLOATS, INOUT_FLOATS)

// Lanes of partial sums, in a fixed order: the same for all instruction sets.
enum { LANES = 16 };

CLMAT_VECTORISED
void rows_magnitudes(size_t begin, size_t end, int blocks, const int *table, float threshold, const float *ws,
                     float *norms, float *counts)
{
    const block *list = (const block *)table;
    for (size_t r = begin; r < end; r++) {
        float norm[LANES] = {0}, count[LANES] = {0};
        for (int b = 0; b < blocks; b++) {
            if ((int)r < list[b].first_rank || (int)r >= list[b].end_rank) continue;
            const size_t width = list[b].end_column - list[b].first_column;
            const float *w = ws + list[b].start + (r - list[b].first_rank) * width;
            size_t c = 0;
            for (; c + LANES <= width; c += LANES)
                for (int l = 0; l < LANES; l++) {
                    const float size = w[c + l] < 0.0f ? -w[c + l] : w[c + l];
                    norm[l] += size;
                    count[l] += size > threshold ? 1.0f : 0.0f;
                }
            for (int l = 0; c < width; c++, l++) {
                const float size = w[c] < 0.0f ? -w[c] : w[c];
                norm[l] += size;
                count[l] += size > threshold ? 1.0f : 0.0f;
            }
        }
        for (int half_count = LANES / 2; half_count > 0; half_count /= 2)
            for (int l = 0; l < half_count; l++) {
                norm[l] += norm[l + half_count];
                count[l] += count[l + half_count];
            }
        norms[r] = norm[0];
        counts[r] = count[0];
    }
}
CLMAT_KERNEL(rows, rows_magnitudes, INT, INTS, FLOAT, FLOATS, OUT_FLOATS, OUT_FLOATS)

CLMAT_VECTORISED
void scale_block(size_t begin, size_t end, int rows, int columns, int offset, int stride, float scale, float *ys)
{
    (void)rows;
    FOR_EACH_RUN {
        float *y = ys + offset + r * stride;
        for (size_t c = from; c < to; c++) y[c] = scale == 0.0f ? 0.0f : scale * y[c];
    }
}
CLMAT_KERNEL(rows, scale_block, INT, INT, INT, INT, FLOAT, INOUT_FLOATS)

CLMAT_TEXT(rows) {
#embed "../cl/rows.cl" suffix(, 0)
};
