// convolution.c: the kernels of ../cl/convolution.cl, and whole convolutions that work image by image, so that the
// patches of an image stay in the second-level cache between being made and being multiplied.

#include <clmat/product.h>
#include "kernel.h"
#include <stdlib.h>

// The output columns [first, last) whose input column, for column kx of the kernel, lies inside the image.
static inline __attribute__((always_inline))
void columns_inside(const clmat_convolution *g, int kx, int *first, int *last)
{
    const int low = g->left - kx * g->dilation_x;
    *first = low > 0 ? (low + g->stride_x - 1) / g->stride_x : 0;
    const int high = g->width + low;                    // output columns with column * stride < high
    const int end = high > 0 ? (high + g->stride_x - 1) / g->stride_x : 0;
    *last = end < g->ow ? end : g->ow;
    if (*first > *last) *first = *last;
}

// The row of the input that row ky of the kernel meets for output row oy, moved so that output column ox meets [ox * stride_x]; null
// where that row lies in the padding.
static inline __attribute__((always_inline))
const float *input_row(const clmat_convolution *g, const float *plane, int oy, int ky, int kx)
{
    const int y = oy * g->stride_y + ky * g->dilation_y - g->top;
    return y < 0 || y >= g->height ? NULL : plane + (ptrdiff_t)y * g->width + kx * g->dilation_x - g->left;
}

// Eight floats at once, wherever they lie. Rows are short here, and a call for each would cost more than the copy.
typedef float eight __attribute__((vector_size(32), aligned(4)));

static inline void copy_row(int count, const float *x, float *y)
{
    int i = 0;
    for (; i + 8 <= count; i += 8) *(eight *)(y + i) = *(const eight *)(x + i);
    for (; i < count; i++) y[i] = x[i];
}

static inline void add_row(int count, const float *x, float *y)
{
    int i = 0;
    for (; i + 8 <= count; i += 8) *(eight *)(y + i) += *(const eight *)(x + i);
    for (; i < count; i++) y[i] += x[i];
}

// y += a x
static inline __attribute__((always_inline)) void add_scaled_row(int count, float a, const float *x, float *y)
{
    int i = 0;
    for (; i + 8 <= count; i += 8) *(eight *)(y + i) += a * *(const eight *)(x + i);
    for (; i < count; i++) y[i] += a * x[i];
}

// One row of patches: the input pixels that kernel element (ky, kx) meets, for each output pixel of one plane.
static inline __attribute__((always_inline))
void patch_row(const clmat_convolution *g, int ky, int kx, const float *plane, float *row)
{
    int first, last;
    columns_inside(g, kx, &first, &last);
    for (int oy = 0; oy < g->oh; oy++, row += g->ow) {
        const float *x = input_row(g, plane, oy, ky, kx);
        if (!x || first >= last) {
            memset(row, 0, g->ow * sizeof *row);
            continue;
        }
        for (int ox = 0; ox < first; ox++) row[ox] = 0.0f;
        if (g->stride_x == 1) copy_row(last - first, x + first, row + first);
        else for (int ox = first; ox < last; ox++) row[ox] = x[(ptrdiff_t)ox * g->stride_x];
        for (int ox = last; ox < g->ow; ox++) row[ox] = 0.0f;
    }
}

// Adds a row of patches back to the plane that it came from.
static inline __attribute__((always_inline))
void add_patch_row(const clmat_convolution *g, int ky, int kx, const float *row, float *plane)
{
    int first, last;
    columns_inside(g, kx, &first, &last);
    if (first >= last) return;
    for (int oy = 0; oy < g->oh; oy++, row += g->ow) {
        float *x = (float *)input_row(g, plane, oy, ky, kx);
        if (!x) continue;
        if (g->stride_x == 1) add_row(last - first, row + first, x + first);
        else for (int ox = first; ox < last; ox++) x[(ptrdiff_t)ox * g->stride_x] += row[ox];
    }
}

// The window of a launch, and its names in order: what kernels take of it.
#define WINDOW \
    int height, int width, int kh, int kw, int stride_y, int stride_x, int top, int left, int dilation_y, \
    int dilation_x, int oh, int ow
