// response.c: the kernels of ../cl/response.cl as loops over the planes [begin, end).

#include "kernel.h"
#include "../shared/response.h"

// Pixels whose sums are made at a time.
enum { BLOCK = 512 };

static inline int largest(int a, int b) { return a > b ? a : b; }
static inline int smallest(int a, int b) { return a < b ? a : b; }

CLMAT_VECTORISED
void response_forward(size_t begin, size_t end, int channels, int area, int size, float k, float share, float beta,
                      const float *xs, float *restrict ys, float *restrict ds)
{
    for (size_t plane = begin; plane < end; plane++) {
        const int c = (int)(plane % channels);
        const int first = largest(0, c - size / 2), last = smallest(channels - 1, c + (size - 1) / 2);
        for (size_t start = 0; start < (size_t)area; start += BLOCK) {
            const size_t count = clmat_minimum(BLOCK, area - start), place = plane * area + start;
            float sums[BLOCK];
            for (size_t p = 0; p < count; p++) sums[p] = 0.0f;
            for (int j = first; j <= last; j++) {
                const float *x = xs + (plane - c + j) * area + start;
                for (size_t p = 0; p < count; p++) sums[p] += x[p] * x[p];
            }
            for (size_t p = 0; p < count; p++) {
                const float d = k + share * sums[p];
                ds[place + p] = d;
                ys[place + p] = xs[place + p] * clmat_power_of_denominator(d, beta);
            }
        }
    }
}
CLMAT_KERNEL(response, response_forward, CL_INT, INT, INT, INT, FLOAT, FLOAT, FLOAT, FLOATS, OUT_FLOATS, OUT_FLOATS)

CLMAT_VECTORISED
void response_backward(size_t begin, size_t end, int channels, int area, int size, float share, float beta,
                       const float *gs, const float *xs, const float *ys, const float *ds, float *restrict dxs)
{
    const float factor = 2.0f * beta * share;
    for (size_t plane = begin; plane < end; plane++) {
        const int c = (int)(plane % channels);
        const int first = largest(0, c - (size - 1) / 2), last = smallest(channels - 1, c + size / 2);
        for (size_t start = 0; start < (size_t)area; start += BLOCK) {
            const size_t count = clmat_minimum(BLOCK, area - start), place = plane * area + start;
            float sums[BLOCK];
            for (size_t p = 0; p < count; p++) sums[p] = 0.0f;
            for (int j = first; j <= last; j++) {
                const size_t from = (plane - c + j) * area + start;
                for (size_t p = 0; p < count; p++) sums[p] += gs[from + p] * ys[from + p] / ds[from + p];
            }
            for (size_t p = 0; p < count; p++)
                dxs[place + p] = gs[place + p] * clmat_power_of_denominator(ds[place + p], beta)
                    - factor * xs[place + p] * sums[p];
        }
    }
}
CLMAT_KERNEL(response, response_backward, CL_INT, INT, INT, INT, FLOAT, FLOAT, FLOATS, FLOATS, FLOATS, FLOATS, OUT_FLOATS)

CLMAT_TEXT(response) {
#embed "../shared/response.h" suffix(,)
#embed "../cl/response.cl" suffix(, 0)
};
