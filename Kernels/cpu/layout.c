// layout.c: the kernels of ../cl/layout.cl as loops over [begin, end).

#include "kernel.h"

enum { TILE = 16 };

void transpose(size_t begin, size_t end, int rows, int columns, const float *xs, float *ys)
{
    const size_t tiles_across = ((size_t)columns + TILE - 1) / TILE;
    for (size_t tile = begin; tile < end; tile++) {
        const size_t top = tile / tiles_across * TILE, left = tile % tiles_across * TILE;
        const size_t bottom = clmat_minimum(top + TILE, rows), right = clmat_minimum(left + TILE, columns);
        for (size_t c = left; c < right; c++)
            for (size_t r = top; r < bottom; r++) ys[c * rows + r] = xs[r * columns + c];
    }
}
CLMAT_KERNEL(layout, transpose, INT, INT, FLOATS, OUT_FLOATS)

void copy_block(size_t begin, size_t end, int rows, int columns, int x_offset, int x_stride, int y_offset, int y_stride,
                const float *xs, float *ys)
{
    (void)rows;
    for (size_t i = begin; i < end;) {
        const size_t r = i / columns, c = i - r * columns, run = clmat_minimum(end - i, columns - c);
        memcpy(ys + y_offset + r * y_stride + c, xs + x_offset + r * x_stride + c, run * sizeof *ys);
        i += run;
    }
}
CLMAT_KERNEL(layout, copy_block, INT, INT, INT, INT, INT, INT, FLOATS, INOUT_FLOATS)

void gather_rows(size_t begin, size_t end, int count, int columns, const float *xs, const int *indices, float *ys)
{
    (void)count;
    for (size_t i = begin; i < end;) {
        const size_t r = i / columns, c = i - r * columns, run = clmat_minimum(end - i, columns - c);
        memcpy(ys + i, xs + (size_t)indices[r] * columns + c, run * sizeof *ys);
        i += run;
    }
}
CLMAT_KERNEL(layout, gather_rows, INT, INT, FLOATS, INTS, OUT_FLOATS)

CLMAT_VECTORISED
void gather_bytes(size_t begin, size_t end, int count, int columns, float scale, const unsigned char *xs,
                  const int *indices, float *ys)
{
    (void)count;
    for (size_t i = begin; i < end;) {
        const size_t r = i / columns, c = i - r * columns, run = clmat_minimum(end - i, columns - c);
        const unsigned char *x = xs + (size_t)indices[r] * columns + c;
        for (size_t j = 0; j < run; j++) ys[i + j] = scale * (float)x[j];
        i += run;
    }
}
CLMAT_KERNEL(layout, gather_bytes, INT, INT, FLOAT, BYTES, INTS, OUT_FLOATS)

CLMAT_VECTORISED
void scatter_add_rows(size_t begin, size_t end, int count, int columns, const float *xs, const int *indices, float *ys)
{
    for (int i = 0; i < count; i++) {
        const float *x = xs + (size_t)i * columns;
        float *y = ys + (size_t)indices[i] * columns;
        for (size_t c = begin; c < end; c++) y[c] += x[c];
    }
}
CLMAT_KERNEL(layout, scatter_add_rows, INT, INT, FLOATS, INTS, INOUT_FLOATS)

void gather_integers(size_t begin, size_t end, const int *xs, const int *indices, int *ys)
{
    for (size_t i = begin; i < end; i++) ys[i] = xs[indices[i]];
}
CLMAT_KERNEL(layout, gather_integers, CL_INT, INTS, INTS, OUT_INTS)

CLMAT_VECTORISED
void one_hot(size_t begin, size_t end, int count, int columns, const int *indices, float *ys)
{
    (void)count;
    for (size_t i = begin; i < end; i++) ys[i] = indices[i / columns] == (int)(i % columns) ? 1.0f : 0.0f;
}
CLMAT_KERNEL(layout, one_hot, INT, INT, INTS, OUT_FLOATS)

CLMAT_TEXT(layout) {
#embed "../cl/layout.cl" suffix(, 0)
};
