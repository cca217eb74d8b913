// update.c: the kernels of ../cl/update.cl as loops over [begin, end).

#include "kernel.h"

CLMAT_VECTORISED
void sgd_momentum(size_t begin, size_t end, float rate, float momentum, const float *gs, float *ws, float *vs)
{
    for (size_t i = begin; i < end; i++) {
        const float v = momentum * vs[i] + gs[i];
        vs[i] = v;
        ws[i] -= rate * v;
    }
}
CLMAT_KERNEL(update, sgd_momentum, CL_INT, FLOAT, FLOAT, FLOATS, INOUT_FLOATS, INOUT_FLOATS)

CLMAT_VECTORISED
void rmsprop_momentum(size_t begin, size_t end, float rate, float momentum, float alpha, float epsilon, int form,
                      const float *gs, float *ws, float *ss, float *vs)
{
    const float into_velocity = form ? rate : 1.0f, into_weight = form ? 1.0f : rate;
    for (size_t i = begin; i < end; i++) {
        const float s = clmat_mean_square(ss[i], gs[i], alpha);
        const float direction = clmat_rms_direction(gs[i], s, epsilon, form);
        const float v = momentum * vs[i] + into_velocity * direction;
        ss[i] = s;
        vs[i] = v;
        ws[i] -= into_weight * v;
    }
}
CLMAT_KERNEL(update, rmsprop_momentum, CL_INT, FLOAT, FLOAT, FLOAT, FLOAT, INT, FLOATS, INOUT_FLOATS, INOUT_FLOATS,
             INOUT_FLOATS)

CLMAT_VECTORISED void sgd_scaled(size_t begin, size_t end, float rate, const float *factor, const float *gs, float *ws)
{
    const float scale = rate * factor[0];
    for (size_t i = begin; i < end; i++) ws[i] -= scale * gs[i];
}
CLMAT_KERNEL(update, sgd_scaled, CL_INT, FLOAT, FLOATS, FLOATS, INOUT_FLOATS)

CLMAT_VECTORISED void add_penalty(size_t begin, size_t end, float l1, float l2, const float *ws, float *gs)
{
    for (size_t i = begin; i < end; i++) gs[i] += clmat_penalty_slope(ws[i], l1, l2);
}
CLMAT_KERNEL(update, add_penalty, CL_INT, FLOAT, FLOAT, FLOATS, INOUT_FLOATS)

CLMAT_VECTORISED void running_mean(size_t begin, size_t end, float weight, const float *xs, float *ms)
{
    for (size_t i = begin; i < end; i++) ms[i] = clmat_running_mean(ms[i], xs[i], weight);
}
CLMAT_KERNEL(update, running_mean, CL_INT, FLOAT, FLOATS, INOUT_FLOATS)

CLMAT_TEXT(update) {
#embed "../cl/update.cl" suffix(, 0)
};
