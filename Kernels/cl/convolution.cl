// convolution.cl: the parts of a 2-D convolution that surround its matrix product.
//
// With columns X' of all patches (C kh kw rows, N P columns, P = oh ow pixels of the output):
//     Y' = W X'               forward            (W: filters x C kh kw)
//     dX' = W^T dY'           backward to the input, then col2im adds up the patches
//     dW = dY' X'^T           backward to the weights
// where Y' is filters x N P; channels_to_front and images_from_channels turn between it and rows of images.
//
// Layout    x  N x C H W;  y  N x F P;  padding is zeros on each side; stride is the same both ways.
// Launch    1-D, one work-item per element of the output; _by_plane: one work-group of GROUP work-items per plane of the
//           output, which needs no division for each element: faster from a plane of GROUP elements on.
// Host      checks shapes; oh = (H + 2 padding - kh) / stride + 1, ow likewise.
// Source    K. Chellapilla, S. Puri, P. Simard, "High performance convolutional neural networks for document
//           processing", 2006 (unrolling convolution).

#ifndef GROUP
#define GROUP 64
#endif

__kernel void im2col(const int images, const int channels, const int height, const int width, const int kh,
                              const int kw, const int stride, const int padding, const int oh, const int ow,
                              __global const float *xs, __global float *ys)
{
    const int area = oh * ow, across = images * area;
    const int i = get_global_id(0);
    if (i >= channels * kh * kw * across) return;
    const int row = i / across, column = i - row * across;
    const int n = column / area, p = column - n * area;
    const int c = row / (kh * kw), k = row - c * kh * kw;
    const int y = p / ow * stride + k / kw - padding, x = p % ow * stride + k % kw - padding;
    const int inside = y >= 0 && y < height && x >= 0 && x < width;
    ys[i] = inside ? xs[((n * channels + c) * height + y) * width + x] : 0.0f;
}

// Work-items of a group take neighbouring pixels; each goes on by GROUP pixels, which is `rows` rows and `rest` columns.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void im2col_by_plane(const int images, const int channels, const int height, const int width, const int kh,
                              const int kw, const int stride, const int padding, const int oh, const int ow,
                              __global const float *xs, __global float *ys)
{
    const int plane = get_group_id(0), lane = get_local_id(0), area = oh * ow;
    const int row = plane / images, n = plane - row * images;
    const int c = row / (kh * kw), k = row - c * kh * kw, ky = k / kw, kx = k - ky * kw;
    const int rows = GROUP / ow, rest = GROUP - rows * ow;
    __global const float *image = xs + (n * channels + c) * height * width;
    __global float *patch = ys + plane * area;
    int oy = lane / ow, ox = lane - oy * ow;
    for (int p = lane; p < area; p += GROUP) {
        const int y = oy * stride + ky - padding, x = ox * stride + kx - padding;
        const int inside = y >= 0 && y < height && x >= 0 && x < width;
        patch[p] = inside ? image[y * width + x] : 0.0f;
        oy += rows;
        ox += rest;
        if (ox >= ow) { ox -= ow; oy++; }
    }
}

// x[n, c, y, x] = sum of what the patches that cover this pixel hold for it
__kernel void col2im(const int images, const int channels, const int height, const int width, const int kh,
                              const int kw, const int stride, const int padding, const int oh, const int ow,
                              __global const float *ys, __global float *xs)
{
    const int area = oh * ow, across = images * area;
    const int i = get_global_id(0);
    if (i >= images * channels * height * width) return;
    const int x = i % width, y = i / width % height, plane = i / (width * height);
    const int n = plane / channels, c = plane - n * channels;
    float sum = 0.0f;
    for (int ky = 0; ky < kh; ky++) {
        const int ty = y + padding - ky;
        if (ty < 0 || ty % stride != 0 || ty / stride >= oh) continue;
        for (int kx = 0; kx < kw; kx++) {
            const int tx = x + padding - kx;
            if (tx < 0 || tx % stride != 0 || tx / stride >= ow) continue;
            sum += ys[((c * kh + ky) * kw + kx) * across + n * area + ty / stride * ow + tx / stride];
        }
    }
    xs[i] = sum;
}

// y[n, f, p] = x[f, n, p] + bias[f]
__kernel void images_from_channels(const int images, const int channels, const int area, __global const float *xs,
                                   __global const float *biases, __global float *ys)
{
    const int i = get_global_id(0);
    if (i >= images * channels * area) return;
    const int p = i % area, f = i / area % channels, n = i / (area * channels);
    ys[i] = xs[(f * images + n) * area + p] + biases[f];
}

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void images_from_channels_by_plane(const int images, const int channels, const int area, __global const float *xs,
                                   __global const float *biases, __global float *ys)
{
    const int plane = get_group_id(0), n = plane / channels, f = plane - n * channels;
    const float bias = biases[f];
    __global const float *x = xs + (f * images + n) * area;
    __global float *y = ys + plane * area;
    for (int p = get_local_id(0); p < area; p += GROUP) y[p] = x[p] + bias;
}

// y[f, n, p] = x[n, f, p]
__kernel void channels_to_front(const int images, const int channels, const int area, __global const float *xs,
                                __global float *ys)
{
    const int i = get_global_id(0);
    if (i >= images * channels * area) return;
    const int p = i % area, n = i / area % images, f = i / (area * images);
    ys[i] = xs[(n * channels + f) * area + p];
}

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void channels_to_front_by_plane(const int images, const int channels, const int area, __global const float *xs,
                                __global float *ys)
{
    const int plane = get_group_id(0), f = plane / images, n = plane - f * images;
    __global const float *x = xs + (n * channels + f) * area;
    __global float *y = ys + plane * area;
    for (int p = get_local_id(0); p < area; p += GROUP) y[p] = x[p];
}
