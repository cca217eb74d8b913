// loss.c: the loss of a softmax over many words, and its gradient, in tiles of words x rows that stay in the caches from the
// product that makes their logits to those that take their gradients. Logits of all words are never in memory.
//
// Two sweeps. The first goes through all words for a block of rows: maximum and sum of the exponentials so far, and what these
// weigh of the embedding, which is scaled when the maximum grows; at the end that is the gradient of the rows. The second goes
// through all rows for a tile of words, whose gradient needs the sums: it takes the exponentials that the first sweep kept, or,
// where a product is cheaper than the way to memory and back, makes them again.
//
// Source: M. Milakov, N. Gimelshein, "Online normalizer calculation for softmax", arXiv:1805.02867, 2018, algorithm 3;
//         T. Dao, "FlashAttention-2", arXiv:2307.08691, 2023, section 3.1, whose keys and values both are the embedding here;
//         E. Wijmans et al., "Cut your losses in large-vocabulary language models", arXiv:2411.09009, 2024 (making logits again).

#include <clmat/product.h>
#include <float.h>
#include "kernel.h"

// A tile is words x rows, so that the lanes of a vector are rows: their maxima and sums need no reduction across lanes. Strips of the
// operand that a product reads most lie in the first-level cache, DEPTH x STRIP. The first sweep has TALL rows of a block at a time,
// so that the tile lies there too; products of the second go over all rows of a block, and add to memory less often.
enum { WORDS = CLMAT_LOSS_WORDS, TALL = 64, DEPTH = 256, PADDING = 16 };  // a pitch that is no power of two

// So many numbers that what comes behind them begins on a cache line.
static inline size_t lines(size_t count) { return (count + 15) / 16 * 16; }

// Logits are in units of ln 2 here, so that exponentials are powers of 2: the rows that they are made of are multiplied by 1 / ln 2.
#define PER_LN2 1.44269504f
#define LN2 0.693147181f

// 2^x for x <= 0, within 2 ulp down to 2^-124; below that it stays: beside a term that is 1 nothing of it is left. NaN for NaN.
static inline __attribute__((always_inline)) float power_below(float x)
{
    const float magic = 12582912.0f;                    // 1.5 * 2^23: adding it rounds to the nearest integer
    x = x < -124.0f ? -124.0f : x;
    const float shifted = x + magic, r = x - (shifted - magic);
    float p = 1.5353361960e-4f;                         // minimax for the relative error on [-1/2, 1/2], 1 at 0
    p = p * r + 1.3398875017e-3f;
    p = p * r + 9.6184369177e-3f;
    p = p * r + 5.5503323674e-2f;
    p = p * r + 2.4022647738e-1f;
    p = p * r + 6.9314718246e-1f;
    return (p * r + 1.0f) * as_float((int)(((uint)as_int(shifted) << 23) + (127u << 23)));
}

// MARK: - Rows

// Strips of a piece's gradient: those that its columns lie in, counted from the first column of all.
static inline size_t first_strip(const clmat_loss_piece *p) { return p->column / STRIP * STRIP; }
static inline size_t strips_width(const clmat_loss_piece *p) { return whole_strips(p->column + p->columns) - first_strip(p); }

// The columns of all strips of a tile, of the one that has most.
static size_t pieces_width(const clmat_loss *g)
{
    size_t most = 0;
    for (int i = 0; i < g->tile_count; i++) {
        size_t own = 0;
        for (int j = 0; j < g->tiles[i].pieces; j++) own += strips_width(g->pieces + g->tiles[i].piece + j);
        if (own > most) most = own;
    }
    return most;
}

