// convolution.c: the kernels of ../cl/convolution.cl, and whole convolutions: image by image, so that the patches of an image stay in the
// second-level cache between being made and being multiplied; or, where they would not, many images side by side, without patches.

#include <clmat/product.h>
#include "kernel.h"
#include "geometry.h"
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

// Planes and outputs in rows of one pitch, that of the plane with its padding: an element of the window then meets all pixels in one run.
// For strides of 1, and planes that are so small that the runs of single rows would be too short.
enum { RUN_ROOM = 4096, RUN_ELEMENTS = 128, RUN_STEP = 32 };

typedef struct {
    size_t pitch, size;         // floats of a row, and of the plane with its padding
    int at[RUN_ELEMENTS];       // where an element's run begins
    float from[2 * RUN_ROOM], to[RUN_ROOM];
} plane_runs;

static int has_runs(const clmat_convolution *g)
{
    const size_t rows = (size_t)g->oh + (size_t)(g->kh - 1) * g->dilation_y;
    const size_t pitch = (size_t)g->ow + (size_t)(g->kw - 1) * g->dilation_x;
    return g->stride_y == 1 && g->stride_x == 1 && (size_t)g->kh * g->kw <= RUN_ELEMENTS
           && rows * pitch + RUN_STEP <= RUN_ROOM;
}

static void prepare_runs(const clmat_convolution *g, plane_runs *runs)
{
    runs->pitch = g->ow + (g->kw - 1) * g->dilation_x;
    runs->size = (g->oh + (g->kh - 1) * g->dilation_y) * runs->pitch;
    for (int k = 0; k < g->kh * g->kw; k++)
        runs->at[k] = (int)(k / g->kw * g->dilation_y * runs->pitch) + k % g->kw * g->dilation_x;
}

// Rows of `width` floats, `pitch` apart, from neighbours; what is between them stays.
static inline __attribute__((always_inline))
void spread_rows(int height, int width, const float *x, size_t pitch, float *y)
{
    for (int r = 0; r < height; r++, x += width, y += pitch) copy_row(width, x, y);
}

static inline __attribute__((always_inline))
void collect_rows(int height, int width, const float *x, size_t pitch, float *y)
{
    for (int r = 0; r < height; r++, x += pitch, y += width) copy_row(width, x, y);
}

// y[j] = start (or y[j]) + sum over elements of w[k] x[j + sign at[k]], for j < count and up to a whole step
static inline __attribute__((always_inline))
void add_runs(size_t count, int elements, int sign, const int *at, const float *weights, const float *x, int accumulate,
              float start, float *y)
{
    for (size_t j = 0; j < count; j += RUN_STEP) {
        eight sums[4];
        for (int i = 0; i < 4; i++) sums[i] = accumulate ? *(const eight *)(y + j + 8 * i) : (eight){0} + start;
        for (int k = 0; k < elements; k++) {
            const float *own = x + j + sign * at[k];
            for (int i = 0; i < 4; i++) sums[i] += weights[k] * *(const eight *)(own + 8 * i);
        }
        for (int i = 0; i < 4; i++) *(eight *)(y + j + 8 * i) = sums[i];
    }
}

