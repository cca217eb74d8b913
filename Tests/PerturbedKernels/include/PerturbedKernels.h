// The kernels that draw numbers, with exp, log and square roots that are wrong by a few units in the last place.
#ifndef PERTURBED_KERNELS_H
#define PERTURBED_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/// How wrong they are from now on: by so many units, or, if 0, by some -4 to 4 that depend on the result.
void perturb(int mode);

/// What gives OpenCL C the function perturbed_by.
const char *perturbation_text(void);

void perturbed_sample_poisson(size_t begin, size_t end, uint32_t seed_low, uint32_t seed_high, uint32_t step_low,
                              uint32_t step_high, uint32_t stream, const float *means, const uint32_t *tables, int *ys);
void perturbed_sample_binomial(size_t begin, size_t end, uint32_t seed_low, uint32_t seed_high, uint32_t step_low,
                               uint32_t step_high, uint32_t stream, const int *trials, const float *chances, int *ys);
void perturbed_topics_sample(size_t begin, size_t end, int topics, int form, float samples, int first, int adds, int slots,
                             int stride, uint32_t seed_low, uint32_t seed_high, uint32_t step_low, uint32_t step_high,
                             uint32_t stream, const int *bounds, const int *starts, const int *words, const int *counts,
                             const float *topic_samples, const float *alpha, const uint32_t *tables, const float *phi,
                             float *theta, int *sums, float *scores);

#endif
