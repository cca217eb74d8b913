// topics.h: how the samples of a word in a document fall on topics, and the topics that follow.
//
// A nonzero (d, w) with count c has m samples per token. With p_k = theta_dk phi_wk and z = sum over k of p_k:
//     Poisson       n_k ~ Poisson(m_k c p_k / z), each for itself; m_k may differ by topic
//     multinomial   n ~ Multinomial(floor(m c) + Bernoulli(the rest), p / z)
// Sources: H. Zhao, B. Jiang, J. Canny, "SAME but different: fast and high-quality Gibbs parameter estimation", KDD 2015;
// B. Jiang, "Exploratory model analysis for machine learning", UCB/EECS-2018-34, section 2.5.
#ifndef CLMAT_TOPICS_H
#define CLMAT_TOPICS_H

#include <clmat/samplers.h>

#define CLMAT_TOPICS_MOST 2048
// Below it, a word's weight sum of theta phi is taken for 0: samples over it could pass the range of floats.
#define CLMAT_TOPICS_LEAST 1e-28f
// Up to so many samples of one nonzero are drawn one by one. Of more, R, most come at once: Poisson numbers of mean
// R - s sqrt(R) in all; whatever their sum N, they are Multinomial(N), and R - N more draws make it Multinomial(R). If
// N > R they are thrown away, and all are drawn one by one: exact as well, as the decision depends on N alone. That happens
// with the probability of s deviations, so s grows with R: one by one come s sqrt(R) of them, or, as improbable as it is, R.
// Above 2^25 of these the words would repeat.
#define CLMAT_TOPICS_FEW 32
#define CLMAT_TOPICS_BLOCK 16

#define CLMAT_FORM_POISSON 0
#define CLMAT_FORM_MULTINOMIAL 1

// Blocks of words beside those of the topics, so that no two purposes share one.
#define CLMAT_BLOCK_TOTAL 0x3fffffu
#define CLMAT_BLOCK_CHOICE 0x800000u

// The word of topic k lies in the quad k % quads, as component k / quads: neighbouring topics get neighbouring quads.
static inline int clmat_topic_quads(int topics) { return (topics + 31) / 32 * 8; }

// floor(m c), and one more with the probability of what is left.
static inline int clmat_sample_total(float samples, int count, float u)
{
    const int whole = (int)samples;
    const float part = (samples - (float)whole) * (float)count;
    const int more = (int)part;
    return whole * count + more + (u < part - (float)more ? 1 : 0);
}

// The mean of the Poisson numbers that most of `total` samples come from.
static inline float clmat_most_of(int total)
{
    const float s = total < 4096 ? 2.0f : (total < 65536 ? 3.0f : (total < 1 << 22 ? 4.5f : 6.5f));
    return (float)total - s * sqrt((float)total);
}

// Whether a word of this weight has samples: NaN and infinity say nothing about topics.
static inline int clmat_has_samples(float sum) { return sum >= CLMAT_TOPICS_LEAST && sum <= 3e38f; }

// The statistics of a word and topic: keep n + add m'^-1 new - m^-1 old; rounding cannot take it below 0.
static inline float clmat_statistic(float n, float keep, float add, int fresh, float fresh_scale, int old, float old_scale)
{
    const float sum = keep * n + (add * (float)fresh * fresh_scale - (float)old * old_scale);
    return sum > 0.0f ? sum : 0.0f;
}

// What is left of a topic's weight for a word.
static inline float clmat_cut(float phi, float r, int is_left, int is_strongest)
{
    const float rest = phi > r ? phi - r : 0.0f;
    return is_left || !is_strongest ? rest : phi;
}

// phi of a word and topic; 0, not NaN, for a topic of no words.
static inline float clmat_topic_weight(float n, float beta, float normaliser)
{
    const float weight = n + beta;
    return weight > 0.0f ? weight * normaliser : 0.0f;
}

#endif
