// channels.cl: what images have per channel: scale and shift, slopes, batch normalisation.
//
//     y = scale_c x + shift_c                                                       channel_affine
//     y = x where x > 0, else slope_c x                                             prelu_*
//     y = scale_c (x - mean_c) / sqrt(variance_c + epsilon) + shift_c               batch_norm_*
//
// Images are rows of channels * area numbers, channel by channel; a channel has images * area numbers.
// Formulas  ../shared/channels.h
// Layout    x, y, g, dx  planes x area floats, planes = images * channels; g is dL/dy
//           scale, shift, slope  one float per channel
//           saved  3 x channels: the mean's nearest float, what that lacks, and 1 / sqrt(variance + epsilon)
//           partials  parts x channels x (3 or 2) floats: part b of a channel has its numbers b length ... (b + 1) length - 1
// Launch    1-D, one work-item per number, unless said otherwise. *_parts and prelu_backward: one work-group of GROUP work-items per part
//           and channel, the channels of a part side by side. The order of a sum is fixed by the sizes.
// Host      checks shapes, and that training has two numbers per channel at least.
// Source    S. Ioffe, C. Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate shift",
//           ICML 2015, algorithm 1 and section 3; K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers", ICCV 2015, section 2.1.

#include <clmat/group.h>

// Where number i of channel c lies.
static int place_of(const int i, const int c, const int channels, const int area)
{
    const int n = i / area;
    return (n * channels + c) * area + (i - n * area);
}

__kernel void channel_affine(const int planes, const int channels, const int area, __global const float *xs,
                             __global const float *scales, __global const float *shifts, __global float *ys)
{
    const int i = get_global_id(0);
    if (i >= planes * area) return;
    const int c = i / area % channels;
    ys[i] = scales[c] * xs[i] + shifts[c];
}

__kernel void prelu_forward(const int planes, const int channels, const int area, __global const float *xs,
                            __global const float *slopes, __global float *ys)
{
    const int i = get_global_id(0);
    if (i < planes * area) ys[i] = clmat_prelu(xs[i], slopes[i / area % channels]);
}

// Also, in one look at x and g, each part's share of the gradient of the slopes: one number per part and channel.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void prelu_backward(const int images, const int channels, const int area, const int length, __global const float *gs,
                    __global const float *xs, __global const float *slopes, __global float *dxs, __global float *partials)
{
    __local float lanes[GROUP];
    const int c = get_group_id(0) % channels, start = get_group_id(0) / channels * length;
    const int end = start + min(length, images * area - start);
    const float slope = slopes[c];
    float a = 0.0f;
    for (int i = start + (int)get_local_id(0); i < end; i += GROUP) {
        const int k = place_of(i, c, channels, area);
        const float g = gs[k], x = xs[k];
        dxs[k] = clmat_prelu_backward(g, x, slope);
        a += clmat_prelu_slope(g, x);
    }
    a = group_sum(a, lanes);
    if (get_local_id(0) == 0) partials[get_group_id(0)] = a;
}

// MARK: - Batch normalisation

// Of each part its mean m as a float, the sum of (x - m), and the sum of squared deviations from the exact mean. The second look at the
// numbers finds them in a cache.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void channel_moments_parts(const int images, const int channels, const int area, const int length,
                           __global const float *xs, __global float *partials)
{
    __local float lanes[GROUP];
    const int c = get_group_id(0) % channels, start = get_group_id(0) / channels * length;
    const int count = min(length, images * area - start);
    float a = 0.0f, squares = 0.0f;
    for (int i = get_local_id(0); i < count; i += GROUP) a += xs[place_of(start + i, c, channels, area)];
    const float mean = group_sum(a, lanes) / (float)count;
    a = 0.0f;
    for (int i = get_local_id(0); i < count; i += GROUP) {
        const float e = xs[place_of(start + i, c, channels, area)] - mean;
        a += e;
        squares += e * e;
    }
    a = group_sum(a, lanes);
    squares = group_sum(squares, lanes);
    if (get_local_id(0) == 0) {
        __global float *own = partials + 3 * get_group_id(0);
        own[0] = mean;
        own[1] = a;
        own[2] = fmax(squares - a * (a / (float)count), 0.0f);
    }
}

