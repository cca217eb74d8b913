// kmeans.c: the kernels of ../cl/kmeans.cl as loops over [begin, end) of points, centroids, or their elements.

#include <clmat/product.h>
#include "../shared/kmeans.h"
#include "ModelKernels.h"

_Static_assert(CLMAT_KMEANS_STRIP == STRIP, "centroids are packed in the strips of the products");

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

// |x - m|^2 = sum over d of w_d (x_d - m_d)^2
CLMAT_VECTORISED
static float weighted_distance(size_t columns, const float *weights, const float *x, const float *m)
{
    float lanes[LANES] = {0};
    size_t d = 0;
    for (; d + LANES <= columns; d += LANES)
        for (int l = 0; l < LANES; l++) lanes[l] += clmat_kmeans_term(weights[d + l], x[d + l], m[d + l]);
    for (int l = 0; d < columns; d++, l++) lanes[l] += clmat_kmeans_term(weights[d], x[d], m[d]);
    for (int half_count = LANES / 2; half_count > 0; half_count /= 2)
        for (int l = 0; l < half_count; l++) lanes[l] += lanes[l + half_count];
    return lanes[0];
}

void kmeans_distances(size_t begin, size_t end, int columns, const float *xs, const float *weights,
                      const float *centroid, float *distances)
{
    for (size_t r = begin; r < end; r++) distances[r] = weighted_distance(columns, weights, xs + r * columns, centroid);
}
CLMAT_KERNEL(kmeans, kmeans_distances, INT, FLOATS, FLOATS, FLOATS, OUT_FLOATS)

void kmeans_pack(size_t begin, size_t end, int count, int columns, const float *weights, const float *centroids,
                 const float *penalties, float *packed, float *biases)
{
    for (size_t k = begin; k < end; k++) {
        const float *centroid = centroids + k * columns;
        const int is_centroid = k < (size_t)count;
        for (int d = 0; d < columns; d++)
            packed[clmat_kmeans_place(k, d, columns)] = is_centroid ? weights[d] * centroid[d] : 0.0f;
        biases[k] = is_centroid ? weighted_square(columns, weights, centroid) + penalties[k] : INFINITY;
    }
}
CLMAT_KERNEL(kmeans, kmeans_pack, INT, INT, FLOATS, FLOATS, FLOATS, OUT_FLOATS, OUT_FLOATS)

// MARK: - The nearest centroid, with the products kept in the first-level cache

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

// The best and the second best score of each lane of the strips so far, a row for each point.
typedef struct {
    float scores[POINTS][STRIP];
    float seconds[POINTS][STRIP];
    int strips[POINTS][STRIP];
} lane_bests;

CLMAT_VECTORISED
static void take_strip(size_t points, int strip, const float *biases, float products[][STRIP], lane_bests *bests)
{
    for (size_t i = 0; i < points; i++)
        for (int l = 0; l < STRIP; l++) {
            const float score = clmat_kmeans_score(biases[l], products[i][l]);
            const int is_better = score < bests->scores[i][l];
            const float loser = is_better ? bests->scores[i][l] : score;
            bests->seconds[i][l] = loser < bests->seconds[i][l] ? loser : bests->seconds[i][l];
            bests->strips[i][l] = is_better ? strip : bests->strips[i][l];
            bests->scores[i][l] = is_better ? score : bests->scores[i][l];
        }
}

// Of all lanes: the least score, the first of equal ones, and the least of all others. By halves, which takes no branches.
CLMAT_VECTORISED
static void fold_lanes(const lane_bests *bests, size_t i, float *best, float *second, int *index)
{
    float scores[STRIP], seconds[STRIP];
    int indices[STRIP];
    for (int l = 0; l < STRIP; l++) {
        scores[l] = bests->scores[i][l];
        seconds[l] = bests->seconds[i][l];
        indices[l] = bests->strips[i][l] * STRIP + l;
    }
    for (int half_count = STRIP / 2; half_count > 0; half_count /= 2)
        for (int l = 0; l < half_count; l++) {
            const float a = scores[l], b = scores[l + half_count];
            const int k = indices[l], other = indices[l + half_count];
            const int is_better = (b < a) | ((b == a) & (other < k));
            const float loser = is_better ? a : b;
            const float least = seconds[l] < seconds[l + half_count] ? seconds[l] : seconds[l + half_count];
            seconds[l] = loser < least ? loser : least;
            scores[l] = is_better ? b : a;
            indices[l] = is_better ? other : k;
        }
    *best = scores[0];
    *second = seconds[0];
    *index = indices[0];
}

