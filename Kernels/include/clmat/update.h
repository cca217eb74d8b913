// update.h: rules by which a gradient g changes a parameter w.
//
// Momentum SGD:  v <- mu v + g;  w <- w - eta v            (PyTorch's form of B. Polyak, 1964)
// RMSProp:       s <- alpha s + (1 - alpha) g^2            (T. Hinton, lecture 6e of "Neural networks for machine
//                v <- mu v + g / denominator                learning", 2012)
//                w <- w - eta v
//   PyTorch:     denominator = sqrt(s) + epsilon
//   TensorFlow:  denominator = sqrt(s + epsilon), and v holds eta: v <- mu v + eta g / denominator; w <- w - v
//
// AdaGrad:       s <- s + g^2                               (Duchi, Hazan, Singer, "Adaptive subgradient methods for
//                w <- S(w - eta g / (sqrt(s) + epsilon))     online learning and stochastic optimization", JMLR 2011)
//   S draws towards 0 by l1 eta / (sqrt(s) + epsilon), and leaves 0 where that goes past it: section 5, l1.
//
// Adam:          m <- beta1 m + (1 - beta1) g;  s <- beta2 s + (1 - beta2) g^2      (D. Kingma, J. Ba, "Adam: a method for
//                w <- w - eta (m / (1 - beta1^t)) / (sqrt(s / (1 - beta2^t)) + epsilon)   stochastic optimization", ICLR 2015)
// AdamW:         before that w <- (1 - eta lambda) w        (I. Loshchilov, F. Hutter, "Decoupled weight decay regularization",
//                                                            ICLR 2019, algorithm 2)
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

// AdaGrad's w from g and from s, in which g^2 is already.
static inline float clmat_adagrad(float w, float g, float s, float rate, float epsilon, float l1)
{
    const float step = rate / (sqrt(s) + epsilon), u = w - step * g, pull = step * l1;
    // What is not a number stays that.
    return u > pull ? u - pull : (u < -pull ? u + pull : u - u);
}

// Adam's w from m and s of this step, rate = eta / (1 - beta1^t), correction = 1 / sqrt(1 - beta2^t), keep = 1 - eta lambda.
static inline float clmat_adam(float w, float m, float s, float rate, float correction, float epsilon, float keep)
{
    return keep * w - rate * m / (sqrt(s) * correction + epsilon);
}

// d/dw of l1 |w| + l2 w^2 / 2; 0 for the first term where w is 0.
static inline float clmat_penalty_slope(float w, float l1, float l2)
{
    return l1 * ((w > 0.0f ? 1.0f : 0.0f) - (w < 0.0f ? 1.0f : 0.0f)) + l2 * w;
}

// The mean of `count` values from the mean of all but the last.
static inline float clmat_running_mean(float mean, float x, float weight) { return mean + weight * (x - mean); }

#endif