// Rows of the top as both products want them: by strips of rows, units x STRIP, for logits in units of ln 2; and by strips of units,
// rows x STRIP. What is not there is 0, and so are rows that count nothing.
static void pack_rows(const clmat_loss *g, size_t first, size_t rows, float *transposed, float *strips)
{
    const size_t padded = whole_strips(rows), units = g->units, width = whole_strips(units);
    for (size_t r = 0; r < padded; r++) {
        const float *x = r < rows && g->labels[first + r] >= 0 ? g->top + (first + r) * g->top_pitch : NULL;
        float *column = transposed + r / STRIP * units * STRIP + r % STRIP;
        for (size_t k = 0; k < units; k++) column[k * STRIP] = x ? PER_LN2 * x[k] : 0.0f;
        for (size_t k = 0; k < width; k += STRIP)
            for (size_t l = 0; l < STRIP; l++)
                strips[k * padded + r * STRIP + l] = x && k + l < units ? x[k + l] : 0.0f;
    }
}

// Rows of words as strips of columns, words x STRIP, filled up with zeros.
CLMAT_VECTORISED
static void pack_words(size_t words, size_t columns, const float *x, size_t pitch, float *strips)
{
    for (size_t k = 0; k < columns; k += STRIP) {
        const size_t width = clmat_minimum(STRIP, columns - k);
        for (size_t w = 0; w < words; w++, strips += STRIP) {
            const float *own = x + w * pitch + k;
            if (width == STRIP) for (size_t l = 0; l < STRIP; l++) strips[l] = own[l];
            else for (size_t l = 0; l < STRIP; l++) strips[l] = l < width ? own[l] : 0.0f;
        }
    }
}

// Logits of a tile: tile[w, r] = (b[w] + sum over k of E[w, k] top[r, k]) / ln 2. `biases` is scratch.
static void tile_logits(const clmat_loss *g, tile_product product, const clmat_loss_tile *t, size_t padded,
                        const float *transposed, float *biases, size_t pitch, float *tile)
{
    const size_t words = t->words;
    for (size_t w = 0; w < words; w++) biases[w] = PER_LN2 * g->biases[t->first + w];
    if (t->pieces == 0)
        for (size_t w = 0; w < words; w++)
            for (size_t r = 0; r < padded; r++) tile[w * pitch + r] = biases[w];
    for (int i = 0; i < t->pieces; i++) {
        const clmat_loss_piece *p = g->pieces + t->piece + i;
        const size_t columns = p->columns;
        for (size_t k = 0; k < columns; k += DEPTH) {
            const size_t deep = clmat_minimum(DEPTH, columns - k);
            for (size_t r = 0; r < padded; r += STRIP)
                product(words, STRIP, deep, g->embedding + p->start + k, p->pitch, 1,
                        transposed + r * g->units + (p->column + k) * STRIP, STRIP, biases, i > 0 || k > 0, tile + r, pitch);
        }
    }
}

// MARK: - The first sweep

// Terms are read again when the caches have long forgotten them: they go past these.
static inline __attribute__((always_inline)) void keep_strip(const float *x, float *kept)
{
#if defined(__x86_64__)
    typedef float line __attribute__((vector_size(64)));
    for (int l = 0; l < STRIP; l += 16) __builtin_nontemporal_store(*(const line *)(x + l), (line *)(kept + l));
#else
    memcpy(kept, x, STRIP * sizeof *x);
#endif
}

// In place of logits 2^(x - m), m the largest one of each row up to here; sums so far, and what the sums before are multiplied by.
// Returns whether that is anything but 1. The terms are kept too, strip by strip, words x STRIP, if there is a place for them.
CLMAT_VECTORISED
static int take_tile(size_t words, size_t padded, size_t pitch, float *tile, float *maxima, float *sums, float *factors, float *kept)
{
    int grew = 0;
    for (size_t r = 0; r < padded; r += STRIP) {
        float m[STRIP], a[STRIP];
        for (int l = 0; l < STRIP; l++) m[l] = maxima[r + l];
        for (size_t w = 0; w < words; w++) {
            const float *x = tile + w * pitch + r;
            for (int l = 0; l < STRIP; l++) m[l] = x[l] > m[l] ? x[l] : m[l];
        }
        for (int l = 0; l < STRIP; l++) {
            const float before = maxima[r + l], factor = m[l] > before ? power_below(before - m[l]) : 1.0f;
            grew |= m[l] > before;
            factors[r + l] = factor;
            maxima[r + l] = m[l];
            a[l] = sums[r + l] * factor;
        }
        for (size_t w = 0; w < words; w++) {
            float *x = tile + w * pitch + r;
            for (int l = 0; l < STRIP; l++) {
                const float term = power_below(x[l] - m[l]);
                x[l] = term;
                a[l] += term;
            }
            if (!kept) continue;
            keep_strip(x, kept);
            kept += STRIP;
        }
        for (int l = 0; l < STRIP; l++) sums[r + l] = a[l];
    }
    return grew;
}