#define WINDOW_FIELDS \
    .height = height, .width = width, .kh = kh, .kw = kw, .stride_y = stride_y, .stride_x = stride_x, .top = top, \
    .left = left, .dilation_y = dilation_y, .dilation_x = dilation_x, .oh = oh, .ow = ow
#define WINDOW_KINDS INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT

// Item i is image i / rows, row i % rows of its patches.
void im2col(size_t begin, size_t end, int images, int channels, WINDOW, int first, int ones, int row_pitch,
            int image_pitch, const float *xs, float *ys)
{
    (void)images;
    const clmat_convolution g = {WINDOW_FIELDS};
    const size_t area = (size_t)oh * ow, rows = (size_t)channels * kh * kw + ones;
    for (size_t i = begin; i < end; i++) {
        const size_t n = i / rows, row = i % rows, c = row / (kh * kw), k = row % (kh * kw);
        float *y = ys + row * row_pitch + n * image_pitch;
        if (c == (size_t)channels) for (size_t p = 0; p < area; p++) y[p] = 1.0f;
        else patch_row(&g, (int)k / kw, (int)k % kw, xs + ((first + n) * channels + c) * height * width, y);
    }
}
CLMAT_KERNEL(convolution, im2col, INT, INT, WINDOW_KINDS, INT, INT, INT, INT, FLOATS, INOUT_FLOATS)

// Item i is one plane: image i / channels, channel i % channels.
void col2im(size_t begin, size_t end, int images, int channels, WINDOW, int first, const float *ys, float *xs)
{
    (void)images;
    const clmat_convolution g = {WINDOW_FIELDS};
    const size_t area = (size_t)oh * ow, plane = (size_t)height * width;
    for (size_t i = begin; i < end; i++) {
        float *x = xs + ((size_t)first * channels + i) * plane;
        memset(x, 0, plane * sizeof *xs);
        for (int k = 0; k < kh * kw; k++) add_patch_row(&g, k / kw, k % kw, ys + (i * kh * kw + k) * area, x);
    }
}
CLMAT_KERNEL(convolution, col2im, INT, INT, WINDOW_KINDS, INT, FLOATS, OUT_FLOATS)

// Item i is one plane of the output.
CLMAT_VECTORISED
void add_biases(size_t begin, size_t end, int images, int channels, int area, const float *biases, float *ys)
{
    (void)images;
    for (size_t i = begin; i < end; i++) {
        const float bias = biases[i % channels];
        for (int p = 0; p < area; p++) ys[i * area + p] += bias;
    }
}
CLMAT_KERNEL(convolution, add_biases, INT, INT, INT, FLOATS, INOUT_FLOATS)

// Item i is one plane of the output.
void channels_to_front(size_t begin, size_t end, int images, int channels, int area, int first, const float *xs,
                       float *ys)
{
    for (size_t i = begin; i < end; i++) {
        const size_t f = i / images, n = i % images;
        memcpy(ys + i * area, xs + ((first + n) * channels + f) * area, area * sizeof *ys);
    }
}
CLMAT_KERNEL(convolution, channels_to_front, INT, INT, INT, INT, FLOATS, OUT_FLOATS)

// For planes that fill a work-group: they differ on OpenCL devices only.
CLMAT_KERNEL_BY(convolution, im2col_by_plane, im2col, INT, INT, WINDOW_KINDS, INT, INT, INT, INT, FLOATS, INOUT_FLOATS)
CLMAT_KERNEL_BY(convolution, add_biases_by_plane, add_biases, INT, INT, INT, FLOATS, INOUT_FLOATS)
CLMAT_KERNEL_BY(convolution, channels_to_front_by_plane, channels_to_front, INT, INT, INT, INT, FLOATS, OUT_FLOATS)


// MARK: - Tiny groups, without patches

