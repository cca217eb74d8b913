// topics.cl: the cooled Gibbs sampler of topics, and the topics of documents for words whose topics are known.
//
// Formulas  ../shared/topics.h, ../shared/samplers.h
// Layout    phi  V x K: the K topics of a word side by side;  theta  D x K: those of a document
//           documents in compressed sparse rows: starts  D + 1 ints;  words, counts  one int per nonzero
//           rates  K samples per token, by topic;  alpha  K;  tables  alias tables (samplers.h)
//           sums  slots x V x K ints, to which samples are added;  scores  D x 2 floats
// Slices    item s has the documents bounds[s] to bounds[s + 1] - 1. On the CPU each adds to one of `slots` copies of sums,
//           `stride` apart, with a mark for each that is in use behind them. Here all share one, by atomic additions of
//           integers. Either way the sums are the same in any order.
// Loops     are short, by vectors of 16 and 8: they are serial, and Mesa's llvmpipe ends all loops of a work-item after
//           65,535 iterations in sum.
// Host      checks shapes, that K is from 1 to CLMAT_TOPICS_MOST, and that no sum passes 2^31.

#include <clmat/group.h>

// Sum over k of theta phi, in blocks as the CPU has it.
static float product_sum(int topics, __global const float *theta, __global const float *phi)
{
    float16 sum = 0.0f;
    int k = 0;
    for (; k + CLMAT_TOPICS_BLOCK <= topics; k += CLMAT_TOPICS_BLOCK) {
        const float16 product = vload16(0, theta + k) * vload16(0, phi + k);
        sum += product;
    }
    if (k < topics) {
        float rest[CLMAT_TOPICS_BLOCK];
#pragma unroll
        for (int i = 0; i < CLMAT_TOPICS_BLOCK; i++) rest[i] = k + i < topics ? theta[k + i] * phi[k + i] : 0.0f;
        sum += vload16(0, rest);
    }
    const float8 eight = sum.lo + sum.hi;
    const float4 four = eight.lo + eight.hi;
    const float2 two = four.lo + four.hi;
    return two.x + two.y;
}

// Where the samples of one nonzero go.
typedef struct { int topics, adds; __local int *total; __global int *sum; } receiver;

static void receive(receiver to, int k, int n)
{
    if (n == 0) return;
    atomic_add(to.total + k, n);
    if (to.adds) atomic_add(to.sum + k, n);
}

// Poisson numbers of mean scale rates theta phi, and how many in all. If `counts`, they are handed over, but not more than
// `most` in all; if not, they are only counted, up to where they are more than `most`.
static int draw_poisson(clmat_source source, float scale, int is_weighted, __global const float *rates,
                        __global const float *theta, __global const float *phi, __global const uint *tables,
                        int most, int counts, receiver to)
{
    const int quads = clmat_topic_quads(to.topics);
    int all = 0;
    for (int quad = 0; quad < quads && quad < to.topics && all <= most; quad++) {
        const clmat_words w = clmat_draw(source, (uint)quad, 0), v = clmat_draw(source, (uint)quad, 1);
        const uint first[4] = {w.x, w.y, w.z, w.w}, second[4] = {v.x, v.y, v.z, v.w};
        for (int part = 0; part < 4; part++) {
            const int k = part * quads + quad;
            if (k >= to.topics) break;
            const float product = theta[k] * phi[k];
            const float mean = scale * (is_weighted ? rates[k] : 1.0f) * product;
            int n = clmat_poisson(source, (uint)k, mean, first[part], second[part], tables);
            if (counts) {
                n = min(n, most - all);
                receive(to, k, n);
            }
            all += n;
        }
    }
    return all;
}

// How many of 32 points lie below an end.
static int points_below(const float8 *points, float end)
{
    const int8 eight = (points[0] < end) + (points[1] < end) + (points[2] < end) + (points[3] < end);    // true is -1
    const int4 four = eight.lo + eight.hi;
    const int2 two = four.lo + four.hi;
    return -(two.x + two.y);
}

