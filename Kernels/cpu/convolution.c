// convolution.c: the kernels of ../cl/convolution.cl, and whole convolutions that work image by image, so that the
// patches of an image stay in the second-level cache between being made and being multiplied.

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

// One row of patches: the input pixels that kernel element (ky, kx) meets, for each output pixel of one plane.
static void patch_row(int height, int width, int ky, int kx, int stride, int padding, int oh, int ow,
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
        if (stride == 1) memcpy(row + first, x + first, (last - first) * sizeof *row);
        else for (int ox = first; ox < last; ox++) row[ox] = x[ox * stride];
        for (int ox = last; ox < ow; ox++) row[ox] = 0.0f;
    }
}

// Adds a row of patches back to the plane that it came from.
CLMAT_VECTORISED
static void add_patch_row(int height, int width, int ky, int kx, int stride, int padding, int oh, int ow,
                          const float *row, float *plane)
{
    int first, last;
    columns_inside(kx, width, stride, padding, ow, &first, &last);
    for (int oy = 0; oy < oh; oy++, row += ow) {
        const int y = oy * stride + ky - padding;
        if (y < 0 || y >= height) continue;
        float *x = plane + (ptrdiff_t)y * width + kx - padding;
        if (stride == 1) for (int ox = first; ox < last; ox++) x[ox] += row[ox];
        else for (int ox = first; ox < last; ox++) x[ox * stride] += row[ox];
    }
}

// Item i is row i / images of the patches, image i % images.
void image_to_column(size_t begin, size_t end, int images, int channels, int height, int width, int kh, int kw,
                     int stride, int padding, int oh, int ow, const float *xs, float *ys)
{
    const size_t area = (size_t)oh * ow;
    for (size_t i = begin; i < end; i++) {
        const int row = (int)(i / images), n = (int)(i % images), c = row / (kh * kw), k = row % (kh * kw);
        patch_row(height, width, k / kw, k % kw, stride, padding, oh, ow,
                  xs + ((size_t)n * channels + c) * height * width, ys + i * area);
    }
}

// Item i is one plane: image i / channels, channel i % channels.
void column_to_image(size_t begin, size_t end, int images, int channels, int height, int width, int kh, int kw,
                     int stride, int padding, int oh, int ow, const float *ys, float *xs)
{
    const size_t area = (size_t)oh * ow, plane = (size_t)height * width;
    for (size_t i = begin; i < end; i++) {
        const size_t n = i / channels, c = i % channels;
        memset(xs + i * plane, 0, plane * sizeof *xs);
        for (int k = 0; k < kh * kw; k++)
            add_patch_row(height, width, k / kw, k % kw, stride, padding, oh, ow,
                          ys + ((c * kh * kw + k) * images + n) * area, xs + i * plane);
    }
}

// Item i is one plane of the output.
CLMAT_VECTORISED
void images_from_channels(size_t begin, size_t end, int images, int channels, int area, const float *xs,
                          const float *biases, float *ys)
{
    for (size_t i = begin; i < end; i++) {
        const size_t n = i / channels, f = i % channels;
        const float *x = xs + (f * images + n) * area, bias = biases[f];
        for (int p = 0; p < area; p++) ys[i * area + p] = x[p] + bias;
    }
}

// Item i is one plane of the output.
void channels_to_front(size_t begin, size_t end, int images, int channels, int area, const float *xs, float *ys)
{
    for (size_t i = begin; i < end; i++) {
        const size_t f = i / images, n = i % images;
        memcpy(ys + i * area, xs + (n * channels + f) * area, area * sizeof *ys);
    }
}

// MARK: - Whole convolutions, image by image

static void patches_of(const clmat_convolution *g, const float *image, float *patches)
{
    const size_t area = (size_t)g->oh * g->ow, plane = (size_t)g->height * g->width;
    for (int c = 0; c < g->channels; c++)
        for (int k = 0; k < g->kh * g->kw; k++, patches += area)
            patch_row(g->height, g->width, k / g->kw, k % g->kw, g->stride, g->padding, g->oh, g->ow,
                      image + c * plane, patches);
}

int convolution_forward(size_t begin, size_t end, const clmat_convolution *g, clmat_sgemm sgemm, const float *xs,
                        const float *weights, const float *biases, float *ys)
{
    const int area = g->oh * g->ow, depth = g->channels * g->kh * g->kw;
    const size_t input = (size_t)g->channels * g->height * g->width;
    float *patches = malloc((size_t)depth * area * sizeof *patches);
    if (!patches) return 0;
    for (size_t n = begin; n < end; n++) {
        float *y = ys + n * g->filters * area;
        patches_of(g, xs + n * input, patches);
        for (int f = 0; f < g->filters; f++)
            for (int p = 0; p < area; p++) y[f * area + p] = biases[f];
        sgemm(0, 0, g->filters, area, depth, 1.0f, weights, depth, patches, area, 1.0f, y, area);
    }
    free(patches);
    return 1;
}

int convolution_backward_input(size_t begin, size_t end, const clmat_convolution *g, clmat_sgemm sgemm,
                               const float *gradients, const float *weights, float *xs)
{
    const int area = g->oh * g->ow, depth = g->channels * g->kh * g->kw;
    const size_t plane = (size_t)g->height * g->width, input = g->channels * plane;
    float *patches = malloc((size_t)depth * area * sizeof *patches);
    if (!patches) return 0;
    for (size_t n = begin; n < end; n++) {
        float *x = xs + n * input;
        memset(x, 0, input * sizeof *x);
        sgemm(1, 0, depth, area, g->filters, 1.0f, weights, depth, gradients + n * g->filters * area, area, 0.0f,
              patches, area);
        const float *row = patches;
        for (int c = 0; c < g->channels; c++)
            for (int k = 0; k < g->kh * g->kw; k++, row += area)
                add_patch_row(g->height, g->width, k / g->kw, k % g->kw, g->stride, g->padding, g->oh, g->ow, row,
                              x + c * plane);
    }
    free(patches);
    return 1;
}

// Item b is a block of images; partials[b] is their sum. The blocks depend on the number of images alone, so that
// the sum of partials is the same for every number of threads.
int convolution_backward_weights(size_t begin, size_t end, int images, int blocks, const clmat_convolution *g,
                                 clmat_sgemm sgemm, const float *xs, const float *gradients, float *partials)
{
    const int area = g->oh * g->ow, depth = g->channels * g->kh * g->kw;
    const size_t input = (size_t)g->channels * g->height * g->width, count = (size_t)g->filters * depth;
    float *patches = malloc((size_t)depth * area * sizeof *patches);
    if (!patches) return 0;
    for (size_t b = begin; b < end; b++) {
        const size_t first = b * images / blocks, last = (b + 1) * images / blocks;
        for (size_t n = first; n < last; n++) {
            patches_of(g, xs + n * input, patches);
            sgemm(0, 1, g->filters, depth, area, 1.0f, gradients + n * g->filters * area, area, patches, area,
                  n == first ? 0.0f : 1.0f, partials + b * count, depth);
        }
        if (first == last) memset(partials + b * count, 0, count * sizeof *partials);
    }
    free(patches);
    return 1;
}
