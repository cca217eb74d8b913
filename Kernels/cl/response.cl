// response.cl: local response normalisation across channels, both passes.
//
//     d[c] = k + share sum of x[j]^2 for c - size / 2 <= j <= c + (size - 1) / 2, where there are such channels; share = alpha / size
//     y[c] = x[c] d[c]^-beta                                                                       response_forward
//     dx[c] = g[c] d[c]^-beta - 2 beta share x[c] sum of g[j] y[j] / d[j]                          response_backward
//             over the channels j whose sums have x[c]: c - (size - 1) / 2 <= j <= c + size / 2
//
// Formulas  ../shared/response.h
// Layout    x, y, d, g, dx  planes x area floats, of images of channels x area; g is dL/dy
// Launch    1-D, one work-item per number.
// Host      checks shapes, k > 0 and share >= 0, so that d > 0.
// Source    A. Krizhevsky, I. Sutskever, G. Hinton, "ImageNet classification with deep convolutional neural networks", NIPS 2012,
//           section 3.3; windows and alpha / size as PyTorch has them.

__kernel void response_forward(const int planes, const int channels, const int area, const int size, const float k,
                               const float share, const float beta, __global const float *xs, __global float *ys,
                               __global float *ds)
{
    const int i = get_global_id(0);
    if (i >= planes * area) return;
    const int c = i / area % channels;
    float sum = 0.0f;
    for (int j = max(0, c - size / 2); j <= min(channels - 1, c + (size - 1) / 2); j++) {
        const float x = xs[i + (j - c) * area];
        sum += x * x;
    }
    const float d = k + share * sum;
    ds[i] = d;
    ys[i] = xs[i] * clmat_power_of_denominator(d, beta);
}

__kernel void response_backward(const int planes, const int channels, const int area, const int size,
                                const float share, const float beta, __global const float *gs,
                                __global const float *xs, __global const float *ys, __global const float *ds,
                                __global float *dxs)
{
    const int i = get_global_id(0);
    if (i >= planes * area) return;
    const int c = i / area % channels;
    float sum = 0.0f;
    for (int j = max(0, c - (size - 1) / 2); j <= min(channels - 1, c + size / 2); j++) {
        const int at = i + (j - c) * area;
        sum += gs[at] * ys[at] / ds[at];
    }
    dxs[i] = gs[i] * clmat_power_of_denominator(ds[i], beta) - 2.0f * beta * share * xs[i] * sum;
}
