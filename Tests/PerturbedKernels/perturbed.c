// perturbed.c: the C kernels that draw numbers, compiled once more with exp, log and square roots that are wrong by a few
// units in the last place, as those of an OpenCL driver may be.

#include "../../Kernels/cpu/kernel.h"
#include "include/PerturbedKernels.h"
#include "perturbation.h"

static int mode;

void perturb(int new_mode) { mode = new_mode; }

static inline float shifted(float y) { return perturbed_by(mode, y); }
static inline float perturbed_exp(float x) { return shifted(clmat_exp(x)); }
static inline float perturbed_exp_of_part(float x) { return shifted(clmat_exp_of_part(x)); }
static inline float perturbed_log(float x) { return shifted(clmat_log(x)); }
static inline float perturbed_root(float x) { return shifted(sqrt(x)); }

#undef sqrt
#define sqrt perturbed_root
#define clmat_exp perturbed_exp
#define clmat_exp_of_part perturbed_exp_of_part
#define clmat_log perturbed_log

// Names of their own, beside the real ones, and no entry in the registry.
#undef CLMAT_KERNEL
#define CLMAT_KERNEL(...)
#undef CLMAT_TEXT
#define CLMAT_TEXT(FAMILY) static const unsigned char unused_##FAMILY[] =
#define sample_gamma perturbed_sample_gamma
#define sample_poisson perturbed_sample_poisson
#define sample_binomial perturbed_sample_binomial
#include "../../Kernels/cpu/samplers.c"

#define topics_sample perturbed_topics_sample
#define topics_merge perturbed_topics_merge
#define topics_normalise perturbed_topics_normalise
#define topics_cut perturbed_topics_cut
#define topics_infer perturbed_topics_infer
#define topics_score perturbed_topics_score
#include "../../Kernels/models/cpu/topics.c"

static const char text[] = {
#embed "perturbation.h" suffix(,)
    0};

const char *perturbation_text(void) { return text; }
