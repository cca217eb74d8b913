// kmeans.h: the distance of a point to a centroid, and how a centroid moves.
//
// With weights w of the features, squares of sizes |a|^2 = sum over d of w_d a_d^2, and a penalty p_k >= 0 for each centroid:
//     |x - m_k|^2 + p_k = |x|^2 + score,   score = b_k - 2 sum over d of x_d w_d m_kd,   b_k = |m_k|^2 + p_k
// Scores find the nearest centroid, since they come from a matrix product. They are differences of large numbers where points
// are far from the origin: two that differ by less than their rounding errors decide nothing, and then the distances
// themselves, sum over d of w_d (x_d - m_kd)^2, do. What is reported is always such a sum.
// Sources: S. Lloyd, "Least squares quantization in PCM", IEEE Trans. Inf. Theory 28(2), 1982; the penalty lambda |s_k| and
// the moving centroid: B. Jiang, "Exploratory model analysis for machine learning", UCB/EECS-2018-34, eq. 2.4 and 2.5.
#ifndef CLMAT_KMEANS_H
#define CLMAT_KMEANS_H

#include <clmat/common.h>

// Centroids are packed in strips of so many, so that neighbours in memory are neighbouring centroids of one feature.
#define CLMAT_KMEANS_STRIP 32

// Where feature d of centroid k lies.
static inline size_t clmat_kmeans_place(size_t k, size_t d, size_t columns)
{
    return (k / CLMAT_KMEANS_STRIP * columns + d) * CLMAT_KMEANS_STRIP + k % CLMAT_KMEANS_STRIP;
}

static inline float clmat_kmeans_score(float bias, float product) { return bias - 2.0f * product; }

// The term of feature d in |x - m|^2.
static inline float clmat_kmeans_term(float weight, float x, float m) { return weight * (x - m) * (x - m); }

// A sum of n products of floats is off by at most this times the sum of their magnitudes: n u, or with rounding errors of
// either sign 4 sqrt(n) u, but for one sum in thousands; some more for the factors. u = 2^-24.
// Source: N. Higham, T. Mary, "A new approach to probabilistic rounding error analysis", SIAM J. Sci. Comput. 41(5), 2019,
// theorem 2.4.
static inline float clmat_kmeans_rounding(int n)
{
    const float terms = (float)n, likely = 4.0f * sqrt(terms);
    return ((terms < likely ? terms : likely) + 4.0f) * 5.9604645e-8f;
}

// By how much the scores of the centroid that has the least one and of any that is truly nearer can differ.
//
// distance is |x - m|^2 to the first of them. Then |x|^2 = distance - (score - p), a nearer centroid is no farther from 0 than
// M = |x| + sqrt(distance + p), and each score is off by g 2 |x| M + g' M^2: g for the product, g' for |m|^2, which is summed
// in 32 lanes or more.
static inline float clmat_kmeans_doubt(int columns, float score, float penalty, float distance)
{
    const float square = distance - (score - penalty);
    const float x = sqrt((square > 0.0f ? square : 0.0f) + distance), m = x + sqrt(distance + penalty);
    return 4.0f * clmat_kmeans_rounding(columns) * x * m + 2.0f * clmat_kmeans_rounding(columns / 32 + 6) * m * m;
}

// m <- (1 - eta) m + eta (c + sum / count), where sum is that of the differences x - c. Where c is m, what is small stays exact.
static inline float clmat_kmeans_moved(float centroid, float around, float sum, int count, float rate)
{
    return centroid + rate * ((around - centroid) + sum / (float)count);
}

// |x - y|^2 = |x|^2 + |y|^2 - 2 x.y keeps three digits if it is above this; a smaller one is summed up from the differences.
static inline float clmat_kmeans_least_pair(int columns, float x_square, float y_square)
{
    return 4096.0f * clmat_kmeans_rounding(columns) * sqrt(x_square) * sqrt(y_square);
}

#endif
