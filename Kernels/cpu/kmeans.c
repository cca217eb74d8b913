// kmeans.c: the kernels of ../cl/kmeans.cl as loops over [begin, end) of points, centres, or clusters and chunks.

#include "product.h"

_Static_assert(CLMAT_KMEANS_STRIP == STRIP, "centres are packed in the strips of the products");

enum { LANES = 32 };

CLMAT_VECTORISED
static float weighted_square(size_t columns, const float *weights, const float *x)
{
    float lanes[LANES] = {0};
    size_t d = 0;
    for (; d + LANES <= columns; d += LANES)
        for (int l = 0; l < LANES; l++) lanes[l] += weights[d + l] * x[d + l] * x[d + l];
    for (int l = 0; d < columns; d++, l++) lanes[l] += weights[d] * x[d] * x[d];
    for (int half_count = LANES / 2; half_count > 0; half_count /= 2)
        for (int l = 0; l < half_count; l++) lanes[l] += lanes[l + half_count];
    return lanes[0];
}

void kmeans_squares(size_t begin, size_t end, int columns, const float *xs, const float *weights, float *squares)
{
    for (size_t r = begin; r < end; r++) squares[r] = weighted_square(columns, weights, xs + r * columns);
}

void kmeans_pack(size_t begin, size_t end, int count, int columns, const float *weights, const float *centres,
                 const float *penalties, float *packed, float *biases)
{
    for (size_t k = begin; k < end; k++) {
        const float *centre = centres + k * columns;
        const int is_centre = k < (size_t)count;
        for (int d = 0; d < columns; d++)
            packed[clmat_kmeans_place(k, d, columns)] = is_centre ? weights[d] * centre[d] : 0.0f;
        biases[k] = is_centre ? weighted_square(columns, weights, centre) + penalties[k] : INFINITY;
    }
}

// MARK: - The nearest centre, with the products kept in the first-level cache

// C[i, j] += (or =) sum over k of A(i, k) B(k, j), for one strip of columns; what processors without AVX2 do.
static void plain_product(size_t rows, size_t columns, size_t depth, const float *a, size_t a_row, size_t a_depth,
                          const float *b, size_t b_pitch, const float *start, int accumulate, float *c, size_t c_pitch)
{
    (void)columns;
    (void)start;
    for (size_t i = 0; i < rows; i++) {
        float sums[STRIP];
        for (int l = 0; l < STRIP; l++) sums[l] = accumulate ? c[i * c_pitch + l] : 0.0f;
        for (size_t k = 0; k < depth; k++) {
            const float x = a[i * a_row + k * a_depth];
            for (int l = 0; l < STRIP; l++) sums[l] += x * b[k * b_pitch + l];
        }
        for (int l = 0; l < STRIP; l++) c[i * c_pitch + l] = sums[l];
    }
}

// Points that go through all strips together, at most: a multiple of every tile's height. Features that go together: as
// many as let a strip (32 KB) and a tile of points stay in the first-level cache.
enum { POINTS = 96, DEPTH = 256 };

// The best of each lane of the strips so far, a row for each point.
typedef struct {
    float scores[POINTS][STRIP];
    int strips[POINTS][STRIP];
} lane_bests;

CLMAT_VECTORISED
static void take_strip(size_t points, int strip, const float *biases, float products[][STRIP], lane_bests *bests)
{
    for (size_t i = 0; i < points; i++)
        for (int l = 0; l < STRIP; l++) {
            const float score = clmat_kmeans_score(biases[l], products[i][l]);
            const int is_better = score < bests->scores[i][l];
            bests->strips[i][l] = is_better ? strip : bests->strips[i][l];
            bests->scores[i][l] = is_better ? score : bests->scores[i][l];
        }
}

