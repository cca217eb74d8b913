// pooling.c: the kernels of ../cl/pooling.cl as loops over the planes [begin, end).

#include "kernel.h"

// One row of outputs for windows of 2 x 2 pixels, two apart, the commonest case: pairs of neighbours in two rows.
static inline __attribute__((always_inline))
void max_pool_row_2x2(int width, int ow, int corner, const float *x, float *y, int *where)
{
    for (int ox = 0; ox < ow; ox++) {
        const int j = corner + 2 * ox;
        const float a = x[j], b = x[j + 1], c = x[j + width], d = x[j + width + 1];
        const float ab = b > a ? b : a, cd = d > c ? d : c;
        const int at_ab = b > a ? j + 1 : j, at_cd = d > c ? j + width + 1 : j + width;
        y[ox] = cd > ab ? cd : ab;
        where[ox] = cd > ab ? at_cd : at_ab;
    }
}

CLMAT_VECTORISED
void max_pool_forward(size_t begin, size_t end, int height, int width, int size, int stride, int oh, int ow,
                      const float *xs, float *ys, int *where)
{
    for (size_t plane = begin; plane < end; plane++) {
        const float *x = xs + plane * height * width;
        float *y = ys + plane * oh * ow;
        int *w = where + plane * oh * ow;
        if (size == 2 && stride == 2) {
            for (int oy = 0; oy < oh; oy++, y += ow, w += ow) max_pool_row_2x2(width, ow, oy * 2 * width, x, y, w);
            continue;
        }
        for (int oy = 0; oy < oh; oy++)
            for (int ox = 0; ox < ow; ox++, y++, w++) {
                const int corner = oy * stride * width + ox * stride;
                int best = corner;
                float m = x[corner];
                for (int dy = 0; dy < size; dy++)
                    for (int dx = 0; dx < size; dx++) {
                        const int j = corner + dy * width + dx;
                        const int larger = x[j] > m;
                        m = larger ? x[j] : m;          // as selections: a branch here is mispredicted half the time
                        best = larger ? j : best;
                    }
                *y = m;
                *w = best;
            }
    }
}
CLMAT_KERNEL(pooling, max_pool_forward, CL_INT, INT, INT, INT, INT, INT, INT, FLOATS, OUT_FLOATS, OUT_INTS)

void max_pool_backward(size_t begin, size_t end, int height, int width, int oh, int ow, const float *gradients,
                       const int *where, float *xs)
{
    const size_t area = (size_t)oh * ow, plane_size = (size_t)height * width;
    for (size_t plane = begin; plane < end; plane++) {
        float *x = xs + plane * plane_size;
        memset(x, 0, plane_size * sizeof *x);
        for (size_t p = 0; p < area; p++) x[where[plane * area + p]] += gradients[plane * area + p];
    }
}
CLMAT_KERNEL(pooling, max_pool_backward, CL_INT, INT, INT, CL_INT, CL_INT, INT, INT, FLOATS, INTS, OUT_FLOATS)

void average_pool_forward(size_t begin, size_t end, int height, int width, int size, int stride, int oh, int ow,
                          const float *xs, float *ys)
{
    for (size_t plane = begin; plane < end; plane++) {
        const float *x = xs + plane * height * width;
        float *y = ys + plane * oh * ow;
        for (int oy = 0; oy < oh; oy++)
            for (int ox = 0; ox < ow; ox++, y++) {
                float sum = 0.0f;
                for (int dy = 0; dy < size; dy++)
                    for (int dx = 0; dx < size; dx++) sum += x[(oy * stride + dy) * width + ox * stride + dx];
                *y = sum / (float)(size * size);
            }
    }
}
CLMAT_KERNEL(pooling, average_pool_forward, CL_INT, INT, INT, INT, INT, INT, INT, FLOATS, OUT_FLOATS)

void average_pool_backward(size_t begin, size_t end, int height, int width, int size, int stride, int oh, int ow,
                           const float *gradients, float *xs)
{
    for (size_t plane = begin; plane < end; plane++) {
        float *x = xs + plane * height * width;
        const float *g = gradients + plane * oh * ow;
        memset(x, 0, (size_t)height * width * sizeof *x);
        for (int oy = 0; oy < oh; oy++)
            for (int ox = 0; ox < ow; ox++, g++)
                for (int dy = 0; dy < size; dy++)
                    for (int dx = 0; dx < size; dx++)
                        x[(oy * stride + dy) * width + ox * stride + dx] += *g / (float)(size * size);
    }
}
CLMAT_KERNEL(pooling, average_pool_backward, CL_INT, INT, INT, INT, INT, INT, INT, FLOATS, OUT_FLOATS)

CLMAT_TEXT(pooling) {
#embed "../cl/pooling.cl" suffix(, 0)
};
