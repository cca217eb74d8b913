// perturbation.h: what an OpenCL driver may return in place of y. C99 that is also OpenCL C.
#ifndef PERTURBATION_H
#define PERTURBATION_H

// The most that OpenCL allows for exp and log, of the embedded profile: 4 ulp. Square roots may be wrong by as much there.
#define PERTURBATION_MOST 4

// y, wrong by `mode` units in the last place; mode 0: by some -4 to 4 that depend on y alone. Subnormal numbers may become 0.
static inline float perturbed_by(int mode, float y)
{
    const float a = y < 0.0f ? -y : y;
    if (!(a <= 3e38f)) return y;
    if (a < 1.2e-38f) return 0.0f;
    const int bits = as_int(y);
    const int some = (int)((uint)bits * 2654435761u >> 16) % (2 * PERTURBATION_MOST + 1) - PERTURBATION_MOST;
    return as_float(bits + (mode == 0 ? some : mode));
}

#endif