CLMAT_VECTORISED
static void scale_rows(size_t rows, size_t units, size_t pitch, const float *factors, float *x)
{
    for (size_t r = 0; r < rows; r++) {
        const float factor = factors[r];
        if (factor == 1.0f) continue;
        for (size_t k = 0; k < units; k++) x[r * pitch + k] *= factor;
    }
}

// Where a word's element of a piece lies.
static inline const float *word_piece(const clmat_loss *g, const clmat_loss_tile *t, const clmat_loss_piece *p, int word)
{
    return g->embedding + p->start + (size_t)(word - t->first) * p->pitch;
}

// The pieces of a tile as strips, one after another. Those that are one strip already are read where they lie.
static int is_strip(const clmat_loss_piece *p) { return p->columns == STRIP && p->pitch == STRIP; }

static void pack_pieces(const clmat_loss *g, const clmat_loss_tile *t, float *strips)
{
    for (int j = 0; j < t->pieces; j++) {
        const clmat_loss_piece *p = g->pieces + t->piece + j;
        if (is_strip(p)) continue;
        pack_words(t->words, p->columns, g->embedding + p->start, p->pitch, strips);
        strips += t->words * whole_strips(p->columns);
    }
}

// acc[r, k] += sum over w of tile[w, r] E[w, k]
static void add_products(const clmat_loss *g, tile_product product, const clmat_loss_tile *t, size_t rows, size_t pitch,
                         const float *tile, const float *strips, float *acc, size_t acc_pitch)
{
    for (int j = 0; j < t->pieces; j++) {
        const clmat_loss_piece *p = g->pieces + t->piece + j;
        const float *own = is_strip(p) ? g->embedding + p->start : strips;
        for (size_t k = 0; k < (size_t)p->columns; k += STRIP)
            product(rows, STRIP, t->words, tile, 1, pitch, own + k * t->words, STRIP, NULL, 1, acc + p->column + k, acc_pitch);
        if (!is_strip(p)) strips += t->words * whole_strips(p->columns);
    }
}

// Columns of a row's gradient while it is added up: a piece may begin anywhere, and is filled up to whole strips.
static inline size_t sums_pitch(size_t units) { return whole_strips(units) + STRIP; }