void kmeans_assign(size_t begin, size_t end, int count, int columns, const float *xs, const float *weights,
                   const float *packed, const float *biases, const float *penalties, int *nearest, float *distances)
{
    const tile_product tiles = clmat_tiles(), product = tiles ? tiles : plain_product;
    const int strips = (count + STRIP - 1) / STRIP, parts = (columns + DEPTH - 1) / DEPTH;
    _Alignas(64) float products[POINTS][STRIP];
    lane_bests bests;
    for (size_t first = begin; first < end; first += POINTS) {
        const size_t points = clmat_minimum(POINTS, end - first);
        const float *x = xs + first * columns;
        for (size_t i = 0; i < points; i++)
            for (int l = 0; l < STRIP; l++) {
                bests.scores[i][l] = INFINITY;
                bests.strips[i][l] = 0;
            }
        for (int strip = 0; strip < strips; strip++) {
            const float *own = packed + (size_t)strip * columns * STRIP;
            if (columns == 0) memset(products, 0, sizeof products);
            for (int part = 0; part < parts; part++) {
                // Parts of nearly equal length: 784 are 4 x 196.
                const size_t d = (size_t)part * columns / parts, next = (size_t)(part + 1) * columns / parts;
                product(points, STRIP, next - d, x + d, columns, 1, own + d * STRIP, STRIP, NULL, part > 0,
                        products[0], STRIP);
            }
            take_strip(points, strip, biases + strip * STRIP, products, &bests);
        }
        for (size_t i = 0; i < points; i++) {
            float best = INFINITY;
            int index = 0;
            for (int l = 0; l < STRIP; l++) {
                const float score = bests.scores[i][l];
                const int k = bests.strips[i][l] * STRIP + l;
                if (score < best || (score == best && score < INFINITY && k < index)) {
                    best = score;
                    index = k;
                }
            }
            nearest[first + i] = index;
            distances[first + i] = clmat_kmeans_distance(weighted_square(columns, weights, x + i * columns), best,
                                                         penalties[index]);
        }
    }
}

// Item r is the point first + r.
void kmeans_nearest(size_t begin, size_t end, int first, int count, const float *products, const float *squares,
                    const float *biases, const float *penalties, int *nearest, float *distances)
{
    for (size_t r = begin; r < end; r++) {
        float best = INFINITY;
        int index = 0;
        for (int k = 0; k < count; k++) {
            const float score = clmat_kmeans_score(biases[k], products[r * count + k]);
            if (score < best) { best = score; index = k; }
        }
        nearest[first + r] = index;
        distances[first + r] = clmat_kmeans_distance(squares[first + r], best, penalties[index]);
    }
}

// MARK: - Centres

// Item i is cluster i / chunks and chunk i % chunks of the features.
CLMAT_VECTORISED
void kmeans_sums(size_t begin, size_t end, int chunks, int columns, const float *xs, const int *order,
                 const int *starts, float *sums)
{
    for (size_t item = begin; item < end; item++) {
        const size_t k = item / chunks, first = item % chunks * CLMAT_KMEANS_CHUNK;
        const size_t width = clmat_minimum(CLMAT_KMEANS_CHUNK, columns - first);
        float sum[CLMAT_KMEANS_CHUNK] = {0}, partial[CLMAT_KMEANS_CHUNK];
        for (int i = starts[k]; i < starts[k + 1]; i += CLMAT_KMEANS_BLOCK) {
            const int last = starts[k + 1] - i < CLMAT_KMEANS_BLOCK ? starts[k + 1] : i + CLMAT_KMEANS_BLOCK;
            for (size_t d = 0; d < width; d++) partial[d] = 0.0f;
            for (int j = i; j < last; j++) {
                const float *x = xs + (size_t)order[j] * columns + first;
                for (size_t d = 0; d < width; d++) partial[d] += x[d];
            }
            for (size_t d = 0; d < width; d++) sum[d] += partial[d];
        }
        memcpy(sums + k * columns + first, sum, width * sizeof *sum);
    }
}

// Item i is an element of the centres.
void kmeans_move(size_t begin, size_t end, int columns, const int *starts, const float *rates, const float *sums,
                 float *centres)
{
    for (size_t i = begin; i < end; i++) {
        const size_t k = i / columns;
        const int points = starts[k + 1] - starts[k];
        if (points > 0) centres[i] = clmat_kmeans_moved(centres[i], sums[i], points, rates[k]);
    }
}
