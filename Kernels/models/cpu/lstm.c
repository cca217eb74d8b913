// lstm.c: the kernels of ../cl/lstm.cl as loops over the units [begin, end) of all sequences.

#include <clmat/kernel.h>
#include "../shared/lstm.h"

// The units of one sequence that lie in [begin, end): `count` from unit `u` of row `r` on.
#define EACH_ROW(...) \
    for (size_t item = begin; item < end;) { \
        const size_t u = item % units, r = row + item / units, count = clmat_minimum(units - u, end - item); \
        float *z = zs + r * 4 * units + u; \
        __VA_ARGS__ \
        item += count; \
    }

CLMAT_VECTORISED
void lstm_cell(size_t begin, size_t end, int width, int batch, int row, const float *bs, float *zs, float *cs, float *hs)
{
    const size_t units = width;
    EACH_ROW({
        const float *b = bs + u, *before = cs + r * units + u;
        float *c = cs + (r + batch) * units + u, *h = hs + (r + batch) * units + u;
        // A gate at a time: loops over all four have too many streams for a vector loop to be made of them.
        for (size_t k = 0; k < count; k++) z[k] = clmat_gate(z[k] + b[k]);
        for (size_t k = 0; k < count; k++) z[units + k] = clmat_gate(z[units + k] + b[units + k]);
        for (size_t k = 0; k < count; k++) z[2 * units + k] = clmat_tanh(z[2 * units + k] + b[2 * units + k]);
        for (size_t k = 0; k < count; k++) z[3 * units + k] = clmat_gate(z[3 * units + k] + b[3 * units + k]);
        for (size_t k = 0; k < count; k++)
            c[k] = clmat_cell(z[k], z[units + k], z[2 * units + k], before[k]);
        for (size_t k = 0; k < count; k++) h[k] = z[3 * units + k] * clmat_tanh(c[k]);
    })
}
CLMAT_KERNEL(lstm, lstm_cell, CL_INT, INT, INT, INT, FLOATS, INOUT_FLOATS, INOUT_FLOATS, INOUT_FLOATS)

CLMAT_VECTORISED
void lstm_cell_backward(size_t begin, size_t end, int width, int batch, int row, const float *cs, const float *dhs,
                        float *zs, float *dcs)
{
    const size_t units = width;
    EACH_ROW({
        const float *before = cs + r * units + u, *c = cs + (r + batch) * units + u, *dh = dhs + r * units + u;
        float *dc = dcs + item;
        float *zi = z, *zf = z + units, *zg = z + 2 * units, *zo = z + 3 * units;
        for (size_t k = 0; k < count; k++) {
            const float t = clmat_tanh(c[k]), i = zi[k], f = zf[k], g = zg[k], o = zo[k];
            const float d = clmat_cell_gradient(o, t, dh[k], dc[k]);
            zi[k] = clmat_gate_gradient(i, d * g);
            zf[k] = clmat_gate_gradient(f, d * before[k]);
            zg[k] = clmat_candidate_gradient(g, d * i);
            zo[k] = clmat_gate_gradient(o, dh[k] * t);
            dc[k] = d * f;
        }
    })
}
CLMAT_KERNEL(lstm, lstm_cell_backward, CL_INT, INT, INT, INT, FLOATS, FLOATS, INOUT_FLOATS, INOUT_FLOATS)

CLMAT_TEXT(lstm) {
#embed "../shared/lstm.h" suffix(,)
#embed "../cl/lstm.cl" suffix(, 0)
};
