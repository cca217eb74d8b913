// sparse.c: the kernels of ../cl/sparse.cl as loops over [begin, end).

#include "kernel.h"

enum { CHUNK = 64 };

// Item i is row i / chunks and chunk i % chunks of the columns.
CLMAT_VECTORISED
void sparse_product(size_t begin, size_t end, int chunks, int columns, int has_values, const int *starts,
                    const int *indices, const float *values, const float *xs, float *ys)
{
    for (size_t item = begin; item < end; item++) {
        const size_t r = item / chunks, first = item % chunks * CHUNK, width = clmat_minimum(CHUNK, columns - first);
        float sum[CHUNK] = {0};
        for (int e = starts[r]; e < starts[r + 1]; e++) {
            const float v = has_values ? values[e] : 1.0f, *x = xs + (size_t)indices[e] * columns + first;
            if (width == CHUNK) for (size_t c = 0; c < CHUNK; c++) sum[c] += v * x[c];
            else for (size_t c = 0; c < width; c++) sum[c] += v * x[c];
        }
        memcpy(ys + r * columns + first, sum, width * sizeof *ys);
    }
}
CLMAT_KERNEL(sparse, sparse_product, INT, INT, INT, INTS, INTS, FLOATS, FLOATS, OUT_FLOATS)

void product_with_sparse(size_t begin, size_t end, int count, int rows, int terms, int has_values, const int *starts,
                         const int *indices, const float *values, const float *xs, float *ys)
{
    (void)count;
    for (size_t place = begin; place < end; place++) {
        const size_t i = place / rows, r = place - i * rows;
        const float *x = xs + i * terms;
        float sum = 0.0f;
        for (int e = starts[r]; e < starts[r + 1]; e++) sum += (has_values ? values[e] : 1.0f) * x[indices[e]];
        ys[place] = sum;
    }
}
CLMAT_KERNEL(sparse, product_with_sparse, INT, INT, INT, INT, INTS, INTS, FLOATS, FLOATS, OUT_FLOATS)

void sparse_to_dense(size_t begin, size_t end, int columns, int has_values, const int *starts, const int *indices,
                     const float *values, float *ys)
{
    for (size_t r = begin; r < end; r++) {
        float *y = ys + r * columns;
        memset(y, 0, columns * sizeof *y);
        for (int e = starts[r]; e < starts[r + 1]; e++) y[indices[e]] = has_values ? values[e] : 1.0f;
    }
}
CLMAT_KERNEL(sparse, sparse_to_dense, INT, INT, INTS, INTS, FLOATS, OUT_FLOATS)

CLMAT_TEXT(sparse) {
#embed "../cl/sparse.cl" suffix(, 0)
};
