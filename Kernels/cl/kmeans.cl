// kmeans.cl: the nearest centre of each point, sums of points by cluster, and how centres move.
//
// Formulas  ../shared/kmeans.h
// Layout    x  N x D points;  w  D weights of the features;  m  K x D centres;  p  K penalties
//           packed  strips of 32 centres, D x 32 each (clmat_kmeans_place);  biases  K rounded up to strips
//           nearest  N ints;  distances, squares  N floats: |x - m|^2 and |x|^2
//           order  N ints, the points sorted by cluster, in their own order within;  starts  K + 1 ints: cluster k is
//           order[starts[k]] ... order[starts[k + 1] - 1]
// Ties      the first centre. A point that is nowhere nearer than infinity (NaN) gets centre 0.
// Sums      in the order of the points, in blocks: the same numbers on each run.
// Host      checks shapes, that K > 0, and that order and starts are as they should be.

// squares[r] = sum over d of w[d] x[r, d]^2. Launch: one work-group a row.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void kmeans_squares(const int columns, __global const float *xs, __global const float *weights,
                    __global float *squares)
{
    __local float partials[GROUP];
    const int r = get_group_id(0), lane = get_local_id(0);
    float a = 0.0f;
    for (int d = lane; d < columns; d += GROUP) a += weights[d] * xs[r * columns + d] * xs[r * columns + d];
    a = group_sum(a, partials);
    if (lane == 0) squares[r] = a;
}

// packed <- w m, biases <- |m|^2 + p; beyond the last centre 0 and infinity. Launch: one work-group a centre of the strips.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void kmeans_pack(const int count, const int columns, __global const float *weights, __global const float *centres,
                 __global const float *penalties, __global float *packed, __global float *biases)
{
    __local float partials[GROUP];
    const int k = get_group_id(0), lane = get_local_id(0);
    float a = 0.0f;
    for (int d = lane; d < columns; d += GROUP) {
        const float m = k < count ? centres[k * columns + d] : 0.0f, scaled = weights[d] * m;
        packed[clmat_kmeans_place(k, d, columns)] = scaled;
        a += scaled * m;
    }
    a = group_sum(a, partials);
    if (lane == 0) biases[k] = k < count ? a + penalties[k] : INFINITY;
}

// The first of the smallest scores among all work-items, by way of local memory.
static void group_nearest(float best, int best_index, float square, __global const float *penalties, int row,
                          __local float *scores, __local int *indices, __global int *nearest,
                          __global float *distances)
{
    const int lane = get_local_id(0);
    scores[lane] = best;
    indices[lane] = best_index;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int half_count = GROUP / 2; half_count > 0; half_count /= 2) {
        if (lane < half_count) {
            const float other = scores[lane + half_count];
            const int index = indices[lane + half_count];
            if (other < scores[lane] || (other == scores[lane] && index < indices[lane])) {
                scores[lane] = other;
                indices[lane] = index;
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (lane == 0) {
        const int k = indices[0] == 0x7fffffff ? 0 : indices[0];
        nearest[row] = k;
        distances[row] = clmat_kmeans_distance(square, scores[0], penalties[k]);
    }
}

// The plain version: every product in place. Launch: one work-group a point.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void kmeans_assign(const int count, const int columns, __global const float *xs, __global const float *weights,
                   __global const float *packed, __global const float *biases, __global const float *penalties,
                   __global int *nearest, __global float *distances)
{
    __local float partials[GROUP];
    __local int indices[GROUP];
    const int r = get_group_id(0), lane = get_local_id(0);
    __global const float *x = xs + r * columns;
    float a = 0.0f;
    for (int d = lane; d < columns; d += GROUP) a += weights[d] * x[d] * x[d];
    const float square = group_sum(a, partials);
    barrier(CLK_LOCAL_MEM_FENCE);
    float best = INFINITY;
    int best_index = 0x7fffffff;
    for (int k = lane; k < count; k += GROUP) {
        float product = 0.0f;
        for (int d = 0; d < columns; d++) product += x[d] * packed[clmat_kmeans_place(k, d, columns)];
        const float score = clmat_kmeans_score(biases[k], product);
        if (score < best) { best = score; best_index = k; }
    }
    group_nearest(best, best_index, square, penalties, r, partials, indices, nearest, distances);
}

// The same from products x (w m)^T of the points first, first + 1, ..., which a matrix product has made.
// Launch: one work-group a point.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void kmeans_nearest(const int first, const int count, __global const float *products, __global const float *squares,
                    __global const float *biases, __global const float *penalties, __global int *nearest,
                    __global float *distances)
{
    __local float scores[GROUP];
    __local int indices[GROUP];
    const int r = get_group_id(0), lane = get_local_id(0);
    float best = INFINITY;
    int best_index = 0x7fffffff;
    for (int k = lane; k < count; k += GROUP) {
        const float score = clmat_kmeans_score(biases[k], products[r * count + k]);
        if (score < best) { best = score; best_index = k; }
    }
    group_nearest(best, best_index, squares[first + r], penalties, first + r, scores, indices, nearest, distances);
}

// sums[k, d] = sum of x[r, d] over the points r of cluster k.
// Launch: one work-group a cluster and chunk of features, chunks of one cluster side by side.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void kmeans_sums(const int chunks, const int columns, __global const float *xs, __global const int *order,
                 __global const int *starts, __global float *sums)
{
    const int item = get_group_id(0), k = item / chunks, chunk = item - k * chunks;
    const int first = chunk * CLMAT_KMEANS_CHUNK, last = min(columns, first + CLMAT_KMEANS_CHUNK);
    for (int d = first + (int)get_local_id(0); d < last; d += GROUP) {
        float sum = 0.0f;
        for (int i = starts[k]; i < starts[k + 1]; i += CLMAT_KMEANS_BLOCK) {
            const int end = min(starts[k + 1], i + CLMAT_KMEANS_BLOCK);
            float partial = 0.0f;
            for (int j = i; j < end; j++) partial += xs[order[j] * columns + d];
            sum += partial;
        }
        sums[k * columns + d] = sum;
    }
}

// m_k moves towards the mean of its points by its rate; a centre without points stays. Launch: one work-item an element.
__kernel void kmeans_move(const int count, const int columns, __global const int *starts,
                          __global const float *rates, __global const float *sums, __global float *centres)
{
    const int i = get_global_id(0);
    if (i >= count * columns) return;
    const int k = i / columns, points = starts[k + 1] - starts[k];
    if (points > 0) centres[i] = clmat_kmeans_moved(centres[i], sums[i], points, rates[k]);
}
