// random.c: the kernels of ../cl/random.cl as loops over the groups of four elements [begin, end).

#include "kernel.h"

// Blocks of quads in separate arrays, so that the loop over quads vectorises.
enum { BLOCK = 32 };

typedef struct { float y[4][BLOCK]; } quads;

static inline __attribute__((always_inline))
void store(size_t quad, size_t count, size_t n, float scale, float shift, const quads *q, float *ys)
{
    if (4 * (quad + count) <= n) {
        for (size_t j = 0; j < count; j++)
            for (int k = 0; k < 4; k++) ys[4 * (quad + j) + k] = scale * q->y[k][j] + shift;
    } else {
        for (size_t j = 0; j < count; j++)
            for (size_t k = 0; k < 4 && 4 * (quad + j) + k < n; k++)
                ys[4 * (quad + j) + k] = scale * q->y[k][j] + shift;
    }
}

CLMAT_VECTORISED
void random_uniform(size_t begin, size_t end, int n, float scale, float shift, uint seed_low, uint seed_high,
                    uint step_low, uint step_high, uint stream, float *ys)
{
    quads q;
    for (size_t quad = begin; quad < end; quad += BLOCK) {
        const size_t count = clmat_minimum(BLOCK, end - quad);
        for (size_t j = 0; j < count; j++) {
            const clmat_words w = clmat_philox((uint)(quad + j), stream, step_low, step_high, seed_low, seed_high);
            q.y[0][j] = clmat_uniform(w.x);
            q.y[1][j] = clmat_uniform(w.y);
            q.y[2][j] = clmat_uniform(w.z);
            q.y[3][j] = clmat_uniform(w.w);
        }
        store(quad, count, n, scale, shift, &q, ys);
    }
}
CLMAT_KERNEL(random, random_uniform, INT, FLOAT, FLOAT, WORD, WORD, WORD, WORD, WORD, OUT_FLOATS)

CLMAT_VECTORISED
void random_normal(size_t begin, size_t end, int n, float scale, float shift, uint seed_low, uint seed_high,
                   uint step_low, uint step_high, uint stream, float *ys)
{
    quads q;
    for (size_t quad = begin; quad < end; quad += BLOCK) {
        const size_t count = clmat_minimum(BLOCK, end - quad);
        for (size_t j = 0; j < count; j++) {
            const clmat_words w = clmat_philox((uint)(quad + j), stream, step_low, step_high, seed_low, seed_high);
            const float a = clmat_normal_radius(w.x), u = clmat_uniform(w.y);
            const float b = clmat_normal_radius(w.z), v = clmat_uniform(w.w);
            q.y[0][j] = a * clmat_cosine_of_turn(u);
            q.y[1][j] = a * clmat_sine_of_turn(u);
            q.y[2][j] = b * clmat_cosine_of_turn(v);
            q.y[3][j] = b * clmat_sine_of_turn(v);
        }
        store(quad, count, n, scale, shift, &q, ys);
    }
}
CLMAT_KERNEL(random, random_normal, INT, FLOAT, FLOAT, WORD, WORD, WORD, WORD, WORD, OUT_FLOATS)

CLMAT_VECTORISED
void dropout(size_t begin, size_t end, int n, int first, float keep, uint seed_low, uint seed_high, uint step_low,
             uint step_high, uint stream, const float *xs, float *ys)
{
    quads q;
    const float scale = 1.0f / keep;
    for (size_t quad = begin; quad < end; quad += BLOCK) {
        const size_t count = clmat_minimum(BLOCK, end - quad);
        for (size_t j = 0; j < count; j++) {
            const clmat_words w = clmat_philox((uint)(quad + j), stream, step_low, step_high, seed_low, seed_high);
            q.y[0][j] = clmat_uniform(w.x) < keep ? scale : 0.0f;
            q.y[1][j] = clmat_uniform(w.y) < keep ? scale : 0.0f;
            q.y[2][j] = clmat_uniform(w.z) < keep ? scale : 0.0f;
            q.y[3][j] = clmat_uniform(w.w) < keep ? scale : 0.0f;
        }
        for (size_t j = 0; j < count; j++)
            for (size_t k = 0; k < 4 && 4 * (quad + j) + k < (size_t)n; k++) {
                const size_t i = 4 * (quad + j) + k;
                ys[i] = q.y[k][j] * xs[first + i];
            }
    }
}
CLMAT_KERNEL(random, dropout, INT, INT, FLOAT, WORD, WORD, WORD, WORD, WORD, FLOATS, OUT_FLOATS)

clmat_philox_block clmat_philox_words(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1)
{
    const clmat_words w = clmat_philox(c0, c1, c2, c3, k0, k1);
    return (clmat_philox_block){{w.x, w.y, w.z, w.w}};
}

CLMAT_TEXT(random) {
#embed "../cl/random.cl" suffix(, 0)
};