// Item i is plane i of the output.
CLMAT_VECTORISED
void direct_forward(size_t begin, size_t end, int images, int groups, int channels, int filters, WINDOW, int has_biases,
                    const float *xs, const float *weights, const float *biases, float *ys)
{
    (void)images;
    const clmat_convolution g = {WINDOW_FIELDS};
    const size_t area = (size_t)oh * ow, plane = (size_t)height * width;
    for (size_t i = begin; i < end; i++) {
        const size_t f = i % ((size_t)groups * filters);
        const float *image = xs + i / filters * channels * plane;
        float *y = ys + i * area;
        for (size_t p = 0; p < area; p++) y[p] = has_biases ? biases[f] : 0.0f;
        for (int c = 0; c < channels; c++, image += plane)
            for (int k = 0; k < kh * kw; k++) {
                const float weight = weights[(f * channels + c) * kh * kw + k];
                int first, last;
                columns_inside(&g, k % kw, &first, &last);
                for (int oy = 0; oy < oh && first < last; oy++) {
                    const float *x = input_row(&g, image, oy, k / kw, k % kw);
                    if (!x) continue;
                    float *row = y + (size_t)oy * ow;
                    if (stride_x == 1) add_scaled_row(last - first, weight, x + first, row + first);
                    else for (int ox = first; ox < last; ox++) row[ox] += weight * x[(ptrdiff_t)ox * stride_x];
                }
            }
    }
}
CLMAT_KERNEL(convolution, direct_forward, INT, INT, INT, INT, WINDOW_KINDS, INT, FLOATS, FLOATS, FLOATS, OUT_FLOATS)

// Item i is plane i of the images.
CLMAT_VECTORISED
void direct_backward_input(size_t begin, size_t end, int images, int groups, int channels, int filters, WINDOW,
                           const float *gradients, const float *weights, float *xs)
{
    (void)images;
    const clmat_convolution g = {WINDOW_FIELDS};
    const size_t area = (size_t)oh * ow, plane = (size_t)height * width;
    for (size_t i = begin; i < end; i++) {
        const size_t group = i / channels, c = i % channels;
        float *image = xs + i * plane;
        memset(image, 0, plane * sizeof *image);
        for (size_t f = 0; f < (size_t)filters; f++)
            for (int k = 0; k < kh * kw; k++) {
                const float weight = weights[((group % groups * filters + f) * channels + c) * kh * kw + k];
                const float *gradient = gradients + (group * filters + f) * area;
                int first, last;
                columns_inside(&g, k % kw, &first, &last);
                for (int oy = 0; oy < oh && first < last; oy++, gradient += ow) {
                    float *x = (float *)input_row(&g, image, oy, k / kw, k % kw);
                    if (!x) continue;
                    if (stride_x == 1) add_scaled_row(last - first, weight, gradient + first, x + first);
                    else for (int ox = first; ox < last; ox++) x[(ptrdiff_t)ox * stride_x] += weight * gradient[ox];
                }
            }
    }
}
CLMAT_KERNEL(convolution, direct_backward_input, INT, INT, INT, INT, WINDOW_KINDS, FLOATS, FLOATS, OUT_FLOATS)

// Item i is one weight. Those of one kernel take an image by turns, while its plane and the gradient's are in the cache.
CLMAT_VECTORISED
void direct_backward_weights(size_t begin, size_t end, int images, int groups, int channels, int filters, WINDOW,
                             const float *xs, const float *gradients, float *ys)
{
    const clmat_convolution g = {WINDOW_FIELDS};
    const size_t area = (size_t)oh * ow, plane = (size_t)height * width, kernel = (size_t)kh * kw;
    while (begin < end) {
        const size_t pair = begin / kernel, last_weight = clmat_minimum(end, (pair + 1) * kernel);
        const size_t f = pair / channels, c = pair % channels;
        memset(ys + begin, 0, (last_weight - begin) * sizeof *ys);
        for (size_t n = 0; n < (size_t)images; n++) {
            const float *image = xs + ((n * groups + f / filters) * channels + c) * plane;
            for (size_t i = begin; i < last_weight; i++) {
                const int ky = (int)(i % kernel) / kw, kx = (int)(i % kernel) % kw;
                const float *gradient = gradients + (n * groups * filters + f) * area;
                int first, last;
                columns_inside(&g, kx, &first, &last);
                eight sums = {0};
                float rest = 0.0f;
                for (int oy = 0; oy < oh; oy++, gradient += ow) {
                    const float *x = input_row(&g, image, oy, ky, kx);
                    if (!x) continue;
                    int ox = first;
                    if (stride_x == 1)
                        for (; ox + 8 <= last; ox += 8) sums += *(const eight *)(gradient + ox) * *(const eight *)(x + ox);
                    for (; ox < last; ox++) rest += gradient[ox] * x[(ptrdiff_t)ox * stride_x];
                }
                for (int lane = 0; lane < 8; lane++) rest += sums[lane];
                ys[i] += rest;
            }
        }
        begin = last_weight;
    }
}
CLMAT_KERNEL(convolution, direct_backward_weights, INT, INT, INT, INT, WINDOW_KINDS, FLOATS, FLOATS, OUT_FLOATS)

