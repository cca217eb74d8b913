// convolution.cl: the parts of a 2-D convolution that surround its matrix product.
//
// With columns X' of all patches (C kh kw rows, N P columns, P = oh ow pixels of the output):
//     Y = W X'                forward            (W: filters x C kh kw), then a bias for each filter
//     dX' = W^T dY            backward to the input, then col2im adds up the patches
//     dW = dY X'^T            backward to the weights; a row of ones in X' gives the biases'
// image by image, so that Y is a row of images; or for dW across all images, where channels_to_front turns dY. With G groups there are G such
// products of C / G channels and F / G filters; where those are tiny, direct_forward and the like do without patches.
//
// Layout    x  N x C H W;  y  N x F P;  padding is zeros, `top` rows and `left` columns before the image, and what the output needs after it.
//           patches  row r of image n lies at r row_pitch + n image_pitch; `first` is the image in x or y that is 0 here.
// Launch    1-D, one work-item per element of the output; _by_plane: one work-group of GROUP work-items per plane of the
//           output, which needs no division for each element: faster from a plane of GROUP elements on.
// Host      checks shapes, and that places in the padded image plus a window or a stride fit an int;
//           oh = (H + padding - (kh - 1) dilation - 1) / stride + 1, ow likewise.
// Source    K. Chellapilla, S. Puri, P. Simard, "High performance convolutional neural networks for document
//           processing", 2006 (unrolling convolution).

#include <clmat/group.h>

// Rows of patches, then `ones` rows of ones.
__kernel void im2col(const int images, const int channels, const int height, const int width, const int kh,
                              const int kw, const int stride_y, const int stride_x, const int top, const int left,
                              const int dilation_y, const int dilation_x, const int oh, const int ow, const int first,
                              const int ones, const int row_pitch, const int image_pitch,
                              __global const float *xs, __global float *ys)
{
    const int area = oh * ow, rows = channels * kh * kw + ones;
    const int i = get_global_id(0);
    if (i >= images * rows * area) return;
    const int plane = i / area, p = i - plane * area;
    const int n = plane / rows, row = plane - n * rows;
    const int c = row / (kh * kw), k = row - c * kh * kw;
    const int y = p / ow * stride_y + k / kw * dilation_y - top, x = p % ow * stride_x + k % kw * dilation_x - left;
    const int inside = y >= 0 && y < height && x >= 0 && x < width;
    float value = 1.0f;
    if (c < channels) value = inside ? xs[(((first + n) * channels + c) * height + y) * width + x] : 0.0f;
    ys[row * row_pitch + n * image_pitch + p] = value;
}

// Work-items of a group take neighbouring pixels; each goes on by GROUP pixels, which is `down` rows and `rest` columns.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void im2col_by_plane(const int images, const int channels, const int height, const int width, const int kh,
                              const int kw, const int stride_y, const int stride_x, const int top, const int left,
                              const int dilation_y, const int dilation_x, const int oh, const int ow, const int first,
                              const int ones, const int row_pitch, const int image_pitch,
                              __global const float *xs, __global float *ys)
{
    const int plane = get_group_id(0), lane = get_local_id(0), area = oh * ow;
    const int n = plane / (channels * kh * kw + ones), row = plane - n * (channels * kh * kw + ones);
    const int c = row / (kh * kw), k = row - c * kh * kw, ky = k / kw, kx = k - ky * kw;
    const int down = GROUP / ow, rest = GROUP - down * ow;
    __global float *patch = ys + row * row_pitch + n * image_pitch;
    if (c == channels) {
        for (int p = lane; p < area; p += GROUP) patch[p] = 1.0f;
        return;
    }
    __global const float *image = xs + ((first + n) * channels + c) * height * width;
    int oy = lane / ow, ox = lane - oy * ow;
    for (int p = lane; p < area; p += GROUP) {
        const int y = oy * stride_y + ky * dilation_y - top, x = ox * stride_x + kx * dilation_x - left;
        const int inside = y >= 0 && y < height && x >= 0 && x < width;
        patch[p] = inside ? image[y * width + x] : 0.0f;
        oy += down;
        ox += rest;
        if (ox >= ow) { ox -= ow; oy++; }
    }
}

