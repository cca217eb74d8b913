// topics.c: the kernels of ../cl/topics.cl as loops over [begin, end).

#include <clmat/kernel.h>
#include "../shared/topics.h"
#include "ModelKernels.h"

// SKEW: so that the starts of rows of 2048 numbers do not all fall on the same lines of the cache.
enum { LANES = CLMAT_TOPICS_BLOCK, MOST = CLMAT_TOPICS_MOST, QUADS = 8, WIDE = 2 * LANES, SKEW = 64 };

static inline int rounded_up(int count, int unit) { return (count + unit - 1) / unit * unit; }

// 1 / i, so that no search divides.
static const float reciprocals[CLMAT_POISSON_SEARCH + 1] = {
    0,       1 / 1.f, 1 / 2.f,  1 / 3.f,  1 / 4.f,  1 / 5.f,  1 / 6.f,  1 / 7.f,
    1 / 8.f, 1 / 9.f, 1 / 10.f, 1 / 11.f, 1 / 12.f, 1 / 13.f, 1 / 14.f, 1 / 15.f};

// What is known of one document while its words are walked through. Rows are padded with zeros to pairs of blocks.
typedef struct {
    float theta[MOST + SKEW], product[MOST + SKEW], rate[MOST + SKEW], ends[MOST + SKEW], chance[LANES], times[LANES];
    int drawn[MOST + SKEW], total[MOST + SKEW];
    uint high[MOST / 4 + SKEW], low[MOST / 4 + SKEW];   // see prepare_words
} __attribute__((aligned(64))) workspace;

// One nonzero's Poisson numbers, as far as no branch depends on chance: of each topic the mean, its whole part and rest,
// e^-rest, and two random words; and a bit for each topic whose mean has a whole part, or is a large one.
typedef struct {
    clmat_source source;
    float mean[MOST + SKEW], rest[MOST + SKEW], zero[MOST + SKEW];
    uint word[MOST + SKEW], second[MOST + SKEW];
    int whole[MOST + SKEW];
    uint has_whole[MOST / WIDE], is_large[MOST / WIDE];
} __attribute__((aligned(64))) numbers;

typedef float floats __attribute__((ext_vector_type(LANES))), wide_floats __attribute__((ext_vector_type(WIDE)));
typedef int ints __attribute__((ext_vector_type(LANES))), wide_ints __attribute__((ext_vector_type(WIDE)));
typedef _Bool bits __attribute__((ext_vector_type(WIDE)));

// A bit for each number that is not 0.
static inline __attribute__((always_inline)) uint bits_of(const wide_ints *conditions)
{
    const bits b = __builtin_convertvector(*conditions, bits);
    uint set;
    memcpy(&set, &b, sizeof set);
    return set;
}

// product <- theta phi, and its sum.
static inline __attribute__((always_inline)) float products(int topics, const float *phi, workspace *s)
{
    floats sum = 0.0f;
    int k = 0;
    for (; k + LANES <= topics; k += LANES) {
        floats theta, weights;
        memcpy(&theta, s->theta + k, sizeof theta);
        memcpy(&weights, phi + k, sizeof weights);
        theta *= weights;
        memcpy(s->product + k, &theta, sizeof theta);
        sum += theta;
    }
    if (k < topics) {
        floats rest = 0.0f;
        for (int i = 0; k + i < topics; i++) rest[i] = s->theta[k + i] * phi[k + i];
        for (int i = 0; k + i < topics; i++) s->product[k + i] = rest[i];
        sum += rest;
    }
    const __typeof__(sum.lo) eight = sum.lo + sum.hi;
    const __typeof__(eight.lo) four = eight.lo + eight.hi;
    const __typeof__(four.lo) two = four.lo + four.hi;
    return two.x + two.y;
}

