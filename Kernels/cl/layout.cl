// layout.cl: moving elements without changing them: transpose, blocks, rows by index.
//
// Launch    1-D, one work-item per element, unless said otherwise.
// Host      checks shapes, and that indices lie within the rows (on the host, where they come from).

#ifndef TILE
#define TILE 16
#endif

// y[c, r] = x[r, c], through a tile in local memory, so that reads and writes both run along rows.
// Launch: one work-group of TILE x TILE work-items (in one dimension) a tile; tiles are numbered along the rows of x.
__kernel __attribute__((reqd_work_group_size(TILE * TILE, 1, 1)))
void transpose(const int rows, const int columns, __global const float *xs, __global float *ys)
{
    __local float tile[TILE][TILE + 1];             // one more column: no two rows in one memory bank
    const int tiles_across = (columns + TILE - 1) / TILE;
    const int tile_row = get_group_id(0) / tiles_across, tile_column = get_group_id(0) % tiles_across;
    const int i = get_local_id(0) / TILE, j = get_local_id(0) % TILE;
    const int r = tile_row * TILE + i, c = tile_column * TILE + j;
    if (r < rows && c < columns) tile[i][j] = xs[r * columns + c];
    barrier(CLK_LOCAL_MEM_FENCE);
    const int to_row = tile_column * TILE + i, to_column = tile_row * TILE + j;
    if (to_row < columns && to_column < rows) ys[to_row * rows + to_column] = tile[j][i];
}

// y[r, c] = x[r, c] for a block of rows x columns; x and y start at an offset and have their own row strides.
__kernel void copy_block(const int rows, const int columns, const int x_offset, const int x_stride, const int y_offset,
                         const int y_stride, __global const float *xs, __global float *ys)
{
    const int i = get_global_id(0);
    if (i >= rows * columns) return;
    const int r = i / columns, c = i - r * columns;
    ys[y_offset + r * y_stride + c] = xs[x_offset + r * x_stride + c];
}

// y[i, c] = x[index[i], c]
__kernel void gather_rows(const int count, const int columns, __global const float *xs, __global const int *indices,
                          __global float *ys)
{
    const int i = get_global_id(0);
    if (i >= count * columns) return;
    const int r = i / columns, c = i - r * columns;
    ys[i] = xs[indices[r] * columns + c];
}

// y[i, c] = scale x[index[i], c] for unsigned bytes x: a minibatch of images. rows of x may pass 2^31 bytes.
__kernel void gather_bytes(const int count, const int columns, const float scale, __global const uchar *xs,
                           __global const int *indices, __global float *ys)
{
    const int i = get_global_id(0);
    if (i >= count * columns) return;
    const int r = i / columns, c = i - r * columns;
    ys[i] = scale * (float)xs[(size_t)indices[r] * columns + c];
}

// y[index[i], c] += x[i, c], rows in the order of i, so that the sum is the same on each run.
// Launch: 1-D, one work-item per column.
__kernel void scatter_add_rows(const int count, const int columns, __global const float *xs,
                               __global const int *indices, __global float *ys)
{
    const int c = get_global_id(0);
    if (c >= columns) return;
    for (int i = 0; i < count; i++) ys[indices[i] * columns + c] += xs[i * columns + c];
}

// y[i] = x[index[i]] for integers: labels of a minibatch.
__kernel void gather_integers(const int count, __global const int *xs, __global const int *indices, __global int *ys)
{
    const int i = get_global_id(0);
    if (i < count) ys[i] = xs[indices[i]];
}

// y[i, c] = 1 where c = index[i], else 0
__kernel void one_hot(const int count, const int columns, __global const int *indices, __global float *ys)
{
    const int i = get_global_id(0);
    if (i >= count * columns) return;
    const int r = i / columns, c = i - r * columns;
    ys[i] = indices[r] == c ? 1.0f : 0.0f;
}