// The nearest of all lanes to x. Where scores are too near to the least one, the centroids of those lanes are compared by
// their distances.
static int lanes_nearest(const lane_bests *bests, size_t i, int count, int columns, const float *x,
                         const float *weights, const float *centroids, const float *penalties, float *distance)
{
    const float *scores = bests->scores[i];
    float best, second;
    int index;
    fold_lanes(bests, i, &best, &second, &index);
    *distance = weighted_distance(columns, weights, x, centroids + (size_t)index * columns);
    const float doubt = clmat_kmeans_doubt(columns, best, penalties[index], *distance);
    if (second - best > doubt) return index;

    float least = INFINITY;
    for (int first = 0; first < count; first += STRIP)
        for (int l = 0; l < STRIP && first + l < count; l++) {
            if (scores[l] > best + doubt) continue;
            const int k = first + l;
            const float found = weighted_distance(columns, weights, x, centroids + (size_t)k * columns);
            if (found + penalties[k] < least) {
                least = found + penalties[k];
                index = k;
                *distance = found;
            }
        }
    return index;
}

void kmeans_assign(size_t begin, size_t end, int count, int columns, const float *xs, const float *weights,
                   const float *centroids, const float *packed, const float *biases, const float *penalties,
                   int *nearest, float *distances)
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
                bests.scores[i][l] = bests.seconds[i][l] = INFINITY;
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
        for (size_t i = 0; i < points; i++)
            nearest[first + i] = lanes_nearest(&bests, i, count, columns, x + i * columns, weights, centroids, penalties,
                                               &distances[first + i]);
    }
}
CLMAT_KERNEL(kmeans, kmeans_assign, INT, INT, FLOATS, FLOATS, FLOATS, FLOATS, FLOATS, FLOATS, OUT_INTS, OUT_FLOATS)

// Item r is the point first + r.
void kmeans_nearest(size_t begin, size_t end, int first, int count, int columns, const float *products,
                    const float *xs, const float *weights, const float *centroids, const float *biases,
                    const float *penalties, int *nearest, float *distances)
{
    for (size_t r = begin; r < end; r++) {
        const float *x = xs + (first + r) * columns, *own = products + r * count;
        float best = INFINITY, second = INFINITY;
        int index = 0;
        for (int k = 0; k < count; k++) {
            const float score = clmat_kmeans_score(biases[k], own[k]);
            if (score < best) { second = best; best = score; index = k; }
            else if (score < second) second = score;
        }
        float distance = weighted_distance(columns, weights, x, centroids + (size_t)index * columns);
        const float doubt = clmat_kmeans_doubt(columns, best, penalties[index], distance);
        if (!(second - best > doubt)) {
            float least = INFINITY;
            for (int k = 0; k < count; k++) {
                if (clmat_kmeans_score(biases[k], own[k]) > best + doubt) continue;
                const float found = weighted_distance(columns, weights, x, centroids + (size_t)k * columns);
                if (found + penalties[k] < least) { least = found + penalties[k]; index = k; distance = found; }
            }
        }
        nearest[first + r] = index;
        distances[first + r] = distance;
    }
}
CLMAT_KERNEL(kmeans, kmeans_nearest, INT, INT, INT, FLOATS, FLOATS, FLOATS, FLOATS, FLOATS, FLOATS, OUT_INTS,
             OUT_FLOATS)

// MARK: - Centroids

// Item i is an element of the centroids.
void kmeans_move(size_t begin, size_t end, int columns, const int *starts, const float *rates, const float *around,
                 const float *sums, float *centroids)
{
    for (size_t i = begin; i < end; i++) {
        const size_t k = i / columns;
        const int points = starts[k + 1] - starts[k];
        if (points > 0) centroids[i] = clmat_kmeans_moved(centroids[i], around[i], sums[i], points, rates[k]);
    }
}
CLMAT_KERNEL(kmeans, kmeans_move, CL_INT, INT, INTS, FLOATS, FLOATS, FLOATS, INOUT_FLOATS)

// MARK: - Pairs

// Item i is a row of the pairs.
void kmeans_pairs(size_t begin, size_t end, int count, int columns, const float *xs, const float *weights,
                  const float *squares, float *distances)
{
    for (size_t i = begin; i < end; i++)
        for (size_t j = 0; j < (size_t)count; j++) {
            float square = squares[i] + squares[j] - 2.0f * distances[i * count + j];
            if (!(square > clmat_kmeans_least_pair(columns, squares[i], squares[j])))
                square = weighted_distance(columns, weights, xs + i * columns, xs + j * columns);
            distances[i * count + j] = sqrtf(square);
        }
}
CLMAT_KERNEL(kmeans, kmeans_pairs, INT, INT, FLOATS, FLOATS, FLOATS, INOUT_FLOATS)

CLMAT_TEXT(kmeans) {
#embed "../shared/kmeans.h" suffix(,)
#embed "../cl/kmeans.cl" suffix(, 0)
};
