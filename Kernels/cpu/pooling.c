// pooling.c: the kernels of ../cl/pooling.cl as loops over the planes [begin, end).

#include "kernel.h"
#include "../shared/window.h"
#include "../shared/pooling.h"

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
void max_pool_forward(size_t begin, size_t end, int height, int width, int kh, int kw, int stride_y, int stride_x,
                      int top, int left, int dilation_y, int dilation_x, int oh, int ow, const float *xs, float *ys,
                      int *where)
{
    const int is_2x2 = kh == 2 && kw == 2 && stride_y == 2 && stride_x == 2 && dilation_y == 1 && dilation_x == 1
                       && top == 0 && left == 0 && 2 * oh <= height && 2 * ow <= width;
    for (size_t plane = begin; plane < end; plane++) {
        const float *image = xs + plane * height * width;
        float *out = ys + plane * oh * ow;
        int *w = where + plane * oh * ow;
        if (is_2x2) {
            for (int oy = 0; oy < oh; oy++, out += ow, w += ow)
                max_pool_row_2x2(width, ow, oy * 2 * width, image, out, w);
            continue;
        }
        for (int oy = 0; oy < oh; oy++) {
            const int y = oy * stride_y - top;
            const int ky0 = elements_before(0, y, dilation_y, kh), ky1 = elements_before(height, y, dilation_y, kh);
            for (int ox = 0; ox < ow; ox++, out++, w++) {
                const int x = ox * stride_x - left;
                const int kx0 = elements_before(0, x, dilation_x, kw), kx1 = elements_before(width, x, dilation_x, kw);
                int best = (y + ky0 * dilation_y) * width + x + kx0 * dilation_x;
                float m = image[best];
                for (int ky = ky0; ky < ky1; ky++) {
                    const int row = (y + ky * dilation_y) * width + x;
                    for (int kx = kx0; kx < kx1; kx++) {
                        const int j = row + kx * dilation_x;
                        const int larger = image[j] > m;
                        m = larger ? image[j] : m;      // as selections: a branch here is mispredicted half the time
                        best = larger ? j : best;
                    }
                }
                *out = m;
                *w = best;
            }
        }
    }
}
CLMAT_KERNEL(pooling, max_pool_forward, CL_INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, FLOATS, OUT_FLOATS, OUT_INTS)

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
CLMAT_KERNEL(pooling, max_pool_backward, CL_INT, INT, INT, CL_INT, CL_INT, CL_INT, CL_INT, CL_INT, CL_INT, CL_INT, CL_INT, INT, INT, FLOATS, INTS, OUT_FLOATS)

void average_pool_forward(size_t begin, size_t end, int height, int width, int kh, int kw, int stride_y, int stride_x,
                          int top, int left, int dilation_y, int dilation_x, int oh, int ow, int bottom, int right,
                          int counts_padding, int divisor, const float *xs, float *ys)
{
    for (size_t plane = begin; plane < end; plane++) {
        const float *image = xs + plane * height * width;
        float *out = ys + plane * oh * ow;
        for (int oy = 0; oy < oh; oy++) {
            const int y = oy * stride_y - top;
            const int ky0 = elements_before(0, y, dilation_y, kh), ky1 = elements_before(height, y, dilation_y, kh);
            for (int ox = 0; ox < ow; ox++, out++) {
                const int x = ox * stride_x - left;
                const int kx0 = elements_before(0, x, dilation_x, kw), kx1 = elements_before(width, x, dilation_x, kw);
                float sum = 0.0f;
                for (int ky = ky0; ky < ky1; ky++)
                    for (int kx = kx0; kx < kx1; kx++)
                        sum += image[(y + ky * dilation_y) * width + x + kx * dilation_x];
                *out = sum / (divisor > 0 ? (float)divisor
                                          : window_divisor(y, x, height, width, kh, kw, dilation_y, dilation_x, bottom,
                                                           right, counts_padding));
            }
        }
    }
}
CLMAT_KERNEL(pooling, average_pool_forward, CL_INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, FLOATS, OUT_FLOATS)

void average_pool_backward(size_t begin, size_t end, int height, int width, int kh, int kw, int stride_y, int stride_x,
                           int top, int left, int dilation_y, int dilation_x, int oh, int ow, int bottom, int right,
                           int counts_padding, int divisor, const float *gradients, float *xs)
{
    for (size_t plane = begin; plane < end; plane++) {
        float *image = xs + plane * height * width;
        const float *g = gradients + plane * oh * ow;
        memset(image, 0, (size_t)height * width * sizeof *image);
        for (int oy = 0; oy < oh; oy++) {
            const int y = oy * stride_y - top;
            const int ky0 = elements_before(0, y, dilation_y, kh), ky1 = elements_before(height, y, dilation_y, kh);
            for (int ox = 0; ox < ow; ox++, g++) {
                const int x = ox * stride_x - left;
                const int kx0 = elements_before(0, x, dilation_x, kw), kx1 = elements_before(width, x, dilation_x, kw);
                const float share = *g / (divisor > 0 ? (float)divisor
                                                      : window_divisor(y, x, height, width, kh, kw, dilation_y,
                                                                       dilation_x, bottom, right, counts_padding));
                for (int ky = ky0; ky < ky1; ky++)
                    for (int kx = kx0; kx < kx1; kx++)
                        image[(y + ky * dilation_y) * width + x + kx * dilation_x] += share;
            }
        }
    }
}
CLMAT_KERNEL(pooling, average_pool_backward, CL_INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, FLOATS, OUT_FLOATS)

CLMAT_TEXT(pooling) {
#embed "../shared/window.h" suffix(,)
#embed "../shared/pooling.h" suffix(,)
#embed "../cl/pooling.cl" suffix(, 0)
};
