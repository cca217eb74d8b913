// softmax.c: the kernels of ../cl/softmax.cl as loops over the rows [begin, end).

#include "kernel.h"
#include <stdlib.h>

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

// MARK: - Long rows: maximum and sum in one pass

enum { PIECE = 2048 };                                  // floats that stay in the first-level cache

static inline size_t pieces_of(size_t columns) { return (columns + PIECE - 1) / PIECE; }

// Adds exp(x - m) of a piece to the lanes of a sum, m the largest element up to here; the terms are left in y. When m grows, what
// was summed before is scaled (../cl/softmax.cl).
static inline __attribute__((always_inline)) float take_piece(size_t count, const float *x, float m, float *lanes, float *y)
{
    const float top = row_maximum((int)count, x);
    if (top > m) {
        const float factor = clmat_exp(m - top);
        for (int l = 0; l < LANES; l++) lanes[l] *= factor;
        m = top;
    }
    const float base = m == CLMAT_NEGATIVE_INFINITY ? 0.0f : m;
    for (size_t c = 0; c < count; c++) y[c] = clmat_exp(x[c] - base);
    size_t c = 0;
    for (; c + LANES <= count; c += LANES)
        for (int l = 0; l < LANES; l++) lanes[l] += y[c + l];
    for (int l = 0; c < count; c++, l++) lanes[l] += y[c];
    return m;
}

static inline __attribute__((always_inline)) float lanes_sum(float *lanes)
{
    for (int half_count = LANES / 2; half_count > 0; half_count /= 2)
        for (int l = 0; l < half_count; l++) lanes[l] += lanes[l + half_count];
    return lanes[0];
}

// Maximum and sum of exp(x - maximum).
static inline __attribute__((always_inline)) float long_row(size_t columns, const float *x, float *total)
{
    float lanes[LANES] = {0}, terms[PIECE], m = CLMAT_NEGATIVE_INFINITY;
    for (size_t start = 0; start < columns; start += PIECE)
        m = take_piece(clmat_minimum(PIECE, columns - start), x + start, m, lanes, terms);
    *total = lanes_sum(lanes);
    return m;
}

// The same; the terms stay, each piece with the maximum that it was counted from.
static inline __attribute__((always_inline))
float long_row_terms(size_t columns, const float *x, float *total, float *terms, float *maxima)
{
    float lanes[LANES] = {0}, m = CLMAT_NEGATIVE_INFINITY;
    for (size_t start = 0; start < columns; start += PIECE)
        maxima[start / PIECE] = m =
            take_piece(clmat_minimum(PIECE, columns - start), x + start, m, lanes, terms + start);
    *total = lanes_sum(lanes);
    return m;
}

// y = scale softmax(x) from the terms: each is scaled to the maximum of the row.
static inline __attribute__((always_inline))
void write_terms(size_t columns, float scale, float m, float total, const float *terms, const float *maxima, float *y)
{
    for (size_t start = 0; start < columns; start += PIECE)
        clmat_stream(clmat_minimum(PIECE, columns - start), scale * (clmat_exp(maxima[start / PIECE] - m) / total),
                     terms + start, y + start);
}

// y = x - m - log_total, past the caches
static inline __attribute__((always_inline))
void write_logs(size_t columns, float m, float log_total, const float *x, float *y)
{
    float logs[PIECE];
    for (size_t start = 0; start < columns; start += PIECE) {
        const size_t count = clmat_minimum(PIECE, columns - start);
        for (size_t c = 0; c < count; c++) logs[c] = x[start + c] - m - log_total;
        clmat_stream(count, 1.0f, logs, y + start);
    }
}

// Room for the terms of a row and the maxima of its pieces, or null: then the row goes the way of shorter ones.
static float *room_for_terms(int columns)
{
    if (columns <= STREAMED_COLUMNS) return NULL;
    return aligned_alloc(64, ((size_t)columns + pieces_of(columns) + 15) / 16 * 16 * sizeof(float));
}

CLMAT_VECTORISED
static void long_softmax_rows(size_t begin, size_t end, size_t columns, const float *xs, float *terms, float *ys)
{
    float total, *maxima = terms + columns;
    for (size_t r = begin; r < end; r++) {
        const float m = long_row_terms(columns, xs + r * columns, &total, terms, maxima);
        write_terms(columns, 1.0f, m, total, terms, maxima, ys + r * columns);
    }
    clmat_end_stream();
}

CLMAT_VECTORISED
static void long_log_softmax_rows(size_t begin, size_t end, size_t columns, const float *xs, float *ys)
{
    for (size_t r = begin; r < end; r++) {
        float total;
        const float m = long_row(columns, xs + r * columns, &total);
        write_logs(columns, m, clmat_log(total), xs + r * columns, ys + r * columns);
    }
    clmat_end_stream();
}