void clmat_loss_rows(clmat_loss *g, float *scratch)
{
    const tile_product product = clmat_tiles();
    const size_t most = g->block_rows, units = g->units, acc_pitch = sums_pitch(units), pitch = TALL + PADDING;
    const size_t all = whole_strips(g->rows), blocks = (g->rows + most - 1) / most;
    const size_t acc_count = g->top_gradient ? most * acc_pitch : 0;
    float *tile = scratch, *strips = tile + WORDS * pitch, *acc = strips + WORDS * pieces_width(g);
    float *sums = acc + acc_count, *factors = sums + most, *targets = factors + most, *biases = targets + most;

    for (size_t i; (i = __atomic_fetch_add(&g->next_block, 1, __ATOMIC_RELAXED)) < blocks;) {
        const size_t first = i * most, rows = clmat_minimum(most, g->rows - first), padded = whole_strips(rows);
        const int *labels = g->labels + first;
        float *kept = NULL;
        float *maxima = g->maxima + first, *transposed = g->transposed + first * units;
        pack_rows(g, first, rows, transposed, g->strips + first * whole_strips(units));
        for (size_t r = 0; r < padded; r++) maxima[r] = -FLT_MAX;
        memset(sums, 0, padded * sizeof *sums);
        memset(acc, 0, acc_count * sizeof *acc);

        for (int n = 0; n < g->tile_count; n++) {
            const clmat_loss_tile *t = g->tiles + n;
            if (g->top_gradient) pack_pieces(g, t, strips);
            if (t->kept >= 0) kept = g->kept + t->place * all + first * t->words;
            for (size_t r = 0; r < padded; r += TALL) {
                const size_t high = clmat_minimum(TALL, padded - r);
                tile_logits(g, product, t, high, transposed + r * units, biases, pitch, tile);
                for (size_t l = r; l < clmat_minimum(r + high, rows); l++)
                    if (labels[l] >= t->first && labels[l] < t->first + t->words)
                        targets[l] = tile[(labels[l] - t->first) * pitch + l - r];
                const int grew = take_tile(t->words, high, pitch, tile, maxima + r, sums + r, factors + r,
                                           t->kept >= 0 ? kept + r * t->words : NULL);
                if (!g->top_gradient) continue;
                if (grew && n > 0) scale_rows(high, units, acc_pitch, factors + r, acc + r * acc_pitch);
                add_products(g, product, t, high, pitch, tile, strips, acc + r * acc_pitch, acc_pitch);
            }
            if (t->kept >= 0) memcpy(g->kept_maxima + t->kept * all + first, maxima, padded * sizeof *maxima);
        }

        for (size_t r = 0; r < rows; r++) {
            const int label = labels[r];
            g->losses[first + r] = label < 0 ? 0.0f : clmat_log(sums[r]) - LN2 * (targets[r] - maxima[r]);
            if (!g->top_gradient) continue;
            float *y = g->top_gradient + (first + r) * units;
            const float share = label < 0 ? 0.0f : g->scale / sums[r];
            g->shares[first + r] = share;
            for (size_t k = 0; k < units; k++) y[k] = label < 0 ? 0.0f : share * acc[r * acc_pitch + k];
            if (label < 0) continue;
            const clmat_loss_tile *t = g->tiles;
            while (label >= t->first + t->words) t++;
            for (int j = 0; j < t->pieces; j++) {
                const clmat_loss_piece *p = g->pieces + t->piece + j;
                const float *x = word_piece(g, t, p, label);
                for (int k = 0; k < p->columns; k++) y[p->column + k] -= g->scale * x[k];
            }
        }
        if (g->top_gradient) for (size_t r = rows; r < padded; r++) g->shares[first + r] = 0.0f;
    }
    clmat_end_stream();
}

// MARK: - The second sweep

// The gradient of a tile from its logits: share 2^(x - m).
CLMAT_VECTORISED
static void tile_gradient(size_t words, size_t padded, const float *maxima, const float *shares, size_t pitch, float *tile)
{
    for (size_t r = 0; r < padded; r += STRIP) {
        float m[STRIP], share[STRIP];
        for (int l = 0; l < STRIP; l++) { m[l] = maxima[r + l]; share[l] = shares[r + l]; }
        for (size_t w = 0; w < words; w++) {
            float *x = tile + w * pitch + r;
            for (int l = 0; l < STRIP; l++) x[l] = share[l] * power_below(x[l] - m[l]);
        }
    }
}

// The same from the terms that were kept, and the maxima that they were counted from.
CLMAT_VECTORISED
static void kept_gradient(size_t words, size_t padded, const float *kept, const float *kept_maxima, const float *maxima,
                          const float *shares, size_t pitch, float *tile)
{
    for (size_t r = 0; r < padded; r += STRIP) {
        float share[STRIP];
        for (int l = 0; l < STRIP; l++) share[l] = shares[r + l] * power_below(kept_maxima[r + l] - maxima[r + l]);
        for (size_t w = 0; w < words; w++)
            for (int l = 0; l < STRIP; l++) tile[w * pitch + r + l] = share[l] * kept[(r * words + w * STRIP) + l];
    }
}

