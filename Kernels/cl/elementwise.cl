// elementwise.cl: maps and two-operand arithmetic; the formulas stand in ../shared/elementwise.h.
//
//     y[i] = f(x[i])                        map_*
//     z[r, c] = f(x[r, c], y[r, c])         combine_*: a stride of 0 repeats a row, a column or a scalar
//
// Launch    1-D, one work-item per element, global size rounded up; any local size is right.
// Layout    x, y, z  n floats or rows x columns, row-major; outputs may be inputs where the strides are equal.
// Host      checks shapes.

#define MAP(NAME, FORMULA) \
    __kernel void NAME(const int n, __global const float *xs, __global float *ys) \
    { \
        const int i = get_global_id(0); \
        if (i < n) { const float x = xs[i]; ys[i] = FORMULA; } \
    }
CLMAT_MAPS(MAP)

#define MAP_WITH_CONSTANTS(NAME, FORMULA) \
    __kernel void NAME(const int n, const float c, const float d, __global const float *xs, __global float *ys) \
    { \
        const int i = get_global_id(0); \
        if (i < n) { const float x = xs[i]; ys[i] = FORMULA; } \
    }
CLMAT_MAPS_WITH_CONSTANTS(MAP_WITH_CONSTANTS)

#define COMBINE(NAME, FORMULA) \
    __kernel void NAME(const int n, const int columns, const int x_row, const int x_column, const int y_row, \
                       const int y_column, __global const float *xs, __global const float *ys, __global float *zs) \
    { \
        const int i = get_global_id(0); \
        if (i < n) { \
            const int r = i / columns, c = i - r * columns; \
            const float x = xs[r * x_row + c * x_column], y = ys[r * y_row + c * y_column]; \
            zs[i] = FORMULA; \
        } \
    }
CLMAT_COMBINATIONS(COMBINE)

// y[i] = value
__kernel void fill_value(const int n, const float value, __global float *ys)
{
    const int i = get_global_id(0);
    if (i < n) ys[i] = value;
}

// y[i] += a x[i]
__kernel void axpy(const int n, const float a, __global const float *xs, __global float *ys)
{
    const int i = get_global_id(0);
    if (i < n) ys[i] += a * xs[i];
}

// y[offset + i] *= c, where 0 clears whatever was there
__kernel void scale_range(const int n, const int offset, const float c, __global float *ys)
{
    const int i = get_global_id(0);
    if (i < n) ys[offset + i] = c == 0.0f ? 0.0f : c * ys[offset + i];
}
