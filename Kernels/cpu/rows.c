// rows.c: the kernels of ../cl/rows.cl as loops over [begin, end), of elements unless said otherwise.

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

// Rows that come some elements later are fetched meanwhile: they lie anywhere in memory.
enum { ROWS_AHEAD = 6, LINE = 16 };

static inline void fetch_row(int rank, int blocks, const block *list, const float *ws, int to_write)
{
    for (int b = 0; b < blocks; b++) {
        if (rank < list[b].first_rank || rank >= list[b].end_rank) continue;
        const size_t width = list[b].end_column - list[b].first_column;
        const float *w = ws + list[b].start + (rank - list[b].first_rank) * width;
        for (size_t c = 0; c < width; c += LINE) {
            if (to_write) __builtin_prefetch(w + c, 1, 3);
            else __builtin_prefetch(w + c, 0, 3);
        }
    }
}

// Item i is bag i.
CLMAT_VECTORISED
void bags_sum(size_t begin, size_t end, int columns, int blocks, const int *table, int has_values, int has_squares,
              const int *starts, const int *ranks, const float *values, const float *ws, float *ys, float *qs)
{
    const block *list = (const block *)table;
    const int last = starts[end];
    for (size_t i = begin; i < end; i++) {
        float *y = ys + i * columns, *q = qs + i * columns;
        memset(y, 0, columns * sizeof *y);
        if (has_squares) memset(q, 0, columns * sizeof *q);
        for (int e = starts[i]; e < starts[i + 1]; e++) {
            if (e + ROWS_AHEAD < last) fetch_row(ranks[e + ROWS_AHEAD], blocks, list, ws, 0);
            const float v = has_values ? values[e] : 1.0f;
            for (int b = 0; b < blocks; b++) {
                if (ranks[e] < list[b].first_rank || ranks[e] >= list[b].end_rank) continue;
                const int from = list[b].first_column;
                const size_t width = list[b].end_column - from;
                const float *w = ws + list[b].start + (ranks[e] - list[b].first_rank) * width;
                if (has_squares) {
                    for (size_t c = 0; c < width; c++) {
                        const float x = v * w[c];
                        y[from + c] += x;
                        q[from + c] += x * x;
                    }
                } else {
                    for (size_t c = 0; c < width; c++) y[from + c] += v * w[c];
                }
            }
        }
    }
}
CLMAT_KERNEL(rows, bags_sum, INT, INT, INTS, INT, INT, INTS, INTS, FLOATS, FLOATS, OUT_FLOATS, INOUT_FLOATS)

// Columns of a row whose gradient is made at once.
enum { PIECE = 256 };

// Item k is row ranks[k].
CLMAT_VECTORISED
void bags_adagrad(size_t begin, size_t end, int columns, int blocks, const int *table, int has_values, int first,
                  int alternates, float rate, float epsilon, float initial, float initial_others, float l1, float l2, const int *ranks,
                  const int *starts, const int *bags, const float *values, const float *weights, const float *gs,
                  const float *own, float *ws, float *ss)
{
    const block *list = (const block *)table;
    for (size_t k = begin; k < end; k++) {
        if (k + ROWS_AHEAD < end) {
            fetch_row(ranks[k + ROWS_AHEAD], blocks, list, ws, 1);
            fetch_row(ranks[k + ROWS_AHEAD], blocks, list, ss, 1);
        }
        float share = 0.0f;
        if (first < columns) {
            for (int e = starts[k]; e < starts[k + 1]; e++) {
                const float v = has_values ? values[e] : 1.0f;
                share += v * v * own[bags[e]];
            }
        }
        const float pull = weights[k] * l1;
        for (int b = 0; b < blocks; b++) {
            if (ranks[k] < list[b].first_rank || ranks[k] >= list[b].end_rank) continue;
            const int width = list[b].end_column - list[b].first_column;
            const size_t place = list[b].start + (size_t)(ranks[k] - list[b].first_rank) * width;
            for (int piece = 0; piece < width; piece += PIECE) {
                const int count = width - piece < PIECE ? width - piece : PIECE, from = list[b].first_column + piece;
                float sums[PIECE];
                for (int c = 0; c < count; c++) sums[c] = 0.0f;
                for (int e = starts[k]; e < starts[k + 1]; e++) {
                    const float v = has_values ? values[e] : 1.0f, *g = gs + (size_t)bags[e] * columns + from;
                    for (int c = 0; c < count; c++) sums[c] += v * g[c];
                }
                float *w = ws + place + piece, *s = ss + place + piece;
                for (int c = 0; c < count; c++) {
                    const float sign = alternates && (from + c) % 2 == 1 ? -1.0f : 1.0f;
                    const float g = sums[c] + (weights[k] * l2 - (from + c >= first ? sign * share : 0.0f)) * w[c];
                    s[c] += g * g;
                    w[c] = clmat_adagrad(w[c], g, s[c] + (from + c == 0 ? initial : initial_others), rate, epsilon, pull);
                }
            }
        }
    }
}
CLMAT_KERNEL(rows, bags_adagrad, INT, INT, INTS, INT, INT, INT, FLOAT, FLOAT, FLOAT, FLOAT, FLOAT, FLOAT, INTS, INTS, INTS,
             FLOATS, FLOATS, FLOATS, FLOATS, INOUT_FLOATS, INOUT_FLOATS)

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
