// neurons.c: the kernels of ../cl/neurons.cl as loops over the rows [begin, end).

#include <clmat/kernel.h>

void neuron_seeds(size_t begin, size_t end, int columns, const int *first, const int *count, const float *weight,
                  float *seeds)
{
    for (size_t r = begin; r < end; r++) {
        float *row = seeds + r * columns;
        memset(row, 0, columns * sizeof *row);
        for (int j = 0; j < count[r]; j++) row[first[r] + j] = weight[r];
    }
}
CLMAT_KERNEL(neurons, neuron_seeds, CL_INT, INT, INTS, INTS, FLOATS, OUT_FLOATS)

void neuron_activations(size_t begin, size_t end, int columns, const int *first, const int *count, const float *weight,
                        const float *ys, float *f)
{
    for (size_t r = begin; r < end; r++) {
        const float *y = ys + r * columns + first[r];
        float a = 0.0f;
        for (int j = 0; j < count[r]; j++) a += weight[r] * y[j];
        f[r] = a;
    }
}
CLMAT_KERNEL(neurons, neuron_activations, INT, INTS, INTS, FLOATS, FLOATS, OUT_FLOATS)

CLMAT_TEXT(neurons) {
#embed "../cl/neurons.cl" suffix(, 0)
};
