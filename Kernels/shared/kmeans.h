// kmeans.h: the distance of a point to a centre, and how a centre moves.
//
// With weights w of the features, squares of sizes |a|^2 = sum over d of w_d a_d^2, and a penalty p_k for each centre:
//     |x - m_k|^2 + p_k = |x|^2 + score,   score = b_k - 2 sum over d of x_d w_d m_kd,   b_k = |m_k|^2 + p_k
// Sources: S. Lloyd, "Least squares quantization in PCM", IEEE Trans. Inf. Theory 28(2), 1982; the penalty lambda |s_k| and
// the moving centre: B. Jiang, "Exploratory model analysis for machine learning", UCB/EECS-2018-34, eq. 2.4 and 2.5.
#ifndef CLMAT_KMEANS_H
#define CLMAT_KMEANS_H

// Centres are packed in strips of so many, so that neighbours in memory are neighbouring centres of one feature.
#define CLMAT_KMEANS_STRIP 32
// Features that one item of a sum takes.
#define CLMAT_KMEANS_CHUNK 256
// Points that are added up before their sum is added to the whole: rounding errors grow with n / BLOCK + BLOCK, not n.
#define CLMAT_KMEANS_BLOCK 64

// Where feature d of centre k lies.
static inline size_t clmat_kmeans_place(size_t k, size_t d, size_t columns)
{
    return (k / CLMAT_KMEANS_STRIP * columns + d) * CLMAT_KMEANS_STRIP + k % CLMAT_KMEANS_STRIP;
}

static inline float clmat_kmeans_score(float bias, float product) { return bias - 2.0f * product; }

// |x - m|^2 without the penalty. Rounding can take it below 0; what is not a number stays so.
static inline float clmat_kmeans_distance(float square, float score, float penalty)
{
    const float distance = square + (score - penalty);
    return distance < 0.0f ? 0.0f : distance;
}

// m <- (1 - eta) m + eta sum / count
static inline float clmat_kmeans_moved(float centre, float sum, int count, float rate)
{
    return centre + rate * (sum / (float)count - centre);
}

#endif
