// kmeans.cl: the nearest centroid of each point, sums of points by cluster, and how centroids move.
//
// Formulas  ../shared/kmeans.h
// Layout    x  N x D points;  w  D weights of the features;  m  K x D centroids;  p  K penalties
//           packed  strips of 32 centroids, D x 32 each (clmat_kmeans_place);  biases  K rounded up to strips
//           nearest  N ints;  distances  N floats: |x - m|^2
//           starts  K + 1 ints: cluster k has starts[k + 1] - starts[k] points
//           sums, around  K x D: sums of each cluster (segments.cl), and what they are counted from, its centroid as it was
// Ties      the first centroid. A point that is nowhere nearer than infinity (NaN) gets centroid 0.
// Host      checks shapes, that K > 0, and that starts are as they should be.

#include <clmat/group.h>

// |x - m|^2 = sum over d of w[d] (x[d] - m[d])^2, by a whole work-group; the same for all its items.
static float group_distance(int columns, __global const float *x, __global const float *weights,
                            __global const float *m, __local float *partials)
{
    float a = 0.0f;
    for (int d = get_local_id(0); d < columns; d += GROUP) a += clmat_kmeans_term(weights[d], x[d], m[d]);
    return group_sum(a, partials);
}

// distances[r] = |x_r - m|^2 to one centroid. Launch: one work-group per row.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void kmeans_distances(const int columns, __global const float *xs, __global const float *weights,
                      __global const float *centroid, __global float *distances)
{
    __local float partials[GROUP];
    const int r = get_group_id(0);
    const float distance = group_distance(columns, xs + r * columns, weights, centroid, partials);
    if (get_local_id(0) == 0) distances[r] = distance;
}

// packed <- w m, biases <- |m|^2 + p; beyond the last centroid 0 and infinity. Launch: one work-group per centroid of the strips.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void kmeans_pack(const int count, const int columns, __global const float *weights, __global const float *centroids,
                 __global const float *penalties, __global float *packed, __global float *biases)
{
    __local float partials[GROUP];
    const int k = get_group_id(0), lane = get_local_id(0);
    float a = 0.0f;
    for (int d = lane; d < columns; d += GROUP) {
        const float m = k < count ? centroids[k * columns + d] : 0.0f, scaled = weights[d] * m;
        packed[clmat_kmeans_place(k, d, columns)] = scaled;
        a += scaled * m;
    }
    a = group_sum(a, partials);
    if (lane == 0) biases[k] = k < count ? a + penalties[k] : INFINITY;
}

// The plain version, which is the definition: every distance summed up from the differences. It takes what the faster ones
// take. Launch: one work-group per point.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void kmeans_assign(const int count, const int columns, __global const float *xs, __global const float *weights,
                   __global const float *centroids, __global const float *packed, __global const float *biases,
                   __global const float *penalties, __global int *nearest, __global float *distances)
{
    __local float partials[GROUP];
    const int r = get_group_id(0);
    __global const float *x = xs + r * columns;
    float best = INFINITY, own = 0.0f;
    int index = -1;
    for (int k = 0; k < count; k++) {
        const float distance = group_distance(columns, x, weights, centroids + k * columns, partials);
        if (distance + penalties[k] < best) { best = distance + penalties[k]; index = k; own = distance; }
    }
    if (index < 0) {
        index = 0;
        own = group_distance(columns, x, weights, centroids, partials);
    }
    if (get_local_id(0) == 0) { nearest[r] = index; distances[r] = own; }
}

// The same from products x (w m)^T of the points first, first + 1, ..., which a matrix product has made. Centroids whose
// scores are too near to the least one are compared by their distances. Launch: one work-group per point.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void kmeans_nearest(const int first, const int count, const int columns, __global const float *products,
                    __global const float *xs, __global const float *weights, __global const float *centroids,
                    __global const float *biases, __global const float *penalties, __global int *nearest,
                    __global float *distances)
{
    __local float scores[GROUP], seconds[GROUP];
    __local int indices[GROUP];
    const int r = get_group_id(0), lane = get_local_id(0);
    __global const float *x = xs + (first + r) * columns, *own = products + r * count;
    float best = INFINITY, second = INFINITY;
    int best_index = 0x7fffffff;
    for (int k = lane; k < count; k += GROUP) {
        const float score = clmat_kmeans_score(biases[k], own[k]);
        if (score < best) { second = best; best = score; best_index = k; }
        else if (score < second) second = score;
    }
    // The first of the smallest scores among all work-items, and the smallest of the others.
    scores[lane] = best;
    seconds[lane] = second;
    indices[lane] = best_index;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int half_count = GROUP / 2; half_count > 0; half_count /= 2) {
        if (lane < half_count) {
            const float other = scores[lane + half_count];
            const int index = indices[lane + half_count];
            float loser = other;
            if (other < scores[lane] || (other == scores[lane] && index < indices[lane])) {
                loser = scores[lane];
                scores[lane] = other;
                indices[lane] = index;
            }
            seconds[lane] = fmin(fmin(seconds[lane], seconds[lane + half_count]), loser);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    const float score = scores[0], runner_up = seconds[0];
    int index = indices[0] == 0x7fffffff ? 0 : indices[0];
    barrier(CLK_LOCAL_MEM_FENCE);                       // scores serves as partial sums from here on
    float distance = group_distance(columns, x, weights, centroids + index * columns, scores);
    const float doubt = clmat_kmeans_doubt(columns, score, penalties[index], distance);
    if (!(runner_up - score > doubt)) {
        // All work-items see the same scores and distances, so they take the same branches.
        float least = INFINITY;
        for (int k = 0; k < count; k++) {
            if (clmat_kmeans_score(biases[k], own[k]) > score + doubt) continue;
            const float found = group_distance(columns, x, weights, centroids + k * columns, scores);
            if (found + penalties[k] < least) { least = found + penalties[k]; index = k; distance = found; }
        }
    }
    if (lane == 0) { nearest[first + r] = index; distances[first + r] = distance; }
}

// m_k moves towards the mean of its points by its rate; a centroid without points stays. Launch: one work-item per element.
__kernel void kmeans_move(const int count, const int columns, __global const int *starts,
                          __global const float *rates, __global const float *around, __global const float *sums,
                          __global float *centroids)
{
    const int i = get_global_id(0);
    if (i >= count * columns) return;
    const int k = i / columns, points = starts[k + 1] - starts[k];
    if (points > 0) centroids[i] = clmat_kmeans_moved(centroids[i], around[i], sums[i], points, rates[k]);
}

// distances[i, j] = |x_i - x_j| for all pairs, in the place of the products x_i . w x_j; squares are the |x_i|^2.
// Launch: one work-group per row.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void kmeans_pairs(const int count, const int columns, __global const float *xs, __global const float *weights,
                  __global const float *squares, __global float *distances)
{
    const int i = get_group_id(0);
    for (int j = get_local_id(0); j < count; j += GROUP) {
        float square = squares[i] + squares[j] - 2.0f * distances[i * count + j];
        if (!(square > clmat_kmeans_least_pair(columns, squares[i], squares[j]))) {
            square = 0.0f;
            for (int d = 0; d < columns; d++)
                square += clmat_kmeans_term(weights[d], xs[i * columns + d], xs[j * columns + d]);
        }
        distances[i * count + j] = sqrt(square);
    }
}
