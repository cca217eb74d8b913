// pooling.c: the kernels of ../cl/pooling.cl as loops over the planes [begin, end).

#include "kernel.h"
#include "geometry.h"
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

// Whether all windows lie within the image, element next to element: the loops below are compiled once more for that, without a decision
// for each window.
static int is_plain(const clmat_convolution *g)
{
    return g->dilation_y == 1 && g->dilation_x == 1 && g->top == 0 && g->left == 0
           && (g->oh - 1) * g->stride_y + g->kh <= g->height && (g->ow - 1) * g->stride_x + g->kw <= g->width;
}

// Where the window of output row or column `o` begins, and its elements [first, last) that meet the image.
typedef struct {
    int start, first, last;
} span;

static inline __attribute__((always_inline))
span span_of(const int plain, int o, int stride, int before, int size, int dilation, int count)
{
    const int start = o * stride - (plain ? 0 : before);
    if (plain) return (span){start, 0, count};
    return (span){start, elements_before(0, start, dilation, count), elements_before(size, start, dilation, count)};
}
#define ROWS_OF(oy) span_of(plain, oy, g->stride_y, g->top, g->height, g->dilation_y, g->kh)
#define COLUMNS_OF(ox) span_of(plain, ox, g->stride_x, g->left, g->width, g->dilation_x, g->kw)

static inline __attribute__((always_inline))
void max_pool_plane(const int plain, const clmat_convolution *g, const float *image, float *out, int *where)
{
    const int dilation_y = plain ? 1 : g->dilation_y, dilation_x = plain ? 1 : g->dilation_x;
    for (int oy = 0; oy < g->oh; oy++) {
        const span y = ROWS_OF(oy);
        for (int ox = 0; ox < g->ow; ox++, out++, where++) {
            const span x = COLUMNS_OF(ox);
            int best = (y.start + y.first * dilation_y) * g->width + x.start + x.first * dilation_x;
            float m = image[best];
            for (int ky = y.first; ky < y.last; ky++)
                for (int kx = x.first; kx < x.last; kx++) {
                    const int j = (y.start + ky * dilation_y) * g->width + x.start + kx * dilation_x;
                    const int larger = image[j] > m;
                    m = larger ? image[j] : m;          // as selections: a branch here is mispredicted half the time
                    best = larger ? j : best;
                }
            *out = m;
            *where = best;
        }
    }
}

CLMAT_VECTORISED
void max_pool_forward(size_t begin, size_t end, WINDOW, const float *xs, float *ys, int *where)
{
    const clmat_convolution g = {WINDOW_FIELDS};
    const int plain = is_plain(&g);
    const int is_2x2 = plain && kh == 2 && kw == 2 && stride_y == 2 && stride_x == 2;
    for (size_t plane = begin; plane < end; plane++) {
        const float *image = xs + plane * height * width;
        float *out = ys + plane * oh * ow;
        int *w = where + plane * oh * ow;
        if (is_2x2)
            for (int oy = 0; oy < oh; oy++, out += ow, w += ow)
                max_pool_row_2x2(width, ow, oy * 2 * width, image, out, w);
        else if (plain) max_pool_plane(1, &g, image, out, w);
        else max_pool_plane(0, &g, image, out, w);
    }
}
CLMAT_KERNEL(pooling, max_pool_forward, CL_INT, WINDOW_KINDS, FLOATS, OUT_FLOATS, OUT_INTS)

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

// How means are divided: by `divisor` if it is not 0.
typedef struct {
    int bottom, right, counts_padding, divisor;
} mean_rule;

static inline __attribute__((always_inline))
float divisor_of(const int plain, const clmat_convolution *g, const mean_rule *rule, int y, int x)
{
    if (plain) return (float)(g->kh * g->kw);
    if (rule->divisor > 0) return (float)rule->divisor;
    return window_divisor(y, x, g->height, g->width, g->kh, g->kw, g->dilation_y, g->dilation_x, rule->bottom,
                          rule->right, rule->counts_padding);
}

static inline __attribute__((always_inline))
void average_pool_plane(const int plain, const clmat_convolution *g, const mean_rule *rule, const float *image,
                        float *out)
{
    const int dilation_y = plain ? 1 : g->dilation_y, dilation_x = plain ? 1 : g->dilation_x;
    const int width = g->width, ow = g->ow;
    for (int oy = 0; oy < g->oh; oy++) {
        const span y = ROWS_OF(oy);
        for (int ox = 0; ox < ow; ox++, out++) {
            const span x = COLUMNS_OF(ox);
            float sum = 0.0f;
            for (int ky = y.first; ky < y.last; ky++)
                for (int kx = x.first; kx < x.last; kx++)
                    sum += image[(y.start + ky * dilation_y) * width + x.start + kx * dilation_x];
            *out = sum / divisor_of(plain, g, rule, y.start, x.start);
        }
    }
}

static inline __attribute__((always_inline))
void average_unpool_plane(const int plain, const clmat_convolution *g, const mean_rule *rule, const float *gradient,
                          float *image)
{
    const int dilation_y = plain ? 1 : g->dilation_y, dilation_x = plain ? 1 : g->dilation_x;
    memset(image, 0, (size_t)g->height * g->width * sizeof *image);
    for (int oy = 0; oy < g->oh; oy++) {
        const span y = ROWS_OF(oy);
        for (int ox = 0; ox < g->ow; ox++, gradient++) {
            const span x = COLUMNS_OF(ox);
            const float share = *gradient / divisor_of(plain, g, rule, y.start, x.start);
            for (int ky = y.first; ky < y.last; ky++)
                for (int kx = x.first; kx < x.last; kx++)
                    image[(y.start + ky * dilation_y) * g->width + x.start + kx * dilation_x] += share;
        }
    }
}

CLMAT_VECTORISED
void average_pool_forward(size_t begin, size_t end, WINDOW, int bottom, int right, int counts_padding, int divisor,
                          const float *xs, float *ys)
{
    const clmat_convolution g = {WINDOW_FIELDS};
    const mean_rule rule = {bottom, right, counts_padding, divisor};
    const int plain = is_plain(&g);
    for (size_t plane = begin; plane < end; plane++) {
        const float *image = xs + plane * height * width;
        float *out = ys + plane * oh * ow;
        if (plain) average_pool_plane(1, &g, &rule, image, out);
        else average_pool_plane(0, &g, &rule, image, out);
    }
}
CLMAT_KERNEL(pooling, average_pool_forward, CL_INT, WINDOW_KINDS, INT, INT, INT, INT, FLOATS, OUT_FLOATS)

void average_pool_backward(size_t begin, size_t end, WINDOW, int bottom, int right, int counts_padding, int divisor,
                           const float *gradients, float *xs)
{
    const clmat_convolution g = {WINDOW_FIELDS};
    const mean_rule rule = {bottom, right, counts_padding, divisor};
    const int plain = is_plain(&g);
    for (size_t plane = begin; plane < end; plane++) {
        float *image = xs + plane * height * width;
        const float *gradient = gradients + plane * oh * ow;
        if (plain) average_unpool_plane(1, &g, &rule, gradient, image);
        else average_unpool_plane(0, &g, &rule, gradient, image);
    }
}
CLMAT_KERNEL(pooling, average_pool_backward, CL_INT, WINDOW_KINDS, INT, INT, INT, INT, FLOATS, OUT_FLOATS)

CLMAT_TEXT(pooling) {
#embed "../shared/window.h" suffix(,)
#embed "../shared/pooling.h" suffix(,)
#embed "../cl/pooling.cl" suffix(, 0)
};
