// langevin.h: one step of Langevin dynamics activation maximisation for one pixel.
//
// Source: B. Jiang, "Exploratory model analysis for machine learning", UC Berkeley EECS-2018-34, section 4.3,
// equations 4.7 and 4.8, algorithm 1, lines 6 to 11.
#ifndef CLMAT_LANGEVIN_H
#define CLMAT_LANGEVIN_H

#include <clmat/elementary.h>
#include <clmat/update.h>

// beta_t = beta (1 + t / b)^-mu, which is a (b + t)^-mu with a = beta b^mu; mu = 0 is a constant step.
static inline float clmat_step_size(float beta, float decay_start, float mu, int t)
{
    return mu == 0.0f ? beta : beta * clmat_exp(-mu * clmat_log(1.0f + (float)t / decay_start));
}

// The weight of a new sample in the mean of the last `window` samples, from the first after the burn-in on.
static inline float clmat_average_weight(int age, int burn_in, int window)
{
    const int count = age - burn_in;
    return 1.0f / (float)(count < 1 ? 1 : (count < window ? count : window));
}

// The mean square of an image by which its gradient is normalised: the running one, or with 3 the one that is held. A held one
// of 0 is not known yet.
static inline float clmat_image_square(float running, float held, int normalise)
{
    return normalise == 3 && held > 0.0f ? held : running;
}

// n(g): by a mean square of each pixel (2), of the whole image (1 running, 3 held), or not at all (0).
static inline float clmat_normalised(float g, float pixel_s, float image_s, int normalise)
{
    return normalise == 0 ? g : g / sqrt((normalise == 2 ? pixel_s : image_s) + 1e-8f);
}

static inline float clmat_clip(float x, float low, float high) { return x < low ? low : (x > high ? high : x); }

#endif
