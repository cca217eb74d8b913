// fused.cl: what follows one another in a step, element by element, in one launch.
//
//     y[i] = a[i] (b[i] + e) / (c[i] + d)           a multiplicative update             scaled_ratio
//
// Launch    1-D, one work-item per element.
// Layout    a, b, c, y  n floats.
// Host      checks shapes.

__kernel void scaled_ratio(const int n, const float e, const float d, __global const float *as, __global const float *bs,
                           __global const float *cs, __global float *ys)
{
    const int i = get_global_id(0);
    if (i < n) ys[i] = as[i] * (bs[i] + e) / (cs[i] + d);
}