// MARK: - Whole convolutions, image by image and group by group

// The product for this processor, or null where BLAS is the better one: on processors without AVX2, and for products
// so deep that a strip of B does not stay in the second-level cache.
static tile_product product_for(size_t depth) { return depth > 1536 ? NULL : clmat_tiles(); }

static void copy_rows(size_t rows, size_t count, const float *from, size_t from_pitch, float *to, size_t to_pitch)
{
    for (size_t r = 0; r < rows; r++) memcpy(to + r * to_pitch, from + r * from_pitch, count * sizeof *to);
}

// Whether rows of patches are whole eights that lie within the image, the commonest case: it has nothing to decide for each row.
static int is_plain(const clmat_convolution *g)
{
    return g->stride_y == 1 && g->stride_x == 1 && g->top == 0 && g->left == 0 && g->ow % 8 == 0
           && g->oh + (g->kh - 1) * g->dilation_y <= g->height && g->ow + (g->kw - 1) * g->dilation_x <= g->width;
}

// Patches of one image, a row for each kernel element, `pitch` apart; what a row has beyond the pixels is cleared.
CLMAT_VECTORISED
static void patches_of(const clmat_convolution *g, const float *image, size_t pitch, float *patches)
{
    const size_t area = (size_t)g->oh * g->ow, plane = (size_t)g->height * g->width;
    const int plain = is_plain(g);
    for (int c = 0; c < g->channels; c++)
        for (int k = 0; k < g->kh * g->kw; k++, patches += pitch) {
            if (plain) {
                const float *x = input_row(g, image + c * plane, 0, k / g->kw, k % g->kw);
                float *y = patches;
                for (int oy = 0; oy < g->oh; oy++, x += g->width, y += g->ow)
                    for (int i = 0; i < g->ow; i += 8) *(eight *)(y + i) = *(const eight *)(x + i);
            } else patch_row(g, k / g->kw, k % g->kw, image + c * plane, patches);
            for (size_t p = area; p < pitch; p++) patches[p] = 0.0f;
        }
}

CLMAT_VECTORISED
static void add_patches(const clmat_convolution *g, size_t pitch, const float *patches, float *image)
{
    const size_t plane = (size_t)g->height * g->width;
    const int plain = is_plain(g);
    for (int c = 0; c < g->channels; c++)
        for (int k = 0; k < g->kh * g->kw; k++, patches += pitch)
            if (plain) {
                float *x = (float *)input_row(g, image + c * plane, 0, k / g->kw, k % g->kw);
                const float *y = patches;
                for (int oy = 0; oy < g->oh; oy++, x += g->width, y += g->ow)
                    for (int i = 0; i < g->ow; i += 8) *(eight *)(x + i) += *(const eight *)(y + i);
            } else add_patch_row(g, k / g->kw, k % g->kw, patches, image + c * plane);
}