CLMAT_VECTORISED
static void long_cross_entropy(size_t begin, size_t end, size_t columns, float scale, const float *xs, const int *labels,
                               float *terms, float *losses, float *gradients)
{
    float total, *maxima = terms + columns;
    for (size_t r = begin; r < end; r++) {
        const float *x = xs + r * columns;
        const int label = labels[r];
        const float m = long_row_terms(columns, x, &total, terms, maxima), at_label = x[label];
        write_terms(columns, scale, m, total, terms, maxima, gradients + r * columns);
        clmat_end_stream();
        gradients[r * columns + label] = scale * (clmat_exp(at_label - m) / total - 1.0f);
        losses[r] = clmat_log(total) - (at_label - m);
    }
}

// MARK: - Rows

CLMAT_VECTORISED static void short_softmax_rows(size_t begin, size_t end, int columns, const float *xs, float *ys)
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

void softmax_rows(size_t begin, size_t end, int columns, const float *xs, float *ys)
{
    float *terms = room_for_terms(columns);
    if (terms) long_softmax_rows(begin, end, columns, xs, terms, ys);
    else short_softmax_rows(begin, end, columns, xs, ys);
    free(terms);
}
CLMAT_KERNEL(softmax, softmax_rows, INT, FLOATS, OUT_FLOATS)

CLMAT_VECTORISED static void short_log_softmax_rows(size_t begin, size_t end, int columns, const float *xs, float *ys)
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

void log_softmax_rows(size_t begin, size_t end, int columns, const float *xs, float *ys)
{
    if (columns > STREAMED_COLUMNS) long_log_softmax_rows(begin, end, columns, xs, ys);
    else short_log_softmax_rows(begin, end, columns, xs, ys);
}
CLMAT_KERNEL(softmax, log_softmax_rows, INT, FLOATS, OUT_FLOATS)

