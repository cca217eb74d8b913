// neurons.cl: one neuron per row of a layer's outputs, as the same weight over a stretch of them: a unit, or a channel's map.
//
//     f[r] = sum over the stretch of weight[r] y[r, j],  j = first[r] .. first[r] + count[r] - 1;  seeds are its gradient
//
// Layout    y, seeds  N x columns;  first, count  N ints, count 0 for a row whose neuron is of another layer;  weight, f  N floats
// Host      checks that stretches are within the columns.

#include <clmat/group.h>

// Launch: 1-D, one work-item per element.
__kernel void neuron_seeds(const int rows, const int columns, __global const int *first, __global const int *count,
                           __global const float *weight, __global float *seeds)
{
    const int i = get_global_id(0);
    if (i >= rows * columns) return;
    const int r = i / columns, j = i - r * columns - first[r];
    seeds[i] = j >= 0 && j < count[r] ? weight[r] : 0.0f;
}

// Launch: one work-group per row.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void neuron_activations(const int columns, __global const int *first, __global const int *count,
                        __global const float *weight, __global const float *ys, __global float *f)
{
    __local float partials[GROUP];
    const int r = get_group_id(0);
    __global const float *y = ys + r * columns + first[r];
    float a = 0.0f;
    for (int j = get_local_id(0); j < count[r]; j += GROUP) a += weight[r] * y[j];
    a = group_sum(a, partials);
    if (get_local_id(0) == 0) f[r] = a;
}
