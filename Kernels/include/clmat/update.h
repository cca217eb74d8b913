// update.h: rules by which a gradient g changes a parameter w.
//
// Momentum SGD:  v <- mu v + g;  w <- w - eta v            (PyTorch's form of B. Polyak, 1964)
// RMSProp:       s <- alpha s + (1 - alpha) g^2            (T. Hinton, lecture 6e of "Neural networks for machine
//                v <- mu v + g / denominator                learning", 2012)
//                w <- w - eta v
//   PyTorch:     denominator = sqrt(s) + epsilon
//   TensorFlow:  denominator = sqrt(s + epsilon), and v holds eta: v <- mu v + eta g / denominator; w <- w - v
#ifndef CLMAT_UPDATE_H
#define CLMAT_UPDATE_H

#include <clmat/common.h>

static inline float clmat_rms_direction(float g, float s, float epsilon, int epsilon_inside)
{
    return g / (epsilon_inside ? sqrt(s + epsilon) : sqrt(s) + epsilon);
}

// n(g) = g / sqrt(s), s <- rho s + (1 - rho) g^2: the normalised gradient of Langevin dynamics activation maximisation
// (Jiang 2018, section 4.3, algorithm 1, line 6).
static inline float clmat_mean_square(float s, float g, float rho) { return rho * s + (1.0f - rho) * g * g; }

// d/dw of l1 |w| + l2 w^2 / 2; 0 for the first term where w is 0.
static inline float clmat_penalty_slope(float w, float l1, float l2)
{
    return l1 * ((w > 0.0f ? 1.0f : 0.0f) - (w < 0.0f ? 1.0f : 0.0f)) + l2 * w;
}

// The mean of `count` values from the mean of all but the last.
static inline float clmat_running_mean(float mean, float x, float weight) { return mean + weight * (x - mean); }

#endif