// x[n, c, y, x] = sum of what the patches that cover this pixel hold for it
__kernel void col2im(const int images, const int channels, const int height, const int width, const int kh,
                              const int kw, const int stride_y, const int stride_x, const int top, const int left,
                              const int dilation_y, const int dilation_x, const int oh, const int ow, const int first,
                              __global const float *ys, __global float *xs)
{
    const int area = oh * ow;
    const int i = get_global_id(0);
    if (i >= images * channels * height * width) return;
    const int x = i % width, y = i / width % height, plane = i / (width * height);
    __global const float *patch = ys + plane * kh * kw * area;
    float sum = 0.0f;
    if (stride_y == 1 && stride_x == 1 && dilation_y == 1 && dilation_x == 1) {
        // Without divisions: the kernel elements that meet this pixel are a rectangle.
        const int ky0 = max(0, y + top - oh + 1), ky1 = min(kh - 1, y + top);
        const int kx0 = max(0, x + left - ow + 1), kx1 = min(kw - 1, x + left);
        for (int ky = ky0; ky <= ky1; ky++)
            for (int kx = kx0; kx <= kx1; kx++)
                sum += patch[(ky * kw + kx) * area + (y + top - ky) * ow + x + left - kx];
    } else {
        for (int ky = 0; ky < kh; ky++) {
            const int ty = y + top - ky * dilation_y;
            if (ty < 0 || ty % stride_y != 0 || ty / stride_y >= oh) continue;
            for (int kx = 0; kx < kw; kx++) {
                const int tx = x + left - kx * dilation_x;
                if (tx < 0 || tx % stride_x != 0 || tx / stride_x >= ow) continue;
                sum += patch[(ky * kw + kx) * area + ty / stride_y * ow + tx / stride_x];
            }
        }
    }
    xs[first * channels * height * width + i] = sum;
}

// y[n, f, p] += bias[f]
__kernel void add_biases(const int images, const int channels, const int area, __global const float *biases,
                         __global float *ys)
{
    const int i = get_global_id(0);
    if (i < images * channels * area) ys[i] += biases[i / area % channels];
}

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void add_biases_by_plane(const int images, const int channels, const int area, __global const float *biases,
                         __global float *ys)
{
    const int plane = get_group_id(0);
    const float bias = biases[plane % channels];
    __global float *y = ys + plane * area;
    for (int p = get_local_id(0); p < area; p += GROUP) y[p] += bias;
}

// y[f, n, p] = x[first + n, f, p]
__kernel void channels_to_front(const int images, const int channels, const int area, const int first,
                                __global const float *xs, __global float *ys)
{
    const int i = get_global_id(0);
    if (i >= images * channels * area) return;
    const int p = i % area, n = i / area % images, f = i / (area * images);
    ys[i] = xs[((first + n) * channels + f) * area + p];
}

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void channels_to_front_by_plane(const int images, const int channels, const int area, const int first,
                                __global const float *xs, __global float *ys)
{
    const int plane = get_group_id(0), f = plane / images, n = plane - f * images;
    __global const float *x = xs + ((first + n) * channels + f) * area;
    __global float *y = ys + plane * area;
    for (int p = get_local_id(0); p < area; p += GROUP) y[p] = x[p];
}

// MARK: - Tiny groups, without patches: of `channels` channels and `filters` filters each

