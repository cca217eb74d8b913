// convolution.c: the kernels of ../cl/convolution.cl, and whole convolutions that work image by image, so that the
// patches of an image stay in the second-level cache between being made and being multiplied.

#include <clmat/product.h>
#include "kernel.h"
#include <stdlib.h>

// The output columns [first, last) whose input column lies inside the image.
static inline void columns_inside(int kx, int width, int stride, int padding, int ow, int *first, int *last)
{
    const int low = padding - kx;
    *first = low > 0 ? (low + stride - 1) / stride : 0;
    const int high = width + padding - kx;              // output columns with column * stride < high
    const int end = high > 0 ? (high + stride - 1) / stride : 0;
    *last = end < ow ? end : ow;
    if (*first > *last) *first = *last;
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

// One row of patches: the input pixels that kernel element (ky, kx) meets, for each output pixel of one plane.
static inline __attribute__((always_inline))
void patch_row(int height, int width, int ky, int kx, int stride, int padding, int oh, int ow,
                      const float *plane, float *row)
{
    int first, last;
    columns_inside(kx, width, stride, padding, ow, &first, &last);
    for (int oy = 0; oy < oh; oy++, row += ow) {
        const int y = oy * stride + ky - padding;
        if (y < 0 || y >= height || first >= last) {
            memset(row, 0, ow * sizeof *row);
            continue;
        }
        const float *x = plane + (ptrdiff_t)y * width + kx - padding;
        for (int ox = 0; ox < first; ox++) row[ox] = 0.0f;
        if (stride == 1) copy_row(last - first, x + first, row + first);
        else for (int ox = first; ox < last; ox++) row[ox] = x[ox * stride];
        for (int ox = last; ox < ow; ox++) row[ox] = 0.0f;
    }
}

// Adds a row of patches back to the plane that it came from.
static inline __attribute__((always_inline))
void add_patch_row(int height, int width, int ky, int kx, int stride, int padding, int oh, int ow,
                          const float *row, float *plane)
{
    int first, last;
    columns_inside(kx, width, stride, padding, ow, &first, &last);
    if (first >= last) return;
    for (int oy = 0; oy < oh; oy++, row += ow) {
        const int y = oy * stride + ky - padding;
        if (y < 0 || y >= height) continue;
        float *x = plane + (ptrdiff_t)y * width + kx - padding;
        if (stride == 1) add_row(last - first, row + first, x + first);
        else for (int ox = first; ox < last; ox++) x[ox * stride] += row[ox];
    }
}

// Item i is image i / rows, row i % rows of its patches.
void im2col(size_t begin, size_t end, int images, int channels, int height, int width, int kh, int kw,
                     int stride, int padding, int oh, int ow, int first, int ones, int row_pitch, int image_pitch,
                     const float *xs, float *ys)
{
    (void)images;
    const size_t area = (size_t)oh * ow, rows = (size_t)channels * kh * kw + ones;
    for (size_t i = begin; i < end; i++) {
        const size_t n = i / rows, row = i % rows, c = row / (kh * kw), k = row % (kh * kw);
        float *y = ys + row * row_pitch + n * image_pitch;
        if (c == (size_t)channels) for (size_t p = 0; p < area; p++) y[p] = 1.0f;
        else patch_row(height, width, (int)k / kw, (int)k % kw, stride, padding, oh, ow,
                       xs + ((first + n) * channels + c) * height * width, y);
    }
}
CLMAT_KERNEL(convolution, im2col, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, FLOATS, INOUT_FLOATS)

// Item i is one plane: image i / channels, channel i % channels.
void col2im(size_t begin, size_t end, int images, int channels, int height, int width, int kh, int kw,
                     int stride, int padding, int oh, int ow, int first, const float *ys, float *xs)
{
    (void)images;
    const size_t area = (size_t)oh * ow, plane = (size_t)height * width;
    for (size_t i = begin; i < end; i++) {
        float *x = xs + ((size_t)first * channels + i) * plane;
        memset(x, 0, plane * sizeof *xs);
        for (int k = 0; k < kh * kw; k++)
            add_patch_row(height, width, k / kw, k % kw, stride, padding, oh, ow, ys + (i * kh * kw + k) * area, x);
    }
}
CLMAT_KERNEL(convolution, col2im, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, FLOATS, OUT_FLOATS)

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
CLMAT_KERNEL_BY(convolution, im2col_by_plane, im2col, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, INT, FLOATS, INOUT_FLOATS)
CLMAT_KERNEL_BY(convolution, add_biases_by_plane, add_biases, INT, INT, INT, FLOATS, INOUT_FLOATS)
CLMAT_KERNEL_BY(convolution, channels_to_front_by_plane, channels_to_front, INT, INT, INT, INT, FLOATS, OUT_FLOATS)


// MARK: - Whole convolutions, image by image

// The product for this processor, or null where BLAS is the better one: on processors without AVX2, and for products
// so deep that a strip of B does not stay in the second-level cache.
static tile_product product_for(size_t depth) { return depth > 1536 ? NULL : clmat_tiles(); }

// Patches of one image, a row for each kernel element, `pitch` apart; what a row has beyond the pixels is cleared.
CLMAT_VECTORISED
static void patches_of(const clmat_convolution *g, const float *image, size_t pitch, float *patches)
{
    const size_t area = (size_t)g->oh * g->ow, plane = (size_t)g->height * g->width;
    // The commonest case, rows of whole eights without padding, has nothing to decide for each row.
    const int is_plain = g->stride == 1 && g->padding == 0 && g->ow % 8 == 0;
    for (int c = 0; c < g->channels; c++)
        for (int k = 0; k < g->kh * g->kw; k++, patches += pitch) {
            if (is_plain) {
                const float *x = image + c * plane + (size_t)(k / g->kw) * g->width + k % g->kw;
                float *y = patches;
                for (int oy = 0; oy < g->oh; oy++, x += g->width, y += g->ow)
                    for (int i = 0; i < g->ow; i += 8) *(eight *)(y + i) = *(const eight *)(x + i);
            } else patch_row(g->height, g->width, k / g->kw, k % g->kw, g->stride, g->padding, g->oh, g->ow,
                      image + c * plane, patches);
            for (size_t p = area; p < pitch; p++) patches[p] = 0.0f;
        }
}

CLMAT_VECTORISED
static void add_patches(const clmat_convolution *g, size_t pitch, const float *patches, float *image)
{
    const size_t plane = (size_t)g->height * g->width;
    const int is_plain = g->stride == 1 && g->padding == 0 && g->ow % 8 == 0;
    for (int c = 0; c < g->channels; c++)
        for (int k = 0; k < g->kh * g->kw; k++, patches += pitch)
            if (is_plain) {
                float *x = image + c * plane + (size_t)(k / g->kw) * g->width + k % g->kw;
                const float *y = patches;
                for (int oy = 0; oy < g->oh; oy++, x += g->width, y += g->ow)
                    for (int i = 0; i < g->ow; i += 8) *(eight *)(x + i) += *(const eight *)(y + i);
            } else add_patch_row(g->height, g->width, k / g->kw, k % g->kw, g->stride, g->padding, g->oh, g->ow, patches,
                          image + c * plane);
}

static void copy_rows(size_t rows, size_t count, const float *from, size_t from_pitch, float *to, size_t to_pitch)
{
    for (size_t r = 0; r < rows; r++) memcpy(to + r * to_pitch, from + r * from_pitch, count * sizeof *to);
}

int convolution_forward(size_t begin, size_t end, const clmat_convolution *g, clmat_sgemm sgemm, const float *xs,
                        const float *weights, const float *biases, float *ys)
{
    const size_t area = (size_t)g->oh * g->ow, depth = (size_t)g->channels * g->kh * g->kw, filters = g->filters;
    const size_t input = (size_t)g->channels * g->height * g->width;
    const tile_product product = product_for(depth);
    const size_t pitch = product ? whole_strips(area) : area;
    float *patches = malloc((depth + (pitch == area ? 0 : filters)) * pitch * sizeof *patches);
    if (!patches) return 0;
    float *padded = patches + depth * pitch;            // the output, where its rows are no whole strips
    for (size_t n = begin; n < end; n++) {
        float *y = ys + n * filters * area;
        patches_of(g, xs + n * input, pitch, patches);
        if (product) {
            product(filters, pitch, depth, weights, depth, 1, patches, pitch, biases, 0, pitch == area ? y : padded, pitch);
            if (pitch != area) copy_rows(filters, area, padded, pitch, y, area);
        } else {
            for (size_t f = 0; f < filters; f++)
                for (size_t p = 0; p < area; p++) y[f * area + p] = biases[f];
            sgemm(0, 0, g->filters, (int)area, (int)depth, 1.0f, weights, (int)depth, patches, (int)area, 1.0f, y,
                  (int)area);
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
    float *patches = malloc((depth + (pitch == area ? 0 : filters)) * pitch * sizeof *patches);
    if (!patches) return 0;
    float *padded = patches + depth * pitch;            // the gradient, where its rows are no whole strips
    if (pitch != area) memset(padded, 0, filters * pitch * sizeof *padded);
    for (size_t n = begin; n < end; n++) {
        const float *gradient = gradients + n * filters * area;
        if (product) {
            if (pitch != area) copy_rows(filters, area, gradient, area, padded, pitch);
            product(depth, pitch, filters, weights, 1, depth, pitch == area ? gradient : padded, pitch, NULL, 0,
                    patches, pitch);
        } else {
            sgemm(1, 0, (int)depth, (int)area, g->filters, 1.0f, weights, (int)depth, gradient, (int)area, 0.0f,
                  patches, (int)area);
        }
        memset(xs + n * input, 0, input * sizeof *xs);
        add_patches(g, pitch, patches, xs + n * input);
    }
    free(patches);
    return 1;
}

// An image with its channels last and its padding around it: what one row of the kernel meets lies together.
static void turn_image(const clmat_convolution *g, const float *image, float *turned)
{
    const size_t channels = g->channels, across = (size_t)g->width + 2 * g->padding;
    for (size_t c = 0; c < channels; c++)
        for (int y = 0; y < g->height; y++, image += g->width) {
            float *row = turned + ((y + g->padding) * across + g->padding) * channels + c;
            for (int x = 0; x < g->width; x++) row[x * channels] = image[x];
        }
}

// Patches of a turned image, a row for each pixel of the output, `pitch` apart; its columns are ky, kx and channel.
// Runs are copied in eights, so up to 7 floats after each are touched: the next run or row, or the room after the last.
CLMAT_VECTORISED
static void patches_by_pixel(const clmat_convolution *g, const float *turned, size_t pitch, float *patches)
{
    const size_t across = ((size_t)g->width + 2 * g->padding) * g->channels, run = (size_t)g->kw * g->channels;
    for (int oy = 0; oy < g->oh; oy++)
        for (int ox = 0; ox < g->ow; ox++, patches += pitch) {
            const float *x = turned + (size_t)oy * g->stride * across + (size_t)ox * g->stride * g->channels;
            float *y = patches;
            for (int ky = 0; ky < g->kh; ky++, x += across, y += run)
                for (size_t i = 0; i < run; i += 8) *(eight *)(y + i) = *(const eight *)(x + i);
        }
}

// Item b is a block of images; partials[b] is their sum. The blocks depend on the number of images alone, so that
// the sum of partials is the same for every number of threads.
int convolution_backward_weights(size_t begin, size_t end, int images, int blocks, const clmat_convolution *g,
                                 clmat_sgemm sgemm, const float *xs, const float *gradients, float *partials)
{
    const size_t area = (size_t)g->oh * g->ow, depth = (size_t)g->channels * g->kh * g->kw, filters = g->filters;
    const size_t input = (size_t)g->channels * g->height * g->width, count = filters * depth;
    const size_t padded = ((size_t)g->height + 2 * g->padding) * (g->width + 2 * g->padding) * g->channels;
    const tile_product product = product_for(area);
    // A pitch that is no power of two, so that the rows of a strip do not all meet in a few sets of the cache.
    const size_t across = whole_strips(depth), pitch = product ? across + 16 : area;
    const size_t size = product ? area * pitch + filters * pitch + padded + 16 : depth * area;
    float *patches = calloc(size, sizeof *patches);
    if (!patches) return 0;
    float *sum = patches + area * pitch, *turned = sum + filters * pitch;    // with the tiles alone
    for (size_t b = begin; b < end; b++) {
        const size_t first = b * images / blocks, last = (b + 1) * images / blocks;
        float *partial = partials + b * count;
        for (size_t n = first; n < last; n++) {
            const float *gradient = gradients + n * filters * area;
            if (product) {
                // dW += dY X'^T; the strips have some columns more than a patch, which nobody reads
                turn_image(g, xs + n * input, turned);
                patches_by_pixel(g, turned, pitch, patches);
                product(filters, across, area, gradient, area, 1, patches, pitch, NULL, n > first, sum, pitch);
            } else {
                patches_of(g, xs + n * input, area, patches);
                sgemm(0, 1, g->filters, (int)depth, (int)area, 1.0f, gradient, (int)area, patches, (int)area,
                      n == first ? 0.0f : 1.0f, partial, (int)depth);
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
#embed "../cl/convolution.cl" suffix(, 0)
};
