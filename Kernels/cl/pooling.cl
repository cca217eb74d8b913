// pooling.cl: maximum and average over windows of an image, both passes.
//
// Windows of kh x kw elements, dilation_y and dilation_x apart; they begin `top` and `left` pixels before the image and go on by stride_y
// and stride_x. Elements outside the image are no candidates for a maximum, and zeros for an average.
// Layout    x  planes x H W;  y  planes x oh ow;  where  planes x oh ow ints: the place of the maximum within its plane
// Ties      the first pixel, row by row.
// Divisor   kh kw, `divisor`, where that is so for all windows; else `divisor` is 0, and ../shared/pooling.h says what it is.
// Launch    1-D, one work-item per element of the output. The backward pass gathers, so that sums have a fixed order.
// Host      checks shapes, that each window meets a pixel, and that places in the padded image plus a window or a stride fit an int.

__kernel void max_pool_forward(const int planes, const int height, const int width, const int kh, const int kw,
                               const int stride_y, const int stride_x, const int top, const int left,
                               const int dilation_y, const int dilation_x, const int oh, const int ow,
                               __global const float *xs, __global float *ys, __global int *where)
{
    const int i = get_global_id(0), area = oh * ow;
    if (i >= planes * area) return;
    const int plane = i / area, p = i - plane * area;
    const int y = p / ow * stride_y - top, x = p % ow * stride_x - left;
    const int ky0 = elements_before(0, y, dilation_y, kh), ky1 = elements_before(height, y, dilation_y, kh);
    const int kx0 = elements_before(0, x, dilation_x, kw), kx1 = elements_before(width, x, dilation_x, kw);
    __global const float *image = xs + plane * height * width;
    int best = (y + ky0 * dilation_y) * width + x + kx0 * dilation_x;
    float m = image[best];
    for (int ky = ky0; ky < ky1; ky++)
        for (int kx = kx0; kx < kx1; kx++) {
            const int j = (y + ky * dilation_y) * width + x + kx * dilation_x;
            if (image[j] > m) { m = image[j]; best = j; }
        }
    ys[i] = m;
    where[i] = best;
}

// The windows that may hold pixel `place` of a row: from the first whose last element is not before it, to the last that begins there.
static inline int first_window(int place, int before, int reach, int stride)
{
    return max(0, (place + before - reach + stride) / stride);
}
static inline int last_window(int place, int before, int stride, int count)
{
    return min(count - 1, (place + before) / stride);
}

__kernel void max_pool_backward(const int planes, const int height, const int width, const int kh, const int kw,
                                const int stride_y, const int stride_x, const int top, const int left,
                                const int dilation_y, const int dilation_x, const int oh, const int ow,
                                __global const float *gradients, __global const int *where, __global float *xs)
{
    const int i = get_global_id(0), plane_size = height * width;
    if (i >= planes * plane_size) return;
    const int plane = i / plane_size, p = i - plane * plane_size, y = p / width, x = p - y * width;
    const int oy0 = first_window(y, top, (kh - 1) * dilation_y + 1, stride_y), oy1 = last_window(y, top, stride_y, oh);
    const int ox0 = first_window(x, left, (kw - 1) * dilation_x + 1, stride_x), ox1 = last_window(x, left, stride_x, ow);
    float sum = 0.0f;
    for (int oy = oy0; oy <= oy1; oy++)
        for (int ox = ox0; ox <= ox1; ox++) {
            const int j = plane * oh * ow + oy * ow + ox;
            if (where[j] == p) sum += gradients[j];
        }
    xs[i] = sum;
}

__kernel void average_pool_forward(const int planes, const int height, const int width, const int kh, const int kw,
                                   const int stride_y, const int stride_x, const int top, const int left,
                                   const int dilation_y, const int dilation_x, const int oh, const int ow,
                                   const int bottom, const int right, const int counts_padding, const int divisor,
                                   __global const float *xs, __global float *ys)
{
    const int i = get_global_id(0), area = oh * ow;
    if (i >= planes * area) return;
    const int plane = i / area, p = i - plane * area;
    const int y = p / ow * stride_y - top, x = p % ow * stride_x - left;
    const int ky0 = elements_before(0, y, dilation_y, kh), ky1 = elements_before(height, y, dilation_y, kh);
    const int kx0 = elements_before(0, x, dilation_x, kw), kx1 = elements_before(width, x, dilation_x, kw);
    __global const float *image = xs + plane * height * width;
    float sum = 0.0f;
    for (int ky = ky0; ky < ky1; ky++)
        for (int kx = kx0; kx < kx1; kx++) sum += image[(y + ky * dilation_y) * width + x + kx * dilation_x];
    ys[i] = sum / (divisor > 0 ? (float)divisor
                               : window_divisor(y, x, height, width, kh, kw, dilation_y, dilation_x, bottom, right,
                                                counts_padding));
}

__kernel void average_pool_backward(const int planes, const int height, const int width, const int kh, const int kw,
                                    const int stride_y, const int stride_x, const int top, const int left,
                                    const int dilation_y, const int dilation_x, const int oh, const int ow,
                                    const int bottom, const int right, const int counts_padding, const int divisor,
                                    __global const float *gradients, __global float *xs)
{
    const int i = get_global_id(0), plane_size = height * width;
    if (i >= planes * plane_size) return;
    const int plane = i / plane_size, p = i - plane * plane_size, y = p / width, x = p - y * width;
    const int oy0 = first_window(y, top, (kh - 1) * dilation_y + 1, stride_y), oy1 = last_window(y, top, stride_y, oh);
    const int ox0 = first_window(x, left, (kw - 1) * dilation_x + 1, stride_x), ox1 = last_window(x, left, stride_x, ow);
    float sum = 0.0f;
    for (int oy = oy0; oy <= oy1; oy++) {
        const int wy = oy * stride_y - top;
        if ((y - wy) % dilation_y != 0) continue;
        for (int ox = ox0; ox <= ox1; ox++) {
            const int wx = ox * stride_x - left;
            if ((x - wx) % dilation_x != 0) continue;
            const float gradient = gradients[plane * oh * ow + oy * ow + ox];
            sum += divisor > 0 ? gradient
                               : gradient / window_divisor(wy, wx, height, width, kh, kw, dilation_y, dilation_x, bottom,
                                                           right, counts_padding);
        }
    }
    xs[i] = divisor > 0 ? sum / (float)divisor : sum;
}
