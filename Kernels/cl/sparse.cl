// sparse.cl: products of a sparse matrix S in compressed rows with dense ones.
//
//     y[r, c] = sum over elements e of row r of v[e] x[index[e], c]           sparse_product: S D
//     y[i, r] = sum over elements e of row r of v[e] x[i, index[e]]           product_with_sparse: D S^T
//     y[r, index[e]] = v[e] for the elements e of row r, else 0               sparse_to_dense
//
// Layout    starts  rows + 1 ints: the elements of row r are starts[r] ... starts[r + 1] - 1
//           indices  their columns, ascending within a row, none twice
//           v  their values; not read with has_values 0, and all 1 then
//           x, y  dense, row-major
// Sums      in the order of the elements: the same on each run. The transposed products take the transpose of S.
// Host      checks shapes, and that columns lie within x.

#ifndef GROUP
#define GROUP 64
#endif

// Launch: one work-group per row and chunk of GROUP columns of y, the chunks of a row side by side.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void sparse_product(const int chunks, const int columns, const int has_values, __global const int *starts,
                    __global const int *indices, __global const float *values, __global const float *xs,
                    __global float *ys)
{
    const int r = get_group_id(0) / chunks, c = (get_group_id(0) - r * chunks) * GROUP + get_local_id(0);
    if (c >= columns) return;
    const int end = starts[r + 1];
    float sum = 0.0f;
    for (int e = starts[r]; e < end; e++) sum += (has_values ? values[e] : 1.0f) * xs[indices[e] * columns + c];
    ys[r * columns + c] = sum;
}

// Launch: 1-D, one work-item per element of y. terms: columns of x.
__kernel void product_with_sparse(const int count, const int rows, const int terms, const int has_values,
                                  __global const int *starts, __global const int *indices,
                                  __global const float *values, __global const float *xs, __global float *ys)
{
    const int place = get_global_id(0);
    if (place >= count * rows) return;
    const int i = place / rows, r = place - i * rows, end = starts[r + 1];
    __global const float *x = xs + i * terms;
    float sum = 0.0f;
    for (int e = starts[r]; e < end; e++) sum += (has_values ? values[e] : 1.0f) * x[indices[e]];
    ys[place] = sum;
}

// Launch: one work-group per row.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void sparse_to_dense(const int columns, const int has_values, __global const int *starts, __global const int *indices,
                     __global const float *values, __global float *ys)
{
    const int r = get_group_id(0), end = starts[r + 1];
    for (int c = get_local_id(0); c < columns; c += GROUP) ys[r * columns + c] = 0.0f;
    barrier(CLK_GLOBAL_MEM_FENCE);
    for (int e = starts[r] + (int)get_local_id(0); e < end; e += GROUP)
        ys[r * columns + indices[e]] = has_values ? values[e] : 1.0f;
}
