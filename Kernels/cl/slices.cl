// slices.cl: the sum of products over slices of k, and of what goes beside them.
//
//     c[r, j] = beta c[r, j] + sum over s of x[s, r, j]       j < split
//     d[r, j - split] = sum over s of x[s, r, j]              j >= split
//
// Launch    one work-group of GROUP work-items per `width` elements (r, j), a power of two up to GROUP: GROUP / width items share
//           the slices of an element. With width = GROUP each adds up its own, in their order.
// Layout    x  slices x rows x columns floats;  c  rows of `pitch` floats from `offset` on;  d  rows x (columns - split) floats
// Sums      in an order that the sizes fix. With beta = 0, c is not read.
// Host      checks sizes; d may be any buffer where split = columns.

#ifndef GROUP
#define GROUP 64
#endif

// Sum over s of x[s, i], in the work-items below `width`; all of the group take part. `partials` holds GROUP floats.
static float slices_sum(const int slices, const int count, const int width, const int i, __global const float *xs,
                        __local float *partials)
{
    const int lane = get_local_id(0), parts = GROUP / width;
    float a = 0.0f;
    if (i < count) for (int s = lane / width; s < slices; s += parts) a += xs[(size_t)s * count + i];
    partials[lane] = a;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int half_count = GROUP / 2; half_count >= width; half_count /= 2) {
        if (lane < half_count) partials[lane] += partials[lane + half_count];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    return partials[lane];
}

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void sum_slices(const int slices, const int rows, const int columns, const int split, const int offset, const int pitch,
                const float beta, const int width, __global const float *xs, __global float *cs, __global float *ds)
{
    __local float partials[GROUP];
    const int lane = get_local_id(0), count = rows * columns;
    const int i = get_group_id(0) * width + lane % width;
    const float sum = slices_sum(slices, count, width, i, xs, partials);
    if (lane >= width || i >= count) return;
    const int r = i / columns, j = i - r * columns;
    if (j < split) {
        __global float *c = cs + offset + r * pitch + j;
        *c = beta == 0.0f ? sum : beta * *c + sum;
    } else ds[r * (columns - split) + j - split] = sum;
}

// What a dense layer does after its product: z[i] = b[i mod columns] + sum over s of x[s, i], and with `rectifies` y[i] = max(0, z[i]).
// Launch, layout and order as above; x may be z where there is one slice, and y any buffer where nothing is rectified.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void sum_slices_of_layer(const int slices, const int count, const int columns, const int width, const int rectifies,
                         __global const float *xs, __global const float *biases, __global float *zs, __global float *ys)
{
    __local float partials[GROUP];
    const int lane = get_local_id(0);
    const int i = get_group_id(0) * width + lane % width;
    const float sum = slices_sum(slices, count, width, i, xs, partials);
    if (lane >= width || i >= count) return;
    const float z = sum + biases[i % columns];
    zs[i] = z;
    if (rectifies) ys[i] = z > 0.0f ? z : 0.0f;
}