// The rounds of Philox at the counter (index, stream | quad << 8, step low, step high | attempt << 16). What its second one
// multiplies as c0 does not depend on the nonzero: high and low <- the product, by quad.
static inline __attribute__((always_inline)) void prepare_words(clmat_source source, int quads, workspace *s)
{
    const uint high1 = mul_hi(CLMAT_PHILOX_M1, source.step_low);
    for (int quad = 0; quad < quads; quad++) {
        const uint c0 = high1 ^ (source.stream | (uint)quad << 8) ^ source.key_low;
        s->high[quad] = mul_hi(CLMAT_PHILOX_M0, c0);
        s->low[quad] = CLMAT_PHILOX_M0 * c0;
    }
}

// word and second <- those of all topics, which are attempts 0 and 1 of their quads. Of the first three rounds only one product
// depends on quad and nonzero; the others are prepared, or the same for all quads of an attempt.
static inline __attribute__((always_inline))
void fill_words(clmat_source source, int quads, const workspace *prepared, numbers *s)
{
    const uint k0 = source.key_low, k1 = source.key_high;
    const uint high0 = mul_hi(CLMAT_PHILOX_M0, source.index), low0 = CLMAT_PHILOX_M0 * source.index;
    uint high[2], low[2], c1[2];                // by attempt: the product of the third round, and its c1
    for (uint attempt = 0; attempt < 2; attempt++) {
        const uint second = high0 ^ (source.step_high | attempt << 16) ^ k1;
        const uint c0 = mul_hi(CLMAT_PHILOX_M1, second) ^ CLMAT_PHILOX_M1 * source.step_low ^ (k0 + CLMAT_PHILOX_W0);
        high[attempt] = mul_hi(CLMAT_PHILOX_M0, c0);
        low[attempt] = CLMAT_PHILOX_M0 * c0;
        c1[attempt] = CLMAT_PHILOX_M1 * second;
    }
    for (int quad = 0; quad < quads; quad += QUADS) {
        // Eight quads of both attempts fill a vector of sixteen.
        uint x[4][2 * QUADS], c[4][2 * QUADS], third[2 * QUADS];
        for (int attempt = 0; attempt < 2; attempt++)
            for (int i = 0; i < QUADS; i++) {
                third[attempt * QUADS + i] = prepared->high[quad + i] ^ low0 ^ (k1 + CLMAT_PHILOX_W1);
                c[1][attempt * QUADS + i] = c1[attempt];
                c[2][attempt * QUADS + i] = high[attempt] ^ prepared->low[quad + i] ^ (k1 + 2 * CLMAT_PHILOX_W1);
                c[3][attempt * QUADS + i] = low[attempt];
            }
#pragma clang loop vectorize_width(16) interleave(disable) unroll(disable)
        for (int i = 0; i < 2 * QUADS; i++) {
            const uint c0 = mul_hi(CLMAT_PHILOX_M1, third[i]) ^ c[1][i] ^ (k0 + 2 * CLMAT_PHILOX_W0);
            const clmat_words w =
                clmat_philox_from(3, c0, CLMAT_PHILOX_M1 * third[i], c[2][i], c[3][i], k0, k1);
            x[0][i] = w.x;
            x[1][i] = w.y;
            x[2][i] = w.z;
            x[3][i] = w.w;
        }
        if (quads == QUADS) {
            // Blocks of sixteen are stored whole, as they are read: half ones would have to reach the cache first.
            ints v[4], block[4];
            memcpy(v, x, sizeof v);
            block[0] = __builtin_shufflevector(v[0], v[1], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
            block[1] = __builtin_shufflevector(v[2], v[3], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
            block[2] = __builtin_shufflevector(v[0], v[1], 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
            block[3] = __builtin_shufflevector(v[2], v[3], 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
            memcpy(s->word, block, 2 * sizeof *block);
            memcpy(s->second, block + 2, 2 * sizeof *block);
            return;
        }
        for (int part = 0; part < 4; part++) {
            memcpy(s->word + part * quads + quad, x[part], QUADS * sizeof(uint));
            memcpy(s->second + part * quads + quad, x[part] + QUADS, QUADS * sizeof(uint));
        }
    }
}

// The Poisson numbers of mean scale rate product.
static inline __attribute__((always_inline))
void prepare_poisson(clmat_source source, int topics, float scale, const workspace *s, numbers *n)
{
    n->source = source;
    fill_words(source, clmat_topic_quads(topics), s, n);
    for (int first = 0; first < topics; first += WIDE) {
        for (int i = 0; i < WIDE; i++) {
            const float mean = scale * s->rate[first + i] * s->product[first + i];
            const int is_large = mean >= (float)CLMAT_POISSON_TABLES, whole = is_large ? CLMAT_POISSON_TABLES : (int)mean;
            const float rest = is_large ? 0.0f : mean - (float)whole;
            n->mean[first + i] = mean;
            n->whole[first + i] = whole;
            n->rest[first + i] = rest;
            n->zero[first + i] = clmat_exp_of_part(-rest);
        }
        wide_ints whole;
        memcpy(&whole, n->whole + first, sizeof whole);
        const wide_ints has_whole = (whole > 0) & (whole < CLMAT_POISSON_TABLES), is_large = whole == CLMAT_POISSON_TABLES;
        n->has_whole[first / WIDE] = bits_of(&has_whole);
        n->is_large[first / WIDE] = bits_of(&is_large);
    }
}

// drawn <- the numbers, as clmat_poisson does it, but two blocks of topics at a time.
static inline __attribute__((always_inline))
void draw_poisson(int topics, const uint *tables, const numbers *s, int *drawn)
{
    for (int first = 0; first < topics; first += WIDE) {
        float uniforms[WIDE];
        for (int i = 0; i < WIDE; i++) uniforms[i] = clmat_uniform(s->word[first + i]);
        wide_floats rest, p, u;
        memcpy(&rest, s->rest + first, sizeof rest);
        memcpy(&p, s->zero + first, sizeof p);
        memcpy(&u, uniforms, sizeof u);
        wide_floats c = p;
        wide_ints n = 0, goes_on = u > c;
        // Three steps are enough most times, so that the loop ends where it was guessed to.
        for (int step = 1; step <= CLMAT_POISSON_SEARCH; step += 3) {
            for (int i = step; i < step + 3; i++) {
                n -= goes_on;                   // true is -1
                p *= rest * reciprocals[i];
                c += p;
                goes_on = u > c;
            }
            if (bits_of(&goes_on) == 0) break;
        }
        n &= n != CLMAT_POISSON_SEARCH;
        memcpy(drawn + first, &n, sizeof n);
        for (uint left = s->has_whole[first / WIDE]; left != 0; left &= left - 1) {
            const int k = first + __builtin_ctz(left);
            drawn[k] += clmat_poisson_of_whole(s->whole[k], s->second[k], tables);
        }
        for (uint left = s->is_large[first / WIDE]; left != 0; left &= left - 1) {
            const int k = first + __builtin_ctz(left);
            drawn[k] = clmat_poisson_by_rejection(s->source, (uint)k, s->mean[k], s->word[k], s->second[k]);
        }
    }
}

// drawn <- drawn + Multinomial(total, product), one by one.
static inline __attribute__((always_inline))
void draw_choices(clmat_source source, int topics, int total, workspace *s)
{
    enum { WORDS = 4 * QUADS };
    // The end of each topic's part of [0, end): sums within blocks, and the blocks before.
    const int padded = rounded_up(topics, LANES);
    int steps = LANES;
    while (steps < padded) steps *= 2;
    float end = 0.0f, part[LANES];
    for (int k = 0; k < padded; k += LANES) {
        part[0] = s->product[k];
        for (int i = 1; i < LANES; i++) part[i] = part[i - 1] + s->product[k + i];
        for (int i = 0; i < LANES; i++) s->ends[k + i] = end + part[i];
        end += part[LANES - 1];
    }
    for (int k = topics; k < steps; k++) s->ends[k] = INFINITY;
    for (int first = 0; first < total; first += WORDS) {
        uint words[4][QUADS];
#pragma clang loop vectorize_width(8) interleave(disable) unroll(disable)
        for (int i = 0; i < QUADS; i++) {
            const clmat_words w = clmat_draw(source, CLMAT_BLOCK_CHOICE + (uint)(first / 4 + i), 0);
            words[0][i] = w.x;
            words[1][i] = w.y;
            words[2][i] = w.z;
            words[3][i] = w.w;
        }
        const int count = total - first < WORDS ? total - first : WORDS;
        for (int part = 0; part < 4 && part * QUADS < count; part++) {
            // The first topic whose part ends beyond the point, for eight points at a time.
            float point[QUADS];
            int topic[QUADS];
            for (int i = 0; i < QUADS; i++) {
                point[i] = clmat_uniform(words[part][i]) * end;
                topic[i] = 0;
            }
            for (int step = steps / 2; step > 0; step /= 2)
                for (int i = 0; i < QUADS; i++) topic[i] += s->ends[topic[i] + step - 1] <= point[i] ? step : 0;
            for (int i = 0; i < QUADS && part * QUADS + i < count; i++)
                s->drawn[topic[i] < topics ? topic[i] : topics - 1]++;
        }
    }
}

// drawn <- Multinomial(total, product / sum)
static inline __attribute__((always_inline))
void draw_multinomial(clmat_source source, int topics, int total, float sum, const uint *tables, numbers *n, workspace *s)
{
    const int padded = rounded_up(topics, LANES);
    int drawn = 0;
    if (total > CLMAT_TOPICS_FEW) {
        prepare_poisson(source, topics, clmat_most_of(total) / sum, s, n);
        draw_poisson(topics, tables, n, s->drawn);
        for (int k = 0; k < padded; k++) drawn += s->drawn[k];
    }
    if (total <= CLMAT_TOPICS_FEW || drawn > total) {
        for (int k = 0; k < padded; k++) s->drawn[k] = 0;
        drawn = 0;
    }
    draw_choices(source, topics, total - drawn, s);
}

// Sums that no other thread adds to. There are as many as threads, so one is free, or will be; which one does not matter,
// since whole numbers are added.
static int claim(int *taken, int slots)
{
    for (int slot = 0;; slot = (slot + 1) % slots)
        if (!__atomic_exchange_n(taken + slot, 1, __ATOMIC_ACQUIRE)) return slot;
}

// The sum of times ln chance of the words that wait for it.
static inline __attribute__((always_inline)) float log_likelihood(int *pending, workspace *s)
{
    for (int i = *pending; i < LANES; i++) {
        s->chance[i] = 1.0f;
        s->times[i] = 0.0f;
    }
    for (int i = 0; i < LANES; i++) s->chance[i] = s->times[i] * clmat_log(s->chance[i]);
    float sum = 0.0f;
    for (int i = 0; i < LANES; i++) sum += s->chance[i];
    *pending = 0;
    return sum;
}

// The totals of the document, and the sums of the word if there are any, take up what was drawn.
static inline __attribute__((always_inline)) void take(int topics, int *sums, workspace *s)
{
    for (int k = 0; k < rounded_up(topics, LANES); k++) s->total[k] += s->drawn[k];
    if (sums)
        for (int k = 0; k < topics; k++) sums[k] += s->drawn[k];
}

CLMAT_VECTORISED
void topics_sample(size_t begin, size_t end, int topics, int form, float samples, int first, int adds, int slots, int stride,
                   uint seed_low, uint seed_high, uint step_low, uint step_high, uint stream, const int *bounds,
                   const int *starts, const int *words, const int *counts, const float *topic_samples,
                   const float *alpha, const uint *tables, const float *phi, float *theta, int *sums, float *scores)
{
    workspace space, *s = &space;
    numbers two[2];
    const int padded = rounded_up(topics, LANES);
    for (int k = 0; k < rounded_up(topics, WIDE); k++) s->theta[k] = s->product[k] = s->rate[k] = 0.0f;
    for (int k = 0; k < topics; k++) s->rate[k] = form == CLMAT_FORM_POISSON ? topic_samples[k] : 1.0f;
    clmat_source source = {0, stream, step_low, step_high, seed_low, seed_high};
    prepare_words(source, clmat_topic_quads(topics), s);
    for (size_t slice = begin; slice < end; slice++) {
        const int slot = adds ? claim(sums + (size_t)slots * (size_t)stride, slots) : 0;
        int *const slice_sums = sums + (size_t)slot * (size_t)stride;
        for (int d = bounds[slice]; d < bounds[slice + 1]; d++) {
            float *const row = theta + (size_t)d * (size_t)topics;
            float weight = 0.0f, likelihood = 0.0f;
            int pending = 0;
            for (int k = 0; k < topics; k++) {
                s->theta[k] = row[k];
                weight += row[k];
            }
            for (int k = 0; k < padded; k++) s->total[k] = 0;
            numbers *waiting = NULL;
            int *waiting_sums = NULL;
            for (int j = starts[d]; j < starts[d + 1]; j++) {
                const size_t place = (size_t)words[j] * (size_t)topics;
                if (j + 1 < starts[d + 1]) {
                    // The next word's rows may be far away.
                    const size_t next = (size_t)words[j + 1] * (size_t)topics;
                    for (int k = 0; k < topics; k += LANES) {
                        __builtin_prefetch(phi + next + k);
                        if (adds) __builtin_prefetch(slice_sums + next + k, 1);
                    }
                }
                const float sum = products(topics, phi + place, s);
                if (adds) {
                    // Logarithms in blocks, since one at a time is slow.
                    s->chance[pending] = sum / weight;
                    s->times[pending++] = (float)counts[j];
                    if (pending == LANES || j + 1 == starts[d + 1]) likelihood += log_likelihood(&pending, s);
                }
                // A word that no topic has any weight for says nothing about topics.
                if (!clmat_has_samples(sum)) continue;
                source.index = (uint)first + (uint)j;
                int *const word_sums = adds ? slice_sums + place : NULL;
                if (form == CLMAT_FORM_MULTINOMIAL) {
                    const float u = clmat_uniform(clmat_draw(source, CLMAT_BLOCK_TOTAL, 0).x);
                    draw_multinomial(source, topics, clmat_sample_total(samples, counts[j], u), sum, tables, two, s);
                    take(topics, word_sums, s);
                    continue;
                }
                // The numbers of the word before are drawn when this one's are on their way: a loop that ends where it was
                // not guessed to costs little then.
                numbers *const now = waiting == two ? two + 1 : two;
                prepare_poisson(source, topics, (float)counts[j] / sum, s, now);
                if (waiting) {
                    draw_poisson(topics, tables, waiting, s->drawn);
                    take(topics, waiting_sums, s);
                }
                waiting = now;
                waiting_sums = word_sums;
            }
            if (waiting) {
                draw_poisson(topics, tables, waiting, s->drawn);
                take(topics, waiting_sums, s);
            }
            float moved = 0.0f;
            for (int k = 0; k < topics; k++) {
                const float next = (float)s->total[k] / topic_samples[k] + alpha[k], change = next - row[k];
                moved += change < 0.0f ? -change : change;
                row[k] = next;
            }
            scores[2 * d] = likelihood;
            scores[2 * d + 1] = 0.5f * moved;
        }
        if (adds) __atomic_store_n(sums + (size_t)slots * (size_t)stride + slot, 0, __ATOMIC_RELEASE);
    }
}
CLMAT_KERNEL(topics, topics_sample, INT, INT, FLOAT, INT, INT, INT, INT, WORD, WORD, WORD, WORD, WORD, INTS, INTS,
             INTS, INTS, FLOATS, FLOATS, WORDS, FLOATS, INOUT_FLOATS, INOUT_INTS, OUT_FLOATS)

CLMAT_VECTORISED
void topics_merge(size_t begin, size_t end, int topics, int slices, int stride, float keep, float add, const int *sums,
                  const float *scales, const float *old_scales, int *old, float *statistics)
{
    for (size_t i = begin; i < end;) {
        const size_t row = i - i % (size_t)topics, stop = clmat_minimum(end, row + (size_t)topics);
        for (; i < stop; i++) {
            int fresh = 0;
            for (int slice = 0; slice < slices; slice++) fresh += sums[(size_t)slice * (size_t)stride + i];
            statistics[i] = clmat_statistic(statistics[i], keep, add, fresh, scales[i - row], old[i], old_scales[i - row]);
            old[i] = fresh;
        }
    }
}
CLMAT_KERNEL(topics, topics_merge, CL_INT, INT, INT, INT, FLOAT, FLOAT, INTS, FLOATS, FLOATS, INOUT_INTS,
             INOUT_FLOATS)

CLMAT_VECTORISED
void topics_normalise(size_t begin, size_t end, int topics, float beta, const float *statistics,
                      const float *normalisers, float *phi)
{
    for (size_t i = begin; i < end;) {
        const size_t row = i - i % (size_t)topics, stop = clmat_minimum(end, row + (size_t)topics);
        for (; i < stop; i++) phi[i] = clmat_topic_weight(statistics[i], beta, normalisers[i - row]);
    }
}
CLMAT_KERNEL(topics, topics_normalise, CL_INT, INT, FLOAT, FLOATS, FLOATS, OUT_FLOATS)

CLMAT_VECTORISED
void topics_cut(size_t begin, size_t end, int topics, const float *statistics, const float *rs, float *phi)
{
    for (size_t w = begin; w < end; w++) {
        const float *n = statistics + w * (size_t)topics, *r = rs + w * (size_t)topics;
        float *row = phi + w * (size_t)topics, most = 0.0f;
        int is_left = 0;
        for (int k = 0; k < topics; k++) {
            is_left |= row[k] > r[k];
            most = n[k] > most ? n[k] : most;
        }
        for (int k = 0; k < topics; k++) row[k] = clmat_cut(row[k], r[k], is_left, n[k] >= most);
    }
}
CLMAT_KERNEL(topics, topics_cut, CL_INT, INT, FLOATS, FLOATS, INOUT_FLOATS)

CLMAT_VECTORISED
void topics_infer(size_t begin, size_t end, int topics, int rounds, const int *starts, const int *words,
                  const int *counts, const float *alpha, const float *phi, float *theta)
{
    workspace space, *s = &space;
    for (size_t d = begin; d < end; d++) {
        float *const row = theta + d * (size_t)topics;
        for (int k = 0; k < topics; k++) s->theta[k] = row[k];
        for (int round = 0; round < rounds; round++) {
            for (int k = 0; k < topics; k++) s->ends[k] = 0.0f;
            for (int j = starts[d]; j < starts[d + 1]; j++) {
                const float *word = phi + (size_t)words[j] * (size_t)topics;
                const float sum = products(topics, word, s);
                if (!clmat_has_samples(sum)) continue;
                const float scale = (float)counts[j] / sum;
                for (int k = 0; k < topics; k++) s->ends[k] += scale * word[k];
            }
            float weight = 0.0f;
            for (int k = 0; k < topics; k++) {
                s->theta[k] = alpha[k] + s->theta[k] * s->ends[k];
                weight += s->theta[k];
            }
            weight = weight > 0.0f ? weight : 1.0f;
            for (int k = 0; k < topics; k++) s->theta[k] /= weight;
        }
        for (int k = 0; k < topics; k++) row[k] = s->theta[k];
    }
}
CLMAT_KERNEL(topics, topics_infer, INT, INT, INTS, INTS, INTS, FLOATS, FLOATS, CL_INOUT_FLOATS, INOUT_FLOATS)

CLMAT_VECTORISED
void topics_score(size_t begin, size_t end, int topics, const int *starts, const int *words, const int *counts,
                  const float *phi, const float *theta, float *scores)
{
    workspace space, *s = &space;
    for (size_t d = begin; d < end; d++) {
        for (int k = 0; k < topics; k++) s->theta[k] = theta[d * (size_t)topics + (size_t)k];
        float a = 0.0f;
        for (int j = starts[d]; j < starts[d + 1]; j++)
            a += (float)counts[j] * clmat_log(products(topics, phi + (size_t)words[j] * (size_t)topics, s));
        scores[d] = a;
    }
}
CLMAT_KERNEL(topics, topics_score, INT, INTS, INTS, INTS, FLOATS, FLOATS, OUT_FLOATS)

CLMAT_TEXT(topics) {
#embed "../shared/topics.h" suffix(,)
#embed "../cl/topics.cl" suffix(, 0)
};