// Samples one by one, 32 in a walk over the topics: a topic has the points below its end that none before it has. The last
// one has what is left, so that there are `total` whatever the ends are.
static void draw_choices(clmat_source source, int total, __global const float *theta, __global const float *phi,
                         receiver to)
{
    float end = 0.0f, base = 0.0f, part = 0.0f;
    for (int k = 0; k < to.topics; k++) {
        const float product = theta[k] * phi[k];
        part = k % CLMAT_TOPICS_BLOCK == 0 ? product : part + product;
        end = base + part;
        if (k % CLMAT_TOPICS_BLOCK == CLMAT_TOPICS_BLOCK - 1) base = end;
    }
    for (int first = 0; first < total; first += 32) {
        // Words come in blocks of 32: eight quads, component by component.
        float words[32];
#pragma unroll
        for (int i = 0; i < 8; i++) {
            const clmat_words w = clmat_draw(source, CLMAT_BLOCK_CHOICE + (uint)(first / 4 + i), 0);
            words[i] = clmat_uniform(w.x);
            words[8 + i] = clmat_uniform(w.y);
            words[16 + i] = clmat_uniform(w.z);
            words[24 + i] = clmat_uniform(w.w);
        }
        const int count = min(32, total - first);
        float8 points[4];
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const int8 draw = 8 * i + (int8)(0, 1, 2, 3, 4, 5, 6, 7);
            points[i] = select((float8)(INFINITY), vload8(i, words) * end, draw < count);
        }
        int before = 0;
        base = 0.0f;
        for (int k = 0; k < to.topics && before < count; k++) {
            const float product = theta[k] * phi[k];
            part = k % CLMAT_TOPICS_BLOCK == 0 ? product : part + product;
            const int below = k == to.topics - 1 ? count : max(before, points_below(points, base + part));
            if (k % CLMAT_TOPICS_BLOCK == CLMAT_TOPICS_BLOCK - 1) base = base + part;
            receive(to, k, below - before);
            before = below;
        }
    }
}

// One round: samples of all words; theta <- samples / rates + alpha. scores: the log-likelihood before (if adds), and the
// tokens that went to another topic. Launch: one work-group per document; its work-items share the nonzeros.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void topics_sample(const int topics, const int form, const float samples, const int first, const int adds,
                   const int slots, const int stride, const uint seed_low, const uint seed_high, const uint step_low,
                   const uint step_high, const uint stream, __global const int *bounds, __global const int *starts,
                   __global const int *words, __global const int *counts, __global const float *rates,
                   __global const float *alpha, __global const uint *tables, __global const float *phi,
                   __global float *theta, __global int *sums, __global float *scores)
{
    __local float partials[GROUP];
    __local int total[CLMAT_TOPICS_MOST];
    const int d = bounds[get_group_id(0)], lane = get_local_id(0);
    __global float *row = theta + (size_t)d * topics;
    float weight = 0.0f;
    for (int k = lane; k < topics; k += GROUP) {
        total[k] = 0;
        weight += row[k];
    }
    weight = group_sum(weight, partials);
    float likelihood = 0.0f;
    for (int j = starts[d] + lane; j < starts[d + 1]; j += GROUP) {
        __global const float *word = phi + (size_t)words[j] * topics;
        const float sum = product_sum(topics, row, word);
        if (adds) likelihood += (float)counts[j] * clmat_log(sum / weight);
        if (!clmat_has_samples(sum)) continue;
        const clmat_source source = {(uint)first + (uint)j, stream, step_low, step_high, seed_low, seed_high};
        const receiver to = {topics, adds, total, sums + (size_t)words[j] * topics};
        if (form == CLMAT_FORM_POISSON) {
            draw_poisson(source, (float)counts[j] / sum, 1, rates, row, word, tables, INT_MAX, 1, to);
            continue;
        }
        const float u = clmat_uniform(clmat_draw(source, CLMAT_BLOCK_TOTAL, 0).x);
        const int wanted = clmat_sample_total(samples, counts[j], u);
        int drawn = 0;
        if (wanted > CLMAT_TOPICS_FEW) {
            const float scale = clmat_most_of(wanted) / sum;
            // Twice the same numbers, if the compiler has translated both calls alike; if not, there are still not too many.
            drawn = draw_poisson(source, scale, 0, rates, row, word, tables, wanted, 0, to) > wanted
                ? 0 : draw_poisson(source, scale, 0, rates, row, word, tables, wanted, 1, to);
        }
        draw_choices(source, wanted - drawn, row, word, to);
    }
    // Until all have read the row.
    barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);
    float moved = 0.0f;
    for (int k = lane; k < topics; k += GROUP) {
        const float next = (float)total[k] / rates[k] + alpha[k], change = next - row[k];
        moved += change < 0.0f ? -change : change;
        row[k] = next;
    }
    likelihood = group_sum(likelihood, partials);
    moved = group_sum(moved, partials);
    if (lane == 0) {
        scores[2 * d] = likelihood;
        scores[2 * d + 1] = 0.5f * moved;
    }
}