// y[n, f, p] = bias[f] + sum over the group's channels and the kernel's elements of w x
__kernel void direct_forward(const int images, const int groups, const int channels, const int filters,
                             const int height, const int width, const int kh, const int kw, const int stride_y,
                             const int stride_x, const int top, const int left, const int dilation_y,
                             const int dilation_x, const int oh, const int ow, const int has_biases,
                             __global const float *xs, __global const float *weights, __global const float *biases,
                             __global float *ys)
{
    const int area = oh * ow;
    const int i = get_global_id(0);
    if (i >= images * groups * filters * area) return;
    const int plane = i / area, p = i - plane * area, group = plane / filters, f = plane % (groups * filters);
    const int y = p / ow * stride_y - top, x = p % ow * stride_x - left;
    const int ky0 = elements_before(0, y, dilation_y, kh), ky1 = elements_before(height, y, dilation_y, kh);
    const int kx0 = elements_before(0, x, dilation_x, kw), kx1 = elements_before(width, x, dilation_x, kw);
    __global const float *image = xs + group * channels * height * width;    // group of all images' groups
    __global const float *weight = weights + f * channels * kh * kw;
    float sum = has_biases ? biases[f] : 0.0f;
    for (int c = 0; c < channels; c++, image += height * width, weight += kh * kw)
        for (int ky = ky0; ky < ky1; ky++)
            for (int kx = kx0; kx < kx1; kx++)
                sum += weight[ky * kw + kx] * image[(y + ky * dilation_y) * width + x + kx * dilation_x];
    ys[i] = sum;
}

// dx[n, c, y, x] = sum over the group's filters and the kernel's elements that meet this pixel of w dy
__kernel void direct_backward_input(const int images, const int groups, const int channels, const int filters,
                                    const int height, const int width, const int kh, const int kw, const int stride_y,
                                    const int stride_x, const int top, const int left, const int dilation_y,
                                    const int dilation_x, const int oh, const int ow,
                                    __global const float *gradients, __global const float *weights,
                                    __global float *xs)
{
    const int i = get_global_id(0);
    if (i >= images * groups * channels * height * width) return;
    const int x = i % width, y = i / width % height, plane = i / (width * height);
    const int group = plane / channels, c = plane - group * channels;
    __global const float *gradient = gradients + group * filters * oh * ow;
    __global const float *weight = weights + (group % groups * filters * channels + c) * kh * kw;
    float sum = 0.0f;
    for (int f = 0; f < filters; f++, gradient += oh * ow, weight += channels * kh * kw)
        for (int ky = 0; ky < kh; ky++) {
            const int ty = y + top - ky * dilation_y;
            if (ty < 0 || ty % stride_y != 0 || ty / stride_y >= oh) continue;
            for (int kx = 0; kx < kw; kx++) {
                const int tx = x + left - kx * dilation_x;
                if (tx < 0 || tx % stride_x != 0 || tx / stride_x >= ow) continue;
                sum += weight[ky * kw + kx] * gradient[ty / stride_y * ow + tx / stride_x];
            }
        }
    xs[i] = sum;
}

// dw[f, c, ky, kx] = sum over images and output pixels of dy x. Launch: one work-group per weight.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void direct_backward_weights(const int images, const int groups, const int channels, const int filters,
                             const int height, const int width, const int kh, const int kw, const int stride_y,
                             const int stride_x, const int top, const int left, const int dilation_y,
                             const int dilation_x, const int oh, const int ow, __global const float *xs,
                             __global const float *gradients, __global float *ys)
{
    __local float partials[GROUP];
    const int i = get_group_id(0), lane = get_local_id(0), area = oh * ow;
    const int k = i % (kh * kw), c = i / (kh * kw) % channels, f = i / (kh * kw * channels);
    const int dy = k / kw * dilation_y - top, dx = k % kw * dilation_x - left;
    float sum = 0.0f;
    for (int j = lane; j < images * area; j += GROUP) {
        const int n = j / area, p = j - n * area, y = p / ow * stride_y + dy, x = p % ow * stride_x + dx;
        if (y < 0 || y >= height || x < 0 || x >= width) continue;
        const int plane = (n * groups + f / filters) * channels + c;
        sum += gradients[(n * groups * filters + f) * area + p] * xs[(plane * height + y) * width + x];
    }
    sum = group_sum(sum, partials);
    if (lane == 0) ys[i] = sum;
}
