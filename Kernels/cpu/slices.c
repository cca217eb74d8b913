// slices.c: the kernel of ../cl/slices.cl as a loop over [begin, end) of the groups of `width` elements.

#include "kernel.h"

void sum_slices(size_t begin, size_t end, int slices, int rows, int columns, int split, int offset, int pitch, float beta,
                int width, const float *xs, float *cs, float *ds)
{
    const size_t count = (size_t)rows * columns, last = clmat_minimum(count, end * width);
    for (size_t i = begin * width; i < last; i++) {
        const size_t r = i / columns, j = i - r * columns;
        float a = 0.0f;
        for (int s = 0; s < slices; s++) a += xs[s * count + i];
        if (j < (size_t)split) {
            float *c = cs + offset + r * pitch + j;
            *c = beta == 0.0f ? a : beta * *c + a;
        } else ds[r * (columns - split) + j - split] = a;
    }
}
CLMAT_KERNEL(slices, sum_slices, INT, INT, INT, INT, INT, INT, FLOAT, INT, FLOATS, INOUT_FLOATS, OUT_FLOATS)

// One run of a row, without slices but the first.
CLMAT_VECTORISED
static void layer_run(size_t count, int rectifies, const float *xs, const float *biases, float *zs, float *ys)
{
    if (rectifies)
        for (size_t j = 0; j < count; j++) {
            const float z = xs[j] + biases[j];
            zs[j] = z;
            ys[j] = z > 0.0f ? z : 0.0f;
        }
    else
        for (size_t j = 0; j < count; j++) zs[j] = xs[j] + biases[j];
}

void sum_slices_of_layer(size_t begin, size_t end, int slices, int count, int columns, int width, int rectifies,
                         const float *xs, const float *biases, float *zs, float *ys)
{
    const size_t last = clmat_minimum(count, end * width);
    for (size_t i = begin * width; i < last;) {
        const size_t c = i % columns, run = clmat_minimum(last - i, columns - c);
        if (slices == 1) layer_run(run, rectifies, xs + i, biases + c, zs + i, ys + i);
        else for (size_t j = i; j < i + run; j++) {
            float z = xs[j];
            for (int s = 1; s < slices; s++) z += xs[s * (size_t)count + j];
            z += biases[c + j - i];
            zs[j] = z;
            if (rectifies) ys[j] = z > 0.0f ? z : 0.0f;
        }
        i += run;
    }
}
CLMAT_KERNEL(slices, sum_slices_of_layer, INT, INT, INT, INT, INT, FLOATS, FLOATS, OUT_FLOATS, OUT_FLOATS)

CLMAT_TEXT(slices) {
#embed "../cl/slices.cl" suffix(, 0)
};