int convolution_forward(size_t begin, size_t end, const clmat_convolution *g, clmat_sgemm sgemm, const float *xs,
                        const float *weights, const float *biases, float *ys)
{
    const size_t area = (size_t)g->oh * g->ow, depth = (size_t)g->channels * g->kh * g->kw, filters = g->filters;
    const size_t input = (size_t)g->channels * g->height * g->width;
    const tile_product product = product_for(depth);
    const size_t pitch = product ? whole_strips(area) : area;
    const int has_patches = !g->is_one_pixel || pitch != area;
    float *patches = malloc(((has_patches ? depth : 1) + (pitch == area ? 0 : filters)) * pitch * sizeof *patches);
    if (!patches) return 0;
    float *padded = patches + (has_patches ? depth : 0) * pitch;    // the output, where its rows are no whole strips
    for (size_t i = begin * g->groups; i < end * g->groups; i++) {
        const size_t group = i % g->groups;
        const float *own = weights + group * filters * depth, *start = biases ? biases + group * filters : NULL;
        const float *columns = has_patches ? patches : xs + i * input;
        float *y = ys + i * filters * area;
        if (has_patches) patches_of(g, xs + i * input, pitch, patches);
        if (product) {
            product(filters, pitch, depth, own, depth, 1, columns, pitch, start, 0, pitch == area ? y : padded, pitch);
            if (pitch != area) copy_rows(filters, area, padded, pitch, y, area);
        } else {
            for (size_t f = 0; f < filters && start; f++)
                for (size_t p = 0; p < area; p++) y[f * area + p] = start[f];
            sgemm(0, 0, g->filters, (int)area, (int)depth, 1.0f, own, (int)depth, columns, (int)area,
                  start ? 1.0f : 0.0f, y, (int)area);
        }
    }
    free(patches);
    return 1;
}

int convolution_backward_input(size_t begin, size_t end, const clmat_convolution *g, clmat_sgemm sgemm,
                               const float *gradients, const float *weights, float *xs)
{
    const size_t area = (size_t)g->oh * g->ow, depth = (size_t)g->channels * g->kh * g->kw, filters = g->filters;
    const size_t input = (size_t)g->channels * g->height * g->width;
    const tile_product product = product_for(filters);
    const size_t pitch = product ? whole_strips(area) : area;
    const int has_patches = !g->is_one_pixel || pitch != area;
    float *patches = malloc(((has_patches ? depth : 1) + (pitch == area ? 0 : filters)) * pitch * sizeof *patches);
    if (!patches) return 0;
    float *padded = patches + (has_patches ? depth : 0) * pitch;    // the gradient, where its rows are no whole strips
    if (pitch != area) memset(padded, 0, filters * pitch * sizeof *padded);
    for (size_t i = begin * g->groups; i < end * g->groups; i++) {
        const float *gradient = gradients + i * filters * area, *own = weights + i % g->groups * filters * depth;
        float *x = xs + i * input, *target = has_patches ? patches : x;
        if (product) {
            if (pitch != area) copy_rows(filters, area, gradient, area, padded, pitch);
            product(depth, pitch, filters, own, 1, depth, pitch == area ? gradient : padded, pitch, NULL, 0, target,
                    pitch);
        } else {
            sgemm(1, 0, (int)depth, (int)area, g->filters, 1.0f, own, (int)depth, gradient, (int)area, 0.0f, target,
                  (int)area);
        }
        if (!has_patches) continue;
        memset(x, 0, input * sizeof *x);
        add_patches(g, pitch, patches, x);
    }
    free(patches);
    return 1;
}

// Pixels of a side of an image with its padding, as far as windows reach.
static size_t padded_side(int size, int before, int places, int stride, int elements, int dilation)
{
    const size_t reached = (size_t)(places - 1) * stride + (size_t)(elements - 1) * dilation + 1;
    return reached > (size_t)size + before ? reached : (size_t)size + before;
}

// An image with its channels last, `pitch` floats for each pixel, and its padding around it, `across` pixels in a row: what one row of the
// kernel meets lies together.
static void turn_image(const clmat_convolution *g, const float *image, size_t across, size_t pitch, float *turned)
{
    for (size_t c = 0; c < (size_t)g->channels; c++)
        for (int y = 0; y < g->height; y++, image += g->width) {
            float *row = turned + ((size_t)(y + g->top) * across + g->left) * pitch + c;
            for (int x = 0; x < g->width; x++) row[x * pitch] = image[x];
        }
}

