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

CLMAT_VECTORISED
void adagrad(size_t begin, size_t end, float rate, float epsilon, float l1, const float *gs, float *ws, float *ss)
{
    for (size_t i = begin; i < end; i++) {
        const float s = ss[i] + gs[i] * gs[i];
        ss[i] = s;
        ws[i] = clmat_adagrad(ws[i], gs[i], s, rate, epsilon, l1);
    }
}
CLMAT_KERNEL(update, adagrad, CL_INT, FLOAT, FLOAT, FLOAT, FLOATS, INOUT_FLOATS, INOUT_FLOATS)

CLMAT_VECTORISED
void adam(size_t begin, size_t end, float rate, float beta1, float beta2, float epsilon, float correction, float l2,
          float keep, const float *gs, float *ws, float *ms, float *ss)
{
    for (size_t i = begin; i < end; i++) {
        const float g = gs[i] + l2 * ws[i], m = clmat_running_mean(ms[i], g, 1.0f - beta1);
        const float s = clmat_mean_square(ss[i], g, beta2);
        ms[i] = m;
        ss[i] = s;
        ws[i] = clmat_adam(ws[i], m, s, rate, correction, epsilon, keep);
    }
}
CLMAT_KERNEL(update, adam, CL_INT, FLOAT, FLOAT, FLOAT, FLOAT, FLOAT, FLOAT, FLOAT, FLOATS, INOUT_FLOATS, INOUT_FLOATS,
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

// MARK: - Clipping by the global norm

CLMAT_VECTORISED
void square_blocks(size_t begin, size_t end, int n, int length, int first, const float *xs, float *ys)
{
    enum { LANES = 32 };
    for (size_t block = begin; block < end; block++) {
        float lanes[LANES] = {0};
        size_t i = block * length;
        const size_t last = clmat_minimum(n, i + length);
        for (; i + LANES <= last; i += LANES)
            for (int l = 0; l < LANES; l++) lanes[l] += xs[i + l] * xs[i + l];
        for (int l = 0; i < last; i++, l++) lanes[l] += xs[i] * xs[i];
        for (int half_count = LANES / 2; half_count > 0; half_count /= 2)
            for (int l = 0; l < half_count; l++) lanes[l] += lanes[l + half_count];
        ys[first + block] = lanes[0];
    }
}
CLMAT_KERNEL(update, square_blocks, INT, INT, INT, FLOATS, INOUT_FLOATS)

void clip_factor(size_t begin, size_t end, int n, float limit, const float *squares, float *factor, float *norms)
{
    (void)begin, (void)end;                             // there is one item
    double sum = 0;
    for (int i = 0; i < n; i++) sum += squares[i];
    const float norm = sqrt((float)sum);
    factor[0] = norm > limit ? limit / norm : 1.0f;
    norms[0] = norm;
}
CLMAT_KERNEL(update, clip_factor, INT, FLOAT, FLOATS, OUT_FLOATS, OUT_FLOATS)

CLMAT_TEXT(update) {
#embed "../cl/update.cl" suffix(, 0)
};
