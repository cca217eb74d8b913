// fused.cl: what follows one another in a step, element by element, in one launch.
//
//     z[i] = x[i] + b[c],  y[i] = max(0, z[i])     c: the channel of element i         bias_relu
//     y[i] = a[i] (b[i] + e) / (c[i] + d)           a multiplicative update             scaled_ratio
//
// Launch    1-D, one work-item per element.
// Layout    x, y, z, a, b, c  n floats; z may be the same buffer as x.  bias_relu: rows of channels x area, b one float per channel;
//           of a dense layer area is 1.
// Host      checks shapes.

__kernel void bias_relu(const int n, const int channels, const int area, __global const float *bs,
                        __global const float *xs, __global float *zs, __global float *ys)
{
    const int i = get_global_id(0);
    if (i >= n) return;
    const float z = xs[i] + bs[(area == 1 ? i : i / area) % channels];
    zs[i] = z;
    ys[i] = z > 0.0f ? z : 0.0f;
}

__kernel void scaled_ratio(const int n, const float e, const float d, __global const float *as, __global const float *bs,
                           __global const float *cs, __global float *ys)
{
    const int i = get_global_id(0);
    if (i < n) ys[i] = as[i] * (bs[i] + e) / (cs[i] + d);
}