// Patches of a turned image, a row for each pixel of the output, `pitch` apart; its columns are ky, kx and channel.
// Runs are copied in eights, so up to 7 floats after each are touched: the next run or row, or the room after the last.
CLMAT_VECTORISED
static void patches_by_pixel(const clmat_convolution *g, const float *turned, size_t across, size_t pitch,
                             float *patches)
{
    const size_t channels = g->channels;
    // Neighbouring elements of a kernel's row are one run.
    const int runs = g->dilation_x == 1 ? 1 : g->kw;
    const size_t run = g->kw / runs * channels;
    for (int oy = 0; oy < g->oh; oy++)
        for (int ox = 0; ox < g->ow; ox++, patches += pitch) {
            const float *x = turned + ((size_t)oy * g->stride_y * across + (size_t)ox * g->stride_x) * channels;
            float *y = patches;
            for (int ky = 0; ky < g->kh; ky++, x += g->dilation_y * across * channels)
                for (int r = 0; r < runs; r++, y += run) {
                    const float *from = x + (size_t)r * g->dilation_x * channels;
                    for (size_t i = 0; i < run; i += 8) *(eight *)(y + i) = *(const eight *)(from + i);
                }
        }
}

// Item b is a block of images; partials[b] is their sum. The blocks depend on the number of images alone, so that
// the sum of partials is the same for every number of threads.
int convolution_backward_weights(size_t begin, size_t end, int images, int blocks, const clmat_convolution *g,
                                 clmat_sgemm sgemm, const float *xs, const float *gradients, float *partials)
{
    const size_t area = (size_t)g->oh * g->ow, depth = (size_t)g->channels * g->kh * g->kw, filters = g->filters;
    const size_t input = (size_t)g->channels * g->height * g->width, count = filters * depth, groups = g->groups;
    const size_t rows = padded_side(g->height, g->top, g->oh, g->stride_y, g->kh, g->dilation_y);
    const size_t columns = padded_side(g->width, g->left, g->ow, g->stride_x, g->kw, g->dilation_x);
    const size_t padded = g->is_one_pixel ? 0 : rows * columns * g->channels;
    const tile_product product = product_for(area);
    // A pitch that is no power of two, so that the rows of a strip do not all meet in a few sets of the cache.
    const size_t across = whole_strips(depth), pitch = product ? across + 16 : area;
    const size_t size = product ? area * pitch + filters * pitch + padded + 16 : g->is_one_pixel ? 1 : depth * area;
    float *patches = calloc(size, sizeof *patches);
    if (!patches) return 0;
    float *sum = patches + area * pitch, *turned = sum + filters * pitch;    // with the tiles alone
    for (size_t i = begin * groups; i < end * groups; i++) {
        const size_t b = i / groups, group = i % groups;
        const size_t first = b * images / blocks, last = (b + 1) * images / blocks;
        float *partial = partials + i * count;
        for (size_t n = first; n < last; n++) {
            const float *gradient = gradients + (n * groups + group) * filters * area;
            const float *image = xs + (n * groups + group) * input;
            if (product) {
                // dW += dY X'^T; the strips have some columns more than a patch, which nobody reads
                if (g->is_one_pixel) {
                    turn_image(g, image, g->width, pitch, patches);
                } else {
                    turn_image(g, image, columns, g->channels, turned);
                    patches_by_pixel(g, turned, columns, pitch, patches);
                }
                product(filters, across, area, gradient, area, 1, patches, pitch, NULL, n > first, sum, pitch);
            } else {
                if (!g->is_one_pixel) patches_of(g, image, area, patches);
                sgemm(0, 1, g->filters, (int)depth, (int)area, 1.0f, gradient, (int)area,
                      g->is_one_pixel ? image : patches, (int)area, n == first ? 0.0f : 1.0f, partial, (int)depth);
            }
        }
        if (first == last) memset(partial, 0, count * sizeof *partial);
        else if (product)
            for (size_t f = 0; f < filters; f++)
                for (int c = 0; c < g->channels; c++)
                    for (int k = 0; k < g->kh * g->kw; k++)
                        partial[f * depth + c * g->kh * g->kw + k] = sum[f * pitch + k * g->channels + c];
    }
    free(patches);
    return 1;
}

CLMAT_TEXT(convolution) {
#embed "../shared/window.h" suffix(,)
#embed "../cl/convolution.cl" suffix(, 0)
};