// saved, and batch, 2 x channels: mean and unbiased variance. Launch: one work-group per channel.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void batch_norm_statistics(const int channels, const int parts, const int length, const int count, const float epsilon,
                           __global const float *partials, __global float *saved, __global float *batch)
{
    __local clmat_moments all[GROUP];
    const int c = get_group_id(0), lane = get_local_id(0);
    clmat_moments m = {0.0f, 0.0f, 0.0f, 0.0f};
    for (int p = lane; p < parts; p += GROUP) {
        __global const float *x = partials + 3 * (p * channels + c);
        const clmat_moments part = {(float)min(length, count - p * length), x[0], x[1], x[2]};
        m = clmat_joined(m, part);
    }
    all[lane] = m;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int half_count = GROUP / 2; half_count > 0; half_count /= 2) {
        if (lane < half_count) all[lane] = clmat_joined(all[lane], all[lane + half_count]);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (lane > 0) return;
    m = all[0];
    const clmat_pair mean = clmat_mean(m);
    saved[c] = batch[c] = mean.high;
    saved[channels + c] = mean.low;
    saved[2 * channels + c] = clmat_inverse_deviation(m.squares / (float)count, epsilon);
    batch[channels + c] = m.squares / (float)(count - 1);
}

__kernel void batch_norm_forward(const int planes, const int channels, const int area, __global const float *xs,
                                 __global const float *saved, __global const float *scales,
                                 __global const float *shifts, __global float *ys)
{
    const int i = get_global_id(0);
    if (i >= planes * area) return;
    const int c = i / area % channels;
    const float centred = (xs[i] - saved[c]) - saved[channels + c];
    ys[i] = scales[c] * saved[2 * channels + c] * centred + shifts[c];
}

// Of each part the sums of g and of g (x - mean) / sqrt(variance + epsilon).
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void batch_norm_sums_parts(const int images, const int channels, const int area, const int length,
                           __global const float *gs, __global const float *xs, __global const float *saved,
                           __global float *partials)
{
    __local float lanes[GROUP];
    const int c = get_group_id(0) % channels, start = get_group_id(0) / channels * length;
    const int end = start + min(length, images * area - start);
    const float high = saved[c], low = saved[channels + c];
    float a = 0.0f, b = 0.0f;
    for (int i = start + (int)get_local_id(0); i < end; i += GROUP) {
        const int k = place_of(i, c, channels, area);
        const float g = gs[k];
        a += g;
        b += g * ((xs[k] - high) - low);
    }
    a = group_sum(a, lanes);
    b = group_sum(b, lanes);
    if (get_local_id(0) == 0) {
        partials[2 * get_group_id(0)] = a;
        partials[2 * get_group_id(0) + 1] = b * saved[2 * channels + c];
    }
}

// The gradients of scale and shift from the sums of all parts; and, 3 x channels, the numbers u, v, w of
//     dx = scale r (g - mean of g - xhat mean of g xhat) = u g + v (x - mean) + w,   r = 1 / sqrt(variance + epsilon), xhat = r (x - mean)
// Launch: one work-group per channel.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void batch_norm_gradients(const int channels, const int parts, const int count, __global const float *partials,
                          __global const float *saved, __global const float *scales, __global float *dscales,
                          __global float *dshifts, __global float *factors)
{
    __local float lanes[GROUP];
    const int c = get_group_id(0);
    float a = 0.0f, b = 0.0f;
    for (int p = get_local_id(0); p < parts; p += GROUP) {
        a += partials[2 * (p * channels + c)];
        b += partials[2 * (p * channels + c) + 1];
    }
    a = group_sum(a, lanes);
    b = group_sum(b, lanes);
    if (get_local_id(0) > 0) return;
    const float r = saved[2 * channels + c], u = scales[c] * r;
    dshifts[c] = a;
    dscales[c] = b;
    factors[c] = u;
    factors[channels + c] = -u * r * (b / (float)count);
    factors[2 * channels + c] = -u * (a / (float)count);
}

__kernel void batch_norm_backward(const int planes, const int channels, const int area, __global const float *gs,
                                  __global const float *xs, __global const float *saved,
                                  __global const float *factors, __global float *dxs)
{
    const int i = get_global_id(0);
    if (i >= planes * area) return;
    const int c = i / area % channels;
    const float centred = (xs[i] - saved[c]) - saved[channels + c];
    dxs[i] = factors[c] * gs[i] + (factors[channels + c] * centred + factors[2 * channels + c]);
}

// From given statistics, 2 x channels: scale and shift of the whole normalisation, y = a x + b; and saved. Launch: one work-item per channel.
__kernel void batch_norm_folded(const int channels, const float epsilon, __global const float *statistics,
                                __global const float *scales, __global const float *shifts, __global float *as,
                                __global float *bs, __global float *saved)
{
    const int c = get_global_id(0);
    if (c >= channels) return;
    const float mean = statistics[c], r = clmat_inverse_deviation(statistics[channels + c], epsilon), a = scales[c] * r;
    as[c] = a;
    bs[c] = shifts[c] - mean * a;
    saved[c] = mean;
    saved[channels + c] = 0.0f;
    saved[2 * channels + c] = r;
}