// Statistics of words and topics with a minibatch's samples in them: n <- keep n + add new / rate - old / old rate;
// old <- new. Launch: one work-item per element of V x K.
__kernel void topics_merge(const int n, const int topics, const int slices, const int stride, const float keep,
                           const float add, __global const int *sums, __global const float *scales,
                           __global const float *old_scales, __global int *old, __global float *statistics)
{
    const int i = get_global_id(0);
    if (i >= n) return;
    int fresh = 0;
    for (int slice = 0; slice < slices; slice++) fresh += sums[(size_t)slice * stride + i];
    statistics[i] = clmat_statistic(statistics[i], keep, add, fresh, scales[i % topics], old[i], old_scales[i % topics]);
    old[i] = fresh;
}

// phi <- (n + beta) / normaliser of the topic. Launch: one work-item per element of V x K.
__kernel void topics_normalise(const int n, const int topics, const float beta, __global const float *statistics,
                               __global const float *normalisers, __global float *phi)
{
    const int i = get_global_id(0);
    if (i < n) phi[i] = clmat_topic_weight(statistics[i], beta, normalisers[i % topics]);
}

// phi <- max(0, phi - r) for each word. A word that all topics would lose stays where its statistics are largest, so that
// no word is lost for good. Launch: one work-item per word.
__kernel void topics_cut(const int words, const int topics, __global const float *statistics,
                         __global const float *rs, __global float *phi)
{
    const int w = get_global_id(0);
    if (w >= words) return;
    __global const float *n = statistics + (size_t)w * topics, *r = rs + (size_t)w * topics;
    __global float *row = phi + (size_t)w * topics;
    float most = 0.0f;
    int is_left = 0;
    for (int k = 0; k < topics; k++) {
        is_left |= row[k] > r[k];
        most = n[k] > most ? n[k] : most;
    }
    for (int k = 0; k < topics; k++) row[k] = clmat_cut(row[k], r[k], is_left, n[k] >= most);
}

// theta of documents by expectation maximisation: theta_k ~ alpha_k + sum over w of c theta_k phi_wk / z_w, `rounds` times;
// rows sum to 1. `sums` holds one float per nonzero. Launch: one work-group per document.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void topics_infer(const int topics, const int rounds, __global const int *starts, __global const int *words,
                  __global const int *counts, __global const float *alpha, __global const float *phi,
                  __global float *sums, __global float *theta)
{
    __local float partials[GROUP];
    const int d = get_group_id(0), lane = get_local_id(0);
    __global float *row = theta + (size_t)d * topics;
    for (int round = 0; round < rounds; round++) {
        for (int j = starts[d] + lane; j < starts[d + 1]; j += GROUP)
            sums[j] = product_sum(topics, row, phi + (size_t)words[j] * topics);
        barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);
        float weight = 0.0f;
        for (int k = lane; k < topics; k += GROUP) {
            float a = 0.0f;
            for (int j = starts[d]; j < starts[d + 1]; j++)
                if (clmat_has_samples(sums[j])) a += (float)counts[j] / sums[j] * phi[(size_t)words[j] * topics + k];
            row[k] = alpha[k] + row[k] * a;
            weight += row[k];
        }
        weight = group_sum(weight, partials);
        weight = weight > 0.0f ? weight : 1.0f;
        for (int k = lane; k < topics; k += GROUP) row[k] /= weight;
        barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);
    }
}

// scores[d] = sum over w of c ln z_w, z_w = sum over k of theta_k phi_wk. Launch: one work-group per document.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void topics_score(const int topics, __global const int *starts, __global const int *words, __global const int *counts,
                  __global const float *phi, __global const float *theta, __global float *scores)
{
    __local float partials[GROUP];
    const int d = get_group_id(0), lane = get_local_id(0);
    float a = 0.0f;
    for (int j = starts[d] + lane; j < starts[d + 1]; j += GROUP) {
        const float sum = product_sum(topics, theta + (size_t)d * topics, phi + (size_t)words[j] * topics);
        a += (float)counts[j] * clmat_log(sum);
    }
    a = group_sum(a, partials);
    if (lane == 0) scores[d] = a;
}