CLMAT_VECTORISED
static void short_cross_entropy(size_t begin, size_t end, int columns, float scale, const float *xs, const int *labels,
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

void cross_entropy(size_t begin, size_t end, int columns, float scale, const float *xs, const int *labels,
                   float *losses, float *gradients)
{
    float *terms = room_for_terms(columns);
    if (terms) long_cross_entropy(begin, end, columns, scale, xs, labels, terms, losses, gradients);
    else short_cross_entropy(begin, end, columns, scale, xs, labels, losses, gradients);
    free(terms);
}
CLMAT_KERNEL(softmax, cross_entropy, INT, FLOAT, FLOATS, INTS, OUT_FLOATS, OUT_FLOATS)

// MARK: - Parts of rows: item i is part i % parts of row i / parts

CLMAT_VECTORISED
void row_statistics(size_t begin, size_t end, int columns, int parts, int length, const float *xs, float *statistics)
{
    for (size_t i = begin; i < end; i++) {
        const size_t start = i % parts * length, count = clmat_minimum(length, columns - start);
        statistics[2 * i] = long_row(count, xs + i / parts * columns + start, &statistics[2 * i + 1]);
    }
}
CLMAT_KERNEL(softmax, row_statistics, INT, INT, INT, FLOATS, OUT_FLOATS)

static float row_joined(int parts, const float *statistics, float *total)
{
    float m = statistics[0], a = statistics[1];
    for (int p = 1; p < parts; p++) {
        const float x = statistics[2 * p], top = x > m ? x : m, base = top == CLMAT_NEGATIVE_INFINITY ? 0.0f : top;
        a = a * clmat_exp(m - base) + statistics[2 * p + 1] * clmat_exp(x - base);
        m = top;
    }
    *total = a;
    return m;
}

CLMAT_VECTORISED
void softmax_parts(size_t begin, size_t end, int columns, int parts, int length, const float *xs, const float *statistics,
                   float *ys)
{
    for (size_t i = begin; i < end; i++) {
        const size_t start = i % parts * length, count = clmat_minimum(length, columns - start);
        const size_t place = i / parts * columns + start;
        float total;
        const float m = row_joined(parts, statistics + 2 * (i / parts * parts), &total), scale = 1.0f / total;
        for (size_t c = 0; c < count; c++) ys[place + c] = clmat_exp(xs[place + c] - m) * scale;
    }
}
CLMAT_KERNEL(softmax, softmax_parts, INT, INT, INT, FLOATS, FLOATS, OUT_FLOATS)

CLMAT_VECTORISED
void log_softmax_parts(size_t begin, size_t end, int columns, int parts, int length, const float *xs,
                       const float *statistics, float *ys)
{
    for (size_t i = begin; i < end; i++) {
        const size_t start = i % parts * length, count = clmat_minimum(length, columns - start);
        const size_t place = i / parts * columns + start;
        float total;
        const float m = row_joined(parts, statistics + 2 * (i / parts * parts), &total), log_total = clmat_log(total);
        for (size_t c = 0; c < count; c++) ys[place + c] = xs[place + c] - m - log_total;
    }
}
CLMAT_KERNEL(softmax, log_softmax_parts, INT, INT, INT, FLOATS, FLOATS, OUT_FLOATS)

CLMAT_VECTORISED
void cross_entropy_parts(size_t begin, size_t end, int columns, int parts, int length, float scale, const float *xs,
                         const int *labels, const float *statistics, float *losses, float *gradients)
{
    for (size_t i = begin; i < end; i++) {
        const size_t r = i / parts, start = i % parts * length, count = clmat_minimum(length, columns - start);
        const float *x = xs + r * columns;
        float *g = gradients + r * columns + start, total;
        const float m = row_joined(parts, statistics + 2 * r * parts, &total), factor = 1.0f / total;
        const size_t label = labels[r];
        for (size_t c = 0; c < count; c++) g[c] = scale * (clmat_exp(x[start + c] - m) * factor);
        if (label >= start && label < start + count) g[label - start] = scale * (clmat_exp(x[label] - m) * factor - 1.0f);
        if (start == 0) losses[r] = clmat_log(total) - (x[label] - m);
    }
}
CLMAT_KERNEL(softmax, cross_entropy_parts, INT, INT, INT, FLOAT, FLOATS, INTS, FLOATS, OUT_FLOATS, OUT_FLOATS)

// MARK: - The loss of logits with biases, in place

enum { MOST_PIECES = 1024 };

// exp(x + b - maximum up to here) by pieces, into `terms`, which begins anew with each piece where `stays` is 0; the maximum of each
// piece is left in maxima. Returns that of the row, and the sum.
static inline __attribute__((always_inline))
float biased_terms(size_t columns, size_t piece, const float *x, const float *b, int stays, float *terms, float *maxima,
                   float *total)
{
    float lanes[LANES] = {0}, m = CLMAT_NEGATIVE_INFINITY;
    for (size_t start = 0; start < columns; start += piece) {
        const size_t count = clmat_minimum(piece, columns - start);
        float *y = terms + (stays ? start : 0);
        for (size_t c = 0; c < count; c++) y[c] = x[start + c] + b[start + c];
        m = take_piece(count, y, m, lanes, y);
        if (stays) maxima[start / piece] = m;
    }
    *total = lanes_sum(lanes);
    return m;
}

CLMAT_VECTORISED
void softmax_loss(size_t begin, size_t end, int columns, float scale, const float *bs, const int *labels, float *losses,
                  float *xs)
{
    float maxima[MOST_PIECES], total;
    const size_t least = ((size_t)columns + MOST_PIECES - 1) / MOST_PIECES, piece = least > PIECE ? least : PIECE;
    for (size_t r = begin; r < end; r++) {
        float *x = xs + r * columns;
        const int label = labels[r];
        if (label < 0) {
            for (int c = 0; c < columns; c++) x[c] = 0.0f;
            losses[r] = 0.0f;
            continue;
        }
        const float own = x[label] + bs[label];
        const float m = biased_terms(columns, piece, x, bs, 1, x, maxima, &total);
        for (size_t start = 0; start < (size_t)columns; start += piece) {
            const size_t last = clmat_minimum(start + piece, columns);
            const float factor = scale * (clmat_exp(maxima[start / piece] - m) / total);
            for (size_t c = start; c < last; c++) x[c] *= factor;
        }
        x[label] -= scale;
        losses[r] = clmat_log(total) - (own - m);
    }
}
CLMAT_KERNEL(softmax, softmax_loss, INT, FLOAT, FLOATS, INTS, OUT_FLOATS, INOUT_FLOATS)

CLMAT_VECTORISED
void softmax_losses(size_t begin, size_t end, int columns, const float *bs, const int *labels, const float *xs, float *losses)
{
    float terms[PIECE], total;
    for (size_t r = begin; r < end; r++) {
        const float *x = xs + r * columns;
        const int label = labels[r];
        if (label < 0) {
            losses[r] = 0.0f;
            continue;
        }
        const float m = biased_terms(columns, PIECE, x, bs, 0, terms, NULL, &total);
        losses[r] = clmat_log(total) - (x[label] + bs[label] - m);
    }
}
CLMAT_KERNEL(softmax, softmax_losses, INT, FLOATS, INTS, FLOATS, OUT_FLOATS)

CLMAT_TEXT(softmax) {
#embed "../cl/softmax.cl" suffix(, 0)
};