// Item i is plane i of the output.
CLMAT_VECTORISED
void direct_forward(size_t begin, size_t end, int images, int groups, int channels, int filters, WINDOW, int has_biases,
                    const float *xs, const float *weights, const float *biases, float *ys)
{
    (void)images;
    const clmat_convolution g = {WINDOW_FIELDS};
    const size_t area = (size_t)oh * ow, plane = (size_t)height * width, kernel = (size_t)kh * kw;
    const int in_runs = has_runs(&g);
    plane_runs runs;
    if (in_runs) {
        prepare_runs(&g, &runs);
        memset(runs.from, 0, (runs.size + RUN_STEP) * sizeof(float));
    }
    for (size_t i = begin; i < end; i++) {
        const size_t f = i % ((size_t)groups * filters);
        const float *image = xs + i / filters * channels * plane;
        float *y = ys + i * area;
        if (in_runs) {
            for (int c = 0; c < channels; c++, image += plane) {
                spread_rows(height, width, image, runs.pitch, runs.from + top * runs.pitch + left);
                add_runs((oh - 1) * runs.pitch + ow, kh * kw, 1, runs.at, weights + (f * channels + c) * kernel, runs.from,
                         c > 0, has_biases ? biases[f] : 0.0f, runs.to);
            }
            collect_rows(oh, ow, runs.to, runs.pitch, y);
            continue;
        }
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
    const size_t area = (size_t)oh * ow, plane = (size_t)height * width, kernel = (size_t)kh * kw;
    const int in_runs = has_runs(&g);
    plane_runs runs;
    if (in_runs) {
        prepare_runs(&g, &runs);
        memset(runs.from, 0, (2 * runs.size + RUN_STEP) * sizeof(float));
    }
    for (size_t i = begin; i < end; i++) {
        const size_t group = i / channels, c = i % channels;
        float *image = xs + i * plane;
        if (in_runs) {
            // Zeros come before the gradient too, as many as elements reach back.
            float *gradient = runs.from + runs.size;
            for (size_t f = 0; f < (size_t)filters; f++) {
                spread_rows(oh, ow, gradients + (group * filters + f) * area, runs.pitch, gradient);
                add_runs((height - 1) * runs.pitch + width, kh * kw, -1, runs.at,
                         weights + ((group % groups * filters + f) * channels + c) * kernel,
                         gradient + top * runs.pitch + left, f > 0, 0.0f, runs.to);
            }
            collect_rows(height, width, runs.to, runs.pitch, image);
            continue;
        }
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
    const int in_runs = has_runs(&g);
    plane_runs runs;
    if (in_runs) {
        prepare_runs(&g, &runs);
        memset(runs.from, 0, (runs.size + RUN_STEP) * sizeof(float));
        memset(runs.to, 0, (runs.size + RUN_STEP) * sizeof(float));
    }
    while (begin < end) {
        const size_t pair = begin / kernel, last_weight = clmat_minimum(end, (pair + 1) * kernel);
        const size_t f = pair / channels, c = pair % channels;
        memset(ys + begin, 0, (last_weight - begin) * sizeof *ys);
        for (size_t n = 0; n < (size_t)images; n++) {
            const float *image = xs + ((n * groups + f / filters) * channels + c) * plane;
            if (in_runs) {
                // Between the rows of the gradient are zeros.
                spread_rows(height, width, image, runs.pitch, runs.from + top * runs.pitch + left);
                spread_rows(oh, ow, gradients + (n * groups * filters + f) * area, runs.pitch, runs.to);
                for (size_t i = begin; i < last_weight; i++) {
                    const float *x = runs.from + runs.at[i % kernel];
                    eight sums[2] = {{0}, {0}};
                    for (size_t j = 0; j < (oh - 1) * runs.pitch + ow; j += 16) {
                        sums[0] += *(const eight *)(runs.to + j) * *(const eight *)(x + j);
                        sums[1] += *(const eight *)(runs.to + j + 8) * *(const eight *)(x + j + 8);
                    }
                    const eight sum = sums[0] + sums[1];
                    for (int lane = 0; lane < 8; lane++) ys[i] += sum[lane];
                }
                continue;
            }
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

// MARK: - Images side by side: where the patches of one image would not stay in the second-level cache

// Elements of a window, and pixels, by the place that they belong to: place i has entries [starts[i], starts[i + 1]).
typedef struct {
    int *starts, *a_at, *b_at;
} tap_table;

// One buffer of ints for `places` places with at most `most` entries each; null if there is no memory.
static tap_table tap_table_of(size_t places, size_t most)
{
    int *memory = malloc((places + 1 + 2 * places * most) * sizeof *memory);
    return (tap_table){memory, memory + places + 1, memory + places + 1 + places * most};
}

// The input pixel that element k of the window meets for output pixel p, or -1 in the padding.
static inline int pixel_met(const clmat_convolution *g, int p, int k)
{
    const int y = p / g->ow * g->stride_y + k / g->kw * g->dilation_y - g->top;
    const int x = p % g->ow * g->stride_x + k % g->kw * g->dilation_x - g->left;
    return y >= 0 && y < g->height && x >= 0 && x < g->width ? y * g->width + x : -1;
}

// For each output pixel, the elements of the window and the input pixels that they meet, whose numbers lie `lanes` apart. Elements in the
// padding have no entry: where images are small, much of the work.
static void taps_of_outputs(const clmat_convolution *g, int lanes, tap_table table)
{
    int count = 0;
    for (int p = 0; p < g->oh * g->ow; p++) {
        table.starts[p] = count;
        for (int k = 0; k < g->kh * g->kw; k++) {
            const int q = pixel_met(g, p, k);
            table.a_at[count] = k;
            table.b_at[count] = q * lanes;
            if (q >= 0) count++;
        }
    }
    table.starts[g->oh * g->ow] = count;
}

// And by element of the window, the output pixels and the input pixels that they meet.
static void taps_of_elements(const clmat_convolution *g, int lanes, tap_table table)
{
    int count = 0;
    for (int k = 0; k < g->kh * g->kw; k++) {
        table.starts[k] = count;
        for (int p = 0; p < g->oh * g->ow; p++) {
            const int q = pixel_met(g, p, k);
            table.a_at[count] = p;
            table.b_at[count] = q * lanes;
            if (q >= 0) count++;
        }
    }
    table.starts[g->kh * g->kw] = count;
}

// And by input pixel, the elements of the window and the output pixels that they meet.
static void taps_of_inputs(const clmat_convolution *g, int lanes, tap_table table)
{
    int count = 0;
    for (int q = 0; q < g->height * g->width; q++) {
        table.starts[q] = count;
        for (int k = 0; k < g->kh * g->kw; k++) {
            const int y = q / g->width + g->top - k / g->kw * g->dilation_y;
            const int x = q % g->width + g->left - k % g->kw * g->dilation_x;
            if (y < 0 || y % g->stride_y || y / g->stride_y >= g->oh) continue;
            if (x < 0 || x % g->stride_x || x / g->stride_x >= g->ow) continue;
            table.a_at[count] = k;
            table.b_at[count++] = (y / g->stride_y * g->ow + x / g->stride_x) * lanes;
        }
    }
    table.starts[g->height * g->width] = count;
}

// Lane l of stage h of a transposition by halves: of two rows h apart, what stays and what changes places.
#define LOW(l, h) ((l) & (h) ? (l) - (h) + 8 : (l))
#define HIGH(l, h) ((l) & (h) ? (l) + 8 : (l) + (h))
#define LANES(F, h) F(0, h), F(1, h), F(2, h), F(3, h), F(4, h), F(5, h), F(6, h), F(7, h)
#define STAGE(h) \
    for (int i = 0; i < 8; i++) \
        if (!(i & h)) { \
            const eight a = rows[i], b = rows[i + h]; \
            rows[i] = __builtin_shufflevector(a, b, LANES(LOW, h)); \
            rows[i + h] = __builtin_shufflevector(a, b, LANES(HIGH, h)); \
        }

// y[j, i] = x[i, j] for 8 x 8
static inline __attribute__((always_inline))
void transpose_8(const float *x, size_t x_pitch, float *y, size_t y_pitch)
{
    eight rows[8];
    for (int i = 0; i < 8; i++) rows[i] = *(const eight *)(x + i * x_pitch);
    STAGE(4) STAGE(2) STAGE(1)
    for (int i = 0; i < 8; i++) *(eight *)(y + i * y_pitch) = rows[i];
}

// y[j, i] = x[i, j] for rows x columns
static inline __attribute__((always_inline))
void transpose(size_t rows, size_t columns, const float *x, size_t x_pitch, float *y, size_t y_pitch)
{
    for (size_t i = 0; i < rows; i += 8)
        for (size_t j = 0; j < columns; j += 8) {
            if (i + 8 <= rows && j + 8 <= columns) {
                transpose_8(x + i * x_pitch + j, x_pitch, y + j * y_pitch + i, y_pitch);
                continue;
            }
            for (size_t r = i; r < clmat_minimum(i + 8, rows); r++)
                for (size_t c = j; c < clmat_minimum(j + 8, columns); c++) y[c * y_pitch + r] = x[r * x_pitch + c];
        }
}

// y[i, n] = x[n, i] for n < count, 0 for the other lanes
CLMAT_VECTORISED
static void to_lanes(size_t lanes, size_t count, size_t length, const float *x, size_t pitch, float *y)
{
    transpose(count, length, x, pitch, y, lanes);
    if (count == lanes) return;
    for (size_t i = 0; i < length; i++)
        for (size_t n = count; n < lanes; n++) y[i * lanes + n] = 0.0f;
}

// y[n, i] = x[i, n] for n < count
CLMAT_VECTORISED
static void from_lanes(size_t lanes, size_t count, size_t length, const float *x, float *y, size_t pitch)
{
    for (size_t i = 0; i < length; i += 8)              // all of a line of x while it is there
        transpose(clmat_minimum(8, length - i), count, x + i * lanes, lanes, y + i, pitch);
}

// What a convolution forward and one backward to the input have in common: planes from others by weights, for as many images at once as
// a tile has columns.
typedef struct {
    size_t from, from_plane, from_width;    // channels that are summed over, pixels of one, and columns
    size_t to, to_plane, to_width;          // channels that are computed
    size_t a_row, a_step;       // weights from one channel computed to the next, and from one summed over to the next
    tap_table taps;             // by pixel computed
} lanes_work;

enum {
    LANES_PART = 32,            // channels computed by one item: enough items for the threads
    LANES_SLAB = 96 << 10,      // bytes that are read again and again: a part of the second-level cache
    LANES_BAND = 64,            // pixels computed from them
    LANES_MOST = 24 << 20       // bytes that a block of images takes at most
};

static size_t parts_of(size_t channels) { return (channels + LANES_PART - 1) / LANES_PART; }

// Channels [first, last) computed, of a block of images; weights, starts and results are those of the first one.
static void convolve_lanes(const lanes_work *w, const clmat_gathered_tiles *tiles, const clmat_convolution *g, size_t first,
                           size_t last, const float *from, const float *weights, const float *starts, float *to)
{
    const size_t lanes = tiles->columns, band_rows = LANES_BAND / w->to_width + 1;
    const size_t from_rows = w->from_plane / w->from_width;
    const size_t reached = clmat_minimum(from_rows, band_rows * g->stride_y + (size_t)(g->kh - 1) * g->dilation_y);
    const size_t fitting = LANES_SLAB / (reached * w->from_width * lanes * sizeof(float));
    const size_t deep = fitting > 8 ? fitting : 8;
    const size_t high = last - first, tile_count = (high + tiles->rows - 1) / tiles->rows;
    const size_t band_pixels = band_rows * w->to_width;
    const size_t steps = (w->from + deep - 1) / deep, bands = (w->to_plane + band_pixels - 1) / band_pixels;
    for (size_t band = 0; band < bands; band++) {
        const size_t p0 = band * w->to_plane / bands, p1 = (band + 1) * w->to_plane / bands;
        for (size_t s = 0; s < steps; s++) {
            const size_t c0 = s * w->from / steps, c1 = (s + 1) * w->from / steps;
            for (size_t t = 0; t < tile_count; t++) {
                const size_t r0 = t * high / tile_count, r1 = (t + 1) * high / tile_count;
                const float *a = weights + r0 * w->a_row + c0 * w->a_step, *b = from + c0 * w->from_plane * lanes;
                for (size_t p = p0; p < p1; p++) {
                    const int i = w->taps.starts[p];
                    tiles->gather(r1 - r0, c1 - c0, w->taps.starts[p + 1] - i, w->taps.a_at + i, w->taps.b_at + i, a,
                                  w->a_row, w->a_step, b, w->from_plane * lanes, starts ? starts + r0 : NULL, s > 0,
                                  to + (r0 * w->to_plane + p) * lanes, w->to_plane * lanes);
                }
            }
        }
    }
}

// Items are parts of the channels computed of groups of blocks of images.
static int convolve_by_lanes(size_t begin, size_t end, int images, const clmat_convolution *g, const lanes_work *w,
                             const float *xs, const float *weights, const float *biases, float *ys)
{
    const clmat_gathered_tiles tiles = clmat_gathering();
    const size_t lanes = tiles.columns, parts = parts_of(w->to), most = (w->to + parts - 1) / parts;
    const size_t x_size = w->from * w->from_plane, y_size = w->to * w->to_plane, groups = g->groups;
    float *x = aligned_alloc(64, (x_size + most * w->to_plane) * lanes * sizeof *x);
    if (!x) return 0;
    float *y = x + x_size * lanes;
    size_t turned = SIZE_MAX;                           // the group of a block that is in x
    for (size_t item = begin; item < end; item++) {
        const size_t part = item % parts, group = item / parts % groups, block = item / parts / groups;
        const size_t first = part * w->to / parts, last = (part + 1) * w->to / parts;
        const size_t count = clmat_minimum(lanes, images - block * lanes), place = block * lanes * groups + group;
        if (turned != item / parts) to_lanes(lanes, count, x_size, xs + place * x_size, groups * x_size, x);
        turned = item / parts;
        convolve_lanes(w, &tiles, g, first, last, x,
                       weights + group * g->filters * g->channels * g->kh * g->kw + first * w->a_row,
                       biases ? biases + group * w->to + first : NULL, y);
        from_lanes(lanes, count, (last - first) * w->to_plane, y, ys + place * y_size + first * w->to_plane,
                   groups * y_size);
    }
    free(x);
    return 1;
}

int convolution_has_lanes(int images, const clmat_convolution *g, int is_to_weights)
{
    const size_t area = (size_t)g->oh * g->ow, pixels = (size_t)g->height * g->width, kernel = (size_t)g->kh * g->kw;
    const size_t lanes = clmat_gathering().columns, depth = g->channels * kernel;
    if (lanes == 0 || (size_t)(is_to_weights ? g->channels : images) < lanes / 2) return 0;
    const int is_small = (g->channels * pixels + g->filters * area) * lanes * sizeof(float) <= LANES_MOST
                         && (pixels > area ? pixels : area) * kernel <= 1 << 20;
    // Half of a second-level cache of 512 KiB. Without patches, long products of single images do better.
    const int is_better = depth * whole_strips(area) > 64 << 10 && !g->is_one_pixel;
    return is_small && is_better;
}

static size_t blocks_of(int images) { return (images + clmat_gathering().columns - 1) / clmat_gathering().columns; }

size_t convolution_lane_items(int images, const clmat_convolution *g, int is_backward)
{
    return blocks_of(images) * g->groups * parts_of(is_backward ? g->channels : g->filters);
}

int convolution_forward_lanes(size_t begin, size_t end, int images, const clmat_convolution *g, const float *xs,
                              const float *weights, const float *biases, float *ys)
{
    const size_t area = (size_t)g->oh * g->ow, kernel = (size_t)g->kh * g->kw;
    lanes_work w = {g->channels, (size_t)g->height * g->width, g->width, g->filters, area, g->ow, g->channels * kernel,
                    kernel, tap_table_of(area, kernel)};
    if (!w.taps.starts) return 0;
    taps_of_outputs(g, (int)clmat_gathering().columns, w.taps);
    const int done = convolve_by_lanes(begin, end, images, g, &w, xs, weights, biases, ys);
    free(w.taps.starts);
    return done;
}

int convolution_backward_input_lanes(size_t begin, size_t end, int images, const clmat_convolution *g,
                                     const float *gradients, const float *weights, float *xs)
{
    const size_t pixels = (size_t)g->height * g->width, kernel = (size_t)g->kh * g->kw;
    lanes_work w = {g->filters, (size_t)g->oh * g->ow, g->ow, g->channels, pixels, g->width, kernel,
                    g->channels * kernel, tap_table_of(pixels, kernel)};
    if (!w.taps.starts) return 0;
    taps_of_inputs(g, (int)clmat_gathering().columns, w.taps);
    const int done = convolve_by_lanes(begin, end, images, g, &w, gradients, weights, NULL, xs);
    free(w.taps.starts);
    return done;
}

// Strips of as many channels as a tile has columns, in each group; the last one is filled up with zeros.
static size_t strips_of(const clmat_convolution *g)
{
    return (g->channels + clmat_gathering().columns - 1) / clmat_gathering().columns;
}

size_t convolution_turned_count(int images, const clmat_convolution *g)
{
    return (size_t)images * g->height * g->width * g->groups * strips_of(g) * clmat_gathering().columns;
}

// turned[strip, n, pixel, channel of the strip], for the images [begin, end)
void convolution_turn(size_t begin, size_t end, int images, const clmat_convolution *g, const float *xs, float *turned)
{
    const size_t lanes = clmat_gathering().columns, pixels = (size_t)g->height * g->width, strips = strips_of(g);
    for (size_t n = begin; n < end; n++)
        for (size_t strip = 0; strip < g->groups * strips; strip++) {
            const size_t first = strip % strips * lanes, count = clmat_minimum(lanes, g->channels - first);
            const float *image = xs + ((n * g->groups + strip / strips) * g->channels + first) * pixels;
            to_lanes(lanes, count, pixels, image, pixels, turned + (strip * images + n) * pixels * lanes);
        }
}

size_t convolution_weight_items(const clmat_convolution *g)
{
    const size_t rows = clmat_gathering().rows;
    return g->groups * strips_of(g) * ((g->filters + rows - 1) / rows);
}

// dw[f, c, k] = sum over images and pixels of dy x, a tile of filters and a strip of channels for each item: nothing is added across items.
int convolution_backward_weights_lanes(size_t begin, size_t end, int images, const clmat_convolution *g,
                                       const float *turned, const float *gradients, float *weights)
{
    const clmat_gathered_tiles tiles = clmat_gathering();
    const size_t lanes = tiles.columns, pixels = (size_t)g->height * g->width, kernel = (size_t)g->kh * g->kw;
    const size_t area = (size_t)g->oh * g->ow, strips = strips_of(g), filters = g->filters, channels = g->channels;
    const size_t tile_count = (filters + tiles.rows - 1) / tiles.rows;
    // Images whose strip stays in the second-level cache for all elements of the window.
    const size_t fitting = LANES_SLAB / (pixels * lanes * sizeof(float)), some = fitting > 0 ? fitting : 1;
    float *sums = aligned_alloc(64, tiles.rows * kernel * lanes * sizeof *sums);
    tap_table taps = tap_table_of(kernel, area);
    if (sums && taps.starts) {
        taps_of_elements(g, (int)lanes, taps);
        for (size_t item = begin; item < end; item++) {
            const size_t t = item % tile_count, strip = item / tile_count, group = strip / strips;
            const size_t r0 = t * filters / tile_count, r1 = (t + 1) * filters / tile_count;
            const size_t c0 = strip % strips * lanes, wide = clmat_minimum(lanes, channels - c0);
            for (size_t n = 0; n < (size_t)images; n += some)
                for (size_t k = 0; k < kernel; k++) {
                    const int i = taps.starts[k];
                    tiles.gather(r1 - r0, clmat_minimum(some, images - n), taps.starts[k + 1] - i, taps.a_at + i,
                                 taps.b_at + i, gradients + ((n * g->groups + group) * filters + r0) * area, area,
                                 g->groups * filters * area, turned + (strip * images + n) * pixels * lanes,
                                 pixels * lanes, NULL, n > 0, sums + k * lanes, kernel * lanes);
                }
            for (size_t f = r0; f < r1; f++)
                for (size_t c = 0; c < wide; c++)
                    for (size_t k = 0; k < kernel; k++)
                        weights[((group * filters + f) * channels + c0 + c) * kernel + k] =
                            sums[((f - r0) * kernel + k) * lanes + c];
        }
    }
    const int done = sums && taps.starts;
    free(sums);
    free(taps.starts);
    return done;
}

// MARK: - One image after the other

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