CLMAT_VECTORISED static void add_word_sums(size_t words, size_t padded, size_t pitch, const float *tile, float *sums)
{
    for (size_t w = 0; w < words; w++) {
        float lanes[STRIP] = {0};
        for (size_t r = 0; r < padded; r += STRIP)
            for (int l = 0; l < STRIP; l++) lanes[l] += tile[w * pitch + r + l];
        for (int half_count = STRIP / 2; half_count > 0; half_count /= 2)
            for (int l = 0; l < half_count; l++) lanes[l] += lanes[l + half_count];
        sums[w] += lanes[0];
    }
}

void clmat_loss_words(clmat_loss *g, float *scratch)
{
    const tile_product product = clmat_tiles();
    const size_t most = g->block_rows, all = whole_strips(g->rows), units = g->units, pitch = most + PADDING;
    float *tile = scratch, *gradient = tile + WORDS * pitch, *sums = gradient + WORDS * pieces_width(g), *biases = sums + WORDS;

    for (size_t i; (i = __atomic_fetch_add(&g->next_tile, 1, __ATOMIC_RELAXED)) < (size_t)g->tile_count;) {
        const clmat_loss_tile *t = g->tiles + i;
        memset(sums, 0, t->words * sizeof *sums);
        for (size_t first = 0; first < (size_t)g->rows; first += most) {
            const size_t rows = clmat_minimum(most, g->rows - first), padded = whole_strips(rows);
            const float *strips = g->strips + first * whole_strips(units);
            if (t->kept >= 0) {
                kept_gradient(t->words, padded, g->kept + t->place * all + first * t->words,
                              g->kept_maxima + t->kept * all + first, g->maxima + first, g->shares + first, pitch, tile);
            } else {
                tile_logits(g, product, t, padded, g->transposed + first * units, biases, pitch, tile);
                tile_gradient(t->words, padded, g->maxima + first, g->shares + first, pitch, tile);
            }
            for (size_t l = 0; l < rows; l++) {
                const int label = g->labels[first + l];
                if (label >= t->first && label < t->first + t->words) tile[(label - t->first) * pitch + l] -= g->scale;
            }
            add_word_sums(t->words, padded, pitch, tile, sums);
            float *c = gradient;
            for (int j = 0; j < t->pieces; j++) {
                const clmat_loss_piece *p = g->pieces + t->piece + j;
                const size_t wide = strips_width(p);
                for (size_t k = 0; k < wide; k += STRIP)
                    product(t->words, STRIP, rows, tile, pitch, 1, strips + (first_strip(p) + k) * padded, STRIP, NULL,
                            first > 0, c + k, wide);
                c += t->words * wide;
            }
        }

        const float *c = gradient;
        for (int j = 0; j < t->pieces; j++) {
            const clmat_loss_piece *p = g->pieces + t->piece + j;
            const size_t wide = strips_width(p), skipped = p->column - first_strip(p);
            for (int w = 0; w < t->words; w++, c += wide) {
                float *y = g->embedding_gradient + p->start + (size_t)w * p->pitch;
                for (int k = 0; k < p->columns; k++) y[k] = c[skipped + k] + (g->accumulates ? y[k] : 0.0f);
            }
        }
        float *y = g->bias_gradient + t->first;
        for (int w = 0; w < t->words; w++) y[w] = sums[w] + (g->accumulates ? y[w] : 0.0f);
    }
}

size_t clmat_loss_scratch(const clmat_loss *g)
{
    const size_t most = g->block_rows, strips = WORDS * pieces_width(g);
    const size_t of_rows = WORDS * (TALL + PADDING) + most * sums_pitch(g->units) + 3 * most + WORDS;
    const size_t of_words = WORDS * (most + PADDING) + 2 * WORDS;
    return lines(strips + (of_rows > of_words ? of_rows : of_words));
}

int clmat_has_tiles(void) { return clmat_tiles() != NULL; }
