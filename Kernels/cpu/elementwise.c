// elementwise.c: the kernels of ../cl/elementwise.cl as loops over [begin, end).

#include "kernel.h"

// Elements of a result at a time, where it is streamed.
enum { BLOCK = 1024 };

#define MAP(NAME, FORMULA) \
    CLMAT_VECTORISED void NAME(size_t begin, size_t end, const float *xs, float *ys) \
    { \
        if ((end - begin) * sizeof *ys >= CLMAT_STREAMED) { \
            float block[BLOCK]; \
            for (size_t i = begin; i < end; i += BLOCK) { \
                const size_t count = clmat_minimum(BLOCK, end - i); \
                for (size_t j = 0; j < count; j++) { const float x = xs[i + j]; block[j] = FORMULA; } \
                clmat_stream(count, 1.0f, block, ys + i); \
            } \
            clmat_end_stream(); \
            return; \
        } \
        for (size_t i = begin; i < end; i++) { const float x = xs[i]; ys[i] = FORMULA; } \
    } \
    CLMAT_KERNEL(elementwise, NAME, CL_INT, FLOATS, OUT_FLOATS)
CLMAT_MAPS(MAP)

#define MAP_WITH_CONSTANTS(NAME, FORMULA) \
    CLMAT_VECTORISED void NAME(size_t begin, size_t end, float c, float d, const float *xs, float *ys) \
    { \
        for (size_t i = begin; i < end; i++) { const float x = xs[i]; ys[i] = FORMULA; } \
    } \
    CLMAT_KERNEL(elementwise, NAME, CL_INT, FLOAT, FLOAT, FLOATS, OUT_FLOATS)
CLMAT_MAPS_WITH_CONSTANTS(MAP_WITH_CONSTANTS)

// One run within a row; the strides within it are constants in each of the four loops, so that each vectorises.
#define RUN(X, Y, FORMULA) \
    for (size_t j = 0; j < run; j++) { const float x = X, y = Y; z[j] = FORMULA; }

#define COMBINE(NAME, FORMULA) \
    CLMAT_VECTORISED void NAME(size_t begin, size_t end, int columns, int x_row, int x_column, int y_row, \
                               int y_column, const float *xs, const float *ys, float *zs) \
    { \
        for (size_t i = begin; i < end;) { \
            const size_t r = i / columns, c = i - r * columns; \
            const size_t run = clmat_minimum(end - i, columns - c); \
            const float *a = xs + r * x_row + c * x_column, *b = ys + r * y_row + c * y_column; \
            float *z = zs + i; \
            if (x_column && y_column) RUN(a[j], b[j], FORMULA) \
            else if (x_column) RUN(a[j], b[0], FORMULA) \
            else if (y_column) RUN(a[0], b[j], FORMULA) \
            else RUN(a[0], b[0], FORMULA) \
            i += run; \
        } \
    } \
    CLMAT_KERNEL(elementwise, NAME, CL_INT, INT, INT, INT, INT, INT, FLOATS, FLOATS, OUT_FLOATS)
CLMAT_COMBINATIONS(COMBINE)

CLMAT_VECTORISED void fill_value(size_t begin, size_t end, float value, float *ys)
{
    for (size_t i = begin; i < end; i++) ys[i] = value;
}
CLMAT_KERNEL(elementwise, fill_value, CL_INT, FLOAT, OUT_FLOATS)

CLMAT_VECTORISED void axpy(size_t begin, size_t end, float a, const float *xs, float *ys)
{
    for (size_t i = begin; i < end; i++) ys[i] += a * xs[i];
}
CLMAT_KERNEL(elementwise, axpy, CL_INT, FLOAT, FLOATS, INOUT_FLOATS)

CLMAT_VECTORISED void scale_range(size_t begin, size_t end, int offset, float c, float *ys)
{
    for (size_t i = offset + begin; i < offset + end; i++) ys[i] = c == 0.0f ? 0.0f : c * ys[i];
}
CLMAT_KERNEL(elementwise, scale_range, CL_INT, INT, FLOAT, INOUT_FLOATS)

CLMAT_TEXT(elementwise) {
#embed "../shared/elementwise.h" suffix(,)
#embed "../cl/elementwise.cl" suffix(, 0)
};
