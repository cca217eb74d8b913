// pooling.cl: maximum and average over windows of an image, both passes.
//
// Windows of size x size pixels, `stride` apart, without padding; oh = (H - size) / stride + 1, ow likewise.
// Layout    x  planes x H W;  y  planes x oh ow;  where  planes x oh ow ints: the place of the maximum within its plane
// Ties      the first pixel, row by row.
// Launch    1-D, one work-item per element of the output. The backward pass gathers, so that sums have a fixed order.

__kernel void max_pool_forward(const int planes, const int height, const int width, const int size, const int stride,
                               const int oh, const int ow, __global const float *xs, __global float *ys,
                               __global int *where)
{
    const int i = get_global_id(0), area = oh * ow;
    if (i >= planes * area) return;
    const int plane = i / area, p = i - plane * area;
    const int top = p / ow * stride, left = p % ow * stride;
    __global const float *x = xs + plane * height * width;
    int best = top * width + left;
    float m = x[best];
    for (int dy = 0; dy < size; dy++)
        for (int dx = 0; dx < size; dx++) {
            const int j = (top + dy) * width + left + dx;
            if (x[j] > m) { m = x[j]; best = j; }
        }
    ys[i] = m;
    where[i] = best;
}

__kernel void max_pool_backward(const int planes, const int height, const int width, const int size, const int stride,
                                const int oh, const int ow, __global const float *gradients, __global const int *where,
                                __global float *xs)
{
    const int i = get_global_id(0), plane_size = height * width;
    if (i >= planes * plane_size) return;
    const int plane = i / plane_size, p = i - plane * plane_size, y = p / width, x = p - y * width;
    const int first_y = max(0, (y - size + stride) / stride), last_y = min(oh - 1, y / stride);
    const int first_x = max(0, (x - size + stride) / stride), last_x = min(ow - 1, x / stride);
    float sum = 0.0f;
    for (int oy = first_y; oy <= last_y; oy++)
        for (int ox = first_x; ox <= last_x; ox++) {
            const int j = plane * oh * ow + oy * ow + ox;
            if (where[j] == p) sum += gradients[j];
        }
    xs[i] = sum;
}

__kernel void average_pool_forward(const int planes, const int height, const int width, const int size,
                                   const int stride, const int oh, const int ow, __global const float *xs,
                                   __global float *ys)
{
    const int i = get_global_id(0), area = oh * ow;
    if (i >= planes * area) return;
    const int plane = i / area, p = i - plane * area;
    const int top = p / ow * stride, left = p % ow * stride;
    __global const float *x = xs + plane * height * width;
    float sum = 0.0f;
    for (int dy = 0; dy < size; dy++)
        for (int dx = 0; dx < size; dx++) sum += x[(top + dy) * width + left + dx];
    ys[i] = sum / (float)(size * size);
}

__kernel void average_pool_backward(const int planes, const int height, const int width, const int size,
                                    const int stride, const int oh, const int ow, __global const float *gradients,
                                    __global float *xs)
{
    const int i = get_global_id(0), plane_size = height * width;
    if (i >= planes * plane_size) return;
    const int plane = i / plane_size, p = i - plane * plane_size, y = p / width, x = p - y * width;
    const int first_y = max(0, (y - size + stride) / stride), last_y = min(oh - 1, y / stride);
    const int first_x = max(0, (x - size + stride) / stride), last_x = min(ow - 1, x / stride);
    float sum = 0.0f;
    for (int oy = first_y; oy <= last_y; oy++)
        for (int ox = first_x; ox <= last_x; ox++) sum += gradients[plane * oh * ow + oy * ow + ox];
    xs[i] = sum / (float)(size * size);
}
