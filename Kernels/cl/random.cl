// random.cl: uniform and normal numbers from Philox (../shared/philox.h).
//
//     y[i] uniform in [0, 1), times scale plus shift        random_uniform
//     y[i] ~ N(shift, scale^2)                              random_normal
//     y[i] = x[first + i] / keep with the chance keep, else 0     dropout
//
// Element i comes from counter (i / 4, stream, step) and key seed, and so does not depend on the launch.
// Launch    1-D, one work-item for each four elements.
// Layout    y  n floats

#include <clmat/philox.h>

__kernel void random_uniform(const int n, const float scale, const float shift, const uint seed_low,
                             const uint seed_high, const uint step_low, const uint step_high, const uint stream,
                             __global float *ys)
{
    const int quad = get_global_id(0);
    if (4 * quad >= n) return;
    const clmat_words w = clmat_philox(quad, stream, step_low, step_high, seed_low, seed_high);
    const float y[4] = {clmat_uniform(w.x), clmat_uniform(w.y), clmat_uniform(w.z), clmat_uniform(w.w)};
    for (int k = 0; k < 4 && 4 * quad + k < n; k++) ys[4 * quad + k] = scale * y[k] + shift;
}

__kernel void random_normal(const int n, const float scale, const float shift, const uint seed_low,
                            const uint seed_high, const uint step_low, const uint step_high, const uint stream,
                            __global float *ys)
{
    const int quad = get_global_id(0);
    if (4 * quad >= n) return;
    const clmat_words w = clmat_philox(quad, stream, step_low, step_high, seed_low, seed_high);
    const float a = clmat_normal_radius(w.x), u = clmat_uniform(w.y);
    const float b = clmat_normal_radius(w.z), v = clmat_uniform(w.w);
    const float y[4] = {a * clmat_cosine_of_turn(u), a * clmat_sine_of_turn(u),
                        b * clmat_cosine_of_turn(v), b * clmat_sine_of_turn(v)};
    for (int k = 0; k < 4 && 4 * quad + k < n; k++) ys[4 * quad + k] = scale * y[k] + shift;
}

// Source    N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov, "Dropout", JMLR 15, 2014; scaled when it
//           is trained, so that nothing is to be scaled afterwards.
__kernel void dropout(const int n, const int first, const float keep, const uint seed_low, const uint seed_high,
                      const uint step_low, const uint step_high, const uint stream, __global const float *xs,
                      __global float *ys)
{
    const int quad = get_global_id(0);
    if (4 * quad >= n) return;
    const clmat_words w = clmat_philox(quad, stream, step_low, step_high, seed_low, seed_high);
    const float u[4] = {clmat_uniform(w.x), clmat_uniform(w.y), clmat_uniform(w.z), clmat_uniform(w.w)};
    const float scale = 1.0f / keep;
    for (int k = 0; k < 4 && 4 * quad + k < n; k++)
        ys[4 * quad + k] = u[k] < keep ? scale * xs[first + 4 * quad + k] : 0.0f;
}
